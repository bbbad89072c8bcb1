package stage

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// maxSeries bounds the series of a metric. What further label sets count is lost.
const maxSeries = 10_000

// Metrics are those of the metrics stages of all jobs. Stages that name the same
// metric share it. It is a prometheus.Collector and safe for concurrent use.
type Metrics struct {
	mu     sync.Mutex
	byName map[string]*family
	before map[string]*family // of the metrics that these are to replace
	now    func() time.Time
}

// NewMetrics returns none. Now is the clock by which series end.
func NewMetrics(now func() time.Time) *Metrics {
	return &Metrics{byName: map[string]*family{}, now: now}
}

// Successor returns the metrics for programs that take the place of those compiled
// with m: those that the programs keep count in, and what is compiled with it. A
// metric that is defined as before goes on. m stays as it is, and may be used on if
// nothing comes of the successor.
func (m *Metrics) Successor(keep []*Program) *Metrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := &Metrics{byName: map[string]*family{}, before: m.byName, now: m.now}
	for _, p := range keep {
		for _, f := range p.metrics {
			next.byName[f.Name()] = f
		}
	}
	return next
}

// family is one metric with its series.
type family struct {
	config.Metric
	now func() time.Time

	mu     sync.Mutex
	idle   time.Duration
	series map[string]*series // by label set
}

// series is a counter, a gauge or a histogram of one label set.
type series struct {
	mu      sync.Mutex
	metric  prometheus.Metric
	changed time.Time
	ended   bool // it is not shown any more
}

// of returns the family of a metric, or nil if there is a different one of that
// name.
func (m *Metrics) of(metric *config.Metric) *family {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.byName[metric.Name()]
	if f == nil {
		if f = m.before[metric.Name()]; f == nil || !f.isOf(metric) {
			f = &family{Metric: *metric, now: m.now, series: map[string]*series{}}
		}
		m.byName[metric.Name()] = f
	}
	if !f.isOf(metric) {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle = max(f.idle, metric.MaxIdleDuration.Std())
	return f
}

// isOf reports whether the family can hold a metric's series.
func (f *family) isOf(metric *config.Metric) bool {
	return f.Type == metric.Type && f.Description == metric.Description && slices.Equal(f.Config.Buckets, metric.Config.Buckets)
}

// Describe implements prometheus.Collector. It says nothing, for the labels are
// those of entries.
func (m *Metrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector. A series that is idle for too long is
// shown for the last time, as in promtail.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.byName {
		f.mu.Lock()
		for _, s := range f.series {
			ch <- s.metric
		}
		f.forget()
		f.mu.Unlock()
	}
}

// forget ends the series that are idle. The caller holds f.mu.
func (f *family) forget() {
	before := f.now().Add(-f.idle)
	for key, s := range f.series {
		if s.end(before) {
			delete(f.series, key)
		}
	}
}

func (s *series) end(before time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = !s.changed.After(before)
	return s.ended
}

// of returns the series of a label set, or nil if there are too many.
func (f *family) of(labels []pipeline.Label) *series {
	set := map[string]string{}
	var kept []pipeline.Label
	for _, l := range labels {
		// Prometheus has no use for the first, and histograms have a use of their
		// own for the second.
		if strings.HasPrefix(l.Name, "__") || l.Name == "le" || l.Value == "" {
			continue
		}
		kept = append(kept, l)
		set[l.Name] = strings.ToValidUTF8(l.Value, "\uFFFD")
	}
	key := pipeline.LabelText(kept)
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.series[key]; s != nil {
		return s
	}
	if len(f.series) >= maxSeries {
		if f.forget(); len(f.series) >= maxSeries {
			return nil
		}
	}
	s := &series{metric: f.metric(set), changed: f.now()}
	f.series[key] = s
	return s
}

func (f *family) metric(labels prometheus.Labels) prometheus.Metric {
	opts := prometheus.Opts{Name: f.Name(), Help: f.Description, ConstLabels: labels}
	switch f.Type {
	case config.MetricGauge:
		return prometheus.NewGauge(prometheus.GaugeOpts(opts))
	case config.MetricHistogram:
		return prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: opts.Name, Help: opts.Help, ConstLabels: labels, Buckets: f.Config.Buckets,
		})
	}
	return prometheus.NewCounter(prometheus.CounterOpts(opts))
}

// metrics counts entries.
type metrics struct {
	metrics []metricStep
	state   int // where each feed has the series of its label sets
}

type metricStep struct {
	*family
	cfg   config.MetricConfig
	slot  int
	place string
}

func (c *compiler) metrics(cfg config.MetricsStage) error {
	s := &metrics{state: c.p.series}
	c.p.series++
	for i := range cfg {
		m := &cfg[i]
		f := c.m.of(m)
		if f == nil {
			return &config.Error{Pos: m.Pos, Path: m.Path, Message: "another stage has a metric " + m.Name() +
				" with another type, description or buckets; make them equal, or choose another name"}
		}
		c.p.metrics = append(c.p.metrics, f)
		s.metrics = append(s.metrics, metricStep{f, m.Config, c.name(m.Source), m.Path})
	}
	c.add(s)
	return nil
}

func (s *metrics) run(f *Feed, r *record) verdict {
	var all []*series // of the record's labels, once one is needed
	for i := range s.metrics {
		m := &s.metrics[i]
		n, ok := m.amount(f, r)
		if !ok {
			continue
		}
		if all == nil {
			all = f.seriesOf(s, r)
		}
		m.record(f, r, &all[i], n)
	}
	return next
}

// seriesOf are the series of the record's labels, of those metrics that had one
// before.
func (f *Feed) seriesOf(s *metrics, r *record) []*series {
	byKey := f.series[s.state]
	if byKey == nil || len(byKey) >= maxLabelSets {
		byKey = map[string][]*series{}
		f.series[s.state] = byKey
	}
	key := f.labelKey(r)
	all := byKey[string(key)]
	if all == nil {
		all = make([]*series, len(s.metrics))
		byKey[string(key)] = all
	}
	return all
}

// amount is what the record counts for, and whether it counts.
func (m *metricStep) amount(f *Feed, r *record) (n float64, ok bool) {
	v := r.slots[m.slot]
	switch {
	case m.cfg.MatchAll && m.Type == config.MetricCounter:
		return float64(len(r.line)), m.cfg.Action == config.MetricInc || m.cfg.CountEntryBytes
	case v.state == absent:
		return 0, false
	case m.cfg.Value != nil && (v.state != present || string(v.text) != *m.cfg.Value):
		return 0, false
	case m.cfg.Action == config.MetricInc || m.cfg.Action == config.MetricDec:
		return 0, true
	}
	n, ok = numberOf(v)
	if !ok || m.Type == config.MetricCounter && !(n >= 0) {
		f.fail(m.place, "metric", stageError("the extracted value is no number that can be counted"))
		return 0, false
	}
	return n, true
}

// record changes the series, which is made or found if it is nil or has ended.
func (m *metricStep) record(f *Feed, r *record, s **series, n float64) {
	for *s == nil || !(*s).change(m.cfg.Action, n, f.now) {
		*s = m.of(f.labelsOf(r))
		if *s == nil {
			f.fail(m.place, "metric", stageError("the metric has too many label sets"))
			return
		}
	}
}

// change reports false if the series has ended.
func (s *series) change(action string, n float64, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.changed = now
	switch metric := s.metric.(type) {
	case prometheus.Histogram:
		metric.Observe(n)
	case prometheus.Gauge:
		changeGauge(metric, action, n)
	case prometheus.Counter:
		if action == config.MetricInc {
			n = 1
		}
		metric.Add(n)
	}
	return true
}

func changeGauge(g prometheus.Gauge, action string, n float64) {
	switch action {
	case config.MetricSet:
		g.Set(n)
	case config.MetricInc:
		g.Inc()
	case config.MetricDec:
		g.Dec()
	case config.MetricAdd:
		g.Add(n)
	case config.MetricSub:
		g.Sub(n)
	}
}

// numberOf reads a number, or a duration as seconds. True is 1 and false is 0.
func numberOf(v value) (n float64, ok bool) {
	s := view(v.text)
	if v.state != present || s == "" {
		return 0, false
	}
	switch s[len(s)-1] {
	case 's', 'm', 'h': // the units of durations; no number ends so
		d, err := time.ParseDuration(s)
		return d.Seconds(), err == nil
	}
	if s == "true" || s == "false" {
		return float64(len("false") - len(s)), true // 1 and 0
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}
