package stage

import (
	"errors"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

func TestTemplate(t *testing.T) {
	runCases(t, []pipelineCase{
		{
			name:   "Value, Entry and every extracted value",
			stages: words + "- template: {source: n, template: '{{ .Value }}|{{ .a }}|{{ .b }}|{{ .job }}|{{ .Entry }}'}\n- labels: {n: }",
			labels: []string{"job", "j"},
			lines:  []string{"x y"},
			want:   []entry{{`{job="j", n="<no value>|x|y|j|x y"}`, "-", "-", ""}},
		},
		{
			name:   "promtail's own functions and sprig's",
			stages: words + "- template: {source: a, template: '{{ Replace (ToUpper .Value) \"X\" \"Y\" -1 | trunc 3 }}{{ regexReplaceAll \"(b)\" .b \"$1$1\" }}'}\n- output: {source: a}",
			lines:  []string{"xxxx b"},
			want:   []entry{{"{}", "-", "YYYbb", ""}},
		},
		{
			name:   "hashes have the salt before the input",
			stages: words + "- template: {source: a, template: '{{ Sha2Hash \"s\" .a }} {{ Hash \"s\" .a }}'}\n- output: {source: a}",
			lines:  []string{"x"},
			want:   []entry{{"{}", "-", "9740c9dcdb4487d8cd63d2a544d8e6573f082081c49aef08c7853ab0f99e019a 02a047575778ddb87c1004a44d16d9d6f49bd393bf2acf335ea4ad4aa2ae8140", ""}},
		},
		{
			name:   "an empty result removes the value, a null is not there",
			stages: "- json: {expressions: {a: , n: }}\n- template: {source: a, template: '{{ if eq .Value \"drop\" }}{{ else }}{{ .Value }}{{ .n }}{{ end }}'}\n- labels: {a: }",
			lines:  []string{`{"a":"drop"}`, `{"a":"x","n":null}`},
			want:   []entry{{"{}", "-", "-", ""}, {`{a="x<no value>"}`, "-", "-", ""}},
		},
		{
			name:   "the whole of the values",
			stages: words + "- template: {source: all, template: '{{ range $k, $v := . }}{{ $k }}={{ $v }} {{ end }}'}\n- output: {source: all}",
			labels: []string{"job", "j"},
			lines:  []string{"x y z"},
			want:   []entry{{`{job="j"}`, "-", "Entry=x y z a=x b=y c=z job=j ", ""}},
		},
		{
			name:   "a value of the root inside a block, and one that no stage names",
			stages: words + "- template: {source: o, template: '{{ with .a }}{{ . }}{{ $.env }}{{ end }}{{ define \"t\" }}{{ .host }}{{ end }}{{ template \"t\" $ }}'}\n- output: {source: o}",
			labels: []string{"env", "e", "host", "h"},
			lines:  []string{"x"},
			want:   []entry{{"-", "-", "xeh", ""}},
		},
		{
			name:   "nothing is left of the line before",
			stages: "- json: {expressions: {a: }}\n- template: {source: o, template: '{{ .a | default \"none\" }}'}\n- output: {source: o}",
			lines:  []string{`{"a":"x"}`, `{}`},
			want:   []entry{{"{}", "-", "x", ""}, {"{}", "-", "none", ""}},
		},
		{
			name:   "one that fails leaves the value, and the next line comes",
			stages: words + "- template: {source: a, template: '{{ .Value }}{{ if eq .b \"bad\" }}{{ fail \"no\" }}{{ end }}'}\n- labels: {a: }",
			lines:  []string{"x bad", "y good"},
			want:   []entry{{`{a="x"}`, "-", "-", ""}, {`{a="y"}`, "-", "-", ""}},
			failed: []string{"scrape_configs[0].pipeline_stages[1].template.template: template: "},
		},
		{
			name:   "a result without bound ends",
			stages: words + "- template: {source: a, template: '{{ repeat 5000000 .a }}'}\n- labels: {a: }",
			lines:  []string{"x"},
			want:   []entry{{`{a="x"}`, "-", "-", ""}},
			failed: []string{"longer than 4194304 bytes"},
		},
	})
}

func TestReplace(t *testing.T) {
	runCases(t, []pipelineCase{
		{
			name:   "each group of each match, in the line",
			stages: `- replace: {expression: '(\d{2}\.\d{2}\.\d{2}\.\d{2}) - (\S+)', replace: '*{{ .Value }}*'}`,
			lines:  []string{"11.11.11.11 - frank 12.12.12.12 - anna!", "none"},
			want:   []entry{{"{}", "-", "*11.11.11.11* - *frank* *12.12.12.12* - *anna!*", ""}, {"{}", "-", "none", ""}},
		},
		{
			name:   "without a group the whole match",
			stages: `- replace: {expression: 'password=\S+', replace: 'password=****'}`,
			lines:  []string{"a password=x password=y"},
			want:   []entry{{"{}", "-", "a password=**** password=****", ""}},
		},
		{
			name:   "an empty template removes",
			stages: `- replace: {expression: '( secret)'}`,
			lines:  []string{"a secret b"},
			want:   []entry{{"{}", "-", "a b", ""}},
		},
		{
			name:   "named groups are extracted as they were replaced, of the first match",
			stages: `- replace: {expression: 'u=(?P<user>\w+)(?P<no>x)?', replace: '<{{ .Value | ToUpper }}>'}` + "\n- labels: {user: , no: }",
			lines:  []string{"u=one u=two"},
			want:   []entry{{`{user="<ONE>"}`, "-", "u=<ONE> u=<TWO>", ""}},
		},
		{
			name:   "a group inside another one is extracted, and replaced with it",
			stages: `- replace: {expression: '(?P<out>a(?P<in>b))', replace: '[{{ .Value }}]'}` + "\n- labels: {out: , in: }",
			lines:  []string{"ab-ab"},
			want:   []entry{{`{in="[b]", out="[ab]"}`, "-", "[ab]-[ab]", ""}},
		},
		{
			name:   "an extracted value, with others in the template; a missing one is said to be",
			stages: words + `- replace: {source: b, expression: '(y)', replace: '{{ .a }}{{ .nothing }}{{ .job }}'}` + "\n- labels: {b: }",
			labels: []string{"job", "j"},
			lines:  []string{"x -y-", "x"},
			want:   []entry{{`{b="-x<no value>j-", job="j"}`, "-", "-", ""}, {`{job="j"}`, "-", "-", ""}},
		},
		{
			name:   "a source that is missing or null",
			stages: "- json: {expressions: {n: }}\n- replace: {source: n, expression: 'x', replace: y}\n- replace: {source: gone, expression: 'x', replace: y}",
			lines:  []string{`{"n":null}`},
			want:   []entry{{"{}", "-", `{"n":null}`, ""}},
		},
		{
			name:   "one that fails leaves the line",
			stages: `- replace: {expression: '(?P<x>\d)', replace: '{{ if eq .Value "2" }}{{ fail "no" }}{{ end }}-'}` + "\n- labels: {x: }",
			lines:  []string{"1 2", "1 3"},
			want:   []entry{{"{}", "-", "1 2", ""}, {`{x="-"}`, "-", "- -", ""}},
			failed: []string{"scrape_configs[0].pipeline_stages[0].replace.replace: template: "},
		},
	})
}

func TestBadTemplateNamesThePlace(t *testing.T) {
	for stages, want := range map[string]string{
		"- template:\n    source: a\n    template: '{{ .Value'":    "scrape_configs[0].pipeline_stages[0].template.template: the template does not compile: line 1: unclosed action;",
		"- template: {source: a, template: '{{ nofunc .Value }}'}": "line 1: function \"nofunc\" not defined;",
		"- replace: {expression: x, replace: '{{ end }}'}":         "scrape_configs[0].pipeline_stages[0].replace.replace: the template does not compile: line 1: unexpected {{end}};",
	} {
		_, err := tryCompile(stages)
		var problem *config.Error
		if !errors.As(err, &problem) || !strings.Contains(problem.Error(), want) || problem.Pos.Line == 0 {
			t.Errorf("%s\ngot  %v\nwant %s", stages, err, want)
		}
	}
}

// A template of text and names alone comes out as the library has it.
func FuzzTemplateOfNames(f *testing.F) {
	f.Add("a{{ .Value }}b{{.a}}", "x y")
	f.Add("{{ .Entry }}{{- .b -}} {{ .nothing }}", "x")
	f.Fuzz(func(t *testing.T, tmpl, line string) {
		for _, entry := range []bool{true, false} {
			c := &compiler{p: &Program{}, number: map[string]int{}, changed: map[int]bool{}}
			slow, err := c.textTemplate("{{ if true }}"+tmpl+"{{ end }}", "", config.Pos{}, entry)
			if err != nil || strings.Contains(tmpl, "{{-") || strings.Contains(tmpl, "-}}") {
				return
			}
			fast, err := c.textTemplate(tmpl, "", config.Pos{}, entry)
			if err != nil || fast.tmpl != nil || slow.tmpl == nil {
				return
			}
			c.name("a")
			feed := c.p.NewFeed(FeedOptions{})
			r := &feed.rec
			r.line = []byte(line)
			r.slots[c.name("a")] = text([]byte(line))
			in := value{}
			if !entry {
				in = text([]byte("in"))
			}
			var got [2]string
			for i, one := range []*textTemplate{slow, fast} {
				from := len(feed.scratch)
				one.prepare(feed, r)
				if err := one.append(feed, r, in, from); err != nil {
					return
				}
				got[i] = string(feed.scratch[from:])
			}
			if got[0] != got[1] {
				t.Errorf("%q: %q, the library has %q", tmpl, got[1], got[0])
			}
		}
	})
}
