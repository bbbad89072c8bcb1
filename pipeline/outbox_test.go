package pipeline

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/grafana/loki/pkg/push"
)

var epoch = time.Unix(1_700_000_000, 0)

// sink takes what an outbox hands on.
type sink struct{ batches []*Batch }

func (s *sink) deliver(b *Batch) { s.batches = append(s.batches, b) }

// done settles everything, for each of clients.
func (s *sink) done(clients int) {
	for _, b := range s.batches {
		for range clients {
			b.Done()
		}
	}
	s.batches = nil
}

func (s *sink) lines() (lines []string) {
	for _, b := range s.batches {
		for i := range b.Len() {
			lines = append(lines, string(b.Line(i)))
		}
	}
	return lines
}

func newTestOutbox(limits Limits) (*Outbox, *sink, *Budget) {
	budget, s := NewBudget(64<<20), &sink{}
	return NewOutbox(limits, budget, 1, s.deliver), s, budget
}

var testLimits = Limits{BatchBytes: 1000, BatchWait: time.Second, LineBytes: 500}

func stream(text string) *Stream { return &Stream{Text: `{a="` + text + `"}`} }

func TestBatchHoldsWhatWasAdded(t *testing.T) {
	o, s, _ := newTestOutbox(testLimits)
	st := stream("x")
	line, value := []byte("first"), []byte("42")
	o.Add(st, &Entry{Line: line, Time: 7, Meta: []Field{{"pid", value}, {"empty", nil}}}, epoch)
	copy(line, "XXXXX") // the batch has its own bytes
	copy(value, "XX")
	o.Add(st, &Entry{Line: []byte("second"), Time: 8}, epoch)
	o.Flush()

	if len(s.batches) != 1 {
		t.Fatalf("%d batches were handed on, want 1", len(s.batches))
	}
	b := s.batches[0]
	if b.Stream != st || b.Len() != 2 || b.Time(0) != 7 || b.Time(1) != 8 {
		t.Errorf("batch of %v has %d entries with times %d, %d", b.Stream, b.Len(), b.Time(0), b.Time(1))
	}
	if got := s.lines(); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("lines are %q", got)
	}
	name, got := b.Field(0, 0)
	if b.Fields(0) != 2 || b.Fields(1) != 0 || name != "pid" || string(got) != "42" {
		t.Errorf("%d and %d fields, the first is %s=%s", b.Fields(0), b.Fields(1), name, got)
	}
}

func TestBatchIsHandedOnBeforeItExceedsItsSize(t *testing.T) {
	o, s, _ := newTestOutbox(testLimits)
	for i := range 50 {
		o.Add(stream0, &Entry{Line: bytes.Repeat([]byte{'x'}, 90), Time: int64(i)}, epoch)
	}
	o.Flush()
	var n int
	for i, b := range s.batches {
		if b.Encoded() > testLimits.BatchBytes {
			t.Errorf("batch %d has %d bytes, at most %d are allowed", i, b.Encoded(), testLimits.BatchBytes)
		}
		n += b.Len()
	}
	if n != 50 || len(s.batches) < 6 || len(s.batches) > 8 {
		t.Errorf("%d entries in %d batches, want 50 in about 7", n, len(s.batches))
	}
}

var stream0 = stream("0")

func TestEveryStreamHasItsOwnBatch(t *testing.T) {
	o, s, _ := newTestOutbox(testLimits)
	streams := []*Stream{stream("a"), stream("b"), stream("c")}
	for i := range 9 {
		o.Add(streams[i%3], &Entry{Line: []byte{byte('0' + i)}}, epoch)
	}
	o.Flush()
	if got, want := s.lines(), strings.Split("0 3 6 1 4 7 2 5 8", " "); !slices.Equal(got, want) {
		t.Errorf("lines are %q, want %q", got, want)
	}
	o.Flush()
	if len(s.batches) != 3 {
		t.Errorf("a second Flush handed on batches again: %d", len(s.batches))
	}
}

func TestBatchesAreDueInTheOrderTheyWereOpened(t *testing.T) {
	o, s, _ := newTestOutbox(testLimits)
	if due := o.Due(epoch); !due.IsZero() {
		t.Errorf("nothing is open, but something is due at %v", due)
	}
	a, b := stream("a"), stream("b")
	o.Add(a, &Entry{Line: []byte("a1")}, epoch)
	o.Add(b, &Entry{Line: []byte("b1")}, epoch.Add(300*time.Millisecond))
	o.Add(a, &Entry{Line: []byte("a2")}, epoch.Add(900*time.Millisecond))

	if due := o.Due(epoch.Add(999 * time.Millisecond)); len(s.batches) != 0 || !due.Equal(epoch.Add(time.Second)) {
		t.Errorf("%d batches were handed on early, the next is due at %v", len(s.batches), due)
	}
	if due := o.Due(epoch.Add(time.Second)); !due.Equal(epoch.Add(1300 * time.Millisecond)) {
		t.Errorf("the second batch is due at %v", due)
	}
	if got := s.lines(); !slices.Equal(got, []string{"a1", "a2"}) {
		t.Errorf("lines handed on are %q", got)
	}
	if due := o.Due(epoch.Add(time.Hour)); !due.IsZero() || len(s.batches) != 2 {
		t.Errorf("%d batches, next due at %v; want 2 and none", len(s.batches), due)
	}
}

// A batch that filled up is not in the way of the stream's next one.
func TestDueForgetsFullBatches(t *testing.T) {
	o, s, _ := newTestOutbox(testLimits)
	big := bytes.Repeat([]byte{'x'}, 490)
	for i := range 9 {
		o.Add(stream0, &Entry{Line: big}, epoch.Add(time.Duration(i)*100*time.Millisecond))
	}
	full := len(s.batches)
	s.done(1) // they are in use for other streams now
	o.Add(stream("other"), &Entry{Line: []byte("other")}, epoch.Add(850*time.Millisecond))
	if due := o.Due(epoch.Add(1790 * time.Millisecond)); full < 4 || len(s.batches) != 0 || !due.Equal(epoch.Add(1800*time.Millisecond)) {
		t.Errorf("%d full batches, then %d due ones, and the next due at %v", full, len(s.batches), due)
	}
	o.Due(epoch.Add(1850 * time.Millisecond))
	if len(s.batches) != 2 {
		t.Errorf("%d batches were handed on, want 2", len(s.batches))
	}
}

func TestClockThatIsSetBackDoesNotHoldUpABatch(t *testing.T) {
	o, s, _ := newTestOutbox(testLimits)
	o.Add(stream0, &Entry{Line: []byte("x")}, epoch)
	o.Due(epoch.Add(-time.Hour))
	if len(s.batches) != 1 {
		t.Error("the batch waits for the clock")
	}
}

func TestRangesAreSettledByTheLastClient(t *testing.T) {
	s, l := &sink{}, NewLedger(0)
	o := NewOutbox(testLimits, NewBudget(1<<20), 2, s.deliver)
	l.Read(20)
	o.Add(stream0, &Entry{Line: []byte("x"), Pieces: []Piece{{l, Range{0, 20}, Mark{Time: 1}}}}, epoch)
	o.Flush()
	b := s.batches[0]
	b.Done()
	wantPosition(t, l, 0, Mark{})
	b.Done()
	wantPosition(t, l, 20, Mark{Time: 1})

	defer func() {
		if recover() == nil {
			t.Error("a third Done for two clients passed")
		}
	}()
	b.Done()
}

func TestAdjacentPiecesBecomeOne(t *testing.T) {
	one, two := NewLedger(0), NewLedger(0)
	piece := func(l *Ledger, from, to int64) Piece { return Piece{l, Range{from, to}, Mark{Time: to}} }
	var holds []hold
	for at := int64(0); at < 100; at += 10 {
		holds = appendHolds(holds, []Piece{piece(one, at, at+10)})
	}
	holds = appendHolds(holds, []Piece{piece(two, 100, 110)})
	holds = appendHolds(holds, []Piece{piece(two, 120, 130)})
	holds = appendHolds(holds, []Piece{piece(one, 130, 140), piece(two, 130, 140)})
	want := []hold{
		{Piece: piece(one, 0, 100)}, {Piece: piece(two, 100, 110)}, {Piece: piece(two, 120, 130)},
		{Piece: piece(one, 130, 140)}, {Piece: piece(two, 130, 140)},
	}
	if last := &holds[len(holds)-1]; last.before == nil || *last.before != piece(one, 130, 140) {
		t.Errorf("the last piece comes before %v, want that of the same entry", last.before)
	} else {
		last.before = nil
	}
	if !slices.Equal(holds, want) {
		t.Errorf("got  %v\nwant %v", holds, want)
	}
}

func TestMemoryIsCountedAndGivenBack(t *testing.T) {
	limits := Limits{BatchBytes: MaxBatchBytes, BatchWait: time.Second, LineBytes: MaxLineBytes}
	o, s, budget := newTestOutbox(limits)
	r := rand.New(rand.NewPCG(1, 1))
	streams := []*Stream{stream("a"), stream("b"), stream("c")}
	for range 3 {
		var text int64
		for i := range 20_000 {
			e := &Entry{Line: make([]byte, r.IntN(200)), Meta: []Field{{"n", make([]byte, r.IntN(20))}}}
			text += int64(len(e.Line) + len(e.Meta[0].Value))
			o.Add(streams[i%3], e, epoch)
		}
		o.Add(streams[0], &Entry{Line: []byte("huge"), Meta: []Field{{"n", make([]byte, 3<<20)}}}, epoch)
		text += 3 << 20
		o.Flush()
		if used, peak := budget.Used(); used < text || used > 5*text || peak < used {
			t.Errorf("%d bytes of text take %d bytes, at most %d", text, used, peak)
		}
		s.done(1)
		if used, _ := budget.Used(); used != 0 {
			t.Errorf("%d bytes are in use after all batches are done", used)
		}
	}
}

func TestSpareMemoryStaysWithinTheLimit(t *testing.T) {
	budget := NewBudget(10 << 20)
	for class := range classes {
		var batches []*Batch
		for used, _ := budget.Used(); used < budget.Limit(); used, _ = budget.Used() {
			batches = append(batches, budget.take(roomOf(class)))
		}
		for _, b := range batches {
			budget.give(b)
		}
		if budget.spare > budget.Limit() {
			t.Errorf("after class %d, %d bytes are kept for later; the limit is %d", class, budget.spare, budget.Limit())
		}
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	limits := Limits{BatchBytes: MaxBatchBytes, BatchWait: time.Second, LineBytes: MaxLineBytes}
	budget := NewBudget(64 << 20)
	o := NewOutbox(limits, budget, 1, (*Batch).Done)
	ledgers := []*Ledger{NewLedger(0), NewLedger(0)}
	streams := []*Stream{stream("a"), stream("b"), stream("c")}
	e := &Entry{Line: make([]byte, 150), Meta: []Field{{"pid", []byte("42")}}, Pieces: make([]Piece, 1)}
	var at int64
	now := epoch
	add := func() {
		for i := range 30_000 {
			l := ledgers[i/1000%2] // a source has its turn for a block
			l.Read(at + 10)
			e.Pieces[0] = Piece{l, Range{at, at + 10}, Mark{Time: at}}
			o.Add(streams[i%3], e, now)
			at += 10
		}
		now = now.Add(2 * time.Second)
		o.Due(now)
	}
	add()
	if n := testing.AllocsPerRun(5, add); n > 10 {
		t.Errorf("%v allocations for 30,000 entries, want next to none", n)
	}
}

func TestEncodedIsAnUpperBound(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		o, s, _ := newTestOutbox(Limits{BatchBytes: MaxBatchBytes, BatchWait: time.Second, LineBytes: MaxLineBytes})
		st := stream(strings.Repeat("x", r.IntN(300)))
		for range 1 + r.IntN(12) {
			e := &Entry{Line: make([]byte, sizes[r.IntN(len(sizes))]), Time: times[r.IntN(len(times))]}
			for range r.IntN(4) {
				e.Meta = append(e.Meta, Field{strings.Repeat("n", r.IntN(200)), make([]byte, sizes[r.IntN(len(sizes))])})
			}
			o.Add(st, e, epoch)
		}
		o.Flush()
		for _, b := range s.batches {
			if real := encodeBatch(b).Size(); real > b.Encoded() {
				t.Fatalf("seed %d: %d entries take %d bytes on the wire, Encoded says %d", seed, b.Len(), real, b.Encoded())
			}
		}
	}
}

var (
	sizes = []int{0, 1, 50, 127, 128, 1000, 16383, 16384, 70_000, 256 << 10}
	times = []int64{0, 1, -1, 1_700_000_000_000_000_000, 1_700_000_000_999_999_999, 1<<63 - 1, -1 << 63}
)

func encodeBatch(b *Batch) *push.PushRequest {
	st := push.Stream{Labels: b.Stream.Text}
	for i := range b.Len() {
		e := push.Entry{Timestamp: time.Unix(0, b.Time(i)), Line: string(b.Line(i))}
		for k := range b.Fields(i) {
			name, value := b.Field(i, k)
			e.StructuredMetadata = append(e.StructuredMetadata, push.LabelAdapter{Name: name, Value: string(value)})
		}
		st.Entries = append(st.Entries, e)
	}
	return &push.PushRequest{Streams: []push.Stream{st}}
}

func TestLongLinesAreSentAsParts(t *testing.T) {
	o, s, _ := newTestOutbox(Limits{BatchBytes: 600, BatchWait: time.Second, LineBytes: 97})
	l := NewLedger(0)
	l.Read(1000)
	line := strings.Repeat("aé漢😀", 50) // 1, 2, 3 and 4 bytes
	meta := append(make([]Field, 0, 8), Field{"pid", []byte("1")})
	o.Add(stream0, &Entry{Line: []byte(line), Time: 5, Meta: meta, Pieces: []Piece{{l, Range{0, 1000}, Mark{Time: 5}}}}, epoch)
	o.Flush()

	if got := strings.Join(s.lines(), ""); got != line {
		t.Errorf("the parts together are %q", got)
	}
	if len(s.batches) < 2 {
		t.Errorf("%d batches, want the parts to be in several", len(s.batches))
	}
	var part int
	for bi, b := range s.batches {
		for i := range b.Len() {
			part++
			_, number := b.Field(i, 1)
			_, of := b.Field(i, 2)
			text := b.Line(i)
			if len(text) > 97 || !utf8.Valid(text) || b.Time(i) != int64(4+part) ||
				b.Fields(i) != 3 || string(number) != fmt.Sprint(part) || string(of) != "6" {
				t.Errorf("part %d of time %d is number %s of %s: %q", part, b.Time(i), number, of, text)
			}
		}
		if bi < len(s.batches)-1 {
			b.Done()
			wantPosition(t, l, 0, Mark{})
		}
	}
	s.batches[len(s.batches)-1].Done()
	wantPosition(t, l, 1000, Mark{Time: 5})
}

func TestCutTextDoesNotCutCharacters(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  int
	}{
		{"abcdef", 3, 3}, {"aéb", 2, 1}, {"a漢b", 3, 1}, {"a😀b", 4, 1}, {"a😀b", 5, 5},
		{"\x80\x80\x80\x80\x80\x80", 4, 4}, {"é", 1, 1}, {"漢漢", 2, 2},
	} {
		if got := CutText([]byte(test.text), test.limit); got != test.want {
			t.Errorf("CutText(%q, %d) is %d, want %d", test.text, test.limit, got, test.want)
		}
	}
}

func FuzzParts(f *testing.F) {
	f.Add([]byte("aé漢😀"), 4)
	f.Add([]byte("\xf0\x9f\x98"), 1)
	f.Fuzz(func(t *testing.T, line []byte, limit int) {
		if limit < 1 || limit > len(line) {
			return
		}
		start := 0
		for _, end := range partEnds(line, limit) {
			if end <= start && len(line) > 0 || end-start > limit {
				t.Fatalf("a part from %d to %d of %d bytes, limit %d", start, end, len(line), limit)
			}
			if limit >= utf8.UTFMax && utf8.Valid(line) && !utf8.Valid(line[start:end]) {
				t.Fatalf("a character is cut at %d", end)
			}
			start = end
		}
		if start != len(line) {
			t.Fatalf("the last part ends at %d of %d", start, len(line))
		}
	})
}

// TestNothingIsDeliveredTwice sends random entries of random streams, settles
// batches in random order while others are open, and counts.
func TestNothingIsDeliveredTwice(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		o, s, budget := newTestOutbox(Limits{BatchBytes: 20_000, BatchWait: time.Second, LineBytes: 10_000})
		got := map[string]int{}
		settle := func() {
			for len(s.batches) > 0 && r.IntN(3) > 0 {
				i := r.IntN(len(s.batches))
				b := s.batches[i]
				for k := range b.Len() {
					got[b.Stream.Text+string(bytes.TrimRight(b.Line(k), "."))]++
				}
				b.Done()
				s.batches = slices.Delete(s.batches, i, i+1)
			}
		}
		now := epoch
		streams := []*Stream{stream("a"), stream("b"), stream("c"), stream("d")}
		const lines = 2000
		for i := range lines {
			line := fmt.Append(nil, i, strings.Repeat(".", r.IntN(1000)))
			o.Add(streams[r.IntN(len(streams))], &Entry{Line: line}, now)
			now = now.Add(time.Duration(r.IntN(10)) * time.Millisecond)
			if r.IntN(10) == 0 {
				o.Due(now)
				settle()
			}
		}
		o.Flush()
		for len(s.batches) > 0 {
			settle()
		}
		for line, n := range got {
			if n != 1 {
				t.Fatalf("seed %d: line %s was delivered %d times", seed, line, n)
			}
		}
		if used, _ := budget.Used(); len(got) != lines || used != 0 {
			t.Fatalf("seed %d: %d of %d lines, %d bytes left in use", seed, len(got), lines, used)
		}
	}
}

func TestAdmitsIsFair(t *testing.T) {
	budget := NewBudget(64 << 20)
	hog, modest := int64(9<<20), int64(1<<20)
	total := func() int64 { return hog + modest }
	admits := func(wantHog, wantModest bool) {
		t.Helper()
		used, _ := budget.Used()
		if got := budget.Admits(hog, total); got != wantHog {
			t.Errorf("with %d in use, a source with %d unsettled bytes is admitted: %v", used, hog, got)
		}
		if got := budget.Admits(modest, total); got != wantModest {
			t.Errorf("with %d in use, a source with %d unsettled bytes is admitted: %v", used, modest, got)
		}
	}
	var batches []*Batch
	fill := func(to int64) {
		for used, _ := budget.Used(); used < to; used, _ = budget.Used() {
			batches = append(batches, budget.take(roomOf(3)))
		}
	}
	admits(true, true)
	fill(32 << 20)
	admits(false, true)
	fill(60 << 20)
	admits(false, false)
	if !budget.AdmitsPressing() {
		t.Error("nothing is kept for lines that cannot wait")
	}
	fill(64 << 20)
	if budget.AdmitsPressing() {
		t.Error("lines that cannot wait are read beyond the limit")
	}
	freed := budget.Freed()
	other := budget.Freed()
	for used, _ := budget.Used(); used >= 60<<20; used, _ = budget.Used() {
		budget.give(batches[0])
		batches = batches[1:]
	}
	<-freed // every waiting worker is woken
	<-other
	admits(false, true)
	for _, b := range batches {
		budget.give(b)
	}
	admits(true, true)
}

func TestStreamsAreInterned(t *testing.T) {
	s := NewStreams()
	a := s.Get("", []Label{{"b", "2"}, {"a", "1"}, {"empty", ""}})
	b := s.Get("", []Label{{"a", "1"}, {"b", "2"}})
	other := s.Get("tenant", []Label{{"a", "1"}, {"b", "2"}})
	if a != b || a == other || s.Len() != 2 {
		t.Errorf("equal label sets are one stream: %v, other tenants have their own: %v, %d streams", a == b, a != other, s.Len())
	}
	if want := `{a="1", b="2"}`; a.Text != want || len(a.Labels) != 2 || a.Labels[0].Name != "a" {
		t.Errorf("stream is %s with labels %v, want %s", a.Text, a.Labels, want)
	}
}

func TestLabelTextIsQuoted(t *testing.T) {
	got := LabelText([]Label{{"a", "say \"hi\"\n\\"}, {"b", "\xff"}})
	if want := `{a="say \"hi\"\n\\", b="` + "\uFFFD" + `"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMarkCountsEqualTimes(t *testing.T) {
	m := Mark{}
	var got []int64
	for _, at := range []int64{100, 100, 100, 200, 100, 100} {
		m = m.Next(at)
		got = append(got, m.Time+m.Repeat)
	}
	if want := []int64{100, 101, 102, 200, 100, 101}; !slices.Equal(got, want) {
		t.Errorf("times are %v, want %v", got, want)
	}
}

func BenchmarkOutboxAdd(b *testing.B) {
	budget := NewBudget(64 << 20)
	o := NewOutbox(Limits{BatchBytes: MaxBatchBytes, BatchWait: time.Second, LineBytes: MaxLineBytes}, budget, 1, (*Batch).Done)
	l := NewLedger(0)
	e := &Entry{Line: make([]byte, 200), Meta: []Field{{"pid", []byte("42")}}, Pieces: make([]Piece, 1)}
	var at int64
	b.SetBytes(200)
	b.ReportAllocs()
	for b.Loop() {
		l.Read(at + 200)
		e.Pieces[0] = Piece{l, Range{at, at + 200}, Mark{Time: at}}
		o.Add(stream0, e, epoch)
		at += 200
	}
}

// A stream that Loki does not take holds its source's lines. However short they
// are, and so however much memory each byte takes, others still get theirs.
func TestAStalledSourceLeavesMemoryToTheOthers(t *testing.T) {
	for _, size := range []int64{2, 15, 60, 200} {
		budget := NewBudget(64 << 20)
		var held []*Batch
		out := NewOutbox(Limits{BatchBytes: MaxBatchBytes, BatchWait: time.Second, LineBytes: MaxLineBytes},
			budget, 1, func(b *Batch) { held = append(held, b) })
		ledger := NewLedger(0)
		for at := int64(0); budget.Admits(ledger.Unsettled(), ledger.Unsettled); {
			for range 1000 {
				ledger.Read(at + size)
				out.Add(stream("stalled"), &Entry{
					Line: make([]byte, size-1), Pieces: []Piece{{ledger, Range{at, at + size}, Mark{}}},
				}, epoch)
				at += size
			}
		}
		if used, _ := budget.Used(); !budget.Admits(0, ledger.Unsettled) || used < budget.Limit()/4 {
			t.Errorf("lines of %d bytes: a stalled source has %d of %d bytes, and others get none", size, used, budget.Limit())
		}
	}
}

func TestSpareBatchesOfOneSizeMakeRoomForAnother(t *testing.T) {
	budget := NewBudget(8 << 20)
	var small []*Batch
	for used, _ := budget.Used(); used < budget.Limit()-64<<10; used, _ = budget.Used() {
		small = append(small, budget.take(roomOf(0)))
	}
	for _, b := range small {
		budget.give(b)
	}
	for used, _ := budget.Used(); used < budget.Limit()/2; used, _ = budget.Used() {
		budget.take(roomOf(classes - 1))
	}
	if used, _ := budget.Used(); used+budget.spare > budget.Limit() {
		t.Errorf("%d bytes in use and %d spare, of %d", used, budget.spare, budget.Limit())
	}
}
