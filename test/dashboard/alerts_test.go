package dashboard

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/alerts"
	"github.com/tovtech/tovplay-logging/internal/secret"
	"github.com/tovtech/tovplay-logging/internal/server"
	"github.com/tovtech/tovplay-logging/test/servers"
)

const webhookToken = "token-of-an-alertmanager"

// alertOptions say how a dashboard keeps alerts.
type alertOptions struct {
	alertmanagerURL string
	address         string        // where it listens, "" for any port
	every           time.Duration // between two looks at Alertmanager
}

// listen replaces a listener by one on the address, if there is one.
func (o *alertOptions) listen(t testing.TB, any net.Listener) net.Listener {
	t.Helper()
	if o.address == "" {
		return any
	}
	any.Close()
	l, err := net.Listen("tcp", o.address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// keep lets the server keep alerts, and returns what stops that.
func (o *alertOptions) keep(t testing.TB, db *sql.DB, prometheusURL string, config *server.Config) (stop func()) {
	t.Helper()
	client, err := alerts.NewClient(o.alertmanagerURL, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if config.AlertGraphs, err = alerts.NewGrapher(alerts.GraphConfig{PrometheusURL: prometheusURL, Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	config.Alerts = alerts.NewPoller(alerts.PollConfig{
		Client: client, Store: alerts.NewStore(db, time.Now), Every: o.every, Keep: time.Hour, Log: config.Log, Now: time.Now,
	})
	config.AlertmanagerToken = secret.New(webhookToken)
	return background(t, config.Alerts.Run)
}

// notifying is an Alertmanager that sends everything to a dashboard at once, and
// again and again.
const notifying = `
route: {receiver: dashboard, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1s}
receivers:
  - name: dashboard
    webhook_configs:
      - url: http://%s/api/v1/alertmanager
        http_config: {authorization: {credentials_file: dashboard-token}}
`

func newAlertmanager(t *testing.T, dashboard string) *servers.Process {
	t.Helper()
	return servers.Alertmanager(t, fmt.Sprintf(notifying, dashboard), map[string]string{"dashboard-token": webhookToken + "\n"})
}

// quietly is an Alertmanager that sends nothing.
const quietly = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"

// raise makes alerts fire, or end with a time in the past, as Prometheus does.
func raise(t *testing.T, alertmanagerURL, name string, start, end time.Time) {
	t.Helper()
	alert := map[string]any{
		"labels":      map[string]string{"alertname": name, "severity": "critical", "service": "backend", "env": "production"},
		"annotations": map[string]string{"summary": name + " of a test"}, "startsAt": start,
	}
	if !end.IsZero() {
		alert["endsAt"] = end
	}
	body, err := json.Marshal([]any{alert})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(alertmanagerURL+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if text := readBody(t, answer); answer.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager: %s %s", answer.Status, text)
	}
}

// firingAlert and the others are answers as a client decodes them.
type firingAlert struct {
	ID            int64
	Name, Summary string
	Start, End    *time.Time
	Inferred      bool
	Polled        bool
	Fingerprint   string
	SilencedBy    []string `json:"silenced_by"`
	Labels        map[string]string
	Links         struct{ Source string }
}

type alertList struct {
	Total        int
	Firing       []firingAlert
	Watchdog     struct{ State string }
	Alertmanager struct{ Failure string }
}

// alerts returns what fires.
func (d *dashboard) alerts() alertList {
	d.t.Helper()
	var list alertList
	d.get("alerts", nil, "AlertsResponse", &list)
	return list
}

// alert returns one episode.
func (d *dashboard) alert(id int64) firingAlert {
	d.t.Helper()
	var one firingAlert
	d.get(fmt.Sprint("alerts/", id), nil, "AlertDetail", &one)
	return one
}

// episodes writes the episodes of an alert, the oldest first: "firing",
// "resolved" or "gone", which is inferred.
func (d *dashboard) episodes(name string) string {
	d.t.Helper()
	var timeline struct {
		Rows []struct {
			Name     string
			Episodes []firingAlert
		}
	}
	d.get("alerts/timeline", nil, "AlertTimelineResponse", &timeline)
	var words []string
	for _, row := range timeline.Rows {
		for _, e := range row.Episodes {
			switch {
			case row.Name != name:
			case e.End == nil:
				words = append(words, "firing")
			case e.Inferred:
				words = append(words, "gone")
			default:
				words = append(words, "resolved")
			}
		}
	}
	return strings.Join(words, " ")
}

// become waits until an alert has these episodes.
func (d *dashboard) become(name, want string) {
	d.t.Helper()
	servers.Eventually(d.t, fmt.Sprintf("%s is %s", name, want), func() bool { return d.episodes(name) == want })
}

// send makes a request that changes something, and returns the status.
func (d *dashboard) send(method, path, body, schema string, into any) int {
	d.t.Helper()
	request, err := http.NewRequest(method, d.url+"/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := d.http.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	data := readBody(d.t, answer)
	if answer.StatusCode/100 != 2 {
		schema = "ErrorResponse"
	}
	if len(data) > 0 {
		d.check(schema, data)
		if err := json.Unmarshal(data, into); err != nil {
			d.t.Fatalf("%s: %v: %s", path, err, data)
		}
	}
	return answer.StatusCode
}

func TestEpisodesFollowTheNotificationsOfTheRealAlertmanager(t *testing.T) {
	t.Parallel()
	address := "127.0.0.1:" + servers.FreePort(t)
	alertmanager := newAlertmanager(t, address)
	o := options{lokiURL: nowhere, prometheusURL: nowhere, dataDir: t.TempDir(), alerts: &alertOptions{alertmanager.URL, address, time.Hour}}
	d := newDashboard(t, o)
	began := time.Now().Add(-time.Minute)
	raise(t, alertmanager.URL, "Down", began, time.Time{})
	d.become("Down", "firing")
	down := d.alert(d.alerts().Firing[0].ID)
	if down.Polled || down.Summary != "Down of a test" || down.Labels["env"] != "production" || down.Start.UnixMilli() != began.UnixMilli() || len(down.Fingerprint) != 16 {
		t.Errorf("got %+v", down)
	}
	sent := func() float64 {
		return metric(t, alertmanager.URL, `alertmanager_notifications_total{integration="webhook"`)
	}
	first := sent()
	servers.Eventually(t, "it is sent again", func() bool { return sent() >= first+3 })
	d.become("Down", "firing")

	d.stop()
	raise(t, alertmanager.URL, "Down", began, time.Now().Add(-time.Second))
	raise(t, alertmanager.URL, "Slow", time.Now(), time.Time{})
	failed := func() float64 {
		return metric(t, alertmanager.URL, `alertmanager_notification_requests_failed_total{integration="webhook"`)
	}
	servers.Eventually(t, "Alertmanager does not reach the dashboard", func() bool { return failed() > 0 })
	d = newDashboard(t, o)
	d.become("Down", "resolved")
	d.become("Slow", "firing")
	raise(t, alertmanager.URL, "Down", time.Now(), time.Time{})
	d.become("Down", "resolved firing")
	if n := metric(t, alertmanager.URL, `alertmanager_notifications_failed_total{integration="webhook",reason="clientError"`); n > 0 {
		t.Errorf("%v notifications were refused", n)
	}
}

// metric returns the value of the first metric of a server that begins like that.
func metric(t *testing.T, serverURL, begin string) float64 {
	t.Helper()
	answer, err := http.Get(serverURL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(readBody(t, answer))) {
		if !strings.HasPrefix(line, begin) {
			continue
		}
		var value float64
		if _, err := fmt.Sscan(line[strings.LastIndex(line, " ")+1:], &value); err != nil {
			t.Fatal(err)
		}
		return value
	}
	t.Fatalf("no metric %s", begin)
	return 0
}

func TestWhatIsNotNotifiedIsFoundInTheRealAlertmanager(t *testing.T) {
	t.Parallel()
	alertmanager := servers.Alertmanager(t, quietly, nil)
	d := newDashboard(t, options{lokiURL: nowhere, prometheusURL: nowhere, alerts: &alertOptions{alertmanager.URL, "", 300 * time.Millisecond}})
	servers.Eventually(t, "the Watchdog is missing", func() bool { return d.alerts().Watchdog.State == "missing" })
	began := time.Now().Add(-time.Minute)
	raise(t, alertmanager.URL, "Watchdog", began, time.Time{})
	raise(t, alertmanager.URL, "Down", began, time.Time{})
	d.become("Down", "firing")
	if one := d.alert(d.alerts().Firing[0].ID); !one.Polled || one.Start.UnixMilli() != began.UnixMilli() {
		t.Errorf("got %+v", one)
	}
	servers.Eventually(t, "the Watchdog is there", func() bool { return d.alerts().Watchdog.State == "ok" })

	alertmanager.Kill()
	servers.Eventually(t, "Alertmanager is seen to be away", func() bool {
		list := d.alerts()
		return list.Watchdog.State == "unknown" && strings.Contains(list.Alertmanager.Failure, "does not answer")
	})
	d.become("Down", "firing") // that it is away says nothing of it
	alertmanager.Restart(t)    // it has lost its alerts
	alertmanager.WaitReady(t, "/-/ready")
	d.become("Down", "gone")
	raise(t, alertmanager.URL, "Down", began, time.Time{})
	d.become("Down", "firing")
	raise(t, alertmanager.URL, "Down", began, time.Now())
	d.become("Down", "gone")
}

func TestAnAlertIsSilencedInTheRealAlertmanager(t *testing.T) {
	t.Parallel()
	alertmanager := servers.Alertmanager(t, quietly, nil)
	d := newDashboard(t, options{lokiURL: nowhere, prometheusURL: nowhere, alerts: &alertOptions{alertmanager.URL, "", 300 * time.Millisecond}})
	for _, name := range []string{"Down", "Slow"} {
		raise(t, alertmanager.URL, name, time.Now(), time.Time{})
		d.become(name, "firing")
	}
	silenced := func() string {
		var names []string
		for _, a := range d.alerts().Firing {
			if len(a.SilencedBy) > 0 {
				names = append(names, a.Name)
			}
		}
		return strings.Join(names, " ")
	}
	down := d.alerts().Firing[0]
	for _, scope := range []string{"alert", "name"} {
		var made struct{ ID string }
		body := fmt.Sprintf(`{"episode":%d,"scope":%q,"for_ms":7200000,"reason":"we repair <b>it</b>"}`, down.ID, scope)
		if status := d.send(http.MethodPost, "alerts/silences", body, "SilenceResponse", &made); status != http.StatusCreated {
			t.Fatalf("status %d", status)
		}
		if got := silenced(); got != down.Name { // at once
			t.Errorf("silenced by %s: %q, want %s", scope, got, down.Name)
		}
		var list struct {
			Silences []struct {
				ID, Reason, State string
				CreatedBy         string `json:"created_by"`
				End               time.Time
				Matchers          []struct{ Name, Value string }
			}
		}
		d.get("alerts/silences", nil, "SilencesResponse", &list)
		if len(list.Silences) != 1 {
			t.Fatalf("silences: %+v", list)
		}
		one := list.Silences[0]
		if left := time.Until(one.End); one.ID != made.ID || one.CreatedBy != "admin" || one.Reason != "we repair <b>it</b>" || one.State != "active" || left < time.Hour || left > 2*time.Hour {
			t.Errorf("got %+v", one)
		}
		if want := map[string]int{"alert": 4, "name": 2}[scope]; len(one.Matchers) != want {
			t.Errorf("%s: matchers are %+v", scope, one.Matchers)
		}
		if status := d.send(http.MethodDelete, "alerts/silences/"+made.ID, "", "", nil); status != http.StatusNoContent {
			t.Errorf("unsilence: %d", status)
		}
		if got := silenced(); got != "" {
			t.Errorf("still silenced: %s", got)
		}
	}
	var refused struct{ Error apiError }
	if status := d.send(http.MethodDelete, "alerts/silences/00000000-0000-0000-0000-000000000000", "", "", &refused); status != http.StatusNotFound || refused.Error.Source != "alertmanager" {
		t.Errorf("a silence that is not there: %d %+v", status, refused)
	}
	if status := d.send(http.MethodDelete, "alerts/silences/x%2F..%2Fy", "", "", &refused); status != http.StatusBadRequest && status != http.StatusNotFound {
		t.Errorf("an id that is none: %d %+v", status, refused)
	}
}

const rules = `
groups:
  - name: test
    rules:
      - alert: Busy
        expr: sum by (job) (test_busy{kind="a"}) > 5
        labels: {severity: warning, service: backend}
        annotations: {summary: 'busy with {{ $value }}'}
      - alert: Watchdog
        expr: vector(1)
        labels: {severity: none}
`

func TestARuleOfTheRealPrometheusBecomesAnEpisodeWithItsGraph(t *testing.T) {
	t.Parallel()
	address := "127.0.0.1:" + servers.FreePort(t)
	alertmanager := newAlertmanager(t, address)
	exporter := newExporter(t, "test_busy{kind=\"a\"} 3\n")
	prometheus := servers.PrometheusWithRules(t, rules, strings.TrimPrefix(alertmanager.URL, "http://"), map[string]string{"backend": exporter.address()})
	d := newDashboard(t, options{lokiURL: nowhere, prometheusURL: prometheus.URL, alerts: &alertOptions{alertmanager.URL, address, time.Second}})
	servers.Eventually(t, "the Watchdog gets through", func() bool { return d.alerts().Watchdog.State == "ok" })
	if list := d.alerts(); list.Total != 0 {
		t.Errorf("fires already: %+v", list)
	}
	exporter.set("test_busy{kind=\"a\"} 8\n")
	d.become("Busy", "firing")
	busy := d.alert(d.alerts().Firing[0].ID)
	if busy.Summary != "busy with 8" || busy.Labels["job"] != "backend" || !strings.Contains(busy.Links.Source, "g0.expr=") {
		t.Errorf("got %+v", busy)
	}
	var graph struct {
		Expr, Language, Drawn, Op string
		Threshold                 float64
		Series                    []struct {
			Labels map[string]string
			Values []*float64
		}
	}
	servers.Eventually(t, "the graph has the value", func() bool {
		d.get(fmt.Sprint("alerts/", busy.ID, "/series"), nil, "AlertSeriesResponse", &graph)
		seen := map[float64]bool{}
		for _, s := range graph.Series {
			for _, v := range s.Values {
				if v != nil {
					seen[*v] = true
				}
			}
		}
		return seen[8]
	})
	if graph.Drawn != `sum by (job) (test_busy{kind="a"})` || graph.Op != ">" || graph.Threshold != 5 || len(graph.Series) != 1 || graph.Series[0].Labels["job"] != "backend" {
		t.Errorf("got %+v", graph)
	}
	exporter.set("test_busy{kind=\"a\"} 2\n")
	d.become("Busy", "resolved")
}
