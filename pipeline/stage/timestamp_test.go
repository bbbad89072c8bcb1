package stage

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

func TestTimeFormats(t *testing.T) {
	jerusalem, err := time.LoadLocation("Asia/Jerusalem")
	if err != nil {
		t.Fatal(err)
	}
	const want = "2026-11-22T10:04:05Z"
	cases := []struct {
		format, text string
		loc          *time.Location
		want         string // "" is an error
	}{
		{"ANSIC", "Sun Nov 22 10:04:05 2026", nil, want},
		{"UnixDate", "Sun Nov 22 10:04:05 UTC 2026", nil, want},
		{"RubyDate", "Sun Nov 22 12:04:05 +0200 2026", nil, want},
		{"RFC822", "22 Nov 26 10:04 UTC", nil, "2026-11-22T10:04:00Z"},
		{"RFC822Z", "22 Nov 26 12:04 +0200", nil, "2026-11-22T10:04:00Z"},
		{"RFC850", "Sunday, 22-Nov-26 10:04:05 UTC", nil, want},
		{"RFC1123", "Sun, 22 Nov 2026 10:04:05 UTC", nil, want},
		{"RFC1123Z", "Sun, 22 Nov 2026 12:04:05 +0200", nil, want},
		{"RFC3339", "2026-11-22T12:04:05+02:00", nil, want},
		{"RFC3339", "2026-11-22T10:04:05.123456789Z", nil, "2026-11-22T10:04:05.123456789Z"},
		{"RFC3339Nano", "2026-11-22T10:04:05.000000001Z", nil, "2026-11-22T10:04:05.000000001Z"},
		{"RFC3339Nano", "2026-11-22T10:04:05Z", nil, want},
		{"RFC3339", "2026-11-22 10:04:05Z", nil, ""},
		{"RFC3339", "2026-02-30T10:04:05Z", nil, ""},
		{"Unix", "1795341845", nil, want},
		{"Unix", "1795341845.5", nil, "2026-11-22T10:04:05.5Z"},
		{"Unix", "1795341845.1234567891", nil, "2026-11-22T10:04:05.123456789Z"},
		{"Unix", "1795341845.", nil, ""},
		{"Unix", "1795341845.-1", nil, ""},
		{"Unix", "x", nil, ""},
		{"Unix", "9223372036.9", nil, ""},
		{"UnixMs", "1795341845001", nil, "2026-11-22T10:04:05.001Z"},
		{"UnixMs", "9223372036855", nil, ""},
		{"UnixUs", "1795341845000001", nil, "2026-11-22T10:04:05.000001Z"},
		{"UnixNs", "1795341845000000001", nil, "2026-11-22T10:04:05.000000001Z"},
		{"UnixNs", "1795341845000000001.5", nil, ""},
		{"02/Jan/2006:15:04:05 -0700", "22/Nov/2026:12:04:05 +0200", nil, want},
		{"2006-01-02 15:04:05", "2026-11-22 10:04:05", nil, want},
		{"2006-01-02 15:04:05", "2026-11-22 12:04:05", jerusalem, want},
		{"2006-01-02 15:04:05", "2026-07-22 13:04:05", jerusalem, "2026-07-22T10:04:05Z"},
		{"2006-01-02 15:04:05,000", "2026-11-22 10:04:05,250", nil, "2026-11-22T10:04:05.25Z"},
		{"2006-01-02 15:04:05 MST", "2026-11-22 10:04:05 UTC", nil, want},
		{"2006-01-02 15:04:05", "9999-01-01 00:00:00", nil, ""},
		{"2006-01-02 15:04:05", "0001-01-01 00:00:00", nil, ""},
		{"ANSIC", "Sun Nov 22 12:04:05 2026", jerusalem, want},
		{"Jan _2 15:04:05", "Nov 22 10:04:05", nil, want},
		{"Jan _2 15:04:05", "Nov 22 12:04:05", jerusalem, want},
	}
	for _, c := range cases {
		ns, ok := newTimeFormat(c.format, c.loc)([]byte(c.text), testNow)
		got := ""
		if ok {
			got = time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("%s of %q: got %q, want %q", c.format, c.text, got, c.want)
		}
	}
}

func TestYearIsGuessed(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02 15:04:05", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ text, now, want string }{
		{"Jun 14 12:00:00", "2026-06-14 12:00:01", "2026-06-14 12:00:00"},
		{"Dec 31 23:59:59", "2027-01-01 00:00:01", "2026-12-31 23:59:59"}, // read after midnight
		{"Jan  1 00:00:01", "2026-12-31 23:59:59", "2027-01-01 00:00:01"}, // a clock ahead of ours
		{"Jan  1 03:00:00", "2026-12-31 20:00:00", "2027-01-01 03:00:00"}, // or of a zone east of it
		{"Mar 10 08:00:00", "2026-11-23 12:00:00", "2026-03-10 08:00:00"}, // an old file
		{"Dec 24 08:00:00", "2026-11-23 12:00:00", "2025-12-24 08:00:00"}, // never the future
		{"Feb 29 08:00:00", "2028-03-01 12:00:00", "2028-02-29 08:00:00"},
		{"Feb 29 08:00:00", "2028-02-29 07:59:59", "2028-02-29 08:00:00"},
		{"Feb 29 08:00:00", "2026-11-23 12:00:00", "2024-02-29 08:00:00"},
		{"Feb 29 08:00:00", "2028-01-15 12:00:00", "2024-02-29 08:00:00"},
		{"Feb 28 23:59:59", "2028-02-29 00:00:01", "2028-02-28 23:59:59"},
	} {
		ns, ok := newTimeFormat("Jan _2 15:04:05", nil)([]byte(c.text), at(c.now))
		if got := time.Unix(0, ns).UTC(); !ok || !got.Equal(at(c.want)) {
			t.Errorf("%s read at %s: got %v %v, want %s", c.text, c.now, got, ok, c.want)
		}
	}
}

func TestTimestamp(t *testing.T) {
	const extract = "- regex: {expression: '^(?P<ts>\\S+) (?P<app>\\S*)'}\n"
	const seconds = "- timestamp: {source: ts, format: '2006-01-02T15:04:05'}"
	runCases(t, []pipelineCase{
		{
			name:   "the first format that fits counts",
			stages: extract + "- timestamp: {source: ts, format: RFC3339, fallback_formats: [UnixMs, Unix]}",
			lines:  []string{"1795341845.5 x", "2026-11-22T10:00:00Z x", "1795341845001 x"},
			want: []entry{
				{"-", "2026-11-22T10:04:05.5Z", "-", ""}, {"-", "2026-11-22T10:00:00Z", "-", ""},
				{"-", "2026-11-22T10:04:05.001Z", "-", ""},
			},
		},
		{
			name:   "without a good time before it a line keeps the time of reading",
			stages: extract + seconds,
			lines:  []string{"? x", "no match", "2026-11-22T10:00:00 x"},
			want:   []entry{{"-", "now", "-", ""}, {"-", "now+1", "-", ""}, {"-", "2026-11-22T10:00:00Z", "-", ""}},
		},
		{
			name:   "fudge gives the last good time of the same labels and a nanosecond",
			stages: extract + "- labels: {app: }\n" + seconds,
			lines: []string{
				"2026-11-22T10:00:00 a", "2026-11-22T11:00:00 b", "? a", "? b", "? a", "? c", "2026-11-22T12:00:00 a", "? a",
			},
			want: []entry{
				{`{app="a"}`, "2026-11-22T10:00:00Z", "-", ""}, {`{app="b"}`, "2026-11-22T11:00:00Z", "-", ""},
				{`{app="a"}`, "2026-11-22T10:00:00.000000001Z", "-", ""}, {`{app="b"}`, "2026-11-22T11:00:00.000000001Z", "-", ""},
				{`{app="a"}`, "2026-11-22T10:00:00.000000002Z", "-", ""}, {`{app="c"}`, "now", "-", ""},
				{`{app="a"}`, "2026-11-22T12:00:00Z", "-", ""}, {`{app="a"}`, "2026-11-22T12:00:00.000000001Z", "-", ""},
			},
		},
		{
			name:   "fudge takes an empty label for another label set than none",
			stages: "- json: {expressions: {ts: , app: }}\n- labels: {app: }\n" + seconds,
			lines:  []string{`{"ts":"2026-11-22T10:00:00","app":""}`, `{"ts":"2026-11-22T11:00:00"}`, `{"app":""}`},
			want: []entry{
				{"{}", "2026-11-22T10:00:00Z", "-", ""}, {"{}", "2026-11-22T11:00:00Z", "-", ""}, {"{}", "2026-11-22T10:00:00.000000001Z", "-", ""},
			},
		},
		{
			name:   "a missing source is a failure too, and a burst within one second keeps its order",
			stages: "- regex: {expression: '^(?P<ts>\\d\\S+)'}\n" + seconds,
			lines:  []string{"2026-11-22T10:00:00", "  at one", "2026-11-22T10:00:00", "  at one"},
			want: []entry{
				{"-", "2026-11-22T10:00:00Z", "-", ""}, {"-", "2026-11-22T10:00:00.000000001Z", "  at one", ""},
				{"-", "2026-11-22T10:00:00.000000002Z", "-", ""}, {"-", "2026-11-22T10:00:00.000000003Z", "  at one", ""},
			},
		},
		{
			name:   "skip keeps the entry's time",
			stages: extract + "- timestamp: {source: ts, format: RFC3339, action_on_failure: skip}",
			lines:  []string{"2026-11-22T10:00:00Z a", "? a"},
			want:   []entry{{"-", "2026-11-22T10:00:00Z", "-", ""}, {"-", "now", "-", ""}},
		},
		{
			name:   "a location counts for times without a zone",
			stages: extract + "- timestamp: {source: ts, format: '2006-01-02T15:04:05', location: Asia/Jerusalem}",
			lines:  []string{"2026-11-22T12:00:00 a"},
			want:   []entry{{"-", "2026-11-22T10:00:00Z", "-", ""}},
		},
		{
			name:   "the beginning of the epoch is a time",
			stages: extract + "- timestamp: {source: ts, format: Unix}",
			lines:  []string{"0 a"},
			want:   []entry{{"-", "1970-01-01T00:00:00.000000001Z", "-", ""}},
		},
	})
}

func TestThirtyEqualLinesOfOneSecondHaveThirtyTimes(t *testing.T) {
	const stages = "- regex: {expression: '^(?P<ts>\\S+)'}\n- timestamp: {source: ts, format: RFC3339}"
	p, line := compile(t, stages), "2026-11-22T10:00:00Z GET / 200"
	whole := newRig(t, p)
	times := map[string]bool{}
	for range 30 {
		whole.push(line)
	}
	want := whole.entries
	for _, e := range want {
		times[e.Time] = true
	}
	if len(times) != 30 {
		t.Fatalf("%d different times", len(times))
	}
	for cut := range 30 { // the same after a restart behind any line
		first := newRig(t, p)
		for range cut {
			first.push(line)
		}
		first.done()
		at, mark := first.ledger.Position()
		second := newRig(t, p)
		second.offset, second.ledger = at, pipeline.RestoreLedger(pipeline.Place{Offset: at, Mark: mark})
		for range 30 - cut {
			second.push(line)
		}
		if got := append(first.entries, second.entries...); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("after a restart behind line %d: %v", cut, got)
		}
	}
}

func TestFudgedTimesAreTheSameAfterARestart(t *testing.T) {
	p := compile(t, "- regex: {expression: '^(?P<ts>\\d\\S+)'}\n- timestamp: {source: ts, format: RFC3339}")
	lines := []string{
		"2026-11-22T10:00:00Z a", " b", " b", "2026-11-22T10:00:00Z a", " b", " b", "2026-11-22T10:00:01Z a", " b",
	}
	whole := newRig(t, p)
	whole.push(lines...)
	for cut := range lines {
		first, second := newRig(t, p), newRig(t, p)
		first.push(lines[:cut]...)
		first.done()
		at, mark := first.ledger.Position()
		second.offset, second.ledger = at, pipeline.RestoreLedger(pipeline.Place{Offset: at, Mark: mark})
		second.push(lines[cut:]...)
		if got := append(first.entries, second.entries...); fmt.Sprint(got) != fmt.Sprint(whole.entries) {
			t.Errorf("after a restart behind line %d:\n%v, want\n%v", cut, got, whole.entries)
		}
	}
}

func TestTimesOfReadingNeverGoBack(t *testing.T) {
	r := newRig(t, compile(t, "- labeldrop: [x]"))
	r.push("a")
	r.now = r.now.Add(-time.Hour)
	r.push("b")
	r.now = testNow
	r.want(entry{"{}", "now", "a", ""}, entry{"{}", "2026-11-23T12:00:00.000000001Z", "b", ""})
}

func FuzzRFC3339(f *testing.F) {
	for _, s := range []string{"2026-11-22T10:04:05.1Z", "2026-11-22T10:04:05+02:00", "2024-02-29T23:59:60Z", "1677-09-21T00:12:43Z", "x"} {
		f.Add(s)
	}
	parse := newTimeFormat("RFC3339Nano", nil)
	f.Fuzz(func(t *testing.T, s string) {
		ns, ok := parse([]byte(s), testNow)
		want, err := time.Parse(time.RFC3339Nano, s)
		fits := err == nil && !want.Before(time.Unix(0, math.MinInt64)) && !want.After(time.Unix(0, math.MaxInt64))
		if ok != fits || ok && !time.Unix(0, ns).Equal(want) {
			t.Errorf("%q: got %d %v, want %v %v", s, ns, ok, want, err)
		}
	})
}

func FuzzUnix(f *testing.F) {
	for _, s := range []string{"1795341845", "1795341845.123456789", "-1.5", "1.", ".5", "9223372036.854775807", "+1.0000000000000000000001", "1.2.3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ns, ok := parseUnix([]byte(s), testNow)
		whole, fraction, hasFraction := strings.Cut(s, ".")
		sec, err := strconv.ParseInt(whole, 10, 64)
		if err != nil || hasFraction && (fraction == "" || strings.Trim(fraction, "0123456789") != "") {
			if ok {
				t.Errorf("%q: got %d, want an error", s, ns)
			}
			return
		}
		nanos, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		want := time.Unix(sec, nanos)
		fits := !want.Before(time.Unix(0, math.MinInt64)) && !want.After(time.Unix(0, math.MaxInt64))
		if ok != fits || ok && !time.Unix(0, ns).Equal(want) {
			t.Errorf("%q: got %d %v, want %v", s, ns, ok, want)
		}
	})
}
