package stage

import (
	"regexp"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// regex extracts the named groups of an expression.
type regex struct {
	expr   *regexp.Regexp
	source int   // slot, or -1 for the line
	groups []int // slot of each group, or -1
}

func (c *compiler) regex(cfg *config.RegexStage) {
	s := &regex{expr: cfg.Expression.Regexp, source: -1}
	if cfg.Source != "" {
		s.source = c.p.slots.slot(cfg.Source)
	}
	for _, name := range s.expr.SubexpNames() {
		slot := -1
		if name != "" {
			slot = c.p.slots.slot(name)
		}
		s.groups = append(s.groups, slot)
	}
	c.add(s)
}

func (s *regex) run(_ *Feed, r *record) verdict {
	in, ok := input(r, s.source)
	if !ok {
		return next
	}
	m := s.expr.FindSubmatchIndex(in)
	if m == nil {
		return next
	}
	for i, slot := range s.groups {
		if slot < 0 {
			continue
		}
		if m[2*i] < 0 {
			r.slots[slot] = text(nil) // promtail: a group that took no part is ""
			continue
		}
		r.slots[slot] = text(in[m[2*i]:m[2*i+1]])
	}
	return next
}

// input is what a stage with an optional source works on.
func input(r *record, source int) ([]byte, bool) {
	if source < 0 {
		return r.line, true
	}
	v := r.slots[source]
	return v.text, v.state == present
}
