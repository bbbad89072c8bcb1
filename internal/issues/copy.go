package issues

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// CopyProgress is how far a copy is.
type CopyProgress struct {
	// Hour is the one that is done; Done of Of hours that have something are.
	Hour     time.Time
	Done, Of int
	// Events is how many were read, New how many of them were not there.
	Events, New int64
}

// copyPage is how many events are copied at once.
const copyPage = 2000

// Copy copies the events and counts of a span from one store into another, hour by
// hour, the newest first. Hours of which the other has as much of each stream are
// passed over: a copy that was interrupted goes on when it is begun again. Nothing
// else writes to either. progress is called after each hour.
func Copy(ctx context.Context, from Reader, to Store, span Span, progress func(CopyProgress)) error {
	wanted, err := streamsByHour(ctx, from, span)
	if err != nil {
		return err
	}
	there, err := streamsByHour(ctx, to, span)
	if err != nil {
		return err
	}
	done := CopyProgress{Of: len(wanted)}
	hours := slices.SortedFunc(maps.Keys(wanted), func(a, b time.Time) int { return b.Compare(a) })
	for _, hour := range hours {
		if len(differing(wanted[hour], there[hour])) > 0 {
			if err := copyHour(ctx, from, to, hour, wanted[hour], &done); err != nil {
				return fmt.Errorf("copy the hour %s (%d of %d hours are done): %w", hour.Format(time.RFC3339), done.Done, done.Of, err)
			}
		}
		done.Hour = hour
		done.Done++
		progress(done)
	}
	return nil
}

// streamsByHour returns how many events each stream has, by hour in UTC.
func streamsByHour(ctx context.Context, store Reader, span Span) (map[time.Time]map[string]int64, error) {
	list, err := store.StreamHours(ctx, span)
	if err != nil {
		return nil, fmt.Errorf("count the events of hours: %w", err)
	}
	hours := map[time.Time]map[string]int64{}
	for _, h := range list {
		at := h.Hour.UTC()
		if hours[at] == nil {
			hours[at] = map[string]int64{}
		}
		hours[at][h.Stream] = h.Events
	}
	return hours, nil
}

// differing returns the streams of which there are not as many events as wanted.
func differing(wanted, there map[string]int64) []string {
	var list []string
	for stream, n := range wanted {
		if there[stream] != n {
			list = append(list, stream)
		}
	}
	slices.Sort(list)
	return list
}

// copyHour copies the events of an hour, by which most counts are equal, and then
// the counts that differ: those of events that expired, too.
func copyHour(ctx context.Context, from Reader, to Store, hour time.Time, wanted map[string]int64, done *CopyProgress) error {
	span := Span{From: hour, To: hour.Add(time.Hour)}
	q := EventQuery{Span: span, Ascending: true, Limit: copyPage}
	for {
		events, err := from.Events(ctx, q)
		if err != nil {
			return err
		}
		added, err := to.Insert(ctx, events)
		if err != nil {
			return err
		}
		done.Events += int64(len(events))
		done.New += int64(added)
		if len(events) < copyPage {
			break
		}
		last := events[len(events)-1].Position()
		q.After = &last
	}
	there, err := streamsByHour(ctx, to, span)
	if err != nil {
		return err
	}
	for _, stream := range differing(wanted, there[hour]) {
		counts, err := from.Counts(ctx, hour, stream)
		if err != nil {
			return err
		}
		if err := to.ReplaceHour(ctx, hour, stream, counts); err != nil {
			return err
		}
	}
	return nil
}
