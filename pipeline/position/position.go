// Package position keeps on disk how far each source is settled.
//
// The file is JSON, written whole to a spare file that is synced and then changes
// names with it: a crash at any instant leaves the old or the new one. Both files
// keep the room that they have, so that a full disk does not stop it. It lies beside the file
// that promtail's configuration names, with the suffix ".state", because
// promtail's own format has no room for what recognises a rotated file. One
// process writes it, which Lock sees to.
package position

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Places are the saved places of all sources, by the source's key.
type Places map[string][]pipeline.Place

// State is what is saved.
type State struct {
	Sources Places
	Labels  pipeline.LabelValues // that the label limit admitted; may be nil
}

// version is the format's number. A file of a later version is not read.
const version = 1

type document struct {
	Version int                  `json:"version"`
	BootID  string               `json:"boot_id"` // device numbers count within one boot
	Sources Places               `json:"sources"`
	Labels  pipeline.LabelValues `json:"labels,omitempty"`
}

// ErrDamaged is wrapped by Load's error when the file is there and is not what
// Save writes.
var ErrDamaged = errors.New("not a file of positions")

// Store is the file of saved places. It is used by one goroutine.
type Store struct {
	path string
	boot string
	last string // what was written last
	disk disk
}

// disk is what can fail while places are saved.
type disk interface {
	open(path string) (f file, size int64, err error) // as it is, or empty
	exchange(from, to string) error
	syncDir(dir string) error
}

type file interface {
	io.Writer
	Sync() error
	Close() error
}

// Open returns the store for promtail's positions.filename. It touches nothing.
func Open(filename string) *Store {
	return &Store{path: filename + ".state", boot: bootID(), disk: realDisk{}}
}

// Path is where the places are saved.
func (s *Store) Path() string { return s.path }

// Load returns what was saved; no places, if nothing was yet. Device numbers of
// another boot are zeroed.
func (s *Store) Load() (State, error) {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{Sources: Places{}}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read positions: %w; let user %d read the file", err, os.Getuid())
	}
	doc, err := parse(text)
	if err != nil {
		return State{}, fmt.Errorf("read positions %s: %w: %w; move the file away to read all logs from the beginning", s.path, ErrDamaged, err)
	}
	if doc.BootID != s.boot {
		for _, places := range doc.Sources {
			for i := range places {
				places[i].Device = 0
			}
		}
	}
	return State{doc.Sources, doc.Labels}, nil
}

func parse(text []byte) (*document, error) {
	doc := document{Sources: Places{}}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if doc.Version != version {
		return nil, fmt.Errorf("version %d was written by another version of the collector, this one reads %d", doc.Version, version)
	}
	for key, places := range doc.Sources {
		for i := range places {
			if !plausible(&places[i]) {
				return nil, fmt.Errorf("place %d of %q is damaged", i, key)
			}
		}
	}
	doc.Sources = doc.Sources.renamed(unescapeName)
	return &doc, nil
}

// plausible reports whether a place can be worked with: sizes that nobody wrote
// would be memory that nobody has.
func plausible(p *pipeline.Place) bool {
	const most = 1 << 16
	return p.Offset >= 0 && p.Size >= 0 && p.Mark.Repeat >= 0 &&
		p.FingerprintLen >= 0 && p.FingerprintLen <= most && len(p.Before) <= most &&
		slices.IsSortedFunc(p.Times, func(a, b pipeline.ReadTime) int { return cmp.Compare(a.From, b.To) }) &&
		!slices.ContainsFunc(p.Times, func(t pipeline.ReadTime) bool { return t.From < 0 || t.To < t.From })
}

// Save writes the state, unless it is what was written last. When it returns nil
// it is on disk.
func (s *Store) Save(state State) error {
	text, err := json.MarshalIndent(document{version, s.boot, state.Sources.renamed(escapeName), state.Labels}, "", " ")
	if err != nil {
		return fmt.Errorf("encode positions: %w", err)
	}
	if string(text) == s.last {
		return nil
	}
	if err := s.write(text); err != nil {
		return fmt.Errorf("save positions: %w%s", err, remedy(err, s.path))
	}
	s.last = string(text)
	return nil
}

// remedy says what to do about an error that a person can mend.
func remedy(err error, path string) string {
	dir := filepath.Dir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("; create the folder %s for user %d, or set positions.filename", dir, os.Getuid())
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Sprintf("; let user %d write into the folder %s, or set positions.filename", os.Getuid(), dir)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Sprintf("; make room on the disk of %s", dir)
	}
	return ""
}

// write writes the spare file and lets it change names with the other one. Both
// keep their size, filled up with spaces, and grow by more than is needed: on a
// full disk there is room for what is overwritten.
func (s *Store) write(text []byte) error {
	spare := s.path + ".spare"
	f, size, err := s.disk.open(spare)
	if err != nil {
		return err
	}
	if int64(len(text)) > size {
		size = (2*int64(len(text)) + roomStep - 1) / roomStep * roomStep
	}
	_, err = f.Write(append(text, bytes.Repeat([]byte(" "), int(size)-len(text))...))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := s.disk.exchange(spare, s.path); err != nil {
		return err
	}
	return s.disk.syncDir(filepath.Dir(s.path))
}

// roomStep is what the files' sizes are multiples of, in bytes.
const roomStep = 64 << 10

type realDisk struct{}

func (realDisk) open(path string) (f file, size int64, err error) {
	opened, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	info, err := opened.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, opened.Close())
	}
	return opened, info.Size(), nil
}

// exchange renames the one file and gives the other, if it is there, the name of
// the one. A file system that cannot do that removes the other.
func (realDisk) exchange(from, to string) error {
	if info, err := os.Lstat(to); err == nil && info.Mode().IsRegular() {
		if unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_EXCHANGE) == nil {
			return nil
		}
	}
	return os.Rename(from, to)
}

// syncDir makes a rename durable, on file systems that can.
func (realDisk) syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// bootID tells one boot of the machine from another, "" where there is none.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
