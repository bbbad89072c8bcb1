package main

import (
	"sync"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/ship"
	"github.com/tovtech/tovplay-logging/pipeline/stage"
)

// limit puts limits_config in force. What the limits drop and cut is counted for
// each client, and said once for each reason.
func (c *collector) limit(cfg config.LimitsConfig) {
	opts := stage.SendLimitOptions{
		Burst: cfg.ReadlineBurst, RateDrops: cfg.ReadlineRateDrop,
		LineBytes: int(cfg.MaxLineSize), Truncate: cfg.MaxLineSizeTruncate, Streams: cfg.MaxStreams,
	}
	if cfg.ReadlineRateEnabled {
		opts.Rate = cfg.ReadlineRate
	}
	opts.Dropped = c.limited("lines are dropped, as limits_config asks; more are counted in promtail_dropped_entries_total", (*ship.Client).CountDropped)
	opts.Cut = c.limited("lines are cut, as limits_config asks; more are counted in promtail_mutated_entries_total", (*ship.Client).CountCut)
	c.manager.sending.Set(opts)
}

func (c *collector) limited(message string, count func(c *ship.Client, tenant, reason string, bytes int)) func(tenant, reason string, bytes int) {
	var said sync.Map
	return func(tenant, reason string, bytes int) {
		for _, out := range c.outputs.clients() {
			count(out.Client, tenant, reason, bytes)
		}
		if _, again := said.LoadOrStore(reason, true); !again {
			c.log.Warn(message, "reason", reason, "bytes", bytes)
		}
	}
}
