package dashboard

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

const deployToken = "token-of-a-test-0123"

// issue is an issue as a client decodes it.
type issue struct {
	ID           int64
	Title, State string
	Events       int64
	Series       []int64
	Evidence     []struct{ Slot, Line string }
	Groups       []struct{ Hash string }
}

type issueList struct {
	Total  int
	Issues []issue
	Seq    int64
	Index  struct{ Failure string }
}

// theAPIHasItsIssues goes from lines in Loki to issues of the API: each answer
// fits its schema, a resolved issue comes back with the next line, and the
// stream of changes says so.
func theAPIHasItsIssues(t *testing.T, lokiURL string) {
	job := jobOf(t)
	x := newIndexed(t, lokiURL, job)
	labels := fmt.Sprintf(`{job=%q, service="backend", env="production", level="error"}`, job)
	pushLines(t, lokiURL, labels, errorsOf(time.Now().Add(-30*time.Minute), time.Minute, 18)...)
	stop := background(t, x.Run)
	defer stop()
	d := newDashboard(t, options{lokiURL: lokiURL, prometheusURL: nowhere, index: x})

	var list issueList
	servers.Eventually(t, "all issues are listed", func() bool {
		list = issueList{}
		d.get("issues", url.Values{"env": {"production"}, "q": {"failure"}}, "IssuesResponse", &list)
		return list.Total == 9
	})
	if first := list.Issues[0]; first.Events != 2 || len(first.Series) == 0 || first.State != "new" || list.Index.Failure != "" {
		t.Errorf("got %+v", list)
	}
	path := fmt.Sprintf("issues/%d", list.Issues[0].ID)
	var one issue
	if d.get(path, nil, "IssueDetail", &one); len(one.Groups) == 0 || len(one.Evidence) == 0 || !strings.Contains(one.Evidence[0].Line, "of failure") {
		t.Errorf("got %+v", one)
	}
	var occurrences struct{ Total int }
	if d.get(path+"/occurrences", nil, "OccurrencesResponse", &occurrences); occurrences.Total != 2 {
		t.Errorf("got %+v", occurrences)
	}
	var events struct {
		Events []struct{ ID, TS, Text string }
	}
	if d.get(path+"/events", nil, "IssueEventsResponse", &events); len(events.Events) != 2 {
		t.Fatalf("got %+v", events)
	}
	d.freezesAnEvent(one.ID, events.Events[0].TS, events.Events[0].ID)

	d.act(fmt.Sprintf(`{"issues":[%d],"action":"resolve"}`, one.ID))
	d.reportDeploy()
	pushLines(t, lokiURL, labels, line{at: time.Now(), text: one.Evidence[0].Line})
	if got := d.regressed(one.ID, list.Seq); !strings.Contains(got, "2b7f1e") {
		t.Errorf("the issue came back without its deploy: %s", got)
	}
	var history struct{ Changes []struct{ Kind string } }
	if d.get(path+"/history", nil, "IssueHistoryResponse", &history); history.Changes[0].Kind != "regressed" {
		t.Errorf("got %+v", history)
	}
}

// act does something with issues.
func (d *dashboard) act(body string) {
	d.t.Helper()
	d.check("IssueAction", []byte(body))
	answer, err := d.http.Post(d.url+"/api/v1/issues/actions", "application/json", strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	if data := readBody(d.t, answer); answer.StatusCode != http.StatusNoContent {
		d.t.Fatalf("%s: %d %s", body, answer.StatusCode, data)
	}
}

// reportDeploy reports the version 2b7f1e, as a CI does.
func (d *dashboard) reportDeploy() {
	d.t.Helper()
	request, err := http.NewRequest(http.MethodPost, d.url+"/api/v1/deploys", strings.NewReader(`{"version":"2b7f1e","service":"backend"}`))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+deployToken)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	d.check("Deploy", readBody(d.t, answer))
}

// regressed follows the changes behind seq until an issue came back, and returns
// the change's detail.
func (d *dashboard) regressed(id, seq int64) string {
	d.t.Helper()
	answer, err := d.http.Get(fmt.Sprintf("%s/api/v1/issues/stream?cursor=%d", d.url, seq))
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	time.AfterFunc(30*time.Second, func() { answer.Body.Close() })
	for stream := bufio.NewScanner(answer.Body); stream.Scan(); {
		data, ok := strings.CutPrefix(stream.Text(), "data: ")
		if !ok {
			continue
		}
		d.check("IssueChanges", []byte(data))
		var body struct {
			Changes []struct {
				Issue  int64
				Kind   string
				Detail json.RawMessage
			}
		}
		if err := json.Unmarshal([]byte(data), &body); err != nil {
			d.t.Fatal(err)
		}
		for _, change := range body.Changes {
			if change.Issue == id && change.Kind == "regressed" {
				return string(change.Detail)
			}
		}
	}
	d.t.Fatal("the stream of changes ended before the issue came back")
	return ""
}
