package stage

import (
	"regexp"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// multiline joins the lines of a block, for each label set. A block begins with
// a line that matches firstline; lines before the first block pass. What comes
// after a block was cut, for its length or a pause, is an entry with the time,
// labels and values of the block's first line.
type multiline struct {
	joining
	first    *regexp.Regexp
	maxLines int
	wait     time.Duration
}

func (c *compiler) multiline(cfg *config.MultilineStage) {
	c.add(&multiline{c.joining(), cfg.Firstline.Regexp, cfg.MaxLines, cfg.MaxWaitTime.Std()})
}

func (s *multiline) run(f *Feed, r *record) verdict {
	all, j := s.of(f, r, s.wait)
	switch {
	case s.first.Match(r.line):
		all.release(f, j)
		all.begin(f, j, r)
	case j.open:
		j.add(f, "\n", r)
	case j.begun:
		all.resume(f, j, r)
	default:
		return next
	}
	if j.full(s.maxLines) {
		all.release(f, j)
	}
	return gone
}
