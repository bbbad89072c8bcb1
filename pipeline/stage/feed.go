package stage

import (
	"sort"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// FeedOptions describe one target.
type FeedOptions struct {
	Labels  []pipeline.Label // names that begin with __ do not become labels
	Meta    []pipeline.Field // structured metadata of every entry
	Streams *pipeline.Streams
	// Dropped is told the reason of each entry that a stage dropped.
	Dropped func(reason string, bytes int)
}

// Feed runs a program over the lines of one target. It implements
// pipeline.Stages and is used by one goroutine.
type Feed struct {
	p     *Program
	opts  FeedOptions
	base  []pipeline.Label
	seeds []value // slots that begin with the value of a target's label

	rec     record
	scratch []byte // unescaped and converted values of the current line
	holders []holder
	streams map[string]*pipeline.Stream
	key     []byte

	ledger   *pipeline.Ledger
	mark     pipeline.Mark
	lastRead int64 // read times never go back
	lastGood int64 // the last time that a timestamp stage parsed

	now time.Time
	out *pipeline.Outbox
}

// holder is the state of one step for one target.
type holder interface {
	// flush gives back what is held for too long, or everything, and returns
	// when it has to be called next.
	flush(f *Feed, now time.Time, all bool) time.Time
}

// NewFeed returns the program's state for a new target.
func (p *Program) NewFeed(opts FeedOptions) *Feed {
	f := &Feed{p: p, opts: opts, streams: map[string]*pipeline.Stream{}}
	f.seeds = make([]value, len(p.slots.list))
	for _, l := range opts.Labels {
		if i, ok := p.slots.index[l.Name]; ok {
			f.seeds[i] = text([]byte(l.Value))
		}
		if !strings.HasPrefix(l.Name, "__") {
			f.base = append(f.base, l)
		}
	}
	f.rec.slots = make([]value, len(p.slots.list))
	f.rec.labels = make([]value, len(p.labels.list))
	f.holders = make([]holder, p.holders)
	return f
}

// Push implements pipeline.Stages.
func (f *Feed) Push(l *pipeline.Line, now time.Time, out *pipeline.Outbox) {
	f.now, f.out = now, out
	if l.Ledger != f.ledger {
		f.ledger = l.Ledger
		f.mark = l.Ledger.Begin(f.mark)
	}
	r := f.reset(l)
	f.run(r, 0)
}

// Flush implements pipeline.Stages.
func (f *Feed) Flush(now time.Time, all bool, out *pipeline.Outbox) time.Time {
	f.now, f.out = now, out
	var due time.Time
	for _, h := range f.holders {
		if h != nil {
			due = earliest(due, h.flush(f, now, all))
		}
	}
	return due
}

// reset makes the feed's record one of l.
func (f *Feed) reset(l *pipeline.Line) *record {
	r := &f.rec
	f.scratch = f.scratch[:0]
	copy(r.slots, f.seeds)
	clear(r.labels)
	r.allow = r.allow[:0]
	r.line, r.time = l.Text, l.Time
	r.meta = append(r.meta[:0], f.opts.Meta...)
	r.pieces = append(r.pieces[:0], pipeline.Piece{Ledger: l.Ledger, Range: l.Range})
	for _, fld := range l.Fields {
		if i, ok := f.p.slots.index[fld.Name]; ok {
			r.slots[i] = text(fld.Value)
		}
	}
	return r
}

// run takes a record through the steps from number at on.
func (f *Feed) run(r *record, at int) {
	for at < len(f.p.steps) {
		switch s := f.p.steps[at]; s.run(f, r) {
		case held, dropped:
			return
		case skip:
			at = s.(*match).end
		default:
			at++
		}
	}
	f.emit(r)
}

// emit gives the record its final time and stream.
func (f *Feed) emit(r *record) {
	if r.time == 0 {
		f.lastRead = max(f.lastRead, f.now.UnixNano())
		r.time = f.lastRead
	}
	f.mark = f.mark.Next(r.time)
	for i := range r.pieces {
		r.pieces[i].After = f.mark
	}
	f.out.Add(f.stream(r), &pipeline.Entry{
		Line: r.line, Time: f.mark.Time + f.mark.Repeat, Meta: r.meta, Pieces: r.pieces,
	}, f.now)
}

// drop settles a record that is not sent.
func (f *Feed) drop(r *record, reason string) verdict {
	for _, p := range r.pieces {
		p.Ledger.Settle(p.Range, f.mark)
	}
	f.opts.Dropped(reason, len(r.line))
	return dropped
}

// stream returns the stream of the record's labels.
func (f *Feed) stream(r *record) *pipeline.Stream {
	f.key = appendKey(f.key[:0], r)
	if s, ok := f.streams[string(f.key)]; ok {
		return s
	}
	s := f.opts.Streams.Get("", f.labelsOf(r))
	f.streams[string(f.key)] = s
	return s
}

// appendKey encodes what stages did to the labels, so that equal keys mean
// equal labels.
func appendKey(dst []byte, r *record) []byte {
	for _, s := range r.allow {
		dst = append(dst, s.id)
	}
	dst = append(dst, 0)
	for _, v := range r.labels {
		n := len(v.text)
		dst = append(dst, byte(v.state), byte(n), byte(n>>8), byte(n>>16))
		dst = append(dst, v.text...)
	}
	return dst
}

// labelsOf is the target's labels as the stages changed them, sorted by name.
func (f *Feed) labelsOf(r *record) []pipeline.Label {
	var all []pipeline.Label
	for _, l := range f.base {
		if i, ok := f.p.labels.index[l.Name]; ok && r.labels[i].state != absent {
			continue
		}
		if r.allows(l.Name) {
			all = append(all, l)
		}
	}
	for i, name := range f.p.labels.list {
		if r.labels[i].state == present {
			all = append(all, pipeline.Label{Name: name, Value: string(r.labels[i].text)})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// label returns the present value of one label, or "".
func (f *Feed) label(r *record, name string) []byte {
	if i, ok := f.p.labels.index[name]; ok && r.labels[i].state != absent {
		return r.labels[i].text
	}
	for _, l := range f.base {
		if l.Name == name {
			return []byte(l.Value)
		}
	}
	return nil
}
