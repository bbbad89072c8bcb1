package stage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

func TestMultiline(t *testing.T) {
	const stamped = `- regex: {expression: '^(?P<ts>\d\S+) (?P<app>\S+)'}` + "\n"
	runCases(t, []pipelineCase{
		{
			name:   "lines before the first block pass, then each line belongs to a block",
			stages: "- multiline: {firstline: '^#'}",
			lines:  []string{"x", "", "#1", "a", "", "b", "#2", "#3", "c"},
			want: []entry{
				{"{}", "now", "x", ""}, {"{}", "now+1", "", ""}, {"{}", "now+2", "#1\na\n\nb", ""},
				{"{}", "now+3", "#2", ""}, {"{}", "now+4", "#3\nc", ""},
			},
		},
		{
			name:   "a block has the time, labels, values and metadata of its first line",
			stages: stamped + "- timestamp: {source: ts, format: RFC3339}\n- structured_metadata: {app: }\n- multiline: {firstline: '^\\d'}\n- labels: {ts: }",
			lines:  []string{"2026-11-22T10:00:00Z a", " more", "2026-11-22T10:00:01Z b"},
			want: []entry{
				{`{ts="2026-11-22T10:00:00Z"}`, "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z a\n more", "app=a"},
				{`{ts="2026-11-22T10:00:01Z"}`, "2026-11-22T10:00:01Z", "2026-11-22T10:00:01Z b", "app=b"},
			},
		},
		{
			name:   "each label set has blocks of its own",
			stages: "- regex: {expression: '^.?(?P<app>[ab])'}\n- labels: {app: }\n- multiline: {firstline: '^#'}",
			lines:  []string{"a pass", "#a", "#b", "a1", "b1", "#a", "b2"},
			want: []entry{
				{`{app="a"}`, "-", "a pass", ""}, {`{app="a"}`, "-", "#a\na1", ""},
				{`{app="b"}`, "-", "#b\nb1\nb2", ""}, {`{app="a"}`, "-", "#a", ""},
			},
		},
		{
			name:   "after max_lines the rest of the block is an entry with the same first line's labels",
			stages: "- regex: {expression: '^#(?P<n>\\d)'}\n- multiline: {firstline: '^#', max_lines: 2}\n- labels: {n: }",
			lines:  []string{"#1", "a", "b", "c", "d", "#2", "#3", "e"},
			want: []entry{
				{`{n="1"}`, "now", "#1\na", ""}, {`{n="1"}`, "now+1", "b\nc", ""}, {`{n="1"}`, "now+2", "d", ""},
				{`{n="2"}`, "now+3", "#2", ""}, {`{n="3"}`, "now+4", "#3\ne", ""},
			},
		},
		{
			name:   "0 is no limit",
			stages: "- multiline: {firstline: '^#', max_lines: 0}",
			lines:  append([]string{"#"}, strings.Split(strings.Repeat("x ", 999)+"x", " ")...),
			want:   []entry{{"{}", "now", "#" + strings.Repeat("\nx", 1000), ""}},
		},
	})
}

func TestBlockEndsAfterMaxWaitTime(t *testing.T) {
	r := newRig(t, compile(t, "- regex: {expression: '^#(?P<n>\\d)'}\n- multiline: {firstline: '^#', max_wait_time: 2s}\n- labels: {n: }"))
	r.push("#1", "a")
	if due := r.flush(time.Second, false); !due.Equal(testNow.Add(2 * time.Second)) {
		t.Errorf("due %v", due)
	}
	r.push("b") // each line begins the wait anew
	if due := r.flush(1999*time.Millisecond, false); !due.Equal(testNow.Add(3 * time.Second)) {
		t.Errorf("due %v", due)
	}
	r.want()
	r.flush(time.Millisecond, false)
	r.want(entry{`{n="1"}`, "2026-11-23T12:00:00Z", "#1\na\nb", ""})
	r.wantSettled()

	r.push("late") // promtail: it belongs to the last block
	r.want()
	r.flush(2*time.Second, false)
	r.want(entry{`{n="1"}`, "2026-11-23T12:00:00.000000001Z", "late", ""})
	if due := r.flush(time.Hour, false); !due.IsZero() {
		t.Errorf("due %v with nothing open", due)
	}
	r.wantSettled()
}

func TestTracebacks(t *testing.T) {
	const traceback = `Traceback (most recent call last):
  File "/app/a.py", line 3, in f
    g()
ValueError: no`
	record := "12:00:00 | ERROR | failed"
	lines := append([]string{record}, strings.Split(traceback, "\n")...)
	runCases(t, []pipelineCase{
		{
			name:   "a traceback belongs to the record before it",
			stages: "- tracebacks: {}\n- level: {}",
			lines:  append(append([]string{"12:00:00 | INFO | before"}, lines...), "12:00:01 | INFO | after"),
			want: []entry{
				{`{level="info"}`, "-", "12:00:00 | INFO | before", ""},
				{`{level="error"}`, "-", record + "\n" + traceback, ""},
				{`{level="info"}`, "-", "12:00:01 | INFO | after", ""},
			},
		},
		{
			name:   "an entry has no more than max_lines",
			stages: "- tracebacks: {max_lines: 3}",
			lines:  lines,
			want: []entry{
				{"{}", "-", strings.Join(lines[:3], "\n"), ""}, {"{}", "-", strings.Join(lines[3:], "\n"), ""},
			},
		},
	})
}

func TestTracebacksOfTwoStreamsInterleave(t *testing.T) {
	r := newRig(t, compile(t, "- docker: {join: true}\n- tracebacks: {}"))
	text := func(who string) []string {
		return []string{"12:00:00 | ERROR | " + who, "Traceback (most recent call last):", `  File "/app/` + who + `.py", line 3, in f`, "ValueError: " + who}
	}
	outs, errs := text("out"), text("err")
	for i := range outs {
		r.push(dockerAt(2*i, "stdout", outs[i]+"\n"), dockerAt(2*i+1, "stderr", errs[i]+"\n"))
	}
	r.flush(0, true)
	r.want(
		entry{`{stream="stdout"}`, "2026-11-22T10:00:00Z", strings.Join(outs, "\n"), ""},
		entry{`{stream="stderr"}`, "2026-11-22T10:00:00.000000001Z", strings.Join(errs, "\n"), ""},
	)
	r.wantSettled()
}

func TestTracebackEndsAfterMaxWait(t *testing.T) {
	r := newRig(t, compile(t, "- tracebacks: {max_wait: 1s}"))
	r.push("12:00:00 | ERROR | failed", "Traceback (most recent call last):")
	if due := r.flush(0, false); !due.Equal(testNow.Add(time.Second)) {
		t.Errorf("due %v", due)
	}
	r.flush(time.Second, false)
	r.want(entry{"{}", "-", "12:00:00 | ERROR | failed\nTraceback (most recent call last):", ""})
	r.push(`  File "/app/a.py", line 3, in f`)
	r.flush(time.Second, true)
	r.want(entry{"{}", "-", `  File "/app/a.py", line 3, in f`, ""})
	r.wantSettled()
}

// What is held must not change when the block it came from does. The rig spoils
// the memory of each line after it was pushed.
func TestHeldEntriesShareNothingWithTheBlock(t *testing.T) {
	r := newRig(t, compile(t, `
- regex: {expression: '^#?(?P<app>\w+) (?P<rest>.*)$'}
- labels: {app: }
- structured_metadata: {rest: }
- multiline: {firstline: '^#'}
- labels: {rest: }
- multiline: {firstline: '.'}
- static_labels: {last: "1"}`))
	r.push("#one first", "#two second", "one more", "two more")
	r.flush(0, true)
	r.want(
		entry{`{app="one", last="1", rest="first"}`, "-", "#one first\none more", "rest=first"},
		entry{`{app="two", last="1", rest="second"}`, "-", "#two second\ntwo more", "rest=second"},
	)
	r.wantSettled()
}

func TestLabelSetsAreForgottenWhenTheyAreMany(t *testing.T) {
	r := newRig(t, compile(t, "- regex: {expression: '(?P<n>\\d+)'}\n- labels: {n: }\n- timestamp: {source: n, format: Unix}\n- multiline: {firstline: '^#', max_lines: 1}"))
	for i := range maxLabelSets + 10 {
		r.push(fmt.Sprint("#", i))
		r.entries = nil
		r.done()
	}
	for name, n := range map[string]int{
		"streams": len(r.feed.sets), "times": len(r.feed.times[0]), "entries": len(r.feed.joins[0].byKey),
	} {
		if n > maxLabelSets {
			t.Errorf("%d %s are remembered", n, name)
		}
	}
}

// Two label sets become one between two joins: the entry of the second gets the
// lines of the first later than those behind them.
func TestPiecesStayInOrder(t *testing.T) {
	r := newRig(t, compile(t, `
- regex: {expression: '^(?P<app>\w+) (?P<rest>.*)$'}
- labels: {app: }
- multiline: {firstline: ' #'}
- labeldrop: [app]
- multiline: {firstline: '^second'}`))
	r.push("first #", "second #", "second #", "first more", "first #")
	j := r.feed.joins[1].byKey[string(r.feed.key)]
	got := ""
	for _, p := range j.pieces {
		got += fmt.Sprint(p.Range, " ")
	}
	if want := "{0 8} {8 17} {26 37} "; got != want {
		t.Errorf("pieces %s, want %s", got, want)
	}
	r.flush(0, true)
	r.want(
		entry{"{}", "now", "second #\nfirst #\nfirst more", ""}, entry{"{}", "now+1", "second #\nfirst #", ""},
	)
	r.wantSettled()
}

// The pieces of a file stay together when one of them comes behind those of the
// next file: else each of the two would wait for the other to be settled.
func TestPiecesOfAFileStayTogether(t *testing.T) {
	first, second := pipeline.NewLedger(0), pipeline.NewLedger(0)
	first.Read(110)
	second.Read(10)
	var pieces []pipeline.Piece
	for _, p := range []pipeline.Piece{
		{Ledger: first, Range: pipeline.Range{Start: 100, End: 110}},
		{Ledger: second, Range: pipeline.Range{Start: 0, End: 10}},
		{Ledger: first, Range: pipeline.Range{Start: 50, End: 60}},
	} {
		pieces = cover(pieces, p)
	}
	pipeline.Settle(pieces)
	first.Settle(pipeline.Range{Start: 0, End: 50}, pipeline.Mark{})
	first.Settle(pipeline.Range{Start: 60, End: 100}, pipeline.Mark{})
	if a, b := first.Unsettled(), second.Unsettled(); a != 0 || b != 0 {
		t.Errorf("%d and %d bytes are not settled", a, b)
	}
}
