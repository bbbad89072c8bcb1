package jsonscan

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Plain reports whether raw, the inside of a JSON string, stands for itself:
// it has no escapes, so that no AppendUnescape is needed.
func Plain(raw []byte) bool { return bytes.IndexByte(raw, '\\') < 0 }

// AppendUnescape appends the text that raw stands for to dst and returns the
// extended slice. Raw is the inside of a JSON string as Members hands it out.
// Lone surrogates become U+FFFD. Bytes that are not UTF-8 stay as they are,
// where encoding/json makes U+FFFD of each. The result is not longer than raw.
func AppendUnescape(dst, raw []byte) []byte {
	start := 0 // of the run that can be copied as it is
	for i := 0; i < len(raw); {
		c := raw[i]
		if c < utf8.RuneSelf && c != '\\' {
			i++
			continue
		}
		r, size, same := decode(raw[i:])
		if !same {
			dst = append(dst, raw[start:i]...)
			dst = utf8.AppendRune(dst, r)
			start = i + size
		}
		i += size
	}
	return append(dst, raw[start:]...)
}

// Equal reports whether raw, the inside of a JSON string, stands for text. It
// allocates nothing.
func Equal(raw []byte, text string) bool {
	for len(raw) > 0 && len(text) > 0 {
		if c := raw[0]; c < utf8.RuneSelf && c != '\\' {
			if c != text[0] {
				return false
			}
			raw, text = raw[1:], text[1:]
			continue
		}
		r, size, _ := decode(raw)
		want, wantSize := utf8.DecodeRuneInString(text)
		if r != want || wantSize == 1 && want == utf8.RuneError {
			return false
		}
		raw, text = raw[size:], text[wantSize:]
	}
	return len(raw) == 0 && len(text) == 0
}

// decode returns the character at the start of raw, how many bytes it is
// written with, and whether those bytes are the character itself.
func decode(raw []byte) (r rune, size int, same bool) {
	if raw[0] != '\\' {
		r, size = utf8.DecodeRune(raw)
		return r, size, true
	}
	if len(raw) == 1 {
		return '\\', 1, true // no JSON: left as it is
	}
	switch raw[1] {
	case '"', '\\', '/':
		return rune(raw[1]), 2, false
	case 'b':
		return '\b', 2, false
	case 'f':
		return '\f', 2, false
	case 'n':
		return '\n', 2, false
	case 'r':
		return '\r', 2, false
	case 't':
		return '\t', 2, false
	case 'u':
		return decodeU(raw)
	}
	return '\\', 1, true // no JSON: left as it is
}

// decodeU is decode for \uXXXX, with the second half of a surrogate pair.
func decodeU(raw []byte) (r rune, size int, same bool) {
	r = hex4(raw)
	if r < 0 {
		return '\\', 1, true // no JSON: left as it is
	}
	if !utf16.IsSurrogate(r) {
		return r, 6, false
	}
	if pair := utf16.DecodeRune(r, hex4(raw[6:])); pair != utf8.RuneError {
		return pair, 12, false
	}
	return utf8.RuneError, 6, false
}

// hex4 returns the value of a \uXXXX at the start of raw, or -1.
func hex4(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range raw[2:6] {
		digit := hexDigit(c)
		if digit < 0 {
			return -1
		}
		r = r<<4 | rune(digit)
	}
	return r
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
