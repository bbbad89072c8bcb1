package sqlite

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/storetest"
)

const (
	fillEvents = 1_000_000
	fillKeys   = 10_000
	fillDays   = 14
)

// mix is the benchmark's events: fillEvents take fillDays.
func mix() *storetest.Mix {
	span := fillDays * 24 * time.Hour
	return &storetest.Mix{Keys: fillKeys, From: time.Now().Add(-span), Every: span / fillEvents}
}

// fill makes a store of fillEvents events.
func fill(b *testing.B, dir string) {
	b.Helper()
	s, err := Open(b.Context(), dir, issues.Retention{})
	if err != nil {
		b.Fatal(err)
	}
	source := mix()
	for range fillEvents / 5000 {
		if _, err := s.Insert(b.Context(), source.Next(5000)); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// fillSpan is the time of all events.
func fillSpan() issues.Span {
	return issues.Span{From: time.Now().Add(-fillDays * 24 * time.Hour), To: time.Now()}
}

// list does what a page of the list asks of the store: all totals, ranked, and
// the sparklines of the first 50.
func list50(ctx context.Context, s *Store, span issues.Span, order issues.Order, filter issues.Filter) error {
	totals, err := s.Totals(ctx, span, filter)
	if err != nil {
		return err
	}
	rows := issues.Rank(totals, func(key issues.Key) (int64, bool) { return int64(key), true }, order)
	var keys []issues.Key
	for _, row := range rows[:min(50, len(rows))] {
		keys = append(keys, row.Keys...)
	}
	from := span.From.Truncate(time.Hour)
	_, err = s.Series(ctx, issues.SeriesQuery{Keys: keys, Span: issues.Span{From: from, To: span.To}, Step: 6 * time.Hour, Filter: filter})
	return err
}

// BenchmarkInsert inserts on one processor, while the list is read ten times a
// second.
func BenchmarkInsert(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s := open(b, b.TempDir(), issues.Retention{})
	const page = 5000
	source := mix()
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	wg.Go(func() { readList(ctx, b, s) })
	var busy time.Duration
	for range b.N {
		b.StopTimer()
		events := source.Next(page)
		began := processorTime(b)
		b.StartTimer()
		if _, err := s.Insert(b.Context(), events); err != nil {
			b.Fatal(err)
		}
		busy += processorTime(b) - began
	}
	b.ReportMetric(float64(b.N*page)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.N*page)/busy.Seconds(), "events/cpu-s")
	b.StopTimer()
	cancel()
	wg.Wait()
}

// processorTime is what the process has used of processors: what a machine that
// has more to do cannot change.
func processorTime(b *testing.B) time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func readList(ctx context.Context, b *testing.B, s *Store) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := list50(b.Context(), s, fillSpan(), issues.ByEvents, issues.Filter{}); err != nil {
				b.Error(err)
			}
		}
	}
}

// BenchmarkList reads pages of the list with a million events of 10,000 keys,
// and what a page of one issue asks.
func BenchmarkList(b *testing.B) {
	dir := b.TempDir()
	fill(b, dir)
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			again, err := Open(b.Context(), dir, issues.Retention{})
			if err != nil {
				b.Fatal(err)
			}
			if err := again.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	s := open(b, dir, issues.Retention{})
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	size, err := s.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%+v; heap %d MiB", size, memory.HeapInuse>>20)
	busiest := issues.Key(1)
	day := issues.Span{From: time.Now().Add(-24 * time.Hour), To: time.Now()}
	for name, read := range map[string]func() error{
		"last":   func() error { return list50(b.Context(), s, fillSpan(), issues.ByLast, issues.Filter{}) },
		"events": func() error { return list50(b.Context(), s, fillSpan(), issues.ByEvents, issues.Filter{}) },
		"day":    func() error { return list50(b.Context(), s, day, issues.ByEvents, issues.Filter{}) },
		"filter": func() error {
			return list50(b.Context(), s, fillSpan(), issues.ByEvents, issues.Filter{Env: []string{"production"}})
		},
		"search":   func() error { _, err := s.Search(b.Context(), "provider step 77", 1000); return err },
		"tag":      func() error { _, err := s.Tagged(b.Context(), fillSpan(), "host", "web-1"); return err }, // most keys
		"function": func() error { _, err := s.Calling(b.Context(), "handle_request_8"); return err },
		"page": func() error {
			_, err := s.Events(b.Context(), issues.EventQuery{Keys: []issues.Key{busiest}, Span: fillSpan()})
			return err
		},
		"tags": func() error {
			_, err := s.Tags(b.Context(), issues.TagQuery{Keys: []issues.Key{busiest}, Span: fillSpan()})
			return err
		},
		"users": func() error { // of the 50 busiest
			keys := make([]issues.Key, 50)
			for i := range keys {
				keys[i] = busiest + issues.Key(i)
			}
			_, err := s.Users(b.Context(), keys, fillSpan(), issues.Filter{})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) { percentile(b, read) })
	}
}

// percentile reports the 99th percentiles of the time that read takes: by the
// clock, and of processors.
func percentile(b *testing.B, read func() error) {
	var took, busy []time.Duration
	for b.Loop() {
		start, began := time.Now(), processorTime(b)
		if err := read(); err != nil {
			b.Fatal(err)
		}
		took, busy = append(took, time.Since(start)), append(busy, processorTime(b)-began)
	}
	b.ReportMetric(p99(took), "ms/p99")
	b.ReportMetric(p99(busy), "cpu-ms/p99")
}

// p99 is the 99th percentile in milliseconds.
func p99(list []time.Duration) float64 {
	slices.Sort(list)
	return float64(list[len(list)*99/100].Microseconds()) / 1000
}
