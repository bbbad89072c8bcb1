package stage

import (
	"regexp"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// multiline joins the lines of a block. A block begins with a line that
// matches firstline; lines before the first block pass.
type multiline struct {
	holding
	first    *regexp.Regexp
	maxLines int
	wait     time.Duration
}

func (c *compiler) multiline(cfg *config.MultilineStage) step {
	return &multiline{c.holding(), cfg.Firstline.Regexp, cfg.MaxLines, cfg.MaxWaitTime.Std()}
}

func (s *multiline) run(f *Feed, r *record) verdict {
	state := s.joins(f, s.wait)
	j := state.of(f, r)
	switch {
	case s.first.Match(r.line):
		state.release(f, j)
		j.begin(f, r)
	case j.open:
		j.add(f, "\n", r)
	case j.lines >= s.maxLines: // the block was cut: its rest begins another entry
		j.begin(f, r)
	default:
		return next
	}
	if j.lines >= s.maxLines {
		state.release(f, j)
	}
	return held
}
