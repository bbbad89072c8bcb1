package oracle

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// handover is one reader after the other, with one sink for all.
type handover struct {
	t      *testing.T
	sink   *sink
	config string
	logs   []string
	round  int
}

// newHandover has three logs: lines, joined lines and lines of a container
// runtime.
func newHandover(t *testing.T) *handover {
	t.Helper()
	dir := t.TempDir()
	h := &handover{t: t, sink: newSink(t), config: head + "scrape_configs:\n"}
	for _, c := range []compared{
		{name: "lines"},
		{name: "joined", stages: "- multiline: {firstline: '^\\S'}"},
		{name: "cri", stages: "- cri: {}"},
	} {
		h.config += c.yaml(dir)
		h.logs = append(h.logs, filepath.Join(dir, c.name+".log"))
	}
	return h
}

// write appends the lines of a further round.
func (h *handover) write() {
	h.t.Helper()
	for i := range 100 {
		n := fmt.Sprintf("%d-%d", h.round, i)
		servers.AppendFile(h.t, h.logs[0], "line "+n+"\n")
		servers.AppendFile(h.t, h.logs[1], "first "+n+"\n more "+n+"\n")
		servers.AppendFile(h.t, h.logs[2], "2026-01-02T03:04:05Z stdout F cri "+n+"\n")
	}
	h.round++
}

// run writes a round and lets a reader read it.
func (h *handover) run(start func(testing.TB, string, *sink, string, ...string) *shipper, positions string) {
	h.t.Helper()
	h.write()
	s := start(h.t, h.config, h.sink, positions)
	if s.name == "promtail" { // it sends the rest when it is stopped
		s.waitRead(h.t, h.logs)
	} else {
		servers.Eventually(h.t, "everything is sent", func() bool {
			got := h.got()
			return len(got["lines"]) >= 100*h.round && len(got["joined"]) >= 200*h.round && len(got["cri"]) >= 100*h.round
		})
	}
	s.Stop(h.t)
}

// got are the lines that came, by case.
func (h *handover) got() map[string][]string {
	h.t.Helper()
	got := map[string][]string{}
	for name, all := range byCase(h.sink.of(h.t, "plain"), filepath.Dir(h.logs[0])) {
		for _, e := range all {
			got[name] = append(got[name], strings.Split(e.line, "\n")...)
		}
	}
	return got
}

// check compares what came with what was written: every line once, in order.
func (h *handover) check() {
	h.t.Helper()
	got, want := h.got(), map[string][]string{}
	for round := range h.round {
		for i := range 100 {
			n := fmt.Sprintf("%d-%d", round, i)
			want["lines"] = append(want["lines"], "line "+n)
			want["joined"] = append(want["joined"], "first "+n, " more "+n)
			want["cri"] = append(want["cri"], "cri "+n)
		}
	}
	for name := range want {
		if !slices.Equal(got[name], want[name]) {
			h.t.Errorf("%s: lost %v, twice or more %v", name, minus(want[name], got[name]), minus(got[name], want[name]))
		}
	}
}

func TestPositionsGoFromPromtailToTheCollectorAndBack(t *testing.T) {
	t.Parallel()
	h := newHandover(t)
	positions := filepath.Join(t.TempDir(), "positions.yaml")
	h.run(startPromtail, positions)
	h.run(startCollector, positions)
	h.run(startCollector, positions)

	exported := filepath.Join(t.TempDir(), "positions.yaml")
	config, _ := fill(t, h.config, h.sink, positions)
	cmd := exec.Command(filepath.Join(servers.Root(t), "bin", "collector"), "positions", "export", "-config.file="+config, "-out", exported)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("positions export: %v\n%s", err, out)
	}
	h.run(startPromtail, exported)
	h.check()
}
