package faults

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
	"unicode/utf16"
)

// Form is how a writer writes a record.
type Form int

// The forms. OwnTime begins with an RFC 3339 time, ReadTime has none,
// Traceback is OwnTime with several lines, Docker is the json-file driver's,
// CRI containerd's; these two in parts of 16 KiB. Wide is OwnTime in UTF-16, and
// Packed has a member of gzip for each record.
const (
	OwnTime Form = iota
	ReadTime
	Traceback
	Docker
	CRI
	Wide
	Packed
)

// dockerPart is the longest text that Docker writes in one record.
const dockerPart = 16 << 10

// slice is how often a writer writes what is due: often at a high rate.
func slice(rate int) time.Duration {
	return min(max(time.Second/time.Duration(rate), 5*time.Millisecond), 100*time.Millisecond)
}

// Writer appends numbered records to a file, one write for each as Docker does,
// at a rate. Its numbers begin at 0 and have no gap.
type Writer struct {
	Name string
	Path string
	Form Form
	Rate int // records a second, 0: only what Burst writes
	Size int // bytes of a record
	// Shift is added to the records' own times.
	Shift time.Duration

	mu      sync.Mutex // held while it writes
	file    *os.File
	times   []int64 // when each record was written, unix nanoseconds
	buf     []byte
	elapsed time.Duration // of Run
}

// Run writes until ctx is done. A writer that has run may run again: it goes
// on. Rate has to be above 0.
func (w *Writer) Run(ctx context.Context) error {
	if err := w.Reopen(); err != nil {
		return err
	}
	defer w.file.Close()
	tick := time.NewTicker(slice(w.Rate))
	defer tick.Stop()
	began, before := time.Now(), w.Written()
	for {
		select {
		case <-ctx.Done():
			w.elapsed += time.Since(began)
			return nil
		case <-tick.C:
		}
		if err := w.Burst(int(time.Since(began).Seconds()*float64(w.Rate)) + before - w.Written()); err != nil {
			return err
		}
	}
}

// Burst writes n records at once. The file has to be open.
func (w *Writer) Burst(n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.burstLocked(n)
}

func (w *Writer) burstLocked(n int) error {
	for range n {
		if err := w.writeLocked(); err != nil {
			return fmt.Errorf("write record %d of %s: %w", len(w.times), w.Name, err)
		}
	}
	return nil
}

func (w *Writer) writeLocked() error {
	now := time.Now().UTC()
	seq, own := len(w.times), now.Add(w.Shift)
	w.buf = w.buf[:0]
	var err error
	switch w.Form {
	case OwnTime:
		w.buf = append(own.AppendFormat(w.buf, time.RFC3339Nano), ' ')
		w.buf = append(appendRecord(w.buf, w.Name, seq, w.Size), '\n')
	case ReadTime:
		w.buf = append(appendRecord(w.buf, w.Name, seq, w.Size), '\n')
	case Traceback:
		w.buf = append(own.AppendFormat(w.buf, time.RFC3339Nano), ' ')
		w.buf = append(appendTraceback(w.buf, w.Name, seq), '\n')
	case Docker:
		err = w.writeDockerLocked(append(appendRecord(w.buf, w.Name, seq, w.Size), '\n'), own)
		w.buf = w.buf[:0]
	case Wide, Packed:
		line := append(own.AppendFormat(nil, time.RFC3339Nano), ' ')
		line = append(appendRecord(line, w.Name, seq, w.Size), '\n')
		if w.Form == Wide {
			w.buf = appendWide(w.buf, string(line))
		} else {
			w.buf, err = appendPacked(w.buf, line)
		}
	case CRI:
		w.buf = appendCRI(w.buf, appendRecord(nil, w.Name, seq, w.Size), own)
	}
	if len(w.buf) > 0 {
		_, err = w.file.Write(w.buf)
	}
	if err == nil {
		w.times = append(w.times, now.UnixNano())
	}
	return err
}

// writeDockerLocked writes a line as Docker does: cut into parts of one time.
func (w *Writer) writeDockerLocked(line []byte, at time.Time) error {
	for len(line) > 0 {
		n := min(len(line), dockerPart)
		text, err := json.Marshal(string(line[:n]))
		if err != nil {
			return err
		}
		line = line[n:]
		record := fmt.Appendf(nil, `{"log":%s,"stream":"stdout","time":"%s"}`+"\n", text, at.Format(time.RFC3339Nano))
		if _, err := w.file.Write(record); err != nil {
			return err
		}
	}
	return nil
}

// appendWide appends text in little-endian UTF-16.
func appendWide(dst []byte, text string) []byte {
	for _, unit := range utf16.Encode([]rune(text)) {
		dst = binary.LittleEndian.AppendUint16(dst, unit)
	}
	return dst
}

// appendPacked appends text as a member of gzip.
func appendPacked(dst, text []byte) ([]byte, error) {
	packed := bytes.NewBuffer(dst)
	zw := gzip.NewWriter(packed)
	_, err := zw.Write(text)
	err = errors.Join(err, zw.Close())
	return packed.Bytes(), err
}

// appendCRI appends a line as containerd writes it.
func appendCRI(dst, line []byte, at time.Time) []byte {
	for {
		n, flag := len(line), "F"
		if n > dockerPart {
			n, flag = dockerPart, "P"
		}
		dst = fmt.Appendf(dst, "%s stdout %s %s\n", at.Format(time.RFC3339Nano), flag, line[:n])
		if line = line[n:]; len(line) == 0 {
			return dst
		}
	}
}

// Pause calls do while the writer writes nothing. Do may call the given burst.
func (w *Writer) Pause(do func(burst func(n int) error) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return do(w.burstLocked)
}

// Reopen opens the name again, as a program does after its log was renamed.
func (w *Writer) Reopen() error {
	f, err := os.OpenFile(w.Path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", w.Name, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil {
		w.file.Close() // it may be closed
	}
	w.file = f
	return nil
}

// Written is how many records it wrote.
func (w *Writer) Written() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.times)
}

// At is when a record was written.
func (w *Writer) At(seq int) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Unix(0, w.times[seq])
}

// Reached is the rate that the writer kept up. Call it when Run has returned.
func (w *Writer) Reached() float64 {
	if w.elapsed == 0 {
		return 0
	}
	return float64(w.Written()) / w.elapsed.Seconds()
}

// RenameRotate renames path to path.1, path.1 to path.2 and so on, and removes
// what is then above keep. The writer reopens a moment later, as programs do:
// what it writes until then is in path.1.
func (w *Writer) RenameRotate(keep int) error {
	if err := shiftGenerations(w.Path, keep); err != nil {
		return err
	}
	if err := os.Rename(w.Path, w.Path+".1"); err != nil {
		return fmt.Errorf("rotate: %w", err)
	}
	return w.Reopen()
}

// CopyTruncate copies path to path.1, truncates it, and writes grow records at
// once. The writer pauses meanwhile: what falls between copy and truncation is
// in no file, and nobody can find it.
func (w *Writer) CopyTruncate(keep, grow int) error {
	return w.Pause(func(burst func(int) error) error {
		if err := shiftGenerations(w.Path, keep); err != nil {
			return err
		}
		data, err := os.ReadFile(w.Path)
		if err != nil {
			return fmt.Errorf("copy: %w", err)
		}
		if err := os.WriteFile(w.Path+".1", data, 0o644); err != nil {
			return fmt.Errorf("copy: %w", err)
		}
		if err := os.Truncate(w.Path, 0); err != nil {
			return fmt.Errorf("truncate: %w", err)
		}
		return burst(grow)
	})
}

// shiftGenerations makes path.1 free: path.keep is removed, the others move up.
func shiftGenerations(path string, keep int) error {
	name := func(i int) string { return fmt.Sprintf("%s.%d", path, i) }
	if err := os.Remove(name(keep)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("rotate: %w", err)
	}
	for i := keep - 1; i >= 1; i-- {
		if err := os.Rename(name(i), name(i+1)); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("rotate: %w", err)
		}
	}
	return nil
}
