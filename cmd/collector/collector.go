package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/position"
	"github.com/tovtech/tovplay-logging/pipeline/ship"
)

// drainTime is how long a stop waits for Loki to confirm what was handed on.
// What it does not confirm is read again at the next start.
const drainTime = 3 * time.Second

// collector is the running program.
type collector struct {
	cfg     *config.Config // as it was at the start
	log     *slog.Logger
	reg     *prometheus.Registry
	outputs *outputs
	budget  *pipeline.Budget
	loop    *pipeline.Loop
	store   *position.Store
	saver   *saver
	manager *manager
	trial   trial
	*reloader
}

// newCollector builds everything and starts nothing.
func newCollector(cfg *config.Config, log *slog.Logger, try trial) (*collector, error) {
	if cfg.TargetConfig.Stdin {
		cfg = forInput(cfg, log)
	}
	c := &collector{
		cfg: cfg, log: log, trial: try, reg: prometheus.NewRegistry(),
		budget: pipeline.NewBudget(cfg.Memory.Int64()),
		store:  position.Open(cfg.Positions.Filename),
	}
	c.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	streams := pipeline.NewStreams()
	out, err := newOutputs(cfg, log, ship.NewMetrics(c.reg), streams)
	if err != nil {
		return nil, err
	}
	c.outputs = out
	deliver, workers := func(b *pipeline.Batch) { c.saver.Deliver(b) }, min(4, runtime.GOMAXPROCS(0))
	if try.isOn() {
		workers = 1 // so that what is printed is in order
	}
	if try.dryRun {
		deliver = (&printer{w: try.stdout, colour: coloursFor(try.stdout)}).deliver
	}
	c.loop = pipeline.NewLoop(pipeline.LoopOptions{
		Workers: workers, Limits: limits(cfg), Budget: c.budget,
		Clients: 1, Deliver: deliver, Takes: out.takes, Now: time.Now,
		Report:  func(t *pipeline.Target, err error) { c.manager.report(t, err) },
		Stopped: func() { c.manager.stop() },
		Ended:   func(t *pipeline.Target) { c.manager.ended(t) },
	})
	m, err := newManager(cfg, c.loop, streams, log, try)
	if err != nil {
		return nil, err
	}
	m.afterOne = func() { c.saver.save() } // a start at the end is not repeated
	c.manager = m
	c.limit(cfg.LimitsConfig)
	c.saver = newSaver(c.store, m.positions, func() { m.limit.Saved() }, out.deliver, cfg.Positions.SyncPeriod.Std(), log)
	if cfg.TargetConfig.Stdin {
		m.input, c.saver.store = os.Stdin, nil
	}
	c.reloader = newReloader(cfg)
	c.reg.MustRegister(m, customMetrics{m}, newSelfMetrics(c), c.reloaded, c.notReloaded, m.journal.lines, m.journal.errors)
	if counted, ok := log.Handler().(prometheus.Collector); ok {
		c.reg.MustRegister(counted)
	}
	return c, nil
}

// limits are those of the client that takes the least. Loki's own limits
// bound what a configuration may ask for.
func limits(cfg *config.Config) pipeline.Limits {
	l := pipeline.Limits{
		BatchBytes: pipeline.MaxBatchBytes, BatchWait: time.Minute, LineBytes: pipeline.MaxLineBytes,
	}
	for i := range cfg.Clients {
		l.BatchBytes = min(l.BatchBytes, int(cfg.Clients[i].BatchSize))
		l.BatchWait = min(l.BatchWait, cfg.Clients[i].BatchWait.Std())
	}
	return l
}

// run collects until ctx is done, and then stops in order: no more reading,
// what was read is sent, what was confirmed is saved.
func (c *collector) run(ctx context.Context) error {
	if c.trial.dryRun {
		return c.runDry(ctx)
	}
	unlock, err := c.claimPositions()
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.loadState(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := c.outputs.openSpools(); err != nil {
		return errors.Join(err, c.outputs.closeSpools())
	}
	server, err := c.listen()
	if err != nil {
		return errors.Join(err, c.outputs.closeSpools())
	}
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSending()
	var reading, shipping sync.WaitGroup
	c.outputs.start(sending)
	shipping.Go(func() {
		if err := server.run(sending); err != nil {
			c.log.Error("/metrics and /targets are not served any more; collecting goes on", "err", err)
		}
	})
	shipping.Go(func() { c.saver.run(sending) })
	reading.Go(func() { c.loop.Run(ctx) })
	reading.Go(func() { c.manager.run(ctx) })
	reading.Go(func() { c.watchConfig(ctx) })
	if c.manager.input != nil {
		reading.Go(func() { c.endWithInput(ctx, stop) })
	}
	c.log.Info("collecting", "config", c.cfg.File, "clients", len(c.cfg.Clients), "positions", c.store.Path(), "listen", server.addr())

	reading.Wait()
	c.saver.save() // what waited for it is handed on
	c.drain(sending)
	stopSending()
	shipping.Wait()
	c.outputs.wait()
	return errors.Join(c.saver.save(), c.loop.Close(), c.outputs.closeSpools())
}

// claimPositions makes the folder of the positions, if these are kept, and keeps
// other collectors from them until unlock is called.
func (c *collector) claimPositions() (unlock func() error, err error) {
	if c.manager.input != nil {
		return func() error { return nil }, nil
	}
	if err := os.MkdirAll(filepath.Dir(c.store.Path()), 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of positions.filename: %w", err)
	}
	return c.store.Lock()
}

func (c *collector) loadState() error {
	if c.manager.input != nil { // it has no positions, and leaves those of files alone
		c.manager.restore(position.State{Sources: position.Places{}}, nil)
		return nil
	}
	state, err := c.store.Load()
	if errors.Is(err, position.ErrDamaged) && c.cfg.Positions.IgnoreInvalidYAML {
		c.log.Warn("starting without positions, as positions.ignore_invalid_yaml asks", "err", err)
		state, err = position.State{Sources: position.Places{}}, nil
	}
	if err != nil {
		return err
	}
	promtail, err := c.loadPromtail()
	if err != nil {
		return err
	}
	c.manager.isFirst = c.store.IsNew()
	c.manager.restore(state, promtail)
	return nil
}

// loadPromtail reads the positions that promtail left, at the first start.
func (c *collector) loadPromtail() (position.Promtail, error) {
	if !c.store.IsNew() {
		return nil, nil
	}
	left, err := position.LoadPromtail(c.cfg.Positions.Filename)
	if errors.Is(err, position.ErrDamaged) && c.cfg.Positions.IgnoreInvalidYAML {
		c.log.Warn("starting without promtail's positions, as positions.ignore_invalid_yaml asks", "err", err)
		return nil, nil
	}
	if len(left) > 0 {
		c.log.Info("going on where promtail was", "positions", c.cfg.Positions.Filename, "entries", len(left))
	}
	return left, err
}

// drain gives the clients a moment to deliver what was read.
func (c *collector) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	c.outputs.drain(ctx)
}
