package life

import (
	"errors"
	"testing"
	"time"
)

func TestAnIssueExpiresWithAllThatBelongsToIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	r.take(r.seen(traceback("ERROR Exception on /a [GET]", "find", "KeyError")), r.seen(traceback("ERROR Unexpected error: 500", "find", "KeyError")))
	r.lines("ERROR one", "ERROR two words", "ERROR three whole words")
	moved := keysIn(r.get(4))
	r.act(Action{Kind: Merge, Into: 3}, 4)
	r.act(Action{Kind: Merge, Into: 5}, 3) // 5 has the keys of 3 and 4
	if _, err := r.AddDeploy(t.Context(), Deploy{Version: "v1"}); err != nil {
		t.Fatal(err)
	}
	r.pass(time.Hour)
	r.lines("ERROR one")                               // of 5
	r.act(Action{Kind: Unmerge, Hashes: moved}, 5)     // 4 is back
	r.act(Action{Kind: Merge, Into: 1}, 4)             // and with 1 now
	r.act(Action{Kind: Comment, Text: "old"}, 1, 2, 5) // history
	if err := r.Expire(t.Context(), r.now.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if rows := r.list(); len(rows) != 1 || rows[0].ID != 5 {
		t.Errorf("left are %+v", rows)
	}
	for _, id := range []int64{1, 2, 4} {
		if _, err := r.Get(t.Context(), id); !errors.Is(err, ErrNoIssue) {
			t.Errorf("issue %d: %v", id, err)
		}
	}
	if d := r.get(3); d.ID != 5 { // was merged into 5
		t.Errorf("issue 3 is %+v", d.Issue)
	}
	for table, want := range map[string]int{"issues": 2, "issue_links": 0, "deploys": 0, "issue_evidence": 3} {
		var n int
		if err := r.db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n != want {
			t.Errorf("%s: %d rows, want %d; %v", table, n, want, err)
		}
	}
	r.lines("ERROR two words") // comes again
	if rows := r.list(); len(rows) != 2 || rows[1].State != New {
		t.Errorf("got %+v", rows)
	}
}
