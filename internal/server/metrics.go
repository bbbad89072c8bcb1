package server

import (
	"errors"
	"net/http"
	"net/http/pprof"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/loki"
)

// Metrics are the dashboard's own metrics.
type Metrics struct {
	registry *prometheus.Registry
	inFlight prometheus.Gauge
	duration *prometheus.HistogramVec
	upstream *prometheus.HistogramVec
	upErrors *prometheus.CounterVec
	logins   *prometheus.CounterVec
}

// NewMetrics makes the metrics in a registry of their own.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dashboard_http_requests_in_flight", Help: "Requests that are being served, live tails included."}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dashboard_http_request_duration_seconds", Help: "Duration of requests, live tails excepted.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}},
			[]string{"method", "route", "status"}),
		upstream: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dashboard_upstream_request_duration_seconds", Help: "Duration of calls of Loki and Prometheus.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 25}},
			[]string{"upstream", "call"}),
		upErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dashboard_upstream_errors_total", Help: "Failed calls of Loki and Prometheus."}, []string{"upstream", "code"}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dashboard_logins_total", Help: "Attempts to log in."}, []string{"result"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "dashboard_build_info", Help: "A constant 1 with the build's version.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()}})
	build.Set(1)
	m.registry.MustRegister(m.inFlight, m.duration, m.upstream, m.upErrors, m.logins, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, result := range []string{"ok", "wrong", "throttled", "error"} {
		m.logins.WithLabelValues(result)
	}
	return m
}

// Register adds metrics of other parts.
func (m *Metrics) Register(collectors ...prometheus.Collector) {
	m.registry.MustRegister(collectors...)
}

// WatchHub adds the numbers of viewers and follows.
func (m *Metrics) WatchHub(hub *loki.Hub) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "dashboard_tail_viewers", Help: "Live tails that people have open."},
			func() float64 { viewers, _ := hub.Viewers(); return float64(viewers) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "dashboard_tail_follows", Help: "Queries that are followed in Loki for live tails."},
			func() float64 { _, follows := hub.Viewers(); return float64(follows) }))
}

// Loki notes a call of Loki; see loki.Config.Observe.
func (m *Metrics) Loki(call string, took time.Duration, code loki.Code) {
	m.upstream.WithLabelValues("loki", call).Observe(took.Seconds())
	if code != "" {
		m.upErrors.WithLabelValues("loki", string(code)).Inc()
	}
}

// Prometheus notes a call of Prometheus; see health.Config.Observe.
func (m *Metrics) Prometheus(call string, took time.Duration, err error) {
	m.upstream.WithLabelValues("prometheus", call).Observe(took.Seconds())
	if err != nil {
		m.upErrors.WithLabelValues("prometheus", "unavailable").Inc()
	}
}

// begin and end note a request.
func (m *Metrics) begin() { m.inFlight.Inc() }

func (m *Metrics) end(method, route string, status int, took time.Duration, stream bool) {
	m.inFlight.Dec()
	if !stream {
		m.duration.WithLabelValues(knownMethod(method), route, strconv.Itoa(status)).Observe(took.Seconds())
	}
}

// knownMethod bounds the values of a label that clients choose.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return method
	}
	return "other"
}

// login notes an attempt to log in.
func (m *Metrics) login(err error) {
	_, throttled := errors.AsType[*auth.ThrottledError](err)
	switch {
	case err == nil:
		m.logins.WithLabelValues("ok").Inc()
	case throttled:
		m.logins.WithLabelValues("throttled").Inc()
	case errors.Is(err, auth.ErrCredentials):
		m.logins.WithLabelValues("wrong").Inc()
	default:
		m.logins.WithLabelValues("error").Inc()
	}
}

// Handler serves /metrics, pprof and /healthz for the operator's listener.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
