package loki

import (
	"slices"
	"sync"
)

// Viewer is one person's watch of a follow. Wait for Ready or Done, then Take.
type Viewer struct {
	follow *follow
	// resumed means that the follow still had everything behind the cursor.
	resumed bool
	// joined is the number of the last batch before this viewer came.
	joined uint64
	limit  int
	ready  chan struct{} // capacity 1: something can be taken
	done   chan struct{}

	mu      sync.Mutex
	batches []*Batch
	lines   int
	dropped int64
	status  *Status
	closed  bool
	// shown are lines of the backlog that the follow may find as well, until
	// its lines are newer than shownUntil.
	shown      map[lineKey]struct{}
	shownUntil int64
	// cut is the time of the oldest line of a backlog that was cut: what the follow
	// finds up to there has been counted as left out, or the viewer has it.
	cut int64
}

// Update is what happened since the last Take.
type Update struct {
	// Dropped is how many lines were left out, before Batches.
	Dropped int64
	Batches []*Batch
	// Status is nil when it did not change.
	Status *Status
}

func newViewer(f *follow, limit int) *Viewer {
	return &Viewer{follow: f, limit: limit, ready: make(chan struct{}, 1), done: make(chan struct{})}
}

// Ready is sent to when something can be taken.
func (v *Viewer) Ready() <-chan struct{} { return v.ready }

// Done is closed when the follow ends or the viewer leaves.
func (v *Viewer) Done() <-chan struct{} { return v.done }

// Take returns what happened since the last Take and empties the queue.
func (v *Viewer) Take() Update {
	v.mu.Lock()
	defer v.mu.Unlock()
	update := Update{Dropped: v.dropped, Batches: v.batches, Status: v.status}
	v.dropped, v.batches, v.lines, v.status = 0, nil, 0, nil
	return update
}

// offer queues a batch; when the queue is full the oldest batches are left out.
func (v *Viewer) offer(batch *Batch) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if batch = v.withoutShown(batch); len(batch.Entries) == 0 {
		return
	}
	if batch.Entries[len(batch.Entries)-1].TS > v.shownUntil {
		v.shown, v.cut = nil, 0
	}
	v.append(batch)
	for v.lines > v.limit && len(v.batches) > 1 {
		v.lines -= len(v.batches[0].Entries)
		v.dropped += int64(len(v.batches[0].Entries))
		v.batches[0] = nil
		v.batches = v.batches[1:]
	}
	v.wake()
}

// withoutShown returns the batch without lines that the backlog had or left out.
func (v *Viewer) withoutShown(batch *Batch) *Batch {
	if len(v.shown) == 0 && v.cut == 0 {
		return batch
	}
	rest := slices.DeleteFunc(slices.Clone(batch.Entries), func(e Entry) bool {
		_, shown := v.shown[lineKey{e.TS, e.Hash}]
		return shown || e.TS <= v.cut
	})
	if len(rest) == len(batch.Entries) {
		return batch
	}
	return &Batch{Entries: rest, Cursor: batch.Cursor, seq: batch.seq, bytes: batch.bytes}
}

// prepend puts the backlog (newest first, as it was read at the instant now)
// before everything that is queued, with left lines left out before it; more says
// that there are older ones. Lines of the last margin nanoseconds are kept from
// being shown again by the follow.
func (v *Viewer) prepend(backlog []Entry, left int64, more bool, now, margin int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	lines := slices.Clone(backlog)
	slices.Reverse(lines)
	v.shown, v.shownUntil = map[lineKey]struct{}{}, now+margin
	for _, e := range lines {
		if e.TS >= now-margin {
			v.shown[lineKey{e.TS, e.Hash}] = struct{}{}
		}
	}
	if more && len(lines) > 0 {
		v.cut = lines[0].TS
	}
	live := v.batches
	v.batches, v.lines = nil, 0
	for part := range slices.Chunk(lines, batchLines) {
		cursor := tailCursor{ts: part[len(part)-1].TS}
		v.append(&Batch{Entries: part, Cursor: cursor.encode()})
	}
	if n := len(v.batches); n > 0 {
		last := tailCursor{v.follow.epoch, v.joined, lines[len(lines)-1].TS}
		v.batches[n-1].Cursor = last.encode()
	}
	for _, batch := range live {
		v.append(v.withoutShown(batch))
	}
	v.dropped += left
	v.wake()
}

// append queues a batch that has lines. v.mu is held.
func (v *Viewer) append(batch *Batch) {
	if len(batch.Entries) > 0 {
		v.batches = append(v.batches, batch)
		v.lines += len(batch.Entries)
	}
}

// drop adds to the number of lines left out.
func (v *Viewer) drop(n int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.dropped += n
	v.wake()
}

// tell queues a change of status; only the last one counts.
func (v *Viewer) tell(status Status) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.status = &status
	v.wake()
}

// close ends the viewer.
func (v *Viewer) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.closed {
		v.closed = true
		close(v.done)
	}
}

// wake makes Ready receive. v.mu is held.
func (v *Viewer) wake() {
	select {
	case v.ready <- struct{}{}:
	default:
	}
}
