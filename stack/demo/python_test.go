package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// The wanted texts are what json.dumps and datetime.isoformat of Python 3.11 print.
func TestRecordsAreEncodedAsPythonDoes(t *testing.T) {
	got := pythonJSON([]field{
		{"s", "שלום \"a\\b\"\n\t\x1b é 🚀<&>/"}, {"n", nil}, {"b", true}, {"i", -7}, {"f", 1.6}, {"g", 2.0},
		{"l", []string{"a", "b"}}, {"o", []field{{"k", "v"}}}, {"e", []string{}},
	})
	want := `{"s": "\u05e9\u05dc\u05d5\u05dd \"a\\b\"\n\t\u001b \u00e9 \ud83d\ude80<&>/", "n": null, "b": true, "i": -7, ` +
		`"f": 1.6, "g": 2.0, "l": ["a", "b"], "o": {"k": "v"}, "e": []}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := isoformat(time.Date(2026, 1, 2, 3, 4, 5, 999, time.UTC)), "2026-01-02T03:04:05+00:00"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := isoformat(time.Date(2026, 1, 2, 3, 4, 5, 60_000, time.UTC)), "2026-01-02T03:04:05.000060+00:00"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzPythonStringDecodes(f *testing.F) {
	f.Add("שלום \"\\\n\x00\x7f\u2028🚀")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // a Python string is text
		}
		var got string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil || got != s {
			t.Errorf("%q came back as %q (%v)", s, got, err)
		}
	})
}

func TestExceptionKeepsItsShape(t *testing.T) {
	e, err := loadException("duplicate_email")
	if err != nil {
		t.Fatal(err)
	}
	e = e.with("48213", "77")
	lines := e.lines()
	if lines[0] != "Traceback (most recent call last):" {
		t.Errorf("the first line is %q", lines[0])
	}
	if got, want := lines[len(lines)-1], "(Background on this error at: https://sqlalche.me/e/14/gkpj)"; got != want {
		t.Errorf("the last line is %q, want %q", got, want)
	}
	if text := strings.Join(lines, "\n"); strings.Contains(text, "48213") || !strings.Contains(text, "player77@example.org") {
		t.Errorf("the recorded number was not replaced:\n%s", text)
	}
	object := e.object()
	if got := object[0].value; got != "IntegrityError" {
		t.Errorf("the type is %q, want the bare class name IntegrityError", got)
	}
	if got, _ := object[1].value.(string); !strings.HasPrefix(got, "(psycopg2.errors.UniqueViolation) duplicate key") {
		t.Errorf("the message is %q", got)
	}
}
