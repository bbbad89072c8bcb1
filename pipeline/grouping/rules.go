package grouping

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Rules are the team's own: which events get which key. The zero value has none.
type Rules struct{ list []rule }

// Len is the number of rules.
func (r Rules) Len() int { return len(r.list) }

// LoadRules reads a file of rules. Its errors name file and line, all that the
// file has at once.
func LoadRules(file string) (Rules, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Rules{}, fmt.Errorf("read grouping rules: %w", err)
	}
	return ParseRules(file, text)
}

// ParseRules reads rules as they stand in a file, whose name is for messages:
//
//	rules:
//	  - name: refused payments
//	    match: {type: "*Refused*", message: "*order*", logger: "shop.*", service: backend}
//	    fingerprint: [payment refused, "{service}"]
//
// The first rule that fits an event gives its key. Texts of match are compared
// with the whole value; a * stands for any text. A fingerprint's parts may
// contain {type}, {message} (masked), {logger}, {service} and {default}, the key
// that the event would have had.
func ParseRules(file string, text []byte) (Rules, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return Rules{}, fmt.Errorf("read grouping rules %s: %w", file, err)
	}
	r := ruleReader{file: file}
	if len(document.Content) > 0 {
		r.document(document.Content[0])
	}
	return Rules{r.rules}, errors.Join(r.errs...)
}

// rule is one rule. A nil pattern fits everything.
type rule struct {
	name                             string
	kind, message, logger, service   []byte
	hasKind, hasMessage, hasLog, has bool
	fingerprint                      []string
}

type ruleReader struct {
	file  string
	rules []rule
	errs  []error
}

func (r *ruleReader) errorf(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d:%d: %s", r.file, n.Line, n.Column, fmt.Sprintf(format, args...)))
}

func (r *ruleReader) document(n *yaml.Node) {
	r.mapping(n, "the file", func(key, value *yaml.Node) {
		if key.Value != "rules" {
			r.errorf(key, "unknown key %q; want rules", key.Value)
			return
		}
		if value.Kind != yaml.SequenceNode {
			r.errorf(value, "rules: want a list")
			return
		}
		names := map[string]bool{}
		for _, item := range value.Content {
			one := r.rule(item)
			if names[one.name] && one.name != "" {
				r.errorf(item, "the name %q is taken by a rule before", one.name)
			}
			names[one.name] = true
			r.rules = append(r.rules, one)
		}
	})
}

func (r *ruleReader) rule(n *yaml.Node) (one rule) {
	matches := 0
	r.mapping(n, "a rule", func(key, value *yaml.Node) {
		switch key.Value {
		case "name":
			one.name = r.text(value)
		case "match":
			matches = r.match(value, &one)
		case "fingerprint":
			one.fingerprint = r.parts(value)
		default:
			r.errorf(key, "unknown key %q; want name, match or fingerprint", key.Value)
		}
	})
	if n.Kind != yaml.MappingNode {
		return one
	}
	if one.name == "" {
		r.errorf(n, "name: required")
	}
	if matches == 0 {
		r.errorf(n, "match: required, with type, message, logger or service")
	}
	if len(one.fingerprint) == 0 {
		r.errorf(n, "fingerprint: required, at least one part")
	}
	return one
}

// match returns how many patterns there are.
func (r *ruleReader) match(n *yaml.Node, one *rule) (patterns int) {
	r.mapping(n, "match", func(key, value *yaml.Node) {
		pattern := []byte(r.text(value))
		switch key.Value {
		case "type":
			one.kind, one.hasKind = pattern, true
		case "message":
			one.message, one.hasMessage = pattern, true
		case "logger":
			one.logger, one.hasLog = pattern, true
		case "service":
			one.service, one.has = pattern, true
		default:
			r.errorf(key, "unknown key %q; want type, message, logger or service", key.Value)
			return
		}
		patterns++
	})
	return patterns
}

func (r *ruleReader) parts(n *yaml.Node) (parts []string) {
	if n.Kind != yaml.SequenceNode {
		r.errorf(n, "fingerprint: want a list of texts")
		return nil
	}
	for _, item := range n.Content {
		part := r.text(item)
		if _, err := expand(part, func(string) (string, bool) { return "", false }); err != nil {
			r.errorf(item, "fingerprint: %v", err)
		}
		parts = append(parts, part)
	}
	return parts
}

func (r *ruleReader) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		r.errorf(n, "want a text")
		return ""
	}
	return n.Value
}

func (r *ruleReader) mapping(n *yaml.Node, what string, each func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.errorf(n, "%s: want keys and values", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if seen[key.Value] {
			r.errorf(key, "%q is there twice", key.Value)
			continue
		}
		seen[key.Value] = true
		each(key, n.Content[i+1])
	}
}

// fits reports whether all patterns of the rule fit. The message is looked for
// in the message and in the exception's value.
func (u *rule) fits(r *Result) bool {
	return (!u.hasKind || glob(u.kind, r.Type)) &&
		(!u.hasLog || glob(u.logger, r.Logger)) &&
		(!u.has || glob(u.service, r.Service)) &&
		(!u.hasMessage || glob(u.message, r.Message) || glob(u.message, r.Value))
}

// apply gives r the key of the rule.
func (u *rule) apply(r *Result) {
	h := newHasher("rule")
	r.Rule, r.parts = u.name, r.parts[:0]
	for _, part := range u.fingerprint {
		text, _ := expand(part, r.variable) // it was checked when the rules were read
		r.parts = append(r.parts, text)
		h.text(text)
	}
	r.Key = h.sum()
}

func (r *Result) variable(name string) (string, bool) {
	switch name {
	case "type":
		return string(r.Type), true
	case "message":
		return string(r.Masked), true
	case "logger":
		return string(r.Logger), true
	case "service":
		return string(r.Service), true
	case "default":
		return r.Key.String(), true
	}
	return "", false
}

// expand replaces the variables of a part. One that does not exist is an error.
func expand(part string, variable func(name string) (string, bool)) (string, error) {
	var text strings.Builder
	for {
		before, rest, ok := strings.Cut(part, "{")
		text.WriteString(before)
		if !ok {
			return text.String(), nil
		}
		name, behind, closed := strings.Cut(rest, "}")
		switch name {
		case "type", "message", "logger", "service", "default":
		default:
			closed = false
		}
		if !closed {
			return "", fmt.Errorf("{%s: want {type}, {message}, {logger}, {service} or {default}", name)
		}
		value, _ := variable(name)
		text.WriteString(value)
		part = behind
	}
}

// glob reports whether text is pattern, in which a * stands for any text. Its
// time is at most the product of their lengths.
func glob(pattern, text []byte) bool {
	star, mark := -1, 0 // the last star, and up to where it stands for text
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return len(bytes.Trim(pattern[p:], "*")) == 0
}
