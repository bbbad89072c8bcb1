package server

import (
	"context"
	"errors"
	"time"
)

const (
	// heavyAtOnce bounds the samples and snapshots that are being made: each takes a
	// core for seconds, or tens of megabytes.
	heavyAtOnce = 2
	// turnWait is how long a request waits for its turn before it is refused.
	turnWait = 10 * time.Second
)

// errBusy means that too many others were before a request.
var errBusy = errors.New("too many patterns and snapshots are being made at once; try again in a moment")

// turns bounds what runs at once.
type turns struct {
	slots chan struct{}
	wait  time.Duration
}

func newTurns(atOnce int, wait time.Duration) turns {
	return turns{make(chan struct{}, atOnce), wait}
}

// take waits for a turn and returns what gives it back. The error is errBusy, or that
// of ctx.
func (t turns) take(ctx context.Context) (release func(), err error) {
	timer := time.NewTimer(t.wait)
	defer timer.Stop()
	select {
	case t.slots <- struct{}{}:
		return func() { <-t.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, errBusy
	}
}
