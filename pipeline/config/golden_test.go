package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestErrorsNamePlaceKeyAndRemedy compares all messages of each bad file with
// the golden one beside it. Write them anew with -update.
func TestErrorsNamePlaceKeyAndRemedy(t *testing.T) {
	for _, path := range glob(t, "testdata/bad/*.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c, err := Parse("collector.yaml", read(t, path))
			if err == nil {
				t.Fatalf("no error; got\n%s", c)
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

// TestEffectiveConfiguration compares the printed configuration and the
// warnings of each good file with the golden ones.
func TestEffectiveConfiguration(t *testing.T) {
	for _, path := range glob(t, "testdata/good/*.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c, err := Parse("collector.yaml", read(t, path))
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, w := range c.Warnings {
				b.WriteString("# " + w.String() + "\n")
			}
			b.WriteString(c.String())
			golden(t, strings.TrimSuffix(path, ".yaml")+".golden", b.String())
		})
	}
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
	}
	return paths
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// golden compares got with the file at path, or writes it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := string(read(t, path)); got != want {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

// update writes the golden files in place of comparing with them.
var update = flag.Bool("update", false, "write the golden files")
