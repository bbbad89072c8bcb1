package loki

import (
	"context"
	"strconv"
	"time"

	prometheus "github.com/prometheus/common/model"
)

// Metric evaluates a metric query at start and every step after it until end,
// and returns what Prometheus would. Start and end may be the same.
func (c *Client) Metric(ctx context.Context, query string, start, end time.Time, step time.Duration) (prometheus.Matrix, error) {
	params := rangeParams(start, end)
	params.Set("query", query)
	params.Set("step", strconv.FormatFloat(step.Seconds(), 'f', -1, 64))
	var got answer
	if _, err := c.getJSON(ctx, "metric", "/loki/api/v1/query_range", params, &got); err != nil {
		return nil, err
	}
	series, err := got.series()
	if err != nil {
		return nil, err
	}
	matrix := make(prometheus.Matrix, len(series))
	for i, one := range series {
		matrix[i] = &prometheus.SampleStream{Metric: make(prometheus.Metric, len(one.Metric))}
		for name, value := range one.Metric {
			matrix[i].Metric[prometheus.LabelName(name)] = prometheus.LabelValue(value)
		}
		for _, p := range one.Values {
			matrix[i].Values = append(matrix[i].Values, prometheus.SamplePair{Timestamp: prometheus.TimeFromUnixNano(p.Time.UnixNano()), Value: prometheus.SampleValue(p.Value)})
		}
	}
	return matrix, nil
}
