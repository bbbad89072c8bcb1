package dashboard

import (
	"net/url"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// TestTheSelectorSaysWhichStreamsThereAre pushes a stream without a job, as a
// promtail without rules does, to a Loki with its own defaults. One selector is
// for pages, facets, sources, the live tail and issues.
func TestTheSelectorSaysWhichStreamsThereAre(t *testing.T) {
	t.Parallel()
	server := servers.LokiWithDefaults(t)
	pushLines(t, server.URL, `{container="c", level="error"}`, line{at: time.Now().Add(-time.Minute), text: "ERROR without a job"})
	pushLines(t, server.URL, `{container="d", job="j", level="error"}`, line{at: time.Now().Add(-time.Minute), text: "ERROR with a job"})
	for selector, want := range map[loki.Selector]int{"service_name=~`.+`": 2, loki.DefaultSelector: 1, `job="other"`: 0} {
		x := newIndexed(t, server.URL, "")
		x.selector = selector
		x.open()
		d := newDashboard(t, options{lokiURL: server.URL, prometheusURL: nowhere, selector: selector, index: x})
		var page, filtered logsAnswer
		d.get("logs", nil, "LogsResponse", &page)
		d.get("logs", url.Values{"level": {"error"}}, "LogsResponse", &filtered)
		if len(page.Entries) != want || len(filtered.Entries) != want {
			t.Errorf("%s: %d lines, with a filter %d, want %d", selector, len(page.Entries), len(filtered.Entries), want)
		}
		var facets struct {
			Labels map[string][]struct{ Value string }
		}
		if d.get("labels", nil, "LabelsResponse", &facets); len(facets.Labels["container"]) != want {
			t.Errorf("%s: containers %v, want %d", selector, facets.Labels["container"], want)
		}
		var health healthAnswer
		if d.get("health", nil, "HealthResponse", &health); len(health.Sources) != min(want, 1) { // of no service, host and environment
			t.Errorf("%s: sources %+v", selector, health.Sources)
		}
		tail := d.tail(url.Values{"start": {"now-10m"}}, "")
		lines := 0
		for lines < want {
			got, ok := tail.next()
			if !ok {
				t.Fatalf("%s: the tail ended behind %d lines, want %d", selector, lines, want)
			}
			lines += len(got.Entries)
		}
		x.until(want)
	}
}
