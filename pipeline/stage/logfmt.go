package stage

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// logfmt extracts the values of keys. What stands before an error is extracted,
// as in promtail.
type logfmt struct {
	place  string
	source int
	keys   []logfmtKey
}

// logfmtKey is a key and where its value goes. A key may have several of them.
type logfmtKey struct {
	key  string
	slot int
}

func (c *compiler) logfmt(st *config.Stage) {
	s := &logfmt{place: st.Path, source: c.source(st.Logfmt.Source)}
	for _, m := range st.Logfmt.Mapping {
		s.keys = append(s.keys, logfmtKey{m.Text, c.name(m.Name)})
	}
	c.add(s)
}

func (s *logfmt) run(f *Feed, r *record) verdict {
	in, ok := r.input(s.source)
	if !ok {
		return next
	}
	p := logfmtParser{scratch: f.scratch}
	for len(in) > 0 && p.err == "" {
		p.rest, in, _ = bytes.Cut(in, []byte("\n"))
		p.rest = bytes.TrimSuffix(p.rest, []byte("\r"))
		for p.next() {
			s.extract(r, &p)
		}
	}
	f.scratch = p.scratch
	if p.err != "" {
		f.fail(s.place, "malformed_logfmt", p.err)
	}
	return next
}

func (s *logfmt) extract(r *record, p *logfmtParser) {
	for i := range s.keys {
		if string(p.key) == s.keys[i].key {
			r.slots[s.keys[i].slot] = text(p.value)
		}
	}
}

// logfmtParser reads the pairs of one line. It takes what the library of
// promtail takes (go-logfmt), without its buffers.
type logfmtParser struct {
	rest    []byte
	key     []byte
	value   []byte // what it stands for; empty if there is none
	scratch []byte // grows by the values that are no views
	err     stageError
}

// next reads one more pair, and reports false at the end or an error.
func (p *logfmtParser) next() bool {
	from := bytes.IndexFunc(p.rest, func(r rune) bool { return r > ' ' })
	if from < 0 {
		return false
	}
	p.rest = p.rest[from:]
	p.value = nil
	end := p.until("=\"")
	p.key = p.rest[:end]
	p.rest = p.rest[end:]
	switch {
	case end == 0 && p.rest[0] == '=':
		return p.fail(`unexpected "="`)
	case len(p.rest) > 0 && p.rest[0] == '"':
		return p.fail(`unexpected "\""`)
	case bytes.ContainsRune(p.key, utf8.RuneError):
		return p.fail("a key is not valid UTF-8")
	case len(p.rest) == 0 || p.rest[0] != '=':
		return true
	}
	p.rest = p.rest[1:]
	if len(p.rest) > 0 && p.rest[0] == '"' {
		return p.quoted()
	}
	end = p.until("=\"")
	p.value, p.rest = p.rest[:end], p.rest[end:]
	if len(p.rest) > 0 && p.rest[0] > ' ' {
		return p.fail("a value without quotes has = or \" in it")
	}
	return true
}

// until is the length up to a space, a control character or one of stops.
func (p *logfmtParser) until(stops string) int {
	for i, c := range p.rest {
		if c <= ' ' || c == stops[0] || c == stops[1] {
			return i
		}
	}
	return len(p.rest)
}

// quoted reads a value that begins with a quote.
func (p *logfmtParser) quoted() bool {
	escaped := false
	for i := 1; i < len(p.rest); i++ {
		switch p.rest[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			p.value, p.rest = p.rest[1:i], p.rest[i+1:]
			return !escaped || p.unquote()
		}
	}
	return p.fail("a quoted value does not end")
}

// unquote makes the value what it stands for.
func (p *logfmtParser) unquote() bool {
	from, ok := len(p.scratch), false
	if p.scratch, ok = appendUnquoted(p.scratch, p.value); !ok {
		return p.fail("a quoted value has an unknown escape, or a control character")
	}
	p.value = p.scratch[from:len(p.scratch):len(p.scratch)]
	return true
}

func (p *logfmtParser) fail(message stageError) bool {
	p.err = message
	return false
}

// appendUnquoted appends what the inside of a quoted value stands for, and
// reports whether it is valid.
func appendUnquoted(dst, raw []byte) ([]byte, bool) {
	start := 0 // of what is not appended yet
	for i := 0; i < len(raw); i++ {
		switch {
		case raw[i] < ' ':
			return dst, false
		case raw[i] != '\\':
			continue
		}
		i++ // a value does not end inside an escape
		switch raw[i] {
		case '\'': // JSON does not have it
			dst = jsonscan.AppendUnescape(dst, raw[start:i-1])
			start = i
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		case 'u':
			if len(raw) < i+5 || !isHex(raw[i+1:i+5]) {
				return dst, false
			}
			i += 4
		default:
			return dst, false
		}
	}
	return jsonscan.AppendUnescape(dst, raw[start:]), true
}

func isHex(digits []byte) bool {
	_, err := strconv.ParseUint(view(digits), 16, 32)
	return err == nil
}
