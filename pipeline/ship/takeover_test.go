package ship

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// successor makes a client that takes over from the rig's one, which is stopped,
// and is the rig's from then on. Spool may be nil, and meanwhile is what was
// delivered to it before it took over.
func (r *rig) successor(spool Spool, meanwhile func()) {
	r.t.Helper()
	r.stop()
	old := r.client
	opts := old.opts
	opts.Name = "next"
	next, err := New(opts)
	if err != nil {
		r.t.Fatal(err)
	}
	r.client = next
	r.outbox = pipeline.NewOutbox(
		pipeline.Limits{BatchBytes: pipeline.MaxBatchBytes, BatchWait: time.Second, LineBytes: pipeline.MaxLineBytes}, r.budget, 1, next.Deliver)
	meanwhile()
	if spool != nil {
		next.UseSpool(spool, r.streams)
	}
	next.TakeOver(old)
	if n := old.Waiting(); n != 0 || old.Counts() != (Counts{}) {
		r.t.Errorf("the old client has %d batches yet, and %+v", n, old.Counts())
	}
	if err := old.Drain(context.Background()); err != nil {
		r.t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); next.Run(ctx) }()
	r.stop = func() { cancel(); <-ran }
	r.t.Cleanup(r.stop)
}

// What was on disk comes first, then what was in memory, then what came meanwhile.
func TestTakeOverKeepsTheOrderOfAStream(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(1 << 20)
		r := newSpoolRig(t, disk, alone)
		r.sink.listener.setShut(true)
		r.ledger.SetRisk(pipeline.Fleeting)
		r.send("a", "one")
		synctest.Wait()
		r.client.Save()
		wantRecords(t, disk, 1)
		r.ledger.SetRisk(pipeline.Repeatable)
		r.send("a", "two")
		r.send("b", "other")
		r.send("a", "three", "four")
		synctest.Wait()
		r.sink.listener.setShut(false)
		r.successor(disk, func() { r.send("a", "five"); r.send("c", "new") })
		r.drained()
		time.Sleep(minute)
		r.wantStored("a", "one", "two", "three", "four", "five")
		r.wantStored("b", "other")
		r.wantStored("c", "new")
		r.wantCounts()
	})
}

// Of a batch that was sent in part, the rest is sent.
func TestTakeOverGoesOnWithinABatch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, alone)
		first := true
		r.sink.say(func(got *received) answer {
			switch {
			case len(got.lines) > 2:
				return answer{status: 413}
			case first:
				first = false
				return answer{}
			}
			return answer{status: 503}
		})
		r.send("a", "1", "2", "3", "4")
		synctest.Wait()
		r.sink.say(nil)
		before := r.requests()
		r.successor(nil, func() {})
		r.drained()
		r.wantStored("a", "1", "2", "3", "4")
		if n, last := r.requests()-before, r.sink.requests[r.requests()-1]; n != 1 || len(last.lines) != 2 {
			t.Errorf("%d more requests, the last with %q, want 1 with the second half", n, last.lines)
		}
		r.wantCounts()
	})
}

// A request that Loki may have stored is waited for, and nothing is begun meanwhile.
func TestFinishWaitsForWhatIsUnderWay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.Senders = 1 })
		r.sink.say(func(*received) answer {
			r.sink.mu.Unlock()
			time.Sleep(2 * time.Second)
			r.sink.mu.Lock()
			return answer{}
		})
		r.send("a", "one")
		r.send("b", "two")
		time.Sleep(time.Second)
		start := time.Now()
		r.client.Finish(context.Background())
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want 1s", took)
		}
		time.Sleep(minute)
		if n := r.requests(); n != 1 || r.client.Waiting() != 1 {
			t.Errorf("%d requests, and %d batches wait", n, r.client.Waiting())
		}
		r.successor(nil, func() {})
		r.drained()
		r.wantStored("a", "one")
		r.wantStored("b", "two")

		r.sink.say(func(*received) answer {
			r.sink.mu.Unlock()
			time.Sleep(5 * time.Second)
			r.sink.mu.Lock()
			return answer{}
		})
		r.send("a", "three")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		r.client.Finish(ctx) // it does not wait for ever
		r.client.Drain(context.Background())
	})
}

func TestGiveUpIsCountedAndSettles(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, alone)
		r.sink.listener.setShut(true)
		r.send("a", "one", "two")
		r.send("b", "three")
		synctest.Wait()
		r.stop()
		r.client.GiveUp()
		r.drained()
		if n := r.counter("dropped_entries_total", "reason", "client_removed"); n != 3 {
			t.Errorf("%v entries are counted, want 3", n)
		}
	})
}
