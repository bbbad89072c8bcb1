package issues

import (
	"fmt"
	"time"
)

// Retention says how long a store keeps what.
type Retention struct {
	// Events is how long events are kept, Counts how long hourly counts and the
	// texts of Search; 0 is for ever.
	Events, Counts time.Duration
	// Now is the clock, time.Now if it is nil.
	Now func() time.Time
}

// Validate says what is wrong with it.
func (r Retention) Validate() error {
	if r.Events < 0 || r.Counts < 0 {
		return fmt.Errorf("keep events for %s and counts for %s: less than nothing", r.Events, r.Counts)
	}
	if r.Counts > 0 && (r.Events == 0 || r.Events > r.Counts) {
		return fmt.Errorf("keep events for %s and counts for %s: counts are to be kept as long as events or longer", forEver(r.Events), r.Counts)
	}
	return nil
}

func forEver(d time.Duration) string {
	if d == 0 {
		return "ever"
	}
	return d.String()
}

// Time returns the time by its clock.
func (r Retention) Time() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

// Expired returns the full hours before which events and counts are deleted, the
// year 1970 for those that are kept for ever.
func (r Retention) Expired() (events, counts time.Time) {
	before := func(age time.Duration) time.Time {
		if age == 0 {
			return time.Unix(0, 0)
		}
		return r.Time().Add(-age).Truncate(time.Hour)
	}
	return before(r.Events), before(r.Counts)
}

// Oldest returns the time before which Insert leaves events out: that of an hour
// of which nothing can have been deleted, so that it can be counted anew.
func (r Retention) Oldest() time.Time {
	events, _ := r.Expired()
	if r.Events == 0 {
		return events
	}
	return events.Add(time.Hour)
}

// Kept returns the events that are not older than Oldest, bounded.
func (r Retention) Kept(events []Event) []Event {
	oldest := r.Oldest().UnixNano()
	kept := make([]Event, 0, len(events))
	for _, e := range events {
		if e.Time >= oldest {
			e.Bound()
			kept = append(kept, e)
		}
	}
	return kept
}
