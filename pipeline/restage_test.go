package pipeline

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Lines read before a change of stages are the old ones', what these hold included,
// and all others the new ones'.
func TestRestageHandsOnWhatIsHeldAndGoesOnWithTheNextLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(2, 64<<20)
		h.keep = true
		s := newSource()
		lines := make(chan string, 10)
		s.read = func(b *Block, _ time.Time) error {
			select {
			case l := <-lines:
				s.line(b, []byte(l))
			default:
			}
			return nil
		}
		old := &testStages{stream: stream("old"), hold: time.Hour}
		target := &Target{Key: "k", Source: s, Stages: old}
		h.Add(target)
		h.start()
		lines <- "one"
		lines <- "two"
		time.Sleep(2 * time.Second)
		next := &testStages{stream: stream("new")}
		h.Restage(target, func(before Stages) Stages {
			if before != Stages(old) {
				t.Error("the old stages are others")
			}
			return next
		})
		time.Sleep(time.Millisecond) // it does not wait for the source
		lines <- "three"
		time.Sleep(5 * time.Second)
		h.finish()
		var got []string
		for _, b := range h.batches {
			for i := range b.Len() {
				got = append(got, b.Stream.Text+" "+string(b.Line(i)))
			}
		}
		slices.Sort(got)
		want := []string{stream("new").Text + " three", stream("old").Text + " one", stream("old").Text + " two"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		h.settle()
		if n := s.Unsettled(); n != 0 {
			t.Errorf("%d bytes are not settled", n)
		}
	})
}

// holdingStages say that they hold what they hold.
type holdingStages struct{ *testStages }

func (s holdingStages) Holds() bool { return len(s.held) > 0 }

// An entry that is joined is joined to its end, unless that takes too long, also
// for changes that follow one another.
func TestRestageWaitsForTheRestOfAnEntry(t *testing.T) {
	for hold, want := range map[time.Duration]time.Duration{
		3 * time.Second: 3 * time.Second, time.Hour: changeWait,
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHarness(1, 64<<20)
			s := newSource()
			s.read = func(b *Block, _ time.Time) error {
				if s.reads == 1 {
					s.line(b, []byte("held"))
				}
				return nil
			}
			target := &Target{Key: "k", Source: s, Stages: holdingStages{&testStages{stream: stream("k"), hold: hold}}}
			h.Add(target)
			h.start()
			synctest.Wait()
			start := time.Now()
			var took time.Duration
			next := func(Stages) Stages {
				took = time.Since(start)
				return &testStages{stream: stream("k")}
			}
			h.Restage(target, func(Stages) Stages { t.Error("an older change took place"); return nil })
			time.Sleep(time.Second)
			h.Restage(target, next)
			time.Sleep(20 * time.Second)
			h.finish()
			if took < want || took > want+idle {
				t.Errorf("held for %v: changed after %v, want %v", hold, took, want)
			}
		})
	}
}

func TestRemoveEndsATargetWithoutAnotherRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 64<<20)
		s, other := newSource(), newSource()
		s.read = func(b *Block, _ time.Time) error {
			if s.reads == 1 {
				s.line(b, []byte("held"))
			}
			return nil
		}
		target := &Target{Key: "k", Source: s, Stages: &testStages{stream: stream("k"), hold: time.Hour}}
		h.Add(target)
		h.add("other", other)
		h.start()
		time.Sleep(1500 * time.Millisecond)
		h.Remove(target)
		synctest.Wait()
		reads := s.reads
		time.Sleep(3 * time.Second)
		if !slices.Equal(h.ended, []string{"k"}) || s.reads != reads || s.closed || s.Unsettled() != 0 {
			t.Errorf("ended %q, %d reads before and %d after, closed %v, %d bytes not settled", h.ended, reads, s.reads, s.closed, s.Unsettled())
		}
		h.finish()
	})
}

func TestSetLimitsCountsForTheNextBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(1, 64<<20)
		h.keep = true
		s := newSource()
		s.read = func(b *Block, _ time.Time) error {
			if s.reads <= 10 {
				s.line(b, []byte("line"))
			}
			return nil
		}
		h.add("k", s)
		h.SetLimits(Limits{BatchBytes: 1, BatchWait: time.Hour, LineBytes: 100})
		h.start()
		time.Sleep(20 * time.Second)
		h.finish()
		if n := len(h.batches); n != 10 {
			t.Errorf("10 lines came in %d batches", n)
		}
		h.settle()
	})
}
