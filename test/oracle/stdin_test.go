package oracle

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// Both read standard input to its end, send it and end.
func TestStandardInputIsSentAsPromtailSendsIt(t *testing.T) {
	t.Parallel()
	input := words + weird + "no end"
	jobs := `scrape_configs:
- job_name: first
  static_configs: [{labels: {case: stdin, app: piped}}]
  relabel_configs: [{source_labels: [app], target_label: copy}]
  pipeline_stages:
  - regex: {expression: '^(?P<num>\d)'}
  - structured_metadata: {num: }
- job_name: second
  static_configs: [{labels: {case: not-this}}]
`
	for name, config := range map[string]string{"jobs": head + jobs, "no jobs": head} {
		began := time.Now()
		var sent [2][]entry
		for i, program := range []string{"stack/bin/promtail", "bin/collector"} {
			to := newSink(t)
			file, _ := fill(t, config, to, filepath.Join(t.TempDir(), "positions.yaml"))
			cmd := exec.Command(filepath.Join(servers.Root(t), program), "-config.file="+file, "-stdin")
			cmd.Stdin = strings.NewReader(input)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s -stdin: %v\n%s", program, err, out)
			}
			sent[i] = to.of(t, "plain")
		}
		t.Run(name, func(t *testing.T) {
			read := span{began, time.Now()}
			if len(sent[0]) == 0 {
				t.Error("promtail sent nothing")
			}
			diff(t, texts(sent[0], read, false), texts(sent[1], read, false))
		})
	}
}
