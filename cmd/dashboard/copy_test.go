package main

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/clickhouse"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/issues/storetest"
	engine "github.com/tovtech/tovplay-logging/test/clickhouse"
)

var copied = issues.Retention{Events: defaultEventsKept, Counts: defaultCountsKept}

// copyTo runs the command on a data folder.
func copyTo(t *testing.T, to, dir, dsn string) (int, string) {
	t.Helper()
	e, stdout, stderr := env("", map[string]string{"CLICKHOUSE_DSN": dsn})
	code := run(t.Context(), append([]string{"copy-events", "-to", to}, nowhere(dir)...), e)
	return code, stdout.String() + stderr.String()
}

// contents are all events and counts of a store.
func contents(t *testing.T, s issues.Store) ([]issues.Event, map[issues.Key]issues.Total) {
	t.Helper()
	span := issues.Span{From: time.Now().Add(-100 * 24 * time.Hour), To: time.Now().Add(time.Hour)}
	events, err := s.Events(t.Context(), issues.EventQuery{Span: span, Ascending: true, Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Totals(t.Context(), span, issues.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	totals := map[issues.Key]issues.Total{}
	for _, total := range list {
		totals[total.Key] = total
	}
	return events, totals
}

func openFile(t *testing.T, dir string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), dir, copied)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEventsAreCopiedToClickHouseAndBack interrupts the first copy by an hour that
// is there in part already.
func TestEventsAreCopiedToClickHouseAndBack(t *testing.T) {
	t.Parallel()
	dsn, dir := engine.Start(t).Database(t), t.TempDir()
	file := openFile(t, dir)
	events := (&storetest.Mix{Keys: 20, From: time.Now().Add(-5 * time.Hour), Every: 5 * time.Second}).Next(3000)
	if n, err := file.Insert(t.Context(), events); err != nil || n != len(events) {
		t.Fatal(n, err)
	}
	expired := time.Now().Add(-95 * 24 * time.Hour).UTC().Truncate(time.Hour)
	if err := file.ReplaceHour(t.Context(), expired, events[0].Stream, []issues.Count{{Key: 7, Env: "prod", Service: "s", Level: "error", Events: 4, First: expired, Last: expired}}); err != nil {
		t.Fatal(err)
	}
	wantEvents, wantTotals := contents(t, file)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	server, err := clickhouse.Open(t.Context(), dsn, copied)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if _, err := server.Insert(t.Context(), events[1000:1100]); err != nil {
		t.Fatal(err)
	}
	code, out := copyTo(t, "clickhouse", dir, dsn)
	if code != exitOK || !strings.Contains(out, "3000 events, 2900 of them new") {
		t.Fatalf("to ClickHouse: %d %s", code, out)
	}
	if gotEvents, gotTotals := contents(t, server); !reflect.DeepEqual(gotEvents, wantEvents) || !reflect.DeepEqual(gotTotals, wantTotals) {
		t.Errorf("ClickHouse has %d events and counts %v, want %d and %v", len(gotEvents), gotTotals, len(wantEvents), wantTotals)
	}
	if code, out := copyTo(t, "clickhouse", dir, dsn); code != exitOK || !strings.Contains(out, " 0 events, 0 of them new") {
		t.Errorf("once more: %d %s", code, out)
	}
	back := t.TempDir()
	if code, out := copyTo(t, "sqlite", back, dsn); code != exitOK || !strings.Contains(out, "3000 events, 3000 of them new") {
		t.Fatalf("to SQLite: %d %s", code, out)
	}
	file = openFile(t, back)
	defer file.Close()
	if gotEvents, gotTotals := contents(t, file); !reflect.DeepEqual(gotEvents, wantEvents) || !reflect.DeepEqual(gotTotals, wantTotals) {
		t.Errorf("SQLite has %d events and counts %v, want %d and %v", len(gotEvents), gotTotals, len(wantEvents), wantTotals)
	}
}

func TestNothingIsCopiedBesideADashboardOrWithoutAStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := start(t, dir, map[string]string{"DASHBOARD_ADMIN_PASSWORD": "a password"})
	for _, to := range []string{"clickhouse", "sqlite"} {
		if code, out := copyTo(t, to, dir, "http://127.0.0.1:1/x"); code != exitFault || !strings.Contains(out, "another process") {
			t.Errorf("beside a dashboard to %s: %d %s", to, code, out)
		}
	}
	r.stop()
	for _, test := range []struct{ to, dir, dsn, want string }{
		{"clickhouse", filepath.Join(dir, "not"), "http://127.0.0.1:1/x", sqlite.FileName},
		{"clickhouse", dir, "", "CLICKHOUSE_DSN"},
		{"clickhouse", dir, "http://127.0.0.1:1/x", "refused"},
		{"loki", dir, "http://127.0.0.1:1/x", "neither clickhouse nor sqlite"},
	} {
		if code, out := copyTo(t, test.to, test.dir, test.dsn); code != exitFault || !strings.Contains(out, test.want) {
			t.Errorf("%+v: %d %s", test, code, out)
		}
	}
}
