package notify

import (
	"errors"
	"testing"
)

func TestARuleWithASavedSearchTellsOfTheIssuesThatItLists(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := r.add(webhookTo(x.URL))
	all, err := r.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rule := all[0]
	for _, path := range []string{"issues", "lines"} {
		if _, err := r.DB.Exec("INSERT INTO saved_searches (name, path, view, created_by, created_at) VALUES (?, ?, '', 'alice', 0)", path, path); err != nil {
			t.Fatal(err)
		}
	}
	for _, search := range []int64{2, 3} { // of lines; none
		rule.Search = search
		if err := r.SetRule(t.Context(), "alice", rule); !isInvalid(err) {
			t.Errorf("with the search %d: got %v, want an InputError", search, err)
		}
		if _, err := r.AddRule(t.Context(), "alice", Rule{Name: "more", Channels: []int64{c.ID}, Terms: Terms{On: OnIssues, Search: search}}); !isInvalid(err) {
			t.Errorf("a new rule with the search %d: got %v, want an InputError", search, err)
		}
	}
	rule.Search = 1
	if err := r.SetRule(t.Context(), "alice", rule); err != nil {
		t.Fatal(err)
	}
	r.listed = map[int64][]int64{1: {7}}
	r.happen(NewIssue, 7, "listed")
	r.happen(NewIssue, 8, "not listed")
	r.step()
	x.want(t, "listed")
	r.listErr = errors.New("the events are not stored yet")
	r.change(NewIssue, 7, "listed later")
	if err := r.followOnce(t.Context()); err == nil {
		t.Error("a change of which nothing can be said yet is taken")
	}
	r.listErr = nil
	if err := r.followOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.step()
	x.want(t, "listed", "listed later")
}

func isInvalid(err error) bool {
	_, ok := errors.AsType[*InputError](err)
	return ok
}
