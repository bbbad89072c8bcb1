// Package health says what is well and what is not: signals from Prometheus and
// from the dependencies themselves, each with a verdict and its reason in words.
//
// Which signals there are is data: catalogue.yaml. A signal that cannot be known
// is "no data" with the reason, which is not the same as down.
package health

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
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
	// Since is when the verdict changed to this one; zero when the dashboard has
	// not seen it change.
	Since time.Time
	// Value is in the unit of the signal; nil when nothing is known.
	Value *float64
	// Display is the value for people, "" when there is none.
	Display string
}

// Unreadable is a source that the collector may not read.
type Unreadable struct {
	Job, Path, Reason, Remedy, User string
}

// Report is everything at one time.
type Report struct {
	Verdict    Verdict
	Summary    string
	CheckedAt  time.Time
	Items      []Item
	Unreadable []Unreadable
}

// Config says what to ask.
type Config struct {
	// PrometheusURL is Prometheus' address.
	PrometheusURL string
	// Signals are what to find out; see Catalogue.
	Signals []Signal
	// Probes ask dependencies themselves, by the names in Signal.Probe. The
	// probe "prometheus" is made here.
	Probes map[string]func(context.Context) error
	// Timeout bounds one check of everything.
	Timeout time.Duration
	// Fresh is how long a report serves before the next check.
	Fresh time.Duration
	// Now is the clock.
	Now func() time.Time
	// Observe is told of each call of Prometheus when not nil.
	Observe func(call string, took time.Duration, err error)
}

// queriesAtOnce bounds how many queries Prometheus gets at once.
const queriesAtOnce = 6

// Checker checks on demand: a report serves everybody for a while, and only one
// check runs at a time. It is safe for concurrent use.
type Checker struct {
	config Config
	prom   v1.API
	flight singleflight.Group

	mu    sync.Mutex
	last  *Report
	since map[string]change
}

// change is a verdict and when it was first seen.
type change struct {
	verdict Verdict
	since   time.Time // zero for the first verdict that was seen
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
	for _, s := range config.Signals {
		if s.words == nil {
			return nil, fmt.Errorf("signal %q does not come from Catalogue", s.ID)
		}
	}
	if config.Observe == nil {
		config.Observe = func(string, time.Duration, error) {}
	}
	return &Checker{config: config, prom: v1.NewAPI(client), since: map[string]change{}}, nil
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
	// targets are Prometheus' active targets by job; nil when it does not say.
	targets map[string][]v1.ActiveTarget
}

// check finds everything out.
func (c *Checker) check(ctx context.Context) Report {
	report := Report{CheckedAt: c.config.Now(), Items: make([]Item, len(c.config.Signals))}
	v := c.look(ctx)
	var group errgroup.Group
	group.SetLimit(queriesAtOnce)
	for i, signal := range c.config.Signals {
		group.Go(func() error {
			report.Items[i] = c.item(ctx, v, signal)
			return nil
		})
	}
	group.Go(func() error {
		report.Unreadable = c.unreadable(ctx, v)
		return nil
	})
	group.Wait() // none returns an error
	c.remember(report.CheckedAt, report.Items)
	report.Verdict, report.Summary = summarise(report.Items, len(report.Unreadable))
	return report
}

// look asks Prometheus whether it answers and what it scrapes.
func (c *Checker) look(ctx context.Context) view {
	if _, err := c.query(ctx, "vector(1)"); err != nil {
		return view{prometheus: err}
	}
	start := time.Now()
	targets, err := c.prom.Targets(ctx)
	c.config.Observe("targets", time.Since(start), err)
	if err != nil {
		return view{}
	}
	v := view{targets: map[string][]v1.ActiveTarget{}}
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

// item finds out one signal.
func (c *Checker) item(ctx context.Context, v view, s Signal) Item {
	if s.Probe == "prometheus" {
		return probed(s, v.prometheus)
	}
	if probe, ok := c.config.Probes[s.Probe]; ok {
		return probed(s, probe(ctx))
	}
	if v.prometheus != nil {
		return noData(s, "Prometheus does not answer, so nothing is known")
	}
	for _, e := range s.Expressions {
		vector, err := c.query(ctx, e.Expr)
		if err != nil {
			return noData(s, "Prometheus did not answer the query: "+explain(err))
		}
		if sample := worst(vector, s.Worst); sample != nil {
			return judge(s, v, sample)
		}
	}
	return noData(s, c.missing(ctx, v, s))
}

// probed judges what a dependency itself said.
func probed(s Signal, err error) Item {
	up := 1.0
	if err != nil {
		down := 0.0
		return Item{Signal: s, Verdict: Critical, Value: &down, Display: "down", Reason: s.Down + ": " + explain(err)}
	}
	return Item{Signal: s, Verdict: OK, Value: &up, Display: "up", Reason: s.Words}
}

func noData(s Signal, reason string) Item {
	return Item{Signal: s, Verdict: NoData, Reason: reason}
}

// worst returns the sample that counts; NaN only when there is nothing else.
func worst(vector model.Vector, which string) *model.Sample {
	var found *model.Sample
	for _, sample := range vector {
		value := float64(sample.Value)
		switch {
		case found == nil, math.IsNaN(float64(found.Value)):
			found = sample
		case math.IsNaN(value):
		case which == "min" && value < float64(found.Value), which != "min" && value > float64(found.Value):
			found = sample
		}
	}
	return found
}

// judge compares a value with the thresholds.
func judge(s Signal, v view, sample *model.Sample) Item {
	value := float64(sample.Value)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return noData(s, "Prometheus has no number for it yet")
	}
	labels := labelsOf(sample.Metric)
	if s.Unit == State {
		return judgeState(s, v, value, labels)
	}
	item := Item{Signal: s, Verdict: OK, Value: &value, Display: display(s.Unit, value)}
	item.Reason = s.say(item.Display, labels)
	switch {
	case value >= *s.Critical:
		item.Verdict = Critical
		item.Reason += "; critical from " + display(s.Unit, *s.Critical)
	case value >= *s.Warning:
		item.Verdict = Warning
		item.Reason += "; a warning from " + display(s.Unit, *s.Warning)
	}
	return item
}

// judgeState judges a state: 1 is up.
func judgeState(s Signal, v view, value float64, labels map[string]string) Item {
	if value == 1 {
		return Item{Signal: s, Verdict: OK, Value: &value, Display: "up", Reason: s.Words}
	}
	item := Item{Signal: s, Verdict: Critical, Value: &value, Display: "down", Reason: s.Down}
	instance := labels["instance"]
	if instance != "" {
		item.Reason += " (" + clip(instance) + ")"
	}
	for _, target := range v.targets[labels["job"]] {
		if string(target.Labels["instance"]) == instance && target.LastError != "" {
			item.Reason += ": " + scrapeError(target.LastError)
		}
	}
	return item
}

// scrapeError shortens Prometheus' text: it begins with the method and address
// that are known already.
func scrapeError(text string) string {
	if i := strings.LastIndex(text, `": `); i >= 0 {
		text = text[i+3:]
	}
	return clip(text)
}

func labelsOf(metric model.Metric) map[string]string {
	labels := make(map[string]string, len(metric))
	for name, value := range metric {
		labels[string(name)] = string(value)
	}
	return labels
}

// missing says why a signal has no value.
func (c *Checker) missing(ctx context.Context, v view, s Signal) string {
	if v.targets == nil {
		return fmt.Sprintf("Prometheus has no %s", metricNames(s))
	}
	targets := v.targets[s.Job]
	if len(targets) == 0 {
		return fmt.Sprintf("no target %q is configured in Prometheus", s.Job)
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
	if found, err := c.query(ctx, fmt.Sprintf("count(%s)", s.Expressions[0].Metric)); err == nil && len(found) > 0 {
		return "it is being measured; the first value comes within two minutes"
	}
	return fmt.Sprintf("the target %q answers, but has no %s: another exporter or version?", s.Job, metricNames(s))
}

// metricNames lists the metrics of a signal.
func metricNames(s Signal) string {
	var names []string
	for _, e := range s.Expressions {
		if !slices.Contains(names, e.Metric) {
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

// remember fills in since when each verdict holds.
func (c *Checker) remember(now time.Time, items []Item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, item := range items {
		known, ok := c.since[item.Signal.ID]
		switch {
		case !ok:
			known = change{verdict: item.Verdict}
		case known.verdict != item.Verdict:
			known = change{item.Verdict, now}
		}
		c.since[item.Signal.ID] = known
		items[i].Since = known.since
	}
}

// explain says in plain words why a call failed. It shows no address.
func explain(err error) string {
	timeout, isNet := errors.AsType[net.Error](err)
	known, isAPI := errors.AsType[*v1.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused; check that it runs and that its address is right"
	case isAPI:
		return clip(known.Msg)
	}
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	return clip(err.Error())
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
