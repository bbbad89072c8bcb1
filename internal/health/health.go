// Package health says what is well and what is not: components with signals from
// Prometheus, from Loki where Prometheus has none, and from the dependencies
// themselves, each with a verdict and its reason in words.
//
// Which signals there are is data: catalogue.yaml. A signal that cannot be known
// is "no data" with the reason, which is not the same as down.
package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"
)

// Verdict is how well something is.
type Verdict string

// The verdicts.
const (
	OK       Verdict = "ok"
	Warning  Verdict = "warning"
	Critical Verdict = "critical"
	NoData   Verdict = "no_data"
)

// Item is the state of one signal.
type Item struct {
	Signal  Signal
	Verdict Verdict
	// Reason is plain words.
	Reason string
	// Since is when the verdict changed to this one, by the dashboard's clock;
	// zero when that is not known.
	Since time.Time
	// Longer is true when the verdict held at Since already: nothing before it
	// was looked at.
	Longer bool
	// Value is in the unit of the signal; nil when nothing is known.
	Value *float64
	// Display is the value for people, "" when there is none.
	Display string
	// expression is what gave the value; nil when a probe or nothing did.
	expression *Expression
}

// Group is the state of one component.
type Group struct {
	Component Component
	// Verdict is the worst of the signals that are known.
	Verdict Verdict
	// Reason is plain words.
	Reason string
	// Since is when the first signal got this verdict; zero when not known.
	Since  time.Time
	Longer bool
	Items  []Item
}

// Unreadable is a source that the collector may not read.
type Unreadable struct {
	Job, Path, Reason, Remedy, User string
}

// Report is everything at one time.
type Report struct {
	Verdict Verdict
	// Summary is one short sentence; Detail is what cannot be known, or "".
	Summary, Detail string
	CheckedAt       time.Time
	Groups          []Group
	Unreadable      []Unreadable
}

// Config says what to ask.
type Config struct {
	// PrometheusURL is Prometheus' address.
	PrometheusURL string
	// Catalogue is what to find out; see Load.
	Catalogue Catalogue
	// Probes ask dependencies themselves, by the names in Signal.Probe. The
	// probes "prometheus" and "clock" are made here.
	Probes map[string]func(context.Context) error
	// Logs runs a metric query of LogQL over a range; nil without Loki.
	Logs func(ctx context.Context, query string, r v1.Range) (model.Matrix, error)
	// Timeout bounds one check of everything, and one request of series.
	Timeout time.Duration
	// Fresh is how long a report serves before the next check.
	Fresh time.Duration
	// Now is the clock.
	Now func() time.Time
	// Observe is told of each call of Prometheus when not nil.
	Observe func(call string, took time.Duration, err error)
}

const (
	// queriesAtOnce bounds how many queries Prometheus gets at once.
	queriesAtOnce = 6
	// logQueriesAtOnce is the same for Loki, which has people waiting for lines.
	logQueriesAtOnce = 2
	// clockTolerance is how far apart the clocks may be without being corrected for.
	clockTolerance = 5 * time.Second
)

// Checker checks on demand: a report serves everybody for a while, and only one
// check runs at a time. It is safe for concurrent use.
type Checker struct {
	config Config
	prom   v1.API
	flight singleflight.Group
	logs   *logCache
	series *seriesCache

	mu    sync.Mutex
	last  *Report
	shift time.Duration // of Prometheus' clock, as seen by the last check
	since map[string]change
}

// New returns a checker. It asks nothing yet: Prometheus may be away.
func New(config Config) (*Checker, error) {
	u, err := url.Parse(config.PrometheusURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errors.New("the Prometheus address is not a URL; write it as http://host:9090")
	}
	client, err := api.NewClient(api.Config{Address: config.PrometheusURL})
	if err != nil {
		return nil, fmt.Errorf("make a client of Prometheus: %w", err)
	}
	for _, component := range config.Catalogue.Components {
		for _, s := range component.Signals {
			if s.words == nil {
				return nil, fmt.Errorf("signal %q does not come from Load", s.ID)
			}
		}
	}
	if config.Observe == nil {
		config.Observe = func(string, time.Duration, error) {}
	}
	return &Checker{
		config: config, prom: v1.NewAPI(client), since: map[string]change{},
		logs: newLogCache(config), series: newSeriesCache(config),
	}, nil
}

// Check returns a report that is at most Fresh old. It never fails: what cannot
// be found out is in the report. A check goes on when whoever asked has gone,
// because others may wait for it.
func (c *Checker) Check(ctx context.Context) Report {
	if report, ok := c.fresh(); ok {
		return report
	}
	got, _, _ := c.flight.Do("", func() (any, error) {
		if report, ok := c.fresh(); ok {
			return report, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.config.Timeout)
		defer cancel()
		report := c.check(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.last = &report
		return report, nil
	})
	return got.(Report)
}

// fresh returns the last report if it still serves.
func (c *Checker) fresh() (Report, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil || c.config.Now().Sub(c.last.CheckedAt) >= c.config.Fresh {
		return Report{}, false
	}
	return *c.last, true
}

// view is what one check knows.
type view struct {
	// prometheus is why Prometheus does not answer, nil when it does.
	prometheus error
	// ahead is by how much Prometheus' clock is ahead of the dashboard's.
	ahead time.Duration
	// targets are Prometheus' active targets by job; nil when it does not say.
	targets map[string][]v1.ActiveTarget
}

// shift is what to add to the dashboard's time to get Prometheus'.
func (v view) shift() time.Duration {
	if v.ahead.Abs() < clockTolerance {
		return 0
	}
	return v.ahead
}

// check finds everything out.
func (c *Checker) check(ctx context.Context) Report {
	components := c.config.Catalogue.Components
	report := Report{CheckedAt: c.config.Now(), Groups: make([]Group, len(components))}
	v := c.look(ctx)
	c.mu.Lock()
	c.shift = v.shift()
	c.mu.Unlock()
	var group, probes errgroup.Group // probes do not queue behind a slow Prometheus
	group.SetLimit(queriesAtOnce)
	for i, component := range components {
		report.Groups[i] = Group{Component: component, Items: make([]Item, len(component.Signals))}
		for j, signal := range component.Signals {
			run := group.Go
			if signal.Probe != "" {
				run = probes.Go
			}
			run(func() error {
				item := c.item(ctx, v, signal)
				c.date(ctx, v, component.ID+"/"+signal.ID, report.CheckedAt, &item)
				report.Groups[i].Items[j] = item
				return nil
			})
		}
	}
	group.Go(func() error {
		report.Unreadable = c.unreadable(ctx, v)
		return nil
	})
	group.Wait() // none returns an error
	probes.Wait()
	for i := range report.Groups {
		report.Groups[i].judge()
	}
	report.Verdict, report.Summary, report.Detail = summarise(report.Groups, len(report.Unreadable))
	return report
}

// look asks Prometheus whether it answers, what time it is there and what it
// scrapes. It takes half of the check's time at most: without an answer there is
// still time for the others.
func (c *Checker) look(ctx context.Context) view {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout/2)
	defer cancel()
	vector, err := c.query(ctx, "vector(1)")
	if err != nil {
		return view{prometheus: err}
	}
	v := view{}
	if len(vector) > 0 {
		v.ahead = vector[0].Timestamp.Time().Sub(c.config.Now())
	}
	start := time.Now()
	targets, err := c.prom.Targets(ctx)
	c.config.Observe("targets", time.Since(start), err)
	if err != nil {
		return v
	}
	v.targets = map[string][]v1.ActiveTarget{}
	for _, target := range targets.Active {
		job := string(target.Labels["job"])
		v.targets[job] = append(v.targets[job], target)
	}
	return v
}

// query runs an instant query at Prometheus' own time.
func (c *Checker) query(ctx context.Context, expr string) (model.Vector, error) {
	start := time.Now()
	value, _, _, err := c.prom.Query(ctx, expr, time.Time{})
	c.config.Observe("query", time.Since(start), err)
	if err != nil {
		return nil, err
	}
	vector, ok := value.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("%s gives a %s, not a vector", expr, value.Type())
	}
	return vector, nil
}

// queryRange runs a query over a range of Prometheus' time.
func (c *Checker) queryRange(ctx context.Context, expr string, r v1.Range) (model.Matrix, error) {
	start := time.Now()
	value, _, _, err := c.prom.QueryRange(ctx, expr, r)
	c.config.Observe("query_range", time.Since(start), err)
	if err != nil {
		return nil, err
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("%s gives a %s, not a matrix", expr, value.Type())
	}
	return matrix, nil
}

// unknown is why something is not known, in words for people.
type unknown string

// Error returns the words.
func (u unknown) Error() string { return string(u) }

// errPrometheus is why an expression was not asked for.
const errPrometheus = unknown("Prometheus does not answer; check that it runs")

// ask evaluates a query of an expression now, where it belongs.
func (c *Checker) ask(ctx context.Context, v view, e *Expression, query string) (model.Vector, error) {
	if e.LogQL != "" {
		return c.logs.now(ctx, query)
	}
	if v.prometheus != nil {
		return nil, errPrometheus
	}
	vector, err := c.query(ctx, query)
	if err != nil {
		return nil, unknown("Prometheus did not answer the query: " + explain(err))
	}
	return vector, nil
}

// item finds out one signal.
func (c *Checker) item(ctx context.Context, v view, s Signal) Item {
	switch probe, ok := c.config.Probes[s.Probe]; {
	case s.Probe == "prometheus":
		return probed(s, v.prometheus)
	case s.Probe == "clock":
		return clocks(s, v)
	case ok:
		return probed(s, probe(ctx))
	}
	var failed error // the first failure, unless another expression has a value
	for i := range s.Expressions {
		e := &s.Expressions[i]
		query := e.Expr + e.LogQL
		vector, err := c.ask(ctx, v, e, query)
		if err != nil {
			failed = cmp.Or(failed, err)
			continue
		}
		if sample := worst(vector, s.Worst); sample != nil && isNumber(float64(sample.Value)) {
			item := judge(s, v, sample, instances(vector) > 1)
			item.expression = e
			return item
		}
	}
	if failed != nil {
		return noData(s, failed.Error())
	}
	return c.without(ctx, v, s)
}

// without judges a signal of which no expression has a number.
func (c *Checker) without(ctx context.Context, v view, s Signal) Item {
	if s.Quiet != "" {
		for i := range s.Expressions {
			e := &s.Expressions[i]
			if vector, err := c.ask(ctx, v, e, e.exists()); err == nil && positive(vector) {
				return Item{Signal: s, Verdict: OK, Reason: s.Quiet}
			}
		}
	}
	return noData(s, c.missing(ctx, v, s))
}

// missing says why a signal has no value.
func (c *Checker) missing(ctx context.Context, v view, s Signal) string {
	switch {
	case s.Job == "":
		return "Loki has no lines that tell it"
	case v.targets == nil:
		return fmt.Sprintf("Prometheus has no %s", metricNames(s))
	}
	targets := v.targets[s.Job]
	if len(targets) == 0 {
		return fmt.Sprintf("Prometheus has no target %q", s.Job)
	}
	for _, target := range targets {
		if target.Health == v1.HealthBad {
			return fmt.Sprintf("the exporter %q (%s) does not answer Prometheus: %s",
				s.Job, clip(string(target.Labels["instance"])), scrapeError(target.LastError))
		}
	}
	if targets[0].Health == v1.HealthUnknown {
		return fmt.Sprintf("Prometheus has not asked the target %q yet", s.Job)
	}
	first := s.Expressions[0]
	if found, err := c.query(ctx, first.exists()); err == nil && len(found) > 0 {
		return "it is being measured; the first value comes within minutes"
	}
	if found, err := c.query(ctx, "count("+first.Metric+")"); err == nil && len(found) > 0 {
		return cmp.Or(s.Unclear, fmt.Sprintf("the target %q has %s, but not with these labels", s.Job, first.Metric))
	}
	return fmt.Sprintf("the target %q answers, but has no %s: another exporter or version?", s.Job, metricNames(s))
}

// metricNames lists the metrics of a signal.
func metricNames(s Signal) string {
	var names []string
	for _, e := range s.Expressions {
		if e.LogQL == "" && !slices.Contains(names, e.Metric) {
			names = append(names, e.Metric)
		}
	}
	return strings.Join(names, " or ")
}

// unreadable returns the sources that the collector may not read.
func (c *Checker) unreadable(ctx context.Context, v view) []Unreadable {
	if v.prometheus != nil {
		return nil
	}
	vector, err := c.query(ctx, "collector_source_unreadable == 1")
	if err != nil {
		return nil // the items say that Prometheus does not answer
	}
	list := make([]Unreadable, 0, len(vector))
	for _, sample := range vector {
		labels := labelsOf(sample.Metric)
		job := labels["source_job"]
		if job == "" {
			job = labels["exported_job"]
		}
		list = append(list, Unreadable{Job: job, Path: labels["path"], Reason: labels["reason"], Remedy: labels["remedy"], User: labels["user"]})
	}
	slices.SortFunc(list, func(a, b Unreadable) int {
		return strings.Compare(a.Job+"\x00"+a.Path, b.Job+"\x00"+b.Path)
	})
	return list
}

// HTTPProbe returns a probe that wants 2xx from the address.
func HTTPProbe(client *http.Client, address string) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return errors.New("its address is not a URL")
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode/100 != 2 {
			return fmt.Errorf("it answers with status %d", response.StatusCode)
		}
		return nil
	}
}
