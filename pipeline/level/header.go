package level

import "bytes"

const (
	// maxHeader is within how many bytes behind the time a level is looked for.
	maxHeader = 256
	// maxHeaderWords is within how many words.
	maxHeaderWords = 9
)

// header walks over the words that loggers write before the message: process,
// thread, logger's name, level.
type header struct {
	text    []byte
	stamped bool // a time came before
	pos     int
	inside  bool // between square brackets
	pid     bool // the last word was a number in brackets
	outside int  // how many words were seen outside brackets
	bare    int  // how many of them look like ordinary words
}

// fromHeader finds the level word at the start of line, which is what follows
// the time. It is not ok when the message seems to begin before any level: at
// the first word when no time came before, at the second ordinary word else.
func fromHeader(line []byte, kind stamp) (Level, bool) {
	h := header{text: line[:min(len(line), maxHeader)], stamped: kind != noStamp}
	for range maxHeaderWords {
		word, framed := h.next()
		if len(word) == 0 {
			return Unknown, false
		}
		if l := h.accept(word, framed); l != Unknown {
			return l, true
		}
		if h.messageBegins(word) {
			return Unknown, false
		}
	}
	return Unknown, false
}

// next returns the next word; framed says that a bar, a tab or a dash stands
// right before it.
func (h *header) next() (word []byte, framed bool) {
	for ; h.pos < len(h.text); h.pos++ {
		switch h.text[h.pos] {
		case '[':
			h.inside, h.pid = true, false
		case ']':
			h.inside = false
		case '|', '\t':
			framed = true
		case '-':
			if !h.dash() {
				return h.word(), framed
			}
			framed = true
		case ' ', '(', ')', '<', '>', ',', ':', '"', '*':
		default:
			return h.word(), framed
		}
	}
	return nil, false
}

// dash reports whether the dash at pos stands alone.
func (h *header) dash() bool {
	return h.at(h.pos+1) == ' ' || h.at(h.pos+1) == '-'
}

func (h *header) word() []byte {
	start := h.pos
	h.pos += wordEnd(h.text[h.pos:])
	return h.text[start:h.pos]
}

// wordEnd returns the length of the word at the start of text.
func wordEnd(text []byte) int {
	for i, c := range text {
		switch c {
		case ' ', '\t', '|', '[', ']', '(', ')', '<', '>', ',', ';', ':', '"', '=':
			return i
		}
	}
	return len(text)
}

func (h *header) at(i int) byte {
	if i < len(h.text) {
		return h.text[i]
	}
	return 0
}

// accept returns the level that word is, if it stands where a level can.
func (h *header) accept(word []byte, framed bool) Level {
	if l := h.pythonNumber(word); l != Unknown {
		return l
	}
	if i := bytes.IndexByte(word, '/'); i > 0 && h.at(h.pos) == ']' { // Celery: "ERROR/MainProcess]"
		return upperLevel(word[:i])
	}
	if i := bytes.LastIndexByte(word, '.'); i > 0 && h.at(h.pos) == ':' { // Laravel: "production.ERROR:"
		word = word[i+1:]
	}
	if h.at(h.pos) == '=' || len(word) == 0 || isDigit(word[0]) {
		return Unknown
	}
	l := Parse(word)
	if l == Unknown {
		return h.postgresNote(word)
	}
	if h.stands(word, framed) {
		return l
	}
	return Unknown
}

// stands decides whether a word of the table stands where a level can.
func (h *header) stands(word []byte, framed bool) bool {
	next := h.at(h.pos)
	first := h.outside == 0
	switch {
	case h.inside && next == ']':
		return true
	case h.inside:
		return h.stamped && isUpper(word)
	case string(word) == "panic": // a Go program's end, see fromException
		return false
	case next == ':' && (first || isUpper(word)):
		return h.stamped || first
	case framed && h.stamped && h.framedBehind():
		return true
	case !isUpper(word):
		return false
	case isWeak(word):
		return h.stamped && h.pid
	}
	return h.stamped || first
}

// framedBehind reports whether a bar, a tab or a dash alone follows the word.
func (h *header) framedBehind() bool {
	for i := h.pos; i < len(h.text); i++ {
		switch h.text[i] {
		case ' ':
		case '|', '\t':
			return true
		case '-':
			return h.at(i+1) == ' '
		default:
			return false
		}
	}
	return false
}

// pythonNumber reads "Level 25".
func (h *header) pythonNumber(word []byte) Level {
	if string(word) != "Level" || h.at(h.pos) != ' ' || !h.stamped && h.outside > 0 {
		return Unknown
	}
	end := h.pos + 1 + wordEnd(h.text[h.pos+1:])
	number, ok := atoi(h.text[h.pos+1 : end])
	if !ok {
		return Unknown
	}
	return FromPython(number)
}

// postgresNote reads the words of PostgreSQL's lines that add to a message.
// Their own level is not written; they must not count as another error.
func (h *header) postgresNote(word []byte) Level {
	if h.at(h.pos) != ':' || h.at(h.pos+1) != ' ' || h.at(h.pos+2) != ' ' {
		return Unknown
	}
	switch string(word) {
	case "DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION":
		return Info
	}
	return Unknown
}

// upperLevel is Parse for words in upper case alone.
func upperLevel(word []byte) Level {
	if !isUpper(word) || !isLetter(word[0]) {
		return Unknown
	}
	return Parse(word)
}

// messageBegins takes notice of a word that is no level, and reports whether
// the message has begun with it, so that no level can follow.
func (h *header) messageBegins(word []byte) bool {
	_, number := atoi(word)
	h.pid = h.inside && number && h.at(h.pos) == ']'
	if h.inside {
		return false
	}
	h.outside++
	if h.at(h.pos) == ':' || h.at(h.pos) == '=' || !h.stamped {
		return true
	}
	if isWord(word) && !h.framedBehind() {
		h.bare++
	}
	return h.bare > 1
}

// isWord reports whether text consists of letters alone, as the words of a
// message do and names of loggers, hosts and processes mostly do not.
func isWord(text []byte) bool {
	for _, c := range text {
		if !isLetter(c) && c < 0x80 {
			return false
		}
	}
	return true
}

// isUpper reports whether text has no lower-case letters.
func isUpper(text []byte) bool {
	for _, c := range text {
		if c >= 'a' && c <= 'z' {
			return false
		}
	}
	return true
}
