package server

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/sample"
)

const (
	// sampleLines and sampleBytes bound what patterns and fields are made of.
	sampleLines = 2000
	sampleBytes = 4 << 20
)

// rangeQuery reads the filters and the range of a request and returns the log
// query.
func (s *Server) rangeQuery(ctx context.Context, c *gin.Context) (string, span, error) {
	params := c.Request.URL.Query()
	f, err := parseFilters(params)
	if err != nil {
		return "", span{}, err
	}
	r, err := parseRange(params, s.config.Now())
	if err != nil {
		return "", span{}, err
	}
	query, err := f.logQL(ctx, s.config.Loki)
	return query, r, err
}

// sampleBody is the answer of GET api/v1/logs/sample.
type sampleBody struct {
	Lines int `json:"lines"`
	// Complete is true when the sample is every line of the range.
	Complete bool          `json:"complete"`
	Oldest   *string       `json:"oldest"`
	Warnings []string      `json:"warnings"`
	Patterns []patternBody `json:"patterns"`
	// PatternFilters is true when Loki has them; else filters are expressions.
	PatternFilters bool        `json:"pattern_filters"`
	Fields         []fieldBody `json:"fields"`
}

type patternBody struct {
	Template string         `json:"template"`
	Filter   string         `json:"filter"`
	Count    int            `json:"count"`
	First    string         `json:"first"`
	Last     string         `json:"last"`
	Levels   map[string]int `json:"levels"`
	Services map[string]int `json:"services"`
	Example  string         `json:"example"`
}

type fieldBody struct {
	Name     string      `json:"name"`
	Kind     string      `json:"kind"`
	Lines    int         `json:"lines"`
	Distinct int         `json:"distinct"`
	Values   []valueBody `json:"values"`
}

// logsSample says what the newest lines of a range are made of.
func (s *Server) logsSample(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	query, r, err := s.rangeQuery(ctx, c)
	if err != nil {
		return err
	}
	if err := s.admitPage(ctx, c.Request.URL.Query(), query, r); err != nil {
		return err
	}
	release, err := s.heavy.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	page, err := s.config.Loki.Page(ctx, loki.PageRequest{
		Query: query, Start: r.start, End: r.end, Limit: sampleLines, Bytes: sampleBytes, Direction: loki.Backward,
	})
	if err != nil {
		return err
	}
	patternFilters := s.config.Loki.HasPatternFilters(ctx)
	summary, err := sample.Of(ctx, page.Entries, patternFilters)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, sampleBodyOf(page, summary, patternFilters))
	return nil
}

// sampleBodyOf renders what a page is made of.
func sampleBodyOf(page loki.Page, summary sample.Summary, patternFilters bool) sampleBody {
	lines := page.Entries
	body := sampleBody{
		Lines: len(lines), Complete: page.Next == "", Warnings: list(page.Warnings), PatternFilters: patternFilters,
		Patterns: make([]patternBody, len(summary.Patterns)), Fields: make([]fieldBody, len(summary.Fields)),
	}
	if len(lines) > 0 {
		body.Oldest = stamp(time.Unix(0, lines[len(lines)-1].TS))
	}
	for i, p := range summary.Patterns {
		body.Patterns[i] = patternBody{p.Template, p.Filter.String(), p.Count, *stamp(time.Unix(0, p.First)), *stamp(time.Unix(0, p.Last)), p.Levels, p.Services, p.Example}
	}
	for i, f := range summary.Fields {
		values := make([]valueBody, len(f.Values))
		for j, v := range f.Values {
			values[j] = valueBody{v.Text, int64(v.Count)}
		}
		body.Fields[i] = fieldBody{f.Name, string(f.Kind), f.Lines, f.Distinct, values}
	}
	return body
}
