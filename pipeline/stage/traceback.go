package stage

import (
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// tracebacks joins the lines of a traceback with the record that they follow,
// for each label set.
type tracebacks struct {
	joining
	maxLines int
	wait     time.Duration
}

func (c *compiler) traceback(cfg *config.TracebackStage) {
	c.add(&tracebacks{c.joining(), cfg.MaxLines, cfg.MaxWait.Std()})
}

func (s *tracebacks) run(f *Feed, r *record) verdict {
	all, j := s.of(f, r, s.wait)
	goesOn := j.joiner.Continues(r.line)
	switch {
	case goesOn && j.open && !j.full(s.maxLines):
		j.add(f, "\n", r)
	case j.joiner.MayContinue():
		all.release(f, j)
		all.begin(f, j, r)
	default:
		all.release(f, j)
		return next
	}
	if !j.joiner.MayContinue() {
		all.release(f, j)
	}
	return gone
}
