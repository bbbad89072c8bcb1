package stage

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// limit lets so many entries of a second pass, over all targets of the job. It
// drops what is above, or lets it pass and keeps the target from being read for
// as long as it would have had to wait. The time is that of reading.
type limit struct {
	one    *limiter
	by     int // the label whose values have a limit each, or wholeTarget
	byName string
	drop   bool
	new    func(value string) *limiter
	most   int // values of one generation

	mu           sync.Mutex // guards the maps
	newer, older map[string]*limiter
}

// limiter is the limit of a label value. It is safe for concurrent use.
type limiter struct {
	*rate.Limiter
	value string
}

func (c *compiler) limit(cfg *config.LimitStage) {
	s := &limit{
		by: wholeTarget, byName: cfg.ByLabelName, drop: cfg.Drop,
		new: func(value string) *limiter {
			return &limiter{rate.NewLimiter(rate.Limit(cfg.Rate), cfg.Burst), value}
		},
		most: cfg.MaxDistinctLabels, newer: map[string]*limiter{},
	}
	s.one = s.new("")
	if cfg.ByLabelName != "" {
		s.by = c.name(cfg.ByLabelName)
	}
	c.add(s)
}

func (s *limit) run(f *Feed, r *record) verdict {
	l := s.of(r)
	switch {
	case l == nil:
		return next
	case !s.drop:
		f.pause(l.ReserveN(f.now, 1).DelayFrom(f.now))
		return next
	case l.AllowN(f.now, 1):
		return next
	}
	if s.by != wholeTarget && f.opts.DroppedByLabel != nil {
		f.opts.DroppedByLabel(s.byName, l.value)
	}
	return f.drop(r, "ratelimit_drop_stage")
}

// of is the limiter for r, or nil if it does not have the label.
func (s *limit) of(r *record) *limiter {
	if s.by == wholeTarget {
		return s.one
	}
	value := r.labels[s.by].text
	if len(value) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.newer[string(value)]
	if l != nil {
		return l
	}
	if l = s.older[string(value)]; l == nil {
		l = s.new(string(value))
	}
	if len(s.newer) >= s.most { // values that did not come for a whole generation are forgotten
		s.older, s.newer = s.newer, map[string]*limiter{}
	}
	s.newer[l.value] = l
	return l
}

// pause keeps the target from being read for a time from now on.
func (f *Feed) pause(d time.Duration) {
	if until := f.now.Add(d); d > 0 && until.After(f.paused) {
		f.paused = until
	}
}

// PausedUntil implements pipeline.Pacing.
func (f *Feed) PausedUntil() time.Time { return f.paused }
