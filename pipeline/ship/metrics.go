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
	mutated        *prometheus.CounterVec
	mutatedBytes   *prometheus.CounterVec
	quarantine     *prometheus.CounterVec
	spool          *prometheus.CounterVec
	damaged        *prometheus.CounterVec
}

// NewMetrics registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	named := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		reg.MustRegister(c)
		return c
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return named("promtail_"+name, help, labels...)
	}
	m := &Metrics{
		encodedBytes:   counter("encoded_bytes_total", "Bytes of compressed requests that Loki confirmed.", "host"),
		sentBytes:      counter("sent_bytes_total", "Bytes of lines that Loki confirmed.", "host"),
		sentEntries:    counter("sent_entries_total", "Entries that Loki confirmed.", "host"),
		droppedBytes:   counter("dropped_bytes_total", "Bytes of lines that were refused for good.", "host", "tenant", "reason"),
		droppedEntries: counter("dropped_entries_total", "Entries that were refused for good.", "host", "tenant", "reason"),
		retries:        counter("batch_retries_total", "Requests that were tried again.", "host", "tenant"),
		mutated:        counter("mutated_entries_total", "Entries that were changed before they were sent: their read time, or a line that was cut.", "host", "tenant", "reason"),
		mutatedBytes:   counter("mutated_bytes_total", "Bytes that were cut from lines.", "host", "tenant", "reason"),
		quarantine:     named("collector_quarantined_entries_total", "Entries that Loki refused for good, by its reason. They are kept: collector quarantine list.", "host", "tenant", "reason"),
		spool:          named("collector_spooled_entries_total", "Entries that were written to the spool.", "client"),
		damaged:        named("collector_spool_lost_bytes_total", "Bytes in the spool that could not be read back.", "client"),
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
		m.mutated.WithLabelValues(host, tenant, reason)
		m.mutatedBytes.WithLabelValues(host, tenant, reason)
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

func (m *Metrics) quarantined(host, tenant, reason string, entries int) {
	m.quarantine.WithLabelValues(host, tenant, reason).Add(float64(entries))
}

func (m *Metrics) restamped(host, tenant string, entries int) {
	if entries > 0 {
		m.mutated.WithLabelValues(host, tenant, "time").Add(float64(entries))
	}
}

func (m *Metrics) spooled(client string, entries int) {
	m.spool.WithLabelValues(client).Add(float64(entries))
}

func (m *Metrics) unreadable(client string, bytes int) {
	m.damaged.WithLabelValues(client).Add(float64(bytes))
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
