package usage

import (
	"slices"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

func TestSpreadKeepsTheTotal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		total   int64
		weights []float64
		want    []int64
	}{
		{10, []float64{1, 1}, []int64{5, 5}},
		{10, []float64{1, 1, 1}, []int64{3, 4, 3}},
		{7, []float64{0, 1000, 0, 1}, []int64{0, 7, 0, 0}},
		{3, []float64{0, 0, 0}, []int64{1, 1, 1}},
		{0, []float64{1, 2}, []int64{0, 0}},
		{5, []float64{1}, []int64{5}},
	} {
		if got := spread(test.total, test.weights); !slices.Equal(got, test.want) {
			t.Errorf("spread(%d, %v) = %v, want %v", test.total, test.weights, got, test.want)
		}
	}
}

func FuzzSpreadKeepsTheTotal(f *testing.F) {
	f.Add(int64(10), 1.0, 2.0, 0.5)
	f.Fuzz(func(t *testing.T, total int64, a, b, c float64) {
		total = max(0, total%(1<<50))
		bound := func(w float64) float64 { return min(max(w, 0), 1e15) }
		sum := int64(0)
		for _, part := range spread(total, []float64{bound(a), bound(b), bound(c)}) {
			if part < 0 {
				t.Errorf("a part is %d", part)
			}
			sum += part
		}
		if sum != total {
			t.Errorf("the parts of %d are %d together", total, sum)
		}
	})
}

func TestHoursWithLessThanAKiBHaveTheirShare(t *testing.T) {
	t.Parallel()
	start := time.Unix(86400, 0)
	part := loki.CountSeries{Labels: map[string]string{"service": "quiet"}, Points: []loki.Point{{Time: start.Add(time.Hour)}, {Time: start.Add(2 * time.Hour)}}}
	weights := weightsOf([]loki.CountSeries{part}, start, start.Add(150*time.Minute))
	got := appendHours(nil, streams{service: "quiet"}, start, weights[streams{service: "quiet"}], 6144, 4)
	want := []hour{
		{streams{service: "quiet"}, start.Add(time.Hour), 3072, 2},
		{streams{service: "quiet"}, start.Add(2 * time.Hour), 3072, 2},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestADayIsCountedUntilItsLinesAreIn(t *testing.T) {
	t.Parallel()
	start := time.Unix(0, 0)
	for name, test := range map[string]struct {
		counted, now time.Duration // since start; 0 for never counted
		want         bool
	}{
		"never":                       {0, 40 * day, true},
		"today":                       {5 * time.Hour, 6 * time.Hour, true},
		"yesterday":                   {day + time.Hour, day + 2*time.Hour, true},
		"the day before, just now":    {2*day + time.Hour, 2*day + time.Hour + 5*time.Minute, false},
		"the day before, a while ago": {2*day + time.Hour, 2*day + 2*time.Hour, true},
		"when nothing can come late":  {9*day + time.Hour, 20 * day, false},
		"while the dashboard was off": {5 * time.Hour, 40 * day, true},
	} {
		counted := time.Time{}
		if test.counted > 0 {
			counted = start.Add(test.counted)
		}
		if got := due(start, counted, start.Add(test.now)); got != test.want {
			t.Errorf("%s: due is %v, want %v", name, got, test.want)
		}
	}
}
