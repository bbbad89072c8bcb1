//go:build loki29

package dashboard

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// TestLoki29 runs with a Loki 2.9 what does not need structured metadata: make
// loki29.
func TestLoki29(t *testing.T) {
	server := servers.Loki29(t)
	for name, test := range map[string]func(*testing.T, string){
		"Client/PagesGiveEachLineOnceWhenManyShareAnInstant": pagesGiveEachLineOnceWhenManyShareAnInstant,
		"Client/BackwardIsForwardReversed":                   backwardIsForwardReversed,
		"Client/HostileValuesAreOnlyValues":                  hostileValuesAreOnlyValues,
		"Client/CountsPutLinesIntoTheirBucket":               countsPutLinesIntoTheirBucket,
		"Client/RawQueriesAreCheckedByLoki":                  rawQueriesAreCheckedByLoki,
		"Index/WhatComesLateEqualsARebuild":                  lateDeliveryEqualsARebuild,
		"Index/ARestartGoesOn":                               aRestartGoesOn,
		"Index/RepetitionsAreOneEvent":                       repetitionsAreOneEvent,
		"Index/AnOutageOfLokiLosesNothing":                   anOutageOfLokiLosesNothing,
		"Index/TheLinesAroundAnEventAreKeptWhole":            linesAroundAnEventAreKept,
		"Index/TheAPIHasItsIssues":                           theAPIHasItsIssues,
		"TheCollectorLeavesMetadataOut":                      collectedWithoutMetadata,
	} {
		t.Run(name, func(t *testing.T) { test(t, server.URL) })
	}
	d := newDashboard(t, options{lokiURL: server.URL, prometheusURL: nowhere})
	for name, test := range map[string]func(*testing.T, string, *dashboard){
		"LogsPageThroughOneInstant":     logsPageThroughOneInstant,
		"FiltersApplyEverywhere":        filtersApplyEverywhere,
		"VolumeCountsBySeveral":         volumeCountsBySeveral,
		"TailResumesWithoutGap":         tailResumesWithoutGap,
		"TailBeginsWithABacklog":        tailBeginsWithABacklog,
		"TailIsSharedByViewers":         tailIsSharedByViewers,
		"SourcesAreKnown":               sourcesAreKnown,
		"CompletionIsOfTheRange":        completionIsOfTheRange,
		"ConcurrentReaders":             concurrentReaders,
		"PatternsFindExactlyTheirLines": patternsFindExactlyTheirLines,
		"UsageNeedsVolumes":             usageNeedsVolumes,
	} {
		t.Run("API/"+name, func(t *testing.T) { test(t, server.URL, d.as(t)) })
	}
}

// usageNeedsVolumes: Loki 2.9 has no volumes by default.
func usageNeedsVolumes(t *testing.T, _ string, d *dashboard) {
	if err := d.usage.Pass(t.Context()); err == nil || !strings.Contains(err.Error(), "set volume_enabled: true") {
		t.Errorf("got %v, want what to set", err)
	}
}

// collectedWithoutMetadata collects errors with their groups as metadata: Loki
// refuses that once, every line arrives, and the dashboard groups them itself.
func collectedWithoutMetadata(t *testing.T, lokiURL string) {
	job, dir := jobOf(t), t.TempDir()
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "ERROR cannot reach 10.0.%d.1\n", i%200)
	}
	servers.WriteFile(t, filepath.Join(dir, "app.log"), text.String())
	config := fmt.Sprintf(`
server: {http_listen_address: 127.0.0.1, http_listen_port: ${COLLECTOR_PORT}}
clients: [{url: %s/loki/api/v1/push}]
positions: {filename: %s/positions.yaml}
scrape_configs:
- job_name: app
  static_configs: [{labels: {job: %s, service: app, __path__: %s/app.log}}]
  pipeline_stages: [{level: {}}, {error_group: {}}]
`, lokiURL, dir, job, dir)
	collector := servers.Collector(t, servers.CollectorOptions{Config: servers.WriteFile(t, filepath.Join(dir, "collector.yaml"), config)})
	x := newIndexed(t, lokiURL, job)
	x.until(300)
	if out := collector.Output(); strings.Count(out, "takes no structured metadata") != 1 {
		t.Errorf("the collector says %s, want once that Loki takes no metadata", out)
	}
	if got := servers.Query(t, lokiURL, fmt.Sprintf("{job=%q}", job)); len(got) != 300 || len(got[0].Metadata) != 0 {
		t.Errorf("%d lines arrived, want 300 without metadata", len(got))
	}
	d := newDashboard(t, options{lokiURL: lokiURL, prometheusURL: nowhere, selector: loki.Selector(fmt.Sprintf("job=%q", job)), index: x})
	var list issueList
	d.get("issues", url.Values{"start": {"now-1h"}}, "IssuesResponse", &list)
	if list.Total != 1 || list.Issues[0].Events != 300 {
		t.Errorf("got %+v, want one issue of 300 events", list)
	}
}
