package stage

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	library "github.com/go-logfmt/logfmt"
)

func TestLogfmt(t *testing.T) {
	const mapping = "- logfmt: {mapping: {a: , b: bee, c: bee, q: }}\n- labels: {a: , b: , c: , q: }"
	runCases(t, []pipelineCase{
		{
			name: "values, quoted ones, several names for one key", stages: mapping,
			lines: []string{`a=1 bee=2 other=x q="say \"hi\"\u0021"`},
			want:  []entry{{`{a="1", b="2", c="2", q="say \"hi\"!"}`, "-", "-", ""}},
		},
		{
			name: "a key without a value is empty, the last of several counts", stages: mapping + "\n- structured_metadata: {a: , q: }",
			lines: []string{`a q=1 q= bee=x bee=y`},
			want:  []entry{{`{b="y", c="y"}`, "-", "-", "a= q="}},
		},
		{
			name: "what stands before an error is extracted", stages: mapping,
			lines:  []string{`a=1 bee="x`, `a=2 ="x`, `a=3 bee="\x"`, `a=4 "`, `a=5 bee=1=2 a=6`, "a=7 \xff=1"},
			failed: slices.Repeat([]string{"scrape_configs[0].pipeline_stages[0].logfmt: malformed_logfmt: "}, 6),
			want: []entry{
				{`{a="1"}`, "-", "-", ""}, {`{a="2"}`, "-", "-", ""}, {`{a="3"}`, "-", "-", ""},
				{`{a="4"}`, "-", "-", ""}, {`{a="5"}`, "-", "-", ""}, {`{a="7"}`, "-", "-", ""},
			},
		},
		{
			name:   "a source, of several lines",
			stages: "- json: {expressions: {text: , n: }}\n- logfmt: {source: text, mapping: {a: , b: }}\n- logfmt: {source: n, mapping: {a: x}}\n- labels: {a: , b: }",
			lines:  []string{`{"text":"a=1 x=\r\nb=2","n":null}`},
			want:   []entry{{`{a="1", b="2"}`, "-", "-", ""}},
		},
	})
}

// The parser takes what promtail's library takes, and fails where it does.
func FuzzLogfmt(f *testing.F) {
	for _, s := range []string{
		`a=1 b="x y" c d= "`, `a="\u05e9\ud83d\ude00\'\n" b=\`, "a=1\r\nb=2\n\nc", "é=1 \xff=2", `a="x"b=c`, `a=b=c`, "a=\"\\n\t\"", `a="\u12`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 60_000 {
			return
		}
		var want, got []string
		d := library.NewDecoder(bytes.NewReader(in))
		for d.ScanRecord() {
			for d.ScanKeyval() {
				want = append(want, string(d.Key())+"="+string(d.Value()))
			}
		}
		p := logfmtParser{}
		for record := range bytes.SplitSeq(in, []byte("\n")) {
			p.rest = bytes.TrimSuffix(record, []byte("\r"))
			for p.err == "" && p.next() {
				got = append(got, string(p.key)+"="+string(p.value))
			}
		}
		if !slices.Equal(got, want) || (p.err != "") != (d.Err() != nil) {
			t.Errorf("got %q %s\nwant %q %v", strings.Join(got, " "), p.err, strings.Join(want, " "), d.Err())
		}
	})
}
