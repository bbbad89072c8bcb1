package oracle

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// entry is one entry of a push.
type entry struct {
	tenant string // X-Scope-OrgID of the request
	labels string // the stream's, in the order of their names
	time   int64  // unix nanoseconds
	line   string
	meta   string // structured metadata, in the order of the names
}

// sink is a Loki that keeps every entry in the order of its arrival.
type sink struct {
	url string

	mu      sync.Mutex
	entries map[string][]entry // by the first part of the path of the push
	broken  error              // the first push that could not be read
}

func newSink(t testing.TB) *sink {
	t.Helper()
	s := &sink{entries: map[string][]entry{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *sink) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away: nothing is stored
	}
	got, err := decode(body, r.Header.Get("X-Scope-OrgID"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.broken = cmp.Or(s.broken, err)
	}
	client, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.entries[client] = append(s.entries[client], got...)
	w.WriteHeader(http.StatusNoContent)
}

// of returns the entries of a client.
func (s *sink) of(t testing.TB, client string) []entry {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		t.Fatal(s.broken)
	}
	return slices.Clone(s.entries[client])
}

// decode reads the body of a push: protobuf in snappy.
func decode(body []byte, tenant string) ([]entry, error) {
	plain, err := snappy.Decode(nil, body)
	if err != nil {
		return nil, fmt.Errorf("decode a push of %d bytes: %w", len(body), err)
	}
	var request push.PushRequest
	if err := request.Unmarshal(plain); err != nil {
		return nil, fmt.Errorf("decode a push of %d bytes: %w", len(plain), err)
	}
	var all []entry
	for _, stream := range request.Streams {
		labels, err := parseLabels(stream.Labels)
		if err != nil {
			return nil, err
		}
		for _, e := range stream.Entries {
			all = append(all, entry{
				tenant: tenant, labels: labels.String(), time: e.Timestamp.UnixNano(), line: e.Line,
				meta: metadata(e.StructuredMetadata),
			})
		}
	}
	return all, nil
}

func metadata(fields push.LabelsAdapter) string {
	var all []string
	for _, f := range fields {
		all = append(all, fmt.Sprintf("%s=%q", f.Name, f.Value))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// parseLabels reads {a="b", c="d"}.
func parseLabels(text string) (model.LabelSet, error) {
	rest, ok := strings.CutPrefix(text, "{")
	labels := model.LabelSet{}
	for ok && rest != "}" {
		var name, quoted, value string
		if name, rest, ok = strings.Cut(rest, "="); !ok {
			break
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err == nil {
			value, err = strconv.Unquote(quoted)
		}
		if err != nil {
			return nil, fmt.Errorf("labels %s: %w", text, err)
		}
		labels[model.LabelName(name)] = model.LabelValue(value)
		if value == "" {
			delete(labels, model.LabelName(name)) // to Loki it is none
		}
		rest = strings.TrimPrefix(rest[len(quoted):], ", ")
	}
	if !ok {
		return nil, fmt.Errorf("labels %s are not in braces", text)
	}
	return labels, nil
}

// shipper is promtail or the collector.
type shipper struct {
	*servers.Process
	name string
	sink *sink
}

// startPromtail runs promtail with a configuration as written by fill.
func startPromtail(t testing.TB, config string, to *sink, positions string, flags ...string) *shipper {
	t.Helper()
	file, port := fill(t, config, to, positions)
	return &shipper{servers.Promtail(t, file, port, flags...), "promtail", to}
}

// startCollector runs the collector with a configuration as written by fill.
func startCollector(t testing.TB, config string, to *sink, positions string, flags ...string) *shipper {
	t.Helper()
	file, port := fill(t, config, to, positions)
	return &shipper{servers.Collector(t, servers.CollectorOptions{Config: file, Port: port, Flags: flags}), "the collector", to}
}

// fill writes a configuration in which {port}, {positions} and {sink} stand for
// those of one shipper.
func fill(t testing.TB, config string, to *sink, positions string) (file, port string) {
	t.Helper()
	port = servers.FreePort(t)
	config = strings.NewReplacer("{port}", port, "{positions}", positions, "{sink}", to.url).Replace(config)
	return servers.WriteFile(t, filepath.Join(t.TempDir(), "config.yaml"), config), port
}

// waitRead waits until each file was read up to its last whole line.
func (s *shipper) waitRead(t testing.TB, files []string) {
	t.Helper()
	want := map[string]float64{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want[file] = float64(strings.LastIndexByte(string(text), '\n') + 1)
	}
	var waiting []string
	t.Cleanup(func() {
		if len(waiting) > 0 {
			t.Logf("%s did not read %v", s.name, waiting)
		}
	})
	servers.Eventually(t, "everything is read", func() bool {
		waiting = nil
		read := map[string]float64{}
		for _, m := range s.metrics(t)["promtail_read_bytes_total"].GetMetric() {
			read[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
		for file, bytes := range want {
			if read[file] < bytes {
				waiting = append(waiting, file)
			}
		}
		return len(waiting) == 0
	})
}

// metrics are the metrics of a shipper by their names.
func (s *shipper) metrics(t testing.TB) map[string]*dto.MetricFamily {
	t.Helper()
	resp, err := http.Get(s.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatalf("GET %s/metrics: %v", s.URL, err)
	}
	return families
}

// span is when something was read.
type span struct{ from, until time.Time }

func (s span) holds(ns int64) bool { return ns >= s.from.UnixNano() && ns <= s.until.UnixNano() }
