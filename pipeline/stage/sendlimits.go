package stage

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// The reasons of SendLimits, which are promtail's.
const (
	reasonRate    = "global_rate_limiter_drop" // in logentry_dropped_lines_total
	ReasonStreams = "stream_limited"           // these in promtail_dropped_entries_total
	ReasonLine    = "line_too_long"            // and in promtail_mutated_entries_total
)

// SendLimitOptions are promtail's limits_config. Zero values are no limits.
type SendLimitOptions struct {
	Rate      float64 // entries of a second that leave the stages, over all targets
	Burst     int
	RateDrops bool // what is above is dropped; else reading waits
	LineBytes int  // a longer line is dropped
	Truncate  bool // or cut to LineBytes, if it is set
	Streams   int  // active ones of a tenant; entries of further ones are dropped
	// Dropped and Cut are told of each entry that a limit but the rate's dropped or
	// cut: the tenant of its stream, "" for the client's own, the reason, and the
	// bytes that are not sent. They are called by several goroutines.
	Dropped, Cut func(tenant, reason string, bytes int)
}

// SendLimits bounds what the feeds of all targets send, behind their stages. Its
// zero value has no limits. It is safe for concurrent use.
type SendLimits struct{ inForce atomic.Pointer[sendLimits] }

// Set puts limits in the place of those that are in force.
func (l *SendLimits) Set(opts SendLimitOptions) {
	if opts.Rate == 0 && opts.LineBytes == 0 && opts.Streams == 0 {
		l.inForce.Store(nil)
		return
	}
	next := &sendLimits{opts: opts, tenants: map[string]map[*pipeline.Stream]*activeStream{}}
	if opts.Rate > 0 {
		next.rate = rate.NewLimiter(rate.Limit(opts.Rate), opts.Burst)
	}
	l.inForce.Store(next)
}

// admit reports whether a record may be sent. It cuts the line of one that is
// too long, and drops and settles one that is not sent.
func (l *SendLimits) admit(f *Feed, r *record) bool {
	limits := l.inForce.Load()
	return limits == nil || limits.admit(f, r)
}

type sendLimits struct {
	opts SendLimitOptions
	rate *rate.Limiter // nil for none

	mu      sync.Mutex
	tenants map[string]map[*pipeline.Stream]*activeStream
	swept   time.Time
}

// activeStream says when a stream had its last entry, in unix nanoseconds, or
// streamForgotten.
type activeStream struct {
	of   *sendLimits
	last atomic.Int64
}

const streamForgotten = math.MinInt64

// streamIdle is how long a stream without entries counts as active. Promtail
// counts those of one batch; so short a time refuses hardly more than that.
const streamIdle = time.Minute

// sweepTime is how often a tenant that has too many streams is looked through.
const sweepTime = time.Second

// admit is SendLimits.admit.
func (l *sendLimits) admit(f *Feed, r *record) bool {
	switch {
	case l.rate == nil:
	case !l.opts.RateDrops:
		f.pause(l.rate.ReserveN(f.now, 1).DelayFrom(f.now))
	case !l.rate.AllowN(f.now, 1):
		f.drop(r, reasonRate)
		return false
	}
	if over := len(r.line) - l.opts.LineBytes; over > 0 && l.opts.LineBytes > 0 {
		if !l.opts.Truncate {
			return l.drop(f, r, ReasonLine)
		}
		kept := pipeline.CutText(r.line, l.opts.LineBytes)
		l.opts.Cut(f.tenantOf(r), ReasonLine, len(r.line)-kept)
		r.line = r.line[:kept]
	}
	if l.opts.Streams > 0 && !l.isActive(f, r) {
		return l.drop(f, r, ReasonStreams)
	}
	return true
}

func (l *sendLimits) drop(f *Feed, r *record, reason string) bool {
	l.opts.Dropped(f.tenantOf(r), reason, len(r.line))
	f.discard(r)
	return false
}

// isActive reports whether the record's stream is one of those that may be
// active.
func (l *sendLimits) isActive(f *Feed, r *record) bool {
	set, now := f.labelSet(r), f.now.UnixNano()
	if set.active != nil && set.active.of == l {
		if last := set.active.last.Load(); last != streamForgotten && set.active.last.CompareAndSwap(last, now) {
			return true
		}
	}
	set.active = l.activate(set.stream, f.now)
	return set.active != nil
}

// activate returns the stream as an active one, or nil if its tenant has too
// many.
func (l *sendLimits) activate(s *pipeline.Stream, now time.Time) *activeStream {
	l.mu.Lock()
	defer l.mu.Unlock()
	streams := l.tenants[s.Tenant]
	if streams == nil {
		streams = map[*pipeline.Stream]*activeStream{}
	}
	a := streams[s]
	if a == nil {
		if len(streams) >= l.opts.Streams {
			l.sweepLocked(now)
		}
		if len(streams) >= l.opts.Streams {
			return nil
		}
		a = &activeStream{of: l}
		streams[s] = a
		l.tenants[s.Tenant] = streams // the sweep may have forgotten it
	}
	a.last.Store(now.UnixNano())
	return a
}

// sweepLocked forgets the streams that are idle, and tenants without any.
func (l *sendLimits) sweepLocked(now time.Time) {
	if since := now.Sub(l.swept); since >= 0 && since < sweepTime {
		return
	}
	l.swept = now
	idle := now.Add(-streamIdle).UnixNano()
	for tenant, streams := range l.tenants {
		for s, a := range streams {
			if last := a.last.Load(); last < idle && a.last.CompareAndSwap(last, streamForgotten) {
				delete(streams, s)
			}
		}
		if len(streams) == 0 {
			delete(l.tenants, tenant)
		}
	}
}
