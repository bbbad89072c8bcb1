package usage

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// streamsMax is how many combinations of labels of one day are counted, the
	// largest.
	streamsMax = 300
	// sampleLines and sampleBytes bound what is read to learn the size of lines.
	sampleLines = 1000
	sampleBytes = 1 << 20
	// flushedLeast is the part of the bytes that must be flushed for the size of
	// their lines to stand for the rest.
	flushedLeast = 0.25
)

// labels are what usage is told by.
var labels = []string{"env", "service", "level"}

// streams are the values of labels: streams that are counted together.
type streams struct{ env, service, level string }

// hour is what streams have in an hour.
type hour struct {
	streams
	start        time.Time
	bytes, lines int64
}

// count counts [start, end) of one day. sizes are the mean sizes of lines in
// bytes as far as they are known; it adds those it learns.
func (c *Counter) count(ctx context.Context, start, end time.Time, sizes map[streams]float64) ([]hour, error) {
	end = end.Truncate(time.Second)
	if !start.Before(end) {
		return nil, nil
	}
	whole, err := c.Loki.Volumes(ctx, loki.Selection{}, labels, start, end, day, streamsMax)
	if err != nil || len(whole) == 0 {
		return nil, err
	}
	// The sum of the hours is less than the day: Loki leaves out the last second of
	// each and rounds down. They say how the day is spread, not how much it is.
	parts, err := c.Loki.Volumes(ctx, loki.Selection{}, labels, start, end, time.Hour, streamsMax)
	if err != nil {
		return nil, err
	}
	weights := weightsOf(parts, start, end)
	var hours []hour
	for _, one := range whole {
		key := streamsOf(one.Labels)
		lines, err := c.lines(ctx, key, one.Total, start, end, sizes)
		if err != nil {
			return nil, err
		}
		hours = appendHours(hours, key, start, weights[key], one.Total, lines)
	}
	return hours, nil
}

// lines returns how many lines streams have in [start, end), of their bytes.
func (c *Counter) lines(ctx context.Context, key streams, bytes int64, start, end time.Time, sizes map[streams]float64) (int64, error) {
	flushed, err := c.Loki.IndexStats(ctx, key.selection(), start, end)
	rest := float64(bytes - flushed.Bytes)
	if err != nil || rest <= 0 {
		return flushed.Entries, err
	}
	if flushed.Entries > 0 && float64(flushed.Bytes) >= flushedLeast*float64(bytes) {
		sizes[key] = float64(flushed.Bytes) / float64(flushed.Entries)
	}
	if sizes[key] == 0 {
		all, err := c.learnSize(ctx, key, start, end, sizes)
		if err != nil || all > 0 {
			return all, err
		}
	}
	if sizes[key] == 0 {
		return flushed.Entries, nil
	}
	return flushed.Entries + int64(math.Round(rest/sizes[key])), nil
}

// learnSize learns the size of lines from the newest. It returns how many lines
// there are when it has read all of them, else 0.
func (c *Counter) learnSize(ctx context.Context, key streams, start, end time.Time, sizes map[streams]float64) (int64, error) {
	page, err := c.Loki.Page(ctx, loki.PageRequest{
		Query: key.selection().LogQL(c.Loki.Selector()), Start: start, End: end,
		Limit: sampleLines, Bytes: sampleBytes, Direction: loki.Backward,
	})
	if err != nil || len(page.Entries) == 0 {
		return 0, err
	}
	sizes[key] = float64(sizeOf(page.Entries)) / float64(len(page.Entries))
	if page.Next == "" && !page.Partial {
		return int64(len(page.Entries)), nil
	}
	return 0, nil
}

// sizeOf is what Loki counts of lines of one stream, in bytes: their texts, eight
// for each pair of metadata, and each name and value of metadata once (seen on Loki
// 3.7).
func sizeOf(entries []loki.Entry) int {
	size, seen := 0, map[string]bool{}
	for _, e := range entries {
		size += len(e.Line) + 8*len(e.Metadata)
		for name, value := range e.Metadata {
			for _, text := range []string{name, value} {
				if !seen[text] {
					seen[text] = true
					size += len(text)
				}
			}
		}
	}
	return size
}

// weightsOf returns how the bytes of streams are spread over the hours of
// [start, end).
func weightsOf(parts []loki.CountSeries, start, end time.Time) map[streams][]float64 {
	n := int((end.Sub(start) + time.Hour - 1) / time.Hour)
	weights := map[streams][]float64{}
	for _, one := range parts {
		list := make([]float64, n)
		for _, p := range one.Points {
			if i := int(p.Time.Sub(start) / time.Hour); i >= 0 && i < n {
				list[i] = max(p.Value, 1) // less than a KiB is told as 0
			}
		}
		weights[streamsOf(one.Labels)] = list
	}
	return weights
}

// appendHours appends the hours of a day from start on that have something.
func appendHours(hours []hour, key streams, start time.Time, weights []float64, bytes, lines int64) []hour {
	if len(weights) == 0 {
		weights = []float64{1}
	}
	inBytes, inLines := spread(bytes, weights), spread(lines, weights)
	for i := range weights {
		if inBytes[i] > 0 || inLines[i] > 0 {
			hours = append(hours, hour{streams: key, start: start.Add(time.Duration(i) * time.Hour), bytes: inBytes[i], lines: inLines[i]})
		}
	}
	return hours
}

// spread parts a total by weights; the parts are whole and their sum is the total.
// Weights that are all 0 are all the same.
func spread(total int64, weights []float64) []int64 {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	if sum == 0 {
		return spread(total, slices.Repeat([]float64{1}, len(weights)))
	}
	parts, until, given := make([]int64, len(weights)), 0.0, int64(0)
	for i, w := range weights {
		until += w
		upTo := int64(math.Round(float64(total) * until / sum))
		parts[i], given = upTo-given, upTo
	}
	return parts
}

// selection selects the streams.
func (s streams) selection() loki.Selection {
	return loki.Selection{Matches: []loki.Match{
		{Label: "env", Any: []string{s.env}}, {Label: "service", Any: []string{s.service}}, {Label: "level", Any: []string{s.level}},
	}}
}

func streamsOf(labels map[string]string) streams {
	return streams{env: labels["env"], service: labels["service"], level: labels["level"]}
}
