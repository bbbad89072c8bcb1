package level

import "bytes"

const (
	// maxText is how much of a line is looked at when it is text.
	maxText = 1024
	// maxAccess is how much of an access-log line is looked at: the status
	// stands behind the request, which servers allow to be 8 KiB and longer.
	maxAccess = 16 * 1024
)

// Detect returns the level of a raw log line, or of an entry of several lines
// by its first, or Unknown when it states none and its shape implies none. It
// allocates nothing and looks at the first KiB alone (16 KiB for access logs,
// all of it for JSON without a level member).
//
// The rules, in order:
//   - a JSON object by its members (level before severity, a status in
//     access records last);
//   - a syslog priority "<PRI>" at the start;
//   - an access-log line (nginx, Apache, gunicorn, Werkzeug) by its status;
//   - the word in the place where loggers write the level, behind the time:
//     Python, Java, Node, Go, gunicorn, nginx's error log, PostgreSQL (LOG is
//     information; DETAIL, HINT, CONTEXT and STATEMENT belong to another
//     message and count as information), PgBouncer, klog, logfmt;
//   - syslog's file formats do not have the priority: the level that the
//     message itself begins with ("error: …"), else information;
//   - "Traceback (most recent call last):", "panic:" and an exception's name
//     at the start of the line are errors;
//   - dpkg's log is information.
func Detect(line []byte) Level {
	line = bytes.TrimLeft(line, " \t\ufeff")
	if len(line) == 0 {
		return Unknown
	}
	if line[0] == '{' {
		if l, ok := fromJSON(line); ok {
			return l
		}
	}
	if l, ok := fromPriority(line); ok {
		return l
	}
	if l, ok := fromSyslogJSON(line); ok {
		return l
	}
	if l, ok := fromAccess(firstLine(line, maxAccess)); ok {
		return l
	}
	line = firstLine(line, maxText)
	if bytes.IndexByte(line, 0x1b) >= 0 {
		return fromColoured(line)
	}
	return fromText(line)
}

// firstLine cuts the line at its first newline and at limit bytes.
func firstLine(line []byte, limit int) []byte {
	line = line[:min(len(line), limit)]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	for len(line) > 0 && (isBlank(line[len(line)-1]) || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}

// fromColoured is fromText for a line with terminal colours.
func fromColoured(line []byte) Level {
	var buffer [maxText]byte
	return fromText(bytes.TrimLeft(AppendPlain(buffer[:0], line), " \t"))
}

// AppendPlain appends line without its colours, which are escape sequences
// (ECMA-48 CSI), to dst.
func AppendPlain(dst, line []byte) []byte {
	for i := 0; i < len(line); i++ {
		if line[i] != 0x1b {
			dst = append(dst, line[i])
			continue
		}
		if i+1 < len(line) && line[i+1] == '[' {
			i += 2
			for i < len(line) && (line[i] < 0x40 || line[i] > 0x7e) {
				i++
			}
		}
	}
	return dst
}

// fromText is Detect for a text line without colours and leading blanks.
func fromText(line []byte) Level {
	if l, ok := fromKlog(line); ok {
		return l
	}
	rest, kind := skipStamp(withoutRubyLetter(line))
	if kind == syslogStamp {
		l, _ := fromSyslogFile(rest, kind)
		return l
	}
	if l, ok := fromHeader(rest, kind); ok {
		return l
	}
	if l, ok := fromLogfmt(rest); ok {
		return l
	}
	if l, ok := fromSyslogFile(rest, kind); ok {
		return l
	}
	if kind == isoStamp && isDpkg(rest) {
		return Info
	}
	return fromException(rest)
}

// withoutRubyLetter cuts the "E, " that Ruby's Logger writes before the time;
// the level follows in full.
func withoutRubyLetter(line []byte) []byte {
	if len(line) > 4 && line[1] == ',' && line[2] == ' ' && line[3] == '[' {
		return line[3:]
	}
	return line
}
