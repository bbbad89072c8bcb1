package oracle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// liveConfig has variables, and limits for lines.
const liveConfig = `
server: {http_listen_address: 127.0.0.1, http_listen_port: {port}, grpc_listen_port: 0, log_level: error}
positions: {filename: "{positions}", sync_period: 250ms}
clients: [{url: "{sink}/plain/loki/api/v1/push", batchwait: 100ms, headers: {X-Test: 'yes'}}]
limits_config: {max_line_size: 64b, max_line_size_truncate: true}
target_config: {sync_period: 1s}
scrape_configs:
- job_name: live
  static_configs:
  - targets: [localhost]
    labels: {__path__: '{dir}/${ORACLE_GLOB:-*.log}', case: live, a: '${ORACLE_A}', b: '${ORACLE_UNSET}x', c: '${ORACLE_UNSET:-else}', d: '${ORACLE_A^^}', e: '${#ORACLE_A}'}
  pipeline_stages:
  - regex: {expression: '^(?P<word>\\w+)'}
  - template: {source: word, template: '{{ .word | ToUpper }}'}
  - labels: {word: }
`

// What happens to files while they are read: they grow in pieces, are rotated
// by a new name and by truncation, and come and go.
func TestLiveFilesAreSentAsPromtailSendsThem(t *testing.T) {
	t.Setenv("ORACLE_A", "from env")
	dir := t.TempDir()
	config := strings.ReplaceAll(liveConfig, "{dir}", dir)
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"grows.log", "renamed.log", "truncated.log", "removed.log"} {
		servers.WriteFile(t, path(name), "one "+name+" with enough text that a shorter one is noticed\n")
	}
	began := time.Now()
	theirs := startPromtail(t, config, newSink(t), filepath.Join(t.TempDir(), "positions.yaml"), "-config.expand-env=true")
	ours := startCollector(t, config, newSink(t), filepath.Join(t.TempDir(), "positions.yaml"), "-config.expand-env=true")
	sent := 0
	wait := func(more int) {
		t.Helper()
		sent += more
		for _, s := range []*shipper{theirs, ours} {
			servers.Eventually(t, s.name+" has sent all", func() bool { return len(s.sink.of(t, "plain")) >= sent })
		}
	}
	wait(4)

	servers.AppendFile(t, path("grows.log"), "two in ")
	servers.AppendFile(t, path("removed.log"), "two removed\n")
	wait(1)
	servers.AppendFile(t, path("grows.log"), "pieces\nthree is longer than sixty-four bytes, which is where ünïcödé text is cut\n")
	wait(2)
	servers.WriteFile(t, path("new.log"), "one new\ntwo new\r\n\n")
	wait(3)
	if err := os.Rename(path("renamed.log"), path("renamed.log.1")); err != nil {
		t.Fatal(err)
	}
	servers.WriteFile(t, path("renamed.log"), "two after the rotation\n")
	wait(1)
	servers.WriteFile(t, path("truncated.log"), "two shorter\n")
	wait(1)
	if err := os.Remove(path("removed.log")); err != nil {
		t.Fatal(err)
	}
	servers.AppendFile(t, path("grows.log"), "four\n")
	wait(1)
	for _, s := range []*shipper{theirs, ours} {
		s.Stop(t)
	}

	read := span{began, time.Now()}
	want, got := byCase(theirs.sink.of(t, "plain"), dir)["live"], byCase(ours.sink.of(t, "plain"), dir)["live"]
	c := compared{differs: []difference{wholeCharacters}}
	c.compare(t, read, want, got)
}
