package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/quarantine"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// TestWhatLokiRefusedIsListedAndSentAgain lets the real Loki refuse an entry for
// its age, and take it with the present time.
func TestWhatLokiRefusedIsListedAndSentAgain(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	dir := t.TempDir()
	positions := filepath.Join(dir, "positions.yaml")
	config := servers.WriteFile(t, filepath.Join(dir, "collector.yaml"), fmt.Sprintf(`
clients: [{name: main, url: %s/loki/api/v1/push}]
positions: {filename: %s}
scrape_configs: [{job_name: files, static_configs: [{labels: {__path__: '%s/*.log'}}]}]
`, loki.URL, positions, dir))
	file := quarantine.Open(quarantine.Path(positions, "main"), quarantine.Options{})
	now := time.Now()
	old := quarantine.Entry{
		Time: now.Add(-20 * 24 * time.Hour).UnixNano(), Reason: "greater_than_max_sample_age", Refused: now,
		Stream: `{app="late", job="files"}`, Line: `of long ago, "quoted" and é`, Metadata: []quarantine.Field{{Name: "filename", Value: "/x.log"}},
	}
	recent := old
	recent.Time, recent.Line, recent.Reason = now.UnixNano(), "of just now", "rate_limited"
	long := recent
	long.Line, long.Reason = strings.Repeat("long ", 80_000), "line_too_long"
	if err := file.Add([]quarantine.Entry{old, recent, long}); err != nil {
		t.Fatal(err)
	}
	run := func(wantStatus int, wants ...string) {
		t.Helper()
		args := append(strings.Fields(wants[0]), "-config.file="+config)
		out, err := exec.Command(filepath.Join(servers.Root(t), "bin", "collector"), args...).CombinedOutput()
		status := 0
		if exit, ok := err.(*exec.ExitError); ok {
			status, err = exit.ExitCode(), nil
		}
		if err != nil || status != wantStatus {
			t.Errorf("%s: %v, status %d, want %d:\n%s", wants[0], err, status, wantStatus, out)
		}
		for _, want := range wants[1:] {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: no %q in\n%s", wants[0], want, out)
			}
		}
	}
	run(0, "quarantine list", old.Line, old.Reason, recent.Line, recent.Reason)
	run(1, "quarantine resend", "client main: 1 sent, 2 refused, 0 kept", "line_too_long")
	run(1, "quarantine resend", "client main: 0 sent, 2 refused, 0 kept")
	run(0, "quarantine resend -now -reason "+old.Reason, "client main: 1 sent, 0 refused, 0 kept")
	run(0, "quarantine list", "line_too_long  1 ")

	got := servers.Query(t, loki.URL, `{app="late"}`)
	if len(got) != 2 || got[0].Line != recent.Line || got[0].Time != recent.Time || got[1].Line != old.Line {
		t.Fatalf("in Loki: %+v", got)
	}
	own := time.Unix(0, old.Time).UTC().Format(time.RFC3339Nano)
	if e := got[1]; e.Time < now.UnixNano() || e.Metadata["original_time"] != own || e.Metadata["filename"] != "/x.log" {
		t.Errorf("in Loki: %+v, want the present time and original_time %s", e, own)
	}
}
