package usage

import (
	"context"
	"math"
	"time"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// verifyBytes is how many bytes Loki may be asked to read in one pass.
	verifyBytes = 512 << 20
	// verifyWithin is how old an hour is at most that is verified when it is counted
	// first: what is older was flushed long ago.
	verifyWithin = 6 * time.Hour
	// believedFor is how long a verified hour stays as it is, unless it becomes far
	// more: until then all of it is flushed, and its index in one place.
	believedFor = 3 * time.Hour
	// farMore is how much that is, in percent of what the index said then.
	farMore = 130
	// sameWithin is the part by which two counts of an hour may differ and be the same.
	sameWithin = 0.1
)

// verification is when an hour was verified, and what the index said of it, in bytes.
type verification struct {
	at    time.Time
	bytes int64
}

// verify corrects what the index says of the hours of a day where that may be double:
// of hours that are over and have become more or less than is kept. Their lines are
// counted by reading them, within budget, which is in bytes; their bytes are
// corrected in proportion. An hour that is not verified stays what it was.
func (c *Counter) verify(ctx context.Context, start time.Time, counted []hour, budget *int64) ([]hour, error) {
	kept, err := hoursOf(ctx, c.DB, start)
	if err != nil {
		return nil, err
	}
	indexed, before := byHour(counted), byHour(kept)
	var result []hour
	for at := start; at.Before(start.Add(day)); at = at.Add(time.Hour) {
		now, old := indexed[at.Unix()], before[at.Unix()]
		switch {
		case len(now) == 0: // there was nothing, or Loki has deleted it
		case c.isVerified(at, now):
			result = append(result, old...)
		case c.isPlain(at, now, old):
			result = append(result, now...)
		case sumBytes(now) > *budget:
			if len(old) == 0 {
				old = now
			}
			result = append(result, old...)
		default:
			*budget -= sumBytes(now)
			exact, err := c.read(ctx, at, now)
			if code := loki.CodeOf(err); code == loki.CodeLimit || code == loki.CodeTimeout {
				exact = now // more than Loki counts at once: the index is all there is
			} else if err != nil {
				return nil, err
			}
			c.verified[at.Unix()] = verification{c.Now(), sumBytes(now)}
			result = append(result, exact...)
		}
	}
	return result, nil
}

// isPlain reports whether the index is believed: of an hour that is not over, that
// is as much as is kept, or that is counted first and old.
func (c *Counter) isPlain(at time.Time, now, old []hour) bool {
	end := at.Add(time.Hour)
	return end.After(c.Now()) || isSame(sumBytes(now), sumBytes(old)) || len(old) == 0 && end.Before(c.Now().Add(-verifyWithin))
}

// isVerified reports whether the hour was verified not long ago, or when the index
// said the same.
func (c *Counter) isVerified(at time.Time, now []hour) bool {
	last, ok := c.verified[at.Unix()]
	switch {
	case !ok:
		return false
	case c.Now().Sub(last.at) < believedFor:
		return sumBytes(now) <= last.bytes*farMore/100
	}
	return isSame(last.bytes, sumBytes(now)) && sumBytes(now) > 0
}

func isSame(a, b int64) bool {
	return math.Abs(float64(a-b)) <= sameWithin*float64(max(a, b))
}

// read counts the lines of an hour by reading them, and corrects what the index says.
func (c *Counter) read(ctx context.Context, at time.Time, indexed []hour) ([]hour, error) {
	query := loki.CountQuery{
		Query: loki.Selection{}.LogQL(c.Loki.Selector()), By: labels, Start: at, End: at.Add(time.Hour), Step: time.Hour,
	}
	counts, err := c.Loki.Counts(ctx, query)
	if err != nil {
		return nil, err
	}
	told := map[streams]hour{}
	for _, h := range indexed {
		told[h.streams] = h
	}
	exact := make([]hour, 0, len(counts.Series))
	for _, series := range counts.Series {
		one := told[streamsOf(series.Labels)]
		if one.lines > 0 {
			one.bytes = int64(math.Round(float64(one.bytes) * float64(series.Total) / float64(one.lines)))
		}
		exact = append(exact, hour{streams: streamsOf(series.Labels), start: at, bytes: one.bytes, lines: series.Total})
	}
	return exact, nil
}

// byHour groups hours by their starts.
func byHour(hours []hour) map[int64][]hour {
	groups := map[int64][]hour{}
	for _, h := range hours {
		groups[h.start.Unix()] = append(groups[h.start.Unix()], h)
	}
	return groups
}
