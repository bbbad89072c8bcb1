package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
	_ "time/tzdata" // zones of quiet hours, where the machine has none

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/notify"
	"github.com/tovtech/tovplay-logging/internal/searches"
	"github.com/tovtech/tovplay-logging/internal/server"
)

// newsAge is how old the event of a change of an issue may be to be told. An
// index that is filled with the past tells nobody.
const newsAge = 6 * time.Hour

// newNotifier makes what sends notifications.
func newNotifier(o options, db *sql.DB, client *loki.Client, index *errorIndex, saved *searches.Store, log *slog.Logger) *notify.Notifier {
	return notify.New(notify.Config{
		DB: db, Dir: o.dataDir, Issues: issueNews(index.issues(), saved), ExternalURL: o.externalURL, Log: log, Now: time.Now,
		Normalise: client.Normalise,
		Explain:   explainQuery,
		Count: func(ctx context.Context, query string, from, to time.Time) (int64, error) {
			totals, err := client.Totals(ctx, query, nil, from, to)
			var lines int64
			for _, total := range totals {
				lines += total.Count
			}
			return lines, err
		},
	})
}

// explainQuery says what a failed query means, and whether it is the query's fault.
func explainQuery(err error) (string, bool) {
	known, ok := errors.AsType[*loki.Error](err)
	if !ok {
		return err.Error(), false
	}
	return known.Message, known.Code == loki.CodeSyntax || known.Code == loki.CodeLimit
}

// issueNews makes events of the changes of issues; nil without issues.
func issueNews(tracker *life.Tracker, saved *searches.Store) *notify.Issues {
	if tracker == nil {
		return nil
	}
	return &notify.Issues{
		Seq: tracker.Seq, Wait: tracker.WaitChange,
		After: func(ctx context.Context, seq int64, limit int) ([]notify.Change, error) {
			changes, err := tracker.ChangesAfter(ctx, seq, limit)
			if err != nil {
				return nil, err
			}
			news := make([]notify.Change, len(changes))
			for i, change := range changes {
				news[i].Seq = change.Seq
				if news[i].Event, err = newsOf(ctx, tracker, change, time.Now()); err != nil {
					return nil, err
				}
			}
			return news, nil
		},
		Fits: func(ctx context.Context, search int64, e *notify.Event) (bool, error) {
			return fitsSearch(ctx, tracker, saved, search, e, time.Now())
		},
	}
}

const (
	// fitsSpan is the time in which an issue has to fit a saved search.
	fitsSpan = 24 * time.Hour
	// storedWait is how long it is waited for events to be stored, storedGiveUp how
	// old a change is whose events are not waited for any more.
	storedWait   = 5 * time.Second
	storedGiveUp = 5 * time.Minute
)

// fitsSearch reports whether a saved search lists the issue of an event, by its
// last day. A search that cannot be read lists it, and so does one whose answer was
// waited for too long, which holds up all notifications: rather one message too many.
func fitsSearch(ctx context.Context, tracker *life.Tracker, saved *searches.Store, search int64, e *notify.Event, now time.Time) (bool, error) {
	one, err := saved.One(ctx, search)
	if err != nil {
		return false, err
	}
	q, err := server.IssueSearch(one.View, issues.Span{From: now.Add(-fitsSpan), To: now})
	if err != nil {
		return true, nil
	}
	mayWait := now.Sub(e.At) < storedGiveUp
	if err := awaitStored(ctx, tracker, e.Issue); err != nil && mayWait {
		return false, err
	}
	fits, err := tracker.Fits(ctx, e.Issue, q)
	if errors.Is(err, life.ErrNoIssue) {
		return false, nil
	}
	if err != nil && !mayWait {
		return true, nil
	}
	return fits, err
}

// awaitStored waits until the last event of an issue is stored: an issue is known a
// moment before its events are.
func awaitStored(ctx context.Context, tracker *life.Tracker, id int64) error {
	ctx, cancel := context.WithTimeout(ctx, storedWait)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		issue, err := tracker.Issue(ctx, id)
		if errors.Is(err, life.ErrNoIssue) {
			return nil
		}
		if err != nil {
			return err
		}
		stored, err := tracker.Happened(ctx, []int64{issue.ID}, issues.Span{From: issue.LastSeen, To: issue.LastSeen.Add(1)}, issues.Filter{})
		if err != nil || stored[issue.ID] {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the event store to have the events of issue %d: %w", id, ctx.Err())
		case <-ticker.C:
		}
	}
}

// newsOf is what people are told of a change, nil for nothing: it is no news, or
// the issue is snoozed or gone.
func newsOf(ctx context.Context, tracker *life.Tracker, change life.Change, now time.Time) (*notify.Event, error) {
	kind, ok := map[life.Kind]notify.Kind{
		life.KindCreated: notify.NewIssue, life.KindRegressed: notify.RegressedIssue, life.KindSpike: notify.SpikingIssue,
	}[change.Kind]
	if !ok {
		return nil, nil
	}
	issue, err := tracker.Issue(ctx, change.Issue)
	if errors.Is(err, life.ErrNoIssue) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at, text, err := detailOf(issue, change)
	if err != nil {
		return nil, fmt.Errorf("read change %d of issue %d: %w", change.Seq, change.Issue, err)
	}
	if now.Sub(at) > newsAge || issue.State == life.Snoozed {
		return nil, nil
	}
	return &notify.Event{
		Kind: kind, Title: issue.Title, Text: text, Service: issue.Service, Env: issue.Env, Level: issue.Level, At: change.At,
		Issue: issue.ID, Path: fmt.Sprintf("issues/%d", issue.ID),
	}, nil
}

// detailOf returns the time of the event that a change is of, and more in words.
func detailOf(issue life.Issue, change life.Change) (time.Time, string, error) {
	switch change.Kind {
	case life.KindRegressed:
		var detail life.RegressedDetail
		err := json.Unmarshal(change.Detail, &detail)
		text := "It was resolved on " + detail.Resolved.UTC().Format("2 January 15:04 UTC") + "."
		if detail.Deploy != nil {
			text += " Deployed since: " + detail.Deploy.Version + "."
		}
		return detail.Event, text, err
	case life.KindSpike:
		var detail life.SpikeDetail
		err := json.Unmarshal(change.Detail, &detail)
		return detail.From, fmt.Sprintf("%d events in five minutes, usually %.1f.", detail.Events, detail.Usual), err
	}
	return issue.LastSeen, issue.Culprit, nil
}

// notifyCollectors are the metrics of notifications.
func notifyCollectors(n *notify.Notifier) []prometheus.Collector {
	return []prometheus.Collector{
		counter("dashboard_notifications_sent_total", "Messages that their receivers took.", func() float64 { return float64(n.Counts().Sent) }),
		counter("dashboard_notifications_failed_total", "Messages that were given up or refused for good.", func() float64 { return float64(n.Counts().Failed) }),
		counter("dashboard_notification_attempts_failed_total", "Attempts to send a message that did not succeed.", func() float64 { return float64(n.Counts().Attempts) }),
	}
}
