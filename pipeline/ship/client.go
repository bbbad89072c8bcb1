// Package ship sends batches to Loki.
//
// A request carries one stream. Loki's ingester returns the error of the last
// stream of a push alone, so a 2xx for several streams would not say that all
// of them were stored (docs/adr). Requests of one stream follow one another:
// nothing newer overtakes something older, and a stream that is refused holds
// up only itself.
//
// What an answer means is decided in answer.go, what becomes of the batch in
// queue.go. Nothing is given up but what Loki refuses for good, and that is
// counted; everything else is tried again, without end unless the
// configuration says otherwise.
package ship

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	// Authorize adds credentials to each request, nil for none. It is called
	// for each one, so that a rotated secret file is read again.
	Authorize func(*http.Request) error
	Transport http.RoundTripper
	// FollowRedirects follows 307 and 308. Others are never followed: they
	// would turn the push into a GET, whose 200 would say nothing.
	FollowRedirects bool
	Timeout         time.Duration // of one request, 0: none
	MinBackoff      time.Duration
	MaxBackoff      time.Duration
	MaxRetries      int  // requests for one part of a batch, 0: without end
	DropRateLimited bool // what Loki answers 429 to is dropped
	Senders         int  // requests at a time
	Log             *slog.Logger
	Metrics         *Metrics
	// Share and Alone are what SetShare is told first.
	Share int64
	Alone bool
	// Quarantine keeps entries that Loki refused for good, nil for nowhere. It
	// returns when they are durable; the batch is valid until then.
	Quarantine func([]Refused) error
}

// Client is one Loki. It is safe for concurrent use.
type Client struct {
	opts Options
	http *http.Client
	host string
	url  string // as it is shown: without the query, where some services expect a token

	mu       sync.Mutex
	queues   map[*pipeline.Stream]*queue
	ready    []*queue      // with a part to send now, in the order they became so
	delayed  []*queue      // to be tried again later
	inFlight int           // requests
	waiting  int           // batches in memory that are not done
	memory   int64         // what these take
	empty    chan struct{} // closed while there is none
	changed  chan struct{} // holds a token after something became ready

	gate         time.Time // nothing is sent before: Loki does not answer or lets nobody in
	failures     int       // times in a row that the gate was closed
	failingSince time.Time // when the first of them began
	lastGood     time.Time // when Loki last stored something
	plain        bool      // this Loki takes no structured metadata
	window       window
	lokiTime     time.Time // as an answer said
	lokiTimeAt   time.Time // when that was
	trouble      string    // why the gate is closed, "" if it is not
	drops        map[string]*dropNote
	heldLogged   time.Time // when it was logged that a stream is held
	later        []func()  // what is done when mu is free: log lines, calls of the spool
	counts       Counts
	share        int64 // as SetShare says
	alone        bool
	quiet        chan struct{} // after Finish was called: closed when nothing is under way
	isQuiet      bool          // it is closed

	disk *disk // nil without a spool
}

// New returns a client. It sends nothing before Run.
func New(opts Options) (*Client, error) {
	req, err := http.NewRequest(http.MethodPost, opts.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", opts.Name, err)
	}
	if opts.Senders < 1 || opts.MinBackoff <= 0 || opts.MaxBackoff < opts.MinBackoff {
		return nil, fmt.Errorf("client %s: %d senders, back-off from %v to %v; there has to be a sender, and the back-off has to grow from more than 0",
			opts.Name, opts.Senders, opts.MinBackoff, opts.MaxBackoff)
	}
	c := &Client{
		opts: opts, host: req.URL.Host, url: req.URL.Scheme + "://" + req.URL.Host + req.URL.Path, queues: map[*pipeline.Stream]*queue{}, drops: map[string]*dropNote{},
		http:    &http.Client{Transport: opts.Transport, Timeout: opts.Timeout, CheckRedirect: checkRedirect(opts.FollowRedirects)},
		changed: make(chan struct{}, 1), empty: make(chan struct{}),
		share: opts.Share, alone: opts.Alone,
	}
	close(c.empty)
	opts.Metrics.begin(c.host, opts.Tenant)
	return c, nil
}

// Name is the client's name in metrics and messages.
func (c *Client) Name() string { return c.opts.Name }

// URL is where the client pushes to, without credentials and query.
func (c *Client) URL() string { return c.url }

// SetShare says how much of the memory of lines in flight is the client's, in
// bytes, and whether there is no other client that this one could hold up: then
// files wait where they are, and nothing of them is given up.
func (c *Client) SetShare(share int64, alone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.share, c.alone = share, alone
}

// Deliver takes a batch and calls its Done once Loki has it, or has refused it
// for good, or it is on disk. It never blocks.
func (c *Client) Deliver(b *pipeline.Batch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holdLocked(b)
	q := c.queueLocked(b.Stream)
	q.items = append(q.items, &item{queue: q, batch: b, since: time.Now(), left: b.Len()})
	c.counts.Taken += b.Len()
	c.counts.InFlight += b.Len()
	c.wakeLocked()
	if c.disk != nil && (b.Risk() == pipeline.Unlinked || c.memory > c.share/2) {
		c.disk.wakeUp()
	}
}

// queueLocked returns the queue of a stream. The caller adds an item to it.
func (c *Client) queueLocked(s *pipeline.Stream) *queue {
	q := c.queues[s]
	if q == nil {
		q = &queue{stream: s, labels: c.labels(s)}
		c.queues[s] = q
		c.ready = append(c.ready, q)
	}
	return q
}

// Counts are of entries. Taken is the sum of InFlight, OnDisk, and what the
// metrics count as sent and dropped.
type Counts struct {
	Taken    int // since the start: delivered to the client, or found in the spool and read
	InFlight int // in memory, and not confirmed
	OnDisk   int // in the spool, without what an earlier run left there and was not read yet
}

// Counts returns what the client did with its entries.
func (c *Client) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// CountDropped counts an entry for which a limit of the configuration came
// before its delivery: its tenant, "" for the client's own, and its bytes.
func (c *Client) CountDropped(tenant, reason string, bytes int) {
	c.mu.Lock()
	c.counts.Taken++
	c.mu.Unlock()
	m, tenant := c.opts.Metrics, c.tenant(tenant)
	m.droppedEntries.WithLabelValues(c.host, tenant, reason).Inc()
	m.droppedBytes.WithLabelValues(c.host, tenant, reason).Add(float64(bytes))
}

// CountCut counts an entry whose line a limit of the configuration cut by so many
// bytes.
func (c *Client) CountCut(tenant, reason string, bytes int) {
	m, tenant := c.opts.Metrics, c.tenant(tenant)
	m.mutated.WithLabelValues(c.host, tenant, reason).Inc()
	m.mutatedBytes.WithLabelValues(c.host, tenant, reason).Add(float64(bytes))
}

// countLocked notes that n entries of an item are sent or given up.
func (c *Client) countLocked(it *item, n int) {
	it.left -= n
	if it.isOnDisk() {
		c.counts.OnDisk -= n
	} else {
		c.counts.InFlight -= n
	}
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
		if !own[l.Name] && l.Value != "" {
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
	if c.disk != nil {
		wg.Go(func() { c.writeOut(ctx) })
	}
	wg.Wait()
	c.http.CloseIdleConnections()
	return nil
}

// Drain waits until every batch in memory is done or on disk, or ctx is done.
func (c *Client) Drain(ctx context.Context) error {
	c.mu.Lock()
	empty := c.empty
	c.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		if n := c.Waiting(); n > 0 {
			return fmt.Errorf("client %s: %d batches are not confirmed: %w", c.opts.Name, n, ctx.Err())
		}
		return nil
	}
}

// Waiting is how many batches in memory are not done.
func (c *Client) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting
}

// Trouble says in words why nothing gets through, or is "".
func (c *Client) Trouble() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

// send is one sender: it takes the next part of the next stream that is due.
func (c *Client) send(ctx context.Context) {
	enc := &encoder{}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		j, wait := c.take(time.Now())
		if j != nil {
			c.settle(ctx, j, c.try(ctx, enc, j))
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

// try sends one request.
func (c *Client) try(ctx context.Context, enc *encoder, j *job) outcome {
	if err := c.open(j); errors.Is(err, ErrSpoolDamaged) {
		return outcome{verdict: unreadable, err: err}
	} else if err != nil {
		return outcome{verdict: held, err: err}
	}
	if out, refuses := c.foresee(j, time.Now()); refuses {
		return out
	}
	body, err := enc.encode(j)
	if err != nil {
		out := refusal("not_encodable", err)
		out.all = true
		return out
	}
	out := c.post(ctx, j, body)
	if out.bodyInUse {
		enc.body = nil
	}
	if out.verdict == stored {
		c.opts.Metrics.sent(c.host, j.batch, j.part, len(body))
		c.opts.Metrics.restamped(c.host, c.tenant(j.queue.stream.Tenant), j.restamped())
	}
	return out
}

// tenant is the tenant of a stream, or else the client's.
func (c *Client) tenant(of string) string {
	if of != "" {
		return of
	}
	return c.opts.Tenant
}

func (c *Client) wakeLocked() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// checkRedirect leaves a redirect unfollowed that would not repeat the push.
func checkRedirect(follow bool) func(*http.Request, []*http.Request) error {
	const most = 10
	return func(req *http.Request, via []*http.Request) error {
		if len(via) >= most {
			return errors.New("the URL redirects in a circle")
		}
		if !follow || req.Method != http.MethodPost {
			return http.ErrUseLastResponse
		}
		return nil
	}
}
