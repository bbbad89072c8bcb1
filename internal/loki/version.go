package loki

import (
	"context"
	"time"
)

// filtersFresh is how long it is remembered that Loki has no pattern filters: it
// may be a newer one after a restart.
const filtersFresh = 10 * time.Minute

// HasPatternFilters reports whether Loki has the line filters |> and !>, as it has
// from 3.0 on. It asks for their notation, which reads nothing; when that fails it
// takes them for missing.
func (c *Client) HasPatternFilters(ctx context.Context) bool {
	c.mu.Lock()
	last := c.hasFilters
	c.mu.Unlock()
	if last.yes || time.Since(last.at) < filtersFresh {
		return last.yes
	}
	_, err := c.Normalise(ctx, `{job="a"} |> "<_> a"`)
	if err == nil || CodeOf(err) == CodeSyntax {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.hasFilters = known{yes: err == nil, at: time.Now()}
	}
	return err == nil
}
