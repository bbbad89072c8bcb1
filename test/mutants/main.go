// Command mutants breaks the collector on purpose, in one place at a time, and
// shows the test that notices: make mutants. The tree itself is not touched, the
// broken file is laid over it for one build (go test -overlay). A break that no
// test notices, or another than the named one, makes it fail.
//
//	go run ./test/mutants [NAME...]
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(names []string) error {
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	var failed []string
	for _, m := range mutants() {
		if len(names) > 0 && !slices.Contains(names, m.name) {
			continue
		}
		verdict := "caught"
		if err := m.try(dir); err != nil {
			verdict = err.Error()
			failed = append(failed, m.name)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", m.name, m.test, verdict)
		table.Flush()
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d are not caught: %s", len(failed), strings.Join(failed, ", "))
	}
	return nil
}

// mutant is one break: in file, which is in the folder of the package that has
// the test, the one place where old stands becomes new.
type mutant struct {
	name     string
	file     string
	old, new string
	test     string // PACKAGE.TestName; PACKAGE is a folder
}

// try runs the test with the break and returns nil if it fails.
func (m *mutant) try(dir string) error {
	overlay, err := m.overlay(dir)
	if err != nil {
		return err
	}
	pkg, test, _ := strings.Cut(m.test, ".")
	cmd := exec.Command("go", "test", "-overlay="+overlay, "-count=1", "-timeout=120s", "-run=^"+test+"$", "./"+pkg)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return errors.New("NOT caught")
	case !errors.As(err, &exit):
		return err
	case !bytes.Contains(out, []byte("--- FAIL: "+test)) && !bytes.Contains(out, []byte("panic: ")):
		return fmt.Errorf("does not build: %s", lastLines(out))
	}
	return nil
}

// overlay writes the broken file and what tells go of it.
func (m *mutant) overlay(dir string) (string, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(text, []byte(m.old)); n != 1 {
		return "", fmt.Errorf("%q stands %d times in %s; it has to be one place", m.old, n, m.file)
	}
	broken := filepath.Join(dir, "broken.go")
	if err := os.WriteFile(broken, bytes.Replace(text, []byte(m.old), []byte(m.new), 1), 0o600); err != nil {
		return "", err
	}
	path, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: broken}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}

func lastLines(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " / ")
}
