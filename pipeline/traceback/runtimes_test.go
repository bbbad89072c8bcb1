package traceback

import (
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/corpus"
)

// run is what one program wrote to stderr, or one ordinary log line ("log").
type run struct {
	Run, Text string
}

// runs returns the outputs of small programs that fail in many ways (chains,
// groups, threads, asyncio, process pools, notes, SyntaxErrors, logging errors
// and stacks, in Python 2.7 and 3.6 to 3.13; Node 20, Java 17, Go 1.26, Rust),
// between ordinary lines of nine kinds.
func runs(t testing.TB) []run { return corpus.Rows[run](t, "testdata/runtimes.jsonl.gz") }

func TestEachProgramsLastWordsAreOneEntry(t *testing.T) {
	all := runs(t)
	var lines, want []string
	for _, r := range all {
		lines = append(lines, strings.SplitAfter(strings.TrimSuffix(r.Text, "\n"), "\n")...)
		lines[len(lines)-1] += "\n"
		want = append(want, r.Text)
	}
	got := join(lines)
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s is not one entry:\n%s\nwant:\n%s", all[i].Run, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d entries, want %d", len(got), len(want))
	}
	t.Logf("%d entries of %d lines", len(got), len(lines))
}
