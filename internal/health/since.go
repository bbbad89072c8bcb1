package health

import (
	"context"
	"math"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

const (
	// sinceSpan is how far Prometheus is asked back for the begin of a verdict.
	sinceSpan = 6 * time.Hour
	// sinceStep is how exact the begin is.
	sinceStep = time.Minute
)

// change is a verdict and since when it holds.
type change struct {
	verdict Verdict
	since   time.Time // zero when not known
	longer  bool
}

// date fills in since when the verdict of an item holds. What the dashboard has
// not seen itself, Prometheus is asked for once, when the verdict is new: it
// remembers what was before a restart. The key names the signal.
func (c *Checker) date(ctx context.Context, v view, key string, now time.Time, item *Item) {
	c.mu.Lock()
	known, seen := c.since[key]
	c.mu.Unlock()
	if !seen || known.verdict != item.Verdict {
		fresh := change{verdict: item.Verdict}
		if seen {
			fresh.since = now
		}
		if began, ok := c.began(ctx, v, item); ok && (!seen || began.since.Before(now)) {
			fresh = began
		}
		known = fresh
		c.mu.Lock()
		c.since[key] = known
		c.mu.Unlock()
	}
	item.Since, item.Longer = known.since, known.longer
}

// began asks Prometheus since when something is wrong.
func (c *Checker) began(ctx context.Context, v view, item *Item) (change, bool) {
	if item.expression == nil || item.expression.Expr == "" || gravity(item.Verdict) < gravity(Warning) {
		return change{}, false
	}
	end := c.config.Now().Add(v.shift())
	r := v1.Range{Start: end.Add(-sinceSpan), End: end, Step: sinceStep}
	matrix, err := c.queryRange(ctx, item.expression.Expr, r)
	if err != nil {
		return change{}, false
	}
	values := worstOf(matrix, r, item.Signal.Worst)
	first := len(values)
	for first > 0 && !math.IsNaN(values[first-1]) && gravity(item.Signal.verdict(values[first-1])) >= gravity(item.Verdict) {
		first--
	}
	if first == len(values) {
		return change{}, false // it began within the last step
	}
	at := r.Start.Add(time.Duration(first) * r.Step).Add(-v.shift())
	return change{verdict: item.Verdict, since: at, longer: first == 0}, true
}

// points is how many evaluations a range has.
func points(r v1.Range) int { return int(r.End.Sub(r.Start)/r.Step) + 1 }

// worstOf returns the value that counts at each step of a range, NaN for none.
func worstOf(matrix model.Matrix, r v1.Range, which string) []float64 {
	values := nothing(points(r))
	for _, stream := range matrix {
		for i, value := range onGrid(stream, r) {
			if math.IsNaN(values[i]) || (which == "min" && value < values[i]) || (which != "min" && value > values[i]) {
				values[i] = value
			}
		}
	}
	return values
}

// onGrid puts the points of a series where they belong; what is missing is NaN.
func onGrid(stream *model.SampleStream, r v1.Range) []float64 {
	values := nothing(points(r))
	for _, pair := range stream.Values {
		i := int(math.Round(float64(pair.Timestamp.Time().Sub(r.Start)) / float64(r.Step)))
		if i >= 0 && i < len(values) && isNumber(float64(pair.Value)) {
			values[i] = float64(pair.Value)
		}
	}
	return values
}

// nothing returns n times NaN.
func nothing(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.NaN()
	}
	return values
}
