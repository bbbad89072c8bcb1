package config

import (
	"reflect"

	"github.com/bmatcuk/doublestar/v4"
	yaml "go.yaml.in/yaml/v4"
)

// LabelSet is a set of labels. The names are those that Loki takes: letters,
// digits and _, the first no digit.
type LabelSet map[string]string

// ValidLabel says whether Loki takes name as the name of a label.
func ValidLabel(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// checkLabel reports a name that is not a label's.
func (d *decoder) checkLabel(name string, at *place) bool {
	if !ValidLabel(name) {
		d.errorf(at, "%s is not a label's name; use letters, digits and _, and no digit first", quote(name))
		return false
	}
	return true
}

// checkOwnLabel warns of a name that is not a label's: promtail sends it, and Loki
// refuses all that has it. Files of targets have nobody who reads warnings.
func (d *decoder) checkOwnLabel(name string, at *place) bool {
	if ValidLabel(name) || d.noWarnings {
		return d.checkLabel(name, at)
	}
	d.warn(at, "left out, for Loki takes no label of this name; use letters, digits and _, and no digit first")
	return false
}

func (l *LabelSet) decodeNode(d *decoder, n *yaml.Node, at *place) {
	entries, ok := d.entries(n, at)
	if !ok {
		return
	}
	*l = make(LabelSet, len(entries))
	for _, e := range entries {
		here := at.child(e.key, e.pos)
		if !d.checkOwnLabel(e.key, here) {
			continue
		}
		var value string
		d.value(e.value, reflect.ValueOf(&value).Elem(), here)
		if (e.key == PathLabel || e.key == PathExcludeLabel) && !doublestar.ValidatePattern(value) {
			d.checkPath(value, here)
		}
		(*l)[e.key] = value
	}
}

// checkPath warns of a pattern that cannot match: the other targets are read, as
// by promtail.
func (d *decoder) checkPath(glob string, at *place) {
	if d.noWarnings {
		d.checkGlob(glob, at)
		return
	}
	d.warn(at, "%s is not a pattern, so nothing is read; close the brackets and braces, and write \\ before one that is meant", quote(glob))
}

// GlobList is a list of doublestar patterns of absolute or relative paths.
type GlobList []string

func (l *GlobList) decodeNode(d *decoder, n *yaml.Node, at *place) {
	d.list(n, at, func(c *yaml.Node, item *place) {
		var glob string
		d.value(c, reflect.ValueOf(&glob).Elem(), item)
		d.checkGlob(glob, item)
		*l = append(*l, glob)
	})
}

// checkGlob reports a pattern that cannot match.
func (d *decoder) checkGlob(glob string, at *place) {
	if !doublestar.ValidatePattern(glob) {
		d.errorf(at, "%s is not a pattern; close the brackets and braces, and write \\ before one that is meant", quote(glob))
	}
}

// Headers are additional HTTP headers by their names in canonical form.
type Headers map[string]Secret

func (h *Headers) decodeNode(d *decoder, n *yaml.Node, at *place) {
	*h = Headers{}
	d.headers(n, at, func(name string, node *yaml.Node, here *place) {
		var value Secret
		d.value(node, reflect.ValueOf(&value).Elem(), here)
		d.checkHeaderValue(value, here)
		if isPushHeader(name) {
			d.warn(here, "this header is set by the push itself, so the one given here is left out; remove it")
			return
		}
		(*h)[name] = value
	})
}

// isPushHeader says whether the push sets the header itself; promtail leaves
// out the configured one too.
func isPushHeader(name string) bool {
	switch name {
	case "Content-Type", "Content-Encoding", "Content-Length", "Host", "User-Agent":
		return true
	}
	return false
}
