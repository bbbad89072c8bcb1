package oracle

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var seed = flag.Uint64("seed", 1, "what the random pipelines are made of")

// Pipelines that nobody wrote find out how stages work together.
func TestRandomPipelinesSendWhatPromtailSends(t *testing.T) {
	t.Logf("-seed %d", *seed)
	g := generator{rand.New(rand.NewPCG(*seed, 0))}
	var cases []compared
	for i := range 250 {
		cases = append(cases, compared{
			name: fmt.Sprintf("random_%03d", i), labels: "env: test, a: of-target", loose: true,
			stages: g.pipeline(), input: g.lines(), differs: []difference{roughSeconds, jsonForm},
		})
	}
	// Without external labels that a stage may make empty: a documented difference.
	compareAll(t, strings.Replace(head, ", env: of-client, filename: of-client", "", 1), cases, func(_, _ *shipper) {})
}

// roughSeconds leaves out what is added to equal times: the lines' times are
// whole seconds.
var roughSeconds = difference{row: equalTimes.row, both: true, of: func(all []entry) []entry {
	for i := range all {
		all[i].time -= all[i].time % int64(100*time.Microsecond)
	}
	return all
}}

type generator struct{ *rand.Rand }

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

// name is that of an extracted value or a label.
func (g generator) name() string { return g.one("a", "b", "c", "d", "e1", "env", "stream") }

// names maps some names to others, without repetition.
func (g generator) names(to func() string) string {
	var all []string
	for _, name := range []string{"a", "b", "c", "d", "e1", "env"} {
		if g.IntN(3) == 0 {
			all = append(all, name+": "+to())
		}
	}
	if len(all) == 0 {
		return "b: " + to()
	}
	return strings.Join(all, ", ")
}

func (g generator) list() string { return g.name() + ", " + g.name() }

// source is a source, or none.
func (g generator) source() string {
	if g.IntN(3) > 0 {
		return ""
	}
	return ", source: " + g.name()
}

// pipeline is stages in YAML. Stages that keep something from line to line come
// before the first match: behind it, promtail's lines have no fixed order.
func (g generator) pipeline() string {
	var stages []string
	for range 1 + g.IntN(4) {
		stages = append(stages, g.stage(2))
	}
	if g.IntN(3) == 0 {
		stages = append([]string{g.keeping()}, stages...)
	}
	if g.IntN(2) == 0 {
		stages = append([]string{g.parsing()}, stages...)
	}
	return "- " + strings.Join(stages, "\n- ")
}

func (g generator) keeping() string {
	return g.one(
		"multiline: {firstline: '^\\S', max_wait_time: 10s}",
		"multiline: {firstline: 'a', max_wait_time: 10s}",
		"limit: {rate: 0.0001, burst: 7, drop: true}",
		"limit: {rate: 0.0001, burst: 3, drop: true, by_label_name: "+g.name()+"}",
		"timestamp: {source: "+g.name()+", format: "+g.one("Unix", "RFC3339")+"}",
	)
}

func (g generator) parsing() string {
	return g.one(
		fmt.Sprintf("json: {expressions: {%s}%s, drop_malformed: %s}", g.names(func() string { return g.one("", "x", "y.z", "t", "'x || t'", "'l[0]'", "o") }), g.source(), g.one("true", "false", "false")),
		fmt.Sprintf("logfmt: {mapping: {a: %s, b: %s}%s}", g.one("k", "x", ""), g.one("t", "msg"), g.source()),
		fmt.Sprintf("regex: {expression: '%s'%s}", g.one(`^(?P<a>\w+)(?: (?P<b>\w+))?`, `(?P<c>\d+)(?P<d>\D)?`, `(?P<env>t\w+)`, `^(?P<e1>.*)$`, `(?P<b>x*)$`, `(?s)^(?P<d>.{3})`), g.source()),
		"docker: {}", "cri: {}",
	)
}

// stage is a stage with at most so many matches around others.
func (g generator) stage(deep int) string {
	if deep > 0 && g.IntN(5) == 0 {
		return g.match(deep)
	}
	switch g.IntN(14) {
	case 0, 1, 2:
		return g.parsing()
	case 3:
		return fmt.Sprintf("replace: {expression: '%s', replace: '%s'%s}", g.one(`(\d+)`, `(a|e)`, `(?P<a>\w)(\w)`, `((x)y)`, `(o*)`),
			g.one("", "X", "{{ .Value | ToUpper }}", "<{{ .Value }}{{ .a }}>", "{{ if .b }}{{ .b }}{{ end }}"), g.source())
	case 4, 5:
		return fmt.Sprintf("template: {source: %s, template: '%s'}", g.name(), g.one("", "{{ .Value }}", "{{ .a }}-{{ .b }}", "{{ .Entry | trunc 20 }}", "{{ ToUpper .Value }}", "{{ .c | default \"none\" }}", "{{ if eq .a \"x\" }}yes{{ end }}", "x"))
	case 6:
		return fmt.Sprintf("labels: {%s}", g.names(func() string { return g.one("", g.name()) }))
	case 7:
		return g.one("static_labels: {b: fixed, env: other}", "labeldrop: ["+g.list()+"]", "labelallow: [case, "+g.list()+"]")
	case 8:
		// Several names for one label get it by chance.
		from := []string{"b", "d", "a", "stream", "c", "e1", "env"}
		g.Shuffle(len(from), func(i, k int) { from[i], from[k] = from[k], from[i] })
		return fmt.Sprintf("structured_metadata: {%s}", g.names(func() string {
			next := from[0]
			from = from[1:]
			return next
		}))
	case 9:
		return "output: {source: " + g.name() + "}"
	case 10:
		return "pack: {labels: [" + g.list() + "], ingest_timestamp: false}"
	case 11, 12:
		return g.drop()
	}
	return g.one("decolorize: {}", "tenant: {value: "+g.one("one", "two")+"}", "tenant: {label: env}",
		"regex: {expression: '(?P<base>[^/]+)$', source: filename}", "static_labels: {stream: '', d: 'é'}", "labels: {filename: "+g.name()+"}",
		"timestamp: {source: "+g.name()+", format: "+g.one("Unix", "RFC3339")+", action_on_failure: skip}", "eventlogmessage: {source: absent}")
}

func (g generator) drop() string {
	return "drop: {" + g.one(
		"source: "+g.name(), "source: ["+g.list()+"]", "source: "+g.name()+", value: "+g.one("x", "two", "''"),
		"source: ["+g.list()+"], separator: '"+g.one(";", "-", "")+"', expression: '"+g.one("^x", "o", "^$", ";")+"'",
		"expression: '"+g.one("two", "^$", `\d{3}`)+"'", "longer_than: 40b", "longer_than: 10b, expression: t",
	) + "}"
}

func (g generator) match(deep int) string {
	selector := "{" + g.name() + g.one("=", "!=", "=~", "!~") + `"` + g.one("", "x", "test", "two", "o.*", ".+") + `"}`
	if g.IntN(2) == 0 {
		selector += " " + g.one("|=", "!=", "|~", "!~") + ` "` + g.one("two", "x", "", "a") + `"`
	}
	if g.IntN(5) == 0 {
		return "match: {selector: '" + selector + "', action: drop}"
	}
	var stages []string
	for range 1 + g.IntN(3) {
		stages = append(stages, "{"+g.stage(deep-1)+"}")
	}
	return "match: {selector: '" + selector + "', stages: [" + strings.Join(stages, ", ") + "]}"
}

// lines are some of those that the stages know.
func (g generator) lines() string {
	all := []string{
		`{"x":"two","y":{"z":1},"t":1795384396}`, `{"x":"x","t":"2026-11-22T21:53:16Z","l":[1,2]}`, `{"x":null,"y":7,"o":{"p":[true]}}`, `{"x":"","l":["a"]}`,
		`{"x":{"y":1},"msg":"a=1"}`, `{"x":"a b c 123","y":{"z":"\n"}}`, `{"x":1.50,"t":1795384397.5}`, `{}`, `{"x":`, "null", `{"x":"ünï","x":"last"}`,
		`k=x t=1795384398 msg="two words"`, `x=two k= msg=a`, `k="not closed`, `t=2026-11-22T21:53:17Z x=1`,
		"two 123 three", "a x", "", " ", "x", "1795384399", "2026-11-22T21:53:18Z", "  continued", "test of it", "oo", "xyxy", "ünï ☃", "\xff\xfe", "tab\there", "\x1b[31mred\x1b[0m two", "a;b;c",
		`{"log":"two x\n","stream":"stdout","time":"2026-11-22T21:53:19Z"}`, `{"log":"{\"x\":1}","stream":"stderr","time":"2026-11-22T21:53:20Z"}`, `{"log":"no time"}`,
		"2026-11-22T21:53:21Z stdout F x two", "2026-11-22T21:53:22Z stderr F {\"x\":\"two\"}", "2026-11-22T21:53:23Z stdout X y",
	}
	var lines []string
	for range 30 {
		line := g.one(all...)
		for g.IntN(3) == 0 {
			line = g.damaged(line)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n") + "\n"
}

// damaged is a line with something put in or left out. It makes no number
// larger: times of later centuries are another matter.
func (g generator) damaged(line string) string {
	at := g.IntN(len(line) + 1)
	if at < len(line) && line[at] != '.' && g.IntN(2) == 0 {
		return line[:at] + line[at+1:]
	}
	return line[:at] + g.one(`"`, `\`, "{", "}", "[", "]", ":", ",", "=", " ", "\t", "\xff", "é", "x", `\n`, `\u00e9`, "null", "\x1b[1m", "\r", "-") + line[at:]
}
