package relabel

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// rules are those that the configuration loader makes of a list in YAML.
func rules(t testing.TB, text string) Rules {
	t.Helper()
	c, err := config.Parse("test.yaml", []byte(`
clients: [{url: http://192.0.2.1:3100/loki/api/v1/push}]
scrape_configs:
  - job_name: test
    journal: {}
    relabel_configs:
`+"      - "+strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      - ")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return Rules(c.ScrapeConfigs[0].RelabelConfigs)
}

// show is a label set in the order of names, "dropped" for one that is not kept.
func show(rules Rules, labels map[string]string) string {
	labels = maps.Clone(labels)
	if !rules.Apply(labels) {
		return "dropped"
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, fmt.Sprintf("%s=%q", name, labels[name]))
	}
	return strings.Join(all, " ")
}

func TestActionsDoWhatPrometheusDocuments(t *testing.T) {
	abc := map[string]string{"a": "foo", "b": "bar", "c": "baz"}
	for _, tt := range []struct {
		name, rules string
		labels      map[string]string
		want        string
	}{
		{"replace takes the whole value by default", `{source_labels: [a], target_label: d}`, abc, `a="foo" b="bar" c="baz" d="foo"`},
		{"several sources are joined by ;", `{source_labels: [a, b, none], target_label: d}`, abc, `a="foo" b="bar" c="baz" d="foo;bar;"`},
		{"the separator may be empty", `{source_labels: [a, b], separator: '', target_label: d}`, abc, `a="foo" b="bar" c="baz" d="foobar"`},
		{"groups are expanded in the replacement", `{source_labels: [a, b], regex: 'f(.*);(?P<n>.*)r', target_label: d, replacement: '${n}-$1-$9'}`, abc, `a="foo" b="bar" c="baz" d="ba-oo-"`},
		{"$1x is the group 1x, which there is not", `{source_labels: [a], target_label: d, replacement: 'y$1x'}`, abc, `a="foo" b="bar" c="baz" d="y"`},
		{"groups are expanded in the target", `{source_labels: [a], regex: '(f).*', target_label: '${1}x', replacement: v}`, abc, `a="foo" b="bar" c="baz" fx="v"`},
		{"an invalid target is skipped", `{source_labels: [a], regex: 'f(o*)', target_label: '${2}', replacement: v}`, abc, `a="foo" b="bar" c="baz"`},
		{"a regex is anchored", `{source_labels: [a], regex: fo, target_label: b, replacement: v}`, abc, `a="foo" b="bar" c="baz"`},
		{"alternatives are anchored together", `{source_labels: [a], regex: 'f|o|fo', target_label: b, replacement: v}`, abc, `a="foo" b="bar" c="baz"`},
		{"a dot matches a line end", `{source_labels: [a], regex: 'x.y', target_label: b, replacement: v}`, map[string]string{"a": "x\ny"}, `a="x\ny" b="v"`},
		{"no source sets a constant", `{target_label: d, replacement: v}`, abc, `a="foo" b="bar" c="baz" d="v"`},
		{"an empty replacement removes", `{source_labels: [a], target_label: b, replacement: ''}`, abc, `a="foo" c="baz"`},
		{"an empty source removes the target", `{source_labels: [none], target_label: b}`, abc, `a="foo" c="baz"`},
		{"no match changes nothing", `{source_labels: [none], regex: '(.+)', target_label: b}`, abc, `a="foo" b="bar" c="baz"`},
		{"keep keeps what matches", `{source_labels: [a], regex: 'f.*', action: keep}`, abc, `a="foo" b="bar" c="baz"`},
		{"keep drops what does not", `{source_labels: [a], regex: 'f', action: keep}`, abc, `dropped`},
		{"drop drops what matches", `{source_labels: [a, c], regex: 'foo;b.z', action: drop}`, abc, `dropped`},
		{"drop keeps what does not", `{source_labels: [none], regex: '.+', action: drop}`, abc, `a="foo" b="bar" c="baz"`},
		{"rules behind a drop do not run", "{source_labels: [a], regex: foo, action: drop}\n{target_label: d, replacement: v}", abc, `dropped`},
		{"keepequal keeps equals", `{source_labels: [a], target_label: b, action: keepequal}`, map[string]string{"a": "x", "b": "x"}, `a="x" b="x"`},
		{"keepequal drops others", `{source_labels: [a], target_label: b, action: keepequal}`, abc, `dropped`},
		{"dropequal drops equals", `{source_labels: [a], target_label: b, action: dropequal}`, map[string]string{"a": "x", "b": "x"}, `dropped`},
		{"dropequal keeps others", `{source_labels: [a], target_label: b, action: dropequal}`, abc, `a="foo" b="bar" c="baz"`},
		{"hashmod is the MD5's last 8 bytes", `{source_labels: [c], target_label: d, action: hashmod, modulus: 1000}`, abc, `a="foo" b="bar" c="baz" d="976"`},
		{"hashmod over a line end", "{source_labels: [a], target_label: d, action: hashmod, modulus: 1000}", map[string]string{"a": "foo\nbar"}, `a="foo\nbar" d="734"`},
		{"lowercase and uppercase", "{source_labels: [a], target_label: up, action: uppercase}\n{source_labels: [up], target_label: low, action: lowercase}", map[string]string{"a": "Föo"}, `a="Föo" low="föo" up="FÖO"`},
		{"labelmap copies to the group", `{regex: 'meta_(ng.*)', action: labelmap}`, map[string]string{"meta_ng_a": "x", "meta_mno": "y"}, `meta_mno="y" meta_ng_a="x" ng_a="x"`},
		{"labelmap with a replacement", `{regex: 'meta_(.*)', action: labelmap, replacement: 'bar_${1}'}`, map[string]string{"meta_a": "x"}, `bar_a="x" meta_a="x"`},
		{"labelmap to no name is skipped", `{regex: 'meta_(.*)', action: labelmap}`, map[string]string{"meta_": "x", "meta_9": "y"}, `meta_="x" meta_9="y"`},
		{"labeldrop", `{regex: '[ab]', action: labeldrop}`, abc, `c="baz"`},
		{"labelkeep", `{regex: '[ab]', action: labelkeep}`, abc, `a="foo" b="bar"`},
		{"nothing left is dropped", `{regex: '.*', action: labeldrop}`, abc, `dropped`},
		{"empty labels are none", `{regex: 'b', action: labelkeep}`, map[string]string{"b": ""}, `dropped`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := show(rules(t, tt.rules), tt.labels); got != tt.want {
				t.Errorf("%s of %v: got %s, want %s", tt.rules, tt.labels, got, tt.want)
			}
		})
	}
}

func TestPublicLeavesTheLabelsOfStreams(t *testing.T) {
	labels := map[string]string{"__path__": "/a", "__": "x", "_a": "y", "b": "z"}
	Public(labels)
	if got, want := fmt.Sprint(labels), "map[_a:y b:z]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestUsesNamesWhatHasAnInfluence(t *testing.T) {
	r := rules(t, `{source_labels: [__a], target_label: x}
{source_labels: [x], target_label: __b, action: keepequal}
{regex: '__c_(.+)', action: labelmap}
{regex: '__d', action: labeldrop}`)
	for name, want := range map[string]bool{"__a": true, "__b": true, "__c_x": true, "__d": false, "__e": false} {
		if got := r.Uses(name); got != want {
			t.Errorf("Uses(%s) is %t, want %t", name, got, want)
		}
	}
}
