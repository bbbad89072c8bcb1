package stage

import (
	"regexp"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// replace puts what a template makes of each capture group in the group's place,
// or in that of the whole match if the expression has no group. Named groups are
// extracted as they were replaced. When the template fails, nothing is changed.
type replace struct {
	expr     *regexp.Regexp
	source   int
	template *textTemplate
	first    int // the first group that is replaced: 0 is the whole match
	groups   []group
}

func (c *compiler) replace(st *config.Stage) error {
	cfg := st.Replace
	t, err := c.textTemplate(cfg.Replace, st.Path+".replace", cfg.ReplacePos, false)
	if err != nil {
		return err
	}
	s := &replace{expr: cfg.Expression.Regexp, source: c.source(cfg.Source), template: t, groups: c.groups(cfg.Expression.Regexp)}
	if s.expr.NumSubexp() > 0 {
		s.first = 1
	}
	c.add(s)
	return nil
}

func (s *replace) run(f *Feed, r *record) verdict {
	in, ok := r.input(s.source)
	if !ok {
		return next
	}
	matches := s.expr.FindAllSubmatchIndex(in, -1)
	if matches == nil {
		return next
	}
	from := len(f.scratch)
	f.found = f.found[:0]
	s.template.prepare(f, r)
	out, err := s.replaced(f, r, in, matches)
	if err == nil {
		err = s.extract(f, r, in, matches[0])
	}
	if err != nil {
		f.scratch = f.scratch[:from]
		f.fail(s.template.place, "template", err)
		return next
	}
	if s.source == wholeLine {
		r.line = out.text
	} else {
		r.slots[s.source] = out
	}
	for i, g := range s.groups {
		if v := f.found[i]; v.state == present {
			r.slots[g.slot] = v
		}
	}
	return next
}

// replaced is in with its groups replaced. A group inside another one is not
// replaced again.
func (s *replace) replaced(f *Feed, r *record, in []byte, matches [][]int) (value, error) {
	from, copied := len(f.scratch), 0
	for _, m := range matches {
		for i := 2 * s.first; i < len(m); i += 2 {
			if m[i] < copied { // inside another one, or it took no part
				continue
			}
			f.scratch = append(f.scratch, in[copied:m[i]]...)
			if err := s.template.append(f, r, text(in[m[i]:m[i+1]]), from); err != nil {
				return value{}, err
			}
			copied = m[i+1]
		}
	}
	f.scratch = append(f.scratch, in[copied:]...)
	return f.copied(from), nil
}

// extract appends to f.found what becomes of the named groups of the first match.
func (s *replace) extract(f *Feed, r *record, in []byte, m []int) error {
	for _, g := range s.groups {
		start, end := m[2*g.number], m[2*g.number+1]
		if start < 0 {
			f.found = append(f.found, value{})
			continue
		}
		from := len(f.scratch)
		if err := s.template.append(f, r, text(in[start:end]), from); err != nil {
			return err
		}
		f.found = append(f.found, f.copied(from))
	}
	return nil
}
