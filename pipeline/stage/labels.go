package stage

import (
	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// setLabel is one label of the labels stage: the label gets the extracted
// value, if there is one.
type setLabel struct{ label, slot int }

func (c *compiler) setLabels(cfg config.LabelsStage) {
	for _, l := range cfg {
		c.add(&setLabel{c.p.labels.slot(l.Name), c.p.slots.slot(l.Source)})
	}
}

func (s *setLabel) run(_ *Feed, r *record) verdict {
	if v := r.slots[s.slot]; v.state == present {
		r.labels[s.label] = v
	}
	return next
}

// constLabel is one label of the static_labels stage.
type constLabel struct {
	label int
	value value
}

func (c *compiler) staticLabels(cfg config.StaticLabelsStage) {
	for _, l := range cfg {
		c.add(&constLabel{c.p.labels.slot(l.Name), text([]byte(l.Value))})
	}
}

func (s *constLabel) run(_ *Feed, r *record) verdict {
	r.labels[s.label] = s.value
	return next
}

func (c *compiler) labelDrop(cfg config.LabelListStage) {
	for _, name := range cfg {
		c.add(&constLabel{c.p.labels.slot(name), value{state: removed}})
	}
}

// labelAllow removes every label that is not listed. Which labels a target
// has is not known when the program is compiled, so the record remembers the
// stage and the target's own labels are filtered when its stream is looked up.
type labelAllow struct {
	id      byte // tells the program's labelallow stages apart
	allowed map[string]bool
}

func (c *compiler) labelAllow(cfg config.LabelListStage) step {
	s := &labelAllow{id: byte(len(c.p.steps)), allowed: map[string]bool{}}
	for _, name := range cfg {
		s.allowed[name] = true
	}
	return s
}

func (s *labelAllow) run(f *Feed, r *record) verdict {
	r.allow = append(r.allow, s)
	for i, name := range f.p.labels.list {
		if !s.allowed[name] {
			r.labels[i] = value{state: removed}
		}
	}
	return next
}

// allows reports whether a label of the target is still there.
func (r *record) allows(name string) bool {
	for _, s := range r.allow {
		if !s.allowed[name] {
			return false
		}
	}
	return true
}

// metadata is one field of the structured_metadata stage: from the extracted
// values, or else from the labels. A label of the same value is removed.
type metadata struct {
	name        string
	slot, label int
	source      string
}

func (c *compiler) structuredMetadata(cfg config.LabelsStage) {
	for _, l := range cfg {
		c.add(&metadata{l.Name, c.p.slots.slot(l.Source), c.p.labels.slot(l.Source), l.Source})
	}
}

func (s *metadata) run(f *Feed, r *record) verdict {
	label := f.label(r, s.source)
	v := r.slots[s.slot]
	if v.state != present {
		if label == nil {
			return next
		}
		v = text(label)
	}
	if label != nil && string(label) == string(v.text) {
		r.labels[s.label] = value{state: removed}
	}
	if len(v.text) > 0 {
		r.meta = append(r.meta, pipeline.Field{Name: s.name, Value: v.text})
	}
	return next
}

// output makes an extracted value the line.
type output struct{ slot int }

func (s *output) run(_ *Feed, r *record) verdict {
	if v := r.slots[s.slot]; v.state == present {
		r.line = v.text
	}
	return next
}
