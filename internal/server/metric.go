package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// metricSeriesMax is how many series of a metric query are answered with; the
	// rest is counted.
	metricSeriesMax = 20
	// metricPointsMax is how many points a series has at most.
	metricPointsMax = 300
)

// metricBody is the answer of GET api/v1/logs/metric.
type metricBody struct {
	Start  string `json:"start"`
	StepMS int64  `json:"step_ms"`
	// Points is how many values each series has.
	Points   int               `json:"points"`
	Series   []graphSeriesBody `json:"series"`
	Others   int               `json:"others"`
	Warnings []string          `json:"warnings"`
	Stats    statsBody         `json:"stats"`
}

// logsMetric answers with what a metric query gives over a range.
func (s *Server) logsMetric(c *gin.Context) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	params := c.Request.URL.Query()
	f, err := parseFilters(params)
	if err != nil {
		return err
	}
	if f.raw == "" {
		return badRequest(`query is missing: give a metric query such as sum by (level) (rate({service="backend"} [5m]))`)
	}
	r, err := parseRange(params, s.config.Now())
	if err != nil {
		return err
	}
	query, err := s.config.Loki.NormaliseMetric(ctx, f.raw)
	if err != nil {
		return err
	}
	reads := loki.Reads(query)
	if err := s.admitReads(ctx, params, reads, r); err != nil {
		return err
	}
	g := metricGrid(r)
	got, err := s.config.Loki.MetricRange(ctx, query, g.start, g.at(g.points-1), g.step)
	if err != nil {
		return err
	}
	body := g.body(got)
	body.Warnings = append(body.Warnings, missedLines(reads, g.step)...)
	body.Stats.TookMS = time.Since(began).Milliseconds()
	writeJSON(c, http.StatusOK, body)
	return nil
}

// admitReads is admit for a metric query, which reads the window before each of its
// points, maybe of an earlier time, for each of its selectors.
func (s *Server) admitReads(ctx context.Context, params url.Values, reads []loki.Read, r span) error {
	if params.Get("cost") == "any" {
		return nil
	}
	sum := int64(0)
	for _, read := range reads {
		at := span{storable(r.start.Add(-read.Offset).Add(-read.Window)), storable(r.end.Add(-read.Offset))}
		bytes, err := s.cost(ctx, read.Selector, at)
		if err != nil {
			continue // where Loki does not tell the cost, the query runs
		}
		sum += bytes
	}
	if s.config.AskBytes > 0 && sum >= s.config.AskBytes {
		return &costlyError{sum, s.config.AskBytes}
	}
	return nil
}

// storable returns the time that Loki can store which is nearest to at.
func storable(at time.Time) time.Time {
	if at.Before(timeMin) {
		return timeMin
	}
	if at.After(timeMax) {
		return timeMax
	}
	return at
}

// missedLines warns of lines that no point counts: those between two windows.
func missedLines(reads []loki.Read, step time.Duration) []string {
	for _, read := range reads {
		if read.Window > 0 && read.Window < step {
			return []string{fmt.Sprintf("There is a point each %s, and a window of the query is shorter: lines between two windows are in none. Write [%s] or more, or shorten the time range.",
				shortSpan(step), shortSpan(step))}
		}
	}
	return nil
}

// shortSpan writes a step as LogQL does.
func shortSpan(step time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if step%unit.of == 0 {
			return fmt.Sprint(int64(step/unit.of), unit.name)
		}
	}
	return fmt.Sprint(int64(step/time.Second), "s")
}

// grid is the times at which a metric query is evaluated: multiples of the step
// since 1970, as Loki has them.
type grid struct {
	start  time.Time
	step   time.Duration
	points int
}

// metricGrid returns the grid of a range: the points in it, or the last one before it
// where there are none. A point after its end would count less than a whole window.
func metricGrid(r span) grid {
	step := metricStep(r.end.Sub(r.start))
	last := r.end.Add(-time.Duration(r.end.UnixNano() % int64(step)))
	points := int(last.Sub(r.start)/step) + 1
	return grid{last.Add(-time.Duration(points-1) * step), step, max(points, 1)}
}

// metricStep returns the least step of a range of some length with which there are
// no more points than allowed, whatever its place.
func metricStep(length time.Duration) time.Duration {
	for _, step := range steps {
		if length < step*metricPointsMax {
			return step
		}
	}
	const day = 24 * time.Hour
	return (length/metricPointsMax/day + 1) * day
}

func (g grid) at(i int) time.Time { return g.start.Add(time.Duration(i) * g.step) }

// summed is a series with the sum of its values.
type summed struct {
	graphSeriesBody
	sum float64
}

// body renders the series of an answer, those with the largest sums, on the grid.
func (g grid) body(answer loki.MetricAnswer) metricBody {
	series := mapped(answer.Series, g.series)
	slices.SortFunc(series, func(a, b summed) int {
		if order := cmp.Compare(b.sum, a.sum); order != 0 {
			return order
		}
		return strings.Compare(fmt.Sprint(a.Labels), fmt.Sprint(b.Labels))
	})
	kept := series[:min(len(series), metricSeriesMax)]
	return metricBody{
		Start: *stamp(g.start), StepMS: g.step.Milliseconds(), Points: g.points,
		Series: mapped(kept, func(one summed) graphSeriesBody { return one.graphSeriesBody }), Others: len(series) - len(kept),
		Warnings: list(answer.Warnings), Stats: statsBody{BytesProcessed: answer.Stats.BytesProcessed, LinesProcessed: answer.Stats.LinesProcessed},
	}
}

// series puts the points of a series on the grid; what is no number is no value.
func (g grid) series(one loki.MetricSeries) summed {
	values, sum := make([]*float64, g.points), 0.
	for _, point := range one.Points {
		i := int(point.Time.Sub(g.start) / g.step)
		value := finite(&point.Value)
		if value != nil && !point.Time.Before(g.start) && i < g.points {
			values[i] = value
			sum += *value
		}
	}
	return summed{graphSeriesBody{orEmpty(one.Labels), values}, sum}
}
