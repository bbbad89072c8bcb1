// Package grouping decides which events are one issue: it reads the exception
// out of an entry of a log, whatever runtime printed it, and gives the entry a
// key that is equal for equal failures.
//
// The key of an event comes from the first of these that it has:
//   - a rule of the configuration that fits it;
//   - an exception with frames: the types and functions of its whole chain, of
//     the application's own functions alone if there are any, and the statement
//     that logged it: its file and function if the record says them, else the
//     first word of the message;
//   - an exception without frames, or an error of a server whose lines are known
//     (PostgreSQL, PgBouncer, nginx, gunicorn, the kernel, systemd): the type and
//     the message with what varies masked;
//   - the message with what varies masked.
//
// Never in a key: line numbers, where a program is installed, how deep a
// recursion went, the order of events, the time. One failure that is logged at
// two places has two keys and one ExceptionHash.
package grouping

import (
	"bytes"

	"github.com/tovtech/tovplay-logging/pipeline/grouping/mask"
	"github.com/tovtech/tovplay-logging/pipeline/level"
)

// maxMasked is how many bytes of a message are masked: what is behind them
// tells no groups apart.
const maxMasked = 2048

// maxKept is how much memory a Result keeps for the next event, for each of its
// buffers.
const maxKept = 64 << 10

// Event is one entry of a log.
type Event struct {
	// Text is the whole entry: a line, a JSON record, or lines that were joined,
	// without the last newline or with it.
	Text []byte
	// Level is the entry's level; with Unknown it is found out from the text.
	Level level.Level
	// Service is the program that wrote it, for rules. A JSON record's own member
	// comes first.
	Service string
}

// Kind says what an event was grouped by.
type Kind uint8

// The kinds.
const (
	Message Kind = iota // by its message alone
	Failure             // by its exception
	Server              // as the error of a known server
)

// String names the kind as in explanations.
func (k Kind) String() string {
	names := [...]string{"message", "exception", "server"}
	if int(k) >= len(names) {
		return names[Message]
	}
	return names[k]
}

// Result is what Group found out of one event. One Result serves many events,
// one after the other. All of its texts are views of the event's text and of
// memory that the next call uses again.
type Result struct {
	Kind Kind
	// Key is what all events of one group have.
	Key Hash
	// ExceptionHash is equal wherever one exception is logged, 0 without one. It
	// is InAppHash if the application has frames, else AllHash, else of type and
	// message.
	ExceptionHash Hash
	// InAppHash is of the types and the application's own frames, 0 without any.
	InAppHash Hash
	// AllHash is of the types and all frames, 0 without any.
	AllHash Hash
	// PatternHash is of Masked.
	PatternHash Hash

	// Type and Value are the exception's, or the server's kind of error and its
	// message; empty for other events.
	Type, Value []byte
	// Message is what was logged, without the logger's prefix and the exception.
	Message []byte
	// Masked is Message with what varies replaced.
	Masked []byte
	// Logger is the logger's name, empty if the entry does not tell.
	Logger []byte
	// Service is the program.
	Service []byte
	// CorrelationID is what the entries of one request have in common.
	CorrelationID []byte
	// Rule is the name of the custom rule that gave the key, "" for none.
	Rule string

	// Exceptions are the reported one first, each followed by its causes and
	// members.
	Exceptions []Exception
	// Stack is where a record without an exception was logged, if it says so.
	Stack []Frame

	// SQLState, Detail and Statement are what PostgreSQL adds.
	SQLState, Detail, Statement []byte

	level   level.Level
	culprit []byte
	parts   []string // of the fingerprint that a rule gave

	failure        []byte // what a record calls its error, beside the exception
	file, function []byte // of the statement that logged it
	site           []byte // what counted of it
	stack          stack
	text           []byte // unescaped, without colours
	masked         []byte
	scratch        []byte
}

// Grouper groups events. It is immutable: all goroutines may share one, each
// with Results of its own.
type Grouper struct{ rules []rule }

// New returns a grouper. The zero Rules are none.
func New(rules Rules) *Grouper { return &Grouper{rules: rules.list} }

// Group finds the group of e and writes it to r. For lines that are no errors it
// allocates nothing once r has seen a few. Its time grows with the length of
// the text, and its memory is bounded by it.
func (g *Grouper) Group(e Event, r *Result) {
	r.reset()
	text := bytes.TrimRight(e.Text, " \t\r\n")
	if r.level = e.Level; r.level == level.Unknown {
		r.level = level.Detect(text)
	}
	if !r.json(text) {
		r.plain(text)
	}
	if len(r.Service) == 0 {
		from := len(r.scratch)
		r.scratch = append(r.scratch, e.Service...)
		r.Service = r.scratch[from:]
	}
	r.finish(g)
}

func (r *Result) reset() {
	text, masked, scratch, stack := r.text, r.masked, r.scratch, r.stack
	if cap(text) > maxKept {
		text = nil
	}
	if cap(stack.frames) > maxExceptions*maxFrames/4 {
		stack.frames = nil
	}
	stack.reset()
	*r = Result{text: text[:0], masked: masked[:0], scratch: scratch[:0], stack: stack}
}

// json reads a record in JSON. It reports false if text is none.
func (r *Result) json(text []byte) bool {
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	m, grown, ok := readMembers(text, r.text)
	if r.text = grown; !ok {
		return false
	}
	if r.Message, r.Service = r.at(m.message), r.at(m.service); !m.logger.empty() {
		r.Logger = r.at(m.logger)
	}
	r.CorrelationID, r.SQLState = r.at(m.correlation), r.at(m.sqlState)
	if len(r.Message) == 0 {
		if r.Message = text; !m.request.empty() && m.status >= 500 && m.status <= 599 {
			r.request(r.at(m.request), m.status)
			return true
		}
	}
	r.file, r.function, r.failure = r.at(m.file), r.at(m.function), r.at(m.failure)
	if !m.trace.empty() {
		parseTrace(r.at(m.trace), &r.stack)
	}
	r.reported(r.at(m.errType), r.at(m.errValue))
	if len(r.stack.exceptions) == 0 && m.message.to > m.message.from {
		r.inMessage(r.Message)
	}
	if len(r.SQLState) > 0 && len(r.stack.exceptions) == 0 {
		r.Kind, r.Type = Server, postgresType(r.SQLState, "ERROR")
	}
	return true
}

func (r *Result) at(s span) []byte { return r.text[s.from:s.to:s.to] }

// reported gives the exception the type and the message that the record states
// itself: its text may have been cut off, or may only look like a traceback.
func (r *Result) reported(name, value []byte) {
	s := &r.stack
	if len(name) == 0 {
		return
	}
	if len(s.exceptions) == 0 {
		s.begin(Raised, 0)
		s.end()
	}
	e := &s.exceptions[0]
	module := e.Module
	e.setType(name)
	if len(e.Module) == 0 {
		e.Module = module
	}
	if len(value) > 0 {
		e.Value = value
	}
}

// plain reads a line, or the lines of an entry.
func (r *Result) plain(text []byte) {
	if bytes.IndexByte(text, 0x1b) >= 0 {
		from := len(r.text)
		r.text = level.AppendPlain(r.text, text)
		text = r.text[from:]
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	logger, message := level.Message(first)
	if r.Logger, r.Message = logger, text[len(first)-len(message):]; len(trimLeft(first)) == len(message) {
		r.Message = text // blanks before a traceback belong to it
	}
	if len(r.Message) > 0 && r.Message[0] == '{' && r.json(r.Message) { // a record in a syslog line
		return
	}
	if value, ok := logfmt(r.Message); ok {
		r.Message = value
	}
	if r.level == level.Unknown || r.level >= level.Warn || hasPrefix(logger, "systemd") || hasPrefix(logger, "kernel") {
		if parseServer(text, logger, r.Message, r) {
			return
		}
	}
	r.inMessage(r.Message)
}

// inMessage looks for an exception in what was logged, and cuts it off.
func (r *Result) inMessage(message []byte) {
	if bytes.IndexByte(message, '\n') >= 0 {
		if start, ok := parseTrace(message, &r.stack); ok {
			r.Message = beforeTrace(message[:start])
		}
		return
	}
	if r.level < level.Error {
		return
	}
	if name, value, ok := callType(message); ok && isException(name) {
		r.stack.begin(Raised, 0)
		r.stack.last().setType(name)
		r.stack.last().Value = value
		r.stack.end()
		r.Message = nil
	}
}

// beforeTrace is the message that a traceback follows: not what runtimes print
// there, the place in the source or a title.
func beforeTrace(text []byte) []byte {
	text = trimSpace(bytes.TrimSuffix(trimSpace(text), []byte("Stack (most recent call last):")))
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if isScriptPlace(first) && bytes.IndexByte(first, ' ') < 0 {
		return nil
	}
	return text
}

// parseTrace parses what one of the runtimes printed. Start is where it begins
// in text.
func parseTrace(text []byte, s *stack) (start int, ok bool) {
	if bytes.Contains(text, []byte(pythonFrame)) || bytes.Contains(text, []byte(pythonHeader)) {
		if start, ok = parsePython(text, s); ok {
			return start, true
		}
	}
	if bytes.Contains(text, []byte("goroutine ")) || hasPrefix(text, "panic: ") || hasPrefix(text, "fatal error: ") {
		if start, ok = parseGo(text, s); ok {
			return start, true
		}
	}
	if start, ok = parseRust(text, s); ok {
		return start, true
	}
	if bytes.Contains(text, []byte("at ")) || bytes.IndexByte(text, '@') >= 0 {
		if start, ok = parseCalls(text, s); ok {
			return start, true
		}
	}
	if bytes.IndexByte(text, '#') >= 0 || bytes.Contains(text, []byte(":in ")) {
		if start, ok = parseNumbered(text, s); ok {
			return start, true
		}
	}
	if bytes.Contains(text, []byte("\n\t")) {
		if start, ok = parseGoStack(text, s); ok {
			return start, true
		}
	}
	s.reset()
	return 0, false
}

// logfmt returns the message of a line of key=value pairs.
func logfmt(line []byte) (message []byte, ok bool) {
	equals := bytes.IndexByte(line, '=')
	if equals <= 0 || bytes.IndexByte(line[:equals], ' ') >= 0 {
		return nil, false
	}
	for _, key := range [...]string{"msg=", "message="} {
		i := bytes.Index(line, []byte(key))
		if i < 0 || i > 0 && line[i-1] != ' ' {
			continue
		}
		value := line[i+len(key):]
		if len(value) == 0 || value[0] != '"' {
			value, _, _ = bytes.Cut(value, []byte(" "))
			return value, true
		}
		return value[1 : 1+stringEnd(value[1:])], true
	}
	return nil, false
}

// finish gives the result its hashes, when all else is known.
func (r *Result) finish(g *Grouper) {
	r.exception()
	if len(r.Message) == 0 {
		r.Message = r.Value
	}
	r.mask()
	r.key()
	for i := range g.rules {
		if g.rules[i].fits(r) {
			g.rules[i].apply(r)
			break
		}
	}
}

// exception takes over what was parsed.
func (r *Result) exception() {
	s := &r.stack
	if len(s.exceptions) == 0 {
		if r.Kind == Server {
			r.Value = r.Message
		}
		return
	}
	e := &s.exceptions[0]
	if len(e.Value) == 0 {
		e.Value = r.failure
	}
	if len(e.Type) == 0 && r.isOnlyStack() {
		r.Stack = e.Frames
		return
	}
	r.Kind, r.Exceptions = Failure, s.exceptions
	r.Type, r.Value = e.Type, e.Value
}

// isOnlyStack reports whether the frames are those of a record that says where
// it was logged, as Python's stack_info does, and not of an exception whose type
// was cut off.
func (r *Result) isOnlyStack() bool { return !r.stack.cut && len(r.Message) > 0 }

// mask masks the message.
func (r *Result) mask() {
	message := r.Message[:min(len(r.Message), maxMasked)]
	if r.Kind == Server && (len(r.SQLState) > 0 || hasPrefix(r.Type, "PostgreSQL")) {
		r.masked = appendPostgres(r.masked, message)
	} else {
		r.masked = mask.Append(r.masked, message)
	}
	r.Masked = r.masked
	h := newHasher("pattern")
	h.bytes(r.Masked)
	r.PatternHash = h.sum()
}
