package stage

import (
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/traceback"
)

// tracebacks joins the lines of a traceback with the record that they follow.
type tracebacks struct {
	holding
	maxLines int
	wait     time.Duration
}

func (c *compiler) traceback(cfg *config.TracebackStage) step {
	return &tracebacks{c.holding(), cfg.MaxLines, cfg.MaxWait.Std()}
}

func (s *tracebacks) run(f *Feed, r *record) verdict {
	state := s.joins(f, s.wait)
	j := state.of(f, r)
	if j.joiner == nil {
		j.joiner = &traceback.Joiner{}
	}
	goesOn := j.joiner.Continues(r.line)
	if goesOn && j.open && j.lines < s.maxLines {
		j.add(f, "\n", r)
		if !j.joiner.MayContinue() {
			state.release(f, j)
		}
		return held
	}
	state.release(f, j)
	if !j.joiner.MayContinue() {
		return next
	}
	j.begin(f, r)
	return held
}
