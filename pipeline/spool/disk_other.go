//go:build !linux

package spool

import "errors"

func (f realFile) datasync() error { return f.Sync() }

func (f realFile) punch(off, n int64) error { return errors.ErrUnsupported }
