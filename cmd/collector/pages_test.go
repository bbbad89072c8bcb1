package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// pagesConfig has something of everything that the pages show.
func pagesConfig(server, url string) string {
	return fmt.Sprintf(`
server: {http_listen_address: 127.0.0.1, http_listen_port: 0, %s}
positions: {filename: DIR/state/positions.yaml}
target_config: {sync_period: 50ms}
clients: [{name: loki, url: %s, batchwait: 10ms, headers: {X-Key: hunter2}, bearer_token: hunter3}]
scrape_configs:
- job_name: files
  static_configs:
  - {labels: {__path__: 'DIR/*.log', env: test}}
  - {labels: {__path__: '/nothing/*.log', unwanted: 'yes'}}
  relabel_configs:
  - {source_labels: [unwanted], regex: 'yes', action: drop}
  - {source_labels: [env], target_label: environment}
`, server, url)
}

// beginPages runs a collector with that configuration.
func beginPages(t *testing.T, server string) (*running, *sink) {
	t.Helper()
	dir, loki := t.TempDir(), newSink(t, "hunter3")
	write(t, filepath.Join(dir, "app.log"), "line\n")
	r := &running{t: t, dir: dir, config: filepath.Join(dir, "collector.yaml")}
	write(t, r.config, strings.ReplaceAll(pagesConfig(server, loki.URL+"?key=hunter4"), "DIR", dir))
	r.start()
	t.Cleanup(r.stop)
	eventually(t, r.out, "the line", func() bool { return loki.has("line") })
	return r, loki
}

func TestPagesShowWhatTheyAreFor(t *testing.T) {
	r, _ := beginPages(t, "profiling_enabled: true")
	for path, want := range map[string][]string{
		"/targets":            {"<h1>Targets</h1>", "1 source is read", "delivers", "<code class=k>http://127.0.0.1:", "app.log", "dropped by relabel_configs"},
		"/service-discovery":  {"<h1>Service discovery</h1>", "1 active, 1 dropped", "__path__=", "environment="},
		"/config":             {"<h1>Configuration</h1>", "job_name: files", "&lt;secret&gt;", "sync_period: 10s"},
		"/config?format=yaml": {"job_name: files", "<secret>"},
		"/ready":              {"Ready"},
		"/metrics":            {"promtail_build_info"},
		"/":                   {"<h1>Targets</h1>"},
		"/debug/pprof/":       {"goroutine"},
	} {
		status, text := r.get(path)
		if status != 200 {
			t.Errorf("%s: status %d", path, status)
		}
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %q is not in\n%s", path, part, text)
			}
		}
		if strings.Contains(text, "hunter") {
			t.Errorf("%s shows a secret", path)
		}
		if !strings.Contains(text, "<nav>") {
			continue
		}
		for _, link := range []string{"targets", "service-discovery", "config", "metrics", "ready"} {
			if !strings.Contains(text, `<a href="`+link+`"`) {
				t.Errorf("%s does not link to %s", path, link)
			}
		}
	}
}

func TestPagesAsJSON(t *testing.T) {
	r, _ := beginPages(t, "")
	get := func(path, accept string, v any) {
		t.Helper()
		req, err := http.NewRequest("GET", r.url(path), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := resp.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s: content type %s", path, got)
		}
		if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, q := range []struct{ query, accept string }{{"?format=json", ""}, {"", "application/json"}} {
		var targets targetsPage
		get("/targets"+q.query, q.accept, &targets)
		if len(targets.Clients) != 1 || len(targets.Targets) != 2 {
			t.Errorf("targets are %+v", targets)
		}
		var found discoveryPage
		get("/service-discovery"+q.query, q.accept, &found)
		if len(found.Jobs) != 1 || len(found.Jobs[0].Targets) != 2 {
			t.Fatalf("discovery is %+v", found)
		}
		kept, dropped := found.Jobs[0].Targets[0], found.Jobs[0].Targets[1]
		if kept.Discovered["env"] != "test" || kept.Labels["environment"] != "test" || kept.Labels["filename"] != kept.Path {
			t.Errorf("the target is %+v", kept)
		}
		if dropped.Discovered["unwanted"] != "yes" || dropped.Dropped == "" || dropped.Labels != nil {
			t.Errorf("the dropped one is %+v", dropped)
		}
	}
}

func TestReadyWaitsForSomethingToRead(t *testing.T) {
	for _, check := range []bool{true, false} {
		dir := t.TempDir()
		r := &running{t: t, dir: dir, config: filepath.Join(dir, "collector.yaml")}
		write(t, r.config, strings.ReplaceAll(pagesConfig(fmt.Sprintf("health_check_target: %v", check), "http://192.0.2.1"), "DIR", dir))
		r.start()
		want := map[bool]int{true: 500, false: 200}[check]
		if status, text := r.get("/ready"); status != want {
			t.Errorf("health_check_target %v: %d %s, want %d", check, status, text, want)
		}
		r.stop()
	}
}

func TestPagesBelowAPrefix(t *testing.T) {
	r, _ := beginPages(t, "http_path_prefix: /logs")
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Get(r.url("/logs/"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header.Get("Location"); resp.StatusCode != 303 || got != "/logs/targets" {
		t.Errorf("%d to %s", resp.StatusCode, got)
	}
	if status, _ := r.get("/logs/debug/pprof/"); status != 404 {
		t.Errorf("profiles are served without being enabled: %d", status)
	}
}
