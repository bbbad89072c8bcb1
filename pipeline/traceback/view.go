package traceback

import (
	"bytes"

	"github.com/tovtech/tovplay-logging/pipeline/level"
)

// maxView is how many bytes of a line are looked at.
const maxView = 512

// view is a line as the rules look at it: its first bytes, without colours and
// without a carriage return.
type view struct {
	line   []byte // as it came
	text   []byte // from the first character that is no blank, at most maxView bytes
	indent int    // blanks before it
	tab    bool   // the first of them is a tab
	blank  bool   // there is nothing but blanks
	last   byte   // the last character that is no blank
}

// makeView looks at line; buffer is space for maxView bytes of a line with colours.
func makeView(line, buffer []byte) view {
	line = bytes.TrimSuffix(line, []byte("\r"))
	head := line[:min(len(line), maxView)]
	if bytes.IndexByte(head, 0x1b) >= 0 {
		head = level.AppendPlain(buffer, head)
	}
	text := trimLeft(head)
	v := view{line: line, text: text, indent: len(head) - len(text), tab: len(head) > 0 && head[0] == '\t'}
	trimmed := trimRight(text)
	if len(line) > maxView {
		trimmed = trimRight(line)
	}
	v.blank = len(trimmed) == 0
	if !v.blank {
		v.last = trimmed[len(trimmed)-1]
	}
	return v
}

// starts reports whether the text, behind its indentation, starts with prefix.
func (v *view) starts(prefix string) bool {
	return len(v.text) >= len(prefix) && string(v.text[:len(prefix)]) == prefix
}

// startsAny reports whether the text starts with one of prefixes.
func (v *view) startsAny(prefixes ...string) bool {
	for _, prefix := range prefixes {
		if v.starts(prefix) {
			return true
		}
	}
	return false
}

// is reports whether the text is word, whatever blanks follow.
func (v *view) is(word string) bool {
	return v.starts(word) && len(trimRight(v.text)) == len(word)
}

func (v *view) contains(part string) bool { return bytes.Contains(v.text, []byte(part)) }

// cutNumber returns the number that text ends with behind a colon ("x.js:12").
func cutNumber(text []byte) (before []byte, ok bool) {
	colon := bytes.LastIndexByte(text, ':')
	if colon <= 0 || colon == len(text)-1 {
		return nil, false
	}
	return text[:colon], allDigits(text[colon+1:])
}

// trimLeft and trimRight cut blanks, faster than package bytes does for a set.
func trimLeft(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	return text
}

func trimRight(text []byte) []byte {
	for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\t') {
		text = text[:len(text)-1]
	}
	return text
}

func allDigits(text []byte) bool {
	for _, c := range text {
		if !isDigit(c) {
			return false
		}
	}
	return len(text) > 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
