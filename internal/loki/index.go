package loki

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What Loki's index tells of a range, seen on Loki 3.7 and held by tests:
//
//   - Bytes are lines with their structured metadata, not compressed. What is not
//     flushed yet counts in Volumes, and once; IndexStats knows only what is
//     flushed.
//   - A chunk that reaches over an end of the range counts by its share of time.
//     Each chunk is rounded to a KiB, and its entries down.
//   - Loki keeps its answers of ranges that ended ten minutes ago for up to an
//     hour, flushed since then or not. A matcher that is always true and never
//     the same twice, freshMatcher, makes it look again.

// IndexStats is what the index knows of streams in a range.
type IndexStats struct {
	Streams, Chunks, Entries, Bytes int64
}

// Volumes returns the bytes of streams by label values, in steps of time: each
// point's time is the start of its step, and steps without bytes may lack a
// point. Streams without one of the labels count too. At most limit
// combinations are told, the largest. Start, end and step are whole seconds.
func (c *Client) Volumes(ctx context.Context, s Selection, by []string, start, end time.Time, step time.Duration, limit int) ([]CountSeries, error) {
	if _, err := byClause(by); err != nil {
		return nil, err
	}
	params := rangeParams(start, end)
	params.Set("query", c.indexSelector(s, by))
	params.Set("targetLabels", strings.Join(by, ","))
	params.Set("step", strconv.FormatInt(int64(step/time.Second), 10)+"s")
	params.Set("limit", strconv.Itoa(limit))
	var got answer
	if _, err := c.getJSON(ctx, "volume_range", "/loki/api/v1/index/volume_range", params, &got); err != nil {
		return nil, volumeError(err)
	}
	series, err := got.series()
	if err != nil {
		return nil, err
	}
	volumes := make([]CountSeries, 0, len(series))
	for _, one := range series {
		points := one.Values
		if one.Value != nil { // what has one point each comes as a vector
			points = append(points, *one.Value)
		}
		volume := CountSeries{Labels: one.Metric}
		for _, p := range points {
			// Loki gives the end of the step, less a millisecond but for the last.
			at := time.Unix(0, start.UnixNano()+floorTo(p.Time.UnixNano()-1-start.UnixNano(), step.Nanoseconds()))
			volume.Points = append(volume.Points, Point{at, p.Value})
			volume.Total += int64(p.Value)
		}
		volumes = append(volumes, volume)
	}
	return volumes, nil
}

// IndexStats returns what the index knows of the streams of a selection.
func (c *Client) IndexStats(ctx context.Context, s Selection, start, end time.Time) (IndexStats, error) {
	params := rangeParams(start, end)
	params.Set("query", c.indexSelector(s, nil))
	var got IndexStats
	_, err := c.getJSON(ctx, "index_stats", "/loki/api/v1/index/stats", params, &got)
	return got, err
}

// indexSelector returns the stream selector of a selection, with freshMatcher. A
// matcher of any value for each label of by keeps Loki from leaving out streams
// without it.
func (c *Client) indexSelector(s Selection, by []string) string {
	streams := StreamSelector(s.LogQL(c.config.Selector))
	matchers := []string{streams[1 : len(streams)-1]}
	for _, label := range by {
		matchers = append(matchers, label+`=~".*"`)
	}
	return "{" + strings.Join(append(matchers, freshMatcher(time.Now())), ", ") + "}"
}

// freshMatcher is true of every stream and differs from call to call.
func freshMatcher(now time.Time) string {
	return fmt.Sprintf(`asked_at!="%d"`, now.UnixNano())
}

// volumeError says how to switch volumes on, where Loki has no such address or
// refuses it.
func volumeError(err error) error {
	e, ok := errors.AsType[*Error](err)
	if ok && (e.Status == http.StatusNotFound || strings.Contains(e.Detail, "volume")) {
		told := *e
		told.Message = "Loki tells no volumes: set volume_enabled: true in its limits_config (it is off by default before Loki 3)"
		return &told
	}
	return err
}
