package stage

import (
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// match runs the steps up to end on the records that its selector fits, or
// drops them.
type match struct {
	selector *Selector
	drop     bool
	reason   string
	end      int // the step behind the block
}

func (c *compiler) match(cfg *config.MatchStage) error {
	selector, err := ParseSelector(cfg.Selector)
	if err != nil {
		return err
	}
	s := &match{selector: selector, drop: cfg.Action == "drop", reason: cfg.DropCounterReason}
	c.add(s)
	if err := c.all(cfg.Stages); err != nil {
		return err
	}
	s.end = len(c.p.steps)
	return nil
}

func (s *match) run(f *Feed, r *record) verdict {
	if !s.selector.matches(r.line, func(name string) []byte { return f.label(r, name) }) {
		return skip
	}
	if s.drop {
		return f.drop(r, s.reason)
	}
	return next
}
