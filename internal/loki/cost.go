package loki

import (
	"context"
	"time"
)

// Cost is what Loki's index knows of the streams of a query, without reading
// them.
type Cost struct {
	Streams int64
	Lines   int64
	Bytes   int64
}

// Cost estimates how much a log query reads in [start, end): all that its
// streams hold there, because line filters are applied to what was read. query
// is in Loki's own notation (see Normalise) or of a Selection. Loki counts
// blocks of 256 KiB: what it was sent last is not in it, so it is a guard
// against the large and no measure of the small.
func (c *Client) Cost(ctx context.Context, query string, start, end time.Time) (Cost, error) {
	params := rangeParams(start, end)
	params.Set("query", streamSelector(query))
	var got struct {
		Streams int64 `json:"streams"`
		Entries int64 `json:"entries"`
		Bytes   int64 `json:"bytes"`
	}
	if _, err := c.getJSON(ctx, "index_stats", "/loki/api/v1/index/stats", params, &got); err != nil {
		return Cost{}, err
	}
	return Cost{Streams: got.Streams, Lines: got.Entries, Bytes: got.Bytes}, nil
}

// streamSelector returns the stream selector at the start of a log query: up to
// the brace that closes it outside of every string. A text without one is
// returned whole.
func streamSelector(query string) string {
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
