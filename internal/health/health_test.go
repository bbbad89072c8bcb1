package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// signal returns a signal of the catalogue by component/signal.
func signal(t *testing.T, id string) Signal {
	t.Helper()
	for _, component := range catalogue(t, "").Components {
		for _, s := range component.Signals {
			if component.ID+"/"+s.ID == id {
				return s
			}
		}
	}
	t.Fatalf("there is no signal %s", id)
	return Signal{}
}

// catalogue returns the embedded catalogue with overrides.
func catalogue(t *testing.T, overrides string) Catalogue {
	t.Helper()
	got, err := Load([]byte(overrides))
	if err != nil {
		t.Fatal(err)
	}
	return got
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
		{"host/cpu", 12.34, nil, OK, "12 %", "12 % of the CPU is busy"},
		{"host/cpu", 90, nil, Warning, "90 %", "90 % of the CPU is busy; a warning from 90 %"},
		{"host/cpu", 99.4, nil, Critical, "99 %", "99 % of the CPU is busy; critical from 98 %"},
		{"host/disk", 87, model.Metric{"mountpoint": "/var"}, Warning, "87 %", "/var is 87 % full; a warning from 85 %"},
		{"pgbouncer/maxwait", 0, nil, OK, "0 s", "the client first in line waits for 0 s"},
		{"pgbouncer/maxwait", 4.2, nil, Warning, "4.2 s", "the client first in line waits for 4.2 s; a warning from 1 s"},
		{"pgbouncer/waiting", 7, nil, Warning, "7", "clients that wait for a connection: 7; a warning from 1"},
		{"pipeline/lag", 300 << 20, nil, Critical, "300 MiB", "300 MiB not read yet; critical from 256 MiB"},
		{"host/load", 0.4, nil, OK, "0.40", "0.40 processes per core run or wait (mean of 15 min)"},
		{"backend_production/requests", 12.34, nil, OK, "12 /s", "12 /s (mean of 5 min)"},
		{"backend_production/saturation", 81, nil, Warning, "81 %", "81 % of the 4 workers are busy on average; a warning from 80 %"},
		{"backend_production/up", 1, nil, OK, "up", "answers"},
		{"backend_production/up", 0, model.Metric{"job": "backend", "instance": "192.0.2.1:5001"}, Critical, "down", "does not answer (192.0.2.1:5001): connection refused"},
		{"probes/certificate", 40, model.Metric{"instance": "https://app.example.org"}, OK, "40 d", "the certificate of https://app.example.org is valid for 40 d"},
		{"probes/certificate", 14, model.Metric{"instance": "a"}, Warning, "14 d", "the certificate of a is valid for 14 d; a warning at 14 d or less"},
		{"probes/certificate", -1, model.Metric{"instance": "a"}, Critical, "-24 h", "the certificate of a expired 24 h ago; critical at 3 d or less"},
		{"host/clock_synchronised", 0, nil, Warning, "unsynced", "is not synchronised"},
		{"host/writable", 1, nil, OK, "writable", "is writable"},
	}
	v := view{targets: map[string][]v1.ActiveTarget{"backend": {{
		Labels:    model.LabelSet{"instance": "192.0.2.1:5001", "job": "backend"},
		LastError: `Get "http://192.0.2.1:5001/metrics": connection refused`,
	}}}}
	for _, test := range tests {
		item := judge(signal(t, test.id), v, &model.Sample{Metric: test.labels, Value: model.SampleValue(test.value)}, false)
		if item.Verdict != test.verdict || item.Display != test.display || item.Reason != test.reason {
			t.Errorf("%s = %v: got %s, %q, %q", test.id, test.value, item.Verdict, item.Display, item.Reason)
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

func TestSummariesAreOneShortSentence(t *testing.T) {
	item := func(name string, verdict Verdict) Item {
		return Item{Signal: Signal{ID: name, Name: name}, Verdict: verdict, Reason: name + " is " + string(verdict), Display: "7 s"}
	}
	down := func(id, name string) Item {
		return Item{Signal: Signal{ID: id, Name: name, Unit: State, Down: "is down"}, Verdict: Critical, Reason: "is down (192.0.2.1:80): refused"}
	}
	group := func(name string, items ...Item) Group {
		g := Group{Component: Component{Name: name}, Items: items}
		g.judge()
		return g
	}
	tests := []struct {
		groups          []Group
		unreadable      int
		verdict         Verdict
		summary, detail string
	}{
		{[]Group{group("A", item("a", OK)), group("B", item("b", OK))}, 0, OK, "All good", ""},
		{[]Group{group("A", item("a", OK), item("x", NoData)), group("B", item("b", NoData))}, 2, OK,
			"Good as far as is known", "No data for B. 2 log sources cannot be read"},
		{[]Group{group("B", item("b", Warning)), group("C", item("c", NoData)), group("D", item("d", NoData))}, 1, Warning,
			"B: b 7 s", "No data for C and D. One log source cannot be read"},
		{[]Group{group("A", item("a", Warning)), group("B", item("b", Critical))}, 0, Critical,
			"1 critical, 1 degraded: B (b 7 s) and A (a 7 s)", ""},
		{[]Group{group("A", item("a", NoData)), group("B", item("b", NoData))}, 0, NoData,
			"Nothing is known: no signal has data", "No data for A and B"},
		{[]Group{group("A", item("a", Critical), down("up", "State")), group("B", item("b", Warning)), group("C", down("loki", "Loki"), item("c", Critical))}, 0, Critical,
			"2 critical, 1 degraded: A is down, Loki is down and 3 more signals", ""},
		{[]Group{group("Host", item("CPU", Warning), item("Disk", Warning), item("Load", Warning)), group("B", item("b", OK))}, 0, Warning,
			"Host: CPU 7 s and 2 more signals", ""},
		{[]Group{group("A", item("a", Warning), down("up", "State"))}, 0, Critical, "A is down and 1 more signal", ""},
	}
	for _, test := range tests {
		verdict, summary, detail := summarise(test.groups, test.unreadable)
		if verdict != test.verdict || summary != test.summary || detail != test.detail {
			t.Errorf("got %s %q %q, want %s %q %q", verdict, summary, detail, test.verdict, test.summary, test.detail)
		}
	}
}

func TestAComponentSaysWhatIsWrongAndWhatIsNotKnown(t *testing.T) {
	up := Signal{ID: "up", Name: "State", Unit: State}
	other := Signal{ID: "loki", Name: "Loki", Unit: State}
	early, late := time.Unix(1000, 0), time.Unix(2000, 0)
	tests := []struct {
		items   []Item
		verdict Verdict
		reason  string
		since   time.Time
	}{
		{[]Item{{Signal: up, Verdict: OK, Since: early}}, OK, "All good", time.Time{}},
		{[]Item{{Signal: up, Verdict: OK}, {Signal: other, Verdict: NoData, Reason: "no target"}}, OK, "Good as far as is known. No data for Loki", time.Time{}},
		{[]Item{{Signal: other, Verdict: Critical, Reason: "does not answer", Since: late}, {Signal: up, Verdict: Critical, Reason: "does not answer", Since: early},
			{Verdict: Warning, Since: time.Unix(1, 0), Reason: "slow"}}, Critical, "Loki does not answer. Does not answer. Slow", early},
		{[]Item{{Verdict: NoData, Reason: "no target"}, {Verdict: NoData, Reason: "no target"}}, NoData, "No target", time.Time{}},
		{[]Item{{Verdict: NoData, Reason: "no target"}, {Verdict: NoData, Reason: "no lines"}}, NoData, "Nothing is known: no target", time.Time{}},
		{nil, NoData, "Nothing is known", time.Time{}},
	}
	for _, test := range tests {
		g := Group{Items: test.items}
		g.judge()
		if g.Verdict != test.verdict || g.Reason != test.reason || !g.Since.Equal(test.since) {
			t.Errorf("got %s %q since %v, want %+v", g.Verdict, g.Reason, g.Since, test)
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
		{Count, 1234567, "1234567"}, {Count, 0.4, "0"}, {Days, 9, "9 d"}, {Days, 0.5, "12 h"}, {PerSecond, 0.25, "0.2 /s"}, {State, 1, "up"}, {State, 0, "down"},
	}
	for _, test := range tests {
		s := Signal{Unit: test.unit, States: []string{"up", "down"}}
		if got := s.display(test.value); got != test.want {
			t.Errorf("%v %s: got %q, want %q", test.value, test.unit, got, test.want)
		}
	}
}

func TestHostileLabelsAreClipped(t *testing.T) {
	item := judge(signal(t, "host/disk"), view{}, &model.Sample{Value: 50,
		Metric: model.Metric{"mountpoint": model.LabelValue("<b>\x1b[31m\u202e" + strings.Repeat("\xffא", 5000)), "Value": "fake", "instance": "a\nb"}}, true)
	if len(item.Reason) > 600 || !strings.Contains(item.Reason, "50 % full") || strings.ContainsAny(item.Reason, "\x1b\u202e\n") || !strings.HasPrefix(item.Reason, "<b>") {
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
	c := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	made, err := New(Config{PrometheusURL: url, Catalogue: catalogue(t, ""), Probes: probes, Timeout: 10 * time.Second, Fresh: 15 * time.Second, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	return made, c
}

// find returns an item by component/signal.
func find(t *testing.T, r Report, id string) Item {
	t.Helper()
	for _, group := range r.Groups {
		for _, item := range group.Items {
			if group.Component.ID+"/"+item.Signal.ID == id {
				return item
			}
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
	if got := find(t, report, "host/cpu"); got.Verdict != NoData || got.Reason != "Prometheus does not answer; check that it runs" {
		t.Errorf("host_cpu: %+v", got)
	}
	if got := find(t, report, "pipeline/prometheus"); got.Verdict != Critical || !strings.Contains(got.Reason, "connection refused") {
		t.Errorf("prometheus: %+v", got)
	}
	if got := find(t, report, "pipeline/loki"); got.Verdict != OK || !got.Since.IsZero() {
		t.Errorf("loki: %+v", got)
	}
	if got := find(t, report, "pipeline/alertmanager"); got.Reason != "does not answer: it answers with status 500" {
		t.Errorf("alertmanager: %+v", got)
	}
	lokiErr = errors.New("gone")
	now.add(14 * time.Second)
	if got := find(t, c.Check(context.Background()), "pipeline/loki"); got.Verdict != OK {
		t.Errorf("within 15 s the report is the same, got %+v", got)
	}
	now.add(time.Second)
	if got := find(t, c.Check(context.Background()), "pipeline/loki"); got.Verdict != Critical || !got.Since.Equal(now.Now()) {
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
	if got := find(t, one, "pgbouncer/up"); got.Verdict != NoData || got.Reason != `Prometheus has no target "pgbouncer"` {
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
			if got := find(t, c.Check(ctx), "pipeline/prometheus"); got.Verdict != OK {
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

// hanging is a Prometheus that answers nothing until the test ends.
func hanging(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or the server does not see the client go
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestASlowPrometheusIsNotWaitedFor(t *testing.T) {
	c, err := New(Config{PrometheusURL: hanging(t), Catalogue: catalogue(t, ""), Timeout: 50 * time.Millisecond, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	report := c.Check(context.Background())
	if got := find(t, report, "pipeline/prometheus"); got.Verdict != Critical || got.Reason != "does not answer: no answer in time; check that it is not overloaded" {
		t.Errorf("prometheus: %+v", got)
	}
	if got := find(t, report, "host/cpu"); got.Verdict != NoData || got.Reason != "Prometheus does not answer; check that it runs" {
		t.Errorf("host/cpu: %+v", got)
	}
	graphs, err := c.Series(context.Background(), "host", time.Unix(0, 0), time.Unix(600, 0), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got := graphs.Graphs[0].Signals[0].Reason; got != "Prometheus did not answer the query: no answer in time; check that it is not overloaded" {
		t.Errorf("the graph says %q", got)
	}
}

func TestASlowPrometheusLeavesTheOthers(t *testing.T) {
	asked := func(ctx context.Context) error { return ctx.Err() }
	c, err := New(Config{
		PrometheusURL: hanging(t), Catalogue: catalogue(t, ""), Timeout: 4 * time.Second, Now: time.Now,
		Probes: map[string]func(context.Context) error{"loki": asked, "alertmanager": asked},
		Logs: func(ctx context.Context, _ string, r v1.Range) (model.Matrix, error) {
			return model.Matrix{{Values: []model.SamplePair{{Timestamp: model.TimeFromUnixNano(r.End.UnixNano()), Value: 7}}}}, ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	report := c.Check(context.Background())
	for _, id := range []string{"pipeline/loki", "pipeline/alertmanager"} {
		if got := find(t, report, id); got.Verdict != OK {
			t.Errorf("%s, which answers: %+v", id, got)
		}
	}
}

func TestASlowLokiLeavesTheRestOfTheReport(t *testing.T) {
	config := Config{PrometheusURL: "http://127.0.0.1:1", Catalogue: catalogue(t, ""), Timeout: 50 * time.Millisecond, Now: time.Now}
	config.Logs = func(ctx context.Context, _ string, _ v1.Range) (model.Matrix, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	report := c.Check(context.Background())
	if got := find(t, report, "backend_production/killed"); got.Verdict != NoData || !strings.HasPrefix(got.Reason, "Loki did not answer the quer") {
		t.Errorf("killed: %+v", got)
	}
	if got := find(t, report, "pipeline/prometheus"); got.Verdict != Critical {
		t.Errorf("prometheus: %+v", got)
	}
}

func TestNumbersOfLokiServeForAMinute(t *testing.T) {
	var calls atomic.Int32
	now := &clock{now: time.Unix(1000, 0)}
	config := Config{PrometheusURL: "http://127.0.0.1:1", Now: now.Now, Logs: func(context.Context, string, v1.Range) (model.Matrix, error) {
		if calls.Add(1) == 1 {
			return nil, errors.New("busy")
		}
		return model.Matrix{{Values: []model.SamplePair{{Value: 5}}}}, nil
	}}
	logs := newLogCache(config)
	for _, test := range []struct {
		later time.Duration
		fails bool
		calls int32
	}{{0, true, 1}, {0, false, 2}, {59 * time.Second, false, 2}, {time.Second, false, 3}} {
		now.add(test.later)
		vector, err := logs.now(context.Background(), "q")
		if (err != nil) != test.fails || (err == nil && vector[0].Value != 5) || calls.Load() != test.calls {
			t.Errorf("%v later: %v, %v, %d calls; want %+v", test.later, vector, err, calls.Load(), test)
		}
	}
}

func TestManyViewersOfGraphsShareAnAnswer(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"instance":"a"},"values":[[960,"1"],[1080,"+Inf"]]}]}}`)
	}))
	defer server.Close()
	c, now := checker(t, server.URL, nil)
	var wg sync.WaitGroup
	for i := range int64(15) { // as many seconds as an answer serves
		wg.Go(func() {
			graphs, err := c.Series(context.Background(), "postgres", time.Unix(960+i, 0), time.Unix(1140+i, 0), time.Minute)
			if err != nil || graphs.Start.Unix() < 960 || graphs.Start.Unix() >= 975 || graphs.Points != 4 {
				t.Errorf("graphs from %v, %d points: %v", graphs.Start, graphs.Points, err)
				return
			}
			values := graphs.Graphs[0].Signals[0].Lines[0].Values
			if values[0] != 1 || !math.IsNaN(values[1]) || !math.IsNaN(values[2]) {
				t.Errorf("values: %v", values)
			}
		})
	}
	wg.Wait()
	drawn := int32(0)
	for _, s := range catalogue(t, "").Components[3].Signals {
		if s.Graph != "" {
			drawn++
		}
	}
	if calls.Load() != drawn {
		t.Errorf("15 viewers cause %d queries, not %d", calls.Load(), drawn)
	}
	now.add(16 * time.Second)
	c.Series(context.Background(), "postgres", time.Unix(960, 0), time.Unix(1140, 0), time.Minute)
	if calls.Load() != 2*drawn {
		t.Errorf("after 16 s there are %d queries, not %d", calls.Load(), 2*drawn)
	}
	if _, err := c.Series(context.Background(), "nobody", time.Unix(0, 0), time.Unix(1, 0), time.Second); !errors.Is(err, ErrNoComponent) {
		t.Errorf("an unknown component: %v", err)
	}
}

func TestGraphsReachTheirEndHoweverWideAStepIs(t *testing.T) {
	var start, end atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start.Store(r.FormValue("start"))
		end.Store(r.FormValue("end"))
		// It has been running for a moment only.
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[%s,"1"]]}]}}`, r.FormValue("end"))
	}))
	defer server.Close()
	c, _ := checker(t, server.URL, nil)
	graphs, err := c.Series(context.Background(), "host", time.Unix(1007, 0), time.Unix(4607, 0), 15*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if start.Load() != "1007" || end.Load() != "4607" {
		t.Errorf("Prometheus is asked for %v to %v, not for 1007 to 4607", start.Load(), end.Load())
	}
	if lines := graphs.Graphs[0].Signals[0].Lines; len(lines) != 1 || len(lines[0].Values) != 5 || lines[0].Values[4] != 1 {
		t.Errorf("what was measured at the end is not in %+v", lines)
	}
}

func TestGraphsThatWereNotAnsweredAreAskedForAgain(t *testing.T) {
	var away atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[%s,"1"]]}]}}`, r.FormValue("end"))
	}))
	defer server.Close()
	c, _ := checker(t, server.URL, nil)
	for _, gone := range []bool{true, false} {
		away.Store(gone)
		graphs, err := c.Series(context.Background(), "host", time.Unix(1000, 0), time.Unix(1600, 0), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if lines := graphs.Graphs[0].Signals[0].Lines; graphs.Partial != gone || (len(lines) == 0) != gone {
			t.Errorf("Prometheus away: %v; partial: %v with the lines %v", gone, graphs.Partial, lines)
		}
	}
}

func TestLinesAreNamedByWhatTellsThemApart(t *testing.T) {
	series := func(labels model.Metric, values ...float64) *model.SampleStream {
		s := &model.SampleStream{Metric: labels}
		for i, v := range values {
			s.Values = append(s.Values, model.SamplePair{Timestamp: model.Time(i * 1000), Value: model.SampleValue(v)})
		}
		return s
	}
	r := v1.Range{Start: time.Unix(0, 0), End: time.Unix(1, 0), Step: time.Second}
	lines := linesOf(model.Matrix{
		series(model.Metric{"job": "node", "instance": "a", "mountpoint": "/"}, 1, 2),
		series(model.Metric{"job": "node", "instance": "a", "mountpoint": "/var"}, 9, 1),
		series(model.Metric{"job": "node", "instance": "a", "mountpoint": "/gone"}, math.NaN()),
	}, r, "")
	if len(lines) != 2 || lines[0].Name != "/var" || lines[1].Name != "/" {
		t.Errorf("the worst first, without those that have no number: %+v", lines)
	}
	if lines := linesOf(model.Matrix{series(model.Metric{"job": "node"}, 1)}, r, "min"); lines[0].Name != "" {
		t.Errorf("one line needs no name: %+v", lines)
	}
	if got := linesOf(model.Matrix{series(model.Metric{"a": "x"}, 5), series(model.Metric{"a": "y"}, 3)}, r, "min"); got[0].Name != "y" {
		t.Errorf("the worst is the lowest: %+v", got)
	}
}
