package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// promtailsFlags are the flags of promtail 3.6 with their defaults, those of its
// program left out and -client.url, which has none.
const promtailsFlags = `
target.sync-period=10s stdin=false file-watch.min_poll_frequency=250ms file-watch.max_poll_frequency=250ms
positions.file=/var/log/positions.yaml positions.sync-period=10s positions.ignore-invalid-yaml=false
limit.readline-rate=10000 limit.readline-burst=10000 limit.readline-rate-enabled=false limit.readline-rate-drop=true
max-streams=0 max-line-size=0 max-line-size-truncate=false
client.batch-wait=1s client.batch-size-bytes=1048576 client.min-backoff=500ms client.max-backoff=5m client.timeout=10s
client.tenant-id= client.drop-rate-limited-batches=false
tracing.enabled=true server.disable=false server.profiling_enabled=false server.enable-runtime-reload=false
server.http-listen-address= server.http-listen-network=tcp server.http-listen-port=80 server.http-conn-limit=0
server.http-tls-cert-path= server.http-tls-key-path= server.http-tls-client-auth= server.http-tls-ca-path=
server.tls-cipher-suites= server.tls-min-version= server.http-read-timeout=30s server.http-read-header-timeout=0
server.http-write-timeout=30s server.http-idle-timeout=2m0s server.http-log-closed-connections-without-response-enabled=false
server.grpc-listen-address= server.grpc-listen-network=tcp server.grpc-listen-port=9095 server.grpc-conn-limit=0
server.grpc-collect-max-streams-by-conn=true server.grpc-tls-cert-path= server.grpc-tls-key-path=
server.grpc-tls-client-auth= server.grpc-tls-ca-path= server.grpc-max-recv-msg-size-bytes=4194304
server.grpc-max-send-msg-size-bytes=4194304 server.grpc-max-concurrent-streams=100
server.grpc.keepalive.max-connection-idle=2562047h47m16.854775807s server.grpc.keepalive.max-connection-age=2562047h47m16.854775807s
server.grpc.keepalive.max-connection-age-grace=2562047h47m16.854775807s server.grpc.keepalive.time=2h0m0s
server.grpc.keepalive.timeout=20s server.grpc.keepalive.min-time-between-pings=5m0s
server.grpc.keepalive.ping-without-stream-allowed=false server.grpc.stats-tracking-enabled=true
server.grpc.recv-buffer-pools-enabled=false server.grpc.num-workers=0 server.graceful-shutdown-timeout=30s
server.register-instrumentation=true server.proxy-protocol-enabled=false server.report-grpc-codes-in-instrumentation-label-enabled=false
server.path-prefix= log.level=info log.format=logfmt server.log-source-ips-enabled=false
server.log-source-ips-full=false server.log-source-ips-header= server.log-source-ips-regex=
server.log-request-headers=false server.log-request-headers-exclude-list= server.log-request-at-info-level-enabled=false
server.trace-request-headers=false server.trace-request-headers-exclude-list=
server.throughput.latency-cutoff=0s server.throughput.unit=samples_processed server.cluster-validation.label=
server.cluster-validation.grpc.enabled=false
server.cluster-validation.grpc.soft-validation=false server.cluster-validation.http.enabled=false
server.cluster-validation.http.soft-validation=false server.cluster-validation.http.excluded-paths=
server.cluster-validation.http.excluded-user-agents=`

func TestFlagsOfPromtailWithItsDefaultsChangeNothing(t *testing.T) {
	without := []string{"-client.url=http://192.0.2.1/push"}
	plain := loadWith(t, without...)
	var given []string
	for f := range strings.FieldsSeq(promtailsFlags) {
		given = append(given, "-"+f)
	}
	if got, want := loadWith(t, append(given, without...)...).String(), plain.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// What is true or false may stand alone, and one flag may be spelt --flag.
	for f := range strings.FieldsSeq(promtailsFlags) {
		name, value, _ := strings.Cut(f, "=")
		if (value == "true" || value == "false") && name != "server.proxy-protocol-enabled" {
			loadWith(t, append([]string{"--" + name}, without...)...)
		}
	}
}

func loadWith(t *testing.T, args ...string) *config.Config {
	t.Helper()
	opts, err := parseFlags(args, io.Discard)
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	cfg, err := opts.load()
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	return cfg
}

func TestOneWarningNamesAllFlagsWithoutEffect(t *testing.T) {
	cfg := loadWith(t, "-client.url=http://192.0.2.1/push", "-server.grpc-listen-port", "0", "-tracing.enabled=false", "-server.grpc-listen-port=1")
	var all []string
	for _, w := range cfg.Warnings {
		all = append(all, w.String())
	}
	want := "command line: accepted as promtail's and without effect here: -server.grpc-listen-port, -tracing.enabled"
	if !slices.Contains(all, want) {
		t.Errorf("got %q, want %s among them", all, want)
	}
}

func TestWhatStandsBehindTheFlagsIsNamed(t *testing.T) {
	cfg := loadWith(t, "-client.url=http://192.0.2.1/push", "-positions.ignore-invalid-yaml", "true", "-log.level=debug")
	last := cfg.Warnings[len(cfg.Warnings)-1].String()
	if !strings.Contains(last, `"true" is no flag`) || cfg.Server.LogLevel != "info" {
		t.Errorf("got %s, level %s", last, cfg.Server.LogLevel)
	}
}

func TestMisspeltFlagNamesTheNearest(t *testing.T) {
	for given, want := range map[string]string{
		"-config.fiel=a":           "did you mean -config.file?",
		"-server.http-listen-prot": "did you mean -server.http-listen-port?",
		"-check-sintax":            "did you mean -check-syntax?",
		"-banana":                  "there is no flag -banana; see collector -h",
		"-config.file":             "flag needs an argument",
		"":                         "give -config.file=FILE",
	} {
		if _, err := parseFlags(strings.Fields(given), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", given, err, want)
		}
	}
}

func TestHelpNamesEachFlagThatHasAnEffect(t *testing.T) {
	var out strings.Builder
	if _, err := parseFlags([]string{"-h"}, &out); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	text := out.String()
	for _, f := range keyFlags() {
		if !strings.Contains(text, "-"+f.name) {
			t.Errorf("-%s is not in the help", f.name)
		}
	}
	lines := strings.Split(text, "\n")
	if len(lines) > 80 {
		t.Errorf("the help has %d lines, which is too many to read", len(lines))
	}
	for _, line := range lines {
		if len(line) > 140 || strings.TrimRight(line, " ") != line {
			t.Errorf("too long, or with spaces at its end: %q", line)
		}
	}
}

// TestConfigurationIsShownWithoutSecrets runs the program up to a stage that does
// not compile, with both flags that show the configuration.
func TestConfigurationIsShownWithoutSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	write(t, path, `
clients: [{url: 'http://u:hunter2@192.0.2.1/push', bearer_token: "${TOKEN}"}]
scrape_configs: [{job_name: a, journal: {}, pipeline_stages: [{match: {selector: '{', action: drop}}]}]
`)
	t.Setenv("TOKEN", "hunter2")
	out := &log{}
	status := run(context.Background(), []string{"-config.file=" + path, "-config.expand-env", "-print-config-stderr", "-log-config-reverse-order"}, out, out)
	if status != 2 {
		t.Errorf("status %d, want 2", status)
	}
	if out.has("hunter2") {
		t.Errorf("a secret is shown:\n%s", out)
	}
	first, last := `msg=scrape_configs: type=config`, `msg=server: type=config`
	text := out.String()
	if !out.has("\nserver:\n", "bearer_token: <secret>", first, last) || strings.Index(text, first) > strings.Index(text, last) {
		t.Errorf("got\n%s", text)
	}
}

func TestUnknownKeyOfAStageIsAnErrorWhenStrict(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	write(t, path, "clients: [{url: 'http://192.0.2.1/push'}]\nscrape_configs: [{job_name: a, journal: {}, pipeline_stages: [{output: {source: a, sauce: b}}]}]\n")
	for args, want := range map[string]int{"-check-syntax": 0, "-check-syntax -config.strict": 2} {
		out := &log{}
		if got := run(context.Background(), append(strings.Fields(args), "-config.file="+path), out, out); got != want {
			t.Errorf("%s: status %d, want %d:\n%s", args, got, want, out)
		}
		if !out.has("output.sauce: unknown key; known keys: source") {
			t.Errorf("%s: got %s", args, out)
		}
	}
}

func TestNoTwoFlagsHaveOneName(t *testing.T) {
	defer func() {
		if r := recover(); r != nil {
			t.Error(fmt.Sprint(r))
		}
	}()
	(&options{}).register(flag.NewFlagSet("", flag.ContinueOnError))
}

// TestCommandsTakeTheCollectorsFlags starts them with the place of the positions
// and the client as flags, and with a key inside a stage that is unknown.
func TestCommandsTakeTheCollectorsFlags(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "c.yaml"), "scrape_configs: [{job_name: a, journal: {}, pipeline_stages: [{docker: {sauce: b}}]}]\n")
	positions := filepath.Join(dir, "elsewhere.yaml")
	flags := []string{"-config.file=" + path, "-client.url=http://192.0.2.1/push", "-positions.file=" + positions}
	out := &log{}
	if got := run(t.Context(), append([]string{"quarantine", "list"}, flags...), out, out); got != 0 {
		t.Errorf("quarantine list: status %d:\n%s", got, out)
	}
	out = &log{}
	if got := run(t.Context(), append([]string{"positions", "export"}, flags...), out, out); got != 1 || !out.has(positions) {
		t.Errorf("positions export: status %d, want 1 and %s in\n%s", got, positions, out)
	}
}
