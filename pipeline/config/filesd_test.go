package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestTargetsAreReadFromYAMLAndJSON(t *testing.T) {
	for name, text := range map[string]string{
		"a.yaml": "- targets: [a, 'b:80']\n  labels: {service: shop, __path__: /srv/*.log}\n- labels: {__path__: /x}\n",
		"a.json": "[\n\t{\"targets\": [\"a\", \"b:80\"],\n\t\"labels\": {\"service\": \"shop\", \"__path__\": \"\\/srv\\/*.log\"}},\t{\"labels\": {\"__path__\": \"/x\"}}]",
	} {
		groups, err := ParseTargets(name, []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, g := range groups {
			got = append(got, fmt.Sprint(g.Targets, g.Labels))
		}
		if want := "[a b:80] map[__path__:/srv/*.log service:shop]; [] map[__path__:/x]"; strings.Join(got, "; ") != want {
			t.Errorf("%s: got %q, want %s", name, got, want)
		}
	}
	if groups, err := ParseTargets("a.yaml", []byte("[]\n")); err != nil || len(groups) != 0 {
		t.Errorf("no targets: %v, %v", groups, err)
	}
}

func TestBrokenTargetsAreNamedWithTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "a.yaml: the file is empty; write [] for no targets",
		"targets: [a]":                     "a.yaml:1:1: a list is expected, not a mapping",
		"- targets: [a]\n  label: {}":      "a.yaml:2:3: [0].label: unknown key; did you mean labels?",
		"- labels:\n    a-b: x":            "a.yaml:2:5: [0].labels.a-b: \"a-b\" is not a label's name",
		"- labels: {__path__: '/a/{b'}":    "a.yaml:1:12: [0].labels.__path__: \"/a/{b\" is not a pattern",
		"- targets: [a\n":                  "a.yaml:2:1: invalid YAML",
		"- targets: &a [*a]\n":             "the alias contains itself",
		"- labels: {a: [b]}\n- targets: 1": "a.yaml:2:3: [1].targets: a list is expected",
	} {
		if _, err := ParseTargets("a.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// FuzzParseTargets looks for a panic, and for labels that Loki would refuse.
func FuzzParseTargets(f *testing.F) {
	f.Add("a.yaml", []byte("- targets: [a]\n  labels: {b: c, __path__: '/{a,b}/**'}\n"))
	f.Add("a.json", []byte("[{\"targets\": [\"a\"],\n\t\"labels\": {}}]"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		groups, err := ParseTargets(name, text)
		if err != nil {
			return
		}
		for _, g := range groups {
			for label := range g.Labels {
				if !ValidLabel(label) {
					t.Errorf("the label %q is accepted", label)
				}
			}
		}
	})
}
