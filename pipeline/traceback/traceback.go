// Package traceback decides which physical lines belong to one log entry:
// the traceback after its record, the goroutines after a panic, the DETAIL
// after PostgreSQL's ERROR.
package traceback

// Joiner is the state of one stream of lines: one container's stdout or
// stderr, or one file. The zero value is ready. It holds no clock, allocates
// nothing and keeps no line; it must not be used by two goroutines at once.
type Joiner struct{}

// Continues reports whether line, the stream's next physical line without its
// newline, belongs to the entry that is open. When it does not, line opens an
// entry. The first line after Reset never continues. The line is not kept.
func (j *Joiner) Continues(line []byte) bool { return false }

// MayContinue reports whether some next line could still belong to the open
// entry. When it is false the entry is complete and can be sent at once.
func (j *Joiner) MayContinue() bool { return false }

// Reset forgets the open entry.
func (j *Joiner) Reset() {}
