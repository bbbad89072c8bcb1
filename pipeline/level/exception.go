package level

import "bytes"

// fromException is the level of a line, behind its time if it has one, that
// states none but begins with what runtimes print when a program fails.
func fromException(text []byte) Level {
	for _, start := range [...]string{
		"Traceback (most recent call last):", "+ Exception Group Traceback", "--- Logging error ---", "Exception in ", "Exception ignored in",
		"Task exception was never retrieved", "panic: ", "fatal error: ", "http: panic serving ", "Uncaught ", "Unhandled ", "Caused by: ", "npm ERR!",
	} {
		if hasPrefix(text, start) {
			return Error
		}
	}
	switch {
	case hasPrefix(text, `File "`) && bytes.Contains(text, []byte(`", line `)): // a Python SyntaxError alone
		return Error
	case hasPrefix(text, "thread '") && bytes.Contains(text, []byte("' panicked at ")): // Rust
		return Error
	case hasPrefix(text, "update-alternatives "):
		return Info
	case isNodeLocation(text), isExceptionName(text):
		return Error
	case isPythonWarning(text):
		return Warn
	}
	return Unknown
}

// isExceptionName reports whether text begins with an exception as Python,
// Java, Node and .NET print it: "json.decoder.JSONDecodeError: …",
// "java.lang.IllegalStateException", "Error: …".
func isExceptionName(text []byte) bool {
	end := 0
	for end < len(text) && (isLetter(text[end]) || isDigit(text[end]) || text[end] == '.' || text[end] == '_' || text[end] == '$') {
		end++
	}
	name := text[:end]
	if !bytes.HasSuffix(name, []byte("Error")) && !bytes.HasSuffix(name, []byte("Exception")) {
		return false
	}
	return end == len(text) || text[end] == ':' || hasPrefix(text[end:], " [") || hasPrefix(text[end:], " (")
}

// isNodeLocation reports whether text is the line that Node prints before an
// uncaught exception: "/srv/app/server.js:12".
func isNodeLocation(text []byte) bool {
	colon := bytes.LastIndexByte(text, ':')
	if colon <= 0 || bytes.IndexByte(text, ' ') >= 0 {
		return false
	}
	if _, ok := atoi(text[colon+1:]); !ok {
		return false
	}
	file := text[:colon]
	if hasPrefix(file, "node:") {
		return true
	}
	for _, extension := range [...]string{".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx"} {
		if bytes.HasSuffix(file, []byte(extension)) {
			return true
		}
	}
	return false
}

// isPythonWarning tells "/srv/app/views.py:12: DeprecationWarning: …".
func isPythonWarning(text []byte) bool {
	where, rest, ok := bytes.Cut(text, []byte(": "))
	if !ok || bytes.IndexByte(where, ' ') >= 0 {
		return false
	}
	colon := bytes.LastIndexByte(where, ':')
	if _, number := atoi(where[colon+1:]); colon < 0 || !number {
		return false
	}
	name, _, ok := bytes.Cut(rest, []byte(":"))
	return ok && bytes.HasSuffix(name, []byte("Warning")) && bytes.IndexByte(name, ' ') < 0
}

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}
