package server

import (
	"math"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

func TestAMetricQueryHasBoundedPointsWithinItsRange(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 1, time.UTC)
	for _, length := range []time.Duration{
		time.Nanosecond, time.Second, 7 * time.Minute, time.Hour, 25 * time.Hour, 31 * 24 * time.Hour, 50 * 365 * 24 * time.Hour,
	} {
		r := span{start, start.Add(length)}
		g := metricGrid(r)
		last := g.at(g.points - 1)
		if g.points < 1 || g.points > metricPointsMax || g.step < time.Second || g.step%time.Second != 0 {
			t.Errorf("%s: %d points each %s", length, g.points, g.step)
		}
		if last.After(r.end) || r.end.Sub(last) >= g.step || g.points > 1 && g.start.Before(r.start) || g.start.UnixNano()%int64(g.step) != 0 {
			t.Errorf("%s: points each %s from %s to %s", length, g.step, g.start, last)
		}
	}
	if all := metricGrid(span{timeMin, timeMax}); all.points > metricPointsMax || all.at(all.points-1).After(timeMax) {
		t.Errorf("all times: %+v", all)
	}
}

func TestWhatIsNoNumberIsNoValueOfAMetricQuery(t *testing.T) {
	g := grid{time.Unix(0, 0), time.Second, 3}
	at := func(second int64, value float64) loki.Point {
		return loki.Point{Time: time.Unix(second, 0), Value: value}
	}
	got := g.body(loki.MetricAnswer{Series: []loki.MetricSeries{
		{Points: []loki.Point{at(-1, 9), at(0, math.Inf(1)), at(1, 2), at(2, math.NaN()), at(3, 9)}},
	}}).Series[0].Values
	if len(got) != 3 || got[0] != nil || got[1] == nil || *got[1] != 2 || got[2] != nil {
		t.Errorf("got %v, want the value 2 in the middle alone", got)
	}
}
