package loki

import (
	"context"
	"time"
)

// costSeries bounds how many combinations of label values Cost adds up, largest
// first.
const costSeries = 1000

// Cost returns how many bytes a log query reads at most in [start, end): all
// that its streams hold there, because line filters are applied to what was
// read. Loki tells it from its index, without reading a line. query is in Loki's
// own notation (see Normalise) or of a Selection.
func (c *Client) Cost(ctx context.Context, query string, start, end time.Time) (int64, error) {
	// The endpoint index/stats would be made for it, but it leaves out what is not
	// flushed (seen on 3.7): for the newest hours that is everything.
	volumes, err := c.Volume(ctx, StreamSelector(query), nil, start, end, costSeries)
	bytes := int64(0)
	for _, volume := range volumes {
		bytes += volume.Bytes
	}
	return bytes, err
}

// Filters reports whether a log query does more than select streams: then Loki may
// have to read everything to find one line. The notation is that of Cost.
func Filters(query string) bool { return len(StreamSelector(query)) < len(query) }

// StreamSelector returns the stream selector at the start of a log query: up to
// the brace that closes it outside of every string. A text without one is
// returned whole.
func StreamSelector(query string) string {
	quoted := byte(0)
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case quoted == '"' && c == '\\':
			i++
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == '"' || c == '`':
			quoted = c
		case c == '}':
			return query[:i+1]
		}
	}
	return query
}
