package spool

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

var (
	errCrash = errors.New("crash")
	errDead  = errors.New("after the crash")
)

// faultyDisk is the real one until operation crashAt, of which it does a part;
// afterwards nothing works. It remembers what a loss of power may take away.
type faultyDisk struct {
	realDisk
	mu      sync.Mutex
	ops     int
	crashAt int // the first is 1; 0: never
	tear    int // bytes of a write that are done when it crashes
	dead    bool
	fail    func(op string) error // when it returns an error, the operation is not done, but tear bytes of a write

	bytesRead   int64
	free, total uint64 // when total is set

	inSync  map[string][]byte // contents at the last fdatasync
	synced  []string          // folders
	names   map[string]bool   // files at the last sync of the folder
	removed map[string][]byte // contents of files removed since
	cut     map[string][]byte // contents before a truncation that is not synced
}

func newFaultyDisk(t testing.TB, dir string) *faultyDisk {
	t.Helper()
	d := &faultyDisk{inSync: map[string][]byte{}, removed: map[string][]byte{}, cut: map[string][]byte{}}
	for _, path := range segmentPaths(dir) {
		d.inSync[path] = mustRead(t, path)
	}
	d.names = segmentSet(dir)
	return d
}

// after returns the disk that the next process finds, when power was not lost.
func (d *faultyDisk) after() *faultyDisk {
	return &faultyDisk{inSync: d.inSync, names: d.names, removed: d.removed, cut: d.cut}
}

func segmentPaths(dir string) []string {
	paths, _ := filepath.Glob(filepath.Join(dir, "*.seg"))
	return paths
}

func segmentSet(dir string) map[string]bool {
	set := map[string]bool{}
	for _, path := range segmentPaths(dir) {
		set[path] = true
	}
	return set
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// step counts an operation. It returns an error when the operation must not be
// done, or only in part.
func (d *faultyDisk) step(op string) error {
	d.mu.Lock()
	d.ops++
	dead := d.dead
	d.dead = dead || d.ops == d.crashAt
	dies, fail := d.dead, d.fail
	d.mu.Unlock()
	switch {
	case dead:
		return errDead
	case dies:
		return errCrash
	case fail != nil:
		return fail(op)
	}
	return nil
}

func (d *faultyDisk) open(path string, flag int) (file, error) {
	if flag&os.O_CREATE != 0 {
		if err := d.step("create"); err != nil {
			return nil, err
		}
	}
	f, err := d.realDisk.open(path, flag)
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, d, path}, nil
}

func (d *faultyDisk) remove(path string) error {
	if err := d.step("remove"); err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.removed[path] = content
	d.mu.Unlock()
	return d.realDisk.remove(path)
}

func (d *faultyDisk) syncDir(dir string) error {
	if err := d.step("sync folder"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.synced = append(d.synced, dir)
	d.names = segmentSet(dir)
	clear(d.removed)
	return nil
}

func (d *faultyDisk) space(path string) (free, total uint64, err error) {
	if d.total > 0 {
		return d.free, d.total, nil
	}
	return d.realDisk.space(path)
}

type faultyFile struct {
	file
	d    *faultyDisk
	path string
}

func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	if f.d.fail != nil {
		if err := f.d.fail("read"); err != nil {
			return 0, err
		}
	}
	n, err := f.file.ReadAt(p, off)
	f.d.mu.Lock()
	f.d.bytesRead += int64(n)
	f.d.mu.Unlock()
	return n, err
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.d.step("write"); err == errDead {
		return 0, err
	} else if err != nil {
		n, _ := f.file.WriteAt(p[:min(f.d.tear, len(p))], off)
		return n, err
	}
	return f.file.WriteAt(p, off)
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.d.step("truncate"); err != nil {
		return err
	}
	content, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	f.d.mu.Lock()
	f.d.cut[f.path] = content
	f.d.mu.Unlock()
	return f.file.Truncate(size)
}

func (f *faultyFile) datasync() error {
	if err := f.d.step("fdatasync"); err != nil {
		return err
	}
	content, err := os.ReadFile(f.path)
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.inSync[f.path] = content
	delete(f.d.cut, f.path)
	return err
}

// punch is on disk at once: the worst that can happen to an unsynced mark.
func (f *faultyFile) punch(off, n int64) error {
	if err := f.d.step("punch"); err != nil {
		return err
	}
	f.d.mu.Lock()
	if synced := f.d.inSync[f.path]; int64(len(synced)) >= off+n {
		clear(synced[off : off+n])
	}
	f.d.mu.Unlock()
	return f.file.punch(off, n)
}

// losePower leaves of what was not synced what chance decides, sector by sector.
func (d *faultyDisk) losePower(t testing.TB, dir string, rnd *rand.Rand) {
	t.Helper()
	now := segmentSet(dir)
	all := maps.Clone(now)
	maps.Copy(all, d.names)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if now[path] != d.names[path] && rnd.IntN(2) == 0 { // its creation or removal is lost, or not
			if now[path] {
				os.Remove(path)
			}
			continue
		}
		content := d.removed[path]
		if now[path] {
			content = mustRead(t, path)
		}
		if cut, ok := d.cut[path]; ok && len(content) < len(cut) && rnd.IntN(2) == 0 {
			content = cut
		}
		os.Remove(path) // writing over it would make ext4 sync
		if err := os.WriteFile(path, mixSectors(d.inSync[path], content, rnd), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func mixSectors(old, now []byte, rnd *rand.Rand) []byte {
	size := len(old)
	if rnd.IntN(2) == 0 {
		size = len(now)
	}
	mixed := make([]byte, size)
	const sector = 512
	for at := 0; at < size; at += sector {
		from := old
		if rnd.IntN(2) == 0 && at < len(now) {
			from = now
		}
		if at < len(from) {
			copy(mixed[at:min(at+sector, size)], from[at:])
		}
	}
	return mixed
}

// unsynced is the real disk without waiting for it.
type unsynced struct{ realDisk }

func (unsynced) open(path string, flag int) (file, error) {
	f, err := realDisk{}.open(path, flag)
	return unsyncedFile{f}, err
}

func (unsynced) syncDir(string) error { return nil }

type unsyncedFile struct{ file }

func (unsyncedFile) datasync() error { return nil }

// crash ends a Spool as a kill does.
func crash(s *Spool) {
	s.closeActive()
	if s.lock != nil {
		s.lock.Close()
	}
}
