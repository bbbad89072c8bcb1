package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// disk is what is needed of the file system, a seam for tests. Its errors are
// those of package os.
type disk interface {
	Stat(path string) (os.FileInfo, error)
	// Open opens a file for reading and does not wait for the writer of a fifo.
	Open(path string) (handle, error)
	ReadDir(path string) ([]os.DirEntry, error)
	// Resolve follows symbolic links.
	Resolve(path string) (string, error)
}

// handle is an open file.
type handle interface {
	io.ReaderAt
	io.Closer
	Stat() (os.FileInfo, error)
	// NextData returns the first byte at or behind offset that is in no hole of
	// the file, or ENXIO if there is none.
	NextData(offset int64) (int64, error)
}

// realDisk is the operating system's.
type realDisk struct{}

func (realDisk) Stat(path string) (os.FileInfo, error) { return os.Stat(path) }

func (realDisk) Open(path string) (handle, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, withRemedy(err)
	}
	return realFile{f}, nil
}

func (realDisk) ReadDir(path string) ([]os.DirEntry, error) {
	entries, err := os.ReadDir(path)
	return entries, withRemedy(err)
}

func (realDisk) Resolve(path string) (string, error) { return filepath.EvalSymlinks(path) }

type realFile struct{ *os.File }

func (f realFile) NextData(offset int64) (int64, error) {
	const seekData = 3 // lseek(2), SEEK_DATA
	return f.Seek(offset, seekData)
}

// isOutOfHandles reports whether a file could not be opened because the process
// or the system has too many open files.
func isOutOfHandles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

func withRemedy(err error) error {
	switch {
	case errors.Is(err, syscall.EMFILE):
		return fmt.Errorf("%w; raise LimitNOFILE of the service (ulimit -n)", err)
	case errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("%w; raise the system's fs.file-max", err)
	}
	return err
}

// fileID tells the files of one moment apart.
type fileID struct{ device, inode uint64 }

func idOf(info os.FileInfo) fileID {
	s := info.Sys().(*syscall.Stat_t)
	return fileID{uint64(s.Dev), s.Ino}
}

// isUnlinked reports whether an open file has no name any more.
func isUnlinked(info os.FileInfo) bool { return info.Sys().(*syscall.Stat_t).Nlink == 0 }

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
