package grouping

import "bytes"

// parseRust parses a panic of Rust, "thread 'main' panicked at src/main.rs:2:5:"
// with the message on the next line, or before the place in older versions, and
// its backtrace if there is one.
func parseRust(text []byte, s *stack) (start int, ok bool) {
	s.reset()
	const word = " panicked at "

	at := bytes.Index(text, []byte(word))
	if start = bytes.LastIndex(text[:max(at, 0)], []byte("thread '")); at < 0 || start < 0 || bytes.IndexByte(text[start:at], '\n') >= 0 {
		return 0, false
	}
	l := lines{text: text, pos: at + len(word)}
	first, _ := l.next()
	s.begin(Raised, 0)
	e := s.last()
	e.Type = []byte("panic")
	place := bytes.TrimSuffix(first, []byte(":"))
	if rest, old := cutPrefix(first, "'"); old {
		i := bytes.LastIndex(rest, []byte("', "))
		e.Value, place = rest[:max(i, 0)], rest[i+1:]
		place = bytes.TrimPrefix(place, []byte("', "))
	} else {
		e.Value = rustMessage(&l)
	}
	rustFrames(text[at:], s)
	if len(s.frames) == 0 {
		f := scriptFrame(nil, trimSpace(place))
		f.Function, f.Origin, f.Module = nil, originOfFile(f.File), bytes.TrimSuffix(f.Module, []byte(".rs"))
		s.add(f)
	}
	s.reverse(0)
	return start, true
}

// rustMessage is all up to the note on the backtrace, or the backtrace.
func rustMessage(l *lines) []byte {
	from, to := l.pos, l.pos
	for {
		line, ok := l.next()
		if !ok || hasPrefix(line, "note: ") || hasPrefix(line, "stack backtrace:") {
			return l.text[from:to]
		}
		to = l.from + len(line)
	}
}

// rustFrames reads "   4: shop::cart::add" and the place on the line behind it.
func rustFrames(text []byte, s *stack) {
	l := lines{text: text}
	var function []byte
	flush := func(file []byte) {
		if len(function) == 0 {
			return
		}
		f := Frame{File: file, Function: function}
		if i := bytes.LastIndex(function, []byte("::")); i >= 0 {
			f.Module, f.Function = function[:i], function[i+2:]
		}
		f.Origin = originOfRust(f.Module, file)
		s.add(f)
		function = nil
	}
	for line, ok := l.next(); ok; line, ok = l.next() {
		trimmed := trimLeft(line)
		if place, found := cutPrefix(trimmed, "at "); found {
			flush(scriptFrame(nil, place).File)
			continue
		}
		_, digits := number(trimmed)
		if rest, found := cutPrefix(trimmed[digits:], ": "); found && digits > 0 {
			flush(nil)
			function = rest
		}
	}
	flush(nil)
}
