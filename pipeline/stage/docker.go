package stage

import (
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// partWait is how long a part waits for its rest.
const partWait = 5 * time.Second

// docker reads records of Docker's json-file driver:
// {"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.000000006Z"}.
func (c *compiler) docker(st *config.Stage) {
	c.seed()
	log := c.name("output")
	c.add(&jsonStage{source: wholeLine, docker: st.Path, members: []member{
		{name: "log", slot: log},
		{name: "stream", slot: c.name("stream")},
		{name: "time", slot: c.name("timestamp")},
	}})
	c.setLabels(config.LabelsStage{{Name: "stream", Source: "stream"}})
	c.timestamp(&config.TimestampStage{Source: "timestamp", Format: "RFC3339Nano", ActionOnFailure: config.ActionFudge})
	c.output(&config.OutputStage{Source: "output"})
	if st.Docker.Join {
		c.add(&dockerParts{c.joining(), log})
	}
}

// dockerParts joins the parts of 16 KiB into which Docker cuts lines; all but
// the last lack a newline. It removes the newline, which promtail leaves.
type dockerParts struct {
	joining
	log int // slot; without it the line was no record of Docker's
}

func (s *dockerParts) run(f *Feed, r *record) verdict {
	if r.slots[s.log].state != present {
		return next
	}
	all, j := s.of(f, r, partWait)
	n := len(r.line)
	whole := n > 0 && r.line[n-1] == '\n'
	if whole {
		r.line = r.line[:n-1]
	}
	if j.open && j.first.time != r.time {
		all.release(f, j) // its rest never came: all parts of a line have one time
	}
	return all.part(f, j, r, !whole)
}

// part joins r to the open entry, which begins and goes on with parts and ends
// with a line that is none.
func (s *joins) part(f *Feed, j *joined, r *record, isPart bool) verdict {
	switch {
	case j.open:
		j.add(f, "", r)
	case isPart:
		s.begin(f, j, r)
	default:
		return next
	}
	if !isPart || j.full(0) {
		s.release(f, j)
	}
	return gone
}
