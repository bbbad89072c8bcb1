package main

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/internal/alerts"
	"github.com/tovtech/tovplay-logging/internal/loki"
)

// newAlerts makes what keeps alerts, and what draws them.
func newAlerts(o options, db *sql.DB, client *loki.Client, log *slog.Logger) (*alerts.Poller, *alerts.Grapher, error) {
	config := alerts.PollConfig{
		Store: alerts.NewStore(db, time.Now), Every: alerts.PollEvery, Keep: o.alertsKept, Log: log, Now: time.Now,
	}
	if o.alertmanagerURL != "" {
		var err error
		if config.Client, err = alerts.NewClient(o.alertmanagerURL, time.Now); err != nil {
			return nil, nil, err
		}
	}
	graphs, err := alerts.NewGrapher(alerts.GraphConfig{PrometheusURL: o.prometheusURL, Logs: logMetrics(client), Now: time.Now})
	return alerts.NewPoller(config), graphs, err
}

// alertCollectors are the metrics of alerts.
func alertCollectors(p *alerts.Poller) []prometheus.Collector {
	return []prometheus.Collector{
		gauge("dashboard_alertmanager_up", "1 while Alertmanager tells which alerts it has, 0 if it does not or is not configured.", func() float64 {
			if status := p.Status(); status.LookedAt.IsZero() || status.Failure != "" {
				return 0
			}
			return 1
		}),
		gauge("dashboard_alerts_firing", "Alerts that fire, without the Watchdog; -1 if the database does not say.", func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			n, err := p.Store.CountFiring(ctx, alerts.Filter{})
			if err != nil {
				return -1
			}
			return float64(n)
		}),
	}
}
