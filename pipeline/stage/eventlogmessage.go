package stage

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// eventLogMessage extracts the "key: value" lines of a Windows event's message.
// Values that nothing asks for are not kept.
type eventLogMessage struct {
	source            int
	dropInvalid       bool // keys that are no label names; else they are made ones
	overwriteExisting bool // else the key gets "_extracted" behind it
}

const extractedSuffix = "_extracted"

func (c *compiler) eventLogMessage(cfg *config.EventLogMessageStage) {
	c.p.extracted = true
	c.add(&eventLogMessage{c.name(cfg.Source), cfg.DropInvalidLabels, cfg.OverwriteExisting})
}

// extracted gives a number to the names that decide whether another one gets
// extractedSuffix behind it.
func (c *compiler) extracted() {
	for i := 0; i < len(c.p.names); i++ {
		if base, ok := strings.CutSuffix(c.p.names[i], extractedSuffix); ok {
			c.name(base)
		}
	}
}

func (s *eventLogMessage) run(f *Feed, r *record) verdict {
	message := r.slots[s.source]
	if message.state != present {
		return next
	}
	for line := range bytes.SplitSeq(message.text, []byte("\r\n")) {
		key, in, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		in = bytes.TrimSpace(in)
		if s.dropInvalid && !config.ValidLabel(view(key)) || !utf8.Valid(in) {
			continue
		}
		if to := s.slot(f, r, key); to >= 0 {
			r.slots[to] = text(in)
		}
	}
	return next
}

// slot is the number of the value that a key becomes, or -1 if nothing asks for
// it.
func (s *eventLogMessage) slot(f *Feed, r *record, key []byte) int {
	from := len(f.scratch)
	defer func() { f.scratch = f.scratch[:from] }()
	f.scratch = appendLabelName(f.scratch, key)
	i, ok := f.number[string(f.scratch[from:])]
	switch {
	case !ok: // nor does anything ask for it with the suffix
		return -1
	case s.overwriteExisting || r.slots[i].state == absent:
		return i
	}
	f.scratch = append(f.scratch, extractedSuffix...)
	if i, ok = f.number[string(f.scratch[from:])]; ok {
		return i
	}
	return -1
}

// appendLabelName appends a key with _ for each character that a label name does
// not have.
func appendLabelName(dst, key []byte) []byte {
	if len(key) == 0 {
		return append(dst, '_')
	}
	for i, r := range string(key) {
		if r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' && i > 0 {
			dst = append(dst, byte(r))
			continue
		}
		dst = append(dst, '_')
	}
	return dst
}
