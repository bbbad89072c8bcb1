package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/position"
)

// trialConfig is one with a client that is not there, over DIR/*.log.
const trialConfig = `
server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
positions: {filename: DIR/state/positions.yaml}
target_config: {sync_period: 50ms}
clients: [{url: 'http://user:hunter2@192.0.2.1/loki/api/v1/push'}]
scrape_configs:
- job_name: files
  static_configs: [{labels: {__path__: 'DIR/*.log', app: shop}}]
  pipeline_stages:
  - labeldrop: [filename]
  - regex: {expression: '^(?P<at>\S+) (?P<word>\w+)'}
  - timestamp: {source: at, format: RFC3339}
  - match: {selector: '{app="shop"} |= "word"', stages: [{structured_metadata: {word: }}]}
  - tenant: {source: word}
  - drop: {expression: secret}
`

// try runs the program with arguments over the files in dir until it has printed
// what is wanted.
func try(t *testing.T, dir string, done func(out, stderr *log) bool, args ...string) (out, stderr *log) {
	t.Helper()
	file := write(t, filepath.Join(dir, "collector.yaml"), strings.ReplaceAll(trialConfig, "DIR", dir))
	ctx, cancel := context.WithCancel(context.Background())
	out, stderr = &log{}, &log{}
	status := make(chan int, 1)
	go func() { status <- run(ctx, append(args, "-config.file="+file), out, stderr) }()
	eventually(t, stderr, "what is printed: "+out.String(), func() bool { return done(out, stderr) })
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("the program ended with %d:\n%s", got, stderr)
	}
	return out, stderr
}

func TestDryRunPrintsEntriesInOrderAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	var text, want strings.Builder
	for i := range 50 {
		word := []string{"word", "other"}[i%2]
		fmt.Fprintf(&text, "2026-01-02T03:04:%02dZ %s %d\n", i, word, i)
		at := time.Date(2026, 1, 2, 3, 4, i, 0, time.UTC).Local().Format("2006-01-02T15:04:05.999999999-0700")
		more := "tenant=" + word
		if word == "word" {
			more += " word=word"
		}
		fmt.Fprintf(&want, "%s\t{app=\"shop\"}\t2026-01-02T03:04:%02dZ %s %d\t%s\n", at, i, word, i, more)
	}
	write(t, filepath.Join(dir, "app.log"), text.String()+"2026-01-02T03:05:00Z secret\n")
	out, stderr := try(t, dir, func(out, _ *log) bool { return out.count("\n") >= 50 }, "-dry-run")
	if got := out.String(); got != want.String() {
		t.Errorf("got\n%swant\n%s", got, want.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "state")); !os.IsNotExist(err) {
		t.Errorf("something was written: %v", err)
	}
	if !stderr.has("Nothing is sent") || stderr.has("hunter2") || stderr.has("\x1b") || out.has("\x1b") {
		t.Errorf("stderr is\n%s", stderr)
	}
}

func TestDryRunGoesOnFromThePositionsAndLeavesThem(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "app.log"), "first\nsecond\n")
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o755); err != nil {
		t.Fatal(err)
	}
	left := write(t, filepath.Join(dir, "state/positions.yaml"), fmt.Sprintf("positions:\n  %s: \"6\"\n", path))
	out, _ := try(t, dir, func(out, _ *log) bool { return out.has("second") }, "-dry-run")
	if out.has("first") {
		t.Errorf("it began anew:\n%s", out)
	}
	if text, err := os.ReadFile(left); err != nil || !strings.Contains(string(text), `"6"`) {
		t.Errorf("promtail's positions are %s, %v", text, err)
	}
	if !position.Open(filepath.Join(dir, "state/positions.yaml")).IsNew() {
		t.Error("positions were saved")
	}
}

func TestDryRunOfStandardInputEndsWithIt(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "c.yaml"), strings.ReplaceAll(trialConfig, "DIR", dir))
	feed(t, "2026-01-02T03:04:05Z word 1\nsecret\nlast, without a newline")
	out, stderr := &log{}, &log{}
	status := run(t.Context(), []string{"-config.file=" + file, "-dry-run", "-inspect", "-stdin"}, out, stderr)
	if status != 0 || out.count("\n") != 2 || !out.has("word 1\ttenant=word word=word\n", "last, without a newline\t") {
		t.Errorf("status %d, printed\n%s", status, out)
	}
	if !stderr.has("▶ secret  stdin", "✗ dropped") || stderr.has("level=") {
		t.Errorf("stderr is\n%s", stderr)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
}

func TestInspectShowsEachStage(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "app.log"), "2026-01-02T03:04:05Z word 1\nnone\nsecret\n")
	_, stderr := try(t, dir, func(_, stderr *log) bool { return stderr.has("dropped") }, "-dry-run", "-inspect")
	_, got, _ := strings.Cut(stderr.String(), "▶")
	for line := range strings.Lines(got) { // when it was read is another time each time
		if before, after, ok := strings.Cut(line, "~ time"); ok {
			got = strings.Replace(got, line, before+"~ time"+after[strings.Index(after, " → "):], 1)
		}
	}
	want := strings.ReplaceAll(` 2026-01-02T03:04:05Z word 1  PATH
  1 labeldrop
    - label      filename = PATH
  2 regex
    + extracted  at = 2026-01-02T03:04:05Z
    + extracted  word = word
  3 timestamp
    ~ time → 2026-01-02T03:04:05Z
  4 match          matches
    4.1 structured_metadata
      + metadata   word = word
  5 tenant
    + label      __tenant_id__ = word
  6 drop           –
▶ none  PATH
  1 labeldrop
    - label      filename = PATH
  2 regex          –
  3 timestamp
    ~ time → 2026-01-02T03:04:05Z
  4 match          – does not match
  5 tenant         –
  6 drop           –
▶ secret  PATH
  1 labeldrop
    - label      filename = PATH
  2 regex          –
  3 timestamp
    ~ time → 2026-01-02T03:04:05Z
  4 match          – does not match
  5 tenant         –
  6 drop           ✗ dropped: drop_stage
`, "PATH", path)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Without -dry-run it is sent as well.
func TestInspectOfARunThatSends(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	write(t, filepath.Join(dir, "app.log"), "line\n")
	file := write(t, filepath.Join(dir, "c.yaml"), strings.ReplaceAll(strings.Replace(trialConfig, "http://user:hunter2@192.0.2.1/loki/api/v1/push", loki.URL, 1), "DIR", dir))
	ctx, cancel := context.WithCancel(context.Background())
	out, status := &log{}, make(chan int, 1)
	go func() { status <- run(ctx, []string{"-inspect", "-config.file=" + file}, out, out) }()
	eventually(t, out, "the line", func() bool { return loki.has("line") && out.has("→", `{app="shop"} line`) })
	cancel()
	<-status
}

func TestShownFitsIntoALine(t *testing.T) {
	for text, want := range map[string]string{
		"plain text, ünï": "plain text, ünï", "": `""`, " x": `" x"`, "a\nb": `"a\nb"`, "\x1b[31m": `"\x1b[31m"`, "\xff": `"\xff"`,
		strings.Repeat("é", 300): strings.Repeat("é", 200) + "… (600 bytes)",
	} {
		if got := shown(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
