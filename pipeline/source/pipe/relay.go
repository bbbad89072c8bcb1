package pipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/nxadm/tail"
)

var (
	errGone     = errors.New("the path is gone")
	errReplaced = errors.New("another pipe has the path")
)

// follow opens the pipe and queues its lines until ctx is done, the path leads
// elsewhere, or something fails.
func (s *Source) follow(ctx context.Context) error {
	in, err := open(s.path)
	if err != nil {
		return err
	}
	defer in.Close()
	lines, w, err := startTail()
	if err != nil {
		return fmt.Errorf("read %s: %w", s.path, err)
	}
	s.fail(nil)

	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var relayErr error
	wg.Go(func() { relayErr = s.relay(ctx, in, w) })
	for line := range lines.Lines { // until the relay closes w
		s.queue.put(ctx, line.Text)
	}
	cancel()
	wg.Wait()
	if err := lines.Wait(); err != nil {
		return fmt.Errorf("read %s: %w", s.path, err)
	}
	return relayErr
}

// startTail returns a tail of what is written to w; closing w ends it.
func startTail() (lines *tail.Tail, w *os.File, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	lines, err = tail.TailFile("/proc/self/fd/"+strconv.Itoa(int(r.Fd())), tail.Config{
		Pipe: true, MustExist: true, Logger: tail.DiscardingLogger,
	})
	if err != nil {
		w.Close()
		return nil, nil, err
	}
	return lines, w, nil
}

// open opens a pipe or device such that neither it nor a read waits where it
// cannot be called back. A pipe is opened for writing too if that is permitted:
// then it does not end with its last writer.
func open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, notOpened(path, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	switch {
	case info.Mode()&fs.ModeNamedPipe != 0:
		if both, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
			f.Close()
			return both, nil
		}
	case info.Mode()&fs.ModeCharDevice == 0:
		f.Close()
		return nil, fmt.Errorf("open %s: it is no named pipe and no character device but %s", path, info.Mode().Type())
	}
	return f, nil
}

func notOpened(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errGone
	}
	if !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("open the pipe %s: %w", path, err)
	}
	name := "USER"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return fmt.Errorf("open the pipe %s: %w; `sudo setfacl -m u:%s:r %s` permits it", path, fs.ErrPermission, name, path)
}

// relayLen is how much is read at once.
const relayLen = 16 << 10

// relay copies what comes to w and closes it at the end. A line that reaches
// the limit is cut by a newline.
func (s *Source) relay(ctx context.Context, in, w *os.File) error {
	defer w.Close()
	buf := make([]byte, relayLen)
	var out []byte
	column := 0
	for ctx.Err() == nil {
		n, err := s.read(ctx, in, buf)
		if err != nil {
			return err
		}
		out, column = appendBounded(out[:0], buf[:n], column, s.opts.MaxLine)
		if _, err := w.Write(out); err != nil && ctx.Err() == nil {
			return fmt.Errorf("hand on %s: %w", s.path, err)
		}
	}
	return ctx.Err()
}

// read reads what there is. It returns 0 bytes after a while without any.
func (s *Source) read(ctx context.Context, in *os.File, buf []byte) (int, error) {
	// What has no deadlines does not wait either, it was opened so.
	in.SetReadDeadline(time.Now().Add(s.opts.Poll))
	n, err := in.Read(buf)
	switch {
	case n > 0:
		return n, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EPIPE):
		// Nobody writes; EPIPE: the kernel's log has overwritten what was next.
		timer := time.NewTimer(s.opts.Poll)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	default:
		return 0, fmt.Errorf("read %s: %w", s.path, err)
	}
	err = s.check(in)
	if err == nil {
		return 0, nil
	}
	// The wait may have been over before what is in the pipe came.
	if n := readNow(in, buf); n > 0 {
		return n, nil
	}
	return 0, err
}

// readNow reads what is there without waiting, whatever the deadline; 0 if nothing
// is.
func readNow(in *os.File, buf []byte) int {
	in.SetReadDeadline(time.Time{})
	raw, err := in.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	raw.Read(func(fd uintptr) bool {
		n, _ = syscall.Read(int(fd), buf) // -1 with an error: nothing is there
		return true
	})
	return max(n, 0)
}

// check reports whether the path leads to what is open.
func (s *Source) check(in *os.File) error {
	named, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return errGone
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", s.path, err)
	}
	if opened, err := in.Stat(); err != nil || !os.SameFile(named, opened) {
		return errReplaced
	}
	return nil
}

// appendBounded appends data to dst with a newline wherever a line reaches most
// bytes. Column is the length of the line that data goes on with; it returns the
// new one.
func appendBounded(dst, data []byte, column, most int) ([]byte, int) {
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n')
		rest := n
		if n < 0 {
			rest = len(data)
		}
		switch {
		case column+rest > most:
			n = most - column
			dst = append(append(dst, data[:n]...), '\n')
			column, data = 0, data[n:]
		case n < 0:
			return append(dst, data...), column + rest
		default:
			dst = append(dst, data[:n+1]...)
			column, data = 0, data[n+1:]
		}
	}
	return dst, column
}
