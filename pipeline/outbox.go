package pipeline

import "time"

// Limits are the sizes and times at which a batch is handed on.
type Limits struct {
	BatchBytes int           // encoded size at which a batch is full
	BatchWait  time.Duration // age at which a batch is due
	LineBytes  int           // longer lines are sent as parts
}

// Loki refuses larger requests and lines with its defaults; see docs/adr.
const (
	MaxBatchBytes = 1 << 20
	MaxLineBytes  = 256 << 10
)

// Outbox collects entries into one open batch for each stream and hands full
// or due batches on. Each worker has its own: it is not safe for concurrent use.
type Outbox struct {
	limits  Limits
	budget  *Budget
	clients int32
	deliver func(*Batch) // takes one reference for each client

	open map[*Stream]*Batch
	due  []*Batch // open batches, oldest first
}

// NewOutbox returns an outbox whose batches go to deliver, which has to call
// Done once for each of clients.
func NewOutbox(limits Limits, budget *Budget, clients int, deliver func(*Batch)) *Outbox {
	return &Outbox{
		limits: limits, budget: budget, clients: int32(clients), deliver: deliver,
		open: map[*Stream]*Batch{},
	}
}

// Add copies an entry into the open batch of its stream. A line over the limit
// becomes parts, told apart by the metadata part and parts.
func (o *Outbox) Add(s *Stream, e *Entry, now time.Time) {
	if len(e.Line) > o.limits.LineBytes {
		o.addParts(s, e, now)
		return
	}
	o.add(s, e, now)
}

func (o *Outbox) add(s *Stream, e *Entry, now time.Time) {
	b := o.open[s]
	size := encodedSize(e)
	if b != nil && (b.encoded+size > o.limits.BatchBytes || len(b.arena)+size > largeArena) {
		o.seal(b)
		b = nil
	}
	if b == nil {
		b = o.start(s, size, now)
	}
	if !b.fits(e) {
		o.grow(b, size)
	}
	b.add(e)
}

func (o *Outbox) start(s *Stream, size int, now time.Time) *Batch {
	b := &Batch{Stream: s, budget: o.budget, opened: now.UnixNano(), arena: o.budget.take(size)}
	b.encoded = len(s.Text) + 16
	b.refs.Store(o.clients)
	o.open[s] = b
	o.due = append(o.due, b)
	return b
}

// grow moves a batch to a larger arena.
func (o *Outbox) grow(b *Batch, size int) {
	old := b.arena
	b.arena = append(o.budget.take(max(len(old)+size, smallArena+1)), old...)
	o.budget.give(old)
}

// Due hands on every batch that is older than Limits.BatchWait and returns
// when the next one will be due, or the zero time if none is open.
func (o *Outbox) Due(now time.Time) time.Time {
	deadline := now.Add(-o.limits.BatchWait).UnixNano()
	for len(o.due) > 0 {
		b := o.due[0]
		if o.open[b.Stream] == b && b.opened > deadline {
			return time.Unix(0, b.opened).Add(o.limits.BatchWait)
		}
		if o.open[b.Stream] == b {
			o.seal(b)
		}
		o.due = o.due[1:]
	}
	o.due = nil
	return time.Time{}
}

// Flush hands on every open batch.
func (o *Outbox) Flush() {
	for _, b := range o.due {
		if o.open[b.Stream] == b {
			o.seal(b)
		}
	}
	o.due = nil
}

func (o *Outbox) seal(b *Batch) {
	delete(o.open, b.Stream)
	o.deliver(b)
}
