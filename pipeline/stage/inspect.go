package stage

import (
	"bytes"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// Inspection is one thing that happens to an entry on its way through the stages.
type Inspection struct {
	Event Event
	// Stage and Path name the stage, "" before the first and behind the last.
	Stage, Path string
	Depth       int // of the stage, 0 for one that lies in no other
	Changes     []Change
	// Failed says why the stage could not do its work, "" if it did it; of Passed
	// alone.
	Failed string
	// Reason is why the entry is dropped.
	Reason string
	// Line is the entry's, and Time its time in unix nanoseconds, at this moment.
	// Labels are those it is sent with, of Sent alone.
	Line   string
	Time   int64
	Labels []pipeline.Label
	// Lines is how many lines an entry has, of Joined alone.
	Lines int
}

// Event says what an Inspection is about.
type Event uint8

// The events.
const (
	Read    Event = iota // a line comes in
	Entered              // an entry goes into the stages that lie within one
	Passed               // a stage let the entry pass, with Changes
	Held                 // a stage keeps the line, to join it with others
	Joined               // an entry that a stage has joined goes on behind it
	Dropped              // a stage dropped the entry, for Reason
	Sent                 // the entry is through
)

// Change is one difference that a stage made. Before or After is nil for what was
// not there before, or is not any more.
type Change struct {
	What          string // line, time, label, extracted or metadata
	Name          string // "" for line and time
	Before, After *string
}

// CompileInspected is Compile for a program whose feeds tell FeedOptions.Inspect
// what each stage does.
func CompileInspected(stages []config.Stage, m *Metrics) (*Program, error) {
	return compileStages(stages, m, true, nil)
}

// inspected compiles a stage between two steps that look at the entry.
func (c *compiler) inspected(s *config.Stage) error {
	around := c.around
	at := place{name: s.Name, path: s.Path}
	if around != nil {
		at.depth = around.depth + 1
	}
	c.around = &at
	c.add(lookBefore{})
	err := c.stage(s)
	c.add(&lookAfter{at})
	c.around = around
	return err
}

// place says which stage it is.
type place struct {
	depth      int
	name, path string
}

// inspector is a feed's state of an inspected program.
type inspector struct {
	tell    func(Inspection)
	before  map[*record][]snapshot // of the stages that a record is in, the outermost first
	joined  *record                // it came out of a stage that joins, and is not through yet
	failed  string                 // as Inspection.Failed
	dropped string                 // why the present step has dropped its record, "" if it has not
}

// snapshot is a record as it was before a stage.
type snapshot struct {
	line   string
	time   int64
	slots  []value
	labels []value
	others bool
	meta   []pipeline.Field

	entered bool // it went into the stages within
}

type lookBefore struct{}

func (lookBefore) run(f *Feed, r *record) verdict {
	if f.inspect == nil {
		return next
	}
	s := snapshot{
		line: string(r.line), time: r.time, others: r.others,
		slots: cloneValues(r.slots), labels: cloneValues(r.labels),
	}
	for _, m := range r.meta {
		s.meta = append(s.meta, pipeline.Field{Name: m.Name, Value: bytes.Clone(m.Value)})
	}
	f.inspect.before[r], f.inspect.failed = append(f.inspect.before[r], s), ""
	return next
}

func cloneValues(values []value) []value {
	all := make([]value, len(values))
	for i, v := range values {
		all[i] = value{v.state, bytes.Clone(v.text)}
	}
	return all
}

// lookInside stands before the stages that lie within one.
type lookInside struct{ place }

func (l *lookInside) run(f *Feed, r *record) verdict {
	if f.inspect == nil {
		return next
	}
	if before := f.inspect.before[r]; len(before) > 0 {
		before[len(before)-1].entered = true
	}
	f.inspect.tell(l.inspection(Entered, r))
	return next
}

func (p *place) inspection(event Event, r *record) Inspection {
	return Inspection{Event: event, Stage: p.name, Path: p.path, Depth: p.depth, Line: string(r.line), Time: r.time}
}

type lookAfter struct{ place }

func (l *lookAfter) run(f *Feed, r *record) verdict {
	if f.inspect == nil {
		return next
	}
	in := l.inspection(Passed, r)
	before := f.inspect.before[r]
	switch n := len(before) - 1; {
	case n >= 0:
		f.inspect.before[r] = before[:n]
		if before[n].entered {
			return next // the stages within have told
		}
		in.Changes, in.Failed = f.changes(&before[n], r), f.inspect.failed
	case f.inspect.joined == r: // the stage lies around the one that has joined it
		return next
	default:
		in.Event, in.Lines = Joined, strings.Count(in.Line, "\n")+1
		f.inspect.joined = r
	}
	f.inspect.tell(in)
	return next
}

// changes are what a stage did to a record.
func (f *Feed) changes(before *snapshot, r *record) []Change {
	var all []Change
	add := func(what, name string, before, after *string) {
		if before == nil && after == nil || before != nil && after != nil && *before == *after {
			return
		}
		all = append(all, Change{what, name, before, after})
	}
	add("line", "", &before.line, textOf(text(r.line)))
	add("time", "", timeText(before.time), timeText(r.time))
	for i, name := range f.p.names {
		add("extracted", name, textOf(before.slots[i]), textOf(r.slots[i]))
	}
	for i, name := range f.p.names {
		add("label", name, textOf(before.labels[i]), textOf(r.labels[i]))
	}
	if before.others && !r.others {
		for _, l := range r.base.others {
			add("label", l.Name, &l.Value, nil)
		}
	}
	had := metaTexts(before.meta)
	has := metaTexts(r.meta)
	for _, m := range before.meta {
		add("metadata", m.Name, had[m.Name], has[m.Name])
	}
	for _, m := range r.meta {
		if had[m.Name] == nil {
			add("metadata", m.Name, nil, has[m.Name])
		}
	}
	return all
}

// textOf is a value's text, nil for none.
func textOf(v value) *string {
	switch v.state {
	case absent:
		return nil
	case null:
		text := "null"
		return &text
	}
	text := string(v.text)
	return &text
}

func timeText(ns int64) *string {
	text := time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
	return &text
}

func metaTexts(meta []pipeline.Field) map[string]*string {
	all := map[string]*string{}
	for _, m := range meta {
		text := string(m.Value)
		all[m.Name] = &text
	}
	return all
}

// tell tells of an event that no stage's end tells of; at is the step that the
// record is in, or behind which it is.
func (f *Feed) tell(event Event, r *record, at int, reason string) {
	in := Inspection{Event: event, Reason: reason, Line: string(r.line), Time: r.time}
	f.inspect.joined = nil
	switch event {
	case Held, Dropped:
		s := f.p.stageAt(at)
		in.Stage, in.Path, in.Depth = s.name, s.path, s.depth
	case Sent:
		in.Labels = f.labelsOf(r)
	}
	f.inspect.tell(in)
}

// inspectGone tells of a record with which a step does not go on.
func (f *Feed) inspectGone(r *record, at int) {
	if f.inspect == nil {
		return
	}
	event, reason := Held, f.inspect.dropped
	if reason != "" {
		event = Dropped
	}
	f.inspect.dropped = ""
	delete(f.inspect.before, r)
	f.tell(event, r, at, reason)
}

// stageAt is the innermost stage that a step of an inspected program belongs to.
func (p *Program) stageAt(at int) place {
	for depth := 0; at < len(p.steps); at++ {
		switch s := p.steps[at].(type) {
		case lookBefore: // of a stage behind it
			depth++
		case *lookAfter:
			if depth == 0 {
				return s.place
			}
			depth--
		}
	}
	return place{}
}
