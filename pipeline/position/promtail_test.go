package position

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPromtailsPositionsAreRead(t *testing.T) {
	for text, want := range map[string]Promtail{
		"positions:\n  /var/log/syslog: \"12345\"\n  cursor-journal: s=ab;i=1;b=c\n  cursor-0123: '1718000000'\n  /plain: 7\n": {
			"/var/log/syslog": "12345", "cursor-journal": "s=ab;i=1;b=c", "cursor-0123": "1718000000", "/plain": "7",
		},
		"positions: {}\n": {},
		"positions:\n":    {},
		"":                nil,
	} {
		got, err := ParsePromtail([]byte(text))
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestWhatPromtailDoesNotWriteIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"position: {}":            "unknown key",
		"positions: [a]":          "a mapping is expected",
		"positions: {a: [b]}":     "is no text",
		"positions: {a: 1, a: 2}": "twice",
		"positions: &a {b: *a}":   "is no text",
		"positions: {":            "not valid YAML",
		"text":                    "a mapping is expected",
		"#" + strings.Repeat("x", maxPromtailBytes): "larger than",
	} {
		if _, err := ParsePromtail([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		}
	}
}

func TestLoadPromtailSaysWhichFileIsDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "positions.yaml")
	if p, err := LoadPromtail(path); p != nil || err != nil {
		t.Errorf("without a file: %v, %v", p, err)
	}
	if err := os.WriteFile(path, []byte("positions: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadPromtail(path); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want a damaged %s", err, path)
	}
}

func TestPromtailsTextReadsBack(t *testing.T) {
	p := Promtail{"/var/log/a b.log": "18446744073709551615", "cursor-x": "s=1;i=2", "/null": "", "/tricky: #": "007"}
	text, err := p.Text()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParsePromtail(text)
	if err != nil || !maps.Equal(got, p) {
		t.Errorf("got %v, %v of\n%s", got, err, text)
	}
	if !strings.Contains(string(text), `cursor-x: s=1;i=2`) || !strings.Contains(string(text), `"007"`) {
		t.Errorf("not what promtail writes:\n%s", text)
	}
}

// FuzzParsePromtail looks for a panic, and for entries that do not read back.
func FuzzParsePromtail(f *testing.F) {
	f.Add([]byte("positions:\n  /a: \"1\"\n  cursor-b: s=c;i=1\n"))
	f.Add([]byte("positions: &a {b: *a, <<: *a}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePromtail(text)
		if err != nil {
			return
		}
		again, err := p.Text()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParsePromtail(again); err != nil || !maps.Equal(got, p) {
			t.Fatalf("got %v, %v, want %v of\n%s", got, err, p, again)
		}
	})
}
