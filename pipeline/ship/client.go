// Package ship sends batches to Loki.
//
// A request carries one stream. Loki's ingester returns the error of the last
// stream of a push alone, so a 2xx for several streams would not say that all
// of them were stored (docs/adr). Requests of one stream follow one another:
// nothing newer overtakes something older, and a stream that is refused holds
// up only itself.
package ship

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Options configure a Client.
type Options struct {
	Name           string // in metrics and messages
	URL            string // of the push endpoint, without credentials
	Tenant         string // X-Scope-OrgID, empty for none
	ExternalLabels []pipeline.Label
	Header         http.Header
	// Authorize adds credentials to each request. It is called for each one, so
	// that a rotated secret file is read again.
	Authorize  func(*http.Request) error
	Transport  http.RoundTripper
	Timeout    time.Duration // of one request
	MinBackoff time.Duration
	MaxBackoff time.Duration
	MaxRetries int // of one batch, 0: without end
	Senders    int // requests at a time
	Log        *slog.Logger
	Metrics    *Metrics
}

// Client is one Loki. It is safe for concurrent use.
type Client struct {
	opts Options
	http *http.Client
	host string

	mu       sync.Mutex
	queues   map[*pipeline.Stream]*queue
	ready    []*queue  // with a batch to send now, in the order they became so
	delayed  []*queue  // refused, to be tried again later
	waiting  int       // batches that are not done
	gate     time.Time // nothing is sent before: Loki does not answer or refuses us
	failures int       // requests that failed since the last good one
	lastGood time.Time // when Loki last stored something
	state    string    // what is wrong, "" if nothing is
	changed  chan struct{}
	empty    chan struct{} // closed while nothing waits
}

// queue is what waits for one stream.
type queue struct {
	stream  *pipeline.Stream
	labels  string
	batches []*pipeline.Batch
	todo    []part    // of the first batch, the next part last
	tries   int       // of the next part
	since   time.Time // the first of these tries
	busy    bool      // a sender has it
	due     time.Time
}

// part is the entries [from, to) of a batch.
type part struct{ from, to int }

// New returns a client. It sends nothing before Run.
func New(opts Options) (*Client, error) {
	req, err := http.NewRequest(http.MethodPost, opts.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", opts.Name, err)
	}
	c := &Client{
		opts: opts, host: req.URL.Host, queues: map[*pipeline.Stream]*queue{},
		http:    &http.Client{Transport: opts.Transport, Timeout: opts.Timeout},
		changed: make(chan struct{}, 1), empty: make(chan struct{}),
	}
	close(c.empty)
	return c, nil
}

// Deliver takes a batch and calls its Done once Loki has it, or has refused it
// for good. It never blocks.
func (c *Client) Deliver(b *pipeline.Batch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[b.Stream]
	if q == nil {
		q = &queue{stream: b.Stream, labels: c.labels(b.Stream)}
		c.queues[b.Stream] = q
	}
	if c.waiting == 0 {
		c.empty = make(chan struct{})
	}
	c.waiting++
	q.batches = append(q.batches, b)
	if len(q.batches) == 1 {
		q.todo = append(q.todo[:0], part{0, b.Len()})
		c.ready = append(c.ready, q)
	}
	c.wakeLocked()
}

// labels is the stream's label set with the external labels, which the
// stream's own override.
func (c *Client) labels(s *pipeline.Stream) string {
	if len(c.opts.ExternalLabels) == 0 {
		return s.Text
	}
	own := map[string]bool{}
	for _, l := range s.Labels {
		own[l.Name] = true
	}
	all := append([]pipeline.Label(nil), s.Labels...)
	for _, l := range c.opts.ExternalLabels {
		if !own[l.Name] {
			all = append(all, l)
		}
	}
	return pipeline.LabelText(all)
}

// Run sends until ctx is done. Batches that Loki has not confirmed by then are
// not settled: they are read again at the next start.
func (c *Client) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range c.opts.Senders {
		wg.Go(func() { c.send(ctx) })
	}
	wg.Wait()
	return nil
}

// Drain waits until every batch is done, or ctx is.
func (c *Client) Drain(ctx context.Context) error {
	c.mu.Lock()
	empty := c.empty
	c.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("client %s: %d batches are not confirmed: %w", c.opts.Name, c.Waiting(), ctx.Err())
	}
}

// Waiting is how many batches are not done.
func (c *Client) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting
}

// Trouble says in words why nothing gets through, or is "".
func (c *Client) Trouble() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// send is one sender: it takes the next part of the next stream that is due.
func (c *Client) send(ctx context.Context) {
	enc := &encoder{}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		q, wait := c.take(time.Now())
		if q != nil {
			c.settle(ctx, q, c.try(ctx, enc, q))
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-c.changed:
		}
	}
}

// take returns a stream to send for, or how long to wait.
func (c *Client) take(now time.Time) (*queue, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if wait := c.gate.Sub(now); wait > 0 {
		return nil, wait
	}
	wait := time.Hour
	kept := c.delayed[:0]
	for _, q := range c.delayed {
		if left := q.due.Sub(now); left > 0 {
			wait = min(wait, left)
			kept = append(kept, q)
			continue
		}
		c.ready = append(c.ready, q)
	}
	c.delayed = kept
	if len(c.ready) == 0 {
		return nil, wait
	}
	q := c.ready[0]
	c.ready = c.ready[1:]
	q.busy = true
	if len(c.ready) > 0 {
		c.wakeLocked()
	}
	return q, 0
}

func (c *Client) wakeLocked() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// try sends the next part of q's first batch.
func (c *Client) try(ctx context.Context, enc *encoder, q *queue) outcome {
	b, p := q.batches[0], q.todo[len(q.todo)-1]
	body, err := enc.encode(q.labels, b, p)
	if err != nil {
		return outcome{verdict: refused, reason: "ingester_error", err: err}
	}
	out := c.post(ctx, q.stream.Tenant, body)
	if out.verdict == stored {
		c.opts.Metrics.sent(c.host, b, p, len(body))
	}
	return out
}

// settle does with q what the outcome asks for.
func (c *Client) settle(ctx context.Context, q *queue, out outcome) {
	if ctx.Err() != nil && out.verdict != stored {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	q.busy = false
	c.noteLocked(out)
	if q.tries++; q.tries == 1 {
		q.since = time.Now()
	}
	exhausted := c.opts.MaxRetries > 0 && q.tries > c.opts.MaxRetries
	p := q.todo[len(q.todo)-1]
	switch {
	case out.verdict == stored:
		c.nextLocked(q)
	case exhausted, out.verdict == refused && (p.to-p.from == 1 || out.all):
		c.dropLocked(q, p, out)
		c.nextLocked(q)
	case out.verdict == refused, out.verdict == tooLarge && p.to-p.from > 1 && c.isTooLargeLocked(q, out):
		c.halveLocked(q, p)
	case out.verdict == throttled:
		c.delayLocked(q, out)
	default:
		c.closeGateLocked(out)
		c.ready = append([]*queue{q}, c.ready...)
	}
	c.wakeLocked()
}

// isTooLargeLocked reports whether an answer that may mean "too large" does:
// it repeats for one part while others pass, or without end.
func (c *Client) isTooLargeLocked(q *queue, out outcome) bool {
	othersPass := c.lastGood.After(q.since)
	return q.tries >= out.patience && othersPass || q.tries >= 3*out.patience || out.patience == 1
}

// nextLocked goes on with q's next part, or its next batch.
func (c *Client) nextLocked(q *queue) {
	q.tries = 0
	q.todo = q.todo[:len(q.todo)-1]
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
	c.ready = append(c.ready, q)
}

func (c *Client) doneLocked(b *pipeline.Batch) {
	b.Done()
	c.waiting--
	if c.waiting == 0 {
		close(c.empty)
	}
}

// halveLocked looks for the refused entries: each half is sent alone. What the
// refused request stored already comes again exactly as it was.
func (c *Client) halveLocked(q *queue, p part) {
	mid := (p.from + p.to) / 2
	q.tries = 0
	q.todo = append(q.todo[:len(q.todo)-1], part{mid, p.to}, part{p.from, mid})
	c.ready = append([]*queue{q}, c.ready...)
}

// dropLocked gives up a part for a counted reason.
func (c *Client) dropLocked(q *queue, p part, out outcome) {
	c.opts.Metrics.dropped(c.host, q.stream.Tenant, out.reason, q.batches[0], p)
	c.opts.Log.Warn("Loki refused entries for good; they are dropped",
		"client", c.opts.Name, "stream", q.labels, "entries", p.to-p.from, "reason", out.reason, "err", out.err)
}

// delayLocked holds up one stream.
func (c *Client) delayLocked(q *queue, out outcome) {
	c.opts.Metrics.retries.WithLabelValues(c.host, q.stream.Tenant).Inc()
	q.due = time.Now().Add(max(out.retryAfter, c.backoff(q.tries)))
	c.delayed = append(c.delayed, q)
}

// closeGateLocked holds up the client: Loki is away, or lets nobody in.
func (c *Client) closeGateLocked(out outcome) {
	c.opts.Metrics.retries.WithLabelValues(c.host, c.opts.Tenant).Inc()
	c.failures++
	c.gate = time.Now().Add(max(out.retryAfter, c.backoff(c.failures)))
}

// backoff doubles from MinBackoff to MaxBackoff; the upper half of it is
// random, so that collectors do not come back in step.
func (c *Client) backoff(tries int) time.Duration {
	d := c.opts.MaxBackoff
	if tries < 30 {
		d = min(d, c.opts.MinBackoff<<(tries-1))
	}
	return d/2 + rand.N(d/2+1)
}

// noteLocked logs changes between working and failing, never one line for
// each request.
func (c *Client) noteLocked(out outcome) {
	if out.verdict == stored {
		if c.state != "" {
			c.opts.Log.Info("Loki takes logs again", "client", c.opts.Name, "url", c.opts.URL)
		}
		c.state, c.failures, c.gate, c.lastGood = "", 0, time.Time{}, time.Now()
		return
	}
	if out.kind == "" || out.kind == c.state {
		return
	}
	c.state = out.kind
	c.opts.Log.Error("nothing gets through to Loki; files are kept where they are and read on later",
		"client", c.opts.Name, "url", c.opts.URL, "why", out.kind, "remedy", out.remedy, "err", out.err)
}

// Name is the client's name in the configuration.
func (c *Client) Name() string { return c.opts.Name }
