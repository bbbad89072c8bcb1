package traceback

import "bytes"

// postgresWord returns the word before the first ":  " of text, behind
// whatever log_line_prefix says, or nothing.
func postgresWord(text []byte) []byte {
	end := bytes.Index(text[:min(len(text), 256)], []byte(":  "))
	if end < 0 || bytes.IndexByte(text[:end], '|') >= 0 {
		return nil
	}
	start := end
	for start > 0 && (text[start-1] >= 'A' && text[start-1] <= 'Z' || isDigit(text[start-1])) {
		start--
	}
	return text[start:end]
}

// isPostgres tells the first line of a PostgreSQL message.
func isPostgres(text []byte) bool {
	switch string(postgresWord(text)) {
	case "LOG", "ERROR", "FATAL", "PANIC", "WARNING", "NOTICE", "INFO", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5":
		return true
	}
	return isPostgresNote(text)
}

// isPostgresNote tells the lines that PostgreSQL adds to a message, with the
// prefix of their own.
func isPostgresNote(text []byte) bool {
	switch string(postgresWord(text)) {
	case "DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION":
		return true
	}
	return false
}

// pid returns the first number that stands alone in brackets, or 0.
func pid(text []byte) int {
	for i := 0; i < len(text); i++ {
		if text[i] != '[' {
			continue
		}
		n, end := 0, i+1
		for end < len(text) && isDigit(text[end]) && end < i+10 {
			n = n*10 + int(text[end]-'0')
			end++
		}
		if end > i+1 && end < len(text) && text[end] == ']' {
			return n
		}
	}
	return 0
}

// isNginxError tells a line of nginx's error log, "[error] 7627#7627: ": it is
// always one line.
func isNginxError(text []byte) bool {
	bracket := bytes.Index(text[:min(len(text), 64)], []byte("] "))
	if bracket < 0 {
		return false
	}
	rest := text[bracket+len("] "):]
	hash := bytes.IndexByte(rest[:min(len(rest), 16)], '#')
	return hash > 0 && allDigits(rest[:hash])
}

// mentionsFailure reports whether a record speaks of a failure, so that one
// may follow: Go's "http: panic serving …", Java's older loggers.
func mentionsFailure(text []byte) bool {
	for _, word := range [...]string{"panic", "xception", "rror:", "ailed", "Traceback"} {
		if bytes.Contains(text, []byte(word)) {
			return true
		}
	}
	return false
}
