package server

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// freeSpan is up to how long a range is read without a look at its cost: what
	// happens now must open at once.
	freeSpan = 3 * time.Hour
	// costFresh is how long a cost serves: the panels of a view ask for the same.
	costFresh = time.Minute
)

// costlyError is a query that would read very much and was not asked for in
// spite of it.
type costlyError struct{ bytes, limit int64 }

// Error says what would be read and what to do.
func (e *costlyError) Error() string {
	return fmt.Sprintf("Loki would read up to %s for it; shorten the time range, choose a service, or ask with cost=any", humanize.Bytes(uint64(e.bytes)))
}

// admit is the one rule for queries that read lines: over more than freeSpan, what
// would read Config.AskBytes or more is an error, unless the request says
// cost=any. Where Loki does not tell the cost, the query runs.
func (s *Server) admit(ctx context.Context, params url.Values, query string, r span) error {
	if params.Get("cost") == "any" {
		return nil
	}
	bytes, err := s.cost(ctx, query, r)
	if err == nil && s.isHuge(bytes, r) {
		return &costlyError{bytes, s.config.AskBytes}
	}
	return nil
}

// admitPage is admit for a query that ends when it has found enough lines: without
// a filter that is soon.
func (s *Server) admitPage(ctx context.Context, params url.Values, query string, r span) error {
	if !loki.Filters(query) {
		return nil
	}
	return s.admit(ctx, params, query, r)
}

// isHuge reports whether reading so many bytes of a range is worth a question.
func (s *Server) isHuge(bytes int64, r span) bool {
	return s.config.AskBytes > 0 && bytes >= s.config.AskBytes && r.end.Sub(r.start) > freeSpan
}

// cost returns how many bytes a query reads at most, 0 for a range that is free;
// it is asked for whole minutes.
func (s *Server) cost(ctx context.Context, query string, r span) (int64, error) {
	if s.config.AskBytes <= 0 || r.end.Sub(r.start) <= freeSpan {
		return 0, nil
	}
	start, end := r.start.Truncate(time.Minute), r.end.Add(time.Minute-1).Truncate(time.Minute)
	key := fmt.Sprint(start.Unix(), " ", end.Unix(), " ", query)
	return s.costs.get(ctx, key, func(ctx context.Context) (int64, error) {
		return s.config.Loki.Cost(ctx, query, start, end)
	})
}

// costBody is the answer of GET api/v1/logs/cost.
type costBody struct {
	Bytes int64 `json:"bytes"`
	Limit int64 `json:"limit_bytes"`
	Huge  bool  `json:"huge"`
}

// logsCost says how much a query would read, from Loki's index alone.
func (s *Server) logsCost(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	query, r, err := s.rangeQuery(ctx, c)
	if err != nil {
		return err
	}
	bytes, err := s.config.Loki.Cost(ctx, query, r.start, r.end)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, costBody{bytes, s.config.AskBytes, s.isHuge(bytes, r)})
	return nil
}
