package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/notify"
	"github.com/tovtech/tovplay-logging/internal/searches"
	"github.com/tovtech/tovplay-logging/internal/state"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
)

// newsTracker has one issue, whose event was an hour ago and is not stored yet.
func newsTracker(t *testing.T, now time.Time) (tracker *life.Tracker, store issues.Store, db *sql.DB, event issues.Event) {
	t.Helper()
	var err error
	db, err = state.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if store, err = sqlite.Open(t.Context(), t.TempDir(), issues.Retention{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() }) // again, where a test has
	tracker, err = life.Open(t.Context(), life.Config{
		DB: db, Events: store, Grouper: grouping.New(grouping.Rules{}), Limits: life.DefaultLimits(), Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := life.Seen{Line: "pool timeout", Event: &issues.Event{
		Time: now.Add(-time.Hour).UnixNano(), Key: 7, Service: "backend", Env: "production", Level: "error", Message: "pool timeout", Culprit: "app in parse",
		Tags: map[string]string{"user": "ada"},
	}}
	if err := tracker.Take(t.Context(), []life.Seen{seen}); err != nil {
		t.Fatal(err)
	}
	return tracker, store, db, *seen.Event
}

func TestARuleTellsOfTheIssuesOfItsSavedSearch(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tracker, store, db, event := newsTracker(t, now)
	saved := &searches.Store{DB: db, Now: time.Now}
	fits := func(view string, e notify.Event) (bool, error) {
		t.Helper()
		one, err := saved.Add(t.Context(), searches.Search{Name: "q " + view, Path: "issues", View: view})
		if err != nil {
			t.Fatal(err)
		}
		return fitsSearch(t.Context(), tracker, saved, one.ID, &e, now)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := awaitStored(ctx, tracker, 1); err == nil {
		t.Error("an event that is not stored is not waited for")
	}
	if _, err := store.Insert(t.Context(), []issues.Event{event}); err != nil {
		t.Fatal(err)
	}
	for view, want := range map[string]bool{
		"": true, "tag=user%3Dada&start=now-5m&sort=events": true, "tag=user%21%3Dada": false, "service=worker": false, "service=%21worker": true,
		"state=new&q=pool&q=timeout": true, "state=resolved": false, "q=disk": false, "tag=unreadable": true,
	} {
		if got, err := fits(view, notify.Event{Issue: 1, At: now}); err != nil || got != want {
			t.Errorf("%s: got %t, %v, want %t", view, got, err, want)
		}
	}
	if got, err := fits("q=gone", notify.Event{Issue: 99, At: now}); got || err != nil {
		t.Errorf("of an issue that is gone: %t, %v", got, err)
	}
	if _, err := fitsSearch(t.Context(), tracker, saved, 99, &notify.Event{Issue: 1}, now); !errors.Is(err, searches.ErrUnknown) {
		t.Errorf("of no search: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := fits("q=closed", notify.Event{Issue: 1, At: now}); err == nil {
		t.Error("of events that cannot be read: no error, want that it is looked again")
	}
	if got, err := fits("q=closed-for-long", notify.Event{Issue: 1, At: now.Add(-storedGiveUp)}); !got || err != nil {
		t.Errorf("of events that could not be read for minutes: %t, %v, want that it is told", got, err)
	}
}

func TestChangesOfIssuesAreNews(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tracker, _, _, _ := newsTracker(t, now)
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
