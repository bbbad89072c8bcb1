package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// countedLog is a handler that counts the lines of the own log by level, under the
// names that promtail has from Loki. It is a prometheus.Collector.
type countedLog struct {
	slog.Handler
	lines, same *prometheus.CounterVec
}

func countLog(h slog.Handler) countedLog {
	counter := func(name string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: "Lines of the collector's own log."}, []string{"level"})
		for _, level := range []string{"debug", "info", "warn", "error"} {
			c.WithLabelValues(level)
		}
		return c
	}
	return countedLog{h, counter("loki_internal_log_messages_total"), counter("loki_log_messages_total")}
}

// Handle implements slog.Handler.
func (c countedLog) Handle(ctx context.Context, r slog.Record) error {
	level := "error"
	switch {
	case r.Level < slog.LevelInfo:
		level = "debug"
	case r.Level < slog.LevelWarn:
		level = "info"
	case r.Level < slog.LevelError:
		level = "warn"
	}
	c.lines.WithLabelValues(level).Inc()
	c.same.WithLabelValues(level).Inc()
	return c.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (c countedLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	c.Handler = c.Handler.WithAttrs(attrs)
	return c
}

// WithGroup implements slog.Handler.
func (c countedLog) WithGroup(name string) slog.Handler {
	c.Handler = c.Handler.WithGroup(name)
	return c
}

// Describe implements prometheus.Collector.
func (c countedLog) Describe(ch chan<- *prometheus.Desc) {
	c.lines.Describe(ch)
	c.same.Describe(ch)
}

// Collect implements prometheus.Collector.
func (c countedLog) Collect(ch chan<- prometheus.Metric) {
	c.lines.Collect(ch)
	c.same.Collect(ch)
}
