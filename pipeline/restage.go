package pipeline

import "time"

// change is what becomes of a target before its next line is read.
type change struct {
	// stages makes its new stages of the old ones; nil takes it out of the loop.
	stages func(old Stages) Stages
}

// Restage gives a target other stages before its next line is read: the old ones
// hand on what they hold, and next makes the new ones of them. The source goes on
// as if nothing had happened. next is called by the goroutine that reads the
// target; it is never called if the target leaves the loop or Run ends before.
func (l *Loop) Restage(t *Target, next func(old Stages) Stages) { l.change(t, &change{next}) }

// Remove takes a target out of the loop before its next line is read: its stages
// hand on what they hold, and LoopOptions.Ended is told. What was read is settled
// later, and the source is not closed.
func (l *Loop) Remove(t *Target) { l.change(t, &change{}) }

func (l *Loop) change(t *Target, c *change) {
	t.change.Store(c)
	for _, w := range l.workers {
		w.wakeUp()
	}
}

// SetLimits changes the limits of the batches that are opened from now on.
func (l *Loop) SetLimits(limits Limits) { l.limits.Store(&limits) }

// changes does what a target waits for, and reports whether it left the loop.
func (w *worker) changes(t *Target, now time.Time) (left bool) {
	c := t.change.Swap(nil)
	switch {
	case c == nil:
		return false
	case c.stages == nil:
		w.end(t, now)
		return true
	}
	t.Stages.Flush(now, true, w.outbox)
	t.Stages = c.stages(t.Stages)
	t.flushAt = time.Time{}
	return false
}

// end hands on what a target's stages hold, and takes it out of the loop.
func (w *worker) end(t *Target, now time.Time) {
	t.Stages.Flush(now, true, w.outbox)
	t.flushAt = time.Time{}
	w.drop(t)
	w.opts.Ended(t)
}
