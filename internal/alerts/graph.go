package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

const (
	// graphWait bounds the questions to Prometheus for one graph.
	graphWait = 15 * time.Second
	// pointsMost is how many points a series has at most, seriesMost how many series
	// a graph has.
	pointsMost = 240
	seriesMost = 5
	// graphPad is the least time that a graph shows before and after an episode.
	graphPad = 15 * time.Minute
)

// Graph is what the expression of an alert gave around an episode.
type Graph struct {
	// Expr is the whole expression, "" if it is not known; LogQL says that it is a
	// query of Loki.
	Expr  string
	LogQL bool
	// Drawn is the part that is drawn: what is compared with Threshold by Op.
	Drawn     string
	Op        string
	Threshold *float64
	// Conditioned says that Expr has conditions beside the comparison.
	Conditioned bool
	// Ratio says that the values are shares of 1.
	Ratio    bool
	From, To time.Time
	Step     time.Duration
	Series   []Series
	// Others is how many more series there are.
	Others int
}

// Series is one line of a graph. Its values are at From, From+Step and so on; NaN
// where there is none, 0 where Loki counted no line.
type Series struct {
	Labels map[string]string
	Values []float64
}

// GraphConfig says whom to ask for graphs.
type GraphConfig struct {
	// PrometheusURL is Prometheus' address.
	PrometheusURL string
	// Logs evaluates a query of Loki; the error is for people.
	Logs func(ctx context.Context, query string, r v1.Range) (model.Matrix, error)
	// Now is the clock.
	Now func() time.Time
}

// Grapher draws graphs of alerts.
type Grapher struct {
	config GraphConfig
	prom   v1.API
}

// NewGrapher returns a Grapher. It asks nothing yet.
func NewGrapher(config GraphConfig) (*Grapher, error) {
	client, err := api.NewClient(api.Config{Address: config.PrometheusURL, Client: &http.Client{}})
	if err != nil {
		return nil, fmt.Errorf("make a client of Prometheus: %w", err)
	}
	return &Grapher{config, v1.NewAPI(client)}, nil
}

// Graph draws the expression of an episode's alert around it. Without one the
// graph has no series.
func (g *Grapher) Graph(ctx context.Context, e Episode) (Graph, error) {
	ctx, cancel := context.WithTimeout(ctx, graphWait)
	defer cancel()
	graph := Graph{}
	graph.From, graph.To, graph.Step = around(e, g.config.Now())
	graph.Expr, graph.LogQL = exprOf(e.GeneratorURL)
	if graph.Expr == "" {
		var err error
		if graph.Expr, err = g.rule(ctx, e); err != nil {
			return graph, err
		}
	}
	if graph.Expr == "" {
		return graph, nil
	}
	graph.split()
	found, err := g.query(ctx, graph)
	if err != nil {
		return graph, fmt.Errorf("draw the alert %s: %w", e.Name, err)
	}
	graph.fill(found, e.Labels)
	return graph, nil
}

// split finds what is to be drawn of the expression.
func (g *Graph) split() {
	compare := compareProm
	if g.LogQL {
		compare = compareLogs
	}
	c := compare(g.Expr)
	g.Drawn, g.Op, g.Threshold, g.Conditioned = c.drawn, c.op, c.threshold, c.conditioned
	if _, _, ok := ratioOf(g.Drawn); ok && g.LogQL && g.Threshold != nil {
		g.Ratio = *g.Threshold > 0 && *g.Threshold <= 1
	}
}

// query evaluates what is drawn. Loki has no value for a count of no line: the
// share of none is asked for as 0, too.
func (g *Grapher) query(ctx context.Context, graph Graph) (model.Value, error) {
	r := v1.Range{Start: graph.From, End: graph.To, Step: graph.Step}
	if graph.LogQL {
		query := graph.Drawn
		if _, of, ok := ratioOf(query); ok {
			query = fmt.Sprintf("(%s) or (%s * 0)", query, of)
		}
		found, err := g.config.Logs(ctx, query, r)
		if err != nil && ctx.Err() == nil {
			err = &UpstreamError{Server: "Loki", Message: err.Error()}
		}
		return found, err
	}
	found, _, _, err := g.prom.QueryRange(ctx, graph.Drawn, r)
	if err != nil {
		return nil, promError(err)
	}
	return found, nil
}

// around is the time that a graph shows: the episode and half as much on both
// sides, up to now.
func around(e Episode, now time.Time) (from, to time.Time, step time.Duration) {
	to = e.Ended
	if e.IsFiring() {
		to = now
	}
	pad := max(graphPad, to.Sub(e.Began)/2)
	from = e.Began.Add(-pad)
	if to = to.Add(pad); to.After(now) {
		to = now
	}
	step = max((to.Sub(from) / pointsMost).Round(time.Second), 15*time.Second)
	return from.Truncate(time.Second), to, step
}

// exprOf reads the expression out of a generatorURL: Prometheus has it in g0.expr,
// Loki's ruler in the JSON of Grafana's Explore.
func exprOf(generatorURL string) (expr string, logQL bool) {
	u, err := url.Parse(generatorURL)
	if err != nil {
		return "", false
	}
	query := u.Query()
	if expr := query.Get("g0.expr"); expr != "" {
		return expr, false
	}
	var left struct {
		Queries []struct{ Expr string }
	}
	if json.Unmarshal([]byte(query.Get("left")), &left) == nil && len(left.Queries) > 0 {
		return left.Queries[0].Expr, true
	}
	return "", false
}

// rule returns the expression of the rule that has the name of the alert, "" if
// there is none.
func (g *Grapher) rule(ctx context.Context, e Episode) (string, error) {
	rules, err := g.prom.Rules(ctx, nil)
	if err != nil {
		return "", fmt.Errorf("look for the rule %s: %w", e.Name, promError(err))
	}
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			if alerting, ok := rule.(v1.AlertingRule); ok && alerting.Name == e.Name {
				return alerting.Query, nil
			}
		}
	}
	return "", nil
}

// promError says what is wrong with Prometheus in words.
func promError(err error) error {
	if refused, ok := errors.AsType[*v1.Error](err); ok && refused.Type == v1.ErrBadData {
		return &UpstreamError{"Prometheus", http.StatusBadRequest, "Prometheus refused: " + clean(refused.Msg, 300)}
	}
	return away("Prometheus", err)
}

// fill takes the series that can be the alert's: those whose labels do not differ
// from its own. If all do, they are taken all.
func (g *Graph) fill(found model.Value, labels map[string]string) {
	matrix, ok := found.(model.Matrix)
	if !ok {
		return
	}
	own := slices.DeleteFunc(slices.Clone(matrix), func(s *model.SampleStream) bool {
		for name, value := range s.Metric {
			if has, known := labels[string(name)]; known && has != string(value) {
				return true
			}
		}
		return false
	})
	if len(own) == 0 {
		own = matrix
	}
	g.Others = max(len(own)-seriesMost, 0)
	for _, stream := range own[:min(len(own), seriesMost)] {
		g.Series = append(g.Series, g.series(stream))
	}
}

func (g *Graph) series(stream *model.SampleStream) Series {
	s := Series{Labels: map[string]string{}, Values: make([]float64, int(g.To.Sub(g.From)/g.Step)+1)}
	for name, value := range stream.Metric {
		s.Labels[string(name)] = string(value)
	}
	none := math.NaN()
	if g.LogQL && isCount(g.Drawn) {
		none = 0
	}
	for i := range s.Values {
		s.Values[i] = none
	}
	for _, point := range stream.Values {
		if i := int((point.Timestamp.Time().Sub(g.From) + g.Step/2) / g.Step); i >= 0 && i < len(s.Values) {
			s.Values[i] = float64(point.Value)
		}
	}
	return s
}
