package main

import (
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline/discover"
)

// newSelfMetrics are the collector's own gauges besides those of its targets.
func newSelfMetrics(c *collector) prometheus.Collector {
	return &selfMetrics{
		c: c,
		build: prometheus.NewDesc("promtail_build_info", "A constant 1 with the build's version.",
			nil, buildLabels()),
		memory:      prometheus.NewDesc("collector_memory_in_flight_bytes", "Memory of lines that are read and not settled.", nil, nil),
		memoryLimit: prometheus.NewDesc("collector_memory_limit_bytes", "The budget of lines in flight: configuration key memory.", nil, nil),
		waiting:     prometheus.NewDesc("collector_batches_waiting", "Batches that Loki has not confirmed.", []string{"client"}, nil),
		spooled:     prometheus.NewDesc("collector_spool_bytes", "Bytes of batches that wait on disk.", []string{"client"}, nil),
		spoolLimit:  prometheus.NewDesc("collector_spool_limit_bytes", "The size that the spool may have: configuration key spool.max_bytes.", nil, nil),
		spoolFull:   prometheus.NewDesc("collector_spool_full", "1 while the spool has no room: files wait, pipes and clients beside others lose their oldest lines.", []string{"client"}, nil),
		taken:       prometheus.NewDesc("collector_entries_read_total", "Entries that were made of what was read: sent, dropped, in flight or on disk.", []string{"client"}, nil),
		inFlight:    prometheus.NewDesc("collector_entries_in_flight", "Entries in memory that Loki has not confirmed.", []string{"client"}, nil),
		onDisk:      prometheus.NewDesc("collector_spool_waiting_entries", "Entries that wait on disk, without those of an earlier run that were not read yet.", []string{"client"}, nil),
		failing:     prometheus.NewDesc("collector_client_failing", "1 while nothing gets through to the client's Loki.", []string{"client"}, nil),
	}
}

// buildLabels are those of promtail_build_info.
func buildLabels() prometheus.Labels {
	labels := prometheus.Labels{
		"version": version, "goversion": runtime.Version(), "goos": runtime.GOOS, "goarch": runtime.GOARCH,
		"revision": "unknown", "branch": "unknown", "tags": "unknown",
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return labels
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			labels["revision"] = s.Value
		case "-tags":
			labels["tags"] = s.Value
		}
	}
	return labels
}

type selfMetrics struct {
	c                                            *collector
	build, memory, memoryLimit, waiting, failing *prometheus.Desc
	spooled, spoolLimit, spoolFull               *prometheus.Desc
	taken, inFlight, onDisk                      *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (m *selfMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		m.build, m.memory, m.memoryLimit, m.waiting, m.failing, m.spooled, m.spoolLimit, m.spoolFull,
		m.taken, m.inFlight, m.onDisk,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *selfMetrics) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	used, _ := m.c.budget.Used()
	gauge(m.build, 1)
	gauge(m.memory, float64(used))
	gauge(m.memoryLimit, float64(m.c.budget.Limit()))
	gauge(m.spoolLimit, float64(m.c.cfg.Spool.MaxBytes))
	for _, client := range m.c.outputs.clients() {
		_, bytes, full := client.Spooled()
		gauge(m.waiting, float64(client.Waiting()), client.Name())
		gauge(m.failing, float64(number(client.Trouble() != "")), client.Name())
		gauge(m.spooled, float64(bytes), client.Name())
		gauge(m.spoolFull, float64(number(full)), client.Name())
		counts := client.Counts()
		ch <- prometheus.MustNewConstMetric(m.taken, prometheus.CounterValue, float64(counts.Taken), client.Name())
		gauge(m.inFlight, float64(counts.InFlight), client.Name())
		gauge(m.onDisk, float64(counts.OnDisk), client.Name())
	}
}

// number is 1 for yes.
func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// targetMetrics are promtail's metrics of files, and what cannot be read.
type targetMetrics struct {
	read, size, lag, active, files, unreadable *prometheus.Desc
	lines                                      *prometheus.Desc
	labelValues, labelMoved                    *prometheus.Desc
}

func newTargetMetrics() targetMetrics {
	path := []string{"path"}
	return targetMetrics{
		read:   prometheus.NewDesc("promtail_read_bytes_total", "Bytes read of a source.", path, nil),
		size:   prometheus.NewDesc("promtail_file_bytes_total", "Bytes read of a source and waiting to be read.", path, nil),
		lines:  prometheus.NewDesc("promtail_read_lines_total", "Lines read of a source.", path, nil),
		lag:    prometheus.NewDesc("collector_lag_bytes", "Bytes that are there and not read yet.", path, nil),
		active: prometheus.NewDesc("promtail_targets_active_total", "Targets that are being read.", nil, nil),
		files:  prometheus.NewDesc("promtail_files_active_total", "Files that are being read.", nil, nil),
		unreadable: prometheus.NewDesc("collector_source_unreadable",
			"1 for a source that cannot be read, with the command that opens it.",
			[]string{"source_job", "path", "reason", "user", "remedy"}, nil),
		labelValues: prometheus.NewDesc("collector_label_values",
			"Values of a label that have a place: configuration key label_limit.", []string{"label"}, nil),
		labelMoved: prometheus.NewDesc("collector_label_values_moved_total",
			"Times a target's label set had a value beyond label_limit, which was moved to structured metadata.", []string{"label"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *manager) Describe(ch chan<- *prometheus.Desc) {
	t := m.metrics
	for _, d := range []*prometheus.Desc{t.read, t.size, t.lines, t.lag, t.active, t.files, t.unreadable, t.labelValues, t.labelMoved} {
		ch <- d
	}
	m.dropped.Describe(ch)
	m.byLabel.Describe(ch)
	m.failures.Describe(ch)
	m.lost.Describe(ch)
	m.cut.Describe(ch)
	m.nuls.Describe(ch)
	m.bad.Describe(ch)
	m.failed.Describe(ch)
	m.engines.Describe(ch)
}

// Collect implements prometheus.Collector.
func (m *manager) Collect(ch chan<- prometheus.Metric) {
	m.dropped.Collect(ch)
	m.byLabel.Collect(ch)
	m.failures.Collect(ch)
	m.lost.Collect(ch)
	m.cut.Collect(ch)
	m.nuls.Collect(ch)
	m.bad.Collect(ch)
	m.failed.Collect(ch)
	m.engines.Collect(ch)
	m.mu.Lock()
	defer m.mu.Unlock()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	files := 0
	seen := map[string]bool{}
	for _, o := range m.open {
		f, ok := o.source.(measured)
		path := labelText(o.Path)
		if !ok || seen[path] { // two jobs may read one file
			continue
		}
		seen[path] = true
		if o.Kind == discover.File {
			files++
		}
		read, lag := f.Stats()
		gauge(m.metrics.read, float64(read), path)
		gauge(m.metrics.size, float64(read+lag), path)
		gauge(m.metrics.lag, float64(lag), path)
		ch <- prometheus.MustNewConstMetric(m.metrics.lines, prometheus.CounterValue, float64(f.Lines()), path)
	}
	gauge(m.metrics.active, float64(len(m.open)))
	gauge(m.metrics.files, float64(files))
	m.limit.Stats(func(label string, values int, moved uint64) {
		gauge(m.metrics.labelValues, float64(values), label)
		ch <- prometheus.MustNewConstMetric(m.metrics.labelMoved, prometheus.CounterValue, float64(moved), label)
	})
	for _, p := range unreadable(m.problems) {
		gauge(m.metrics.unreadable, 1, p.Job, p.Path, p.Reason, p.User, p.Remedy)
	}
}

// labelText is a text as the value of a metric's label: a path may have bytes that
// are no UTF-8, at which the library panics.
func labelText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// unreadable are the problems of that state, each once.
func unreadable(problems []discover.Problem) []discover.Problem {
	var list []discover.Problem
	for _, p := range problems {
		p.Path, p.Reason, p.Remedy = labelText(p.Path), labelText(p.Reason), labelText(p.Remedy)
		if p.State == discover.Unreadable && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}
