package stage

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

func TestPack(t *testing.T) {
	runCases(t, []pipelineCase{
		{
			name:   "labels and extracted values go into the line, and are no labels any more",
			stages: words + "- labels: {a: }\n- pack: {labels: [job, b, a, gone, a]}",
			labels: []string{"job", "j", "host", "h"},
			lines:  []string{`1 "<2>"`},
			want:   []entry{{`{host="h"}`, "now", `{"a":"1","b":"\"\u003c2\u003e\"","job":"j","_entry":"1 \"\u003c2\u003e\""}`, ""}},
		},
		{
			name:   "nothing to pack but the line",
			stages: "- pack: {labels: []}\n- pack:",
			lines:  []string{"a\tb\x01\xff"},
			want:   []entry{{"{}", "now", `{"_entry":"{\"_entry\":\"a\\tb\\u0001\\ufffd\"}"}`, ""}},
		},
		{
			name:   "a label that stages removed is packed all the same, a null is not",
			stages: "- json: {expressions: {n: }}\n- labeldrop: [job]\n- pack: {labels: [job, n]}",
			labels: []string{"job", "j", "n", "label"},
			lines:  []string{`{"n":null}`},
			want:   []entry{{`{n="label"}`, "now", `{"job":"j","_entry":"{\"n\":null}"}`, ""}},
		},
		{
			name:   "the entry's own time is kept if asked for",
			stages: words + "- timestamp: {source: a, format: RFC3339}\n- pack: {ingest_timestamp: false}\n- output: {source: b}",
			lines:  []string{"2026-11-22T10:00:00Z x"},
			want:   []entry{{"{}", "2026-11-22T10:00:00Z", "x", ""}},
		},
		{
			name:   "and replaced if not",
			stages: words + "- timestamp: {source: a, format: RFC3339}\n- pack:",
			lines:  []string{"2026-11-22T10:00:00Z x"},
			want:   []entry{{"{}", "now", "-", ""}},
		},
	})
}

// The time of reading that a packed entry gets is noted, and the same when the
// line is read again later.
func TestPackedTimeIsTheSameWhenReadAgain(t *testing.T) {
	p := compile(t, words+"- timestamp: {source: a, format: RFC3339}\n- pack:")
	first := newRig(t, p)
	first.push("2026-11-22T10:00:00Z one", "2026-11-22T10:00:01Z two")
	if !first.batches[0].IsReadTime(0) || !first.batches[0].IsNoted() {
		t.Error("the packed entry's time does not count as one of reading")
	}
	second := restart(t, p, first.saved(), first.now.Add(time.Hour))
	second.push("2026-11-22T10:00:00Z one", "2026-11-22T10:00:01Z two")
	for i, at := range timesOf(second.batches) {
		if want := timesOf(first.batches)[i]; at != want {
			t.Errorf("line %d: time %d when read again, before it was %d", i, at, want)
		}
	}
}

// A source's own time is not that of reading.
func TestPackReplacesTheTimeOfTheSource(t *testing.T) {
	r := newRig(t, compile(t, "- pack:"))
	r.ledger.Read(1)
	r.feed.Push(&pipeline.Line{Text: []byte("x"), Ledger: r.ledger, Range: pipeline.Range{End: 1}, Time: 5}, r.now, r.outbox)
	r.offset = 1
	r.outbox.Flush()
	r.want(entry{"{}", "now", `{"_entry":"x"}`, ""})
	r.wantSettled()
}

func FuzzAppendJSON(f *testing.F) {
	f.Add([]byte("a\"\\\n\x00<é\xff\u2028\u2029\x7f"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got := appendJSON(nil, in)
		var back string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		want, _ := json.Marshal(string(in))
		if strings.ContainsAny(string(in), "\b\f") { // Go has shorter escapes for them
			return
		}
		if string(got) != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
