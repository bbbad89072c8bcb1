package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestWhatPromtailStartsWithIsAccepted holds that a promtail can be replaced
// without a change. What is refused on purpose is in
// docs/promtail-differences.md, and not in the file.
func TestWhatPromtailStartsWithIsAccepted(t *testing.T) {
	const (
		clients = `clients: [{url: "http://192.0.2.1/push"}]` + "\n"
		jobs    = `scrape_configs: [{job_name: j, static_configs: [{labels: {__path__: /nowhere/*.log}}]`
	)
	whole := map[string]string{
		"stage":   clients + jobs + ", pipeline_stages: [%s]}]",
		"relabel": clients + jobs + ", relabel_configs: [{%s}]}]",
		"job":     clients + "scrape_configs: [{job_name: j, %s}]",
		"client":  `clients: [{url: "http://192.0.2.1/push", %s}]` + "\n" + jobs + "}]",
		"top":     clients + jobs + "}]\n%s",
	}
	n := 0
	for line := range strings.Lines(string(read(t, "testdata/promtail_starts.txt"))) {
		kind, part, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			continue
		}
		n++
		if _, err := parse("c.yaml", fmt.Appendf(nil, whole[kind], part), Options{LenientStages: true}); err != nil {
			t.Errorf("%s %s: %v", kind, part, err)
		}
	}
	if n < 200 {
		t.Errorf("%d parts, which is too few to believe", n)
	}
}
