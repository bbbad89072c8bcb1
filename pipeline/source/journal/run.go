package journal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// follower runs journalctl, one process after another, and knows where each
// has to go on.
type follower struct {
	s      *Source
	cursor string // of the last entry that was put into the queue

	failures int           // processes in a row that gave no new entry
	jump     time.Duration // how far behind cursor to go on, because nothing nearer can be read
	byTime   bool          // go on from the cursor's time, because the cursor is not understood
}

// tries is how often journalctl may fail behind one entry before the entries
// that follow it are given up.
const tries = 3

// maxJump bounds what is given up at once.
const maxJump = time.Hour

// steady is how long a journalctl that says nothing has to run to count as
// sound.
const steady = 2 * time.Second

// run runs one process to its end and returns how long to wait before the next.
func (f *follower) run(ctx context.Context) time.Duration {
	before := f.cursor
	err := f.follow(ctx)
	if ctx.Err() != nil {
		return 0
	}
	f.s.fail(err)
	if f.cursor != before {
		return f.s.opts.RetryMin
	}
	f.failures++
	f.goRound(err)
	wait := f.s.opts.RetryMax
	if shift := f.failures - 1; shift < 16 {
		wait = min(wait, f.s.opts.RetryMin<<shift)
	}
	return wait
}

// goRound steps over what journalctl fails at again and again.
func (f *follower) goRound(err error) {
	switch {
	case errors.Is(err, errCursor):
		f.byTime = true
	case errors.Is(err, errCorrupt) && f.cursor != "" && f.failures >= tries:
		next := min(max(time.Second, 2*f.jump), maxJump)
		if f.jump+next < f.s.opts.Now().Sub(cursorTime(f.cursor)) {
			f.jump += next
		}
	}
}

// follow runs one process and returns why it ended.
func (f *follower) follow(ctx context.Context) error {
	args, err := f.args()
	if err != nil {
		return err
	}
	command := append(append([]string(nil), f.s.opts.Command...), args...)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "SYSTEMD_COLORS=0", "SYSTEMD_LOG_TARGET=console", "SYSTEMD_LOG_LEVEL=info")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	said := &complaints{publish: f.s.fail}
	cmd.Stderr = said
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run %s: %w", command[0], err)
	}
	if err := cmd.Start(); err != nil {
		return f.s.notStarted(command[0], err)
	}
	sound := time.AfterFunc(steady, said.sound)
	defer sound.Stop()
	readErr := f.readAll(ctx, stdout, said)
	if readErr != nil {
		cmd.Cancel()
	}
	waitErr := cmd.Wait()
	return f.s.ended(said.end(), errors.Join(readErr, waitErr))
}

// args are journalctl's arguments. Since version 250 --follow shows the current
// boot alone; what switches that off is --merge in some versions and --boot=all
// behind it in others, and both are harmless in the rest. --cursor is used and
// not --after-cursor, which leaves out one entry unseen even if the cursor's own
// entry is gone. --all keeps fields above 4 KiB.
func (f *follower) args() ([]string, error) {
	args := []string{"--output=json", "--all", "--no-pager", "--follow", "--no-tail", "--merge", "--boot=all"}
	opts := &f.s.opts
	if opts.Path != "" {
		args = append(args, "--directory="+opts.Path)
	}
	switch {
	case f.cursor == "":
		args = append(args, since(opts.Now().Add(-opts.MaxAge)))
	case f.byTime:
		args = append(args, since(f.s.lastTime(f.cursor)))
	case f.jump > 0:
		args = append(args, since(cursorTime(f.cursor).Add(f.jump)))
	default:
		args = append(args, "--cursor="+f.cursor)
	}
	terms, err := matches(opts.Matches, opts.Path == "")
	if err != nil {
		return nil, err
	}
	return append(args, terms...), nil
}

// since is journalctl's argument for a time.
func since(t time.Time) string {
	us := max(0, t.UnixMicro())
	return fmt.Sprintf("--since=@%d.%06d", us/1e6, us%1e6)
}

// lastTime is where to go on when journalctl does not understand the cursor:
// its own time, or the oldest that a first start takes.
func (s *Source) lastTime(cursor string) time.Time {
	oldest := s.opts.Now().Add(-s.opts.MaxAge)
	if t := cursorTime(cursor); t.After(oldest) {
		return t
	}
	return oldest
}

// cursorTime is the time of a cursor's entry, 1970 if it has none.
func cursorTime(cursor string) time.Time {
	var us int64
	for _, part := range strings.Split(cursor, ";") {
		if hex, ok := strings.CutPrefix(part, "t="); ok {
			fmt.Sscanf(hex, "%x", &us)
		}
	}
	return time.UnixMicro(us)
}

// matches are journalctl's arguments for promtail's matches. Of the system's
// journal only this machine's entries are taken, as journalctl does by itself
// without --merge.
func matches(text string, own bool) ([]string, error) {
	var machine []string
	if id, err := os.ReadFile("/etc/machine-id"); own && err == nil && len(bytes.TrimSpace(id)) > 0 {
		machine = []string{"_MACHINE_ID=" + string(bytes.TrimSpace(id))}
	}
	args := append([]string{"--"}, machine...)
	for _, term := range strings.Fields(text) {
		name, _, ok := strings.Cut(term, "=")
		if term != "+" && (!ok || name == "") {
			return nil, fmt.Errorf("journal matches %q: %q is not FIELD=value", text, term)
		}
		args = append(args, term)
		if term == "+" {
			args = append(args, machine...)
		}
	}
	return args, nil
}

// readAll puts every entry of stdout into the queue. The first may be the one
// that the cursor names, which was read before.
func (f *follower) readAll(ctx context.Context, stdout io.Reader, said *complaints) error {
	r := bufio.NewReaderSize(stdout, 64<<10)
	first := true
	var entry []byte
	for {
		var err error
		entry, err = readEntry(r, entry[:0])
		if errors.Is(err, errTooLong) {
			f.s.opts.Skipped(skippedTooLong)
			continue
		}
		if err != nil {
			return nil // the end of the process says more
		}
		if entry[0] != '{' { // "-- Boot … --"
			continue
		}
		if first {
			first = false
			said.sound()
			if f.isLast(entry) {
				continue
			}
		}
		if err := f.s.queue.put(ctx, entry); err != nil {
			return err
		}
		f.note(entry)
	}
}

// isLast reports whether entry is the one that the cursor names.
func (f *follower) isLast(entry []byte) bool {
	cursor, _ := jsonscan.Get(entry, "__CURSOR")
	return f.cursor != "" && string(cursor) == f.cursor
}

// note remembers a new entry as the last one.
func (f *follower) note(entry []byte) {
	if cursor, kind := jsonscan.Get(entry, "__CURSOR"); kind == jsonscan.String {
		f.cursor = string(cursor)
	}
	if f.jump > 0 {
		f.s.opts.Skipped(skippedCorrupt)
	}
	f.failures, f.jump, f.byTime = 0, 0, false
}

var errTooLong = errors.New("longer than an entry may be")

// readEntry appends the next line to dst, with its newline. It reads over one
// that is longer than maxEntry. A last line without a newline is none: the
// process was killed while it wrote.
func readEntry(r *bufio.Reader, dst []byte) ([]byte, error) {
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(dst)+len(part) > maxEntry; !long {
			dst = append(dst, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return dst, err
		case long:
			return dst, errTooLong
		default:
			return dst, nil
		}
	}
}
