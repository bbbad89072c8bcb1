// Package mask replaces what varies in a log message by placeholders, so that
// messages of one place in the code become equal.
//
// One scanner reads the message from left to right, word by word; nothing it
// decides depends on anything but the word and its neighbours. It knows no
// application: it knows how numbers, addresses, times, ids, quoted strings,
// JSON and SQL are written.
//
// Hashes of what Append returns are stored as keys: a change of its rules changes
// them, so it goes with a new version of the keys.
package mask

import "unicode/utf8"

// MaxLength is how many bytes Append adds at most. What follows in the message
// is left out.
const MaxLength = 4096

// Kind says what a span of a message is.
type Kind uint8

// The kinds. Those that can stand for each other in one place of the code have
// one placeholder: a host's name and its address, a clock and a duration.
const (
	Number   Kind = iota // 15, -2.5e3, 1.2.3
	Hex                  // 0x1f, 7317849d, a hash
	ID                   // letters and digits without a rule: 04DN8IQ, 0020_m_01
	UUID                 // 8-4-4-4-12 hexadecimal digits
	IP                   // an IPv4 or IPv6 address, its port or prefix length included
	Host                 // a name in the DNS, its port included
	MAC                  // a hardware address
	Email                // an e-mail address
	URL                  // scheme://…
	Date                 // a date, with or without a time
	Clock                // 21:54, 21:54:54.123
	Duration             // 15ms, 2 minutes, 1h30m
	Size                 // 1.5 MiB, 12 bytes, 64k
	Path                 // a file's absolute path
	String               // a quoted string
	Value                // the value of a member in JSON or of a Python dict
	Query                // what follows ? in a request's path
	kinds
)

// placeholder returns the text that stands for the kind.
func (k Kind) placeholder() string {
	return [kinds]string{
		Number: "<num>", Hex: "<hex>", ID: "<id>", UUID: "<uuid>", IP: "<host>", Host: "<host>", MAC: "<mac>",
		Email: "<email>", URL: "<url>", Date: "<date>", Clock: "<dur>", Duration: "<dur>", Size: "<size>",
		Path: "<path>", String: "<str>", Value: "<val>", Query: "<str>",
	}[k]
}

// String names the kind in one or two lower-case words, for people.
func (k Kind) String() string {
	if k >= kinds {
		return "unknown"
	}
	return [kinds]string{
		Number: "number", Hex: "hex", ID: "id", UUID: "uuid", IP: "ip", Host: "host", MAC: "mac",
		Email: "email", URL: "url", Date: "date", Clock: "clock", Duration: "duration", Size: "size",
		Path: "path", String: "string", Value: "value", Query: "query",
	}[k]
}

// Span is a part of a message for which a placeholder stands: the bytes
// [Start, End). A list of equal kinds, as in IN (1, 2, 3), is one span.
type Span struct {
	Start, End int
	Kind       Kind
}

// Append appends the message, what varies in it replaced by placeholders and
// runs of blanks by one, and returns the longer slice. It adds at most
// MaxLength bytes and allocates only if dst has no room for them. The result
// depends on nothing but the message. Bytes that are not UTF-8 are kept. The
// two slices must not overlap; message is not kept.
func Append(dst, message []byte) []byte {
	s := scanner{message: message, dst: dst, base: len(dst)}
	s.run()
	return s.dst
}

// Spans returns where the placeholders of Append come from, in order.
func Spans(message []byte) []Span {
	s := scanner{message: message, explain: true}
	s.run()
	return s.spans
}

// scanner is one run over one message.
type scanner struct {
	message []byte
	pos     int // of the next byte to read

	dst      []byte
	base     int  // len(dst) at the start
	full     bool // MaxLength is reached
	last     Kind // of the last placeholder
	lastFrom int  // where it starts in dst
	lastTo   int  // where it ends in dst; 0 before the first
	lastStop int  // where what it stands for ends in message

	explain bool
	spans   []Span

	quotes
}

// run reads the whole message.
func (s *scanner) run() {
	for s.pos < len(s.message) && !s.full {
		c := s.message[s.pos]
		switch {
		case isBlank(c):
			s.blank()
		case s.expects != nothing:
			s.member(c)
		case classes[c]&inWord != 0:
			s.word()
		case c == '"' || c == '\'' || c == '`':
			s.quote()
		case c == escape:
			s.terminalCode()
		case c == '\\':
			s.backslash()
		default:
			s.literal(s.pos + 1)
		}
	}
	if n := len(s.dst); n > s.base && s.dst[n-1] == ' ' {
		s.dst = s.dst[:n-1]
	}
}

// blank reads a run of blanks; one is written, none at the start.
func (s *scanner) blank() {
	for s.pos < len(s.message) && isBlank(s.message[s.pos]) {
		s.pos++
	}
	if n := len(s.dst); n > s.base && s.dst[n-1] != ' ' {
		s.write(" ")
	}
}

// backslash copies an escape such as \n or \", so that its letter is not part of a
// word and its quote does not start a string. A share's name, \\server\share, is a
// path.
func (s *scanner) backslash() {
	m, end := s.message, s.pos+2
	if stop := share(m, s.pos); stop > 0 {
		s.emit(Path, s.pos, stop)
		return
	}
	switch next := at(m, s.pos+1); {
	case isDigit(next):
		end = s.pos + 1
	case next == 'u' && hexEnd(m[:min(end+4, len(m))], end) == end+4:
		end += 4
	}
	s.literal(min(end, len(m)))
}

const escape = 0x1b

// terminalCode leaves out the sequence ESC [ parameters letter, which sets a
// colour; a message does not change by its colour.
func (s *scanner) terminalCode() {
	i := s.pos + 1
	if i >= len(s.message) || s.message[i] != '[' {
		s.literal(s.pos + 1)
		return
	}
	for i++; i < len(s.message) && (isDigit(s.message[i]) || s.message[i] == ';'); i++ {
	}
	if i < len(s.message) {
		i++
	}
	s.pos = i
}

// literal copies the message up to end.
func (s *scanner) literal(end int) {
	part := s.message[s.pos:end]
	s.pos = end
	if room := MaxLength - (len(s.dst) - s.base); len(part) > room {
		for room > 0 && !utf8.RuneStart(part[room]) {
			room--
		}
		part, s.full = part[:room], true
	}
	s.dst = append(s.dst, part...)
}

// write appends text that is not in the message.
func (s *scanner) write(text string) {
	if len(s.dst)-s.base+len(text) > MaxLength {
		s.full = true
		return
	}
	s.dst = append(s.dst, text...)
}

// emit writes the placeholder of kind for the bytes [start, end) and goes on
// behind them. A placeholder that continues the last one, as the next item of a
// list or the next part of an id, becomes one with it.
func (s *scanner) emit(kind Kind, start, end int) {
	s.pos = end
	if (kind == Duration || kind == Size) && s.lessThan() {
		s.dst = s.dst[:len(s.dst)-1]
	}
	if joined, ok := s.join(kind); ok {
		s.dst, kind = s.dst[:s.lastFrom], joined
		if s.explain {
			start = s.spans[len(s.spans)-1].Start
			s.spans = s.spans[:len(s.spans)-1]
		}
	}
	from := len(s.dst)
	if s.write(kind.placeholder()); s.full {
		return
	}
	s.last, s.lastFrom, s.lastTo, s.lastStop = kind, from, len(s.dst), end
	if s.explain {
		s.spans = append(s.spans, Span{Start: start, End: end, Kind: kind})
	}
}

// lessThan reports whether what was written ends in the < of "<1 sec".
func (s *scanner) lessThan() bool {
	n := len(s.dst)
	return n > s.base && s.dst[n-1] == '<' && (n-1 == s.base || s.dst[n-2] == ' ')
}

// join says whether a placeholder of kind continues the last one, judged by
// what was written in between, and what the two are together.
func (s *scanner) join(kind Kind) (Kind, bool) {
	if s.lastTo == 0 {
		return kind, false
	}
	between := s.dst[s.lastTo:]
	switch {
	case len(between) == 0 || len(between) > 3:
		return kind, false
	case s.last.placeholder() == kind.placeholder() && (string(between) == "," || string(between) == ", "):
		return kind, true
	case s.last == Duration && kind == Duration && string(between) == " ":
		return kind, true
	case s.last > ID || kind > ID || !isJoint(between[0]):
		return kind, false
	case len(between) == 1:
		return max(kind, s.last), true
	case len(between) == 3 && isLetter(between[1]) && isJoint(between[2]) && between[0] != '.' && between[0] != ':':
		return ID, true
	}
	return kind, false
}

// isJoint tells the bytes that join the parts of an id: 01_2, 6005-08b4, 1.2.3, 00:1e.
func isJoint(c byte) bool { return c == '_' || c == '-' || c == '.' || c == ':' }
