package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"os/user"
	"slices"
	"strings"
	"sync"
)

var (
	errCursor  = errors.New("journalctl does not understand the saved cursor; reading goes on from its time")
	errCorrupt = errors.New("journalctl cannot read an entry; it is tried again, then stepped over")
)

// complaints are the last lines that a journalctl wrote to stderr. It is an
// io.Writer for exec.Cmd.
//
// What is wrong is published when it is known to last: an end is explained by
// the one who waits for it, so that a journalctl that fails again and again
// shows one error and not a flicker of several.
type complaints struct {
	publish func(error)

	mu      sync.Mutex
	partial []byte
	last    []string
	state   complaintState
}

type complaintState uint8

const (
	starting complaintState = iota
	running                 // it reads
	ended
)

// What is kept of stderr.
const (
	complaintLines = 8
	complaintLen   = 1024
)

// Write implements io.Writer.
func (c *complaints) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.partial = append(c.partial, p...)
	for {
		line, rest, ok := bytes.Cut(c.partial, []byte{'\n'})
		if !ok {
			break
		}
		c.addLocked(string(bytes.TrimSpace(line)))
		c.partial = append(c.partial[:0], rest...)
	}
	if len(c.partial) > complaintLen {
		c.partial = c.partial[:complaintLen]
	}
	return len(p), nil
}

func (c *complaints) addLocked(line string) {
	if line == "" {
		return
	}
	if len(line) > complaintLen {
		line = line[:complaintLen]
	}
	c.last = append(c.last, line)
	if len(c.last) > complaintLines {
		c.last = append(c.last[:0], c.last[1:]...)
	}
	if c.state == running {
		c.publishLocked()
	}
}

// sound notes that journalctl reads, or has run for a while.
func (c *complaints) sound() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == starting {
		c.state = running
		c.publishLocked()
	}
}

func (c *complaints) publishLocked() {
	if len(c.last) == 0 {
		c.publish(nil)
		return
	}
	c.publish(fmt.Errorf("journalctl does not read everything: %s", c.last[len(c.last)-1]))
}

// end returns all that is kept, in one line. Nothing is published any more.
func (c *complaints) end() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = ended
	return strings.Join(c.last, "; ")
}

// notStarted says why journalctl could not be started.
func (s *Source) notStarted(command string, err error) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the journal: %s is not installed; install it (it is part of the package systemd), or take the journal out of the configuration", command)
	}
	return fmt.Errorf("read the journal: %w", err)
}

// ended says why journalctl ended, as far as what it said tells.
func (s *Source) ended(said string, err error) error {
	has := func(any ...string) bool {
		return slices.ContainsFunc(any, func(words string) bool { return strings.Contains(said, words) })
	}
	var exit *exec.ExitError
	switch {
	case has("insufficient permissions", "Permission denied"):
		return fmt.Errorf("read the journal%s: not permitted; run `sudo usermod -aG systemd-journal %s` and start the collector again", s.where(), s.user())
	case has("Failed to seek to cursor"):
		return errCursor
	case has("No such file or directory"):
		return fmt.Errorf("read the journal%s: there is no such folder", s.where())
	case has("Failed to add match"):
		return fmt.Errorf("read the journal: matches %q: journalctl says %q", s.opts.Matches, said)
	case errors.As(err, &exit) && exit.Exited() && has("Bad message", "Invalid field", "Cannot assign requested address"):
		return fmt.Errorf("%w: it says %q", errCorrupt, said)
	case said != "":
		return fmt.Errorf("read the journal%s: journalctl ended and said %q; it is started again", s.where(), said)
	case err != nil:
		return fmt.Errorf("read the journal%s: journalctl ended: %w; it is started again", s.where(), err)
	}
	return fmt.Errorf("read the journal%s: journalctl ended; it is started again", s.where())
}

// where names the journal's folder, unless it is the system's.
func (s *Source) where() string {
	if s.opts.Path == "" {
		return ""
	}
	return " " + s.opts.Path
}

// user is whom a remedy has to name.
func (s *Source) user() string {
	if s.opts.User != "" {
		return s.opts.User
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "USER"
}
