package life

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

const (
	spikeWindow  = 5 * time.Minute
	spikeHistory = 24 * time.Hour
	// spikeDelay is how long events of a window are waited for.
	spikeDelay = 30 * time.Second
	// spikeLeast is how many events of a window can be a spike, spikeTimes how many
	// times the usual number, spikeDeviations how many deviations above it.
	spikeLeast      = 10
	spikeTimes      = 3
	spikeDeviations = 4
	// spikeYoung is the age below which an issue has no history to compare with.
	spikeYoung = time.Hour
	// spikeIssues bounds how many issues are looked at for each window, those with
	// the most events.
	spikeIssues = 500
)

// Tick does what time does: it wakes snoozed issues, settles new ones and finds
// spikes. It is to be called every few seconds.
func (t *Tracker) Tick(ctx context.Context) error {
	return errors.Join(t.settle(ctx), t.wake(ctx), t.spikes(ctx), t.Save(ctx))
}

// pick returns copies of the issues that fit.
func (t *Tracker) pick(fits func(*issue) bool) (list []issue) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, i := range t.issues {
		if !i.merged && fits(i) {
			copied := *i
			copied.keys = slices.Clone(i.keys)
			list = append(list, copied)
		}
	}
	return list
}

// settle makes issues ongoing that were new or regressed for long.
func (t *Tracker) settle(ctx context.Context) error {
	old := t.Now().Add(-settled)
	due := t.pick(func(i *issue) bool { return (i.State == New || i.State == Regressed) && !i.Since.After(old) })
	return t.toOngoing(ctx, due, func(i *issue) string { return "it was " + string(i.State) + " for a week" })
}

// toOngoing makes issues ongoing that have not changed since they were picked.
func (t *Tracker) toOngoing(ctx context.Context, due []issue, why func(*issue) string) error {
	if len(due) == 0 {
		return nil
	}
	return t.write(ctx, "make issues ongoing", func(x *tx) error {
		for n := range due {
			i := t.issues[due[n].ID]
			if i == nil || i.merged || i.State != due[n].State || !i.Since.Equal(due[n].Since) {
				continue
			}
			reason := why(&due[n])
			if err := x.setState(i, Ongoing); err != nil {
				return err
			}
			if err := x.note(i.ID, "", KindOngoing, OngoingDetail{Reason: reason}); err != nil {
				return err
			}
		}
		return nil
	})
}

// wake ends snoozes of which a condition holds.
func (t *Tracker) wake(ctx context.Context) error {
	var due []issue
	reasons := map[int64]string{}
	for _, i := range t.pick(func(i *issue) bool { return i.State == Snoozed }) {
		why, err := t.wakes(ctx, &i)
		if err != nil {
			return err
		}
		if why != "" {
			due = append(due, i)
			reasons[i.ID] = why
		}
	}
	return t.toOngoing(ctx, due, func(i *issue) string { return reasons[i.ID] })
}

// wakes says why the snooze of an issue is over, "" if it is not.
func (t *Tracker) wakes(ctx context.Context, i *issue) (string, error) {
	now, s := t.Now(), i.snooze
	if !s.Until.IsZero() && !now.Before(s.Until) {
		return "it was snoozed until " + s.Until.UTC().Format(time.RFC3339), nil
	}
	if !i.LastSeen.After(i.Since) {
		return "", nil
	}
	end := now.Add(time.Minute) // clocks differ
	if s.Events > 0 {
		n, err := t.eventsOf(ctx, i.keyList(), issues.Span{From: i.Since, To: end})
		if err != nil {
			return "", fmt.Errorf("count the events of issue %d since it is snoozed: %w", i.ID, err)
		}
		if n >= s.Events {
			return fmt.Sprintf("it was snoozed for %d events, %d came", s.Events, n), nil
		}
	}
	if s.rate > 0 {
		n, err := t.eventsOf(ctx, i.keyList(), issues.Span{From: now.Add(-time.Hour), To: end})
		if err != nil {
			return "", fmt.Errorf("count the events of issue %d of an hour: %w", i.ID, err)
		}
		if float64(n) > s.rate {
			return fmt.Sprintf("%d events came in an hour, it was snoozed until there were more than %.1f", n, s.rate), nil
		}
	}
	return "", nil
}

// spikes looks at the last five minutes that are complete, once.
func (t *Tracker) spikes(ctx context.Context) error {
	end := t.Now().Add(-spikeDelay).Truncate(spikeWindow)
	if !end.After(t.spikeAt) {
		if t.spikeAt.Sub(end) > spikeWindow { // the clock was set back
			t.spikeAt = end
		}
		return nil
	}
	active, err := t.active(ctx, end)
	if err != nil {
		return err
	}
	byKey := map[issues.Key]*issue{}
	var keys []issues.Key
	for n := range active {
		for _, key := range active[n].keyList() {
			byKey[key] = &active[n]
			keys = append(keys, key)
		}
	}
	if len(keys) > 0 {
		series, err := t.Events.Series(ctx, issues.SeriesQuery{Keys: keys, Span: issues.Span{From: end.Add(-spikeHistory), To: end}, Step: spikeWindow})
		if err != nil {
			return fmt.Errorf("count events to find spikes: %w", err)
		}
		windows := map[int64][]int64{}
		for key, counts := range series {
			id := byKey[key].ID
			windows[id] = addCounts(windows[id], counts)
		}
		if err := t.judge(ctx, active, windows, end); err != nil {
			return err
		}
	}
	t.spikeAt = end
	return nil
}

// active returns the issues that may be spiking: those with events in the last
// window, and those that spike already.
func (t *Tracker) active(ctx context.Context, end time.Time) ([]issue, error) {
	from := end.Add(-spikeWindow)
	list := t.pick(func(i *issue) bool { return !i.LastSeen.Before(from) || !i.Spiking.IsZero() })
	if len(list) <= spikeIssues {
		return list, nil
	}
	totals, err := t.Events.Totals(ctx, issues.Span{From: from, To: end}, issues.Filter{})
	if err != nil {
		return nil, fmt.Errorf("count events to find spikes: %w", err)
	}
	events := map[issues.Key]int64{}
	for _, total := range totals {
		events[total.Key] = total.Events
	}
	sum := func(i *issue) (n int64) {
		for _, h := range i.keys {
			n += events[h.key]
		}
		return n
	}
	slices.SortFunc(list, func(a, b issue) int { return cmp.Or(cmp.Compare(sum(&b), sum(&a)), cmp.Compare(a.ID, b.ID)) })
	return list[:spikeIssues], nil
}

// addCounts adds counts to sum.
func addCounts(sum, counts []int64) []int64 {
	if sum == nil {
		return slices.Clone(counts)
	}
	for n, c := range counts {
		sum[n] += c
	}
	return sum
}

// judge notes which issues begin or cease to spike.
func (t *Tracker) judge(ctx context.Context, active []issue, windows map[int64][]int64, end time.Time) error {
	verdicts := map[int64]spike{}
	for n := range active {
		i := &active[n]
		verdict := judgeWindows(windows[i.ID], historyOf(i, end))
		if calm := i.Spiking.IsZero(); calm && verdict.begins || !calm && verdict.ends {
			verdicts[i.ID] = verdict
		}
	}
	if len(verdicts) == 0 {
		return nil
	}
	return t.write(ctx, "note spikes", func(x *tx) error {
		for id, verdict := range verdicts {
			if i := t.issues[id]; i != nil && !i.merged {
				if err := x.setSpike(i, verdict, end); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// historyOf returns how many windows before the last one an issue existed.
func historyOf(i *issue, end time.Time) int {
	age := end.Add(-spikeWindow).Sub(i.FirstSeen)
	if age < spikeYoung {
		return 0
	}
	return int(min(age, spikeHistory-spikeWindow) / spikeWindow)
}

// spike is what a window means.
type spike struct {
	begins, ends bool
	events       int64
	usual        float64
}

// judgeWindows compares the last window with as many before it as the issue has.
func judgeWindows(windows []int64, history int) spike {
	if len(windows) == 0 {
		return spike{ends: true}
	}
	events := windows[len(windows)-1]
	before := windows[max(len(windows)-1-history, 0) : len(windows)-1]
	if history == 0 || len(before) == 0 {
		return spike{ends: true, events: events}
	}
	var sum, squares float64
	for _, n := range before {
		sum += float64(n)
		squares += float64(n) * float64(n)
	}
	mean := sum / float64(len(before))
	deviation := math.Sqrt(max(squares/float64(len(before))-mean*mean, mean)) // no less than chance gives
	far := float64(events) > spikeTimes*mean && float64(events) > mean+spikeDeviations*deviation
	return spike{
		begins: events >= spikeLeast && far,
		ends:   events < spikeLeast || float64(events) <= spikeTimes/2.0*mean,
		events: events, usual: mean,
	}
}

// setSpike begins or ends a spike.
func (x *tx) setSpike(i *issue, verdict spike, end time.Time) error {
	if verdict.begins {
		from := end.Add(-spikeWindow)
		i.Spiking = from
		return errors.Join(x.exec("UPDATE issues SET spiking_since = ? WHERE id = ?", from.UnixNano(), i.ID),
			x.note(i.ID, "", KindSpike, SpikeDetail{From: from, Events: verdict.events, Usual: verdict.usual}))
	}
	i.Spiking = time.Time{}
	return errors.Join(x.exec("UPDATE issues SET spiking_since = 0 WHERE id = ?", i.ID), x.note(i.ID, "", KindSpikeOver, struct{}{}))
}
