package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Relabel is one rule of relabel_configs, Prometheus's relabel_config: its
// documentation, "Configuration", section <relabel_config>, says what the
// actions do.
type Relabel struct {
	// SourceLabels are the labels whose values, joined by Separator, are what
	// Regex is compared with.
	SourceLabels []string       `yaml:"source_labels"`
	Separator    string         `yaml:"separator"`
	Regex        AnchoredRegexp `yaml:"regex"`
	// Modulus is of action hashmod.
	Modulus int `yaml:"modulus"`
	// TargetLabel is set; for replace it may hold $1 and ${name}.
	TargetLabel string `yaml:"target_label"`
	Replacement string `yaml:"replacement"`
	// Action is one of the actions below, in lower case.
	Action RelabelAction `yaml:"action"`
}

// RelabelAction is what a rule does.
type RelabelAction string

// The actions of rules.
const (
	RelabelReplace   RelabelAction = "replace"
	RelabelKeep      RelabelAction = "keep"
	RelabelDrop      RelabelAction = "drop"
	RelabelKeepEqual RelabelAction = "keepequal"
	RelabelDropEqual RelabelAction = "dropequal"
	RelabelHashMod   RelabelAction = "hashmod"
	RelabelLabelMap  RelabelAction = "labelmap"
	RelabelLabelDrop RelabelAction = "labeldrop"
	RelabelLabelKeep RelabelAction = "labelkeep"
	RelabelLowercase RelabelAction = "lowercase"
	RelabelUppercase RelabelAction = "uppercase"
)

// relabelActions are all actions.
func relabelActions() []RelabelAction {
	return []RelabelAction{
		RelabelReplace, RelabelKeep, RelabelDrop, RelabelKeepEqual, RelabelDropEqual, RelabelHashMod,
		RelabelLabelMap, RelabelLabelDrop, RelabelLabelKeep, RelabelLowercase, RelabelUppercase,
	}
}

func (a *RelabelAction) decodeText(text string) error {
	var names []string
	for _, known := range relabelActions() {
		if strings.EqualFold(text, string(known)) {
			*a = known
			return nil
		}
		names = append(names, string(known))
	}
	return fmt.Errorf("%s is not an action; write %s", quote(text), orList(names))
}

// AnchoredRegexp is a regular expression that matches a whole text, over line
// ends too. Its String is the text in the file.
type AnchoredRegexp struct {
	*regexp.Regexp
	text string
}

// NewAnchoredRegexp compiles the text of a regular expression.
func NewAnchoredRegexp(text string) (AnchoredRegexp, error) {
	re, err := regexp.Compile("^(?s:" + text + ")$")
	return AnchoredRegexp{re, text}, err
}

// String is the expression as it was written.
func (r AnchoredRegexp) String() string { return r.text }

func (r *AnchoredRegexp) decodeText(text string) error {
	if _, err := regexp.Compile(text); err != nil { // it may close the bracket around it
		return badRegexp(err)
	}
	re, err := NewAnchoredRegexp(text)
	if err != nil {
		return badRegexp(err)
	}
	*r = re
	return nil
}

// DefaultRelabel is a rule for which the file gives nothing.
func DefaultRelabel() Relabel {
	everything, _ := NewAnchoredRegexp("(.*)")
	return Relabel{Separator: ";", Regex: everything, Replacement: "$1", Action: RelabelReplace}
}

func (r *Relabel) setDefaults() { *r = DefaultRelabel() }

// labelTemplate matches what a target label may be: a name with references.
const labelTemplate = `^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$`

func isLabelTemplate(text string) bool {
	ok, err := regexp.MatchString(labelTemplate, text)
	return ok && err == nil
}

func (r *Relabel) validate(s scope) {
	for _, name := range r.SourceLabels {
		if !ValidLabel(name) {
			s.warnf("source_labels", "%s is not a label's name, so it is empty; use letters, digits and _, and no digit first", quote(name))
		}
	}
	r.checkUnused(s)
	switch r.Action {
	case RelabelReplace:
		r.checkTarget(s, "$")
	case RelabelLowercase, RelabelUppercase, RelabelKeepEqual, RelabelDropEqual:
		r.checkTarget(s, "")
	case RelabelHashMod:
		r.checkTarget(s, "")
		atLeast(s, "modulus", r.Modulus, 1)
	case RelabelLabelMap:
		if !isLabelTemplate(r.Replacement) {
			s.errorf("replacement", "%s is not a label's name; write one, in which $1 is the first group of regex", quote(r.Replacement))
		}
	}
}

// checkTarget reports a target label that cannot be one. References are allowed
// if they begin with reference, "" for none.
func (r *Relabel) checkTarget(s scope, reference string) {
	isName := ValidLabel(r.TargetLabel)
	switch {
	case r.TargetLabel == "":
		s.errorf("target_label", "required for %s; give the label to set or to compare", r.Action)
	case !isName && reference != "" && !isLabelTemplate(r.TargetLabel):
		s.warnf("target_label", "%s is not a label's name, so the rule does nothing; use letters, digits and _, and no digit first", quote(r.TargetLabel))
	case !isName && (reference == "" || !strings.Contains(r.TargetLabel, reference)):
		s.errorf("target_label", "%s is not a label's name; use letters, digits and _, and no digit first", quote(r.TargetLabel))
	}
}

// checkUnused reports keys that have no meaning for the action, as Prometheus
// does.
func (r *Relabel) checkUnused(s scope) {
	var unused []string
	switch r.Action {
	case RelabelKeepEqual, RelabelDropEqual:
		unused = []string{"regex", "modulus", "separator", "replacement"}
	case RelabelLabelDrop, RelabelLabelKeep:
		unused = []string{"source_labels", "target_label", "modulus", "separator", "replacement"}
	case RelabelLowercase, RelabelUppercase:
		unused = []string{"replacement"}
	}
	for _, key := range unused {
		if s.given(key) && r.isChanged(key) {
			s.errorf(key, "without a meaning for %s; remove it", r.Action)
		}
	}
}

// isChanged reports whether a key has another value than the default.
func (r *Relabel) isChanged(key string) bool {
	d := DefaultRelabel()
	switch key {
	case "source_labels":
		return len(r.SourceLabels) > 0
	case "regex":
		return r.Regex.String() != d.Regex.String()
	case "modulus":
		return r.Modulus != d.Modulus
	case "separator":
		return r.Separator != d.Separator
	case "target_label":
		return r.TargetLabel != d.TargetLabel
	}
	return r.Replacement != d.Replacement
}

// node is the rule with those of its texts that are empty on purpose.
func (r Relabel) node() *yaml.Node {
	n := structNode(reflect.ValueOf(r))
	for _, t := range []struct{ key, value string }{
		{"separator", r.Separator}, {"regex", r.Regex.String()}, {"replacement", r.Replacement},
	} {
		if t.value == "" {
			add(n, t.key, scalarNode("!!str", ""))
		}
	}
	return n
}
