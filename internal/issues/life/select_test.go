package life

import (
	"errors"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// Fits says of each issue what the list of the same query shows, after a merge too.
func TestAnIssueFitsAQueryThatListsIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	for i, line := range []string{traceback("ERROR a", "pay", "KeyError"), "ERROR pool timeout", "ERROR disk is full"} {
		r.pass(time.Second)
		s := r.seen(line)
		s.Tags = map[string]string{"user": [...]string{"ada", "bob", "ada"}[i]}
		r.take(s)
	}
	if _, err := r.AddDeploy(t.Context(), Deploy{Version: "v2", At: r.now}); err != nil {
		t.Fatal(err)
	}
	r.act(Action{Kind: Resolve}, 3)
	r.lines("ERROR disk is full") // comes back after the deploy
	span := issues.Span{From: r.now.Add(-time.Hour), To: r.now.Add(time.Hour)}
	queries := []ListQuery{
		{}, {Text: "pool"}, {States: []State{New}}, {Functions: []Wanted{{Value: "pay"}}},
		{Functions: []Wanted{{Value: "pay", Not: true}}},
		{Tags: []WantedTag{{"user", Wanted{Value: "ada"}}}},
		{Tags: []WantedTag{{"user", Wanted{Value: "ada", Not: true}}}},
		{Tags: []WantedTag{{"user", Wanted{Value: "ada"}}, {"user", Wanted{Value: "bob"}}}, Text: "disk"},
		{Deploys: []Wanted{{Value: "v2"}}}, {Deploys: []Wanted{{Value: "v2", Not: true}}},
		{Filter: issues.Filter{NotService: []string{"backend"}}},
		{Span: issues.Span{From: r.now.Add(-9 * time.Hour), To: r.now.Add(-8 * time.Hour)}},
	}
	compare := func(ids ...int64) (listed int) {
		t.Helper()
		for _, q := range queries {
			if q.Span == (issues.Span{}) {
				q.Span = span
			}
			list, err := r.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			want := map[int64]bool{}
			for _, row := range list.Issues {
				want[row.ID] = true
			}
			for _, id := range ids {
				got, err := r.Fits(t.Context(), id, q)
				if err != nil || got != want[id] {
					t.Errorf("%+v fits issue %d: got %t, %v, want %t", q, id, got, err, want[id])
				}
			}
			listed += len(list.Issues)
		}
		return listed
	}
	if got, want := compare(1, 2, 3), 3+1+2+1+2+2+1+1+1+2+0+0; got != want {
		t.Errorf("%d issues are listed in all, want %d", got, want)
	}
	r.act(Action{Kind: Merge, Into: 1}, 2)
	compare(1, 3)
	if got := r.list(); len(got) != 2 {
		t.Errorf("after the merge there are %d issues", len(got))
	}
	if _, err := r.Fits(t.Context(), 99, ListQuery{Span: span}); !errors.Is(err, ErrNoIssue) {
		t.Errorf("got %v, want %v", err, ErrNoIssue)
	}
}
