package stage

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

const byUser = "- json: {expressions: {user: , t: }}\n- timestamp: {source: t, format: Unix}\n- labels: {user: }"

func userLine(n int) string { return fmt.Sprintf(`{"user":"u%d","t":"%d"}`, n, 1795341845+n) }

// limitedRig is a rig in which a label has two values at most. Values of streams
// are in use: of those given, else the rig's.
func limitedRig(t testing.TB, stages string, streams ...*pipeline.Streams) (*rig, *pipeline.LabelLimit) {
	r := newRig(t, compile(t, stages), "job", "j")
	streams = append(streams, r.feed.opts.Streams)
	limit := pipeline.NewLabelLimit(pipeline.LabelLimitOptions{
		Values: 2, ForgetAfter: time.Hour, Streams: streams[0],
		Full: func(string, string, []pipeline.Label) {}, Spared: func(string) {},
	}, nil, r.now)
	r.feed.opts.Limit = limit
	return r, limit
}

// moved is how many times a value of user was moved.
func moved(l *pipeline.LabelLimit) (times uint64) {
	l.Stats(func(label string, _ int, moved uint64) {
		if label == "user" {
			times = moved
		}
	})
	return times
}

func TestAFurtherLabelValueIsInTheMetadataOfItsEntries(t *testing.T) {
	r, _ := limitedRig(t, byUser)
	r.push(userLine(0), userLine(1), userLine(2), userLine(0), userLine(2))
	r.want(
		entry{`{job="j", user="u0"}`, "-", "-", ""}, entry{`{job="j", user="u1"}`, "-", "-", ""},
		entry{`{job="j"}`, "-", "-", "user=u2"},
		entry{`{job="j", user="u0"}`, "-", "-", ""}, entry{`{job="j"}`, "-", "-", "user=u2"},
	)
	r.wantSettled()
}

func TestAMovedValueDoesNotReplaceAFieldOfItsName(t *testing.T) {
	r, _ := limitedRig(t, byUser+"\n- regex: {expression: '\"t\":\"(?P<t>\\d+)'}\n- structured_metadata: {user: t}")
	r.push(userLine(0), userLine(1), userLine(2))
	if got, want := r.entries[2].Meta, "user=1795341847"; got != want {
		t.Errorf("metadata %q, want %q", got, want)
	}
}

func TestEntriesOfANewLabelValueWaitForItToBeSaved(t *testing.T) {
	r, limit := limitedRig(t, byUser)
	limit.Values()
	r.push(userLine(0))
	limit.Saved() // of what there was before
	r.push(userLine(0))
	limit.Values()
	limit.Saved()
	r.push(userLine(0), userLine(1), userLine(2))
	for i, want := range []bool{true, true, false, true, false} {
		if got := r.batches[i].IsNoted(); got != want {
			t.Errorf("entry %d (%s): noted %v, want %v", i, r.entries[i].Labels, got, want)
		}
	}
}

func TestTheLabelLimitIsAskedOnceForALabelSetAndAfterASweep(t *testing.T) {
	r, limit := limitedRig(t, byUser)
	r.push(userLine(0), userLine(1))
	for range 100 {
		r.push(userLine(2))
	}
	if n := moved(limit); n != 1 {
		t.Errorf("moved %d times for 100 lines of one label set, want once", n)
	}
	limit.Sweep(r.now.Add(10 * time.Minute))
	r.push(userLine(2))
	if n := moved(limit); n != 2 {
		t.Errorf("moved %d times, want to be asked again after a sweep", n)
	}
	r.done()
}

func TestAFreedPlaceIsGivenToAValueThatWasMoved(t *testing.T) {
	r, limit := limitedRig(t, byUser, pipeline.NewStreams()) // of which none has the values
	r.push(userLine(0), userLine(1), userLine(2))
	r.entries = nil
	r.now = r.now.Add(2 * time.Hour)
	limit.Sweep(r.now)
	r.push(userLine(2))
	r.want(entry{`{job="j", user="u2"}`, "-", "-", ""})
}

func TestALineAllocatesNothingUnderALabelLimit(t *testing.T) {
	c := hotCase{"", byUser, userLine(2)}
	run := hotRunOf(t, c, 64<<10, func(r *rig) {
		limited, limit := limitedRig(t, byUser)
		limited.push(userLine(0), userLine(1))
		r.feed.opts.Limit = limit
	})
	for range 2000 {
		run()
	}
	if got := testing.AllocsPerRun(2000, run); got > 0 {
		t.Errorf("%v allocations for each line, want 0", got)
	}
}

// A label set that comes once is in use as long as the feed remembers it.
func TestAFeedWhoseLabelSetsChangeForEverHoldsABoundedNumberOfStreams(t *testing.T) {
	r := newRig(t, compile(t, byUser))
	for i := range 3 * maxLabelSets {
		r.push(userLine(i))
		r.entries = r.entries[:0]
		r.done()
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		if runtime.GC(); r.feed.opts.Streams.Len() <= maxLabelSets {
			return
		}
		<-tick.C
	}
	t.Errorf("%d streams are in use, want at most %d", r.feed.opts.Streams.Len(), maxLabelSets)
}
