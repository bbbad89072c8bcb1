package traceback

import "bytes"

// takePython takes the lines of a Python traceback: the format of the module
// traceback and of the interpreter itself.
func (j *Joiner) takePython(v *view) bool {
	switch j.state {
	case inIntro:
		return j.takeAfterIntro(v)
	case inFrames:
		return j.takeFrame(v)
	case inException:
		return j.takeAfterException(v)
	case inChain:
		return j.takeAfterSentence(v)
	case inQuote:
		return j.takeQuoted(v)
	case inCallStack:
		return j.takeCallStack(v)
	}
	return j.takeArguments(v)
}

// takeAfterIntro waits for the traceback. An exception that has none follows
// at once; asyncio describes the task before it.
func (j *Joiner) takeAfterIntro(v *view) bool {
	switch {
	case isHeader(v), isFrame(v):
		j.startFrames(v)
	case v.startsAny("future: ", "task: ", "handle: ", "protocol: ", "transport: ", "source_traceback: "):
	case isExceptionLine(v):
		j.startException(v)
	default:
		return v.indent > 0 && !v.blank
	}
	return true
}

// takeFrame takes frames, their source, its markers, and the exception that
// ends them: the first line that is indented no more than the header. The
// frames of a logged stack have no exception.
func (j *Joiner) takeFrame(v *view) bool {
	switch {
	case v.blank:
		return j.entry.blanks < 2 // an empty source line
	case j.entry.stack:
		return v.indent > 0
	case v.starts("+-"): // the rules between the members of an exception group, and at its end
		j.state = inException
		return true
	case isChain(v):
		j.state = inChain
		return true
	case v.indent > j.entry.indent || v.indent > 0 && !isExceptionLine(v):
		j.entry.source.add(v)
		return true
	}
	if v.indent == 0 && !isExceptionLine(v) || v.indent == 0 && j.startsOther(v) {
		return false
	}
	j.startException(v)
	return true
}

func (j *Joiner) startException(v *view) {
	j.state = inException
	j.entry.fields = v.contains("validation error") && v.contains(" for ")
}

// takeAfterException takes further lines of the exception's text, what ties it
// to the next exception, and the rest of a logging error.
func (j *Joiner) takeAfterException(v *view) bool {
	switch {
	case v.blank:
		return j.entry.blanks < 3
	case isChain(v):
		j.state = inChain
	case j.entry.logging && v.is("Call stack:"):
		j.state = inCallStack
	case v.starts("Logged from file "): // the end of a logging error in Python 2
		j.state = closed
	case v.is(`"""`) && j.entry.blanks == 0:
		j.state = inQuote
	case isStackHeader(v):
		j.startFrames(v)
	case isHeader(v):
		return j.takeNextHeader(v)
	default:
		return v.indent > 0 && j.entry.blanks == 0 && !isSyntaxErrorFrame(v)
	}
	return true
}

// takeNextHeader decides about a traceback right behind another one: it
// belongs to it when the exception's text announced it.
func (j *Joiner) takeNextHeader(v *view) bool {
	if !j.entry.record && !j.entry.announced && !j.entry.source.announces(v.line) {
		return false
	}
	j.startFrames(v)
	return true
}

// takeAfterSentence waits for the next traceback of the chain, or for an
// exception that has none.
func (j *Joiner) takeAfterSentence(v *view) bool {
	switch {
	case v.blank:
		return j.entry.blanks < 2
	case isHeader(v), isFrame(v):
		j.startFrames(v)
	case isExceptionLine(v) && !j.startsOther(v):
		j.startException(v)
	default:
		return v.indent > 0
	}
	return true
}

// takeQuoted takes the traceback of another process, as multiprocessing and
// concurrent.futures quote it.
func (j *Joiner) takeQuoted(v *view) bool {
	if v.is(`"""`) {
		j.state = inException
		return true
	}
	return v.blank || v.indent > 0 || !j.startsOther(v)
}

// takeCallStack takes the frames that led to a logging error.
func (j *Joiner) takeCallStack(v *view) bool {
	if v.starts("Message: ") {
		j.state = inArguments
		return true
	}
	return v.indent > 0 && !v.blank
}

// takeArguments takes the end of a logging error.
func (j *Joiner) takeArguments(v *view) bool {
	if v.startsAny("Arguments: ", "Unable to print the message and arguments") {
		j.state = closed
		return true
	}
	return v.indent > 0
}

// isStackHeader tells the line before the frames of a record that is logged
// with stack_info.
func isStackHeader(v *view) bool { return v.starts("Stack (most recent call last):") }

// isHeader tells the line before the frames, of exception groups as well.
func isHeader(v *view) bool {
	return v.starts("Traceback (most recent call last):") || v.starts("+ Exception Group Traceback (most recent call last):")
}

// isFrame tells `File "x.py", line 3, in f`, without ", in f" for SyntaxErrors.
func isFrame(v *view) bool { return v.starts(`File "`) && v.contains(`", line `) }

func isSyntaxErrorFrame(v *view) bool { return isFrame(v) && !v.contains(", in ") }

// isIntro tells the lines that Python prints before a traceback that no
// handler took.
func isIntro(v *view) bool {
	return v.indent == 0 && (v.starts("Exception in thread ") && !v.starts(`Exception in thread "`) || // with a quote it is Java's
		v.startsAny("Exception ignored in", "Exception in callback ", "Task exception was never retrieved", "Future exception was never retrieved", "Error in sys.excepthook:"))
}

// isQuotedTraceback tells the exception that stands for one of another process,
// which is quoted behind it. It has no traceback of its own.
func isQuotedTraceback(v *view) bool {
	return v.indent == 0 && v.last == ':' && v.contains("RemoteTraceback:") && isExceptionLine(v)
}

// isWarning tells "/srv/app/views.py:12: DeprecationWarning: …", which the
// source line follows, indented.
func isWarning(v *view) bool {
	where, what, ok := bytes.Cut(v.text, []byte(": "))
	if !ok || v.indent > 0 || bytes.IndexByte(where, ' ') >= 0 {
		return false
	}
	_, ok = cutNumber(where)
	name, _, named := bytes.Cut(what, []byte(":"))
	return ok && named && bytes.HasSuffix(name, []byte("Warning"))
}

// isChain tells the sentences between the exceptions of a chain.
func isChain(v *view) bool {
	return v.is("During handling of the above exception, another exception occurred:") ||
		v.is("The above exception was the direct cause of the following exception:") ||
		v.is("Original exception was:") // behind an "Error in sys.excepthook:"
}

// isExceptionLine tells "package.Name: text" and "package.Name": letters of
// any alphabet, digits, "_", ".", and "<locals>".
func isExceptionLine(v *view) bool {
	end := 0
	for end < len(v.text) && isNameByte(v.text[end]) {
		end++
	}
	if end == 0 || isDigit(v.text[0]) {
		return false
	}
	rest := v.text[end:]
	return len(rest) == 0 || rest[0] == ':' && (len(rest) == 1 || rest[1] == ' ')
}

func isNameByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '_' || c == '.' || c == '<' || c == '>' || c >= 0x80
}

// isDriverNote tells the lines that database drivers and SQLAlchemy add to an
// exception's text.
func isDriverNote(v *view) bool {
	return v.startsAny("DETAIL:  ", "HINT:  ", "CONTEXT:  ", "QUERY:  ", "LINE ", "[SQL: ", "[parameters: ", "(Background on this error at: ")
}

// isFieldPath tells the name of a field by which pydantic groups what is
// wrong: "user.name", "items.0.price", "body -> name".
func isFieldPath(text []byte) bool {
	return bytes.IndexByte(text, ' ') < 0 || bytes.Contains(text, []byte(" -> "))
}

// isPictogram reports whether text begins with a symbol or an emoji, as the
// prints of chatty programs do: U+2190 to U+2BFF and U+1F000 upward.
func isPictogram(text []byte) bool {
	if len(text) < 3 {
		return false
	}
	return text[0] == 0xe2 && text[1] >= 0x86 && text[1] <= 0xaf || text[0] == 0xf0 && text[1] == 0x9f
}

// source is the source line of a traceback's last frame (several lines since
// Python 3.13), cut to its size. Where an exception is raised with its text
// spelled out, the text's further lines are in it, behind "\n".
type source struct {
	text   [256]byte
	length int
}

func (s *source) clear() { s.length = 0 }

// add remembers a source line; a new frame forgets the last one's.
func (s *source) add(v *view) {
	if isFrame(v) {
		s.clear()
		return
	}
	if isMarker(v.text) {
		return
	}
	s.length += copy(s.text[s.length:], v.text)
}

// isMarker tells the markers under a source line (PEP 657).
func isMarker(text []byte) bool {
	return len(bytes.Trim(text, "^~ ")) == 0
}

// announces reports whether line is the text behind one of the "\n" in the
// source, up to the next escape, quote or placeholder.
func (s *source) announces(line []byte) bool {
	rest := s.text[:s.length]
	for {
		newline := bytes.Index(rest, []byte(`\n`))
		if newline < 0 {
			return false
		}
		rest = rest[newline+len(`\n`):]
		end := bytes.IndexAny(rest, "\\\"'%{")
		if end < 0 {
			end = len(rest)
		}
		exact := end < len(rest) && rest[end] == '\\'
		if end == 0 && !exact || !bytes.HasPrefix(line, rest[:end]) {
			continue
		}
		if !exact || len(line) == end {
			return true
		}
	}
}
