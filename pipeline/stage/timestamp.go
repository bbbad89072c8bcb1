package stage

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// timestamp takes the record's time from an extracted value.
type timestamp struct {
	slot    int
	formats []timeFormat
	skip    bool // on failure keep the time; else the last good time plus 1 ns
}

// timeFormat parses a text at a time of reading; a text without a year needs
// the latter.
type timeFormat func(text []byte, now time.Time) (int64, bool)

func (c *compiler) timestamp(cfg *config.TimestampStage) step {
	loc := cfg.Location
	if loc == nil {
		loc = time.UTC
	}
	s := &timestamp{slot: c.p.slots.slot(cfg.Source), skip: cfg.ActionOnFailure == "skip"}
	for _, name := range append([]string{cfg.Format}, cfg.FallbackFormats...) {
		s.formats = append(s.formats, newTimeFormat(name, loc))
	}
	return s
}

func (s *timestamp) run(f *Feed, r *record) verdict {
	v := r.slots[s.slot]
	if v.state != present {
		return next
	}
	for _, parse := range s.formats {
		if t, ok := parse(v.text, f.now); ok {
			r.time, f.lastGood = t, t
			return next
		}
	}
	if !s.skip && f.lastGood != 0 {
		f.lastGood++
		r.time = f.lastGood
	}
	return next
}

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
	case "RFC3339", "RFC3339Nano":
		return func(text []byte, _ time.Time) (int64, bool) { return parseRFC3339(text) }
	}
	layout := name
	if known, ok := layouts[name]; ok {
		layout = known
	}
	if !strings.Contains(layout, "06") {
		return func(text []byte, now time.Time) (int64, bool) {
			t, err := time.ParseInLocation(layout, string(text), loc)
			return guessYear(t, now.In(loc)).UnixNano(), err == nil
		}
	}
	return func(text []byte, _ time.Time) (int64, bool) {
		t, err := time.ParseInLocation(layout, string(text), loc)
		return t.UnixNano(), err == nil
	}
}

// layouts are the names that promtail knows besides Go's own layouts.
var layouts = map[string]string{
	"ANSIC": time.ANSIC, "UnixDate": time.UnixDate, "RubyDate": time.RubyDate,
	"RFC822": time.RFC822, "RFC822Z": time.RFC822Z, "RFC850": time.RFC850,
	"RFC1123": time.RFC1123, "RFC1123Z": time.RFC1123Z,
}

// guessYear gives a time that was written without a year the year that brings
// it nearest to now: a line of 31 December read in January is of last year.
func guessYear(t, now time.Time) time.Time {
	guess := t.AddDate(now.Year()-t.Year(), 0, 0)
	if t.Month() == time.February && t.Day() == 29 && guess.Day() != 29 {
		guess = time.Date(now.Year()-1, 2, 29, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	}
	switch {
	case guess.Sub(now) > 183*24*time.Hour:
		return guess.AddDate(-1, 0, 0)
	case now.Sub(guess) > 183*24*time.Hour:
		return guess.AddDate(1, 0, 0)
	}
	return guess
}

func unixIn(unit time.Duration) timeFormat {
	return func(text []byte, _ time.Time) (int64, bool) {
		n, err := strconv.ParseInt(string(text), 10, 64)
		return n * int64(unit), err == nil
	}
}

// parseUnix reads seconds with an optional fraction.
func parseUnix(text []byte, _ time.Time) (int64, bool) {
	whole, frac, _ := bytes.Cut(text, []byte{'.'})
	sec, err := strconv.ParseInt(string(whole), 10, 64)
	if err != nil || len(frac) > 9 {
		return 0, false
	}
	ns := int64(0)
	for i := range 9 {
		ns *= 10
		if i < len(frac) {
			if frac[i] < '0' || frac[i] > '9' {
				return 0, false
			}
			ns += int64(frac[i] - '0')
		}
	}
	return sec*int64(time.Second) + ns, true
}

// parseRFC3339 reads RFC 3339 with any fraction. The common form in UTC is read
// without allocating; the standard library reads the rest.
func parseRFC3339(b []byte) (int64, bool) {
	const shape = "0000-00-00T00:00:00"
	if len(b) <= len(shape) || b[len(b)-1] != 'Z' || !hasShape(b, shape) {
		return parseRFC3339Slow(b)
	}
	month, day := digits(b[5:7]), digits(b[8:10])
	hour, minute, sec := digits(b[11:13]), digits(b[14:16]), digits(b[17:19])
	ns, ok := fraction(b[19 : len(b)-1])
	if !ok || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || sec > 59 {
		return parseRFC3339Slow(b)
	}
	t := time.Date(digits(b[:4]), time.Month(month), day, hour, minute, sec, ns, time.UTC)
	return t.UnixNano(), true
}

func parseRFC3339Slow(b []byte) (int64, bool) {
	t, err := time.Parse(time.RFC3339Nano, string(b))
	return t.UnixNano(), err == nil
}

// hasShape reports whether b has a digit wherever shape has a 0, and shape's
// own byte everywhere else.
func hasShape(b []byte, shape string) bool {
	for i := range len(shape) {
		isDigit := b[i] >= '0' && b[i] <= '9'
		if shape[i] == '0' && !isDigit || shape[i] != '0' && b[i] != shape[i] {
			return false
		}
	}
	return true
}

func digits(b []byte) int {
	n := 0
	for _, c := range b {
		n = 10*n + int(c-'0')
	}
	return n
}

// fraction reads "" or ".123" as nanoseconds.
func fraction(b []byte) (int, bool) {
	if len(b) == 0 {
		return 0, true
	}
	if b[0] != '.' || len(b) < 2 || len(b) > 10 {
		return 0, false
	}
	ns := 0
	for i := 1; i < 10; i++ {
		ns *= 10
		if i < len(b) {
			if b[i] < '0' || b[i] > '9' {
				return 0, false
			}
			ns += int(b[i] - '0')
		}
	}
	return ns, true
}
