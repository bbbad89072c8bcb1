package index

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// LockName is the name of the lock in the data folder.
const LockName = "index.lock"

// ErrLocked means that another process indexes.
var ErrLocked = errors.New("another process indexes; stop that dashboard first")

// Lock keeps other processes of this data folder from indexing until the file is
// closed or the process ends, however it ends. The error wraps ErrLocked when
// another one has it.
func Lock(dir string) (*os.File, error) {
	path := filepath.Join(dir, LockName)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the index: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, errors.Join(fmt.Errorf("lock the index by %s: %w", path, err), file.Close())
	}
	return file, nil
}
