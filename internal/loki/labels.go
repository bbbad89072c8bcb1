package loki

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// namesFresh is how long the names of labels serve.
	namesFresh = time.Minute
	// namesAgain is how long they serve at least: lines with names that nobody has
	// seen before make no more calls than this allows.
	namesAgain = 2 * time.Second
	// namesWait bounds the time to ask for them.
	namesWait = 3 * time.Second
	// namesDays bounds how many ranges are remembered, namesOthers how many names
	// of each that are no labels.
	namesDays   = 64
	namesOthers = 1000
)

// usualNames are the labels of the collector's streams. They serve when Loki
// does not tell the names.
var usualNames = []string{"job", "service", "env", "host", "level", "container", "compose_project", "stream", "filename", "service_name"}

// labelNames remembers which names are labels of the index, by range of days.
// It is safe for concurrent use.
type labelNames struct {
	flight singleflight.Group

	mu    sync.Mutex
	known map[dayRange]knownNames
}

// dayRange is a range of whole days, in unix nanoseconds.
type dayRange struct{ start, end int64 }

// knownNames are not changed once they are known.
type knownNames struct {
	// isLabel is true for labels, and false for names that lines had and the
	// index had not.
	isLabel map[string]bool
	asked   time.Time
}

// serve reports whether the names answer for lines with the names used.
func (k knownNames) serve(used map[string]bool) bool {
	age := time.Since(k.asked)
	if age >= namesFresh || k.isLabel == nil {
		return false
	}
	for name := range used {
		if _, known := k.isLabel[name]; !known {
			return age < namesAgain
		}
	}
	return true
}

// indexNames returns which of the names used are labels of streams of the range.
// A name that was not seen before is asked for, because a label may be new. It
// asks even when ctx has ended: a page that is cut short needs them too.
func (c *Client) indexNames(ctx context.Context, start, end int64, used map[string]bool) map[string]bool {
	const day = int64(24 * time.Hour)
	days := dayRange{floorTo(start, day), floorTo(end, day) + day}
	known := c.names.of(days)
	if known.serve(used) {
		return known.isLabel
	}
	got, _, _ := c.names.flight.Do(fmt.Sprint(days), func() (any, error) {
		before := c.names.of(days)
		if before.serve(used) {
			return before.isLabel, nil
		}
		return c.askNames(context.WithoutCancel(ctx), days, before, used), nil
	})
	return got.(map[string]bool)
}

// askNames asks Loki for the labels of days and remembers them, and which of the
// names used are none.
func (c *Client) askNames(ctx context.Context, days dayRange, before knownNames, used map[string]bool) map[string]bool {
	ctx, cancel := context.WithTimeout(ctx, namesWait)
	defer cancel()
	list, err := c.LabelNames(ctx, "", time.Unix(0, days.start), time.Unix(0, days.end))
	if err != nil {
		list = usualNames
	}
	now := knownNames{isLabel: make(map[string]bool, len(list)), asked: time.Now()}
	for _, names := range []map[string]bool{before.isLabel, used} {
		for name := range names {
			if len(now.isLabel) < namesOthers {
				now.isLabel[name] = false
			}
		}
	}
	for _, name := range list {
		now.isLabel[name] = true
	}
	if err == nil {
		c.names.keep(days, now)
	}
	return now.isLabel
}

// of returns what is known of a range of days.
func (n *labelNames) of(days dayRange) knownNames {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.known[days]
}

// keep remembers the names of a range of days.
func (n *labelNames) keep(days dayRange, names knownNames) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) >= namesDays {
		clear(n.known)
	}
	n.known[days] = names
}

// splitLabels tells labels and metadata of the entries apart: what the index
// knows is a label. A name that is a label of some streams and metadata of
// others is shown as a label; which line is which does not depend on it.
func (c *Client) splitLabels(ctx context.Context, entries []Entry) {
	if len(entries) == 0 {
		return
	}
	byTime := func(a, b Entry) int { return int(min(max(a.TS-b.TS, -1), 1)) }
	used := map[string]bool{}
	seen := map[uint64]bool{}
	for _, e := range entries {
		if seen[e.stream] {
			continue
		}
		seen[e.stream] = true
		for name := range e.all {
			used[name] = true
		}
	}
	isLabel := c.indexNames(ctx, slices.MinFunc(entries, byTime).TS, slices.MaxFunc(entries, byTime).TS, used)
	type pair struct{ labels, metadata map[string]string }
	split := map[uint64]pair{}
	for i := range entries {
		e := &entries[i]
		parts, ok := split[e.stream]
		if !ok {
			parts = pair{map[string]string{}, map[string]string{}}
			for name, value := range e.all {
				if isLabel[name] {
					parts.labels[name] = value
				} else {
					parts.metadata[name] = value
				}
			}
			split[e.stream] = parts
		}
		e.Labels, e.Metadata = parts.labels, parts.metadata
	}
}
