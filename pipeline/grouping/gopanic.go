package grouping

import "bytes"

// goStarts are how a Go program's last words begin.
func goStarts() []string {
	return []string{"panic: ", "fatal error: ", "http: panic serving ", "runtime: goroutine stack exceeds "}
}

// parseGo parses a Go panic or fatal error with the stack of the goroutine that
// failed. Start is where it begins in text.
func parseGo(text []byte, s *stack) (start int, ok bool) {
	s.reset()
	start, word := goStart(text)
	if start < 0 {
		return 0, false
	}
	g := goPanic{s: s, lines: lines{text: text, pos: start}}
	g.header(word)
	g.goroutine()
	s.reverse(0)
	return lineStart(text, start), true
}

// goStart finds the first of the words at the start of a line, or behind the
// prefix of a logger.
func goStart(text []byte) (start int, word string) {
	start = -1
	for _, w := range goStarts() {
		i := bytes.Index(text, []byte(w))
		if i < 0 || start >= 0 && i > start {
			continue
		}
		if before := text[lineStart(text, i):i]; len(before) > 0 && before[len(before)-1] != ' ' && before[len(before)-1] != '\t' {
			continue
		}
		start, word = i, w
	}
	if start < 0 {
		return -1, ""
	}
	behind := text[start:]
	if word == "panic: " || word == "fatal error: " { // without a stack only at the start of a line
		if !bytes.Contains(behind, []byte("\ngoroutine ")) && lineStart(text, start) != start {
			return -1, ""
		}
	} else if !bytes.Contains(behind, []byte("\ngoroutine ")) {
		return -1, ""
	}
	return start, word
}

type goPanic struct {
	s     *stack
	lines lines
}

// header reads the panic's message, up to the blank line, the signal or the
// stack. A panic while another was handled follows on lines with a tab.
func (g *goPanic) header(word string) {
	line, _ := g.lines.next()
	from := g.lines.from + len(word)
	g.s.begin(Raised, 0)
	e := g.s.last()
	e.Type = bytes.TrimRight([]byte(word), ": ")
	switch word {
	case "http: panic serving ":
		e.Type = []byte("panic")
		if i := bytes.Index(line, []byte(": ")); i >= 0 {
			if j := bytes.Index(line[i+2:], []byte(": ")); j >= 0 {
				from = g.lines.from + i + 2 + j + 2
			}
		}
	case "runtime: goroutine stack exceeds ":
		e.Type = []byte("fatal error")
		from = g.lines.from + len("runtime: ")
	}
	to := g.lines.from + len(line)
	for {
		before := g.lines
		line, ok := g.lines.next()
		trimmed := trimLeft(line)
		if !ok || len(trimmed) == 0 || hasPrefix(trimmed, "[signal ") || hasPrefix(trimmed, "goroutine ") {
			g.lines = before
			break
		}
		if rest, again := cutPrefix(trimmed, "panic: "); again { // "panic: first [recovered]", then the second
			e.Value = g.value(from, to)
			g.s.begin(Raised, 0)
			g.s.exceptions[len(g.s.exceptions)-2].Relation = Context
			e = g.s.last()
			e.Type = []byte("panic")
			from = g.lines.from + len(line) - len(rest)
		}
		to = g.lines.from + len(line)
	}
	e.Value = g.value(from, to)
}

func (g *goPanic) value(from, to int) []byte {
	value := g.lines.text[min(from, to):to]
	return bytes.TrimSuffix(bytes.TrimSuffix(value, []byte(" [recovered, repanicked]")), []byte(" [recovered]"))
}

// goroutine reads the first goroutine's stack, and puts the last panic first.
func (g *goPanic) goroutine() {
	g.skipToStack()
	parseGoFrames(&g.lines, g.s)
	g.s.end()
	ex := g.s.exceptions
	for a, b := 0, len(ex)-1; a < b; a, b = a+1, b-1 {
		ex[a], ex[b] = ex[b], ex[a]
	}
	for i := range ex {
		ex[i].Parent = max(0, i-1)
		ex[i].detail = goDetail(ex[i].Type, ex[i].Value)
	}
}

func (g *goPanic) skipToStack() {
	for {
		line, ok := g.lines.next()
		if !ok || hasPrefix(line, "goroutine ") && bytes.HasSuffix(line, []byte("]:")) {
			return
		}
	}
}

// parseGoStack parses a stack that a program printed itself, as debug.Stack and
// loggers do: of a panic that it recovered from, or of the place that logs.
// Start is where it begins in text.
func parseGoStack(text []byte, s *stack) (start int, ok bool) {
	s.reset()
	if start = goStackStart(text); start < 0 {
		return 0, false
	}
	s.begin(Raised, 0)
	if parseGoFrames(&lines{text: text, pos: start}, s) {
		s.last().Type, s.cut = []byte("panic"), true
	}
	s.reverse(0)
	return start, s.hasFrames()
}

// goStackStart returns where the line "goroutine 1 [running]:" stands, or the
// first call with its place on the next line; -1 if there is none.
func goStackStart(text []byte) int {
	l := lines{text: text}
	before := -1
	for line, ok := l.next(); ok; line, ok = l.next() {
		switch {
		case hasPrefix(line, "goroutine ") && bytes.HasSuffix(line, []byte("]:")):
			return l.from
		case len(line) > 0 && line[0] == '\t' && before >= 0 && bytes.Contains(line, []byte(".go:")):
			return before
		}
		if before = l.from; bytes.IndexByte(line, ' ') >= 0 || len(line) == 0 {
			before = -1
		}
	}
	return -1
}

// parseGoFrames reads pairs of lines, a call and its place, up to a blank line.
// It reports whether the stack is a panic's. What is printed before the panic is
// what ran because of it, such as the function that recovers.
func parseGoFrames(l *lines, s *stack) (panicked bool) {
	var call []byte
	for {
		line, ok := l.next()
		if !ok || len(trimLeft(line)) == 0 {
			return panicked
		}
		if line[0] != '\t' {
			call = line
			continue
		}
		if hasPrefix(call, "panic(") {
			panicked = true
			s.setOrigin(Glue)
		}
		file, rest, found := cutLast(trimLeft(line), ':')
		if !found || len(call) == 0 {
			continue
		}
		f := Frame{File: file}
		f.Line, _ = number(rest)
		created := false
		if rest, ok := cutPrefix(call, "created by "); ok {
			call, _, _ = bytes.Cut(rest, []byte(" in goroutine "))
			created = true
		}
		f.Module, f.Function = splitGo(call)
		if string(f.Module) == "main" { // of all programs
			f.Module = goMain(file)
		}
		if f.Origin = originOfGo(f.Module, file); created && f.Origin == Application {
			f.Origin = Glue
		}
		s.add(f)
		call = nil
	}
}

// goMain is the folder of a program's package main, below the project's: "main"
// when the file lies in that itself.
func goMain(file []byte) []byte {
	file = insideProject(file)
	if slash := bytes.LastIndexByte(file, '/'); slash > 0 {
		return file[:slash]
	}
	return []byte("main")
}

// goDetail is the part of the runtime's own messages that does not vary: they
// are what types are for other languages.
func goDetail(kind, value []byte) []byte {
	value, _, _ = bytes.Cut(value, []byte("\n"))
	if string(kind) == "fatal error" {
		return value
	}
	for _, known := range [...]string{"assignment to entry in nil map", "close of closed channel", "close of nil channel", "send on closed channel"} {
		if string(value) == known {
			return value
		}
	}
	if hasPrefix(value, "runtime error: ") || hasPrefix(value, "interface conversion: ") {
		value, _, _ = bytes.Cut(value, []byte("["))
		return value
	}
	return nil
}

// splitGo splits "github.com/a/b.(*T).F(0x1, ...)" into package and function.
// The numbers of closures change with the code around them: they are cut.
func splitGo(call []byte) (module, function []byte) {
	call = withoutArguments(call)
	slash := bytes.LastIndexByte(call, '/') + 1
	if bracket := bytes.IndexByte(call, '['); bracket >= 0 && bracket < slash { // a type argument with a path
		slash = bytes.LastIndexByte(call[:bracket], '/') + 1
	}
	dot := bytes.IndexByte(call[slash:], '.')
	if dot < 0 {
		return nil, call
	}
	module, function = call[:slash+dot], call[slash+dot+1:]
	for _, word := range [...]string{".func", ".gowrap", ".deferwrap"} {
		if i := bytes.Index(function, []byte(word)); i >= 0 && i+len(word) < len(function) && isDigit(function[i+len(word)]) {
			function = function[:i+len(word)]
		}
	}
	return module, function
}

// withoutArguments cuts the parentheses that a call ends with.
func withoutArguments(call []byte) []byte {
	if len(call) == 0 || call[len(call)-1] != ')' {
		return call
	}
	depth := 0
	for i := len(call) - 1; i >= 0; i-- {
		switch call[i] {
		case ')':
			depth++
		case '(':
			depth--
			if depth == 0 {
				return call[:i]
			}
		}
	}
	return call
}

func cutLast(text []byte, c byte) (before, after []byte, found bool) {
	i := bytes.LastIndexByte(text, c)
	if i < 0 {
		return text, nil, false
	}
	return text[:i], text[i+1:], true
}
