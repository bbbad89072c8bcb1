package ship

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// newJob makes a job of one batch with all entries.
func newJob(t testing.TB, entries ...pipeline.Entry) *job {
	var batch *pipeline.Batch
	limits := pipeline.Limits{BatchBytes: pipeline.MaxBatchBytes, BatchWait: time.Second, LineBytes: pipeline.MaxLineBytes}
	out := pipeline.NewOutbox(limits, pipeline.NewBudget(1<<30), 1, func(b *pipeline.Batch) { batch = b })
	s := pipeline.NewStreams().Get("", []pipeline.Label{{Name: "app", Value: "שלום \"x\"\n\xff"}, {Name: "job", Value: "j"}})
	for i := range entries {
		out.Add(s, &entries[i], time.Unix(0, 0))
	}
	out.Flush()
	if batch.Len() != len(entries) {
		t.Fatalf("%d entries in the batch", batch.Len())
	}
	return &job{queue: &queue{stream: s, labels: s.Text}, batch: batch, part: part{0, batch.Len()}}
}

func TestBodyDecodesToTheEntries(t *testing.T) {
	meta := func(kv ...string) (m []pipeline.Field) {
		for i := 0; i < len(kv); i += 2 {
			m = append(m, pipeline.Field{Name: kv[i], Value: []byte(kv[i+1])})
		}
		return m
	}
	j := newJob(t,
		pipeline.Entry{Line: []byte("first"), Time: 1795341845123456789, Meta: meta("a", "1", "b", "")},
		pipeline.Entry{Line: []byte(""), Time: -5},
		pipeline.Entry{Line: []byte("bytes \xff\xfe\x00 that are no text"), Time: 0, Meta: meta("c", "x")},
		pipeline.Entry{Line: []byte(strings.Repeat("long ", 50_000)), Time: 1},
	)
	enc := &encoder{}
	want := []string{
		"1795341845123456789|first|a=1 b=", "-5||", "0|bytes \xff\xfe\x00 that are no text|c=x", "1|" + strings.Repeat("long ", 50_000) + "|",
	}
	for _, p := range []part{{0, 4}, {1, 3}, {3, 4}, {0, 1}} { // the encoder's memory is used again
		j.part = p
		got := decoded(t, enc, j)
		if got.labels != "{app=\"שלום \\\"x\\\"\\n�\", job=\"j\"}" {
			t.Errorf("labels %s", got.labels)
		}
		if strings.Join(got.lines, "\n") != strings.Join(want[p.from:p.to], "\n") {
			t.Errorf("%v: got %.300q, want %.300q", p, got.lines, want[p.from:p.to])
		}
	}
	j.part, j.plain = part{0, 1}, true
	if got := decoded(t, enc, j); got.lines[0] != "1795341845123456789|first|" {
		t.Errorf("without metadata: %q", got.lines)
	}
}

func decoded(t testing.TB, enc *encoder, j *job) *received {
	t.Helper()
	body, err := enc.encode(j)
	if err != nil {
		t.Fatal(err)
	}
	got := &received{}
	if err := got.decode(body); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestBodyIsNotLargerThanTheBatchSays(t *testing.T) {
	entries := make([]pipeline.Entry, 2000)
	for i := range entries {
		entries[i] = pipeline.Entry{Line: []byte(strings.Repeat("x", i%300)), Time: 1795341845123456789 + int64(i)}
		for k := range i % 4 {
			entries[i].Meta = append(entries[i].Meta, pipeline.Field{Name: fmt.Sprint("field", k), Value: []byte("value")})
		}
	}
	j := newJob(t, entries...)
	body, err := (&encoder{}).encode(j)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := snappy.DecodedLen(body); err != nil || n > j.batch.Encoded() {
		t.Errorf("%d bytes, the batch says at most %d (%v)", n, j.batch.Encoded(), err)
	}
}

func typicalJob(t testing.TB) *job {
	entries := make([]pipeline.Entry, 5000)
	for i := range entries {
		entries[i] = pipeline.Entry{
			Line: fmt.Appendf(nil, "12:34:56 | INFO | GET /api/v1/games/%d answered 200 in %d ms for user %d", i, i%97, i%13),
			Time: 1795341845123456789 + int64(i)*1e6,
			Meta: []pipeline.Field{{Name: "container_id", Value: []byte("0123456789ab")}},
		}
	}
	return newJob(t, entries...)
}

func TestEncodingAllocatesNothing(t *testing.T) {
	enc, j := &encoder{}, typicalJob(t)
	encode := func() {
		if _, err := enc.encode(j); err != nil {
			t.Fatal(err)
		}
	}
	encode() // its memory grows to its size
	if n := testing.AllocsPerRun(20, encode); n > 0 {
		t.Errorf("%v allocations for a request", n)
	}
}

func BenchmarkEncode(b *testing.B) {
	enc, j := &encoder{}, typicalJob(b)
	b.SetBytes(int64(j.batch.Encoded()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := enc.encode(j); err != nil {
			b.Fatal(err)
		}
	}
}
