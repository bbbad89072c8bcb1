package docker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// follower reads one stream after another, and knows where the next has to go
// on.
type follower struct {
	s      *Source
	at     Cursor // behind the last record that was put into the queue
	wait   time.Duration
	missed int // streams in a row that did not begin where they should
}

// tries is how many streams have to miss the record that was read last before
// that is taken for gone: one from its time on, and others from the beginning,
// for a file that is being compressed may not be seen.
const tries = 4

// errMissing says that a stream does not begin where it should.
var errMissing = errors.New("the record that was read last is missing")

// Run reads the log until ctx is done or the container is gone. Nothing that it
// started is left when it returns. What is wrong is returned by Read.
func (s *Source) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var leaving sync.WaitGroup
	defer leaving.Wait()
	defer cancel()
	leaving.Go(func() { s.endAfterLeave(ctx, cancel) })
	f := follower{s: s, at: s.from, wait: s.opts.RetryMin}
	gone := false
	for ctx.Err() == nil && !gone {
		gone = f.once(ctx)
	}
	s.finish(gone)
	return nil
}

// endAfterLeave ends a stream that goes on for too long after Leave. As a rule
// it ends by itself when the container is removed.
func (s *Source) endAfterLeave(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-ctx.Done():
		return
	case <-s.left:
	}
	timer := time.NewTimer(s.opts.LeaveAfter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
		cancel()
	}
}

// once reads one stream to its end and waits until the next is worth opening. It
// reports whether there will be none.
func (f *follower) once(ctx context.Context) (gone bool) {
	s, before := f.s, f.at
	running := s.running.Load()
	err := f.follow(ctx)
	switch {
	case ctx.Err() != nil:
		return false
	case s.opts.Gone(err):
		return true
	case errors.Is(err, errBehind):
		s.queue.waitEmpty(ctx)
		f.pause(ctx)
		return false
	case s.isFault(err):
		s.fail(err)
		f.pause(ctx)
		return false
	}
	if f.at != before {
		f.wait = s.opts.RetryMin
	}
	switch {
	case s.isLeft():
		// The next stream is refused, if the container was removed.
		f.pause(ctx)
	case err == nil && !running && f.at == before:
		select { // until it is started again
		case <-ctx.Done():
		case <-s.left:
		case <-s.changed:
		}
	default:
		f.pause(ctx)
	}
	return false
}

// isFault reports whether an error is about this log. A stream that was cut is
// opened again where it was left, and that the engine is away is said elsewhere.
func (s *Source) isFault(err error) bool {
	var engine *engineError
	return errors.As(err, &engine) || errors.Is(err, errFrames) || err != nil && s.opts.Refused(err)
}

// pause waits longer each time, until a stream has records again or the
// container is started.
func (f *follower) pause(ctx context.Context) {
	timer := time.NewTimer(f.wait)
	defer timer.Stop()
	f.wait = min(2*f.wait, f.s.opts.RetryMax)
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-f.s.changed:
		f.wait = f.s.opts.RetryMin
	}
}

// follow puts the records of one stream into the queue. It returns nil at the
// stream's end.
func (f *follower) follow(ctx context.Context) error {
	body, err := f.s.opts.Engine.Logs(ctx, f.s.opts.ID, f.since())
	if err != nil {
		return err
	}
	defer body.Close()
	begun := false
	var last lastRecord
	dec, repeats := newDecoder(body, f.s.opts.TTY), NewRepeats(f.at)
	for {
		r, err := dec.next()
		switch {
		case errors.Is(err, io.EOF):
			f.s.fail(nil)
			return nil
		case errors.Is(err, errRecord):
			f.s.opts.Corrupt()
			continue
		case err != nil:
			return err
		case !f.s.opts.Coarse && last.isAgain(r), repeats.Is(r.time):
			continue
		}
		if !begun {
			if err := f.begin(r, repeats); err != nil {
				return err
			}
			begun = true
		}
		if err := f.s.queue.put(ctx, r, f.s.opts.Patient); err != nil {
			return err
		}
		f.at = f.at.next(r.time)
	}
}

// since is from where on the next stream is asked for. The engine's version 20.10
// leaves out compressed files that are younger, so that a stream that did not
// begin where it should is asked for from the beginning.
func (f *follower) since() time.Time {
	if f.missed > 0 || f.at.Count <= 0 {
		return time.Time{}
	}
	return time.Unix(0, f.at.Time)
}

// begin looks at the first record behind the place. If the one before it was not
// met, the stream is given up, unless others were before it.
func (f *follower) begin(r record, repeats *Repeats) error {
	if repeats.Missing() {
		if f.missed++; f.missed < tries {
			return errMissing
		}
		f.s.opts.Missing(time.Unix(0, f.at.Time), time.Unix(0, r.time))
	}
	f.missed = 0
	f.s.fail(nil)
	return nil
}

// lastRecord is the record before, unless that is a part. The engine sends a
// record twice when a file is rotated under its reader; two of one stream never
// have one time, parts excepted.
type lastRecord struct {
	record
	whole bool
}

// isAgain reports whether r is the record before, and remembers r.
func (l *lastRecord) isAgain(r record) bool {
	if l.whole && l.time == r.time && l.stderr == r.stderr && bytes.Equal(l.text, r.text) {
		return true
	}
	text := append(l.text[:0], r.text...)
	l.record, l.whole = r, bytes.HasSuffix(text, newline)
	l.text = text
	return false
}

func (s *Source) isLeft() bool {
	select {
	case <-s.left:
		return true
	default:
		return false
	}
}
