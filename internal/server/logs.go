package server

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/errgroup"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// limitDefault and limitMax are numbers of lines in one page.
	limitDefault = 200
	limitMax     = 5000
	// facetValuesMax is how many values of one label are listed.
	facetValuesMax = 200
	// facetsAtOnce is how many counts of one request run at once.
	facetsAtOnce = 3
)

// logsBody is the answer of GET api/v1/logs.
type logsBody struct {
	Entries    []entryBody `json:"entries"`
	NextCursor string      `json:"next_cursor"`
	Partial    bool        `json:"partial"`
	Warnings   []string    `json:"warnings"`
	Stats      statsBody   `json:"stats"`
}

type statsBody struct {
	BytesProcessed int64 `json:"bytes_processed"`
	LinesProcessed int64 `json:"lines_processed"`
	TookMS         int64 `json:"took_ms"`
}

// logs answers with one page of lines.
func (s *Server) logs(c *gin.Context) error {
	start := time.Now()
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	request, err := s.pageRequest(ctx, c.Request.URL.Query())
	if err != nil {
		return err
	}
	if err := s.admitPage(ctx, c.Request.URL.Query(), request.Query, span{request.Start, request.End}); err != nil {
		return err
	}
	got, err := s.config.Loki.Page(ctx, request)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, logsBody{
		Entries: entryBodies(got.Entries), NextCursor: got.Next, Partial: got.Partial, Warnings: list(got.Warnings),
		Stats: statsBody{got.Stats.BytesProcessed, got.Stats.LinesProcessed, time.Since(start).Milliseconds()},
	})
	return nil
}

// pageRequest reads the parameters of GET api/v1/logs.
func (s *Server) pageRequest(ctx context.Context, params url.Values) (loki.PageRequest, error) {
	f, err := parseFilters(params)
	if err != nil {
		return loki.PageRequest{}, err
	}
	r, err := parseRange(params, s.config.Now())
	if err != nil {
		return loki.PageRequest{}, err
	}
	limit, err := parseLimit(params, limitDefault, limitMax)
	if err != nil {
		return loki.PageRequest{}, err
	}
	direction, err := parseDirection(params)
	if err != nil {
		return loki.PageRequest{}, err
	}
	query, err := f.logQL(ctx, s.config.Loki)
	return loki.PageRequest{
		Query: query, Start: r.start, End: r.end, Limit: limit, Direction: direction, Cursor: params.Get("cursor"),
	}, err
}

// volumeBody is the answer of GET api/v1/volume.
type volumeBody struct {
	StepMS   int64        `json:"step_ms"`
	Start    string       `json:"start"`
	End      string       `json:"end"`
	Series   []seriesBody `json:"series"`
	Partial  bool         `json:"partial"`
	Warnings []string     `json:"warnings"`
}

type seriesBody struct {
	Labels map[string]string `json:"labels"`
	Total  int64             `json:"total"`
	Points [][2]int64        `json:"points"`
}

// volume answers with counts over time.
func (s *Server) volume(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	body, err := s.volumeOf(ctx, c.Request.URL.Query())
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, body)
	return nil
}

// volumeOf counts as the parameters of GET api/v1/volume say.
func (s *Server) volumeOf(ctx context.Context, params url.Values) (volumeBody, error) {
	f, err := parseFilters(params)
	if err != nil {
		return volumeBody{}, err
	}
	r, err := parseRange(params, s.config.Now())
	if err != nil {
		return volumeBody{}, err
	}
	by, err := parseBy(params)
	if err != nil {
		return volumeBody{}, err
	}
	step, err := parseStep(params, r)
	if err != nil {
		return volumeBody{}, err
	}
	query, err := f.logQL(ctx, s.config.Loki)
	if err != nil {
		return volumeBody{}, err
	}
	if err := s.admit(ctx, params, query, r); err != nil {
		return volumeBody{}, err
	}
	counts, err := s.config.Loki.Counts(ctx, loki.CountQuery{Query: query, By: by, Start: r.start, End: r.end, Step: step})
	if err != nil {
		return volumeBody{}, err
	}
	return volumeBody{
		StepMS: step.Milliseconds(), Start: *stamp(r.start), End: *stamp(r.end),
		Series: seriesBodies(counts.Series), Warnings: list(counts.Warnings),
	}, nil
}

// seriesBodies renders counts.
func seriesBodies(series []loki.CountSeries) []seriesBody {
	bodies := make([]seriesBody, len(series))
	for i, one := range series {
		bodies[i] = seriesBody{Labels: orEmpty(one.Labels), Total: one.Total, Points: make([][2]int64, len(one.Points))}
		for j, p := range one.Points {
			bodies[i].Points[j] = [2]int64{p.Time.UnixMilli(), int64(p.Value)}
		}
	}
	return bodies
}

// labelsBody is the answer of GET api/v1/labels.
type labelsBody struct {
	Labels map[string][]valueBody `json:"labels"`
	// Uncounted are the labels whose values are known and their numbers not,
	// because to count them would be costly.
	Uncounted []string `json:"uncounted"`
	Partial   bool     `json:"partial"`
	Warnings  []string `json:"warnings"`
}

type valueBody struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// labels answers with the values of the labels and their counts.
func (s *Server) labels(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	params := c.Request.URL.Query()
	f, err := parseFilters(params)
	if err != nil {
		return err
	}
	r, err := parseRange(params, s.config.Now())
	if err != nil {
		return err
	}
	queries, err := s.facetQueries(ctx, f)
	if err != nil {
		return err
	}
	facets, err := s.count(ctx, params, queries, r)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, facets.body())
	return nil
}

// facetQueries returns which labels each query counts. A label's own filter
// does not apply to its values, so labels with a filter have their own query
// and the others share one.
func (s *Server) facetQueries(ctx context.Context, f filters) (map[string][]string, error) {
	if f.raw != "" {
		query, err := f.logQL(ctx, s.config.Loki)
		return map[string][]string{query: filterLabels}, err
	}
	queries := map[string][]string{}
	for _, label := range filterLabels {
		query := f.selection.Without(label).LogQL(s.config.Loki.Selector())
		queries[query] = append(queries[query], label)
	}
	return queries, nil
}

// facets gathers counts by label and value.
type facets struct {
	mu     sync.Mutex
	counts map[string]map[string]int64
	// uncounted are labels whose counts are all 0.
	uncounted []string
	failed    []string
	err       error
}

// count runs the queries, those that are not costly. A query that fails leaves its
// labels out; when all fail, or when the request itself is wrong, the error is
// returned.
func (s *Server) count(ctx context.Context, params url.Values, queries map[string][]string, r span) (*facets, error) {
	f := &facets{counts: map[string]map[string]int64{}}
	var group errgroup.Group
	group.SetLimit(facetsAtOnce)
	for query, labels := range queries {
		group.Go(func() error {
			costly := s.admit(ctx, params, query, r) != nil
			var totals map[string]map[string]int64
			var err error
			if costly {
				totals, err = s.config.Loki.ValuesOfEach(ctx, query, labels, r.start, r.end)
			} else {
				totals, err = s.config.Loki.TotalsByEach(ctx, query, labels, r.start, r.end)
			}
			f.add(labels, totals, costly, err)
			return nil
		})
	}
	group.Wait() // none returns an error
	if len(f.counts) == 0 || loki.CodeOf(f.err) == loki.CodeSyntax {
		return f, f.err
	}
	return f, nil
}

// add takes the counts of some labels, or notes why there are none.
func (f *facets) add(labels []string, totals map[string]map[string]int64, costly bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.failed = append(f.failed, labels...)
		f.err = err
		return
	}
	if costly {
		f.uncounted = append(f.uncounted, labels...)
	}
	for _, label := range labels {
		f.counts[label] = totals[label]
	}
}

// body renders the facets, the largest counts first.
func (f *facets) body() labelsBody {
	slices.Sort(f.uncounted)
	body := labelsBody{Labels: map[string][]valueBody{}, Uncounted: list(f.uncounted), Warnings: []string{}}
	for _, label := range filterLabels {
		values := []valueBody{}
		for value, count := range f.counts[label] {
			values = append(values, valueBody{value, count})
		}
		slices.SortFunc(values, func(a, b valueBody) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
		})
		if len(values) > facetValuesMax {
			values = values[:facetValuesMax]
			body.Partial = true
			body.Warnings = append(body.Warnings, label+" has more values than are listed; add a filter to see the others")
		}
		body.Labels[label] = values
	}
	if f.err != nil {
		slices.Sort(f.failed)
		failure := explain(context.Background(), f.err)
		body.Partial = true
		body.Warnings = append(body.Warnings, "not counted: "+strings.Join(f.failed, ", ")+": "+failure.detail.Message)
	}
	return body
}
