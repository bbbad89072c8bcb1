package grouping

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/corpus"
)

// update writes the golden files in place of comparing with them: what changes
// in them must be read line by line.
var update = flag.Bool("update", false, "write the golden files")

// What is read of every failing program of testdata/own-runs of package
// traceback: Python 2.7 to 3.13, Node and Go.
func TestFailingProgramsAreReadRight(t *testing.T) {
	var got strings.Builder
	seen := map[string]bool{}
	for _, run := range []string{"python", "node", "go"} {
		lines := corpus.Lines(t, "../traceback/testdata/own-runs/"+run+".log.gz")
		type row struct {
			First            int `json:"first_line"`
			Last             int `json:"last_line"`
			Runtime, Program string
		}
		for _, truth := range corpus.Rows[row](t, "../traceback/testdata/own-runs/"+run+".truth.jsonl.gz") {
			if name := fmt.Sprintf("%s: %q", truth.Runtime, truth.Program); truth.Program != "" && !seen[name] {
				seen[name] = true
				fmt.Fprintf(&got, "# %s\n%s\n", name, render(group(strings.Join(lines[truth.First-1:truth.Last], "\n"))))
			}
		}
	}
	golden(t, "own-runs", got.String())
}

// The last words of small failing programs of many runtimes; of Python's
// versions the oldest and the newest.
func TestLastWordsOfRuntimesAreReadRight(t *testing.T) {
	var got strings.Builder
	for _, program := range corpus.Rows[struct{ Run, Text string }](t, "../traceback/testdata/runtimes.jsonl.gz") {
		isPython := strings.Contains(program.Run, ".")
		if program.Run == "log" || isPython && !strings.HasSuffix(program.Run, "2.7.18") && !strings.HasSuffix(program.Run, "3.13.0") {
			continue
		}
		fmt.Fprintf(&got, "# %s\n%s\n", program.Run, render(group(program.Text)))
	}
	golden(t, "runtimes", got.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name + ".golden"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotBlocks, wantBlocks := strings.Split(got, "\n\n"), strings.Split(string(want), "\n\n")
	for i := range min(len(gotBlocks), len(wantBlocks)) {
		if gotBlocks[i] != wantBlocks[i] {
			t.Errorf("got\n%s\nwant\n%s", gotBlocks[i], wantBlocks[i])
		}
	}
	if len(gotBlocks) != len(wantBlocks) {
		t.Errorf("%d programs, want %d", len(gotBlocks), len(wantBlocks))
	}
}
