package loki

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

// HubConfig bounds the live tail.
type HubConfig struct {
	// Every is the time between two looks at Loki.
	Every time.Duration
	// Overlap is how late a line may reach Loki and still be seen.
	Overlap time.Duration
	// Linger is how long a follow goes on without viewers, so that one who
	// comes back misses nothing and repeats nothing.
	Linger time.Duration
	// Follows and Viewers are the largest numbers at once.
	Follows, Viewers int
	// ViewerLines is how many lines wait for one viewer before the oldest are
	// left out.
	ViewerLines int
	// BacklogLines is how many lines of the past one viewer gets at once.
	BacklogLines int
	// Now is the clock.
	Now func() time.Time
}

// DefaultHubConfig returns the bounds for one server.
func DefaultHubConfig() HubConfig {
	return HubConfig{
		Every: time.Second, Overlap: 10 * time.Second, Linger: 30 * time.Second,
		Follows: 50, Viewers: 500, ViewerLines: 5000, BacklogLines: 2000, Now: time.Now,
	}
}

// followCalls is how many calls of Loki all follows make at once.
const followCalls = 3

// Hub follows queries. However many viewers watch one query, Loki is asked
// once: a look each second at what is new, with an overlap for lines that
// arrive late.
//
// A line that reaches Loki more than Overlap after newer lines of the query
// (an outage, a spool) is not shown by the tail; pages show it.
type Hub struct {
	client *Client
	config HubConfig

	mu      sync.Mutex
	ctx     context.Context // of Run; nil when the hub does not run
	running sync.WaitGroup
	follows map[string]*follow
	viewers int
}

// NewHub returns a hub; nothing is followed before Run.
func NewHub(client *Client, config HubConfig) *Hub {
	return &Hub{client: client.lane(followCalls), config: config, follows: map[string]*follow{}}
}

// Run lets viewers watch until ctx ends. When it returns, every follow has
// ended and every viewer is closed.
func (h *Hub) Run(ctx context.Context) error {
	h.mu.Lock()
	h.ctx = ctx
	h.mu.Unlock()
	<-ctx.Done()
	h.mu.Lock()
	h.ctx = nil
	h.mu.Unlock()
	h.running.Wait()
	return nil
}

// Viewers returns how many viewers watch and how many follows serve them.
func (h *Hub) Viewers() (viewers, follows int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.viewers, len(h.follows)
}

// WatchRequest says what a viewer wants to see.
type WatchRequest struct {
	// Query is a log query, as Normalise or LogQL gives it.
	Query string
	// Since asks for the lines from then on first; zero is none.
	Since time.Time
	// Resume is the cursor of the last batch that the viewer has, or "". It
	// goes before Since. A cursor that cannot be read is as none.
	Resume string
}

// Watch starts to watch. The viewer must be closed with Leave. When the lines
// of the past cannot be read the error is Loki's; the viewer may try again with
// the same cursor.
func (h *Hub) Watch(ctx context.Context, req WatchRequest) (*Viewer, error) {
	resume, resumes := decodeTailCursor(req.Resume)
	v, f, err := h.join(req.Query, resume)
	if err != nil {
		return nil, err
	}
	if v.resumed {
		return v, nil
	}
	since, unseen := req.Since, req.Since
	if resumes {
		last := time.Unix(0, resume.ts)
		since, unseen = last.Add(-h.config.Overlap), last.Add(1)
	}
	if since.IsZero() {
		return v, nil
	}
	if err := h.backlog(ctx, f, v, since, unseen); err != nil {
		h.Leave(v)
		return nil, err
	}
	return v, nil
}

// join adds a viewer to the follow of the query, and starts the follow if there
// is none.
func (h *Hub) join(query string, resume tailCursor) (*Viewer, *follow, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx == nil {
		return nil, nil, &Error{Code: CodeUnavailable, Message: "the dashboard is stopping"}
	}
	if h.viewers >= h.config.Viewers {
		return nil, nil, tooMany("viewers", h.config.Viewers)
	}
	f, ok := h.follows[query]
	if !ok && len(h.follows) >= h.config.Follows {
		return nil, nil, tooMany("different live tails", h.config.Follows)
	}
	if !ok {
		f = newFollow(h, query)
		h.follows[query] = f
		ctx := h.ctx
		h.running.Go(func() { f.run(ctx) })
	}
	h.viewers++
	return f.join(resume), f, nil
}

// tooMany says that a bound of the hub is reached.
func tooMany(what string, bound int) error {
	return &Error{Code: CodeThrottled, Message: fmt.Sprintf("there are already %d %s, the most that are allowed; close one and try again", bound, what)}
}

// Leave closes the viewer. It may be called more than once.
func (h *Hub) Leave(v *Viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.follow.leave(v, h.config.Now()) {
		h.viewers--
	}
}

// retire removes a follow that nobody has watched for a while. It returns false
// when somebody watches it.
func (h *Hub) retire(f *follow) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !f.idle(h.config.Now(), h.config.Linger) {
		return false
	}
	delete(h.follows, f.query)
	return true
}

// forget removes a follow that ends, with its viewers.
func (h *Hub) forget(f *follow) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.follows[f.query] == f {
		delete(h.follows, f.query)
	}
	h.viewers -= f.closeViewers()
}

// backlog gives the viewer the newest lines from since until now, before the
// live ones, and keeps the live ones among them from being shown twice. What is
// left out counts from unseen on: the viewer has what is older.
func (h *Hub) backlog(ctx context.Context, f *follow, v *Viewer, since, unseen time.Time) error {
	now := h.config.Now()
	page, err := h.client.Page(ctx, PageRequest{
		Query: f.query, Start: since, End: now, Limit: h.config.BacklogLines, Direction: Backward,
	})
	if err != nil {
		return err
	}
	left := int64(0)
	if n := len(page.Entries); page.Next != "" && n > 0 && page.Entries[n-1].TS >= unseen.UnixNano() {
		// Loki counts whole milliseconds back from now: the last line that the viewer has is not to be among them.
		unseen = now.Add(-now.Sub(unseen).Truncate(time.Millisecond))
		left = h.leftOut(ctx, f.query, unseen, now, n)
	}
	v.prepend(page.Entries, left, page.Next != "", now.UnixNano(), 2*h.config.Overlap.Nanoseconds())
	return nil
}

// leftOut counts the lines that a viewer does not get: all of the range but
// those shown. When Loki does not say how many, it is one at least.
func (h *Hub) leftOut(ctx context.Context, query string, start, end time.Time, shown int) int64 {
	totals, err := h.client.Totals(ctx, query, nil, start, end)
	if err != nil || len(totals) == 0 {
		return 1
	}
	return max(totals[0].Count-int64(shown), 0)
}

// randomEpoch returns the identity of a follow.
func randomEpoch() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint64(b[:])
}
