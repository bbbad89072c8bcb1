package stage

import "testing"

// Lines without a time of their own have times that differ, whatever is between
// them, also after a restart: Loki stores equal lines of one time once.
func TestReadTimesDifferAcrossLinesWithTimes(t *testing.T) {
	p := compile(t, "- regex: {expression: '^ts=(?P<ts>.*)'}\n- timestamp: {source: ts, format: Unix, action_on_failure: skip}")
	r := newRig(t, p)
	r.push("same", "ts=5", "same", "ts=5", "same")
	r.want(
		entry{"-", "now", "same", ""}, entry{"-", "1970-01-01T00:00:05Z", "-", ""}, entry{"-", "now+1", "same", ""},
		entry{"-", "1970-01-01T00:00:05.000000001Z", "-", ""}, entry{"-", "now+2", "same", ""},
	)
	r.done()
	r = restart(t, p, r.saved(), testNow)
	r.push("same", "ts=5")
	r.want(entry{"-", "now+3", "same", ""}, entry{"-", "1970-01-01T00:00:05.000000002Z", "-", ""})
}

// Other stages go on where the ones before ended: equal times get nanoseconds
// added as if nothing had happened, and read times are not given twice.
func TestContinueGoesOnBehindTheLastEntry(t *testing.T) {
	r := newRig(t, compile(t, "- multiline: {firstline: '^first'}"), "app", "x")
	r.push("a")
	if r.feed.Holds() {
		t.Error("it says that it holds something")
	}
	r.push("first", "more")
	if !r.feed.Holds() {
		t.Error("it does not say that it holds a block")
	}
	r.flush(0, true)
	feed := compile(t, "- static_labels: {new: y}").NewFeed(r.feed.opts)
	feed.Continue(r.feed)
	r.feed = feed
	r.push("b", "c")
	r.want(
		entry{`{app="x"}`, "now", "a", ""}, entry{`{app="x"}`, "now+1", "first\nmore", ""},
		entry{`{app="x", new="y"}`, "now+2", "b", ""}, entry{`{app="x", new="y"}`, "now+3", "c", ""},
	)
	r.wantSettled()
}

func TestContinueFudgesFromTheLastTime(t *testing.T) {
	const stages = "- timestamp: {source: t, format: RFC3339}"
	r := newRig(t, compile(t, "- json: {expressions: {t: }}\n"+stages))
	r.push(`{"t":"2026-01-02T03:04:05Z"}`)
	feed := compile(t, "- static_labels: {new: y}\n- json: {expressions: {t: }}\n"+stages).NewFeed(r.feed.opts)
	feed.Continue(r.feed)
	r.feed = feed
	r.push(`{"t":"none"}`)
	r.want(entry{"-", "2026-01-02T03:04:05Z", "-", ""}, entry{"-", "2026-01-02T03:04:05.000000001Z", "-", ""})
}

func TestContinueOfAFeedWithoutLines(t *testing.T) {
	r := newRig(t, compile(t, "- static_labels: {a: b}"))
	feed := compile(t, "- static_labels: {a: b}").NewFeed(r.feed.opts)
	feed.Continue(r.feed)
	r.feed = feed
	r.push("a")
	r.want(entry{`{a="b"}`, "now", "a", ""})
	r.wantSettled()
}
