package level

import "bytes"

// stamp is what kind of time a line starts with.
type stamp uint8

const (
	noStamp     stamp = iota
	anyStamp          // some time
	isoStamp          // 2026-11-22 21:54:54 or 2026-11-22T21:54:54Z, RFC 3339 and its likes
	syslogStamp       // Nov 22 21:54:54, RFC 3164
)

// maxStampTokens is how many words a time consists of at most
// ("Thu Nov 22 21:54:54.123 2026 +0000").
const maxStampTokens = 6

// skipStamp returns what follows the time that a line starts with, bracketed
// or not; the whole line when it starts with none.
func skipStamp(line []byte) (rest []byte, kind stamp) {
	rest = bytes.TrimLeft(line, "[ ")
	if message, ok := skipSyslogStamp(rest); ok {
		return message, syslogStamp
	}
	calendar := false // a month or a weekday was there
	for range maxStampTokens {
		token := rest[:tokenEnd(rest)]
		switch {
		case isTime(token):
			kind = max(kind, stampKind(token))
		case isMonth(token) || isWeekday(token):
			calendar = true
		case calendar && isShortNumber(token):
		case kind != noStamp && isZone(token):
		default:
			return behindStamp(line, rest, kind)
		}
		rest = bytes.TrimLeft(rest[len(token):], " ,")
		if len(rest) > 0 && rest[0] == ']' {
			return behindStamp(line, rest[1:], kind)
		}
	}
	return behindStamp(line, rest, kind)
}

func behindStamp(line, rest []byte, kind stamp) ([]byte, stamp) {
	if kind == noStamp {
		return line, noStamp
	}
	return rest, kind
}

func stampKind(token []byte) stamp {
	if len(token) >= 10 && token[4] == '-' && token[7] == '-' {
		return isoStamp
	}
	return anyStamp
}

// skipSyslogStamp reads "Nov 22 21:54:54 ", with a padded day.
func skipSyslogStamp(line []byte) (rest []byte, ok bool) {
	const length = len("Nov 22 21:54:54 ")
	if len(line) < length || !isMonth(line[:3]) || line[3] != ' ' || line[6] != ' ' || line[length-1] != ' ' {
		return nil, false
	}
	if line[9] != ':' || line[12] != ':' || !isDigit(line[5]) || !isDigit(line[7]) || !isDigit(line[14]) {
		return nil, false
	}
	return line[length:], true
}

// tokenEnd returns the length of the word at the start of line. A closing
// bracket or a comma followed by a blank ends it too.
func tokenEnd(line []byte) int {
	for i, c := range line {
		if c == ' ' || c == '\t' || c == ']' || c == '|' {
			return i
		}
		if c == ',' && i+1 < len(line) && line[i+1] == ' ' {
			return i
		}
	}
	return len(line)
}

// isTime tells the words that a time or a date consists of: at least two of
// their separators among digits ("10:00:07,123", "2026-11-22T21:54:54.1Z",
// "22/Nov/2026:21:54:57"), one colon ("3:04PM"), or ten digits and more (an
// epoch). A colon behind it does not count.
func isTime(token []byte) bool {
	if len(token) == 0 || !isDigit(token[0]) {
		return false
	}
	if token[len(token)-1] == ':' {
		token = token[:len(token)-1]
	}
	digits, letters, marks, colons, dots := 0, 0, 0, 0, 0
	for _, c := range token {
		switch {
		case isDigit(c):
			digits++
		case c == ':':
			colons++
		case c == '-' || c == '/':
			marks++
		case c == '.':
			dots++
		case c == ',' || c == '+':
		case isLetter(c):
			letters++
		default:
			return false
		}
	}
	const monthTZ = 5 // letters of a month, of T and of Z

	if colons > 3 || bytes.Contains(token, []byte("::")) { // an IPv6 address
		return false
	}
	return colons+marks >= 2 && digits >= 5 && letters <= monthTZ ||
		colons == 1 && marks == 0 && digits >= 3 && digits <= 4 && letters <= len("PM") ||
		colons+marks+letters == 0 && digits >= 10 && dots <= 1 // with more, an IPv4 address
}

// isZone tells the words that may follow a time of the day.
func isZone(token []byte) bool {
	switch string(token) {
	case "UTC", "GMT", "AM", "PM", "CET", "CEST", "EET", "EEST", "EST", "EDT", "CST", "CDT", "PST", "PDT", "IST", "IDT", "BST", "MSK", "JST":
		return true
	}
	if len(token) == len("+0000") && (token[0] == '+' || token[0] == '-') {
		_, ok := atoi(token[1:])
		return ok
	}
	return false
}

// isShortNumber tells a day of the month or a year.
func isShortNumber(token []byte) bool {
	_, ok := atoi(token)
	return ok && len(token) <= 4
}

func isMonth(token []byte) bool {
	if len(token) != 3 {
		return false
	}
	switch string(token) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	return false
}

func isWeekday(token []byte) bool {
	if len(token) != 3 {
		return false
	}
	switch string(token) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
