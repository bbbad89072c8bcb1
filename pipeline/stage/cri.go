package stage

import (
	"bytes"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// cri reads a line of a Kubernetes container runtime:
// 2026-01-02T03:04:05.000000006Z stdout F text. Flag P marks a part.
type cri struct {
	holding
	maxSize                      int64 // of a joined line in bytes, 0: no limit
	truncate                     bool
	time, stream, flags, content int // slots
	label                        int
}

func (c *compiler) cri(cfg *config.CRIStage) {
	slot := c.p.slots.slot
	c.add(&cri{
		holding: c.holding(), maxSize: cfg.MaxPartialLineSize.Int64(), truncate: cfg.MaxPartialLineSizeTruncate,
		time: slot("time"), stream: slot("stream"), flags: slot("flags"), content: slot("content"),
		label: c.p.labels.slot("stream"),
	})
}

func (s *cri) run(f *Feed, r *record) verdict {
	stamp, rest, ok1 := bytes.Cut(r.line, space)
	stream, rest, ok2 := bytes.Cut(rest, space)
	flags, content, ok3 := bytes.Cut(rest, space)
	isStream := string(stream) == "stdout" || string(stream) == "stderr"
	if !ok1 || !ok2 || !ok3 || !isStream || len(stamp) == 0 || len(flags) == 0 {
		return next
	}
	r.slots[s.time], r.slots[s.stream] = text(stamp), text(stream)
	r.slots[s.flags], r.slots[s.content] = text(flags), text(content)
	r.labels[s.label] = text(stream)
	if t, ok := parseRFC3339(stamp); ok {
		r.time = t
	}
	r.line = content
	return s.joinParts(f, r, string(flags) == "P")
}

var space = []byte{' '}

func (s *cri) joinParts(f *Feed, r *record, part bool) verdict {
	state := s.joins(f, partWait)
	j := state.of(f, r)
	switch {
	case j.open:
		j.add(f, "", r)
	case part:
		j.begin(f, r)
	default:
		return next
	}
	if s.maxSize > 0 && s.truncate && int64(len(j.text)) > s.maxSize {
		j.text = j.text[:s.maxSize]
	}
	if !part || len(j.text) >= maxJoined {
		state.release(f, j)
	}
	return held
}
