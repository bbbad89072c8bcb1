package position

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Lock keeps other collectors from the same positions until unlock is called or
// the process ends. Its error is that another one has them. Where a lock cannot
// be had for another reason, such as a full disk or a file system without locks,
// there is none.
func (s *Store) Lock() (unlock func() error, err error) {
	f, err := os.OpenFile(s.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return func() error { return nil }, nil
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, errors.Join(fmt.Errorf("lock positions %s: another collector uses them; stop it, or give this one a positions.filename of its own", s.path), f.Close())
	}
	return f.Close, nil
}
