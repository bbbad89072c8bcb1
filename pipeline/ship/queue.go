package ship

import (
	"container/list"
	"context"
	"math/rand/v2"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// queue is what waits for one stream. It is in one place at a time: with a
// sender, in Client.ready, or in Client.delayed. Whoever has it may change todo,
// tries, since and stamp.
type queue struct {
	stream *pipeline.Stream
	labels string  // with the external labels
	items  []*item // those on disk come first
	onDisk int     // how many these are
	busy   bool    // with a sender

	todo  []part    // of the first item, the next part last; empty if it was not looked at
	tries int       // of the next part
	since time.Time // when the first of these began
	due   time.Time // while delayed
	stamp stamp     // for the first item's read times
}

// item is a batch that waits, in memory or on disk.
type item struct {
	queue   *queue
	batch   *pipeline.Batch // nil if it is on disk alone
	since   time.Time       // when it was delivered
	writing bool            // it is being written to disk
	over    bool            // it was done with meanwhile
	left    int             // entries that are neither sent nor given up, -1: not known yet

	record SpoolRecord // if it is on disk
	order  *list.Element
}

// isOnDisk reports whether the item is in the spool.
func (it *item) isOnDisk() bool { return it.order != nil }

// part is the entries [from, to) of a batch.
type part struct{ from, to int }

func (p part) len() int { return p.to - p.from }

// job is one request to be made.
type job struct {
	queue *queue
	item  *item
	batch *pipeline.Batch
	part  part
	plain bool // without structured metadata
	stamp stamp
}

// How often it takes to believe that an answer is about one request: tries
// while others pass, tries while there are no others, and refusals for the
// rate, after which smaller requests may fit.
const (
	triesAmongOthers = 4
	triesAlone       = 12
	triesThrottled   = 5
)

// take returns the next request to make, or how long to wait for one.
func (c *Client) take(now time.Time) (*job, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	const long = time.Hour
	if c.quiet != nil {
		return nil, long
	}
	if wait := c.gate.Sub(now); wait > 0 {
		return nil, wait
	}
	if c.failures > 0 && c.inFlight > 0 {
		return nil, long // one request finds out whether Loki is back
	}
	wait := c.collectDelayedLocked(now, long)
	if len(c.ready) == 0 {
		return nil, wait
	}
	q := c.ready[0]
	c.ready = c.ready[1:]
	c.inFlight++
	q.busy = true
	if q.tries == 0 {
		q.since = now
	}
	if len(c.ready) > 0 {
		c.wakeLocked()
	}
	return &job{queue: q, item: q.items[0], batch: q.items[0].batch, plain: c.plain}, 0
}

// collectDelayedLocked makes ready what is due and returns when the next is.
func (c *Client) collectDelayedLocked(now time.Time, wait time.Duration) time.Duration {
	kept := c.delayed[:0]
	for _, q := range c.delayed {
		if left := q.due.Sub(now); left > 0 {
			wait = min(wait, left)
			kept = append(kept, q)
			continue
		}
		c.ready = append(c.ready, q)
	}
	clear(c.delayed[len(kept):])
	c.delayed = kept
	return wait
}

// open reads a job's batch from disk, if it is there alone, and takes the next
// part of it.
func (c *Client) open(j *job) error {
	q := j.queue
	if j.batch == nil {
		batch, err := c.read(j.item)
		if err != nil {
			return err
		}
		j.batch = batch
		c.loaded(j.item, batch)
	}
	if len(q.todo) == 0 {
		q.todo = []part{{0, j.batch.Len()}}
	}
	j.part, j.stamp = q.todo[len(q.todo)-1], q.stamp
	return nil
}

// settle does with a job what its outcome asks for. A request that was cut off
// by the end of Run says nothing; its batch is done if it is on disk.
func (c *Client) settle(ctx context.Context, j *job, out outcome) {
	if ctx.Err() != nil && out.verdict != stored {
		c.mu.Lock()
		defer c.mu.Unlock()
		j.queue.busy = false
		c.restLocked(j.queue)
		return
	}
	if out.verdict == tooLarge && out.certain && j.part.len() == 1 {
		out.verdict, out.all = refused, true // it cannot be halved
	}
	if out.verdict == refused {
		c.judge(j, &out)
	}
	c.mu.Lock()
	c.inFlight--
	j.queue.busy = false
	c.settleLocked(j, out)
	c.quietLocked()
	c.wakeLocked()
	c.unlockAndFinish()
}

// unlockAndFinish gives mu free and does what had to wait for that.
func (c *Client) unlockAndFinish() {
	later := c.later
	c.later = nil
	c.mu.Unlock()
	for _, do := range later {
		do()
	}
}

func (c *Client) settleLocked(j *job, out outcome) {
	q := j.queue
	q.tries++
	exhausted := c.opts.MaxRetries > 0 && q.tries >= c.opts.MaxRetries
	switch {
	case out.verdict == stored:
		c.goodLocked()
		c.countLocked(j.item, j.part.len())
		c.nextLocked(q, nil)
	case out.verdict == refused:
		if !out.local {
			c.goodLocked() // Loki is there and lets us in
		}
		c.refusedLocked(j, out)
	case out.verdict == unreadable:
		c.unreadableLocked(j.item, out.err)
		c.doneLocked(q)
	case out.verdict == held:
		c.noteHeldLocked(q, out)
		c.delayLocked(q, out)
	case exhausted, out.verdict == throttled && c.opts.DropRateLimited:
		c.dropLocked(j, j.part, out)
		c.nextLocked(q, nil)
	case out.verdict == throttled:
		c.throttledLocked(j, out)
	case out.verdict == tooLarge && c.isTooLargeLocked(q, out):
		c.tooLargeLocked(j, out)
	default:
		c.closeGateLocked(q, out)
	}
}

// isTooLargeLocked reports whether an answer that may mean "too large" does.
func (c *Client) isTooLargeLocked(q *queue, out outcome) bool {
	othersPass := c.lastGood.After(q.since)
	return out.certain || q.tries >= triesAmongOthers && othersPass || q.tries >= triesAlone
}

// tooLargeLocked halves. A single entry that cannot be halved is tried again,
// and holds up its stream alone.
func (c *Client) tooLargeLocked(j *job, out outcome) {
	if j.part.len() > 1 {
		c.halveLocked(j)
		return
	}
	c.delayLocked(j.queue, out)
}

// throttledLocked holds up one stream. What is refused again and again may be
// above a burst limit: then smaller requests pass.
func (c *Client) throttledLocked(j *job, out outcome) {
	q := j.queue
	if q.tries%triesThrottled == 0 {
		if q.tries == triesThrottled {
			c.noteThrottledLocked(q, out)
		}
		if j.part.len() > 1 {
			q.todo = append(q.todo[:len(q.todo)-1], halves(j.part)...)
		}
	}
	c.delayLocked(q, out)
}

// nextLocked goes on with what is left of q's next part, with its next part, or
// with its next item.
func (c *Client) nextLocked(q *queue, left []part) {
	q.tries = 0
	q.todo = append(q.todo[:len(q.todo)-1], left...)
	if len(q.todo) == 0 {
		c.doneLocked(q)
		return
	}
	c.againLocked(q)
}

// doneLocked is done with q's first item.
func (c *Client) doneLocked(q *queue) {
	it := q.items[0]
	q.items[0] = nil
	q.items = q.items[1:]
	q.todo, q.tries, q.stamp = q.todo[:0], 0, stamp{}
	if it.isOnDisk() {
		q.onDisk--
	}
	if it.writing {
		it.over = true
	} else {
		c.freeLocked(it)
		c.forgetLocked(it)
	}
	if len(q.items) == 0 {
		delete(c.queues, q.stream)
		return
	}
	c.againLocked(q)
}

// againLocked makes a queue ready.
func (c *Client) againLocked(q *queue) {
	c.restLocked(q)
	c.ready = append(c.ready, q)
}

// restLocked frees the memory of a queue's first item if that is on disk: only
// those with a sender are in both.
func (c *Client) restLocked(q *queue) {
	if it := q.items[0]; it.isOnDisk() {
		c.freeLocked(it)
	}
}

// freeLocked gives back an item's memory: it is done with, or on disk.
func (c *Client) freeLocked(it *item) {
	if it.batch == nil {
		return
	}
	c.memory -= it.batch.Memory()
	it.batch.Done()
	it.batch = nil
	c.waiting--
	if c.waiting == 0 {
		close(c.empty)
	}
}

func (c *Client) halveLocked(j *job) { c.nextLocked(j.queue, halves(j.part)) }

// halves returns the two halves of p, the first one last.
func halves(p part) []part {
	mid := (p.from + p.to) / 2
	return []part{{mid, p.to}, {p.from, mid}}
}

// dropLocked gives up a part for a counted reason. It stays in q.todo.
func (c *Client) dropLocked(j *job, p part, out outcome) {
	c.opts.Metrics.dropped(c.host, c.tenant(j.queue.stream.Tenant), out.reason, j.batch, p)
	c.countLocked(j.item, p.len())
	c.noteDropLocked(j.queue, p.len(), out)
}

// delayLocked holds up one stream.
func (c *Client) delayLocked(q *queue, out outcome) {
	c.opts.Metrics.retried(c.host, c.tenant(q.stream.Tenant))
	q.due = time.Now().Add(max(out.retryAfter, c.backoff(q.tries)))
	c.restLocked(q)
	c.delayed = append(c.delayed, q)
}

// closeGateLocked holds up the client: Loki is away, or lets nobody in. The
// next request is another stream's, if one waits: this one may be at fault.
func (c *Client) closeGateLocked(q *queue, out outcome) {
	c.opts.Metrics.retried(c.host, c.tenant(q.stream.Tenant))
	now := time.Now()
	if !c.gate.After(now) { // else another request has closed it just now
		if c.failures == 0 {
			c.failingSince = q.since
		}
		c.failures++
		c.gate = now.Add(max(out.retryAfter, c.backoff(c.failures)))
	}
	c.noteTroubleLocked(out)
	c.againLocked(q)
}

// goodLocked notes that requests get through.
func (c *Client) goodLocked() {
	c.lastGood, c.failures, c.gate = time.Now(), 0, time.Time{}
	c.noteGoodLocked()
}

// backoff doubles from MinBackoff to MaxBackoff; the upper half of it is
// random, so that collectors do not come back in step.
func (c *Client) backoff(tries int) time.Duration {
	d := c.opts.MinBackoff
	for i := 1; i < tries && d < c.opts.MaxBackoff; i++ {
		d *= 2
	}
	d = min(d, c.opts.MaxBackoff)
	return d/2 + rand.N(d/2+1)
}
