package clickhouse

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/storetest"
	engine "github.com/tovtech/tovplay-logging/test/clickhouse"
)

// fillVariable is how many millions of events BenchmarkList makes; without it the
// benchmark is left out.
const fillVariable = "CLICKHOUSE_MILLIONS"

const (
	fillKeys = 10_000
	fillDays = 30
)

// fill makes events of fillKeys keys over fillDays days, half of them of a
// hundredth of the keys, and counts them as recount does, day by day.
func fill(b *testing.B, s *Store, millions string) {
	b.Helper()
	number, err := strconv.ParseInt(millions+"000000", 10, 64)
	if err != nil {
		b.Fatalf("%s: %v", fillVariable, err)
	}
	began := time.Now().Add(-fillDays * day)
	for n := range int64(fillDays) {
		from, to := number*n/fillDays, number*(n+1)/fillDays
		for _, statement := range []string{
			fmt.Sprintf(`INSERT INTO issue_events SELECT
			toStartOfHour(toDateTime(intDiv(at, 1000000000), 'UTC')), at, unhex(hex(sipHash128(number))), key, 0,
			concat('{service="', service, '"}'), 'production', service, 'error',
			'ValueError', concat('request ', toString(number %% 1000), ' failed'), concat('app.step', toString(key)), '', '', map('host', concat('web-', toString(number %% 4)))
			FROM (SELECT number, sipHash64(number) AS h,
				if(h %% 2 = 0, intDiv(h, 2) %% intDiv(%[1]d, 100), intDiv(h, 2) %% %[1]d) + 1 AS key,
				%[2]d + toInt64(number) * %[3]d AS at,
				['backend', 'frontend', 'worker'][key %% 3 + 1] AS service FROM numbers(%[4]d, %[5]d))`,
				fillKeys, began.UnixNano(), int64(fillDays*day)/number, from, to-from),
			fmt.Sprintf(countAnew, s.nextVersion(), fmt.Sprintf("hour >= toDateTime(%d, 'UTC') AND hour <= toDateTime(%d, 'UTC')",
				hourOf(began.Add(time.Duration(n)*day).UnixNano()).Unix(), hourOf(began.Add(time.Duration(n+1)*day).UnixNano()).Unix())),
		} {
			if err := s.conn.Exec(b.Context(), statement); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := s.conn.Exec(b.Context(), "OPTIMIZE TABLE issue_counts FINAL"); err != nil { // as the table's settings do within an hour
		b.Fatal(err)
	}
	if err := s.DeleteExpired(b.Context()); err != nil {
		b.Fatal(err)
	}
	waitForMerges(b, s)
}

// waitForMerges waits until the engine has put together what was inserted: months
// of inserts at once, which would be measured with the reading.
func waitForMerges(b *testing.B, s *Store) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for idle := 0; idle < 5; <-ticker.C {
		var merges uint64
		if err := s.conn.QueryRow(b.Context(), "SELECT count() FROM system.merges").Scan(&merges); err != nil {
			b.Fatal(err)
		}
		if idle++; merges > 0 {
			idle = 0
		}
	}
}

// BenchmarkList reads pages of the list, and what a page of one issue asks.
func BenchmarkList(b *testing.B) {
	millions := os.Getenv(fillVariable)
	if millions == "" {
		b.Skipf("%s says how many million events to make; 50 take minutes", fillVariable)
	}
	e := engine.Start(b)
	s := open(b, e.Database(b), issues.Retention{})
	fill(b, s, millions)
	size, err := s.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%+v", size)
	month := issues.Span{From: time.Now().Add(-fillDays * day), To: time.Now()}
	week := issues.Span{From: time.Now().Add(-7 * day), To: time.Now()}
	today := issues.Span{From: time.Now().Add(-day), To: time.Now()}
	for _, bench := range []struct {
		name string
		read func() error
	}{
		{"month", func() error { return list50(b, s, month, issues.Filter{}) }},
		{"week", func() error { return list50(b, s, week, issues.Filter{}) }},
		{"day", func() error { return list50(b, s, today, issues.Filter{}) }},
		{"filter", func() error { return list50(b, s, month, issues.Filter{Service: []string{"worker"}}) }},
		{"tag", func() error { _, err := s.Tagged(b.Context(), month, "host", "web-1"); return err }}, // most keys
		{"page", func() error {
			_, err := s.Events(b.Context(), issues.EventQuery{Keys: []issues.Key{7}, Span: month})
			return err
		}},
		{"tags", func() error {
			_, err := s.Tags(b.Context(), issues.TagQuery{Keys: []issues.Key{7}, Span: month})
			return err
		}},
	} {
		b.Run(bench.name, func(b *testing.B) { percentile(b, e, bench.read) })
	}
}

// list50 does what a page of the list asks of the store.
func list50(b *testing.B, s *Store, span issues.Span, filter issues.Filter) error {
	totals, err := s.Totals(b.Context(), span, filter)
	if err != nil {
		return err
	}
	if len(totals) == 0 {
		return fmt.Errorf("nothing was read")
	}
	rows := issues.Rank(totals, func(key issues.Key) (int64, bool) { return int64(key), true }, issues.ByEvents)
	var keys []issues.Key
	for _, row := range rows[:min(50, len(rows))] {
		keys = append(keys, row.Keys...)
	}
	q := issues.SeriesQuery{Keys: keys, Span: issues.Span{From: span.From.Truncate(day), To: span.To}, Step: day, Filter: filter}
	if span.To.Sub(span.From) <= day {
		q.Span.From, q.Step = span.From.Truncate(time.Hour), time.Hour
	}
	_, err = s.Series(b.Context(), q)
	return err
}

// percentile reports the 99th percentile of the time that read takes, and the
// processor time that the engine needs for it.
func percentile(b *testing.B, e *engine.Engine, read func() error) {
	var took []time.Duration
	began := e.ProcessorTime(b)
	for b.Loop() {
		start := time.Now()
		if err := read(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	busy := e.ProcessorTime(b) - began
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms/p99")
	b.ReportMetric(float64(busy.Milliseconds())/float64(len(took)), "cpu-ms/op")
}

// BenchmarkInsert inserts 5,000 events at a time.
func BenchmarkInsert(b *testing.B) {
	s := open(b, engine.Start(b).Database(b), issues.Retention{})
	source := storetest.Mix{Keys: fillKeys, From: time.Now().Add(-24 * time.Hour), Every: 10 * time.Millisecond}
	const page = 5000
	for range b.N {
		b.StopTimer()
		events := source.Next(page)
		b.StartTimer()
		if _, err := s.Insert(b.Context(), events); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*page)/b.Elapsed().Seconds(), "events/s")
}
