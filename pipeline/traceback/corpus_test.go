package traceback

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/corpus"
)

// The files under testdata are real logs; those named truth have a row for
// each write of the program, in order.

// A web application's stdout: each of its writes comes back as one entry. Not
// reached are writes of several lines at level warn (there is one, of 701
// lines, in each run): nothing tells them from prints, and as many lines that
// are prints follow them.
func TestWritesOfAWebApplicationComeBackWhole(t *testing.T) {
	for _, run := range []string{"testdata/tovplay/legacy-prod", "testdata/tovplay/legacy-dev"} {
		entries := join(corpus.DockerLines(t, run+".docker-json.log.gz", "stdout"))
		found, joined, several := 0, 0, 0
		next := 0
		for _, row := range corpus.Rows[corpus.Write](t, run+".truth.jsonl.gz") {
			if !row.Found {
				continue
			}
			found++
			if row.Lines > 1 {
				several++
			}
			at := find(entries, next, row.SHA256)
			if at >= 0 {
				joined, next = joined+1, at+1
				continue
			}
			if row.Level != "WARNING" || row.Lines < 2 {
				t.Errorf("%s: a write of %d lines at level %s is no entry of its own", run, row.Lines, row.Level)
			}
		}
		t.Logf("%s: %d of %d writes are one entry, %d of them have several lines", run, joined, found, several)
		if found < 500 || found-joined > 1 {
			t.Errorf("%s: %d of %d writes joined exactly, want all but one", run, joined, found)
		}
	}
}

// find returns the index of the entry with the given hash, from next on.
func find(entries []string, next int, want string) int {
	for i := next; i < min(len(entries), next+2000); i++ {
		if hash(entries[i]) == want {
			return i
		}
	}
	return -1
}

// The same application's stderr: gunicorn's records and Python's blocks about
// logging errors, each of which is one entry.
func TestLoggingErrorsComeBackWhole(t *testing.T) {
	lines := corpus.DockerLines(t, "testdata/tovplay/legacy-prod.docker-json.log.gz", "stderr")
	want := 0
	for _, line := range lines {
		if strings.HasPrefix(line, "--- Logging error ---") {
			want++
		}
	}
	got := 0
	for _, entry := range join(lines) {
		if strings.HasPrefix(entry, "--- Logging error ---") {
			got++
			if last := lastLine(entry); !strings.HasPrefix(last, "Arguments: ") {
				t.Errorf("a logging error ends with %q", last)
			}
			continue
		}
		if strings.Contains(entry, "Traceback") && !strings.HasPrefix(entry, "Exception in thread ") {
			t.Errorf("a traceback without its head: %.200q", entry)
		}
		if strings.HasPrefix(entry, " ") || strings.HasPrefix(entry, "Message: ") {
			t.Errorf("a line alone: %.200q", entry)
		}
	}
	if got != want || want < 100 {
		t.Errorf("%d logging errors, want %d", got, want)
	}
}

func lastLine(entry string) string {
	lines := strings.Split(strings.TrimSuffix(entry, "\n"), "\n")
	return lines[len(lines)-1]
}

// Programs of Python 2.7, 3.6, 3.12 and 3.13, Node 20 and Go that fail between
// ordinary lines.
func TestFailuresOfRealRuntimesComeBackWhole(t *testing.T) {
	for _, language := range []string{"python", "go", "node"} {
		lines := slices.Collect(strings.Lines(corpus.Text(t, "testdata/own-runs/"+language+".log.gz")))
		rows := corpus.Rows[corpus.Write](t, "testdata/own-runs/"+language+".truth.jsonl.gz")
		entries := join(lines)
		wrong := 0
		for i, row := range rows {
			if i >= len(entries) || hash(entries[i]) != row.SHA256 {
				wrong++
				t.Errorf("%s: entry %d is not the program's output: %.300q", language, i, entries[min(i, len(entries)-1)])
				break
			}
		}
		t.Logf("%s: %d of %d entries right", language, len(rows)-wrong, len(rows))
		if len(entries) != len(rows) {
			t.Errorf("%s: %d entries, want %d", language, len(entries), len(rows))
		}
	}
}

// PostgreSQL's text log beside its JSON log of the same messages.
func TestPostgresMessagesComeBackWhole(t *testing.T) {
	entries := join(slices.Collect(strings.Lines(corpus.Text(t, "testdata/postgres/postgresql.log.gz"))))
	type message struct {
		Severity                                  string `json:"error_severity"`
		Message, Detail, Hint, Context, Statement string
	}
	rows := corpus.Rows[message](t, "testdata/postgres/truth.jsonl.gz")
	if len(entries) != len(rows) {
		t.Errorf("%d entries, want %d messages", len(entries), len(rows))
	}
	for i, message := range rows[:min(len(rows), len(entries))] {
		for word, text := range map[string]string{
			message.Severity: message.Message, "DETAIL": message.Detail, "HINT": message.Hint, "CONTEXT": message.Context, "STATEMENT": message.Statement,
		} {
			want := word + ":  " + strings.ReplaceAll(text, "\n", "\n\t")
			if text != "" && !strings.Contains(entries[i], want) {
				t.Fatalf("message %d lacks %q: %.500q", i, want, entries[i])
			}
		}
	}
}

// join cuts lines, which end with their newlines, into entries.
func join(lines []string) (entries []string) {
	var j Joiner
	for _, line := range lines {
		may := j.MayContinue()
		if j.Continues([]byte(strings.TrimSuffix(line, "\n"))) {
			if !may {
				panic("a line continues an entry that was complete")
			}
			entries[len(entries)-1] += line
			continue
		}
		entries = append(entries, line)
	}
	return entries
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
