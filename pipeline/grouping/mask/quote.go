package mask

import "bytes"

// quotes is what a scanner knows of strings, JSON and their likes.
type quotes struct {
	expects expectation
	asText  bool // the value that is expected is text

	inside bool // a string that is read as text
	key    bool // that string is a key
	close  int  // its closing quote

	unclosed       [3]bool // there is no closing quote of this sort any more
	unclosedInside [3]bool // the same up to close
}

// expectation is what comes next behind a key.
type expectation uint8

const (
	nothing expectation = iota
	colon
	value
)

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// isStringPrefix tells the letters that start strings of Python and SQL: b'…', E'…'.
func isStringPrefix(c byte) bool {
	switch c | 0x20 {
	case 'b', 'e', 'f', 'n', 'r', 'u', 'x':
		return true
	}
	return false
}

// quote reads the string that starts at the present byte, if one does.
func (s *scanner) quote() {
	if s.inside && s.pos == s.close {
		s.inside = false
		if s.key {
			s.expects = colon
		}
		s.literal(s.pos + 1)
		return
	}
	if isAlnum(at(s.message, s.pos-1)) {
		s.literal(s.pos + 1) // can't
		return
	}
	s.quoted(s.pos, s.pos)
}

// quoted reads the string whose opening quote is at open and that starts with
// its prefix at start. Most are replaced. Read as text are keys, the values of
// keys that have the message itself, and requests; names in dotted ones are
// kept.
func (s *scanner) quoted(start, open int) {
	m := s.message
	isValue := s.expects == value
	s.expects = nothing
	end := s.closing(open)
	if end == 0 {
		s.literal(open + 1)
		return
	}
	content := m[open+1 : end]
	switch {
	case s.inside:
		s.emit(String, start, end+1)
	case isKey(m, start, end):
		s.enter(open, end, true)
		s.asText = isMessageKey(content)
	case isValue && s.asText || isLogfmtMessage(m, start) || isRequest(content):
		s.enter(open, end, false)
	case m[open] != '\'' && (at(m, start-1) == '.' || at(m, end+1) == '.' && (isQuote(at(m, end+2)) || isLetter(at(m, end+2)))):
		s.literal(end + 1)
	case isValue:
		s.emit(Value, start, end+1)
	default:
		s.emit(String, start, end+1)
	}
}

// enter goes on inside the string, which is read as text up to end.
func (s *scanner) enter(open, end int, key bool) {
	s.literal(open + 1)
	s.inside, s.key, s.close = true, key, end
	s.unclosedInside = [3]bool{}
}

// closing returns where the string that opens at i closes: at the next quote of
// its sort that is neither escaped nor doubled and has no letter or digit behind it.
// 0 if it does not close. What was searched in vain is not searched again, which
// keeps the time linear.
func (s *scanner) closing(i int) int {
	m, quote, limit, unclosed := s.message, s.message[i], len(s.message), &s.unclosed
	if s.inside {
		limit, unclosed = s.close, &s.unclosedInside
	}
	sort := bytes.IndexByte([]byte("\"'`"), quote)
	if unclosed[sort] {
		return 0
	}
	for j := i + 1; j < limit; j++ {
		switch {
		case m[j] == '\\':
			j++
		case m[j] != quote:
		case j > i+1 && at(m, j+1) == quote:
			j++
		case !isAlnum(at(m, j+1)):
			return j
		}
	}
	unclosed[sort] = true
	return 0
}

// isKey reports whether the string [start, end] is a key of JSON or a dict: { or
// a comma before it and a colon behind it.
func isKey(m []byte, start, end int) bool {
	if m[end] == '`' {
		return false
	}
	i := start - 1
	for i >= 0 && isBlank(m[i]) {
		i--
	}
	if c := at(m, i); c != '{' && c != ',' {
		return false
	}
	for end++; end < len(m) && isBlank(m[end]); end++ {
	}
	return at(m, end) == ':'
}

// member reads what follows a key: the colon, then a value. Strings are left to
// quote, lists and objects to run.
func (s *scanner) member(c byte) {
	switch {
	case s.expects == colon:
		s.expects = value
		s.literal(s.pos + 1)
	case isQuote(c):
		s.quote()
	case isStringPrefix(c) && isQuote(at(s.message, s.pos+1)):
		s.quoted(s.pos, s.pos+1)
	default:
		s.expects = nothing
		if end := scalar(s.message, s.pos); end > 0 {
			s.emit(Value, s.pos, end)
			return
		}
		s.literal(s.pos)
	}
}

// scalar returns where the number or literal of JSON or Python ends that starts
// at i, and 0 if there is none.
func scalar(m []byte, i int) int {
	end := i
	for end < len(m) && (isAlnum(m[end]) || m[end] == '-' || m[end] == '+' || m[end] == '.') {
		end++
	}
	if c := at(m, end); c != ',' && c != '}' && c != ']' && c != 0 && !isBlank(c) {
		return 0
	}
	word := m[i:end]
	if isLiteral(word) {
		return end
	}
	digits := false
	for _, c := range word {
		digits = digits || isDigit(c)
		if isLetter(c) && c|0x20 != 'e' {
			return 0
		}
	}
	if !digits {
		return 0
	}
	return end
}

// isLiteral tells the values of JSON, Python and Go that are words.
func isLiteral(word []byte) bool {
	switch short(word) {
	case "true", "false", "null", "True", "False", "None", "nil", "NaN", "Infinity", "-Infinity":
		return true
	}
	return false
}

// isMessageKey tells the keys whose value says what happened rather than to whom.
func isMessageKey(key []byte) bool {
	switch short(key) {
	case "msg", "message", "err", "error", "event", "reason", "detail", "details", "title", "description", "exception", "type",
		"code", "level", "lvl", "severity", "logger", "component", "module", "caller", "status", "action", "method", "operation":
		return true
	}
	return false
}

// isLogfmtMessage reports whether the string at i is the value of such a key: msg="….
func isLogfmtMessage(m []byte, i int) bool {
	if at(m, i-1) != '=' {
		return false
	}
	start := i - 1
	for start > 0 && i-start < 16 && isAlnum(m[start-1]) {
		start--
	}
	return isMessageKey(m[start : i-1])
}

// isRequest tells the first line of a request: GET /games HTTP/1.1.
func isRequest(text []byte) bool {
	method := text[:runEnd(text, 0, upper)]
	if at(text, len(method)) != ' ' {
		return false
	}
	switch short(method) {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE":
		return true
	}
	return false
}
