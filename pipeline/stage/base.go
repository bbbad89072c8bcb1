package stage

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/relabel"
)

// base is a label set that entries have before the stages. It is not changed.
type base struct {
	labels []value          // by the number of their name
	others []pipeline.Label // those that the program does not name
	// key tells bases apart by the labels that no stage changes; nil for that of
	// a target without rules, which has one base.
	key []byte
}

// newBase returns the base of labels, those that begin with __ left out.
func (f *Feed) newBase(labels []pipeline.Label) *base {
	b := &base{labels: make([]value, len(f.p.names))}
	job := f.opts.Job != ""
	for _, l := range labels {
		if strings.HasPrefix(l.Name, "__") {
			continue
		}
		f.setLabel(b, l)
		job = job && l.Name != "job"
	}
	if job {
		f.setLabel(b, pipeline.Label{Name: "job", Value: f.opts.Job})
	}
	return b
}

func (f *Feed) setLabel(b *base, l pipeline.Label) {
	if i, ok := f.number[l.Name]; ok {
		b.labels[i] = text([]byte(l.Value))
		return
	}
	b.others = append(b.others, l)
}

// setKey encodes what the stages leave as it is. The labels that they change
// are encoded for each entry.
func (f *Feed) setKey(b *base) {
	for _, l := range b.others {
		b.key = appendText(b.key, []byte(l.Name))
		b.key = appendText(b.key, []byte(l.Value))
	}
	for i, v := range b.labels {
		if !slices.Contains(f.p.changed, i) {
			b.key = appendText(b.key, v.text)
		}
	}
}

func appendText(dst, text []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// relabelled gives each entry the base that rules make of the target's labels
// and the entry's fields. What the rules do is remembered by the values of the
// fields that have an influence.
type relabelled struct {
	f      *Feed
	target map[string]string
	slots  map[string]int // of fields by name, -1 for one without influence
	names  []string       // of fields with influence, by slot
	values [][]byte       // of the present entry, by slot
	key    []byte
	bases  map[string]*base // by key; nil for entries that are dropped
}

// maxFields bounds the names that are remembered; all are forgotten when there
// are more.
const maxFields = 1024

func newRelabelled(f *Feed) *relabelled {
	r := &relabelled{f: f, target: map[string]string{}, slots: map[string]int{}, bases: map[string]*base{}}
	for _, l := range f.opts.Labels {
		r.target[l.Name] = l.Value
	}
	return r
}

// of returns the base of an entry with these fields, nil if it is dropped.
func (r *relabelled) of(fields []pipeline.Field) *base {
	if len(r.slots) > maxFields {
		clear(r.slots)
		clear(r.bases)
		r.names, r.values = nil, nil
	}
	clear(r.values)
	for i := range fields {
		if slot := r.slot(fields[i].Name); slot >= 0 {
			r.values[slot] = fields[i].Value
		}
	}
	r.key = r.key[:0]
	for _, v := range r.values {
		r.key = appendText(r.key, v)
	}
	b, ok := r.bases[string(r.key)]
	if ok {
		return b
	}
	if len(r.bases) >= maxLabelSets {
		clear(r.bases)
	}
	b = r.make()
	r.bases[string(r.key)] = b
	return b
}

// slot is where the value of a field belongs, -1 for nowhere.
func (r *relabelled) slot(name string) int {
	slot, ok := r.slots[name]
	if ok {
		return slot
	}
	slot = -1
	if strings.HasPrefix(name, "__") && r.f.opts.Relabel.Uses(name) {
		slot = len(r.names)
		r.names, r.values = append(r.names, name), append(r.values, nil)
	}
	r.slots[name] = slot
	return slot
}

// make applies the rules to the present entry.
func (r *relabelled) make() *base {
	labels := map[string]string{}
	for slot, name := range r.names {
		labels[name] = string(r.values[slot])
	}
	maps.Copy(labels, r.target)
	kept := r.f.opts.Relabel.Apply(labels)
	if relabel.Public(labels); !kept || len(labels) == 0 {
		return nil
	}
	var all []pipeline.Label
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, pipeline.Label{Name: name, Value: labels[name]})
	}
	b := r.f.newBase(all)
	r.f.setKey(b)
	return b
}
