package server

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// memo keeps the result of a costly call for a while, a failed one too, and
// makes only one call at a time.
type memo[T any] struct {
	fresh  time.Duration
	now    func() time.Time
	make   func(context.Context) (T, error)
	flight singleflight.Group

	mu   sync.Mutex
	at   time.Time // of the last result; zero for none
	last T
	err  error
}

func newMemo[T any](fresh time.Duration, now func() time.Time, call func(context.Context) (T, error)) *memo[T] {
	return &memo[T]{fresh: fresh, now: now, make: call}
}

// get returns the result, at most fresh old.
func (m *memo[T]) get(ctx context.Context) (T, error) {
	if result, err, ok := m.known(); ok {
		return result, err
	}
	m.flight.Do("", func() (any, error) {
		if _, _, ok := m.known(); ok {
			return nil, nil
		}
		result, err := m.make(ctx)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.at, m.last, m.err = m.now(), result, err
		return nil, nil
	})
	result, err, _ := m.known()
	return result, err
}

// known returns the last result, and whether it still serves.
func (m *memo[T]) known() (T, error, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last, m.err, !m.at.IsZero() && m.now().Sub(m.at) < m.fresh
}
