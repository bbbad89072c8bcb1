package health

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/prometheus/promql/parser"
)

//go:embed catalogue.yaml
var catalogueYAML []byte

// Unit is what a value is measured in.
type Unit string

// The units.
const (
	Percent   Unit = "percent"
	Seconds   Unit = "seconds"
	Days      Unit = "days"
	Count     Unit = "count"
	Bytes     Unit = "bytes"
	Ratio     Unit = "ratio"
	PerSecond Unit = "per_second"
	State     Unit = "state" // 1 is up, 0 is down
)

// Catalogue is what there is to know of health, and how to find it out. Its
// form is explained in catalogue.yaml.
type Catalogue struct {
	Parameters map[string]string `yaml:"parameters"`
	Components []Component       `yaml:"components"`
}

// Component is what has one verdict: a service, the host, a part of the system.
type Component struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
	// Services and Env say whose issues and deploys concern it; without an
	// environment those of all.
	Services   []string          `yaml:"services"`
	Env        string            `yaml:"env"`
	Dashboard  string            `yaml:"dashboard"`
	Variables  map[string]string `yaml:"variables"`
	Parameters map[string]string `yaml:"parameters"`
	Signals    []Signal          `yaml:"signals"`
}

// Signal is one thing to know, and how to find it out.
type Signal struct {
	ID          string       `yaml:"id"`
	Name        string       `yaml:"name"`
	Unit        Unit         `yaml:"unit"`
	Worst       string       `yaml:"worst"`
	Warning     *float64     `yaml:"warning"`
	Critical    *float64     `yaml:"critical"`
	DownIs      Verdict      `yaml:"down_is"`
	Graph       string       `yaml:"graph"`
	Panel       int          `yaml:"panel"`
	Job         string       `yaml:"job"`
	Probe       string       `yaml:"probe"`
	Words       string       `yaml:"words"`
	Down        string       `yaml:"down"`
	States      []string     `yaml:"states"`
	Quiet       string       `yaml:"quiet"`
	Unclear     string       `yaml:"unclear"`
	Expressions []Expression `yaml:"expressions"`

	words *template.Template
}

// Expression is one way to find a signal: in Prometheus or in Loki.
type Expression struct {
	// Metric is the name of the metric that the expression is about, or the
	// selector of the lines.
	Metric string `yaml:"metric"`
	// Exists is what has values, or lines, when the expression can be used;
	// Metric if empty.
	Exists string `yaml:"exists"`
	// Expr is PromQL, LogQL a metric query for Loki; one of them is empty.
	Expr  string `yaml:"expr"`
	LogQL string `yaml:"logql"`
}

// exists returns the query that has a value when the expression can be used.
func (e Expression) exists() string {
	subject := cmp.Or(e.Exists, e.Metric)
	if e.LogQL != "" {
		return "sum(count_over_time(" + subject + " [5m]))"
	}
	return "count(" + subject + ")"
}

// Load returns the embedded catalogue with what the overrides say: a text of the
// same form, empty for none. Every fault is reported at once.
func Load(overrides []byte) (Catalogue, error) {
	catalogue, err := decode(catalogueYAML)
	if err != nil {
		return Catalogue{}, fmt.Errorf("read the catalogue of signals: %w", err)
	}
	own, err := decode(overrides)
	if err != nil {
		return Catalogue{}, fmt.Errorf("read the file of -health.catalogue: %w", err)
	}
	for name := range own.Parameters {
		if _, ok := catalogue.Parameters[name]; !ok && len(own.Components) == 0 {
			return Catalogue{}, fmt.Errorf("read the file of -health.catalogue: there is no parameter %q; there are %s",
				name, strings.Join(slices.Sorted(maps.Keys(catalogue.Parameters)), ", "))
		}
	}
	maps.Copy(catalogue.Parameters, own.Parameters)
	if len(own.Components) > 0 {
		catalogue.Components = own.Components
	}
	return catalogue, catalogue.complete()
}

// decode reads a catalogue as it is written.
func decode(data []byte) (Catalogue, error) {
	var c Catalogue
	if len(strings.TrimSpace(string(data))) == 0 {
		return c, nil
	}
	return c, yaml.UnmarshalWithOptions(data, &c, yaml.Strict())
}

// complete puts the parameters in and checks everything.
func (c *Catalogue) complete() error {
	var faults []error
	components := map[string]bool{}
	for i := range c.Components {
		component := &c.Components[i]
		if component.ID == "" || component.Name == "" || components[component.ID] {
			faults = append(faults, fmt.Errorf("component %q: an id of its own and a name are needed", component.ID))
		}
		components[component.ID] = true
		parameters := map[string]string{}
		maps.Copy(parameters, c.Parameters)
		maps.Copy(parameters, component.Parameters)
		component.Signals = slices.Clone(component.Signals) // an alias in YAML shares them
		signals := map[string]bool{}
		for j := range component.Signals {
			s := &component.Signals[j]
			if signals[s.ID] {
				faults = append(faults, fmt.Errorf("component %q: signal %q is there twice", component.ID, s.ID))
			}
			signals[s.ID] = true
			if err := s.complete(parameters); err != nil {
				faults = append(faults, fmt.Errorf("component %q, signal %q: %w", component.ID, s.ID, err))
			}
		}
	}
	return errors.Join(faults...)
}

// complete checks a signal and fills in what has a default.
func (s *Signal) complete(parameters map[string]string) error {
	var faults []error
	require := func(ok bool, text string) {
		if !ok {
			faults = append(faults, errors.New(text))
		}
	}
	units := []Unit{Percent, Seconds, Days, Count, Bytes, Ratio, PerSecond, State}
	require(s.ID != "" && s.Name != "" && s.Words != "", "id, name and words are needed")
	require(slices.Contains(units, s.Unit), "the unit is not known")
	require(s.Worst == "" || s.Worst == "max" || s.Worst == "min", "worst is max or min")
	require(s.Unit != State || s.Down != "", "a state needs the word down")
	require(len(s.States) == 0 || (s.Unit == State && len(s.States) == 2), "states are two words of a state")
	require(s.Unit != State || (s.Warning == nil && s.Critical == nil), "a state has no thresholds")
	require(slices.Contains([]Verdict{"", Warning, Critical}, s.DownIs), "down_is is warning or critical")
	require(s.Probe != "" || len(s.Expressions) > 0, "a probe or an expression is needed")
	if s.DownIs == "" {
		s.DownIs = Critical
	}
	if len(s.States) == 0 {
		s.States = []string{"up", "down"}
	}
	s.Expressions = slices.Clone(s.Expressions)
	for i := range s.Expressions {
		if err := s.Expressions[i].complete(parameters); err != nil {
			faults = append(faults, err)
		}
	}
	words, err := fill(s.Words, parameters)
	faults = append(faults, err)
	s.words, err = template.New(s.ID).Option("missingkey=zero").Parse(words)
	return errors.Join(append(faults, err)...)
}

// complete puts the parameters in and parses PromQL. LogQL is for Loki to read:
// its parser is no library of a reasonable size.
func (e *Expression) complete(parameters map[string]string) error {
	var faults []error
	for _, text := range []*string{&e.Metric, &e.Exists, &e.Expr, &e.LogQL} {
		var err error
		*text, err = fill(*text, parameters)
		faults = append(faults, err)
	}
	if (e.Expr == "") == (e.LogQL == "") {
		faults = append(faults, errors.New("an expression has either expr or logql"))
	}
	if e.Metric == "" || !strings.Contains(e.Expr+e.LogQL, e.Metric) {
		faults = append(faults, fmt.Errorf("the expression does not hold its metric %q", e.Metric))
	}
	if e.LogQL == "" {
		for _, expr := range []string{e.Expr, e.exists()} {
			if _, err := parser.ParseExpr(expr); err != nil {
				faults = append(faults, fmt.Errorf("PromQL %s: %w", expr, err))
			}
		}
	}
	return errors.Join(faults...)
}

var reference = regexp.MustCompile(`\$\{(\w+)\}`)

// fill replaces ${name} by the parameters, which may refer to others.
func fill(text string, parameters map[string]string) (string, error) {
	const deep, longest = 8, 64 << 10
	for range deep {
		found := reference.FindStringSubmatch(text)
		if found == nil {
			return text, nil
		}
		if len(text) > longest {
			return "", fmt.Errorf("parameters make a text of more than %d bytes", longest)
		}
		if _, ok := parameters[found[1]]; !ok {
			return text, fmt.Errorf("there is no parameter %q", found[1])
		}
		text = reference.ReplaceAllStringFunc(text, func(ref string) string {
			if value, ok := parameters[ref[2:len(ref)-1]]; ok {
				return value
			}
			return ref
		})
	}
	return text, errors.New("parameters refer to each other")
}

// say renders the words for a value.
func (s *Signal) say(display string, labels map[string]string) string {
	values := map[string]string{}
	for name, value := range labels {
		values[name] = clip(value)
	}
	values["Value"] = display
	var text strings.Builder
	if err := s.words.Execute(&text, values); err != nil {
		return display
	}
	return text.String()
}

// clip makes a text fit to be shown that whoever writes metrics chooses: it is
// shortened, and without characters that control how others are shown.
func clip(text string) string {
	const most = 100
	text = strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
