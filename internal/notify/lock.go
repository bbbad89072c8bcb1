package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockName is the name of the lock in the data folder.
const lockName = "notify.lock"

// waitForLock returns the lock when no other process has it.
func (n *Notifier) waitForLock(ctx context.Context) (*os.File, error) {
	for {
		file, err := lock(n.Dir)
		n.fault("sending notifications from this process", err)
		if err == nil {
			return file, nil
		}
		if err := pause(ctx, lockEvery, nil); err != nil {
			return nil, err
		}
	}
}

// lock keeps other processes from sending until the file is closed or the
// process ends, however it ends.
func lock(dir string) (*os.File, error) {
	path := filepath.Join(dir, lockName)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock notifications: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errors.New("another process does it")
		}
		return nil, errors.Join(fmt.Errorf("lock notifications by %s: %w", path, err), file.Close())
	}
	return file, nil
}
