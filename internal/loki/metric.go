package loki

import (
	"context"
	"strconv"
	"time"
)

// Series is one series of a metric query.
type Series struct {
	Labels map[string]string
	Points []Point
}

// Metric evaluates a metric query at start and every step after it until end.
// Start and end may be the same.
func (c *Client) Metric(ctx context.Context, query string, start, end time.Time, step time.Duration) ([]Series, error) {
	params := rangeParams(start, end)
	params.Set("query", query)
	params.Set("step", strconv.FormatFloat(step.Seconds(), 'f', -1, 64))
	var got answer
	if _, err := c.getJSON(ctx, "metric", "/loki/api/v1/query_range", params, &got); err != nil {
		return nil, err
	}
	found, err := got.series()
	if err != nil {
		return nil, err
	}
	series := make([]Series, len(found))
	for i, one := range found {
		series[i].Labels = one.Metric
		for _, point := range one.Values {
			series[i].Points = append(series[i].Points, Point(point))
		}
	}
	return series, nil
}
