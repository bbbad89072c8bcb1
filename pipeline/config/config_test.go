package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// minimal is the shortest configuration that collects something.
const minimal = `
clients:
  - url: http://192.0.2.1:3100/loki/api/v1/push
scrape_configs:
  - job_name: system
    static_configs:
      - labels: {__path__: /var/log/*.log}
`

// withStages is a configuration with these pipeline stages.
func withStages(stages string) string {
	return minimal + "    pipeline_stages: " + stages + "\n"
}

func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("collector.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDefaultsArePromtails holds each default against promtail's, except for
// the retries, which have no end here, and this project's own keys.
func TestDefaultsArePromtails(t *testing.T) {
	c := mustParse(t, withStages(`
      - docker:
      - cri:
      - json: {expressions: {a: }}
      - timestamp: {source: t, format: Unix}
      - multiline: {firstline: x}
      - drop: {source: x}
      - match: {selector: '{a="b"}', stages: [docker: ]}
      - level:
      - tracebacks:
  - job_name: journal
    journal: {}
  - job_name: containers
    docker_files: {}`))
	cl, stages := c.Clients[0], c.ScrapeConfigs[0].PipelineStages
	for _, tt := range []struct {
		key       string
		got, want any
	}{
		{"server.http_listen_address", c.Server.HTTPListenAddress, ""},
		{"server.http_listen_port", c.Server.HTTPListenPort, 80},
		{"server.log_level", c.Server.LogLevel, "info"},
		{"server.log_format", c.Server.LogFormat, "logfmt"},
		{"batchwait", cl.BatchWait.Std(), time.Second},
		{"batchsize", cl.BatchSize.Int64(), int64(1048576)},
		{"timeout", cl.Timeout.Std(), 10 * time.Second},
		{"min_period", cl.BackoffConfig.MinPeriod.Std(), 500 * time.Millisecond},
		{"max_period", cl.BackoffConfig.MaxPeriod.Std(), 5 * time.Minute},
		{"max_retries", cl.BackoffConfig.MaxRetries, (*int)(nil)},
		{"tenant_id", cl.TenantID, ""},
		{"drop_rate_limited_batches", cl.DropRateLimitedBatches, false},
		{"follow_redirects", cl.FollowRedirects, true},
		{"positions.filename", c.Positions.Filename, "/var/log/positions.yaml"},
		{"positions.sync_period", c.Positions.SyncPeriod.Std(), 10 * time.Second},
		{"positions.ignore_invalid_yaml", c.Positions.IgnoreInvalidYAML, false},
		{"target_config.sync_period", c.TargetConfig.SyncPeriod.Std(), 10 * time.Second},
		{"min_poll_frequency", c.Global.FileWatchConfig.MinPollFrequency.Std(), 250 * time.Millisecond},
		{"max_poll_frequency", c.Global.FileWatchConfig.MaxPollFrequency.Std(), 250 * time.Millisecond},
		{"memory", c.Memory.Int64(), int64(64 << 20)},
		{"ignore_older", c.ScrapeConfigs[0].IgnoreOlder, Duration(0)},
		{"docker", *stages[0].Docker, DockerStage{}},
		{"cri", *stages[1].CRI, CRIStage{MaxPartialLines: 100}},
		{"json.drop_malformed", stages[2].JSON.DropMalformed, false},
		{"timestamp.action_on_failure", stages[3].Timestamp.ActionOnFailure, "fudge"},
		{"timestamp.location", stages[3].Timestamp.Location, (*time.Location)(nil)},
		{"multiline.max_lines", stages[4].Multiline.MaxLines, 128},
		{"multiline.max_wait_time", stages[4].Multiline.MaxWaitTime.Std(), 3 * time.Second},
		{"drop", *stages[5].Drop, DropStage{Source: StringList{"x"}, Separator: ";", DropCounterReason: "drop_stage"}},
		{"match.action", stages[6].Match.Action, "keep"},
		{"match.drop_counter_reason", stages[6].Match.DropCounterReason, "match_stage"},
		{"level", *stages[7].Level, LevelStage{Label: "level", Default: "unknown"}},
		{"tracebacks", *stages[8].Traceback, TracebackStage{MaxWait: Duration(500 * time.Millisecond), MaxLines: 1000}},
		{"journal", *c.ScrapeConfigs[1].Journal, Journal{MaxAge: Duration(7 * time.Hour)}},
		{"docker_files", *c.ScrapeConfigs[2].DockerFiles, DockerFiles{Root: "/var/lib/docker", RefreshInterval: Duration(5 * time.Second)}},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.key, tt.got, tt.want)
		}
	}
}

func TestExplicitRetriesAreToldFromNone(t *testing.T) {
	for text, want := range map[string]string{"": "none", "max_retries: 0": "0", "max_retries: 7": "7"} {
		c := mustParse(t, strings.Replace(minimal, "push\n", "push\n    backoff_config: {"+text+"}\n", 1))
		got := "none"
		if r := c.Clients[0].BackoffConfig.MaxRetries; r != nil {
			got = fmt.Sprint(*r)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestNamesOfStagesKeepTheirOrder(t *testing.T) {
	c := mustParse(t, withStages(`
      - labels: {zebra: , apple: fruit, mango: ""}
      - structured_metadata: {b: , a: x}
      - static_labels: {y: "1", x: "2", w: }
      - json: {expressions: {n: , m: "a.b"}}`))
	s := c.ScrapeConfigs[0].PipelineStages
	got := fmt.Sprintln(
		pairsOf(s[0].Labels), pairsOf(s[1].StructuredMetadata), s[2].StaticLabels[0].Name, s[2].StaticLabels[1].Name, len(s[2].StaticLabels),
		s[3].JSON.Expressions[0].Text, s[3].JSON.Expressions[1].Text,
	)
	want := "zebra=zebra apple=fruit mango=mango b=b a=x y x 2 n a.b\n"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func pairsOf(l LabelsStage) string {
	var b strings.Builder
	for i, s := range l {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.Name + "=" + s.Source)
	}
	return b.String()
}

func TestStagesKnowTheirPlace(t *testing.T) {
	c := mustParse(t, withStages(`
      - docker: {}
      - match:
          selector: '{a="b"}'
          stages:
            - labels: {level: }`))
	s := c.ScrapeConfigs[0].PipelineStages[1]
	inner := s.Match.Stages[0]
	for _, tt := range []struct{ got, want string }{
		{s.Pos.String(), "collector.yaml:10:9"},
		{s.Path, "scrape_configs[0].pipeline_stages[1].match"},
		{s.Match.SelectorPos.String(), "collector.yaml:11:11"},
		{inner.Path, "scrape_configs[0].pipeline_stages[1].match.stages[0].labels"},
		{inner.Labels[0].Pos.String(), "collector.yaml:13:24"},
		{c.Clients[0].Pos.String(), "collector.yaml:3:5"},
		{c.ScrapeConfigs[0].Pos.String(), "collector.yaml:5:5"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
}

// TestEachStageHasAField holds the list of stages against the union: each name
// is decoded into a field of its own.
func TestEachStageHasAField(t *testing.T) {
	fields := map[any]string{}
	s := Stage{}
	for _, name := range stageNames() {
		s.Name = name
		target := s.config()
		if target == nil {
			t.Errorf("%s: no field", name)
			continue
		}
		if other, taken := fields[target]; taken {
			t.Errorf("%s: shares its field with %s", name, other)
		}
		fields[target] = name
	}
	if got, want := len(fields), reflect.TypeFor[Stage]().NumField()-3; got != want {
		t.Errorf("%d fields are decoded, want %d", got, want)
	}
}

func TestUnknownKeysOfStagesAreWarningsWhenLenient(t *testing.T) {
	path := write(t, "c.yaml", withStages(`
      - regex: {expression: '(?P<a>x)', sorce: b}
      - docker: {anything: {at: all}}`))
	if _, err := Load(path, Options{}); err == nil {
		t.Error("strict: no error")
	}
	c, err := Load(path, Options{LenientStages: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 2 || !strings.Contains(c.Warnings[0].String(), "regex.sorce: unknown key; did you mean source?") {
		t.Errorf("got warnings %q", c.Warnings)
	}
	_, err = Load(write(t, "e.yaml", withStages("[{regex: {expresion: x}}]")), Options{LenientStages: true})
	if err == nil || !strings.Contains(err.Error(), "regex.expresion: unknown key; did you mean expression?") {
		t.Errorf("beside an error: got %v", err)
	}
	if _, err := Load(write(t, "d.yaml", minimal+"    sauce: b\n"), Options{LenientStages: true}); err == nil {
		t.Error("lenient outside of stages: no error")
	}
}

func TestLoadTakesTheFirstExistingFile(t *testing.T) {
	path := write(t, "c.yaml", minimal)
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	c, err := Load(missing+", "+path+","+write(t, "other.yaml", "not a configuration"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.File != path {
		t.Errorf("got file %s, want %s", c.File, path)
	}
	if _, err := Load(missing, Options{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) || !strings.Contains(err.Error(), "-config.file") {
		t.Errorf("missing: got %v", err)
	}
	if _, err := Load(" , ", Options{}); err == nil || !strings.Contains(err.Error(), "-config.file=FILE") {
		t.Errorf("none: got %v", err)
	}
	if _, err := Load(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("directory: got %v", err)
	}
}

func TestEnvironmentVariablesExpandAsPromtails(t *testing.T) {
	env := map[string]string{"HOST": "192.0.2.7", "ENV": "prod", "EMPTY": ""}
	text := `
clients:
  - url: http://${HOST}:${PORT:-3100}/push
    external_labels: {env: "${ENV^^}", sub: "${ENV/o/0}", none: "${UNSET}", escaped: '\\d'}
scrape_configs: [{job_name: "${EMPTY:-j}", journal: {}}]
`
	path := write(t, "c.yaml", text)
	c, err := Load(path, Options{ExpandEnv: true, Getenv: func(k string) string { return env[k] }})
	if err != nil {
		t.Fatal(err)
	}
	cl := c.Clients[0]
	if got, want := cl.URL.String(), "http://192.0.2.7:3100/push"; got != want {
		t.Errorf("url: got %s, want %s", got, want)
	}
	want := LabelSet{"env": "PROD", "sub": "pr0d", "none": "", "escaped": `\d`}
	if !reflect.DeepEqual(cl.ExternalLabels, want) {
		t.Errorf("labels: got %q, want %q", cl.ExternalLabels, want)
	}
	if _, err := Load(path, Options{}); err == nil {
		t.Error("the variables were expanded without being asked for")
	}
}

func TestBadSubstitutionIsAnError(t *testing.T) {
	for _, text := range []string{"a: ${", "a: ${X:1:-5}", "a: ${X/"} {
		path := write(t, "c.yaml", text)
		_, err := Load(path, Options{ExpandEnv: true, Getenv: func(string) string { return "value" }})
		if err == nil || !strings.HasPrefix(err.Error(), path+": environment variables") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestLargeFileIsRefused(t *testing.T) {
	_, err := Load(write(t, "c.yaml", minimal+strings.Repeat("# comment\n", maxSize/10)), Options{})
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
}

func TestManyProblemsAreCutShort(t *testing.T) {
	_, err := Parse("c.yaml", []byte(minimal+strings.Repeat("    x: 1\n", 500)))
	if n := strings.Count(err.Error(), "\n"); n != maxErrors {
		t.Errorf("%d lines, want %d", n, maxErrors)
	}
}

// TestPrintedConfigurationReadsBack is for those who copy it from /config.
func TestPrintedConfigurationReadsBack(t *testing.T) {
	for _, path := range glob(t, "testdata/good/*.yaml") {
		c := mustParse(t, string(read(t, path)))
		again, err := Parse("printed", []byte(c.String()))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got, want := again.String(), c.String(); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
	}
}

func TestWindowsLinesAndByteOrderMark(t *testing.T) {
	mustParse(t, "\ufeff"+strings.ReplaceAll(minimal, "\n", "\r\n"))
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
