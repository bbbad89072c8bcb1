package config

import (
	"strings"
	"testing"
)

// FuzzParse looks for a panic, for a message without its place, and for a
// configuration that is accepted and does not read back as it was printed.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"good", "bad"} {
		for _, path := range glob(f, "testdata/"+dir+"/*.yaml") {
			// What grows from the bomb is bounded too, but slow to explore.
			if !strings.HasSuffix(path, "/bomb.yaml") {
				f.Add(read(f, path))
			}
		}
	}
	f.Add([]byte(secrets))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("c.yaml", text)
		if err != nil {
			checkMessage(t, err.Error())
			return
		}
		printed := c.String()
		if strings.Contains(printed, redacted) {
			return
		}
		again, err := Parse("c.yaml", []byte(printed))
		if err != nil {
			t.Fatalf("the printed configuration is refused: %v\n%s", err, printed)
		}
		if got := again.String(); got != printed {
			t.Fatalf("printed anew:\n%s\nwant\n%s", got, printed)
		}
	})
}

// FuzzExpandEnv looks for a panic or an endless loop of the expansion.
func FuzzExpandEnv(f *testing.F) {
	for _, text := range []string{"${A}", "${A:-b}", "${A:1:2}", "${A/x/y}", "${A^^}", "${#A}", "$${A}", "\\\\", "${A:0:-1}", "${A%%*}"} {
		f.Add(text, "value")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		_, _ = expandEnv([]byte(text), func(string) string { return value })
	})
}

// checkMessage holds for every error: each line begins with the file.
func checkMessage(t *testing.T, message string) {
	t.Helper()
	for line := range strings.SplitSeq(message, "\n") {
		if !strings.HasPrefix(line, "c.yaml:") && line != "and more; mend these first" {
			t.Fatalf("a message without its place: %q in\n%s", line, message)
		}
	}
}
