package alerts

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	// PollEvery is how often Alertmanager is looked at.
	PollEvery = time.Minute
	// expireEvery is how often old episodes are deleted.
	expireEvery = time.Hour
	// soonAfter is how long notifications that were cut short are waited for before
	// one look for all.
	soonAfter = 2 * time.Second
	// unheardAfter is after how long without a notification an alert has ended, where
	// Alertmanager is not looked at: an hour more than the longest repeat_interval of
	// the shipped alertmanager.yml.
	unheardAfter = 25 * time.Hour
)

// PollConfig is what a Poller needs.
type PollConfig struct {
	// Client may be nil: then nothing is looked at.
	Client *Client
	Store  *Store
	// Every is the time between two looks; see PollEvery.
	Every time.Duration
	// Keep is how long episodes are kept that have ended; 0 is for ever.
	Keep time.Duration
	Log  *slog.Logger
	Now  func() time.Time
}

// Status is what is known of Alertmanager itself.
type Status struct {
	// LookedAt is when it was last looked at with success, zero if it was not.
	LookedAt time.Time
	// Since is since when looks succeed, or fail if there is a Failure.
	Since time.Time
	// Failure is why the last look failed, "" if it did not.
	Failure string
	// Truncated is how many alerts notifications left out since the last look.
	Truncated int
	// Skew is how far Alertmanager's clock is ahead of ours.
	Skew time.Duration
}

// Quiet says what keeps a firing alert from notifying.
type Quiet struct{ SilencedBy, InhibitedBy, MutedBy []string }

// Poller looks at Alertmanager, so that what notifications missed is known. It is
// safe for concurrent use.
type Poller struct {
	PollConfig
	wake    chan struct{} // capacity 1
	started time.Time     // when Run began
	expired time.Time     // when old episodes were last deleted

	mu     sync.Mutex
	status Status
	quiet  map[string]Quiet // by fingerprint
}

// NewPoller returns a Poller that has not looked yet.
func NewPoller(config PollConfig) *Poller {
	return &Poller{PollConfig: config, wake: make(chan struct{}, 1)}
}

// Status returns what is known of Alertmanager.
func (p *Poller) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	status := p.status
	if p.Client != nil {
		status.Skew = p.Client.Skew()
	}
	return status
}

// Quiet returns what keeps an alert from notifying, as of the last look.
func (p *Poller) Quiet(fingerprint string) Quiet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.quiet[fingerprint]
}

// Truncated says that a notification left out that many alerts. The Poller looks
// for them soon.
func (p *Poller) Truncated(alerts int) {
	p.mu.Lock()
	p.status.Truncated += alerts
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default: // it is about to look
	}
}

// Refresh looks at once.
func (p *Poller) Refresh(ctx context.Context) { p.look(ctx, doubts{}) }

// Run looks at Alertmanager until ctx ends. Without a Client it deletes old
// episodes only, and ends those of which nothing is heard.
func (p *Poller) Run(ctx context.Context) error {
	p.started = p.Now()
	tick := time.NewTicker(p.Every)
	defer tick.Stop()
	doubtful := p.look(ctx, doubts{})
	p.expire(ctx)
	var soon <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			doubtful = p.look(ctx, doubtful)
			p.expire(ctx)
		case <-p.wake:
			if soon == nil {
				soon = time.After(soonAfter)
			}
		case <-soon:
			// It comes early, so it confirms nothing.
			soon = nil
			p.look(ctx, doubts{})
		}
	}
}

// expire deletes old episodes, once in a while. Without a Client it ends those of
// which nothing is heard, but not before it could have been: what is not told while
// the dashboard does not run still fires.
func (p *Poller) expire(ctx context.Context) {
	now := p.Now()
	if now.Sub(p.expired) < expireEvery {
		return
	}
	p.expired = now
	var err error
	if p.Client == nil && now.Sub(p.started) >= unheardAfter {
		err = p.Store.endUnheard(ctx, now.Add(-unheardAfter))
	}
	if p.Keep > 0 {
		err = errors.Join(err, p.Store.Expire(ctx, now.Add(-p.Keep)))
	}
	if err != nil && ctx.Err() == nil {
		p.Log.Error("alerts", "error", err)
	}
}

// look looks once. It returns what is in doubt, which is before when it cannot look.
func (p *Poller) look(ctx context.Context, before doubts) doubts {
	if p.Client == nil {
		return doubts{}
	}
	p.mu.Lock()
	truncated := p.status.Truncated // those that come meanwhile may not be in the answer
	p.mu.Unlock()
	at := p.Now()
	alerts, err := p.Client.Alerts(ctx)
	if err != nil {
		p.failed(ctx, err)
		return before
	}
	doubtful, taken, err := p.Store.reconcile(ctx, looked{at, alerts}, before, p.Every)
	if err != nil {
		p.failed(ctx, err)
		return before
	}
	if taken != (Taken{}) {
		p.Log.Info("alerts differ from what notifications told", "opened", taken.Opened, "ended", taken.Ended, "reopened", taken.Reopened)
	}
	p.succeeded(at, alerts, truncated)
	return doubtful
}

func (p *Poller) succeeded(at time.Time, alerts []Live, truncated int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status.Failure != "" || p.status.Since.IsZero() {
		p.status.Since = at
		p.Log.Info("alerts are read from Alertmanager")
	}
	p.status.LookedAt, p.status.Failure = at, ""
	p.status.Truncated = max(0, p.status.Truncated-truncated) // two looks may overlap
	p.quiet = map[string]Quiet{}
	for _, a := range alerts {
		if len(a.SilencedBy)+len(a.InhibitedBy)+len(a.MutedBy) > 0 {
			p.quiet[a.Fingerprint] = Quiet{a.SilencedBy, a.InhibitedBy, a.MutedBy}
		}
	}
}

func (p *Poller) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status.Failure == "" {
		p.status.Since = p.Now()
		p.Log.Warn("Alertmanager cannot be looked at", "error", err)
	}
	p.status.Failure = err.Error()
	if known, ok := errors.AsType[*UpstreamError](err); ok {
		p.status.Failure = known.Message
	}
}
