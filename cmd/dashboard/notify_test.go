package main

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/notify"
	"github.com/tovtech/tovplay-logging/internal/state"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
)

// newsTracker has one issue, whose event was an hour ago.
func newsTracker(t *testing.T, now time.Time) *life.Tracker {
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
	tracker, err := life.Open(t.Context(), life.Config{
		DB: db, Events: store, Grouper: grouping.New(grouping.Rules{}), Limits: life.DefaultLimits(), Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := life.Seen{Line: "pool timeout", Event: &issues.Event{
		Time: now.Add(-time.Hour).UnixNano(), Key: 7, Service: "backend", Env: "production", Level: "error", Message: "pool timeout", Culprit: "app in parse",
	}}
	if err := tracker.Take(t.Context(), []life.Seen{seen}); err != nil {
		t.Fatal(err)
	}
	return tracker
}

func TestChangesOfIssuesAreNews(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tracker := newsTracker(t, now)
	change := func(kind life.Kind, detail any) life.Change {
		text, err := json.Marshal(detail)
		if err != nil {
			t.Fatal(err)
		}
		return life.Change{Seq: 1, Issue: 1, At: now, Kind: kind, Detail: text}
	}
	for _, test := range []struct {
		change life.Change
		after  time.Duration
		kind   notify.Kind // "" for no news
		text   string
	}{
		{change(life.KindCreated, nil), 0, notify.NewIssue, "app in parse"},
		{change(life.KindCreated, nil), 6 * time.Hour, "", ""}, // an index that is filled with the past
		{change(life.KindRegressed, life.RegressedDetail{Resolved: time.Unix(0, 0), Event: now, Deploy: &life.Deploy{Version: "2b7f1e"}}), 0,
			notify.RegressedIssue, "It was resolved on 1 January 00:00 UTC. Deployed since: 2b7f1e."},
		{change(life.KindRegressed, life.RegressedDetail{Event: now.Add(-7 * time.Hour)}), 0, "", ""},
		{change(life.KindSpike, life.SpikeDetail{From: now, Events: 41, Usual: 2}), 0, notify.SpikingIssue, "41 events in five minutes, usually 2.0."},
		{change(life.KindComment, nil), 0, "", ""},
		{change(life.KindSpikeOver, nil), 0, "", ""},
		{life.Change{Issue: 99, Kind: life.KindCreated}, 0, "", ""}, // it is gone
	} {
		e, err := newsOf(t.Context(), tracker, test.change, now.Add(test.after))
		switch {
		case err != nil:
			t.Errorf("%s: %v", test.change.Kind, err)
		case e == nil && test.kind == "":
		case e == nil || e.Kind != test.kind || e.Text != test.text || e.Issue != 1 || e.Path != "issues/1" || e.Service != "backend" || e.Env != "production":
			t.Errorf("%s: got %+v, want %s %q", test.change.Kind, e, test.kind, test.text)
		}
	}
	snooze := life.Action{Kind: life.Snoozes, Snooze: life.Snooze{Events: 10}}
	if err := tracker.Act(t.Context(), "alice", []int64{1}, snooze); err != nil {
		t.Fatal(err)
	}
	if e, err := newsOf(t.Context(), tracker, change(life.KindSpike, life.SpikeDetail{From: now}), now); e != nil || err != nil {
		t.Errorf("of a snoozed issue people are told %+v, %v", e, err)
	}
}

func TestFailedQueriesAreExplained(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err   error
		words string
		bad   bool
	}{
		{&loki.Error{Code: loki.CodeSyntax, Message: "correct it", Detail: "detail"}, "correct it", true},
		{&loki.Error{Code: loki.CodeLimit, Message: "too large"}, "too large", true},
		{&loki.Error{Code: loki.CodeUnavailable, Message: "away"}, "away", false},
		{errors.New("other"), "other", false},
	} {
		if words, bad := explainQuery(test.err); words != test.words || bad != test.bad {
			t.Errorf("%v: got %q, %v", test.err, words, bad)
		}
	}
}
