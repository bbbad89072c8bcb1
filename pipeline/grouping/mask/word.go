package mask

import "bytes"

// word is a run of letters, digits and marks, and what was found in it beforehand.
type word struct {
	start, end      int
	dotted          bool
	slash           int  // the first one; end if there is none
	noQuery         bool // one was looked for in vain
	email, emailEnd int  // 0, 0 if there is none
	url, urlEnd     int  // 0, 0 if there is none
}

// word reads a run of letters, digits and the marks inside words.
func (s *scanner) word() {
	m, start := s.message, s.pos
	end, seen, dotted, signed := start, class(0), false, false
	for ; end < len(m) && classes[m[end]]&inWord != 0; end++ {
		seen |= classes[m[end]]
		dotted = dotted || m[end] == '.'
		signed = signed || m[end] == '@'
	}
	if seen&(digit|mark) == 0 {
		s.letters(start, end)
		return
	}
	w := word{start: start, end: end, dotted: dotted, slash: end}
	if slash := bytes.IndexByte(m[start:end], '/'); slash >= 0 {
		w.slash = start + slash
		if sign := bytes.Index(m[start:end], []byte("://")); sign >= 0 {
			w.url, w.urlEnd = url(m, start, start+sign)
		}
	}
	if signed {
		w.email, w.emailEnd = email(m, start, end)
	}
	for s.pos < end && !s.full {
		s.part(&w)
	}
}

// part reads the next part of a word.
func (s *scanner) part(w *word) {
	m, p := s.message, s.pos
	if w.emailEnd > 0 && p > w.email {
		w.email, w.emailEnd = email(m, p, w.end)
	}
	switch {
	case w.urlEnd > 0 && p >= w.url && p < w.urlEnd:
		s.emit(URL, p, w.urlEnd)
	case w.emailEnd > 0 && p == w.email:
		s.emit(Email, p, w.emailEnd)
	case isAlnum(m[p]):
		s.atom(w)
	default:
		s.mark(w)
	}
}

// letters reads a word of letters alone.
func (s *scanner) letters(start, end int) {
	m := s.message
	if end == start+1 && isQuote(at(m, end)) && isStringPrefix(m[start]) && !(s.inside && end == s.close) {
		s.quoted(start, end)
		return
	}
	if classes[m[start]]&upper != 0 {
		if stop := phrase(m, start); stop > 0 {
			s.emit(Date, start, stop)
			return
		}
	}
	switch {
	case end-start >= longHex && hexEnd(m, start) == end:
		s.emit(Hex, start, end)
	case at(m, start-1) == '=' && isLiteral(m[start:end]):
		s.emit(Value, start, end)
	default:
		s.literal(end)
	}
}

// mark reads one byte between the atoms of a word, or what starts with it.
func (s *scanner) mark(w *word) {
	m, p := s.message, s.pos
	c, next, free := m[p], at(m, p+1), !isAlnum(at(m, p-1))
	switch {
	case (c == '-' || c == '+' || c == '.') && free && isDigit(next) && at(m, p-1) != '.':
		s.number(p, p+1)
		return
	case c == ':' && next == ':' && free:
		if end := ipv6(m, p); end > 0 {
			s.emit(IP, p, end)
			return
		}
	case (c == '/' || c == '~') && free:
		if end := filePath(m, p, w.end); end > 0 {
			s.emit(Path, p, end)
			return
		}
	case c == '?' && isAlnum(next) && p > w.slash && !w.noQuery:
		end := query(m, p+1)
		w.noQuery = end == 0
		if end > 0 {
			s.literal(p + 1)
			s.emit(Query, p+1, end)
			return
		}
	}
	s.literal(p + 1)
}

// atom reads what starts at a letter or digit of a word.
func (s *scanner) atom(w *word) {
	m, p := s.message, s.pos
	end := alnumEnd(m, p)
	before := at(m, p-1)
	inner := isJoint(before) && s.lastTo > 0 && s.last <= ID && s.lastStop == p-1 // a further part of 1.2.3
	if kind, stop := network(m, p, end, inner); stop > 0 {
		s.emit(kind, p, stop)
		return
	}
	if w.dotted && before != '.' && before != '-' && before != '_' && before != '@' {
		if stop := host(m, p); stop > 0 {
			s.emit(Host, p, stop)
			return
		}
	}
	if end-p == 1 && at(m, end) == ':' && at(m, end+1) == '\\' {
		s.emit(Path, p, windowsPath(m, end+1))
		return
	}
	if before != '-' && before != '_' {
		if stop := opaque(m, p); stop > 0 {
			s.emit(ID, p, stop)
			return
		}
	}
	if isDigit(m[p]) {
		s.digits(p, inner)
		return
	}
	if p == w.start && classes[m[p]]&upper != 0 {
		if stop := phrase(m, p); stop > 0 {
			s.emit(Date, p, stop)
			return
		}
	}
	s.mixed(p, end, inner)
}

// network reads the addresses in digits.
func network(m []byte, p, end int, inner bool) (Kind, int) {
	if !isHex(m[p]) || inner {
		return 0, 0
	}
	switch next := at(m, end); {
	case end-p == 8 && next == '-':
		return UUID, uuid(m, p)
	case end-p == 2 && (next == ':' || next == '-'):
		if stop := mac(m, p); stop > 0 {
			return MAC, stop
		}
		return IP, ipv6(m, p)
	case end-p <= 4 && next == ':':
		return IP, ipv6(m, p)
	case end-p <= 3 && next == '.' && isDigit(m[p]):
		return IP, ipv4(m, p)
	}
	return 0, 0
}

// digits reads what starts with a digit.
func (s *scanner) digits(p int, inner bool) {
	m := s.message
	if !inner {
		if stop := date(m, p); stop > 0 {
			s.emit(Date, p, stop)
			return
		}
		if stop := dayPhrase(m, p); stop > 0 {
			s.emit(Date, p, stop)
			return
		}
		if stop := clock(m, p); stop > 0 && (at(m, p-1) != ':' || stop-p >= len("1:02:03")) {
			s.emit(Clock, p, stop)
			return
		}
	}
	if kind, ok := wholly(m, p, alnumEnd(m, p), inner); ok && kind == Hex && inner {
		s.emit(Hex, p, alnumEnd(m, p))
		return
	}
	s.number(p, p)
}

const (
	shortHex = 7 // of an abbreviated git hash; with a digit and a letter
	longHex  = 8 // of letters alone, or of digits that start with 0
)

// mixed reads letters and digits that are glued together.
func (s *scanner) mixed(p, end int, inner bool) {
	m := s.message
	switch kind, ok := wholly(m, p, end, inner); {
	case ok:
		s.emit(kind, p, end)
	default:
		s.pieces(p, end)
	}
}

// wholly says whether all of [p, end) is one id, and its kind. A further part of
// an id may be short.
func wholly(m []byte, p, end int, inner bool) (Kind, bool) {
	digits, switches, hexadecimal := 0, 0, true
	for i := p; i < end; i++ {
		d := isDigit(m[i])
		if d {
			digits++
		}
		if i > p && d != isDigit(m[i-1]) {
			switches++
		}
		hexadecimal = hexadecimal && isHex(m[i])
	}
	length := end - p
	switch {
	case digits == 0:
		return Hex, hexadecimal && length >= longHex
	case hexadecimal && (length >= shortHex || inner || length >= 4 && at(m, p-1) == '@') && digits < length:
		return Hex, true
	}
	return ID, switches >= 3 && (inner || length >= 6)
}

// pieces reads letters and digits of which the digits alone vary: eth0, v2, 80x25.
func (s *scanner) pieces(p, end int) {
	m := s.message
	for p < end && !s.full {
		if isDigit(m[p]) {
			stop := digitsEnd(m, p)
			s.emit(Number, p, stop)
			p = stop
			continue
		}
		p = runEnd(m, p, letter)
		s.literal(p)
	}
}

// opaque reads a token that a machine made, at least 24 letters, digits, - and _
// among which the sort of character changes often; 0 if there is none.
func opaque(m []byte, p int) int {
	const shortest = 24
	if p+shortest > len(m) {
		return 0
	}
	if first := alnumEnd(m, p); hexEnd(m, p) == first || !isRandom(m[p:first]) {
		return 0
	}
	digits, changes, last := 0, 0, class(0)
	i := p
	for ; i < len(m); i++ {
		c := classes[m[i]] & (digit | upper | letter)
		if c == 0 && m[i] != '-' && m[i] != '_' || m[i] >= 0x80 {
			break
		}
		if c == 0 {
			continue
		}
		if c == digit {
			digits++
		}
		if c != last {
			changes++
		}
		last = c
	}
	if n := i - p; n < shortest || digits < 3 || changes < n/3 {
		return 0
	}
	return i
}

// isRandom reports whether the letters and digits change their sort twice.
func isRandom(text []byte) bool {
	changes := 0
	for i := 1; i < len(text); i++ {
		if classes[text[i]]&(digit|upper|letter) != classes[text[i-1]]&(digit|upper|letter) {
			changes++
		}
	}
	return changes >= 2
}
