package dashboard

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// opening is what test/browser/firstlines.mjs measures.
type opening struct {
	Measured map[string]struct{ P50, P95 float64 }
	Requests []struct {
		Path       string
		Start, End float64 // in ms
	}
}

// openLogs fills a Loki with n lines of a day, and opens the logs in headless
// Chromium several times.
func openLogs(t testing.TB, n, runs int) opening {
	t.Helper()
	server := servers.Loki(t)
	fill(t, server.URL, n, 24*time.Hour)
	d := servers.Dashboard(t, server.URL, nowhere)
	var got opening
	measureInBrowser(t, "firstlines.mjs", d.URL, &got, "RUNS="+strconv.Itoa(runs))
	return got
}

// measureInBrowser runs a script of test/browser against a dashboard, with
// further variables of the environment, and decodes what it prints.
func measureInBrowser(t testing.TB, script, dashboardURL string, measured any, env ...string) {
	t.Helper()
	cmd := exec.Command("node", filepath.Join(servers.Root(t), "test", "browser", script))
	cmd.Env = append(os.Environ(), "BASE_URL="+dashboardURL+"/", "USER=admin", "PASSWORD="+servers.Password)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	if err := json.Unmarshal(out, measured); err != nil {
		t.Fatalf("%s printed %q: %v", script, out, err)
	}
}

// BenchmarkFirstLines opens the logs of bin/dashboard (make build) with a Loki
// that holds FILL_LINES (10,000,000).
func BenchmarkFirstLines(b *testing.B) {
	n, err := strconv.Atoi(setting("FILL_LINES", "10000000"))
	if err != nil {
		b.Fatalf("FILL_LINES: %v", err)
	}
	got := openLogs(b, n, 20)
	b.ReportMetric(0, "ns/op")
	for name, measured := range got.Measured {
		b.ReportMetric(measured.P50, name+"-p50")
		b.ReportMetric(measured.P95, name+"-p95")
	}
	b.ReportMetric(float64(len(got.Requests)), "requests")
}

// TestNothingStandsBeforeTheFirstLines opens the same page with fewer lines. What
// takes time on the way to the lines is not measured but counted.
func TestNothingStandsBeforeTheFirstLines(t *testing.T) {
	t.Parallel()
	const filesMax = 16
	got := openLogs(t, 200_000, 1)
	answered := 0.0
	for _, request := range got.Requests {
		if strings.HasSuffix(request.Path, "/api/v1/logs") {
			answered = request.End
		}
	}
	files := 0
	for _, request := range got.Requests {
		if request.Start >= answered {
			continue
		}
		files++
		name, isAPI := strings.CutPrefix(request.Path, "/api/v1/")
		if isAPI && name != "logs" {
			t.Errorf("the page asks for %s before it has the lines", request.Path)
		}
		for _, later := range []string{"LogqlEditor", "StackedBars", "LineChart", "OverviewView-", "Palette", "HelpDialog"} {
			if strings.HasPrefix(filepath.Base(request.Path), later) {
				t.Errorf("the page loads %s before it has the lines", request.Path)
			}
		}
	}
	if answered == 0 || files > filesMax {
		t.Errorf("the page makes %d requests until it has the lines (at %.0f ms), want at most %d: %+v", files, answered, filesMax, got.Requests)
	}
	t.Logf("opened with 200,000 lines: %+v, %d requests", got.Measured, files)
}
