package stage

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/jmespath/go-jmespath"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

func TestJSON(t *testing.T) {
	show := "\n- labels: {a: , b: , c: }"
	runCases(t, []pipelineCase{
		{
			name:   "plain names, missing members and null",
			stages: "- json: {expressions: {a: , b: other, c: gone}}" + show,
			lines:  []string{`{"other":"é\n","a":"x"}`, `{"a":null}`},
			want:   []entry{{`{a="x", b="é\n"}`, "-", "-", ""}, {`{}`, "-", "-", ""}},
		},
		{
			name:   "numbers are printed as a float64 is, nested values are JSON",
			stages: "- json: {expressions: {a: , b: , c: }}" + show,
			lines: []string{
				`{"a":1,"b":1.50,"c":1e3}`, `{"a":12345678901234567890,"b":-0.0000001,"c":true}`,
				`{"a":{"z":1.0,"b":[null,"<"]},"b":[],"c":false}`, `{"a":-7,"b":1e400,"c":123456789012345678}`,
			},
			want: []entry{
				{`{a="1", b="1.5", c="1000"}`, "-", "-", ""},
				{`{a="12345678901234567000", b="-0.0000001", c="true"}`, "-", "-", ""},
				{`{a="{\"b\":[null,\"\\u003c\"],\"z\":1}", b="[]", c="false"}`, "-", "-", ""},
				{`{a="-7", c="123456789012345680"}`, "-", "-", ""},
			},
		},
		{
			name:   "JMESPath",
			stages: `- json: {expressions: {a: x.y.z, b: '"odd-name" || list[1]', c: 'length(list)'}}` + show,
			lines: []string{
				`{"x":{"y":{"z":"deep"}},"list":[1,2,3]}`, `{"x":{"y":1},"odd-name":"o","list":"four"}`, `{"x":[],"list":7}`,
			},
			want: []entry{
				{`{a="deep", b="2", c="3"}`, "-", "-", ""}, {`{b="o", c="4"}`, "-", "-", ""}, {`{}`, "-", "-", ""},
			},
		},
		{
			name:   "of repeated names the last counts, and names may be escaped",
			stages: "- json: {expressions: {a: , b: }}" + show,
			lines:  []string{`{"a":"first","a":"last","\u0062":"escaped"}`},
			want:   []entry{{`{a="last", b="escaped"}`, "-", "-", ""}},
		},
		{
			name:    "null is an object without members",
			stages:  "- json: {expressions: {a: , b: 'type(@)'}, drop_malformed: true}" + show,
			labels:  []string{"a", "before"},
			lines:   []string{" null\t", "nulls"},
			want:    []entry{{`{a="before", b="object"}`, "-", "-", ""}},
			dropped: []string{"malformed_json 5"},
		},
		{
			name:   "bytes that are not UTF-8 stay, and are no label",
			stages: "- json: {expressions: {a: , b: }}" + show + "\n- output: {source: b}",
			lines:  []string{"{\"a\":\"\xff\",\"b\":\"\xfe\\t\"}"},
			want:   []entry{{`{}`, "-", "\xfe\t", ""}},
		},
		{
			name:   "an expression that fails leaves the value as it was",
			stages: "- json: {expressions: {a: 'sum(x)'}}" + show,
			labels: []string{"a", "before"},
			lines:  []string{`{"x":[1,2]}`, `{"x":["no"]}`},
			want:   []entry{{`{a="3"}`, "-", "-", ""}, {`{a="before"}`, "-", "-", ""}},
		},
		{
			name:   "nothing is extracted from what is no object",
			stages: "- json: {expressions: {a: }}" + show,
			labels: []string{"a", "before"},
			lines:  []string{`{"a":"x"} more`, `{"a":"x",}`, `["a"]`, `"a"`, ``, `{"a":"x"`, `{"a":NaN}`},
			want: []entry{
				{`{a="before"}`, "-", "-", ""}, {`{a="before"}`, "-", "-", ""}, {`{a="before"}`, "-", "-", ""},
				{`{a="before"}`, "-", "-", ""}, {`{a="before"}`, "-", "-", ""}, {`{a="before"}`, "-", "-", ""},
				{`{a="before"}`, "-", "-", ""},
			},
		},
		{
			name:    "drop_malformed drops lines, but not those without the source",
			stages:  "- json: {expressions: {inner: }}\n- json: {expressions: {a: }, source: inner, drop_malformed: true}" + show,
			lines:   []string{`{"inner":"{\"a\":1}"}`, `{"inner":"{"}`, `{"inner":null}`, `{"inner":{"a":2}}`, `text`},
			want:    []entry{{`{a="1"}`, "-", "-", ""}, {`{}`, "-", "-", ""}, {`{a="2"}`, "-", "-", ""}, {`{}`, "-", "text", ""}},
			dropped: []string{"malformed_json 13"},
		},
	})
}

func TestBadJMESPathNamesThePlace(t *testing.T) {
	_, err := tryCompile("- json:\n    expressions:\n      a: x\n      b: a..b")
	var problem *config.Error
	if !errors.As(err, &problem) {
		t.Fatalf("got %v", err)
	}
	if want := "scrape_configs[0].pipeline_stages[0].json.expressions.b"; problem.Path != want || problem.Pos.Line != 9 {
		t.Errorf("got %s, line %d, want %s, line 9", problem.Path, problem.Pos.Line, want)
	}
}

// FuzzJSONPath holds the fast path against the library: members by plain and
// dotted names.
func FuzzJSONPath(f *testing.F) {
	f.Add(`{"a":{"b":1.5,"b":"x"},"a":{"c":null}}`, "a.b")
	f.Add(`{"a":"\u05e9\ud83d\ude00\ud83d","b":[{}]}`, "a")
	f.Add(`{"a":-0,"b":1e-7}`, "b")
	f.Add(`{"\u0061":{"b":{"c":true}}} `, "a.b.c")
	f.Fuzz(func(t *testing.T, doc, path string) {
		if !plainPath.MatchString(path) || len(path) > 100 {
			return
		}
		var v map[string]any
		if err := json.Unmarshal([]byte(doc), &v); err != nil || v == nil {
			return
		}
		name, below, _ := strings.Cut(path, ".")
		s := &jsonStage{source: wholeLine, members: []member{{name, below, 0}}}
		feed, r := &Feed{}, &record{line: []byte(doc), slots: make([]value, 1)}
		s.run(feed, r)
		found, err := jmespath.MustCompile(path).Search(v)
		if err != nil {
			return
		}
		want := anyValue(found)
		if got := r.slots[0]; got.state != want.state || string(got.text) != string(want.text) {
			t.Errorf("%q of %q: got %d %q, want %d %q", path, doc, got.state, got.text, want.state, want.text)
		}
	})
}
