package main

import "github.com/prometheus/client_golang/prometheus"

// journalMetrics are promtail's of the journal.
type journalMetrics struct {
	lines  prometheus.Counter
	errors *prometheus.CounterVec
}

func newJournalMetrics() journalMetrics {
	m := journalMetrics{
		lines: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "promtail_journal_target_lines_total", Help: "Lines that were read of the journal.",
		}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "promtail_journal_target_parsing_errors_total", Help: "Entries of the journal that gave no line: without a message, or dropped by relabel_configs.",
		}, []string{"error"}),
	}
	m.errors.WithLabelValues("no_message") // so that the first increase is seen
	m.errors.WithLabelValues("empty_labels")
	return m
}

// journalSkipped counts an entry of the journal that gave no line.
func (m *manager) journalSkipped(reason string) {
	m.dropped.WithLabelValues(reason).Inc()
	if reason == "journal_no_message" {
		m.journal.errors.WithLabelValues("no_message").Inc()
	}
}

// journalDropped counts an entry of the journal that was dropped behind its source.
func (m *manager) journalDropped(reason string, _ int) {
	m.dropped.WithLabelValues(reason).Inc()
	if reason == "relabel" {
		m.journal.errors.WithLabelValues("empty_labels").Inc()
	}
}
