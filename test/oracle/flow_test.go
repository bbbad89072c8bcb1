package oracle

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func flowCases(testing.TB) []compared {
	many := strings.Repeat("line of many\n", 40)
	old := time.Now().Add(-3 * time.Hour).UTC().Format(time.RFC3339)
	young := time.Now().Add(-30 * time.Minute).UTC().Format(time.RFC3339)
	return []compared{
		{
			name: "limit", covers: []string{"limit.rate", "limit.burst", "limit.drop"},
			stages: "- limit: {rate: 0.0001, burst: 5, drop: true}", input: many,
		},
		{
			name: "limit_waits", covers: []string{"limit.drop"},
			stages: "- limit: {rate: 500, burst: 10, drop: false}", input: many,
		},
		{
			name: "limit_by_label_name", covers: []string{"limit.by_label_name", "limit.max_distinct_labels"},
			stages: splitWords + "- labels: {word: }\n- limit: {rate: 0.0001, burst: 2, drop: true, by_label_name: word, max_distinct_labels: 10000}",
			input:  strings.Repeat("1 a\n2 b\n3 a\nnone\n", 5),
		},
		{
			name: "match", covers: []string{"match.selector", "match.stages", "match.action"}, labels: "env: test, odd: 'a\"b\\c'", loose: true,
			stages: matchStages(
				`{env="test"}`, `{env="other"}`, `{env!="test"}`, `{env=~"te.*"}`, `{env=~"te"}`, `{env!~"te.t"}`, `{absent=""}`, `{absent!=""}`, `{absent=~".*"}`, `{absent=~".+"}`, `{absent!~".+"}`,
				`{env="test",case=~"match"}`, `{env="test", case="x"}`, `{ env = "test" }`, `{odd="a\"b\\c"}`, `{num="2"}`, `{filename=~".*/match.log"}`,
				`{env="test"} |= "two"`, `{env="test"} != "two"`, `{env="test"} |~ "t[wh]"`, `{env="test"} !~ "t[wh]"`, `{env="test"} |= "two" |= "seven"`, `{env="test"} |= "e" != "one" |~ "^\\d"`, `{env="test"}|="\"quoted\""`,
				`{env="test"} |= ""`, `{env="test"} != ""`, `{env="test"} |~ ""`, `{env="test"} |~ "(?i)three"`, `{env="test"} |~ "^$"`, `{env="test"} |= "☃"`, `{env="test"} |= "\t"`, `{env="test"} |~ "."`,
			),
			input: words + weird,
		},
		{
			name: "match_keeps", covers: []string{"match.action", "match.pipeline_name"}, loose: true,
			stages: splitWords + `- labels: {word: }
- match: {selector: '{word="two"}', action: keep, pipeline_name: twos, stages: [{output: {source: rest}}, {labels: {num: }}, {template: {source: word, template: 'changed'}}]}
- match: {selector: '{word="two"} |= "seven"', stages: [{match: {selector: '{num="7"}', stages: [{static_labels: {inner: 'yes'}}]}}]}
- labels: {after: word}`,
			input: words,
		},
		{
			name: "match_seeds_again", loose: true, labels: "word: label",
			stages: splitWords + "- labels: {first: word}\n- match: {selector: '{word=\"label\"}', stages: [{labels: {second: word}}, {regex: {expression: '(?P<word>\\w)$'}}]}\n- labels: {third: word}",
			input:  words,
		},
		{
			name: "match_nested", loose: true, labels: "kind: x",
			stages: `- match: {selector: '{kind="x"} |= "stdout"', stages: [{cri: {}}, {static_labels: {kind: cri}}]}
- match: {selector: '{kind="x"} |~ "^[{]"', stages: [{docker: {}}, {static_labels: {kind: docker}}]}
- match: {selector: '{kind="x"}', stages: [{drop: {expression: drop}}, {limit: {rate: 0.0001, burst: 2, drop: true}}, {multiline: {firstline: '^\d', max_wait_time: 15s}}, {pack: {labels: [kind], ingest_timestamp: false}}]}
- match: {selector: '{kind=~"cri|docker"}', stages: [{match: {selector: '{stream="stdout"} != "no"', stages: [{labeldrop: [stream]}, {tenant: {value: inner}}]}}]}`,
			input: "2026-01-02T03:04:05Z stdout F cri line\n{\"log\":\"docker\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:06Z\"}\n{\"log\":\"no\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:07Z\"}\n1 first\n second\ndrop this\n third\n",
		},
		{
			name: "match_drops", covers: []string{"match.action", "match.drop_counter_reason"},
			stages: `- match: {selector: '{case="match_drops"} |= "two"', action: drop, drop_counter_reason: oracle_match}
- match: {selector: '{case="match_drops"} |~ "^[34]"', action: drop, drop_counter_reason: oracle_match_2}
- match: {selector: '{case="other"}', action: drop}`,
			input: words + weird,
		},
		{
			name: "drop_source", covers: []string{"drop.source"},
			stages: "- json: {expressions: {a: }}\n- drop: {source: a, drop_counter_reason: oracle_drop_source}",
			input:  "{\"a\":1}\n{\"a\":null}\n{}\nno json\n",
		},
		{
			name:   "drop_source_list",
			stages: splitWords + "- regex: {expression: '(?P<seven>seven)'}\n- drop: {source: [word, seven], drop_counter_reason: oracle_drop_list}",
			input:  words,
		},
		{
			name: "drop_value", covers: []string{"drop.value"},
			stages: splitWords + "- drop: {source: word, value: two, drop_counter_reason: oracle_drop_value}\n- drop: {source: absent, value: '', drop_counter_reason: oracle_drop_empty}", input: "1 two\n2 twoo\n3 TWO\n4 two more\n5\n",
		},
		{name: "drop_value_of_number", stages: "- json: {expressions: {a: }}\n- drop: {source: a, value: '1.5'}", input: "{\"a\":1.50}\n{\"a\":\"1.5\"}\n{\"a\":null}\n{\"a\":\"1.5\\n\"}\n{}\n"},
		{name: "drop_value_case", stages: splitWords + "- drop: {source: [num, word], value: '1;two'}", input: "1 two\n2 two\n"},
		{
			name: "drop_separator", covers: []string{"drop.separator"},
			stages: splitWords + "- drop: {source: [num, word, absent], separator: '-', value: '1-two'}\n- drop: {source: [word, num], separator: '', expression: '^three3$'}", input: "1 two\n2 two\n3 three\n",
		},
		{
			name: "drop_expression", covers: []string{"drop.expression"},
			stages: "- drop: {expression: 'two|^$', drop_counter_reason: oracle_drop_expression}", input: words + weird,
		},
		{
			name:   "drop_expression_of_source",
			stages: "- json: {expressions: {a: , b: }}\n- drop: {source: [a, b], expression: '^x;?$'}\n- drop: {source: absent, expression: '^$'}",
			input:  "{\"a\":\"x\"}\n{\"a\":\"x\",\"b\":\"\"}\n{\"a\":\"x\",\"b\":\"y\"}\n{\"a\":null,\"b\":\"x\"}\nx\n",
		},
		{
			name: "drop_longer_than", covers: []string{"drop.longer_than"},
			stages: "- drop: {longer_than: 16b, drop_counter_reason: oracle_drop_long}", input: "0123456789abcdef\n0123456789abcdefg\n☃☃☃☃☃☃\n0123456789abcdef\r\n" + weird,
		},
		{name: "drop_longer_than_kb", stages: "- drop: {longer_than: 1KB}", input: strings.Repeat("x", 1000) + "\n" + strings.Repeat("x", 1001) + "\n" + strings.Repeat("x", 1024) + "\n" + strings.Repeat("x", 1025) + "\n"},
		{
			name: "drop_older_than", covers: []string{"drop.older_than"},
			stages: "- regex: {expression: '^(?P<time>\\S+)'}\n- timestamp: {source: time, format: RFC3339, action_on_failure: skip}\n- drop: {older_than: 1h, drop_counter_reason: oracle_drop_old}",
			input:  old + " old\n" + young + " young\nno time\n",
		},
		{
			name: "drop_all_conditions", covers: []string{"drop.drop_counter_reason"},
			stages: splitWords + "- drop: {source: word, expression: '^t', longer_than: 9, drop_counter_reason: oracle_drop_all}\n- drop: {source: word, value: five}\n- drop: {older_than: 1h, longer_than: 1}", input: words,
		},
		{
			name: "weak_types",
			stages: splitWords + `- drop: {source: num, value: 7}
- drop: {longer_than: 17}
- limit: {rate: '0.0001', burst: '5', drop: 'true'}
- pack: {labels: word, ingest_timestamp: 'false'}
- multiline: {firstline: '"3"', max_lines: '2', max_wait_time: 15s}
- drop: {source: [num], value: "1"}
- drop: {older_than: 1h, longer_than: '5'}`,
			input: words,
		},
		{
			name: "sampling_none", covers: []string{"sampling.rate", "sampling.drop_counter_reason"},
			stages: "- sampling: {rate: 0, drop_counter_reason: oracle_sampling}", input: words,
		},
		{name: "sampling_all", stages: "- sampling: {rate: 1}", input: words},
		{
			name: "sampling_some", stages: "- sampling: {rate: 0.3}", input: strings.Repeat("line of many\n", 5000),
			differs: []difference{{row: "sampling", both: true, of: func(all []entry) []entry {
				if n := len(all); n < 1350 || n > 1650 { // more than four standard deviations away from 1500
					return all
				}
				return nil
			}}},
		},
		{
			name: "metrics_counters", covers: []string{"metrics.type", "metrics.description", "metrics.source", "metrics.config.action", "metrics.config.match_all", "metrics.config.count_entry_bytes", "metrics.config.value"},
			stages: metricsInput + `
- metrics:
    oracle_inc: {type: Counter, description: counts numbers, source: 'v', config: {action: inc}}
    oracle_add: {type: counter, description: adds numbers, source: 'v', config: {action: ADD}}
    oracle_value: {type: counter, source: 'v', config: {value: '2', action: inc}}
    oracle_value_add: {type: counter, source: 'v', config: {value: '1.5', action: add}}
    oracle_value_bool: {type: counter, source: 'v', config: {value: 'true', action: inc}}
    oracle_all: {type: counter, config: {match_all: true, action: inc}}
    oracle_bytes: {type: counter, config: {match_all: true, count_entry_bytes: true, action: add}}
    v: {type: counter, config: {action: inc}}
    oracle_absent: {type: counter, source: absent, config: {action: inc}}`,
			input: metricsLines,
		},
		{
			name: "metrics_gauges", covers: []string{"metrics.type", "metrics.config.action", "metrics.config.value"},
			stages: metricsInput + `
- metrics:
    oracle_set: {type: gauge, description: last number, source: 'v', config: {action: set}}
    oracle_gauge_inc: {type: gauge, source: 'v', config: {action: inc}}
    oracle_gauge_dec: {type: gauge, source: 'v', config: {action: dec}}
    oracle_gauge_add: {type: gauge, source: 'v', config: {action: add}}
    oracle_gauge_sub: {type: GAUGE, source: 'v', config: {action: sub}}
    oracle_gauge_value: {type: gauge, source: 'v', config: {action: set, value: '2'}}`,
			input: metricsLines,
		},
		{
			name: "metrics_histograms", covers: []string{"metrics.type", "metrics.config.buckets", "metrics.config.value"},
			stages: metricsInput + `
- metrics:
    oracle_buckets: {type: histogram, description: of numbers, source: 'v', config: {buckets: [0.001, 1, 2.5, 10]}}
    oracle_default_buckets: {type: histogram, source: 'v', config: {}}
    oracle_histogram_value: {type: histogram, source: 'v', config: {value: '2', buckets: [1, 2, 3]}}`,
			input: metricsLines,
		},
		{
			name: "metrics_prefix", covers: []string{"metrics.prefix", "metrics.max_idle_duration"},
			stages: metricsInput + `
- metrics:
    inc: {type: counter, prefix: oracle_own_, source: 'v', max_idle_duration: 1h, config: {action: inc}}
    idle: {type: counter, prefix: oracle_own_, source: 'v', max_idle_duration: 1s, config: {action: inc}}`,
			input: metricsLines,
		},
	}
}

// matchStages are a match for each selector, which sets a label of its own.
func matchStages(selectors ...string) string {
	stages := splitWords + "- labels: {num: }\n"
	for i, selector := range selectors {
		stages += fmt.Sprintf("- match: {selector: '%s', stages: [{static_labels: {m%02d: 'yes'}}]}\n", selector, i)
	}
	return stages
}

const metricsInput = "- json: {expressions: {'v': , k: }}\n- labels: {k: }"

// metricsLines have no numbers below 0, and no texts "true" and "false".
const metricsLines = `{"v":1}
{"v":2}
{"v":1.5,"k":"a"}
{"v":"2"}
{"v":"0.25","k":"a"}
{"v":"1m30s"}
{"v":"15ms","k":"b"}
{"v":" 3"}
{"v":"1e2"}
{"v":"0x10"}
{"v":"1_000"}
{"v":"Infinity","k":"inf"}
{"v":true}
{"v":false}
{"v":null}
{"v":"none"}
{"v":""}
{"v":[1]}
{"k":"a"}
no json
`
