package grouping

import "bytes"

// parseNumbered parses stacks whose frames are numbered lines, "#0 …" of PHP
// and Dart, "   0: …" of Rust, and Ruby's "file:1:in 'f'". Start is where the
// exception begins.
func parseNumbered(text []byte, s *stack) (start int, ok bool) {
	s.reset()
	l := lines{text: text}
	var before int // where the line before the frames ends
	for {
		line, more := l.next()
		if !more {
			break
		}
		f, is := numberedFrame(trimLeft(line))
		switch {
		case is && len(s.exceptions) == 0:
			s.begin(Raised, 0)
			if start = l.from; bytes.Contains(line, []byte("': ")) && line[0] != '#' { // Ruby: the message behind the first frame
				rubyHeader(s.last(), line)
			} else {
				start = numberedHeader(s.last(), text[:before])
			}
			s.add(f)
		case is:
			s.add(f)
		}
		if !is && len(s.exceptions) == 0 {
			before = l.pos
		}
	}
	s.reverse(0)
	return start, len(s.exceptions) > 0
}

// numberedFrame reads one frame.
func numberedFrame(text []byte) (f Frame, ok bool) {
	if len(text) > 1 && text[0] == '#' && isDigit(text[1]) {
		_, digits := number(text[1:])
		return hashFrame(trimLeft(text[1+digits:]))
	}
	return rubyFrame(bytes.TrimPrefix(text, []byte("from ")))
}

// hashFrame reads what follows "#0": "f (file:1:2)" of Dart, "file(1): f()" and
// "[internal function]: f()" of PHP.
func hashFrame(text []byte) (f Frame, ok bool) {
	if len(text) == 0 || string(text) == "{main}" {
		return f, false
	}
	if opening := bytes.LastIndex(text, []byte(" (")); opening > 0 && text[len(text)-1] == ')' && bytes.IndexByte(text[opening:], ':') > 0 &&
		!bytes.Contains(text, []byte("): ")) {
		f = scriptFrame(nil, text[opening+2:len(text)-1])
		f.Function, f.Origin = trimSpace(text[:opening]), originOfFile(f.File)
		f.Module = bytes.TrimSuffix(f.Module, []byte(".dart"))
		return f, true
	}
	place, call, found := bytes.Cut(text, []byte(": "))
	if !found {
		return f, false
	}
	if opening := bytes.IndexByte(call, '('); opening >= 0 {
		call = call[:opening]
	}
	if opening := bytes.LastIndexByte(place, '('); opening > 0 {
		f.Line, _ = number(place[opening+1:])
		place = place[:opening]
	}
	f.File, f.Function, f.Origin = place, call, originOfFile(place)
	f.Module = bytes.TrimSuffix(insideProject(place), []byte(".php"))
	return f, true
}

// rubyFrame reads "file.rb:12:in 'Class#method'", with a gem before it or not.
func rubyFrame(text []byte) (f Frame, ok bool) {
	i := bytes.Index(text, []byte(":in "))
	if i < 0 || i+len(":in ")+1 >= len(text) {
		return f, false
	}
	quote := text[i+len(":in ")]
	if quote != '`' && quote != '\'' {
		return f, false
	}
	rest := text[i+len(":in ")+1:]
	end := bytes.IndexByte(rest, '\'')
	if end < 0 {
		return f, false
	}
	file, line, found := cutLast(text[:i], ':')
	if f.Line, _ = number(line); !found {
		return f, false
	}
	f.Function = rest[:end]
	for _, word := range [...]string{"block in ", "rescue in ", "ensure in "} {
		f.Function = bytes.TrimPrefix(f.Function, []byte(word))
	}
	f.File, f.Origin = file, originOfFile(file)
	if gem := bytes.Index(file, []byte(") lib/")); gem > 0 { // Rails: "rack (2.0.3) lib/rack/runtime.rb"
		f.Origin, file = Library, file[gem+len(") lib/"):]
	}
	f.Module = bytes.TrimSuffix(insideProject(file), []byte(".rb"))
	return f, true
}

// numberedHeader reads the exception before its frames, and returns where it
// begins.
func numberedHeader(e *Exception, before []byte) (start int) {
	header := bytes.TrimRight(before, " \t\r\n")
	header = bytes.TrimRight(bytes.TrimSuffix(header, []byte("Stack trace:")), "\r\n")
	if i := bytes.Index(header, []byte("Uncaught ")); i >= 0 && bytes.HasPrefix(before[len(header):], []byte("\nStack trace:")) {
		phpHeader(e, header[i+len("Uncaught "):])
		return lineStart(header, i)
	}
	if i := bytes.Index(header, []byte("Unhandled exception:")); i >= 0 {
		plainHeader(e, trimSpace(header[i+len("Unhandled exception:"):]))
		return lineStart(header, i)
	}
	start = lineStart(header, len(header))
	rubyHeader(e, trimSpace(header[start:]))
	return start
}

// phpHeader reads "Exception: message in /file.php:12" and the form of PHP 5.
func phpHeader(e *Exception, text []byte) {
	if i := bytes.LastIndex(text, []byte(" in ")); i >= 0 {
		text = text[:i]
	}
	if rest, ok := cutPrefix(text, "exception '"); ok {
		name, message, _ := bytes.Cut(rest, []byte("' with message '"))
		e.setType(name)
		e.Value = bytes.TrimSuffix(message, []byte("'"))
		return
	}
	name, message, _ := bytes.Cut(text, []byte(": "))
	e.setType(name)
	e.Value = message
}

// plainHeader reads "Type: message", or a message alone.
func plainHeader(e *Exception, text []byte) {
	e.Value = text
	if rest, ok := cutPrefix(text, "Invalid argument(s): "); ok { // Dart does not write its name
		e.Type, e.Value = []byte("ArgumentError"), rest
		return
	}
	if name, value, ok := callType(text); ok {
		e.setType(name)
		e.Value = value
	}
}

// rubyHeader reads "message (Type)", "Type (message):" and "Type: message".
func rubyHeader(e *Exception, text []byte) {
	if i := bytes.Index(text, []byte(":in ")); i >= 0 { // "app.rb:1:in 'f': message (Type)"
		if _, message, ok := bytes.Cut(text[i:], []byte("': ")); ok {
			text = message
		}
	}
	name, value, ok := bytes.Cut(text, []byte(" ("))
	if ok && bytes.HasSuffix(value, []byte("):")) && bytes.IndexByte(name, ' ') < 0 {
		e.setType(name)
		e.Value = value[:len(value)-2]
		return
	}
	if opening := bytes.LastIndex(text, []byte(" (")); opening > 0 && text[len(text)-1] == ')' {
		e.setType(text[opening+2 : len(text)-1])
		e.Value = text[:opening]
		return
	}
	plainHeader(e, text)
}
