package grouping

import "bytes"

// parseCalls parses stacks whose frames are lines that begin with "at": Java
// and Kotlin, Node and browsers, .NET. Firefox and Safari write "f@file:1:2".
// Start is where the exception begins.
func parseCalls(text []byte, s *stack) (start int, ok bool) {
	s.reset()
	c := calls{s: s, lines: lines{text: text}, header: -1}
	for {
		line, more := c.lines.next()
		if !more {
			break
		}
		c.line(line)
	}
	c.finish()
	if !c.any {
		s.reset()
		return 0, false
	}
	return c.start, true
}

type calls struct {
	s     *stack
	lines lines

	any      bool // there was a frame
	start    int
	header   int      // where the exception's line begins of which no frame came yet, or -1
	strict   bool     // the header's type looks like an exception's
	relation Relation // that the header states
	nested   []int    // .NET: the exceptions around the one that is open
	sticky   bool     // the header must not be replaced by a later line
}

func (c *calls) line(line []byte) {
	trimmed := trimLeft(line)
	indent := len(line) - len(trimmed)
	if f, ok := callFrame(trimmed); ok {
		c.frame(f)
		return
	}
	switch {
	case len(trimmed) == 0:
	case hasPrefix(trimmed, "Caused by: "):
		c.open(trimmed, "Caused by: ", Cause)
	case hasPrefix(trimmed, "Suppressed: "):
		c.open(trimmed, "Suppressed: ", Suppressed)
	case hasPrefix(trimmed, "[cause]: "):
		c.open(trimmed, "[cause]: ", Cause)
	case hasPrefix(trimmed, "---> "):
		c.inner(trimmed[len("---> "):])
	case hasPrefix(trimmed, "--- End of inner exception stack trace ---"):
		c.outer()
	case hasPrefix(trimmed, "... "), hasPrefix(trimmed, "--- End of "):
		if c.any {
			c.flush(c.lines.from)
		}
	case c.any && c.header < 0 && indent > 0: // a member of an AggregateError
		if name, _, ok := callType(trimmed); ok && isException(name) {
			c.open(trimmed, "", Member)
		}
	default:
		c.candidate(trimmed)
	}
}

// candidate takes notice of a line that the exception may begin with: the first
// that looks like one, else the last before the frames.
func (c *calls) candidate(trimmed []byte) {
	if c.any || c.sticky {
		return
	}
	name, _, ok := callType(trimmed)
	at := c.lines.from + bytes.Index(c.lines.text[c.lines.from:c.lines.pos], trimmed)
	switch strict := ok && isException(name); {
	case strict && !c.strict:
		c.header, c.strict = at, true
	case ok && !c.strict, c.header < 0:
		c.header = at
	}
}

// open begins an exception whose line says how it belongs to the one before.
func (c *calls) open(trimmed []byte, word string, relation Relation) {
	c.flush(c.lines.from)
	at := c.lines.from + bytes.Index(c.lines.text[c.lines.from:c.lines.pos], trimmed)
	c.header, c.relation, c.sticky = at+len(word), relation, true
	if !c.any {
		c.start = min(c.start, c.lines.from)
	}
}

// flush begins the exception of the header, whose message ends at to.
func (c *calls) flush(to int) {
	if c.header < 0 {
		return
	}
	text := bytes.TrimRight(c.lines.text[c.header:to], " \t\r\n")
	name, value, ok := callType(text)
	if inner, rest, is := callType(value); ok && is && !isException(name) && isException(inner) { // "logger: Type: message"
		name, value = inner, rest
	}
	if !ok {
		name, value, ok = typeInside(text)
	}
	relation := c.relation
	if len(c.s.exceptions) == 0 {
		relation, c.start = Raised, c.header
	}
	c.s.begin(relation, 0)
	e := c.s.last()
	if c.s.open {
		e.Parent = c.parent(relation)
		e.Value = text
		if ok {
			e.setType(name)
			e.Value = bytes.TrimSuffix(value, []byte(" {"))
		}
	}
	c.header, c.strict, c.sticky = -1, false, false
}

// parent is the exception that the newest belongs to: the last one that is no
// member, and of a cause not suppressed either.
func (c *calls) parent(relation Relation) int {
	i := len(c.s.exceptions) - 2
	for i > 0 && (c.s.exceptions[i].Relation == Member || relation == Cause && c.s.exceptions[i].Relation == Suppressed) {
		i--
	}
	return max(i, 0)
}

func (c *calls) frame(f Frame) {
	c.flush(c.lines.from)
	if len(c.s.exceptions) == 0 { // frames without an exception
		c.start = c.lines.from
		c.s.begin(Raised, 0)
	}
	c.any = true
	c.s.add(f)
}

// inner begins the inner exception that .NET prints before the frames of the
// outer one.
func (c *calls) inner(text []byte) {
	c.flush(c.lines.from)
	c.nested = append(c.nested, len(c.s.exceptions)-1)
	c.header = c.lines.from + bytes.Index(c.lines.text[c.lines.from:c.lines.pos], text)
	c.relation, c.sticky = Cause, true
}

// outer goes back to the exception around the inner one.
func (c *calls) outer() {
	c.s.end()
	if len(c.nested) == 0 || c.nested[len(c.nested)-1] < 0 {
		return
	}
	at := c.nested[len(c.nested)-1]
	c.nested = c.nested[:len(c.nested)-1]
	outer := c.s.exceptions[at]
	c.s.exceptions = append(append(c.s.exceptions[:at], c.s.exceptions[at+1:]...), outer)
	c.s.open = true
}

// finish puts the exception that was reported first.
func (c *calls) finish() {
	if c.any {
		c.flush(len(c.lines.text))
	}
	c.s.reverse(0)
	ex := c.s.exceptions
	raised := 0
	for i := range ex {
		if ex[i].Relation == Raised {
			raised = i
		}
	}
	if raised > 0 { // .NET: the inner ones were printed before
		last := ex[raised]
		copy(ex[1:raised+1], ex[:raised])
		ex[0] = last
		for i := 1; i <= raised; i++ {
			ex[i].Parent = i - 1
		}
	}
}

// callType splits "java.lang.IllegalStateException: message", behind what
// runtimes write before it: "Uncaught ", "(node:12) ", `Exception in thread
// "main" `.
func callType(text []byte) (name, value []byte, ok bool) {
	if rest, ok := cutPrefix(text, "(node:"); ok {
		_, digits := number(rest)
		text = bytes.TrimPrefix(rest[digits:], []byte(") "))
	}
	for _, before := range [...]string{
		"Unhandled exception. ", "Unhandled Exception: ", "UnhandledPromiseRejectionWarning: ", "Uncaught (in promise) ", "Uncaught ", "Exception in thread ",
	} {
		rest, cut := cutPrefix(text, before)
		if !cut {
			continue
		}
		if text = rest; len(text) > 0 && text[0] == '"' {
			if quote := bytes.IndexByte(text[1:], '"'); quote >= 0 {
				text = trimLeft(text[quote+2:])
			}
		}
		break
	}
	end := 0
	for end < len(text) && (isName(text[end]) || text[end] == '.' || text[end] == '`') {
		end++
	}
	if name = text[:end]; end == 0 || isDigit(name[0]) || name[0] == '.' {
		return nil, text, false
	}
	rest := text[end:]
	if len(rest) > 1 && rest[0] == ' ' && (rest[1] == '[' || rest[1] == '(') { // "TypeError [ERR_INVALID_ARG]: "
		closing := bytes.IndexAny(rest, "])")
		if closing < 0 || closing+1 >= len(rest) || rest[closing+1] != ':' {
			return nil, text, false
		}
		rest = rest[closing+1:]
	}
	switch {
	case len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r':
		return name, trimSpace(rest), true
	case rest[0] == ':' && (len(rest) == 1 || rest[1] == ' ' || rest[1] == '\n'):
		return name, bytes.TrimPrefix(rest[1:], []byte(" ")), true
	case string(rest) == " {":
		return name, nil, true
	}
	return nil, text, false
}

// typeInside looks for "Type: message" further inside the first line of text.
func typeInside(text []byte) (name, value []byte, ok bool) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	const farthest = 512

	line = line[:min(len(line), farthest)]
	for i := 0; i < len(line); i++ {
		if line[i] != ' ' {
			continue
		}
		if name, value, ok = callType(text[i+1:]); ok && isException(name) {
			return name, value, true
		}
	}
	return nil, nil, false
}

// isException reports whether a name is one that classes of exceptions have.
func isException(name []byte) bool {
	for _, end := range [...]string{"Error", "Exception", "Throwable", "Failure", "Interrupt", "Warning", "Abort", "Exit", "Fault", "ExceptionGroup", "Timeout"} {
		if bytes.HasSuffix(name, []byte(end)) {
			return true
		}
	}
	return false
}

// callFrame reads one frame.
func callFrame(trimmed []byte) (f Frame, ok bool) {
	if rest, at := cutPrefix(trimmed, "at "); at {
		return atFrame(bytes.TrimRight(rest, " \t,"))
	}
	return geckoFrame(trimmed)
}

// atFrame tells the runtimes' frames apart by what stands in parentheses.
func atFrame(text []byte) (f Frame, ok bool) {
	text = bytes.TrimSuffix(text, []byte(" {"))
	opening := bytes.IndexByte(text, '(')
	if opening < 0 {
		return bareFrame(text)
	}
	closing := bytes.LastIndexByte(text, ')')
	if closing < opening {
		return f, false
	}
	inside := text[opening+1 : closing]
	switch {
	case opening > 0 && text[opening-1] != ' ' && isJavaPlace(inside):
		return javaFrame(text[:opening], inside), true
	case opening > 0 && text[opening-1] == ' ' && isScriptPlace(text[bytes.LastIndex(text, []byte(" ("))+2:closing]):
		last := bytes.LastIndex(text, []byte(" ("))
		return scriptFrame(text[:last], text[last+2:closing]), true
	case bytes.IndexByte(text[:opening], '.') > 0:
		return netFrame(text[:opening], text[closing+1:]), true
	}
	return f, false
}

// bareFrame is a place without a function, or a function without a place.
func bareFrame(text []byte) (f Frame, ok bool) {
	place := text
	for _, word := range [...]string{"async ", "file "} {
		place = bytes.TrimPrefix(place, []byte(word))
	}
	if isScriptPlace(place) {
		return scriptFrame(nil, place), true
	}
	if bytes.IndexByte(text, ' ') >= 0 || len(text) == 0 {
		return f, false
	}
	return Frame{Function: text, Module: []byte("<unknown>")}, true
}

// isJavaPlace tells "File.java:12", "Native Method" and the like.
func isJavaPlace(inside []byte) bool {
	switch string(inside) {
	case "Native Method", "Unknown Source", "<generated>", "":
		return len(inside) > 0
	}
	file, line, found := cutLast(inside, ':')
	if !found {
		file = inside
	} else if _, digits := number(line); digits != len(line) {
		return false
	}
	for _, end := range [...]string{".java", ".kt", ".scala", ".groovy", ".clj", "Unknown Source"} {
		if bytes.HasSuffix(file, []byte(end)) {
			return true
		}
	}
	return false
}

func javaFrame(call, inside []byte) (f Frame) {
	if slash := bytes.LastIndexByte(call, '/'); slash >= 0 { // "java.base/java.lang.Thread.run"
		call = call[slash+1:]
	}
	class, method, _ := cutLast(call, '.')
	f.Origin = originOfJVM(class)
	if i := bytes.Index(class, []byte("$$")); i >= 0 { // generated, with a number or a hash
		class = class[:i]
	}
	f.Module, f.Function = withoutNumber(class), withoutNumber(method)
	file, line, _ := cutLast(inside, ':')
	f.File = file
	f.Line, _ = number(line)
	return f
}

// withoutNumber cuts the number that compilers give to lambdas and anonymous
// classes: "lambda$run$3", "Main$1".
func withoutNumber(name []byte) []byte {
	i := bytes.LastIndexByte(name, '$')
	if i <= 0 || i+1 == len(name) {
		return name
	}
	if _, digits := number(name[i+1:]); i+1+digits != len(name) {
		return name
	}
	return name[:i]
}

// isScriptPlace tells "file:12:3", "<anonymous>" and what Node writes for code
// without a file.
func isScriptPlace(place []byte) bool {
	switch string(place) {
	case "<anonymous>", "native", "[native code]":
		return true
	}
	if hasPrefix(place, "eval at ") || hasPrefix(place, "index ") {
		return true
	}
	before, digits, found := cutLast(place, ':')
	n, count := number(digits)
	return found && n >= 0 && count > 0 && count == len(digits) && len(before) > 0 &&
		(bytes.IndexByte(before, ' ') < 0 || bytes.ContainsAny(before, `/\`))
}

func scriptFrame(function, place []byte) (f Frame) {
	f.File = place
	for range 2 { // line and column
		before, digits, found := cutLast(f.File, ':')
		n, count := number(digits)
		if !found || count == 0 || count != len(digits) {
			break
		}
		f.File, f.Line = before, n
	}
	if hasPrefix(place, "eval at ") {
		f.File = []byte("<eval>")
	}
	f.Origin, f.Module = originOfScript(f.File), scriptModule(f.File)
	for _, before := range [...]string{"async ", "new ", "Object.", "Module.", "Function."} {
		function = bytes.TrimPrefix(function, []byte(before))
	}
	function, _, _ = bytes.Cut(function, []byte(" [as "))
	if f.Function = function; len(function) == 0 {
		f.Function = []byte("<anonymous>")
	}
	return f
}

// geckoFrame reads "f@https://host/file.js:12:3" of Firefox and Safari.
func geckoFrame(trimmed []byte) (f Frame, ok bool) {
	at := bytes.IndexByte(trimmed, '@')
	if at < 0 || bytes.IndexByte(trimmed, ' ') >= 0 {
		return f, false
	}
	place := trimmed[at+1:]
	before, column, found := cutLast(place, ':')
	if _, digits := number(column); !found || digits == 0 || digits != len(column) || !bytes.Contains(before, []byte("/")) {
		return f, false
	}
	return scriptFrame(bytes.TrimRight(trimmed[:at], "/<*"), place), true
}

// netFrame reads "A.B.C(Int32 x) in c:\file.cs:line 3" and mono's form.
func netFrame(call, behind []byte) (f Frame) {
	call = bytes.TrimRight(call, " ")
	class, method, _ := cutLast(call, '.')
	f.Origin = originOfNet(class)
	if opening := bytes.LastIndexByte(class, '<'); opening >= 0 { // "<Method>d__2.MoveNext" of async code
		if closing := bytes.IndexByte(class[opening:], '>'); closing > 1 {
			method, class = class[opening+1:opening+closing], bytes.TrimRight(class[:opening], ".+")
		}
	}
	f.Module, f.Function = class, method
	if i := bytes.Index(behind, []byte(" in ")); i >= 0 {
		file, line, _ := cutLast(behind[i+len(" in "):], ':')
		f.File = file
		f.Line, _ = number(bytes.TrimPrefix(line, []byte("line ")))
	}
	return f
}
