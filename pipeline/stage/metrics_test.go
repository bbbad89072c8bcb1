package stage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// gather is what a scrape sees, as lines like name{a="b"} 1.
func gather(t *testing.T, m *Metrics) []string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(m)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range families {
		for _, s := range f.Metric {
			var labels []pipeline.Label
			for _, l := range s.Label {
				labels = append(labels, pipeline.Label{Name: l.GetName(), Value: l.GetValue()})
			}
			n := s.GetCounter().GetValue() + s.GetGauge().GetValue()
			if h := s.GetHistogram(); h != nil {
				n = h.GetSampleSum()
				labels = append(labels, pipeline.Label{Name: "count", Value: fmt.Sprint(h.GetSampleCount())})
			}
			all = append(all, fmt.Sprintf("%s%s %v", f.GetName(), pipeline.LabelText(labels), n))
		}
	}
	return all
}

func wantMetrics(t *testing.T, m *Metrics, want ...string) {
	t.Helper()
	if got := gather(t, m); !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// metricsOf compiles stages and returns the metrics that they count.
func metricsOf(t *testing.T, stages string) (*Program, *Metrics) {
	t.Helper()
	m := NewMetrics(func() time.Time { return testNow })
	p, err := compileWith(stages, m)
	if err != nil {
		t.Fatal(err)
	}
	return p, m
}

func TestMetrics(t *testing.T) {
	const extract = "- json: {expressions: {n: , w: }}\n- labels: {w: }\n"
	for _, c := range []struct {
		name, metric string
		lines, want  []string
		failed       int
	}{
		{"all lines", "{type: counter, config: {match_all: true, action: inc}}", []string{"a", "b"}, []string{`promtail_custom_m{job="j"} 2`}, 0},
		{"bytes", "{type: counter, config: {match_all: true, count_entry_bytes: true, action: add}}", []string{"abc", "de"}, []string{`promtail_custom_m{job="j"} 5`}, 0},
		{"all lines, and nothing to add", "{type: counter, config: {match_all: true, action: add}}", []string{"a"}, nil, 0},
		{"lines with a value, by label", "{type: counter, source: n, config: {action: inc}}", []string{"x", `{"n":1,"w":"a"}`, `{"n":null,"w":"b"}`, `{"n":"y","w":"a"}`},
			[]string{`promtail_custom_m{job="j", w="a"} 2`, `promtail_custom_m{job="j", w="b"} 1`}, 0},
		{"lines with one value", "{type: counter, source: n, prefix: app_, config: {action: inc, value: '1'}}", []string{`{"n":1}`, `{"n":2}`, `{}`}, []string{`app_m{job="j"} 1`}, 0},
		{"sums, durations as seconds", "{type: counter, source: n, config: {action: add}}", []string{`{"n":1.5}`, `{"n":"500ms"}`, `{"n":"2"}`, `{"n":true}`}, []string{`promtail_custom_m{job="j"} 5`}, 0},
		{"a counter never goes back", "{type: counter, source: n, config: {action: add}}", []string{`{"n":1}`, `{"n":-1}`, `{"n":"x"}`, `{"n":""}`, `{"n":"NaN"}`}, []string{`promtail_custom_m{job="j"} 1`}, 4},
		{"a gauge is set", "{type: gauge, source: n, config: {action: set}}", []string{`{"n":1}`, `{"n":-3}`}, []string{`promtail_custom_m{job="j"} -3`}, 0},
		{"a gauge goes up and down", "{type: gauge, source: n, config: {action: add}}", []string{`{"n":1}`, `{"n":-3}`}, []string{`promtail_custom_m{job="j"} -2`}, 0},
		{"a gauge is lowered", "{type: gauge, source: n, config: {action: sub}}", []string{`{"n":1}`, `{"n":-3}`}, []string{`promtail_custom_m{job="j"} 2`}, 0},
		{"a gauge counts down", "{type: gauge, source: n, config: {action: dec}}", []string{`{"n":1}`, `{"n":"x"}`}, []string{`promtail_custom_m{job="j"} -2`}, 0},
		{"a gauge counts up", "{type: gauge, source: n, config: {action: inc}}", []string{`{"n":1}`}, []string{`promtail_custom_m{job="j"} 1`}, 0},
		{"a histogram", "{type: histogram, source: n, config: {buckets: [1, 2]}}", []string{`{"n":1}`, `{"n":"x"}`, `{"n":"2s"}`}, []string{`promtail_custom_m{count="2", job="j"} 3`}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, m := metricsOf(t, extract+"- metrics: {m: "+c.metric+"}")
			r := newRig(t, p, "job", "j")
			r.push(c.lines...)
			wantMetrics(t, m, c.want...)
			if len(r.failed) != c.failed {
				t.Errorf("failed %q, want %d", r.failed, c.failed)
			}
			r.wantSettled()
		})
	}
}

func TestMetricsHaveTheLabelsThatPrometheusTakes(t *testing.T) {
	p, m := metricsOf(t, "- static_labels: {le: x}\n- tenant: {value: t}\n- metrics: {m: {type: histogram, source: job}, n: {type: counter, config: {match_all: true, action: inc}}}")
	r := newRig(t, p, "job", "7", "bad", "\xff", "empty", "")
	r.push("x")
	wantMetrics(t, m, `promtail_custom_m{bad="�", count="1", job="7"} 7`, `promtail_custom_n{bad="�", job="7"} 1`)
}

func TestIdleSeriesEnd(t *testing.T) {
	now := testNow
	m := NewMetrics(func() time.Time { return now })
	p, err := compileWith(words+"- labels: {a: }\n- metrics: {m: {type: counter, max_idle_duration: 10s, config: {match_all: true, action: inc}}}", m)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, p)
	r.push("x", "y")
	now = now.Add(9 * time.Second)
	r.now = now
	r.push("x")
	now = now.Add(time.Second)
	r.now = now
	wantMetrics(t, m, `promtail_custom_m{a="x"} 2`, `promtail_custom_m{a="y"} 1`)
	wantMetrics(t, m, `promtail_custom_m{a="x"} 2`)
	r.push("y")
	wantMetrics(t, m, `promtail_custom_m{a="x"} 2`, `promtail_custom_m{a="y"} 1`)
}

func TestSeriesOfAMetricAreBounded(t *testing.T) {
	p, m := metricsOf(t, words+"- labels: {a: }\n- metrics: {m: {type: counter, config: {match_all: true, action: inc}}}")
	r := newRig(t, p)
	for i := range maxSeries + 10 {
		r.push(fmt.Sprint(i))
	}
	if got := len(gather(t, m)); got != maxSeries {
		t.Errorf("%d series, want %d", got, maxSeries)
	}
	if len(r.failed) != 10 || !strings.Contains(r.failed[0], "too many label sets") {
		t.Errorf("failed %q, want 10 times", r.failed)
	}
}

// Jobs may count the same metric, as long as it is the same.
func TestStagesShareAMetric(t *testing.T) {
	p, m := metricsOf(t, `
- match: {selector: '{job="j"} |= "a"', stages: [{metrics: {m: {type: counter, config: {match_all: true, action: inc}}}}]}
- metrics: {m: {type: counter, config: {match_all: true, action: inc}}}`)
	r := newRig(t, p, "job", "j")
	r.push("a", "b")
	wantMetrics(t, m, `promtail_custom_m{job="j"} 3`)
	_, err := tryCompile("- metrics: {m: {type: counter, config: {match_all: true, action: inc}}}\n- metrics: {m: {type: gauge, config: {action: inc}}}")
	var problem *config.Error
	if !errors.As(err, &problem) || problem.Path != "scrape_configs[0].pipeline_stages[1].metrics.m" || problem.Pos.Line == 0 {
		t.Errorf("got %v", err)
	}
}

// Jobs that are replaced leave no metric behind; what is defined as before goes on,
// and nothing happens to the metrics in use while others are tried.
func TestSuccessorHasTheMetricsOfItsPrograms(t *testing.T) {
	const count = "- metrics: {%s: {type: %s, config: {match_all: true, action: inc}}}"
	old := NewMetrics(func() time.Time { return testNow })
	compile := func(m *Metrics, name, kind string) *Program {
		t.Helper()
		p, err := compileWith(fmt.Sprintf(count, name, kind), m)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	kept := compile(old, "kept", "counter")
	for _, p := range []*Program{kept, compile(old, "same", "counter"), compile(old, "other", "counter"), compile(old, "gone", "counter")} {
		newRig(t, p, "job", "j").push("x")
	}
	next := old.Successor([]*Program{kept})
	same := compile(next, "same", "counter")
	newRig(t, compile(next, "other", "gauge"), "job", "j") // of another type, as gauges may be
	before := []string{`promtail_custom_gone{job="j"} 1`, `promtail_custom_kept{job="j"} 1`, `promtail_custom_other{job="j"} 1`, `promtail_custom_same{job="j"} 1`}
	wantMetrics(t, old, before...)
	newRig(t, kept, "job", "j").push("x")
	newRig(t, same, "job", "j").push("x")
	wantMetrics(t, next, `promtail_custom_kept{job="j"} 2`, `promtail_custom_same{job="j"} 2`)
	if _, err := compileWith(fmt.Sprintf(count, "kept", "gauge"), next); err == nil {
		t.Error("a metric of a program that goes on was defined differently")
	}
}
