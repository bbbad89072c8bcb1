package traceback

import "bytes"

// takeGo takes what Go prints when a program panics.
func (j *Joiner) takeGo(v *view) bool {
	switch {
	case isGoroutine(v), v.is("runtime stack:"):
		j.state = inGoroutines
		return true
	case v.blank:
		return j.entry.blanks == 0
	case v.starts("exit status "):
		j.state = closed
		return true
	case j.state == inPanic:
		return v.indent > 0 || v.startsAny("[signal ", "panic: ", "fatal error: ", "runtime: ")
	case j.entry.blanks > 0: // between goroutines and registers
		return isRegister(v)
	}
	return v.indent > 0 || isGoFunction(v) || isRegister(v) || v.startsAny("created by ", "[originating from goroutine", "...")
}

func isGoPanic(v *view) bool {
	return v.indent == 0 && v.startsAny("panic: ", "fatal error: ", "runtime: goroutine stack exceeds", "SIGQUIT: quit", "SIGABRT: abort")
}

// isGoroutine tells "goroutine 1 [running]:".
func isGoroutine(v *view) bool {
	return v.indent == 0 && v.starts("goroutine ") && v.contains(" [") && v.last == ':'
}

// isGoFunction tells "main.(*T).work(0x1, {0x2, 0x3})".
func isGoFunction(v *view) bool {
	open := bytes.IndexByte(v.text, '(')
	if v.indent > 0 || open <= 0 || v.last != ')' {
		return false
	}
	name := v.text[:open]
	return bytes.IndexByte(name, ' ') < 0 && (bytes.IndexByte(name, '.') > 0 || string(name) == "panic")
}

// isRegister tells the registers of a fatal signal, "rax    0x0".
func isRegister(v *view) bool {
	space := bytes.IndexByte(v.text, ' ')
	return v.indent == 0 && space > 0 && space <= len("rflags") && bytes.HasPrefix(bytes.TrimLeft(v.text[space:], " "), []byte("0x"))
}

// takeNode takes what Node prints when nobody catches an exception: place,
// source line, marker, blank line, the exception with its frames and
// properties, blank line, Node's version.
func (j *Joiner) takeNode(v *view) bool {
	if v.starts("Node.js v") && v.indent == 0 {
		j.state = closed
		return true
	}
	if v.indent == 0 && !v.blank && j.entry.loose > 0 && j.startsOther(v) { // the first line is source code
		return false
	}
	j.entry.loose++
	if j.entry.loose > maxLoose {
		return false
	}
	switch {
	case isStackFrame(v):
		j.state = inStack
		return true
	case !v.blank:
		return j.state != inNodeEnd
	case j.state == inNodeSource:
		j.state = inNodeMessage
	case j.state == inNodeMessage && j.entry.blanks == 0:
		j.state = inNodeEnd
	}
	return j.entry.blanks < 2
}

// isNodeLocation tells "/srv/app/server.js:12" alone on a line, the beginning
// of Node's report.
func isNodeLocation(v *view) bool {
	if v.indent > 0 || bytes.IndexByte(v.text, ' ') >= 0 {
		return false
	}
	file, ok := cutNumber(v.text)
	if !ok {
		return false
	}
	for _, end := range [...]string{".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", "<anonymous_script>", "<anonymous>", "[eval]"} {
		if bytes.HasSuffix(file, []byte(end)) {
			return true
		}
	}
	return bytes.HasPrefix(file, []byte("node:"))
}

// takeStack takes the frames of Java, Node, .NET, PHP, Dart and Ruby, and what
// stands between them.
func (j *Joiner) takeStack(v *view) bool {
	switch {
	case isStackFrame(v):
		j.state = inStack
		return true
	case v.blank:
		return j.takeBlankInStack()
	case v.indent > 0:
		return true
	case v.startsAny("Caused by: ", "Suppressed: ", "Wrapped by: "):
		j.state = inHead
		return true
	case v.starts("Node.js v") && j.entry.node:
		j.state = closed
		return true
	case j.entry.blanks > 0:
		return false
	}
	return v.startsAny("Stack trace:", "stack backtrace:", "[stacktrace]", "... ", "--- End of ", "note: ") || v.is("}") || v.is("]")
}

// takeBlankInStack decides about a blank line: one or two may come before the
// first frame, and one before Node's version.
func (j *Joiner) takeBlankInStack() bool {
	if j.state == inStack {
		if j.entry.node && j.entry.blanks == 0 {
			j.state = inNodeEnd
			return true
		}
		return false
	}
	return j.entry.blanks < 2
}

// isStackFrame tells the frames of Java, Node and .NET ("    at …"), of PHP and
// Dart ("#0 …"), and Java's "... 12 more".
func isStackFrame(v *view) bool {
	if v.indent > 0 {
		return v.starts("at ") || v.starts("... ") && v.contains(" more") || v.starts("from ") && v.contains(":in ")
	}
	return len(v.text) > 2 && v.text[0] == '#' && isDigit(v.text[1]) && v.contains(" ")
}

// isHead tells the first line of an exception as Java, Node, .NET, PHP, Dart,
// Ruby and Rust print it.
func isHead(v *view) bool {
	return isExceptionHead(v) || v.startsAny("Caused by: ", "Uncaught ", "Unhandled exception", `Exception in thread "`, "PHP Fatal error: ", "PHP Warning: ") ||
		v.starts("thread '") && v.contains(" panicked at ") ||
		v.indent == 0 && v.contains(".rb:") && v.contains(":in ")
}

// isExceptionHead tells a name that ends like an exception's, alone or before
// its text: "java.lang.IllegalStateException: no", "TypeError: x", "Error",
// "ActionController::RoutingError (No route)", "Error [ERR_X]: y".
func isExceptionHead(v *view) bool {
	name := headName(v.text)
	for _, end := range [...]string{"Error", "Exception", "Throwable", "Failure", "Warning", "Interrupt", "Exit"} {
		if bytes.HasSuffix(name, []byte(end)) {
			rest := v.text[len(name):]
			return len(rest) == 0 || rest[0] == ':' || len(rest) > 1 && rest[0] == ' ' && (rest[1] == '(' || rest[1] == '[')
		}
	}
	return false
}

// isDottedHead tells an exception's first line that cannot be an ordinary
// sentence: its name has a package.
func isDottedHead(v *view) bool {
	return v.indent == 0 && isExceptionHead(v) && bytes.IndexByte(headName(v.text), '.') > 0
}

// headName returns the name at the start of text, "::" of Ruby included.
func headName(text []byte) []byte {
	end := 0
	for end < len(text) && (isNameByte(text[end]) || text[end] == '$' || text[end] == '\\') {
		end++
		if end+2 < len(text) && text[end] == ':' && text[end+1] == ':' {
			end += 2
		}
	}
	return text[:end]
}
