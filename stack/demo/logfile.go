package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// logFile is a log that keeps itself bounded: when it has reached maxSize before a write, it becomes PATH.1, PATH.1
// becomes PATH.2 and so on, and of maxFiles generations (PATH itself counts) the oldest is removed. This is what Docker's
// json-file driver does with max-size and max-file.
type logFile struct {
	path     string
	maxSize  int64 // bytes
	maxFiles int
	file     *os.File
	size     int64
}

// openLogFile opens path for appending; the folder must exist.
func openLogFile(path string, maxSize int64, maxFiles int) (*logFile, error) {
	l := &logFile{path: path, maxSize: maxSize, maxFiles: maxFiles}
	if err := l.open(os.O_APPEND); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *logFile) open(how int) error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|how, 0o640)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Write appends p, one or more whole lines, in one write.
func (l *logFile) Write(p []byte) (int, error) {
	if l.size >= l.maxSize {
		if err := l.rotate(); err != nil {
			return 0, fmt.Errorf("rotate %s: %w", l.path, err)
		}
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	return n, err
}

func (l *logFile) rotate() error {
	if err := l.file.Close(); err != nil {
		return err
	}
	for i := l.maxFiles - 1; i > 1; i-- {
		if err := rename(l.generation(i-1), l.generation(i)); err != nil {
			return err
		}
	}
	if err := rename(l.path, l.generation(1)); err != nil {
		return err
	}
	return l.open(os.O_TRUNC)
}

func (l *logFile) generation(i int) string { return fmt.Sprintf("%s.%d", l.path, i) }

// rename does nothing for a generation that is not there yet.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Close closes the present generation.
func (l *logFile) Close() error { return l.file.Close() }
