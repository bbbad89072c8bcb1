package file

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// files is a file system with what a writer and its rotation do.
type files interface {
	disk
	Append(path, text string) error
	ReadFile(path string) ([]byte, error)
	WriteFile(path string, text []byte) error
	Rename(from, to string) error
	Remove(path string) error
	Truncate(path string) error // to nothing
	SetTime(path string, at time.Time) error
}

type realFiles struct{ realDisk }

func (realFiles) Append(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func (realFiles) ReadFile(path string) ([]byte, error)     { return os.ReadFile(path) }
func (realFiles) WriteFile(path string, text []byte) error { return os.WriteFile(path, text, 0o644) }
func (realFiles) Rename(from, to string) error             { return os.Rename(from, to) }
func (realFiles) Remove(path string) error                 { return os.Remove(path) }
func (realFiles) Truncate(path string) error               { return os.Truncate(path, 0) }
func (realFiles) SetTime(path string, at time.Time) error  { return os.Chtimes(path, at, at) }

// simFiles is a file system in memory: one folder, whose inode numbers are used
// again and whose clock is coarse. It is used by one goroutine.
type simFiles struct {
	r     *rand.Rand
	names map[string]*inode
	spare []uint64 // numbers that are free again
	last  uint64
	clock time.Time
	fine  int           // the clock moves at each fine-th change
	tick  time.Duration // by this
	dead  []*inode
}

// inode is a file of simFiles.
type inode struct {
	number         uint64
	links, handles int
	text           []byte
	changed        time.Time

	content []byte // of a compressed file, unpacked
	known   int64  // its size in places that were saved
}

func newSimFiles(r *rand.Rand) *simFiles {
	return &simFiles{
		r: r, names: map[string]*inode{}, fine: 1 + r.IntN(5),
		tick:  []time.Duration{4 * time.Millisecond, 700 * time.Millisecond}[r.IntN(2)],
		clock: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
	}
}

func absent(op, path string) error { return &fs.PathError{Op: op, Path: path, Err: fs.ErrNotExist} }

func (d *simFiles) find(op, path string) (*inode, error) {
	if n := d.names[path]; n != nil {
		return n, nil
	}
	return nil, absent(op, path)
}

// create returns the file of a path, which is made if there is none.
func (d *simFiles) create(path string) *inode {
	n := d.names[path]
	if n == nil {
		n = &inode{links: 1}
		if k := len(d.spare); k > 0 && d.r.IntN(4) > 0 {
			i := d.r.IntN(k)
			n.number = d.spare[i]
			d.spare = slices.Delete(d.spare, i, i+1)
		} else {
			d.last++
			n.number = d.last
		}
		d.names[path] = n
		d.touch(n)
	}
	return n
}

func (d *simFiles) touch(n *inode) {
	if d.r.IntN(d.fine) == 0 {
		d.clock = d.clock.Add(d.tick)
	}
	n.changed = d.clock
}

// release frees the number of a file that nothing leads to any more.
func (d *simFiles) release(n *inode) {
	if n.links == 0 && n.handles == 0 {
		d.spare = append(d.spare, n.number)
		d.dead = append(d.dead, n)
	}
}

func (d *simFiles) Append(path, text string) error {
	n := d.create(path)
	if text != "" {
		n.text = append(n.text, text...)
		d.touch(n)
	}
	return nil
}

func (d *simFiles) ReadFile(path string) ([]byte, error) {
	n, err := d.find("open", path)
	if err != nil {
		return nil, err
	}
	return slices.Clone(n.text), nil
}

func (d *simFiles) WriteFile(path string, text []byte) error {
	n := d.create(path)
	n.text = slices.Clone(text)
	d.touch(n)
	return nil
}

func (d *simFiles) Rename(from, to string) error {
	n, err := d.find("rename", from)
	if err != nil {
		return err
	}
	if old := d.names[to]; old != nil && old != n {
		d.Remove(to)
	}
	delete(d.names, from)
	d.names[to] = n
	return nil
}

func (d *simFiles) Remove(path string) error {
	n, err := d.find("remove", path)
	if err != nil {
		return err
	}
	delete(d.names, path)
	n.links--
	d.release(n)
	return nil
}

func (d *simFiles) Truncate(path string) error {
	n, err := d.find("truncate", path)
	if err != nil {
		return err
	}
	n.text, n.known = nil, 0
	d.clock = d.clock.Add(d.tick) // equal sizes at equal times tell of nothing
	d.touch(n)
	return nil
}

func (d *simFiles) SetTime(path string, at time.Time) error {
	n, err := d.find("chtimes", path)
	if err != nil {
		return err
	}
	n.changed = at
	return nil
}

func (d *simFiles) Resolve(path string) (string, error) { return path, nil }

func (d *simFiles) Stat(path string) (os.FileInfo, error) {
	n, err := d.find("stat", path)
	if err != nil {
		return nil, err
	}
	return n.info(filepath.Base(path)), nil
}

func (d *simFiles) ReadDir(string) ([]os.DirEntry, error) {
	var entries []os.DirEntry
	for _, path := range slices.Sorted(maps.Keys(d.names)) {
		entries = append(entries, fs.FileInfoToDirEntry(d.names[path].info(filepath.Base(path))))
	}
	return entries, nil
}

func (d *simFiles) Open(path string) (handle, error) {
	n, err := d.find("open", path)
	if err != nil {
		return nil, err
	}
	n.handles++
	return &simHandle{d, n}, nil
}

type simHandle struct {
	d *simFiles
	n *inode // nil when closed
}

func (h *simHandle) ReadAt(p []byte, at int64) (int, error) {
	if h.n == nil {
		return 0, os.ErrClosed
	}
	n := copy(p, h.n.text[min(at, int64(len(h.n.text))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *simHandle) NextData(offset int64) (int64, error) { return offset, nil }

func (h *simHandle) Stat() (os.FileInfo, error) {
	if h.n == nil {
		return nil, os.ErrClosed
	}
	return h.n.info(""), nil
}

func (h *simHandle) Close() error {
	if h.n == nil {
		return os.ErrClosed
	}
	h.n.handles--
	h.d.release(h.n)
	h.n = nil
	return nil
}

// info is what is known of a file at this moment.
func (n *inode) info(name string) os.FileInfo {
	return simInfo{name, int64(len(n.text)), n.changed, syscall.Stat_t{Dev: 1, Ino: n.number, Nlink: uint64(n.links)}}
}

type simInfo struct {
	name    string
	size    int64
	changed time.Time
	stat    syscall.Stat_t
}

func (i simInfo) Name() string       { return i.name }
func (i simInfo) Size() int64        { return i.size }
func (i simInfo) Mode() fs.FileMode  { return 0o644 }
func (i simInfo) ModTime() time.Time { return i.changed }
func (i simInfo) IsDir() bool        { return false }
func (i simInfo) Sys() any           { return &i.stat }

func TestSimulatedInodesAreUsedAgain(t *testing.T) {
	d := newSimFiles(rand.New(rand.NewPCG(1, 1)))
	d.Append("/a", "one")
	h, err := d.Open("/a")
	if err != nil {
		t.Fatal(err)
	}
	d.Remove("/a")
	info, _ := h.Stat()
	if !isUnlinked(info) || len(d.spare) != 0 {
		t.Errorf("an open file without a name: %d links, %d free numbers", info.Sys().(*syscall.Stat_t).Nlink, len(d.spare))
	}
	h.Close()
	again := false
	for range 10 {
		d.Append("/b", "two")
		other, _ := d.Stat("/b")
		again = again || idOf(other) == idOf(info)
		d.Remove("/b")
	}
	if !again {
		t.Error("the number was not used again")
	}
}
