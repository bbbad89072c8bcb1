package oracle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// weird are lines that no format expects.
var weird = "\n \n\t\ttabs\t\ncrlf\r\n\xff\xfe not UTF-8 \x80\nünïcödé ☃ 日本語\nnul\x00inside\n\x1b[31mred\x1b[0m\n" +
	strings.Repeat("long ", 10_000) + "\n"

// showing is a stage that makes the line show extracted values.
func showing(names ...string) string {
	return fmt.Sprintf("\n- pack: {labels: [%s], ingest_timestamp: false}", "'"+strings.Join(names, "', '")+"'")
}

// asText is a stage that extracts the whole line.
const asText = "- regex: {expression: '^(?P<text>(?s:.*))$'}\n"

func numbered(prefix string, from, to int) []string {
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprint(prefix, i))
	}
	return all
}

func parserCases(testing.TB) []compared {
	return slices.Concat([]compared{
		{name: "no_stages", input: "one\ntwo\n" + weird + "no end"},
		{
			name: "no_stages_long", input: "before\n" + strings.Repeat("0123456789abcdef", 20_000) + "\nafter\n",
			differs: []difference{{row: "lines above 256 KiB", of: func(all []entry) []entry {
				first, second := all[1], all[1]
				first.line, first.meta = first.line[:256<<10], `part="1", parts="2"`
				second.line, second.meta = second.line[256<<10:], `part="2", parts="2"`
				return []entry{all[0], first, second, all[2]}
			}}},
		},
		{
			name: "docker", covers: []string{"docker"},
			stages: `- docker: {}`,
			input: `{"log":"one\n","stream":"stdout","time":"2026-01-02T03:04:05.000000006Z"}
{"log":"two\n","stream":"stderr","time":"2026-01-02T03:04:06Z"}
{"log":"a part","stream":"stdout","time":"2026-01-02T03:04:07.1+01:00"}
{"log":" and its rest\r\n","stream":"stdout","time":"2026-01-02T03:04:07.2Z"}
{"log":"more keys\n","stream":"stdout","attrs":{"tag":"x"},"time":"2026-01-02T03:04:08Z"}
{"log":"\u003cesc\u003e \"q\" \\ \t \u001b[31m \u00e9 \ud83d\ude00 \ud800 \u0000\n","stream":"stdout","time":"2026-01-02T03:04:09Z"}
{"stream":"stdout","time":"2026-01-02T03:04:10Z"}
{"log":"no stream\n","time":"2026-01-02T03:04:11Z"}
{"log":"no time\n","stream":"stdout"}
{"log":"no time again\n","stream":"stdout"}
{"log":"bad time\n","stream":"stdout","time":"yesterday"}
{"log":null,"stream":"stdout","time":"2026-01-02T03:04:12Z"}
{"log":7,"stream":"stdout","time":"2026-01-02T03:04:13Z"}
{"log":{"a":1},"stream":"stdout","time":"2026-01-02T03:04:14Z"}
{"log":"null stream\n","stream":null,"time":"2026-01-02T03:04:15Z"}
{"log":"number stream\n","stream":1,"time":"2026-01-02T03:04:16Z"}
{"log":"twice 1\n","log":"twice 2\n","stream":"stdout","time":"2026-01-02T03:04:17Z"}
{"LOG":"upper\n","stream":"stdout","time":"2026-01-02T03:04:18Z"}
{"log":"","stream":"stdout","time":"2026-01-02T03:04:19Z"}
{"log":"garbage behind\n","stream":"stdout","time":"2026-01-02T03:04:21Z"} x
{"log":"not closed\n","stream":"stdout"
{"log":"not UTF-8 ` + "\xff" + `\n","stream":"stdout","time":"2026-01-02T03:04:22Z"}
 { "log" : "spaces\n" , "stream" : "stdout" , "time" : "2026-01-02T03:04:23Z" } 
{"log":"crlf\r\n","stream":"stdout","time":"2026-01-02T03:04:24Z"}` + "\r\n" + weird,
		},
		{
			name: "docker_empty_stream", loose: true,
			stages: "- docker: {}",
			input:  `{"log":"a","stream":"","time":"2026-01-02T03:04:05Z"}` + "\nno time\n" + `{"log":"b","time":"2026-01-02T03:04:06Z"}` + "\nno time\n",
		},
		{
			name:   "docker_year_1",
			stages: "- docker: {}",
			input: `{"log":"good\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}
{"log":"year 1\n","stream":"stdout","time":"0001-01-01T00:00:00Z"}
`,
			differs: []difference{{row: "timestamp before 1678 or after 2262", of: func(all []entry) []entry {
				all[1].time = unixNano("2026-01-02T03:04:05.000000001Z")
				return all
			}}},
		},
		{
			name: "cri", covers: []string{"cri"},
			stages: `- cri: {}` + showing("time", "stream", "flags", "content"),
			input: `2026-01-02T03:04:05.000000006Z stdout F one
2026-01-02T03:04:06+02:00 stderr F two  with   spaces 
2026-01-02T03:04:07Z stdout F 
2026-01-02T03:04:08Z stdout F
2026-01-02T03:04:09Z stdout X other flag
2026-01-02T03:04:10Z stdout F:a more flags
2026-01-02T03:04:11Z stdin F no such stream
yesterday stdout F bad time
2026-01-02T03:04:12Z  stdout F two spaces
	2026-01-02T03:04:13Z stdout F a tab
2026-01-02T03:04:14Z stdout F not UTF-8 ` + "\xff" + `
2026-01-02T03:04:15Z stdoutF no space
2026-01-02T03:04:16Z` + "\u00a0" + `x stdout F a space that is none
2026-01-02T03:04:17Z` + "\v" + `x stdout F a vertical tab
2026-01-02T03:04:18Z stdout F crlf` + "\r\n" + weird,
		},
		{
			name:   "cri_parts",
			stages: `- cri: {}`,
			input: `2026-01-02T03:04:05.1Z stdout P one 
2026-01-02T03:04:05.2Z stdout P two 
2026-01-02T03:04:05.3Z stderr F between
2026-01-02T03:04:05.4Z stdout F three
2026-01-02T03:04:06.1Z stderr P e1 
2026-01-02T03:04:06.2Z stdout P o1 
2026-01-02T03:04:06.3Z stderr F e2
2026-01-02T03:04:06.4Z stdout F o2
no record
2026-01-02T03:04:07Z stdout F end
`,
			differs: []difference{criTimes(map[string]string{
				"one two three": "2026-01-02T03:04:05.1Z", "e1 e2": "2026-01-02T03:04:06.1Z", "o1 o2": "2026-01-02T03:04:06.2Z",
			})},
		},
		{
			name: "cri_max_lines", covers: []string{"cri.max_partial_lines"}, loose: true,
			stages: `- regex: {expression: 'pod=(?P<pod>\w+)'}
- labels: {pod: }
- cri: {max_partial_lines: 2}`,
			input: `2026-01-02T03:04:05.1Z stdout P pod=a 1 
2026-01-02T03:04:05.2Z stdout P pod=b 1 
2026-01-02T03:04:05.3Z stdout P pod=c 1 
2026-01-02T03:04:05.4Z stdout F pod=a 2
2026-01-02T03:04:05.5Z stdout F pod=b 2
2026-01-02T03:04:05.6Z stdout F pod=c 2
2026-01-02T03:04:05.7Z stdout P pod=d 1 
2026-01-02T03:04:05.8Z stdout P pod=d 2 
2026-01-02T03:04:05.9Z stdout F pod=d 3
`,
			differs: []difference{criTimes(map[string]string{
				"pod=c 1 pod=c 2": "2026-01-02T03:04:05.3Z", "pod=d 1 pod=d 2 pod=d 3": "2026-01-02T03:04:05.7Z",
			})},
		},
		{
			name: "cri_max_size", covers: []string{"cri.max_partial_line_size", "cri.max_partial_line_size_truncate"},
			stages: `- cri: {max_partial_line_size: 10, max_partial_line_size_truncate: true}`,
			input: `2026-01-02T03:04:05.1Z stdout P 0123456
2026-01-02T03:04:05.1Z stdout P 789ab
2026-01-02T03:04:05.1Z stdout F cde
2026-01-02T03:04:05.2Z stdout F longer than the limit, but whole
2026-01-02T03:04:05.3Z stdout P a part longer than that
2026-01-02T03:04:05.3Z stdout F rest
`,
		},
		{
			name:   "cri_max_size_alone",
			stages: `- cri: {max_partial_line_size: 10}`,
			input:  "2026-01-02T03:04:05.1Z stdout P 0123456\n2026-01-02T03:04:05.1Z stdout F 789ab\n",
		},
		{
			name: "json", covers: []string{"json.expressions"},
			stages:  jsonExpressions + showing(append(numbered("v", 1, 40), "s", "n", "f", "big", "e", "neg", "t", "fl", "nul", "o", "arr", "empty")...),
			input:   jsonLines + weird,
			differs: []difference{jsonForm},
		},
		{
			name:   "json_not_utf8",
			stages: "- json: {expressions: {s: , h: o.h}}\n- labels: {s: }" + showing("s", "h"),
			input:  "{\"s\":\"not UTF-8 \xff\xc3\",\"o\":{\"h\":\"\xff\\t\xfe\"}}\n{\"\xff\":1,\"s\":\"bad key\"}\n",
		},
		{
			name:   "json_not_utf8_jmespath",
			stages: "- json: {expressions: {s: 'no || s'}}\n- output: {source: s}",
			input:  "{\"s\":\"not UTF-8 \xff\"}\n",
			differs: []difference{{row: jsonForm.row, of: func(all []entry) []entry {
				return eachLine(all, func(line string) string { return strings.ToValidUTF8(line, "\ufffd") })
			}}},
		},
		{
			name: "json_big_exponents", stages: "- json: {expressions: {'n': }}" + showing("n"),
			input:   strings.Join(jsonNumbers(), "\n") + "\n",
			differs: []difference{jsonForm},
		},
		{
			name: "json_source", covers: []string{"json.source"},
			stages: `- json: {expressions: {inner: , 'n': , nul: , b: }}
- json: {source: inner, expressions: {a: , deep: }}
- json: {source: 'n', expressions: {a: }}
- json: {source: nul, expressions: {c: a}}
- json: {source: b, expressions: {c: a}}
- json: {source: absent, expressions: {d: a}}
- json: {source: deep, expressions: {e: x.y}}
- json: {source: case, expressions: {f: a}}` + showing("inner", "n", "nul", "a", "c", "d", "e", "f"),
			input: `{"inner":"{\"a\":1,\"deep\":{\"x\":{\"y\":\"found\"}}}"}
{"inner":{"a":[1,2],"deep":"{\"x\":{\"y\":2}}"},"n":5,"nul":null,"b":true}
{"inner":"no json"}
{"n":"{\"a\":\"from n\"}"}
` + weird,
			differs: []difference{jsonForm},
		},
		{
			name: "json_too_large", stages: "- json: {expressions: {s: , 'n': }, drop_malformed: true}" + showing("s", "n"),
			input: "{\"s\":\"before\"}\n{\"s\":\"x\",\"n\":1e999}\n",
			differs: []difference{{row: "json: a number that no float64 holds, such as 1e999", of: func(all []entry) []entry {
				more := all[0]
				more.line = `{"s":"x","_entry":"{\"s\":\"x\",\"n\":1e999}"}`
				return append(all, more)
			}}},
		},
		{
			name: "json_drop_malformed", covers: []string{"json.drop_malformed"},
			stages: "- json: {expressions: {s: }, drop_malformed: true}" + showing("s"),
			input:  jsonLines + weird,
		},
		{
			name:   "json_drop_malformed_source",
			stages: "- json: {expressions: {inner: }}\n- json: {source: inner, expressions: {s: }, drop_malformed: true}" + showing("s"),
			input:  "{\"inner\":\"{}\"}\n{\"inner\":\"no\"}\n{\"inner\":null}\n{}\n{\"inner\":[]}\n{\"inner\":{\"s\":1}}\nno\n",
		},
		{
			name: "logfmt", covers: []string{"logfmt.mapping"},
			stages: "- logfmt: {mapping: {a: , renamed: b, c: '', d: , e: , f: , 'g.h': , A: }}" + showing("a", "renamed", "b", "c", "d", "e", "f", "g.h", "A"),
			input:  logfmtLines + weird,
		},
		{
			name: "logfmt_source", covers: []string{"logfmt.source"},
			stages: "- json: {expressions: {m: }}\n- logfmt: {source: m, mapping: {a: , b: }}\n- logfmt: {source: absent, mapping: {c: a}}" + showing("a", "b", "c"),
			input:  "{\"m\":\"a=1 b=two\"}\n{\"m\":7}\n{\"m\":null}\n{\"m\":{\"a\":1}}\n{\"m\":true}\n{\"m\":\"a=1\\nb=2\"}\na=1\n" + weird,
		},
		{
			name:   "logfmt_two_names",
			stages: "- logfmt: {mapping: {x: k, 'y': k}}" + showing("x", "y"),
			input:  "k=1\n",
			differs: []difference{{row: "logfmt: several names for one key", of: func(all []entry) []entry {
				return eachLine(all, func(string) string { return `{"x":"1","y":"1","_entry":"k=1"}` })
			}}},
		},
		{
			name:   "logfmt_long",
			stages: "- logfmt: {mapping: {a: }}\n- labels: {a: }\n- output: {source: a}",
			input:  "a=1 b=" + strings.Repeat("x", 70_000) + "\n",
			differs: []difference{{row: "logfmt: a line above 64 KiB", of: func(all []entry) []entry {
				all[0].line, all[0].labels = "1", strings.Replace(all[0].labels, "{", `{a="1", `, 1)
				return all
			}}},
		},
		{
			name: "regex", covers: []string{"regex.expression"},
			stages: `- regex: {expression: '^(?P<ip>\S+) (\w+) (?P<word>\pL+)? ?(?i:(?P<kind>get|post)|(?P<other>x))(?P<empty>y*)(?P<rest>.*)$'}` +
				showing("ip", "word", "kind", "other", "empty", "rest"),
			input: "192.0.2.1 a word GET y rest\n192.0.2.2 b x\n192.0.2.3 c ünï post\n192.0.2.4 d post not UTF-8 \xff\xfe\nnothing\n" + weird,
		},
		{
			name:   "regex_overwrites",
			stages: "- regex: {expression: '(?P<a>\\d+)'}\n- regex: {expression: 'x(?P<a>\\d*)'}\n- regex: {expression: '(?P<filename>f)ile'}\n- labels: {a: }" + showing("a", "filename"),
			input:  "1 x2 file\n3 x\n4\nx\n" + weird,
		},
		{
			name:   "regex_same_name_twice",
			stages: "- regex: {expression: 'a(?P<v>\\d)|b(?P<w>\\d)(?P<x>\\d)?'}" + showing("v", "w", "x"),
			input:  "a1\nb2\nb34\n",
		},
		{
			name: "regex_source", covers: []string{"regex.source"},
			stages: "- json: {expressions: {m: }}\n- regex: {source: m, expression: '^(?P<a>\\w+)'}\n- regex: {source: filename, expression: '/(?P<base>[^/]+)\\.log$'}\n- regex: {source: absent, expression: '(?P<b>.*)'}" + showing("a", "b", "base"),
			input:  "{\"m\":\"word x\"}\n{\"m\":1.5}\n{\"m\":null}\n{\"m\":false}\n{\"m\":\"\"}\n{}\n" + weird,
		},
		{
			name: "multiline", covers: []string{"multiline.firstline"},
			stages: `- regex: {expression: '^\d+ (?P<time>\S+)'}
- timestamp: {source: time, format: RFC3339}
- regex: {expression: '(?P<word>[a-z]+)'}
- multiline: {firstline: '^\d', max_wait_time: 15s}` + showing("word"),
			input: "before\nanything\n1 2026-01-02T03:04:05Z one\n  more\n\n 2026-01-02T03:04:06Z\n2 2026-01-02T03:04:07Z two\n3 2026-01-02T03:04:08Z three\n" + weird,
		},
		{
			name: "multiline_max_lines", covers: []string{"multiline.max_lines"},
			stages: "- multiline: {firstline: '^\\d', max_lines: 3, max_wait_time: 15s}",
			input:  "1\na\nb\nc\nd\ne\nf\n2\n3\na\n4\na\nb\n5\na\nb\nc\n",
		},
		{
			name:   "multiline_empty_line_behind_max_lines",
			stages: "- multiline: {firstline: '^\\d', max_lines: 3, max_wait_time: 15s}",
			input:  "1\na\nb\n\n2\na\nb\nc\n",
			differs: []difference{{row: "multiline: an empty line right behind a block of `max_lines`", of: func(all []entry) []entry {
				out := []entry{all[0], all[0], all[0], all[0]}
				for i, line := range []string{"1\na\nb", "", "2\na\nb", "c"} {
					out[i].line = line
				}
				return out
			}}},
		},
		{
			name: "multiline_max_wait_time", covers: []string{"multiline.max_wait_time"},
			stages: "- multiline: {firstline: '^\\d', max_wait_time: 500ms}",
			input:  "1\na\n", later: later{1, "b\nc\n2\n"},
		},
		{
			name: "multiline_streams", loose: true,
			stages: "- regex: {expression: '(?P<s>.)$'}\n- labels: {s: }\n- multiline: {firstline: '^\\d', max_wait_time: 15s}",
			input:  "1 a\n1 b\n x a\n x b\n2 a\n x c\n x b\n x a\n",
		},
		{
			name:   "multiline_metadata",
			stages: "- structured_metadata: {m: filename}\n- multiline: {firstline: '^\\d', max_wait_time: 15s}",
			input:  "1\na\n2\n",
			differs: []difference{{row: "multiline", of: func(all []entry) []entry {
				for i := range all {
					all[i].meta = `m="{dir}/multiline_metadata.log"`
				}
				return all
			}}},
		},
		{
			name: "eventlogmessage", covers: []string{"eventlogmessage.source"},
			stages: "- json: {expressions: {message: , m: , Key: }}\n- eventlogmessage: {}\n- eventlogmessage: {source: m}" +
				showing("Key", "Key_extracted", "Two_Words", "_ber", "__ber", "Empty", "_", "A_b", "_1", "M", "message_extracted"),
			input: eventLines,
		},
		{
			name: "eventlogmessage_drop_invalid_labels", covers: []string{"eventlogmessage.drop_invalid_labels"},
			stages: "- json: {expressions: {message: , Key: }}\n- eventlogmessage: {drop_invalid_labels: true}" +
				showing("Key", "Key_extracted", "Two_Words", "_ber", "__ber", "Empty", "_", "A_b", "_1"),
			input: eventLines,
		},
		{
			name: "eventlogmessage_overwrite_existing", covers: []string{"eventlogmessage.overwrite_existing"},
			stages: "- json: {expressions: {message: , Key: }}\n- eventlogmessage: {overwrite_existing: true}" +
				showing("Key", "Key_extracted", "Two_Words", "Empty"),
			input: eventLines,
		},
		{
			name:   "eventlogmessage_null",
			stages: "- json: {expressions: {message: }}\n- eventlogmessage: {}",
			input:  "{\"message\":\"A: b\"}\n{\"message\":null}\n{}\n",
			differs: []difference{{row: "eventlogmessage: a message that is null, or is missing in the JSON before", of: func(all []entry) []entry {
				null, missing := all[0], all[0]
				null.line, missing.line = `{"message":null}`, `{}`
				return append(all, null, missing)
			}}},
		},
	})
}

const jsonExpressions = `
- json:
    expressions:
      s: 
      'n': 
      f: ''
      big: big
      e: 
      neg: 
      t: 
      fl: 
      nul: 
      o: 
      arr: 
      empty: 
      v1: o.b
      v2: 'arr[0]'
      v3: 'arr[-1]'
      v4: 'arr[0:2]'
      v5: 'arr[::-1]'
      v6: 'o.a[2].x'
      v7: 'o.a[*]'
      v8: "o.a[?x=='y'].x | [0]"
      v9: 'length(arr)'
      v10: 'sort(keys(o))'
      v11: '"a.b"'
      v12: 'a.b'
      v13: "'literal'"
      v14: '` + "`5`" + `'
      v15: 'n > ` + "`0`" + `'
      v16: '!t'
      v17: 'missing || s'
      v18: 's && n'
      v19: '[s, n]'
      v20: '{x: s, y: n}'
      v21: 'type(n)'
      v22: 'to_string(o)'
      v23: "join('-', ['a', 'b'])"
      v24: '@.s'
      v25: 'deep.deep.deep.deep'
      v26: '""'
      v27: 'o.a[]'
      v28: 'max(arr)'
      v29: 'to_number(s)'
      v30: "contains(s, 'e')"
      v31: 'o.*.x'
      v32: 'not_null(nul, s)'
      v33: "starts_with(s, 't')"
      v34: 'S'
      v35: 'sum([n, f])'
      v36: 'S.x.y'
      v37: 's.x'
      v38: 'arr.x'
      v39: 'o.h'
      v40: '"ünï"'`

var jsonLines = `{"s":"text","n":1,"f":1.50,"big":12345678901234567890,"e":1e3,"neg":-0,"t":true,"fl":false,"nul":null,"o":{"b":1,"a":[1,2,{"x":"y"}]},"arr":[1,"two",null],"empty":""}
{"s":"esc \" \\ \/ \b \f \n \r \t \u00e9 \ud83d\ude00 \ud800 \udc00 \ud800\u0041 \u0000 end"}
{"s":"first","s":"second","o":{"b":1},"o":{"a":2}}
{"S":"upper","N":7}
{"s":"html <b>&</b> \u2028","o":{"h":"<&>\u2028 \ud800","b":"<"}}
{"o":{},"arr":[]}
{"n":"1","f":"x","s":5}
{"o":{"z":1,"a":2,"m":[{"q":1.0,"b":1e2}]}}
 {"s":"leading space"}
{"s":"garbage"} behind
{"s":"two"}{"s":"objects"}
{"s":"not closed
[1,2]
"string"
null
42
true
{}
{"":"empty key"}
{"a.b":"dotted","a":{"b":"nested"}}
{"deep":{"deep":{"deep":{"deep":1}}}}
{'s':1}
{"s":"raw	tab"}
{"ünï":"cödé"}
{"n":01}
{"n":.5}
{"n":+1}
{"n":1.}
{"n":NaN}
{"s":"comma",}
{"s":,"n":1}
{"s" :  "spaces" , "n" : 2 }
` + "\ufeff" + `{"s":"byte order mark"}
{"s":"bad \x escape"}
{"s":"short \u12"}
{"\u0073":"escaped key"}
{"arr":[[1,2],[3]],"o":{"a":[[{"x":1}]]}}
{"s":"deep","d":` + strings.Repeat("[", 9_990) + strings.Repeat("]", 9_990) + `}
{"s":"too deep","d":` + strings.Repeat("[", 10_010) + strings.Repeat("]", 10_010) + `}
{"s":"crlf"}` + "\r\n"

// jsonNumbers are objects with numbers of all sizes and forms.
func jsonNumbers() []string {
	var all []string
	for _, n := range []string{
		"0", "-0", "0.0", "-0.0", "1", "-1", "1.0", "1.10", "0.1", "123456789", "1234567890123456789", "9007199254740993", "18446744073709551616",
		"1e0", "1E+2", "1e-2", "1.5e3", "1e15", "1e16", "1e20", "1e21", "1e22", "123456789012345678901234567890", "1e-6", "1e-7", "1e-20", "1e-400",
		"5e-324", "1.7976931348623157e308", "0.1e1", "100e-2", "3.141592653589793238462643", "0.30000000000000004",
	} {
		all = append(all, fmt.Sprintf(`{"n":%s}`, n), fmt.Sprintf(`{"n":[%s]}`, n))
	}
	return all
}

var logfmtLines = `a=1 b=two c="quoted text" d= e f="esc \" \\ \n \t \u00e9 \/" g.h=dots A=upper
a=first a=second
=novalue a=after
a="not closed b=2
a==b
a=x=y b=1
"a"=1 b=2
a=1,b=2
a=ünï b=` + "\xff" + ` c=3
a="bad \x escape" b=2
a=quote"inside b=2
a="x"y b=2
  a=1   b=2  
a=1	b=2
{a=1}
a = 1
a
a="" b=""
a='single' b=2
a="multi
b=line"
a=1 "b"
a=1 c="\ud83d\ude00 \ud800"
a="tab	inside" c="nul ` + "\x00" + `"
a=crlf` + "\r\n"

var eventLines = `{"m":"x","message":"Key: value\r\nTwo Words: two\r\nÜber: unicode\r\nEmpty:\r\nno colon\r\n: no key\r\nA-b:  spaces  \r\n1: digit\r\nKey: again\r\n"}
{"message":"Key: a:b:c\nnot split: x\r\n","Key":"before","m":""}
{"message":"","m":"M: m"}
{"message":7,"m":1}
{"message":"Key: not UTF-8 ` + "\xff" + `\r\nmessage: itself","m":"M: "}
{"message":"Key: first","m":"M: alone\r\nKey: k"}
{"message":{"Key":"x"},"m":"M:m"}
no json
`
