package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// tailText is what the line says that the browser waits for in the live tail.
const tailText = "a line that arrives while the tail is live"

// TestPageInABrowser drives the page in headless Chromium behind nginx: login,
// health, filters, search, a traceback, the live tail, a narrow screen. The
// screenshots are in $SCREENSHOTS, or in the test's own folder.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	m := newMachine(t)
	m.addContainer(t, "legacy-prod")
	m.addContainer(t, "structured-1w")
	second := time.Now().Add(-50 * time.Minute).UTC().Format("02/Jan/2006:15:04:05 -0700")
	var flood strings.Builder
	for i := range 500 { // more lines of one second than a page has
		fmt.Fprintf(&flood, "192.0.2.7 - - [%s] \"GET /flood/%d HTTP/1.1\" 200 15 \"-\" \"probe\"\n", second, i)
	}
	servers.WriteFile(t, m.path("nginx/access.log"), flood.String())
	collector := m.collect(t, loki.URL)
	waitSettled(t, collector)
	pushElsewhere(t, loki.URL)
	prometheus := servers.Prometheus(t, map[string]string{
		"collector": hostPort(t, collector), "loki": hostPort(t, loki), "node": hostPort(t, servers.NodeExporter(t)),
	})
	front := servers.Nginx(t, servers.Dashboard(t, loki.URL, prometheus.URL).URL)
	v := logIn(t, front.URL+"/logs/")
	servers.Eventually(t, "the health strip has data", func() bool { return isHealthy(t, v) })

	cmd := exec.Command("node", filepath.Join(servers.Root(t), "test", "browser", "run.mjs"))
	cmd.Env = append(os.Environ(), "BASE_URL="+v.base, "USER=admin", "PASSWORD="+servers.Password,
		"OUT_DIR="+screenshots(t), "TAIL_EXPECT="+tailText, "SERVICE=backend", "SEARCH=Exception",
		"OTHER_ENV=elsewhere", "OTHER_SERVICE=lonely")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		t.Log(lines.Text())
		if strings.TrimSpace(lines.Text()) == "TAIL_READY" {
			servers.AppendFile(t, m.path("syslog"), fmt.Sprintf("%s host-1 app[1]: %s\n",
				time.Now().UTC().Format("2006-01-02T15:04:05.000000-07:00"), tailText))
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the browser's run failed: %v", err)
	}
}

// pushElsewhere sends Loki a few lines of another environment.
func pushElsewhere(t *testing.T, lokiURL string) {
	t.Helper()
	var values []string
	for i := range 5 {
		values = append(values, fmt.Sprintf(`["%d", "a line of %d elsewhere"]`, time.Now().Add(time.Duration(i-60)*time.Second).UnixNano(), i))
	}
	body := `{"streams": [{"stream": {"job": "other", "service": "lonely", "env": "elsewhere", "level": "info"}, "values": [` + strings.Join(values, ",") + `]}]}`
	answer, err := http.Post(lokiURL+"/loki/api/v1/push", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		t.Fatalf("Loki answers a push with status %d", answer.StatusCode)
	}
}

func screenshots(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		return dir
	}
	return t.TempDir()
}
