package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

const plainJobs = `
positions: {filename: /tmp/positions.yaml}
clients: [{name: loki, url: 'http://192.0.2.1/push', drop_rate_limited_batches: true, backoff_config: {max_retries: 5}}]
scrape_configs:
- job_name: docker
  static_configs: [{labels: {__path__: /var/lib/docker/containers/*/*-json.log}}]
  pipeline_stages: [{docker: {}}]
- job_name: engine
  docker_sd_configs: [{host: 'unix:///var/run/docker.sock'}]
- job_name: push
  loki_push_api: {}
`

// ownKeys is the same with the keys that `collector check` advises.
const ownKeys = `
positions: {filename: /var/lib/collector/positions.yaml}
label_limit: {values: 1000}
clients: [{name: loki, url: 'http://192.0.2.1/push'}]
scrape_configs:
- job_name: docker
  docker_files: {ignore_own_container: true}
  ignore_older: 168h
  pipeline_stages: [{docker: {join: true}}, {tracebacks: {}}, {match: {selector: '{a="b"}', stages: [{level: {}}]}}, {error_group: {}}, {rate_limit: {lines_per_second: 10}}]
- job_name: engine
  docker_sd_configs: [{host: 'unix:///s', container_labels: true, ignore_own_container: true}]
  ignore_older: 168h
  pipeline_stages: [{docker: {}}, {tracebacks: {}}, {level: {}}, {error_group: {}}]
- job_name: push
  loki_push_api: {}
`

func TestCheckAdvisesOwnKeysWhereTheyAreMissing(t *testing.T) {
	advised := func(text string) (all []string) {
		cfg, err := config.Parse("c.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range advise(cfg) {
			if a.why == "" || strings.Contains(strings.Join(a.jobs, " "), "push") {
				t.Errorf("%v: without a reason, or for a job that is not collected", a)
			}
			all = append(all, a.write)
		}
		return all
	}
	got := strings.Join(advised(plainJobs), "\n")
	for _, want := range []string{
		"max_retries: 5", "drop_rate_limited_batches", "positions:", "label_limit:", "rate_limit:", "docker_files:", "container_labels:", "ignore_own_container:", "ignore_older:",
		"docker: {join: true}", "tracebacks:", "level:", "error_group:",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not advised: %s", want)
		}
	}
	if all := advised(ownKeys); len(all) != 0 {
		t.Errorf("advised although it is there: %q", all)
	}
}

func TestCheckSaysWhetherAConfigurationCanBeUsed(t *testing.T) {
	dir := t.TempDir()
	good := write(t, filepath.Join(dir, "good.yaml"), plainJobs)
	bad := write(t, filepath.Join(dir, "bad.yaml"), strings.Replace(plainJobs, "docker: {}", "docker: {join: true, jion: true}", 1))
	for _, tt := range []struct {
		args   string
		status int
		want   []string
	}{
		{"-config.file=" + good, 0, []string{good + " can be used: 1 client, 3 jobs.", "loki_push_api: not collected by this version", "label_limit: {values: 1000}"}},
		{"-config.file=" + bad, 1, []string{"It cannot be used:", "docker.jion: unknown key; did you mean join?"}},
		{"-config.file=" + good + " -server.http-listen-port=many", 1, []string{"-server.http-listen-port: "}},
		{"-config.fiel=x", 2, []string{"did you mean -config.file?"}},
		{"-config.file=" + good + " more", 2, []string{`"more" is no flag`}},
		{"-h", 0, []string{"exit status: 0"}},
	} {
		out := &log{}
		if got := run(t.Context(), append([]string{"check"}, strings.Fields(tt.args)...), out, out); got != tt.status || !out.has(tt.want...) {
			t.Errorf("%s: status %d, want %d and %q in\n%s", tt.args, got, tt.status, tt.want, out)
		}
	}
}

func TestTextIsWrappedAtWords(t *testing.T) {
	var got []string
	for line := range wrapped("aa bbb  c dddddddd e", 6) {
		got = append(got, line)
	}
	if want := "aa bbb|c|dddddddd|e"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}

func TestTheShippedConfigurationIsStrictlyRight(t *testing.T) {
	cfg, err := config.Load("../../stack/collector.yaml", config.Options{ExpandEnv: true, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Warnings) > 0 {
		t.Errorf("warnings: %v", cfg.Warnings)
	}
}
