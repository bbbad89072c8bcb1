package server

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/alerts"
	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/secret"
	"github.com/tovtech/tovplay-logging/internal/state"
)

const webhookToken = "token-of-an-alertmanager"

// alertFixture is a server that keeps alerts. Its Alertmanager and its Prometheus
// are away.
type alertFixture struct{ *issueFixture }

func newAlertFixture(t *testing.T) *alertFixture {
	t.Helper()
	f := &alertFixture{newIssueFixture(t)}
	clock := func() time.Time { return f.now }
	db, err := state.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	client, err := alerts.NewClient("http://127.0.0.1:1", clock)
	if err != nil {
		t.Fatal(err)
	}
	graphs, err := alerts.NewGrapher(alerts.GraphConfig{PrometheusURL: "http://127.0.0.1:1", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	f.server.config.Alerts = alerts.NewPoller(alerts.PollConfig{
		Client: client, Store: alerts.NewStore(db, clock), Every: alerts.PollEvery, Log: slog.New(slog.DiscardHandler), Now: clock,
	})
	f.server.config.AlertGraphs, f.server.config.AlertmanagerToken = graphs, secret.New(webhookToken)
	return f
}

// notify sends a notification as Alertmanager does.
func (f *alertFixture) notify(body string) *httptest.ResponseRecorder {
	f.t.Helper()
	return f.do(http.MethodPost, "/api/v1/alertmanager", body, "Authorization", "Bearer "+webhookToken, "Content-Type", "application/json")
}

// alertOf is an alert of the service backend in production, since some minutes ago.
func (f *alertFixture) alertOf(name, status string, minutes int, annotations string) string {
	return fmt.Sprintf(`{"status":%q,"labels":{"alertname":%q,"severity":"critical","service":"backend","env":"production"},"annotations":%s,"startsAt":%q,"endsAt":%q,"generatorURL":"javascript:alert(1)","fingerprint":"%x"}`,
		status, name, annotations, f.now.Add(-time.Duration(minutes)*time.Minute).Format(time.RFC3339), f.now.Format(time.RFC3339), name)
}

func notification(alerts ...string) string {
	return `{"version":"4","receiver":"dashboard","alerts":[` + strings.Join(alerts, ",") + `],"notification_reason":"new"}`
}

func TestNotificationsNeedTheToken(t *testing.T) {
	f := newAlertFixture(t)
	body := notification(f.alertOf("Down", "firing", 5, `{}`))
	for _, token := range []string{"", "Bearer ", "Bearer wrong", "Bearer " + deployToken, "Basic " + webhookToken, webhookToken} {
		f.into(f.do(http.MethodPost, "/api/v1/alertmanager", body, "Authorization", token), 401, nil)
	}
	var taken takenBody
	f.into(f.notify(body), 200, &taken)
	if taken.Opened != 1 {
		t.Errorf("got %+v", taken)
	}
	f.into(f.notify(body), 200, &taken)
	if taken.Opened != 0 {
		t.Errorf("again: %+v", taken)
	}
	f.server.config.AlertmanagerToken = secret.String{}
	f.into(f.do(http.MethodPost, "/api/v1/alertmanager", body, "Authorization", "Bearer "), 403, nil)
}

func TestOnlyWhatMayPassLaterIsSentAgain(t *testing.T) {
	f := newAlertFixture(t)
	good := f.alertOf("Down", "firing", 5, `{}`)
	for _, test := range []struct {
		what, body, message string
		status              int
	}{
		{"no JSON", "{", "notification", 400},
		{"no notification", "{}", "alerts", 400},
		{"an alert that is none", notification(`{}`, good), "", 200},
		{"almost 2 MiB", notification(f.alertOf("Large", "firing", 5, `{"x":"`+strings.Repeat("x", 2<<20-1000)+`"}`)), "", 200},
		{"more than 2 MiB", notification(f.alertOf("Larger", "firing", 5, `{"x":"`+strings.Repeat("x", 2<<20)+`"}`)), "max_alerts", 413},
	} {
		answer := f.notify(test.body)
		if answer.Code != test.status || !strings.Contains(answer.Body.String(), test.message) {
			t.Errorf("%s: got %d %.200s", test.what, answer.Code, answer.Body)
		}
	}
	db, err := state.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	db.Close() // as if the disk was gone
	f.server.config.Alerts.Store = alerts.NewStore(db, time.Now)
	if answer := f.notify(notification(good)); answer.Code != 503 || !strings.Contains(answer.Body.String(), "send it again") {
		t.Errorf("a store that fails: %d %s", answer.Code, answer.Body)
	}
}

func TestOtherBodiesKeepTheirBound(t *testing.T) {
	f := newAlertFixture(t)
	answer := f.do(http.MethodPost, "/api/v1/alerts/silences", `{"reason":"`+strings.Repeat("x", bodyMax)+`"}`, "Content-Type", "application/json")
	if answer.Code != 413 {
		t.Errorf("got %d %.100s", answer.Code, answer.Body)
	}
}

func TestFiringAlertsAreListedWithWhatIsNotKnown(t *testing.T) {
	f := newAlertFixture(t)
	f.into(f.notify(notification(
		f.alertOf("Down", "firing", 5, `{"summary":"backend <b>does not</b> answer"}`), f.alertOf("Gone", "resolved", 10, `{}`), f.alertOf("Watchdog", "firing", 60, `{}`),
	)), 200, nil)
	var body alertsBody
	f.into(f.get("/api/v1/alerts"), 200, &body)
	if body.Total != 1 || len(body.Firing) != 1 || body.Firing[0].Name != "Down" || body.Firing[0].Summary != "backend <b>does not</b> answer" || *body.Firing[0].Start != "2026-03-01T12:25:00Z" || body.Firing[0].End != nil {
		t.Errorf("got %+v", body)
	}
	// Nobody has looked at Alertmanager yet.
	if body.Watchdog.State != "unknown" || !body.Alertmanager.Configured || body.Alertmanager.LookedAt != nil {
		t.Errorf("got %+v", body)
	}
	f.server.config.Alerts.Refresh(t.Context())
	f.into(f.get("/api/v1/alerts?env=staging"), 200, &body)
	if body.Total != 0 || len(body.Firing) != 0 || !strings.Contains(body.Alertmanager.Failure, "does not answer") || body.Alertmanager.Since == nil {
		t.Errorf("of staging, after a look: %+v", body)
	}
	if answer := f.get("/api/v1/alerts?env=!staging"); answer.Code != 400 {
		t.Errorf("an exclusion: %d", answer.Code)
	}
}

func TestTheTimelineHasEpisodesByName(t *testing.T) {
	f := newAlertFixture(t)
	for minutes := 40; minutes >= 10; minutes -= 10 {
		f.into(f.notify(notification(f.alertOf("Flaps", "resolved", minutes, `{}`))), 200, nil)
	}
	var body timelineBody
	f.into(f.get("/api/v1/alerts/timeline"), 200, &body)
	if len(body.Rows) != 1 || body.Rows[0].Flaps != 4 || len(body.Rows[0].Episodes) != 4 || *body.Rows[0].RecoveryMS != 25*60*1000 {
		t.Errorf("got %+v", body)
	}
	if len(body.Gaps) != 1 || body.Gaps[0] != (spanBody{"2026-03-01T11:30:00Z", "2026-03-01T12:27:00Z"}) {
		t.Errorf("nobody looked: %+v", body.Gaps)
	}
	f.into(f.get("/api/v1/alerts/timeline?start=now-2d&end=now-1d"), 200, &body)
	if len(body.Rows) != 0 {
		t.Errorf("the day before: %+v", body.Rows)
	}
}

func TestAnEpisodeHasItsWordsLinksAndIssues(t *testing.T) {
	f := newAlertFixture(t)
	f.happen(f.now.Add(-7*time.Minute), "backend", "ERROR pool timeout while waiting", nil)
	f.happen(f.now.Add(-7*time.Minute), "nginx", "ERROR upstream timed out", nil)
	f.happen(f.now.Add(-3*time.Hour), "backend", "ERROR long ago", nil)
	f.happen(f.now.Add(-29*time.Minute), "backend", "ERROR in the same hour", nil)
	f.now = f.now.Add(-2 * time.Minute) // the alert is over before the hour is
	for _, minutes := range []int{-25, 1} {
		f.happen(f.now.Add(time.Duration(minutes)*time.Minute), "backend", "ERROR before and after", nil)
	}
	for _, minutes := range []int{-25, -1, 1} {
		f.happen(f.now.Add(time.Duration(minutes)*time.Minute), "backend", "ERROR before, after and meanwhile: disk", nil)
	}
	f.into(f.notify(notification(f.alertOf("Down", "resolved", 3,
		`{"summary":"s","description":"d","runbook_url":"https://example.org/Down","dashboard":"javascript:alert(1)"}`))), 200, nil)
	var body alertBody
	f.into(f.get("/api/v1/alerts/1"), 200, &body)
	if body.Name != "Down" || body.Description != "d" || body.Labels["service"] != "backend" || body.Receiver != "dashboard" || body.Polled {
		t.Errorf("got %+v", body)
	}
	if extra, _ := json.Marshal(body.Extra); string(extra) != `{"notification_reason":"new"}` {
		t.Errorf("extra is %s", extra)
	}
	if body.Links != (linksBody{Runbook: "https://example.org/Down"}) {
		t.Errorf("links are %+v", body.Links)
	}
	var titles []string
	for _, one := range body.Issues {
		titles = append(titles, one.Title)
	}
	slices.Sort(titles)
	if got := strings.Join(titles, ", "); got != "before, after and meanwhile: disk, pool timeout while waiting" || !body.IssuesKnown {
		t.Errorf("issues are %s", got)
	}
	for path, status := range map[string]int{"/api/v1/alerts/2": 404, "/api/v1/alerts/x": 400, "/api/v1/alerts/0": 400, "/api/v1/alerts/2/series": 404} {
		f.into(f.get(path), status, nil)
	}
	f.server.config.Issues = nil
	f.into(f.get("/api/v1/alerts/1"), 200, &body)
	if body.IssuesKnown || len(body.Issues) != 0 {
		t.Errorf("without issues: %+v", body)
	}
}

// countingReader counts the questions to a store.
type countingReader struct {
	issues.Reader
	asked atomic.Int32
}

func (r *countingReader) Totals(ctx context.Context, span issues.Span, filter issues.Filter) ([]issues.Total, error) {
	r.asked.Add(1)
	return r.Reader.Totals(ctx, span, filter)
}

func (r *countingReader) Series(ctx context.Context, q issues.SeriesQuery) (map[issues.Key][]int64, error) {
	r.asked.Add(1)
	return r.Reader.Series(ctx, q)
}

func (r *countingReader) Events(ctx context.Context, q issues.EventQuery) ([]issues.Event, error) {
	r.asked.Add(1)
	return r.Reader.Events(ctx, q)
}

func TestManyViewersOfAnAlertCostNoMoreThanOne(t *testing.T) {
	f := newAlertFixture(t)
	var upstream atomic.Int32
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		upstream.Add(1)
		http.Error(w, "starting", http.StatusServiceUnavailable)
	}))
	t.Cleanup(away.Close)
	clock := func() time.Time { return f.now }
	client, err := alerts.NewClient(away.URL, clock)
	if err != nil {
		t.Fatal(err)
	}
	graphs, err := alerts.NewGrapher(alerts.GraphConfig{PrometheusURL: away.URL, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	f.server.config.Alerts.Client, f.server.config.AlertGraphs = client, graphs
	for _, word := range []string{"one", "two", "three"} { // before and after, in the same hours
		f.happen(f.now.Add(-25*time.Minute), "backend", "ERROR pool "+word, nil)
		f.happen(f.now.Add(-time.Minute), "backend", "ERROR pool "+word, nil)
	}
	f.into(f.notify(notification(strings.Replace(f.alertOf("Down", "resolved", 3, `{}`), f.now.Format(time.RFC3339), f.now.Add(-2*time.Minute).Format(time.RFC3339), 1))), 200, nil)
	reader := &countingReader{Reader: f.store}
	f.tracker.Events = reader
	view := func() {
		var viewers sync.WaitGroup
		for range 5 {
			viewers.Go(func() {
				for _, path := range []string{"/api/v1/alerts/1", "/api/v1/alerts/1/series", "/api/v1/alerts/silences"} {
					f.get(path)
				}
			})
		}
		viewers.Wait()
	}
	view()
	once := upstream.Load()
	if got := reader.asked.Load(); got != 2 {
		t.Errorf("the store was asked %d times, want once for the list and once for what happened", got)
	}
	if once < 2 || once > 4 { // Prometheus' client asks in another way when it is refused
		t.Errorf("Prometheus and Alertmanager were asked %d times", once)
	}
	f.now = f.now.Add(alertFresh)
	view()
	if reader.asked.Load() != 4 || upstream.Load() != 2*once {
		t.Errorf("later: %d and %d questions", reader.asked.Load(), upstream.Load())
	}
}

func TestServersThatAreAwayAreNamed(t *testing.T) {
	f := newAlertFixture(t)
	f.into(f.notify(notification(f.alertOf("Down", "firing", 5, `{}`))), 200, nil)
	const silence = `{"episode":1,"scope":"alert","for_ms":3600000,"reason":"being repaired"}`
	for _, answer := range []*httptest.ResponseRecorder{
		f.get("/api/v1/alerts/1/series"), f.get("/api/v1/alerts/silences"),
		f.do(http.MethodPost, "/api/v1/alerts/silences", silence, "Content-Type", "application/json"),
		f.do(http.MethodDelete, "/api/v1/alerts/silences/x", "", "Content-Type", "application/json"),
	} {
		if e := errorOf(t, answer); answer.Code != 502 || !strings.Contains(e.Message, "does not answer") || e.Source != "alertmanager" && e.Source != "prometheus" {
			t.Errorf("got %d %+v", answer.Code, e)
		}
	}
	f.server.config.Alerts.Client = nil
	if e := errorOf(t, f.get("/api/v1/alerts/silences")); !strings.Contains(e.Message, "ALERTMANAGER_URL") {
		t.Errorf("without an address: %+v", e)
	}
}

func TestSilencesNeedAReasonATimeAndTheirOwnPage(t *testing.T) {
	f := newAlertFixture(t)
	f.into(f.notify(notification(f.alertOf("Down", "firing", 5, `{}`))), 200, nil)
	post := func(body string, header ...string) *httptest.ResponseRecorder {
		return f.do(http.MethodPost, "/api/v1/alerts/silences", body, append([]string{"Content-Type", "application/json"}, header...)...)
	}
	for body, want := range map[string]string{
		`{"episode":1,"scope":"alert","for_ms":3600000,"reason":" "}`:                     "say why",
		`{"episode":1,"scope":"alert","for_ms":1,"reason":"x"}`:                           "a minute",
		`{"episode":1,"scope":"alert","for_ms":9223372036854775807,"reason":"x"}`:         "30 days",
		`{"episode":1,"scope":"everything","for_ms":3600000,"reason":"x"}`:                "scope",
		`{"episode":7,"scope":"alert","for_ms":3600000,"reason":"x"}`:                     "no such episode",
		`{"episode":1,"scope":"alert","for_ms":3600000,"reason":"x","createdBy":"other"}`: "the body is not",
		`{"episode":1,"scope":"alert","for_ms":3600000,"reason":"x"} {}`:                  "the body is not",
		`{"episode":1,"scope":"alert","for_ms":3600000,"reason":"x"}}`:                    "the body is not",
	} {
		if answer := post(body); answer.Code != 400 && answer.Code != 404 || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s: got %d %s", body, answer.Code, answer.Body)
		}
	}
	f.into(post(`{}`, "Origin", "https://evil.example.org"), 403, nil)
	f.into(f.do(http.MethodDelete, "/api/v1/alerts/silences/x", "", "Content-Type", "application/json", "Origin", "https://evil.example.org"), 403, nil)
}

func TestViewersSeeSilencesAndChangeNone(t *testing.T) {
	f := newAlertFixture(t)
	f.loginAs("guest", auth.RoleViewer)
	for route, want := range map[string]int{"GET": 502, "POST": 403, "DELETE /x": 403} { // Alertmanager is away
		method, path, _ := strings.Cut(route, " ")
		if answer := f.do(method, "/api/v1/alerts/silences"+path, "{}", "Content-Type", "application/json"); answer.Code != want {
			t.Errorf("%s: got %d %s, want %d", route, answer.Code, answer.Body, want)
		}
	}
}

func TestWithoutAlertsTheRestWorks(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	f.login()
	for target, want := range map[string]int{"/api/v1/alerts": 503, "/api/v1/alerts/1": 503, "/api/v1/logs": 200} {
		if got := f.get(target).Code; got != want {
			t.Errorf("%s: got %d, want %d", target, got, want)
		}
	}
}
