package main

import (
	"log/slog"
	"maps"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// counts are the values of a metric by its label.
func counts(t *testing.T, c prometheus.Collector, name string) map[string]float64 {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.Metric {
				all[m.Label[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	return all
}

func TestOwnLogIsCountedByLevel(t *testing.T) {
	out, level := &log{}, new(slog.LevelVar)
	logger := newLogger(config.Server{LogLevel: "info", LogFormat: "json"}, level, out)
	logger.Debug("not shown")
	logger.Info("a")
	logger.With("x", 1).WithGroup("g").Warn("b", "y", 2)
	logger.Error("c")
	logger.Error("d")
	level.Set(logLevel("error"))
	logger.Warn("not shown")
	want := map[string]float64{"debug": 0, "info": 1, "warn": 1, "error": 2}
	for _, name := range []string{"loki_log_messages_total", "loki_internal_log_messages_total"} {
		if got := counts(t, logger.Handler().(prometheus.Collector), name); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if out.count("\n") != 4 || !out.has(`"g":{"y":2}`) {
		t.Errorf("the log is\n%s", out)
	}
}

func TestEntriesOfTheJournalThatGiveNoLineAreCounted(t *testing.T) {
	m := &manager{journal: newJournalMetrics(), dropped: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "dropped"}, []string{"reason"})}
	for _, reason := range []string{"journal_no_message", "journal_too_long"} {
		m.journalSkipped(reason)
	}
	for _, reason := range []string{"relabel", "relabel", "drop_stage"} {
		m.journalDropped(reason, 1)
	}
	if got, want := counts(t, m.journal.errors, "promtail_journal_target_parsing_errors_total"), (map[string]float64{"no_message": 1, "empty_labels": 2}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want := map[string]float64{"journal_no_message": 1, "journal_too_long": 1, "relabel": 2, "drop_stage": 1}
	if got := counts(t, m.dropped, "dropped"); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
