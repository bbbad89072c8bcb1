package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

// metricAnswer is the answer of logs/metric as a client decodes it.
type metricAnswer struct {
	Start  time.Time
	StepMS int64 `json:"step_ms"`
	Points int
	Series []struct {
		Labels map[string]string
		Values []*float64
	}
	Others   int
	Warnings []string
	Error    apiError
	Cost     struct{ Bytes int64 }
}

func (d *dashboard) metric(query string, params url.Values) (int, metricAnswer) {
	d.t.Helper()
	all := url.Values{"query": {query}}
	for name, values := range params {
		all[name] = values
	}
	var got metricAnswer
	status := d.get("logs/metric", all, "LogsMetric", &got)
	return status, got
}

// between is a range of the API.
func between(start, end time.Time) url.Values {
	return url.Values{"start": {start.Format(time.RFC3339Nano)}, "end": {end.Format(time.RFC3339Nano)}}
}

// metricQueriesGiveSeries: one line of level error and two of level info a minute,
// for ten minutes; nothing before.
func metricQueriesGiveSeries(t *testing.T, lokiURL string, d *dashboard) {
	job, began := jobOf(t), time.Now().Add(-20*time.Minute).Truncate(time.Minute)
	for i := range 10 {
		at := began.Add(time.Duration(i)*time.Minute + 30*time.Second)
		pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, level="error"}`, job), line{at: at, text: "a timeout ms=7"})
		pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, level="info"}`, job), line{at: at, text: "fine ms=1"}, line{at: at.Add(time.Millisecond), text: "fine ms=3"})
	}
	for query, want := range map[string]map[string]float64{
		`sum by (level) (count_over_time({job=%q} [1m]))`:                          {"error": 1, "info": 2},
		`sum by (level) (rate({job=%q} |= "timeout" [1m]))`:                        {"error": 1. / 60},
		`100 * sum by (level) (rate({job=%q}[1m])) / 100`:                          {"error": 1. / 60, "info": 2. / 60},
		`max_over_time({job=%q} | logfmt | unwrap ms [1m]) by (level) # the worst`: {"error": 7, "info": 3},
	} {
		query = fmt.Sprintf(query, job)
		// Ten minutes without lines, then ten with: a point at T has the lines of (T-1m, T].
		status, got := d.metric(query, between(began.Add(-10*time.Minute), began.Add(10*time.Minute)))
		if status != http.StatusOK || len(got.Series) != len(want) || got.Others != 0 || len(got.Warnings) > 0 {
			t.Fatalf("%s: got %d %+v", query, status, got)
		}
		step := time.Duration(got.StepMS) * time.Millisecond
		for _, one := range got.Series {
			if len(one.Values) != got.Points || got.Points > 300 {
				t.Errorf("%s: %d values of %d points", query, len(one.Values), got.Points)
			}
			for i, value := range one.Values {
				at := got.Start.Add(time.Duration(i) * step)
				hasLines := !at.Before(began.Add(30*time.Second)) && !at.After(began.Add(10*time.Minute))
				if hasLines != (value != nil) {
					t.Fatalf("%s: %s at %s: has a value: %t, want %t", query, one.Labels, at.Sub(began), value != nil, hasLines)
				}
				if level := one.Labels["level"]; at.Sub(began)%time.Minute == 0 && value != nil && (*value-want[level] > 1e-9 || want[level]-*value > 1e-9) {
					t.Errorf("%s: %s at %s: got %v, want %v", query, level, at.Sub(began), *value, want[level])
				}
			}
		}
	}
	if status, got := d.metric(fmt.Sprintf(`rate({job=%q} |= "nothing has this" [5m])`, job), nil); status != http.StatusOK || len(got.Series) != 0 {
		t.Errorf("without a line that fits: got %d %+v", status, got)
	}
	if status, got := d.metric(fmt.Sprintf(`rate({job=%q}[1m])`, job), url.Values{"start": {"now-7d"}}); status != http.StatusOK || got.StepMS != 3_600_000 || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "[1h]") {
		t.Errorf("windows shorter than the step: got %d, a step of %d ms, %q", status, got.StepMS, got.Warnings)
	}
}

func metricSeriesAreBounded(t *testing.T, lokiURL string, d *dashboard) {
	job, began := jobOf(t), time.Now().Add(-time.Minute)
	var lines []line
	for i := range 600 {
		for range 1 + i%30 {
			lines = append(lines, line{at: began.Add(time.Duration(len(lines)) * time.Microsecond), text: fmt.Sprintf("part=%d user=%d", i%30, len(lines))})
		}
	}
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q}`, job), lines...)
	status, got := d.metric(fmt.Sprintf(`sum by (part) (count_over_time({job=%q} | logfmt [5m]))`, job), nil)
	if status != http.StatusOK || len(got.Series) != 20 || got.Others != 10 || got.Series[0].Labels["part"] != "29" || got.Series[19].Labels["part"] != "10" {
		t.Errorf("30 series: got %d, %d series and %d others", status, len(got.Series), got.Others)
	}
	status, got = d.metric(fmt.Sprintf(`sum by (user) (count_over_time({job=%q} | logfmt [5m]))`, job), nil)
	if status != http.StatusBadRequest || got.Error.Code != "limit" || !strings.Contains(got.Error.Message, "sum by") {
		t.Errorf("more series than Loki allows: got %d %+v", status, got.Error)
	}
}

func metricQueriesSayWhatIsWrong(t *testing.T, _ string, d *dashboard) {
	for _, test := range []struct {
		query string
		more  url.Values
		code  string
		text  string
	}{
		{`sum by (level) (rate({job="a"} [5m])`, nil, "syntax", "unexpected $end"},
		{`rate({job="a"})`, nil, "syntax", "Loki does not understand"},
		{`{job="a"} |= "x"`, nil, "syntax", "this is a log query"},
		{`rate({job=~".*"}[5m])`, nil, "syntax", "Loki does not understand"},
		{``, nil, "bad_request", "query is missing"},
		{strings.Repeat("x", 6000), nil, "bad_request", "6000 bytes"},
		{`rate({job="a"}[5m])`, url.Values{"service": {"a"}}, "bad_request", "query replaces"},
		{`rate({job="a"}[5m])`, url.Values{"start": {"now"}, "end": {"now-1h"}}, "bad_request", "is not before"},
		{`rate({job="a"}[5m])`, url.Values{"start": {"0"}, "end": {"9223372036854775807"}}, "limit", "shorten the time range"},
		{`rate({job="a"}[5m])`, url.Values{"start": {"now-10000d"}}, "limit", "shorten the time range"},
		{`rate({job="a"}[290y] offset 290y)`, nil, "limit", "shorten the time range"},
	} {
		status, got := d.metric(test.query, test.more)
		if status != http.StatusBadRequest || got.Error.Code != test.code || !strings.Contains(got.Error.Message, test.text) {
			t.Errorf("%.60s %v: got %d %+v, want %s with %q", test.query, test.more, status, got.Error, test.code, test.text)
		}
	}
}

func metricWindowsCountForTheCost(t *testing.T, lokiURL string, _ *dashboard) {
	d := newDashboard(t, options{lokiURL: lokiURL, prometheusURL: nowhere, askBytes: 1500})
	job := jobOf(t)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q}`, job), line{at: time.Now().Add(-2 * time.Hour), text: strings.Repeat("x", 1000)})
	for query, costly := range map[string]bool{
		`rate({job=%[1]q}[5m])`: false, // what happens now is free
		`rate({job=%[1]q}[1d])`: false, // 1000 bytes
		`sum(rate({job=%[1]q}[1d])) / sum(rate({job=%[1]q} |= "}[" [1d]))`: true,
		`rate({job=%[1]q}[5m] offset 2h) + rate({job=%[1]q}[1d])`:          false,
	} {
		status, got := d.metric(fmt.Sprintf(query, job), nil)
		if isCostly := status == http.StatusBadRequest && got.Error.Code == "costly" && got.Cost.Bytes >= 2000; isCostly != costly {
			t.Errorf("%s: got %d %+v, want it to be costly: %t", query, status, got.Error, costly)
		}
		if status, _ := d.metric(fmt.Sprintf(query, job), url.Values{"cost": {"any"}}); status != http.StatusOK {
			t.Errorf("%s with cost=any: got %d", query, status)
		}
	}
}

func metricReadsAreFound(t *testing.T, lokiURL string) {
	client := lokiClient(t, lokiURL)
	const day = 24 * time.Hour
	for query, want := range map[string][]loki.Read{
		`rate({a="b"}[5m])`: {{Selector: `{a="b"}`, Window: 5 * time.Minute}},
		"sum by (offset_ms) (count_over_time({a=\"}[1d]\"} |= `{c=\"d\"}[7d] offset 2d` [1w] offset 1d12h)) # [9d]": {{Selector: `{a="}[1d]"}`, Window: 7 * day, Offset: 36 * time.Hour}},
		`sum(sum_over_time({a="b"} | json | unwrap duration(ms) [90s] offset -1h)) / vector(2) > sum(rate({c="d"}[10m]))`: {
			{Selector: `{a="b"}`, Window: 90 * time.Second, Offset: -time.Hour}, {Selector: `{c="d"}`, Window: 10 * time.Minute}},
		`vector(1)`: nil,
	} {
		text, err := client.NormaliseMetric(t.Context(), query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if got := loki.Reads(text); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}
