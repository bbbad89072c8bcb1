package stage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

const (
	timed   = "- regex: {expression: '^(?P<t>[-\\d.]+) ?(?P<service>\\w*)'}\n- timestamp: {source: t, format: Unix, action_on_failure: skip}\n- labels: {service: }\n"
	limited = timed + "- rate_limit: {lines_per_second: 2, burst: 3}"
)

// at makes lines of a time in seconds.
func at(second float64, n int) []string {
	return slices.Repeat([]string{fmt.Sprintf("%.1f", second)}, n)
}

// summary is the line about n lines of some bytes.
func summary(n, bytes int, of string) string {
	noun := "lines"
	if n == 1 {
		noun = "line"
	}
	return fmt.Sprintf("[collector] held back %d %s (%d B)%s in 10 s: the limit is 2 lines/s", n, noun, bytes, of)
}

// lines are the texts of the entries so far, which are forgotten.
func (r *rig) lines() []string {
	var lines []string
	for _, e := range r.entries {
		lines = append(lines, e.Line)
	}
	r.entries = nil
	return lines
}

func (r *rig) wantLines(want ...string) {
	r.t.Helper()
	if got := r.lines(); !slices.Equal(got, want) {
		r.t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLinesAboveTheRateAreHeldBackAndOneLineSaysHowMany(t *testing.T) {
	r := newRig(t, compile(t, limited), "job", "j")
	r.push(at(100, 5)...)   // the burst, and 2 too many
	r.push(at(101.5, 3)...) // 1 too many
	r.push(at(104, 4)...)   // three seconds gave three lines, not six
	r.wantLines("100.0", "100.0", "100.0", "101.5", "101.5", "104.0", "104.0", "104.0")
	r.push(at(110, 2)...)
	r.want(
		entry{`{job="j"}`, "1970-01-01T00:01:44Z", summary(4, 20, ""), ""},
		entry{`{job="j"}`, "1970-01-01T00:01:50Z", "110.0", ""},
		entry{`{job="j"}`, "1970-01-01T00:01:50.000000001Z", "110.0", ""},
	)
	if want := slices.Repeat([]string{"rate_limit 5"}, 4); !slices.Equal(r.dropped, want) {
		t.Errorf("dropped %q, want %q", r.dropped, want)
	}
	r.wantSettled()
}

func TestEachWindowInWhichLinesWereHeldBackLeavesOneLine(t *testing.T) {
	r := newRig(t, compile(t, limited), "job", "j")
	for second := range 30 {
		r.push(at(100+float64(second), 3)...)
	}
	r.flush(0, true)
	var got []string
	for _, line := range r.lines() {
		if strings.HasPrefix(line, "[") {
			got = append(got, line)
		}
	}
	if want := []string{summary(9, 45, ""), summary(10, 50, ""), summary(10, 50, "")}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	r.wantSettled()
}

func TestEachLabelValueHasItsLimit(t *testing.T) {
	r := newRig(t, compile(t, timed+"- rate_limit: {lines_per_second: 2, by_label_name: service}"), "job", "j")
	r.push("100 chat", "100 chat", "100 chat", "100 web", "100 web", "100", "101 web")
	r.flush(0, true)
	r.want(
		entry{`{job="j", service="chat"}`, "-", "100 chat", ""}, entry{`{job="j", service="chat"}`, "-", "100 chat", ""},
		entry{`{job="j", service="web"}`, "-", "100 web", ""}, entry{`{job="j", service="web"}`, "-", "100 web", ""},
		entry{`{job="j"}`, "-", "100", ""}, entry{`{job="j", service="web"}`, "-", "101 web", ""},
		entry{`{job="j", service="chat"}`, "1970-01-01T00:01:40Z", summary(1, 8, " of service chat"), ""},
	)
	r.wantSettled()
}

func TestMatchSelectsWhomTheLimitConcerns(t *testing.T) {
	r := newRig(t, compile(t, timed+"- match: {selector: '{service=\"chat\"}', stages: [{rate_limit: {lines_per_second: 1}}]}"), "job", "j")
	r.push("100 chat", "100 chat", "100 web", "100 web", "100 web")
	r.wantLines("100 chat", "100 web", "100 web", "100 web")
}

func TestTheLineAboutHeldLinesIsAWarning(t *testing.T) {
	r := newRig(t, compile(t, timed+"- level: {}\n- structured_metadata: {service: }\n- rate_limit: {lines_per_second: 1}"), "job", "j")
	r.push("100 x INFO", "100 x ERROR", "111 y INFO")
	r.want(
		entry{`{job="j", level="unknown"}`, "-", "-", "service=x"},
		entry{`{job="j", level="warn"}`, "-", strings.Replace(summary(1, 11, ""), "2 lines/s", "1 lines/s", 1), ""},
		entry{`{job="j", level="unknown"}`, "-", "-", "service=y"},
	)
}

func TestTheLineAboutHeldLinesDoesNotWaitForEver(t *testing.T) {
	r := newRig(t, compile(t, limited), "job", "j")
	r.push(at(100, 4)...)
	if due := r.flush(0, false); !due.Equal(testNow.Add(limitWait)) {
		t.Errorf("due %v, want %v", due, testNow.Add(limitWait))
	}
	r.push(at(100, 1)...) // time stands still
	r.flush(limitWait-1, false)
	r.wantLines("100.0", "100.0", "100.0")
	if due := r.flush(1, false); !due.IsZero() {
		t.Errorf("due %v with nothing held back", due)
	}
	r.wantLines(summary(2, 10, ""))
	if !r.batches[len(r.batches)-1].IsNoted() {
		t.Error("the line that a clock let go does not wait for the notes")
	}
	r.wantSettled()
}

func TestPositionStaysBeforeHeldLinesUntilTheLineAboutThemIsDone(t *testing.T) {
	r := newRig(t, compile(t, limited), "job", "j")
	r.push(at(100, 4)...)
	r.push(at(101, 3)...)
	r.push(at(111, 1)...)
	last := len(r.batches) - 2 // before the line of 111
	for i, b := range r.batches {
		if i != last {
			b.Done()
		}
	}
	if at, mark := r.ledger.Position(); at != 3*6 || mark != (pipeline.Mark{Time: 100e9, Repeat: 2}) {
		t.Errorf("position %d with mark %v, want the first line that was held back, with that of the line before it", at, mark)
	}
	r.batches = r.batches[last : last+1]
	r.wantSettled()
}

// Lines of one time get nanoseconds added in their order. What is held back must
// not change those of the others: a second reading may hold back other lines.
func TestTimesDoNotDependOnWhatIsHeldBack(t *testing.T) {
	lines := []string{"100 chat 1", "100 web 1", "100 chat 2", "100 chat 3", "100 web 2"}
	free := newRig(t, compile(t, timed))
	free.push(lines...)
	want := map[string]string{}
	for _, e := range free.entries {
		want[e.Line] = e.Time
	}
	r := newRig(t, compile(t, timed+"- rate_limit: {lines_per_second: 1, burst: 2, by_label_name: service}"))
	r.push(lines...)
	if len(r.entries) != 4 {
		t.Fatalf("%d lines came through, want 4", len(r.entries))
	}
	for _, e := range r.entries {
		if e.Time != want[e.Line] {
			t.Errorf("%q is sent with %s, and without a limit with %s", e.Line, e.Time, want[e.Line])
		}
	}
	r.flush(0, true)
	r.wantSettled()
	if _, got := r.ledger.Position(); got != free.feed.mark {
		t.Errorf("mark %v, and without a limit %v", got, free.feed.mark)
	}
}

func TestAWrongTimeDoesNotStopAServiceForEver(t *testing.T) {
	r := newRig(t, compile(t, limited), "job", "j")
	r.push("99999999", "100", "101", "101", "102", "102")
	r.flush(0, true)
	r.wantLines("99999999", "100", "101", "101", "102", "102")
	r.push(at(-5, 9)...)
	r.push(at(-4, 9)...)
	if n := len(r.lines()); n < 2 || n > 5 {
		t.Errorf("%d lines of two seconds before 1970 came through, want two each second, or what is left of the burst", n)
	}
	r.flush(0, true)
	r.wantSettled()
}

// However the lines that pass lie among those that do not.
func TestPiecesOfHeldLinesAreBounded(t *testing.T) {
	r := newRig(t, compile(t, timed+"- rate_limit: {lines_per_second: 1, by_label_name: service}"), "job", "j")
	for i := range 1000 {
		r.push("100 chat", fmt.Sprint("100 other", i))
	}
	for _, b := range r.feed.limits[0].byValue {
		if len(b.pieces) > maxPieces {
			t.Errorf("%d pieces, want at most %d", len(b.pieces), maxPieces)
		}
	}
	r.flush(0, true)
	if got, want := r.entries[len(r.entries)-1].Line, "[collector] held back 999 lines (7 kB) of service chat"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	r.wantSettled()
}

func TestLimitsOfManyLabelValuesAreBounded(t *testing.T) {
	r := newRig(t, compile(t, timed+"- rate_limit: {lines_per_second: 1, by_label_name: service}"), "job", "j")
	r.push("100 chat", "100 chat") // the second is held back
	all := r.feed.limits[0]
	for i := range maxLabelSets - 1 {
		b := *all.byValue["chat"]
		b.value, b.pieces = fmt.Sprint(i), nil
		all.byValue[b.value], all.open = &b, append(all.open, &b)
	}
	r.entries = nil
	r.push("100 web")
	if n := len(all.byValue); n > maxLabelSets || n < maxLabelSets/2 || len(all.open) != n-1 {
		t.Errorf("%d label values are remembered, %d of them hold lines back; want at most %d", n, len(all.open), maxLabelSets)
	}
	if n := len(r.lines()); n != maxLabelSets/10+1 {
		t.Errorf("%d lines, want those about a tenth of the values and the new one", n)
	}
	r.flush(0, true)
	r.wantSettled()
}

// Once the notes are on disk a second reading lets the same lines pass and says
// the same of the others, wherever it begins.
func TestTheSameLinesAreHeldBackWhenReadAgain(t *testing.T) {
	p := compile(t, "- docker: {join: true}\n- level: {}\n- rate_limit: {lines_per_second: 2, burst: 5, by_label_name: stream}")
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		lines := wholeLines(rnd, 200, "limited")
		r := newRig(t, p)
		sent := map[string]string{}
		read := 0
		for range 4 {
			for read < len(lines) && rnd.IntN(40) > 0 {
				r.push(lines[read])
				read++
				r.flush(time.Duration(rnd.IntN(2000))*time.Millisecond, false)
			}
			times := timesOf(r.batches)
			for i, e := range r.entries {
				whole := fmt.Sprint(e.Labels, times[i], e.Line)
				key := strings.TrimSuffix(e.Line[strings.LastIndexByte(e.Line, '#')+1:], ";") // of the last line in it
				if strings.HasPrefix(e.Line, "[collector]") {
					key = fmt.Sprint(e.Labels, times[i])
				}
				if was, ok := sent[key]; ok && was != whole {
					t.Fatalf("seed %d: sent as\n%s\nand then as\n%s", seed, was, whole)
				}
				sent[key] = whole
			}
			for _, b := range r.batches {
				if rnd.IntN(3) > 0 {
					b.Done()
				}
			}
			place := r.saved()
			r = restart(t, p, place, r.now.Add(time.Duration(rnd.IntN(60))*time.Second))
			r.push(lines[slices.Index(lineStarts(lines), place.Offset):read]...)
		}
	}
}

// A crash before the notes were saved may change which lines are held back, but
// what is sent again is the same.
func TestNoLineIsSentInTwoFormsAfterACrash(t *testing.T) {
	p := compile(t, timed+"- rate_limit: {lines_per_second: 2, burst: 5, by_label_name: service}")
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		var lines []string
		for i := range 120 {
			lines = append(lines, fmt.Sprintf("%d %s #%d", 100+i/6, []string{"chat", "web"}[rnd.IntN(2)], i))
		}
		whole := newRig(t, compile(t, timed))
		whole.push(lines...)
		want := whole.byLine(timesOf(whole.batches))
		r, read := newRig(t, p), 0
		for range 4 {
			for read < len(lines) && rnd.IntN(40) > 0 {
				r.push(lines[read])
				read++
			}
			for n, e := range r.byLine(timesOf(r.batches)) {
				if e != want[n] {
					t.Fatalf("seed %d: line %d was sent in\n%s, and without a limit in\n%s", seed, n, e, want[n])
				}
			}
			for _, b := range r.batches {
				if rnd.IntN(3) > 0 {
					b.Done()
				}
			}
			at, mark := r.ledger.Position()
			r = restart(t, p, pipeline.Place{Offset: at, Mark: mark}, r.now)
			r.push(lines[slices.Index(lineStarts(lines), at):read]...)
		}
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 123456: "123,456"} {
		if got := thousands(n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 567890: "567 kB", 12345678: "12.3 MB"} {
		if got := size(n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
