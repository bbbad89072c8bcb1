package stage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// inspectedBy returns a rig whose feed writes down what happens, a line for each
// event.
func inspectedBy(t *testing.T, stages string, labels ...string) (*rig, *[]string) {
	t.Helper()
	cfg, err := config.Parse("test.yaml", []byte("clients: [{url: 'http://192.0.2.1/push'}]\nscrape_configs:\n- job_name: test\n"+
		"  static_configs: [{labels: {__path__: /var/log/x}}]\n  pipeline_stages:\n  "+strings.ReplaceAll(strings.TrimSpace(stages), "\n", "\n  ")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := CompileInspected(cfg.ScrapeConfigs[0].PipelineStages, NewMetrics(func() time.Time { return testNow }))
	if err != nil {
		t.Fatal(err)
	}
	r, said := newRig(t, p, labels...), &[]string{}
	opts := r.feed.opts
	opts.Inspect = func(in Inspection) { *said = append(*said, inWords(in)) }
	r.feed = p.NewFeed(opts)
	return r, said
}

func inWords(in Inspection) string {
	var b strings.Builder
	b.WriteString(strings.Repeat("  ", in.Depth) + []string{"read", "entered", "passed", "held", "joined", "dropped", "sent"}[in.Event])
	if in.Stage != "" {
		b.WriteString(" " + in.Stage)
	}
	if in.Reason != "" {
		b.WriteString(" for " + in.Reason)
	}
	if in.Event == Read || in.Event == Joined || in.Event == Sent {
		fmt.Fprintf(&b, " %q", in.Line)
	}
	if in.Failed != "" {
		b.WriteString(" fails: " + in.Failed)
	}
	shown := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	for _, c := range in.Changes {
		fmt.Fprintf(&b, "; %s %s: %s > %s", c.What, c.Name, shown(c.Before), shown(c.After))
	}
	return b.String()
}

func wantInspected(t *testing.T, said *[]string, want ...string) {
	t.Helper()
	if !slices.Equal(*said, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(*said, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestInspectionShowsWhatEachStageDoes(t *testing.T) {
	r, said := inspectedBy(t, `
- json: {expressions: {m: , l: , when: }}
- timestamp: {source: when, format: RFC3339}
- match: {selector: '{app="x"}', stages: [{labels: {l: }}, {structured_metadata: {m: }}]}
- match: {selector: '{app="other"}', stages: [{labels: {l: }}]}
- labelallow: [l]
- output: {source: m}
- drop: {expression: bye, drop_counter_reason: enough}`, "app", "x", "more", "y")
	r.push(`{"m":"hello","l":"b","when":"2026-01-02T03:04:05Z"}`, `{"m":"bye"}`)
	wantInspected(t, said,
		`read "{\"m\":\"hello\",\"l\":\"b\",\"when\":\"2026-01-02T03:04:05Z\"}"`,
		`passed json; extracted m: - > hello; extracted l: - > b; extracted when: - > 2026-01-02T03:04:05Z`,
		`passed timestamp; time : 2026-11-23T12:00:00Z > 2026-01-02T03:04:05Z`,
		`entered match`,
		`  passed labels; label l: - > b`,
		`  passed structured_metadata; metadata m: - > hello`,
		`passed match`,
		`passed labelallow; label app: x > -; label more: y > -`,
		`passed output; line : {"m":"hello","l":"b","when":"2026-01-02T03:04:05Z"} > hello`,
		`passed drop`,
		`sent "hello"`,
		`read "{\"m\":\"bye\"}"`,
		`passed json; extracted m: - > bye; extracted l: - > null; extracted when: - > null`,
		`passed timestamp; time : 2026-11-23T12:00:00Z > 2026-01-02T03:04:05Z`,
		`entered match`,
		`  passed labels`,
		`  passed structured_metadata; metadata m: - > bye`,
		`passed match`,
		`passed labelallow; label app: x > -; label more: y > -`,
		`passed output; line : {"m":"bye"} > bye`,
		`dropped drop for enough`,
	)
}

func TestInspectionOfJoinedLines(t *testing.T) {
	r, said := inspectedBy(t, "- multiline: {firstline: '^a'}\n- static_labels: {b: c}")
	r.push("a", "more", "a2")
	r.flush(0, true)
	wantInspected(t, said,
		`read "a"`, `held multiline`, `read "more"`, `held multiline`,
		`read "a2"`, `joined multiline "a\nmore"`, `passed static_labels; label b: - > c`, `sent "a\nmore"`, `held multiline`,
		`joined multiline "a2"`, `passed static_labels; label b: - > c`, `sent "a2"`,
	)
}

func TestInspectionKeepsNothingOfDroppedLines(t *testing.T) {
	r, _ := inspectedBy(t, "- match: {selector: '{app=\"x\"}', stages: [{drop: {expression: a}}]}", "app", "x")
	r.push("a", "a", "a")
	if n := len(r.feed.inspect.before); n != 0 {
		t.Errorf("the states of %d records are kept", n)
	}
}

func TestInspectionNamesAFailure(t *testing.T) {
	r, said := inspectedBy(t, "- logfmt: {mapping: {a: }}\n- labels: {a: }")
	r.push(`a="`)
	wantInspected(t, said, `read "a=\""`, `passed logfmt fails: a quoted value does not end`, `passed labels`, `sent "a=\""`)
}

// A stage that joins inside of another is told of once.
func TestInspectionOfLinesJoinedInsideAMatch(t *testing.T) {
	r, said := inspectedBy(t, "- match: {selector: '{app=\"x\"}', stages: [{multiline: {firstline: '^a'}}]}", "app", "x")
	r.push("a")
	r.flush(0, true)
	wantInspected(t, said, `read "a"`, `entered match`, `  held multiline`, `  joined multiline "a"`, `sent "a"`)
}

// To look does not change what comes out, whatever the stages are.
func TestInspectedProgramsDoTheSame(t *testing.T) {
	for _, stages := range []string{
		"- docker: {}\n- tracebacks: {}\n- level: {}",
		"- cri: {}\n- labeldrop: [stream]\n- pack: {labels: [app]}",
		"- logfmt: {mapping: {a: }}\n- template: {source: a, template: '{{ .Value | ToUpper }}'}\n- tenant: {source: a}\n- decolorize:",
		"- match: {selector: '{app=\"x\"} |= \"1\"', action: drop}\n- replace: {expression: '(b)', replace: c}",
		"- rate_limit: {lines_per_second: 1, burst: 1}",
	} {
		plain := newRig(t, compile(t, stages), "app", "x")
		looked, _ := inspectedBy(t, stages, "app", "x")
		lines := []string{
			`{"log":"a=b\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}`, "2026-01-02T03:04:05Z stdout F b", "a=b", "Traceback (most recent call last):", `  File "x", line 1`, "E: 1", "\x1b[1mx",
		}
		plain.push(lines...)
		looked.push(lines...)
		plain.flush(0, true)
		looked.flush(0, true)
		if a, b := list(plain.entries), list(looked.entries); a != b {
			t.Errorf("%s: with a look at it\n  %s\nwithout\n  %s", stages, b, a)
		}
		plain.wantSettled()
		looked.wantSettled()
	}
}
