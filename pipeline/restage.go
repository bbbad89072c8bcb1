package pipeline

import "time"

// Holding is Stages that know whether they hold lines which others may follow, as
// a join does.
type Holding interface {
	// Holds reports whether there are any.
	Holds() bool
}

// change is what becomes of a target before one of its next lines is read.
type change struct {
	// stages makes its new stages of the old ones; nil takes it out of the loop.
	stages func(old Stages) Stages
	by     time.Time // at the latest, whatever the old ones hold
}

// changeWait is how long a change waits for the rest of an entry that stages hold.
const changeWait = 5 * time.Second

// Restage gives a target other stages between two lines, as soon as the old ones
// hold nothing, or after a few seconds: then they hand on what they hold. Next
// makes the new ones of them, and the source goes on as if nothing had happened.
// Next is called by the goroutine that reads the target; it is never called if the
// target leaves the loop or Run ends before.
func (l *Loop) Restage(t *Target, next func(old Stages) Stages) { l.change(t, &change{stages: next}) }

// Remove takes a target out of the loop between two lines, at the same time as
// Restage would change it, and LoopOptions.Ended is told. What was read is settled
// later, and the source is not closed.
func (l *Loop) Remove(t *Target) { l.change(t, &change{}) }

func (l *Loop) change(t *Target, c *change) {
	c.by = l.opts.Now().Add(changeWait)
	if old := t.change.Load(); old != nil {
		c.by = old.by
	}
	t.change.Store(c)
	for _, w := range l.workers {
		w.wakeUp()
	}
}

// SetLimits changes the limits of the batches that are opened from now on.
func (l *Loop) SetLimits(limits Limits) { l.limits.Store(&limits) }

// changes does what a target waits for, and reports whether it left the loop.
func (w *worker) changes(t *Target, now time.Time) (left bool) {
	c := t.change.Load()
	if c == nil || now.Before(c.by) && holds(t.Stages) || !t.change.CompareAndSwap(c, nil) {
		return false
	}
	if c.stages == nil {
		w.end(t, now)
		return true
	}
	t.Stages.Flush(now, true, w.outbox)
	t.Stages = c.stages(t.Stages)
	t.flushAt = time.Time{}
	return false
}

func holds(s Stages) bool {
	h, ok := s.(Holding)
	return ok && h.Holds()
}

// end hands on what a target's stages hold, and takes it out of the loop.
func (w *worker) end(t *Target, now time.Time) {
	t.Stages.Flush(now, true, w.outbox)
	t.flushAt = time.Time{}
	w.drop(t)
	w.opts.Ended(t)
}
