package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// promtailMetrics are the metrics of promtail that have a meaning here, with their
// types and labels.
func promtailMetrics() map[string]string {
	const perClient = "counter host tenant reason"
	return map[string]string{
		"promtail_encoded_bytes_total":                 "counter host",
		"promtail_sent_bytes_total":                    "counter host",
		"promtail_sent_entries_total":                  "counter host",
		"promtail_dropped_bytes_total":                 perClient,
		"promtail_dropped_entries_total":               perClient,
		"promtail_mutated_entries_total":               perClient,
		"promtail_mutated_bytes_total":                 perClient,
		"promtail_request_duration_seconds":            "histogram status_code host",
		"promtail_batch_retries_total":                 "counter host tenant",
		"promtail_read_bytes_total":                    "gauge path",
		"promtail_file_bytes_total":                    "gauge path",
		"promtail_read_lines_total":                    "counter path",
		"promtail_files_active_total":                  "gauge",
		"promtail_targets_active_total":                "gauge",
		"promtail_targets_failed_total":                "counter reason",
		"promtail_journal_target_lines_total":          "counter",
		"promtail_journal_target_parsing_errors_total": "counter error",
		"promtail_config_reload_success_total":         "counter",
		"promtail_config_reload_fail_total":            "counter",
		"promtail_build_info":                          "gauge version revision branch goversion goos goarch tags",
		"promtail_custom_lines":                        "counter filename env environment",
		"logentry_dropped_lines_total":                 "counter reason",
		"logentry_dropped_lines_by_label_total":        "counter label_name label_value",
		"request_duration_seconds":                     "histogram method route status_code ws",
		"request_message_bytes":                        "histogram method route",
		"response_message_bytes":                       "histogram method route",
		"inflight_requests":                            "gauge method route",
		"tcp_connections":                              "gauge protocol",
		"tcp_connections_limit":                        "gauge protocol",
		"loki_log_messages_total":                      "counter level",
		"loki_internal_log_messages_total":             "counter level",
		"go_goroutines":                                "gauge",
		"go_gc_duration_seconds":                       "summary",
		"process_cpu_seconds_total":                    "counter",
		"process_resident_memory_bytes":                "gauge",
	}
}

// notHere are promtail's metrics without a meaning here. docs/promtail-differences.md
// says why.
func notHere() []string {
	return []string{
		"promtail_syslog_", "promtail_gelf_", "promtail_kafka_", "promtail_gcplog_", "promtail_gcp_push_", "promtail_heroku_drain_",
		"promtail_cloudflare_", "promtail_wal_writer_reclaimed_space", "loki_wal_watcher_", "loki_log_flushes",
	}
}

// scrape is what a collector shows that has read, dropped and limited something.
func scrape(t *testing.T) (text string, families map[string]*dto.MetricFamily) {
	t.Helper()
	dir, loki := t.TempDir(), newSink(t, "hunter3")
	write(t, filepath.Join(dir, "app.log"), "one\ndropped\ntwo\nthree\n")
	r := &running{t: t, dir: dir, config: filepath.Join(dir, "collector.yaml")}
	write(t, r.config, strings.ReplaceAll(pagesConfig("", loki.URL)+`
  pipeline_stages:
  - drop: {expression: dropped}
  - metrics: {lines: {type: counter, description: Lines, config: {match_all: true, action: inc}}}
  - limit: {rate: 0.001, burst: 1, drop: true, by_label_name: env, max_distinct_labels: 10000}
`, "DIR", dir))
	r.start()
	t.Cleanup(r.stop)
	eventually(t, r.out, "the line", func() bool { return loki.has("one") })
	eventually(t, r.out, "the others are dropped", func() bool { return r.metric(`logentry_dropped_lines_total{reason="ratelimit_drop_stage"}`) == "2" })
	_, text = r.get("/metrics")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return text, families
}

func TestPromtailsMetricsAreHere(t *testing.T) {
	_, families := scrape(t)
	for name, want := range promtailMetrics() {
		f := families[name]
		if f == nil {
			t.Errorf("%s is missing", name)
			continue
		}
		kind, labels, _ := strings.Cut(want, " ")
		if got := strings.ToLower(f.GetType().String()); got != kind {
			t.Errorf("%s is a %s, want a %s", name, got, kind)
		}
		wanted := slices.Sorted(slices.Values(strings.Fields(labels)))
		for _, m := range f.Metric {
			var got []string
			for _, l := range m.Label {
				got = append(got, l.GetName())
			}
			if slices.Sort(got); !slices.Equal(got, wanted) {
				t.Errorf("%s has the labels %v, want %v", name, got, wanted)
			}
		}
	}
	doc, err := os.ReadFile("../../docs/promtail-differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range notHere() {
		if !strings.Contains(string(doc), "`"+name) {
			t.Errorf("the document does not say why there is no %s", name)
		}
	}
}

// What promtool finds of these is promtail's: its dashboards ask for these names
// and types.
func TestPromtoolFindsNothingButWhatPromtailHas(t *testing.T) {
	promtool := "../../stack/bin/promtool"
	if _, err := os.Stat(promtool); err != nil {
		t.Skip("promtool is not built: make servers")
	}
	text, _ := scrape(t)
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	said, _ := cmd.CombinedOutput()
	excepted := map[string]bool{
		"promtail_read_bytes_total": true, "promtail_file_bytes_total": true, "promtail_files_active_total": true,
		"promtail_targets_active_total": true, "promtail_custom_lines": true,
	}
	for line := range strings.Lines(string(said)) {
		if name, _, _ := strings.Cut(line, " "); !excepted[name] {
			t.Errorf("promtool: %s", line)
		}
	}
	if len(said) == 0 {
		t.Error("promtool finds nothing in promtail's own names: are they still these?")
	}
}

// What a client sends does not make new series.
func TestRequestsMakeABoundedNumberOfSeries(t *testing.T) {
	r, _ := beginPages(t, "")
	base := r.url("")
	for i := range 20 {
		req, err := http.NewRequest(fmt.Sprint("M", i), fmt.Sprintf("%s/none/%d", base, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if got := r.metric(`request_duration_seconds_count{method="other",route="other",status_code="404",ws="false"}`); got != "20" {
		t.Errorf("%s of 20 requests are counted together", got)
	}
	if got := r.metric(`tcp_connections{protocol="http"}`); got == "0" || got == "" {
		t.Errorf("%q connections are open", got)
	}
}

func TestRoutesAreNamedAsPromtailNamesThem(t *testing.T) {
	want := map[string]string{
		"": "other", "GET /{$}": "root", "GET /service-discovery": "service_discovery", "/debug/pprof/": "debug_pprof", "/reload": "reload",
	}
	got := map[string]string{}
	for pattern := range want {
		got[pattern] = routeOf(pattern)
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
