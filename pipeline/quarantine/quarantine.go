// Package quarantine keeps the entries that Loki refused for good, in a bounded
// file for each client, until a person reads them and sends them again.
//
// The file is JSON, one entry a line, in two halves: the current one, and an
// older one with the suffix ".1". When the current half is full it becomes the
// older one, and what was in that is given up and counted. Nothing is on disk
// before the first entry.
//
// A running collector and the command may use one file at the same time: each
// operation locks the folder (flock) and opens the file anew.
package quarantine

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// DefaultMaxBytes bounds a file unless Options say otherwise.
const DefaultMaxBytes = 64 << 20

// Options configure a File.
type Options struct {
	// MaxBytes bounds both halves together, 0 for DefaultMaxBytes. One Add that
	// is larger than a half has a half to itself.
	MaxBytes int64
	// GaveUp is told when the older half had to make room, once for each half
	// with what was in it; nil for nobody.
	GaveUp func(entries int, bytes int64)
}

// File is the quarantine of one client. It is safe for concurrent use, also by
// several processes.
type File struct {
	path string
	opts Options
	disk disk

	mu     sync.Mutex
	gaveUp size
	counts map[string]count // of each half, as last seen
}

// size is how much entries are.
type size struct {
	entries int
	bytes   int64
}

// count is the size of a file that has not changed since.
type count struct {
	info fs.FileInfo
	size size
}

// Stats are figures for metrics.
type Stats struct {
	Entries int   // stored now, damaged lines included
	Bytes   int64 // stored now
	// What this File gave up since Open.
	GaveUpEntries int
	GaveUpBytes   int64
}

// Dir is the folder of all quarantine files beside promtail's
// positions.filename.
func Dir(positions string) string { return positions + ".quarantine" }

// Path is the file of a client in the folder that Dir returns. Different names
// have different files, whatever they are made of.
func Path(positions, client string) string {
	const longest = 200 // a file's name may have 255 bytes
	name := url.PathEscape(client)
	if len(name) > longest {
		name = fmt.Sprintf("%s~%x", name[:longest/2], sha256.Sum256([]byte(client)))
	}
	return filepath.Join(Dir(positions), name+".jsonl")
}

// Open returns the file at path. It touches nothing.
func Open(path string, opts Options) *File {
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	return &File{path: path, opts: opts, disk: realDisk{}, counts: map[string]count{}}
}

// Path is where the current half is.
func (f *File) Path() string { return f.path }

func (f *File) older() string { return f.path + ".1" }

// halves are both files, the older first.
func (f *File) halves() []string { return []string{f.older(), f.path} }

// Add appends entries. They are on disk when it returns nil. After an error
// none of them is stored, as far as the disk let them be taken back.
func (f *File) Add(entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var text []byte
	for i := range entries {
		line, err := entries[i].JSON()
		if err != nil {
			return fmt.Errorf("quarantine an entry of %s: %w", entries[i].Stream, err)
		}
		text = append(append(text, line...), '\n')
	}
	lost, err := f.add(text)
	f.noteGaveUp(lost)
	if err != nil {
		return fmt.Errorf("quarantine %d entries in %s: %w", len(entries), f.path, err)
	}
	return nil
}

// add returns what it gave up to make room.
func (f *File) add(text []byte) (lost size, err error) {
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return size{}, err
	}
	unlock, err := lock(dir, syscall.LOCK_EX)
	if err != nil {
		return size{}, err
	}
	defer unlock()
	info, err := os.Stat(f.path)
	if err == nil && info.Size() > 0 && info.Size()+int64(len(text)) > f.opts.MaxBytes/2 {
		lost = measure(f.older())
		if err := f.disk.rename(f.path, f.older()); err != nil {
			return size{}, err
		}
	}
	return lost, f.append(text)
}

// append writes text behind what the current half has. A line that a crash has
// torn gets its end first, so that it damages no other.
func (f *File) append(text []byte) error {
	file, err := f.disk.open(f.path, os.O_RDWR|os.O_CREATE|os.O_APPEND)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	if torn(file, info.Size()) {
		text = append([]byte{'\n'}, text...)
	}
	if err := writeSynced(file, text); err != nil {
		return errors.Join(err, file.Truncate(info.Size()), file.Close())
	}
	if err := file.Close(); err != nil || info.Size() > 0 {
		return err
	}
	dir := filepath.Dir(f.path)
	return errors.Join(f.disk.syncDir(dir), f.disk.syncDir(filepath.Dir(dir)))
}

// torn reports whether a file of n bytes ends within a line.
func torn(file file, n int64) bool {
	var last [1]byte
	if n == 0 {
		return false
	}
	_, err := file.ReadAt(last[:], n-1)
	return err == nil && last[0] != '\n'
}

func writeSynced(file file, text []byte) error {
	if _, err := file.Write(text); err != nil {
		return err
	}
	return file.Sync()
}

func (f *File) noteGaveUp(lost size) {
	if lost.bytes == 0 {
		return
	}
	f.mu.Lock()
	f.gaveUp.entries += lost.entries
	f.gaveUp.bytes += lost.bytes
	f.mu.Unlock()
	if f.opts.GaveUp != nil {
		f.opts.GaveUp(lost.entries, lost.bytes)
	}
}

// Stats returns how much is stored and what was given up. A half is read only
// when it has changed since the last time.
func (f *File) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := Stats{GaveUpEntries: f.gaveUp.entries, GaveUpBytes: f.gaveUp.bytes}
	for _, path := range f.halves() {
		now := f.sizeLocked(path)
		s.Entries += now.entries
		s.Bytes += now.bytes
	}
	return s
}

func (f *File) sizeLocked(path string) size {
	info, err := os.Stat(path)
	if err != nil {
		return size{}
	}
	last, ok := f.counts[path]
	if ok && os.SameFile(last.info, info) && last.info.Size() == info.Size() && last.info.ModTime().Equal(info.ModTime()) {
		return last.size
	}
	f.counts[path] = count{info, measure(path)}
	return f.counts[path].size
}

// measure is the size of what a file holds, zero if there is none.
func measure(path string) size {
	text, err := os.ReadFile(path)
	if err != nil {
		return size{}
	}
	return size{bytes.Count(text, []byte{'\n'}), int64(len(text))}
}
