package quarantine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Read calls do with each entry, the oldest first, until it returns an error.
// It returns how many damaged lines it passed over.
func (f *File) Read(do func(Entry) error) (damaged int, err error) {
	texts, err := f.texts()
	if err != nil {
		return 0, fmt.Errorf("read quarantine %s: %w", f.path, err)
	}
	for _, text := range texts {
		for line := range bytes.Lines(text) {
			e, what := read(line)
			if what == isDamaged {
				damaged++
			}
			if what != isEntry {
				continue
			}
			if err := do(e); err != nil {
				return damaged, err
			}
		}
	}
	return damaged, nil
}

// texts returns what both halves hold at one instant, the older first.
func (f *File) texts() (texts [][]byte, err error) {
	unlock, err := lock(filepath.Dir(f.path), syscall.LOCK_SH)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, path := range f.halves() {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// Rewrite calls edit with each entry, the oldest first, and stores what it made
// of it, or removes the entry if it returns false. Damaged lines stay. Each half
// is replaced as a whole or, after an error or a crash, not at all. Nobody else
// reads or writes meanwhile, so edit must not wait for anything.
func (f *File) Rewrite(edit func(*Entry) (keep bool)) error {
	unlock, err := lock(filepath.Dir(f.path), syscall.LOCK_EX)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("rewrite quarantine %s: %w", f.path, err)
	}
	defer unlock()
	for _, path := range f.halves() {
		if err := f.rewriteHalf(path, edit); err != nil {
			return fmt.Errorf("rewrite quarantine %s: %w", path, err)
		}
	}
	return nil
}

func (f *File) rewriteHalf(path string, edit func(*Entry) bool) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	edited, err := editText(text, edit)
	switch {
	case err != nil:
		return err
	case bytes.Equal(edited, text):
		return nil
	case len(edited) == 0:
		return errors.Join(f.disk.remove(path), f.disk.syncDir(filepath.Dir(path)))
	}
	return f.replace(path, edited)
}

func editText(text []byte, edit func(*Entry) bool) ([]byte, error) {
	edited := make([]byte, 0, len(text))
	for line := range bytes.Lines(text) {
		e, what := read(line)
		if what == isEntry {
			if !edit(&e) {
				continue
			}
			encoded, err := e.JSON()
			if err != nil {
				return nil, err
			}
			line = append(encoded, '\n')
		}
		edited = append(edited, line...)
	}
	return edited, nil
}

// replace puts text in the place of a half, with the same owner: the collector
// may be another user than whoever runs the command.
func (f *File) replace(path string, text []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp := f.path + ".tmp"
	file, err := f.disk.open(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	err = errors.Join(keepOwner(file, info), writeSynced(file, text), file.Close())
	if err == nil {
		err = f.disk.rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, f.disk.remove(tmp))
	}
	return f.disk.syncDir(filepath.Dir(path))
}

func keepOwner(file file, like fs.FileInfo) error {
	owner := like.Sys().(*syscall.Stat_t)
	if int(owner.Uid) == os.Geteuid() {
		return nil
	}
	return file.Chown(int(owner.Uid), int(owner.Gid))
}

// content is what a stored line is.
type content int

const (
	isEntry content = iota
	isEmpty
	isDamaged
)

// read reads a stored line. A crash may have torn the last one.
func read(line []byte) (Entry, content) {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	if len(line) == 0 {
		return Entry{}, isEmpty
	}
	e, err := parse(line)
	if err != nil {
		return Entry{}, isDamaged
	}
	return e, isEntry
}
