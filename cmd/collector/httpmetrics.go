package main

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// httpMetrics are the request metrics of promtail's server, under its names.
type httpMetrics struct {
	duration         *prometheus.HistogramVec
	received, sent   *prometheus.HistogramVec
	inFlight         *prometheus.GaugeVec
	conns, connLimit *prometheus.GaugeVec
	open             sync.Map // net.Conn of open connections
}

func newHTTPMetrics(reg prometheus.Registerer, connLimit int) *httpMetrics {
	route := []string{"method", "route"}
	sizes := prometheus.ExponentialBuckets(4, 4, 15) // bytes, 4 B to 1 GiB
	m := &httpMetrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "request_duration_seconds", Help: "Duration of requests to the collector's own server.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 25, 50, 100},
		}, []string{"method", "route", "status_code", "ws"}),
		received: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "request_message_bytes", Help: "Size of the bodies of requests.", Buckets: sizes,
		}, route),
		sent: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "response_message_bytes", Help: "Size of the bodies of answers.", Buckets: sizes,
		}, route),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "inflight_requests", Help: "Requests that are being answered.",
		}, route),
		conns: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tcp_connections", Help: "Open connections to the collector's own server.",
		}, []string{"protocol"}),
		connLimit: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tcp_connections_limit", Help: "Connections that may be open: configuration key server.http_listen_conn_limit, 0 for no limit.",
		}, []string{"protocol"}),
	}
	m.conns.WithLabelValues("http")
	m.connLimit.WithLabelValues("http").Set(float64(connLimit))
	reg.MustRegister(m.duration, m.received, m.sent, m.inFlight, m.conns, m.connLimit)
	return m
}

// connState counts the open connections of a server.
func (m *httpMetrics) connState(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if _, known := m.open.LoadOrStore(c, true); !known {
			m.conns.WithLabelValues("http").Inc()
		}
	case http.StateClosed, http.StateHijacked:
		if _, known := m.open.LoadAndDelete(c); known {
			m.conns.WithLabelValues("http").Dec()
		}
	}
}

// measure counts the requests that mux answers.
func (m *httpMetrics) measure(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := mux.Handler(r)
		method, route := methodOf(r.Method), routeOf(pattern)
		inFlight := m.inFlight.WithLabelValues(method, route)
		inFlight.Inc()
		defer inFlight.Dec()
		start, answer := time.Now(), &measuredAnswer{ResponseWriter: w, status: http.StatusOK}
		mux.ServeHTTP(answer, r)
		m.duration.WithLabelValues(method, route, strconv.Itoa(answer.status), "false").Observe(time.Since(start).Seconds())
		m.received.WithLabelValues(method, route).Observe(float64(max(0, r.ContentLength)))
		m.sent.WithLabelValues(method, route).Observe(float64(answer.bytes))
	})
}

// methodOf is a method that HTTP knows, or other: a client can send any text.
func methodOf(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE":
		return method
	}
	return "other"
}

// routeOf is the name of a pattern as promtail names routes: debug_pprof for
// "GET /debug/pprof/".
func routeOf(pattern string) string {
	_, path, found := strings.Cut(pattern, "/")
	switch path = strings.Trim(strings.TrimSuffix(path, "{$}"), "/"); {
	case !found:
		return "other"
	case path == "":
		return "root"
	}
	return strings.NewReplacer("/", "_", "-", "_").Replace(path)
}

// measuredAnswer knows what was answered.
type measuredAnswer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader implements http.ResponseWriter.
func (a *measuredAnswer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *measuredAnswer) Write(b []byte) (int, error) {
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (a *measuredAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
