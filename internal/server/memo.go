package server

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// memo keeps results of costly calls by keys for a while, failed ones too, and
// makes only one call of a key at a time, whoever waits for it.
type memo[T any] struct {
	fresh  time.Duration
	now    func() time.Time
	flight singleflight.Group

	mu      sync.Mutex
	results map[string]result[T]
	forgets int // how often something was forgotten
}

// result is what a call returned, and when.
type result[T any] struct {
	value T
	err   error
	at    time.Time
}

func newMemo[T any](fresh time.Duration, now func() time.Time) *memo[T] {
	return &memo[T]{fresh: fresh, now: now, results: map[string]result[T]{}}
}

// get returns the result of a key, at most fresh old, by call if there is none. The
// call does not end with ctx, for others may wait for it too, but in requestWait.
func (m *memo[T]) get(ctx context.Context, key string, call func(context.Context) (T, error)) (T, error) {
	if known, ok := m.known(key); ok {
		return known.value, known.err
	}
	made, _, _ := m.flight.Do(key, func() (any, error) {
		if known, ok := m.known(key); ok {
			return known, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestWait)
		defer cancel()
		m.mu.Lock()
		forgets := m.forgets
		m.mu.Unlock()
		value, err := call(ctx)
		one := result[T]{value, err, m.now()}
		m.keep(key, one, forgets)
		return one, nil
	})
	one := made.(result[T])
	return one.value, one.err
}

// keep stores a result, if nothing was forgotten since its call began, and drops
// those that are too old.
func (m *memo[T]) keep(key string, one result[T], forgets int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for other, old := range m.results {
		if !m.isFresh(old) {
			delete(m.results, other)
		}
	}
	if forgets == m.forgets {
		m.results[key] = one
	}
}

// forget makes the next get call anew: the result of the key has changed.
func (m *memo[T]) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgets++
	delete(m.results, key)
	m.flight.Forget(key)
}

// known returns the last result, and whether it still serves.
func (m *memo[T]) known(key string) (result[T], bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one, ok := m.results[key]
	return one, ok && m.isFresh(one)
}

func (m *memo[T]) isFresh(one result[T]) bool { return m.now().Sub(one.at) < m.fresh }
