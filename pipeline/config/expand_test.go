package config

import (
	"testing"
)

// TestOperatorsOfVariables holds each operator of promtail's -config.expand-env,
// and what is left alone although it has a $.
func TestOperatorsOfVariables(t *testing.T) {
	env := map[string]string{"V": "abcABCabc", "PATHS": "/a/b.c.d", "EMPTY": "", "N": "5", "MULTI": "a: b\nc: d"}
	for text, want := range map[string]string{
		"${V}":                                 "abcABCabc",
		"a${V}b${N}c":                          "aabcABCabcb5c",
		"${UNSET}":                             "",
		"${#V}":                                "9",
		"${V^}":                                "AbcABCabc",
		"${V^^}":                               "ABCABCABC",
		"${V,}":                                "abcABCabc",
		"${V,,}":                               "abcabcabc",
		"${V:3}":                               "ABCabc",
		"${V:3:2}":                             "AB",
		"${PATHS#*.}":                          "c.d",
		"${PATHS##*.}":                         "d",
		"${PATHS##*/}":                         "b.c.d",
		"${PATHS%.*}":                          "/a/b.c",
		"${PATHS%%.*}":                         "/a/b",
		"${V/abc/x}":                           "xABCabc",
		"${V//abc/x}":                          "xABCx",
		"${V/#abc/x}":                          "xABCabc",
		"${V/%abc/x}":                          "abcABCx",
		"${UNSET=d}":                           "d",
		"${UNSET:=d}":                          "d",
		"${UNSET:-d}":                          "d",
		"${EMPTY:-d}":                          "d",
		"${V:-d}":                              "abcABCabc",
		"${UNSET:-http://192.0.2.1:3100/push}": "http://192.0.2.1:3100/push",
		"${UNSET:-${V}}":                       "abcABCabc",
		"${UNSET:-a${N}b}":                     "a5b",
		"${MULTI}":                             "a: b\nc: d",
		"$${V}":                                "${V}",
		"$V":                                   "$V",
		"$1-$2":                                "$1-$2",
		`^\d+\s$`:                              `^\d+\s$`,
		`a\\d`:                                 `a\d`,
		"cost: 5$":                             "cost: 5$",
		"$":                                    "$",
		"$$":                                   "$", // one of two is eaten, as by promtail
		"{{ .Value }}":                         "{{ .Value }}",
		"#{V}":                                 "#{V}",
	} {
		got, err := expandEnv([]byte(text), func(name string) string { return env[name] })
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
}

// TestFileWithDollarsElsewhere is one as real ones are: groups of rules, ends of
// expressions, templates.
func TestFileWithDollarsElsewhere(t *testing.T) {
	path := write(t, "c.yaml", `
clients: [{url: "${LOKI_URL:-http://192.0.2.1:3100}/loki/api/v1/push"}]
scrape_configs:
  - job_name: ${JOB:-system}
    static_configs: [{labels: {__path__: /var/log/*.log}}]
    relabel_configs:
      - {source_labels: [a], regex: '(.+)-(.+)$', replacement: '$1_$2', target_label: b}
    pipeline_stages:
      - regex: {expression: '^(?P<price>\d+)$'}
      - template: {source: price, template: '{{ $x := .Value }}{{ $x }}'}
`)
	c, err := Load(path, Options{ExpandEnv: true, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	job := c.ScrapeConfigs[0]
	for what, pair := range map[string][2]string{
		"job":         {job.JobName, "system"},
		"url":         {c.Clients[0].URL.String(), "http://192.0.2.1:3100/loki/api/v1/push"},
		"replacement": {job.RelabelConfigs[0].Replacement, "$1_$2"},
		"rule":        {job.RelabelConfigs[0].Regex.String(), "(.+)-(.+)$"},
		"expression":  {job.PipelineStages[0].Regex.Expression.String(), `^(?P<price>\d+)$`},
		"template":    {job.PipelineStages[1].Template.Template, "{{ $x := .Value }}{{ $x }}"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %s, want %s", what, pair[0], pair[1])
		}
	}
}
