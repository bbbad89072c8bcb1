package e2e

import (
	"bufio"
	"fmt"
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
	collector := m.collect(t, loki.URL)
	waitSettled(t, collector)
	prometheus := servers.Prometheus(t, map[string]string{
		"collector": hostPort(t, collector), "loki": hostPort(t, loki), "node": hostPort(t, servers.NodeExporter(t)),
	})
	front := servers.Nginx(t, servers.Dashboard(t, loki.URL, prometheus.URL).URL)
	v := logIn(t, front.URL+"/logs/")
	servers.Eventually(t, "the health strip has data", func() bool { return isHealthy(t, v) })

	cmd := exec.Command("node", filepath.Join(servers.Root(t), "test", "browser", "run.mjs"))
	cmd.Env = append(os.Environ(), "BASE_URL="+v.base, "USER=admin", "PASSWORD="+servers.Password,
		"OUT_DIR="+screenshots(t), "TAIL_EXPECT="+tailText, "SERVICE=backend", "SEARCH=Exception")
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

func screenshots(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		return dir
	}
	return t.TempDir()
}
