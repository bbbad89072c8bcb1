package loki

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// namesFresh is how long the names of labels serve.
	namesFresh = time.Minute
	// namesWait bounds the time to ask for them.
	namesWait = 3 * time.Second
	// namesDays bounds how many ranges are remembered.
	namesDays = 64
)

// usualNames are the labels of the collector's streams. They serve when Loki
// does not tell the names.
var usualNames = []string{"job", "service", "env", "host", "level", "container", "compose_project", "stream", "filename", "service_name"}

// labelNames remembers which names are labels of the index, by range of days.
// It is safe for concurrent use.
type labelNames struct {
	mu    sync.Mutex
	known map[dayRange]knownNames
}

// dayRange is a range of whole days, in unix nanoseconds.
type dayRange struct{ start, end int64 }

type knownNames struct {
	names map[string]bool
	asked time.Time
}

// indexNames returns the names of labels that streams of the range have. It
// asks even when ctx has ended: a page that is cut short needs them too.
func (c *Client) indexNames(ctx context.Context, start, end int64) map[string]bool {
	const day = int64(24 * time.Hour)
	days := dayRange{floorTo(start, day), floorTo(end, day) + day}
	n := c.names
	n.mu.Lock()
	known, ok := n.known[days]
	n.mu.Unlock()
	if ok && time.Since(known.asked) < namesFresh {
		return known.names
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), namesWait)
	defer cancel()
	list, err := c.LabelNames(ctx, time.Unix(0, days.start), time.Unix(0, days.end))
	if err != nil {
		list = usualNames
	}
	known = knownNames{names: make(map[string]bool, len(list)), asked: time.Now()}
	for _, name := range list {
		known.names[name] = true
	}
	if err != nil {
		return known.names
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) >= namesDays {
		clear(n.known)
	}
	n.known[days] = known
	return known.names
}

// splitLabels tells labels and metadata of the entries apart: what the index
// knows is a label. A name that is a label of some streams and metadata of
// others is shown as a label; which line is which does not depend on it.
func (c *Client) splitLabels(ctx context.Context, entries []Entry) {
	if len(entries) == 0 {
		return
	}
	byTime := func(a, b Entry) int { return int(min(max(a.TS-b.TS, -1), 1)) }
	names := c.indexNames(ctx, slices.MinFunc(entries, byTime).TS, slices.MaxFunc(entries, byTime).TS)
	type pair struct{ labels, metadata map[string]string }
	split := map[uint64]pair{}
	for i := range entries {
		e := &entries[i]
		parts, ok := split[e.stream]
		if !ok {
			parts = pair{map[string]string{}, map[string]string{}}
			for name, value := range e.all {
				if names[name] {
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
