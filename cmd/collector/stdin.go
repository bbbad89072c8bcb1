package main

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/discover"
)

// forInput is the configuration for reading standard input alone: with the first
// job, or promtail's for none. Its spool is not that of a collector that may run
// besides.
func forInput(cfg *config.Config, log *slog.Logger) *config.Config {
	c := *cfg
	c.Spool.Dir += ".stdin"
	if len(c.ScrapeConfigs) > 0 {
		if others := len(c.ScrapeConfigs) - 1; others > 0 {
			log.Warn("standard input is read with the first job of scrape_configs; the others are left out",
				"job", c.ScrapeConfigs[0].JobName, "others", others)
		}
		c.ScrapeConfigs = c.ScrapeConfigs[:1]
		return &c
	}
	hostname, _ := os.Hostname() // without one there is no label
	c.ScrapeConfigs = []config.ScrapeConfig{{
		JobName: "stdin", StaticConfigs: []config.StaticConfig{{Labels: config.LabelSet{"job": "stdin", "hostname": hostname}}},
	}}
	return &c
}

// inputKey is the key of standard input among the targets.
const inputKey = "stdin"

// inputTarget is standard input as a target of a job: with the labels of all its
// static_configs, or else with the job's name.
func inputTarget(job *config.ScrapeConfig) discover.Target {
	t := discover.Target{Key: inputKey, Job: job.JobName, Config: job, Kind: discover.Stdin, Path: inputKey}
	labels := map[string]string{}
	for _, group := range job.StaticConfigs {
		maps.Copy(labels, group.Labels)
	}
	maps.DeleteFunc(labels, func(name, value string) bool { return strings.HasPrefix(name, "__") || value == "" })
	if len(labels) == 0 {
		labels["job"] = cmp.Or(job.JobName, inputKey)
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		t.Labels = append(t.Labels, pipeline.Label{Name: name, Value: labels[name]})
	}
	return t
}

// look returns the targets that there are: those that discovery finds, or
// standard input until it has ended.
func (m *manager) look() ([]discover.Target, []discover.Problem) {
	if m.input == nil {
		return m.find.Sync()
	}
	if m.inputIsOver() {
		return nil, nil
	}
	return []discover.Target{inputTarget(&m.cfg.ScrapeConfigs[0])}, nil
}

// inputIsOver reports whether standard input was read to its end and all of it is
// delivered, on disk, or dropped for a counted reason.
func (m *manager) inputIsOver() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.open[inputKey]
	return m.known[inputKey] && (o == nil || o.ended && o.source.Unsettled() == 0)
}

// endWithInput calls stop when standard input is over, and what an earlier run
// left on disk too, unless a client's Loki is away.
func (c *collector) endWithInput(ctx context.Context, stop func()) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !c.manager.inputIsOver() || slices.ContainsFunc(c.outputs.clients(), isSendingSpool) {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	c.log.Info("standard input has ended, and everything of it is delivered or on disk")
	stop()
	return nil
}

func isSendingSpool(o *output) bool {
	batches, _, _ := o.Spooled()
	return batches > 0 && o.Trouble() == ""
}
