package ship

import (
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Refused are entries [From, To) of a batch that Loki refused for good.
type Refused struct {
	Stream   string // its label set as it was sent
	Tenant   string
	Reason   string // Loki's, as in its metric loki_discarded_samples_total
	Batch    *pipeline.Batch
	From, To int
}

// window are the times that Loki takes, as its refusals tell. They are not known
// before the first one, and asked for again after a while: its limits may have
// been changed.
type window struct {
	maxAge, maxAhead time.Duration // before and after Loki's present, 0: not known
	learned          time.Time
}

// windowLasts is how long a refusal counts for other entries.
const windowLasts = time.Hour

// stamp says which times to send in place of read times that Loki does not take.
// Entry i gets i nanoseconds more. The zero stamp changes nothing.
type stamp struct {
	oldest, newest int64 // certainly taken, unix nanoseconds
	old, new       int64 // in place of earlier and of later ones
}

// marginOfOld is how much later than the oldest time that Loki takes a new stamp
// is, so that it is still taken when it gets there.
const marginOfOld = time.Hour

func (s *stamp) isSet() bool { return s.newest != 0 }

// changes reports whether a read time of t is replaced.
func (s *stamp) changes(t int64) bool { return t < s.oldest || t > s.newest }

// narrowed is s that changes what to would change as well. What s has changed
// already stays the same: it may be stored.
func (s stamp) narrowed(to stamp) stamp {
	if !s.isSet() {
		return to
	}
	s.oldest, s.newest = max(s.oldest, to.oldest), min(s.newest, to.newest)
	return s
}

// time is when entry i is sent to have been.
func (j *job) time(i int) int64 {
	t := j.batch.Time(i)
	switch {
	case !j.stamp.isSet() || !j.batch.IsReadTime(i):
		return t
	case t < j.stamp.oldest:
		return j.stamp.old + int64(i)
	case t > j.stamp.newest:
		return j.stamp.new + int64(i)
	}
	return t
}

// restamped is how many entries of the job have another time than they had.
func (j *job) restamped() int {
	n := 0
	for i := j.part.from; j.stamp.isSet() && i < j.part.to; i++ {
		if j.time(i) != j.batch.Time(i) {
			n++
		}
	}
	return n
}

// foresee finds out before a request whether Loki will refuse some of it for its
// time. Read times are replaced. For other entries it returns the refusal.
func (c *Client) foresee(j *job, now time.Time) (out outcome, refuses bool) {
	c.mu.Lock()
	w, present := c.window, c.presentLocked(now)
	c.mu.Unlock()
	if w.learned.IsZero() || now.Sub(w.learned) > windowLasts {
		return out, false
	}
	out = refusal("", errForeseen)
	out.local = true
	if w.maxAge > 0 {
		out.before = present.Add(-w.maxAge).UnixNano()
	}
	if w.maxAhead > 0 {
		out.after = present.Add(w.maxAhead).UnixNano()
	}
	stamp := out.newStamp(present)
	for i := j.part.from; i < j.part.to; i++ {
		switch {
		case j.batch.IsReadTime(i) && !j.stamp.isSet() && stamp.changes(j.time(i)):
			j.stamp, j.queue.stamp = stamp, stamp
		case out.refuses(j.time(i)):
			return out, true
		}
	}
	return out, false
}

// newStamp makes times that the refusal's Loki takes.
//
// Loki's answers name times in whole seconds, so what is less than one away from
// a bound may be refused or not.
func (o *outcome) newStamp(present time.Time) stamp {
	s := stamp{oldest: o.before, newest: o.after, new: present.UnixNano(), old: present.UnixNano()}
	if o.before != math.MinInt64 {
		s.oldest, s.old = o.before+int64(time.Second), o.before+int64(marginOfOld)
	}
	if o.after != math.MaxInt64 {
		s.newest = o.after - int64(time.Second) - 1
	}
	return s
}

// judge tells the entries that Loki refused from those that are sent again, and
// puts them into quarantine. If that cannot be written the stream is held up.
func (c *Client) judge(j *job, out *outcome) {
	if out.metadata && !j.plain {
		return
	}
	present := c.learn(out)
	stamp, stampable := out.newStamp(present), false
	bad := func(i int) bool {
		if j.batch.IsReadTime(i) && j.time(i) == j.batch.Time(i) && stamp.changes(j.time(i)) {
			stampable = true
			return false
		}
		return out.refuses(j.time(i))
	}
	if out.isBounded() {
		out.kept, out.dropped = split(j.part, bad)
	}
	switch {
	case stampable:
		j.queue.stamp = j.stamp.narrowed(stamp)
	case len(out.dropped) > 0:
	case out.all, j.part.len() == 1:
		out.kept, out.dropped = nil, []part{j.part}
	default:
		out.kept = halves(j.part)
	}
	if err := c.quarantine(j, out); err != nil {
		out.verdict, out.err = held, err
	}
}

// compareClocks notes Loki's time, by an answer's Date in whole seconds.
func (c *Client) compareClocks(date string, now time.Time) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lokiTime, c.lokiTimeAt = theirs, now
}

// presentLocked is Loki's present. It goes on from the last answer with the
// monotonic clock, so it stays right when our own clock is set.
func (c *Client) presentLocked(now time.Time) time.Time {
	const small = 5 * time.Second // such a difference is of the way and of the rounding
	theirs := c.lokiTime.Add(now.Sub(c.lokiTimeAt))
	if c.lokiTimeAt.IsZero() || theirs.Sub(now.Round(0)).Abs() < small {
		return now
	}
	return theirs
}

// learn remembers which times Loki takes and returns its present.
func (c *Client) learn(out *outcome) time.Time {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	present := c.presentLocked(now)
	if out.local {
		return present
	}
	if out.before != math.MinInt64 && out.lokiReason == lokiTooOld {
		c.window.maxAge, c.window.learned = present.Sub(time.Unix(0, out.before)), now
	}
	if out.after != math.MaxInt64 {
		ahead := max(2*time.Second, time.Unix(0, out.after).Sub(present))
		if c.window.maxAhead == 0 || ahead < c.window.maxAhead || now.Sub(c.window.learned) > windowLasts {
			c.window.maxAhead = ahead
		}
		c.window.learned = now
	}
	return present
}

// quarantine keeps the dropped entries where they can be looked at.
func (c *Client) quarantine(j *job, out *outcome) error {
	if c.opts.Quarantine == nil {
		return nil
	}
	var all []Refused
	for _, p := range out.dropped {
		all = append(all, Refused{
			Stream: j.queue.labels, Tenant: c.tenant(j.queue.stream.Tenant),
			Reason: out.reasonAt(j.time(p.from)), Batch: j.batch, From: p.from, To: p.to,
		})
	}
	if len(all) == 0 {
		return nil
	}
	return c.opts.Quarantine(all)
}

// reasonAt is Loki's reason for an entry of a time.
func (o *outcome) reasonAt(ns int64) string {
	switch {
	case ns > o.after:
		return lokiTooNew
	case ns < o.before && o.lokiReason != lokiTooFarBehind:
		return lokiTooOld
	}
	return o.lokiReason
}

func (o *outcome) isBounded() bool { return o.before != math.MinInt64 || o.after != math.MaxInt64 }

// refusedLocked drops what Loki refused for good and sends the rest again,
// exactly as it was: some of it is stored already.
func (c *Client) refusedLocked(j *job, out outcome) {
	if out.metadata && !j.plain {
		c.plainLocked(out)
		c.againLocked(j.queue)
		return
	}
	for _, p := range out.dropped {
		c.dropLocked(j, p, out)
		c.opts.Metrics.quarantined(c.host, c.tenant(j.queue.stream.Tenant), out.reasonAt(j.time(p.from)), p.len())
	}
	c.nextLocked(j.queue, out.kept)
}

// split tells the bad entries of p from the others. Both are in reverse order,
// as in queue.todo.
func split(p part, bad func(int) bool) (kept, dropped []part) {
	for end := p.to; end > p.from; {
		start, isBad := end-1, bad(end-1)
		for start > p.from && bad(start-1) == isBad {
			start--
		}
		if isBad {
			dropped = append(dropped, part{start, end})
		} else {
			kept = append(kept, part{start, end})
		}
		end = start
	}
	return kept, dropped
}

// refusal is an outcome that refuses no entries for their time.
func refusal(lokiReason string, err error) outcome {
	return outcome{
		verdict: refused, reason: reasonGeneric, lokiReason: lokiReason, err: err,
		before: math.MinInt64, after: math.MaxInt64,
	}
}

// Loki's reasons for refusing entries (pkg/validation of Loki 3.7).
const (
	lokiTooOld       = "greater_than_max_sample_age"
	lokiTooNew       = "too_far_in_future"
	lokiTooFarBehind = "too_far_behind"
)

// lokiReason returns Loki's reason for the text of a 400.
func lokiReason(text string) string {
	for _, known := range []struct{ phrase, reason string }{
		{"timestamp too old", lokiTooOld}, {"timestamp too new", lokiTooNew},
		{"entry too far behind", lokiTooFarBehind}, {"out of order", "out_of_order"},
		{"max entry size", "line_too_long"}, {"label names; limit", "max_label_names_per_series"},
		{"label name too long", "label_name_too_long"}, {"label value too long", "label_value_too_long"},
		{"duplicate label name", "duplicate_label_names"}, {"missing required labels", "missing_enforced_labels"},
		{"at least one label pair", "missing_labels"}, {"error parsing labels", "invalid_labels"},
		{"structured metadata too large", "structured_metadata_too_large"},
		{"structured metadata too many", "structured_metadata_too_many"},
		{"structured metadata", "disallowed_structured_metadata"}, {"stream limit", "stream_limit"},
	} {
		if strings.Contains(strings.ToLower(text), known.phrase) {
			return known.reason
		}
	}
	return "refused"
}
