package life

import (
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/grouping"
)

const (
	// requestTime is how far apart the two events of one request are at most,
	// instant how far those of one failure without a correlation id are.
	requestTime = time.Minute
	instant     = time.Second
	// recentMax bounds how many failures are remembered.
	recentMax = 4096
	// sightingsMax bounds how many events of one failure are compared.
	sightingsMax = 8
)

// failure is what the two events of one failure that is logged twice have in
// common.
type failure struct {
	exception              grouping.Hash
	correlation            string
	service, env, instance string
}

// sighting is one event of a failure.
type sighting struct {
	hash *hash
	time int64
}

// link links the issues of events of one failure.
func (x *tx) link(h *hash, s *Seen) error {
	if s.Exception == 0 {
		return nil
	}
	f := failure{exception: s.Exception, correlation: s.Correlation, service: s.Service, env: s.Env}
	within, why := requestTime, "one request logged both"
	if s.Correlation == "" {
		f.instance = s.Labels["container"] + s.Labels["host"]
		within, why = instant, "both were logged in the same instant"
	}
	recent := x.t.recent[f]
	for _, other := range recent {
		if other.hash.issue != h.issue && time.Duration(max(other.time-s.Time, s.Time-other.time)) <= within {
			if err := x.linkIssues(other.hash.issue.ID, h.issue.ID, why); err != nil {
				return err
			}
		}
	}
	if len(x.t.recent) >= recentMax {
		clear(x.t.recent)
	}
	if len(recent) >= sightingsMax {
		recent = recent[1:]
	}
	x.t.recent[f] = append(recent, sighting{h, s.Time})
	return nil
}

// linkIssues links two issues, once.
func (x *tx) linkIssues(a, b int64, why string) error {
	a, b = min(a, b), max(a, b)
	pair := [2]int64{a, b}
	if x.t.linked[pair] {
		return nil
	}
	x.t.linked[pair] = true
	if err := x.exec("INSERT INTO issue_links (a, b, reason, at) VALUES (?,?,?,?)", a, b, why, x.t.Now().UnixNano()); err != nil {
		return err
	}
	if err := x.note(a, "", KindLinked, LinkedDetail{Issue: b, Reason: why}); err != nil {
		return err
	}
	return x.note(b, "", KindLinked, LinkedDetail{Issue: a, Reason: why})
}
