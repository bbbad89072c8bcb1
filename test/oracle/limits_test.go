package oracle

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// The limit of lines is one for all jobs, so which of them pass is chance; how
// many is not.
func TestLimitsConfigLetsAsMuchPassAsPromtails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := head + `limits_config: {readline_rate_enabled: true, readline_rate: 0.0001, readline_burst: 30, max_line_size: 20}
scrape_configs:
`
	var files []string
	for _, c := range []compared{{name: "one", stages: "- drop: {expression: drop}"}, {name: "two"}} {
		config += c.yaml(dir)
		files = append(files, servers.WriteFile(t, filepath.Join(dir, c.name+".log"),
			strings.Repeat("a line\nto drop\n", 20)+strings.Repeat("a line that is too long to be sent\n", 2)+strings.Repeat("more\n", 20)))
	}
	theirs := startPromtail(t, config, newSink(t), filepath.Join(t.TempDir(), "positions.yaml"))
	ours := startCollector(t, config, newSink(t), filepath.Join(t.TempDir(), "positions.yaml"))
	for _, s := range []*shipper{theirs, ours} {
		s.waitRead(t, files)
	}
	waitSettled(t, ours.Process)
	for _, s := range []*shipper{theirs, ours} {
		s.Stop(t)
	}
	want, got := theirs.sink.of(t, "plain"), ours.sink.of(t, "plain")
	if len(want) < 20 || len(want) > 30 || len(got) < 20 || len(got) > 30 {
		t.Errorf("promtail sent %d entries, the collector %d, want up to 30", len(want), len(got))
	}
	for _, e := range append(want, got...) {
		if len(e.line) > 20 {
			t.Errorf("%q was sent", e.line)
		}
	}
}
