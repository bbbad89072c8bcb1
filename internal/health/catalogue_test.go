package health

import (
	"strings"
	"testing"
)

func TestTheCatalogueIsSound(t *testing.T) {
	catalogue, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, component := range catalogue.Components {
		ids = append(ids, component.ID)
		graphs := map[string]Unit{}
		for _, s := range component.Signals {
			if unit, ok := graphs[s.Graph]; s.Graph != "" && ok && unit != s.Unit {
				t.Errorf("%s: the signals of the graph %q have the units %s and %s", component.ID, s.Graph, unit, s.Unit)
			}
			graphs[s.Graph] = s.Unit
			for _, e := range s.Expressions {
				if text := e.Metric + e.Exists + e.Expr + e.LogQL + s.say("1", nil); strings.Contains(text, "${") {
					t.Errorf("%s/%s: a parameter is left in %s", component.ID, s.ID, text)
				}
			}
		}
		delete(graphs, "")
		if len(graphs) > 8 {
			t.Errorf("%s has %d graphs", component.ID, len(graphs))
		}
	}
	if got, want := strings.Join(ids, " "), "backend_production backend_staging pgbouncer postgres host containers probes pipeline"; got != want {
		t.Errorf("components: got %s, want %s", got, want)
	}
}

func TestFaultsOfACatalogueAreNamedTogether(t *testing.T) {
	const bad = `
components:
- id: c
  name: C
  signals:
  - {id: a, name: A, unit: percent, job: x, words: w, expressions: [{metric: m, expr: other}, {metric: m, expr: "m ${nobody}"}]}
  - {id: a, name: A, unit: miles, words: "{{", down: d}
  - {id: s, name: S, unit: state, words: w, probe: p, worst: best, warning: 1, down_is: bad}
  - {id: q, name: Q, unit: count, words: w, expressions: [{metric: m, expr: "sum(m"}, {metric: m, expr: m, logql: m}]}
- {id: c, name: D}
`
	_, err := Load([]byte(bad))
	for _, want := range []string{`"a" is there twice`, `no parameter "nobody"`, "does not hold its metric", "unit is not known", "unclosed action",
		"word down", "worst is max or min", "a probe or an expression", "a state has no thresholds", "down_is is", "PromQL sum(m", "unclosed left parenthesis",
		"either expr or logql", `component "c": an id of its own`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error %v does not say %q", err, want)
		}
	}
	if _, err := Load([]byte("components: [{id: a, name: a, colour: red}]")); err == nil || !strings.Contains(err.Error(), "colour") {
		t.Errorf("an unknown key: %v", err)
	}
	if _, err := Load([]byte("parameters: {a: '${b}', b: '${a}'}\ncomponents: [{id: a, name: a, signals: [{id: a, name: a, unit: count, words: '${a}', probe: p}]}]")); err == nil || !strings.Contains(err.Error(), "refer to each other") {
		t.Errorf("parameters in a circle: %v", err)
	}
}

func TestParametersCanBeOverridden(t *testing.T) {
	got := catalogue(t, "parameters: {production_workers: '16'}")
	if words := got.Components[0].Signals[7].say("5 %", nil); !strings.Contains(words, "the 16 workers") {
		t.Errorf("production says %q", words)
	}
	if words := got.Components[1].Signals[7].say("5 %", nil); !strings.Contains(words, "the 2 workers") {
		t.Errorf("staging says %q", words)
	}
	if _, err := Load([]byte("parameters: {production_wokers: '16'}")); err == nil || !strings.Contains(err.Error(), `no parameter "production_wokers"`) {
		t.Errorf("a mistyped parameter: %v", err)
	}
	if got := catalogue(t, "components: [{id: mine, name: Mine, signals: [{id: p, name: P, unit: state, words: w, down: d, probe: loki}]}]"); len(got.Components) != 1 {
		t.Errorf("own components replace all: %d", len(got.Components))
	}
}

// FuzzCatalogue leaves out the embedded catalogue, which would take all the time.
func FuzzCatalogue(f *testing.F) {
	f.Add([]byte("parameters: {p: '16'}\ncomponents: [{id: a, name: a, parameters: {q: '${p}'}, signals: [{id: a, name: a, unit: count, words: '{{.x}} ${q}', expressions: [{metric: m, expr: 'm'}]}]}]"))
	f.Add([]byte("components: [{id: a, name: a, signals: [{id: a, name: a, unit: state, words: w, down: d, expressions: [{metric: '{a=\"b\"}', logql: 'sum(rate({a=\"b\"}[1m]))'}]}]}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decode(data)
		if err != nil || c.complete() != nil {
			return
		}
		for _, component := range c.Components {
			for _, s := range component.Signals {
				s.say("1", map[string]string{"x": "y"})
			}
		}
	})
}
