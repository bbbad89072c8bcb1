package config

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Setting is a value that comes from elsewhere than the file, as from a
// command-line flag, and wins over it. It is checked as if the file had it.
type Setting struct {
	// From names where it comes from, such as -server.http-listen-port; messages
	// about it begin with it.
	From string
	// Key is the key's path, such as server.http_listen_port.
	Key string
	// Value is the text of the value, in the notation of Kind.
	Value string
	Kind  SettingKind
}

// SettingKind is what the text of a Setting stands for.
type SettingKind int

// The kinds of settings.
const (
	// SettingText is a text, a duration or a size.
	SettingText SettingKind = iota
	// SettingPlain is a number, true or false.
	SettingPlain
	// SettingLabels is a set of labels, as a=b,c=d.
	SettingLabels
)

// put sets a value in the tree of the file, before it is decoded.
func (d *decoder) put(root *yaml.Node, s Setting) {
	value, err := s.node()
	if err != nil {
		d.report(Pos{File: s.From}, s.Key, "%v", err)
		return
	}
	keys := strings.Split(s.Key, ".")
	block := root
	for _, key := range keys[:len(keys)-1] {
		block = d.block(block, key, s.From)
	}
	d.replace(block, keys[len(keys)-1], value, s.From)
}

// node is the value as YAML.
func (s Setting) node() (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: s.Value}
	switch s.Kind {
	case SettingText:
		n.Style = yaml.DoubleQuotedStyle
	case SettingLabels:
		n.Kind, n.Value = yaml.MappingNode, ""
		record := []string{strings.Trim(s.Value, `"`)}
		if strings.Count(s.Value, "=") > 1 { // as promtail reads it
			var err error
			if record, err = csv.NewReader(strings.NewReader(s.Value)).Read(); err != nil {
				return nil, fmt.Errorf("%s is not a list of labels; write name=value,name=value", quote(s.Value))
			}
		}
		for _, pair := range record {
			name, value, ok := strings.Cut(pair, "=")
			if !ok {
				return nil, fmt.Errorf("%s is not a label; write name=value", quote(pair))
			}
			n.Content = append(n.Content, scalarNode("!!str", name), &yaml.Node{Kind: yaml.ScalarNode, Value: value, Style: yaml.DoubleQuotedStyle})
		}
	}
	return n, nil
}

// block is the mapping below a key of another one. It is a copy in the place of
// the one that the file has, which anchors may name too.
func (d *decoder) block(n *yaml.Node, key, from string) *yaml.Node {
	block := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			continue
		}
		old := n.Content[i+1]
		block.Line, block.Column = old.Line, old.Column
		switch {
		case old.Kind == yaml.AliasNode:
			block.Content = []*yaml.Node{{Kind: yaml.ScalarNode, Value: "<<"}, old}
		case old.Kind == yaml.MappingNode:
			block.Content = slices.Clone(old.Content)
		case !isNull(old):
			return block // The file is wrong here, and says so when it is decoded.
		}
		n.Content[i+1] = block
		return block
	}
	d.replace(n, key, block, from)
	return block
}

// replace sets a key of a mapping.
func (d *decoder) replace(n *yaml.Node, key string, value *yaml.Node, from string) {
	name := scalarNode("!!str", key)
	for _, part := range append(value.Content, name, value) {
		d.from[part] = from
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content[i], n.Content[i+1] = name, value
			return
		}
	}
	n.Content = append(n.Content, name, value)
}
