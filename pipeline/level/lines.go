package level

import "bytes"

// fromPriority reads syslog's "<PRI>" (RFC 5424 section 6.2.1), which the
// kernel's buffer and RFC 3164 share.
func fromPriority(line []byte) (Level, bool) {
	if line[0] != '<' {
		return Unknown, false
	}
	end := bytes.IndexByte(line[:min(len(line), len("<191>"))], '>')
	if end < 0 {
		return Unknown, false
	}
	priority, ok := atoi(line[1:end])
	if !ok || priority > 191 {
		return Unknown, false
	}
	return FromSyslog(priority & 7), true
}

// fromKlog reads the lines of Kubernetes' klog and of glog:
// "E1123 21:54:54.123456    1 file.go:12] message".
func fromKlog(line []byte) (Level, bool) {
	const start = len("E1123 21:54:54.")
	if len(line) < start || line[5] != ' ' || line[8] != ':' || line[11] != ':' || line[14] != '.' {
		return Unknown, false
	}
	if _, ok := atoi(line[1:5]); !ok {
		return Unknown, false
	}
	l := fromLetter(line[0])
	return l, l != Unknown
}

// fromAccess reads the status of a line in the common or combined log format,
// whatever follows it (nginx, Apache, gunicorn; Werkzeug with a blank in the
// date). A line that another logger has put its own prefix before is not one.
func fromAccess(line []byte) (Level, bool) {
	const farthest = 512 // of the date: host, identity and user come before
	date := bytes.IndexByte(line[:min(len(line), farthest)], '[')
	if date < 0 || !isAccessDate(line[date:]) || !isAccessHost(line[:date]) {
		return Unknown, false
	}
	quote := bytes.Index(line[date:], []byte(`] "`))
	if quote < 0 {
		return Unknown, false
	}
	rest := line[date+quote+len(`] "`):]
	for {
		end := bytes.Index(rest, []byte(`" `))
		if end < 0 {
			return Unknown, false
		}
		rest = rest[end+len(`" `):]
		if status, ok := leadingStatus(rest); ok {
			return FromHTTPStatus(status), true
		}
	}
}

func leadingStatus(text []byte) (int, bool) {
	if len(text) < 3 || len(text) > 3 && text[3] != ' ' {
		return 0, false
	}
	return atoi(text[:3])
}

// isAccessDate reports whether text starts like "[22/Nov/2026:21".
func isAccessDate(text []byte) bool {
	return len(text) > 15 && isDigit(text[1]) && isDigit(text[2]) && text[3] == '/' && isMonth(text[4:7]) && text[7] == '/' &&
		(text[12] == ':' || text[12] == ' ') && isDigit(text[13])
}

// isAccessHost reports whether prefix is what stands before the date: host,
// identity and user.
func isAccessHost(prefix []byte) bool {
	if bytes.Count(prefix, []byte(" ")) < 3 || bytes.IndexByte(prefix, '|') >= 0 {
		return false
	}
	host := prefix[:bytes.IndexByte(prefix, ' ')]
	if i := bytes.IndexByte(host, ':'); i > 0 && Parse(host[:i]) != Unknown && !isDigit(host[0]) {
		return false
	}
	return len(host) > 0 && Parse(host) == Unknown && !isTime(host)
}

// fromLogfmt reads the level of a line of key=value pairs (Go's slog, logrus
// and go-kit). It is not ok when the line does not begin with a pair.
func fromLogfmt(line []byte) (Level, bool) {
	for len(line) > 0 {
		key, value, rest, ok := cutPair(line)
		if !ok {
			return Unknown, false
		}
		switch string(key) {
		case "level", "lvl", "severity", "loglevel", "log_level", "levelname":
			if l := Parse(value); l != Unknown {
				return l, true
			}
		}
		line = bytes.TrimLeft(rest, " ")
	}
	return Unknown, false
}

// cutPair cuts the pair at the start of line. A value in quotes ends at the
// next quote without a backslash.
func cutPair(line []byte) (key, value, rest []byte, ok bool) {
	equals := wordEnd(line)
	if equals == 0 || equals == len(line) || line[equals] != '=' {
		return nil, nil, nil, false
	}
	key, rest = line[:equals], line[equals+1:]
	if len(rest) == 0 || rest[0] != '"' {
		end := bytes.IndexByte(rest, ' ')
		if end < 0 {
			end = len(rest)
		}
		return key, rest[:end], rest[end:], true
	}
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			return key, rest[1:i], rest[i+1:], true
		}
	}
	return key, rest[1:], nil, true
}

// fromSyslogFile reads a line as syslog daemons write it to files, without the
// priority: "host tag[pid]: message" behind a traditional or an ISO time. The
// level is the one that the message itself states, else information, which is
// what nearly all such lines are. It is not ok for lines of another shape.
func fromSyslogFile(rest []byte, kind stamp) (Level, bool) {
	if kind != syslogStamp && kind != isoStamp {
		return Unknown, false
	}
	tag, message, ok := cutTag(rest)
	if !ok && kind == isoStamp {
		return Unknown, false
	}
	if l := fromMessage(message); l != Unknown {
		return l, true
	}
	if l := fromProgram(tag, message); l != Unknown {
		return l, true
	}
	return Info, true
}

// fromSyslogJSON reads a line of a syslog file whose message is a JSON object.
func fromSyslogJSON(line []byte) (Level, bool) {
	start := bytes.Index(line[:min(len(line), maxHeader)], []byte(": {"))
	if start < 0 {
		return Unknown, false
	}
	rest, kind := skipStamp(line)
	if kind != syslogStamp && kind != isoStamp {
		return Unknown, false
	}
	_, message, ok := cutTag(rest)
	if !ok || len(message) == 0 || message[0] != '{' {
		return Unknown, false
	}
	l, ok := fromJSON(message)
	return l, ok && l != Unknown
}

// cutTag cuts "host tag: message", or "tag: message" as sent by programs that
// leave the host out. Without a tag everything behind the host is message.
func cutTag(rest []byte) (tag, message []byte, ok bool) {
	host, behind, _ := bytes.Cut(rest, []byte(" "))
	if isTag(host) {
		return host, trimMessage(behind), true
	}
	tag, message, _ = bytes.Cut(bytes.TrimLeft(behind, " "), []byte(" "))
	if isTag(tag) {
		return tag, trimMessage(message), true
	}
	return nil, trimMessage(behind), false
}

// fromMessage is the level that the message of a syslog line states itself:
// the message may be another logger's whole record.
func fromMessage(message []byte) Level {
	rest, kind := skipStamp(message)
	if l, ok := fromHeader(rest, kind); ok {
		return l
	}
	if l, ok := fromLogfmt(rest); ok {
		return l
	}
	return fromException(rest)
}

// fromProgram knows the gravest messages of the kernel and of systemd, with
// the severity that these give them in their own sources.
func fromProgram(tag, message []byte) Level {
	switch {
	case hasPrefix(tag, "kernel"):
		return fromKernel(message)
	case !hasPrefix(tag, "systemd"):
		return Unknown
	case hasPrefix(message, "Failed to start "), hasPrefix(message, "Failed to mount "):
		return Error
	case bytes.Contains(message, []byte(": Failed with result '")):
		return Warn
	}
	return Unknown
}

func fromKernel(message []byte) Level {
	if end := bytes.IndexByte(message, ']'); end > 0 && message[0] == '[' { // seconds since boot
		message = trimMessage(message[end+1:])
	}
	switch {
	case hasPrefix(message, "Kernel panic"):
		return Fatal
	case hasPrefix(message, "Out of memory: "), hasPrefix(message, "Memory cgroup out of memory: "), hasPrefix(message, "I/O error, "):
		return Error
	case hasPrefix(message, "BUG: "), hasPrefix(message, "Oops: "):
		return Fatal
	}
	return Unknown
}

func trimMessage(text []byte) []byte { return bytes.TrimLeft(text, " \t\ufeff") }

// isTag reports whether word is a syslog tag, "name:" or "name[123]:".
func isTag(word []byte) bool {
	if len(word) < 2 || len(word) > 64 || word[len(word)-1] != ':' {
		return false
	}
	for _, c := range word[:len(word)-1] {
		if !isLetter(c) && !isDigit(c) && bytes.IndexByte([]byte("-_./[]@()"), c) < 0 {
			return false
		}
	}
	return isLetter(word[0])
}

// isDpkg tells the lines of dpkg.log by the word behind the time.
func isDpkg(rest []byte) bool {
	word, _, _ := bytes.Cut(rest, []byte(" "))
	switch string(word) {
	case "startup", "status", "install", "upgrade", "configure", "trigproc", "remove", "purge", "conffile", "disappear":
		return true
	}
	return false
}
