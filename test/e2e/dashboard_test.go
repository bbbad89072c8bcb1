package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// visitor is somebody logged in at the dashboard, through nginx.
type visitor struct {
	base string // ends in /logs/
	http *http.Client
}

func logIn(t *testing.T, base string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{base: base, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	body := fmt.Sprintf(`{"user":"admin","password":%q}`, servers.Password)
	resp, err := v.http.Post(base+"api/v1/login", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body) // for the message only
		t.Fatalf("login: status %d: %s", resp.StatusCode, text)
	}
	return v
}

// get asks the API and decodes its answer.
func (v *visitor) get(t *testing.T, path string, params url.Values, into any) {
	t.Helper()
	resp, err := v.http.Get(v.base + "api/v1/" + path + "?" + params.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: status %d, %v: %s", path, resp.StatusCode, err, text)
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(into); err != nil {
		t.Fatalf("GET %s: %v in %s", path, err, text)
	}
}

// apiEntry is a log line as the dashboard's API gives it.
type apiEntry struct {
	TS       string            `json:"ts"`
	Line     string            `json:"line"`
	Labels   map[string]string `json:"labels"`
	Metadata map[string]string `json:"metadata"`
}

// logs pages through all lines of a filter.
func (v *visitor) logs(t *testing.T, params url.Values) []apiEntry {
	t.Helper()
	var all []apiEntry
	for {
		var page struct {
			Entries    []apiEntry `json:"entries"`
			NextCursor string     `json:"next_cursor"`
		}
		v.get(t, "logs", params, &page)
		all = append(all, page.Entries...)
		if page.NextCursor == "" {
			return all
		}
		params.Set("cursor", page.NextCursor)
	}
}

// TestLinesComeBackFromTheDashboard goes the whole way: log files on disk,
// collector, Loki, dashboard, nginx, API.
func TestLinesComeBackFromTheDashboard(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	m := newMachine(t)
	at := time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
	line := fmt.Sprintf(`192.0.2.7 - - [%s] "GET /health HTTP/1.1" 503 15 "-" "probe"`, at.Format("02/Jan/2006:15:04:05 -0700"))
	servers.WriteFile(t, m.path("nginx/access.log"), strings.Repeat(line+"\n", 30))
	m.addContainer(t, "legacy-prod")
	collector := m.collect(t, loki.URL)
	waitSettled(t, collector)
	prometheus := servers.Prometheus(t, map[string]string{
		"collector": hostPort(t, collector), "loki": hostPort(t, loki), "node": hostPort(t, servers.NodeExporter(t)),
	})
	front := servers.Nginx(t, servers.Dashboard(t, loki.URL, prometheus.URL).URL)
	v := logIn(t, front.URL+"/logs/")

	got := v.logs(t, url.Values{"service": {"nginx"}, "level": {"error"}, "start": {"now-1h"}, "limit": {"7"}})
	if len(got) != 30 {
		t.Errorf("%d lines of 30 equal ones of one second, asked for in pages of 7", len(got))
	}
	for i, e := range got {
		if want := fmt.Sprint(at.UnixNano() + int64(29-i)); e.Line != line || e.TS != want {
			t.Fatalf("line %d is %q at %s, want %q at %s", i, e.Line, e.TS, line, want)
		}
	}
	if found := v.logs(t, url.Values{"service": {"backend"}, "q": {"ZERODIVISION"}, "start": {"now-6h"}}); len(found) == 0 ||
		!strings.Contains(found[0].Line, "Traceback (most recent call last)") {
		t.Errorf("a search for a text in a traceback finds %d entries", len(found))
	}
	checkVolume(t, v)
	servers.Eventually(t, "the health strip knows host, Loki and collector", func() bool { return isHealthy(t, v) })
}

// checkVolume checks that the counts by service are the number of lines.
func checkVolume(t *testing.T, v *visitor) {
	t.Helper()
	var volume struct {
		Series []struct {
			Labels map[string]string `json:"labels"`
			Total  int               `json:"total"`
		} `json:"series"`
	}
	v.get(t, "volume", url.Values{"by": {"service"}, "service": {"nginx"}, "start": {"now-1h"}}, &volume)
	if len(volume.Series) != 1 || volume.Series[0].Total != 30 || volume.Series[0].Labels["service"] != "nginx" {
		t.Errorf("volume by service is %+v, want 30 lines of nginx", volume.Series)
	}
	var labels struct {
		Labels map[string][]struct {
			Value string `json:"value"`
			Count int    `json:"count"`
		} `json:"labels"`
	}
	v.get(t, "labels", url.Values{"start": {"now-6h"}}, &labels)
	if len(labels.Labels["service"]) < 2 || len(labels.Labels["env"]) != 1 || labels.Labels["env"][0].Value != "test" {
		t.Errorf("labels are %+v", labels.Labels)
	}
}

func isHealthy(t *testing.T, v *visitor) bool {
	t.Helper()
	ok := map[string]bool{}
	for id, signal := range signalsOf(t, v) {
		ok[id] = signal.Verdict != "no_data"
		if strings.HasPrefix(id, "pgbouncer/") && signal.Value != nil {
			t.Errorf("there is no PgBouncer here, and %s is %q", id, signal.Verdict)
		}
	}
	return ok["host/cpu"] && ok["host/memory"] && ok["host/disk"] && ok["pipeline/loki"] && ok["pipeline/collector"]
}

// healthSignal is a signal of the API's health.
type healthSignal struct {
	ID, Verdict, Reason string
	Value               *float64
}

// signalsOf returns the signals of the API's health, by component/signal.
func signalsOf(t *testing.T, v *visitor) map[string]healthSignal {
	t.Helper()
	var health struct {
		Components []struct {
			ID      string
			Signals []healthSignal
		}
	}
	v.get(t, "health", nil, &health)
	signals := map[string]healthSignal{}
	for _, component := range health.Components {
		for _, signal := range component.Signals {
			signals[component.ID+"/"+signal.ID] = signal
		}
	}
	return signals
}

func hostPort(t *testing.T, p *servers.Process) string {
	t.Helper()
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// TestNothingIsServedWithoutASession asks through nginx, as a stranger would.
func TestNothingIsServedWithoutASession(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	front := servers.Nginx(t, servers.Dashboard(t, loki.URL, "http://127.0.0.1:1").URL)
	stranger := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]int{
		"healthz": 200, "readyz": 200, "login": 200,
		"": 401, "search": 401, // with the page, which asks for the login
		"api/v1/logs": 401, "api/v1/volume": 401, "api/v1/labels": 401, "api/v1/tail": 401, "api/v1/health": 401,
		"api/v1/openapi.json": 401, "metrics": 404, "debug/pprof/": 404,
	} {
		req, err := http.NewRequest(http.MethodGet, front.URL+"/logs/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "text/html") // as a browser does
		resp, err := stranger.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("/logs/%s answers %d to a stranger, want %d", path, resp.StatusCode, want)
		}
	}
}

// TestDashboardSaysWhatIsAway stops Loki and Prometheus under the dashboard.
func TestDashboardSaysWhatIsAway(t *testing.T) {
	t.Parallel()
	dashboard := servers.Dashboard(t, "http://127.0.0.1:1", "http://127.0.0.1:1", "-alertmanager-url", "http://127.0.0.1:1")
	v := logIn(t, dashboard.URL+"/")
	resp, err := v.http.Get(v.base + "api/v1/logs?service=backend")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Error struct{ Code, Message, Source string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode/100 != 5 || answer.Error.Code != "unavailable" || answer.Error.Source != "loki" {
		t.Errorf("without Loki /logs answers %d %+v", resp.StatusCode, answer.Error)
	}
	for id, signal := range signalsOf(t, v) {
		if signal.Verdict == "ok" || signal.Reason == "" {
			t.Errorf("without Loki and Prometheus %s is %q: %q", id, signal.Verdict, signal.Reason)
		}
	}
}
