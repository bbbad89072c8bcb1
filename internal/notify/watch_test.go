package notify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// addRuleOn stores a rule on logs that tells a new channel to x.
func (r *rig) addRuleOn(terms Terms, x *receiver) {
	r.t.Helper()
	c, err := r.AddChannel(r.t.Context(), "alice", webhookTo(x.URL))
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.AddRule(r.t.Context(), "alice", Rule{Name: "watched", Enabled: true, Channels: []int64{c.ID}, Terms: terms}); err != nil {
		r.t.Fatal(err)
	}
}

// watchFor looks now and then for a time, and sends what is due.
func (r *rig) watchFor(d time.Duration) {
	r.t.Helper()
	for end := r.now().Add(d); r.now().Before(end); r.pass(lookLeast) {
		if err := r.watchDue(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
		r.step()
	}
}

// kinds returns the kinds and texts of what was told.
func (x *receiver) kinds() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []string
	for _, body := range x.got {
		for _, e := range body.Events {
			list = append(list, string(e.Kind)+": "+e.Text)
		}
	}
	return list
}

func (x *receiver) wantKinds(t *testing.T, want ...string) {
	t.Helper()
	if got := x.kinds(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

var errAway = errors.New("no answer of Loki")

func TestASearchThatMatchesOftenEnoughIsToldOnceUntilItIsOver(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.addRuleOn(Terms{On: OnMatches, Query: `{service="backend"} |= "timeout"`, View: "service=backend&q=timeout&tail=1", Count: 3, Minutes: 5}, x)
	r.loki(2, nil)
	r.watchFor(10 * time.Minute)
	x.wantKinds(t)
	r.loki(3, nil)
	r.watchFor(30 * time.Minute)
	const first = "matches: 3 lines in 5 minutes, the limit is 3."
	x.wantKinds(t, first)
	if url := x.got[0].Events[0].URL; url != "https://host.example.org/logs/lines?end=2026-03-01T12%3A10%3A00Z&q=timeout&service=backend&start=2026-03-01T12%3A00%3A00Z" {
		t.Errorf("got %s", url)
	}
	r.loki(0, nil)
	r.watchFor(10 * time.Minute)
	r.loki(9, nil)
	r.watchFor(10 * time.Minute)
	x.wantKinds(t, first, "matches: 9 lines in 5 minutes, the limit is 3.")
}

func TestASearchThatFallsSilentIsToldAndThatItIsHeardAgain(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.addRuleOn(Terms{On: OnSilence, Query: `{service="backend"}`, Minutes: 10}, x)
	r.loki(5, nil)
	r.watchFor(20 * time.Minute)
	r.loki(0, nil) // Loki counts the rule's ten minutes
	r.watchFor(20 * time.Minute)
	x.wantKinds(t, "silent: No line in 10 minutes.")
	r.loki(1, nil)
	r.watchFor(5 * time.Minute)
	x.wantKinds(t, "silent: No line in 10 minutes.", "heard: 1 line in 10 minutes.")
}

func TestLokiAwayIsNotSilence(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.addRuleOn(Terms{On: OnSilence, Query: `{service="backend"}`, Minutes: 10}, x)
	r.loki(5, nil)
	r.watchFor(20 * time.Minute)
	r.loki(0, errAway)
	r.watchFor(2 * time.Hour)
	list, err := r.Rules(t.Context())
	if err != nil || !strings.Contains(list[0].Status.Failure, "no answer of Loki") {
		t.Errorf("got %+v, %v", list, err)
	}
	// It answers again; what was held up is delivered a little later.
	r.loki(0, nil)
	r.watchFor(lookBackOff)
	r.loki(7, nil)
	r.watchFor(10 * time.Minute)
	x.wantKinds(t)
	r.loki(0, nil)
	r.watchFor(10 * time.Minute)
	x.wantKinds(t, "silent: No line in 10 minutes.")
}

func TestALookWithoutAnAnswerMattersAsMuchAsItsShareOfTheMinutes(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		minutes int
		gap     time.Duration // between the last answer and this one
		want    bool          // it is silent
	}{
		{10, 150 * time.Second, true}, {10, 5 * time.Minute, false}, {10, 5*time.Minute - time.Second, true}, {10, -time.Second, false},
		{1, 15 * time.Second, true}, {1, 30 * time.Second, false},
		{1440, 10 * time.Minute, true}, {1440, 12 * time.Hour, false},
	} {
		r := Rule{Name: "r", Terms: Terms{On: OnSilence, Minutes: test.minutes}}
		r.Status.AnsweringSince, r.Status.AnsweredAt = now.Add(-48*time.Hour), now.Add(-test.gap)
		if got := r.judge(0, now) != nil; got != test.want {
			t.Errorf("after a gap of %s in %d minutes: silent is %v", test.gap, test.minutes, got)
		}
	}
}

func TestALookAtARuleThatChangedMeanwhileCountsNothing(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.addRuleOn(Terms{On: OnMatches, Query: `{service="backend"}`, Count: 1, Minutes: 5}, x)
	r.Count = func(ctx context.Context, _ string, _, _ time.Time) (int64, error) {
		list, err := r.Rules(ctx)
		if err != nil {
			return 0, err
		}
		r.pass(time.Second)
		list[0].Count = 1000
		return 500, r.SetRule(ctx, "bob", list[0])
	}
	if err := r.watchDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.step()
	x.wantKinds(t)
	if list, err := r.Rules(t.Context()); err != nil || list[0].Status != (RuleStatus{}) {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestSilenceNeedsAllOfItsMinutesAfterAStart(t *testing.T) {
	dir := t.TempDir()
	r, x := openRig(t, dir), newReceiver(t)
	r.addRuleOn(Terms{On: OnSilence, Query: `{service="backend"}`, Minutes: 10}, x)
	r.watchFor(9 * time.Minute)
	again := openRig(t, dir) // after an hour in which nobody looked
	again.pass(time.Hour)
	again.watchFor(9 * time.Minute)
	x.wantKinds(t)
	again.watchFor(5 * time.Minute)
	x.wantKinds(t, "silent: No line in 10 minutes.")
}

func TestARestartDoesNotTellWhatWasTold(t *testing.T) {
	dir := t.TempDir()
	r, x := openRig(t, dir), newReceiver(t)
	r.addRuleOn(Terms{On: OnMatches, Query: `{service="backend"}`, Count: 1, Minutes: 5}, x)
	r.loki(1, nil)
	r.watchFor(time.Minute)
	again := openRig(t, dir)
	again.pass(time.Minute)
	again.loki(1, nil)
	again.watchFor(10 * time.Minute)
	x.wantKinds(t, "matches: 1 line in 5 minutes, the limit is 1.")
}

func TestLokiAwayIsAskedLessAndLess(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.addRuleOn(Terms{On: OnMatches, Query: `{service="backend"}`, Count: 1, Minutes: 1}, x)
	asked := 0
	r.Normalise = func(_ context.Context, _ string) (string, error) { asked++; return "", errAway }
	r.watchFor(time.Hour)
	if asked < 6 || asked > 14 {
		t.Errorf("Loki was asked %d times in an hour", asked)
	}
	if log := r.log.String(); strings.Contains(log, "ERROR") {
		t.Errorf("a rule without an answer is an error in the log: %s", log)
	}
}

func TestAChangedRuleBeginsAnew(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.addRuleOn(Terms{On: OnMatches, Query: `{service="backend"}`, Count: 1, Minutes: 5}, x)
	r.loki(1, nil)
	r.watchFor(time.Minute)
	list, err := r.Rules(t.Context())
	if err != nil || list[0].Status.Since.IsZero() || list[0].Status.Lines != 1 {
		t.Fatalf("got %+v, %v", list, err)
	}
	list[0].Count = 2
	r.pass(time.Second)
	if err := r.SetRule(t.Context(), "bob", list[0]); err != nil {
		t.Fatal(err)
	}
	if list, err = r.Rules(t.Context()); err != nil || list[0].Status != (RuleStatus{}) {
		t.Errorf("got %+v, %v", list, err)
	}
	list[0].Enabled = false
	if err := r.SetRule(t.Context(), "bob", list[0]); err != nil {
		t.Fatal(err)
	}
	r.queries = nil
	r.watchFor(10 * time.Minute)
	if len(r.queries) != 0 {
		t.Errorf("a rule that is off was asked: %q", r.queries)
	}
}

func TestOwnLinesDoNotCount(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.addRuleOn(Terms{On: OnMatches, Query: `{service=~".+"} |= "warn" | json`, Count: 1, Minutes: 5}, x)
	r.watchFor(watchEvery)
	if want := []string{`{service=~".+"} != "tovplay-notify" |= "warn" | json`}; !slices.Equal(r.queries, want) {
		t.Errorf("got %q, want %q", r.queries, want)
	}
	x.answers(status(500))
	r.loki(1, nil)
	r.watchFor(10 * time.Minute)
	lines := 0
	for line := range strings.Lines(r.log.String()) {
		lines++
		if !strings.Contains(line, Mark) || strings.Contains(line, "level=ERROR") {
			t.Errorf("the line has no mark, or is an error: %s", line)
		}
	}
	if lines == 0 || lines > 5 {
		t.Errorf("%d lines were logged of one condition", lines)
	}
}

func TestTheSelectorOfAQueryEndsWhereLokiEndsIt(t *testing.T) {
	for query, want := range map[string]string{
		`{a="b"}`:                            `{a="b"} != "tovplay-notify"`,
		` {a="b"} |= "}"`:                    `{a="b"} != "tovplay-notify" |= "}"`,
		`{a="}", b="\"}"} | x`:               `{a="}", b="\"}"} != "tovplay-notify" | x`,
		"{a=`}\"`}":                          "{a=`}\"`} != \"tovplay-notify\"",
		"{a=\"b\" # }\n} # c":                "{a=\"b\" # }\n} != \"tovplay-notify\" # c",
		``:                                   "",
		`rate({a="b"}[1m])`:                  "",
		`{a="b`:                              "",
		`{a="b\"}`:                           "",
		"sum(count_over_time({a=`b`} [1m]))": "",
	} {
		if got, err := leaveOutOwn(query); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: got %s, %v, want %s", query, got, err, want)
		}
	}
}

func FuzzLeaveOutOwn(f *testing.F) {
	for _, query := range []string{`{a="b"}`, "{a=`}`} |= `x`", `{a="\\"}`, "{#\n}", "x", ""} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		got, err := leaveOutOwn(query)
		if err != nil {
			return
		}
		before, after, found := strings.Cut(got, ` != "`+Mark+`"`)
		if !found || !strings.Contains(query, Mark) && before+after != strings.TrimSpace(query) || !strings.HasPrefix(before, "{") || !strings.HasSuffix(before, "}") {
			t.Errorf("%q became %q", query, got)
		}
	})
}

func TestRulesAreCheckedWithARemedy(t *testing.T) {
	r := newRig(t)
	for _, test := range []struct {
		terms Terms
		want  string
	}{
		{Terms{On: OnIssues}, ""},
		{Terms{On: OnMatches, Query: `{a="b"}`, Count: 1, Minutes: 1}, ""},
		{Terms{On: OnSilence, Query: `{a="b"}`, Minutes: 1440}, ""},
		{Terms{On: "moons"}, "issues, matches or silence"},
		{Terms{On: OnIssues, Kinds: []Kind{Test}}, "new, regressed or spiking"},
		{Terms{On: OnIssues, Service: make([]string, listMax+1)}, "at most 50 values"},
		{Terms{On: OnIssues, Env: []string{strings.Repeat("x", valueMax+1)}}, "300 are allowed"},
		{Terms{On: OnMatches, Query: `{a="b"}`, Count: 0, Minutes: 1}, "0 lines"},
		{Terms{On: OnMatches, Query: `{a="b"}`, Count: 1, Minutes: 0}, "0 minutes"},
		{Terms{On: OnSilence, Query: `{a="b"}`, Minutes: 1441}, "1441 minutes"},
		{Terms{On: OnSilence, Query: `rate({a="b"}[1m])`, Minutes: 1}, "a search is a log query"},
		{Terms{On: OnSilence, Query: strings.Repeat(`x`, queryMax+1), Minutes: 1}, "5000 bytes"},
	} {
		rule := Rule{Name: "rule", Terms: test.terms}
		err := r.checkRule(t.Context(), &rule)
		_, input := errors.AsType[*InputError](err)
		if (test.want == "") != (err == nil) || err != nil && (!input || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%+v: got %v, want %q", test.terms, err, test.want)
		}
	}
	rule := Rule{Name: "rule", Terms: Terms{On: OnSilence, Query: `{a=b}`, Minutes: 1}}
	r.loki(0, errors.New("syntax error in the query"))
	if err := r.checkRule(t.Context(), &rule); err == nil || !strings.Contains(err.Error(), "syntax error") {
		t.Errorf("got %v", err)
	}
	r.loki(0, errAway)
	if err := r.checkRule(t.Context(), &rule); err != nil {
		t.Errorf("a rule cannot be stored while Loki is away: %v", err)
	}
}
