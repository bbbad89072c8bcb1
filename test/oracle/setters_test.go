package oracle

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// words are lines of a number, a word and the rest.
const words = "1 one rest of it\n2 two\n3 Three  more <b>&\n\n4 four \"quoted\" \\ back\n5 ünï ☃\n6 \xff bad\n7 two seven\n"

// splitWords extracts them.
const splitWords = "- regex: {expression: '^(?P<num>\\d+) (?P<word>\\S+) ?(?P<rest>.*)$'}\n"

func setterCases(t testing.TB) []compared {
	return slices.Concat(templateCases(), replaceCases(), timestampCases(), []compared{
		{
			name: "output", covers: []string{"output.source"},
			stages: "- json: {expressions: {m: , o: }}\n- output: {source: m}\n- output: {source: absent}",
			input:  "{\"m\":\"text\"}\n{\"m\":1.50}\n{\"m\":true}\n{\"m\":null}\n{\"m\":{\"b\":1}}\n{\"m\":\"\"}\n{\"m\":\"two\\nlines\"}\n{}\n" + weird,
		},
		{name: "output_label", stages: "- output: {source: case}", input: words},
		{
			name: "labels", covers: []string{"labels"},
			stages: splitWords + "- labels: {num: , renamed: word, rest: '', absent: , filename: word}",
			input:  words,
		},
		{
			name:   "labels_of_json",
			stages: "- json: {expressions: {a: , b: , c: , d: , e1: , f: }}\n- labels: {a: , b: , c: , d: , e1: , f: }",
			input:  `{"a":"x","b":1.50,"c":true,"d":null,"e1":{"k":[1]},"f":""}` + "\n" + `{"a":"quote \" and \\ and \n","b":-0,"c":1e21}` + "\n{\"a\":\"\xff\"}\n" + `{"a":" space "}` + "\n",
		},
		{
			name: "labels_empty", labels: "env: test",
			stages: "- json: {expressions: {env: }}\n- labels: {env: }", input: "{\"env\":\"\"}\n",
			differs: []difference{{row: "a label that a stage makes empty, and a client has as external label", both: true, of: func(all []entry) []entry {
				all[0].labels = strings.Replace(all[0].labels, `env="of-client", `, "", 1)
				return all
			}}},
		},
		{name: "labels_long", stages: asText + "- labels: {text: }", input: strings.Repeat("x", 1500) + "\n"},
		{
			name: "labels_changed_twice", loose: true,
			stages: splitWords + "- labels: {word: }\n- regex: {expression: '^(?P<word>[1-3])'}\n- labels: {word: , again: word}\n- template: {source: word, template: ''}\n- labels: {gone: word}",
			input:  words,
		},
		{
			name: "labeldrop", covers: []string{"labeldrop"}, labels: "env: test",
			stages: splitWords + "- labels: {word: , num: }\n- labeldrop: [num, filename, absent]" + showing("num", "filename"),
			input:  words,
		},
		{
			name: "labelallow", covers: []string{"labelallow"}, labels: "env: test, other: x",
			stages: splitWords + "- labels: {word: , num: }\n- labelallow: [case, word, env, absent]",
			input:  words,
		},
		{
			name: "static_labels", covers: []string{"static_labels"}, labels: "env: test, kept: x",
			stages: "- static_labels: {a: one, env: changed, kept: '', none: , num: '5', long: 'a \"b\" ☃'}\n- labels: {seen: a}",
			input:  words,
		},
		{
			name: "structured_metadata", covers: []string{"structured_metadata"}, labels: "env: test, two: one",
			stages: splitWords + "- labels: {num: }\n- structured_metadata: {num: , renamed: word, env: , absent: , moved: two, rest: }",
			input:  words,
		},
		{
			name: "non_indexed_labels", covers: []string{"structured_metadata"}, labels: "env: test",
			stages: splitWords + "- non_indexed_labels: {word: , env: }\n- structured_metadata: {word: , num: }",
			input:  words,
		},
		{
			name:   "structured_metadata_values",
			stages: "- json: {expressions: {a: , b: , c: , d: , f: }}\n- labels: {a: }\n- structured_metadata: {a: , b: , c: , d: , f: }",
			input:  `{"a":"x","b":1.50,"c":true,"d":null,"f":""}` + "\n" + `{"a":"quote \" ☃","b":{"k":1},"c":[]}` + "\n{\"b\":\"\xff\"}\n{}\n",
		},
		{
			name: "structured_metadata_of_one_label", labels: "word: before",
			stages: "- template: {source: word, template: ''}\n- structured_metadata: {first: word, second: word}", input: "x\n",
			differs: []difference{{row: "structured_metadata: several names for one label that is not among the extracted values any more", both: true, of: func(all []entry) []entry {
				return eachMeta(all, func(meta string) string { return strings.Replace(meta, "second", "first", 1) })
			}}},
		},
		{
			name: "structured_metadata_changed_label", labels: "word: before",
			stages: splitWords + "- structured_metadata: {w: word}\n- labels: {now: word}",
			input:  words,
		},
		{
			name: "tenant_source", covers: []string{"tenant.source"},
			stages: splitWords + "- tenant: {source: word}", input: "1 a\n2 b\n3 a\nnone\n4 7\n",
		},
		{
			name: "tenant_label", covers: []string{"tenant.label"},
			stages: splitWords + "- labels: {team: word}\n- tenant: {label: team}\n- labeldrop: [team]", input: "1 a\n2 b\n3 a\nnone\n",
		},
		{
			name: "tenant_value", covers: []string{"tenant.value"}, loose: true,
			stages: "- tenant: {value: first}\n- match: {selector: '{case=\"tenant_value\"} |= \"two\"', stages: [{tenant: {value: second}}]}", input: words,
		},
		{
			name: "tenant_invalid", stages: splitWords + "- tenant: {source: word}", input: "1 good\n2 not/good\n3 good\n", loose: true,
			differs: []difference{{row: "tenant: an id that Loki does not take", of: func(all []entry) []entry {
				for i := range all {
					if all[i].tenant == "not/good" {
						all[i].tenant = ""
						if strings.Contains(all[i].labels, "region=") {
							all[i].tenant = "of-client"
						}
					}
				}
				return all
			}}},
		},
		{
			name: "tenant_target", labels: "__tenant_id__: of-target", input: words,
		},
		{
			name: "pack", covers: []string{"pack.labels", "pack.ingest_timestamp"}, labels: "env: test",
			stages: splitWords + "- labels: {num: }\n- regex: {expression: '^(?P<num>.)'}\n- pack: {labels: [num, word, env, absent, filename]}",
			input:  words + weird,
		},
		{
			name:   "pack_keeps_time",
			stages: splitWords + "- template: {source: time, template: '2026-01-02T03:04:0{{ .num }}Z'}\n- timestamp: {source: time, format: RFC3339}\n- pack: {ingest_timestamp: false}",
			input:  "1 one\n2 two\n",
		},
		{
			name:   "pack_takes_time",
			stages: splitWords + "- template: {source: time, template: '2026-01-02T03:04:0{{ .num }}Z'}\n- timestamp: {source: time, format: RFC3339}\n- pack: {labels: [word], ingest_timestamp: true}",
			input:  "1 one\n2 two\n",
		},
		{
			name:   "pack_of_json",
			stages: "- json: {expressions: {a: , b: , c: , d: }}\n- pack: {labels: [d, c, b, a], ingest_timestamp: false}",
			input:  `{"a":1.50,"b":true,"c":null,"d":"\u0001 \" \\ </script> \u2028"}` + "\n" + `{"a":{"k":"v"},"b":[]}` + "\n",
		},
		{
			name: "decolorize", covers: []string{"decolorize"}, stages: "- decolorize: {}",
			input: "\x1b[31mred\x1b[0m plain \x1b[1;38;5;208mbold\x1b[m\n\x1b]0;title\x07text\n\x1b[2K\x1b[1Gline\n\xc2\x9b31mcsi\n\x1b(B\x1b)0\n\x1b\n\x1b[\n\x1b[999999m\n\x1bM up\nno \\x1b[31m\n\x9b31m\n\x1b]8;;http://example.org\x07link\x1b]8;;\x07\n\x1b[?25l\x1b[38;2;1;2;3mrgb\n" + weird,
		},
		{
			name: "geoip_city", covers: []string{"geoip.db", "geoip.source", "geoip.db_type"},
			stages: "- json: {expressions: {ip: }}\n- geoip: {db: '{dir}/city.mmdb', source: ip, db_type: city}",
			input:  geoLines, files: map[string]string{"city.mmdb": geoDB(t, "GeoLite2-City", geoCity())},
		},
		{
			name:   "geoip_asn",
			stages: "- json: {expressions: {ip: }}\n- geoip: {db: '{dir}/asn.mmdb', source: ip, db_type: asn}",
			input:  geoLines, files: map[string]string{"asn.mmdb": geoDB(t, "GeoLite2-ASN", geoASN())},
		},
	})
}

const geoLines = `{"ip":"192.0.2.1"}
{"ip":"::ffff:192.0.2.2"}
{"ip":"192.0.2.200"}
{"ip":"198.51.100.1"}
{"ip":"192.0.2.1:80"}
{"ip":" 192.0.2.1"}
{"ip":"192.000.002.001"}
{"ip":"2001:db8::1"}
{"ip":"fe80::1%eth0"}
{"ip":"no address"}
{"ip":""}
{"ip":null}
{"ip":7}
{}
no json
`

func templateCases() []compared {
	functions := []string{
		// promtail's
		"{{ ToLower .word }}", "{{ .word | ToUpper }}", `{{ Replace .rest "o" "0" -1 }}`, `{{ Replace .rest "o" "0" 1 }}`, `{{ Trim .rest "rt " }}`,
		`{{ TrimLeft .rest "mor" }}`, `{{ TrimRight .rest "it" }}`, `{{ TrimPrefix .word "t" }}`, `{{ TrimSuffix .word "o" }}`, "{{ TrimSpace .rest }}",
		`{{ Hash "salt" .word }}`, `{{ Sha2Hash "salt" .word }}`, `{{ regexReplaceAll "(.)o" .word "${1}0" }}`, `{{ regexReplaceAllLiteral "o" .word "$1" }}`,
		// what it sees
		"{{ .Value }}", "{{ .Entry }}", "{{ .absent }}", "{{ .case }}-{{ .filename }}", "{{ . | len }}", "plain", "{{ .num }}{{ .word }}", "",
		"{{ if eq .word \"two\" }}yes{{ else if .rest }}rest{{ end }}", "{{ with .rest }}{{ . }}{{ else }}none{{ end }}", "{{ $w := .word }}{{ $w }}{{ $.num }}",
		"{{ range $i, $c := list 1 2 3 }}{{ $i }}{{ $c }}{{ end }}", "{{/* nothing */}}", "{{ define \"x\" }}[{{ . }}]{{ end }}{{ template \"x\" .word }}",
		"{{- .word -}} ", "{{ printf \"%s %q %5s|\" .word .rest .num }}", "{{ .word | html }}{{ .rest | js }}{{ .rest | urlquery }}", "{{ index . \"word\" }}", "{{ len .rest }}", "{{ .word.x }}", "{{ slice .word 1 2 }}",
		"{{ and .word .rest }}{{ or .absent .word }}{{ not .word }}{{ eq .num \"1\" \"2\" }}{{ lt .num \"3\" }}",
		// Sprig's
		"{{ trunc 3 .word }}", "{{ .word | upper | repeat 2 }}", "{{ default \"none\" .rest }}", "{{ .num | int | add 5 | mul 2 }}", "{{ b64enc .word }}", "{{ .word | sha256sum }}", "{{ .word | sha1sum }}", "{{ .word | adler32sum }}",
		"{{ .rest | title }}", "{{ .rest | snakecase }}", "{{ .word | camelcase }}", "{{ .rest | kebabcase }}", "{{ splitList \" \" .rest | join \",\" }}", "{{ .rest | quote }}", "{{ .word | squote }}", "{{ contains \"o\" .word }}", "{{ hasPrefix \"t\" .word }}", "{{ hasSuffix \"o\" .word }}",
		"{{ substr 1 3 .word }}", "{{ nospace .rest }}", "{{ initials .rest }}", "{{ abbrev 7 .rest }}", "{{ wrap 5 .rest }}", "{{ indent 2 .word }}", "{{ nindent 2 .word }}", "{{ plural \"one\" \"many\" 2 }}", "{{ dict \"k\" .word | toJson }}", "{{ list .num .word | toJson }}", "{{ regexMatch \"t.\" .word }}", "{{ regexFind \"o.\" .rest }}", "{{ regexSplit \"o\" .rest -1 }}",
		"{{ ternary \"a\" \"b\" (eq .word \"two\") }}", "{{ coalesce .absent .rest .word }}", "{{ empty .rest }}", "{{ .num | atoi }}", "{{ .num | float64 }}", "{{ max 1 2 3 }}", "{{ round 1.256 2 }}", "{{ floor 1.9 }}", "{{ until 3 }}", "{{ seq 1 3 }}", "{{ trimAll \"o\" .word }}", "{{ cat .num .word }}", "{{ replace \"o\" \"0\" .word }}", "{{ reverse (list 1 2) }}", "{{ sortAlpha (list \"b\" \"a\") }}", "{{ uniq (list 1 1 2) }}", "{{ typeOf .word }}", "{{ kindOf .num }}", "{{ urlParse \"http://example.org/x\" | toJson }}", "{{ \"2026-01-02\" | toDate \"2006-01-02\" | date \"02.01.06\" }}", "{{ duration 95 }}", "{{ semver \"1.2.3\" }}", "{{ osBase \"/a/b\" }}", "{{ swapcase .word }}", "{{ fail \"no\" }}", "{{ untitle .word }}", "{{ lower .word }}", "{{ b32enc .word }}", "{{ toString 5 }}", "{{ fromJson .rest }}", "{{ mustFromJson .rest }}",
	}
	stages, names := splitWords, []string{}
	for i, text := range functions {
		name := fmt.Sprintf("t%03d", i)
		names = append(names, name)
		stages += fmt.Sprintf("- template: {source: %s, template: '%s'}\n", name, strings.ReplaceAll(text, "'", "''"))
	}
	return []compared{
		{name: "template", covers: []string{"template.template"}, stages: stages + strings.TrimSpace(showing(names...)), input: words},
		{
			name: "template_source", covers: []string{"template.source"},
			stages: splitWords + `- template: {source: word, template: '{{ .Value | ToUpper }}'}
- template: {source: rest, template: '{{ if .Value }}{{ .Value }}{{ end }}'}
- template: {source: fresh, template: '{{ .word }}{{ .Value }}'}
- template: {source: fails, template: '{{ index .word 99 }}'}
- template: {source: Value, template: '{{ .num }}'}
- template: {source: Entry, template: 'entry {{ .Entry }}'}
- template: {source: sees, template: '{{ .Value }} {{ .Entry }}'}
- labels: {word: }
- output: {source: Entry}` + showing("word", "rest", "fresh", "fails", "Value", "Entry", "sees"),
			input: words + weird,
		},
		{
			name:   "template_of_json",
			stages: "- json: {expressions: {a: , b: , c: , d: }}\n- template: {source: t, template: '{{ .a }}|{{ .b }}|{{ .c }}|{{ .d }}|{{ .Entry | len }}'}" + showing("t"),
			input:  `{"a":1.50,"b":true,"c":null,"d":{"k":[1]}}` + "\n{}\nno\n",
		},
		{
			name: "template_panics", stages: splitWords + "- template: {source: t, template: '{{ regexReplaceAll \"(\" .word \"x\" }}'}" + showing("t"), input: "1 a\n",
		},
	}
}

func replaceCases() []compared {
	return []compared{
		{
			name: "replace", covers: []string{"replace.expression", "replace.replace"},
			stages: "- replace: {expression: '(o|two|\\d+)', replace: '<{{ .Value | ToUpper }}>'}", input: words + weird,
		},
		{
			name:   "replace_named",
			stages: splitWords + "- replace: {expression: '(?P<num>\\d) (?P<second>\\S+)( )?', replace: '[{{ .Value }}{{ .word }}]'}" + showing("num", "second", "word"),
			input:  words,
		},
		{
			name: "replace_source", covers: []string{"replace.source"},
			stages: splitWords + "- replace: {source: rest, expression: '(r|m)', replace: 'X'}\n- replace: {source: absent, expression: '(.*)', replace: 'x'}\n- replace: {source: num, expression: '(\\d)', replace: '{{ .case }}{{ .absent }}'}" + showing("rest", "num", "absent"),
			input:  words,
		},
		{name: "replace_empty", stages: "- replace: {expression: '(o)', replace: ''}", input: words},
		{name: "replace_nested_groups", stages: "- replace: {expression: '((o)(n)?)e', replace: '<{{ .Value }}>'}" + showing("x"), input: "one o1e ne oe\none\n"},
		{name: "replace_empty_match", stages: "- replace: {expression: '(x*)', replace: '-'}", input: "axb\n\nxx\n☃x\n"},
		{name: "replace_empty_at_start", stages: "- replace: {expression: '^()a(b)', replace: '+'}", input: "ab\nxab\n"},
		{name: "replace_optional", stages: "- replace: {expression: '(a)|(b)', replace: '[{{ .Value }}]'}", input: "a b ab ba c\n"},
		{
			name:   "replace_same_text_twice",
			stages: "- replace: {expression: '(?P<first>\\w+) (?P<second>\\w+)', replace: '{{ if eq .Value \"a\" }}A{{ else }}other{{ end }}'}" + showing("first", "second"),
			input:  "a a\na b c a\nb\n",
		},
		{name: "replace_fails", stages: "- replace: {expression: '(\\d+)', replace: '{{ index .Value 3 }}'}", input: "1\n1234\n"},
		{name: "replace_entry", stages: "- replace: {expression: '(\\d+)', replace: '{{ .Entry }}'}", input: "1\n"},
		{
			name: "replace_no_group", stages: "- replace: {expression: '\\d+', replace: 'N'}", input: "1 one\n",
			differs: []difference{{row: "replace without a capture group", of: func(all []entry) []entry {
				return eachLine(all, func(string) string { return "N one" })
			}}},
		},
		{
			name: "replace_no_group_no_value", stages: "- replace: {source: absent, expression: '\\d+', replace: 'N'}", input: "1 one\n",
		},
	}
}

func timestampCases() []compared {
	at := time.Date(2026, 11, 22, 13, 4, 5, 123456789, time.FixedZone("CET", 3600))
	layouts := map[string]string{
		"ANSIC": time.ANSIC, "UnixDate": time.UnixDate, "RubyDate": time.RubyDate, "RFC822": time.RFC822, "RFC822Z": time.RFC822Z, "RFC850": time.RFC850,
		"RFC1123": time.RFC1123, "RFC1123Z": time.RFC1123Z, "RFC3339": time.RFC3339, "RFC3339Nano": time.RFC3339Nano,
	}
	var all []compared
	var texts []string
	names := slices.Sorted(maps.Keys(layouts))
	for i, name := range names {
		texts = append(texts, at.Format(layouts[name]), at.Add(time.Duration(i+1)*time.Minute).UTC().Format(layouts[name]))
	}
	texts = append(texts,
		"1795384396", "1795384396.5", "1795384396.123456789", "1795384397.1234567891", "1795384396.000000001", "1795384396.", ".5", "-5", "-5.5", "0", "+7", "1795384396.5.5", "1.795384396e9", "1795384396,5", "1795384396. 5", "0x10", "1_000",
		"1795384396123", "1795384396123456", "1795384396123456789", "9223372036854775807", "9223372036854775808", "99999999999999", " 1795384396", "1795384396 ", "١٢٣",
		"2026-11-22T13:04:05", "2026-11-22 13:04:05", "2026-11-22 13:04:05,123", "2026-11-22T13:04:05.5+0100", "2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T23:59:60Z", "2026-11-22t13:04:05z",
		"22/Nov/2026:13:04:05 +0100", "22.11.2026 13:04", "Sun Nov 22 2026", "26-11-22", "", "now", "2026-11-22T13:04:05.123456789123Z", "2026-11-22T13:04:05,5Z", "2026-03-29T02:30:00", "2026-10-25T02:30:00",
	)
	input := strings.Join(texts, "\n") + "\n" + weird
	// sane leaves out numbers that are too large for a unit.
	sane := func(unit time.Duration) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(texts), func(text string) bool {
			n, err := strconv.ParseInt(text, 10, 64)
			return err == nil && n > math.MaxInt64/int64(unit)
		}), "\n") + "\n" + weird
	}
	units := map[string]time.Duration{"Unix": time.Second, "UnixMs": time.Millisecond, "UnixUs": time.Microsecond}
	names = append(names, "Unix", "UnixMs", "UnixUs", "UnixNs", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05.000", "2006-01-02 15:04:05,999", "02/Jan/2006:15:04:05 -0700", "02.01.2006 15:04", "Mon Jan _2 2006", "06-01-02", "2006-01-02T15:04:05.999999999Z07:00")
	for i, name := range names {
		for _, action := range []string{"skip", "fudge"} {
			c := compared{
				name:   fmt.Sprintf("timestamp_%d_%s", i, action),
				stages: asText + fmt.Sprintf("- timestamp: {source: text, format: '%s', action_on_failure: %s}", name, action),
				input:  input,
			}
			if unit, ok := units[name]; ok {
				c.input = sane(unit)
			}
			if i == 0 {
				c.covers = []string{"timestamp.source", "timestamp.format", "timestamp.action_on_failure"}
			}
			all = append(all, c)
		}
	}
	zoned := []string{"2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "RFC3339", "Unix", "UnixDate", "ANSIC", "RFC822"}
	for i, name := range zoned {
		c := compared{
			name:   fmt.Sprintf("timestamp_location_%d", i),
			stages: asText + fmt.Sprintf("- timestamp: {source: text, format: '%s', location: Europe/Berlin, action_on_failure: skip}", name),
			input:  input, covers: []string{"timestamp.location"},
		}
		if name == "Unix" {
			c.input = sane(time.Second)
		}
		if name == "ANSIC" || strings.Contains(layouts[name], "MST") {
			c.differs = []difference{inBerlin(layouts[name])}
		}
		all = append(all, c)
	}
	now := time.Now()
	day := func(d int) string { return now.AddDate(0, 0, d).UTC().Format("Jan _2 15:04:05") }
	return append(all, compared{
		name: "timestamp_fallback_formats", covers: []string{"timestamp.fallback_formats"},
		stages: asText + "- timestamp: {source: text, format: RFC3339, fallback_formats: [UnixMs, '02/Jan/2006:15:04:05 -0700', ANSIC], action_on_failure: skip}",
		input:  sane(time.Millisecond),
	}, compared{
		name:   "timestamp_default_action",
		stages: asText + "- timestamp: {source: text, format: RFC3339}", input: input,
	}, compared{
		name:   "timestamp_overflow",
		stages: asText + "- timestamp: {source: text, format: UnixMs}", input: "1795384396123\n1795384396123456\n",
		differs: []difference{{row: "timestamp before 1678 or after 2262", of: func(all []entry) []entry {
			all[1].time = all[0].time + 1
			return all
		}}},
	}, compared{
		name:   "timestamp_fraction",
		stages: asText + "- timestamp: {source: text, format: Unix}",
		input:  "1795384396\n1795384397.-5\n1795384397.+5\n1795384398.999999999999999999\n1795384400.9999999999999999999999\n",
		differs: []difference{{row: "timestamp `Unix`: what is behind the point", of: func(all []entry) []entry {
			all[1].time, all[2].time = all[0].time+1, all[0].time+2
			all[3].time, all[4].time = 1795384398_999999999, 1795384400_999999999
			return all
		}}},
	}, compared{
		name:   "timestamp_no_source",
		stages: "- timestamp: {source: absent, format: RFC3339}", input: words,
	}, compared{
		name:   "timestamp_of_json",
		stages: "- json: {expressions: {ts: , k: }}\n- labels: {k: }\n- timestamp: {source: ts, format: Unix}",
		input:  `{"ts":1795384396}` + "\n" + `{"ts":1795384396.25,"k":"a"}` + "\n" + `{"ts":"1795384397"}` + "\n" + `{"ts":null,"k":"a"}` + "\n" + `{"ts":true}` + "\n" + `{"ts":1795384396.123456789}` + "\n" + `{"k":"b"}` + "\n" + `{"k":"a"}` + "\n",
	}, compared{
		name:    "timestamp_equal",
		stages:  splitWords + "- timestamp: {source: word, format: Unix}",
		input:   "1 1795384396\n2 1795384396\n3 1795384396\n4 1795384397\n5 1795384396\n6 1795384396\n",
		differs: []difference{equalTimes},
	}, compared{
		name:   "timestamp_no_year",
		stages: asText + "- timestamp: {source: text, format: 'Jan _2 15:04:05', action_on_failure: skip}",
		input:  day(-1) + "\n" + day(-2) + "\n2026-01-01\n",
	}, compared{
		name:   "timestamp_no_year_ahead",
		stages: asText + "- timestamp: {source: text, format: 'Jan _2 15:04:05', action_on_failure: skip}",
		input:  day(5) + "\n",
		differs: []difference{{row: "timestamp without a year", of: func(all []entry) []entry {
			all[0].time = time.Unix(0, all[0].time).UTC().AddDate(-1, 0, 0).UnixNano()
			return all
		}}},
	})
}

// inBerlin moves the times of lines of a layout, which promtail took for UTC, to
// Berlin's.
func inBerlin(layout string) difference {
	return difference{row: "timestamp `location`", of: func(all []entry) []entry {
		for i := range all {
			if _, err := time.Parse(layout, all[i].line); err == nil && (layout == time.ANSIC || strings.Contains(all[i].line, "CET")) {
				all[i].time -= int64(time.Hour)
			}
		}
		return all
	}}
}
