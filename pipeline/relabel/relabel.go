// Package relabel applies relabel_configs to label sets as Prometheus does
// (its documentation, "Configuration", section <relabel_config>).
//
// A label set is a map; a label with an empty value is one that is not there.
package relabel

import (
	"crypto/md5"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// Rules are those of one job. They are read-only.
type Rules []config.Relabel

// Apply applies the rules to labels, which it changes, and reports whether they
// are kept: not if a rule drops them, and not if no label is left.
func (rules Rules) Apply(labels map[string]string) (kept bool) {
	maps.DeleteFunc(labels, func(_, value string) bool { return value == "" })
	for i := range rules {
		if !apply(&rules[i], labels) {
			return false
		}
	}
	return len(labels) > 0
}

// Public removes the labels that begin with __: they are for rules alone.
func Public(labels map[string]string) {
	maps.DeleteFunc(labels, func(name, _ string) bool { return strings.HasPrefix(name, "__") })
}

// Uses reports whether the value of a label that begins with __ has an
// influence on the labels that remain.
func (rules Rules) Uses(name string) bool {
	return slices.ContainsFunc(rules, func(r config.Relabel) bool {
		switch r.Action {
		case config.RelabelLabelDrop, config.RelabelLabelKeep:
			return false
		case config.RelabelLabelMap:
			return r.Regex.MatchString(name)
		}
		return slices.Contains(r.SourceLabels, name) || r.TargetLabel == name
	})
}

func apply(r *config.Relabel, labels map[string]string) (kept bool) {
	switch r.Action {
	case config.RelabelKeep:
		return r.Regex.MatchString(source(r, labels))
	case config.RelabelDrop:
		return !r.Regex.MatchString(source(r, labels))
	case config.RelabelKeepEqual:
		return labels[r.TargetLabel] == source(r, labels)
	case config.RelabelDropEqual:
		return labels[r.TargetLabel] != source(r, labels)
	case config.RelabelReplace:
		replace(r, labels)
	case config.RelabelHashMod:
		set(labels, r.TargetLabel, hashMod(source(r, labels), r.Modulus))
	case config.RelabelLowercase:
		set(labels, r.TargetLabel, strings.ToLower(source(r, labels)))
	case config.RelabelUppercase:
		set(labels, r.TargetLabel, strings.ToUpper(source(r, labels)))
	case config.RelabelLabelMap:
		labelMap(r, labels)
	case config.RelabelLabelDrop:
		maps.DeleteFunc(labels, func(name, _ string) bool { return r.Regex.MatchString(name) })
	case config.RelabelLabelKeep:
		maps.DeleteFunc(labels, func(name, _ string) bool { return !r.Regex.MatchString(name) })
	}
	return true
}

// source is what a rule looks at.
func source(r *config.Relabel, labels map[string]string) string {
	if len(r.SourceLabels) == 1 {
		return labels[r.SourceLabels[0]]
	}
	var b strings.Builder
	for i, name := range r.SourceLabels {
		if i > 0 {
			b.WriteString(r.Separator)
		}
		b.WriteString(labels[name])
	}
	return b.String()
}

func replace(r *config.Relabel, labels map[string]string) {
	value := source(r, labels)
	groups := r.Regex.FindStringSubmatchIndex(value)
	if groups == nil {
		return
	}
	target := string(r.Regex.ExpandString(nil, r.TargetLabel, value, groups))
	if config.ValidLabel(target) {
		set(labels, target, string(r.Regex.ExpandString(nil, r.Replacement, value, groups)))
	}
}

// labelMap copies labels. Of two that get one name, the one whose own name is
// the greater stays.
func labelMap(r *config.Relabel, labels map[string]string) {
	before := maps.Clone(labels)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if !r.Regex.MatchString(name) {
			continue
		}
		if target := r.Regex.ReplaceAllString(name, r.Replacement); config.ValidLabel(target) {
			set(labels, target, before[name])
		}
	}
}

func set(labels map[string]string, name, value string) {
	if value == "" {
		delete(labels, name)
		return
	}
	labels[name] = value
}

// hashMod is the last eight bytes of the value's MD5, as a big-endian number,
// modulo modulus.
func hashMod(value string, modulus int) string {
	hash := md5.Sum([]byte(value))
	return strconv.FormatUint(binary.BigEndian.Uint64(hash[8:])%uint64(modulus), 10)
}
