package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockName is the name of the lock in the data folder.
const lockName = FileName + ".lock"

// ErrInUse means that another process has the database open.
var ErrInUse = errors.New("another process has the database open; stop that dashboard first")

// Hold keeps Restore away from the database in dir, which is made when it is
// missing, until the file is closed or the process ends, however it ends. Any
// number of processes may hold it. The error wraps ErrInUse during a Restore.
func Hold(dir string) (*os.File, error) { return lock(dir, unix.LOCK_SH) }

// lock takes the lock of the database, shared or alone.
func lock(dir string, how int) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder %s: %w; choose another with -data-dir", dir, err)
	}
	path := filepath.Join(dir, lockName)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w; the folder must be writable for this user", err)
	}
	if err := unix.Flock(int(file.Fd()), how|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrInUse
		}
		return nil, errors.Join(fmt.Errorf("lock the database by %s: %w", path, err), file.Close())
	}
	return file, nil
}
