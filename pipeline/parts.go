package pipeline

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// addParts sends a line that Loki would refuse as parts below the limit. Each
// part has the time of the line plus its index in nanoseconds, and the metadata
// part (from 1) and parts, by which a reader joins them.
func (o *Outbox) addParts(s *Stream, e *Entry, now time.Time) {
	cuts := cutPoints(e.Line, o.limits.LineBytes)
	parts := []byte(strconv.Itoa(len(cuts)))
	meta := append([]Field(nil), e.Meta...)
	start := 0
	for i, end := range cuts {
		part := Entry{Line: e.Line[start:end], Time: e.Time + int64(i)}
		part.Meta = append(meta[:len(e.Meta):len(e.Meta)],
			Field{"part", []byte(strconv.Itoa(i + 1))}, Field{"parts", parts})
		if i == len(cuts)-1 {
			part.Pieces = e.Pieces // parts of one stream settle in order
		}
		o.add(s, &part, now)
		start = end
	}
}

// cutPoints returns the ends of parts of at most limit bytes, which do not cut
// a UTF-8 sequence.
func cutPoints(line []byte, limit int) []int {
	var ends []int
	start := 0
	for len(line)-start > limit {
		end := start + limit
		for back := 0; back < utf8.UTFMax-1 && !utf8.RuneStart(line[end]); back++ {
			end--
		}
		ends = append(ends, end)
		start = end
	}
	return append(ends, len(line))
}
