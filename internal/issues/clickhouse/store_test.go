package clickhouse

import (
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/storetest"
	engine "github.com/tovtech/tovplay-logging/test/clickhouse"
)

func open(t testing.TB, dsn string, keep issues.Retention) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn, keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	e := engine.Start(t)
	storetest.Run(t, func(t *testing.T, keep issues.Retention) issues.Store { return open(t, e.Database(t), keep) })
	for name, fn := range map[string]func(t *testing.T, dsn string){
		"ARepetitionCompletesAnInterruptedInsert": interrupted,
		"WhatIsCountedIsFound":                    selectable,
		"WhatIsStoredIsThereAfterARestart":        restarted,
		"DaysAreReadWhereTheyAreWhole":            readByDays,
	} {
		t.Run(name, func(t *testing.T) { fn(t, e.Database(t)) })
	}
}

// A process that ends between the insert of events and their counting is mended
// by the repetition of the insert.
func interrupted(t *testing.T, dsn string) {
	s := open(t, dsn, issues.Retention{})
	events := (&storetest.Mix{Keys: 10, From: time.Now(), Every: time.Millisecond}).Next(100)
	if err := s.insertEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Insert(t.Context(), events); err != nil || n != 0 {
		t.Fatalf("got %d new events and %v, want none", n, err)
	}
	totals, err := s.Totals(t.Context(), issues.Span{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)}, issues.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	counted := int64(0)
	for _, total := range totals {
		counted += total.Events
	}
	if counted != 100 {
		t.Errorf("%d events are counted, want 100", counted)
	}
}

// A copy passes over hours that are counted: what their events are found by must be
// there before.
func selectable(t *testing.T, dsn string) {
	s := open(t, dsn, issues.Retention{})
	for _, table := range []string{"issue_tags", "issue_functions"} {
		if err := s.conn.Exec(t.Context(), "RENAME TABLE "+table+" TO hidden"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Insert(t.Context(), (&storetest.Mix{Keys: 10, From: time.Now(), Every: time.Millisecond}).Next(100)); err == nil {
			t.Errorf("an insert without the table %s succeeds", table)
		}
		hours, err := s.StreamHours(t.Context(), issues.Span{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)})
		if err != nil || len(hours) > 0 {
			t.Errorf("after an insert without the table %s: counts %v, error %v", table, hours, err)
		}
		if err := s.conn.Exec(t.Context(), "RENAME TABLE hidden TO "+table); err != nil {
			t.Fatal(err)
		}
	}
}

func restarted(t *testing.T, dsn string) {
	events := (&storetest.Mix{Keys: 10, From: time.Now(), Every: time.Millisecond}).Next(100)
	for i, keep := range []issues.Retention{{}, {Events: time.Hour, Counts: 2 * time.Hour}, {}} {
		s := open(t, dsn, keep)
		if n, err := s.Insert(t.Context(), events[:50*min(i+1, 2)]); err != nil || n != 50*min(i+1, 2)-50*min(i, 2) {
			t.Fatalf("start %d: got %d new events and %v", i, n, err)
		}
		if s.version != uint64(i+1) {
			t.Errorf("start %d: counts have version %d, want %d", i, s.version, i+1)
		}
	}
}

func TestADSNThatCannotBeReadIsNotShown(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), "clickhouse://user:made-up-password@%zz", issues.Retention{})
	if err == nil || strings.Contains(err.Error(), "made-up-password") {
		t.Errorf("got %v, want an error without the password", err)
	}
}

func readByDays(t *testing.T, dsn string) {
	s := open(t, dsn, issues.Retention{})
	today := time.Now().UTC().Truncate(day)
	source := storetest.Mix{Keys: 10, From: today.Add(-3*day + time.Hour), Every: time.Hour}
	if _, err := s.Insert(t.Context(), source.Next(72)); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	days := func(s *Store) int { return len(s.days.split(today.Add(-3*day), today.Add(time.Hour)).days) }
	if got := days(s); got != 3 {
		t.Errorf("%d days are read as days, want 3", got)
	}
	if got := days(open(t, dsn, issues.Retention{})); got != 3 {
		t.Errorf("after a restart %d days are read as days, want 3", got)
	}
	source = storetest.Mix{Keys: 10, From: today.Add(-2*day + time.Minute), Every: time.Minute}
	if _, err := s.Insert(t.Context(), source.Next(2)); err != nil {
		t.Fatal(err)
	}
	if got := days(s); got != 2 {
		t.Errorf("with late events %d days are read as days, want 2", got)
	}
	if got := days(open(t, dsn, issues.Retention{})); got != 2 {
		t.Errorf("with late events and after a restart %d days are read as days, want 2", got)
	}
}
