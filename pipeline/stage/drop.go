package stage

import (
	"regexp"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// drop drops records for which all given conditions hold.
type drop struct {
	sources   []int
	separator string
	value     *string
	expr      *regexp.Regexp
	olderThan time.Duration // 0: not given
	longer    int           // -1: not given
	reason    string
}

func (c *compiler) drop(cfg *config.DropStage) {
	s := &drop{
		separator: cfg.Separator, value: cfg.Value, expr: cfg.Expression.Regexp,
		longer: -1, reason: cfg.DropCounterReason,
	}
	for _, name := range cfg.Source {
		s.sources = append(s.sources, c.name(name))
	}
	if cfg.OlderThan != nil {
		s.olderThan = cfg.OlderThan.Std()
	}
	if cfg.LongerThan != nil {
		s.longer = int(cfg.LongerThan.Int64())
	}
	c.add(s)
}

func (s *drop) run(f *Feed, r *record) verdict {
	switch {
	case s.longer >= 0 && len(r.line) <= s.longer,
		s.olderThan > 0 && r.time >= f.now.Add(-s.olderThan).UnixNano(),
		!s.matches(f, r):
		return next
	}
	return f.drop(r, s.reason)
}

// matches reports whether the condition on the sources holds, or on the line
// if there are none.
func (s *drop) matches(f *Feed, r *record) bool {
	if s.value == nil && s.expr == nil {
		return s.allExtracted(r)
	}
	in := r.line
	if len(s.sources) > 0 {
		var ok bool
		if in, ok = s.joined(f, r); !ok {
			return false
		}
	}
	if s.value != nil {
		return string(in) == *s.value
	}
	return s.expr.Match(in)
}

// allExtracted reports whether all sources were extracted, were it as null.
func (s *drop) allExtracted(r *record) bool {
	for _, slot := range s.sources {
		if r.slots[slot].state == absent {
			return false
		}
	}
	return true
}

// joined is the text of the sources that were extracted; a null among them
// makes it false.
func (s *drop) joined(f *Feed, r *record) ([]byte, bool) {
	start, found := len(f.scratch), 0
	for _, slot := range s.sources {
		v := r.slots[slot]
		if v.state == absent {
			continue
		}
		if v.state == null {
			return nil, false
		}
		if found++; found > 1 {
			f.scratch = append(f.scratch, s.separator...)
		}
		f.scratch = append(f.scratch, v.text...)
	}
	return f.scratch[start:], true
}
