package stage

import (
	"bytes"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// cri reads a line of a Kubernetes container runtime:
// 2026-01-02T03:04:05.000000006Z stdout F text. Flag P marks a part.
type cri struct {
	place                        string
	time, stream, flags, content int // slots
}

func (c *compiler) cri(st *config.Stage) {
	c.seed()
	cfg, flags := st.CRI, c.name("flags")
	c.add(&cri{place: st.Path, time: c.name("time"), stream: c.name("stream"), flags: flags, content: c.name("content")})
	c.setLabels(config.LabelsStage{{Name: "stream", Source: "stream"}})
	c.timestamp(&config.TimestampStage{Source: "time", Format: "RFC3339Nano", ActionOnFailure: config.ActionFudge})
	c.output(&config.OutputStage{Source: "content"})
	parts := &criParts{joining: c.joining(), flags: flags, maxOpen: cfg.MaxPartialLines}
	if cfg.MaxPartialLineSizeTruncate {
		parts.maxSize = int(cfg.MaxPartialLineSize.Int64())
	}
	c.add(parts)
}

// run extracts what promtail's expression does:
// ^(?s)(?P<time>\S+?) (?P<stream>stdout|stderr) (?P<flags>\S+?) (?P<content>.*)$
func (s *cri) run(f *Feed, r *record) verdict {
	stamp, rest, _ := bytes.Cut(r.line, space)
	stream, rest, _ := bytes.Cut(rest, space)
	flags, content, ok := bytes.Cut(rest, space)
	isStream := string(stream) == "stdout" || string(stream) == "stderr"
	if !ok || !isStream || !isWord(stamp) || !isWord(flags) {
		f.fail(s.place, "cri_line", stageError("the line is none of a Kubernetes container runtime"))
		return next
	}
	r.slots[s.time], r.slots[s.stream] = text(stamp), text(stream)
	r.slots[s.flags], r.slots[s.content] = text(flags), text(content)
	return next
}

var space = []byte{' '}

// isWord reports whether b is not empty and has no white space.
func isWord(b []byte) bool { return len(b) > 0 && !bytes.ContainsAny(b, "\t\n\f\r ") }

// criParts joins parts. The entry has its first part's time.
type criParts struct {
	joining
	flags   int // slot
	maxOpen int // parts of so many label sets wait; one more sends them on
	maxSize int // of a joined line in bytes; the rest is cut off. 0: no limit
}

func (s *criParts) run(f *Feed, r *record) verdict {
	all, j := s.of(f, r, partWait)
	isPart := string(r.slots[s.flags].text) == "P"
	if isPart && len(all.open) >= s.maxOpen {
		all.releaseAll(f)
	}
	if s.maxSize > 0 && (isPart || j.open) {
		r.line = r.line[:min(len(r.line), s.room(j))]
	}
	return all.part(f, j, r, isPart)
}

// room is how many bytes the line that j may hold can still take.
func (s *criParts) room(j *joined) int {
	if !j.open {
		return s.maxSize
	}
	return max(0, s.maxSize-len(j.text))
}
