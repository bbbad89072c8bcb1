package stage

import (
	"fmt"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/level"
)

// setLevel sets a label to the level of the line, or of an extracted value.
type setLevel struct {
	label, source int
	fallback      level.Level
	names         [level.Fatal + 1]value
}

func (c *compiler) level(st *config.Stage) error {
	cfg := st.Level
	s := &setLevel{label: c.label(cfg.Label), source: c.source(cfg.Source), fallback: level.Parse(cfg.Default)}
	if s.fallback == level.Unknown && cfg.Default != level.Unknown.String() {
		return &config.Error{Pos: st.Pos, Path: st.Path + ".default", Message: fmt.Sprintf("%q is not a level", cfg.Default)}
	}
	for l := range s.names {
		s.names[l] = text([]byte(level.Level(l).String()))
	}
	c.add(s)
	return nil
}

func (s *setLevel) run(_ *Feed, r *record) verdict {
	l := level.Unknown
	if in, ok := r.input(s.source); ok {
		l = levelOf(in, s.source)
	}
	if l == level.Unknown {
		l = s.fallback
	}
	r.labels[s.label] = s.names[l]
	return next
}

// levelOf is the level of a whole line, or of a value: a word, a syslog
// severity of one digit, an HTTP status of three, or a number of pino.
func levelOf(in []byte, source int) level.Level {
	switch {
	case source == wholeLine:
		return level.Detect(in)
	case isDigits(in) && len(in) == 1:
		return level.FromSyslog(int(in[0] - '0'))
	case isDigits(in) && len(in) == 3:
		return level.FromHTTPStatus(100*int(in[0]-'0') + 10*int(in[1]-'0') + int(in[2]-'0'))
	}
	return level.Parse(in)
}
