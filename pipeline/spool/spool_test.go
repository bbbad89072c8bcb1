package spool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the other process of TestTwoProcessesDoNotShareAFolder.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SPOOL_TEST_HOLD"); dir != "" {
		hold(dir)
		return
	}
	os.Exit(m.Run())
}

func mustOpen(t testing.TB, opts Options) *Spool { return mustOpenOn(t, opts, realDisk{}) }

// mustOpenOn keeps nothing free unless told to: the machine's disk may be full.
func mustOpenOn(t testing.TB, opts Options, d disk) *Spool {
	t.Helper()
	if opts.KeepFree == 0 {
		opts.KeepFree = -1
	}
	s, err := open(opts, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mustAppend(t testing.TB, s *Spool, items ...Item) []ID {
	t.Helper()
	ids, err := s.Append(items)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func mustClose(t testing.TB, s *Spool) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// item returns one whose bytes follow from n.
func item(n, size int) Item {
	payload := make([]byte, size)
	for i := range payload {
		payload[i] = byte(n*31 + i*7 + i>>8)
	}
	return Item{fmt.Sprintf("tenant/%d", n%3), uint8(n), payload}
}

func items(from, count, size int) []Item {
	var list []Item
	for n := from; n < from+count; n++ {
		list = append(list, item(n, size))
	}
	return list
}

// wantPending checks that exactly these items are pending, in this order.
func wantPending(t testing.TB, s *Spool, want []Item) {
	t.Helper()
	got := s.Pending()
	if len(got) != len(want) {
		t.Errorf("%d records are pending, want %d", len(got), len(want))
		return
	}
	for i, r := range got {
		if i > 0 && r.ID <= got[i-1].ID {
			t.Errorf("record %d: ID %x after %x", i, r.ID, got[i-1].ID)
		}
		if r.Key != want[i].Key || r.Kind != want[i].Kind || r.Size != len(want[i].Payload) {
			t.Errorf("record %d: got %+v, want key %q, kind %d, size %d", i, r, want[i].Key, want[i].Kind, len(want[i].Payload))
		}
		wantPayload(t, s, r.ID, want[i].Payload)
	}
}

func wantPayload(t testing.TB, s *Spool, id ID, want []byte) {
	t.Helper()
	if got, err := s.Read(id, nil); err != nil || !bytes.Equal(got, want) {
		t.Errorf("record %x: got %d bytes, %v, want %d bytes that were written", id, len(got), err, len(want))
	}
}

func wantUndamaged(t testing.TB, s *Spool) {
	t.Helper()
	if st := s.Stats(); st.DamagedRecords+st.TornRecords > 0 || st.DamagedBytes+st.TornBytes > 0 || len(st.Damage) > 0 {
		t.Errorf("damage: %+v", st)
	}
}

func TestNothingIsWrittenBeforeTheFirstAppend(t *testing.T) {
	there := t.TempDir()
	for _, dir := range []string{there, filepath.Join(t.TempDir(), "a", "b")} {
		s := mustOpen(t, Options{Dir: dir})
		if ids, err := s.Append(nil); ids != nil || err != nil {
			t.Errorf("append of nothing: %v, %v", ids, err)
		}
		s.Done(1 << 32)
		if _, err := s.Read(1<<32, nil); !errors.Is(err, ErrNotPending) {
			t.Errorf("read: %v", err)
		}
		if got := s.Pending(); len(got) > 0 || s.Stats().Segments > 0 {
			t.Errorf("pending: %v", got)
		}
		mustClose(t, s)
		entries, err := os.ReadDir(dir)
		if len(entries) > 0 || (err == nil) != (dir == there) {
			t.Errorf("%s: %v, %v", dir, entries, err)
		}
	}
}

func TestAppendedRecordsAreReplayedInOrder(t *testing.T) {
	opts := Options{Dir: filepath.Join(t.TempDir(), "a", "b"), SegmentBytes: 2000}
	want := slices.Concat(items(0, 3, 900), items(3, 1, 0), items(4, 10, 100), items(14, 2, 5000))
	want[5].Key, want[6].Key = "", strings.Repeat("k", 65535)
	s := mustOpen(t, opts)
	var ids []ID
	for _, group := range [][]Item{want[:3], want[3:4], want[4:14], want[14:]} {
		ids = append(ids, mustAppend(t, s, group...)...)
	}
	if !slices.IsSorted(ids) || len(ids) != len(want) {
		t.Fatalf("IDs %x", ids)
	}
	for i, id := range ids {
		wantPayload(t, s, id, want[i].Payload)
	}
	if got := s.Pending(); len(got) > 0 {
		t.Errorf("found at Open: %v", got)
	}
	if st := s.Stats(); st.Records != len(want) || st.Bytes != groupBytes(want) || st.Segments != 3 {
		t.Errorf("stats %+v", st)
	}
	mustClose(t, s)

	for range 2 {
		s = mustOpen(t, opts)
		wantPending(t, s, want)
		wantUndamaged(t, s)
		if st := s.Stats(); st.Records != len(want) || st.Bytes != groupBytes(want) || st.Segments != 3 {
			t.Errorf("stats after reopening %+v", st)
		}
		mustClose(t, s)
	}
	s = mustOpen(t, opts)
	if next := mustAppend(t, s, item(99, 10)); next[0] != newID(4, 0) {
		t.Errorf("appended at %x: not to a new segment", next)
	}
	wantPending(t, s, want)
	mustClose(t, s)
	wantPending(t, mustOpen(t, opts), append(want, item(99, 10)))
}

func TestFilesAreForTheOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	mustAppend(t, mustOpen(t, Options{Dir: dir}), item(1, 10))
	for path, want := range map[string]fs.FileMode{
		filepath.Dir(dir):                  0o700 | fs.ModeDir,
		dir:                                0o700 | fs.ModeDir,
		filepath.Join(dir, "lock"):         0o600,
		filepath.Join(dir, segmentName(1)): 0o600,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}

func TestReadUsesTheBuffer(t *testing.T) {
	s := mustOpen(t, Options{Dir: t.TempDir()})
	ids := mustAppend(t, s, items(0, 2, 100)...)
	buf := make([]byte, 5, 100)
	for i, id := range ids {
		got, err := s.Read(id, buf)
		if err != nil || !bytes.Equal(got, item(i, 100).Payload) || &got[0] != &buf[0] {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

func TestDoneSurvivesReopening(t *testing.T) {
	opts := Options{Dir: t.TempDir(), SegmentBytes: 1000}
	want := items(0, 20, 150)
	s := mustOpen(t, opts)
	var ids []ID
	for _, it := range want {
		ids = append(ids, mustAppend(t, s, it)...)
	}
	end := func(i int) {
		s.Done(ids[i])
		s.Done(ids[i])
		if _, err := s.Read(ids[i], nil); !errors.Is(err, ErrNotPending) {
			t.Errorf("read of a done record: %v", err)
		}
	}
	end(3)
	end(19)
	crash(s) // not even closed
	s = mustOpen(t, opts)
	left := slices.Concat(want[:3], want[4:19])
	wantPending(t, s, left)
	end(0)
	wantPending(t, s, left[1:])
	if st := s.Stats(); st.Records != 17 || st.Bytes != groupBytes(left[1:]) {
		t.Errorf("stats %+v", st)
	}
	crash(s)
	s = mustOpen(t, opts)
	wantPending(t, s, left[1:])
	wantUndamaged(t, s)
}

func TestDoneSegmentsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	opts := Options{Dir: dir, SegmentBytes: 1000}
	s := mustOpen(t, opts)
	var ids []ID
	for n := range 20 {
		ids = append(ids, mustAppend(t, s, item(n, 400))...)
	}
	if got := segmentPaths(dir); len(got) != 7 {
		t.Fatalf("segments: %v", got)
	}
	for _, id := range ids[:10] {
		s.Done(id)
	}
	if got := segmentPaths(dir); len(got) != 4 {
		t.Errorf("after half is done: %v", got)
	}
	for _, id := range ids[10:19] {
		s.Done(id)
	}
	if got := segmentPaths(dir); len(got) != 1 || s.Stats().Segments != 1 {
		t.Errorf("after all but one is done: %v, %+v", got, s.Stats())
	}
	s.Done(ids[19])
	crash(s)
	s = mustOpen(t, opts)
	wantPending(t, s, nil)
	wantUndamaged(t, s)
	if info, err := os.Stat(filepath.Join(dir, segmentName(7))); err != nil || info.Size() != 0 {
		t.Errorf("newest segment after all is done: %d bytes, %v", info.Size(), err)
	}
	if id := mustAppend(t, s, item(1, 1)); id[0] != newID(8, 0) {
		t.Errorf("ID %x after %x", id, ids[19])
	}
	if got := segmentPaths(dir); len(got) != 1 {
		t.Errorf("segments: %v", got)
	}
}

func TestIdleSpoolGivesItsSpaceBack(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir})
	for n := range 20 {
		for _, id := range mustAppend(t, s, item(n, 100<<10), item(n, 200<<10)) {
			s.Done(id)
		}
		var size int64
		for _, path := range segmentPaths(dir) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			size += info.Size()
		}
		if size > idleBytes {
			t.Errorf("%d bytes are left when all is done", size)
		}
	}
	for n := range 100 {
		for _, id := range mustAppend(t, s, item(n, 10<<10)) {
			s.Done(id)
		}
	}
	if got := segmentPaths(dir); len(got) != 1 || s.Stats().Bytes != 0 {
		t.Errorf("segments: %v, %+v", got, s.Stats())
	}
}

func TestCapsRefuseAndNameTheRemedy(t *testing.T) {
	for _, c := range []struct {
		opts Options
		want string
	}{
		{Options{MaxBytes: 10 * (headerSize + 8 + 100)}, "1440 of at most 1440 bytes are pending"},
		{Options{MaxRecords: 10}, "10 of at most 10 records are pending"},
	} {
		c.opts.Dir = t.TempDir()
		s := mustOpen(t, c.opts)
		ids := mustAppend(t, s, items(0, 10, 100)...)
		_, err := s.Append(items(10, 2, 100))
		if !errors.Is(err, ErrFull) || errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "give up old") {
			t.Errorf("got %v, want %q in it", err, c.want)
		}
		s.Done(ids[4])
		if _, err := s.Append(items(10, 2, 100)); !errors.Is(err, ErrFull) {
			t.Errorf("room for one: two were appended: %v", err)
		}
		s.Done(ids[5])
		mustAppend(t, s, items(10, 2, 100)...)
		if _, err := s.Append(items(0, 11, 100)); !errors.Is(err, ErrTooLarge) || errors.Is(err, ErrFull) {
			t.Errorf("more than an empty spool holds: %v", err)
		}
		mustClose(t, s)
		wantPending(t, mustOpen(t, c.opts), slices.Concat(items(0, 4, 100), items(6, 6, 100)))
	}
	s := mustOpen(t, Options{Dir: t.TempDir()})
	if _, err := s.Append([]Item{{Key: strings.Repeat("k", 65536)}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a key of 64 KiB: %v", err)
	}
}

func TestTheLastTenthOfTheDiskIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	d := newFaultyDisk(t, dir)
	d.total, d.free = 100_000, 11_000
	s, err := open(Options{Dir: dir}, d)
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, item(0, 1000-headerSize-8))
	d.free = 10_999
	_, err = s.Append([]Item{item(1, 1000-headerSize-8)})
	if !errors.Is(err, ErrDiskFull) || !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "10999 of 100000 bytes are free") ||
		!strings.Contains(err.Error(), "make room on the disk of "+dir) {
		t.Errorf("got %v", err)
	}
	mustClose(t, s)
	s = mustOpenOn(t, Options{Dir: dir}, d)
	mustAppend(t, s, item(1, 5000))
	wantPending(t, s, items(0, 1, 1000-headerSize-8))
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	for _, opts := range []Options{{}, {Dir: "x", MaxBytes: -1}, {Dir: "x", MaxRecords: -1}, {Dir: "x", SegmentBytes: 1<<30 + 1}, {Dir: "x", KeepFree: 1}} {
		if s, err := Open(opts); err == nil {
			s.Close()
			t.Errorf("%+v was taken", opts)
		}
	}
}

func TestClosedSpoolRefuses(t *testing.T) {
	opts := Options{Dir: t.TempDir()}
	s := mustOpen(t, opts)
	ids := mustAppend(t, s, item(0, 10))
	mustClose(t, s)
	mustClose(t, s)
	if _, err := s.Append(items(0, 1, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if _, err := s.Read(ids[0], nil); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("read: %v", err)
	}
	s.Done(ids[0])
	wantPending(t, mustOpen(t, opts), items(0, 1, 10))
}

// hold is the other process: it appends, says so, and keeps the folder.
func hold(dir string) {
	s, err := Open(Options{Dir: dir})
	if err == nil {
		_, err = s.Append(items(0, 3, 1000))
	}
	fmt.Println("holds", err)
	bufio.NewReader(os.Stdin).ReadByte()
}

func TestTwoProcessesDoNotShareAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	early := mustOpen(t, Options{Dir: dir}) // before the folder exists
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SPOOL_TEST_HOLD="+dir)
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "holds <nil>\n" {
		t.Fatalf("the other process: %q, %v", line, err)
	}
	_, openErr := Open(Options{Dir: dir})
	_, appendErr := early.Append(items(9, 1, 1))
	for _, err := range []error{openErr, appendErr} {
		if !errors.Is(err, syscall.EWOULDBLOCK) || !strings.Contains(err.Error(), dir) ||
			!strings.Contains(err.Error(), "another process uses this folder: stop it") {
			t.Errorf("got %v", err)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	s := mustOpen(t, Options{Dir: dir})
	wantPending(t, s, items(0, 3, 1000))
	wantUndamaged(t, s)
	mustClose(t, s)
	mustAppend(t, early, item(9, 1)) // finds what the other left
	wantPending(t, early, items(0, 3, 1000))
}

// Between Open and the first Append others may have used the folder.
func TestFirstAppendMayBeTriedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	early := mustOpen(t, Options{Dir: dir})
	other := mustOpen(t, Options{Dir: dir})
	mustAppend(t, other, items(0, 3, 10)...)
	mustClose(t, other)
	if err := os.Mkdir(early.path(2), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := early.Append(items(9, 1, 1)); !errors.Is(err, syscall.EISDIR) {
			t.Errorf("got %v", err)
		}
	}
	if err := os.Remove(early.path(2)); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, early, item(9, 1))
	if st := early.Stats(); st.Records != 4 || st.Bytes != groupBytes(append(items(0, 3, 10), item(9, 1))) {
		t.Errorf("stats %+v", st)
	}
}

func TestErrorsOfTheFolderNameTheRemedy(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: path}); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "set the path of a folder") {
		t.Errorf("got %v", err)
	}
	s := mustOpen(t, Options{Dir: filepath.Join(dir, "gone")})
	mustAppend(t, s, item(0, 1))
	if err := os.RemoveAll(s.opts.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(items(0, 1, 1)); err == nil || !strings.Contains(err.Error(), "the folder was removed") {
		t.Errorf("got %v", err)
	}
}

func TestOpenHopsOverPayloadsOfOldSegments(t *testing.T) {
	dir := t.TempDir()
	opts := Options{Dir: dir, SegmentBytes: 1 << 20}
	s := mustOpen(t, opts)
	for n := range 40 {
		mustAppend(t, s, item(n, 100<<10))
	}
	mustAppend(t, s, items(40, 2, 10)...)
	mustClose(t, s)
	newest, err := os.Stat(segmentPaths(dir)[len(segmentPaths(dir))-1])
	if err != nil {
		t.Fatal(err)
	}
	d := newFaultyDisk(t, dir)
	s = mustOpenOn(t, opts, d)
	if most := newest.Size() + 42*(headerSize+readAhead); d.bytesRead > most || s.Stats().Records != 42 {
		t.Errorf("read %d bytes for %d records, want at most %d", d.bytesRead, s.Stats().Records, most)
	}
}

// Several readers take records while one goroutine appends.
func TestConcurrentUse(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir, SegmentBytes: 50_000})
	type job struct {
		id ID
		n  int
	}
	jobs := make(chan job, 100)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var buf []byte
			for j := range jobs {
				got, err := s.Read(j.id, buf)
				if err != nil || !bytes.Equal(got, item(j.n, 2000).Payload) {
					t.Errorf("record %d: %v", j.n, err)
				}
				buf = got
				s.Done(j.id)
				s.Stats()
			}
		})
	}
	for n := 0; n < 1000; n += 10 {
		for i, id := range mustAppend(t, s, items(n, 10, 2000)...) {
			jobs <- job{id, n + i}
		}
	}
	close(jobs)
	wg.Wait()
	if st := s.Stats(); st.Bytes != 0 || st.Records != 0 || st.Segments > 1 || len(segmentPaths(dir)) > 1 || st.DamagedRecords > 0 {
		t.Errorf("stats %+v, files %v", st, segmentPaths(dir))
	}
}

// Reading what others finish at the same time is no damage.
func TestReadOfARecordThatIsDoneMeanwhileIsNoDamage(t *testing.T) {
	s := mustOpen(t, Options{Dir: t.TempDir(), SegmentBytes: 40_000})
	for n := range 100 {
		ids := mustAppend(t, s, items(n, 4, 20_000)...)
		var wg sync.WaitGroup
		wg.Go(func() {
			for _, id := range ids {
				s.Done(id)
			}
		})
		for _, id := range ids {
			if _, err := s.Read(id, nil); err != nil && !errors.Is(err, ErrNotPending) {
				t.Errorf("got %v", err)
			}
		}
		wg.Wait()
	}
	wantUndamaged(t, s)
}

// Nor does finishing all that is older take the segment away from under it.
func TestNobodyWaitsForTheSyncOfAnAppend(t *testing.T) {
	dir := t.TempDir()
	d := newFaultyDisk(t, dir)
	s := mustOpenOn(t, Options{Dir: dir}, d)
	old := mustAppend(t, s, items(0, 2, idleBytes)...)
	syncing, release := make(chan bool), make(chan bool)
	var once sync.Once
	d.fail = func(op string) error {
		if op == "fdatasync" {
			once.Do(func() { close(syncing) })
			<-release
		}
		return nil
	}
	var ids []ID
	appended := make(chan error)
	go func() {
		var err error
		ids, err = s.Append(items(2, 1, 100))
		appended <- err
	}()
	<-syncing
	free := make(chan bool)
	go func() {
		defer close(free)
		for i, id := range old {
			wantPayload(t, s, id, item(i, idleBytes).Payload)
			s.Done(id)
		}
		s.Stats()
		s.Pending()
	}()
	select {
	case <-free:
	case <-time.After(10 * time.Second):
		t.Error("Read, Done, Stats or Pending waits")
	}
	close(release)
	if err := <-appended; err != nil {
		t.Fatal(err)
	}
	wantPayload(t, s, ids[0], item(2, 100).Payload)
	mustClose(t, s)
	wantPending(t, mustOpen(t, Options{Dir: dir}), items(2, 1, 100))
}

func TestAppendAllocatesLittle(t *testing.T) {
	s := mustOpen(t, Options{Dir: t.TempDir()})
	group := items(0, 100, 100)
	mustAppend(t, s, group...)
	got := testing.AllocsPerRun(20, func() {
		if _, err := s.Append(group); err != nil {
			t.Error(err)
		}
	})
	if got > 3 { // the IDs, statfs' path, now and then a larger index
		t.Errorf("%v allocations for 100 records", got)
	}
}

func TestPendingRecordsTakeLittleMemory(t *testing.T) {
	s := mustOpen(t, Options{Dir: t.TempDir()})
	group := items(0, 10_000, 10)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for range 10 {
		mustAppend(t, s, group...)
	}
	if got := int64(heap()-before) / 100_000; got > 64 {
		t.Errorf("%d bytes for a record", got)
	}
	runtime.KeepAlive(group)
}

// One pending record does not hold the index of a million that are done.
func TestDoneRecordsLeaveTheIndex(t *testing.T) {
	s := mustOpen(t, Options{Dir: t.TempDir()})
	ids := mustAppend(t, s, items(0, 10_000, 0)...)
	for _, id := range ids[1:] {
		s.Done(id)
	}
	if got := len(s.segments[1].entries); got > len(ids)/2+2 {
		t.Errorf("%d entries for one pending record", got)
	}
	for _, id := range mustAppend(t, s, items(0, 10_000, 0)...) {
		s.Done(id)
	}
	if got := len(s.segments[1].entries); got > freeRecords+2 {
		t.Errorf("%d entries for one pending record", got)
	}
}

func BenchmarkAppend100RecordsOf10KiB(b *testing.B) {
	s := mustOpen(b, Options{Dir: b.TempDir()})
	group := items(0, 100, 10<<10)
	b.SetBytes(groupBytes(group))
	b.ReportAllocs()
	for b.Loop() {
		ids := mustAppend(b, s, group...)
		b.StopTimer()
		for _, id := range ids {
			s.Done(id)
		}
		b.StartTimer()
	}
}

func BenchmarkReplayOf1000RecordsOf10KiB(b *testing.B) {
	opts := Options{Dir: b.TempDir()}
	group := items(0, 1000, 10<<10)
	b.SetBytes(groupBytes(group))
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := mustOpen(b, opts)
		mustAppend(b, s, group...)
		mustClose(b, s)
		b.StartTimer()
		s = mustOpen(b, opts)
		var buf []byte
		for _, r := range s.Pending() {
			var err error
			if buf, err = s.Read(r.ID, buf); err != nil {
				b.Fatal(err)
			}
			s.Done(r.ID)
		}
		mustClose(b, s)
	}
}
