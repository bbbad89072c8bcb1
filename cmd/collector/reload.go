package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// errUnchanged is promtail's answer to a reload of what is in use already.
var errUnchanged = errors.New("config has not changed")

// reloader is what the collector needs to take up another configuration.
type reloader struct {
	// load reads the configuration as the start did; nil for no reload.
	load   func() (*config.Config, error)
	level  *slog.LevelVar   // of the log
	hangup <-chan os.Signal // asks for a reload

	inUse                 atomic.Pointer[config.Config]
	requests              chan chan error
	stopped               chan struct{} // closed when no request is taken any more
	reloaded, notReloaded prometheus.Counter
}

func newReloader(cfg *config.Config) *reloader {
	r := &reloader{
		requests: make(chan chan error), stopped: make(chan struct{}),
		reloaded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "promtail_config_reload_success_total", Help: "Times that another configuration was taken up.",
		}),
		notReloaded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "promtail_config_reload_fail_total", Help: "Times that the configuration could not be taken up, or had not changed.",
		}),
	}
	r.inUse.Store(cfg)
	return r
}

// watchConfig reloads the configuration for each SIGHUP and each request, until
// ctx is done.
func (c *collector) watchConfig(ctx context.Context) error {
	defer close(c.stopped)
	if c.load == nil {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.hangup:
			c.reload(ctx)
		case answer := <-c.requests:
			answer <- c.reload(ctx)
		}
	}
}

// reload takes up the configuration as it is on disk now, if it is sound. Else it
// changes nothing and says why.
func (c *collector) reload(ctx context.Context) error {
	cfg, err := c.load()
	if err == nil {
		err = c.takeUp(ctx, cfg)
	}
	if err != nil {
		c.notReloaded.Inc()
		level := slog.LevelError
		if errors.Is(err, errUnchanged) {
			level = slog.LevelWarn
		}
		c.log.Log(ctx, level, "the configuration was not reloaded; the collector goes on as it was", "err", err)
		return err
	}
	c.reloaded.Inc()
	return nil
}

// takeUp checks a configuration as a whole, before anything of it takes effect.
func (c *collector) takeUp(ctx context.Context, cfg *config.Config) error {
	old := c.inUse.Load()
	changed := config.Changed(old, cfg)
	if len(changed) == 0 {
		return errUnchanged
	}
	if err := canReload(old, cfg, changed); err != nil {
		return err
	}
	clients, err := c.outputs.plan(cfg.Clients)
	if err != nil {
		return err
	}
	jobs, err := c.manager.plan(cfg)
	if err != nil {
		return err
	}
	for _, w := range cfg.Warnings {
		c.log.Warn(w.String())
	}
	c.level.Set(logLevel(cfg.Server.LogLevel))
	c.inUse.Store(cfg)
	c.loop.SetLimits(limits(cfg))
	if cfg.LimitsConfig != old.LimitsConfig {
		c.limit(cfg.LimitsConfig)
	}
	c.manager.change(jobs)
	c.outputs.change(ctx, clients)
	c.log.Info("the configuration was reloaded", "config", cfg.File, "changed", strings.Join(changed, " "), "jobs", jobs.names())
	return nil
}

// canReload says which of the changed keys are read at the start alone.
func canReload(old, cfg *config.Config, changed []string) error {
	var fixed []string
	for _, key := range changed {
		switch key {
		case "clients", "scrape_configs", "global", "limits_config":
		case "target_config":
			if old.TargetConfig.Stdin != cfg.TargetConfig.Stdin {
				fixed = append(fixed, "target_config.stdin")
			}
		case "server":
			for _, key := range config.Changed(&old.Server, &cfg.Server) {
				if key != "log_level" && key != "health_check_target" {
					fixed = append(fixed, "server."+key)
				}
			}
		default:
			fixed = append(fixed, key)
		}
	}
	if cfg.LabelLimit.Values > 0 && !slices.Equal(externalLabels(old), externalLabels(cfg)) {
		fixed = append(fixed, "clients[].external_labels (which label_limit counts)")
	}
	if len(fixed) == 0 {
		return nil
	}
	return fmt.Errorf("%s changed: restart the collector", strings.Join(fixed, ", "))
}

// serveReload reloads the configuration. The answer is promtail's: empty, or 500
// with the reason.
func (c *collector) serveReload(w http.ResponseWriter, r *http.Request) {
	answer := make(chan error, 1)
	select {
	case c.requests <- answer:
	case <-c.stopped:
		http.Error(w, "failed to reload config: the collector stops", http.StatusInternalServerError)
		return
	case <-r.Context().Done():
		return
	}
	if err := <-answer; err != nil {
		http.Error(w, fmt.Sprintf("failed to reload config: %s", err), http.StatusInternalServerError)
	}
}
