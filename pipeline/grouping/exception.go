package grouping

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
)

// The bounds of what is kept of one event. Its text is read to the end; what is
// beyond a bound is counted and not kept.
const (
	maxFrames     = 256 // of one exception, each function once
	maxExceptions = 64
	maxMembers    = 4096 // lines of a JSON array that are read as one traceback
)

// Relation says how an exception of an event belongs to another one.
type Relation uint8

// The relations.
const (
	Raised     Relation = iota // it is the one that was reported
	Cause                      // the direct cause of the one it belongs to
	Context                    // while it was handled the other one was raised
	Member                     // one of an exception group
	Suppressed                 // raised while the other one was thrown, and kept beside it
)

// String names the relation as in explanations.
func (r Relation) String() string {
	names := [...]string{"raised", "cause", "context", "member", "suppressed"}
	if int(r) >= len(names) {
		return names[Raised]
	}
	return names[r]
}

// Exception is one exception of an event. Its texts are views that are valid as
// long as the Result's.
type Exception struct {
	// Type is the class without its module: JSONDecodeError; "panic" and "fatal
	// error" in Go. It is empty when the text was cut off before it.
	Type []byte
	// Module is what the type was qualified with, json.decoder or java.lang.
	Module []byte
	// Value is the exception's message, all of its lines.
	Value []byte
	// Relation is to the exception with the index Parent in Result.Exceptions.
	Relation Relation
	Parent   int
	// Frames are each function once, the outermost call first.
	Frames []Frame
	// Dropped is how many frames are not kept.
	Dropped int

	depth  int    // how deep in exception groups, while parsing
	detail []byte // what tells exceptions of one type apart, besides frames
}

// Frame is one function on the stack.
type Frame struct {
	// Module is where the function is, independent of where the program is
	// installed: flask.app, github.com/tovtech/shop/cart, node:internal/main.
	Module []byte
	// Function has no arguments.
	Function []byte
	// File and Line are as printed; "" and 0 when they were not.
	File []byte
	Line int
	// Repeats is how often the function stands on the stack besides.
	Repeats int
	// Origin says whose code it is.
	Origin Origin

	hash uint64
}

// Origin is whose code a frame is.
type Origin uint8

// The origins.
const (
	Application Origin = iota // the team's own
	Library                   // installed: site-packages, node_modules, vendor, …
	Runtime                   // the language's standard library or runtime
	Glue                      // says nothing of the failure: reflection, comprehensions, what started a goroutine
)

// String says why frames of the origin do not count, "" when they do.
func (o Origin) String() string {
	switch o {
	case Library:
		return "installed library"
	case Runtime:
		return "standard library or runtime"
	case Glue:
		return "generated or technical frame"
	}
	return ""
}

// stack collects the exceptions of an event in the order they are printed.
type stack struct {
	exceptions []Exception
	frames     []Frame
	start      int // of the frames of the exception that is open
	open       bool
	cut        bool // it began as an exception does, whatever is missing of it
}

func (s *stack) reset() {
	*s = stack{exceptions: s.exceptions[:0], frames: s.frames[:0]}
}

// begin opens an exception; the one before ends.
func (s *stack) begin(relation Relation, depth int) {
	s.end()
	if len(s.exceptions) >= maxExceptions {
		return
	}
	s.exceptions = append(s.exceptions, Exception{Relation: relation, depth: depth})
	s.open = true
}

// last is the exception that is open.
func (s *stack) last() *Exception { return &s.exceptions[len(s.exceptions)-1] }

// end closes the exception that is open.
func (s *stack) end() {
	if s.open {
		s.last().Frames = s.frames[s.start:len(s.frames):len(s.frames)]
	}
	s.start, s.open = len(s.frames), false
}

// add adds a frame to the exception that is open: a function that is there
// already is counted, so that a recursion is one frame however deep it was.
func (s *stack) add(f Frame) {
	if !s.open {
		return
	}
	f.hash = frameHash(f.Module, f.Function)
	for i := s.start; i < len(s.frames); i++ {
		if s.frames[i].hash == f.hash {
			s.frames[i].Repeats++
			return
		}
	}
	if len(s.frames)-s.start >= maxFrames {
		s.last().Dropped++
		return
	}
	s.frames = append(s.frames, f)
}

// repeat says that the last frame stood there n times more.
func (s *stack) repeat(n int) {
	if s.open && len(s.frames) > s.start {
		s.frames[len(s.frames)-1].Repeats += n
	}
}

// setOrigin gives the frames of the exception that is open an origin.
func (s *stack) setOrigin(o Origin) {
	for i := s.start; s.open && i < len(s.frames); i++ {
		s.frames[i].Origin = o
	}
}

// reverse turns the frames of the exceptions from number from on round, for
// runtimes that print the innermost call first.
func (s *stack) reverse(from int) {
	s.end()
	for i := from; i < len(s.exceptions); i++ {
		frames := s.exceptions[i].Frames
		for a, b := 0, len(frames)-1; a < b; a, b = a+1, b-1 {
			frames[a], frames[b] = frames[b], frames[a]
		}
	}
}

// hasFrames reports whether any exception has a frame.
func (s *stack) hasFrames() bool {
	for i := range s.exceptions {
		if len(s.exceptions[i].Frames) > 0 {
			return true
		}
	}
	return false
}

func frameHash(module, function []byte) uint64 {
	const prime = 0x9e3779b97f4a7c15

	return xxhash.Sum64(module)*prime + xxhash.Sum64(function)
}

// setType splits "json.decoder.JSONDecodeError" into module and type.
func (e *Exception) setType(name []byte) {
	if i := bytes.Index(name, []byte(".<locals>.")); i >= 0 { // a class inside a function
		name = name[i+len(".<locals>."):]
	}
	dot := bytes.LastIndexAny(name, ".:\\")
	e.Type, e.Module = name[dot+1:], bytes.TrimRight(name[:dot+1], ".:\\")
}

// lines walks over the lines of a text.
type lines struct {
	text []byte
	pos  int // where the next line begins
	from int // where the last one began
}

// next returns the next line without its end.
func (l *lines) next() (line []byte, ok bool) {
	if l.pos >= len(l.text) {
		return nil, false
	}
	l.from = l.pos
	end := bytes.IndexByte(l.text[l.pos:], '\n')
	if end < 0 {
		line, l.pos = l.text[l.pos:], len(l.text)
	} else {
		line, l.pos = l.text[l.pos:l.pos+end], l.pos+end+1
	}
	return bytes.TrimSuffix(line, []byte("\r")), true
}

func trimLeft(text []byte) []byte  { return bytes.TrimLeft(text, " \t") }
func trimSpace(text []byte) []byte { return bytes.Trim(text, " \t\r\n") }

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

func cutPrefix(text []byte, prefix string) ([]byte, bool) {
	if !hasPrefix(text, prefix) {
		return text, false
	}
	return text[len(prefix):], true
}

// number reads the digits at the start of text, at most nine of them.
func number(text []byte) (n, digits int) {
	for digits < len(text) && digits < 9 && isDigit(text[digits]) {
		n = n*10 + int(text[digits]-'0')
		digits++
	}
	return n, digits
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isName(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' || c == '$' || c >= 0x80 }
