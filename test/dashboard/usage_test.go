package dashboard

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"

	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/test/servers"
)

type amount struct{ Bytes, Lines int64 }

type usageAnswer struct {
	Days []struct {
		Start, End time.Time
		State      string
		amount
	}
	Services []struct {
		Service string
		amount
		Before *amount
		Daily  []amount
		Levels []struct {
			Level string
			amount
		}
	}
	Total   amount
	Before  *amount
	Problem string
	Error   apiError
}

// logged is what one stream has been sent, by UTC day.
type logged map[int64]amount

// logEvery sends a line every so often from start to end, and adds it up.
func logEvery(t *testing.T, lokiURL, labels string, start, end time.Time, every time.Duration, text string, metadata push.LabelsAdapter) logged {
	t.Helper()
	sent := logged{}
	var lines []line
	metadataSize := 8 * len(metadata) // its texts are kept once
	for at := start; at.Before(end); at = at.Add(every) {
		one := line{at: at, text: fmt.Sprintf("%s %d", text, at.Unix()), metadata: metadata}
		lines = append(lines, one)
		day := at.UTC().Truncate(24 * time.Hour).Unix()
		sent[day] = amount{sent[day].Bytes + int64(len(one.text)+metadataSize), sent[day].Lines + 1}
		if len(lines) == 2000 {
			pushLines(t, lokiURL, labels, lines...)
			lines = nil
		}
	}
	pushLines(t, lokiURL, labels, lines...)
	return sent
}

// ofKiB returns how many lines a KiB has.
func (a amount) ofKiB() int64 {
	return 1024 * a.Lines / max(a.Bytes, 1)
}

// near reports whether a figure is what was sent, within a part of it and a rest.
func near(got, want int64, part float64, rest int64) bool {
	return math.Abs(float64(got-want)) <= part*float64(want)+float64(rest)
}

// TestUsage compares what the dashboard counts from Loki's index with what Loki was
// sent, before Loki has flushed it and after.
func TestUsage(t *testing.T) {
	t.Parallel()
	server := servers.Loki(t)
	now := time.Now()
	start := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -3).Add(90 * time.Minute)
	trace := push.LabelsAdapter{{Name: "correlation_id", Value: "4f1c2d7e"}}
	want := map[string]logged{
		// One with chunks that reach over midnight, one of which a chunk is days long,
		// and one without the labels.
		"noisy": logEvery(t, server.URL, `{job="u", service="noisy", env="production", level="info"}`, start, now, 3*time.Second, strings.Repeat("x", 180), trace),
		"quiet": logEvery(t, server.URL, `{job="u", service="quiet", env="production", level="error"}`, start, now, 20*time.Minute, "the queue is full", nil),
		"":      logEvery(t, server.URL, `{job="u"}`, start, now, time.Minute, "a line without a service", nil),
	}
	d := newDashboard(t, options{lokiURL: server.URL, prometheusURL: nowhere})
	count := func() usageAnswer {
		t.Helper()
		if err := d.usage.Pass(context.Background()); err != nil {
			t.Fatal(err)
		}
		var got usageAnswer
		if status := d.get("usage", url.Values{"days": {"7"}}, "UsageResponse", &got); status != http.StatusOK {
			t.Fatalf("got %d %+v", status, got)
		}
		return got
	}
	// Of what is not flushed, lines are told by their size: within 1 percent, or
	// exactly where few are.
	compareUsage(t, "not flushed", count(), want, 0.01)
	if answer, err := http.Post(server.URL+"/flush", "", nil); err != nil || answer.StatusCode/100 != 2 {
		t.Fatalf("flush: %v %v", answer, err)
	}
	client := lokiClient(t, server.URL)
	servers.Eventually(t, "Loki has flushed everything", func() bool {
		stats, err := client.IndexStats(context.Background(), loki.Selection{}, now.AddDate(0, 0, -4), now)
		volumes, volumesErr := client.Volumes(context.Background(), loki.Selection{}, nil, now.AddDate(0, 0, -4), now, 24*time.Hour, 10)
		if err != nil || volumesErr != nil {
			t.Fatal(err, volumesErr)
		}
		return len(volumes) == 1 && near(stats.Bytes, volumes[0].Total, 0.0001, 8<<10)
	})
	got := count()
	compareUsage(t, "flushed", got, want, 0.0005)
	if again := count(); again.Total != got.Total {
		t.Errorf("counted again it is %+v, was %+v", again.Total, got.Total)
	}
	if got.Days[2].State != "no_data" || got.Days[3].State != "full" || got.Days[6].State != "so_far" || got.Before != nil {
		t.Errorf("days %+v, before %+v", got.Days, got.Before)
	}
	var staging usageAnswer
	d.get("usage", url.Values{"env": {"staging"}}, "UsageResponse", &staging)
	if len(staging.Services) != 0 || staging.Days[6].State != "so_far" || staging.Days[5].State != "no_data" {
		t.Errorf("staging has no line, got %+v", staging)
	}
	usagePatternsAreOfTheSample(t, d)
}

// TestUsageWhileTheIndexIsInTwoPlaces: for a while after a flush Loki's index tells
// what it has several times. A proxy does so at once.
func TestUsageWhileTheIndexIsInTwoPlaces(t *testing.T) {
	t.Parallel()
	server := servers.Loki(t)
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	var factor atomic.Int64
	factor.Store(1)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(answer *http.Response) error { return multiply(answer, factor.Load()) }
	between := httptest.NewServer(proxy)
	t.Cleanup(between.Close)

	now := time.Now()
	start := now.UTC().Truncate(time.Hour).Add(-50 * time.Hour)
	logEvery(t, server.URL, `{job="u", service="a", env="production", level="info"}`, start, now, 5*time.Second, strings.Repeat("a", 100), nil)
	d := newDashboard(t, options{lokiURL: between.URL, prometheusURL: nowhere})
	count := func() amount {
		t.Helper()
		if err := d.usage.Pass(context.Background()); err != nil {
			t.Fatal(err)
		}
		var got usageAnswer
		d.get("usage", url.Values{}, "UsageResponse", &got)
		return got.Total
	}
	before := count()
	// The day before yesterday is counted again later, and the present hour is
	// believed: at most an hour of 50 is double.
	for _, times := range []int64{2, 2, 3, 1} {
		factor.Store(times)
		if got := count(); !near(got.Bytes, before.Bytes, 0.05, 0) || !near(got.Lines, before.Lines, 0.05, 0) {
			t.Errorf("the index tells all %d times: %+v, want %+v", times, got, before)
		}
	}
}

// multiply multiplies what Loki's index tells.
func multiply(answer *http.Response, factor int64) error {
	path := answer.Request.URL.Path
	if !strings.HasSuffix(path, "/index/volume_range") && !strings.HasSuffix(path, "/index/stats") {
		return nil
	}
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	times := func(figure []byte) []byte {
		n, _ := strconv.ParseInt(string(bytes.Trim(figure, `":`)), 10, 64)
		return strconv.AppendInt(nil, n*factor, 10)
	}
	data = regexp.MustCompile(`"\d+"\]`).ReplaceAllFunc(data, func(m []byte) []byte {
		return []byte(`"` + string(times(m[1:len(m)-2])) + `"]`)
	})
	data = regexp.MustCompile(`"(bytes|entries)":\d+`).ReplaceAllFunc(data, func(m []byte) []byte {
		name, figure, _ := bytes.Cut(m, []byte(":"))
		return append(append(name, ':'), times(figure)...)
	})
	answer.Body = io.NopCloser(bytes.NewReader(data))
	answer.ContentLength = int64(len(data))
	answer.Header.Set("Content-Length", strconv.Itoa(len(data)))
	return nil
}

// compareUsage compares each service and day. The bytes of chunks are told within a
// KiB each, and by the share of time of those that reach over midnight. A quiet
// service's hours, of which some are verified and the others have their share of the
// day, are off by some lines: Loki tells an hour in whole KiB, rounded down, and the
// present hour is not verified.
func compareUsage(t *testing.T, when string, got usageAnswer, want map[string]logged, ofLines float64) {
	t.Helper()
	if len(got.Services) != len(want) {
		t.Fatalf("%s: services %+v, want those of %v", when, got.Services, want)
	}
	for _, service := range got.Services {
		sum := amount{}
		for i, day := range got.Days {
			sent, told := want[service.Service][day.Start.Unix()], service.Daily[i]
			sum = amount{sum.Bytes + sent.Bytes, sum.Lines + sent.Lines}
			if !near(told.Bytes, sent.Bytes, 0.005, 4<<10) || !near(told.Lines, sent.Lines, ofLines, 20+sent.ofKiB()) {
				t.Errorf("%s: %q of %s: %+v, sent %+v", when, service.Service, day.Start.Format(time.DateOnly), told, sent)
			}
		}
		if !near(service.Bytes, sum.Bytes, 0.005, 4<<10) || !near(service.Lines, sum.Lines, ofLines, 30+sum.ofKiB()) || len(service.Levels) != 1 {
			t.Errorf("%s: %q: %+v in levels %+v, sent %+v", when, service.Service, service.amount, service.Levels, sum)
		}
		t.Logf("%s: %q: %+v, sent %+v", when, service.Service, service.amount, sum)
	}
}

func usagePatternsAreOfTheSample(t *testing.T, d *dashboard) {
	var got struct {
		Points, Lines, Bytes int
		Patterns             []struct {
			Template, Service, Drop, Thin string
			Lines, Bytes                  int
		}
	}
	if status := d.get("usage/patterns", url.Values{}, "UsagePatterns", &got); status != http.StatusOK || got.Points < 20 || got.Lines < 2000 {
		t.Fatalf("got %d %d lines of %d points", status, got.Lines, got.Points)
	}
	if first := got.Patterns[0]; first.Service != "noisy" || 10*first.Bytes < 9*got.Bytes || !strings.Contains(first.Drop, "action: drop") || !strings.Contains(first.Thin, "rate: 0.1") {
		t.Errorf("the noisiest is %+v of %d bytes", first, got.Bytes)
	}
	if status := d.get("usage/patterns", url.Values{"service": {"quiet"}}, "UsagePatterns", &got); status != http.StatusOK || len(got.Patterns) != 1 || got.Patterns[0].Service != "quiet" {
		t.Errorf("of one service: %d %+v", status, got.Patterns)
	}
	if status := d.get("usage/patterns", url.Values{"service": {""}}, "UsagePatterns", &got); status != http.StatusOK || len(got.Patterns) != 1 || got.Patterns[0].Drop != "" {
		t.Errorf("without a service: %d %+v", status, got.Patterns)
	}
}

// TestUsageWithoutLoki: what was counted is shown, with what is the matter.
func TestUsageWithoutLoki(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, options{lokiURL: nowhere, prometheusURL: nowhere})
	background(t, d.usage.Run)
	var got usageAnswer
	servers.Eventually(t, "the answer says that Loki is away", func() bool {
		d.get("usage", url.Values{"days": {"30"}, "tz": {"Asia/Jerusalem"}}, "UsageResponse", &got)
		return strings.Contains(got.Problem, "Loki does not answer")
	})
	if len(got.Days) != 30 || got.Days[0].State != "not_counted" {
		t.Errorf("got %d days, the first %+v", len(got.Days), got.Days[0])
	}
	for _, params := range []url.Values{{"days": {"8"}}, {"tz": {"Nowhere/Land"}}, {"tz": {"Local"}}} {
		if status := d.get("usage", params, "", &got); status != http.StatusBadRequest {
			t.Errorf("%v: got %d, want 400", params, status)
		}
	}
}
