package stage

import (
	"regexp"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// regex extracts the named groups of an expression.
type regex struct {
	expr   *expression
	source int
	groups []group
}

// group is a named group: its number in the expression, and where its text goes.
type group struct{ number, slot int }

func (c *compiler) regex(cfg *config.RegexStage) {
	expr := cfg.Expression.Regexp
	c.add(&regex{expr: newExpression(expr), source: c.source(cfg.Source), groups: c.groups(expr)})
}

// groups are the named groups of an expression.
func (c *compiler) groups(expr *regexp.Regexp) []group {
	var named []group
	for i, name := range expr.SubexpNames() {
		if name != "" {
			named = append(named, group{i, c.name(name)})
		}
	}
	return named
}

func (s *regex) run(f *Feed, r *record) verdict {
	in, ok := r.input(s.source)
	if !ok {
		return next
	}
	m := f.groups.find(s.expr, in)
	if m == nil {
		return next
	}
	for _, g := range s.groups {
		from, to := m[2*g.number], m[2*g.number+1]
		if from < 0 { // promtail: a group that took no part is ""
			from, to = 0, 0
		}
		r.slots[g.slot] = text(in[from:to])
	}
	return next
}
