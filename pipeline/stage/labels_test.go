package stage

import (
	"errors"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// words extracts the words of a line as a, b and c.
const words = `- regex: {expression: '^(?P<a>\S*) ?(?P<b>\S*) ?(?P<c>\S*)'}` + "\n"

func TestRegex(t *testing.T) {
	runCases(t, []pipelineCase{
		{
			name:   "a group that took no part is empty; others keep what they had",
			stages: `- regex: {expression: '^x(?P<a>y)?(?P<b>z)'}` + "\n- labels: {a: , b: , q: }",
			labels: []string{"a", "old", "q", "kept"},
			lines:  []string{"xz", "no"},
			want:   []entry{{`{b="z", q="kept"}`, "-", "-", ""}, {`{a="old", q="kept"}`, "-", "-", ""}},
		},
		{
			name:   "a source that was not extracted, or is null, changes nothing",
			stages: "- json: {expressions: {nul: , s: }}\n- regex: {expression: '(?P<a>.)', source: nul}\n- regex: {expression: '(?P<b>.)', source: gone}\n- regex: {expression: '(?P<c>.)', source: s}\n- labels: {a: , b: , c: }",
			lines:  []string{`{"nul":null,"s":"xyz"}`},
			want:   []entry{{`{c="x"}`, "-", "-", ""}},
		},
	})
}

func TestLabels(t *testing.T) {
	runCases(t, []pipelineCase{
		{
			name:   "labels are set from values, under the same name or another",
			stages: words + "- labels: {a: , other: b, gone: nothing}",
			labels: []string{"job", "j", "a", "old", "__path__", "/x"},
			lines:  []string{"1 2"},
			want:   []entry{{`{a="1", job="j", other="2"}`, "-", "1 2", ""}},
		},
		{
			name:   "an empty value is no label, a value that is not UTF-8 is not taken",
			stages: words + "- labels: {a: , b: }",
			labels: []string{"a", "old", "b", "old"},
			lines:  []string{"\xff"},
			want:   []entry{{`{a="old"}`, "-", "\xff", ""}},
		},
		{
			name:   "a target's labels are values from the start",
			stages: "- output: {source: job}\n- labels: {copy: job}",
			labels: []string{"job", "j"},
			lines:  []string{"x"},
			want:   []entry{{`{copy="j", job="j"}`, "-", "j", ""}},
		},
		{
			name:   "static_labels",
			stages: "- static_labels: {a: fixed, b: '', job: new}",
			labels: []string{"job", "j"},
			lines:  []string{"x"},
			want:   []entry{{`{a="fixed", job="new"}`, "-", "x", ""}},
		},
		{
			name:   "labeldrop, and a label that is set again",
			stages: words + "- labeldrop: [job, a, gone]\n- labels: {a: }",
			labels: []string{"job", "j", "a", "old", "kept", "k"},
			lines:  []string{"1"},
			want:   []entry{{`{a="1", kept="k"}`, "-", "1", ""}},
		},
		{
			name:   "labelallow, of the target's labels and those of stages, before and after it",
			stages: words + "- labels: {a: , b: }\n- labelallow: [a, kept]\n- labels: {c: }",
			labels: []string{"job", "j", "kept", "k"},
			lines:  []string{"1 2 3"},
			want:   []entry{{`{a="1", c="3", kept="k"}`, "-", "1 2 3", ""}},
		},
		{
			name:   "labelallow for some lines only",
			stages: "- match: {selector: '{job=\"j\"} |= \"few\"', stages: [{labelallow: [job]}]}",
			labels: []string{"job", "j", "host", "h"},
			lines:  []string{"few", "all"},
			want:   []entry{{`{job="j"}`, "-", "few", ""}, {`{host="h", job="j"}`, "-", "all", ""}},
		},
		{
			name:   "structured metadata from values, or else from labels, which are removed when equal",
			stages: words + "- labels: {b: }\n- structured_metadata: {a: , host: , moved: b, gone: , job: c}",
			labels: []string{"host", "h", "job", "j"},
			lines:  []string{"1 2 3"},
			want:   []entry{{`{job="j"}`, "-", "1 2 3", "a=1 host=h moved=2 job=3"}},
		},
		{
			name:   "a label of another value stays, an empty value is sent as promtail sends it",
			stages: words + "- structured_metadata: {a: , b: }",
			labels: []string{"a", "label"},
			lines:  []string{"value"},
			want:   []entry{{`{a="label"}`, "-", "value", "a=value b="}},
		},
		{
			name:   "structured metadata that is not UTF-8 is not taken",
			stages: words + "- structured_metadata: {a: }",
			lines:  []string{"\xff"},
			want:   []entry{{`{}`, "-", "\xff", ""}},
		},
		{
			name:   "output leaves the line when there is no value",
			stages: "- json: {expressions: {msg: }}\n- output: {source: msg}",
			lines:  []string{`{"msg":"text"}`, `{"msg":null}`, `{"msg":7}`, `{}`, `plain`},
			want: []entry{
				{`{}`, "-", "text", ""}, {`{}`, "-", `{"msg":null}`, ""}, {`{}`, "-", "7", ""}, {`{}`, "-", "{}", ""}, {`{}`, "-", "plain", ""},
			},
		},
		{
			name:   "level of the line",
			stages: "- level: {default: info}",
			lines:  []string{"12:00:00 | ERROR | x", "hm"},
			want:   []entry{{`{level="error"}`, "-", "-", ""}, {`{level="info"}`, "-", "-", ""}},
		},
		{
			name:   "level of a value: a word, a severity, a status, a number of pino",
			stages: words + "- level: {source: a, label: severity}",
			lines:  []string{"WARNING", "3", "502", "30", "hm", ""},
			want: []entry{
				{`{severity="warn"}`, "-", "-", ""}, {`{severity="error"}`, "-", "-", ""}, {`{severity="error"}`, "-", "-", ""},
				{`{severity="info"}`, "-", "-", ""}, {`{severity="unknown"}`, "-", "-", ""}, {`{severity="unknown"}`, "-", "-", ""},
			},
		},
	})
}

func TestMetaAndFieldsOfATarget(t *testing.T) {
	p := compile(t, "- structured_metadata: {unit: , job: }")
	r := newRig(t, p)
	r.feed.opts.Meta = []pipeline.Field{{Name: "container_id", Value: []byte("42")}}
	r.ledger.Read(1)
	r.feed.Push(&pipeline.Line{
		Text: []byte("x"), Ledger: r.ledger, Range: pipeline.Range{End: 1}, Time: testNow.UnixNano() - 1e9,
		Fields: []pipeline.Field{{Name: "unit", Value: []byte("ssh")}, {Name: "unknown", Value: []byte("no")}},
	}, r.now, r.outbox)
	r.offset = 1
	r.outbox.Flush()
	r.want(entry{"{}", "2026-11-23T11:59:59Z", "x", "container_id=42 unit=ssh"})
	r.wantSettled()
}

func TestDrop(t *testing.T) {
	extract := "- json: {expressions: {a: , b: }}\n- timestamp: {source: b, format: RFC3339, action_on_failure: skip}\n"
	a, b, c := `{"a":"x"}`, `{"a":"y","b":"2026-11-23T11:00:00Z"}`, `{"a":"x","b":"2026-11-23T11:00:00Z"}`
	show := func(lines ...string) (want []entry) {
		for _, l := range lines {
			want = append(want, entry{"-", "-", l, "-"})
		}
		return want
	}
	runCases(t, []pipelineCase{
		{name: "expression on the line", stages: `- drop: {expression: 'health'}`,
			lines: []string{"GET /health", "GET /"}, want: show("GET /"), dropped: []string{"drop_stage 11"}},
		{name: "longer_than, with a reason of its own", stages: `- drop: {longer_than: 3, drop_counter_reason: long}`,
			lines: []string{"1234", "123"}, want: show("123"), dropped: []string{"long 4"}},
		{name: "value is compared with the whole", stages: words + `- drop: {source: a, value: ab}`,
			lines: []string{"ab", "abc", "xab"}, want: show("abc", "xab"), dropped: []string{"drop_stage 2"}},
		{name: "older_than", stages: extract + `- drop: {older_than: 30m}`,
			lines: []string{a, b}, want: show(a), dropped: []string{"drop_stage 36"}},
		{name: "all conditions have to hold", stages: extract + `- drop: {source: a, expression: '^x$', older_than: 30m, longer_than: 5}`,
			lines: []string{a, b, c}, want: show(a, b), dropped: []string{"drop_stage 36"}},
		{name: "a source alone asks whether it was extracted, were it as null", stages: extract + `- drop: {source: [a, b]}`,
			lines: []string{"plain", c, a}, want: show("plain"), dropped: []string{"drop_stage 36", "drop_stage 9"}},
		{name: "sources are joined, missing ones left out", stages: words + `- drop: {source: [a, gone, b], value: 'x;y'}`,
			lines: []string{"x y", "x", "y x"}, want: show("x", "y x"), dropped: []string{"drop_stage 3"}},
		{name: "sources are joined by a separator", stages: words + `- drop: {source: [a, b, c], separator: '#', expression: '^x#y#z$'}`,
			lines: []string{"x y z", "x y"}, want: show("x y"), dropped: []string{"drop_stage 5"}},
		{name: "a null among the sources drops nothing", stages: extract + `- drop: {source: [a, b], expression: ''}`,
			lines: []string{a, c}, want: show(a), dropped: []string{"drop_stage 36"}},
	})
}

func TestMatch(t *testing.T) {
	runCases(t, []pipelineCase{
		{
			name:    "drop by labels and line filters",
			stages:  `- match: {selector: '{job="j", env!="prod", host=~"h[0-9]", x!~".+"} |= "a" != "b" |~ "c$" !~ "^d"', action: drop}`,
			labels:  []string{"job", "j", "env", "dev", "host", "h1"},
			lines:   []string{"ac", "abc", "cab", "dac", "c"},
			want:    []entry{{"-", "-", "abc", ""}, {"-", "-", "cab", ""}, {"-", "-", "dac", ""}, {"-", "-", "c", ""}},
			dropped: []string{"match_stage 2"},
		},
		{
			name:    "labels as stages left them, with a reason of its own",
			stages:  words + "- labels: {a: }\n- match: {selector: '{a=\"1\"}', action: drop, drop_counter_reason: ones}",
			lines:   []string{"1", "2"},
			want:    []entry{{`{a="2"}`, "-", "2", ""}},
			dropped: []string{"ones 1"},
		},
		{
			name: "stages for what fits alone, blocks inside blocks",
			stages: `
- match:
    selector: '{job="j"}'
    stages:
    - static_labels: {outer: "1"}
    - match: {selector: '{outer="1"} |= "x"', stages: [{static_labels: {inner: "1"}}, {match: {selector: '{inner="1"} |= "drop"', action: drop}}]}
    - static_labels: {last: "1"}
- match: {selector: '{job="other"}', stages: [{static_labels: {no: "1"}}]}
- static_labels: {all: "1"}`,
			labels: []string{"job", "j"},
			lines:  []string{"x", "y", "x drop"},
			want: []entry{
				{`{all="1", inner="1", job="j", last="1", outer="1"}`, "-", "x", ""},
				{`{all="1", job="j", last="1", outer="1"}`, "-", "y", ""},
			},
			dropped: []string{"match_stage 6"},
		},
		{
			name:   "a block begins with the labels as values, which win over what was extracted",
			stages: "- regex: {expression: '^(?P<job>\\w+)'}\n- labels: {before: job}\n- match: {selector: '{job=\"j\"}', stages: [{labels: {inside: job}}]}\n- labels: {after: job}",
			labels: []string{"job", "j"},
			lines:  []string{"extracted"},
			want:   []entry{{`{after="j", before="extracted", inside="j", job="j"}`, "-", "-", ""}},
		},
		{
			name:   "joining stages inside a block go on behind them, inside it",
			stages: `- match: {selector: '{job="j"} |= "in"', stages: [{multiline: {firstline: '^in 1'}}, {static_labels: {joined: "1"}}]}` + "\n- static_labels: {all: \"1\"}",
			labels: []string{"job", "j"},
			lines:  []string{"in 1 a", "out", "in 2", "in 1 b"},
			want: []entry{
				{`{all="1", job="j"}`, "-", "out", ""}, {`{all="1", job="j", joined="1"}`, "-", "in 1 a\nin 2", ""},
				{`{all="1", job="j", joined="1"}`, "-", "in 1 b", ""},
			},
		},
		{
			name:    "what was joined is dropped whole",
			stages:  "- multiline: {firstline: '^\\S'}\n- match: {selector: '{job=\"j\"} |= \"secret\"', action: drop}",
			labels:  []string{"job", "j"},
			lines:   []string{"a", " secret", "b", " open"},
			want:    []entry{{"-", "-", "b\n open", ""}},
			dropped: []string{"match_stage 9"},
		},
	})
}

func TestBadSelectorNamesThePlace(t *testing.T) {
	_, err := tryCompile("- match:\n    selector: '{job=\"j\"}'\n    stages:\n    - match:\n        action: drop\n        selector: '{job=j}'")
	var problem *config.Error
	if !errors.As(err, &problem) {
		t.Fatalf("got %v", err)
	}
	if want := "scrape_configs[0].pipeline_stages[0].match.stages[0].match.selector"; problem.Path != want || problem.Pos.Line != 11 {
		t.Errorf("got %s, line %d, want %s, line 11", problem.Path, problem.Pos.Line, want)
	}
	if want := "selector \"{job=j}\": expected a quoted string at \"j}\""; problem.Message != want {
		t.Errorf("got %s, want %s", problem.Message, want)
	}
}

func TestSelectorSyntax(t *testing.T) {
	for _, s := range []string{
		`{a="b"}`, ` { a = "b" , _c != "d" } `, "{a=`b`}", `{a=~"x|y",b!~"z"}|="l"!="m"|~"n"!~"o"`, `{a="\"\u05e9"}`,
	} {
		if _, err := ParseSelector(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{
		"", "a", "{", `{a}`, `{a="b"`, `{a="b}`, `{="b"}`, `{a=b}`, `{a='b'}`, `{a="b" c="d"}`, `{a=~"("}`,
		`{a="b"} "x"`, `{a="b"} |= x`, `{a="b"} |~ "("`, `{a="b"} | json`, `{1a="b"}`, `{a="b"} |`,
	} {
		if _, err := ParseSelector(s); err == nil {
			t.Errorf("%s: no error", s)
		}
	}
}

func TestMatchersAreAnchoredAndFiltersAreNot(t *testing.T) {
	s, err := ParseSelector(`{a=~"b.d"} |~ "x.z"`)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]bool{"bcd": true, "b\nd": true, "abcd": false, "bcde": false, "": false} {
		if got := s.matchers[0].matches([]byte(value)); got != want {
			t.Errorf("matcher of %q: %v, want %v", value, got, want)
		}
	}
	for line, want := range map[string]bool{"-xyz-": true, "x\nz": false} {
		if got := s.matchesLine([]byte(line)); got != want {
			t.Errorf("filter of %q: %v, want %v", line, got, want)
		}
	}
}

func FuzzParseSelector(f *testing.F) {
	f.Add(`{a="b", c=~"d|e"} |= "x" !~ "y"`, "line")
	f.Add("{a!=`b`}|~\"(?i)x+\"", "xX")
	f.Add(`{`, "")
	f.Fuzz(func(t *testing.T, text, line string) {
		s, err := ParseSelector(text)
		if err != nil {
			return
		}
		s.matchesLine([]byte(line))
		for i := range s.matchers {
			s.matchers[i].matches([]byte(line))
		}
	})
}
