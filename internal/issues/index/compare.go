package index

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/loki"
)

// compare compares the hours of the last days with Loki, the newest first, and
// indexes those again of which Loki has more. It counts lines: Loki's own counts
// may count a line twice that was delivered twice. Events that Loki no longer has
// stay.
func (x *Indexer) compare(ctx context.Context) error {
	cursor := x.Status().Cursor
	if cursor.IsZero() {
		return nil // nothing was read yet
	}
	end := cursor.Add(-x.Deep).Truncate(time.Hour)
	start := end.Add(-x.Compare)
	if oldest := x.Keep.Oldest(); start.Before(oldest) {
		start = oldest
	}
	stored, err := x.stored(ctx, issues.Span{From: start, To: end})
	if err != nil {
		return err
	}
	for hour := end.Add(-time.Hour); !hour.Before(start); hour = hour.Add(-time.Hour) {
		if err := x.compareHour(ctx, hour, stored[hour.Unix()]); err != nil {
			return fmt.Errorf("hour %s: %w", hour.UTC().Format(time.RFC3339), err)
		}
	}
	x.report(func(s *Status) { s.Compared = x.Now() })
	return nil
}

// stored returns how many events each stream has, by unix time of the hour.
func (x *Indexer) stored(ctx context.Context, span issues.Span) (map[int64]map[string]int64, error) {
	hours := map[int64]map[string]int64{}
	if !span.From.Before(span.To) {
		return hours, nil
	}
	list, err := x.Store.StreamHours(ctx, span)
	if err != nil {
		return nil, fmt.Errorf("count the events that are stored: %w", err)
	}
	for _, h := range list {
		at := h.Hour.Unix()
		if hours[at] == nil {
			hours[at] = map[string]int64{}
		}
		hours[at][h.Stream] += h.Events
	}
	return hours, nil
}

// compareHour compares one hour, and indexes it again if Loki has more.
func (x *Indexer) compareHour(ctx context.Context, hour time.Time, stored map[string]int64) error {
	there, err := x.countHour(ctx, hour)
	if err != nil {
		return err
	}
	differing := map[string]bool{}
	var missing int64
	for stream, n := range there {
		if more := n - stored[stream]; more > 0 {
			differing[stream] = true
			missing += more
		}
	}
	if len(differing) == 0 {
		return nil
	}
	x.report(func(s *Status) { s.Differing += int64(len(differing)) })
	inserted, err := x.indexHour(ctx, hour, differing)
	if err != nil || int64(inserted) >= missing {
		return err
	}
	// They are stored under another form of their labels, as the names of labels
	// changed during the day: the hour is replaced.
	for stream := range stored {
		there[stream] = 0
	}
	_, err = x.replaceHour(ctx, hour, there)
	return err
}

// countHour counts the events of each stream in Loki.
func (x *Indexer) countHour(ctx context.Context, hour time.Time) (map[string]int64, error) {
	counts := map[string]int64{}
	err := x.pages(ctx, x.request(hour, hour.Add(time.Hour)), func(entries []loki.Entry) error {
		known := sources{}
		for i := range entries {
			s := known.of(&entries[i])
			if _, is := s.isEvent(entries[i].Line); is {
				counts[s.stream]++
			}
		}
		return nil
	})
	return counts, err
}

// indexHour stores what the streams have in an hour and is not stored.
func (x *Indexer) indexHour(ctx context.Context, hour time.Time, streams map[string]bool) (int, error) {
	total := 0
	err := x.pages(ctx, x.request(hour, hour.Add(time.Hour)), func(entries []loki.Entry) error {
		n, err := x.store(ctx, entries, streams)
		total += n
		return err
	})
	return total, err
}

// replaceHour deletes the events of the streams in an hour and stores what Loki
// has. When it is interrupted, the next comparison stores the rest.
func (x *Indexer) replaceHour(ctx context.Context, hour time.Time, streams map[string]int64) (int, error) {
	x.take.Lock()
	defer x.take.Unlock()
	clear(x.seen)
	for _, stream := range slices.Sorted(maps.Keys(streams)) {
		if err := x.Store.DeleteHour(ctx, hour, stream); err != nil {
			return 0, fmt.Errorf("replace hour %s: %w", hour.UTC().Format(time.RFC3339), err)
		}
	}
	total := 0
	err := x.pages(ctx, x.request(hour, hour.Add(time.Hour)), func(entries []loki.Entry) error {
		n, err := x.storeLocked(ctx, entries, nil)
		total += n
		return err
	})
	return total, err
}

// Progress is how far a rebuild is.
type Progress struct {
	// Hour is the one that is done; Done of Of hours are.
	Hour     time.Time
	Done, Of int
	// Events is how many were stored so far.
	Events int64
}

// Rebuild indexes a period anew, hour by hour, and reports after each. What Loki
// no longer has stays as it is. It may run beside Run.
func (x *Indexer) Rebuild(ctx context.Context, span issues.Span, progress func(Progress)) error {
	from, to := span.From.Truncate(time.Hour), span.To
	if now := x.Now(); to.After(now) {
		to = now
	}
	if oldest := x.Keep.Oldest(); from.Before(oldest) {
		from = oldest
	}
	if !from.Before(to) {
		return fmt.Errorf("rebuild from %s to %s: no time that is kept lies in it", span.From.Format(time.RFC3339), span.To.Format(time.RFC3339))
	}
	p := Progress{Of: int((to.Sub(from) + time.Hour - 1) / time.Hour)}
	for hour := from; hour.Before(to); hour = hour.Add(time.Hour) {
		there, err := x.countHour(ctx, hour) // a Loki that fails deletes nothing
		if err == nil && len(there) > 0 {
			var n int
			n, err = x.replaceHour(ctx, hour, there)
			p.Events += int64(n)
		}
		if err != nil {
			return fmt.Errorf("rebuild the hour %s (%d of %d hours are done): %w", hour.UTC().Format(time.RFC3339), p.Done, p.Of, err)
		}
		p.Hour = hour
		p.Done++
		progress(p)
	}
	return nil
}
