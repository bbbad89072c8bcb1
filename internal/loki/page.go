package loki

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// shrinksMax is how often one page tries again with less before it gives up.
const shrinksMax = 10

// PageRequest asks for one page of lines.
type PageRequest struct {
	// Query is a log query.
	Query string
	// Start is included, End is not.
	Start, End time.Time
	// Limit is how many lines the page has at most.
	Limit int
	// Bytes ends a page early: after the answer with which Loki's answers are as
	// many bytes. 0 does not.
	Bytes     int
	Direction Direction
	// Cursor is Next of the page before, or "" for the first page. It fixes
	// Start, End and Direction.
	Cursor string
}

// Page is one page of lines, in the order of its direction.
type Page struct {
	Entries []Entry
	// Next is the cursor of the next page, "" at the end of the range.
	Next string
	// Partial is true when Loki stopped answering before the page was full.
	Partial  bool
	Warnings []string
	Stats    Stats
}

// Page reads one page. Following Next to its end gives every line of the range
// exactly once, also when many lines share an instant. When Loki fails after
// some of the page was read, that part is returned with Partial set and no
// error; Next then continues where it stopped.
func (c *Client) Page(ctx context.Context, req PageRequest) (Page, error) {
	p, err := newPager(c, req)
	if err != nil {
		return Page{}, err
	}
	for err == nil && !p.full() && !p.finished {
		err = p.step(ctx)
		if errors.Is(err, errLimitLearnt) {
			err = nil
		}
	}
	page, err := p.stopped(err)
	c.splitLabels(ctx, page.Entries)
	return page, err
}

// pager gathers one page.
//
// It reads ranges and only ever shows whole instants: when an answer is full,
// its last instant may be incomplete and is left for the next call. When that
// leaves nothing, or when a page ends in the middle of an instant, the instant
// is read alone.
type pager struct {
	client *Client
	cursor pageCursor // its position moves
	query  string
	need   int
	bytes  int // that may still be read
	pace   pace
	// width is how much time the next call covers at most, in nanoseconds.
	width int64
	// finished means that the range is read to its end.
	finished bool
	moved    bool
	shrinks  int
	out      Page
}

// newPager starts at the cursor, or at the beginning of the range.
func newPager(c *Client, req PageRequest) (*pager, error) {
	p := &pager{client: c, query: req.Query, need: req.Limit, bytes: req.Bytes, width: splitInterval}
	if req.Bytes == 0 {
		p.bytes = math.MaxInt
	}
	p.cursor = pageCursor{
		query: queryHash(req.Query), direction: req.Direction,
		start: req.Start.UnixNano(), end: req.End.UnixNano(),
	}
	p.pace = c.pace.of(p.cursor.query)
	if req.Cursor != "" {
		cursor, err := decodePageCursor(req.Cursor)
		if err != nil {
			return nil, err
		}
		if cursor.query != p.cursor.query {
			return nil, ErrCursor
		}
		p.cursor = cursor
		return p, nil
	}
	if p.cursor.start >= p.cursor.end {
		p.finished = true
		return p, nil
	}
	p.cursor.at = p.cursor.start
	if p.cursor.direction == Backward {
		p.cursor.at = p.cursor.end - 1
	}
	return p, nil
}

// full reports whether the page has all the lines or bytes it may have.
func (p *pager) full() bool { return len(p.out.Entries) >= p.need || p.bytes <= 0 }

// step makes one call and takes its lines.
func (p *pager) step(ctx context.Context) error {
	if p.cursor.inside() {
		return p.instant(ctx, p.cursor.at)
	}
	low, high := p.window()
	// One more than needed, so that the last line shown is known to be whole.
	ask := min(p.need-len(p.out.Entries)+1, p.pace.lines, p.client.entriesLimit())
	got, err := p.read(ctx, low, high, ask)
	if err != nil {
		return p.shrink(ctx, err, ask, high-low)
	}
	p.pace = p.pace.passed(len(got.entries), got.bytes, high-low)
	p.client.pace.keep(p.cursor.query, p.pace)
	if len(got.entries) < ask {
		p.take(got.entries)
		p.moveTo(p.beyond(low, high))
		p.width = min(p.width*2, widestWindow)
		return nil
	}
	last := got.entries[len(got.entries)-1].TS
	whole := slices.IndexFunc(got.entries, func(e Entry) bool { return e.TS == last })
	if whole == 0 {
		return p.instant(ctx, last)
	}
	p.take(got.entries[:whole])
	p.moveTo(last)
	return nil
}

// splitInterval is Loki's default of split_queries_by_interval: a query over
// several multiples of it is cut there and the parts run side by side. When the
// lines asked for are found, Loki cancels the other parts, and each cancelled
// part makes one of its few query workers pause for up to 5 s (seen on 3.7.8).
// So the newest hour is asked alone, and wider ranges only where lines are rare.
const splitInterval = int64(time.Hour)

// widestWindow is the widest range of one call, below Loki's max_query_length (30
// days by default): longer ranges are read in parts.
const widestWindow = int64(7 * 24 * time.Hour)

// window returns the next range to read, [low, high) in unix nanoseconds.
func (p *pager) window() (low, high int64) {
	width := p.width
	if p.pace.width > 0 {
		width = min(width, p.pace.width)
	}
	if p.cursor.direction == Backward {
		high = p.cursor.at + 1
		return max(p.cursor.start, edge(high-1, width)-max(width-splitInterval, 0)), high
	}
	low = p.cursor.at
	return low, min(p.cursor.end, edge(low, width)+width)
}

// edge returns the start of the part of Loki's split that holds at, or for a
// smaller width the multiple of that width.
func edge(at, width int64) int64 { return floorTo(at, min(width, splitInterval)) }

// beyond returns the first instant after a range that was read whole.
func (p *pager) beyond(low, high int64) int64 {
	if p.cursor.direction == Backward {
		return low - 1
	}
	return high
}

// moveTo sets the position to the start of an instant.
func (p *pager) moveTo(at int64) {
	p.moved = true
	p.cursor.position = position{at: at}
	p.finished = at < p.cursor.start || at >= p.cursor.end
}

// take adds whole instants to the page; repetitions of a line are left out.
func (p *pager) take(entries []Entry) {
	for i, entry := range entries {
		if !repeated(entries[:i], entry) {
			p.out.Entries = append(p.out.Entries, entry)
		}
	}
}

// repeated reports whether the line is among those of the same instant at the
// end of before.
func repeated(before []Entry, entry Entry) bool {
	for i := len(before) - 1; i >= 0 && before[i].TS == entry.TS; i-- {
		if before[i].Hash == entry.Hash {
			return true
		}
	}
	return false
}

// instant reads all lines of one instant and takes those that are not shown
// yet, as many as the page needs.
func (p *pager) instant(ctx context.Context, at int64) error {
	got, limit, err := p.readInstant(ctx, at)
	if err != nil {
		return err
	}
	if len(got.entries) >= limit {
		p.warn(fmt.Sprintf("at least %d lines share the instant %s and Loki does not give all of them at once; filter by service or text to see the others", limit, instantText(at)))
	}
	lines := withoutRepetitions(got.entries)
	rest := p.cursor.notShown(lines, at)
	count := min(p.need-len(p.out.Entries), len(rest))
	p.out.Entries = append(p.out.Entries, rest[:count]...)
	if count == len(rest) {
		p.moveTo(p.beyond(at, at+1))
		return nil
	}
	p.moved = true
	p.cursor.position = p.cursor.after(lines, rest[:count], at)
	return nil
}

// readInstant reads the lines of one instant, as many as pass at once, and
// returns how many were asked for. An instant cannot be divided by time.
func (p *pager) readInstant(ctx context.Context, at int64) (logsResult, int, error) {
	limit := p.client.entriesLimit()
	if p.pace.instant > 0 {
		limit = min(limit, p.pace.instant)
	}
	for {
		got, err := p.read(ctx, at, at+1, limit)
		if err == nil || limit == 1 || !tooBig(err) || ctx.Err() != nil {
			return got, limit, err
		}
		limit = max(limit/4, 1)
		p.pace.instant = limit
		p.client.pace.keep(p.cursor.query, p.pace)
	}
}

// withoutRepetitions returns the lines of one instant, each once.
func withoutRepetitions(entries []Entry) []Entry {
	known := make(map[uint64]bool, len(entries))
	return slices.DeleteFunc(entries, func(e Entry) bool {
		twice := known[e.Hash]
		known[e.Hash] = true
		return twice
	})
}

// notShown returns the lines of the instant at that were not shown.
func (p position) notShown(lines []Entry, at int64) []Entry {
	if at != p.at {
		return lines
	}
	if p.skip > 0 {
		return lines[min(p.skip, len(lines)):]
	}
	shown := make(map[uint64]bool, len(p.shown))
	for _, hash := range p.shown {
		shown[hash] = true
	}
	rest := make([]Entry, 0, len(lines))
	for _, line := range lines {
		if !shown[line.Hash] {
			rest = append(rest, line)
		}
	}
	return rest
}

// after returns the position within the instant at once the lines now are
// shown too; all are the lines of the instant.
func (p position) after(all, now []Entry, at int64) position {
	next := position{at: at}
	if p.at == at {
		next.shown, next.skip = p.shown, p.skip
	}
	if next.skip > 0 {
		next.skip += len(now)
		return next
	}
	next.shown = slices.Clone(next.shown)
	for _, line := range now {
		next.shown = append(next.shown, line.Hash)
	}
	if len(next.shown) > shownMax {
		next.skip = lastShown(all, next.shown) + 1
		next.shown = nil
	}
	return next
}

// lastShown returns the index of the last line of all that was shown.
func lastShown(all []Entry, shown []uint64) int {
	for i := len(all) - 1; i >= 0; i-- {
		if slices.Contains(shown, all[i].Hash) {
			return i
		}
	}
	return -1
}

// read makes one call and adds up its cost. A limit that Loki does not accept
// is learnt and the call repeated once.
func (p *pager) read(ctx context.Context, low, high int64, limit int) (logsResult, error) {
	got, err := p.client.logs(ctx, p.query, low, high, limit, p.cursor.direction)
	if allowed, ok := maxEntries(err); ok && allowed < limit {
		p.client.learnEntriesLimit(allowed)
		p.pace.lines = min(p.pace.lines, allowed)
		return logsResult{}, errLimitLearnt
	}
	p.bytes -= got.bytes
	p.out.Stats = p.out.Stats.add(got.stats)
	for _, text := range got.warnings {
		p.warn("Loki: " + text)
	}
	return got, err
}

// errLimitLearnt means that Loki accepts fewer lines at once than were asked
// for; the next step asks for as many as it accepts.
var errLimitLearnt = &Error{Code: CodeLimit, Message: "Loki accepts fewer lines at once"}

// shrink makes the next step ask for less, or returns err when that is of no
// use.
func (p *pager) shrink(ctx context.Context, err error, asked int, span int64) error {
	p.shrinks++
	if p.shrinks > shrinksMax || ctx.Err() != nil {
		return err
	}
	if !tooBig(err) {
		return err
	}
	smaller, ok := p.pace.less(CodeOf(err), asked, span)
	if !ok {
		return err
	}
	p.pace = smaller
	p.client.pace.keep(p.cursor.query, smaller)
	return nil
}

// stopped returns the page; when err ended it, what was read before, or err when
// that is nothing.
func (p *pager) stopped(err error) (Page, error) {
	if err == nil {
		return p.page(), nil
	}
	code := CodeOf(err)
	later := code == CodeTimeout || code == CodeUnavailable || code == CodeThrottled
	if !later || !p.moved {
		return Page{}, err
	}
	p.out.Partial = true
	p.warn(stopText(err))
	return p.page(), nil
}

// page returns the page with the cursor of the next one.
func (p *pager) page() Page {
	if !p.finished {
		p.out.Next = p.cursor.encode()
	}
	return p.out
}

// warn adds a warning once.
func (p *pager) warn(text string) {
	if !slices.Contains(p.out.Warnings, text) {
		p.out.Warnings = append(p.out.Warnings, text)
	}
}

// instantText renders unix nanoseconds.
func instantText(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

// stopText says to the reader why a page is short.
func stopText(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message + ". Shown is what was read until then."
	}
	return "Loki stopped answering. Shown is what was read until then."
}
