package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
)

// frozen is a snapshot as a client decodes it.
type frozen struct {
	ID, Title, Path, View string
	Lines                 int
	Total                 *int
	CreatedBy             string  `json:"created_by"`
	ExpiresAt             *string `json:"expires_at"`
	Own                   bool
	Error                 apiError
}

type frozenContent struct {
	Snapshot frozen
	Content  struct {
		Lines *struct {
			Entries  []entry
			Partial  bool
			Warnings []string
			Volume   *struct{ Series []struct{ Total int } }
		}
		Issue *struct {
			Issue  issue
			TS, ID string
			Event  *struct{ ID, Text string }
		}
		Story *storyAnswer
	}
	Error apiError
}

// freeze freezes and returns the status and what was frozen.
func (d *dashboard) freeze(of string, params url.Values, title string, days int) (int, frozen) {
	d.t.Helper()
	body, err := json.Marshal(map[string]any{"of": of, "params": params.Encode(), "title": title, "view": "wrap=1", "days": days})
	if err != nil {
		d.t.Fatal(err)
	}
	d.check("SnapshotInput", body)
	var got frozen
	return d.send(http.MethodPost, "snapshots", string(body), "Snapshot", &got), got
}

func (d *dashboard) thawed(id string) (content frozenContent) {
	d.t.Helper()
	if status := d.get("snapshots/"+id, nil, "SnapshotContent", &content); status != http.StatusOK {
		d.t.Fatalf("snapshot %s: status %d, %+v", id, status, content.Error)
	}
	return content
}

// snapshotsOutliveLoki freezes lines and the story of a request, which a
// dashboard without Loki shows.
func snapshotsOutliveLoki(t *testing.T, lokiURL string, _ *dashboard) {
	dir, job := t.TempDir(), jobOf(t)
	d := newDashboard(t, options{lokiURL: lokiURL, prometheusURL: nowhere, dataDir: dir})
	now := time.Now().Truncate(time.Second)
	lines := make([]line, 5020)
	for i := range lines {
		lines[i] = line{at: now.Add(time.Duration(i-len(lines)) * 100 * time.Millisecond), text: fmt.Sprintf("line %04d", i)}
	}
	lines[len(lines)-1].metadata = push.LabelsAdapter{{Name: "correlation_id", Value: "req-of-" + job}}
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="backend", level="error"}`, job), lines...)

	params := url.Values{"job": {job}, "start": {"now-1h"}, "by": {"level"}}
	status, one := d.freeze("lines", params, "All of it", 30)
	if status != http.StatusCreated || one.Lines != 5000 || one.Total == nil || *one.Total != 5020 || one.Path != "lines" || one.CreatedBy != "admin" || one.ExpiresAt == nil {
		t.Fatalf("lines: status %d, %+v", status, one)
	}
	status, story := d.freeze("story", url.Values{"id": {"req-of-" + job}}, "A request", 0)
	if status != http.StatusCreated || story.Lines != 1 || story.ExpiresAt != nil {
		t.Fatalf("story: status %d, %+v", status, story)
	}

	later := newDashboard(t, options{lokiURL: nowhere, prometheusURL: nowhere, dataDir: dir})
	got := later.thawed(one.ID).Content.Lines
	if got == nil || len(got.Entries) != 5000 || got.Entries[0].Line != "line 5019" || got.Entries[0].Labels["job"] != job || got.Partial || len(got.Warnings) > 0 {
		t.Errorf("got %.300v", got)
	} else if got.Volume == nil || got.Volume.Series[0].Total != 5020 {
		t.Errorf("counts: got %+v", got.Volume)
	}
	if got := later.thawed(story.ID).Content.Story; got == nil || len(got.Lines) != 1 || got.Lines[0].Entry.Line != "line 5019" {
		t.Errorf("story: got %+v", got)
	}
	var list struct{ Snapshots []frozen }
	if later.get("snapshots", nil, "Snapshots", &list); len(list.Snapshots) != 2 || !list.Snapshots[0].Own {
		t.Errorf("list: got %+v", list)
	}
	if answer, err := http.Get(later.url + "/api/v1/snapshots/" + one.ID); err != nil || answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a session: got %v, %v", answer.Status, err)
	}
	for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		var none frozen
		if status := later.send(http.MethodDelete, "snapshots/"+one.ID, "", "", &none); status != want {
			t.Errorf("delete: got %d, want %d", status, want)
		}
	}
}

func snapshotsThatCannotBeAreRefused(t *testing.T, _ string, d *dashboard) {
	many := url.Values{"id": {"no-such-request-" + jobOf(t)}}
	for name, attempt := range map[string]struct {
		of     string
		params url.Values
		title  string
		want   int
	}{
		"no id":            {"story", nil, "a", http.StatusBadRequest},
		"something else":   {"health", nil, "a", http.StatusBadRequest},
		"a wrong range":    {"lines", url.Values{"start": {"never"}}, "a", http.StatusBadRequest},
		"a wrong query":    {"lines", url.Values{"query": {"{"}}, "a", http.StatusBadRequest},
		"issues are off":   {"issue", url.Values{"issue": {"1"}, "ts": {"1"}, "id": {"0a"}}, "a", http.StatusServiceUnavailable},
		"no line fits":     {"story", many, "a", http.StatusBadRequest},
		"an id of a story": {"story", url.Values{"id": {"x"}}, "a", http.StatusBadRequest},
	} {
		body := fmt.Sprintf(`{"of":%q,"params":%q,"title":%q,"view":"","days":1}`, attempt.of, attempt.params.Encode(), attempt.title)
		var got frozen
		if status := d.send(http.MethodPost, "snapshots", body, "Snapshot", &got); status != attempt.want {
			t.Errorf("%s: got %d %+v, want %d", name, status, got.Error, attempt.want)
		}
	}
}

// freezesAnEvent freezes an event of an issue, and refuses one that is not kept.
func (d *dashboard) freezesAnEvent(id int64, ts, event string) {
	d.t.Helper()
	place := url.Values{"issue": {fmt.Sprint(id)}, "ts": {ts}, "id": {event}}
	status, one := d.freeze("issue", place, "The failure", 7)
	if status != http.StatusCreated || one.Path != fmt.Sprint("issues/", id) {
		d.t.Fatalf("freeze an event: status %d, %+v", status, one)
	}
	got := d.thawed(one.ID).Content.Issue
	if got == nil || got.Issue.ID != id || got.TS != ts || got.Event == nil || !strings.Contains(got.Event.Text, "of failure") || len(got.Issue.Evidence) == 0 {
		d.t.Errorf("got %+v", got)
	}
	place.Set("id", "00")
	if status, _ := d.freeze("issue", place, "The failure", 7); status != http.StatusNotFound {
		d.t.Errorf("an event that is not kept: got %d", status)
	}
}
