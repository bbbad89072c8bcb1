package health

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

func TestTheCatalogueIsSound(t *testing.T) {
	signals, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range signals {
		ids = append(ids, s.ID)
	}
	for _, want := range []string{"host_cpu", "host_memory", "host_disk", "host_load", "backend", "pgbouncer", "pgbouncer_waiting",
		"pgbouncer_maxwait", "postgresql", "loki", "collector", "collector_lag", "collector_drops", "prometheus", "alertmanager"} {
		if !slices.Contains(ids, want) {
			t.Errorf("there is no signal %s", want)
		}
	}
}

func TestFaultsOfACatalogueAreNamedTogether(t *testing.T) {
	const bad = `
- {id: a, name: A, unit: percent, job: x, words: w, expressions: [{metric: m, expr: other}]}
- {id: a, name: A, unit: miles, words: "{{", down: d}
- {id: s, name: S, unit: state, words: w, probe: p, worst: best}
`
	_, err := parseCatalogue([]byte(bad))
	for _, want := range []string{`"a" is there twice`, "warning and critical", "does not hold its metric", "unit is not known", "unclosed action", "word down", "worst is max or min", "a job and an expression"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error %v does not say %q", err, want)
		}
	}
	if _, err := parseCatalogue([]byte("- {id: a, colour: red}")); err == nil || !strings.Contains(err.Error(), "colour") {
		t.Errorf("an unknown key: %v", err)
	}
}

// signal returns a signal of the catalogue.
func signal(t *testing.T, id string) Signal {
	t.Helper()
	signals, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(signals, func(s Signal) bool { return s.ID == id })
	if i < 0 {
		t.Fatalf("there is no signal %s", id)
	}
	return signals[i]
}

func TestVerdictsFollowTheThresholds(t *testing.T) {
	tests := []struct {
		id      string
		value   float64
		labels  model.Metric
		verdict Verdict
		display string
		reason  string
	}{
		{"host_cpu", 12.34, nil, OK, "12 %", "12 % of the CPU is busy"},
		{"host_cpu", 85, nil, Warning, "85 %", "85 % of the CPU is busy; a warning from 85 %"},
		{"host_cpu", 99.4, nil, Critical, "99 %", "99 % of the CPU is busy; critical from 95 %"},
		{"host_disk", 91, model.Metric{"mountpoint": "/var"}, Warning, "91 %", "/var is 91 % full; a warning from 85 %"},
		{"pgbouncer_maxwait", 0, nil, OK, "0 s", "the client first in line waits for 0 s"},
		{"pgbouncer_maxwait", 4.2, nil, Warning, "4.2 s", "the client first in line waits for 4.2 s; a warning from 1 s"},
		{"pgbouncer_waiting", 7, nil, Warning, "7", "7 clients wait for a connection; a warning from 1"},
		{"collector_lag", 300 << 20, nil, Critical, "300 MiB", "300 MiB are there and not read yet; critical from 256 MiB"},
		{"host_load", 0.4, nil, OK, "0.40", "0.40 processes for each core wait or run (mean of 5 min)"},
		{"backend", 1, nil, OK, "up", "answers"},
		{"backend", 0, model.Metric{"job": "backend", "instance": "192.0.2.1:5001"}, Critical, "down", "does not answer (192.0.2.1:5001): connection refused"},
		{"host_cpu", math.NaN(), nil, NoData, "", "Prometheus has no number for it yet"},
		{"host_cpu", math.Inf(1), nil, NoData, "", "Prometheus has no number for it yet"},
	}
	v := view{targets: map[string][]v1.ActiveTarget{"backend": {{
		Labels:    model.LabelSet{"instance": "192.0.2.1:5001", "job": "backend"},
		LastError: `Get "http://192.0.2.1:5001/metrics": connection refused`,
	}}}}
	for _, test := range tests {
		item := judge(signal(t, test.id), v, &model.Sample{Metric: test.labels, Value: model.SampleValue(test.value)})
		if item.Verdict != test.verdict || item.Display != test.display || item.Reason != test.reason {
			t.Errorf("%s = %v: got %s, %q, %q", test.id, test.value, item.Verdict, item.Display, item.Reason)
		}
		if (item.Value == nil) != (test.verdict == NoData) {
			t.Errorf("%s = %v: the value is %v", test.id, test.value, item.Value)
		}
	}
}

func TestTheWorstSeriesCounts(t *testing.T) {
	vector := func(values ...float64) model.Vector {
		var v model.Vector
		for _, value := range values {
			v = append(v, &model.Sample{Value: model.SampleValue(value)})
		}
		return v
	}
	nan := math.NaN()
	tests := []struct {
		values []float64
		which  string
		want   float64
	}{
		{[]float64{1, 3, 2}, "", 3}, {[]float64{1, 3, 2}, "min", 1}, {[]float64{nan, 3, nan}, "max", 3}, {[]float64{2, nan, 1}, "min", 1},
	}
	for _, test := range tests {
		if got := float64(worst(vector(test.values...), test.which).Value); got != test.want {
			t.Errorf("%v %s: got %v, want %v", test.values, test.which, got, test.want)
		}
	}
	if worst(nil, "") != nil || !math.IsNaN(float64(worst(vector(nan), "").Value)) {
		t.Error("none, or NaN alone")
	}
}

func TestSummariesNameWhatIsWrong(t *testing.T) {
	item := func(name string, verdict Verdict) Item {
		return Item{Signal: Signal{Name: name}, Verdict: verdict, Reason: "is " + string(verdict)}
	}
	tests := []struct {
		items      []Item
		unreadable int
		verdict    Verdict
		summary    string
	}{
		{[]Item{item("A", OK), item("B", OK)}, 0, OK, "All good"},
		{[]Item{item("A", OK), item("B", NoData)}, 2, OK, "All good. No data for B. 2 log sources cannot be read"},
		{[]Item{item("A", OK), item("B", Warning), item("C", NoData), item("D", NoData)}, 1, Warning, "B: is warning. No data for C and D. One log source cannot be read"},
		{[]Item{item("A", Warning), item("B", Critical)}, 0, Critical, "B: is critical. A: is warning"},
		{[]Item{item("A", NoData), item("B", NoData)}, 0, NoData, "Nothing is known: no signal has data"},
		{[]Item{item("A", Critical), item("B", Critical), item("C", Critical), item("D", Critical), item("E", Warning)}, 0, Critical,
			"A: is critical. B: is critical. C: is critical. 2 more"},
	}
	for _, test := range tests {
		verdict, summary := summarise(test.items, test.unreadable)
		if verdict != test.verdict || summary != test.summary {
			t.Errorf("got %s %q, want %s %q", verdict, summary, test.verdict, test.summary)
		}
	}
}

func TestValuesAreReadable(t *testing.T) {
	tests := []struct {
		unit  Unit
		value float64
		want  string
	}{
		{Percent, 4.26, "4.3 %"}, {Percent, 99.96, "100 %"}, {Seconds, 0.0123, "12 ms"}, {Seconds, 0, "0 s"}, {Seconds, 59.9, "60 s"},
		{Seconds, 600, "10 min"}, {Seconds, 9000, "2.5 h"}, {Seconds, 864000, "10 d"}, {Bytes, 512, "512 B"}, {Bytes, 1536, "1.5 KiB"},
		{Count, 1234567, "1234567"}, {Count, 0.4, "0"}, {State, 1, "up"}, {State, 0, "down"},
	}
	for _, test := range tests {
		if got := display(test.unit, test.value); got != test.want {
			t.Errorf("%v %s: got %q, want %q", test.value, test.unit, got, test.want)
		}
	}
}

func TestHostileLabelsAreClipped(t *testing.T) {
	item := judge(signal(t, "host_disk"), view{}, &model.Sample{Value: 50,
		Metric: model.Metric{"mountpoint": model.LabelValue(strings.Repeat("\xffא", 5000)), "Value": "fake"}})
	if len(item.Reason) > 600 || !strings.Contains(item.Reason, "50 % full") {
		t.Errorf("the reason has %d bytes: %.100q", len(item.Reason), item.Reason)
	}
}

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// checker returns a checker of the Prometheus at url, with its clock.
func checker(t *testing.T, url string, probes map[string]func(context.Context) error) (*Checker, *clock) {
	t.Helper()
	signals, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	made, err := New(Config{PrometheusURL: url, Signals: signals, Probes: probes, Timeout: 10 * time.Second, Fresh: 15 * time.Second, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	return made, c
}

func find(t *testing.T, r Report, id string) Item {
	t.Helper()
	for _, item := range r.Items {
		if item.Signal.ID == id {
			return item
		}
	}
	t.Fatalf("there is no item %s", id)
	return Item{}
}

func TestWithoutPrometheusProbesStillCount(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	var lokiErr error
	c, now := checker(t, away.URL, map[string]func(context.Context) error{
		"loki":         func(context.Context) error { return lokiErr },
		"alertmanager": func(context.Context) error { return errors.New("it answers with status 500") },
	})
	report := c.Check(context.Background())
	if got := find(t, report, "host_cpu"); got.Verdict != NoData || got.Reason != "Prometheus does not answer, so nothing is known" {
		t.Errorf("host_cpu: %+v", got)
	}
	if got := find(t, report, "prometheus"); got.Verdict != Critical || !strings.Contains(got.Reason, "connection refused") {
		t.Errorf("prometheus: %+v", got)
	}
	if got := find(t, report, "loki"); got.Verdict != OK || !got.Since.IsZero() {
		t.Errorf("loki: %+v", got)
	}
	if got := find(t, report, "alertmanager"); got.Reason != "does not answer: it answers with status 500" {
		t.Errorf("alertmanager: %+v", got)
	}
	lokiErr = errors.New("gone")
	now.add(14 * time.Second)
	if got := find(t, c.Check(context.Background()), "loki"); got.Verdict != OK {
		t.Errorf("within 15 s the report is the same, got %+v", got)
	}
	now.add(time.Second)
	if got := find(t, c.Check(context.Background()), "loki"); got.Verdict != Critical || !got.Since.Equal(now.Now()) {
		t.Errorf("after 15 s: %+v", got)
	}
}

func TestManyViewersCauseOneCheck(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if strings.HasSuffix(r.URL.Path, "/targets") {
			fmt.Fprint(w, `{"status":"success","data":{"activeTargets":[],"droppedTargets":[]}}`)
			return
		}
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"vector","result":[]}}`)
	}))
	defer server.Close()
	c, _ := checker(t, server.URL, nil)
	one := c.Check(context.Background())
	once := calls.Load()
	if got := find(t, one, "pgbouncer"); got.Verdict != NoData || got.Reason != `no target "pgbouncer" is configured in Prometheus` {
		t.Errorf("pgbouncer: %+v", got)
	}
	c, _ = checker(t, server.URL, nil)
	calls.Store(0)
	gone, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for i := range 50 {
		ctx := context.Background()
		if i%2 == 0 {
			ctx = gone // a viewer who leaves does not spoil it for the others
		}
		wg.Go(func() {
			if got := find(t, c.Check(ctx), "prometheus"); got.Verdict != OK {
				t.Errorf("prometheus: %+v", got)
			}
		})
	}
	cancel()
	wg.Wait()
	if calls.Load() != once {
		t.Errorf("50 viewers caused %d calls, one causes %d", calls.Load(), once)
	}
}

func TestBadAddressesAreNamed(t *testing.T) {
	for _, url := range []string{"", "prometheus:9090", "ftp://x", "http://user:hunter2@[::1"} {
		_, err := New(Config{PrometheusURL: url})
		if err == nil || !strings.Contains(err.Error(), "http://host:9090") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
