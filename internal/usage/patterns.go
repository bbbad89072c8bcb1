package usage

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/sample"
)

const (
	// samplePoints is at how many points in time lines are read, pointLines and
	// pointBytes bound how many at each.
	samplePoints = 24
	pointLines   = 200
	pointBytes   = 256 << 10
	// pointsAtOnce is how many are read at once.
	pointsAtOnce = 3
	// patternDays is how many days lines are read of at most: Loki has deleted those
	// of older ones.
	patternDays = 30
	// patternsMax is how many patterns are told.
	patternsMax = 20
)

// Sample is the patterns of a number of lines. The points in time at which they
// were read part the bytes of the range evenly, so that a pattern's share of the
// sample is about its share of the range.
type Sample struct {
	// Points is at how many points in time lines were found.
	Points int
	// Lines and Bytes are of the sample.
	Lines, Bytes int
	// Patterns has those with most bytes first.
	Patterns []Pattern
}

// Pattern is what lines that differ in values alone have in common.
type Pattern struct {
	sample.Pattern
	// Service is the one that most of its lines are of, Level the one that all are
	// of, "" if they differ.
	Service, Level string
	// Drop and Thin are stages of the collector's pipeline, as YAML, that drop the
	// lines or let one in ten of them pass; "" when the lines cannot be told by
	// their text.
	Drop, Thin string
}

// Patterns reads lines of the days of a query, the newest patternDays of them, and
// tells their patterns; of one service unless it is nil.
func Patterns(ctx context.Context, db *sql.DB, client *loki.Client, q Query, service *string) (Sample, error) {
	days := localDays(q.Now.In(q.Zone), min(q.Days, patternDays))
	hours, err := volumes(ctx, db, q.Envs, service, days[0].start, q.Now)
	if err != nil {
		return Sample{}, err
	}
	selection := loki.Selection{Matches: []loki.Match{{Label: "env", Any: q.Envs.Any, None: q.Envs.None}}}
	if service != nil {
		selection.Matches = append(selection.Matches, loki.Match{Label: "service", Any: []string{*service}})
	}
	query := selection.LogQL(client.Selector())
	points := pointsOf(hours, samplePoints, q.Now)
	read := make([][]loki.Entry, len(points))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(pointsAtOnce)
	for i, p := range points {
		group.Go(func() error {
			page, err := client.Page(groupCtx, loki.PageRequest{
				Query: query, Start: p.start, End: p.end, Limit: pointLines, Bytes: pointBytes, Direction: loki.Backward,
			})
			read[i] = page.Entries
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Sample{}, err
	}
	return summarise(ctx, read, client.HasPatternFilters(ctx))
}

// pointsOf returns where lines are read: up to n ends of ranges within hours,
// between which lie as many bytes each. hours are in the order of time.
func pointsOf(hours []hour, n int, now time.Time) []span {
	total := sumBytes(hours)
	if total == 0 {
		return nil
	}
	points := make([]span, 0, n)
	until, i := int64(0), 0
	for k := range n {
		want := float64(total) * (float64(k) + 0.5) / float64(n)
		for float64(until+hours[i].bytes) < want {
			until += hours[i].bytes
			i++
		}
		length := earlier(hours[i].start.Add(time.Hour), now).Sub(hours[i].start)
		end := hours[i].start.Add(time.Duration(float64(length) * (want - float64(until)) / float64(hours[i].bytes)))
		start := hours[i].start
		if len(points) > 0 && points[len(points)-1].end.After(start) {
			start = points[len(points)-1].end // no line is read twice
		}
		if start.Before(end) {
			points = append(points, span{start, end})
		}
	}
	return points
}

// summarise tells the patterns of lines that were read at several points; templates
// is what sample.Of takes.
func summarise(ctx context.Context, read [][]loki.Entry, templates bool) (Sample, error) {
	var got Sample
	var lines []loki.Entry
	for _, some := range read {
		if len(some) > 0 {
			got.Points++
		}
		lines = append(lines, some...)
	}
	got.Lines = len(lines)
	for _, line := range lines {
		got.Bytes += len(line.Line)
	}
	summary, err := sample.Of(ctx, lines, templates)
	if err != nil {
		return Sample{}, err
	}
	found := summary.Patterns
	slices.SortStableFunc(found, func(a, b sample.Pattern) int { return cmp.Compare(b.Bytes, a.Bytes) })
	for _, p := range found[:min(len(found), patternsMax)] {
		service, level := most(p.Services), most(p.Levels)
		if len(p.Levels) > 1 {
			level = ""
		}
		drop, thin := snippets(service, level, p.Template, p.Example)
		got.Patterns = append(got.Patterns, Pattern{Pattern: p, Service: service, Level: level, Drop: drop, Thin: thin})
	}
	return got, nil
}

// most returns the key with the largest count.
func most(counts map[string]int) string {
	best := ""
	for name, n := range counts {
		if n > counts[best] || n == counts[best] && strings.Compare(name, best) < 0 {
			best = name
		}
	}
	return best
}

func sumBytes(hours []hour) int64 {
	sum := int64(0)
	for _, h := range hours {
		sum += h.bytes
	}
	return sum
}
