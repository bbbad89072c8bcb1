package snapshots_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tovtech/tovplay-logging/internal/snapshots"
	"github.com/tovtech/tovplay-logging/internal/state"
)

// rig is a store with a clock that stands.
type rig struct {
	*snapshots.Store
	now time.Time
}

func newRig(t *testing.T, dir string) *rig {
	t.Helper()
	db, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r := &rig{now: time.Unix(1_764_115_200, 5)}
	r.Store = &snapshots.Store{DB: db, Now: func() time.Time { return r.now }, Log: slog.New(slog.DiscardHandler)}
	return r
}

func (r *rig) add(t *testing.T, title string, days int) snapshots.Snapshot {
	t.Helper()
	one, err := r.Add(t.Context(), snapshots.Snapshot{Title: title, Path: "lines", CreatedBy: "ann"}, days, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	return one
}

func (r *rig) titles(t *testing.T) string {
	t.Helper()
	all, err := r.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, one := range all {
		titles = append(titles, one.Title)
	}
	return strings.Join(titles, ",")
}

func TestSnapshotIsKeptAsItWasFrozen(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	content := []byte(`{"lines":"` + strings.Repeat("pool timeout ", 10_000) + `"}`)
	added, err := r.Add(t.Context(), snapshots.Snapshot{
		Title: " Timeouts of שחמט ", Path: "lines", View: "?q=timeout&wrap=1", Lines: 5000, Total: 12_480, CreatedBy: "ann",
	}, 30, content)
	if err != nil {
		t.Fatal(err)
	}
	got, found, err := r.Get(t.Context(), added.ID)
	want := snapshots.Snapshot{
		ID: added.ID, Title: "Timeouts of שחמט", Path: "lines", View: "q=timeout&wrap=1", Lines: 5000, Total: 12_480, CreatedBy: "ann",
		CreatedAt: time.Unix(1_764_115_200, 0), Expires: time.Unix(1_764_115_200+30*86_400, 0), Bytes: added.Bytes,
	}
	if err != nil || got != want || !bytes.Equal(found, content) {
		t.Errorf("got %+v with %d bytes, %v; want %+v with %d", got, len(found), err, want, len(content))
	}
	if got.Bytes*100 > int64(len(content)) {
		t.Errorf("%d bytes take %d on disk", len(content), got.Bytes)
	}
}

func TestIDsOfSnapshotsCannotBeGuessed(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	seen := map[string]bool{}
	for range 20 {
		// 26 characters of 32 are 130 bits.
		if id := r.add(t, "one", 1).ID; len(id) != 26 || seen[id] {
			t.Errorf("got the id %q", id)
		} else {
			seen[id] = true
		}
	}
	if _, _, err := r.Get(t.Context(), "AAAAAAAAAAAAAAAAAAAAAAAAAA"); !errors.Is(err, snapshots.ErrUnknown) {
		t.Errorf("an id that is not there: got %v", err)
	}
}

func TestSnapshotGoesWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	short, _ := r.add(t, "short", 1), r.add(t, "long", 30)
	r.add(t, "never", 0)
	r.now = r.now.AddDate(0, 0, 1)
	if got := r.titles(t); strings.Contains(got, "short") || !strings.Contains(got, "long") {
		t.Errorf("after a day: got %s", got)
	}
	if _, _, err := r.Get(t.Context(), short.ID); !errors.Is(err, snapshots.ErrUnknown) {
		t.Errorf("one whose time has come, but which is not deleted yet: got %v", err)
	}
	r.now = r.now.AddDate(100, 0, 0)
	if err := r.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.titles(t); got != "never" {
		t.Errorf("after a century: got %s, want never", got)
	}
}

func TestRunDeletesSnapshotsWithoutAnybodyAsking(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, dir)
	r.add(t, "short", 1)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		r.Now = func() time.Time { return r.now.Add(time.Since(began)) }
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(25 * time.Hour) // of the bubble's clock
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	var left int
	if err := r.DB.QueryRow("SELECT count(*) FROM snapshots").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows are left, %v", left, err)
	}
}

func TestWhatCannotBeKeptIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	noise := make([]byte, 9<<20)
	rand.Read(noise)
	type attempt struct {
		one     snapshots.Snapshot
		days    int
		content []byte
	}
	for name, a := range map[string]attempt{
		"no title":        {one: snapshots.Snapshot{Title: " ", Path: "lines"}},
		"a long title":    {one: snapshots.Snapshot{Title: strings.Repeat("x", 201), Path: "lines"}},
		"a control":       {one: snapshots.Snapshot{Title: "a\nb", Path: "lines"}},
		"another view":    {one: snapshots.Snapshot{Title: "a", Path: "../logout"}},
		"no issue":        {one: snapshots.Snapshot{Title: "a", Path: "issues/0"}},
		"half an address": {one: snapshots.Snapshot{Title: "a", Path: "lines", View: "q=%2"}},
		"a long address":  {one: snapshots.Snapshot{Title: "a", Path: "lines", View: strings.Repeat("x", 8001)}},
		"a past":          {one: snapshots.Snapshot{Title: "a", Path: "lines"}, days: -1},
		"an age":          {one: snapshots.Snapshot{Title: "a", Path: "lines"}, days: 3661},
		"too much":        {one: snapshots.Snapshot{Title: "a", Path: "lines"}, content: noise},
		"a bomb":          {one: snapshots.Snapshot{Title: "a", Path: "lines"}, content: make([]byte, 64<<20+1)},
	} {
		if _, err := r.Add(t.Context(), a.one, a.days, a.content); !isInput(err) {
			t.Errorf("%s: got %v, want an InputError", name, err)
		}
	}
	if got := r.titles(t); got != "" {
		t.Errorf("kept all the same: %s", got)
	}
}

func TestAllSnapshotsTogetherAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	first := r.add(t, "first", 1)
	r.TotalMax = 3 * first.Bytes
	r.add(t, "second", 0)
	r.add(t, "third", 0)
	fourth := snapshots.Snapshot{Title: "fourth", Path: "lines", CreatedBy: "ann"}
	if _, err := r.Add(t.Context(), fourth, 0, []byte(`{}`)); !isInput(err) || !strings.Contains(err.Error(), "no room") {
		t.Errorf("one more than there is room for: got %v", err)
	}
	r.now = r.now.AddDate(0, 0, 1)
	if _, err := r.Add(t.Context(), fourth, 0, []byte(`{}`)); err != nil {
		t.Errorf("when the first's time has come: got %v", err)
	}
}

func isInput(err error) bool {
	_, ok := errors.AsType[*snapshots.InputError](err)
	return ok
}

func TestSnapshotIsDeletedByWhoFrozeItOrAnAdmin(t *testing.T) {
	t.Parallel()
	r := newRig(t, t.TempDir())
	one, two := r.add(t, "one", 1), r.add(t, "two", 1)
	if err := r.Delete(t.Context(), one.ID, "bob", false); !errors.Is(err, snapshots.ErrOthers) {
		t.Errorf("somebody else: got %v", err)
	}
	if err := r.Delete(t.Context(), one.ID, "ann", false); err != nil {
		t.Error(err)
	}
	if err := r.Delete(t.Context(), one.ID, "ann", true); !errors.Is(err, snapshots.ErrUnknown) {
		t.Errorf("again: got %v", err)
	}
	if err := r.Delete(t.Context(), two.ID, "bob", true); err != nil {
		t.Errorf("an admin: got %v", err)
	}
}

func TestBackupHasTheSnapshots(t *testing.T) {
	t.Parallel()
	dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "backup.db")
	r := newRig(t, dir)
	one := r.add(t, "one", 0)
	if err := state.Backup(t.Context(), r.DB, copied); err != nil {
		t.Fatal(err)
	}
	if err := r.Delete(t.Context(), one.ID, "ann", false); err != nil {
		t.Fatal(err)
	}
	r.DB.Close()
	if _, err := state.Restore(t.Context(), dir, copied); err != nil {
		t.Fatal(err)
	}
	if _, content, err := newRig(t, dir).Get(t.Context(), one.ID); err != nil || string(content) != `{}` {
		t.Errorf("got %q, %v", content, err)
	}
}
