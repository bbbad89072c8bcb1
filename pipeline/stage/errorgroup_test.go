package stage

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
	"github.com/tovtech/tovplay-logging/pipeline/level"
	"github.com/tovtech/tovplay-logging/test/corpus"
)

const failedCheckout = `10:00:00 | ERROR | checkout failed for order 4711
Traceback (most recent call last):
  File "/app/shop/cart.py", line 12, in checkout
    pay(order)
  File "/usr/lib/python3/dist-packages/payments/client.py", line 99, in pay
    raise Refused(order)
payments.errors.Refused: order 4711`

// metaOf is the structured metadata that error_group gives to text.
func metaOf(text string) string {
	var r grouping.Result
	grouping.New(grouping.Rules{}).Group(grouping.Event{Text: []byte(text), Level: level.Error}, &r)
	meta := "error_group=" + r.Key.String()
	if r.Kind == grouping.Failure {
		meta += " exception_type=" + string(r.Type) + " exception_hash=" + r.ExceptionHash.String()
	}
	return meta + " pattern=" + r.PatternHash.String()
}

func TestErrorGroup(t *testing.T) {
	traceback := strings.Split(failedCheckout, "\n")
	runCases(t, []pipelineCase{
		{
			name: "errors get their group", stages: "- tracebacks: {}\n- level: {}\n- error_group: {}",
			lines: append(traceback, "10:00:01 | INFO | order 4712 paid"),
			want: []entry{
				{`{level="error"}`, "now", failedCheckout, metaOf(failedCheckout)},
				{`{level="info"}`, "now+1", "10:00:01 | INFO | order 4712 paid", ""},
			},
		},
		{
			name: "without an exception", stages: "- level: {}\n- error_group: {}", lines: []string{"10:00:00 | CRITICAL | disk 3 is full"},
			want: []entry{{`{level="critical"}`, "now", "10:00:00 | CRITICAL | disk 3 is full", metaOf("10:00:00 | CRITICAL | disk 3 is full")}},
		},
		{
			name: "the level is found out when no label says it", stages: "- error_group: {}",
			lines: []string{"10:00:00 | ERROR | disk 3 is full", "10:00:00 | WARNING | disk 3 is nearly full"},
			want: []entry{
				{"{}", "now", "10:00:00 | ERROR | disk 3 is full", metaOf("10:00:00 | ERROR | disk 3 is full")},
				{"{}", "now+1", "10:00:00 | WARNING | disk 3 is nearly full", ""},
			},
		},
		{
			name: "another label says the level", stages: "- error_group: {level_label: severity}", labels: []string{"severity", "debug"},
			lines: []string{"10:00:00 | ERROR | disk 3 is full"},
			want:  []entry{{`{severity="debug"}`, "now", "10:00:00 | ERROR | disk 3 is full", ""}},
		},
	})
}

func TestErrorGroupRules(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte("rules:\n- name: disks\n  match: {message: 'disk *', service: db}\n  fingerprint: [disk, '{service}']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := compile(t, "- error_group: {rules: '"+file+"'}")
	group := func(service, line string) string {
		r := newRig(t, p, "service", service)
		r.push(line)
		r.flush(0, true)
		r.done()
		key, _, _ := strings.Cut(r.entries[0].Meta, " ")
		return key
	}
	full, slow, other := group("db", "10:00:00 | ERROR | disk full"), group("db", "10:00:01 | ERROR | disk slow"), group("web", "10:00:01 | ERROR | disk slow")
	if full != slow {
		t.Errorf("two errors of one rule have the groups %s and %s", full, slow)
	}
	if slow == other {
		t.Errorf("the rule for db counts for web: %s", other)
	}
}

func TestErrorGroupNamesABadRuleWithItsLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte("rules:\n- name: x\n  match: {colour: red}\n  fingerprint: [a]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := tryCompile("- error_group: {rules: '" + file + "'}")
	for _, want := range []string{"test.yaml:6", "error_group.rules", file + ":3:11", `unknown key "colour"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// Each write of the application comes out of the shipped stages as one entry,
// at its level, and errors with their group.
func TestShippedStagesJoinAndGroupTheErrorsOfAWebApplication(t *testing.T) {
	cfg, err := config.Load("../../stack/collector.yaml", config.Options{ExpandEnv: true, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	job := cfg.ScrapeConfigs[0]
	if job.JobName != "docker" {
		t.Fatalf("the first job is %s, want docker", job.JobName)
	}
	p, err := Compile(job.PipelineStages, nil)
	if err != nil {
		t.Fatal(err)
	}
	total, levels := 0, 0
	for _, run := range []string{
		"../level/testdata/tovplay/direct", "../level/testdata/tovplay/structured-1w",
		"../traceback/testdata/tovplay/legacy-prod", "../traceback/testdata/tovplay/legacy-dev",
	} {
		r := newRig(t, p)
		r.push(corpus.Lines(t, run+".docker-json.log.gz")...)
		r.flush(0, true)
		r.done()
		n, right := checkWrites(t, run, r.entries)
		total, levels = total+n, levels+right
	}
	const floor = 0.999
	if total < 3500 || float64(levels) < floor*float64(total) {
		t.Errorf("%d of %d levels are right, want %.3f of 3,500", levels, total, floor)
	}
}

// checkWrites looks for each write of the truth among the entries. It returns
// how many come out as one entry, all but one of a run (a warning of 701 lines
// without any structure, in the runs that have it), and how many of them have
// the right level.
func checkWrites(t *testing.T, run string, entries []entry) (n, levels int) {
	t.Helper()
	next, missing := 0, 0
	for _, truth := range corpus.Rows[corpus.Write](t, run+".truth.jsonl.gz") {
		if !truth.Found {
			continue
		}
		at := next
		for at < len(entries) && hashOf(entries[at].Line) != truth.SHA256 {
			at++
		}
		if at == len(entries) {
			if missing++; missing > 1 {
				t.Errorf("%s: no entry is the write %+v", run, truth)
			}
			continue
		}
		n, next = n+1, at+1
		want := level.Parse(truth.Level)
		if strings.Contains(entries[at].Labels, `level="`+want.String()+`"`) {
			levels++
			checkMeta(t, &entries[at], want)
		}
	}
	return n, levels
}

func checkMeta(t *testing.T, e *entry, l level.Level) {
	t.Helper()
	switch grouped := strings.Contains(e.Meta, "error_group="); {
	case l < level.Error && grouped:
		t.Errorf("%s at level %v: %.200s", e.Meta, l, e.Line)
	case l >= level.Error && !strings.Contains(e.Meta, metaOf(e.Line)):
		t.Errorf("got %s, want %s in it: %.200s", e.Meta, metaOf(e.Line), e.Line)
	}
}

func hashOf(line string) string {
	sum := sha256.Sum256([]byte(line + "\n"))
	return hex.EncodeToString(sum[:])
}
