// Package stage compiles a job's pipeline stages into a program and runs it
// over the lines of a target.
//
// The stages, nested ones included, become one flat list of steps. The names
// of extracted values and of labels become slot numbers when the program is
// compiled, so that there is no map for a line. A step that holds a record (a
// part, a block of lines) gives it back later, and the record goes on with the
// step behind it.
//
// Semantics are promtail's (its documentation, "Pipeline stages"); what differs
// on purpose is listed in docs/promtail-differences.md.
package stage

import (
	"fmt"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// Program is the compiled stages of one job. It is read-only: all targets of
// the job share it, each with a Feed of its own.
type Program struct {
	steps   []step
	slots   names // extracted values
	labels  names // labels that some stage may set or drop
	holders int   // steps that keep a state for each target
}

// step handles one record. It returns what becomes of it.
type step interface {
	run(f *Feed, r *record) verdict
}

// verdict is what becomes of a record behind a step.
type verdict int

const (
	next    verdict = iota
	dropped         // its ranges are settled
	held            // the step keeps a copy and will give it back
	skip            // go on behind the block of a match stage
)

// names numbers names in the order in which they are first asked for.
type names struct {
	index map[string]int
	list  []string
}

func (n *names) slot(name string) int {
	if i, ok := n.index[name]; ok {
		return i
	}
	if n.index == nil {
		n.index = map[string]int{}
	}
	n.index[name] = len(n.list)
	n.list = append(n.list, name)
	return len(n.list) - 1
}

// Compile compiles stages. Errors name the place in the configuration.
func Compile(stages []config.Stage) (*Program, error) {
	c := &compiler{p: &Program{}}
	if err := c.all(stages); err != nil {
		return nil, err
	}
	return c.p, nil
}

type compiler struct{ p *Program }

func (c *compiler) all(stages []config.Stage) error {
	for i := range stages {
		if err := c.one(&stages[i]); err != nil {
			return fmt.Errorf("%s: %s: %w", stages[i].Pos, stages[i].Path, err)
		}
	}
	return nil
}

func (c *compiler) add(s step) { c.p.steps = append(c.p.steps, s) }

// holding says where a step that holds records has its state, and with which
// step they go on.
type holding struct{ state, next int }

func (c *compiler) holding() holding {
	c.p.holders++
	return holding{c.p.holders - 1, len(c.p.steps) + 1}
}

func (c *compiler) one(s *config.Stage) error {
	switch {
	case s.Docker != nil:
		c.docker(s.Docker)
	case s.CRI != nil:
		c.cri(s.CRI)
	case s.JSON != nil:
		return c.json(s.JSON)
	case s.Regex != nil:
		c.regex(s.Regex)
	case s.Timestamp != nil:
		c.add(c.timestamp(s.Timestamp))
	case s.Labels != nil:
		c.setLabels(s.Labels)
	case s.StaticLabels != nil:
		c.staticLabels(s.StaticLabels)
	case s.LabelDrop != nil:
		c.labelDrop(s.LabelDrop)
	case s.LabelAllow != nil:
		c.add(c.labelAllow(s.LabelAllow))
	case s.StructuredMetadata != nil:
		c.structuredMetadata(s.StructuredMetadata)
	case s.Multiline != nil:
		c.add(c.multiline(s.Multiline))
	case s.Traceback != nil:
		c.add(c.traceback(s.Traceback))
	case s.Output != nil:
		c.add(&output{slot: c.p.slots.slot(s.Output.Source)})
	case s.Drop != nil:
		c.add(c.drop(s.Drop))
	case s.Match != nil:
		return c.match(s.Match)
	case s.Level != nil:
		return c.level(s.Level)
	default:
		return fmt.Errorf("the stage %q is not implemented", s.Name)
	}
	return nil
}

// earliest is the earlier of two times; the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
