package dashboard

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// TestCountsAreOfTheRangeAlone: the counts over time, those of the facets and the
// lines of the export agree, wherever the ends of the range are within a bucket.
func TestCountsAreOfTheRangeAlone(t *testing.T) {
	t.Parallel()
	server := servers.LokiWith(t, "reject_old_samples: true", "reject_old_samples: false",
		"query_store_max_look_back_period: 192h", "query_store_max_look_back_period: 800h")
	d := newDashboard(t, options{lokiURL: server.URL, prometheusURL: nowhere})
	day := 24 * time.Hour
	hour := time.Now().Add(-2 * time.Hour).Truncate(time.Hour)
	for _, test := range []struct {
		name   string
		end    time.Time
		length time.Duration
		step   time.Duration
	}{
		{"ten minutes at odd milliseconds", hour.Add(109 * time.Millisecond), 10*time.Minute + time.Second, 10 * time.Second},
		{"within one bucket", hour.Add(40 * time.Second), 20 * time.Second, time.Minute},
		{"over one edge of buckets", hour.Add(20 * time.Second), 40 * time.Second, time.Minute},
		{"on the edges of buckets", hour, 2 * time.Hour, 5 * time.Minute},
		{"six days", hour.Add(-15 * time.Minute), 6*day + 10*time.Hour, 2 * time.Hour},
		{"thirty days", hour.Add(-13*time.Hour + 7*time.Millisecond), 30*day + time.Millisecond, 12 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, job, start := d.as(t), jobOf(t), test.end.Add(-test.length)
			inside := []time.Time{
				start, start.Add(time.Millisecond), start.Truncate(test.step).Add(test.step - time.Millisecond),
				start.Truncate(test.step).Add(test.step), start.Add(test.length / 2), test.end.Truncate(test.step).Add(-time.Millisecond),
				test.end.Truncate(test.step), test.end.Add(-time.Millisecond), test.end.Add(-1),
			}
			outside := []time.Time{
				start.Add(-test.step), start.Add(-time.Second), start.Add(-time.Millisecond), start.Add(-1),
				test.end, test.end.Add(time.Millisecond), test.end.Add(time.Second), test.end.Add(test.step),
			}
			want := 0
			for i, at := range append(inside, outside...) {
				// Each is a stream of its own: of one, Loki takes no line that is hours behind.
				pushLines(t, server.URL, fmt.Sprintf(`{job=%q, host="h%d", service="backend", level="error"}`, job, i), line{at: at, text: fmt.Sprint(i)})
				if !at.Before(start) && at.Before(test.end) {
					want++
				}
			}
			params := url.Values{"job": {job}, "start": {start.UTC().Format(time.RFC3339Nano)}, "end": {test.end.UTC().Format(time.RFC3339Nano)}}
			answer, export := d.download(params)
			if got := bytes.Count(export, []byte("\n")); answer.StatusCode != http.StatusOK || got != want {
				t.Errorf("the export has the status %d and %d lines, want %d", answer.StatusCode, got, want)
			}
			if got := d.countFacet(params, "service", "backend"); got != want {
				t.Errorf("the facet counts %d lines, want %d", got, want)
			}
			params.Set("step", fmt.Sprintf("%ds", int(test.step.Seconds())))
			d.checkVolume(params, start, test.end, want)
		})
	}
}

// countFacet returns the number of lines with a value of a label.
func (d *dashboard) countFacet(params url.Values, label, value string) int {
	d.t.Helper()
	var got struct {
		Labels map[string][]struct {
			Value string
			Count int
		}
	}
	if status := d.get("labels", params, "LabelsResponse", &got); status != http.StatusOK {
		d.t.Fatalf("the facets answer %d", status)
	}
	for _, one := range got.Labels[label] {
		if one.Value == value {
			return one.Count
		}
	}
	return 0
}

// checkVolume checks the counts over time: their sum, and that each bucket is on
// the step and in the range.
func (d *dashboard) checkVolume(params url.Values, start, end time.Time, want int) {
	d.t.Helper()
	var got volumeAnswer
	if status := d.get("volume", params, "VolumeResponse", &got); status != http.StatusOK || len(got.Series) != 1 {
		d.t.Fatalf("the counts over time answer %d: %+v", status, got)
	}
	sum, before := int64(0), int64(0)
	for _, point := range got.Series[0].Points {
		sum += point[1]
		if point[0]%got.StepMS != 0 || point[0] <= before || point[0] <= start.UnixMilli()-got.StepMS || point[0] >= end.UnixMilli() {
			d.t.Errorf("the bucket %d is off the step of %d ms, out of order or out of the range", point[0], got.StepMS)
		}
		before = point[0]
	}
	if sum != int64(want) || got.Series[0].Total != sum {
		d.t.Errorf("the buckets have %d lines, in all %d, want %d", sum, got.Series[0].Total, want)
	}
	if !got.Start.Equal(start.Truncate(time.Millisecond)) {
		d.t.Errorf("the counts are said to begin at %s, want %s", got.Start, start)
	}
}
