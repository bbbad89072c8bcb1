package stage

import (
	"bytes"
	"regexp"
)

// decolorize removes terminals' escape sequences from the line.
type decolorize struct{ sequence *regexp.Regexp }

// The two characters that a sequence begins with.
const (
	escape            = 0x1b
	controlSequence   = "\u009b"
	terminalSequences = `[\x1b\x{9b}][[\]()#;?]*` + // what begins it
		`(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\x07` + // a text up to a bell
		`|(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~])` // numbers and a command
)

func (c *compiler) decolorize() { c.add(&decolorize{regexp.MustCompile(terminalSequences)}) }

func (s *decolorize) run(_ *Feed, r *record) verdict {
	if bytes.IndexByte(r.line, escape) >= 0 || bytes.Contains(r.line, []byte(controlSequence)) {
		r.line = s.sequence.ReplaceAll(r.line, nil)
	}
	return next
}
