package pipeline

import (
	"maps"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// LabelLimit bounds how many values each label has over all streams of a
// collector. The first values that come are labels and stay so; a further one
// is moved to the structured metadata of its entries. A value that no stream
// has had for some time leaves its place to another.
//
// It is asked when a feed meets a label set, not for each line, and again after
// each sweep. A nil LabelLimit has no limit. It is safe for concurrent use.
type LabelLimit struct {
	opts   LabelLimitOptions
	saved  atomic.Uint64 // the latest admission that is on disk
	sweeps atomic.Uint64

	mu       sync.Mutex
	labels   map[string]*labelValues
	admitted uint64 // the latest admission
	saving   uint64 // the latest admission that Values returned
	swept    time.Time
}

// LabelLimitOptions are what a LabelLimit needs.
type LabelLimitOptions struct {
	Values      int           // of one label
	ForgetAfter time.Duration // how long a value keeps its place in no stream
	Fixed       []Label       // of all streams, added by whoever sends them
	Streams     *Streams
	// Full is told when a label begins to have more values than it may, with
	// the first of them and all labels it came with, and when it has no more
	// than that again.
	Full   func(label, value string, all []Label)
	Spared func(label string)
}

// LabelValues are the values of each label, with the time at which each was
// seen last, in unix seconds.
type LabelValues map[string]map[string]int64

// maxLabelValue is Loki's limit of bytes. It refuses streams with longer ones.
const maxLabelValue = 2048

type labelValues struct {
	byText map[string]*labelValue
	over   bool // Full was told
	refuse bool // a value was moved since the last sweep
	moved  uint64
}

type labelValue struct {
	seen      int64 // unix seconds
	admission uint64
}

// NewLabelLimit returns a limit with the values of a run before, which keep
// their places even if there are more than opts.Values.
func NewLabelLimit(opts LabelLimitOptions, saved LabelValues, now time.Time) *LabelLimit {
	l := &LabelLimit{opts: opts, labels: map[string]*labelValues{}, swept: now}
	for name, values := range saved {
		for text, seen := range values {
			l.of(name).byText[text] = &labelValue{seen: seen}
		}
	}
	for _, f := range opts.Fixed {
		l.of(f.Name).byText[validText(f.Value)] = &labelValue{seen: math.MaxInt64}
	}
	return l
}

func (l *LabelLimit) of(name string) *labelValues {
	v := l.labels[name]
	if v == nil {
		v = &labelValues{byText: map[string]*labelValue{}}
		l.labels[name] = v
	}
	return v
}

func validText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Admit parts labels into those of the stream and those for the metadata of its
// entries. A stream keeps at least one label, for Loki takes none without. The
// admission is that of the newest value among those kept: see IsSaved.
func (l *LabelLimit) Admit(labels []Label, now time.Time) (kept, moved []Label, admission uint64) {
	if l == nil {
		return labels, nil, 0
	}
	var full []Label
	l.mu.Lock()
	for _, label := range labels {
		if label.Value == "" {
			continue
		}
		a, ok := l.admitLocked(label, now)
		if !ok {
			v := l.of(label.Name)
			v.moved++
			if len(label.Value) <= maxLabelValue {
				v.refuse = true
				if !v.over {
					v.over = true
					full = append(full, label)
				}
			}
			moved = append(moved, label)
			continue
		}
		kept, admission = append(kept, label), max(admission, a)
	}
	l.mu.Unlock()
	if len(kept) == 0 && len(moved) > 0 {
		kept, moved = moved[:1:1], moved[1:]
	}
	for _, label := range full {
		l.opts.Full(label.Name, label.Value, labels)
	}
	return kept, moved, admission
}

func (l *LabelLimit) admitLocked(label Label, now time.Time) (admission uint64, ok bool) {
	values, text := l.of(label.Name), validText(label.Value)
	if v := values.byText[text]; v != nil {
		v.seen = max(v.seen, now.Unix())
		return v.admission, true
	}
	if len(values.byText) >= l.opts.Values || len(text) > maxLabelValue {
		return 0, false
	}
	l.admitted++
	values.byText[text] = &labelValue{now.Unix(), l.admitted}
	return l.admitted, true
}

// IsSaved reports whether an admission is on disk. What is sent before that
// might be sent again, after a crash, with other labels.
func (l *LabelLimit) IsSaved(admission uint64) bool {
	return l == nil || admission <= l.saved.Load()
}

// Sweeps is how many sweeps there were. What Admit said before the last one has
// to be asked again.
func (l *LabelLimit) Sweeps() uint64 {
	if l == nil {
		return 0
	}
	return l.sweeps.Load()
}

// Sweep notes which values streams have now and forgets those that none has had
// for ForgetAfter. It does so ten times in that time, and not more often than
// that. Streams of lines that are not settled are in use.
func (l *LabelLimit) Sweep(now time.Time) {
	if l == nil {
		return
	}
	l.mu.Lock()
	since := now.Sub(l.swept)
	if since >= 0 && since < l.opts.ForgetAfter/10 {
		l.mu.Unlock()
		return
	}
	l.swept = now
	for _, s := range l.opts.Streams.all() {
		for _, label := range s.Labels {
			if v := l.of(label.Name).byText[validText(label.Value)]; v != nil {
				v.seen = max(v.seen, now.Unix())
			}
		}
	}
	spared := l.forgetLocked(now.Add(-l.opts.ForgetAfter).Unix())
	l.mu.Unlock()
	l.sweeps.Add(1)
	for _, name := range spared {
		l.opts.Spared(name)
	}
}

// forgetLocked forgets values that were not seen since a time, and returns the
// labels that have no more values than they may again.
func (l *LabelLimit) forgetLocked(since int64) (spared []string) {
	for name, values := range l.labels {
		maps.DeleteFunc(values.byText, func(_ string, v *labelValue) bool { return v.seen < since })
		if values.over && !values.refuse {
			values.over = false
			spared = append(spared, name)
		}
		values.refuse = false
	}
	return spared
}

// Values returns the values that have to be saved. Call Saved when they are.
func (l *LabelLimit) Values() LabelValues {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.saving = l.admitted
	all := LabelValues{}
	for name, values := range l.labels {
		for text, v := range values.byText {
			if v.seen == math.MaxInt64 {
				continue
			}
			if all[name] == nil {
				all[name] = map[string]int64{}
			}
			all[name][text] = v.seen
		}
	}
	return all
}

// Saved says that what Values returned last is on disk.
func (l *LabelLimit) Saved() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.saved.Store(l.saving)
}

// Stats calls each with every label, the number of its values, and how many
// times one was moved.
func (l *LabelLimit) Stats(each func(label string, values int, moved uint64)) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, v := range l.labels {
		each(name, len(v.byText), v.moved)
	}
}
