package ship

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// queue is what waits for one stream. It is in one place at a time: with a
// sender, in Client.ready, or in Client.delayed.
type queue struct {
	stream  *pipeline.Stream
	labels  string // with the external labels
	batches []*pipeline.Batch
	todo    []part    // of the first batch, the next part last
	tries   int       // of the next part
	since   time.Time // when the first of these began
	due     time.Time // while delayed
}

// part is the entries [from, to) of a batch.
type part struct{ from, to int }

func (p part) len() int { return p.to - p.from }

// job is one request to be made.
type job struct {
	queue *queue
	batch *pipeline.Batch
	part  part
	plain bool // without structured metadata
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
	if q.tries == 0 {
		q.since = now
	}
	if len(c.ready) > 0 {
		c.wakeLocked()
	}
	return &job{queue: q, batch: q.batches[0], part: q.todo[len(q.todo)-1], plain: c.plain}, 0
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

// settle does with a job what its outcome asks for. A request that was cut off
// by the end of Run says nothing.
func (c *Client) settle(ctx context.Context, j *job, out outcome) {
	if ctx.Err() != nil && out.verdict != stored {
		return
	}
	c.mu.Lock()
	c.inFlight--
	c.settleLocked(j, out)
	c.wakeLocked()
	notes := c.notes
	c.notes = nil
	c.mu.Unlock()
	for _, note := range notes {
		note()
	}
}

func (c *Client) settleLocked(j *job, out outcome) {
	q := j.queue
	q.tries++
	exhausted := c.opts.MaxRetries > 0 && q.tries >= c.opts.MaxRetries
	switch {
	case out.verdict == stored:
		c.goodLocked()
		c.nextLocked(q, nil)
	case out.verdict == refused:
		c.goodLocked() // Loki is there and lets us in
		c.refusedLocked(j, out)
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

// refusedLocked drops what Loki refused for good and sends the rest again,
// exactly as it was: some of it is stored already.
func (c *Client) refusedLocked(j *job, out outcome) {
	if out.metadata && !j.plain {
		c.plainLocked(out)
		c.againLocked(j.queue)
		return
	}
	if out.all || j.part.len() == 1 {
		c.dropLocked(j, j.part, out)
		c.nextLocked(j.queue, nil)
		return
	}
	kept, dropped := split(j.batch, j.part, out)
	if len(dropped) == 0 {
		c.halveLocked(j)
		return
	}
	for _, p := range dropped {
		c.dropLocked(j, p, out)
	}
	c.nextLocked(j.queue, kept)
}

// isTooLargeLocked reports whether an answer that may mean "too large" does.
func (c *Client) isTooLargeLocked(q *queue, out outcome) bool {
	othersPass := c.lastGood.After(q.since)
	return out.certain || q.tries >= triesAmongOthers && othersPass || q.tries >= triesAlone
}

// tooLargeLocked halves. A single entry that cannot be halved is refused for
// good by a certain answer; else it is tried again, and holds up its stream alone.
func (c *Client) tooLargeLocked(j *job, out outcome) {
	switch {
	case j.part.len() > 1:
		c.halveLocked(j)
	case out.certain:
		c.dropLocked(j, j.part, out)
		c.nextLocked(j.queue, nil)
	default:
		c.delayLocked(j.queue, out)
	}
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
// with its next batch.
func (c *Client) nextLocked(q *queue, left []part) {
	q.tries = 0
	q.todo = append(q.todo[:len(q.todo)-1], left...)
	if len(q.todo) == 0 {
		b := q.batches[0]
		q.batches[0] = nil
		q.batches = q.batches[1:]
		c.doneLocked(b)
		if len(q.batches) == 0 {
			delete(c.queues, q.stream)
			return
		}
		q.todo = append(q.todo, part{0, q.batches[0].Len()})
	}
	c.againLocked(q)
}

func (c *Client) againLocked(q *queue) { c.ready = append(c.ready, q) }

func (c *Client) doneLocked(b *pipeline.Batch) {
	b.Done()
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

// split tells the entries of p that the answer refuses by their time from the
// others. Kept are in reverse order, as in queue.todo.
func split(b *pipeline.Batch, p part, out outcome) (kept, dropped []part) {
	for end := p.to; end > p.from; {
		start, bad := end-1, out.refuses(b.Time(end-1))
		for start > p.from && out.refuses(b.Time(start-1)) == bad {
			start--
		}
		if bad {
			dropped = append(dropped, part{start, end})
		} else {
			kept = append(kept, part{start, end})
		}
		end = start
	}
	return kept, dropped
}

// dropLocked gives up a part for a counted reason. It stays in q.todo.
func (c *Client) dropLocked(j *job, p part, out outcome) {
	c.opts.Metrics.dropped(c.host, c.tenant(j.queue.stream.Tenant), out.reason, j.batch, p)
	c.noteDropLocked(j.queue, p.len(), out)
}

// delayLocked holds up one stream.
func (c *Client) delayLocked(q *queue, out outcome) {
	c.opts.Metrics.retried(c.host, c.tenant(q.stream.Tenant))
	q.due = time.Now().Add(max(out.retryAfter, c.backoff(q.tries)))
	c.delayed = append(c.delayed, q)
}

// closeGateLocked holds up the client: Loki is away, or lets nobody in. The
// next request is another stream's, if one waits: this one may be at fault.
func (c *Client) closeGateLocked(q *queue, out outcome) {
	c.opts.Metrics.retried(c.host, c.tenant(q.stream.Tenant))
	now := time.Now()
	if !c.gate.After(now) { // else another request has closed it just now
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
