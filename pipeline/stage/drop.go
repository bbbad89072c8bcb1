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
	longer    int64         // -1: not given
	reason    string
}

func (c *compiler) drop(cfg *config.DropStage) step {
	s := &drop{separator: cfg.Separator, value: cfg.Value, longer: -1, reason: cfg.DropCounterReason}
	for _, name := range cfg.Source {
		s.sources = append(s.sources, c.p.slots.slot(name))
	}
	if cfg.Expression.IsSet() {
		s.expr = cfg.Expression.Regexp
	}
	if cfg.OlderThan != nil {
		s.olderThan = cfg.OlderThan.Std()
	}
	if cfg.LongerThan != nil {
		s.longer = cfg.LongerThan.Int64()
	}
	return s
}

func (s *drop) run(f *Feed, r *record) verdict {
	if s.longer >= 0 && int64(len(r.line)) <= s.longer {
		return next
	}
	if s.olderThan > 0 && !s.older(f, r) {
		return next
	}
	if !s.matches(f, r) {
		return next
	}
	return f.drop(r, s.reason)
}

func (s *drop) older(f *Feed, r *record) bool {
	return r.time != 0 && r.time < f.now.Add(-s.olderThan).UnixNano()
}

func (s *drop) matches(f *Feed, r *record) bool {
	in := r.line
	if len(s.sources) > 0 {
		var ok bool
		if in, ok = s.joined(f, r); !ok {
			return false
		}
	}
	switch {
	case s.value != nil:
		return string(in) == *s.value
	case s.expr != nil:
		return s.expr.Match(in)
	}
	return true
}

// joined is the text of the sources; false if none of them was extracted.
func (s *drop) joined(f *Feed, r *record) ([]byte, bool) {
	if len(s.sources) == 1 {
		v := r.slots[s.sources[0]]
		return v.text, v.state == present
	}
	start := len(f.scratch)
	for i, slot := range s.sources {
		v := r.slots[slot]
		if v.state != present {
			return nil, false
		}
		if i > 0 {
			f.scratch = append(f.scratch, s.separator...)
		}
		f.scratch = append(f.scratch, v.text...)
	}
	return f.scratch[start:], true
}
