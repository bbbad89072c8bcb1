package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// mountTmpfs returns a folder on a small file system in memory.
func mountTmpfs(t *testing.T, options string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting needs root")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Fatalf("mount tmpfs with %s: %v", options, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// used returns the bytes that the segments take on disk.
func used(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	for _, path := range segmentPaths(dir) {
		var st unix.Stat_t
		if err := unix.Stat(path, &st); err != nil {
			t.Fatal(err)
		}
		bytes += st.Blocks * 512
	}
	return bytes
}

// hasHoles asks the file system.
func hasHoles(t *testing.T, dir string) bool {
	t.Helper()
	f, err := realDisk{}.open(filepath.Join(dir, "probe"), os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 2*blockSize), 0); err != nil {
		t.Fatal(err)
	}
	err = f.punch(0, blockSize)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Fatal(err)
	}
	return err == nil
}

func TestSpaceOfDoneRecordsIsFreed(t *testing.T) {
	for _, c := range []struct{ count, size, every int }{
		{64, 200_000, 8}, // one of eight streams is throttled
		{12_000, 1000, 100},
		{12_000, 0, 1000},
	} {
		t.Run(fmt.Sprintf("disk, %d bytes", c.size), func(t *testing.T) { freesSpace(t, t.TempDir(), c.count, c.size, c.every) })
		t.Run(fmt.Sprintf("tmpfs, %d bytes", c.size), func(t *testing.T) { freesSpace(t, mountTmpfs(t, "size=64m"), c.count, c.size, c.every) })
	}
}

func freesSpace(t *testing.T, dir string, count, size, every int) {
	holes := hasHoles(t, dir)
	opts := Options{Dir: filepath.Join(dir, "spool")}
	s := mustOpen(t, opts)
	list := items(0, count, size)
	ids := mustAppend(t, s, list...)
	before := used(t, opts.Dir)
	if before < groupBytes(list) {
		t.Fatalf("%d bytes of records use %d", groupBytes(list), before)
	}
	var left []Item
	for i, id := range ids {
		if i%every == 3 {
			left = append(left, list[i])
			continue
		}
		s.Done(id)
	}
	// The last step is not due.
	most := groupBytes(left) + freeBytes + int64(len(left))*3*blockSize
	after := used(t, opts.Dir)
	if !holes {
		most = before
		t.Logf("the file system of %s has no holes", dir)
	}
	if after > most {
		t.Errorf("%d bytes are used of %d, want at most %d", after, before, most)
	}
	mustClose(t, s)
	s = mustOpen(t, opts)
	wantPending(t, s, left)
	wantUndamaged(t, s)
	for _, r := range s.Pending() {
		s.Done(r.ID)
	}
	if got := used(t, opts.Dir); got > 0 {
		t.Errorf("%d bytes are used when all is done", got)
	}
}

// What a killed process had not freed is freed by the next.
func TestSpaceIsFreedAfterACrash(t *testing.T) {
	dir := t.TempDir()
	if !hasHoles(t, dir) {
		t.Fatalf("the file system of %s has no holes: run this elsewhere (TMPDIR)", dir)
	}
	opts := Options{Dir: filepath.Join(dir, "spool")}
	d := newFaultyDisk(t, opts.Dir)
	d.fail = func(op string) error {
		if op == "punch" {
			return syscall.EIO
		}
		return nil
	}
	s := mustOpenOn(t, opts, d)
	ids := mustAppend(t, s, items(0, 20, 200_000)...)
	for _, id := range ids[1:] {
		s.Done(id)
	}
	before := used(t, opts.Dir)
	crash(s)
	s = mustOpen(t, opts)
	if got := used(t, opts.Dir); before < 20*200_000 || got > 2*200_000 {
		t.Errorf("%d bytes are used, %d before", got, before)
	}
	wantPending(t, s, items(0, 1, 200_000))
}

func TestFullDiskLosesNothingThatWasAcknowledged(t *testing.T) {
	dir := mountTmpfs(t, "size=1m")
	opts := Options{Dir: filepath.Join(dir, "spool"), SegmentBytes: 200_000}
	s := mustOpen(t, opts)
	var ids []ID
	var kept []Item
	fill := func() {
		t.Helper()
		for n := 0; ; n += 2 {
			group := items(n, 2, 20_000)
			// Past the check of what is free: a real write must fail.
			s.disk = blindDisk{realDisk{}}
			got, err := s.Append(group)
			if errors.Is(err, ErrDiskFull) && errors.Is(err, syscall.ENOSPC) {
				return
			}
			if err != nil || n > 100 {
				t.Fatalf("after %d records: %v", n, err)
			}
			ids, kept = append(ids, got...), append(kept, group...)
		}
	}
	fill()
	if len(kept) < 40 {
		t.Errorf("%d records fit", len(kept))
	}
	for i, id := range ids {
		wantPayload(t, s, id, kept[i].Payload)
	}
	for _, id := range ids[:20] {
		s.Done(id)
	}
	kept, ids = kept[20:], ids[20:]
	before := len(kept)
	fill()
	if len(kept) < before+10 {
		t.Errorf("%d more after 20 were given up", len(kept)-before)
	}
	mustClose(t, s)
	s = mustOpen(t, opts)
	wantPending(t, s, kept)
	wantUndamaged(t, s)
	mustClose(t, s)

	opts.KeepFree = defaultKeepFree
	s = mustOpen(t, opts)
	if _, err := s.Append(items(0, 1, 100)); !errors.Is(err, ErrDiskFull) || errors.Is(err, syscall.ENOSPC) {
		t.Errorf("above nine tenths: %v", err)
	}
	for _, r := range s.Pending()[:12] {
		s.Done(r.ID)
	}
	mustAppend(t, s, item(0, 100))
	mustClose(t, s)
	wantPending(t, mustOpen(t, opts), append(slices.Clone(kept[12:]), item(0, 100)))
}

// blindDisk does not tell how much is free.
type blindDisk struct{ realDisk }

func (blindDisk) space(string) (free, total uint64, err error) { return 0, 0, nil }

func TestDiskWithoutInodesIsFull(t *testing.T) {
	dir := mountTmpfs(t, "size=1m,nr_inodes=4") // itself, the folder, lock, one segment
	s := mustOpen(t, Options{Dir: filepath.Join(dir, "spool"), SegmentBytes: 100})
	ids := mustAppend(t, s, item(0, 100))
	for range 2 {
		if _, err := s.Append(items(1, 1, 100)); !errors.Is(err, ErrDiskFull) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("got %v", err)
		}
	}
	wantPayload(t, s, ids[0], item(0, 100).Payload)
}
