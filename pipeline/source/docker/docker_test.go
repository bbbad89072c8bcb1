package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// engine is a log that streams are read of. Its fields may be changed under mu.
type engine struct {
	mu      sync.Mutex
	frames  []logged
	err     error                      // of Logs
	change  func(text string) string   // of a stream, nil for none
	from    func(since time.Time) bool // whether since counts, nil for yes
	opened  int
	closed  int
	stalled bool // a stream does not end
}

type logged struct {
	time int64
	text string
}

var errGone, errRefused = errors.New("no such container"), errors.New("not readable")

func (e *engine) add(time int64, stream byte, text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.frames = append(e.frames, logged{time, frame(stream, stamp(time)+text)})
}

func (e *engine) set(change func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change()
}

// Logs gives the log from the first record on that is not older than since.
func (e *engine) Logs(ctx context.Context, _ string, since time.Time) (io.ReadCloser, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.opened++
	if e.err != nil {
		return nil, e.err
	}
	var text strings.Builder
	begun := since.IsZero() || e.from != nil && !e.from(since)
	for _, f := range e.frames {
		if begun = begun || f.time >= since.UnixNano(); begun {
			text.WriteString(f.text)
		}
	}
	all := text.String()
	if e.change != nil {
		all = e.change(all)
	}
	return &stream{ctx: ctx, e: e, Reader: strings.NewReader(all), stalled: e.stalled}, nil
}

// stream ends like a cut connection when its text ends within a frame.
type stream struct {
	io.Reader
	ctx     context.Context
	e       *engine
	stalled bool
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == io.EOF && s.stalled {
		<-s.ctx.Done()
		return 0, s.ctx.Err()
	}
	return n, err
}

func (s *stream) Close() error {
	s.e.set(func() { s.e.closed++ })
	return nil
}

// reader collects the lines of a source, and settles them if it is told to.
type reader struct {
	*Source
	block pipeline.Block
	texts []string
	lines []pipeline.Line
	err   error
	stop  func()
}

func start(t testing.TB, e *engine, places []pipeline.Place, change ...func(*Options)) *reader {
	t.Helper()
	opts := Options{
		Engine: e, ID: "c", Running: true, RetryMin: time.Millisecond, RetryMax: 5 * time.Millisecond, Poll: time.Millisecond,
		Gone:    func(err error) bool { return errors.Is(err, errGone) },
		Refused: func(err error) bool { return errors.Is(err, errRefused) },
	}
	for _, c := range change {
		c(&opts)
	}
	s, err := New(places, opts)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{Source: s}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	r.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(r.stop)
	return r
}

func (r *reader) read() int {
	r.block.Reset()
	r.err = r.Read(&r.block, time.Now())
	for _, l := range r.block.Lines {
		r.texts = append(r.texts, string(l.Fields[0].Value)+" "+string(l.Text))
		l.Text = nil
		r.lines = append(r.lines, l)
	}
	return len(r.block.Lines)
}

// settle settles the line with a number.
func (r *reader) settle(i int) {
	l := r.lines[i]
	l.Ledger.Settle(l.Range, pipeline.Mark{Time: l.Time})
}

// want waits for as many lines as there are in want, and compares them.
func (r *reader) want(t testing.TB, want ...string) {
	t.Helper()
	wait(t, fmt.Sprintf("%d lines", len(want)), func() bool { r.read(); return len(r.texts) >= len(want) })
	if !slices.Equal(r.texts, want) {
		t.Fatalf("got %q, want %q", r.texts, want)
	}
}

// wait waits for what other goroutines do.
func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

func TestRecordsAreLinesWithTheirTimeAndStream(t *testing.T) {
	e := &engine{}
	e.add(5, 1, "one\n")
	e.add(6, 2, "two\n")
	r := start(t, e, nil)
	r.want(t, "stdout one\n", "stderr two\n")
	e.add(7, 1, "three\n")
	r.want(t, "stdout one\n", "stderr two\n", "stdout three\n")
	for i, l := range r.lines {
		if l.Time != int64(5+i) || l.Range != (pipeline.Range{Start: int64(i), End: int64(i + 1)}) {
			t.Errorf("line %d: time %d, range %v", i, l.Time, l.Range)
		}
	}
	if n := r.Unsettled(); n != int64(len("one\ntwo\nthree\n")) {
		t.Errorf("%d bytes are unsettled", n)
	}
	if bytes, lag := r.Stats(); bytes != 14 || lag != 0 || r.Lines() != 3 || r.Behind(time.Now()) != 0 {
		t.Errorf("%d lines of %d bytes, %d wait for %v", r.Lines(), bytes, lag, r.Behind(time.Now()))
	}
	r.stop()
	wait(t, "the end", func() bool { r.read(); return r.err == io.EOF })
}

// Records with equal times and out of order: behind each one a new start goes on
// with the next.
func TestANewStartRepeatsAndLosesNothing(t *testing.T) {
	times := []int64{10, 20, 20, 15, 20, 30, 30, 25, 40}
	e := &engine{}
	var all []string
	for i, at := range times {
		text := fmt.Sprintf("line %d\n", i)
		e.add(at, 1, text)
		all = append(all, "stdout "+text)
	}
	for settled := range times {
		first := start(t, e, nil)
		first.want(t, all...)
		for i := range settled {
			first.settle(i)
		}
		places := first.Places()
		first.stop()
		if settled == 0 {
			if places != nil {
				t.Errorf("nothing is settled, and the place is %+v", places)
			}
			continue
		}
		if places[0].Offset != int64(settled) || places[0].Mark.Time != times[settled-1] {
			t.Errorf("place %+v behind %d records", places[0], settled)
		}
		second := start(t, e, places)
		second.want(t, all[settled:]...)
		if got := second.lines[0].Range.Start; got != int64(settled) {
			t.Errorf("record %d has number %d", settled, got)
		}
		second.stop()
	}
}

// Wherever connections are cut, each record comes once.
func TestCutConnectionsRepeatAndLoseNothing(t *testing.T) {
	e := &engine{}
	var all []string
	for i := range 30 {
		text := fmt.Sprintf("line %d\n", i)
		e.add(int64(100+i/3), byte(1+i%2), text)
		all = append(all, []string{"stdout ", "stderr "}[i%2]+text)
	}
	length := 40
	e.change = func(text string) string { // each stream is a little longer
		length++
		return text[:min(length, len(text))]
	}
	r := start(t, e, nil)
	r.want(t, all...)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.opened < 10 {
		t.Errorf("%d streams: the test shows nothing", e.opened)
	}
}

func TestAContainerThatIsStartedAgainIsReadOn(t *testing.T) {
	e := &engine{}
	e.add(5, 1, "one\n")
	r := start(t, e, nil, func(o *Options) { o.Running = false })
	r.want(t, "stdout one\n")
	wait(t, "a second look", func() bool { e.mu.Lock(); defer e.mu.Unlock(); return e.opened >= 2 })
	e.add(6, 1, "two\n")
	r.Notice(true)
	r.want(t, "stdout one\n", "stdout two\n")
}

func TestAContainerThatIsGoneEndsTheSource(t *testing.T) {
	e := &engine{}
	e.add(5, 1, "one\n")
	r := start(t, e, nil)
	r.want(t, "stdout one\n")
	r.settle(0)
	e.set(func() { e.err = errGone })
	wait(t, "the end", func() bool { r.read(); return r.err == io.EOF })
	if places := r.Places(); places != nil {
		t.Errorf("places of a container that is gone: %+v", places)
	}
}

// A container that discovery lost and the engine has still is left where it was.
func TestLeaveKeepsThePlaceOfAContainerThatIsThere(t *testing.T) {
	for _, stalled := range []bool{false, true} {
		e := &engine{stalled: stalled}
		e.add(5, 1, "one\n")
		r := start(t, e, nil, func(o *Options) { o.LeaveAfter = 20 * time.Millisecond })
		r.want(t, "stdout one\n")
		r.settle(0)
		r.Leave()
		wait(t, "the end", func() bool { r.read(); return r.err == io.EOF })
		if places := r.Places(); len(places) != 1 || places[0].Cursor != "0.000000005+1" {
			t.Errorf("stalled %t: places %+v", stalled, places)
		}
	}
}

func TestAFaultOfTheLogIsNamedUntilItIsOver(t *testing.T) {
	for name, fault := range map[string]func(e *engine){
		"refused":   func(e *engine) { e.err = errRefused },
		"corrupt":   func(e *engine) { e.change = func(string) string { return frame(3, "invalid character") } },
		"no frames": func(e *engine) { e.change = func(text string) string { return "hello" + text } },
	} {
		e := &engine{}
		e.add(5, 1, "one\n")
		fault(e)
		r := start(t, e, nil)
		wait(t, name, func() bool { r.read(); return r.err != nil })
		e.set(func() { e.err, e.change = nil, nil })
		r.want(t, "stdout one\n")
		wait(t, name+" is over", func() bool { r.read(); return r.err == nil })
	}
}

func TestAnEngineThatIsAwayIsNoFaultOfTheLog(t *testing.T) {
	e := &engine{err: errors.New("connection refused")}
	e.add(5, 1, "one\n")
	r := start(t, e, nil)
	wait(t, "some tries", func() bool { r.read(); e.mu.Lock(); defer e.mu.Unlock(); return e.opened > 3 })
	if r.err != nil {
		t.Errorf("got %v", r.err)
	}
	e.set(func() { e.err = nil })
	r.want(t, "stdout one\n")
}

// While nothing is read the stream does not wait: it is closed, what was taken
// cannot wait either, and the rest is in the log.
func TestAFullQueueLetsTheStreamGo(t *testing.T) {
	e := &engine{stalled: true}
	var all []string
	for i := range 200 {
		text := fmt.Sprintf("%d %s\n", i, strings.Repeat("x", 100))
		e.add(int64(i+1), 1, text)
		all = append(all, "stdout "+text)
	}
	r := start(t, e, nil, func(o *Options) { o.Queue, o.Patient = 2000, 5*time.Millisecond })
	wait(t, "a full queue", func() bool { return r.Risk() == pipeline.Fleeting })
	if got := r.ledger.Risk(); got != pipeline.Fleeting { // before anything more is read
		t.Errorf("the risk of what was read before is %v", got)
	}
	isClosed := func(times int) bool { e.mu.Lock(); defer e.mu.Unlock(); return e.closed >= times }
	for n := range 3 {
		wait(t, "the stream is let go", func() bool { return isClosed(n + 1) })
		if got := r.Risk(); got != pipeline.Fleeting {
			t.Errorf("a full queue has risk %v", got)
		}
		if lines := r.read(); lines == 0 || lines > 20 {
			t.Errorf("%d lines were read ahead", lines)
		}
	}
	if got := r.lines[0].Ledger.Risk(); got != pipeline.Fleeting {
		t.Errorf("the risk of what was read under pressure is %v", got)
	}
	r.want(t, all...)
	for i := range r.lines {
		r.settle(i)
	}
	r.read()
	if got := r.lines[0].Ledger.Risk(); got != pipeline.Repeatable {
		t.Errorf("the risk is %v when all is settled", got)
	}
}

// Of the engine's defects with rotated files.
func TestARecordThatIsSentTwiceIsReadOnce(t *testing.T) {
	e := &engine{}
	e.add(5, 1, "one\n")
	e.add(5, 1, "one\n")
	e.add(5, 2, "one\n") // another stream
	e.add(6, 1, part)
	e.add(6, 1, part) // two parts of one line
	e.add(6, 1, "\n")
	r := start(t, e, nil)
	r.want(t, "stdout one\n", "stderr one\n", "stdout "+part, "stdout "+part, "stdout \n")
	coarse := start(t, e, nil, func(o *Options) { o.Coarse = true }) // two records
	coarse.want(t, "stdout one\n", "stdout one\n", "stderr one\n", "stdout "+part, "stdout "+part, "stdout \n")
}

// The journal gives each part a time of its own.
func TestPartsOfTheJournalHaveTheTimeOfTheFirst(t *testing.T) {
	e := &engine{}
	e.add(5, 1, part)
	e.add(6, 2, part)
	e.add(7, 1, part)
	e.add(8, 1, "\n")
	e.add(9, 2, "end\n")
	e.add(10, 1, "next\n")
	r := start(t, e, nil, func(o *Options) { o.Coarse = true })
	wait(t, "all lines", func() bool { r.read(); return len(r.lines) == 6 })
	var got []int64
	for i, l := range r.lines {
		got = append(got, l.Time)
		r.settle(i)
	}
	if want := []int64{5, 6, 5, 5, 6, 10}; !slices.Equal(got, want) {
		t.Errorf("times %v, want %v", got, want)
	}
	if places := r.Places(); places[0].Cursor != "0.000000010+1" {
		t.Errorf("place %+v", places)
	}
}

func TestAStreamThatLeavesOutFilesIsReadFromTheBeginning(t *testing.T) {
	e := &engine{}
	for i := range int64(10) {
		e.add(i+1, 1, fmt.Sprintf("line %d\n", i))
	}
	first := start(t, e, nil)
	wait(t, "all lines", func() bool { first.read(); return len(first.lines) == 10 })
	for i := range 4 {
		first.settle(i)
	}
	places := first.Places()
	first.stop()

	hide := true // records 0 to 7 are in a file that since leaves out
	e.set(func() {
		e.from = func(time.Time) bool { hide = true; return true }
		e.change = func(text string) string {
			if _, rest, found := strings.Cut(text, "line 7\n"); hide && found {
				hide = false
				return rest
			}
			return text
		}
	})
	lost := 0
	r := start(t, e, places, func(o *Options) { o.Missing = func(_, _ time.Time) { lost++ } })
	want := []string{}
	for i := 4; i < 10; i++ {
		want = append(want, fmt.Sprintf("stdout line %d\n", i))
	}
	r.want(t, want...)
	if lost > 0 {
		t.Error("records count as lost that were found")
	}
}

func TestRecordsThatAreGoneAreNamed(t *testing.T) {
	e := &engine{}
	e.add(9, 1, "nine\n")
	lost := make(chan string, 10)
	places := []pipeline.Place{{Cursor: Cursor{Time: 5, Count: 1}.String(), Offset: 3}}
	r := start(t, e, places, func(o *Options) {
		o.Missing = func(last, next time.Time) { lost <- fmt.Sprint(last.UnixNano(), next.UnixNano()) }
	})
	r.want(t, "stdout nine\n")
	if got := <-lost; got != "5 9" || len(lost) > 0 {
		t.Errorf("named as lost: %q", got)
	}
}

func TestADamagedPlaceIsAnError(t *testing.T) {
	if _, err := New([]pipeline.Place{{Cursor: "s=1;i=2"}}, Options{}); err == nil {
		t.Error("no error")
	}
}

func TestCorruptRecordsAreCounted(t *testing.T) {
	e := &engine{}
	e.frames = []logged{{5, frame(1, "no time\n")}}
	e.add(6, 1, "one\n")
	corrupt := make(chan bool, 100)
	r := start(t, e, nil, func(o *Options) { o.Running, o.Corrupt = false, func() { corrupt <- true } })
	r.want(t, "stdout one\n")
	if len(corrupt) == 0 {
		t.Error("not counted")
	}
}

// BenchmarkRead is of what an engine has already.
func BenchmarkRead(b *testing.B) {
	text := strings.Repeat(frame(1, stamp(1e18)+strings.Repeat("x", 120)+"\n"), 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	s, err := New(nil, Options{Engine: &engine{}})
	if err != nil {
		b.Fatal(err)
	}
	var block pipeline.Block
	for b.Loop() {
		d := newDecoder(strings.NewReader(text), false)
		for {
			r, err := d.next()
			if err != nil {
				break
			}
			s.queue.put(b.Context(), r, time.Second)
		}
		block.Reset()
		s.Read(&block, time.Time{})
		last := block.Lines[len(block.Lines)-1]
		last.Ledger.Settle(pipeline.Range{Start: block.Lines[0].Range.Start, End: last.Range.End}, pipeline.Mark{})
	}
}
