package stage

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// The loop asks a feed for its pause.
var _ pipeline.Pacing = (*Feed)(nil)

func lines(r *rig) []string {
	var got []string
	for _, e := range r.entries {
		got = append(got, e.Line)
	}
	r.entries = nil
	return got
}

func wantLines(t *testing.T, r *rig, want ...string) {
	t.Helper()
	if got := lines(r); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLimitThatDropsCountsForTheWholeJob(t *testing.T) {
	p := compile(t, "- limit: {rate: 2, burst: 3, drop: true}")
	a, b := newRig(t, p), newRig(t, p)
	a.push("1", "2")
	b.push("3", "4")
	wantLines(t, a, "1", "2")
	wantLines(t, b, "3")
	b.now = b.now.Add(500 * time.Millisecond)
	b.push("5", "6")
	wantLines(t, b, "5")
	if want := []string{"ratelimit_drop_stage 1", "ratelimit_drop_stage 1"}; !slices.Equal(b.dropped, want) {
		t.Errorf("dropped %q, want %q", b.dropped, want)
	}
	if !b.feed.PausedUntil().IsZero() {
		t.Error("a limit that drops holds up its target")
	}
	a.wantSettled()
	b.wantSettled()
}

func TestLimitByLabelLeavesOthersAlone(t *testing.T) {
	p := compile(t, words+"- labels: {a: }\n- limit: {rate: 1, burst: 1, drop: true, by_label_name: a}")
	r := newRig(t, p)
	var byLabel []string
	r.feed.opts.DroppedByLabel = func(label, value string) { byLabel = append(byLabel, label+"="+value) }
	r.push("x 1", "x 2", "y 1", "", "", "y 2")
	wantLines(t, r, "x 1", "y 1", "", "")
	if want := []string{"a=x", "a=y"}; !slices.Equal(byLabel, want) {
		t.Errorf("dropped by label %q, want %q", byLabel, want)
	}
	r.wantSettled()
}

func TestLimitForgetsValuesThatDoNotCome(t *testing.T) {
	p := compile(t, words+"- labels: {a: }\n- limit: {rate: 0.001, burst: 1, drop: true, by_label_name: a}")
	s := p.steps[len(p.steps)-1].(*limit)
	r := newRig(t, p)
	r.push("first", "first")
	for i := range 25_000 {
		r.push(fmt.Sprint(i))
		if len(s.newer)+len(s.older) > 20_000 {
			t.Fatalf("%d values are remembered", len(s.newer)+len(s.older))
		}
	}
	r.push("24999", "first")
	r.wantSettled()
	if len(r.dropped) != 2 {
		t.Errorf("dropped %q, want one of the first value, and one of the last", r.dropped)
	}
}

func TestLimitWithoutDropPausesItsTarget(t *testing.T) {
	p := compile(t, "- limit: {rate: 10, burst: 5}")
	r, other := newRig(t, p), newRig(t, p)
	r.push("1", "2", "3", "4", "5")
	if !r.feed.PausedUntil().IsZero() {
		t.Error("paused within the burst")
	}
	r.push("6", "7")
	if got := r.feed.PausedUntil().Sub(r.now); got != 200*time.Millisecond {
		t.Errorf("paused for %v, want 200ms", got)
	}
	if !other.feed.PausedUntil().IsZero() {
		t.Error("another target is paused")
	}
	wantLines(t, r, "1", "2", "3", "4", "5", "6", "7")
	r.wantSettled()
}
