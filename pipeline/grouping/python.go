package grouping

import (
	"bytes"

	"github.com/tovtech/tovplay-logging/pipeline/level"
)

const (
	pythonHeader  = "Traceback (most recent call last):"
	loggingError  = "--- Logging error ---"
	causeHint     = "The above exception was the direct cause of the following exception:"
	contextHint   = "During handling of the above exception, another exception occurred:"
	previousLine  = "[Previous line repeated "
	pythonFrame   = `File "`
	quotedOutside = `"""` // around the traceback of another process
)

// python parses the tracebacks of Python 2 and 3: chains, exception groups,
// SyntaxErrors, in a text that may have a record before them.
type python struct {
	s     *stack
	lines lines

	indent   int  // of the header, blanks before all of its lines
	depth    int  // of the line, in exception groups
	gutter   bool // the line has the bars of an exception group
	state    pyState
	relation Relation // of the next exception to the last one
	chained  bool     // a hint said so: the next header belongs to this chain
	at       int      // where the line begins behind bars and indentation
	from     int      // where the message of the open exception begins
	to       int      // and where it ends so far
	call     bool     // inside the "Call stack:" of a logging error
	location []byte   // the file of a SyntaxError
}

type pyState uint8

const (
	pyOutside  pyState = iota
	pyFrames           // behind a header
	pyMessage          // in the message of the exception
	pyExpected         // an exception or a header comes: behind a hint, at the start of a group's member
	pyDone
)

// parsePython parses the first traceback of text, or a later one when the first
// is only quoted by the record's message. Start is where it begins.
func parsePython(text []byte, s *stack) (start int, ok bool) {
	start = pythonStart(text, 0)
	if start < 0 {
		return 0, false
	}
	next := runPython(text, start, s)
	const maxQuoted = 16 // tracebacks inside a message

	for range maxQuoted {
		if next < 0 || len(s.exceptions) == 0 {
			break
		}
		var other stack
		after := runPython(text, next, &other)
		if isQuotedBefore(text[:next], &other) {
			*s = other
			return lineStart(text, next), true
		}
		next = after
	}
	return lineStart(text, start), len(s.exceptions) > 0
}

// isQuotedBefore reports whether the record's text ends with the message of the
// exception: what looked like a traceback there was a part of it.
func isQuotedBefore(record []byte, s *stack) bool {
	if len(s.exceptions) == 0 {
		return false
	}
	value := trimSpace(s.exceptions[0].Value)
	return len(value) > 0 && bytes.HasSuffix(trimSpace(record), value)
}

// pythonStart returns where the first header is from offset from on: else, for
// a traceback that lacks it, the first frame; -1 if there is none.
func pythonStart(text []byte, from int) int {
	if i := bytes.Index(text[from:], []byte(pythonHeader)); i >= 0 {
		return from + i
	}
	if from > 0 {
		return -1
	}
	l := lines{text: text}
	for {
		line, ok := l.next()
		if !ok {
			return -1
		}
		if _, isFrame := pythonFrameOf(trimLeft(line)); isFrame {
			return l.from
		}
	}
}

func lineStart(text []byte, i int) int { return bytes.LastIndexByte(text[:i], '\n') + 1 }

// runPython parses one chain from start on. It returns where the next header
// stands that is not of this chain, or -1.
func runPython(text []byte, start int, s *stack) (next int) {
	p := python{s: s, lines: lines{text: text, pos: lineStart(text, start)}, relation: Raised}
	next = -1
	s.reset()
	for p.state != pyDone {
		line, ok := p.lines.next()
		if !ok {
			break
		}
		if at := bytes.Index(line, []byte(pythonHeader)); at >= 0 && p.state == pyMessage && !p.chained && !p.gutter && next < 0 {
			next = p.lines.from + at
		}
		p.line(line)
	}
	p.endMessage()
	s.end()
	s.exceptions = chain(s.exceptions)
	return next
}

func (p *python) line(line []byte) {
	body, border := p.body(line)
	p.at = p.lines.from + len(line) - len(body)
	if border {
		p.endMessage()
		p.state, p.relation, p.chained = pyExpected, Raised, false
		if closing := bytes.Trim(body, "+-"); len(closing) == 0 { // the group ends
			p.state = pyMessage
		}
		return
	}
	switch p.state {
	case pyFrames:
		p.inFrames(body)
	case pyMessage:
		p.inMessage(body)
	case pyExpected:
		p.expected(body)
	default:
		p.outside(line, body)
	}
}

// body cuts the bars of an exception group and the indentation of the header
// off. A border stands around the members of a group.
func (p *python) body(line []byte) (body []byte, border bool) {
	trimmed := bytes.TrimLeft(line, " ")
	column := len(line) - len(trimmed)
	p.depth, p.gutter = 0, false
	if len(trimmed) > 0 && column >= 2 && (trimmed[0] == '|' || trimmed[0] == '+') && p.state != pyOutside || hasPrefix(trimmed, "+ Exception Group ") {
		p.depth, p.gutter = max(0, column/2-1), true
		if trimmed[0] == '+' && !hasPrefix(trimmed, "+ ") {
			return trimmed, true
		}
		return bytes.TrimPrefix(trimmed[1:], []byte(" ")), false
	}
	return line[min(column, p.indent):], false
}

func (p *python) outside(line, body []byte) {
	at := bytes.Index(body, []byte(pythonHeader))
	if at < 0 { // a frame without a header
		p.begin(Raised)
		p.inFrames(body)
		return
	}
	if !p.gutter && len(bytes.TrimLeft(line[:at], " ")) == 0 {
		p.indent = at
	}
	p.s.cut = true
	p.begin(Raised)
}

func (p *python) begin(relation Relation) {
	p.s.begin(relation, p.depth)
	p.state, p.relation, p.chained, p.location = pyFrames, Raised, false, nil
}

func (p *python) inFrames(body []byte) {
	trimmed := trimLeft(body)
	if f, ok := pythonFrameOf(trimmed); ok && len(body)-len(trimmed) <= 4 {
		if len(f.Function) == 0 {
			p.location = f.File
			return
		}
		p.s.add(f)
		return
	}
	if rest, ok := cutPrefix(trimmed, previousLine); ok {
		n, _ := number(rest)
		p.s.repeat(n)
		return
	}
	if len(trimmed) == 0 || len(trimmed) < len(body) || hasPrefix(trimmed, pythonHeader) {
		return
	}
	p.exception(body)
}

// exception reads the line that ends the frames: "mod.Type: message".
func (p *python) exception(body []byte) {
	name, value, ok := pythonType(body)
	if !ok { // the traceback was cut off, and another record goes on
		p.state = pyDone
		return
	}
	if !p.s.open {
		p.state = pyMessage
		return
	}
	e := p.s.last()
	e.setType(name)
	if len(p.location) > 0 && p.location[0] != '<' {
		p.s.add(newPythonFrame(p.location, nil, 0))
	}
	p.to = p.at + len(body)
	p.from = p.to - len(value)
	p.state = pyMessage
}

func (p *python) inMessage(body []byte) {
	switch trimmed := trimSpace(body); {
	case string(trimmed) == causeHint:
		p.hint(Cause)
	case string(trimmed) == contextHint:
		p.hint(Context)
	case string(trimmed) == "Call stack:" || p.call:
		p.inCallStack(trimmed)
	case len(trimmed) > 0:
		p.to = p.lines.from + len(bytes.TrimRight(p.lines.text[p.lines.from:p.lines.pos], "\r\n"))
	}
}

func (p *python) hint(relation Relation) {
	p.endMessage()
	p.relation, p.chained, p.state = relation, true, pyExpected
}

// inCallStack reads where a record was logged that could not be written. Its
// own frames are the outermost.
func (p *python) inCallStack(trimmed []byte) {
	p.endMessage()
	p.call = true
	if f, ok := pythonFrameOf(trimmed); ok && f.Origin == Application && len(p.s.exceptions) > 0 {
		p.s.open = true
		p.s.add(f)
	}
	if hasPrefix(trimmed, "Message: ") {
		p.state = pyDone
	}
}

func (p *python) expected(body []byte) {
	trimmed := trimLeft(body)
	switch {
	case len(trimmed) == 0:
	case bytes.Contains(trimmed, []byte(pythonHeader)):
		p.begin(p.relation)
	default: // a member of a group that was never raised has no traceback
		p.begin(p.relation)
		p.inFrames(body)
	}
}

// endMessage gives the exception its message, without the bars of a group.
func (p *python) endMessage() {
	if p.state != pyMessage || len(p.s.exceptions) == 0 || p.to <= p.from {
		return
	}
	value := p.lines.text[p.from:p.to]
	if p.s.last().depth > 0 || bytes.Contains(value, []byte("\n  | ")) {
		value = withoutBars(value)
	}
	value = bytes.TrimSuffix(bytes.TrimRight(value, "\r\n"), []byte("\n"+quotedOutside))
	p.s.last().Value = value
	p.from, p.to = 0, 0
}

// withoutBars cuts the bars of an exception group off the lines of a message.
func withoutBars(value []byte) []byte {
	if bytes.IndexByte(value, '\n') < 0 {
		return value
	}
	plain := make([]byte, 0, len(value))
	l := lines{text: value}
	for line, ok := l.next(); ok; line, ok = l.next() {
		if l.from > 0 {
			plain = append(plain, '\n')
			line = bytes.TrimPrefix(bytes.TrimPrefix(bytes.TrimLeft(line, " "), []byte("|")), []byte(" "))
		}
		plain = append(plain, line...)
	}
	return plain
}

// pythonFrameOf reads `File "/app/x.py", line 3, in f`. A SyntaxError's location
// has no function.
func pythonFrameOf(text []byte) (f Frame, ok bool) {
	rest, ok := cutPrefix(text, pythonFrame)
	if !ok {
		return f, false
	}
	end := bytes.Index(rest, []byte(`", line `))
	if end < 0 {
		return f, false
	}
	file, rest := rest[:end], rest[end+len(`", line `):]
	n, digits := number(rest)
	if digits == 0 {
		return f, false
	}
	function, _ := cutPrefix(rest[digits:], ", in ")
	return newPythonFrame(file, trimSpace(function), n), true
}

func newPythonFrame(file, function []byte, line int) Frame {
	f := Frame{File: file, Function: function, Line: line, Origin: originOfPython(file), Module: pythonModule(file)}
	switch string(function) {
	case "<listcomp>", "<dictcomp>", "<setcomp>": // since 3.12 they are no frames
		f.Origin = Glue
	}
	return f
}

// pythonType splits "json.decoder.JSONDecodeError: Expecting value". It is not
// ok for a line that cannot be an exception.
func pythonType(line []byte) (name, value []byte, ok bool) {
	end := 0
	for end < len(line) && (isName(line[end]) || line[end] == '.' || line[end] == '<' || line[end] == '>') {
		end++
	}
	name = line[:end]
	if end == 0 || isDigit(name[0]) || name[0] == '.' || name[end-1] == '.' {
		return nil, nil, false
	}
	if isUpper(name) && level.Parse(name) != level.Unknown { // "ERROR:app:message" is a record
		return nil, nil, false
	}
	if end == len(line) {
		return name, nil, true
	}
	value, ok = cutPrefix(line[end:], ":")
	return name, bytes.TrimPrefix(value, []byte(" ")), ok
}

// chain orders the exceptions of a chain that was printed with the cause first:
// the reported one first, each before its own causes and members.
func chain(printed []Exception) []Exception {
	if len(printed) < 2 {
		return printed
	}
	ordered := make([]Exception, 0, len(printed))
	return appendChain(ordered, printed, printed[0].depth, Raised, 0)
}

// appendChain appends exceptions of one depth, with what is deeper between them.
// Each gets its relation to the one that followed it.
func appendChain(ordered, printed []Exception, depth int, relation Relation, parent int) []Exception {
	end := len(printed)
	for end > 0 {
		at := end - 1
		for at > 0 && printed[at].depth > depth {
			at--
		}
		e := printed[at]
		follows := e.Relation // of this one to the one before it
		e.Relation, e.Parent = relation, parent
		index := len(ordered)
		ordered = append(ordered, e)
		ordered = appendMembers(ordered, printed[at+1:end], index)
		relation, parent, end = follows, index, at
		if follows == Raised {
			break
		}
	}
	return ordered
}

// appendMembers appends the members of a group, each with its own chain.
func appendMembers(ordered, printed []Exception, parent int) []Exception {
	for len(printed) > 0 {
		depth := printed[0].depth
		end := 1
		for end < len(printed) && (printed[end].depth > depth || printed[end].depth == depth && printed[end].Relation != Raised) {
			end++
		}
		ordered = appendChain(ordered, printed[:end], depth, Member, parent)
		printed = printed[end:]
	}
	return ordered
}
