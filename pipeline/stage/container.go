package stage

import (
	"bytes"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// ContainerOptions describe the log of one container.
type ContainerOptions struct {
	// Stdout and Stderr are the labels of the lines of each stream; nil drops them.
	Stdout, Stderr []pipeline.Label
	// Entry is told of each line, and Corrupt of each record that is none, which
	// is dropped. Either may be nil.
	Entry, Corrupt func()
}

// CompileContainer is Compile for logs of containers, as Docker keeps them: the
// stages get the lines themselves, with Docker's time, joined from parts. Feeds
// need FeedOptions.Container.
func CompileContainer(stages []config.Stage, m *Metrics) (*Program, error) {
	return compileStages(stages, m, false, (*compiler).container)
}

// CompileContainerInspected is CompileContainer for programs that are inspected.
func CompileContainerInspected(stages []config.Stage, m *Metrics) (*Program, error) {
	return compileStages(stages, m, true, (*compiler).container)
}

// container adds the steps that make lines of records.
func (c *compiler) container() {
	c.add(&containerRecord{c.joining(), c.name(pipeline.ContainerStream)})
	c.add(containerLine{})
}

// streamBases are the labels of a container's two streams, nil for one that is
// dropped.
type streamBases struct{ stdout, stderr *base }

func (f *Feed) newStreamBases(o *ContainerOptions) *streamBases {
	b := &streamBases{}
	for _, s := range []struct {
		base   **base
		labels []pipeline.Label
	}{{&b.stdout, o.Stdout}, {&b.stderr, o.Stderr}} {
		if s.labels != nil {
			*s.base = f.newBase(s.labels)
			f.setKey(*s.base)
		}
	}
	return b
}

// containerRecord makes a line of one record of a container's log, or of several
// that are its parts.
type containerRecord struct {
	joining
	stream int // slot; what has no stream is a record of the json-file driver
}

func (s *containerRecord) run(f *Feed, r *record) verdict {
	stream := r.slots[s.stream].text
	if r.slots[s.stream].state != present {
		var ok bool
		if stream, ok = f.containerJSON(r); !ok {
			f.corrupt()
			return f.drop(r, "docker_record")
		}
	}
	of := f.streams.stdout
	if isErr := string(stream) == "stderr"; isErr {
		of = f.streams.stderr
	}
	if of == nil {
		return f.drop(r, "relabel")
	}
	f.rebase(r, of)
	f.key = append(f.labelKey(r), stream...) // both may have the same labels
	all, j := s.at(f, f.key, partWait)
	if j.open && j.first.time != r.time {
		all.release(f, j) // its rest never came: all parts of a line have one time
	}
	return all.part(f, j, r, !bytes.HasSuffix(r.line, newline))
}

var newline = []byte("\n")

// containerLine takes the end off a line, as promtail does.
type containerLine struct{}

func (containerLine) run(f *Feed, r *record) verdict {
	r.line = bytes.TrimRight(r.line, "\r\n")
	if f.opts.Container.Entry != nil {
		f.opts.Container.Entry()
	}
	return next
}

// containerJSON takes text and time from a record of Docker's json-file driver.
// One that was cut off by a crash has the next one in its line: that counts.
func (f *Feed) containerJSON(r *record) (stream []byte, ok bool) {
	if stream, ok = f.parseContainerJSON(r, r.line); ok {
		return stream, true
	}
	at := bytes.LastIndex(r.line, recordStart)
	if at <= 0 {
		return nil, false
	}
	if stream, ok = f.parseContainerJSON(r, r.line[at:]); ok {
		f.corrupt()
	}
	return stream, ok
}

// recordStart cannot stand within a record: quotes are escaped there.
var recordStart = []byte(`{"log":`)

func (f *Feed) parseContainerJSON(r *record, doc []byte) (stream []byte, ok bool) {
	var log, at value
	it := jsonscan.Iterate(doc, jsonscan.Strict)
	for it.Next() {
		if it.Kind != jsonscan.String {
			continue
		}
		switch {
		case jsonscan.Equal(it.Key, "log"):
			log = f.unescape(it.Value)
		case jsonscan.Equal(it.Key, "stream"):
			stream = it.Value
		case jsonscan.Equal(it.Key, "time"):
			at = text(it.Value)
		}
	}
	if it.Err() != nil || log.state != present {
		return nil, false
	}
	t, err := time.Parse(time.RFC3339Nano, view(at.text))
	if err != nil {
		return nil, false
	}
	ns, ok := nanoseconds(t)
	if ok {
		r.line, r.time, r.readTime = log.text, ns, false
	}
	return stream, ok
}

func (f *Feed) corrupt() {
	if f.opts.Container.Corrupt != nil {
		f.opts.Container.Corrupt()
	}
}
