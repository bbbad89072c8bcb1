package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// events makes events of some keys, a second apart, from an hour before now on.
func events(number, keys int) []issues.Event {
	start := time.Now().Add(-time.Hour)
	list := make([]issues.Event, number)
	for n := range list {
		e := issues.Event{
			Time: start.Add(time.Duration(n) * time.Second).UnixNano(), Key: issues.Key(n%keys + 1),
			Stream: `{service="api"}`, Env: "prod", Service: "api", Level: "error", Message: fmt.Sprintf("failure %d", n),
		}
		e.ID = issues.NewID(e.Stream, e.Time, "", e.Message)
		list[n] = e
	}
	return list
}

func totals(t *testing.T, s *Store) map[issues.Key]issues.Total {
	t.Helper()
	list, err := s.Totals(t.Context(), issues.Span{From: time.Unix(0, 0), To: time.Now().Add(24 * time.Hour)}, issues.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	byKey := map[issues.Key]issues.Total{}
	for _, total := range list {
		byKey[total.Key] = total
	}
	return byKey
}

func insert(t *testing.T, s *Store, list []issues.Event) {
	t.Helper()
	if _, err := s.Insert(t.Context(), list); err != nil {
		t.Fatal(err)
	}
}

func TestCountsAreTheSameAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, issues.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	list := events(1000, 7)
	insert(t, s, list)
	want := totals(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, issues.Retention{})
	if got := totals(t, again); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	insert(t, again, list[:500])
	if got := totals(t, again); !reflect.DeepEqual(got, want) {
		t.Errorf("after a repetition: got %v, want %v", got, want)
	}
}

func TestASecondProcessIsToldThatTheStoreIsOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir, issues.Retention{})
	if _, err := Open(t.Context(), dir, issues.Retention{}); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want %v", err, ErrLocked)
	}
	if _, err := SetAside(dir, time.Now()); !errors.Is(err, ErrLocked) {
		t.Errorf("set aside: got %v, want %v", err, ErrLocked)
	}
}

// filled returns the folder of a store with events, closed.
func filled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, issues.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	insert(t, s, events(2000, 50))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestADamagedFileIsNamedAndSetAside(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"no database":       func([]byte) []byte { return []byte(strings.Repeat("not a database ", 1000)) },
		"header":            func(b []byte) []byte { copy(b, "SQLite format 9"); return b },
		"every page zero":   func(b []byte) []byte { clear(b[4096:]); return b },
		"cut in the middle": func(b []byte) []byte { return b[:len(b)/2+100] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filled(t)
			path := filepath.Join(dir, FileName)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			content = damage(content)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), dir, issues.Retention{})
			if err == nil { // what is read at the start is whole
				err = errors.Join(s.Check(t.Context()), s.Close())
			}
			if !errors.Is(err, ErrUnusable) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v, want %v and the path", err, ErrUnusable)
			}
			kept, err := SetAside(dir, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(kept); err != nil || len(got) < len(content)/2 {
				t.Errorf("the damaged file is %d bytes at %s (%v), want it kept", len(got), kept, err)
			}
			insert(t, open(t, dir, issues.Retention{}), events(10, 1))
		})
	}
}

func TestAFileOfAnotherVersionIsUnusable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, issues.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, issues.Retention{}); !errors.Is(err, ErrUnusable) {
		t.Errorf("got %v, want %v", err, ErrUnusable)
	}
}

// A full disk is a bound on the pages of the file.
func TestAFullDiskLeavesNoPartOfABatch(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), issues.Retention{})
	insert(t, s, events(100, 7))
	before := totals(t, s)
	var pages int
	if err := s.db.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) {
		if _, err := s.db.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages + 4)
	list := events(3000, 11)
	if _, err := s.Insert(t.Context(), list); err == nil {
		t.Fatal("got no error of a full disk")
	}
	if got := totals(t, s); !reflect.DeepEqual(got, before) {
		t.Errorf("after a full disk: got %v, want %v", got, before)
	}
	limit(1 << 30)
	n, err := s.Insert(t.Context(), list)
	if err != nil || n != 3000 {
		t.Errorf("with room again: got %d events and %v, want 3000", n, err)
	}
}

func TestWrongRetentionIsRefused(t *testing.T) {
	t.Parallel()
	for _, keep := range []issues.Retention{
		{Events: -1}, {Counts: time.Hour}, {Events: 2 * time.Hour, Counts: time.Hour},
	} {
		if _, err := Open(t.Context(), t.TempDir(), keep); err == nil {
			t.Errorf("%+v: got no error", keep)
		}
	}
}
