// Package traceback decides which physical lines belong to one log entry: the
// traceback after its record, the goroutines after a panic, the DETAIL after
// PostgreSQL's ERROR.
//
// The rules, from the surest to the boldest:
//   - What a runtime prints when a program fails has a grammar: Python 2.7 to
//     3.13 (chained causes, exception groups, SyntaxErrors, the "--- Logging
//     error ---" block), Go panics, Node, Java, .NET, PHP, Dart and Ruby
//     stacks, PostgreSQL's continuation lines. A line continues the entry when
//     it is the grammar's next.
//   - Behind a record at level warn or above, indented lines and such a
//     failure belong to the record; a Python traceback behind a warning only
//     when the warning speaks of a failure. A failure behind a record at info
//     or below is an entry of its own.
//   - An exception's message may have several lines. Known are those that are
//     indented, follow a colon at the end of the line before, are spelled out
//     in the last source line of the traceback ("first\nsecond"), or are what
//     database drivers add ("DETAIL:", "LINE 1:", "[SQL: …]").
//   - Behind a record at level error or above that begins with a time, all
//     lines without a logger's prefix belong to it, until the next record: 128
//     of them at most, and not one that begins with a pictogram, as prints do.
//
// Everything else is an entry of its own. What cannot be told: a message of
// several lines of a record below error, or of an exception that is printed
// alone, looks like separate prints; a print right behind an error record
// looks like its second line.
package traceback

import "github.com/tovtech/tovplay-logging/pipeline/level"

// The bounds of one entry. A line beyond them opens a new one.
const (
	MaxLines = 10_000
	MaxBytes = 1 << 20
)

// maxLoose is how many lines without any structure may follow an error record.
const maxLoose = 128

// Joiner is the state of one stream of lines: one container's stdout or
// stderr, or one file. The zero value is ready. It holds no clock, allocates
// nothing and keeps no line; it must not be used by two goroutines at once.
//
// After each line that opens an entry the state depends on that line alone, so
// a stream that is read again from the start of any entry is cut in the same
// way.
type Joiner struct {
	state state
	entry entry
	lines int
	bytes int
}

// entry is what is remembered of the open entry.
type entry struct {
	record    bool   // it began with a record at level error or above, with a time
	failure   bool   // it began with a record that is about a failure, by level or words
	logging   bool   // it began with "--- Logging error ---"
	node      bool   // it began as Node's report of an uncaught exception
	announced bool   // the last line ended with a colon
	bracket   bool   // the last line opened a "[SQL: …" and did not close it
	fields    bool   // the exception lists fields by name, as pydantic does
	loose     int    // lines without structure so far
	blanks    int    // blank lines since the last other line
	stack     bool   // the frames are those of a logged stack, which no exception ends
	indent    int    // of the traceback's header
	pid       int    // of a PostgreSQL line
	source    source // of the last frame
}

// Continues reports whether line, the stream's next physical line without its
// newline, belongs to the entry that is open. When it does not, line opens an
// entry. The first line, and the first after Reset, never continues. The line
// is not kept.
func (j *Joiner) Continues(line []byte) bool {
	var buffer [maxView]byte
	v := makeView(line, buffer[:0])
	fits := j.lines < MaxLines && j.bytes+len(line) <= MaxBytes
	if j.state != closed && fits && j.take(&v) {
		j.lines++
		j.bytes += len(line) + 1
		return true
	}
	*j = Joiner{lines: 1, bytes: len(line) + 1}
	j.open(&v)
	return false
}

// MayContinue reports whether some next line could still belong to the open
// entry. When it is false the entry is complete and can be sent at once:
// Continues will be false.
func (j *Joiner) MayContinue() bool { return j.state != closed }

// Reset forgets the open entry. Whoever ends an entry for another reason than
// Continues (a clock, a limit on its size) must call it, so that the next line
// opens an entry.
func (j *Joiner) Reset() { *j = Joiner{} }

// open sets the state by the line that opens an entry.
func (j *Joiner) open(v *view) {
	if v.blank {
		return
	}
	if j.openFailure(v) {
		return
	}
	shape, l := level.ShapeOf(v.line)
	switch {
	case shape == level.Timed && isNginxError(v.text):
		return
	case shape != level.Timed && shape != level.Worded:
		return
	case isPostgres(v.text):
		j.state, j.entry.pid = inPostgres, pid(v.text)
	case l >= level.Error:
		j.state, j.entry.record, j.entry.failure = inRecord, shape == level.Timed, true
	case l == level.Warn, l == level.Unknown && mentionsFailure(v.text):
		j.state, j.entry.failure = inRecord, mentionsFailure(v.text)
	}
	j.entry.announced = v.last == ':'
}
