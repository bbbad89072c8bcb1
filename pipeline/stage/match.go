package stage

import "github.com/tovtech/tovplay-logging/pipeline/config"

// match runs the steps up to end on the records that its selector fits, or
// drops them.
type match struct {
	selector *Selector
	labels   []int // the number of each matcher's label
	drop     bool
	reason   string
	end      int // the step behind the block
}

func (c *compiler) match(st *config.Stage) error {
	cfg := st.Match
	selector, err := ParseSelector(cfg.Selector)
	if err != nil {
		return &config.Error{Pos: cfg.SelectorPos, Path: st.Path + ".selector", Message: err.Error()}
	}
	s := &match{selector: selector, drop: cfg.Action == config.ActionDrop, reason: cfg.DropCounterReason}
	for _, m := range selector.matchers {
		s.labels = append(s.labels, c.name(m.name))
	}
	c.add(s)
	c.seed()
	if err := c.all(cfg.Stages); err != nil {
		return err
	}
	s.end = len(c.p.steps)
	return nil
}

func (s *match) run(f *Feed, r *record) verdict {
	if !s.fits(r) {
		return verdict(s.end)
	}
	if s.drop {
		return f.drop(r, s.reason)
	}
	return next
}

func (s *match) fits(r *record) bool {
	for i, label := range s.labels {
		if !s.selector.matchers[i].matches(r.labels[label].text) {
			return false
		}
	}
	return s.selector.matchesLine(r.line)
}
