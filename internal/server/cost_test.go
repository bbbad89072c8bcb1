package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// fullLoki holds 10 GB, and counts how often it was asked for anything but its
// index.
type fullLoki struct {
	volumes, reads atomic.Int64
	// broken makes the index fail.
	broken bool
}

func (l *fullLoki) serve(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/index/volume") && l.broken:
		http.Error(w, "volume is off", http.StatusNotFound)
	case strings.HasSuffix(path, "/index/volume"):
		l.volumes.Add(1)
		fmt.Fprint(w, `{"data":{"resultType":"vector","result":[{"metric":{},"value":[0,"10000000000"]}]}}`)
	case strings.HasSuffix(path, "/values"):
		fmt.Fprint(w, `{"data":["a","b"]}`)
	case strings.HasSuffix(path, "/format_query"):
		fmt.Fprintf(w, `{"data":%q}`, r.URL.Query().Get("query"))
	default:
		l.reads.Add(1)
		emptyLoki(w, r)
	}
}

func newCostFixture(t *testing.T, l *fullLoki, ask int64) *fixture {
	t.Helper()
	f := newFixture(t, l.serve, func(c *Config) { c.AskBytes = ask })
	f.login()
	return f
}

// costlyRoutes read everything in their range.
var costlyRoutes = []string{
	"/api/v1/logs?q=x&", "/api/v1/logs?query=%7Bjob%3D%22a%22%7D+%7C%3D+%22x%22&", "/api/v1/logs/sample?q=x&",
	"/api/v1/logs/export?", "/api/v1/volume?", "/api/v1/story?id=abcdefgh&",
}

func TestCostlyQueriesAreRefusedWithTheirCostUntilAskedForInSpiteOfIt(t *testing.T) {
	for _, route := range costlyRoutes {
		l := &fullLoki{}
		f := newCostFixture(t, l, 4e9)
		got := f.get(route + "start=now-4h")
		var body errorBody
		if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Code != http.StatusBadRequest || body.Error.Code != "costly" || body.Cost == nil {
			t.Errorf("%s answers %d %s", route, got.Code, got.Body)
			continue
		}
		if want := (costBody{10e9, 4e9, true}); *body.Cost != want || !strings.Contains(body.Error.Message, "10 GB") {
			t.Errorf("%s says %+v %q, want %+v", route, *body.Cost, body.Error.Message, want)
		}
		if n := l.reads.Load(); n != 0 {
			t.Errorf("%s read %d times", route, n)
		}
		if got := f.get(route + "start=now-4h&cost=any"); got.Code != http.StatusOK {
			t.Errorf("%s with cost=any answers %d %s", route, got.Code, got.Body)
		}
	}
}

func TestQueriesRunWhereTheirCostIsSmallOrNotKnown(t *testing.T) {
	for name, test := range map[string]struct {
		loki  *fullLoki
		ask   int64
		start string
	}{
		"short range":       {&fullLoki{}, 4e9, "now-3h"},
		"under the limit":   {&fullLoki{}, 11e9, "now-4h"},
		"never ask":         {&fullLoki{}, 0, "now-4h"},
		"cost is not known": {&fullLoki{broken: true}, 4e9, "now-4h"},
	} {
		f := newCostFixture(t, test.loki, test.ask)
		for _, route := range costlyRoutes {
			if got := f.get(route + "start=" + test.start); got.Code != http.StatusOK {
				t.Errorf("%s: %s answers %d %s", name, route, got.Code, got.Body)
			}
		}
	}
}

func TestThePanelsOfAViewAskForItsCostOnce(t *testing.T) {
	l := &fullLoki{}
	f := newCostFixture(t, l, 11e9)
	const r = "start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z"
	for _, route := range []string{"/api/v1/logs?q=x&", "/api/v1/volume?q=x&", "/api/v1/logs/sample?q=x&"} {
		f.get(route + r)
	}
	if got := l.volumes.Load(); got != 1 {
		t.Errorf("Loki's index was asked %d times, want once", got)
	}
}

func TestLinesWithoutAFilterAreReadAtAnyCost(t *testing.T) {
	f := newCostFixture(t, &fullLoki{}, 4e9)
	for _, route := range []string{"/api/v1/logs?service=a&", "/api/v1/logs/sample?"} {
		if got := f.get(route + "start=now-7d"); got.Code != http.StatusOK {
			t.Errorf("%s answers %d %s", route, got.Code, got.Body)
		}
	}
}

func TestValuesOfLabelsAreToldUncountedWhereCountingIsCostly(t *testing.T) {
	l := &fullLoki{}
	f := newCostFixture(t, l, 4e9)
	got := f.get("/api/v1/labels?service=a&start=now-7d")
	var body labelsBody
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Code != http.StatusOK {
		t.Fatalf("status %d %s", got.Code, got.Body)
	}
	if len(body.Uncounted) != len(filterLabels) || len(body.Labels["env"]) != 2 || body.Labels["env"][0] != (valueBody{"a", 0}) || body.Partial {
		t.Errorf("got %+v", body)
	}
	if n := l.reads.Load(); n != 0 {
		t.Errorf("Loki read %d times", n)
	}
}
