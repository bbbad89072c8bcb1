package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// entrySink keeps entries as Loki would get them: labels, line and metadata.
type entrySink struct {
	mu      sync.Mutex
	entries []string
}

func (s *entrySink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := readPush(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stream := range req.Streams {
		for _, e := range stream.Entries {
			s.entries = append(s.entries, fmt.Sprint(stream.Labels, e.Line, e.StructuredMetadata))
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *entrySink) has(entry string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.entries, entry)
}

// collect runs a collector over dir's files until what it sent has all entries.
func collect(t *testing.T, dir string, out *log, entries ...string) *collector {
	t.Helper()
	sink := &entrySink{}
	loki := httptest.NewServer(sink)
	defer loki.Close()
	cfg, err := config.Parse("collector.yaml", fmt.Appendf(nil, `
server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients: [{url: %q, batchwait: 10ms, external_labels: {zone: z}}]
positions: {filename: %s/state/positions.yaml, sync_period: 50ms}
target_config: {sync_period: 50ms}
label_limit: {values: 2}
scrape_configs:
- job_name: files
  static_configs: [{labels: {job: files, __path__: '%s/*.log'}}]
  pipeline_stages:
  - regex: {expression: 'user=(?P<user>\w+)'}
  - labels: {user: }
  - labeldrop: [filename]
`, loki.URL, dir, dir))
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCollector(cfg, slog.New(slog.NewTextHandler(out, nil)), trial{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { err = c.run(ctx) })
	for _, e := range entries {
		eventually(t, out, e, func() bool { return sink.has(e) })
	}
	cancel()
	wg.Wait()
	if err != nil {
		t.Error(err)
	}
	return c
}

func TestALabelWithTooManyValuesIsMovedSaidOnceAndTheSameAfterARestart(t *testing.T) {
	dir, out := t.TempDir(), &log{}
	write(t, filepath.Join(dir, "a.log"), "user=a\nuser=b\nuser=c\nuser=d\n")
	c := collect(t, dir, out,
		`{job="files", user="a", zone="z"}user=a[]`, `{job="files", user="b", zone="z"}user=b[]`,
		`{job="files", zone="z"}user=c[{user c}]`, `{job="files", zone="z"}user=d[{user d}]`)
	const said = `level=WARN msg="a label has too many values; further ones are moved to structured metadata" ` +
		`stream="{job=\"files\", user=\"c\"}" label=user limit=2 example=c remedy=`
	if n := strings.Count(out.String(), said); n != 1 {
		t.Errorf("%d lines of %s in\n%s", n, said, out)
	}
	want := map[string]float64{
		"collector_label_values job": 1, "collector_label_values user": 2, "collector_label_values zone": 1,
		"collector_label_values_moved_total job": 0, "collector_label_values_moved_total user": 2, "collector_label_values_moved_total zone": 0,
	}
	if got := labelMetrics(t, c); !maps.Equal(got, want) {
		t.Errorf("metrics are %v, want %v", got, want)
	}

	write(t, filepath.Join(dir, "b.log"), "user=d and again\nuser=b and again\n")
	collect(t, dir, out,
		`{job="files", zone="z"}user=d and again[{user d}]`, `{job="files", user="b", zone="z"}user=b and again[]`)
}

// labelMetrics are the collector's metrics of labels.
func labelMetrics(t *testing.T, c *collector) map[string]float64 {
	t.Helper()
	families, err := c.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "collector_label_") {
			for _, m := range f.GetMetric() {
				got[f.GetName()+" "+m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return got
}
