package ship

import (
	"context"
	"errors"
	"slices"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// reasonRemoved is our own: the configuration names the client no more.
const reasonRemoved = "client_removed"

var errRemoved = errors.New("the client is not in the configuration any more")

// Finish begins no further request, and returns when those under way are answered
// or ctx is done: what Loki may have stored is not sent again by another client.
func (c *Client) Finish(ctx context.Context) {
	c.mu.Lock()
	quiet := make(chan struct{})
	c.quiet = quiet
	c.quietLocked()
	c.mu.Unlock()
	select {
	case <-quiet:
	case <-ctx.Done():
	}
}

// quietLocked tells Finish that nothing is under way any more.
func (c *Client) quietLocked() {
	if c.quiet != nil && c.inFlight == 0 && !c.isQuiet {
		c.isQuiet = true
		close(c.quiet)
	}
}

// TakeOver queues what another client, whose Run has returned, has in memory and
// has not sent, before what was delivered to c meanwhile. The other has nothing
// then; what is in its spool stays there. Call it after UseSpool and before Run.
func (c *Client) TakeOver(old *Client) {
	old.mu.Lock()
	defer old.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Taken += old.counts.Taken - old.counts.OnDisk
	for stream, q := range old.queues {
		items := q.items[q.onDisk:]
		if len(items) == 0 {
			continue
		}
		to := c.queueLocked(stream)
		if to.onDisk == 0 && q.onDisk == 0 { // the first item may have been sent in part
			to.todo, to.stamp = q.todo, q.stamp
		}
		for _, it := range items {
			it.queue = to
			c.counts.InFlight += it.left
			c.holdLocked(it.batch)
		}
		to.items = slices.Insert(to.items, to.onDisk, items...)
	}
	old.emptyLocked()
}

// holdLocked notes that a batch is in memory.
func (c *Client) holdLocked(b *pipeline.Batch) {
	if c.waiting == 0 {
		c.empty = make(chan struct{})
	}
	c.waiting++
	c.memory += b.Memory()
}

// GiveUp drops what the client, whose Run has returned, has in memory and has not
// sent, and counts it. What is in its spool stays there.
func (c *Client) GiveUp() {
	c.mu.Lock()
	defer c.unlockAndFinish()
	for _, q := range c.queues {
		for _, it := range q.items[q.onDisk:] {
			n := it.batch.Len()
			j := &job{queue: q, item: it, batch: it.batch}
			c.dropLocked(j, part{n - it.left, n}, outcome{reason: reasonRemoved, err: errRemoved})
			it.batch.Done()
		}
	}
	c.emptyLocked()
}

// emptyLocked forgets all that waits.
func (c *Client) emptyLocked() {
	if c.waiting > 0 {
		close(c.empty)
	}
	clear(c.queues)
	c.ready, c.delayed = nil, nil
	c.waiting, c.memory, c.counts = 0, 0, Counts{}
}
