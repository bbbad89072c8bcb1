package health

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml"
)

//go:embed catalogue.yaml
var catalogueYAML []byte

// Unit is what a value is measured in.
type Unit string

// The units.
const (
	Percent Unit = "percent"
	Seconds Unit = "seconds"
	Count   Unit = "count"
	Bytes   Unit = "bytes"
	Ratio   Unit = "ratio"
	State   Unit = "state" // 1 is up, 0 is down
)

// Signal is one thing to know, and how to find it out.
type Signal struct {
	ID          string       `yaml:"id"`
	Name        string       `yaml:"name"`
	Unit        Unit         `yaml:"unit"`
	Worst       string       `yaml:"worst"`
	Warning     *float64     `yaml:"warning"`
	Critical    *float64     `yaml:"critical"`
	Job         string       `yaml:"job"`
	Probe       string       `yaml:"probe"`
	Words       string       `yaml:"words"`
	Down        string       `yaml:"down"`
	Expressions []Expression `yaml:"expressions"`

	words *template.Template
}

// Expression is one way to find a signal in Prometheus.
type Expression struct {
	// Metric is the name that the expression is about.
	Metric string `yaml:"metric"`
	// Expr is PromQL.
	Expr string `yaml:"expr"`
}

// Catalogue returns the signals of the embedded catalogue.
func Catalogue() ([]Signal, error) { return parseCatalogue(catalogueYAML) }

// parseCatalogue reads a catalogue and reports every fault at once.
func parseCatalogue(data []byte) ([]Signal, error) {
	var signals []Signal
	if err := yaml.UnmarshalWithOptions(data, &signals, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read the catalogue of signals: %w", err)
	}
	var faults []error
	known := map[string]bool{}
	for i := range signals {
		s := &signals[i]
		if known[s.ID] {
			faults = append(faults, fmt.Errorf("signal %q is there twice", s.ID))
		}
		known[s.ID] = true
		if err := s.complete(); err != nil {
			faults = append(faults, fmt.Errorf("signal %q: %w", s.ID, err))
		}
	}
	return signals, errors.Join(faults...)
}

// complete checks a signal and fills in what has a default.
func (s *Signal) complete() error {
	var faults []error
	require := func(ok bool, text string) {
		if !ok {
			faults = append(faults, errors.New(text))
		}
	}
	require(s.ID != "" && s.Name != "" && s.Words != "", "id, name and words are needed")
	require(slices.Contains([]Unit{Percent, Seconds, Count, Bytes, Ratio, State}, s.Unit), "the unit is not known")
	require(s.Worst == "" || s.Worst == "max" || s.Worst == "min", "worst is max or min")
	require(s.Unit != State || s.Down != "", "a state needs the word down")
	require(s.Unit == State || (s.Warning != nil && s.Critical != nil), "warning and critical are needed")
	require(s.Probe != "" || (s.Job != "" && len(s.Expressions) > 0), "a probe, or a job and an expression are needed")
	for _, e := range s.Expressions {
		require(e.Metric != "" && strings.Contains(e.Expr, e.Metric), "an expression does not hold its metric")
	}
	var err error
	s.words, err = template.New(s.ID).Option("missingkey=zero").Parse(s.Words)
	return errors.Join(append(faults, err)...)
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

// clip shortens a label value, which whoever writes metrics chooses.
func clip(text string) string {
	const most = 100
	text = strings.ToValidUTF8(text, "\uFFFD")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
