package pipeline

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// collected runs the garbage collector until done reports true; cleanups run
// some time after it.
func collected(t *testing.T, done func() bool) bool {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		runtime.GC()
		if done() {
			return true
		}
		<-tick.C
	}
	return false
}

func TestStreamsThatNobodyHoldsAreForgotten(t *testing.T) {
	s := NewStreams()
	held := s.Get("", []Label{{"job", "held"}})
	for i := range 1000 {
		s.Get("", []Label{{"user", fmt.Sprint(i)}})
	}
	if !collected(t, func() bool { return s.Len() == 1 }) {
		t.Errorf("%d streams after the garbage collector ran, want the one that is held", s.Len())
	}
	if again := s.Get("", []Label{{"job", "held"}}); again != held {
		t.Error("a second stream of labels that are in use")
	}
	runtime.KeepAlive(held)
}

// A stream that is made again before the cleanup of the one before it ran must
// outlive that cleanup.
func TestEqualLabelsInUseAreOneStreamWhileStreamsAreFreed(t *testing.T) {
	s := NewStreams()
	stop := make(chan struct{})
	var collecting, using sync.WaitGroup
	collecting.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	for range 4 {
		using.Go(func() {
			for i := range 3000 {
				label := []Label{{"n", fmt.Sprint(i % 7)}}
				a, b := s.Get("", label), s.Get("", label)
				if a != b {
					t.Errorf("two streams of %v", label)
				}
				runtime.KeepAlive(a)
				runtime.Gosched()
			}
		})
	}
	using.Wait()
	close(stop)
	collecting.Wait()
}
