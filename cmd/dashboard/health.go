package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/tovtech/tovplay-logging/internal/health"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/server"
)

// newChecker makes the health checker with the probes of what has an address.
func newChecker(o options, client *loki.Client, metrics *server.Metrics) (*health.Checker, error) {
	var overrides []byte
	if o.catalogue != "" {
		var err error
		if overrides, err = os.ReadFile(o.catalogue); err != nil {
			return nil, fmt.Errorf("read the file of -health.catalogue: %w", err)
		}
	}
	catalogue, err := health.Load(overrides)
	if err != nil {
		return nil, err
	}
	probes := map[string]func(context.Context) error{"loki": lokiProbe(client)}
	if o.alertmanagerURL != "" {
		address := strings.TrimRight(o.alertmanagerURL, "/") + "/-/ready"
		probes["alertmanager"] = health.HTTPProbe(&http.Client{}, address)
	}
	return health.New(health.Config{
		PrometheusURL: o.prometheusURL, Catalogue: catalogue, Probes: probes, Logs: logMetrics(client),
		Timeout: 5 * time.Second, Fresh: 15 * time.Second, Now: time.Now, Observe: metrics.Prometheus,
	})
}

// logMetrics evaluates metric queries of LogQL.
func logMetrics(client *loki.Client) func(context.Context, string, v1.Range) (model.Matrix, error) {
	return func(ctx context.Context, query string, r v1.Range) (model.Matrix, error) {
		matrix, err := client.Metric(ctx, query, r.Start, r.End, r.Step)
		return matrix, inWords(err)
	}
}

// lokiProbe asks Loki whether it is ready.
func lokiProbe(client *loki.Client) func(context.Context) error {
	return func(ctx context.Context) error { return probeWords(client.Ready(ctx)) }
}

// probeWords says why Loki is not ready, in words that follow "Loki does not answer: ".
func probeWords(err error) error {
	known, ok := errors.AsType[*loki.Error](err)
	switch {
	case !ok:
		return err
	case known.Code == loki.CodeTimeout:
		return errors.New("no answer in time; check that it is not overloaded") // its message is about queries
	}
	return errors.New(strings.TrimPrefix(known.Message, "Loki does not answer; "))
}

// inWords reduces an error of Loki's client to its message for people.
func inWords(err error) error {
	if known, ok := errors.AsType[*loki.Error](err); ok {
		return errors.New(known.Message)
	}
	return err
}
