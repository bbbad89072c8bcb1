// Package stage compiles a job's pipeline stages into a program and runs it
// over the lines of a target.
//
// The stages, nested ones included, become one flat list of steps. The names
// of extracted values and of labels become numbers when the program is
// compiled, so that there is no map for a line. A step that holds a record (a
// part, a block of lines) gives it back later, and the record goes on with the
// step behind it.
//
// Semantics are promtail's (its documentation, "Pipeline stages"); what differs
// on purpose is listed in docs/promtail-differences.md.
package stage

import (
	"fmt"
	"text/template"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// Program is the compiled stages of one job. All targets of the job share it,
// each with a Feed of its own. It is read-only but for what limits count.
type Program struct {
	steps   []step
	names   []string  // a name's number is its place; values and labels share them
	changed []int     // names whose labels some step sets or removes, ascending
	states  int       // numbers of the states of steps that hold records
	times   int       // steps that remember times
	series  int       // metrics stages
	metrics []*family // that these count in
	places  int       // geoip stages

	readTimes bool // some step asks when a line was read
	extracted bool // some step extracts keys that it finds in the line
}

// step handles one record and says where it goes on.
type step interface {
	run(f *Feed, r *record) verdict
}

// verdict is what becomes of a record behind a step: next, gone, or the number
// of a later step with which it goes on.
type verdict int

const (
	next verdict = -1 - iota
	gone         // dropped, or held by the step
)

// Compile compiles stages. What metrics stages count is in m. An error is a
// *config.Error, which names the place in the configuration.
func Compile(stages []config.Stage, m *Metrics) (*Program, error) {
	return compileStages(stages, m, false, nil)
}

// compileStages compiles stages behind the steps that first adds, if it is not
// nil.
func compileStages(stages []config.Stage, m *Metrics, inspect bool, first func(*compiler)) (*Program, error) {
	c := &compiler{p: &Program{}, m: m, inspect: inspect, number: map[string]int{}, changed: map[int]bool{}}
	if first != nil {
		first(c)
	}
	if err := c.all(stages); err != nil {
		return nil, err
	}
	if c.p.extracted {
		c.extracted()
	}
	for i := range c.p.names {
		if c.changed[i] || c.allChanged {
			c.p.changed = append(c.p.changed, i)
		}
	}
	return c.p, nil
}

type compiler struct {
	p          *Program
	m          *Metrics
	number     map[string]int
	changed    map[int]bool // see Program.changed
	allChanged bool
	funcs      template.FuncMap // of templates, made for the first one
	inspect    bool             // stages are compiled by inspected
	around     *place           // the stage that is compiled, for that
}

// name returns the number of a name.
func (c *compiler) name(name string) int {
	i, ok := c.number[name]
	if !ok {
		i = len(c.p.names)
		c.number[name] = i
		c.p.names = append(c.p.names, name)
	}
	return i
}

// label returns the number of a label that a step sets or removes.
func (c *compiler) label(name string) int {
	i := c.name(name)
	c.changed[i] = true
	return i
}

// wholeLine is the source that stands for the line itself.
const wholeLine = -1

// source returns the number of the value that a stage works on, or wholeLine.
func (c *compiler) source(name string) int {
	if name == "" {
		return wholeLine
	}
	return c.name(name)
}

func (c *compiler) add(s step) { c.p.steps = append(c.p.steps, s) }

func (c *compiler) all(stages []config.Stage) error {
	if c.around != nil {
		c.add(&lookInside{*c.around})
	}
	for i := range stages {
		compile := c.stage
		if c.inspect {
			compile = c.inspected
		}
		if err := compile(&stages[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) stage(s *config.Stage) error {
	switch {
	case s.Docker != nil:
		c.docker(s)
	case s.CRI != nil:
		c.cri(s)
	case s.JSON != nil:
		return c.json(s)
	case s.Regex != nil:
		c.regex(s.Regex)
	case s.Logfmt != nil:
		c.logfmt(s)
	case s.Replace != nil:
		return c.replace(s)
	case s.Template != nil:
		return c.template(s)
	case s.Timestamp != nil:
		c.timestamp(s.Timestamp)
	case s.Tenant != nil:
		c.tenant(s.Tenant)
	case s.Sampling != nil:
		c.sampling(s.Sampling)
	case s.Limit != nil:
		c.limit(s.Limit)
	case s.Pack != nil:
		c.pack(s.Pack)
	case s.Metrics != nil:
		return c.metrics(s.Metrics)
	case s.EventLogMessage != nil:
		c.eventLogMessage(s.EventLogMessage)
	case s.GeoIP != nil:
		return c.geoIP(s)
	case s.Decolorize != nil:
		c.decolorize()
	case s.Labels != nil:
		c.setLabels(s.Labels)
	case s.StaticLabels != nil:
		c.staticLabels(s.StaticLabels)
	case s.LabelDrop != nil:
		c.labelDrop(s.LabelDrop)
	case s.LabelAllow != nil:
		c.labelAllow(s.LabelAllow)
	case s.StructuredMetadata != nil:
		c.structuredMetadata(s.StructuredMetadata)
	case s.Multiline != nil:
		c.multiline(s.Multiline)
	case s.Traceback != nil:
		c.traceback(s.Traceback)
	case s.Output != nil:
		c.output(s.Output)
	case s.Drop != nil:
		c.drop(s.Drop)
	case s.Match != nil:
		return c.match(s)
	case s.Level != nil:
		return c.level(s)
	case s.RateLimit != nil:
		c.rateLimit(s.RateLimit)
	case s.ErrorGroup != nil:
		return c.errorGroup(s)
	default:
		return &config.Error{Pos: s.Pos, Path: s.Path, Message: fmt.Sprintf("the stage %q is not implemented", s.Name)}
	}
	return nil
}

// seed makes the labels extracted values again. Promtail does so wherever one
// pipeline begins inside another: in match, docker and cri.
func (c *compiler) seed() {
	if len(c.p.steps) > 0 { // the outermost pipeline begins with them
		c.add(seed{})
	}
}

type seed struct{}

func (seed) run(_ *Feed, r *record) verdict {
	for i, l := range r.labels {
		if l.state == present {
			r.slots[i] = l
		}
	}
	return next
}
