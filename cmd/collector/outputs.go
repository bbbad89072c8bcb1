package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/ship"
	"github.com/tovtech/tovplay-logging/pipeline/spool"
)

// outputs are the clients that every batch goes to. While they run, some may be
// replaced by others.
type outputs struct {
	cfg     *config.Config // of what is not reloaded
	log     *slog.Logger
	metrics *ship.Metrics
	memory  int64 // of lines in flight, which the clients share
	streams *pipeline.Streams

	mu      sync.RWMutex // while held for writing nothing is delivered
	all     []*output
	sending context.Context // what start was told
	running sync.WaitGroup
}

// output is a client with what belongs to it.
type output struct {
	*ship.Client
	cfg   config.Client
	spool *spool.Spool // nil for none
	stop  context.CancelFunc
	over  chan struct{} // closed when the client does not run any more
}

func newOutputs(cfg *config.Config, log *slog.Logger, metrics *ship.Metrics, streams *pipeline.Streams) (*outputs, error) {
	o := &outputs{cfg: cfg, log: log, metrics: metrics, memory: cfg.Memory.Int64(), streams: streams}
	var errs []error
	for i := range cfg.Clients {
		out, err := o.new(&cfg.Clients[i])
		errs = append(errs, err)
		o.all = append(o.all, out)
	}
	o.share()
	return o, errors.Join(errs...)
}

func (o *outputs) new(cfg *config.Client) (*output, error) {
	client, err := newClient(cfg, o.metrics, o.log, func(opts *ship.Options) {
		opts.Quarantine = o.newQuarantine(cfg)
	})
	return &output{Client: client, cfg: *cfg, over: make(chan struct{})}, err
}

// share divides the memory of lines in flight among the clients. The caller holds
// mu, or is the only one to use o.
func (o *outputs) share() {
	for _, out := range o.all {
		if out.Client != nil {
			out.SetShare(o.memory/int64(len(o.all)), len(o.all) == 1)
		}
	}
}

// clients are those of now.
func (o *outputs) clients() []*output {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.all
}

// deliver gives a batch, with one reference, to every client.
func (o *outputs) deliver(b *pipeline.Batch) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	b.Retain(len(o.all) - 1)
	for _, out := range o.all {
		out.Deliver(b)
	}
}

// takes reports whether every client writes to disk what bears a risk.
func (o *outputs) takes(risk pipeline.Risk) bool {
	for _, out := range o.clients() {
		if !out.Takes(risk) {
			return false
		}
	}
	return true
}

// start lets the clients send until ctx is done. Their spools have to be open.
func (o *outputs) start(ctx context.Context) {
	o.sending = ctx
	for _, out := range o.all {
		o.begin(out)
	}
}

// wait returns when no client sends any more.
func (o *outputs) wait() { o.running.Wait() }

func (o *outputs) begin(out *output) {
	ctx, stop := context.WithCancel(o.sending)
	out.stop = stop
	o.running.Go(func() {
		defer close(out.over)
		out.Run(ctx)
	})
}

// drain gives the clients until ctx is done to deliver what was read. What cannot
// be read again and is not delivered then is written to disk.
func (o *outputs) drain(ctx context.Context) {
	for _, out := range o.clients() {
		if err := out.Drain(ctx); err != nil {
			o.log.Warn("not everything was confirmed before the stop; it is read again at the next start", "err", err)
		}
		out.Save()
	}
}

// openSpools gives each client its spool. Another collector that uses one is an
// error.
func (o *outputs) openSpools() error {
	for _, out := range o.clients() {
		if err := o.openSpool(out); err != nil {
			return err
		}
	}
	return nil
}

// openSpool gives a client its spool, unless the configuration wants none.
func (o *outputs) openSpool(out *output) error {
	if o.cfg.Spool.MaxBytes == 0 {
		return nil
	}
	s, err := spool.Open(spool.Options{Dir: o.spoolDir(out), MaxBytes: o.cfg.Spool.MaxBytes.Int64()})
	if err != nil {
		return fmt.Errorf("client %s: %w", out.Name(), err)
	}
	out.spool = s
	out.UseSpool(clientSpool{s}, o.streams)
	stats := s.Stats()
	for _, d := range stats.Damage {
		o.log.Error("a part of the spool is damaged and lost", "client", out.Name(), "what", d)
	}
	if stats.Records > 0 {
		o.log.Info("the spool has batches that were left in it", "client", out.Name(), "batches", stats.Records, "bytes", stats.Bytes)
	}
	return nil
}

func (o *outputs) spoolDir(out *output) string {
	return filepath.Join(o.cfg.Spool.Dir, url.PathEscape(out.Name()))
}

func (o *outputs) closeSpools() error {
	var errs []error
	for _, out := range o.clients() {
		errs = append(errs, out.closeSpool())
	}
	return errors.Join(errs...)
}

func (out *output) closeSpool() error {
	if out.spool == nil {
		return nil
	}
	return out.spool.Close()
}

// outputChange is a set of clients that is ready to take the place of another.
type outputChange struct {
	all     []*output
	before  map[*output]*output // the client that a new one takes over from
	added   []*output           // those that take over from none
	removed []*output           // those that none takes over from
}

// plan makes the clients of another configuration: those that are equal go on, and
// each other one takes over what one that is there no more has not sent, of the
// same name or else in their order. Nothing is changed by it.
func (o *outputs) plan(cfgs []config.Client) (*outputChange, error) {
	c := &outputChange{before: map[*output]*output{}}
	byName := map[string]*output{}
	for _, out := range o.clients() {
		byName[out.Name()] = out
	}
	left := map[string]bool{}
	for i := range cfgs {
		left[cfgs[i].Name] = true
	}
	for _, out := range o.clients() {
		if !left[out.Name()] {
			c.removed = append(c.removed, out)
		}
	}
	for i := range cfgs {
		old := byName[cfgs[i].Name]
		if old != nil && config.Fingerprint(old.cfg) == config.Fingerprint(cfgs[i]) {
			c.all = append(c.all, old)
			continue
		}
		out, err := o.new(&cfgs[i])
		if err != nil {
			return nil, err
		}
		c.all = append(c.all, out)
		switch {
		case old != nil:
			c.before[out] = old
		case len(c.removed) > 0:
			c.before[out], c.removed = c.removed[0], c.removed[1:]
		default:
			c.added = append(c.added, out)
		}
	}
	return c, nil
}

// change puts other clients in the place of those that are there. What the old ones
// have not sent when ctx is done is the new ones' to send.
func (o *outputs) change(ctx context.Context, c *outputChange) {
	o.mu.Lock()
	o.all = c.all
	o.share()
	o.mu.Unlock()
	var wg sync.WaitGroup
	for _, out := range c.added {
		o.useSpool(out)
		o.begin(out)
	}
	for out, old := range c.before {
		wg.Go(func() { o.replace(ctx, out, old) })
	}
	for _, old := range c.removed {
		wg.Go(func() { o.remove(ctx, old) })
	}
	wg.Wait()
}

// useSpool gives a client its spool. Without one it does what it can.
func (o *outputs) useSpool(out *output) {
	if err := o.openSpool(out); err != nil {
		o.log.Error("the client runs without its spool", "client", out.Name(), "err", err)
	}
}

// replace lets a client go on where another one ends.
func (o *outputs) replace(ctx context.Context, out, old *output) {
	o.end(ctx, old)
	if err := o.moveSpool(old, out); err != nil {
		o.log.Error("what a client left on disk is not sent", "client", old.Name(), "folder", o.spoolDir(old), "err", err)
	}
	o.useSpool(out)
	out.TakeOver(old.Client)
	o.begin(out)
	o.log.Info("a client goes on as the configuration says now", "client", out.Name(), "url", out.cfg.URL.String())
}

// remove ends a client that nothing takes over from.
func (o *outputs) remove(ctx context.Context, old *output) {
	o.end(ctx, old)
	batches, bytes, _ := old.Spooled()
	old.GiveUp()
	if batches > 0 {
		o.log.Warn("a removed client leaves batches on disk; they are sent if it is configured again",
			"client", old.Name(), "folder", o.spoolDir(old), "batches", batches, "bytes", bytes)
	}
	o.log.Info("a client was removed", "client", old.Name())
}

// end stops a client. One that gets through sends what it has until ctx is done.
func (o *outputs) end(ctx context.Context, old *output) {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	if old.Trouble() == "" {
		old.Drain(ctx)
	}
	old.Finish(ctx)
	old.stop()
	<-old.over
	if err := old.closeSpool(); err != nil {
		o.log.Error("the spool was not closed", "client", old.Name(), "err", err)
	}
}

// moveSpool gives what a client left on disk to another one.
func (o *outputs) moveSpool(old, out *output) error {
	from, to := o.spoolDir(old), o.spoolDir(out)
	if from == to || old.spool == nil {
		return nil
	}
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("move it to %s: %w", to, fs.ErrExist)
	}
	return os.Rename(from, to)
}
