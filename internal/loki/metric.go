package loki

import (
	"context"
	"errors"
	"strconv"
	"time"

	prometheus "github.com/prometheus/common/model"
)

// MetricSeries is one series of a metric query; its points are in time order.
type MetricSeries struct {
	Labels map[string]string
	Points []Point
}

// MetricAnswer is the answer to a metric query over a range.
type MetricAnswer struct {
	Series   []MetricSeries
	Warnings []string
	Stats    Stats
}

// Metric evaluates a metric query at start and every step after it until end,
// and returns what Prometheus would. Start and end may be the same.
func (c *Client) Metric(ctx context.Context, query string, start, end time.Time, step time.Duration) (prometheus.Matrix, error) {
	got, err := c.MetricRange(ctx, query, start, end, step)
	if err != nil {
		return nil, err
	}
	matrix := make(prometheus.Matrix, len(got.Series))
	for i, one := range got.Series {
		matrix[i] = &prometheus.SampleStream{Metric: make(prometheus.Metric, len(one.Labels))}
		for name, value := range one.Labels {
			matrix[i].Metric[prometheus.LabelName(name)] = prometheus.LabelValue(value)
		}
		for _, p := range one.Points {
			matrix[i].Values = append(matrix[i].Values, prometheus.SamplePair{Timestamp: prometheus.TimeFromUnixNano(p.Time.UnixNano()), Value: prometheus.SampleValue(p.Value)})
		}
	}
	return matrix, nil
}

// MetricRange evaluates a metric query at start and every step after it until end.
// Loki moves both to multiples of the step, which they should be.
func (c *Client) MetricRange(ctx context.Context, query string, start, end time.Time, step time.Duration) (MetricAnswer, error) {
	params := rangeParams(start, end)
	params.Set("query", query)
	params.Set("step", strconv.FormatFloat(step.Seconds(), 'f', -1, 64))
	var got answer
	if _, err := c.getJSON(ctx, "metric", "/loki/api/v1/query_range", params, &got); err != nil {
		if seriesLimit(err) {
			return MetricAnswer{}, manySeries(err)
		}
		return MetricAnswer{}, err
	}
	series, err := got.series()
	if err != nil {
		return MetricAnswer{}, err
	}
	out := MetricAnswer{Series: make([]MetricSeries, len(series)), Warnings: got.Warnings, Stats: got.stats()}
	for i, one := range series {
		out.Series[i] = MetricSeries{one.Metric, make([]Point, len(one.Values))}
		for j, p := range one.Values {
			out.Series[i].Points[j] = Point(p)
		}
	}
	return out, nil
}

// manySeries says what to do about a query with more series than Loki allows.
func manySeries(err error) error {
	known, _ := errors.AsType[*Error](err)
	return &Error{Code: CodeLimit, Status: known.Status, Detail: known.Detail, cause: err,
		Message: "the query has more series than Loki allows; add them up, as with sum by (service) (...), or add a filter: " + known.Detail}
}
