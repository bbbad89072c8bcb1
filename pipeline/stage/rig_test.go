package stage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// compile compiles stages as they stand in a configuration file.
func compile(t testing.TB, stages string) *Program {
	t.Helper()
	p, err := tryCompile(stages)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tryCompile(stages string) (*Program, error) {
	return compileWith(stages, NewMetrics(func() time.Time { return testNow }))
}

// compileWith is tryCompile with the metrics that stages count in.
func compileWith(stages string, m *Metrics) (*Program, error) {
	text := "clients: [{url: 'http://192.0.2.1/loki/api/v1/push'}]\nscrape_configs:\n- job_name: test\n" +
		"  static_configs: [{labels: {__path__: /var/log/x}}]\n  pipeline_stages:\n" +
		"  " + strings.ReplaceAll(strings.TrimSpace(stages), "\n", "\n  ") + "\n"
	cfg, err := config.Parse("test.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	return Compile(cfg.ScrapeConfigs[0].PipelineStages, m)
}

// entry is what came out, in words.
type entry struct{ Labels, Time, Line, Meta string }

// rig feeds lines to a program and takes what comes out.
type rig struct {
	t       testing.TB
	feed    *Feed
	ledger  *pipeline.Ledger
	outbox  *pipeline.Outbox
	now     time.Time
	offset  int64
	buf     []byte
	batches []*pipeline.Batch
	entries []entry
	dropped []string
	failed  []string
}

// testNow is when lines are read, unless a test moves the clock.
var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newRig(t testing.TB, p *Program, labels ...string) *rig {
	r := &rig{t: t, now: testNow, ledger: pipeline.NewLedger(0)}
	opts := FeedOptions{
		Streams: pipeline.NewStreams(),
		Dropped: func(reason string, bytes int) { r.dropped = append(r.dropped, fmt.Sprintf("%s %d", reason, bytes)) },
		Failed: func(place, reason string, err error) {
			r.failed = append(r.failed, fmt.Sprintf("%s: %s: %v", place, reason, err))
		},
	}
	for i := 0; i < len(labels); i += 2 {
		opts.Labels = append(opts.Labels, pipeline.Label{Name: labels[i], Value: labels[i+1]})
	}
	r.feed = p.NewFeed(opts)
	limits := pipeline.Limits{BatchBytes: pipeline.MaxBatchBytes, BatchWait: time.Second, LineBytes: 8 << 20}
	r.outbox = pipeline.NewOutbox(limits, pipeline.NewBudget(1<<30), 1, r.deliver)
	return r
}

func (r *rig) deliver(b *pipeline.Batch) {
	r.batches = append(r.batches, b)
	for i := range b.Len() {
		var meta []string
		for k := range b.Fields(i) {
			name, value := b.Field(i, k)
			meta = append(meta, name+"="+string(value))
		}
		r.entries = append(r.entries, entry{
			Labels: b.Stream.Text, Time: r.word(b.Time(i)), Line: string(b.Line(i)), Meta: strings.Join(meta, " "),
		})
	}
}

// word is a time as "now+5" for the fifth nanosecond of now, or in RFC 3339.
func (r *rig) word(ns int64) string {
	since := ns - r.now.UnixNano()
	switch {
	case since == 0:
		return "now"
	case since > 0 && since < 1000:
		return fmt.Sprintf("now+%d", since)
	}
	return time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
}

// push feeds lines, each from the same memory, which is spoilt after it.
func (r *rig) push(lines ...string) {
	for _, text := range lines {
		r.buf = append(r.buf[:0], text...)
		end := r.offset + int64(len(text)) + 1
		r.ledger.Read(end)
		r.feed.Push(&pipeline.Line{
			Text: r.buf, Ledger: r.ledger, Range: pipeline.Range{Start: r.offset, End: end},
		}, r.now, r.outbox)
		r.offset = end
		for i := range r.buf {
			r.buf[i] = '#'
		}
		r.outbox.Flush()
	}
}

// flush lets time go by, or gives everything back.
func (r *rig) flush(after time.Duration, all bool) time.Time {
	r.now = r.now.Add(after)
	due := r.feed.Flush(r.now, all, r.outbox)
	r.outbox.Flush()
	return due
}

// done acknowledges all batches.
func (r *rig) done() {
	for _, b := range r.batches {
		b.Done()
	}
	r.batches = nil
}

// want compares the entries so far and forgets them. A field that is "-" is
// not compared.
func (r *rig) want(want ...entry) {
	r.t.Helper()
	got := r.entries
	r.entries = nil
	for i := range got {
		if i >= len(want) {
			break
		}
		for _, f := range []struct{ got, want *string }{
			{&got[i].Labels, &want[i].Labels}, {&got[i].Time, &want[i].Time},
			{&got[i].Line, &want[i].Line}, {&got[i].Meta, &want[i].Meta},
		} {
			if *f.want == "-" {
				*f.got = "-"
			}
		}
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("got\n  %s\nwant\n  %s", list(got), list(want))
	}
}

func list(entries []entry) string {
	var lines []string
	for _, e := range entries {
		lines = append(lines, fmt.Sprintf("%s %s %q %q", e.Labels, e.Time, e.Line, e.Meta))
	}
	return strings.Join(lines, "\n  ")
}

// wantSettled checks that all that was read is settled, once.
func (r *rig) wantSettled() {
	r.t.Helper()
	r.done()
	if n := r.ledger.Unsettled(); n != 0 {
		at, _ := r.ledger.Position()
		r.t.Errorf("%d bytes are not settled, from %d on", n, at)
	}
	if at, _ := r.ledger.Position(); at != r.offset {
		r.t.Errorf("position %d, want %d", at, r.offset)
	}
}

// pipelineCase is one program with what it makes of lines.
type pipelineCase struct {
	name    string
	stages  string
	labels  []string
	lines   []string
	want    []entry
	dropped []string
	failed  []string // a part of each message
}

func runCases(t *testing.T, cases []pipelineCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, compile(t, c.stages), c.labels...)
			r.push(c.lines...)
			r.flush(0, true)
			r.want(c.want...)
			if !slices.Equal(r.dropped, c.dropped) {
				t.Errorf("dropped %q, want %q", r.dropped, c.dropped)
			}
			r.wantFailed(c.failed)
			r.wantSettled()
		})
	}
}

// wantFailed checks that the stages failed so often, each time with a part of
// the message.
func (r *rig) wantFailed(parts []string) {
	r.t.Helper()
	ok := len(parts) == len(r.failed)
	for i := range parts {
		ok = ok && strings.Contains(r.failed[i], parts[i])
	}
	if !ok {
		r.t.Errorf("failed %q, want %q", r.failed, parts)
	}
}
