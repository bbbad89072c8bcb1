package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// TestBehindNginx drives the dashboard through the one block that production
// has: location /logs/ { proxy_pass http://127.0.0.1:7778/; }, and nothing else.
func TestBehindNginx(t *testing.T) {
	t.Parallel()
	server := servers.Loki(t)
	d := newDashboard(t, options{lokiURL: server.URL, prometheusURL: nowhere})
	nginx := servers.Nginx(t, d.url)
	d.url = nginx.URL + "/logs"
	d.http = newBrowser(t)

	t.Run("OnlyTheLoginWithoutASession", func(t *testing.T) { onlyTheLogin(t, d.as(t)) })
	d.login(password)
	t.Run("DeepLinksFindTheirFiles", func(t *testing.T) { deepLinks(t, d.as(t)) })
	t.Run("TheAPIAnswers", func(t *testing.T) {
		job := jobOf(t)
		pushLines(t, server.URL, fmt.Sprintf("{job=%q}", job), line{at: time.Now().Add(-time.Second), text: "x"})
		var got logsAnswer
		if status := d.as(t).get("logs", url.Values{"job": {job}}, "LogsResponse", &got); status != 200 || len(got.Entries) != 1 {
			t.Errorf("got %d %+v", status, got)
		}
	})
	t.Run("TheTailArrivesAtOnceAndResumes", func(t *testing.T) { tailResumesWithoutGap(t, server.URL, d.as(t)) })
	t.Run("ABigAnswerArrivesWhole", func(t *testing.T) {
		job := jobOf(t)
		var lines []line
		for i := range 3000 {
			lines = append(lines, line{at: time.Now().Add(time.Duration(i-3001) * time.Millisecond), text: strings.Repeat("x", 300)})
		}
		pushLines(t, server.URL, fmt.Sprintf("{job=%q}", job), lines...)
		var got logsAnswer
		if status := d.as(t).get("logs", url.Values{"job": {job}, "limit": {"5000"}}, "LogsResponse", &got); status != 200 || len(got.Entries) != 3000 {
			t.Errorf("got %d, %d lines", status, len(got.Entries))
		}
	})
	t.Run("ALongCursorFits", func(t *testing.T) { longCursor(t, server.URL, d.as(t)) })
	t.Run("LogoutEnds", func(t *testing.T) {
		answer, err := d.http.Post(d.url+"/api/v1/logout", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		readBody(t, answer)
		if got := status(t, d, "/api/v1/session"); answer.StatusCode != 204 || got != 401 {
			t.Errorf("logout: %d, then the session: %d", answer.StatusCode, got)
		}
	})
}

// status returns the status of an address below the dashboard's.
func status(t *testing.T, d *dashboard, path string) int {
	t.Helper()
	answer, err := d.http.Get(d.url + path)
	if err != nil {
		t.Fatal(err)
	}
	readBody(t, answer)
	return answer.StatusCode
}

func onlyTheLogin(t *testing.T, d *dashboard) {
	for path, want := range map[string]int{
		"/": 401, "/lines": 401, "/login": 200, "/assets/app-abc123.js": 200, "/healthz": 200, "/readyz": 200,
		"/api/v1/logs": 401, "/api/v1/health": 401, "/api/v1/tail": 401, "/api/v1/openapi.json": 401, "/api/v1/session": 401,
		"/metrics": 404, "/debug/pprof/": 404, "/logs/metrics": 404, "/logs/api/v1/logs": 401,
	} {
		if got := status(t, d, path); got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
}

// deepLinks opens pages at several depths and follows their script as a browser
// does: by the <base> against the address that the browser sees.
func deepLinks(t *testing.T, d *dashboard) {
	for _, path := range []string{"/", "/lines?q=a%2Fb", "/a/b/c", "/a/", "/logs/", "/logs/lines"} {
		answer, err := d.http.Get(d.url + path)
		if err != nil {
			t.Fatal(err)
		}
		html := string(readBody(t, answer))
		if answer.StatusCode != 200 {
			t.Errorf("%s: got %d", path, answer.StatusCode)
		}
		_, rest, _ := strings.Cut(html, `<base href="`)
		href, _, _ := strings.Cut(rest, `"`)
		base, err := answer.Request.URL.Parse(href)
		if err != nil || href == "" {
			t.Fatalf("%s: base %q: %v", path, href, err)
		}
		for relative, want := range map[string]string{"./assets/app-abc123.js": "text/javascript", "api/v1/session": "application/json"} {
			target, err := base.Parse(relative)
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.http.Get(target.String())
			if err != nil {
				t.Fatal(err)
			}
			readBody(t, got)
			if got.StatusCode != 200 || !strings.HasPrefix(got.Header.Get("Content-Type"), want) {
				t.Errorf("%s: %s leads to %s: %d %s", path, relative, target, got.StatusCode, got.Header.Get("Content-Type"))
			}
		}
	}
	answer, err := d.http.Get(d.url + "/logs")
	if err != nil {
		t.Fatal(err)
	}
	readBody(t, answer)
	if location := answer.Header.Get("Location"); answer.StatusCode != http.StatusPermanentRedirect || location != "logs/" {
		t.Errorf("/logs: got %d to %q, want a relative redirect", answer.StatusCode, location)
	}
}

// longCursor pages through more lines of one instant than a cursor names, with
// a long filter: nginx takes 8 KiB of address.
func longCursor(t *testing.T, lokiURL string, d *dashboard) {
	job, at := jobOf(t), time.Now().Add(-time.Minute).Truncate(time.Second)
	for i := range 4 {
		var lines []line
		for j := range 100 {
			lines = append(lines, line{at: at, text: fmt.Sprintf("%d/%d", i, j)})
		}
		pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="%d"}`, job, i), lines...)
	}
	params := url.Values{"job": {job}, "limit": {"60"}, "env": {"!" + strings.Repeat("e", 1000)}}
	seen, longest := map[string]bool{}, 0
	for {
		var got logsAnswer
		if status := d.get("logs", params, "LogsResponse", &got); status != 200 {
			t.Fatalf("got %d %+v", status, got.Error)
		}
		for _, one := range got.Entries {
			if seen[one.Line] {
				t.Errorf("%s came twice", one.Line)
			}
			seen[one.Line] = true
		}
		longest = max(longest, len(got.NextCursor))
		if got.NextCursor == "" {
			break
		}
		params.Set("cursor", got.NextCursor)
	}
	if len(seen) != 400 || longest > 1500 {
		t.Errorf("got %d lines, the longest cursor has %d characters", len(seen), longest)
	}
}
