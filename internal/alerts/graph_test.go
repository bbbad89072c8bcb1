package alerts

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// onLogs is an episode of a rule of Loki, 10 minutes long.
func onLogs() Episode {
	left := `{"queries":[{"expr":"sum by (env) (count_over_time({service=\"backend\"}[5m])) > 10","queryType":"range"}]}`
	return Episode{
		Name: "Errors", Began: noon, Ended: at(10), Labels: map[string]string{"alertname": "Errors", "env": "production"},
		GeneratorURL: "http://127.0.0.1:3000/explore?" + url.Values{"left": {left}}.Encode(),
	}
}

func newGrapher(t *testing.T, prometheusURL string, logs func(context.Context, string, v1.Range) (model.Matrix, error)) *Grapher {
	t.Helper()
	g, err := NewGrapher(GraphConfig{PrometheusURL: prometheusURL, Logs: logs, Now: func() time.Time { return at(60) }})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// series is a series of env with values at minutes after noon.
func seriesOf(env string, values map[int]float64) *model.SampleStream {
	s := &model.SampleStream{Metric: model.Metric{"env": model.LabelValue(env)}}
	for minute, value := range values {
		s.Values = append(s.Values, model.SamplePair{Timestamp: model.TimeFromUnixNano(at(minute).UnixNano()), Value: model.SampleValue(value)})
	}
	return s
}

func TestAGraphOfLogsIsDrawnByLoki(t *testing.T) {
	t.Parallel()
	g := newGrapher(t, "http://127.0.0.1:1", func(_ context.Context, query string, r v1.Range) (model.Matrix, error) {
		if query != `sum by (env) (count_over_time({service="backend"}[5m]))` || !r.Start.Equal(at(-15)) || !r.End.Equal(at(25)) || r.Step != 15*time.Second {
			t.Errorf("asked for %s %+v", query, r)
		}
		return model.Matrix{seriesOf("staging", map[int]float64{0: 1}), seriesOf("production", map[int]float64{0: 4, 5: 25})}, nil
	})
	graph, err := g.Graph(t.Context(), onLogs())
	if err != nil {
		t.Fatal(err)
	}
	if !graph.LogQL || graph.Op != ">" || *graph.Threshold != 10 || len(graph.Series) != 1 || graph.Others != 0 || graph.Series[0].Labels["env"] != "production" {
		t.Fatalf("got %+v", graph)
	}
	values := graph.Series[0].Values
	value := func(minute int) float64 { return values[int(at(minute).Sub(graph.From)/graph.Step)] }
	if len(values) != 161 || value(0) != 4 || value(5) != 25 || value(3) != 0 {
		t.Errorf("%d values, %v at 0, %v at 5, %v at 3", len(values), value(0), value(5), value(3))
	}
}

func TestAShareOfLinesIsZeroWhereNoLineHasIt(t *testing.T) {
	t.Parallel()
	e := onLogs()
	e.GeneratorURL = "http://127.0.0.1:3000/explore?" + url.Values{"left": {
		`{"queries":[{"expr":"((sum(rate({a=\"5\"}[5m])) / (sum(rate({a=\"b\"}[5m])) > 20)) > 0.05)"}]}`,
	}}.Encode()
	g := newGrapher(t, "http://127.0.0.1:1", func(_ context.Context, query string, _ v1.Range) (model.Matrix, error) {
		if want := `(sum(rate({a="5"}[5m])) / (sum(rate({a="b"}[5m])) > 20)) or ((sum(rate({a="b"}[5m])) > 20) * 0)`; query != want {
			t.Errorf("asked for %s, want %s", query, want)
		}
		return model.Matrix{seriesOf("production", map[int]float64{0: 0.1})}, nil
	})
	graph, err := g.Graph(t.Context(), e)
	if err != nil || !graph.Ratio || *graph.Threshold != 0.05 || !math.IsNaN(graph.Series[0].Values[0]) {
		t.Errorf("got %+v, %v", graph, err)
	}
}

func TestSeriesOfOtherAlertsAreShownOnlyIfThereAreNoOwn(t *testing.T) {
	t.Parallel()
	g := newGrapher(t, "http://127.0.0.1:1", func(context.Context, string, v1.Range) (model.Matrix, error) {
		var matrix model.Matrix
		for _, env := range []string{"a", "b", "c", "d", "e", "f", "g"} {
			matrix = append(matrix, seriesOf(env, map[int]float64{0: 1}))
		}
		return matrix, nil
	})
	graph, err := g.Graph(t.Context(), onLogs())
	if err != nil || len(graph.Series) != seriesMost || graph.Others != 2 {
		t.Errorf("%d series and %d others, %v", len(graph.Series), graph.Others, err)
	}
}

func TestWhoDoesNotDrawIsNamed(t *testing.T) {
	t.Parallel()
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(`{"status":"error","errorType":"bad_data","error":"parse error: no such function"}`))
	}))
	t.Cleanup(refuses.Close)
	failing := func(context.Context, string, v1.Range) (model.Matrix, error) { return nil, errors.New("Loki is away") }
	prom := Episode{Name: "Down", Began: noon, GeneratorURL: "http://127.0.0.1/graph?g0.expr=nothing(up)"}
	for _, test := range []struct {
		prometheus string
		episode    Episode
		server     string
		words      string
	}{
		{"http://127.0.0.1:1", onLogs(), "Loki", "Loki is away"},
		{"http://127.0.0.1:1", prom, "Prometheus", "does not answer: "},
		{refuses.URL, prom, "Prometheus", "refused: parse error"},
		{"http://127.0.0.1:1", Episode{Name: "Down", Began: noon}, "Prometheus", "does not answer: "},
	} {
		_, err := newGrapher(t, test.prometheus, failing).Graph(t.Context(), test.episode)
		known, ok := errors.AsType[*UpstreamError](err)
		if !ok || known.Server != test.server || !strings.Contains(known.Message, test.words) || strings.Contains(known.Message, "127.0.0.1:1/") {
			t.Errorf("got %v, want %s: %s", err, test.server, test.words)
		}
	}
}
