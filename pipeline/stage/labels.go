package stage

import (
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// setLabel is one label of the labels stage: the label gets the extracted
// value, if there is one and it is valid UTF-8.
type setLabel struct{ label, slot int }

func (c *compiler) setLabels(cfg config.LabelsStage) {
	for _, l := range cfg {
		c.add(&setLabel{c.label(l.Name), c.name(l.Source)})
	}
}

func (s *setLabel) run(_ *Feed, r *record) verdict {
	if v := r.slots[s.slot]; v.state == present && utf8.Valid(v.text) {
		r.labels[s.label] = v
	}
	return next
}

// constLabel sets a label to a fixed value, or removes it.
type constLabel struct {
	label int
	value value
}

func (c *compiler) staticLabels(cfg config.StaticLabelsStage) {
	for _, l := range cfg {
		c.add(&constLabel{c.label(l.Name), text([]byte(l.Value))})
	}
}

func (c *compiler) labelDrop(cfg config.LabelListStage) {
	for _, name := range cfg {
		c.add(&constLabel{label: c.label(name)})
	}
}

func (s *constLabel) run(_ *Feed, r *record) verdict {
	r.labels[s.label] = s.value
	return next
}

// labelAllow removes every label that is not listed.
type labelAllow struct{ allowed map[int]bool }

func (c *compiler) labelAllow(cfg config.LabelListStage) {
	s := &labelAllow{allowed: map[int]bool{}}
	for _, name := range cfg {
		s.allowed[c.name(name)] = true
	}
	c.allChanged = true
	c.add(s)
}

func (s *labelAllow) run(_ *Feed, r *record) verdict {
	r.others = false
	for i := range r.labels {
		if !s.allowed[i] {
			r.labels[i] = value{}
		}
	}
	return next
}

// metadata is one field of the structured_metadata stage: from the extracted
// values, or else from the labels. A label of the same value is removed.
type metadata struct {
	name   string
	source int
}

func (c *compiler) structuredMetadata(cfg config.LabelsStage) {
	for _, l := range cfg {
		c.add(&metadata{l.Name, c.label(l.Source)})
	}
}

func (s *metadata) run(_ *Feed, r *record) verdict {
	label, v := &r.labels[s.source], r.slots[s.source]
	if v.state != present || !utf8.Valid(v.text) {
		v = *label
	}
	if v.state != present {
		return next
	}
	r.meta = append(r.meta, pipeline.Field{Name: s.name, Value: v.text})
	if string(label.text) == string(v.text) {
		*label = value{}
	}
	return next
}

// output makes an extracted value the line.
type output struct{ slot int }

func (c *compiler) output(cfg *config.OutputStage) { c.add(&output{c.name(cfg.Source)}) }

func (s *output) run(_ *Feed, r *record) verdict {
	if v := r.slots[s.slot]; v.state == present {
		r.line = v.text
	}
	return next
}
