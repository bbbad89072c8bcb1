package level

// longestWord is the length of the longest word in the table of words.
const longestWord = len("INFORMATIONAL")

// Parse returns the level that a word of some logger means, in any case and
// with spaces around it, or Unknown. It knows the words of syslog, Python
// ("WARNING", "Level 25"), Java, Go, Node, .NET, nginx, PostgreSQL ("LOG" is
// information, "DEBUG1" to "DEBUG5") and PgBouncer, and the usual
// abbreviations. A text of digits is a number of pino and bunyan.
func Parse[T string | []byte](text T) Level {
	start, end := 0, len(text)
	for start < end && isBlank(text[start]) {
		start++
	}
	for end > start && isBlank(text[end-1]) {
		end--
	}
	if start == end || end-start > longestWord {
		return Unknown
	}
	var buffer [longestWord]byte
	word := buffer[:copy(buffer[:], text[start:end])]
	for i, c := range word {
		if c >= 'a' && c <= 'z' {
			word[i] = c - 'a' + 'A'
		}
	}
	if l := fromWord(word); l != Unknown {
		return l
	}
	return fromNumberedWord(word)
}

// fromWord is the table of words, in upper case.
func fromWord(word []byte) Level {
	switch string(word) {
	case "TRACE", "TRC", "TRCE", "TRAC", "FINER", "FINEST", "NOISE", "SILLY", "ALL":
		return Trace
	case "DEBUG", "DBG", "DBUG", "DEBU", "FINE", "CONFIG", "VERBOSE", "VRB",
		"DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5":
		return Debug
	case "INFO", "INF", "INFORMATION", "INFORMATIONAL", "NOTICE", "NOTE", "LOG", "SUCCESS":
		return Info
	case "WARN", "WARNING", "WRN":
		return Warn
	case "ERROR", "ERR", "ERRO", "EROR", "SEVERE", "FAIL":
		return Error
	case "CRITICAL", "CRIT", "CRT", "DPANIC":
		return Critical
	case "FATAL", "FTL", "FATA", "PANIC", "PNC", "ALERT", "ALRT", "EMERG", "EMERGENCY":
		return Fatal
	}
	return Unknown
}

// fromNumberedWord reads "LEVEL 25", as Python names a level that has no name,
// and "30", a number of pino.
func fromNumberedWord(word []byte) Level {
	const python = "LEVEL "
	if len(word) > len(python) && string(word[:len(python)]) == python {
		if number, ok := atoi(word[len(python):]); ok {
			return FromPython(number)
		}
		return Unknown
	}
	if number, ok := atoi(word); ok {
		return FromPino(number)
	}
	return Unknown
}

// isWeak tells the words that are also ordinary ones: they mean a level only
// where nothing else can stand.
func isWeak(word []byte) bool {
	var buffer [longestWord]byte
	if len(word) > len(buffer) {
		return false
	}
	upper := buffer[:copy(buffer[:], word)]
	for i, c := range upper {
		if c >= 'a' && c <= 'z' {
			upper[i] = c - 'a' + 'A'
		}
	}
	switch string(upper) {
	case "LOG", "FINE", "FINER", "FINEST", "CONFIG", "NOTE", "SUCCESS", "FAIL", "ALL", "ALERT", "NOISE", "SILLY", "PANIC":
		return true
	}
	return false
}

// atoi reads up to nine digits and nothing else.
func atoi(text []byte) (int, bool) {
	if len(text) == 0 || len(text) > 9 {
		return 0, false
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
