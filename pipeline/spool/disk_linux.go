package spool

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

func (f realFile) datasync() error {
	if err := again(func() error { return unix.Fdatasync(int(f.Fd())) }); err != nil {
		return &fs.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
	}
	return nil
}

func (f realFile) punch(off, n int64) error {
	return again(func() error {
		return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	})
}
