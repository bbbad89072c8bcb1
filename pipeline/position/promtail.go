package position

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	yaml "go.yaml.in/yaml/v4"
)

// Promtail is the content of promtail's positions.yaml: of a file's path the
// byte offset to go on from, of "cursor-<job>" the journal's cursor, and of
// "cursor-<container id>" the unix second of the last line.
type Promtail map[string]string

// The bounds of promtail's file: what is larger, nobody wrote.
const (
	maxPromtailBytes   = 8 << 20
	maxPromtailEntries = 100_000
)

// LoadPromtail reads promtail's file; no entries if there is none. The error of
// one that is not what promtail writes wraps ErrDamaged.
func LoadPromtail(filename string) (Promtail, error) {
	f, err := os.Open(filename)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read promtail's positions: %w; let user %d read the file", err, os.Getuid())
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPromtailBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read promtail's positions %s: %w", filename, err)
	}
	p, err := ParsePromtail(text)
	if err != nil {
		return nil, fmt.Errorf("read promtail's positions %s: %w: %w; move the file away to start without it", filename, ErrDamaged, err)
	}
	return p, nil
}

// ParsePromtail reads the text of positions.yaml.
func ParsePromtail(text []byte) (Promtail, error) {
	if len(text) > maxPromtailBytes {
		return nil, fmt.Errorf("it is larger than %d bytes", maxPromtailBytes)
	}
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil // promtail writes it later
	} else if err != nil {
		return nil, fmt.Errorf("not valid YAML: %w", err)
	}
	if len(doc.Content) != 1 {
		return nil, errors.New("no YAML document")
	}
	root, err := members(doc.Content[0])
	if err != nil {
		return nil, err
	}
	p := Promtail{}
	for key, value := range root {
		if key != "positions" {
			return nil, fmt.Errorf("unknown key %.60q", key)
		}
		entries, err := members(value)
		if err != nil {
			return nil, err
		}
		for name, n := range entries {
			if n.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: the position of %.60q is no text", n.Line, name)
			}
			p[name] = n.Value
		}
	}
	return p, nil
}

// members are the values of a mapping, or none of null. Aliases are none.
func members(n *yaml.Node) (map[string]*yaml.Node, error) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: a mapping is expected", n.Line)
	}
	if len(n.Content)/2 > maxPromtailEntries {
		return nil, fmt.Errorf("more than %d entries", maxPromtailEntries)
	}
	all := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, twice := all[key.Value]; twice || key.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("line %d: the key is given twice, or is no text", key.Line)
		}
		all[key.Value] = n.Content[i+1]
	}
	return all, nil
}

// Text is the file as promtail writes it.
func (p Promtail) Text() ([]byte, error) {
	text, err := yaml.Marshal(map[string]map[string]string{"positions": p})
	if err != nil {
		return nil, fmt.Errorf("encode promtail's positions: %w", err)
	}
	return text, nil
}

// IsNew reports whether nothing was saved yet.
func (s *Store) IsNew() bool {
	_, err := os.Lstat(s.path)
	return errors.Is(err, fs.ErrNotExist)
}
