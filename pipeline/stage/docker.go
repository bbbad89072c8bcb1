package stage

import (
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// Docker cuts lines into parts of 16 KiB; all but the last lack a newline. A
// part whose rest never comes is sent on after partWait, and a line longer
// than maxJoined is sent in pieces of that size.
const (
	partWait  = 5 * time.Second
	maxJoined = 4 << 20
)

// docker reads a record of Docker's json-file driver:
// {"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.000000006Z"}.
type docker struct {
	holding
	join                 bool
	output, stream, time int // slots
	label                int
}

func (c *compiler) docker(cfg *config.DockerStage) {
	slot := c.p.slots.slot
	c.add(&docker{
		holding: c.holding(), join: cfg.Join,
		output: slot("output"), stream: slot("stream"), time: slot("timestamp"),
		label: c.p.labels.slot("stream"),
	})
}

func (s *docker) run(f *Feed, r *record) verdict {
	if !s.parse(f, r) {
		return next
	}
	if v := r.slots[s.stream]; v.state == present {
		r.labels[s.label] = v
	}
	if v := r.slots[s.time]; v.state == present {
		if t, ok := parseRFC3339(v.text); ok {
			r.time = t
		}
	}
	if v := r.slots[s.output]; v.state == present {
		r.line = v.text
	}
	if s.join {
		return s.joinParts(f, r)
	}
	return next
}

// parse extracts the three members, or nothing if the line is no such record.
func (s *docker) parse(f *Feed, r *record) bool {
	var log, stream, stamp value
	it := jsonscan.Iterate(r.line, jsonscan.Strict)
	for it.Next() {
		if it.Kind != jsonscan.String {
			continue
		}
		switch string(it.Key) {
		case "log":
			log = f.unescape(it.Value)
		case "stream":
			stream = f.unescape(it.Value)
		case "time":
			stamp = f.unescape(it.Value)
		}
	}
	if it.Err() != nil {
		return false
	}
	r.slots[s.output], r.slots[s.stream], r.slots[s.time] = log, stream, stamp
	return true
}

// joinParts puts parts together; the entry has its first part's time.
func (s *docker) joinParts(f *Feed, r *record) verdict {
	state := s.joins(f, partWait)
	j := state.of(f, r)
	n := len(r.line)
	whole := n > 0 && r.line[n-1] == '\n'
	if whole {
		r.line = r.line[:n-1]
	}
	switch {
	case j.open:
		j.add(f, "", r)
	case whole:
		return next
	default:
		j.begin(f, r)
	}
	if whole || len(j.text) >= maxJoined {
		state.release(f, j)
	}
	return held
}

// unescape returns the text of a JSON string, valid as long as the record.
func (f *Feed) unescape(raw []byte) value {
	start := len(f.scratch)
	f.scratch = jsonscan.AppendUnescape(f.scratch, raw)
	return text(f.scratch[start:len(f.scratch):len(f.scratch)])
}
