package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// MetricsStage are metrics that are counted from entries, in the order of the
// file.
type MetricsStage []Metric

// Metric is a metric with a series for each label set.
type Metric struct {
	Pos  Pos    `yaml:"-"`
	Path string `yaml:"-"`
	// Key is the name in the file, without Prefix.
	Key string `yaml:"-"`
	// Type is MetricCounter, MetricGauge or MetricHistogram.
	Type        string `yaml:"type"`
	Description string `yaml:"description"`
	// Source is the extracted value; it is Key when the file gives none.
	Source string `yaml:"source"`
	Prefix string `yaml:"prefix"`
	// MaxIdleDuration is after which time without an entry a series ends.
	MaxIdleDuration Duration     `yaml:"max_idle_duration"`
	Config          MetricConfig `yaml:"config"`
}

// Name is the whole name of the metric.
func (m *Metric) Name() string { return m.Prefix + m.Key }

// MetricConfig is what an entry does to its series.
type MetricConfig struct {
	// MatchAll counts every entry, whether Source was extracted or not; with
	// CountEntryBytes it adds the bytes of the line.
	MatchAll        bool `yaml:"match_all"`
	CountEntryBytes bool `yaml:"count_entry_bytes"`
	// Value is what the extracted value has to be, nil when not given.
	Value *string `yaml:"value"`
	// Action is one of MetricInc and the others; "" for histograms.
	Action string `yaml:"action"`
	// Buckets are the upper bounds of a histogram's, ascending; Prometheus' own if
	// there are none.
	Buckets []float64 `yaml:"buckets"`
}

// The types of metrics.
const (
	MetricCounter   = "counter"
	MetricGauge     = "gauge"
	MetricHistogram = "histogram"
)

// What an entry does: a counter knows inc and add, a gauge all of them.
const (
	MetricSet = "set"
	MetricInc = "inc"
	MetricDec = "dec"
	MetricAdd = "add"
	MetricSub = "sub"
)

func (l *MetricsStage) decodeNode(d *decoder, n *yaml.Node, at *place) {
	entries, ok := d.entries(n, at)
	if !ok {
		return
	}
	if len(entries) == 0 {
		d.emptyStage(n, at, "give names of metrics, each with its type and config")
	}
	*l = MetricsStage{}
	for _, e := range entries {
		here := at.child(e.key, e.pos)
		m := Metric{
			Pos: here.pos, Path: here.path(), Key: e.key, Source: e.key,
			Prefix: "promtail_custom_", MaxIdleDuration: Duration(5 * time.Minute),
		}
		if isNull(e.value) {
			d.errorf(here, "required; give the type and the config of the metric")
			continue
		}
		d.value(e.value, reflect.ValueOf(&m).Elem(), here)
		*l = append(*l, m)
	}
}

var metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

func (m *Metric) validate(s scope) {
	m.Type, m.Config.Action = strings.ToLower(m.Type), strings.ToLower(m.Config.Action)
	if m.Prefix == "" {
		m.Prefix = "promtail_custom_"
	}
	if !metricName.MatchString(m.Name()) {
		s.d.errorf(s.at, "%s is not a metric's name; use letters, digits, _ and :", quote(m.Name()))
	}
	if ownMetric(m.Name()) {
		s.errorf("prefix", "%s may be a name of the collector's own metrics; choose another prefix", quote(m.Name()))
	}
	s.notEmpty("source", m.Source)
	if m.MaxIdleDuration < Duration(time.Second) {
		s.errorf("max_idle_duration", "%s is too short; the least is 1s", m.MaxIdleDuration)
	}
	switch m.Type {
	case MetricCounter:
		m.checkAction(s, MetricInc, MetricAdd)
	case MetricGauge:
		m.checkAction(s, MetricSet, MetricInc, MetricDec, MetricAdd, MetricSub)
	case MetricHistogram:
		m.checkBuckets(s)
	case "":
		s.errorf("type", "required; give counter, gauge or histogram")
	default:
		s.oneOf("type", m.Type, MetricCounter, MetricGauge, MetricHistogram)
	}
	if m.Type == MetricCounter {
		m.checkCounter(s)
	}
}

func (m *Metric) checkBuckets(s scope) {
	for i, bound := range m.Config.Buckets {
		if i > 0 && bound <= m.Config.Buckets[i-1] {
			s.errorf("config", "the bucket %v is not above the one before it; write the bounds in ascending order", bound)
		}
	}
}

// checkAction reports an action that the type does not know.
func (m *Metric) checkAction(s scope, known ...string) {
	if !slices.Contains(known, m.Config.Action) {
		s.errorf("config", "a %s needs an action: %s", m.Type, orList(known))
	}
}

func (m *Metric) checkCounter(s scope) {
	c := m.Config
	switch {
	case c.MatchAll && c.Value != nil:
		s.errorf("config", "match_all counts whatever the value is; remove match_all or value")
	case c.CountEntryBytes && !c.MatchAll:
		s.errorf("config", "count_entry_bytes needs match_all: true")
	case c.CountEntryBytes && c.Action != MetricAdd:
		s.errorf("config", "count_entry_bytes needs action: add")
	}
}

// ownMetric reports whether the collector may have a metric of its own with
// this name.
func ownMetric(name string) bool {
	for _, prefix := range []string{"collector_", "go_", "process_", "promhttp_", "logentry_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return strings.HasPrefix(name, "promtail_") && !strings.HasPrefix(name, "promtail_custom_")
}
