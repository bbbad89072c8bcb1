package level

import (
	"bytes"

	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// Shape is how a line begins: it tells the lines with which a logger starts a
// record from those that it or somebody else wrote behind one.
type Shape uint8

// The shapes.
const (
	Loose  Shape = iota // no logger's prefix: a print, a line of a traceback, of a long message
	Timed               // a time before the message
	Worded              // no time, but a level's word in upper case or in brackets
	JSON                // a JSON object
	Access              // an access-log line
	Syslog              // a syslog line, with or without its priority
	Logfmt              // key=value pairs with a level among them
)

// ShapeOf returns how line begins and, for Timed and Worded alone, the level
// that it states there. Indented lines are loose. It allocates nothing and
// looks at the first KiB alone (16 KiB for access logs).
func ShapeOf(line []byte) (Shape, Level) {
	switch {
	case len(line) == 0 || isBlank(line[0]):
		return Loose, Unknown
	case line[0] == '{' && jsonscan.StartsObject(line, jsonscan.Lenient):
		return JSON, Unknown
	}
	if _, ok := fromPriority(line); ok {
		return Syslog, Unknown
	}
	if _, ok := fromAccess(firstLine(line, maxAccess)); ok {
		return Access, Unknown
	}
	line = firstLine(line, maxText)
	if bytes.IndexByte(line, 0x1b) >= 0 {
		var buffer [maxText]byte
		return textShape(AppendPlain(buffer[:0], line))
	}
	return textShape(line)
}

func textShape(line []byte) (Shape, Level) {
	if l, ok := fromKlog(line); ok {
		return Timed, l
	}
	rest, kind := skipStamp(withoutRubyLetter(line))
	if kind == syslogStamp {
		return Syslog, Unknown
	}
	l, stated := fromHeader(rest, kind)
	switch {
	case kind == noStamp && stated:
		return wordShape(rest, l)
	case stated:
		return Timed, l
	}
	if l, ok := fromLogfmt(rest); ok && l != Unknown {
		return Logfmt, Unknown
	}
	if kind == noStamp {
		return Loose, Unknown
	}
	if _, _, tagged := cutTag(rest); tagged && kind == isoStamp {
		return Syslog, Unknown
	}
	return Timed, Unknown
}

// wordShape decides whether a level's word at the start of line, without a
// time, begins a record: "ERROR:app:x" and "[error] x" do, "Error: x" is how
// programs print failures, and "DETAIL:  x" belongs to a message.
func wordShape(line []byte, l Level) (Shape, Level) {
	if line[0] == '[' {
		return Worded, l
	}
	word := line[:wordEnd(line)]
	if !isUpper(word) || Parse(word) == Unknown {
		return Loose, Unknown
	}
	return Worded, l
}
