package server

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAMemoMakesOneCallOfAKeyForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemo[string](time.Minute, time.Now)
		calls := map[string]int{}
		var mu sync.Mutex
		get := func(ctx context.Context, key string) (string, error) {
			return m.get(ctx, key, func(ctx context.Context) (string, error) {
				mu.Lock()
				calls[key]++
				mu.Unlock()
				timer := time.NewTimer(time.Second)
				defer timer.Stop()
				select {
				case <-ctx.Done():
					return "", ctx.Err()
				case <-timer.C:
					return "of " + key, nil
				}
			})
		}
		left, leave := context.WithCancel(t.Context())
		leave() // the first viewer is gone, the others still want it
		var viewers sync.WaitGroup
		for _, ctx := range []context.Context{left, t.Context(), t.Context()} {
			for _, key := range []string{"a", "b"} {
				viewers.Go(func() {
					if got, err := get(ctx, key); got != "of "+key || err != nil {
						t.Errorf("%s: got %q, %v", key, got, err)
					}
				})
			}
		}
		viewers.Wait()
		if calls["a"] != 1 || calls["b"] != 1 {
			t.Errorf("got calls %v", calls)
		}
		m.forget("a")
		get(t.Context(), "a")
		get(t.Context(), "b")
		if calls["a"] != 2 || calls["b"] != 1 {
			t.Errorf("after a was forgotten: got calls %v", calls)
		}
	})
}

func TestAMemoKeepsFailuresAndDropsWhatIsOld(t *testing.T) {
	now := time.Unix(0, 0)
	m := newMemo[int](time.Minute, func() time.Time { return now })
	failure := errors.New("away")
	calls := 0
	call := func(context.Context) (int, error) { calls++; return calls, failure }
	for range 2 {
		if got, err := m.get(t.Context(), "a", call); got != 1 || err != failure {
			t.Errorf("got %d, %v", got, err)
		}
	}
	now = now.Add(time.Minute)
	if got, _ := m.get(t.Context(), "b", call); got != 2 || len(m.results) != 1 {
		t.Errorf("got %d, and %d results are kept", got, len(m.results))
	}
}

func TestWhatIsForgottenDuringItsCallIsNotKept(t *testing.T) {
	m := newMemo[int](time.Minute, time.Now)
	m.get(t.Context(), "a", func(context.Context) (int, error) { m.forget("a"); return 1, nil })
	if got, _ := m.get(t.Context(), "a", func(context.Context) (int, error) { return 2, nil }); got != 2 {
		t.Errorf("got %d from before it changed", got)
	}
}
