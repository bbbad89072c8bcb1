package ship

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// memorySpool is a Spool whose disk is memory, with room for limit bytes. What
// it holds outlives its client, as a disk does.
type memorySpool struct {
	mu        sync.Mutex
	next      uint64
	limit     int
	fails     error
	readFails error
	slow      time.Duration // of an Append
	records   map[uint64]SpoolRecord
	data      map[uint64][]byte
	appends   int
}

func newMemorySpool(limit int) *memorySpool {
	return &memorySpool{limit: limit, records: map[uint64]SpoolRecord{}, data: map[uint64][]byte{}}
}

// Pending implements Spool.
func (s *memorySpool) Pending() []SpoolRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []SpoolRecord
	for _, r := range s.records {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b SpoolRecord) int { return int(a.ID) - int(b.ID) })
	return all
}

// Append implements Spool.
func (s *memorySpool) Append(records []SpoolRecord, payloads [][]byte) error {
	var slow time.Duration
	s.change(func(s *memorySpool) { slow = s.slow })
	time.Sleep(slow)
	s.mu.Lock()
	defer s.mu.Unlock()
	size := 0
	for _, p := range payloads {
		size += len(p)
	}
	if s.fails != nil {
		return s.fails
	}
	if s.sizeLocked()+size > s.limit {
		return fmt.Errorf("%d bytes of %d: %w", s.sizeLocked(), s.limit, ErrSpoolFull)
	}
	s.appends++
	for i := range records {
		s.next++
		records[i].ID = s.next
		s.records[s.next], s.data[s.next] = records[i], slices.Clone(payloads[i])
	}
	return nil
}

func (s *memorySpool) sizeLocked() (size int) {
	for _, d := range s.data {
		size += len(d)
	}
	return size
}

// Read implements Spool.
func (s *memorySpool) Read(id uint64, _ []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readFails != nil {
		return nil, s.readFails
	}
	return s.data[id], nil
}

// Done implements Spool.
func (s *memorySpool) Done(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, id)
	delete(s.data, id)
}

// change changes the spool's state.
func (s *memorySpool) change(f func(*memorySpool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

func (s *memorySpool) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.records)
}

// alone and several are clients with a spool, without and with others.
func alone(o *Options)   { o.Share, o.Alone = 64<<20, true }
func several(o *Options) { o.Share = 64 << 20 }

// wantCounts checks that no entry is counted twice or not at all.
func (r *rig) wantCounts() {
	r.t.Helper()
	c := r.client.Counts()
	sent, dropped := int(r.counter("sent_entries_total")), int(r.counter("dropped_entries_total"))
	if c.Taken != sent+dropped+c.InFlight+c.OnDisk {
		r.t.Errorf("taken %d, sent %d, dropped %d, in flight %d, on disk %d", c.Taken, sent, dropped, c.InFlight, c.OnDisk)
	}
}

func wantRecords(t *testing.T, s *memorySpool, want int) {
	t.Helper()
	synctest.Wait()
	if got := s.len(); got != want {
		t.Errorf("%d batches are on disk, want %d", got, want)
	}
}

func TestNothingIsWrittenToDiskWhileLokiIsHealthy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(1 << 20)
		r := newSpoolRig(t, disk, several)
		r.ledger.SetRisk(pipeline.Fleeting)
		for range 100 {
			r.send("a", "line")
			time.Sleep(time.Second)
		}
		r.drained()
		if disk.appends > 0 {
			t.Errorf("%d writes", disk.appends)
		}
	})
}

// Files can wait for a single Loki; what comes from a pipe cannot.
func TestOnlyWhatCannotWaitIsWrittenToDisk(t *testing.T) {
	for risk, want := range map[pipeline.Risk]int{pipeline.Repeatable: 0, pipeline.Fleeting: 2, pipeline.Unlinked: 2} {
		bubble(t, func(t *testing.T) {
			disk := newMemorySpool(1 << 20)
			r := newSpoolRig(t, disk, alone)
			r.sink.listener.setShut(true)
			r.ledger.SetRisk(risk)
			r.send("a", "one", "two")
			r.send("a", "three")
			time.Sleep(5 * time.Second)
			if early := map[pipeline.Risk]int{pipeline.Unlinked: 2}[risk]; disk.len() != early {
				t.Errorf("after 5 s %d batches of risk %d are on disk, want %d", disk.len(), risk, early)
			}
			time.Sleep(20 * time.Second)
			wantRecords(t, disk, want)
			if left := r.ledger.Unsettled(); (left == 0) != (want > 0) {
				t.Errorf("%d bytes of risk %d are unsettled", left, risk)
			}
			r.sink.listener.setShut(false)
			time.Sleep(10 * minute)
			wantRecords(t, disk, 0)
			r.drained()
			r.wantStored("a", "one", "two", "three")
		})
	}
}

// A file that loses its name while its lines wait goes to disk then, with what
// is before it in its stream, and not with other streams.
func TestAnUnlinkedFileIsWrittenToDiskAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(1 << 20)
		r := newSpoolRig(t, disk, alone)
		r.sink.listener.setShut(true)
		r.send("other", "stays")
		r.send("a", "before")
		old := r.ledger
		r.ledger, r.read = pipeline.NewLedger(0), 0
		r.send("a", "of the file")
		r.send("a", "of the file too")
		unlinked := r.ledger
		r.ledger, r.read = pipeline.NewLedger(0), 0
		r.send("a", "behind")
		time.Sleep(2 * time.Second)
		wantRecords(t, disk, 0)
		unlinked.SetRisk(pipeline.Unlinked)
		time.Sleep(2 * time.Second)
		wantRecords(t, disk, 3)
		if old.Unsettled() == 0 || unlinked.Unsettled() != 0 || r.ledger.Unsettled() == 0 {
			t.Errorf("unsettled: %d, %d, %d", old.Unsettled(), unlinked.Unsettled(), r.ledger.Unsettled())
		}
		r.sink.listener.setShut(false)
		time.Sleep(10 * minute)
		r.drained()
		r.wantStored("a", "before", "of the file", "of the file too", "behind")
		r.wantStored("other", "stays")
		wantRecords(t, disk, 0)
		r.wantCounts()
	})
}

// Of several clients one that is away takes its batches from disk, so that the
// memory of files is free for the others.
func TestADeadClientHoldsUpNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(1 << 20)
		r := newSpoolRig(t, disk, several)
		r.sink.listener.setShut(true)
		for i := range 30 {
			r.send("a", fmt.Sprint("line ", i))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if left := r.client.Waiting(); left > 2 {
			t.Errorf("%d batches are in memory", left)
		}
		r.sink.listener.setShut(false)
		time.Sleep(10 * minute)
		r.drained()
		var want []string
		for i := range 30 {
			want = append(want, fmt.Sprint("line ", i))
		}
		r.wantStored("a", want...)
	})
}

func TestASlowClientHoldsNoMoreThanHalfItsShare(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(100 << 20)
		r := newSpoolRig(t, disk, func(o *Options) { o.Share, o.Timeout = 4<<20, time.Hour })
		r.sink.say(func(*received) answer { return answer{hang: true} })
		line := strings.Repeat("x", 100<<10)
		for i := range 100 {
			r.send("a", fmt.Sprint(i, line))
			time.Sleep(100 * time.Millisecond)
		}
		r.client.mu.Lock()
		memory := r.client.memory
		r.client.mu.Unlock()
		if memory > 3<<20 || disk.len() == 0 {
			t.Errorf("%d bytes in memory, %d batches on disk", memory, disk.len())
		}
	})
}

func TestAStartGoesOnWithWhatIsOnDisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(1 << 20)
		r := newSpoolRig(t, disk, alone)
		r.sink.listener.setShut(true)
		r.ledger.SetRisk(pipeline.Fleeting)
		r.send("a", "one")
		r.send("b", "two")
		r.send("a", "three")
		synctest.Wait()
		r.client.Save() // as at a stop
		r.stop()
		wantRecords(t, disk, 3)

		second := newSpoolRig(t, disk, alone)
		second.send("a", "four")
		second.drained()
		time.Sleep(minute)
		second.wantStored("a", "one", "three", "four")
		second.wantStored("b", "two")
		wantRecords(t, disk, 0)
		second.wantCounts()
	})
}

// With one client a full spool makes files wait, and pipes lose their oldest.
func TestAFullSpoolOfASingleClient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(300)
		r := newSpoolRig(t, disk, alone)
		r.sink.listener.setShut(true)
		pipe, unlinked := r.ledger, pipeline.NewLedger(0)
		pipe.SetRisk(pipeline.Fleeting)
		unlinked.SetRisk(pipeline.Unlinked)
		for i := range 20 {
			r.ledger = pipe
			r.send("pipe", fmt.Sprint("pipe ", i))
			if i%4 == 0 {
				at := r.read
				r.ledger, r.read = unlinked, unlinked.End()
				r.send("file", fmt.Sprint("file ", i))
				r.read = at
			}
		}
		time.Sleep(minute)
		if _, _, full := r.client.Spooled(); full != !r.client.Takes(pipeline.Unlinked) || !r.client.Takes(pipeline.Fleeting) {
			t.Errorf("full %v, takes files %v, takes pipes %v", full, r.client.Takes(pipeline.Unlinked), r.client.Takes(pipeline.Fleeting))
		}
		dropped := r.counter("dropped_entries_total", "reason", reasonSpoolFull)
		r.wantCounts()
		if dropped == 0 || dropped == 20 {
			t.Errorf("%v lines of the pipe were given up", dropped)
		}
		r.sink.listener.setShut(false)
		time.Sleep(10 * minute)
		r.drain()
		r.wantStored("file", "file 0", "file 4", "file 8", "file 12", "file 16")
		var want []string
		for i := int(dropped); i < 20; i++ {
			want = append(want, fmt.Sprint("pipe ", i))
		}
		r.wantStored("pipe", want...)
		if got := r.log.with("spool_full"); len(got) != 1 {
			t.Errorf("%d log lines about what was given up: %q", len(got), got)
		}
	})
}

// Of several clients the one with the full spool loses its own oldest.
func TestAFullSpoolOfSeveralClients(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(300)
		r := newSpoolRig(t, disk, several)
		r.sink.listener.setShut(true)
		for i := range 40 {
			r.send("a", fmt.Sprint("line ", i))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if n := r.client.Waiting(); n > 2 {
			t.Errorf("%d batches are in memory", n)
		}
		r.sink.listener.setShut(false)
		time.Sleep(10 * minute)
		r.drained()
		dropped := int(r.counter("dropped_entries_total", "reason", reasonSpoolFull))
		var want []string
		for i := dropped; i < 40; i++ {
			want = append(want, fmt.Sprint("line ", i))
		}
		r.wantCounts()
		if dropped == 0 || dropped == 40 {
			t.Errorf("%d lines were given up", dropped)
		}
		r.wantStored("a", want...)
	})
}

func TestASpoolThatFailsLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(1 << 20)
		disk.fails = fmt.Errorf("input/output error")
		r := newSpoolRig(t, disk, several)
		r.sink.listener.setShut(true)
		r.ledger.SetRisk(pipeline.Unlinked)
		r.send("a", "one")
		r.send("a", "two")
		time.Sleep(minute)
		if got := r.log.with("cannot be written to the spool"); len(got) != 1 {
			t.Errorf("%d log lines: %q", len(got), got)
		}
		r.sink.listener.setShut(false)
		time.Sleep(10 * minute)
		r.drained()
		r.wantStored("a", "one", "two")
	})
}

func TestADamagedBatchOnDiskIsCountedAndTheOthersGoOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(1 << 20)
		r := newSpoolRig(t, disk, alone)
		r.sink.listener.setShut(true)
		r.ledger.SetRisk(pipeline.Unlinked)
		r.send("a", "lost")
		time.Sleep(minute)
		disk.change(func(s *memorySpool) { s.readFails = ErrSpoolDamaged })
		r.ledger, r.read = pipeline.NewLedger(0), 0
		r.send("a", "behind")
		r.sink.listener.setShut(false)
		time.Sleep(10 * minute)
		r.drained()
		r.wantStored("a", "behind")
		wantRecords(t, disk, 0)
		if got := r.log.with("cannot be read back"); len(got) != 1 {
			t.Errorf("%d log lines: %q", len(got), got)
		}
	})
}

// A batch is written to disk while its request is under way; whatever comes of
// that, it is done once.
func TestABatchInFlightMayBeWrittenToDisk(t *testing.T) {
	for _, lokiTakesIt := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			disk := newMemorySpool(1 << 20)
			r := newSpoolRig(t, disk, alone)
			release := make(chan struct{})
			r.sink.say(func(*received) answer {
				<-release
				if !lokiTakesIt {
					return answer{status: 503}
				}
				return answer{}
			})
			r.send("a", "one")
			synctest.Wait()
			r.ledger.SetRisk(pipeline.Unlinked)
			time.Sleep(2 * time.Second)
			wantRecords(t, disk, 1)
			if n := r.ledger.Unsettled(); n == 0 {
				t.Error("the batch was given back while its request was under way")
			}
			close(release)
			time.Sleep(time.Second)
			r.sink.say(nil)
			time.Sleep(minute)
			r.drained()
			r.wantStored("a", "one")
			wantRecords(t, disk, 0)
		})
	}
}

// What is on disk is not read from its file again, although a stop cut off its
// request.
func TestAStopSettlesWhatIsOnDisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(1 << 20)
		r := newSpoolRig(t, disk, alone)
		r.sink.say(func(*received) answer { return answer{hang: true} })
		r.send("a", "one")
		synctest.Wait() // its request is under way
		r.ledger.SetRisk(pipeline.Unlinked)
		time.Sleep(2 * time.Second)
		r.stop()
		wantRecords(t, disk, 1)
		if n := r.ledger.Unsettled(); n != 0 {
			t.Errorf("%d bytes are not settled", n)
		}
	})
}

func TestARecordWithoutAReadableStreamIsLostAndCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		disk := newMemorySpool(1 << 20)
		if err := disk.Append([]SpoolRecord{{Key: "\xff", Size: 3}}, [][]byte{[]byte("abc")}); err != nil {
			t.Fatal(err)
		}
		r := newSpoolRig(t, disk, alone)
		wantRecords(t, disk, 0)
		if got := r.log.with("cannot be read back"); len(got) != 1 {
			t.Errorf("%d log lines: %q", len(got), got)
		}
	})
}
