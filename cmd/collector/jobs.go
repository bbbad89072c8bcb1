package main

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/discover"
	"github.com/tovtech/tovplay-logging/pipeline/dockerapi"
	"github.com/tovtech/tovplay-logging/pipeline/stage"
)

// jobChange is a set of jobs that is ready to take the place of another.
type jobChange struct {
	cfg      *config.Config
	prints   map[string]string         // of the jobs, by name
	programs map[string]*stage.Program // compiled
	custom   *stage.Metrics
	inspect  bool
	watchers map[string]*dockerapi.Watcher // of docker_sd_configs, as in engines
	changed  map[string]bool               // jobs that are new, different or gone
}

// names are those of the jobs that change.
func (c *jobChange) names() string { return strings.Join(slices.Sorted(maps.Keys(c.changed)), " ") }

// plan makes the jobs of another configuration: those that are equal go on, and
// the others are compiled. Nothing is changed by it.
func (m *manager) plan(cfg *config.Config) (*jobChange, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &jobChange{inspect: m.inspect != nil, cfg: cfg, prints: fingerprints(cfg), programs: map[string]*stage.Program{}, changed: map[string]bool{}}
	for name, print := range m.prints {
		if c.prints[name] == print {
			c.programs[name] = m.programs[name]
		} else {
			c.changed[name] = true
		}
	}
	c.custom = m.custom.Successor(slices.Collect(maps.Values(c.programs)))
	var err error
	c.watchers, err = m.engines.plan(cfg)
	return c, errors.Join(err, c.compile())
}

// compile compiles the jobs that have no program yet.
func (c *jobChange) compile() error {
	var errs []error
	for _, job := range c.cfg.ScrapeConfigs {
		if c.programs[job.JobName] != nil {
			continue
		}
		compile := stage.Compile
		switch {
		case len(job.DockerSDConfigs) > 0:
			compile = stage.CompileContainer
			if c.inspect {
				compile = stage.CompileContainerInspected
			}
		case c.inspect:
			compile = stage.CompileInspected
		}
		p, err := compile(job.PipelineStages, c.custom)
		c.programs[job.JobName], c.changed[job.JobName] = p, true
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// fingerprints tell the jobs of two configurations apart, with what counts for all.
func fingerprints(cfg *config.Config) map[string]string {
	prints := map[string]string{}
	for _, job := range cfg.ScrapeConfigs {
		prints[job.JobName] = config.Fingerprint(job) + config.Fingerprint(cfg.Global)
	}
	return prints
}

// change puts other jobs in the place of those that are there. Targets of jobs
// that are equal notice nothing of it.
func (m *manager) change(c *jobChange) {
	m.syncing.Lock()
	defer m.syncing.Unlock()
	m.mu.Lock()
	m.find.SetJobs(c.cfg.ScrapeConfigs)
	m.engines.change(c.watchers)
	m.cfg, m.prints, m.programs, m.custom = c.cfg, c.prints, c.programs, c.custom
	for _, o := range m.open {
		o.stale = o.stale || c.changed[o.Job]
	}
	m.mu.Unlock()
	m.syncNow()
}

// renewLocked lets a target whose job has changed go on as discovery finds it now:
// with other stages and labels, or opened again, or not at all.
func (m *manager) renewLocked(o *opened, now *discover.Target) {
	switch {
	case o.ended:
		return
	case now == nil && m.programs[o.Job] != nil && o.isMissing():
		return // it may be in rotation
	case now == nil || now.Kind != o.Kind || now.Path != o.Path || m.reading(now.Config) != o.reading:
		m.retire(o)
	default:
		o.Target = *now
		feed := m.newFeed(*now)
		m.loop.Restage(o.target, func(old pipeline.Stages) pipeline.Stages {
			if before, ok := old.(*stage.Feed); ok {
				feed.Continue(before)
			}
			return feed
		})
	}
	o.stale = false
}

// retire ends the reading of a target where it is now. It is opened again later,
// if discovery still finds it.
func (m *manager) retire(o *opened) {
	if o.cancel != nil {
		o.cancel() // what it has read ahead is taken first
		return
	}
	m.loop.Remove(o.target)
}

// isMissing reports whether nothing has the target's name now.
func (o *opened) isMissing() bool {
	_, err := os.Stat(o.Path)
	return o.Kind == discover.File && errors.Is(err, fs.ErrNotExist)
}

// reading tells apart the ways in which the sources of a job are read: what the
// configuration says besides names, labels and stages.
func (m *manager) reading(job *config.ScrapeConfig) string {
	c := *job
	c.JobName, c.PipelineStages, c.RelabelConfigs, c.StaticConfigs, c.FileSDConfigs = "", nil, nil, nil, nil
	c.IgnoreOlder, c.StartAtEnd, c.UnlessExists = 0, false, nil
	if c.DockerFiles != nil {
		c.DockerFiles = &config.DockerFiles{}
	}
	if c.Journal != nil {
		j := *c.Journal
		j.Labels = nil
		c.Journal = &j
	}
	return config.Fingerprint(c) + config.Fingerprint(m.cfg.Global)
}

// formerLocked returns the key under which a job that is there no more had the
// target, "" for none, and whether it is still read under it: a job that is given
// another name goes on where it was.
func (m *manager) formerLocked(t discover.Target) (key string, isOpen bool) {
	name := strings.TrimPrefix(t.Key, t.Job)
	isFormer := func(key string) bool {
		job, ok := strings.CutSuffix(key, name)
		return ok && m.programs[job] == nil
	}
	for key := range m.open {
		if isFormer(key) {
			return key, true
		}
	}
	for key := range m.saved {
		if isFormer(key) {
			return key, false
		}
	}
	return "", false
}

// settleLook is how often it is looked whether a target that has ended is settled.
const settleLook = 100 * time.Millisecond

// run looks for targets until ctx is done. Sources' own goroutines go on until
// stop, so that a source does not end while the loop still reads.
func (m *manager) run(ctx context.Context) error {
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { m.engines.run(ctx) })
	m.engines.waitLooked(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	m.sync()
	m.afterOne()
	next := time.Now().Add(m.syncPeriod())
	for {
		ending, settled := m.endings()
		if settled || !time.Now().Before(next) {
			m.sync()
			next = time.Now().Add(m.syncPeriod())
		}
		wait := time.Until(next)
		if ending {
			wait = min(wait, settleLook)
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-m.engines.changed:
			next = time.Now()
		}
	}
}

// endings reports whether targets have ended, and whether one of them is settled.
func (m *manager) endings() (ending, settled bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.open {
		ending = ending || o.ended
		settled = settled || o.ended && o.source.Unsettled() == 0
	}
	return ending, settled
}

// customMetrics are those of the metrics stages of now.
type customMetrics struct{ m *manager }

// Describe implements prometheus.Collector.
func (c customMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c customMetrics) Collect(ch chan<- prometheus.Metric) {
	c.m.mu.Lock()
	custom := c.m.custom
	c.m.mu.Unlock()
	custom.Collect(ch)
}
