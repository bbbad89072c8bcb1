package stage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// sendingRig is a rig of a program under limits, and what these said.
func sendingRig(t *testing.T, stages string, opts SendLimitOptions) (*rig, *[]string) {
	t.Helper()
	said := &[]string{}
	say := func(what string) func(tenant, reason string, bytes int) {
		return func(tenant, reason string, bytes int) {
			*said = append(*said, fmt.Sprintf("%s %q %s %d", what, tenant, reason, bytes))
		}
	}
	opts.Dropped, opts.Cut = say("dropped"), say("cut")
	r := newRig(t, compile(t, stages), "app", "a")
	r.feed.opts.Sending = &SendLimits{}
	r.feed.opts.Sending.Set(opts)
	return r, said
}

func wantSaid(t *testing.T, got *[]string, want ...string) {
	t.Helper()
	if !slices.Equal(*got, want) {
		t.Errorf("the limits said %q, want %q", *got, want)
	}
	*got = nil
}

func TestLimitsAreReplacedWhileTheyAreInForce(t *testing.T) {
	r, said := sendingRig(t, words+"- labels: {a: }", SendLimitOptions{Streams: 1})
	opts := r.feed.opts.Sending.inForce.Load().opts
	r.push("x 1", "y 1")
	wantLines(t, r, "x 1")
	wantSaid(t, said, `dropped "" stream_limited 3`)
	opts.Streams = 2
	r.feed.opts.Sending.Set(opts)
	r.push("x 2", "y 2", "z 2")
	wantLines(t, r, "x 2", "y 2")
	wantSaid(t, said, `dropped "" stream_limited 3`)
	r.feed.opts.Sending.Set(SendLimitOptions{Burst: 10_000, RateDrops: true, Truncate: true}) // none
	r.push("x 3", "y 3", "z 3")
	wantLines(t, r, "x 3", "y 3", "z 3")
	wantSaid(t, said)
}

func TestRateOfAllTargetsDrops(t *testing.T) {
	a, said := sendingRig(t, "- drop: {expression: no}", SendLimitOptions{Rate: 2, Burst: 3, RateDrops: true})
	b := newRig(t, compile(t, "- labeldrop: [x]"), "app", "b")
	b.feed.opts.Sending = a.feed.opts.Sending
	a.push("no", "1", "2") // what the stages drop counts for nothing
	b.push("3", "4")
	wantLines(t, a, "1", "2")
	wantLines(t, b, "3")
	b.now = b.now.Add(500 * time.Millisecond)
	b.push("5", "6")
	wantLines(t, b, "5")
	if want := []string{"global_rate_limiter_drop 1", "global_rate_limiter_drop 1"}; !slices.Equal(b.dropped, want) {
		t.Errorf("dropped %q, want %q", b.dropped, want)
	}
	wantSaid(t, said)
	a.wantSettled()
	b.wantSettled()
}

func TestRateWithoutDropHoldsUpReading(t *testing.T) {
	r, _ := sendingRig(t, "- labeldrop: [x]", SendLimitOptions{Rate: 10, Burst: 1})
	r.push("1", "2", "3")
	wantLines(t, r, "1", "2", "3")
	if got := r.feed.PausedUntil().Sub(r.now); got != 200*time.Millisecond {
		t.Errorf("paused for %v, want 200ms", got)
	}
	r.wantSettled()
}

func TestLongLinesAreDroppedOrCut(t *testing.T) {
	r, said := sendingRig(t, "- tenant: {value: t}", SendLimitOptions{LineBytes: 5})
	r.push("12345", "123456")
	wantLines(t, r, "12345")
	wantSaid(t, said, `dropped "t" line_too_long 6`)
	r.wantSettled()

	r, said = sendingRig(t, "- labeldrop: [x]", SendLimitOptions{LineBytes: 5, Truncate: true})
	r.push("12345", "1234567", "1234é")
	wantLines(t, r, "12345", "12345", "1234") // no character is cut
	wantSaid(t, said, `cut "" line_too_long 2`, `cut "" line_too_long 2`)
	r.wantSettled()
}

// What a join made is one line.
func TestLengthIsThatBehindTheStages(t *testing.T) {
	r, said := sendingRig(t, "- multiline: {firstline: '^a'}", SendLimitOptions{LineBytes: 5})
	r.push("a", "bbb", "bbb", "a", "b")
	r.flush(0, true)
	wantLines(t, r, "a\nb")
	wantSaid(t, said, `dropped "" line_too_long 9`)
	r.wantSettled()
}

func TestFurtherStreamsAreDroppedUntilOthersAreIdle(t *testing.T) {
	r, said := sendingRig(t, words+"- labels: {a: }", SendLimitOptions{Streams: 2})
	r.push("x 1", "y 1", "z 1", "x 2")
	wantLines(t, r, "x 1", "y 1", "x 2")
	wantSaid(t, said, `dropped "" stream_limited 3`)
	r.now = r.now.Add(streamIdle / 2)
	r.push("x 3", "z 2")
	wantLines(t, r, "x 3")
	r.now = r.now.Add(streamIdle/2 + time.Second)
	r.push("z 3", "y 2", "x 4") // y was idle
	wantLines(t, r, "z 3", "x 4")
	wantSaid(t, said, `dropped "" stream_limited 3`, `dropped "" stream_limited 3`)
	r.wantSettled()
}

func TestStreamsCountForEachTenant(t *testing.T) {
	r, said := sendingRig(t, words+"- labels: {a: }\n- tenant: {label: a}", SendLimitOptions{Streams: 1})
	r.push("x 1", "y 1")
	wantLines(t, r, "x 1", "y 1")
	wantSaid(t, said)
}

func TestSendLimitsDoNotAllocate(t *testing.T) {
	r, _ := sendingRig(t, words+"- labels: {a: }", SendLimitOptions{Rate: 1e9, Burst: 1e9, LineBytes: 100, Streams: 2})
	line := strings.Repeat("x 1", 3)
	r.push(line)
	rec := &r.feed.rec
	if n := testing.AllocsPerRun(100, func() { r.feed.opts.Sending.admit(r.feed, rec) }); n != 0 {
		t.Errorf("%v allocations for an entry", n)
	}
}
