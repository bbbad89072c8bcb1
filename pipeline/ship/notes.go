package ship

import (
	"errors"
	"time"
)

// dropNote bounds the log lines about entries that are given up for one reason.
type dropNote struct {
	logged  time.Time
	entries int // since then
}

// dropNotePeriod is how often such a line is written at most.
const dropNotePeriod = time.Minute

// noteDropLocked logs that entries were given up: at once, and then the sum of
// each minute in which it goes on.
func (c *Client) noteDropLocked(q *queue, entries int, out outcome) {
	d := c.drops[out.reason]
	if d == nil {
		d = &dropNote{}
		c.drops[out.reason] = d
	}
	d.entries += entries
	now := time.Now()
	if !d.logged.IsZero() && now.Sub(d.logged) < dropNotePeriod {
		return
	}
	sum := d.entries
	d.logged, d.entries = now, 0
	c.later = append(c.later, func() {
		c.opts.Log.Warn("entries are given up and counted in promtail_dropped_entries_total",
			"client", c.opts.Name, "reason", out.reason, "entries", sum, "stream", withoutLongValues(q.labels, q.stream.Labels), "err", out.err)
	})
}

// noteTroubleLocked logs why the gate is closed, when that has changed.
func (c *Client) noteTroubleLocked(out outcome) {
	if out.kind == c.trouble {
		return
	}
	c.trouble = out.kind
	c.later = append(c.later, func() {
		c.opts.Log.Error("nothing gets through to Loki; files are kept where they are and read on later",
			"client", c.opts.Name, "url", c.url, "why", out.kind, "remedy", out.remedy, "err", out.err)
	})
}

// noteGoodLocked logs that the trouble is over.
func (c *Client) noteGoodLocked() {
	if c.trouble == "" {
		return
	}
	c.trouble = ""
	c.later = append(c.later, func() {
		c.opts.Log.Info("Loki takes logs again", "client", c.opts.Name, "url", c.url)
	})
}

// noteThrottledLocked logs that a stream is held up for long.
func (c *Client) noteThrottledLocked(q *queue, out outcome) {
	labels, since := q.labels, q.since
	c.later = append(c.later, func() {
		c.opts.Log.Warn("Loki limits the rate of a stream; it is sent later",
			"client", c.opts.Name, "stream", shortened(labels), "since", since, "err", out.err)
	})
}

// noteHeldLocked logs that a stream waits for a disk of our own, once a minute.
func (c *Client) noteHeldLocked(q *queue, out outcome) {
	now := time.Now()
	if !c.heldLogged.IsZero() && now.Sub(c.heldLogged) < dropNotePeriod {
		return
	}
	c.heldLogged = now
	c.later = append(c.later, func() {
		c.opts.Log.Error("a stream waits until the disk of the spool and the quarantine works",
			"client", c.opts.Name, "stream", withoutLongValues(q.labels, q.stream.Labels), "err", out.err)
	})
}

// plainLocked leaves structured metadata out from now on.
func (c *Client) plainLocked(out outcome) {
	if c.plain {
		return
	}
	c.plain = true
	c.later = append(c.later, func() {
		c.opts.Log.Warn("Loki takes no structured metadata; it is left out until the next start",
			"client", c.opts.Name, "remedy", "set limits_config.allow_structured_metadata in Loki, with schema v13", "err", out.err)
	})
}

// noteSpoolLocked logs that the spool began to fail, or ceased to.
func (c *Client) noteSpoolLocked(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if (text == "") == (c.disk.trouble == "") {
		c.disk.trouble = text
		return
	}
	c.disk.trouble = text
	c.later = append(c.later, func() {
		if err == nil {
			c.opts.Log.Info("the spool takes batches again", "client", c.opts.Name)
			return
		}
		does := "files and pipes wait"
		switch {
		case !errors.Is(err, ErrSpoolFull):
		case c.alone:
			does = "files wait, pipes lose their oldest lines"
		default:
			does = "the oldest lines are lost for this client"
		}
		c.opts.Log.Error("batches cannot be written to the spool; "+does, "client", c.opts.Name, "err", err)
	})
}

// noteUnreadableLocked logs that a batch on disk is lost.
func (c *Client) noteUnreadableLocked(stream string, bytes int, err error) {
	c.later = append(c.later, func() {
		c.opts.Log.Error("a batch in the spool cannot be read back and is lost",
			"client", c.opts.Name, "stream", shortened(stream), "bytes", bytes, "err", err)
	})
}
