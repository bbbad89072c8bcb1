package spool

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// failOnce fails the next operation of a name.
func failOnce(d *faultyDisk, op string, err error) {
	d.fail = func(got string) error {
		if got != op {
			return nil
		}
		d.fail = nil
		return err
	}
}

func TestNoSpaceKeepsNothingOfTheAppend(t *testing.T) {
	for _, errno := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		for _, tear := range []int{0, 10, 200, 300, 1 << 20} {
			for _, cut := range []bool{true, false} {
				dir := t.TempDir()
				d := newFaultyDisk(t, dir)
				opts := Options{Dir: dir}
				s := mustOpenOn(t, opts, d)
				mustAppend(t, s, item(0, 100))
				d.tear = tear
				d.fail = func(op string) error {
					if op != "write" {
						return nil
					}
					d.fail = func(op string) error { // the marks of what cannot be cut off are written
						if op == "truncate" && !cut {
							return errno
						}
						return nil
					}
					return errno
				}
				_, err := s.Append(items(1, 3, 100))
				if !errors.Is(err, ErrDiskFull) || !errors.Is(err, errno) || !strings.Contains(err.Error(), "make room on the disk of "+dir) {
					t.Errorf("got %v", err)
				}
				d.fail = nil
				if st := s.Stats(); st.Records != 1 || st.Bytes != groupBytes(items(0, 1, 100)) {
					t.Errorf("stats %+v", st)
				}
				mustAppend(t, s, item(4, 100))
				if sealed := s.Stats().Segments == 2; sealed == cut {
					t.Errorf("cut %v: %+v", cut, s.Stats())
				}
				mustClose(t, s)
				s = mustOpen(t, opts)
				wantPending(t, s, []Item{item(0, 100), item(4, 100)})
				if cut {
					wantUndamaged(t, s)
				}
			}
		}
	}
}

func TestNoSpaceForAnotherSegmentIsFull(t *testing.T) {
	for _, op := range []string{"create", "sync folder"} {
		dir := t.TempDir()
		d := newFaultyDisk(t, dir)
		s := mustOpenOn(t, Options{Dir: filepath.Join(dir, "a")}, d)
		failOnce(d, op, syscall.ENOSPC)
		if _, err := s.Append(items(0, 1, 100)); !errors.Is(err, ErrDiskFull) {
			t.Errorf("%s: got %v", op, err)
		}
		mustAppend(t, s, item(1, 100))
		mustClose(t, s)
		wantPending(t, mustOpen(t, Options{Dir: s.opts.Dir}), items(1, 1, 100))
	}
}

func TestUnconfirmedSyncGivesTheSegmentUp(t *testing.T) {
	for _, errno := range []error{syscall.EIO, syscall.ENOSPC} {
		dir := t.TempDir()
		d := newFaultyDisk(t, dir)
		s := mustOpenOn(t, Options{Dir: dir}, d)
		first := mustAppend(t, s, item(0, 100))
		failOnce(d, "fdatasync", errno)
		if _, err := s.Append(items(1, 3, 100)); err == nil || errors.Is(err, ErrFull) || !errors.Is(err, errno) {
			t.Errorf("got %v", err)
		}
		wantPayload(t, s, first[0], item(0, 100).Payload)
		if ids := mustAppend(t, s, item(4, 100)); ids[0] != newID(2, 0) {
			t.Errorf("appended at %x", ids)
		}
		mustClose(t, s)
		s = mustOpen(t, Options{Dir: dir})
		wantPending(t, s, []Item{item(0, 100), item(4, 100)})
		wantUndamaged(t, s)
	}
}

// A segment that was given up is cut for good: no later crash makes damage of
// what was cut off.
func TestCutOfASegmentIsSynced(t *testing.T) {
	dir := t.TempDir()
	d := newFaultyDisk(t, dir)
	s := mustOpenOn(t, Options{Dir: dir}, d)
	mustAppend(t, s, item(0, 100))
	d.tear = 200
	failOnce(d, "write", syscall.EIO)
	if _, err := s.Append(items(1, 3, 100)); !errors.Is(err, syscall.EIO) || errors.Is(err, ErrFull) {
		t.Errorf("got %v", err)
	}
	mustAppend(t, s, item(4, 100))
	crash(s)
	if len(d.cut) > 0 {
		t.Error("the cut is not synced")
	}
}

func TestNamesAreSynced(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b")
	d := newFaultyDisk(t, dir)
	s := mustOpenOn(t, Options{Dir: dir, SegmentBytes: 100}, d)
	ids := mustAppend(t, s, item(0, 100))
	if want := []string{top, filepath.Dir(dir), dir}; !slices.Equal(d.synced, want) {
		t.Errorf("synced %v, want %v", d.synced, want)
	}
	mustAppend(t, s, item(1, 100))
	s.Done(ids[0])
	if len(segmentPaths(dir)) != 1 || len(d.removed) > 0 {
		t.Errorf("the removal is not synced: %v", segmentPaths(dir))
	}
}

// What is finished while an Append fails is freed by that Append.
func TestFailedAppendFreesWhatIsDone(t *testing.T) {
	dir := t.TempDir()
	d := newFaultyDisk(t, dir)
	s := mustOpenOn(t, Options{Dir: dir}, d)
	ids := mustAppend(t, s, item(0, idleBytes))
	d.fail = func(op string) error {
		d.fail = nil
		s.Done(ids[0])
		return syscall.ENOSPC
	}
	if _, err := s.Append(items(1, 1, 100)); !errors.Is(err, ErrDiskFull) {
		t.Errorf("got %v", err)
	}
	if info, err := os.Stat(s.path(1)); err != nil || info.Size() != 0 {
		t.Errorf("%d bytes are left, %v", info.Size(), err)
	}
}

// The header of a done record that takes in its neighbours replaces one only
// where no loss of power leaves a part of each.
func TestReplacedHeadersDoNotTear(t *testing.T) {
	for first := 400; first < 480; first++ { // the header of the second lies before, over and behind the end of a sector
		dir := t.TempDir()
		opts := Options{Dir: dir, SegmentBytes: 100}
		d := newFaultyDisk(t, dir)
		s := mustOpenOn(t, opts, d)
		want := []Item{item(0, first), item(1, 20_000), item(2, 20_000), item(3, 10)}
		ids := mustAppend(t, s, want...)
		before := mustRead(t, s.path(1))
		d.fail = func(op string) error {
			if op == "fdatasync" {
				return syscall.EIO
			}
			return nil
		}
		s.Done(ids[1])
		s.Done(ids[2])
		crash(s)
		after := mustRead(t, s.path(1))
		copy(after[:sectorSize], before) // this sector did not reach the disk, the others did
		copySegments(t, dir, map[string][]byte{segmentName(1): after, segmentName(2): nil})
		s = mustOpenOn(t, opts, unsynced{})
		wantUndamaged(t, s)
		wantPayload(t, s, ids[0], want[0].Payload)
		wantPayload(t, s, ids[3], want[3].Payload)
		mustClose(t, s)
		if t.Failed() {
			t.Fatalf("first payload of %d bytes", first)
		}
	}
}

// When nothing can be cut off, what was written is marked as done.
func TestUnconfirmedRecordsDoNotComeBack(t *testing.T) {
	dir := t.TempDir()
	d := newFaultyDisk(t, dir)
	s := mustOpenOn(t, Options{Dir: dir}, d)
	d.fail = func(op string) error {
		if op == "fdatasync" || op == "truncate" {
			return syscall.EIO
		}
		return nil
	}
	for range 3 {
		if _, err := s.Append(items(1, 3, 100)); err == nil {
			t.Error("no error")
		}
	}
	if got := segmentPaths(dir); len(got) > 1 {
		t.Errorf("failing leaves files: %v", got)
	}
	crash(s)
	s = mustOpen(t, Options{Dir: dir})
	wantPending(t, s, nil)
	wantUndamaged(t, s)
}

func TestFileSystemWithoutHoles(t *testing.T) {
	dir := t.TempDir()
	d := newFaultyDisk(t, dir)
	tries := 0
	d.fail = func(op string) error {
		if op == "punch" {
			tries++
			return syscall.EOPNOTSUPP
		}
		return nil
	}
	s := mustOpenOn(t, Options{Dir: dir, SegmentBytes: 1 << 20}, d)
	ids := mustAppend(t, s, items(0, 100, 50_000)...)
	for _, id := range ids[1:] {
		s.Done(id)
	}
	if tries != 1 {
		t.Errorf("tried %d times", tries)
	}
	wantPayload(t, s, ids[0], item(0, 50_000).Payload)
	mustClose(t, s)
	wantPending(t, mustOpen(t, Options{Dir: dir}), items(0, 1, 50_000))
}

// history is a model of a Spool: what may and what must be found at the next
// Open.
type history struct {
	rnd     *rand.Rand
	n       int         // items made
	pending map[ID]Item // acknowledged, not done
	done    map[ID]Item
	unsure  []Item // of Appends that failed since Open: a crash may bring them back
	newest  ID
}

func newHistory(seed uint64) *history {
	return &history{rnd: rand.New(rand.NewPCG(seed, 1)), pending: map[ID]Item{}, done: map[ID]Item{}}
}

// append appends a group, and reports whether the disk lives.
func (h *history) append(t *testing.T, s *Spool, d *faultyDisk) bool {
	t.Helper()
	group := items(h.n, 1+h.rnd.IntN(4), h.rnd.IntN(3000))
	if h.rnd.IntN(4) == 0 {
		group[0] = item(h.n, 5000+h.rnd.IntN(20_000))
	}
	h.n += len(group)
	d.tear = h.rnd.IntN(int(groupBytes(group)) + 1)
	ids, err := s.Append(group)
	if err != nil && !d.dead && !errors.Is(err, ErrFull) && !errors.Is(err, errSuspect) && !errors.Is(err, syscall.EIO) {
		t.Errorf("append: %v", err)
	}
	if err != nil {
		h.unsure = append(h.unsure, group...)
		return !d.dead
	}
	for i, id := range ids {
		if id <= h.newest {
			t.Errorf("ID %x after %x", id, h.newest)
		}
		h.newest = id
		h.pending[id] = group[i]
	}
	return !d.dead
}

// any returns one of the pending records.
func (h *history) any() ID {
	ids := make([]ID, 0, len(h.pending))
	for id := range h.pending {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if h.rnd.IntN(3) == 0 {
		return ids[h.rnd.IntN(len(ids))]
	}
	return ids[0]
}

func (h *history) finish(s *Spool, d *faultyDisk) bool {
	if len(h.pending) == 0 {
		return true
	}
	id := h.any()
	s.Done(id)
	h.done[id] = h.pending[id]
	delete(h.pending, id)
	return !d.dead
}

// found compares what an Open found with the model, and makes it the model.
// After a crash, what was done or failed may be back.
func (h *history) found(t *testing.T, s *Spool, crashed bool) {
	t.Helper()
	now := map[ID]Item{}
	for _, r := range s.Pending() {
		payload, err := s.Read(r.ID, nil)
		if err != nil {
			t.Errorf("record %x: %v", r.ID, err)
			continue
		}
		got := Item{r.Key, r.Kind, payload}
		want, ok := h.pending[r.ID]
		if back, isDone := h.done[r.ID]; isDone {
			want, ok = back, crashed
		}
		if !ok && crashed {
			i := slices.IndexFunc(h.unsure, func(it Item) bool { return same(it, got) })
			if ok = i >= 0; ok {
				want = h.unsure[i]
			}
		}
		if !ok || !same(got, want) {
			t.Errorf("record %x was not written, or is done: %q, kind %d, %d bytes", r.ID, r.Key, r.Kind, r.Size)
		}
		now[r.ID] = got
	}
	for id := range h.pending {
		if _, ok := now[id]; !ok {
			t.Errorf("record %x is lost", id)
		}
	}
	st := s.Stats()
	if st.DamagedRecords > 0 || st.TornRecords > 0 && !crashed {
		t.Errorf("damage: %+v", st)
	}
	if st.Records != len(now) || st.Bytes != h.bytes(now) {
		t.Errorf("stats %+v, want %d records of %d bytes", st, len(now), h.bytes(now))
	}
	for id := range now {
		h.newest = max(h.newest, id)
		delete(h.done, id)
	}
	h.pending, h.unsure = now, nil
}

func (h *history) bytes(records map[ID]Item) (n int64) {
	for _, it := range records {
		n += groupBytes([]Item{it})
	}
	return n
}

func same(a, b Item) bool {
	return a.Key == b.Key && a.Kind == b.Kind && bytes.Equal(a.Payload, b.Payload)
}

// nextDisk returns the disk after a crash of the process, or of the machine.
func nextDisk(t *testing.T, d *faultyDisk, dir string, power bool, rnd *rand.Rand) *faultyDisk {
	t.Helper()
	if !power {
		return d.after()
	}
	d.losePower(t, dir, rnd)
	return newFaultyDisk(t, dir)
}

func TestCrashAtEachStepLosesNothing(t *testing.T) {
	for _, power := range []bool{false, true} {
		t.Run(fmt.Sprintf("power lost %v", power), func(t *testing.T) {
			t.Parallel()
			for crashAt := 1; crashOnce(t, crashAt, power); crashAt++ {
				if t.Failed() {
					t.Fatalf("crash at operation %d", crashAt)
				}
			}
		})
	}
}

// crashOnce plays a history until an operation of the disk, and reports whether
// it came to it.
func crashOnce(t *testing.T, crashAt int, power bool) bool {
	dir := t.TempDir()
	opts := Options{Dir: dir, SegmentBytes: 20_000}
	h := newHistory(1)
	d := newFaultyDisk(t, dir)
	d.crashAt = crashAt
	s := mustOpenOn(t, opts, d)
	alive := true
	for range 10 {
		alive = alive && h.append(t, s, d) && h.append(t, s, d) && h.finish(s, d)
	}
	for alive && len(h.pending) > 0 {
		alive = h.finish(s, d)
	}
	crash(s)
	d = nextDisk(t, d, dir, power, h.rnd)
	s = mustOpenOn(t, opts, d)
	h.found(t, s, power || !alive)
	h.append(t, s, d)
	mustClose(t, s)
	s = mustOpen(t, opts)
	h.found(t, s, false)
	mustClose(t, s)
	return !alive
}

// Random histories of appending, finishing, reading, closing, crashes, losses
// of power and full disks, against a model in memory.
func TestHistoriesAgainstAModel(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			play(t, seed)
		})
	}
}

func play(t *testing.T, seed uint64) {
	dir := t.TempDir()
	h := newHistory(seed)
	opts := Options{Dir: dir, SegmentBytes: 1 << (12 + h.rnd.IntN(6)), MaxBytes: 300_000, MaxRecords: 60}
	d := newFaultyDisk(t, dir)
	s := mustOpenOn(t, opts, d)
	for range 150 {
		alive, power, reopen := true, false, false
		switch p := h.rnd.IntN(100); {
		case p < 40:
			alive = h.append(t, s, d)
		case p < 80:
			alive = h.finish(s, d)
		case p < 85 && len(h.pending) > 0:
			id := h.any()
			wantPayload(t, s, id, h.pending[id].Payload)
		case p < 90:
			failOnce(d, []string{"write", "create", "fdatasync", "truncate"}[h.rnd.IntN(4)], []error{syscall.ENOSPC, syscall.EIO}[h.rnd.IntN(2)])
			alive = h.append(t, s, d)
			d.fail = nil
		case p < 94:
			d.crashAt = d.ops + 1 + h.rnd.IntN(10)
		case p < 97:
			reopen = true
		case p < 98:
			alive, power = false, true
		}
		power = power || !alive && h.rnd.IntN(2) == 0
		if alive && !reopen {
			continue
		}
		died := d.dead
		if alive {
			mustClose(t, s)
		} else {
			crash(s)
		}
		d = nextDisk(t, d, dir, power, h.rnd)
		s = mustOpenOn(t, opts, d)
		h.found(t, s, power || died)
		if t.Failed() {
			t.FailNow()
		}
	}
	for len(h.pending) > 0 {
		d.crashAt = 0
		h.finish(s, d)
	}
	if st := s.Stats(); st.Records != 0 || st.Bytes != 0 || len(segmentPaths(dir)) > 1 {
		t.Errorf("when all is done: %+v, %v", st, segmentPaths(dir))
	}
	if _, err := os.Stat(filepath.Join(dir, lockName)); h.n > 0 && err != nil {
		t.Error(err)
	}
}
