package loki

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Direction is the order of lines in time.
type Direction string

// The directions of query_range.
const (
	Backward Direction = "backward" // newest first
	Forward  Direction = "forward"  // oldest first
)

// logsResult is one answer of query_range to a log query.
type logsResult struct {
	entries  []Entry
	warnings []string
	stats    Stats
	bytes    int
}

// logs reads at most limit lines of [start, end), unix nanoseconds. The entries
// are merged and sorted in the direction; lines of one instant are ordered by
// stream, and within a stream as Loki gives them.
func (c *Client) logs(ctx context.Context, query string, start, end int64, limit int, direction Direction) (logsResult, error) {
	params := url.Values{
		"query":     {query},
		"start":     {strconv.FormatInt(start, 10)},
		"end":       {strconv.FormatInt(end, 10)},
		"limit":     {strconv.Itoa(limit)},
		"direction": {string(direction)},
	}
	var got answer
	size, err := c.getJSON(ctx, "query_range", "/loki/api/v1/query_range", params, &got)
	if err != nil {
		return logsResult{}, err
	}
	entries, err := got.entries()
	if err != nil {
		return logsResult{}, err
	}
	sortEntries(entries, direction)
	return logsResult{entries: entries, warnings: got.Warnings, stats: got.stats(), bytes: size}, nil
}

// sortEntries orders entries by time in the direction, ties by stream; entries
// of one stream keep their order.
func sortEntries(entries []Entry, direction Direction) {
	slices.SortStableFunc(entries, func(a, b Entry) int {
		order := cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.stream, b.stream))
		if direction == Backward {
			return -order
		}
		return order
	})
}

// CountQuery asks how many lines a log query has in each bucket.
type CountQuery struct {
	// Query is a log query.
	Query string
	// By names the labels to count by; none gives one series.
	By []string
	// Start and End bound what is counted: lines of [Start, End).
	Start, End time.Time
	// Step is the width of a bucket, whole seconds. Buckets are aligned to
	// multiples of it since 1970; the first and the last one have only those
	// of their lines that are in the range.
	Step time.Duration
}

// Counts is the answer to a CountQuery.
type Counts struct {
	Series   []CountSeries
	Warnings []string
}

// CountSeries is the counts of one combination of label values. Each point's
// time is the start of its bucket, the first of which may be before the range;
// buckets without lines have no point.
type CountSeries struct {
	Labels map[string]string
	Total  int64
	Points []Point
}

// Counts counts lines over time. A bucket at t has the lines of [t, t+step), to
// the millisecond. Loki rounds the range of such a query to whole steps, so what
// the ends of the range cut off a bucket is counted on its own.
func (c *Client) Counts(ctx context.Context, q CountQuery) (Counts, error) {
	if q.Step < time.Second || q.Step%time.Second != 0 || !q.Start.Before(q.End) {
		return Counts{}, &Error{Code: CodeLimit, Message: fmt.Sprintf("cannot count from %s to %s in steps of %s; use whole seconds and a start before the end", q.Start, q.End, q.Step)}
	}
	step := q.Step.Nanoseconds()
	start, end := q.Start.UnixNano(), q.End.UnixNano()
	firstWhole, endWhole := floorTo(start+step-1, step), floorTo(end, step)
	var head, whole, tail Counts
	var group errgroup.Group
	if start < firstWhole {
		group.Go(func() (err error) {
			head, err = c.bucket(ctx, q, start, min(firstWhole, end))
			return err
		})
	}
	if firstWhole < endWhole {
		group.Go(func() (err error) {
			whole, err = c.wholeBuckets(ctx, q, firstWhole, endWhole)
			return err
		})
	}
	if endWhole < end && firstWhole <= endWhole {
		group.Go(func() (err error) {
			tail, err = c.bucket(ctx, q, endWhole, end)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Counts{}, err
	}
	return joinCounts(head, whole, tail), nil
}

// bucket counts the lines of [start, end), unix nanoseconds, which are within one
// bucket.
func (c *Client) bucket(ctx context.Context, q CountQuery, start, end int64) (Counts, error) {
	totals, err := c.Totals(ctx, q.Query, q.By, time.Unix(0, start), time.Unix(0, end))
	at := time.Unix(0, floorTo(start, q.Step.Nanoseconds()))
	var counts Counts
	for _, total := range totals {
		counts.Series = append(counts.Series, CountSeries{total.Labels, total.Count, []Point{{at, float64(total.Count)}}})
	}
	return counts, err
}

// wholeBuckets counts lines over time in [first, last), multiples of the step in
// unix nanoseconds.
func (c *Client) wholeBuckets(ctx context.Context, q CountQuery, first, last int64) (Counts, error) {
	by, err := byClause(q.By)
	if err != nil {
		return Counts{}, err
	}
	// LogQL's window at T is (T-step, T]; the offset of 1 ms makes it
	// [T-step, T) to the millisecond, so that a line on a full second counts
	// where it belongs. (Loki 3.7 loses every count with a shorter offset.)
	expr := fmt.Sprintf("sum%s(count_over_time(%s [%ds] offset 1ms))", by, q.Query, int64(q.Step/time.Second))
	params := url.Values{
		"query": {expr},
		"start": {strconv.FormatInt(first+q.Step.Nanoseconds(), 10)},
		"end":   {strconv.FormatInt(last, 10)},
		"step":  {strconv.FormatInt(int64(q.Step/time.Second), 10)},
	}
	var got answer
	if _, err := c.getJSON(ctx, "count_range", "/loki/api/v1/query_range", params, &got); err != nil {
		return Counts{}, err
	}
	series, err := got.series()
	if err != nil {
		return Counts{}, err
	}
	counts := Counts{Warnings: got.Warnings}
	for _, s := range series {
		counts.Series = append(counts.Series, countSeries(s, q.Step, first, last))
	}
	return counts, nil
}

// joinCounts puts counts of times that follow each other together, the largest
// series first.
func joinCounts(parts ...Counts) Counts {
	var all Counts
	place := map[string]int{}
	for _, part := range parts {
		all.Warnings = append(all.Warnings, part.Warnings...)
		for _, s := range part.Series {
			key := labelText(s.Labels)
			i, ok := place[key]
			if !ok {
				place[key] = len(all.Series)
				all.Series = append(all.Series, s)
				continue
			}
			all.Series[i].Total += s.Total
			all.Series[i].Points = append(all.Series[i].Points, s.Points...)
		}
	}
	slices.SortFunc(all.Series, func(a, b CountSeries) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(labelText(a.Labels), labelText(b.Labels)))
	})
	return all
}

// countSeries turns evaluation times into starts of buckets and leaves out
// empty buckets and those outside of [first, last), in unix nanoseconds.
func countSeries(s wireSeries, step time.Duration, first, last int64) CountSeries {
	out := CountSeries{Labels: s.Metric}
	for _, p := range s.Values {
		bucket := p.Time.Add(-step)
		if p.Value <= 0 || bucket.UnixNano() < first || bucket.UnixNano() >= last {
			continue
		}
		out.Points = append(out.Points, Point{bucket, p.Value})
		out.Total += int64(p.Value)
	}
	return out
}

// Total is a number of lines and the label values they share.
type Total struct {
	Labels map[string]string
	Count  int64
}

// Totals counts the lines of a log query in [start, end), by the labels. A
// label that the lines lack is absent from Labels.
func (c *Client) Totals(ctx context.Context, query string, by []string, start, end time.Time) ([]Total, error) {
	if !start.Before(end) {
		return nil, nil
	}
	clause, err := byClause(by)
	if err != nil {
		return nil, err
	}
	// The window of an instant query at T is (T-range, T]: T is the last
	// instant of the range. LogQL's shortest unit is the millisecond, so that
	// the range may begin that much earlier.
	span := (end.Sub(start) + time.Millisecond - 1).Milliseconds()
	params := url.Values{
		"query": {fmt.Sprintf("sum%s(count_over_time(%s [%dms]))", clause, query, span)},
		"time":  {strconv.FormatInt(end.UnixNano()-1, 10)},
	}
	var got answer
	if _, err := c.getJSON(ctx, "count", "/loki/api/v1/query", params, &got); err != nil {
		return nil, err
	}
	series, err := got.series()
	if err != nil {
		return nil, err
	}
	totals := make([]Total, 0, len(series))
	for _, s := range series {
		if s.Value != nil && s.Value.Value > 0 {
			totals = append(totals, Total{Labels: s.Metric, Count: int64(s.Value.Value)})
		}
	}
	return totals, nil
}

// byClause returns " by (a, b) ", or "" for no labels.
func byClause(labels []string) (string, error) {
	for _, label := range labels {
		if !isLabelName(label) {
			return "", &Error{Code: CodeSyntax, Message: fmt.Sprintf("%q is not a label name", label)}
		}
	}
	if len(labels) == 0 {
		return "", nil
	}
	return " by (" + strings.Join(labels, ", ") + ") ", nil
}

// Normalise checks that query is a log query and returns it in Loki's own
// notation, without comments, so that it can stand inside a larger query.
func (c *Client) Normalise(ctx context.Context, query string) (string, error) {
	text, err := c.format(ctx, query)
	if err == nil && !strings.HasPrefix(text, "{") {
		return "", &Error{Code: CodeSyntax,
			Message: "this is a metric query, which has no lines to show; write a log query such as {service=\"backend\"} |= \"text\""}
	}
	return text, err
}

// NormaliseMetric checks that query is a metric query and returns it in Loki's own
// notation.
func (c *Client) NormaliseMetric(ctx context.Context, query string) (string, error) {
	text, err := c.format(ctx, query)
	if err == nil && strings.HasPrefix(text, "{") {
		return "", &Error{Code: CodeSyntax,
			Message: "this is a log query, which has lines and no values to draw; write a metric query such as sum by (level) (rate({service=\"backend\"} [5m]))"}
	}
	return text, err
}

// format returns a query in Loki's own notation; a log query begins with its stream
// selector then, and no other does.
func (c *Client) format(ctx context.Context, query string) (string, error) {
	var got struct {
		Data string `json:"data"`
	}
	params := url.Values{"query": {query}}
	if _, err := c.getJSON(ctx, "format_query", "/loki/api/v1/format_query", params, &got); err != nil {
		return "", err
	}
	return strings.TrimSpace(got.Data), nil
}

// LabelNames returns the names of labels that streams of the range have, of those
// that selector (a stream selector, or "" for all) selects.
func (c *Client) LabelNames(ctx context.Context, selector string, start, end time.Time) ([]string, error) {
	params := rangeParams(start, end)
	if selector != "" {
		params.Set("query", selector)
	}
	return c.texts(ctx, "labels", "/loki/api/v1/labels", params)
}

// LabelValues returns the values of a label in the range, of the streams that
// selector (a stream selector, or "" for all) selects.
func (c *Client) LabelValues(ctx context.Context, label, selector string, start, end time.Time) ([]string, error) {
	if !isLabelName(label) {
		return nil, &Error{Code: CodeSyntax, Message: fmt.Sprintf("%q is not a label name", label)}
	}
	params := rangeParams(start, end)
	if selector != "" {
		params.Set("query", selector)
	}
	return c.texts(ctx, "label_values", "/loki/api/v1/label/"+label+"/values", params)
}

// texts reads a list of texts.
func (c *Client) texts(ctx context.Context, call, path string, params url.Values) ([]string, error) {
	var got struct {
		Data []string `json:"data"`
	}
	if _, err := c.getJSON(ctx, call, path, params, &got); err != nil {
		return nil, err
	}
	return got.Data, nil
}

// Series returns the label sets of the streams that selector selects and that
// have lines in the range. Loki answers it from its index, without lines.
func (c *Client) Series(ctx context.Context, selector string, start, end time.Time) ([]map[string]string, error) {
	params := rangeParams(start, end)
	params.Set("match[]", selector)
	var got struct {
		Data []map[string]string `json:"data"`
	}
	if _, err := c.getJSON(ctx, "series", "/loki/api/v1/series", params, &got); err != nil {
		return nil, err
	}
	return got.Data, nil
}

// Volume is the bytes of the streams that share label values.
type Volume struct {
	Labels map[string]string
	Bytes  int64
}

// Volume returns how many bytes Loki holds by label values, largest first.
// Loki estimates it from its index; line filters do not apply.
func (c *Client) Volume(ctx context.Context, selector string, by []string, start, end time.Time, limit int) ([]Volume, error) {
	if _, err := byClause(by); err != nil {
		return nil, err
	}
	params := rangeParams(start, end)
	params.Set("query", selector)
	params.Set("targetLabels", strings.Join(by, ","))
	params.Set("limit", strconv.Itoa(limit))
	var got answer
	if _, err := c.getJSON(ctx, "volume", "/loki/api/v1/index/volume", params, &got); err != nil {
		return nil, err
	}
	series, err := got.series()
	if err != nil {
		return nil, err
	}
	volumes := make([]Volume, 0, len(series))
	for _, s := range series {
		if s.Value != nil {
			volumes = append(volumes, Volume{Labels: s.Metric, Bytes: int64(s.Value.Value)})
		}
	}
	slices.SortFunc(volumes, func(a, b Volume) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return volumes, nil
}

// rangeParams returns start and end in unix nanoseconds.
func rangeParams(start, end time.Time) url.Values {
	return url.Values{
		"start": {strconv.FormatInt(start.UnixNano(), 10)},
		"end":   {strconv.FormatInt(end.UnixNano(), 10)},
	}
}

// floorTo rounds n down to a multiple of step, for negative n too.
func floorTo(n, step int64) int64 {
	rest := n % step
	if rest < 0 {
		rest += step
	}
	return n - rest
}

// labelText renders labels for ordering.
func labelText(labels map[string]string) string { return string(appendMap(nil, labels)) }

// unaskedSpan is how long a range may be that needs no checkLength: what Loki
// allows by default.
const unaskedSpan = 30 * 24 * time.Hour

// checkLength returns Loki's refusal of a range that is longer than it allows:
// instant queries, whose range is in the query, it runs at any length until they
// time out.
func (c *Client) checkLength(ctx context.Context, query string, start, end time.Time) error {
	if end.Sub(start) <= unaskedSpan {
		return nil
	}
	_, err := c.logs(ctx, StreamSelector(query), start.UnixNano(), end.UnixNano(), 1, Backward)
	return err
}

// TotalsByEach counts the lines of a log query in [start, end) by the values of
// each label: label → value → lines. It asks Loki once for all labels, and once
// for each when their combinations are more series than Loki allows. Lines
// without a label are not counted for it.
func (c *Client) TotalsByEach(ctx context.Context, query string, labels []string, start, end time.Time) (map[string]map[string]int64, error) {
	counts := map[string]map[string]int64{}
	if err := c.checkLength(ctx, query, start, end); err != nil {
		return nil, err
	}
	totals, err := c.Totals(ctx, query, labels, start, end)
	if seriesLimit(err) && len(labels) > 1 {
		for _, label := range labels {
			one, err := c.TotalsByEach(ctx, query, []string{label}, start, end)
			if err != nil {
				return nil, err
			}
			counts[label] = one[label]
		}
		return counts, nil
	}
	if err != nil {
		return nil, err
	}
	for _, label := range labels {
		counts[label] = map[string]int64{}
		for _, total := range totals {
			if value, ok := total.Labels[label]; ok {
				counts[label][value] += total.Count
			}
		}
	}
	return counts, nil
}

// ValuesOfEach returns the values of each label among the streams of a log query in
// [start, end), each with 0: it asks Loki's index alone and counts nothing. What
// the query filters behind its stream selector does not apply.
func (c *Client) ValuesOfEach(ctx context.Context, query string, labels []string, start, end time.Time) (map[string]map[string]int64, error) {
	found := map[string]map[string]int64{}
	for _, label := range labels {
		values, err := c.LabelValues(ctx, label, StreamSelector(query), start, end)
		if err != nil {
			return nil, err
		}
		found[label] = map[string]int64{}
		for _, value := range values {
			found[label][value] = 0
		}
	}
	return found, nil
}
