package stage

import (
	"slices"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// pack makes the line a JSON object of extracted values and the line itself,
// under "_entry". Labels of the packed names are removed.
type pack struct {
	names    []packed // sorted by name
	readTime bool     // the entry's time becomes that of reading
}

type packed struct {
	key  []byte // with its quotes and the colon
	slot int
}

func (c *compiler) pack(cfg *config.PackStage) {
	s := &pack{readTime: cfg.IngestTimestamp}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(cfg.Labels))) {
		s.names = append(s.names, packed{append(appendJSON(nil, []byte(name)), ':'), c.label(name)})
	}
	c.p.readTimes = c.p.readTimes || s.readTime
	c.add(s)
}

func (s *pack) run(f *Feed, r *record) verdict {
	from := len(f.scratch)
	f.scratch = append(f.scratch, '{')
	for _, p := range s.names {
		if v := r.slots[p.slot]; v.state == present {
			f.scratch = append(f.scratch, p.key...)
			f.scratch = append(appendJSON(f.scratch, v.text), ',')
			r.labels[p.slot] = value{}
		}
	}
	f.scratch = append(f.scratch, `"_entry":`...)
	f.scratch = append(appendJSON(f.scratch, r.line), '}')
	r.line = f.copied(from).text
	if s.readTime {
		r.time, r.added, r.readTime = r.read, 0, true
	}
	return next
}

// appendJSON appends a text as a JSON string. Like promtail, it escapes what HTML
// does not take, too.
func appendJSON(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for len(s) > 0 {
		c := s[0]
		switch {
		case c >= utf8.RuneSelf:
			size := 0
			dst, size = appendJSONRune(dst, s)
			s = s[size:]
			continue
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ' || c == '<' || c == '>' || c == '&':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
		s = s[1:]
	}
	return append(dst, '"')
}

// appendJSONRune appends the character at the start of s and returns its size.
func appendJSONRune(dst, s []byte) (out []byte, size int) {
	r, size := utf8.DecodeRune(s)
	switch {
	case r == utf8.RuneError && size == 1:
		return append(dst, `\ufffd`...), size
	case r == '\u2028':
		return append(dst, `\u2028`...), size
	case r == '\u2029':
		return append(dst, `\u2029`...), size
	}
	return append(dst, s[:size]...), size
}
