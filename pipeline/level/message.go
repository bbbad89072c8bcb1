package level

import "bytes"

// Message returns what a text line says behind its logger's prefix: the time,
// process and thread, the level and, where they can be told from the message,
// the logger's name, which is returned too. A syslog line's logger is its tag.
// Colours must have been removed. It allocates nothing; both are views of line.
func Message(line []byte) (logger, message []byte) {
	line = trimMessage(line)
	if len(line) == 0 {
		return nil, nil
	}
	if _, ok := fromPriority(line); ok {
		line = withoutPriority(line)
	}
	if _, ok := fromKlog(line); ok {
		if i := bytes.Index(line[:min(len(line), maxHeader)], []byte("] ")); i >= 0 {
			return nil, line[i+2:]
		}
	}
	rest, kind := skipStamp(withoutRubyLetter(line))
	rest = trimMessage(rest)
	if logger, message, ok := syslogMessage(rest, kind); ok {
		inner, text := textMessage(message)
		if len(inner) > 0 {
			logger = inner
		}
		return logger, text
	}
	return headerMessage(rest, kind)
}

// withoutPriority cuts "<34>", and the version of RFC 5424 behind it.
func withoutPriority(line []byte) []byte {
	line = line[bytes.IndexByte(line, '>')+1:]
	return bytes.TrimPrefix(line, []byte("1 "))
}

func syslogMessage(rest []byte, kind stamp) (tag, message []byte, ok bool) {
	if kind != syslogStamp && kind != isoStamp {
		return nil, nil, false
	}
	tag, message, ok = cutTag(rest)
	if !ok && kind == isoStamp {
		return nil, nil, false
	}
	if end := bytes.IndexAny(tag, "[:"); end >= 0 {
		tag = tag[:end]
	}
	return tag, message, true
}

func textMessage(line []byte) (logger, message []byte) {
	rest, kind := skipStamp(line)
	return headerMessage(trimMessage(rest), kind)
}

// headerMessage is Message behind the time.
func headerMessage(rest []byte, kind stamp) (logger, message []byte) {
	h := header{text: rest[:min(len(rest), maxHeader)], stamped: kind != noStamp}
	for range maxHeaderWords {
		word, framed := h.next()
		if len(word) == 0 {
			break
		}
		if l := h.accept(word, framed); l != Unknown {
			if shape, _ := wordShape(rest, l); kind == noStamp && shape == Loose { // "Error: x" is a failure's own text
				break
			}
			return behindLevel(rest[h.pos:], kind != noStamp)
		}
		if h.messageBegins(word) {
			break
		}
	}
	return nil, rest
}

// behindLevel cuts what loggers write between level and message.
func behindLevel(rest []byte, stamped bool) (logger, message []byte) {
	if !stamped && len(rest) > 0 && rest[0] == ':' { // Python's "ERROR:name:message"
		if end := wordEnd(rest[1:]); end > 0 && end+1 < len(rest) && rest[end+1] == ':' {
			return rest[1 : end+1], rest[end+2:]
		}
	}
	bar := bytes.HasPrefix(trimMessage(rest), []byte("|"))
	rest = bytes.TrimLeft(rest, "]): \t|>")
	rest = bytes.TrimLeft(bytes.TrimPrefix(rest, []byte("- ")), " ")
	if bar {
		return barFields(rest)
	}
	return threadFields(rest)
}

// barFields reads "logger | function:line | message". A field is taken for one
// of a logger's when it is padded, has a dot, or ends with a line's number.
func barFields(rest []byte) (logger, message []byte) {
	const maxName = 64

	for range 2 {
		field, behind, ok := bytes.Cut(rest, []byte("| "))
		name := bytes.TrimRight(field, " ")
		if !ok || len(name) == 0 || len(name) > maxName || bytes.ContainsAny(name, " \t") {
			break
		}
		colon := bytes.LastIndexByte(name, ':')
		_, number := atoi(name[colon+1:])
		isPlace := colon > 0 && number
		if !isPlace && len(field)-len(name) < 2 && bytes.IndexByte(name, '.') <= 0 {
			break
		}
		if len(logger) == 0 && !isPlace {
			logger = name
		}
		rest = behind
	}
	return logger, rest
}

// threadFields reads "1234 --- [app] [thread] class : message", "[thread] class
// - message" and "class - message" of Java's loggers. A class has a dot.
func threadFields(rest []byte) (logger, message []byte) {
	head := rest[:min(len(rest), maxHeader)]
	if pid, after, ok := bytes.Cut(head, []byte(" --- ")); ok {
		if _, number := atoi(bytes.TrimSpace(pid)); number {
			before, _, found := bytes.Cut(after, []byte(" : "))
			before = bytes.TrimRight(before, " ")
			if start := len(pid) + len(" --- "); found {
				colon := start + bytes.Index(after, []byte(" : "))
				return before[bytes.LastIndexByte(before, ' ')+1:], rest[colon+len(" : "):]
			}
		}
	}
	behind, bracketed := rest, false
	if len(head) > 0 && head[0] == '[' {
		closing := bytes.Index(head, []byte("] "))
		if closing < 0 {
			return nil, rest
		}
		behind, bracketed = trimMessage(rest[closing+2:]), true
	}
	name := behind[:wordEnd(behind)]
	after := trimMessage(behind[len(name):])
	if len(after) < 2 || after[1] != ' ' || after[0] != '-' && (after[0] != ':' || !bracketed) || !bracketed && bytes.IndexByte(name, '.') <= 0 {
		return nil, rest
	}
	return name, after[2:]
}
