package issues

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// CopyProgress is how far a copy is.
type CopyProgress struct {
	// Events is how many were read, Hours how many hours of counts of Of.
	Events    int64
	Hours, Of int
}

// copyPage is how many events are copied at once.
const copyPage = 2000

// Copy copies the events and counts of a span from one store into another: a
// second time, or after it was interrupted, the result is the same. Nothing else
// writes to either. progress is called after each step.
func Copy(ctx context.Context, from Reader, to Writer, span Span, progress func(CopyProgress)) error {
	var done CopyProgress
	q := EventQuery{Span: span, Ascending: true, Limit: copyPage}
	for {
		events, err := from.Events(ctx, q)
		if err != nil {
			return fmt.Errorf("copy events: %w", err)
		}
		if _, err := to.Insert(ctx, events); err != nil {
			return fmt.Errorf("copy events: %w", err)
		}
		done.Events += int64(len(events))
		progress(done)
		if len(events) < copyPage {
			break
		}
		last := events[len(events)-1].Position()
		q.After = &last
	}
	return copyCounts(ctx, from, to, span, done, progress)
}

// copyCounts makes the counts equal, those of hours whose events expired too.
func copyCounts(ctx context.Context, from Reader, to Writer, span Span, done CopyProgress, progress func(CopyProgress)) error {
	hours, err := from.StreamHours(ctx, span)
	if err != nil {
		return fmt.Errorf("copy counts: %w", err)
	}
	slices.SortFunc(hours, func(a, b StreamHour) int {
		if order := a.Hour.Compare(b.Hour); order != 0 {
			return order
		}
		return strings.Compare(a.Stream, b.Stream)
	})
	done.Of = len(hours)
	for _, h := range hours {
		counts, err := from.Counts(ctx, h.Hour, h.Stream)
		if err != nil {
			return fmt.Errorf("copy the counts of %s: %w", h.Hour, err)
		}
		if err := to.ReplaceHour(ctx, h.Hour, h.Stream, counts); err != nil {
			return fmt.Errorf("copy the counts of %s: %w", h.Hour, err)
		}
		done.Hours++
		progress(done)
	}
	return nil
}
