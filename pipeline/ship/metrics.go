package ship

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Metrics are promtail's client metrics, under promtail's names, so that
// dashboards and alerts that read them keep working.
type Metrics struct {
	encodedBytes   *prometheus.CounterVec
	sentBytes      *prometheus.CounterVec
	sentEntries    *prometheus.CounterVec
	droppedBytes   *prometheus.CounterVec
	droppedEntries *prometheus.CounterVec
	retries        *prometheus.CounterVec
	duration       *prometheus.HistogramVec
}

// NewMetrics registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "promtail_" + name, Help: help}, labels)
		reg.MustRegister(c)
		return c
	}
	m := &Metrics{
		encodedBytes:   counter("encoded_bytes_total", "Bytes of compressed requests that Loki confirmed.", "host"),
		sentBytes:      counter("sent_bytes_total", "Bytes of lines that Loki confirmed.", "host"),
		sentEntries:    counter("sent_entries_total", "Entries that Loki confirmed.", "host"),
		droppedBytes:   counter("dropped_bytes_total", "Bytes of lines that were refused for good.", "host", "tenant", "reason"),
		droppedEntries: counter("dropped_entries_total", "Entries that were refused for good.", "host", "tenant", "reason"),
		retries:        counter("batch_retries_total", "Requests that were tried again.", "host", "tenant"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "promtail_request_duration_seconds", Help: "Duration of push requests; status -1 is no answer.",
			Buckets: prometheus.DefBuckets,
		}, []string{"status_code", "host"}),
	}
	reg.MustRegister(m.duration)
	return m
}

// begin makes the counters 0, so that their first increase is seen.
func (m *Metrics) begin(host, tenant string) {
	for _, c := range []*prometheus.CounterVec{m.encodedBytes, m.sentBytes, m.sentEntries} {
		c.WithLabelValues(host)
	}
	m.retries.WithLabelValues(host, tenant)
	for _, reason := range reasons() {
		m.droppedBytes.WithLabelValues(host, tenant, reason)
		m.droppedEntries.WithLabelValues(host, tenant, reason)
	}
}

func (m *Metrics) retried(host, tenant string) { m.retries.WithLabelValues(host, tenant).Inc() }

func (m *Metrics) sent(host string, b *pipeline.Batch, p part, encoded int) {
	m.encodedBytes.WithLabelValues(host).Add(float64(encoded))
	m.sentBytes.WithLabelValues(host).Add(float64(lineBytes(b, p)))
	m.sentEntries.WithLabelValues(host).Add(float64(p.to - p.from))
}

func (m *Metrics) dropped(host, tenant, reason string, b *pipeline.Batch, p part) {
	m.droppedBytes.WithLabelValues(host, tenant, reason).Add(float64(lineBytes(b, p)))
	m.droppedEntries.WithLabelValues(host, tenant, reason).Add(float64(p.to - p.from))
}

func (m *Metrics) request(host, status string, took time.Duration) {
	m.duration.WithLabelValues(status, host).Observe(took.Seconds())
}

func lineBytes(b *pipeline.Batch, p part) int {
	n := 0
	for i := p.from; i < p.to; i++ {
		n += len(b.Line(i))
	}
	return n
}
