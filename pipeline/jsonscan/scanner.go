package jsonscan

import (
	"encoding/binary"
	"math/bits"
)

// scanner holds the document. Its methods take an offset and return the one
// behind what they read; when the input is wrong they return the offset of the
// first byte that cannot be.
type scanner struct {
	doc     []byte
	lenient bool
}

// at returns the byte at i, or 0 behind the end; a NUL byte in the document is
// not valid anywhere outside strings, so the two need no telling apart.
func (s *scanner) at(i int) byte {
	if i < len(s.doc) {
		return s.doc[i]
	}
	return 0
}

// space skips white space.
func (s *scanner) space(i int) int {
	for i < len(s.doc) {
		if c := s.doc[i]; c > ' ' || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return i
		}
		i++
	}
	return i
}

// value reads one value at i, inside depth open objects and arrays.
func (s *scanner) value(i, depth int) (end int, kind Kind) {
	ok := false
	switch c := s.at(i); c {
	case '"':
		kind = String
		end, ok = s.str(i)
	case '{':
		kind = Object
		end, ok = s.object(i, depth+1)
	case '[':
		kind = Array
		end, ok = s.array(i, depth+1)
	case 't':
		kind = Bool
		end, ok = s.literal(i, "true")
	case 'f':
		kind = Bool
		end, ok = s.literal(i, "false")
	case 'n':
		kind = Null
		end, ok = s.literal(i, "null")
	default:
		return s.numeric(i)
	}
	if !ok {
		kind = Invalid
	}
	return end, kind
}

func (s *scanner) object(i, depth int) (int, bool) {
	if depth > MaxDepth {
		return i, false
	}
	i = s.space(i + 1)
	if s.at(i) == '}' {
		return i + 1, true
	}
	for {
		var ok bool
		if i, ok = s.str(i); !ok {
			return i, false
		}
		if i = s.space(i); s.at(i) != ':' {
			return i, false
		}
		var kind Kind
		if i, kind = s.value(s.space(i+1), depth); kind == Invalid {
			return i, false
		}
		switch i = s.space(i); s.at(i) {
		case ',':
			i = s.space(i + 1)
		case '}':
			return i + 1, true
		default:
			return i, false
		}
	}
}

func (s *scanner) array(i, depth int) (int, bool) {
	if depth > MaxDepth {
		return i, false
	}
	i = s.space(i + 1)
	if s.at(i) == ']' {
		return i + 1, true
	}
	for {
		var kind Kind
		if i, kind = s.value(i, depth); kind == Invalid {
			return i, false
		}
		switch i = s.space(i); s.at(i) {
		case ',':
			i = s.space(i + 1)
		case ']':
			return i + 1, true
		default:
			return i, false
		}
	}
}

func (s *scanner) literal(i int, word string) (int, bool) {
	if len(s.doc)-i < len(word) || string(s.doc[i:i+len(word)]) != word {
		return i, false
	}
	return i + len(word), true
}

// str reads a string at i, quotes included.
func (s *scanner) str(i int) (end int, ok bool) {
	if s.at(i) != '"' {
		return i, false
	}
	i++
	for {
		i = plainRun(s.doc, i)
		switch s.at(i) {
		case '"':
			return i + 1, true
		case '\\':
			if i, ok = s.escape(i); !ok {
				return i, false
			}
		default: // a control character, or the end
			return i, false
		}
	}
}

// plainRun returns the offset of the next quote, backslash or control
// character at or behind i, eight bytes at a time. A subtraction that borrows
// can mark bytes above the first hit wrongly, never below it.
func plainRun(doc []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for i+8 <= len(doc) {
		w := binary.LittleEndian.Uint64(doc[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		stop := (quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w
		if stop &= high; stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
		i += 8
	}
	for i < len(doc) {
		if c := doc[i]; c == '"' || c == '\\' || c < 0x20 {
			return i
		}
		i++
	}
	return i
}

// escape reads the escape at i, where the backslash is.
func (s *scanner) escape(i int) (int, bool) {
	switch s.at(i + 1) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, true
	case 'u':
		for k := i + 2; k < i+6; k++ {
			if hexDigit(s.at(k)) < 0 {
				return k, false
			}
		}
		return i + 6, true
	}
	return i + 1, false
}

// numeric reads a number or, in lenient mode, one of the values that are none.
func (s *scanner) numeric(i int) (end int, kind Kind) {
	if s.lenient {
		for _, word := range [...]string{"NaN", "Infinity", "-Infinity"} {
			if end, ok := s.literal(i, word); ok {
				return end, NotFinite
			}
		}
	}
	end, ok := s.number(i)
	if !ok {
		return end, Invalid
	}
	return end, Number
}

// number reads a number by RFC 8259, section 6.
func (s *scanner) number(i int) (int, bool) {
	if s.at(i) == '-' {
		i++
	}
	ok := true
	if s.at(i) == '0' {
		i++
	} else if i, ok = s.digits(i); !ok {
		return i, false
	}
	if s.at(i) == '.' {
		if i, ok = s.digits(i + 1); !ok {
			return i, false
		}
	}
	if c := s.at(i); c == 'e' || c == 'E' {
		i++
		if c := s.at(i); c == '+' || c == '-' {
			i++
		}
		return s.digits(i)
	}
	return i, true
}

// digits reads at least one digit.
func (s *scanner) digits(i int) (int, bool) {
	start := i
	for c := s.at(i); c >= '0' && c <= '9'; c = s.at(i) {
		i++
	}
	return i, i > start
}
