package life

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/state"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
	"github.com/tovtech/tovplay-logging/pipeline/level"
)

// rig is a tracker with its databases and a clock.
type rig struct {
	*Tracker
	t     *testing.T
	db    *sql.DB
	store *sqlite.Store
	now   time.Time
	group *grouping.Grouper
}

func newRig(t *testing.T, limits Limits) *rig {
	t.Helper()
	db, err := state.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := sqlite.Open(t.Context(), t.TempDir(), issues.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	r := &rig{t: t, db: db, store: store, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), group: grouping.New(grouping.Rules{})}
	r.open(limits)
	return r
}

// open reads everything anew, as a restart does.
func (r *rig) open(limits Limits) {
	r.t.Helper()
	var err error
	r.Tracker, err = Open(r.t.Context(), Config{
		DB: r.db, Events: r.store, Grouper: r.group, Limits: limits, Now: func() time.Time { return r.now },
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// seen makes an event of a line, at the clock's time.
func (r *rig) seen(line string) Seen {
	var result grouping.Result
	r.group.Group(grouping.Event{Text: []byte(line), Level: level.Error, Service: "backend"}, &result)
	return Seen{
		Event: &issues.Event{
			ID: issues.NewID("{}", r.now.UnixNano(), "", line), Time: r.now.UnixNano(), Key: result.Key, Exception: result.ExceptionHash,
			Stream: "{}", Env: "prod", Service: "backend", Level: "error", Type: string(result.Type), Message: string(result.Message),
			Culprit: result.Culprit(), Text: line, Correlation: string(result.CorrelationID),
		},
		Line: line, Labels: map[string]string{"service": "backend", "level": "error"},
	}
}

// take takes and stores events, as the indexer does.
func (r *rig) take(all ...Seen) {
	r.t.Helper()
	if err := r.Take(r.t.Context(), all); err != nil {
		r.t.Fatal(err)
	}
	var events []issues.Event
	for _, s := range all {
		events = append(events, *s.Event)
	}
	if _, err := r.store.Insert(r.t.Context(), events); err != nil {
		r.t.Fatal(err)
	}
}

// lines takes one event for each line, a second apart.
func (r *rig) lines(all ...string) {
	r.t.Helper()
	for _, line := range all {
		r.pass(time.Second)
		r.take(r.seen(line))
	}
}

func (r *rig) pass(d time.Duration) { r.now = r.now.Add(d) }

func (r *rig) act(a Action, ids ...int64) {
	r.t.Helper()
	if err := r.Act(r.t.Context(), "alice", ids, a); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tick() {
	r.t.Helper()
	if err := r.Tick(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// list returns all issues of the last weeks, by number.
func (r *rig) list() []Row {
	r.t.Helper()
	list, err := r.List(r.t.Context(), ListQuery{Span: issues.Span{From: r.now.Add(-60 * 24 * time.Hour), To: r.now.Add(time.Hour)}, Limit: 10000})
	if err != nil {
		r.t.Fatal(err)
	}
	slices.SortFunc(list.Issues, func(a, b Row) int { return int(a.ID - b.ID) })
	return list.Issues
}

func (r *rig) get(id int64) Detail {
	r.t.Helper()
	d, err := r.Get(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

// kinds returns the history of an issue, the oldest first.
func (r *rig) kinds(id int64) (kinds []Kind) {
	r.t.Helper()
	history, err := r.History(r.t.Context(), id, 0, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, c := range history {
		kinds = append(kinds, c.Kind)
	}
	slices.Reverse(kinds)
	return kinds
}

func (r *rig) wantState(id int64, want State) {
	r.t.Helper()
	if got := r.get(id).State; got != want {
		r.t.Fatalf("issue %d is %s, want %s; history %v", id, got, want, r.kinds(id))
	}
}

func traceback(message, function, kind string) string {
	return message + "\nTraceback (most recent call last):\n  File \"/app/src/app/user.py\", line 7, in " + function + "\n    x()\n" + kind + ": no such user"
}

func TestTheFirstEventMakesAnIssueAndTheSameAgainChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	first := r.seen("ERROR cannot reach 10.0.0.1")
	r.take(first, r.seen("ERROR disk is full"))
	r.take(first)
	rows := r.list()
	if len(rows) != 2 || rows[0].State != New || rows[0].Events != 1 || !strings.Contains(rows[0].Title, "cannot reach") || rows[0].Service != "backend" {
		t.Fatalf("got %+v", rows)
	}
	if got := r.kinds(1); !reflect.DeepEqual(got, []Kind{KindCreated}) {
		t.Errorf("history %v", got)
	}
	before := r.list()
	r.open(DefaultLimits())
	if got := r.list(); !reflect.DeepEqual(got, before) {
		t.Errorf("after a restart: %+v, want %+v", got, before)
	}
}

func TestAnIssueRegressesForEventsAfterItWasResolved(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	r.lines("ERROR cannot reach 10.0.0.1")
	late := r.seen("ERROR cannot reach 10.0.0.2")
	r.pass(time.Minute)
	r.act(Action{Kind: Resolve}, 1)
	r.take(late)
	r.wantState(1, Resolved) // delivered late, and from before
	r.pass(time.Minute)
	if _, err := r.AddDeploy(t.Context(), Deploy{Service: "backend", Version: "v2"}); err != nil {
		t.Fatal(err)
	}
	r.lines("ERROR cannot reach 10.0.0.3")
	r.wantState(1, Regressed)
	history, err := r.History(t.Context(), 1, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	var detail RegressedDetail
	if err := json.Unmarshal(history[0].Detail, &detail); err != nil || detail.Deploy == nil || detail.Deploy.Version != "v2" {
		t.Errorf("detail %s, %v", history[0].Detail, err)
	}
	r.pass(settled)
	r.tick()
	r.wantState(1, Ongoing)
}

func TestASnoozeEndsAtItsTimeOrNumberOrSurge(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		snooze func(*rig) Snooze
		little func(*rig) // does not wake it
		enough func(*rig)
	}{
		{"time", func(r *rig) Snooze { return Snooze{Until: r.now.Add(time.Hour)} },
			func(r *rig) { r.pass(59 * time.Minute); r.lines("ERROR down 1") }, func(r *rig) { r.pass(time.Minute) }},
		{"events", func(*rig) Snooze { return Snooze{Events: 3} },
			func(r *rig) { r.lines("ERROR down 1", "ERROR down 2") }, func(r *rig) { r.lines("ERROR down 3") }},
		{"surge", func(*rig) Snooze { return Snooze{Surge: true} },
			func(r *rig) { r.lines("ERROR down 1", "ERROR down 2", "ERROR down 3") }, func(r *rig) { r.lines("ERROR down 4") }},
	} {
		r := newRig(t, DefaultLimits())
		r.lines("ERROR down 0")
		r.pass(2 * time.Hour)
		r.act(Action{Kind: Snoozes, Snooze: test.snooze(r)}, 1)
		test.little(r)
		r.tick()
		r.wantState(1, Snoozed)
		r.open(DefaultLimits())
		r.tick()
		if d := r.get(1); d.State != Snoozed || d.Snooze == nil {
			t.Errorf("%s: after a restart %+v", test.name, d)
		}
		test.enough(r)
		r.tick()
		r.wantState(1, Ongoing)
		if got := r.kinds(1); !reflect.DeepEqual(got, []Kind{KindCreated, KindSnoozed, KindOngoing}) {
			t.Errorf("%s: history %v", test.name, got)
		}
	}
}

func TestTheFirstKnownHashWins(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	line := traceback("ERROR Exception on /a [GET]", "find", "KeyError")
	r.take(r.seen(line))
	r.pass(time.Second)
	other := r.seen(line) // as another version of the grouping, or a rule, would have it
	other.Key = 77
	r.take(other)
	rows := r.list()
	if len(rows) != 1 || rows[0].Events != 2 || rows[0].Hashes != 2 {
		t.Fatalf("got %+v, want one issue with two hashes", rows)
	}
	var reasons []string
	for _, h := range r.get(1).Hashes {
		if h.Key {
			reasons = append(reasons, h.Reason)
		}
	}
	if len(reasons) != 2 || !strings.Contains(strings.Join(reasons, ";"), "its own group is") {
		t.Errorf("reasons %q", reasons)
	}
	r.act(Action{Kind: Unmerge, Hashes: []string{other.Key.String()}}, 1)
	r.pass(time.Second)
	again := r.seen(line)
	again.Key = 77
	r.take(again)
	rows = r.list()
	if len(rows) != 2 || rows[0].Events != 1 || rows[1].Events != 2 {
		t.Errorf("after unmerge %+v", rows)
	}
}

func TestTheCollectorsGroupOfAnotherVersionIsKnownAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	old := r.seen("ERROR one thing")
	old.Group = "v0:00000000000000ab"
	r.take(old)
	r.pass(time.Second)
	other := r.seen("ERROR something else entirely") // the new version's key differs
	other.Group = "v0:00000000000000ab"
	r.take(other)
	if rows := r.list(); len(rows) != 1 || rows[0].Events != 2 {
		t.Errorf("got %+v, want one issue", rows)
	}
}

func TestANewVersionOfTheGroupingNeverSplitsAnIssue(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	line := traceback("ERROR Exception on /a [GET]", "find", "KeyError")
	r.take(r.seen(line))
	rules, err := grouping.ParseRules("rules", []byte("rules: [{name: all, match: {type: KeyError}, fingerprint: [other]}]"))
	if err != nil {
		t.Fatal(err)
	}
	r.group = grouping.New(rules) // keys are others now
	r.open(DefaultLimits())
	for range 2 {
		if err := r.Regroup(t.Context(), "v2"); err != nil {
			t.Fatal(err)
		}
	}
	r.pass(time.Second)
	r.take(r.seen(traceback("ERROR Exception on /b [GET]", "other", "KeyError")))
	rows := r.list()
	if len(rows) != 1 || rows[0].Events != 2 {
		t.Fatalf("got %+v, want one issue", rows)
	}
	if got := r.kinds(1); !reflect.DeepEqual(got, []Kind{KindCreated, KindAttached}) {
		t.Errorf("history %v", got)
	}
}

func TestOneFailureLoggedTwiceIsTwoLinkedIssues(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	a, b := traceback("ERROR Exception on /a [GET]", "find", "KeyError"), traceback("ERROR Unexpected error: 500", "find", "KeyError")
	r.take(r.seen(a), r.seen(b))
	r.take(r.seen(a), r.seen(b))
	if rows := r.list(); len(rows) != 2 || rows[0].Twin != 0 || rows[1].Twin != 1 {
		t.Fatalf("got %+v, want two issues, the second the twin of the first", rows)
	}
	if links := r.get(1).Links; len(links) != 1 || links[0].Issue != 2 {
		t.Errorf("links %+v", links)
	}
	if got := r.kinds(2); !reflect.DeepEqual(got, []Kind{KindCreated, KindLinked}) {
		t.Errorf("history %v", got)
	}
	r.lines("ERROR disk is full")
	r.act(Action{Kind: Merge, Into: 3}, 1)
	if rows := r.list(); rows[0].ID != 2 || rows[0].Twin != 0 {
		t.Errorf("a merged issue is no twin: %+v", rows)
	}
	far := newRig(t, DefaultLimits())
	far.take(far.seen(a))
	far.pass(2 * instant)
	far.take(far.seen(b))
	if links := far.get(1).Links; len(links) != 0 {
		t.Errorf("two seconds apart: links %+v", links)
	}
}

func TestAMessageThatFitsALearntTemplateJoinsItsIssue(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	for _, name := range []string{"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "karl", "liam"} {
		r.lines("ERROR the profile picture of user " + name + " could not be written to storage")
	}
	rows := r.list()
	if len(rows) >= 6 {
		t.Fatalf("%d issues of 12 messages of one place", len(rows))
	}
	n := len(rows)
	r.tick()
	r.open(DefaultLimits()) // the tree is stored
	r.lines("ERROR the profile picture of user mallory could not be written to storage")
	if rows := r.list(); len(rows) != n {
		t.Errorf("after a restart %d issues, want %d", len(rows), n)
	}
}

func TestTooManyDifferentErrorsAreOneIssueThatSaysSo(t *testing.T) {
	t.Parallel()
	limits := Limits{KeysOfIssue: 20, NewKeys: 50, Keys: 1000}
	r := newRig(t, limits)
	words := []string{"alpha", "beta", "gamma", "delta", "kappa", "sigma", "omega", "zeta"}
	for i := range 300 {
		r.lines("ERROR " + words[i%8] + words[i/8%8] + words[i/64%8] + strings.Repeat(" "+words[i%7], 1+i%9) + " broken")
	}
	rows := r.list()
	var cut, events int64
	keys := 0
	for _, row := range rows {
		cut += row.Cut
		events += row.Events
		keys += row.Hashes
		if row.Hashes > limits.KeysOfIssue {
			t.Errorf("issue %d has %d keys", row.ID, row.Hashes)
		}
	}
	if events != 300 || keys > limits.NewKeys+1 || cut == 0 {
		t.Errorf("%d events, %d keys, %d cut in %d issues", events, keys, cut, len(rows))
	}
	r.pass(time.Hour)
	r.lines("ERROR something that is new an hour later")
	if got := r.list(); len(got) != len(rows)+1 {
		t.Errorf("an hour later %d issues, want %d", len(got), len(rows)+1)
	}
}

func TestNothingIsKeptInMemoryOfWhatTheDatabaseRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	r.lines("ERROR one")
	exec := func(query string) {
		t.Helper()
		if _, err := r.db.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TRIGGER full BEFORE INSERT ON issue_history BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
	two := r.seen("ERROR two words")
	if err := r.Take(t.Context(), []Seen{two}); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Fatalf("got %v", err)
	}
	if err := r.Act(t.Context(), "alice", []int64{1}, Action{Kind: Resolve}); err == nil {
		t.Fatal("the action was done")
	}
	r.wantState(1, New)
	exec("DROP TRIGGER full")
	r.take(two)
	if rows := r.list(); len(rows) != 2 || rows[1].Events != 1 {
		t.Errorf("got %+v", rows)
	}
}

func TestActionsThatCannotBeDone(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	r.lines("ERROR one", "ERROR two words")
	hash := r.get(1).Hashes[0].Text
	for name, test := range map[string]struct {
		ids  []int64
		a    Action
		want error
	}{
		"no issue":          {nil, Action{Kind: Resolve}, ErrAction},
		"unknown issue":     {[]int64{1, 9}, Action{Kind: Resolve}, ErrNoIssue},
		"unknown action":    {[]int64{1}, Action{Kind: "burn"}, ErrAction},
		"endless snooze":    {[]int64{1}, Action{Kind: Snoozes}, ErrAction},
		"past snooze":       {[]int64{1}, Action{Kind: Snoozes, Snooze: Snooze{Until: r.now}}, ErrAction},
		"empty comment":     {[]int64{1}, Action{Kind: Comment, Text: " "}, ErrAction},
		"into itself":       {[]int64{1}, Action{Kind: Merge, Into: 1}, ErrAction},
		"into nothing":      {[]int64{1}, Action{Kind: Merge, Into: 9}, ErrNoIssue},
		"unmerge all":       {[]int64{1}, Action{Kind: Unmerge, Hashes: []string{hash}}, ErrAction},
		"unmerge two":       {[]int64{1, 2}, Action{Kind: Unmerge, Hashes: []string{hash}}, ErrAction},
		"long assignee":     {[]int64{1}, Action{Kind: Assign, Assignee: strings.Repeat("a", 201)}, ErrAction},
		"negative snooze":   {[]int64{1}, Action{Kind: Snoozes, Snooze: Snooze{Events: -1}}, ErrAction},
		"comment not UTF-8": {[]int64{1}, Action{Kind: Comment, Text: "\xff"}, ErrAction},
	} {
		if err := r.Act(t.Context(), "alice", test.ids, test.a); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	r.wantState(1, New) // "unknown issue" did nothing to the first
}

func TestBulkActionsAndHistory(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	r.lines("ERROR one", "ERROR two words")
	start := r.Seq()
	r.act(Action{Kind: Assign, Assignee: "bob"}, 1, 2)
	r.act(Action{Kind: Assign, Assignee: "bob"}, 1, 2) // nothing changes
	r.act(Action{Kind: Comment, Text: "why?"}, 2)
	r.act(Action{Kind: Resolve}, 1, 2)
	r.act(Action{Kind: Reopen}, 2)
	if got, want := r.kinds(2), []Kind{KindCreated, KindAssigned, KindComment, KindResolved, KindOngoing}; !reflect.DeepEqual(got, want) {
		t.Errorf("history %v, want %v", got, want)
	}
	list, err := r.List(t.Context(), ListQuery{Span: issues.Span{From: r.now.Add(-time.Hour), To: r.now.Add(time.Hour)}, States: []State{Resolved}, Assignees: []string{"bob"}, Step: time.Hour})
	if err != nil || list.Total != 1 || list.Issues[0].ID != 1 || !slices.Contains(list.Issues[0].Series, 1) {
		t.Errorf("got %+v, %v", list, err)
	}
	list, err = r.List(t.Context(), ListQuery{Span: issues.Span{From: r.now.Add(-time.Hour), To: r.now.Add(time.Hour)}, Text: "two wor"})
	if err != nil || list.Total != 1 || list.Issues[0].ID != 2 {
		t.Errorf("search: got %+v, %v", list, err)
	}
	changes, err := r.ChangesAfter(t.Context(), start, 3)
	if err != nil || len(changes) != 3 || changes[0].Issue != 1 || changes[2].Kind != KindComment || changes[2].Actor != "alice" {
		t.Errorf("changes %+v, %v", changes, err)
	}
}

func TestWhoWaitsForChangesIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, DefaultLimits())
		r.lines("ERROR one")
		seq := r.Seq()
		done := make(chan error, 1)
		go func() { done <- r.WaitChange(t.Context(), seq) }()
		synctest.Wait()
		if len(done) > 0 {
			t.Fatal("it did not wait")
		}
		r.act(Action{Kind: Resolve}, 1)
		if err := <-done; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.WaitChange(ctx, r.Seq()); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnIssueThatWasResolvedMeanwhileDoesNotWake(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	r.lines("ERROR one")
	due := r.pick(func(*issue) bool { return true })
	r.act(Action{Kind: Resolve}, 1)
	if err := r.toOngoing(t.Context(), due, func(*issue) string { return "late" }); err != nil {
		t.Fatal(err)
	}
	r.wantState(1, Resolved)
}

func TestAnIssueHasNoMoreKeysThanTheLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, Limits{KeysOfIssue: 3, NewKeys: 1000, Keys: 1000})
	for i := range 40 {
		r.lines("ERROR the profile picture of user " + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "nna could not be written to storage")
	}
	var cut, events int64
	for _, row := range r.list() {
		cut += row.Cut
		events += row.Events
		if row.Hashes > 3 {
			t.Errorf("issue %d has %d keys", row.ID, row.Hashes)
		}
	}
	if events != 40 || cut < 20 {
		t.Errorf("%d events, %d cut", events, cut)
	}
}

// Whatever is merged and unmerged: each key is of one issue that is listed, no
// event is lost or counted twice, and memory is what the database says.
func TestMergesAndUnmergesLoseNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 6))
		r := newRig(t, DefaultLimits())
		for i := range 12 {
			r.lines(fmt.Sprintf("ERROR kind%c of failure", 'a'+i))
		}
		for range 30 {
			rows := r.list()
			one := rows[random.IntN(len(rows))]
			other := rows[random.IntN(len(rows))]
			if random.IntN(2) == 0 && one.ID != other.ID {
				r.act(Action{Kind: Merge, Into: other.ID}, one.ID)
			} else if keys := keysIn(r.get(one.ID)); len(keys) > 1 {
				random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
				r.act(Action{Kind: Unmerge, Hashes: keys[:1+random.IntN(len(keys)-1)]}, one.ID)
			}
			r.checkWhole(12)
		}
		for _, row := range r.list() { // undo everything
			for keys := keysIn(r.get(row.ID)); len(keys) > 1; keys = keysIn(r.get(row.ID)) {
				r.act(Action{Kind: Unmerge, Hashes: keys[1:2]}, row.ID)
			}
		}
		if rows := r.list(); len(rows) != 12 {
			t.Errorf("seed %d: %d issues after all merges are undone, want 12", seed, len(rows))
		}
	}
}

func keysIn(d Detail) (keys []string) {
	for _, h := range d.Hashes {
		if h.Key {
			keys = append(keys, h.Text)
		}
	}
	return keys
}

func (r *rig) checkWhole(keys int) {
	r.t.Helper()
	rows := r.list()
	seen := map[string]int64{}
	var events int64
	for _, row := range rows {
		events += row.Events
		for _, key := range keysIn(r.get(row.ID)) {
			if other, twice := seen[key]; twice {
				r.t.Fatalf("hash %s is of issues %d and %d", key, other, row.ID)
			}
			seen[key] = row.ID
		}
	}
	if len(seen) != keys || events != int64(keys) {
		r.t.Fatalf("%d keys and %d events, want %d: %v", len(seen), events, keys, slices.Sorted(maps.Keys(seen)))
	}
	r.open(DefaultLimits())
	if got := r.list(); !reflect.DeepEqual(got, rows) {
		r.t.Fatalf("after a restart %+v, want %+v", got, rows)
	}
}

func TestSparklinesCountAllKeysOfAnIssue(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	r.lines("ERROR cannot reach 10.0.0.1", "ERROR disk is full")
	r.act(Action{Kind: Merge, Into: 1}, 2)
	r.pass(10 * time.Hour)
	r.lines("ERROR cannot reach 10.0.0.2") // the other key has nothing in the list's hour
	list, err := r.List(t.Context(), ListQuery{
		Span: issues.Span{From: r.now.Truncate(time.Hour), To: r.now.Add(time.Second)}, Step: time.Hour, SeriesFrom: r.now.Add(-23 * time.Hour),
	})
	if err != nil || len(list.Issues) != 1 {
		t.Fatalf("got %+v, %v", list, err)
	}
	if got := list.Issues[0]; got.Events != 1 || len(got.Series) != 24 || got.Series[13] != 2 || got.Series[23] != 1 {
		t.Errorf("%d events and the series %v, want 1, and 2 and 1 in hours 13 and 23", got.Events, got.Series)
	}
}

func TestAMergedIssueComesBackWithItsHistory(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	r.lines("ERROR one", "ERROR two words")
	r.act(Action{Kind: Assign, Assignee: "bob"}, 2)
	hash := keysIn(r.get(2))
	r.act(Action{Kind: Merge, Into: 1}, 2)
	if d := r.get(2); d.ID != 1 || d.Hashes == nil || len(d.Evidence) != 2 {
		t.Errorf("the merged issue is %+v", d)
	}
	r.act(Action{Kind: Unmerge, Hashes: hash}, 1)
	if d := r.get(2); d.ID != 2 || d.Assignee != "bob" || len(d.Evidence) != 1 {
		t.Errorf("the issue that came back is %+v", d)
	}
	if got := r.kinds(2); !reflect.DeepEqual(got, []Kind{KindCreated, KindAssigned, KindMerged, KindUnmerged}) {
		t.Errorf("history %v", got)
	}
}

func TestASpikeIsFarAboveTheUsual(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	for range 36 { // three hours of four in five minutes
		for range 4 {
			r.pass(75 * time.Second)
			r.take(r.seen("ERROR busy"))
		}
		r.tick()
	}
	if d := r.get(1); !d.Spiking.IsZero() {
		t.Fatalf("spiking since %s, history %v", d.Spiking, r.kinds(1))
	}
	for range 60 {
		r.pass(4 * time.Second)
		r.take(r.seen("ERROR busy"))
	}
	r.pass(2 * time.Minute)
	r.tick()
	if got := r.kinds(1); !reflect.DeepEqual(got, []Kind{KindCreated, KindSpike}) {
		t.Fatalf("history %v", got)
	}
	r.pass(5 * time.Minute)
	r.tick()
	r.tick()
	if got := r.kinds(1); !reflect.DeepEqual(got, []Kind{KindCreated, KindSpike, KindSpikeOver}) {
		t.Errorf("history %v", got)
	}
}

func TestWhatIsASpike(t *testing.T) {
	t.Parallel()
	steady := make([]int64, 288)
	for i := range steady {
		steady[i] = 100
	}
	last := func(n int64) []int64 { return append(slices.Clone(steady[1:]), n) }
	for name, test := range map[string]struct {
		windows []int64
		history int
		begins  bool
	}{
		"usual":           {last(110), 200, false},
		"twice":           {last(200), 200, false},
		"four times":      {last(400), 200, true},
		"young":           {last(400), 0, false},
		"few":             {append(make([]int64, 287), 9), 287, false},
		"out of nothing":  {append(make([]int64, 287), 10), 287, true},
		"no events":       {nil, 287, false},
		"short and calm":  {[]int64{1, 1, 1, 2}, 3, false},
		"shorter history": {last(400), 2000, true},
	} {
		if got := judgeWindows(test.windows, test.history).begins; got != test.begins {
			t.Errorf("%s: begins %v, want %v", name, got, test.begins)
		}
	}
}

func TestAYoungIssueHasNoSpike(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for age, want := range map[time.Duration]int{time.Hour: 0, 65 * time.Minute: 12, 48 * time.Hour: 287} {
		if got := historyOf(&issue{Issue: Issue{FirstSeen: start}}, start.Add(age)); got != want {
			t.Errorf("%s old: %d windows, want %d", age, got, want)
		}
	}
}

func TestEventsOfOneHourAreNoSpread(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	for range 5 {
		r.take(r.seen("ERROR down"))
		r.pass(11 * time.Minute)
	}
	if got := r.get(1).Evidence; len(got) != 2 || got[1].Slot != "last" {
		t.Errorf("got %+v", got)
	}
}

func TestAnIssueHappenedOnlyInsideItsSpan(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	start := r.now
	r.take(r.seen("ERROR before and after"))
	r.pass(10 * time.Minute)
	r.take(r.seen("ERROR meanwhile"))
	r.pass(10 * time.Minute)
	r.take(r.seen("ERROR before and after"))
	for _, test := range []struct {
		from, to time.Duration
		want     map[int64]bool
	}{
		{5 * time.Minute, 15 * time.Minute, map[int64]bool{2: true}},
		{5 * time.Minute, 20 * time.Minute, map[int64]bool{2: true}},
		{5 * time.Minute, 20*time.Minute + 1, map[int64]bool{1: true, 2: true}},
		{0, time.Hour, map[int64]bool{1: true, 2: true}},
		{-time.Hour, 0, map[int64]bool{}},
	} {
		got, err := r.Happened(t.Context(), []int64{1, 2}, issues.Span{From: start.Add(test.from), To: start.Add(test.to)}, issues.Filter{})
		if err != nil || !maps.Equal(got, test.want) {
			t.Errorf("%s to %s: got %v, %v, want %v", test.from, test.to, got, err, test.want)
		}
	}
}

func FuzzKeyOf(f *testing.F) {
	for _, text := range []string{"v1:00000000000000ab", "v0:00000000000000ab", "v12:ffffffffffffffff", "in-app v1:00 x", "v:0", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := grouping.ParseHash(text)
		if err == nil && want != 0 && keyOf(text) != want {
			t.Errorf("%q: got %v, want %v", text, keyOf(text), want)
		}
		if key := keyOf(text); key != 0 && !strings.HasSuffix(strings.ToLower(text), key.String()[len(grouping.Version):]) {
			t.Errorf("%q gives %v", text, key)
		}
	})
}

func TestEvidenceIsTheFirstTheLastAndASpread(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	start := r.now
	for range 24 * 20 { // twenty days, every hour
		r.take(r.seen("ERROR down"))
		r.pass(time.Hour)
	}
	earlier := r.seen("ERROR down")
	earlier.Time = start.Add(-time.Hour).UnixNano()
	earlier.ID = issues.NewID("{}", earlier.Time, "", "")
	r.take(earlier)
	evidence := r.get(1).Evidence
	var slots []string
	for _, e := range evidence {
		slots = append(slots, e.Slot)
	}
	if want := []string{"first", "spread", "spread", "spread", "spread", "spread", "last"}; !reflect.DeepEqual(slots, want) {
		t.Fatalf("slots %v, want %v", slots, want)
	}
	if !evidence[0].Time.Equal(start.Add(-time.Hour)) || evidence[0].Line != "ERROR down" || evidence[6].Time.Before(r.now.Add(-2*time.Hour)) {
		t.Errorf("first %s, last %s", evidence[0].Time, evidence[6].Time)
	}
	if gap := evidence[3].Time.Sub(evidence[1].Time); gap < 12*time.Hour {
		t.Errorf("the spread lies within %s", gap)
	}
	open, err := r.WithoutContext(t.Context(), 1)
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	open[0].Before = []Line{{Time: start, Text: "before"}}
	if err := r.SetContext(t.Context(), open[0]); err != nil {
		t.Fatal(err)
	}
	if e := r.get(1).Evidence[0]; !e.Context || len(e.Before) != 1 || e.Before[0].Text != "before" {
		t.Errorf("got %+v", e)
	}
}

func TestTheNewestEventIsKnownBetweenTwoRenewalsOfTheEvidence(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	r.lines("ERROR down", "ERROR down", "ERROR down")
	detail := r.get(1)
	if got := detail.Newest; got == nil || got.Time != r.now.UnixNano() || got.ID == detail.Evidence[0].ID {
		t.Errorf("the newest is %+v, want that of %d", got, r.now.UnixNano())
	}
	// Without its events the evidence is what there is.
	if err := r.store.DeleteHour(t.Context(), r.now, "{}"); err != nil {
		t.Fatal(err)
	}
	if got := r.get(1).Newest; got == nil || got.ID != detail.Evidence[0].ID {
		t.Errorf("without events the newest is %+v, want the evidence %s", got, detail.Evidence[0].ID)
	}
}

func TestAnotherImageIsADeploy(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	see := func(images ...string) {
		t.Helper()
		r.pass(time.Minute)
		var list []Image
		for _, image := range images {
			list = append(list, Image{Service: "backend", Env: "prod", Image: image})
		}
		if err := r.SeeImages(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	see("backend:1")
	see("backend:1")
	see("backend:1", "backend:2") // while it is rolled out
	see("backend:2")
	r.pass(24 * time.Hour) // nobody looked
	see("backend:2")
	see("backend:1") // rolled back
	deploys, err := r.Deploys(t.Context(), issues.Span{From: r.now.Add(-48 * time.Hour), To: r.now.Add(time.Hour)}, "backend", "prod")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range deploys {
		got = append(got, d.Version+" "+d.Source)
	}
	if want := []string{"backend:1 image", "backend:2 image"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDeploysAreStoredOnceAndChecked(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	for range 2 {
		if d, err := r.AddDeploy(t.Context(), Deploy{Service: "backend", Version: "v1", At: r.now}); err != nil || d.ID != 1 {
			t.Errorf("got %+v, %v", d, err)
		}
	}
	for _, d := range []Deploy{{}, {Version: "v", At: r.now.Add(2 * time.Hour)}, {Version: "v", URL: "javascript:alert(1)"}, {Version: strings.Repeat("v", 2001)}} {
		if _, err := r.AddDeploy(t.Context(), d); !errors.Is(err, ErrDeploy) {
			t.Errorf("%.50v: got %v", d, err)
		}
	}
	r.lines("ERROR one")
	if d := r.get(1).Deploy; d == nil || d.Version != "v1" {
		t.Errorf("the deploy before the issue is %+v", d)
	}
}
