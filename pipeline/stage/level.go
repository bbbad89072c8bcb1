package stage

import (
	"fmt"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/level"
)

// setLevel sets a label to the level of the line, or of an extracted value.
type setLevel struct {
	label, slot int // slot is -1 for the line
	fallback    level.Level
	names       [level.Fatal + 1]value
}

func (c *compiler) level(cfg *config.LevelStage) error {
	s := &setLevel{label: c.p.labels.slot(cfg.Label), slot: -1, fallback: level.Parse(cfg.Default)}
	if s.fallback == level.Unknown && cfg.Default != level.Unknown.String() {
		return fmt.Errorf("default: %q is not a level", cfg.Default)
	}
	if cfg.Source != "" {
		s.slot = c.p.slots.slot(cfg.Source)
	}
	for l := range s.names {
		s.names[l] = text([]byte(level.Level(l).String()))
	}
	c.add(s)
	return nil
}

func (s *setLevel) run(_ *Feed, r *record) verdict {
	var l level.Level
	if s.slot < 0 {
		l = level.Detect(r.line)
	} else if v := r.slots[s.slot]; v.state == present {
		l = parseLevel(v.text)
	}
	if l == level.Unknown {
		l = s.fallback
	}
	r.labels[s.label] = s.names[l]
	return next
}

// parseLevel reads a word, a syslog severity or an HTTP status.
func parseLevel(b []byte) level.Level {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' || n > 999 {
			return level.Parse(b)
		}
		n = 10*n + int(c-'0')
	}
	switch {
	case len(b) == 1:
		return level.FromSyslog(n)
	case len(b) == 3:
		return level.FromHTTPStatus(n)
	}
	return level.Parse(b)
}
