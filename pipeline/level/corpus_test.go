package level

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/corpus"
)

// The files under testdata are real logs; those named
// truth say what each line's logger meant.

// tovplayRuns are Docker's json-file logs of one web application, each with
// one row of truth for each write to stdout.
var tovplayRuns = []string{
	"testdata/tovplay/direct", "testdata/tovplay/structured-1w",
	"../traceback/testdata/tovplay/legacy-prod", "../traceback/testdata/tovplay/legacy-dev",
}

func TestLevelsOfAWebApplication(t *testing.T) {
	const floor = 0.999 // 3 of 3,500 records have their level overwritten by a field of the same name
	total, right := 0, 0
	for _, run := range tovplayRuns {
		for _, write := range corpus.Writes(t, run) {
			total++
			got := Detect([]byte(write.Text))
			if got == Parse(write.Level) {
				right++
				continue
			}
			t.Logf("%s: %v where the logger meant %s: %.200s", run, got, write.Level, write.Text)
		}
	}
	t.Logf("%d of %d right: %.4f", right, total, float64(right)/float64(total))
	if total < 3500 || float64(right) < floor*float64(total) {
		t.Errorf("%d of %d levels right, want at least %.1f %% of 3,500", right, total, 100*floor)
	}
}

func TestSyslogPriorityGivesTheLevel(t *testing.T) {
	truth := syslogTruth(t)
	for _, file := range []string{"all-raw.log", "all-rfc5424.log"} {
		checkSyslog(t, file, truth, 1)
	}
}

// Without the priority a syslog line's level is mostly a guess. What sshd, su
// and sudo wrote here is right where the message states its level or is
// information; 29 of 101 are PAM's debug lines and errors whose text does not
// say so. (The test senders gave random severities to equal texts: left out.)
func TestSyslogFilesWithoutPriority(t *testing.T) {
	checkSyslog(t, "all-iso.log", syslogTruth(t), 0.70)
}

type syslogRow struct {
	Program, Severity, Msg string
}

func syslogTruth(t *testing.T) (rows []syslogRow) {
	return corpus.Rows[syslogRow](t, "testdata/syslog/all-truth.jsonl.gz")
}

func checkSyslog(t *testing.T, file string, truth []syslogRow, floor float64) {
	lines := corpus.Lines(t, "testdata/syslog/"+file+".gz")
	if len(lines) != len(truth) {
		t.Fatalf("%s has %d lines, the truth %d", file, len(lines), len(truth))
	}
	total, right := 0, 0
	for i, line := range lines {
		random := truth[i].Program != "sshd" && truth[i].Program != "su" && truth[i].Program != "sudo"
		if floor < 1 && random {
			continue
		}
		total++
		if got, want := Detect([]byte(line)), Parse(truth[i].Severity); got == want {
			right++
		} else if floor == 1 {
			t.Errorf("%s: %v, want %v: %s", file, got, want, line)
		}
	}
	t.Logf("%s: %d of %d right", file, right, total)
	if total == 0 || float64(right) < floor*float64(total) {
		t.Errorf("%s: %d of %d levels right, want %.0f %%", file, right, total, 100*floor)
	}
}

func TestThreeAccessLogsOfTheSameRequestsAgree(t *testing.T) {
	records := corpus.Lines(t, "testdata/nginx/access-json.log.gz")
	combined := corpus.Lines(t, "testdata/nginx/access.log.gz")
	timed := corpus.Lines(t, "testdata/nginx/access-timed.log.gz")
	for i, record := range records {
		var row struct{ Status int }
		if err := json.Unmarshal([]byte(record), &row); err != nil {
			t.Fatal(err)
		}
		want := FromHTTPStatus(row.Status)
		for _, line := range []string{record, combined[i], timed[i]} {
			if got := Detect([]byte(line)); got != want {
				t.Errorf("%v, want %v: %s", got, want, line)
			}
		}
	}
}

// Every line of these is one of a logger that states its level, as counted by
// their own words.
func TestServersThatStateTheirLevel(t *testing.T) {
	tests := []struct {
		file  string
		words map[string]Level // what stands in the line: its level
	}{
		{"testdata/nginx/error.log.gz", map[string]Level{" [error] ": Error, " [info] ": Info, " [notice] ": Info}},
		{"testdata/pgbouncer/pgbouncer.log.gz", map[string]Level{"] LOG ": Info, "] WARNING ": Warn, "] ERROR ": Error, "] FATAL ": Fatal}},
		{"../traceback/testdata/postgres/postgresql.log.gz", map[string]Level{
			" LOG:  ": Info, " ERROR:  ": Error, " FATAL:  ": Fatal, " WARNING:  ": Warn, " PANIC:  ": Fatal, "] LOG:  ": Info,
			" DETAIL:  ": Info, " HINT:  ": Info, " STATEMENT:  ": Info, " CONTEXT:  ": Info, "\t": Unknown,
		}},
	}
	for _, test := range tests {
		for _, line := range corpus.Lines(t, test.file) {
			if got, want := Detect([]byte(line)), firstWord(line, test.words); got != want {
				t.Errorf("%s: %v, want %v: %s", test.file, got, want, line)
			}
		}
	}
}

// firstWord returns the level of the word that comes first in line.
func firstWord(line string, words map[string]Level) (l Level) {
	first := len(line)
	for word, wordLevel := range words {
		if i := strings.Index(line, word); i >= 0 && i < first {
			first, l = i, wordLevel
		}
	}
	return l
}
