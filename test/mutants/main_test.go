package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The code changes; each mutant still has to break one place of it, and the test
// that catches it has to be there.
func TestMutantsBreakOnePlaceEach(t *testing.T) {
	for _, m := range mutants() {
		text, err := os.ReadFile(filepath.Join("../..", m.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte(m.old)); n != 1 {
			t.Errorf("%s: %q stands %d times in %s, want one", m.name, m.old, n, m.file)
		}
		pkg, test, _ := strings.Cut(m.test, ".")
		files, err := filepath.Glob(filepath.Join("../..", pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, path := range files {
			text, err := os.ReadFile(path)
			found = found || err == nil && bytes.Contains(text, []byte("func "+test+"("))
		}
		if !found {
			t.Errorf("%s: there is no test %s in %s", m.name, test, pkg)
		}
	}
}
