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
	due  []dueBatch // in the order in which batches were opened
}

// dueBatch remembers when a batch was opened. It does not point to the batch,
// which may be sealed by now and in use for another stream.
type dueBatch struct {
	stream *Stream
	opened time.Time
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
	if b != nil && b.encoded+encodedSize(e) > o.limits.BatchBytes {
		o.seal(b)
		b = nil
	}
	r := roomFor(e)
	if b != nil && !b.has(b.roomWith(r)) {
		b = o.grow(b, r)
	}
	if b == nil {
		b = o.start(s, r, now)
	}
	b.add(e)
}

func (o *Outbox) start(s *Stream, r room, now time.Time) *Batch {
	b := o.budget.take(r)
	b.Stream, b.opened, b.encoded = s, now, streamOverhead+len(s.Text)
	b.refs.Store(o.clients)
	o.open[s] = b
	o.due = append(o.due, dueBatch{s, b.opened})
	return b
}

// grow returns a larger batch in place of b with room for r more, or nil if
// there is none: then b is full.
func (o *Outbox) grow(b *Batch, r room) *Batch {
	need := b.roomWith(r)
	if classFor(need) == ownClass {
		o.seal(b)
		return nil
	}
	larger := o.budget.take(need)
	b.moveTo(larger)
	o.open[b.Stream] = larger
	o.budget.give(b)
	return larger
}

// Due hands on every batch that is as old as Limits.BatchWait, or opened in the
// future because the clock was set back. It returns when the next one will be
// due, or the zero time if none is open.
func (o *Outbox) Due(now time.Time) time.Time {
	gone := 0
	for _, d := range o.due {
		b := o.open[d.stream]
		if b != nil && b.opened.Equal(d.opened) {
			if age := now.Sub(d.opened); age >= 0 && age < o.limits.BatchWait {
				break
			}
			o.seal(b)
		}
		gone++
	}
	if gone > 0 {
		o.due = append(o.due[:0], o.due[gone:]...)
	}
	if len(o.due) == 0 {
		return time.Time{}
	}
	return o.due[0].opened.Add(o.limits.BatchWait)
}

// Flush hands on every open batch, oldest first.
func (o *Outbox) Flush() {
	for _, d := range o.due {
		if b := o.open[d.stream]; b != nil {
			o.seal(b)
		}
	}
	o.due = o.due[:0]
}

func (o *Outbox) seal(b *Batch) {
	delete(o.open, b.Stream)
	o.budget.handOn(b)
	o.deliver(b)
}
