package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"
)

// ErrNoComponent means that the catalogue has no such component.
var ErrNoComponent = errors.New("there is no such component")

// linesMost is how many lines a signal has in a graph; the rest is counted.
const linesMost = 5

// Graphs is what a component's signals were over time.
type Graphs struct {
	Component Component
	// Start is the time of the first value of each line, Step the distance of two.
	Start  time.Time
	Step   time.Duration
	Points int
	Graphs []Graph
	// Partial says that a query was not answered: it is worth asking again.
	Partial bool
}

// Graph is one graph: signals with the same unit.
type Graph struct {
	Name    string
	Unit    Unit
	Signals []SignalLines
}

// SignalLines is what one signal was over time.
type SignalLines struct {
	Signal Signal
	// Lines are the worst ones, the worst first.
	Lines []Line
	// More is how many others there are.
	More int
	// Reason is why there are none.
	Reason string

	unanswered bool
}

// Line is one series. What was not measured is NaN.
type Line struct {
	// Name tells the lines of a signal apart; empty when there is one only.
	Name   string
	Values []float64
}

// seriesCache keeps answers for as long as a report serves.
type seriesCache struct {
	config Config
	flight singleflight.Group

	mu    sync.Mutex
	known map[seriesKey]seriesAnswer
}

type seriesKey struct {
	component  string
	start, end int64
	step       time.Duration
}

type seriesAnswer struct {
	at     time.Time
	graphs Graphs
}

// seriesKept bounds the answers that are kept.
const seriesKept = 64

func newSeriesCache(config Config) *seriesCache {
	return &seriesCache{config: config, known: map[seriesKey]seriesAnswer{}}
}

// get returns what make returns, for a while and once for all who ask.
func (s *seriesCache) get(key seriesKey, make func() Graphs) Graphs {
	if graphs, ok := s.fresh(key); ok {
		return graphs
	}
	got, _, _ := s.flight.Do(fmt.Sprint(key), func() (any, error) {
		if graphs, ok := s.fresh(key); ok {
			return graphs, nil
		}
		graphs := make()
		if graphs.Partial {
			return graphs, nil // who asks again asks for the rest
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.known) >= seriesKept {
			clear(s.known)
		}
		s.known[key] = seriesAnswer{s.config.Now(), graphs}
		return graphs, nil
	})
	return got.(Graphs)
}

func (s *seriesCache) fresh(key seriesKey) (Graphs, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, ok := s.known[key]
	return answer.graphs, ok && s.config.Now().Sub(answer.at) < s.config.Fresh
}

// Series returns the graphs of a component between two times of the dashboard's
// clock. The last value is that of the end, however wide a step is: what has just
// begun shows. Viewers whose times differ by less than an answer serves share it,
// with the times of the first of them. What cannot be found out is in the answer;
// the only error is ErrNoComponent.
func (c *Checker) Series(ctx context.Context, component string, start, end time.Time, step time.Duration) (Graphs, error) {
	i := slices.IndexFunc(c.config.Catalogue.Components, func(one Component) bool { return one.ID == component })
	if i < 0 {
		return Graphs{}, ErrNoComponent
	}
	key := seriesKey{component, start.Truncate(c.config.Fresh).UnixNano(), end.Truncate(c.config.Fresh).UnixNano(), step}
	start = end.Add(-end.Sub(start).Truncate(step))
	return c.series.get(key, func() Graphs {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.config.Timeout)
		defer cancel()
		return c.graphs(ctx, c.config.Catalogue.Components[i], v1.Range{Start: start, End: end, Step: step})
	}), nil
}

// graphs asks for everything that is drawn of a component.
func (c *Checker) graphs(ctx context.Context, component Component, r v1.Range) Graphs {
	answer := Graphs{Component: component, Start: r.Start, Step: r.Step, Points: points(r)}
	places := map[string]int{}
	for _, s := range component.Signals {
		if s.Graph == "" {
			continue
		}
		at, ok := places[s.Graph]
		if !ok {
			at = len(answer.Graphs)
			places[s.Graph] = at
			answer.Graphs = append(answer.Graphs, Graph{Name: s.Graph, Unit: s.Unit})
		}
		answer.Graphs[at].Signals = append(answer.Graphs[at].Signals, SignalLines{Signal: s})
	}
	var group errgroup.Group
	group.SetLimit(queriesAtOnce)
	for _, graph := range answer.Graphs {
		for i := range graph.Signals {
			group.Go(func() error {
				c.lines(ctx, &graph.Signals[i], r)
				return nil
			})
		}
	}
	group.Wait() // none returns an error
	for _, graph := range answer.Graphs {
		answer.Partial = answer.Partial || slices.ContainsFunc(graph.Signals, func(s SignalLines) bool { return s.unanswered })
	}
	return answer
}

// lines fills in the lines of a signal: of the first expression that has some.
func (c *Checker) lines(ctx context.Context, s *SignalLines, r v1.Range) {
	var failed error
	for _, e := range s.Signal.Expressions {
		matrix, shifted, err := c.over(ctx, e, r)
		if err != nil {
			failed = cmp.Or(failed, err)
			continue
		}
		if s.Lines = linesOf(matrix, shifted, s.Signal.Worst); len(s.Lines) > 0 {
			s.More = max(0, len(s.Lines)-linesMost)
			s.Lines = s.Lines[:len(s.Lines)-s.More]
			return
		}
	}
	s.Reason = "there are no values in this time"
	if failed != nil {
		s.Reason, s.unanswered = failed.Error(), !errors.Is(failed, errLogs)
	}
}

// over evaluates an expression over a range of the dashboard's time, and returns
// the range as the answering clock has it.
func (c *Checker) over(ctx context.Context, e Expression, r v1.Range) (model.Matrix, v1.Range, error) {
	if e.LogQL != "" {
		matrix, err := c.logs.ranged(ctx, e.LogQL, r)
		return matrix, r, err
	}
	c.mu.Lock()
	shift := c.shift
	c.mu.Unlock()
	r.Start, r.End = r.Start.Add(shift), r.End.Add(shift)
	matrix, err := c.queryRange(ctx, e.Expr, r)
	if err != nil {
		return nil, r, unknown("Prometheus did not answer the query: " + explain(err))
	}
	return matrix, r, nil
}

// linesOf returns the series of a matrix that have numbers, the worst first.
func linesOf(matrix model.Matrix, r v1.Range, which string) []Line {
	names := lineNames(matrix)
	var lines []Line
	for i, stream := range matrix {
		values := onGrid(stream, r)
		if slices.ContainsFunc(values, isNumber) {
			lines = append(lines, Line{names[i], values})
		}
	}
	slices.SortStableFunc(lines, func(a, b Line) int {
		order := cmp.Compare(peak(b.Values, which), peak(a.Values, which))
		if which == "min" {
			order = -order
		}
		return cmp.Or(order, strings.Compare(a.Name, b.Name))
	})
	return lines
}

// peak returns the worst of values of which one is a number.
func peak(values []float64, which string) float64 {
	found := math.NaN()
	for _, value := range values {
		if math.IsNaN(found) || (which == "min" && value < found) || (which != "min" && value > found) {
			found = value
		}
	}
	return found
}

// lineNames names series by the labels in which they differ.
func lineNames(matrix model.Matrix) []string {
	differ := map[model.LabelName]bool{}
	for _, stream := range matrix {
		for name := range stream.Metric {
			if stream.Metric[name] != matrix[0].Metric[name] || stream.Metric[name] != matrix[len(matrix)-1].Metric[name] {
				differ[name] = true
			}
		}
	}
	names := make([]string, len(matrix))
	for i, stream := range matrix {
		var parts []string
		for name := range differ {
			if value, ok := stream.Metric[name]; ok && name != model.MetricNameLabel {
				parts = append(parts, clip(string(value)))
			}
		}
		slices.Sort(parts)
		names[i] = strings.Join(slices.Compact(parts), " ")
	}
	return names
}
