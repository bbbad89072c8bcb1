package stage

import (
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// timestamp takes the record's time from an extracted value.
type timestamp struct {
	slot    int
	formats []timeFormat
	state   int // where each feed has its last times, or -1 to keep the time on failure
}

// timeFormat reads a time as unix nanoseconds. A text without a year is of one
// near now.
type timeFormat func(text []byte, now time.Time) (ns int64, ok bool)

// lastTime is the last good time of a label set, and how many nanoseconds were
// added to it for lines whose time could not be read.
type lastTime struct{ time, added int64 }

func (c *compiler) timestamp(cfg *config.TimestampStage) {
	s := &timestamp{slot: c.name(cfg.Source), state: -1}
	for _, name := range append([]string{cfg.Format}, cfg.FallbackFormats...) {
		s.formats = append(s.formats, newTimeFormat(name, cfg.Location))
	}
	if cfg.ActionOnFailure == config.ActionFudge {
		s.state = c.p.times
		c.p.times++
	}
	c.add(s)
}

func (s *timestamp) run(f *Feed, r *record) verdict {
	t, ok := s.parse(f, r)
	if ok {
		r.time, r.added, r.readTime = t, 0, false
	}
	if s.state < 0 {
		return next
	}
	last := f.lastTime(s.state, r)
	switch {
	case ok:
		*last, f.restored = lastTime{time: t}, nil
	case last.time != 0:
		last.added++
		r.time, r.added, r.readTime = last.time, last.added, false
	}
	return next
}

func (s *timestamp) parse(f *Feed, r *record) (ns int64, ok bool) {
	v := r.slots[s.slot]
	if v.state != present {
		return 0, false
	}
	for _, parse := range s.formats {
		if ns, ok = parse(v.text, f.now); ok {
			return ns, true
		}
	}
	return 0, false
}

// lastTime returns the last time of r's labels. After a restart it is that of
// the last entry before the place where reading goes on.
func (f *Feed) lastTime(state int, r *record) *lastTime {
	all := f.times[state]
	if all == nil || len(all) >= maxLabelSets {
		all = map[string]*lastTime{}
		f.times[state] = all
	}
	key := f.labelKey(r)
	last := all[string(key)]
	if last == nil {
		last = &lastTime{}
		if f.restored != nil {
			last.time, last.added = f.restored.Time, f.restored.Repeat
		}
		all[string(key)] = last
	}
	return last
}

// newTimeFormat returns the format of a name that promtail knows, or of a
// layout of Go's. Without a location a text without a zone is in UTC.
func newTimeFormat(name string, loc *time.Location) timeFormat {
	switch name {
	case "Unix":
		return parseUnix
	case "UnixMs":
		return unixIn(time.Millisecond)
	case "UnixUs":
		return unixIn(time.Microsecond)
	case "UnixNs":
		return unixIn(time.Nanosecond)
	}
	layout := layoutOf(name)
	hasYear := strings.Contains(layout, "06")
	return func(text []byte, now time.Time) (int64, bool) {
		t, err := parseLayout(layout, view(text), loc)
		if err != nil {
			return 0, false
		}
		if !hasYear {
			t = guessYear(t, now)
		}
		return nanoseconds(t)
	}
}

// parseLayout does not keep the text.
func parseLayout(layout, text string, loc *time.Location) (time.Time, error) {
	if loc == nil {
		return time.Parse(layout, text)
	}
	return time.ParseInLocation(layout, text, loc)
}

// layoutOf is the layout of a name, or the name itself.
func layoutOf(name string) string {
	switch name {
	case "ANSIC":
		return time.ANSIC
	case "UnixDate":
		return time.UnixDate
	case "RubyDate":
		return time.RubyDate
	case "RFC822":
		return time.RFC822
	case "RFC822Z":
		return time.RFC822Z
	case "RFC850":
		return time.RFC850
	case "RFC1123":
		return time.RFC1123
	case "RFC1123Z":
		return time.RFC1123Z
	case "RFC3339":
		return time.RFC3339
	case "RFC3339Nano":
		return time.RFC3339Nano
	}
	return name
}

// guessYear gives a time that was written without a year the latest year that
// does not put it into the future; a day is left for clocks and zones that
// differ. A line of 31 December read in January is of last year.
func guessYear(t, now time.Time) time.Time {
	latest := now.In(t.Location()).AddDate(0, 0, 1)
	for year := latest.Year(); ; year-- {
		guess := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
		leapDay := t.Month() == time.February && t.Day() == 29
		if !guess.After(latest) && (!leapDay || guess.Month() == time.February) {
			return guess
		}
	}
}

// nanoseconds is t in unix nanoseconds; false if they do not fit, before 1678
// and after 2262.
func nanoseconds(t time.Time) (int64, bool) {
	ns := t.UnixNano()
	return ns, time.Unix(0, ns).Equal(t)
}

// unixIn reads a whole number of units.
func unixIn(unit time.Duration) timeFormat {
	return func(text []byte, _ time.Time) (int64, bool) {
		n, err := strconv.ParseInt(view(text), 10, 64)
		ns := n * int64(unit)
		return ns, err == nil && ns/int64(unit) == n
	}
}

// parseUnix reads seconds, with a fraction of which nine digits count.
func parseUnix(b []byte, _ time.Time) (int64, bool) {
	whole, fraction, hasFraction := strings.Cut(view(b), ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || hasFraction && fraction == "" {
		return 0, false
	}
	ns, unit := int64(0), int64(time.Second)
	for _, c := range []byte(fraction) {
		if c < '0' || c > '9' {
			return 0, false
		}
		unit /= 10
		ns += int64(c-'0') * unit
	}
	return nanoseconds(time.Unix(sec, ns))
}

// view is b as a string without a copy, for functions that do not keep it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
