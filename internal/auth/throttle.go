package auth

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// freeAttempts is how many wrong passwords in a row a name has for free.
	freeAttempts = 5
	// waitMax is the longest wait between two attempts for one name. It is short,
	// so that an attacker can slow somebody's login down but not prevent it.
	waitMax = 30 * time.Second
	// forgetAfter is how long wrong attempts count.
	forgetAfter = 15 * time.Minute
	// allPerSecond and allBurst bound the attempts for all names together.
	allPerSecond = 10
	allBurst     = 20
)

// throttle slows down the guessing of passwords. Each attempt counts when it
// begins, so that many at once count too.
type throttle struct {
	now func() time.Time
	all *rate.Limiter

	mu    sync.Mutex
	names map[string]attempts
}

// attempts are the wrong ones since the last right one.
type attempts struct {
	count int
	last  time.Time
	until time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, all: rate.NewLimiter(allPerSecond, allBurst), names: map[string]attempts{}}
}

// begin counts an attempt, or returns a *ThrottledError. It makes no difference
// whether the name exists.
func (t *throttle) begin(name string) error {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now)
	key := strings.ToLower(name)
	known := t.names[key]
	if wait := known.until.Sub(now); wait > 0 {
		return &ThrottledError{RetryAfter: wait}
	}
	if !t.all.AllowN(now, 1) {
		return &ThrottledError{RetryAfter: time.Second}
	}
	known.count++
	known.last = now
	if over := known.count - freeAttempts; over >= 0 {
		known.until = now.Add(min(time.Second<<min(over, 10), waitMax))
	}
	t.names[key] = known
	return nil
}

// forget drops names whose attempts no longer count. t.all bounds how many
// names there can be within forgetAfter.
func (t *throttle) forget(now time.Time) {
	for key, known := range t.names {
		if now.Sub(known.last) > forgetAfter {
			delete(t.names, key)
		}
	}
}

// succeed forgets the wrong attempts of a name.
func (t *throttle) succeed(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, strings.ToLower(name))
}
