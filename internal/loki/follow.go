package loki

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// lookLines is the size of one page of a look.
	lookLines = 2000
	// lookPages bounds one look, so that viewers get lines while a follow
	// catches up.
	lookPages = 10
	// shallowLines is how many lines already seen a look reads again, and
	// deepLines how many each deepEvery-th look does.
	shallowLines = 500
	deepLines    = 15000
	deepEvery    = 5
	// lagMax is how far a follow may fall behind before it leaves lines out.
	lagMax = time.Minute
	// recentLines and recentBytes bound what a follow keeps for viewers who
	// come back.
	recentLines = 5000
	recentBytes = 4 << 20
	// lookTimeout bounds one look.
	lookTimeout = 30 * time.Second
	// retryMax is the longest time between looks while Loki is away.
	retryMax = 10 * time.Second
	// batchLines is the size of a batch at most.
	batchLines = 500
)

// Batch is lines that arrived together. It is shared by all viewers: read it
// only.
type Batch struct {
	// Entries are in the order of time.
	Entries []Entry
	// Cursor resumes behind this batch.
	Cursor string

	seq     uint64
	bytes   int
	once    sync.Once
	payload []byte
}

// Encoded returns encode(b.Entries), which is computed once for all viewers.
func (b *Batch) Encoded(encode func([]Entry) []byte) []byte {
	b.once.Do(func() { b.payload = encode(b.Entries) })
	return b.payload
}

// Status says whether Loki answers a follow.
type Status struct {
	OK bool
	// Message is why not, in plain words.
	Message string
}

// lineKey tells lines apart.
type lineKey struct {
	ts   int64
	hash uint64
}

// follow looks at Loki for one query and hands new lines to its viewers.
type follow struct {
	hub   *Hub
	query string
	epoch uint64
	// started is the first instant of the follow, in unix nanoseconds.
	started int64

	// Of run alone: mark is the instant until which everything was read once;
	// seen are the lines of the overlap before it, and perSecond their number
	// by unix second.
	mark      int64
	seen      map[lineKey]struct{}
	perSecond map[int64]int
	looks     int

	mu      sync.Mutex
	viewers map[*Viewer]struct{}
	left    time.Time // when the last viewer left
	seq     uint64
	newest  int64    // the latest time of a line handed on
	recent  []*Batch // oldest first
	status  Status
}

// newFollow starts at the present instant. It reads the overlap before it as
// well: a line of whole-second time, or one that took a while to Loki, lies
// before the instant at which it arrives.
func newFollow(h *Hub, query string) *follow {
	now := h.config.Now()
	return &follow{
		hub: h, query: query, epoch: randomEpoch(),
		started: now.Add(-h.config.Overlap).UnixNano(), mark: now.UnixNano(),
		seen: map[lineKey]struct{}{}, perSecond: map[int64]int{},
		viewers: map[*Viewer]struct{}{}, left: now, status: Status{OK: true},
	}
}

// run looks until ctx ends or nobody watches any more.
func (f *follow) run(ctx context.Context) {
	defer f.hub.forget(f)
	wait := f.hub.config.Every
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if f.hub.retire(f) {
			return
		}
		behind, err := f.look(ctx)
		if ctx.Err() != nil {
			return
		}
		f.report(err)
		wait = f.nextWait(wait, behind, err)
		timer.Reset(wait)
	}
}

// nextWait returns the time until the next look: none while catching up, longer
// and longer while Loki is away.
func (f *follow) nextWait(last time.Duration, behind bool, err error) time.Duration {
	if err != nil {
		return min(max(last, f.hub.config.Every)*2, retryMax)
	}
	if behind {
		return 0
	}
	return f.hub.config.Every
}

// look reads what is new since the last look and hands it on. behind means that
// there is more to read at once.
func (f *follow) look(ctx context.Context) (behind bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	now := f.hub.config.Now()
	req := PageRequest{
		Query: f.query, Start: time.Unix(0, f.overlapStart()), End: now,
		Limit: lookLines, Direction: Forward,
	}
	f.looks++
	for range lookPages {
		page, err := f.hub.client.Page(ctx, req)
		if err != nil {
			return false, err
		}
		f.publish(f.unseen(page.Entries))
		if page.Next == "" {
			f.mark = max(f.mark, now.UnixNano())
			f.prune()
			return false, nil
		}
		if n := len(page.Entries); n > 0 {
			f.mark = max(f.mark, page.Entries[n-1].TS)
		}
		if page.Partial {
			return false, &Error{Code: CodeTimeout, Message: strings.Join(page.Warnings, " ")}
		}
		req.Cursor = page.Next
	}
	f.prune()
	f.skipAhead(ctx, now)
	return true, nil
}

// overlapStart returns the first instant to read again: the overlap before the
// mark, less when that is many lines. Each deepEvery-th look reads more again.
func (f *follow) overlapStart() int64 {
	allowed := shallowLines
	if f.looks%deepEvery == 0 {
		allowed = deepLines
	}
	oldest := max(f.mark-f.hub.config.Overlap.Nanoseconds(), f.started)
	second := floorTo(f.mark, int64(time.Second)) / int64(time.Second)
	from := f.mark
	for lines := 0; from > oldest; second-- {
		lines += f.perSecond[second]
		if lines > allowed {
			return from
		}
		from = max(second*int64(time.Second), oldest)
	}
	return from
}

// unseen returns the lines that were not seen before and remembers them.
func (f *follow) unseen(entries []Entry) []Entry {
	fresh := make([]Entry, 0, len(entries))
	for _, entry := range entries {
		key := lineKey{entry.TS, entry.Hash}
		if _, known := f.seen[key]; known {
			continue
		}
		f.seen[key] = struct{}{}
		f.perSecond[floorTo(entry.TS, int64(time.Second))/int64(time.Second)]++
		fresh = append(fresh, entry)
	}
	return fresh
}

// prune forgets the lines before the overlap.
func (f *follow) prune() {
	oldest := f.mark - f.hub.config.Overlap.Nanoseconds() - int64(time.Second)
	for key := range f.seen {
		if key.ts < oldest {
			delete(f.seen, key)
		}
	}
	for second := range f.perSecond {
		if (second+1)*int64(time.Second) <= oldest {
			delete(f.perSecond, second)
		}
	}
}

// skipAhead leaves lines out when the follow cannot keep up, and tells each
// viewer how many.
func (f *follow) skipAhead(ctx context.Context, now time.Time) {
	if now.UnixNano()-f.mark < lagMax.Nanoseconds() {
		return
	}
	target := now.Add(-f.hub.config.Overlap)
	left := f.hub.leftOut(ctx, f.query, time.Unix(0, f.mark+1), target, 0)
	f.mark = target.UnixNano()
	f.started = max(f.started, f.mark)
	f.mu.Lock()
	defer f.mu.Unlock()
	for v := range f.viewers {
		v.drop(left)
	}
}

// publish hands lines to every viewer.
func (f *follow) publish(entries []Entry) {
	if len(entries) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for part := range slices.Chunk(entries, batchLines) {
		f.seq++
		batch := &Batch{Entries: part, seq: f.seq, bytes: sizeOf(part)}
		f.newest = max(f.newest, part[len(part)-1].TS)
		batch.Cursor = tailCursor{f.epoch, f.seq, f.newest}.encode()
		f.keep(batch)
		for v := range f.viewers {
			v.offer(batch)
		}
	}
}

// keep remembers a batch for viewers who come back, and forgets the oldest.
// f.mu is held.
func (f *follow) keep(batch *Batch) {
	f.recent = append(f.recent, batch)
	lines, bytes := 0, 0
	for i := len(f.recent) - 1; i >= 0; i-- {
		lines += len(f.recent[i].Entries)
		bytes += f.recent[i].bytes
		if i < len(f.recent)-1 && (lines > recentLines || bytes > recentBytes) {
			f.recent = slices.Clone(f.recent[i+1:])
			return
		}
	}
}

// sizeOf estimates the memory of lines, in bytes.
func sizeOf(entries []Entry) int {
	size := 0
	for _, e := range entries {
		size += len(e.Line) + 200
	}
	return size
}

// report tells viewers when Loki goes away and comes back.
func (f *follow) report(err error) {
	status := Status{OK: err == nil}
	if err != nil {
		status.Message = "Loki does not answer the live tail; trying again"
		if e, ok := errors.AsType[*Error](err); ok {
			status.Message = e.Message + "; trying again"
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if status == f.status {
		return
	}
	f.status = status
	for v := range f.viewers {
		v.tell(status)
	}
}

// join adds a viewer, with the batches behind the cursor if they are all kept.
func (f *follow) join(resume tailCursor) *Viewer {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := newViewer(f, f.hub.config.ViewerLines)
	v.joined = f.seq
	if resume.epoch == f.epoch && resume.seq <= f.seq && f.keeps(resume.seq) {
		v.resumed = true
		for _, batch := range f.recent {
			if batch.seq > resume.seq {
				v.offer(batch)
			}
		}
	}
	v.tell(f.status)
	f.viewers[v] = struct{}{}
	return v
}

// keeps reports whether every batch behind seq is still kept. f.mu is held.
func (f *follow) keeps(seq uint64) bool {
	return seq == f.seq || (len(f.recent) > 0 && f.recent[0].seq <= seq+1)
}

// leave removes a viewer; false when it had left before.
func (f *follow) leave(v *Viewer, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, there := f.viewers[v]; !there {
		return false
	}
	delete(f.viewers, v)
	f.left = now
	v.close()
	return true
}

// idle reports whether nobody has watched for linger.
func (f *follow) idle(now time.Time, linger time.Duration) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.viewers) == 0 && now.Sub(f.left) > linger
}

// closeViewers closes all viewers and returns how many they were.
func (f *follow) closeViewers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.viewers)
	for v := range f.viewers {
		v.close()
	}
	clear(f.viewers)
	return n
}

// tailCursor is where a viewer is: behind batch seq of the follow epoch; ts is
// the latest time of a line until then. Without that follow (the dashboard was
// restarted) ts alone serves, and lines of the overlap before it come again.
type tailCursor struct {
	epoch, seq uint64
	ts         int64
}

// tailCursorVersion is the first byte of every tail cursor.
const tailCursorVersion = 1

// encode returns the cursor as text for an SSE id.
func (c tailCursor) encode() string {
	buf := []byte{tailCursorVersion}
	buf = binary.BigEndian.AppendUint64(buf, c.epoch)
	buf = binary.AppendUvarint(buf, c.seq)
	buf = binary.AppendVarint(buf, c.ts)
	return base64.RawURLEncoding.EncodeToString(buf)
}

// decodeTailCursor reads what encode wrote; false for anything else.
func decodeTailCursor(text string) (tailCursor, bool) {
	const longest = 1 + 8 + 2*binary.MaxVarintLen64
	if text == "" || len(text) > base64.RawURLEncoding.EncodedLen(longest) {
		return tailCursor{}, false
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(data) < 11 || data[0] != tailCursorVersion {
		return tailCursor{}, false
	}
	c := tailCursor{epoch: binary.BigEndian.Uint64(data[1:])}
	seq, n := binary.Uvarint(data[9:])
	if n <= 0 {
		return tailCursor{}, false
	}
	ts, m := binary.Varint(data[9+n:])
	if m <= 0 || 9+n+m != len(data) || ts <= 0 {
		return tailCursor{}, false
	}
	c.seq, c.ts = seq, ts
	return c, true
}
