package oracle

import "testing"

// acceptedCases are configurations that look wrong, and that promtail takes.
func acceptedCases(testing.TB) []compared {
	return []compared{
		{name: "accepts_no_stages", job: "pipeline_stages: []\nstatic_configs: [{labels: {case: accepts_no_stages, __path__: '{dir}/accepts_no_stages.log'}}]", input: words},
		{
			name: "accepts_nothing_given", stages: "- docker:\n- cri:\n- decolorize:\n- eventlogmessage:\n- pack:", input: words,
		},
		{
			name: "accepts_empty_maps", stages: "- labels: {}\n- static_labels: {}\n- structured_metadata: {}\n- metrics: {}\n- docker: {}\n- decolorize: {}", input: words,
		},
		{
			name:   "accepts_unknown_keys",
			stages: splitWords + "- docker: {joined: true}\n- json: {expressions: {a: }, sauce: x}\n- output: {source: word, target: y}\n- static_labels: {a: x}\n- match: {selector: '{a=\"x\"}', pipeline: p, stages: [{labels: {num: }}]}\n- drop: {expression: nothing, reason: x}\n- decolorize: {all: true}",
			input:  words,
		},
		{
			name:   "accepts_zeros",
			stages: "- cri: {max_partial_lines: 0, max_partial_line_size: 0}\n- multiline: {firstline: '^\\d', max_lines: 0, max_wait_time: 15s}\n- drop: {longer_than: 5kb, drop_counter_reason: ''}\n- sampling: {rate: '1', drop_counter_reason: ''}\n- timestamp: {source: absent, format: RFC3339, fallback_formats: [], location: ''}",
			input:  words,
		},
		{
			name:   "accepts_any_names",
			stages: "- json: {expressions: {'my name': a, 'a.b': a, '': a, 'ünï': a}}\n- labels: {one: 'my name', two: 'a.b', three: '', four: 'ünï'}\n- template: {source: 'my name', template: '{{ index . \"my name\" }}!'}\n- structured_metadata: {five: 'my name'}",
			input:  "{\"a\":\"x\"}\n",
		},
		{
			name:   "accepts_hidden_labels",
			stages: splitWords + "- labels: {__hidden: word, __tenant: num}\n- static_labels: {__static: x}\n- match: {selector: '{__hidden=\"two\"}', stages: [{static_labels: {seen: hidden}}]}",
			input:  words, loose: true,
		},
		{
			name:   "accepts_odd_metrics",
			stages: "- metrics:\n    oracle_no_config: {type: histogram, source: 'v', prefix: ''}\n    oracle_null_config: {type: histogram, config: null}\n    'oracle:colon': {type: counter, config: {match_all: true, action: Inc}}",
			input:  words,
		},
		{
			name: "accepts_odd_rules",
			job: `static_configs:
- {targets: [], labels: {case: accepts_odd_rules, __path__: '{dir}/accepts_odd_rules.log', a: '5', b: ''}}
relabel_configs:
- {source_labels: [b], regex: '', target_label: was_empty, replacement: 5}
- {source_labels: [a], regex: 5, target_label: number, replacement: yes}
- {source_labels: [], target_label: none, replacement: x}
- {source_labels: [a], target_label: spaced, separator: ' ', replacement: ' $1 $$ $0 $9 ${1}0 $10'}
- {target_label: tmp, replacement: x, action: replace}
- {source_labels: [tmp, a], regex: '(?i)X;(?s:.)', target_label: matched, replacement: 'yes'}
- {regex: tmp, action: labeldrop}`,
			input: words,
		},
		{name: "accepts_no_rules", job: "relabel_configs: []\nstatic_configs: [{labels: {case: accepts_no_rules, __path__: '{dir}/accepts_no_rules.log'}}]", input: words},
		{
			name: "accepts_two_sources",
			job: `file_sd_configs: [{files: ['{dir}/accepts-*.json']}]
static_configs: [{labels: {case: accepts_two_sources, from: static, __path__: '{dir}/accepts_two_sources.log'}}]`,
			input: words, files: map[string]string{
				"accepts/a.log":  "a\n",
				"accepts-1.json": `[{"targets":["localhost"],"labels":{"case":"accepts_two_sources","from":"file","__path__":"{dir}/accepts/a.log"}}]`,
			},
		},
		{
			name: "accepts_paths", job: "static_configs: [{labels: {case: accepts_paths, __path__: '{dir}/paths/../paths//./*.log'}}]",
			files: map[string]string{"paths/a.log": "a\n"},
		},
	}
}
