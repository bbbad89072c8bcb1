package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// String is the effective configuration as YAML, defaults included and secrets
// replaced by <secret>. A configuration without secrets can be read back.
func (c *Config) String() string {
	text, err := yaml.Marshal(c.node())
	if err != nil {
		return "configuration cannot be printed: " + err.Error()
	}
	return string(text)
}

// MarshalYAML is the document of String.
func (c *Config) MarshalYAML() (any, error) { return c.node(), nil }

func (c *Config) node() *yaml.Node {
	n := node(reflect.ValueOf(*c))
	if len(c.hidden) > 0 {
		c.hide(n)
	}
	return n
}

// hide takes what an environment variable put into free text, as the salt of a
// template, out of a document.
func (c *Config) hide(n *yaml.Node) {
	for _, s := range c.hidden {
		n.Value = strings.ReplaceAll(n.Value, s.Reveal(), redacted)
	}
	for _, child := range n.Content {
		c.hide(child)
	}
}

// node is a value as YAML; nil when there is nothing to print: empty texts,
// lists and maps, and pointers that are nil.
func node(v reflect.Value) *yaml.Node {
	switch x := v.Interface().(type) {
	case Stage:
		return x.node()
	case Relabel:
		return x.node()
	case LabelsStage:
		return pairs(x, func(l LabelSource) (string, string) { return l.Name, l.Source })
	case StaticLabelsStage:
		return pairs(x, func(l Label) (string, string) { return l.Name, l.Value })
	case MetricsStage:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, m := range x {
			add(n, m.Key, node(reflect.ValueOf(m)))
		}
		return n
	case Expressions:
		return pairs(x, func(e Expression) (string, string) { return e.Name, e.Text })
	case Bytes:
		return scalarNode("", x.String())
	case *time.Location:
		if x == nil {
			return nil
		}
		return textNode(x.String())
	case fmt.Stringer:
		// Secrets and addresses are here, and print without what must not be seen.
		if v.Kind() != reflect.Pointer {
			return textNode(x.String())
		}
	}
	return kindNode(v)
}

// kindNode is a value of Go's own kinds as YAML.
func kindNode(v reflect.Value) *yaml.Node {
	switch v.Kind() {
	case reflect.Pointer:
		return pointerNode(v)
	case reflect.Struct:
		return structNode(v)
	case reflect.Map:
		return mapNode(v)
	case reflect.Slice:
		return sliceNode(v)
	case reflect.String:
		return textNode(v.String())
	case reflect.Bool:
		return scalarNode("!!bool", strconv.FormatBool(v.Bool()))
	case reflect.Int:
		return scalarNode("!!int", strconv.FormatInt(v.Int(), 10))
	case reflect.Float64:
		return scalarNode("!!float", strconv.FormatFloat(v.Float(), 'f', -1, 64))
	}
	return nil
}

// pointerNode is what v points to. A text that is given may be empty, and a
// block without values is {}.
func pointerNode(v reflect.Value) *yaml.Node {
	if v.IsNil() {
		return nil
	}
	if n := node(v.Elem()); n != nil {
		return n
	}
	if v.Elem().Kind() == reflect.String {
		return scalarNode("!!str", "")
	}
	return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
}

// structNode is a struct's fields under their keys.
func structNode(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	s := schemaOf(v.Type())
	for _, key := range s.keys {
		add(n, key, node(v.FieldByIndex(s.fields[key])))
	}
	return orNil(n)
}

// mapNode is a map in the order of its keys.
func mapNode(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	values := map[string]reflect.Value{}
	for k, e := range v.Seq2() {
		values[k.String()] = e
	}
	for _, k := range slices.Sorted(maps.Keys(values)) {
		value := node(values[k])
		if value == nil {
			value = scalarNode("!!str", "")
		}
		add(n, k, value)
	}
	return orNil(n)
}

// sliceNode is a list; one that is given may be empty.
func sliceNode(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if v.Len() == 0 && !v.IsNil() {
		n.Style = yaml.FlowStyle
		return n
	}
	for i := range v.Len() {
		if e := node(v.Index(i)); e != nil {
			n.Content = append(n.Content, e)
		}
	}
	return orNil(n)
}

// node is the stage's name with its configuration.
func (s Stage) node() *yaml.Node {
	value := node(reflect.ValueOf(s.config()).Elem())
	if value == nil {
		value = &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	}
	n := &yaml.Node{Kind: yaml.MappingNode}
	add(n, s.Name, value)
	return n
}

// pairs is a mapping in the order of list.
func pairs[T any](list []T, pair func(T) (key, value string)) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, e := range list {
		key, value := pair(e)
		add(n, key, scalarNode("!!str", value))
	}
	return orNil(n)
}

// add appends a key, unless its value is nil.
func add(n *yaml.Node, key string, value *yaml.Node) {
	if value != nil {
		n.Content = append(n.Content, scalarNode("!!str", key), value)
	}
}

// orNil is n, or nil when it holds nothing.
func orNil(n *yaml.Node) *yaml.Node {
	if len(n.Content) == 0 {
		return nil
	}
	return n
}

// textNode is a text, nil when empty.
func textNode(s string) *yaml.Node {
	if s == "" {
		return nil
	}
	return scalarNode("!!str", s)
}

// scalarNode is a scalar of a tag; the library puts it in quotes where YAML
// would read another type.
func scalarNode(tag, s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: s}
}
