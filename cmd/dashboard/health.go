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

// logMetrics lets Loki evaluate metric queries in the form of Prometheus; the
// error is Loki's message alone.
func logMetrics(client *loki.Client) func(context.Context, string, v1.Range) (model.Matrix, error) {
	return func(ctx context.Context, query string, r v1.Range) (model.Matrix, error) {
		series, err := client.Metric(ctx, query, r.Start, r.End, r.Step)
		if known, ok := errors.AsType[*loki.Error](err); ok {
			return nil, errors.New(known.Message)
		}
		if err != nil {
			return nil, err
		}
		matrix := make(model.Matrix, len(series))
		for i, one := range series {
			matrix[i] = &model.SampleStream{Metric: model.Metric{}}
			for name, value := range one.Labels {
				matrix[i].Metric[model.LabelName(name)] = model.LabelValue(value)
			}
			for _, point := range one.Points {
				matrix[i].Values = append(matrix[i].Values, model.SamplePair{Timestamp: model.TimeFromUnixNano(point.Time.UnixNano()), Value: model.SampleValue(point.Value)})
			}
		}
		return matrix, nil
	}
}

// lokiProbe asks Loki whether it is ready; the error is its message alone.
func lokiProbe(client *loki.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		err := client.Ready(ctx)
		if known, ok := errors.AsType[*loki.Error](err); ok {
			return errors.New(known.Message)
		}
		return err
	}
}
