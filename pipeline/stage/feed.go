package stage

import (
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/relabel"
)

// FeedOptions describe one target.
type FeedOptions struct {
	// Key tells the target's source from all others, in each run the same.
	Key string
	// Labels are the target's. Those that begin with __ count for nothing, as
	// promtail removes them before its stages.
	Labels []pipeline.Label
	// Job is the label job, unless the target or its relabelling sets one; "" for
	// none.
	Job string
	// Relabel are rules for the labels of each entry, those of the target and the
	// fields of its line that begin with __; nil for none. For what each label set
	// becomes they are asked once.
	Relabel relabel.Rules
	// Container is set for programs of CompileContainer, whose entries have its
	// labels in place of Labels.
	Container *ContainerOptions
	Meta      []pipeline.Field // structured metadata of every entry
	Streams   *pipeline.Streams
	Limit     *pipeline.LabelLimit // nil for none
	Sending   *SendLimits          // of all targets together, nil for none
	// Dropped is told the reason of each entry that a stage drops, and how many
	// bytes its line had; nil if nobody counts.
	Dropped func(reason string, bytes int)
	// DroppedByLabel is told the label and its value of each entry that a limit
	// of that label drops, besides Dropped; nil if nobody counts.
	DroppedByLabel func(label, value string)
	// Failed is told each time when a stage cannot do its work on an entry,
	// which goes on without it: the stage's place in the configuration, a reason
	// of one word, and what happened. It is nil if nobody listens.
	Failed func(place, reason string, err error)
	// Inspect is told what happens to each entry, if the program was compiled by
	// CompileInspected; nil if nobody wants to know.
	Inspect func(Inspection)
}

// Feed runs a program over the lines of one target. It implements
// pipeline.Stages and is used by one goroutine.
type Feed struct {
	p       *Program
	opts    FeedOptions
	number  map[string]int // of the program's names
	tenant  int            // the number of tenantLabel, or -1
	source  uint64         // hash of the source's key
	base    *base          // of all entries that are not relabelled
	fields  *relabelled    // nil without rules
	streams *streamBases   // nil but for containers

	rec     record
	entry   pipeline.Entry
	scratch []byte         // texts of the current line that are no views
	groups  groupFinder    // of expressions
	found   []value        // of the stage that runs
	data    map[string]any // what the template that runs sees
	written scratchWriter  // and where it writes
	key     []byte
	sets    map[string]*labelSet
	sweeps  uint64 // of the label limit when sets was begun
	joins   []*joins
	limits  []*limits
	times   []map[string]*lastTime
	series  []map[string][]*series   // of each metrics stage, by label set
	places  []map[netip.Addr][]value // of each geoip stage

	ledger   *pipeline.Ledger
	mark     pipeline.Mark
	restored *pipeline.Mark  // the saved mark, until a time was read
	lastRead int64           // read times never go back
	noted    int64           // up to here lines of the ledger were read at lastRead
	notes    *pipeline.Notes // of the ledger, from before a restart
	cuts     []pipeline.Cut  // those of them that have not happened again
	end      int64           // of the last line of the ledger that was pushed

	now    time.Time
	out    *pipeline.Outbox
	paused time.Time // until then the target is not to be read

	inspect *inspector // nil for none
}

// labelSet is what becomes of a label set.
type labelSet struct {
	stream    *pipeline.Stream
	moved     []pipeline.Field // labels that the label limit moved
	active    *activeStream    // nil without a limit of streams, or while it is refused
	admission uint64           // of its newest value
}

// maxLabelSets bounds what is remembered by label set; what is beyond it is
// forgotten and made anew. Promtail's limit for last timestamps.
const maxLabelSets = 10_000

// NewFeed returns the program's state for a new target.
func (p *Program) NewFeed(opts FeedOptions) *Feed {
	f := &Feed{
		p: p, opts: opts, number: map[string]int{},
		tenant: -1, source: xxhash.Sum64String(opts.Key), sets: map[string]*labelSet{},
		joins: make([]*joins, p.states), limits: make([]*limits, p.states), times: make([]map[string]*lastTime, p.times),
		series: make([]map[string][]*series, p.series), places: make([]map[netip.Addr][]value, p.places),
	}
	for i, name := range p.names {
		f.number[name] = i
		if name == tenantLabel {
			f.tenant = i
		}
	}
	if opts.Inspect != nil {
		f.inspect = &inspector{tell: opts.Inspect, before: map[*record][]snapshot{}}
	}
	f.base = f.newBase(opts.Labels)
	if len(opts.Relabel) > 0 {
		f.fields = newRelabelled(f)
	}
	if opts.Container != nil {
		f.streams = f.newStreamBases(opts.Container)
	}
	f.rec.slots = make([]value, len(p.names))
	f.rec.labels = make([]value, len(p.names))
	return f
}

// Continue lets the feed go on in the source where another feed of the same
// target has stopped. Call it before Push, after the other's last Flush.
func (f *Feed) Continue(old *Feed) {
	if old.ledger == nil {
		return // it had no line
	}
	f.ledger, f.mark, f.end = old.ledger, old.mark, old.end
	f.lastRead, f.noted = old.lastRead, old.noted
	f.notes = &pipeline.Notes{Times: old.notes.Times} // the cuts are of the other's steps
	if mark := old.mark; mark != (pipeline.Mark{}) {
		f.restored = &mark
	}
}

// Push implements pipeline.Stages.
func (f *Feed) Push(l *pipeline.Line, now time.Time, out *pipeline.Outbox) {
	f.begin(now, out)
	if l.Ledger != f.ledger {
		f.follow(l.Ledger)
	}
	f.repeatCuts(l.Range.Start)
	r := f.reset(l)
	if f.inspect != nil {
		f.tell(Read, r, 0, "")
	}
	if r.base == nil {
		f.drop(r, "relabel")
		f.inspectGone(r, len(f.p.steps))
	} else {
		f.run(r, 0)
	}
	f.end = l.Range.End
}

// Flush implements pipeline.Stages.
func (f *Feed) Flush(now time.Time, all bool, out *pipeline.Outbox) time.Time {
	f.begin(now, out)
	f.repeatCuts(f.end)
	var due time.Time
	for _, j := range f.joins {
		if j != nil {
			due = earliest(due, j.flush(f, all))
		}
	}
	for _, l := range f.limits {
		if l != nil {
			due = earliest(due, l.flush(f, all))
		}
	}
	return due
}

// Holds implements pipeline.Holding.
func (f *Feed) Holds() bool {
	return slices.ContainsFunc(f.joins, func(j *joins) bool { return j != nil && len(j.open) > 0 }) ||
		slices.ContainsFunc(f.limits, func(l *limits) bool { return l != nil && len(l.open) > 0 })
}

// Stop implements pipeline.Stages. What it ends is not noted: it is not read
// again.
func (f *Feed) Stop(now time.Time, out *pipeline.Outbox) {
	f.begin(now, out)
	for _, j := range f.joins {
		if j != nil {
			j.stop(f)
		}
	}
	for _, l := range f.limits {
		if l != nil {
			l.stop(f)
		}
	}
}

// bearsRisk reports whether one of the pieces cannot be read again.
func bearsRisk(pieces []pipeline.Piece) bool {
	return slices.ContainsFunc(pieces, func(p pipeline.Piece) bool { return p.Ledger.Risk() > pipeline.Repeatable })
}

func (f *Feed) begin(now time.Time, out *pipeline.Outbox) {
	f.now, f.out = now, out
	f.scratch = f.scratch[:0]
}

// repeatCuts lets entries end that a clock ended when the source had been read
// up to an offset before.
func (f *Feed) repeatCuts(read int64) {
	for len(f.cuts) > 0 && f.cuts[0].Read <= read {
		cut := f.cuts[0]
		f.cuts = f.cuts[1:]
		if j := f.joins[cut.Step]; j != nil {
			j.repeat(f, cut.At)
		}
		if l := f.limits[cut.Step]; l != nil {
			l.repeat(f, cut.At)
		}
	}
}

// noteCut notes that a clock ends the entry of a step behind its last piece.
func (f *Feed) noteCut(p pipeline.Piece, step int) {
	cut := pipeline.Cut{At: p.Range.End, Step: step, Read: f.end}
	if p.Ledger != f.ledger {
		cut.Read = math.MaxInt64
	}
	p.Ledger.NoteCut(cut)
}

// isDueLater reports whether a clock ended the entry of a step when more of the
// source had been read than now.
func (f *Feed) isDueLater(p pipeline.Piece, step int) bool {
	return len(f.cuts) > 0 && f.isNoted(p, step)
}

// follow goes over to another generation of the source.
func (f *Feed) follow(l *pipeline.Ledger) {
	f.repeatCuts(math.MaxInt64)
	mark := l.Begin(f.mark)
	if mark != f.mark {
		f.restored = &mark
	}
	f.ledger, f.mark, f.noted = l, mark, 0
	f.notes, f.end = l.Restored(), 0
	f.cuts = slices.Clone(f.notes.Cuts)
	f.lastRead = max(f.lastRead, f.notes.Latest)
}

// readTime is when a line was read, as it was noted the first time. It is the
// same for all lines of a block; Mark tells them apart. Read times never go back
// within a source.
func (f *Feed) readTime(l *pipeline.Line) int64 {
	if l.Range.Start < f.noted {
		return f.lastRead
	}
	if at, until := f.notes.TimeAt(l.Range.Start); until > 0 {
		f.lastRead, f.noted = at, until
		return at
	}
	f.lastRead = max(f.lastRead, f.now.UnixNano())
	f.noted = l.Ledger.NoteTime(l.Range.Start, f.lastRead)
	return f.lastRead
}

// reset makes the feed's record one of l.
func (f *Feed) reset(l *pipeline.Line) *record {
	r := &f.rec
	if r.base = f.base; f.fields != nil {
		r.base = f.fields.of(l.Fields)
	}
	if r.base != nil {
		f.rebase(r, r.base)
	}
	r.others, r.before, r.offset = true, f.mark, l.Range.Start
	r.line, r.time, r.added = l.Text, l.Time, 0
	r.readTime, r.noted = l.Time == 0, false
	if r.readTime || f.p.readTimes {
		r.read = f.readTime(l)
	}
	if r.readTime {
		r.time = r.read
	}
	r.meta = append(r.meta[:0], f.opts.Meta...)
	r.pieces = append(r.pieces[:0], pipeline.Piece{Ledger: l.Ledger, Range: l.Range})
	for _, field := range l.Fields {
		if i, ok := f.number[field.Name]; ok {
			r.slots[i] = text(field.Value)
		}
	}
	return r
}

// rebase gives a record the labels of b, and these as its extracted values.
func (f *Feed) rebase(r *record, b *base) {
	r.base = b
	copy(r.slots, b.labels)
	copy(r.labels, b.labels)
}

// run takes a record through the steps from number at on.
func (f *Feed) run(r *record, at int) {
	for at < len(f.p.steps) {
		switch v := f.p.steps[at].run(f, r); v {
		case gone:
			f.inspectGone(r, at)
			return
		case next:
			at++
		default:
			at = int(v)
		}
	}
	f.emit(r)
}

// emit gives the record its final time and stream.
func (f *Feed) emit(r *record) {
	if f.opts.Sending != nil && !f.opts.Sending.admit(f, r) {
		return
	}
	r.time = f.advance(r)
	if f.inspect != nil {
		f.tell(Sent, r, 0, "")
	}
	f.send(r, r.time)
}

// advance moves the source's mark behind the record, and returns the time with
// which the record is sent.
func (f *Feed) advance(r *record) (at int64) {
	if r.readTime {
		f.mark = f.mark.NextRead(r.time)
		at = f.mark.Read
	} else {
		f.mark = f.mark.Next(r.time)
		f.mark.Repeat = max(f.mark.Repeat, r.added)
		at = f.mark.Time + f.mark.Repeat
	}
	for i := range r.pieces {
		r.pieces[i].After = f.mark
	}
	return at
}

// send adds the record's entry to its stream.
func (f *Feed) send(r *record, at int64) {
	set := f.labelSet(r)
	for _, field := range set.moved {
		if !slices.ContainsFunc(r.meta, func(m pipeline.Field) bool { return m.Name == field.Name }) {
			r.meta = append(r.meta, field)
		}
	}
	noted := r.readTime || r.noted || !f.opts.Limit.IsSaved(set.admission)
	f.entry = pipeline.Entry{
		Line: r.line, Time: at, Meta: r.meta, Pieces: r.pieces,
		ReadTime: r.readTime, Noted: noted && f.ledger.Risk() != pipeline.Fleeting,
	}
	f.out.Add(set.stream, &f.entry, f.now)
}

// isNoted reports whether a step noted something of the line of a piece when it
// was read before.
func (f *Feed) isNoted(p pipeline.Piece, step int) bool {
	return len(f.notes.Cuts) > 0 && p.Ledger == f.ledger && f.notes.IsCut(p.Range.End, step)
}

// drop settles a record that is not sent.
func (f *Feed) drop(r *record, reason string) verdict {
	f.count(r, reason)
	return f.discard(r)
}

// discard is drop for one that is counted already.
func (f *Feed) discard(r *record) verdict {
	if f.rides(r.pieces) {
		return gone
	}
	// It leaves no mark: what follows it in the source may have been sent while
	// a join held it.
	for i := range r.pieces {
		r.pieces[i].After = r.before
	}
	settle(r.pieces)
	return gone
}

// stageError says why a stage could not do its work.
type stageError string

func (e stageError) Error() string { return string(e) }

// fail tells that a stage could not do its work.
func (f *Feed) fail(place, reason string, err error) {
	if f.inspect != nil {
		f.inspect.failed = err.Error()
	}
	if f.opts.Failed != nil {
		f.opts.Failed(place, reason, err)
	}
}

func (f *Feed) count(r *record, reason string) {
	if f.inspect != nil {
		f.inspect.dropped = reason
	}
	if f.opts.Dropped != nil {
		f.opts.Dropped(reason, len(r.line))
	}
}

// settle settles the pieces of a record that is not sent.
func settle(pieces []pipeline.Piece) {
	if p := pieces[0]; len(pieces) == 1 { // the common case, without allocating
		p.Ledger.Settle(p.Range, p.After)
		return
	}
	pipeline.Settle(pieces)
}

// maxPieces is how many pieces an entry gets of lines that are not in it.
const maxPieces = 64

// rides lets dropped pieces settle with an entry before them that is still
// open: the mark behind them is that entry's, which is not known yet. An entry
// behind another join would not do, for it may get earlier lines from there.
func (f *Feed) rides(pieces []pipeline.Piece) bool {
	first := slices.IndexFunc(f.joins, func(j *joins) bool { return j != nil && len(j.open) > 0 })
	if first < 0 {
		return false
	}
	open := f.joins[first].open
	j := open[len(open)-1]
	last := j.pieces[len(j.pieces)-1]
	if last.Ledger != pieces[0].Ledger || last.Range.End > pieces[0].Range.Start || len(j.pieces) >= maxPieces {
		return false
	}
	for _, p := range pieces {
		j.cover(p)
	}
	return true
}

// labelSet returns what becomes of the record's labels. The label limit is
// asked the first time, and after each of its sweeps.
func (f *Feed) labelSet(r *record) *labelSet {
	if n := f.opts.Limit.Sweeps(); n != f.sweeps {
		clear(f.sets)
		f.sweeps = n
	}
	key := f.labelKey(r)
	if set := f.sets[string(key)]; set != nil {
		return set
	}
	if len(f.sets) >= maxLabelSets {
		clear(f.sets)
	}
	kept, moved, admission := f.opts.Limit.Admit(f.labelsOf(r), f.now)
	set := &labelSet{stream: f.opts.Streams.Get(f.tenantOf(r), kept), admission: admission}
	for _, l := range moved {
		set.moved = append(set.moved, pipeline.Field{Name: l.Name, Value: []byte(l.Value)})
	}
	f.sets[string(key)] = set
	return set
}

// labelKey encodes what stages did to the labels: equal keys mean equal labels.
// A label that is empty is none in the stream, but here the two differ, as in
// promtail. The key is valid until the next call.
func (f *Feed) labelKey(r *record) []byte {
	key := append(f.key[:0], '+')
	if r.others {
		key = append(key, r.base.key...)
	} else {
		key[0] = '-'
	}
	for _, i := range f.p.changed {
		if r.labels[i].state == absent {
			key = append(key, 0)
			continue
		}
		key = append(key, 1)
		key = appendText(key, r.labels[i].text)
	}
	f.key = key
	return key
}

// labelsOf is the target's labels as the stages changed them.
func (f *Feed) labelsOf(r *record) []pipeline.Label {
	var all []pipeline.Label
	if r.others {
		all = append(all, r.base.others...)
	}
	for i, l := range r.labels {
		if l.state == present && i != f.tenant {
			all = append(all, pipeline.Label{Name: f.p.names[i], Value: string(l.text)})
		}
	}
	return all
}

// copied returns a value of its own for the text that was appended to the
// scratch memory from start on. It is valid as long as the record.
func (f *Feed) copied(start int) value {
	return text(f.scratch[start:len(f.scratch):len(f.scratch)])
}

// earliest is the earlier of two times; the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
