package traceback

import "github.com/tovtech/tovplay-logging/pipeline/level"

// state is where in an entry the last line was.
type state uint8

const (
	closed state = iota // nothing can follow

	inRecord   // a logger's record that a failure may follow
	inPostgres // a PostgreSQL message

	inIntro     // "Exception in thread x:": a traceback is to come
	inFrames    // a Python traceback, before its exception
	inException // behind the exception of a Python traceback
	inChain     // behind "During handling of the above exception, …"
	inQuote     // between the """ of an exception that came from another process
	inCallStack // behind "Call stack:" of a logging error
	inArguments // behind its "Message:"

	inPanic      // Go: "panic: …", before the first goroutine
	inGoroutines // Go: the goroutines

	inNodeSource  // Node: the source line and its caret
	inNodeMessage // Node: the exception's text
	inNodeEnd     // Node: only its version is to come
	inHead        // an exception's name and text, before its frames
	inStack       // frames as Java, Node and .NET print them
)

// openFailure sets the state by a line with which a runtime begins to print
// what went wrong.
func (j *Joiner) openFailure(v *view) bool {
	switch c := v.text[0]; {
	case c == '{' || isDigit(c): // most lines: a record
		return false
	case isHeader(v), isStackHeader(v), isFrame(v) && v.indent > 0:
		j.startFrames(v)
	case v.starts("--- Logging error ---"):
		j.state, j.entry.logging = inIntro, true
	case isIntro(v):
		j.state = inIntro
	case isQuotedTraceback(v):
		j.startException(v)
	case isGoPanic(v):
		j.state = inPanic
	case isGoroutine(v):
		j.state = inGoroutines
	case isNodeLocation(v):
		j.state, j.entry.node = inNodeSource, true
	case isHead(v), isWarning(v):
		j.state = inHead
	default:
		return false
	}
	j.entry.announced = v.last == ':'
	return true
}

// startFrames begins a Python traceback, or goes on with one.
func (j *Joiner) startFrames(v *view) {
	j.state, j.entry.indent, j.entry.stack = inFrames, v.indent, isStackHeader(v)
	j.entry.source.clear()
}

// take reports whether v continues the entry, and moves the state on if so.
func (j *Joiner) take(v *view) bool {
	if !j.takeStructured(v) && !j.takeMessage(v) && !j.takeLoose(v) {
		return false
	}
	j.entry.announced = v.last == ':'
	if v.blank {
		j.entry.blanks++
	} else {
		j.entry.blanks = 0
	}
	return true
}

// takeStructured takes the lines that the state's grammar foresees.
func (j *Joiner) takeStructured(v *view) bool {
	switch j.state {
	case inRecord:
		return j.takeAfterRecord(v)
	case inPostgres:
		return v.tab || isPostgresNote(v.text) && pid(v.text) == j.entry.pid
	case inIntro, inFrames, inException, inChain, inQuote, inCallStack, inArguments:
		return j.takePython(v)
	case inPanic, inGoroutines:
		return j.takeGo(v)
	case inNodeSource, inNodeMessage, inNodeEnd:
		return j.takeNode(v)
	}
	return j.takeStack(v)
}

// takeAfterRecord takes the failure that follows a record, and indented lines.
// Loggers write stacks of Java and Go, never print them alone; a Python
// traceback may come from somebody else, so it needs a record that is about a
// failure.
func (j *Joiner) takeAfterRecord(v *view) bool {
	switch {
	case isStackHeader(v):
		j.startFrames(v)
		return true
	case isHeader(v), isFrame(v):
		if !j.entry.failure && !j.entry.announced {
			return false
		}
		j.startFrames(v)
		return true
	case isGoroutine(v):
		j.state = inGoroutines
		return true
	case isStackFrame(v):
		j.state = inStack
		return true
	case v.blank:
		return false
	case v.indent > 0:
		return j.entry.blanks == 0
	case isDottedHead(v), v.starts("Caused by: "):
		j.state = inHead
		return true
	}
	return v.is("NoneType: None") // Python: logged as an exception where there was none
}

// takeMessage takes the further lines of a message or of an exception's text
// that give themselves away. Nothing but the grammar continues the states that
// have one for each of their lines.
func (j *Joiner) takeMessage(v *view) bool {
	if j.state != inRecord && j.state != inException && j.state != inHead {
		return false
	}
	switch {
	case j.entry.source.announces(v.line):
	case v.blank || j.startsOther(v):
		return false
	case j.entry.bracket:
		j.entry.bracket = v.last != ']'
	case isDriverNote(v):
		j.entry.bracket = v.starts("[SQL: ") && v.last != ']'
	case j.entry.announced && j.entry.blanks == 0:
	case j.entry.fields && isFieldPath(v.text):
	default:
		return false
	}
	j.entry.loose++
	return j.entry.loose <= maxLoose
}

// takeLoose takes, behind an error record, whatever does not begin something
// else.
func (j *Joiner) takeLoose(v *view) bool {
	if !j.entry.record || j.entry.loose >= maxLoose {
		return false
	}
	if j.state != inRecord && j.state != inException && j.state != inFrames && j.state != inHead && j.state != inStack {
		return false
	}
	if !v.blank && j.startsOther(v) {
		return false
	}
	if j.entry.loose == 0 && isPictogram(v.text) {
		return false
	}
	j.entry.loose++
	if isHeader(v) {
		j.startFrames(v)
	}
	return true
}

// startsOther reports whether v begins a record, or a failure of its own.
func (j *Joiner) startsOther(v *view) bool {
	if v.starts("--- Logging error ---") || isIntro(v) || isGoPanic(v) || isNodeLocation(v) {
		return true
	}
	shape, _ := level.ShapeOf(v.line)
	return shape != level.Loose
}
