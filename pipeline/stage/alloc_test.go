package stage

import (
	"fmt"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// hotCase is a program with a line that it meets again and again.
type hotCase struct{ name, stages, line string }

const pythonRecord = "12:34:56 | ERROR | checkout failed for order 4711"

func hotCases() []hotCase {
	docker := dockerAt(123456789, "stdout", pythonRecord+"\n")
	json := `{"timestamp":"2026-11-22T21:53:16.269284+00:00","level":"INFO","logger":"app.api","message":"order \u05e9 4711","took":12.5,"user":{"id":7,"name":"x"}}`
	regex := `- regex: {expression: '^(?P<time>\S+) \| (?P<level>\S+) \| (?P<msg>.*)$'}`
	return []hotCase{
		{"nothing", "- labeldrop: [gone]", pythonRecord},
		{"docker", "- docker: {}", docker},
		{"docker joined", "- docker: {join: true}", docker},
		{"cri", "- cri: {}", fmt.Sprintf(dockerTime, 1) + " stdout F " + pythonRecord},
		{"json", "- json: {expressions: {timestamp: , level: , msg: message, took: , user: user.name}}", json},
		{"timestamp RFC3339", "- json: {expressions: {timestamp: }}\n- timestamp: {source: timestamp, format: RFC3339}", json},
		{"labels", "- json: {expressions: {level: }}\n- labels: {level: }", json},
		{"static_labels", "- static_labels: {a: x, b: y}", json},
		{"labelallow", "- labelallow: [job]", json},
		{"structured_metadata", "- json: {expressions: {logger: }}\n- structured_metadata: {logger: , job: }", json},
		{"output", "- json: {expressions: {message: }}\n- output: {source: message}", json},
		{"level", "- level: {}", pythonRecord},
		{"drop", "- drop: {expression: 'checkout'}", pythonRecord},
		{"drop not", "- drop: {expression: 'health', longer_than: 10}", pythonRecord},
		{"match", "- match: {selector: '{job=\"j\", env!~\"dev|test\"} |= \"ERROR\" !~ \"health\"', stages: [{static_labels: {a: x}}]}", pythonRecord},
		{"multiline", "- multiline: {firstline: '^\\d'}", pythonRecord},
		{"tracebacks", "- tracebacks: {}", pythonRecord},
		{"error_group below error", "- level: {}\n- error_group: {}", "12:34:56 | INFO | order 4711 paid"},
		{"timestamp Unix", "- json: {expressions: {took: }}\n- timestamp: {source: took, format: Unix}", json},
		{"timestamp of an access log", "- json: {expressions: {time: }}\n- timestamp: {source: time, format: 02/Jan/2006:15:04:05 -0700}", `{"time":"22/Nov/2026:10:04:05 +0200"}`},
		{"timestamp of syslog", "- json: {expressions: {time: }}\n- timestamp: {source: time, format: Jan _2 15:04:05, location: Asia/Jerusalem}", `{"time":"Nov 22 10:04:05"}`},
		{"regex", regex, pythonRecord},
		{"logfmt", "- logfmt: {mapping: {level: , msg: , took: duration}}", `ts=2026-11-22T21:53:16Z level=info msg="order \"4711\" paid" duration=12ms`},
		{"tenant", "- json: {expressions: {level: }}\n- tenant: {source: level}", json},
		{"sampling", "- sampling: {rate: 0.5}", pythonRecord},
		{"decolorize", "- decolorize:", pythonRecord},
		{"decolorize colours", "- decolorize:", "\x1b[32mINFO\x1b[0m " + pythonRecord},
		{"limit", "- limit: {rate: 1000000000, burst: 1000000000}", pythonRecord},
		{"limit that drops", "- limit: {rate: 0.1, burst: 1, drop: true, by_label_name: job}", pythonRecord},
		{"pack", "- pack: {labels: [job, env]}", pythonRecord},
		{"metrics", "- json: {expressions: {level: , took: }}\n- labels: {level: }\n- metrics: {a: {type: counter, config: {match_all: true, action: inc}}, took: {type: histogram}, b: {type: gauge, source: took, config: {action: set}}}", json},
		{"eventlogmessage", "- json: {expressions: {message: }}\n- eventlogmessage: {}\n- labels: {name: }", `{"message":"Logon Type: 3\r\nname: anna\r\nother: x"}`},
		{"replace", `- replace: {expression: 'order (\d+)', replace: '****'}`, pythonRecord},
		{"replace not", `- replace: {expression: 'password=(\S+)', replace: '****'}`, pythonRecord},
		{"replace with a function", `- replace: {expression: 'order (\d+)', replace: '{{ .Value | Sha2Hash "salt" }}'}`, pythonRecord},
		{"template of names", "- json: {expressions: {level: , logger: }}\n- template: {source: level, template: '{{ .level }} of {{ .logger }}'}", json},
		{"template", "- json: {expressions: {level: }}\n- template: {source: level, template: '{{ ToLower .Value }}'}", json},
		{"json JMESPath", "- json: {expressions: {name: 'user.name || message'}}", json},
		{"rate_limit", "- rate_limit: {lines_per_second: 1000000000, by_label_name: job}", pythonRecord},
		{"rate_limit held back", "- docker: {}\n- rate_limit: {lines_per_second: 1}", docker},
		{"as shipped", "- docker: {join: true}\n- tracebacks: {}\n- level: {}\n- structured_metadata: {container_id: }", docker},
	}
}

// hotRun pushes one line of a source that never ends.
func hotRun(tb testing.TB, c hotCase, batchBytes int) func() {
	return hotRunOf(tb, c, batchBytes, func(*rig) {})
}

// hotRunOf is hotRun with a rig that is prepared.
func hotRunOf(tb testing.TB, c hotCase, batchBytes int, prepare func(*rig)) func() {
	r := newRig(tb, compile(tb, c.stages), "job", "j", "env", "prod", "host", "h", "container_id", "42")
	prepare(r)
	r.feed.opts.Dropped = nil
	deliver := func(b *pipeline.Batch) { b.Done() }
	limits := pipeline.Limits{BatchBytes: batchBytes, BatchWait: time.Second, LineBytes: pipeline.MaxLineBytes}
	out := pipeline.NewOutbox(limits, pipeline.NewBudget(64<<20), 1, deliver)
	l := pipeline.Line{Text: []byte(c.line), Ledger: r.ledger}
	n := int64(len(c.line) + 1)
	return func() {
		l.Range = pipeline.Range{Start: l.Range.End, End: l.Range.End + n}
		r.ledger.Read(l.Range.End)
		r.feed.Push(&l, r.now, out)
	}
}

// Some stages cannot do without: a JMESPath that is no plain path needs the whole
// document, and a template with functions runs in the library.
func TestALineAllocatesNothing(t *testing.T) {
	allowed := map[string]float64{
		"regex": raceSlack, "json JMESPath": 40,
		"decolorize colours": 5 + raceSlack, "replace": 4, "replace not": raceSlack, "replace with a function": 25, "template": 12,
		"drop": raceSlack, "drop not": raceSlack, "match": raceSlack, "multiline": raceSlack,
	}
	for _, c := range hotCases() {
		run := hotRun(t, c, 64<<10)
		for range 2000 { // batches and buffers grow to their size
			run()
		}
		got := testing.AllocsPerRun(2000, run)
		t.Logf("%-28s %v", c.name, got)
		if got > allowed[c.name] {
			t.Errorf("%s: %v allocations for each line, want %v", c.name, got, allowed[c.name])
		}
	}
}

func BenchmarkStages(b *testing.B) {
	for _, c := range hotCases() {
		b.Run(c.name, func(b *testing.B) {
			run := hotRun(b, c, pipeline.MaxBatchBytes)
			b.SetBytes(int64(len(c.line) + 1))
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}

func BenchmarkParseRFC3339(b *testing.B) {
	parse := newTimeFormat("RFC3339Nano", nil)
	for _, s := range []string{"2026-11-22T21:53:16.269284123Z", "2026-11-22T21:53:16.269284+00:00", "2026-11-22T21:53:16.269284+02:00"} {
		b.Run(s, func(b *testing.B) {
			text := []byte(s)
			b.ReportAllocs()
			for b.Loop() {
				parse(text, testNow)
			}
		})
	}
}
