package stage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// programs are used where a property has to hold for all of them.
func programs() map[string]string {
	return map[string]string{
		"none":      "- labeldrop: [gone]",
		"docker":    "- docker: {join: true}\n- tracebacks: {}\n- level: {}",
		"cri":       "- cri: {}\n- multiline: {firstline: '^\\S'}\n- level: {}",
		"multiline": "- docker: {join: true}\n- multiline: {firstline: '^\\S', max_lines: 3}\n- regex: {expression: '(?P<word>\\w+)'}\n- structured_metadata: {word: }",
		"nested": `
- docker: {join: true}
- match: {selector: '{stream="stderr"}', stages: [{multiline: {firstline: '^\S'}}, {static_labels: {err: "1"}}]}
- match: {selector: '{stream="stdout"} |= "drop"', action: drop}
- tracebacks: {}
- drop: {expression: 'also'}`,
		"rewritten": `
- docker: {join: true}
- replace: {expression: '(?P<hour>\d\d):(\d\d)', replace: '{{ .Value }}h'}
- template: {source: level, template: '{{ if contains "ERROR" .Entry }}error{{ end }}{{ .stream }}'}
- labels: {level: , hour: }
- tracebacks: {}`,
		"sampled": "- docker: {join: true}\n- sampling: {rate: 0.6}\n- decolorize:\n- tenant: {label: stream}\n- tracebacks: {}\n- sampling: {rate: 0.8}",
		"packed":  "- docker: {join: true}\n- tracebacks: {}\n- pack: {labels: [stream], ingest_timestamp: false}",
		"counted": "- docker: {join: true}\n- tracebacks: {}\n- limit: {rate: 1, burst: 10}\n- metrics: {bytes: {type: counter, config: {match_all: true, count_entry_bytes: true, action: add}}}",
		"limited": "- docker: {join: true}\n- tracebacks: {}\n- level: {}\n" +
			"- rate_limit: {lines_per_second: 2, burst: 5, by_label_name: stream}\n- drop: {expression: 'also'}",
	}
}

// logLines makes n lines of two streams in the form that a program expects,
// with parts, continuations and lines that are dropped.
func logLines(rnd *rand.Rand, n int, program string) []string {
	return someLines(rnd, n, program, false)
}

// wholeLines is logLines with the parts of a line next to each other.
func wholeLines(rnd *rand.Rand, n int, program string) []string {
	return someLines(rnd, n, program, true)
}

func someLines(rnd *rand.Rand, n int, program string, together bool) []string {
	texts := []string{
		"12:00:00 | ERROR | failed", "Traceback (most recent call last):", `  File "/app/a.py", line 3, in f`,
		"    g()", "ValueError: no", "12:00:01 | INFO | fine", "drop me", "also dropped", "", " more",
	}
	lines := make([]string, n)
	began := map[string]int{} // the line that an open part of a stream began with
	for i := range lines {
		stream := []string{"stdout", "stderr"}[rnd.IntN(2)]
		log := fmt.Sprintf("%s #%d;", texts[rnd.IntN(len(texts))], i)
		isPart := rnd.IntN(6) == 0
		for open := range began {
			if together {
				stream, isPart = open, false
			}
		}
		switch {
		case program == "none":
			lines[i] = log
		case program == "cri":
			lines[i] = fmt.Sprintf(dockerTime+" %s %s %s", i, stream, map[bool]string{true: "P", false: "F"}[isPart], log)
		default: // all parts of a line have one time
			from, open := began[stream]
			if !open {
				from = i
			}
			at := fmt.Sprintf(dockerTime, from)
			if program == "limited" { // four lines a second
				at = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC).Add(time.Duration(from) * 250 * time.Millisecond).Format(time.RFC3339Nano)
			}
			lines[i] = dockerLine(stream, at, log+map[bool]string{true: "", false: "\n"}[isPart])
			if delete(began, stream); isPart {
				began[stream] = from
			}
		}
	}
	return lines
}

func TestEachByteIsSettledWhenItsEntryIsDone(t *testing.T) {
	for name, stages := range programs() {
		t.Run(name, func(t *testing.T) {
			p := compile(t, stages)
			for seed := range uint64(10) {
				lines := logLines(rand.New(rand.NewPCG(seed, 0)), 200, name)
				lines[seed] = "damaged"
				checkSettled(t, p, lines, seed)
			}
		})
	}
}

// checkSettled acknowledges batches in any order: as long as an entry is not
// acknowledged its bytes are not settled, and the position is not behind them.
func checkSettled(t *testing.T, p *Program, lines []string, seed uint64) {
	t.Helper()
	r := newRig(t, p)
	dropped := int64(0)
	r.feed.opts.Dropped = func(string, int) { dropped++ }
	r.push(lines...)
	r.flush(0, true)
	starts := lineStarts(lines)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for len(r.batches) > 0 {
		for _, b := range r.batches {
			n := number(b.Line(0))
			if at, _ := r.ledger.Position(); n >= 0 && at > starts[n] {
				t.Fatalf("seed %d: position %d is behind %d, where %q begins, which nobody acknowledged", seed, at, starts[n], b.Line(0))
			}
		}
		before := r.ledger.Unsettled()
		i := rnd.IntN(len(r.batches))
		r.batches[i].Done()
		r.batches = slices.Delete(r.batches, i, i+1)
		if after := r.ledger.Unsettled(); after > before {
			t.Fatalf("seed %d: %d bytes unsettled after an acknowledgement, %d before", seed, after, before)
		}
	}
	r.wantSettled()
}

// number is the number of a line that logLines made, or -1.
func number(text []byte) int {
	n := -1
	if _, after, ok := strings.Cut(string(text), "#"); ok {
		fmt.Sscanf(after, "%d", &n)
	}
	return n
}

func lineStarts(lines []string) []int64 {
	starts := make([]int64, len(lines)+1)
	for i, l := range lines {
		starts[i+1] = starts[i] + int64(len(l)) + 1
	}
	return starts
}

// A collector that dies at any moment and starts again at the saved position
// makes the same entries of what it reads again.
func TestEntriesAreTheSameAfterARestart(t *testing.T) {
	for _, name := range []string{"none", "docker", "cri", "nested", "rewritten", "sampled", "packed", "counted"} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, programs()[name])
			for seed := range uint64(40) {
				rnd := rand.New(rand.NewPCG(seed, 2))
				checkRestart(t, p, logLines(rnd, 60, name), rnd, seed)
			}
		})
	}
}

func checkRestart(t *testing.T, p *Program, lines []string, rnd *rand.Rand, seed uint64) {
	t.Helper()
	whole := newRig(t, p)
	whole.push(lines...)
	whole.flush(0, true)

	first := newRig(t, p)
	first.push(lines[:rnd.IntN(len(lines)+1)]...)
	acknowledged := map[entry]bool{}
	rest := first.entries
	for _, b := range first.batches {
		sent := rest[:b.Len()]
		rest = rest[b.Len():]
		if rnd.IntN(4) == 0 {
			continue
		}
		for _, e := range sent {
			acknowledged[e] = true
		}
		b.Done()
	}
	at, mark := first.ledger.Position()
	second := newRig(t, p)
	second.offset, second.ledger = at, pipeline.RestoreLedger(pipeline.Place{Offset: at, Mark: mark})
	second.push(lines[slices.Index(lineStarts(lines), at):]...)
	second.flush(0, true)

	want := map[entry]bool{}
	for _, e := range whole.entries {
		want[e] = true
	}
	for _, e := range second.entries {
		if !want[e] {
			t.Errorf("seed %d: after a restart at %d: %q (%s) is no entry of the whole", seed, at, e.Line, e.Time)
		}
		acknowledged[e] = true
	}
	for e := range want {
		if !acknowledged[e] {
			t.Errorf("seed %d: %q is lost", seed, e.Line)
		}
	}
}

func TestFeedsShareAProgram(t *testing.T) {
	p := compile(t, "- docker: {join: true}\n- json: {expressions: {a: 'x[0]'}}\n- labels: {a: }\n- multiline: {firstline: '^\\S'}\n- timestamp: {source: a, format: Unix}\n- limit: {rate: 1000, burst: 10, drop: true, by_label_name: a}\n- metrics: {m: {type: counter, config: {match_all: true, action: inc}}}\n- template: {source: a, template: '{{ ToUpper .Entry }}'}")
	done := make(chan struct{})
	for range 2 {
		go func() {
			defer func() { done <- struct{}{} }()
			r := newRig(t, p)
			for i := range 500 {
				r.push(dockerAt(i, "stdout", fmt.Sprintf("{\"x\":[%d]}\n", i)))
			}
			r.flush(time.Minute, false)
			r.wantSettled()
		}()
	}
	<-done
	<-done
}

func FuzzFeed(f *testing.F) {
	all := map[string]*Program{}
	for name, stages := range programs() {
		all[name] = compile(f, stages)
		f.Add(name, strings.Join(logLines(rand.New(rand.NewPCG(1, 1)), 20, name), "\n"))
	}
	all["logfmt"] = compile(f, "- logfmt: {mapping: {a: , b: a, c: }}\n- labels: {a: , b: }\n- output: {source: c}")
	f.Add("logfmt", `a=1 c="x\ny" a="`)
	all["event"] = compile(f, "- regex: {expression: '(?P<message>.*)'}\n- eventlogmessage:\n- labels: {a: , a_extracted: }\n- decolorize:\n- pack: {labels: [a]}")
	f.Add("event", "a: x\r")
	all["extract"] = compile(f, "- json: {expressions: {a: , b: c.d, e: 'f[*].g'}, drop_malformed: true}\n- timestamp: {source: a, format: Unix, fallback_formats: [RFC3339, 'Jan _2 15:04:05']}\n- labels: {b: }\n- structured_metadata: {e: }\n- output: {source: a}")
	f.Add("extract", `{"a":"Jan  1 00:00:00","c":{"d":1},"f":[{"g":null}]}`)
	f.Fuzz(func(t *testing.T, name, input string) {
		p := all[name]
		if p == nil {
			return
		}
		r := newRig(t, p)
		r.push(strings.Split(input, "\n")...)
		r.flush(time.Hour, false)
		if due := r.flush(0, true); !due.IsZero() {
			t.Errorf("due %v after everything was given back", due)
		}
		if name != "none" && len(r.entries) > strings.Count(input, "\n")+1 {
			t.Errorf("%d entries of %d lines", len(r.entries), strings.Count(input, "\n")+1)
		}
		r.wantSettled()
	})
}

// A record that a join held is dropped after a line behind it was sent. When
// that line is read again, it must not count as a repetition of itself.
func TestADroppedJoinLeavesNoMark(t *testing.T) {
	p := compile(t, programs()["nested"])
	lines := []string{
		dockerAt(1, "stderr", "also dropped\n"), dockerAt(2, "stdout", "sent first\n"), dockerAt(3, "stderr", "next\n"),
	}
	first := newRig(t, p)
	first.push(lines...)
	at, mark := first.ledger.Position()
	if want := lineStarts(lines)[1]; at != want {
		t.Fatalf("position %d, want %d", at, want)
	}
	second := newRig(t, p)
	second.offset, second.ledger = at, pipeline.RestoreLedger(pipeline.Place{Offset: at, Mark: mark})
	second.push(lines[1])
	if first.entries[0] != second.entries[0] {
		t.Errorf("read again: %v, before: %v", second.entries[0], first.entries[0])
	}
}

// The line that was dropped lies between two equal ones of one second; the
// second one is held at the end and read again.
func TestMarkBehindADroppedLineIsThatOfTheEntryBeforeIt(t *testing.T) {
	p := compile(t, "- drop: {expression: health}\n- multiline: {firstline: '^2'}\n- regex: {expression: '^(?P<ts>\\S+)'}\n- timestamp: {source: ts, format: RFC3339}")
	lines := []string{"2026-11-22T10:00:00Z boom", "health", "2026-11-22T10:00:00Z boom"}
	first := newRig(t, p)
	first.push(lines...)
	first.want(entry{"-", "2026-11-22T10:00:00Z", "-", ""})
	first.done()
	at, mark := first.ledger.Position()
	if want := lineStarts(lines)[2]; at != want {
		t.Fatalf("position %d, want %d", at, want)
	}
	second := newRig(t, p)
	second.offset, second.ledger = at, pipeline.RestoreLedger(pipeline.Place{Offset: at, Mark: mark})
	second.push(lines[2])
	second.flush(0, true)
	second.want(entry{"-", "2026-11-22T10:00:00.000000001Z", "-", ""})
}
