package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// told is what the receiver of notifications got.
type told struct {
	mu     sync.Mutex
	events []toldEvent
}

type toldEvent struct {
	Kind, Title, Text, Rule, URL string
	Issue                        int64
}

// of returns the events of a kind.
func (x *told) of(kind string) []toldEvent {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(x.events), func(e toldEvent) bool { return e.Kind != kind })
}

// listen takes notifications.
func (x *told) listen(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body struct{ Events []toldEvent }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || !strings.HasPrefix(r.Header.Get("Webhook-Signature"), "v1,") {
			t.Errorf("%v, %v", err, r.Header)
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.events = append(x.events, body.Events...)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// send changes something, which has to succeed.
func (v *visitor) send(t *testing.T, method, path, body string) {
	t.Helper()
	request, err := http.NewRequest(method, v.base+"api/v1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	resp, err := v.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: status %d, %v: %s", method, path, resp.StatusCode, err, text)
	}
}

// pushLines sends lines of one stream to Loki, with the time of now.
func pushLines(t *testing.T, lokiURL string, labels map[string]string, lines ...string) {
	t.Helper()
	var values [][2]string
	for i, line := range lines {
		values = append(values, [2]string{strconv.FormatInt(time.Now().UnixNano()+int64(i), 10), line})
	}
	body, err := json.Marshal(map[string]any{"streams": []any{map[string]any{"stream": labels, "values": values}}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(lokiURL+"/loki/api/v1/push", "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("push: status %d", resp.StatusCode)
	}
}

// From lines in the real Loki to messages of the real dashboard: an issue is new,
// comes back after it was resolved, and a search that matches is told, in which
// the dashboard's own lines and Loki's lines about the search do not count.
func TestPeopleAreToldOfIssuesAndSearches(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	dashboard := servers.Dashboard(t, loki.URL, "http://127.0.0.1:1", "-external-url", "http://127.0.0.1/logs", "-alertmanager-url", "none")
	v := logIn(t, dashboard.URL+"/logs/")
	var x told
	v.send(t, "POST", "notifications/channels", fmt.Sprintf(`{"name":"hook","kind":"webhook","enabled":true,"url":%q,"secret":"0123456789abcdef",
		"digest_minutes":0,"repeat_minutes":0,"per_hour":100}`, x.listen(t)))
	v.send(t, "POST", "notifications/rules", `{"name":"backend","enabled":true,"channels":[1],"on":"issues","service":["backend"]}`)
	const search = `{"name":"timeouts","enabled":true,"channels":[1],"on":"matches","query":"{job=~\".+\"} |= \"pool timeout\"","count":4,"minutes":10}`

	backend := map[string]string{"job": "e2e", "service": "backend", "env": "production", "level": "error"}
	own := map[string]string{"job": "e2e", "service": "dashboard", "level": "warn"}
	pushLines(t, loki.URL, backend, "pool timeout of 30 s", "pool timeout of 31 s", "pool timeout of 32 s")
	pushLines(t, loki.URL, own,
		`level=WARN msg="sending to hook does not work" part=tovplay-notify cause="pool timeout"`,
		`{"level":"WARN","msg":"pool timeout","part":"tovplay-notify"}`,
		`level=info component=querier query="sum (count_over_time({job=~\".+\"} != \"tovplay-notify\" |= \"pool timeout\"[10m]))"`)
	servers.Eventually(t, "the issue is told", func() bool { return len(x.of("new")) > 0 })
	first := x.of("new")[0]
	if !strings.Contains(first.Title, "pool timeout") || first.Rule != "backend" || first.URL != fmt.Sprintf("http://127.0.0.1/logs/issues/%d", first.Issue) {
		t.Errorf("got %+v", first)
	}
	v.send(t, "POST", "notifications/rules", search)
	servers.Eventually(t, "the rule has counted", func() bool { return v.ruleLines(t) > 0 })
	if got := v.ruleLines(t); got != 3 || len(x.of("matches")) != 0 {
		t.Errorf("the rule counts %d lines, want the backend's 3; told %+v", got, x.of("matches"))
	}

	v.send(t, "POST", "issues/actions", fmt.Sprintf(`{"issues":[%d],"action":"resolve"}`, first.Issue))
	pushLines(t, loki.URL, backend, "pool timeout of 33 s")
	servers.Eventually(t, "the issue is told to be back", func() bool { return len(x.of("regressed")) > 0 })
	v.send(t, "PUT", "notifications/rules/2", search) // it is looked at soon, and not when it is due
	servers.Eventually(t, "the search is told", func() bool { return len(x.of("matches")) > 0 })
	if got := x.of("matches")[0]; got.Title != "timeouts" || got.Text != "4 lines in 10 minutes, the limit is 4." {
		t.Errorf("got %+v", got)
	}
	if all := append(x.of("new"), x.of("regressed")...); len(all) != 2 {
		t.Errorf("told of %+v", all)
	}
}

// ruleLines returns what the rule on a search counted last.
func (v *visitor) ruleLines(t *testing.T) int {
	t.Helper()
	var answer struct {
		Rules []struct {
			On, Failure string
			Lines       int
		}
	}
	v.get(t, "notifications", nil, &answer)
	for _, rule := range answer.Rules {
		if rule.Failure != "" {
			t.Fatalf("Loki does not answer a rule: %s", rule.Failure)
		}
		if rule.On == "matches" {
			return rule.Lines
		}
	}
	return 0
}
