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
	ends := partEnds(e.Line, o.limits.LineBytes)
	parts := []byte(strconv.Itoa(len(ends)))
	start := 0
	for i, end := range ends {
		part := Entry{Line: e.Line[start:end], Time: e.Time + int64(i), ReadTime: e.ReadTime, Noted: e.Noted}
		part.Meta = append(e.Meta[:len(e.Meta):len(e.Meta)],
			Field{"part", []byte(strconv.Itoa(i + 1))}, Field{"parts", parts})
		if i == len(ends)-1 {
			part.Pieces = e.Pieces // parts of one stream settle in order
		}
		o.add(s, &part, now)
		start = end
	}
}

// partEnds returns the ends of parts of at most limit bytes.
func partEnds(line []byte, limit int) []int {
	var ends []int
	start := 0
	for len(line)-start > limit {
		start += CutText(line[start:], limit)
		ends = append(ends, start)
	}
	return append(ends, len(line))
}

// CutText returns the length of the longest beginning of text that is at most
// limit bytes, with limit below len(text), and does not cut a UTF-8 sequence.
func CutText(text []byte, limit int) int {
	for end := limit; end > 0 && end > limit-utf8.UTFMax; end-- {
		if utf8.RuneStart(text[end]) {
			return end
		}
	}
	return limit // it is not UTF-8 here
}
