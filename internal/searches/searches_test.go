package searches_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/searches"
	"github.com/tovtech/tovplay-logging/internal/state"
)

func newStore(t *testing.T) *searches.Store {
	t.Helper()
	db, err := state.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &searches.Store{DB: db, Now: func() time.Time { return time.Unix(1_764_115_200, 5) }}
}

func TestSearchIsKeptAsItWasSaved(t *testing.T) {
	store, ctx := newStore(t), context.Background()
	for _, name := range []string{"timeouts", " Errors of שחמט "} {
		if _, err := store.Add(ctx, searches.Search{Name: name, Path: "lines", View: "?service=backend&q=a%20b", CreatedBy: "alice"}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := store.All(ctx)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	want := searches.Search{ID: 2, Name: "Errors of שחמט", Path: "lines", View: "service=backend&q=a%20b", CreatedBy: "alice", CreatedAt: time.Unix(1_764_115_200, 0)}
	if got[0] != want {
		t.Errorf("got %+v, want %+v", got[0], want)
	}
}

func TestSearchThatCannotBeKeptIsRefused(t *testing.T) {
	store, ctx := newStore(t), context.Background()
	if _, err := store.Add(ctx, searches.Search{Name: "one", Path: "lines"}); err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]searches.Search{
		"the same name":   {Name: "ONE", Path: "lines"},
		"no name":         {Name: "  ", Path: "lines"},
		"a long name":     {Name: strings.Repeat("x", 81), Path: "lines"},
		"a control":       {Name: "a\nb", Path: "lines"},
		"another view":    {Name: "two", Path: "../logout"},
		"a long address":  {Name: "two", Path: "lines", View: strings.Repeat("x", 4001)},
		"half an address": {Name: "two", Path: "lines", View: "q=%2"},
	} {
		if _, err := store.Add(ctx, one); !isInput(err) {
			t.Errorf("%s: got %v, want an InputError", name, err)
		}
	}
	if _, err := store.Add(ctx, searches.Search{Name: "ONE", Path: "lines"}); !says(err, `"ONE" already`) {
		t.Errorf("the same name: got %v", err)
	}
	for n := range 299 {
		if _, err := store.Add(ctx, searches.Search{Name: fmt.Sprint("more ", n), Path: "issues"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Add(ctx, searches.Search{Name: "one too many", Path: "lines"}); !says(err, "there are 300") {
		t.Errorf("the 301st: got %v, want an InputError that says why", err)
	}
	if _, err := store.Add(ctx, searches.Search{Name: "One", Path: "lines"}); !says(err, `"One" already`) {
		t.Errorf("the same name in a full store: got %v", err)
	}
}

// says reports whether an error is an InputError that gives just one reason.
func says(err error, reason string) bool {
	return isInput(err) && strings.Contains(err.Error(), reason) && !strings.Contains(err.Error(), " or there are")
}

func isInput(err error) bool {
	_, ok := errors.AsType[*searches.InputError](err)
	return ok
}

func TestSearchIsDeletedByItsOwnerOrAnAdmin(t *testing.T) {
	store, ctx := newStore(t), context.Background()
	for range 2 {
		one, err := store.Add(ctx, searches.Search{Name: "one", Path: "lines", CreatedBy: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Delete(ctx, one.ID, "bob", false); !errors.Is(err, searches.ErrOthers) {
			t.Errorf("somebody else: got %v", err)
		}
		if err := store.Delete(ctx, one.ID, "alice", false); err != nil {
			t.Error(err)
		}
		if err := store.Delete(ctx, one.ID, "alice", true); !errors.Is(err, searches.ErrUnknown) {
			t.Errorf("again: got %v", err)
		}
	}
	one, _ := store.Add(ctx, searches.Search{Name: "two", Path: "lines", CreatedBy: "alice"})
	if err := store.Delete(ctx, one.ID, "bob", true); err != nil {
		t.Errorf("an admin: got %v", err)
	}
}

func TestASearchThatARuleHasIsNotDeleted(t *testing.T) {
	store, ctx := newStore(t), context.Background()
	one, err := store.Add(ctx, searches.Search{Name: "one", Path: "issues", CreatedBy: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := store.One(ctx, one.ID); err != nil || got.Name != "one" {
		t.Errorf("got %+v, %v", got, err)
	}
	rule := `INSERT INTO notify_rules (name, enabled, settings, changed_by, changed_at) VALUES (?, 0, ?, 'alice', 0)`
	for name, settings := range map[string]string{"Deadlocks": `{"on":"issues","search":1}`, "Another": `{"on":"issues","search":2}`, "None": `{"on":"issues"}`} {
		if _, err := store.DB.Exec(rule, name, settings); err != nil {
			t.Fatal(err)
		}
	}
	err = store.Delete(ctx, one.ID, "alice", true)
	if used, ok := errors.AsType[*searches.UsedError](err); !ok || len(used.Rules) != 1 || !strings.Contains(err.Error(), "Deadlocks") {
		t.Errorf("got %v, want an error that names the rule Deadlocks", err)
	}
	if _, err := store.DB.Exec("DELETE FROM notify_rules WHERE name = 'Deadlocks'"); err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(ctx, one.ID, "alice", false); err != nil {
		t.Error(err)
	}
}
