package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/secret"
	"github.com/tovtech/tovplay-logging/internal/state"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
	"github.com/tovtech/tovplay-logging/pipeline/level"
)

const deployToken = "token-of-a-test-0123"

// issueFixture is a server with real issues.
type issueFixture struct {
	*fixture
	tracker *life.Tracker
	store   *sqlite.Store
	group   *grouping.Grouper
	now     time.Time
}

// newIssueFixture makes it, logged in.
func newIssueFixture(t *testing.T) *issueFixture {
	t.Helper()
	f := &issueFixture{group: grouping.New(grouping.Rules{}), now: time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)}
	clock := func() time.Time { return f.now }
	db, err := state.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if f.store, err = sqlite.Open(t.Context(), t.TempDir(), issues.Retention{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.store.Close() })
	if f.tracker, err = life.Open(t.Context(), life.Config{DB: db, Events: f.store, Grouper: f.group, Limits: life.DefaultLimits(), Now: clock}); err != nil {
		t.Fatal(err)
	}
	f.fixture = newFixture(t, emptyLoki, func(c *Config) {
		c.Issues, c.DeployToken, c.Now = f.tracker, secret.New(deployToken), clock
	})
	f.login()
	return f
}

// happen makes an event of a line at a time, as the indexer does.
func (f *issueFixture) happen(at time.Time, service, line string, tags map[string]string) {
	f.t.Helper()
	var result grouping.Result
	f.group.Group(grouping.Event{Text: []byte(line), Level: level.Error, Service: service}, &result)
	seen := life.Seen{
		Event: &issues.Event{
			ID: issues.NewID(service, at.UnixNano(), "", line), Time: at.UnixNano(), Key: result.Key, Stream: service, Env: "production", Service: service,
			Level: "error", Type: string(result.Type), Message: string(result.Message), Culprit: result.Culprit(), Text: line, Tags: tags,
		},
		Line: line, Labels: map[string]string{"service": service},
	}
	if err := f.tracker.Take(context.Background(), []life.Seen{seen}); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.store.Insert(context.Background(), []issues.Event{*seen.Event}); err != nil {
		f.t.Fatal(err)
	}
}

// twoIssues makes issue 1 of three events in the backend, and issue 2 of one.
func (f *issueFixture) twoIssues() {
	f.t.Helper()
	for i := range 3 {
		f.happen(f.now.Add(time.Duration(i-10)*time.Minute), "backend", "pool timeout", map[string]string{"host": fmt.Sprintf("web%d", i%2)})
	}
	f.happen(f.now.Add(-5*time.Hour), "worker", "disk is full", nil)
}

// into decodes an answer that has to have a status.
func (f *issueFixture) into(answer *httptest.ResponseRecorder, status int, body any) {
	f.t.Helper()
	if answer.Code != status {
		f.t.Fatalf("got %d, want %d: %s", answer.Code, status, answer.Body)
	}
	if body == nil {
		return
	}
	if err := json.Unmarshal(answer.Body.Bytes(), body); err != nil {
		f.t.Fatalf("%v: %s", err, answer.Body)
	}
}

// list returns the numbers of a list, and its total.
func (f *issueFixture) list(query string) ([]int64, int) {
	f.t.Helper()
	var body issuesBody
	f.into(f.get("/api/v1/issues?"+query), 200, &body)
	ids := []int64{}
	for _, i := range body.Issues {
		ids = append(ids, i.ID)
	}
	return ids, body.Total
}

func (f *issueFixture) act(body string) *httptest.ResponseRecorder {
	f.t.Helper()
	return f.do(http.MethodPost, "/api/v1/issues/actions", body, "Content-Type", "application/json")
}

func TestIssuesAreListedByFilterOrderAndPage(t *testing.T) {
	f := newIssueFixture(t)
	f.twoIssues()
	f.into(f.act(`{"issues":[2],"action":"assign","assignee":"alice"}`), 204, nil)
	for query, want := range map[string]string{
		"": "[1 2] 2", "sort=first": "[1 2] 2", "sort=events": "[1 2] 2", "limit=1": "[1] 2", "limit=1&offset=1": "[2] 2", "offset=9": "[] 2",
		"service=worker": "[2] 1", "service=worker&service=backend": "[1 2] 2", "env=staging": "[] 0", "level=error": "[1 2] 2", "level=fatal": "[] 0",
		"state=new": "[1 2] 2", "state=resolved": "[] 0", "assignee=alice": "[2] 1", "assignee=": "[1] 1", "assignee=&assignee=alice": "[1 2] 2",
		"service=!worker": "[1] 1", "level=!error": "[] 0", "env=production&service=!backend": "[2] 1",
		"q=disk": "[2] 1", "q=time+poo": "[1] 1", "q=nothing": "[] 0", "start=now-1h": "[1] 1",
	} {
		ids, total := f.list(query)
		if got := fmt.Sprint(ids, total); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

func TestIssuesAreSelectedByTagsFunctionsAndDeploys(t *testing.T) {
	f := newIssueFixture(t)
	f.twoIssues()
	if _, err := f.tracker.AddDeploy(t.Context(), life.Deploy{Version: "2b7f1e", Service: "backend", At: f.now.Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	f.happen(f.now.Add(-time.Minute), "backend", "failed\nTraceback (most recent call last):\n  File \"/app/shop.py\", line 3, in pay\nValueError: no", map[string]string{"host": "web1", "user": "ada=b", "endpoint": "/api/games/12"})
	for query, want := range map[string]string{
		"tag=host=web0": "[1] 1", "tag=host=web1": "[1 3] 2", "host=web1": "[1 3] 2", "host=!web0": "[2 3] 2", "container=c": "[] 0",
		"tag=host=web1&tag=user=ada%3Db": "[3] 1", "tag=user!=ada%3Db": "[1 2] 2", "tag=host=web0&tag=host=web1": "[1 3] 2",
		"tag=host=web1&q=pool": "[1] 1", "tag=endpoint=/api/games/34": "[3] 1", "tag=endpoint=/api/games/<num>": "[3] 1", "frame=pay": "[3] 1", "frame=!pay": "[1 2] 2", "frame=pay&frame=other": "[] 0",
		"deploy=2b7f1e": "[1 3] 2", "deploy=!2b7f1e": "[2] 1", "deploy=other": "[] 0", "deploy=other&deploy=2b7f1e&service=backend": "[1 3] 2",
	} {
		ids, total := f.list("sort=events&" + query)
		slices.Sort(ids)
		if got := fmt.Sprint(ids, total); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

func TestSparklinesShowADayWhateverTheRange(t *testing.T) {
	f := newIssueFixture(t)
	f.twoIssues()
	f.happen(f.now.Add(-20*time.Hour), "backend", "pool timeout", nil)
	var body issuesBody
	f.into(f.get("/api/v1/issues?start=now-1h"), 200, &body)
	if len(body.Issues) != 1 || body.Issues[0].Events != 3 {
		t.Fatalf("got %+v", body.Issues)
	}
	series := body.Issues[0].Series
	if body.SeriesStart != "2026-02-28T12:00:00Z" || body.StepMS != 3600_000 || len(series) != 25 || series[4] != 1 || series[24] != 3 {
		t.Errorf("from %s by %d ms: %d", body.SeriesStart, body.StepMS, series)
	}
}

func TestAListSaysWhatIsNewAndBackSinceTheDeploy(t *testing.T) {
	f := newIssueFixture(t)
	f.twoIssues()
	summary := func(query string) summaryBody {
		var body issuesBody
		f.into(f.get("/api/v1/issues?"+query), 200, &body)
		return body.Summary
	}
	if got := summary("start=now-1h"); got.New != 1 || got.Back != 0 || got.Deploy != nil || got.Since != "2026-03-01T11:30:00Z" || got.States[life.New] != 1 {
		t.Errorf("without a deploy: %+v", got)
	}
	f.into(f.act(`{"issues":[2],"action":"snooze","snooze":{"events":1000}}`), 204, nil)
	if got := summary(""); got.New != 1 || got.States[life.Snoozed] != 1 {
		t.Errorf("one of two snoozed: %+v", got)
	}
	f.into(f.act(`{"issues":[2],"action":"resolve"}`), 204, nil)
	f.now = f.now.Add(time.Hour)
	deployed := life.Deploy{Version: "2b7f1e", Env: "production", At: f.now.Add(-time.Minute)}
	if _, err := f.tracker.AddDeploy(t.Context(), deployed); err != nil {
		t.Fatal(err)
	}
	f.happen(f.now, "worker", "disk is full", nil)
	f.happen(f.now, "worker", "no route to host", nil)
	f.now = f.now.Add(time.Minute)
	got := summary("state=resolved")
	if got.New != 1 || got.Back != 1 || got.Deploy == nil || got.Deploy.Version != "2b7f1e" || got.Since != "2026-03-01T13:29:00Z" {
		t.Errorf("after the deploy: %+v", got)
	}
	if want := "map[new:2 regressed:1]"; fmt.Sprint(got.States) != want {
		t.Errorf("states, whatever is listed: got %v, want %s", got.States, want)
	}
	if _, err := f.tracker.AddDeploy(t.Context(), life.Deploy{Version: "3c8a2f", At: f.now}); err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(time.Minute)
	if got := summary(""); got.New != 0 || got.Back != 0 || got.Deploy.Version != "3c8a2f" {
		t.Errorf("after another deploy: %+v", got)
	}
	f.now = f.now.Add(-time.Minute)
	if got := summary("env=staging"); got.Deploy != nil || got.New != 0 {
		t.Errorf("of another environment: %+v", got)
	}
	var detail issueDetailBody
	f.into(f.get("/api/v1/issues/2"), 200, &detail)
	if detail.State != life.Regressed || detail.Deploy == nil || detail.Deploy.Version != "2b7f1e" {
		t.Errorf("what came back after the deploy: %+v", detail)
	}
}

func TestUsersAreCountedByIssue(t *testing.T) {
	f := newIssueFixture(t)
	for i, user := range []string{"ada", "bob", "ada"} {
		f.happen(f.now.Add(time.Duration(i-10)*time.Minute), "backend", "pool timeout", map[string]string{"user": user})
	}
	f.happen(f.now.Add(-time.Minute), "backend", "too slow", map[string]string{"user": "cleo"})
	f.happen(f.now.Add(-time.Minute), "worker", "disk is full", nil)
	count := func(query string) string {
		var body issueUsersBody
		f.into(f.get("/api/v1/issues/users?"+query), 200, &body)
		return fmt.Sprint(body.Issues)
	}
	if got, want := count("issue=3&issue=1"), "[{3 0 false} {1 2 false}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := count("issue=1&env=staging"), "[{1 0 false}]"; got != want {
		t.Errorf("of another environment: got %s, want %s", got, want)
	}
	f.into(f.act(`{"issues":[2],"action":"merge","into":1}`), 204, nil)
	if got, want := count("issue=1"), "[{1 3 false}]"; got != want {
		t.Errorf("after a merge: got %s, want %s", got, want)
	}
}

func TestUsersAreListedForAssigning(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	if err := f.server.config.Users.Add(t.Context(), "Ada", auth.RoleViewer, secret.New(password)); err != nil {
		t.Fatal(err)
	}
	if answer := f.get("/api/v1/users"); answer.Code != 401 {
		t.Errorf("without a session: got %d, want 401", answer.Code)
	}
	f.login()
	if got, want := strings.TrimSpace(f.get("/api/v1/users").Body.String()), `{"names":["Ada","admin"]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnIssueHasItsEventsTagsAndHistory(t *testing.T) {
	f := newIssueFixture(t)
	f.twoIssues()
	var detail issueDetailBody
	f.into(f.get("/api/v1/issues/1"), 200, &detail)
	if detail.Title != "pool timeout" || detail.State != life.New || len(detail.Groups) != 1 || len(detail.Evidence) == 0 || string(detail.Explanation) == "null" {
		t.Errorf("got %+v", detail)
	}
	var occurrences occurrencesBody
	f.into(f.get("/api/v1/issues/1/occurrences?start=now-1h&step=30m"), 200, &occurrences)
	if fmt.Sprint(occurrences.Counts) != "[0 3]" && fmt.Sprint(occurrences.Counts) != "[0 3 0]" || occurrences.Total != 3 || occurrences.Start != "2026-03-01T11:30:00Z" {
		t.Errorf("got %+v", occurrences)
	}
	tags := map[string][]valueBody{}
	for _, tag := range occurrences.Tags {
		tags[tag.Name] = tag.Values
	}
	if got := fmt.Sprint(tags["host"], tags["service"]); got != "[{web0 2} {web1 1}] [{backend 3}]" {
		t.Errorf("tags: %s", got)
	}
	var history historyBody
	f.into(f.get("/api/v1/issues/1/history"), 200, &history)
	if len(history.Changes) != 1 || history.Changes[0].Kind != life.KindCreated || history.NextBefore != 0 {
		t.Errorf("history: %+v", history)
	}
}

func TestPagesOfEventsGiveEachEventOnce(t *testing.T) {
	f := newIssueFixture(t)
	for i := range 7 {
		f.happen(f.now.Add(time.Duration(-i/3)*time.Minute), "backend", fmt.Sprintf("timeout after %d s", i), nil)
	}
	texts, cursor := map[string]bool{}, ""
	for range 10 {
		var body issueEventsBody
		f.into(f.get("/api/v1/issues/1/events?limit=2&end=now%2B1h&cursor="+cursor), 200, &body)
		for _, e := range body.Events {
			if texts[e.Text] {
				t.Errorf("%q comes twice", e.Text)
			}
			texts[e.Text] = true
		}
		if cursor = body.NextCursor; cursor == "" {
			break
		}
	}
	if len(texts) != 7 {
		t.Errorf("got %d events, want 7: %v", len(texts), texts)
	}
}

func TestEventsAreReadInBothDirectionsFromAnEvent(t *testing.T) {
	f := newIssueFixture(t)
	for i := range 3 {
		f.happen(f.now.Add(time.Duration(i-3)*time.Minute), "backend", fmt.Sprintf("timeout after %d s", i), nil)
	}
	var detail issueDetailBody
	f.into(f.get("/api/v1/issues/1"), 200, &detail)
	one := func(query string) eventBody {
		var body issueEventsBody
		f.into(f.get("/api/v1/issues/1/events?limit=1&"+query), 200, &body)
		if len(body.Events) != 1 {
			t.Fatalf("%s gives %d events, want 1", query, len(body.Events))
		}
		return body.Events[0]
	}
	cursor := func(e eventBody) string { return "cursor=" + e.TS + "-" + e.ID }
	newest := one("")
	if detail.Newest == nil || detail.Newest.TS != newest.TS || detail.Newest.ID != newest.ID {
		t.Errorf("the issue says that %+v is the newest, want %s-%s", detail.Newest, newest.TS, newest.ID)
	}
	middle := one(cursor(newest))
	if oldest := one(cursor(middle)); !strings.Contains(oldest.Text, "after 0 s") {
		t.Errorf("the oldest is %q", oldest.Text)
	}
	if next := one("direction=forward&" + cursor(middle)); next.ID != newest.ID {
		t.Errorf("after %q comes %q, want the newest", middle.Text, next.Text)
	}
}

func TestActionsAreDoneWithAllIssuesOrNone(t *testing.T) {
	f := newIssueFixture(t)
	f.twoIssues()
	f.into(f.act(`{"issues":[1,99],"action":"resolve"}`), 404, nil)
	if ids, _ := f.list("state=resolved"); len(ids) != 0 {
		t.Errorf("%v are resolved though 99 does not exist", ids)
	}
	f.into(f.act(`{"issues":[1,2],"action":"resolve"}`), 204, nil)
	if ids, _ := f.list("state=resolved"); len(ids) != 2 {
		t.Errorf("resolved: %v", ids)
	}
	f.into(f.act(`{"issues":[2],"action":"snooze","snooze":{"events":5}}`), 204, nil)
	var detail issueDetailBody
	f.into(f.get("/api/v1/issues/2"), 200, &detail)
	if detail.Snooze == nil || detail.Snooze.Events != 5 {
		t.Errorf("snooze: %+v", detail.Snooze)
	}
	f.into(f.act(`{"issues":[2],"action":"merge","into":1}`), 204, nil)
	f.into(f.get("/api/v1/issues/2"), 200, &detail)
	if detail.ID != 1 || len(detail.Groups) != 2 {
		t.Fatalf("after the merge issue 2 is %d with %d groups", detail.ID, len(detail.Groups))
	}
	f.into(f.act(fmt.Sprintf(`{"issues":[1],"action":"unmerge","hashes":[%q]}`, detail.Groups[1].Hash)), 204, nil)
	if ids, _ := f.list(""); len(ids) != 2 {
		t.Errorf("after the unmerge there are %v", ids)
	}
	var history historyBody
	f.into(f.get("/api/v1/issues/1/history?limit=1"), 200, &history)
	if len(history.Changes) != 1 || history.Changes[0].Actor != "admin" || history.NextBefore == 0 {
		t.Errorf("history: %+v", history)
	}
}

func TestActionsOfAnotherSiteAreRefused(t *testing.T) {
	f := newIssueFixture(t)
	f.twoIssues()
	answer := f.do(http.MethodPost, "/api/v1/issues/actions", `{"issues":[1],"action":"resolve"}`, "Content-Type", "application/json", "Sec-Fetch-Site", "cross-site")
	f.into(answer, 403, nil)
	answer = f.do(http.MethodPost, "/api/v1/issues/actions", `{"issues":[1],"action":"resolve"}`, "Content-Type", "text/plain")
	f.into(answer, 400, nil)
}

func TestExportsAreLinesOfJSON(t *testing.T) {
	f := newIssueFixture(t)
	f.twoIssues()
	for i := range eventsMax + 3 {
		f.happen(f.now.Add(-time.Hour+time.Duration(i)*time.Millisecond), "worker", "disk is full", nil)
	}
	live := httptest.NewServer(f.handler)
	defer live.Close()
	for target, want := range map[string]int{
		"/api/v1/issues/export?limit=1": 2, "/api/v1/issues/export?service=worker": 1, "/api/v1/issues/2/export": eventsMax + 4, "/api/v1/issues/2/export?start=now-1s": 0,
	} {
		answer := f.ask(live.URL + target)
		lines := 0
		for scan := bufio.NewScanner(answer.Body); scan.Scan(); {
			line := scan.Text()
			var body map[string]any
			if err := json.Unmarshal([]byte(line), &body); err != nil || body["id"] == nil {
				t.Fatalf("%s: line %d: %v: %s", target, lines, err, line)
			}
			lines++
		}
		answer.Body.Close()
		if lines != want {
			t.Errorf("%s has %d lines, want %d", target, lines, want)
		}
	}
}

func TestWrongRequestsForIssuesSayWhatToChange(t *testing.T) {
	f := newIssueFixture(t)
	f.twoIssues()
	for target, want := range map[string]string{
		"/api/v1/issues?state=gone": "states are", "/api/v1/issues?sort=size": "last, first and events", "/api/v1/issues?tag=user": "not a name and a value", "/api/v1/issues?tag=env%3Da": "parameter of its own", "/api/v1/issues?tag=%3Da": "not a name",
		"/api/v1/issues?limit=9999": "500", "/api/v1/issues?offset=-1": "offset", "/api/v1/issues?start=soon": "not a time",
		"/api/v1/issues?q=" + strings.Repeat("x", textMax+1): "at most", "/api/v1/issues/x": "not the number", "/api/v1/issues/0/events": "not the number",
		"/api/v1/issues/users": "1 to 100", "/api/v1/issues/users?issue=x": "not the number",
		"/api/v1/issues/1/events?cursor=1": "next_cursor", "/api/v1/issues/1/events?direction=up": "neither backward", "/api/v1/issues/1/history?before=x": "before", "/api/v1/issues/stream?cursor=x": "cursor",
	} {
		answer := f.get(target)
		if answer.Code != 400 || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%.60s: got %d, %s", target, answer.Code, answer.Body)
		}
	}
	f.into(f.get("/api/v1/issues?q="+strings.Repeat("א", textMax)), 200, nil)
	f.into(f.get("/api/v1/issues/99"), 404, nil)
	for body, want := range map[string]string{
		`{"issues":[],"action":"resolve"}`: "1 to 1000", `{"issues":[1],"action":"sing"}`: "no action", `{"issues":[1],"action":"snooze"}`: "needs a time",
		`{"issues":[1],"action":"merge","into":1}`: "itself", `{"issues":1}`: "the body is not", `{"issues":[1],"do":"it"}`: "the body is not",
	} {
		answer := f.act(body)
		if answer.Code != 400 || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s: got %d, %s", body, answer.Code, answer.Body)
		}
	}
}

func TestDeploysNeedTheToken(t *testing.T) {
	f := newIssueFixture(t)
	post := func(token, body string) *httptest.ResponseRecorder {
		return f.do(http.MethodPost, "/api/v1/deploys", body, "Authorization", token)
	}
	const deploy = `{"version":"2b7f1e","service":"backend","env":"production"}`
	for _, token := range []string{"", "Bearer ", "Bearer wrong", "Basic " + deployToken} {
		f.into(post(token, deploy), 401, nil)
	}
	f.into(post("Bearer "+deployToken, `{"service":"backend"}`), 400, nil)
	f.into(post("Bearer "+deployToken, deploy), 201, nil)
	f.into(post("Bearer "+deployToken, deploy), 201, nil)
	var body struct{ Deploys []life.Deploy }
	f.into(f.get("/api/v1/deploys?end=now%2B1h"), 200, &body)
	if len(body.Deploys) != 1 || body.Deploys[0].Version != "2b7f1e" || body.Deploys[0].Source != life.FromCI {
		t.Errorf("got %+v", body)
	}
	f.server.config.DeployToken = secret.String{}
	f.into(post("Bearer ", deploy), 403, nil)
}

func TestWithoutIssuesTheRestWorks(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	f.login()
	for target, want := range map[string]int{"/api/v1/issues": 503, "/api/v1/issues/1": 503, "/api/v1/logs": 200} {
		if got := f.get(target).Code; got != want {
			t.Errorf("%s: got %d, want %d", target, got, want)
		}
	}
}

// ask makes a request over the network, of which the answer ends within 20 s;
// the caller closes the body. header are names and values.
func (f *issueFixture) ask(address string, header ...string) *http.Response {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
	f.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	request.AddCookie(f.cookie)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != 200 {
		f.t.Fatalf("%s: %v, %v", address, answer, err)
	}
	return answer
}

// changesOf reads events of a stream until one has a change.
func changesOf(t *testing.T, stream *bufio.Reader) (id string, body struct{ Changes []changeBody }) {
	t.Helper()
	for {
		line, err := stream.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if rest, ok := strings.CutPrefix(line, "id: "); ok {
			id = strings.TrimSpace(rest)
		}
		if rest, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(rest), &body); err != nil {
				t.Fatal(err)
			}
			return id, body
		}
	}
}

func TestChangesAreStreamedAndResumedWithoutAGap(t *testing.T) {
	f := newIssueFixture(t)
	f.twoIssues() // two changes
	live := httptest.NewServer(f.handler)
	defer live.Close()
	follow := func(query string, header ...string) (*bufio.Reader, func()) {
		answer := f.ask(live.URL+"/api/v1/issues/stream"+query, header...)
		return bufio.NewReader(answer.Body), func() { answer.Body.Close() }
	}
	stream, stop := follow("")
	f.into(f.act(`{"issues":[1],"action":"resolve"}`), 204, nil)
	id, body := changesOf(t, stream)
	stop()
	if id != "3" || len(body.Changes) != 1 || body.Changes[0].Kind != life.KindResolved || body.Changes[0].Issue != 1 {
		t.Errorf("got %s %+v", id, body)
	}
	f.into(f.act(`{"issues":[1,2],"action":"comment","text":"seen"}`), 204, nil)
	for _, resumed := range [][]string{{"?cursor=3"}, {"", "Last-Event-ID", "3"}, {"?cursor=5", "Last-Event-ID", "3"}} {
		stream, stop = follow(resumed[0], resumed[1:]...)
		if id, body = changesOf(t, stream); id != "5" || len(body.Changes) != 2 || body.Changes[0].Kind != life.KindComment {
			t.Errorf("after the cut, with %q: %s %+v", resumed, id, body)
		}
		stop()
	}
	stream, stop = follow("?cursor=99") // of the database before a restore
	defer stop()
	f.into(f.act(`{"issues":[2],"action":"comment","text":"again"}`), 204, nil)
	if id, body = changesOf(t, stream); id != "6" || len(body.Changes) != 1 {
		t.Errorf("from a number that is not there yet: %s %+v", id, body)
	}
}
