package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

const (
	// maxNodes bounds the values that are decoded, those reached through aliases
	// counted each time: a few lines of aliases of aliases would be billions.
	maxNodes = 50_000
	// valueCost is how many bytes of text count as one more value, and regexpCost
	// how many values a regular expression counts for: compiling takes time.
	valueCost  = 100
	regexpCost = 10
	// maxDepth bounds nesting.
	maxDepth = 64
	// maxErrors is how many problems are reported at once.
	maxErrors = 100
	// maxKey bounds a key: keys of label maps become paths in messages.
	maxKey = 256
)

// decoder fills Go values from YAML nodes and collects problems.
//
// A struct says by its tags what its mapping may hold. yaml:"key" names a
// field. On a blank field, ignored:"a b" are keys that are accepted with one
// warning, and unsupported:"a b" keys that are errors, with a remedy in
// instead:"...".
type decoder struct {
	file    string
	lenient bool
	// noWarnings says that nobody reads them, so that they have to be errors.
	noWarnings bool
	// from says of nodes that are not the file's where they come from.
	from map[*yaml.Node]string

	errs     []*Error
	warnings []Warning
	// forgiven are unknown keys inside stages when those are read leniently. Beside
	// an error they are errors too, for one of them may be the cause.
	forgiven []*Error
	nodes    int
	// open are the values around the present one.
	open []*yaml.Node
	// schemas are those that schemaOf gave, for it is slow.
	schemas map[reflect.Type]schema
	// stages counts the pipeline stages around the present value.
	stages int
	// hidden are secrets of the environment that were put into the text.
	hidden []Secret
}

// nodeDecoder decodes itself from a node that is not null.
type nodeDecoder interface {
	decodeNode(d *decoder, n *yaml.Node, at *place)
}

// textDecoder decodes itself from a scalar's text. Its error says what is wrong
// and what to write; it does not repeat the text, which may be a secret.
type textDecoder interface {
	decodeText(text string) error
}

// defaulter sets the values of keys that are not given.
type defaulter interface{ setDefaults() }

// validator checks a struct after its fields are decoded.
type validator interface{ validate(s scope) }

// located is told its place in the file.
type located interface{ setPos(p Pos) }

// place is a value's place in the file and among the keys.
type place struct {
	parent *place
	// key is the last part of the path, "name" or "[0]"; "" for the document.
	key string
	pos Pos
	// bad is set once a problem is reported here: one is enough.
	bad bool
	// absent marks a key that the file does not have; pos is its mapping's.
	absent bool
	// null marks a key without a value, and blank one like that or with an empty
	// text.
	null, blank bool
}

// path is the key path, such as clients[0].url or labels["a b"].
func (p *place) path() string {
	if p.parent == nil {
		return ""
	}
	parent, key := p.parent.path(), p.key
	if strings.ContainsFunc(key, func(r rune) bool { return strings.ContainsRune(" .\"'\n\t", r) }) {
		key = "[" + strconv.Quote(key) + "]"
	}
	if parent == "" || strings.HasPrefix(key, "[") {
		return parent + key
	}
	return parent + "." + key
}

// child is the place of a key's value; messages about it point to the key.
func (p *place) child(key string, pos Pos) *place {
	return &place{parent: p, key: key, pos: pos}
}

// item is the place of list item i.
func (p *place) item(i int, pos Pos) *place {
	return &place{parent: p, key: fmt.Sprintf("[%d]", i), pos: pos}
}

// root decodes the document into v and returns the scope of its keys.
func (d *decoder) root(n *yaml.Node, v *document) scope {
	return d.structure(n, reflect.ValueOf(v).Elem(), &place{pos: d.pos(n)})
}

// value decodes n into out. Null leaves out as it is, as for promtail.
func (d *decoder) value(n *yaml.Node, out reflect.Value, at *place) {
	n, ok := d.enter(n, at)
	defer d.leave()
	if ok && !isNull(n) {
		d.fill(n, out, at)
	}
}

// fill decodes n, which is neither an alias nor null, into out.
func (d *decoder) fill(n *yaml.Node, out reflect.Value, at *place) {
	if out.Type() == reflect.TypeFor[*time.Location]() {
		d.location(n, out, at)
		return
	}
	if out.Kind() == reflect.Pointer {
		v := reflect.New(out.Type().Elem())
		setDefaults(v)
		d.fill(n, v.Elem(), at)
		out.Set(v)
		return
	}
	switch v := out.Addr().Interface().(type) {
	case nodeDecoder:
		v.decodeNode(d, n, at)
	case textDecoder:
		d.textual(n, v, at)
	default:
		d.kind(n, out, at)
	}
}

// enter counts a value and follows an alias to what it stands for. It is paired
// with leave.
func (d *decoder) enter(n *yaml.Node, at *place) (*yaml.Node, bool) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	within := slices.Contains(d.open, n)
	d.open = append(d.open, n)
	switch {
	case !d.spend(1+len(n.Value)/valueCost, at):
	case within:
		d.errorf(at, "the alias contains itself; remove it")
	case len(d.open) > maxDepth:
		d.errorf(at, "the nesting is deeper than %d; make it flatter", maxDepth)
	case n.Style&yaml.TaggedStyle != 0 && !isPlainTag(n.ShortTag()):
		d.errorf(at, "tags that begin with ! are not supported; remove it, or put the text in quotes")
	default:
		return n, true
	}
	return nil, false
}

// spend counts values and says whether there may be so many. The first one too
// many is reported, and the others are left out silently.
func (d *decoder) spend(values int, at *place) bool {
	before := d.nodes
	d.nodes += values
	if d.nodes <= maxNodes {
		return true
	}
	if before <= maxNodes {
		d.errorf(at, "the file has more than %d values; use fewer aliases", maxNodes)
	}
	at.bad = true
	return false
}

// leave ends what enter began.
func (d *decoder) leave() { d.open = d.open[:len(d.open)-1] }

// isPlainTag says whether a tag only confirms what the value is.
func isPlainTag(tag string) bool {
	switch tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq":
		return true
	}
	return false
}

// textual decodes a type that reads itself from text.
func (d *decoder) textual(n *yaml.Node, v textDecoder, at *place) {
	text, ok := d.text(n, at)
	if !ok {
		return
	}
	if err := v.decodeText(text); err != nil {
		d.errorf(at, "%v", err)
	}
}

// kind decodes a value of Go's own kinds.
func (d *decoder) kind(n *yaml.Node, out reflect.Value, at *place) {
	switch out.Kind() {
	case reflect.Struct:
		d.structure(n, out, at)
	case reflect.Slice:
		d.slice(n, out, at)
	case reflect.Map:
		d.stringMap(n, out, at)
	case reflect.String:
		if text, ok := d.text(n, at); ok {
			out.SetString(text)
		}
	case reflect.Bool:
		d.boolean(n, out, at)
	case reflect.Int:
		d.integer(n, out, at)
	case reflect.Float64:
		d.float(n, out, at)
	}
}

// setDefaults sets the defaults of what pointer v points to, if it has any.
func setDefaults(v reflect.Value) {
	if p, ok := v.Interface().(defaulter); ok {
		p.setDefaults()
	}
}

// slice decodes a list, which takes the place of a default one.
func (d *decoder) slice(n *yaml.Node, out reflect.Value, at *place) {
	out.Set(reflect.MakeSlice(out.Type(), 0, len(n.Content)))
	d.list(n, at, func(c *yaml.Node, item *place) {
		v := reflect.New(out.Type().Elem())
		setDefaults(v)
		if p, ok := v.Interface().(located); ok {
			p.setPos(item.pos)
		}
		d.value(c, v.Elem(), item)
		out.Set(reflect.Append(out, v.Elem()))
	})
}

// list calls each for the items of a list that are not empty.
func (d *decoder) list(n *yaml.Node, at *place, each func(c *yaml.Node, item *place)) {
	if n.Kind != yaml.SequenceNode {
		d.errorf(at, "a list is expected, not %s; begin each item with \"- \"", kindOf(n))
		return
	}
	for i, c := range n.Content {
		item := at.item(i, d.pos(c))
		if isNull(c) {
			d.errorf(item, "the item is empty; fill it in or remove it")
			continue
		}
		each(c, item)
	}
}

// stringMap decodes a mapping with any keys.
func (d *decoder) stringMap(n *yaml.Node, out reflect.Value, at *place) {
	entries, ok := d.entries(n, at)
	if !ok {
		return
	}
	out.Set(reflect.MakeMapWithSize(out.Type(), len(entries)))
	for _, e := range entries {
		v := reflect.New(out.Type().Elem()).Elem()
		d.value(e.value, v, at.child(e.key, e.pos))
		out.SetMapIndex(reflect.ValueOf(e.key), v)
	}
}

// structure decodes a mapping with known keys and checks the result.
func (d *decoder) structure(n *yaml.Node, out reflect.Value, at *place) scope {
	s := scope{d: d, at: at, keys: map[string]*place{}}
	entries, ok := d.entries(n, at)
	if !ok {
		return s
	}
	schema := d.schema(out.Type())
	var ignored []entry
	for _, e := range entries {
		key := d.foldKey(e, schema, at)
		child := at.child(key, e.pos)
		child.null = isNull(e.value)
		child.blank = child.null || e.value.Kind == yaml.ScalarNode && e.value.Value == ""
		s.keys[key] = child
		index, known := schema.fields[key]
		switch {
		case known:
			d.value(e.value, out.FieldByIndex(index), child)
		case slices.Contains(schema.ignored, key):
			ignored = append(ignored, e)
		case schema.unsupported[key] != "":
			d.unsupported(e, schema.unsupported[key], child)
		default:
			d.unknown(schema.keys, child)
		}
	}
	d.warnIgnored(ignored, at)
	if v, ok := out.Addr().Interface().(validator); ok {
		v.validate(s)
	}
	return s
}

// schema is schemaOf, done once for each type.
func (d *decoder) schema(t reflect.Type) schema {
	s, ok := d.schemas[t]
	if !ok {
		s = schemaOf(t)
		if d.schemas == nil {
			d.schemas = map[reflect.Type]schema{}
		}
		d.schemas[t] = s
	}
	return s
}

// foldKey is the key as the schema spells it. Inside stages promtail takes keys
// in any case.
func (d *decoder) foldKey(e entry, s schema, at *place) string {
	if d.stages == 0 || s.fields[e.key] != nil {
		return e.key
	}
	for _, k := range s.keys {
		if strings.EqualFold(k, e.key) {
			d.warn(at.child(e.key, e.pos), "write this key as %s", k)
			return k
		}
	}
	return e.key
}

// unsupported reports a key of promtail that this version does not act upon,
// unless its value asks for nothing.
func (d *decoder) unsupported(e entry, instead string, at *place) {
	n := e.value
	empty := isNull(n) || len(n.Content) == 0 && n.Kind != yaml.ScalarNode && n.Kind != yaml.AliasNode
	if empty || n.Kind == yaml.ScalarNode && (n.Value == "false" || n.Value == "") {
		return
	}
	d.errorf(at, "not supported by this version; %s", instead)
}

// unknown reports a key that nothing knows; a warning inside stages when those
// are read leniently.
func (d *decoder) unknown(known []string, at *place) {
	message := "unknown key" + suggest(at.key, known)
	if d.lenient && d.stages > 0 {
		if len(d.forgiven) < maxErrors {
			d.forgiven = append(d.forgiven, &Error{Pos: at.pos, Path: at.path(), Message: message})
		}
		d.warn(at, "%s", message+"; it is ignored")
		return
	}
	d.errorf(at, "%s", message)
}

// warnIgnored makes one warning of all keys of a block that have no effect.
func (d *decoder) warnIgnored(ignored []entry, at *place) {
	if len(ignored) == 0 {
		return
	}
	names := make([]string, len(ignored))
	for i, e := range ignored {
		names[i] = e.key
	}
	here := &place{parent: at.parent, key: at.key, pos: ignored[0].pos}
	d.warn(here, "accepted as promtail's and without effect here: %s", strings.Join(names, ", "))
}

// entry is a key of a mapping.
type entry struct {
	key   string
	pos   Pos
	value *yaml.Node
}

// entries are the keys of a mapping in the order of the file, those merged by
// << after its own, each key once.
func (d *decoder) entries(n *yaml.Node, at *place) ([]entry, bool) {
	if n.Kind != yaml.MappingNode {
		d.errorf(at, "a mapping of keys is expected, not %s", kindOf(n))
		return nil, false
	}
	var own []entry
	var merged []*yaml.Node
	seen := map[string]Pos{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.ScalarNode && k.Value == "<<" && !isQuoted(k) {
			merged = append(merged, v)
			continue
		}
		e, ok := d.entry(k, v, at)
		if !ok {
			continue
		}
		if first, dup := seen[e.key]; dup {
			d.errorf(at.child(e.key, e.pos), "duplicate key; it is given first in line %d, so remove one", first.Line)
			continue
		}
		seen[e.key] = e.pos
		own = append(own, e)
	}
	for _, m := range merged {
		own = append(own, d.merge(m, seen, at)...)
	}
	return own, true
}

// entry is one key with its value.
func (d *decoder) entry(k, v *yaml.Node, at *place) (entry, bool) {
	for i := 0; k.Kind == yaml.AliasNode && i < maxDepth; i++ {
		k = k.Alias
	}
	if k.Kind != yaml.ScalarNode {
		d.report(d.pos(k), at.path(), "a key must be plain text; put text that begins with { or [ in quotes")
		return entry{}, false
	}
	if len(k.Value) > maxKey {
		d.report(d.pos(k), at.path(), "a key is longer than %d bytes; shorten it", maxKey)
		return entry{}, false
	}
	return entry{key: k.Value, pos: d.pos(k), value: v}, true
}

// merge are the keys that << adds: those of one mapping or of a list of them.
func (d *decoder) merge(n *yaml.Node, seen map[string]Pos, at *place) []entry {
	here := at.child("<<", d.pos(n))
	n, ok := d.enter(n, here)
	defer d.leave()
	if !ok {
		return nil
	}
	if n.Kind == yaml.SequenceNode {
		var all []entry
		for _, c := range n.Content {
			all = append(all, d.merge(c, seen, at)...)
		}
		return all
	}
	entries, _ := d.entries(n, here)
	return slices.DeleteFunc(entries, func(e entry) bool {
		_, own := seen[e.key]
		seen[e.key] = e.pos
		return own
	})
}

// errorf reports a problem at a place, the first one only.
func (d *decoder) errorf(at *place, format string, args ...any) {
	if at.bad {
		return
	}
	at.bad = true
	d.report(at.pos, at.path(), format, args...)
}

// report collects a problem. One seen through several aliases counts once.
func (d *decoder) report(pos Pos, path, format string, args ...any) {
	if len(d.errs) > maxErrors {
		return
	}
	e := &Error{Pos: pos, Path: path, Message: fmt.Sprintf(format, args...)}
	same := func(o *Error) bool { return o.Pos == e.Pos && o.Message == e.Message }
	if !slices.ContainsFunc(d.errs, same) {
		d.errs = append(d.errs, e)
	}
}

// warn collects a warning.
func (d *decoder) warn(at *place, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if path := at.path(); path != "" {
		message = path + ": " + message
	}
	w := Warning{Pos: at.pos, Message: message}
	if len(d.warnings) < maxErrors && !slices.Contains(d.warnings, w) {
		d.warnings = append(d.warnings, w)
	}
}

// err joins the problems in the order of their places; nil if there are none.
func (d *decoder) err() error {
	if len(d.errs) > 0 {
		d.errs = append(d.errs, d.forgiven...)
		d.forgiven = nil
	}
	slices.SortStableFunc(d.errs, func(a, b *Error) int { return comparePos(a.Pos, b.Pos) })
	errs := make([]error, 0, len(d.errs)+1)
	for i, e := range d.errs {
		if i == maxErrors {
			errs = append(errs, errors.New("and more; mend these first"))
			break
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// sortedWarnings are the warnings in the order of their places.
func (d *decoder) sortedWarnings() []Warning {
	slices.SortStableFunc(d.warnings, func(a, b Warning) int { return comparePos(a.Pos, b.Pos) })
	return d.warnings
}

func comparePos(a, b Pos) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// scope is a decoded mapping, for the checks of its struct.
type scope struct {
	d    *decoder
	at   *place
	keys map[string]*place
}

// given says whether the file has the key.
func (s scope) given(key string) bool { return s.keys[key] != nil && !s.keys[key].absent }

// filled says whether the file has the key with a value.
func (s scope) filled(key string) bool { return s.given(key) && !s.keys[key].blank }

// place is the key's place, or the whole mapping's when the key is not given.
func (s scope) place(key string) *place {
	if p := s.keys[key]; p != nil {
		return p
	}
	p := s.at.child(key, s.at.pos)
	p.absent = true
	s.keys[key] = p
	return p
}

// errorf reports a problem of a key, unless there is one already. A key that is
// not given is probably the one that is misspelt beside it.
func (s scope) errorf(key, format string, args ...any) {
	if !s.given(key) && s.anyBad() {
		return
	}
	s.d.errorf(s.place(key), format, args...)
}

// anyBad says whether a key that is given has a problem.
func (s scope) anyBad() bool {
	for _, p := range s.keys {
		if p.bad && !p.absent {
			return true
		}
	}
	return false
}

// warnf warns about a key.
func (s scope) warnf(key, format string, args ...any) {
	s.d.warn(s.place(key), format, args...)
}
