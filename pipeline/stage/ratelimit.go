package stage

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// limitWindow is the time for which one line says what was held back. Windows
// are of the lines' own time and begin at its whole multiples. limitWait is when
// the clock ends one that no later line ends.
const (
	limitWindow = 10 * time.Second
	limitWait   = 2 * limitWindow
)

// rateLimit lets so many lines of a second pass, and drops the others. The time
// is the lines' own, and what was not used in a second is added to the next one
// at once, not bit by bit: so a second reading decides the same from the first
// line on that was held back, which is noted.
type rateLimit struct {
	state        int // also the number of cuts by the clock
	empty        int // the number of notes of the lines that begin a window
	lines, burst int64
	by           int // the label whose values have a limit each, or wholeTarget
	byName       string
	level        int // the label level
}

const wholeTarget = -1

func (c *compiler) rateLimit(cfg *config.RateLimitStage) {
	s := &rateLimit{
		state: c.p.states, empty: c.p.states + 1,
		lines: int64(cfg.LinesPerSecond), burst: int64(cfg.Burst),
		by: wholeTarget, byName: cfg.ByLabelName, level: c.label("level"),
	}
	c.p.states += 2
	if cfg.ByLabelName != "" {
		s.by = c.name(cfg.ByLabelName)
	}
	c.add(s)
}

// limits is a feed's state of a rate limit.
type limits struct {
	*rateLimit
	byValue map[string]*bucket
	open    []*bucket // those that hold lines back, the oldest first
	out     record    // the line about them on its way
	text    []byte    // of it
}

// bucket is how many lines of a label value may pass, and what was held back.
type bucket struct {
	value  string
	tokens int64
	second int64 // unix seconds, to which tokens were added

	window   int64 // number of the window
	first    heldRecord
	since    time.Time // when the first line came
	end      pipeline.Piece
	last     int64 // time of the last line
	readTime bool
	lines    int64
	bytes    int64
	pieces   []pipeline.Piece
}

func (s *rateLimit) run(f *Feed, r *record) verdict {
	all, b := s.of(f, r)
	window := r.time / int64(limitWindow)
	if b.lines > 0 && (window > b.window || window < b.window-1) {
		all.release(f, b)
	}
	end := r.pieces[len(r.pieces)-1]
	second := r.time / int64(time.Second)
	if f.isNoted(end, s.empty) {
		b.tokens, b.second = 0, max(b.second, second)
	}
	if s.passes(b, second) {
		return next
	}
	if b.lines == 0 {
		b.window, b.since = window, f.now
		b.first.hold(r)
		all.open = append(all.open, b)
		end.Ledger.NoteCut(pipeline.Cut{At: end.Range.End, Step: s.empty, Read: end.Range.End})
	}
	b.add(f, r)
	return gone
}

// of returns the feed's state of the step, and in it the bucket for r.
func (s *rateLimit) of(f *Feed, r *record) (*limits, *bucket) {
	all := f.limits[s.state]
	if all == nil {
		all = &limits{rateLimit: s, byValue: map[string]*bucket{}}
		f.limits[s.state] = all
	}
	var value []byte
	if s.by != wholeTarget {
		value = r.labels[s.by].text
	}
	b := all.byValue[string(value)]
	if b == nil {
		all.forget(f)
		b = &bucket{value: string(value), tokens: s.burst, second: r.time / int64(time.Second)}
		all.byValue[b.value] = b
	}
	return all, b
}

// forget makes room for another value, and for more than one if all hold lines
// back, so that it is not called for each.
func (l *limits) forget(f *Feed) {
	if len(l.byValue) < maxLabelSets {
		return
	}
	for value, b := range l.byValue {
		if b.lines == 0 {
			delete(l.byValue, value)
		}
	}
	if len(l.byValue) < maxLabelSets {
		return
	}
	for len(l.byValue) > maxLabelSets*9/10 {
		b := l.open[0]
		l.release(f, b)
		delete(l.byValue, b.value)
	}
}

// passes takes a token for a line. Times that go back by more than a window are
// those of a clock that was set, or follow a wrong one: they count from there.
func (s *rateLimit) passes(b *bucket, second int64) bool {
	since := second - b.second
	switch {
	case since > s.burst/s.lines:
		b.tokens, b.second = s.burst, second
	case since > 0:
		b.tokens, b.second = b.tokens+min(since*s.lines, s.burst-b.tokens), second
	case since < -int64(limitWindow/time.Second):
		b.second = second
	}
	if b.tokens == 0 {
		return false
	}
	b.tokens--
	return true
}

// add holds a line back. It moves the mark as if it was sent, so that the times
// of lines behind it do not depend on what was held back. The line about it
// settles its pieces, as long as these are not many.
func (b *bucket) add(f *Feed, r *record) {
	b.lines++
	b.bytes += int64(len(r.line))
	b.last, b.readTime, b.end = r.time, r.readTime, r.pieces[len(r.pieces)-1]
	f.count(r, "rate_limit")
	f.advance(r)
	if f.rides(r.pieces) {
		return
	}
	if len(b.pieces)+len(r.pieces) > maxPieces {
		settle(r.pieces)
		return
	}
	for _, p := range r.pieces {
		b.pieces = cover(b.pieces, p)
	}
}

// release sends the line about what was held back, past the steps behind this
// one. It has the labels of the first such line and the time of the last one,
// and leaves no mark, for it is not a line of the source.
func (l *limits) release(f *Feed, b *bucket) {
	i := slices.Index(l.open, b)
	l.open = slices.Delete(l.open, i, i+1)
	out := &l.out
	out.assign(&b.first.record)
	out.readTime, out.noted = b.readTime, true
	out.meta = append(out.meta[:0], f.opts.Meta...)
	out.pieces = append(out.pieces[:0], b.pieces...)
	if out.labels[l.level].state == present {
		out.labels[l.level] = text([]byte("warn"))
	}
	l.text = l.appendSummary(l.text[:0], b)
	out.line = l.text
	f.send(out, b.last)
	b.lines, b.bytes, b.pieces = 0, 0, b.pieces[:0]
}

// appendSummary appends, for example, "[collector] held back 1,234 lines (567
// kB) of service chat in 10 s: the limit is 100 lines/s".
func (s *rateLimit) appendSummary(dst []byte, b *bucket) []byte {
	noun, of := "lines", ""
	if b.lines == 1 {
		noun = "line"
	}
	if b.value != "" {
		of = " of " + s.byName + " " + b.value
	}
	return fmt.Appendf(dst, "[collector] held back %s %s (%s)%s in %d s: the limit is %s lines/s",
		thousands(b.lines), noun, size(b.bytes), of, int(limitWindow.Seconds()), thousands(s.lines))
}

// thousands writes a number that is not negative with commas.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// size writes a number of bytes in units of a thousand.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%d kB", n/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// flush releases what was held back for long enough, or everything, and returns
// when it has to be called next.
func (l *limits) flush(f *Feed, all bool) time.Time {
	for i := 0; i < len(l.open); {
		b := l.open[i]
		switch due := b.since.Add(limitWait); {
		case all:
		case f.isDueLater(b.end, l.state):
			i++
			continue
		case due.After(f.now):
			return due
		default:
			f.noteCut(b.end, l.state)
		}
		l.release(f, b)
	}
	return time.Time{}
}

// stop says what was held back of lines that cannot be read again.
func (l *limits) stop(f *Feed) {
	for _, b := range slices.Clone(l.open) {
		if bearsRisk(b.pieces) {
			l.release(f, b)
		}
	}
}

// repeat says what was held back up to the line that ends at offset, as a clock
// made it before.
func (l *limits) repeat(f *Feed, offset int64) {
	i := slices.IndexFunc(l.open, func(b *bucket) bool { return b.end.Ledger == f.ledger && b.end.Range.End == offset })
	if i >= 0 {
		l.release(f, l.open[i])
	}
}
