package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
)

type storyAnswer struct {
	Lines []struct {
		Entry   entry
		GapMS   *float64 `json:"gap_ms"`
		FoundIn string   `json:"found_in"`
	}
	Cut       bool
	Nearby    []entry
	NearbyCut bool `json:"nearby_cut"`
	Partial   bool
}

// texts are the lines of the request and those nearby.
func (s storyAnswer) texts() (own, near []string) {
	for _, line := range s.Lines {
		own = append(own, line.Entry.Line)
	}
	for _, line := range s.Nearby {
		near = append(near, line.Line)
	}
	return own, near
}

func storyHasWhatCarriesTheID(t *testing.T, lokiURL string, d *dashboard) {
	began, id := time.Now().Add(-3*time.Hour).Truncate(time.Second), fmt.Sprintf("req.%d", time.Now().UnixNano())
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	production := func(service string) string {
		return fmt.Sprintf(`{job="story", service=%q, env="story-production"}`, service)
	}
	pushLines(t, lokiURL, production("nginx"), line{at: at(0), text: "GET /api/games request_id=" + id})
	pushLines(t, lokiURL, production("backend"),
		line{at: at(20), text: "Request started", metadata: push.LabelsAdapter{{Name: "correlation_id", Value: id}}},
		line{at: at(21), text: "another request " + id + "0"},
		line{at: at(22), text: "another request x-" + id},
		line{at: at(145), text: `{"correlation_id":"` + id + `"}`, metadata: push.LabelsAdapter{{Name: "correlation_id", Value: id}}})
	pushLines(t, lokiURL, `{job="story", service="backend", env="story-staging"}`, line{at: at(60), text: "(" + id + ")"})
	pushLines(t, lokiURL, production("pgbouncer"),
		line{at: at(-2500), text: "too early"}, line{at: at(-1900), text: "before"}, line{at: at(2100), text: "after"}, line{at: at(2200), text: "too late"})
	pushLines(t, lokiURL, `{job="story", service="host-wide"}`, line{at: at(30), text: "of no environment"})
	pushLines(t, lokiURL, `{job="story", service="pgbouncer", env="story-demo"}`, line{at: at(30), text: "of another environment"})

	var got storyAnswer
	if status := d.get("story", url.Values{"id": {" " + id + " "}}, "Story", &got); status != http.StatusOK || got.Cut || got.NearbyCut || got.Partial {
		t.Fatalf("got %d %+v", status, got)
	}
	own, near := got.texts()
	if want := []string{"GET /api/games request_id=" + id, "Request started", "(" + id + ")", `{"correlation_id":"` + id + `"}`}; !slices.Equal(own, want) {
		t.Errorf("lines of the request: got %q, want %q", own, want)
	}
	if want := []string{"before", "of no environment", "after"}; !slices.Equal(near, want) {
		t.Errorf("lines nearby: got %q, want %q", near, want)
	}
	if len(got.Lines) == 4 && (got.Lines[0].GapMS != nil || *got.Lines[1].GapMS != 20 || *got.Lines[2].GapMS != 40 || *got.Lines[3].GapMS != 85) {
		t.Errorf("gaps: got %+v", got.Lines)
	}
	if len(got.Lines) == 4 && (got.Lines[0].FoundIn != "text" || got.Lines[3].FoundIn != "correlation_id") {
		t.Errorf("found in %s and %s", got.Lines[0].FoundIn, got.Lines[3].FoundIn)
	}
	if d.get("story", url.Values{"id": {id}, "start": {"now-1h"}}, "Story", &got); len(got.Lines)+len(got.Nearby) != 0 {
		t.Errorf("a range without it gives %+v", got)
	}
}

func storyIsBounded(t *testing.T, lokiURL string, d *dashboard) {
	began, id := time.Now().Add(-time.Hour), fmt.Sprintf(`"]}.*%d`, time.Now().UnixNano())
	var lines, others []line
	for i := range 600 {
		at := began.Add(time.Duration(i) * time.Millisecond)
		lines = append(lines, line{at: at, text: fmt.Sprintf("%s %d", id, i)})
		others = append(others, line{at: at, text: fmt.Sprintf("other %d", i)})
	}
	pushLines(t, lokiURL, `{job="story", service="a", env="story-bounded"}`, lines...)
	pushLines(t, lokiURL, `{job="story", service="b", env="story-bounded"}`, others...)
	var got storyAnswer
	d.get("story", url.Values{"id": {id}}, "Story", &got)
	if own, _ := got.texts(); len(own) != 500 || !got.Cut || own[499] != id+" 599" {
		t.Errorf("got %d lines, cut %v", len(own), got.Cut)
	}
	if _, near := got.texts(); len(near) != 200 || !got.NearbyCut {
		t.Errorf("got %d lines nearby, cut %v", len(near), got.NearbyCut)
	}
	var refused map[string]any
	for _, id := range []string{"", "abc", "a\x00bcd"} {
		if status := d.get("story", url.Values{"id": {id}}, "ErrorBody", &refused); status != http.StatusBadRequest {
			t.Errorf("id %q: got %d", id, status)
		}
	}
}
