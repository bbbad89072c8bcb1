package backend

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// worker is one of gunicorn's, with counts of its own.
type worker struct {
	metrics  http.Handler
	registry *prometheus.Registry
	env      string

	requests   *counter
	exceptions *counter
	durations  *histogram
	users      []func(succeeded bool, took float64) // what the routes below /api/users count
}

func newWorker(env string, started time.Time) *worker {
	w := &worker{registry: prometheus.NewRegistry(), env: env}
	w.metrics = promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{})
	w.constant("flask_exporter_info", prometheus.Labels{"version": "0.23.2"}, 1)
	w.constant("tovplay_backend", prometheus.Labels{"version": "1.0.0"}, 1)
	w.constant("python_info", prometheus.Labels{"implementation": "CPython", "major": "3", "minor": "11", "patchlevel": "9", "version": "3.11.9"}, 1)
	w.constant("process_start_time_seconds", nil, float64(started.UnixNano())/1e9)
	w.constant("process_resident_memory_bytes", nil, 96<<20)
	w.constant("process_virtual_memory_bytes", nil, 380<<20)
	w.constant("process_open_fds", nil, 21)
	w.constant("process_max_fds", nil, 1048576)
	w.constant("process_cpu_seconds_total", nil, 1.5)
	for _, name := range []string{"python_gc_objects_collected_total", "python_gc_objects_uncollectable_total", "python_gc_collections_total"} {
		for generation := range 3 {
			w.constant(name, prometheus.Labels{"generation": strconv.Itoa(generation)}, 0)
		}
	}
	w.requests = w.counter("flask_http_request_total", "method", "status")
	w.exceptions = w.counter("flask_http_request_exceptions_total", "method", "status")
	w.durations = w.histogram("flask_http_request_duration_seconds",
		[]float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10}, "method", "path", "status")
	w.addUsers()
	return w
}

// addUsers makes the metrics of the application that get samples: those that
// user_routes.py uses.
func (w *worker) addUsers() {
	for _, c := range []struct{ name, label, more string }{
		{"auth_login_attempts_total", "status", "method"},
		{"auth_login_failure_reasons_total", "reason", "method"},
		{"auth_signup_attempts_total", "status", ""},
		{"auth_email_verification_attempts_total", "status", ""},
		{"auth_password_change_attempts_total", "status", ""},
		{"user_deletion_attempts_total", "status", ""},
		{"username_availability_checks_total", "result", ""},
		{"discord_oauth_callbacks_total", "status", ""},
		{"discord_api_errors_total", "error_type", "endpoint"},
	} {
		labels := []string{"environment", c.label}
		if c.more != "" {
			labels = append(labels, c.more)
		}
		vec := w.counter(c.name, labels...)
		w.users = append(w.users, func(succeeded bool, _ float64) {
			values := []string{w.env, outcome(succeeded)}
			if c.more != "" {
				values = append(values, "email")
			}
			vec.add(values...)
		})
	}
	for name, buckets := range map[string][]float64{
		"auth_login_duration_seconds":             {.05, .1, .25, .5, 1, 2, 5, 10},
		"auth_signup_duration_seconds":            {.1, .25, .5, 1, 2, 5, 10},
		"discord_token_exchange_duration_seconds": {.25, .5, 1, 2, 3, 5, 10},
	} {
		vec := w.histogram(name, buckets, "environment", "status")
		w.users = append(w.users, func(succeeded bool, took float64) { vec.observe(took, w.env, outcome(succeeded)) })
	}
}

func outcome(succeeded bool) string {
	if succeeded {
		return "success"
	}
	return "failure"
}

// count counts a request as prometheus_flask_exporter does: the path as it was
// asked for.
func (w *worker) count(r *http.Request, status int, took time.Duration) {
	code := strconv.Itoa(status)
	w.requests.add(r.Method, code)
	w.durations.observe(took.Seconds(), r.Method, r.URL.Path, code)
	if status == http.StatusInternalServerError {
		w.exceptions.add(r.Method, code)
	}
	if strings.HasPrefix(r.URL.Path, "/api/users") {
		for _, count := range w.users {
			count(status < http.StatusBadRequest, took.Seconds())
		}
	}
}

// constant registers a value that does not change.
func (w *worker) constant(name string, labels prometheus.Labels, value float64) {
	kind := prometheus.GaugeValue
	if strings.HasSuffix(name, "_total") {
		kind = prometheus.CounterValue
	}
	w.registry.MustRegister(constant{prometheus.MustNewConstMetric(prometheus.NewDesc(name, name, nil, labels), kind, value)})
}

type constant struct{ metric prometheus.Metric }

func (c constant) Describe(out chan<- *prometheus.Desc) { out <- c.metric.Desc() }
func (c constant) Collect(out chan<- prometheus.Metric) { out <- c.metric }

// counter is a counter with the gauge _created that prometheus_client adds.
type counter struct {
	vec     *prometheus.CounterVec
	created *created
}

func (w *worker) counter(name string, labels ...string) *counter {
	c := &counter{prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: name}, labels), w.created(strings.TrimSuffix(name, "_total"), labels)}
	w.registry.MustRegister(c.vec)
	return c
}

func (c *counter) add(values ...string) {
	c.vec.WithLabelValues(values...).Inc()
	c.created.note(values)
}

// histogram is a histogram with its gauge _created.
type histogram struct {
	vec     *prometheus.HistogramVec
	created *created
}

func (w *worker) histogram(name string, buckets []float64, labels ...string) *histogram {
	h := &histogram{prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: name, Buckets: buckets}, labels), w.created(name, labels)}
	w.registry.MustRegister(h.vec)
	return h
}

func (h *histogram) observe(value float64, values ...string) {
	h.vec.WithLabelValues(values...).Observe(value)
	h.created.note(values)
}

// created says since when the series of a metric are there.
type created struct {
	vec  *prometheus.GaugeVec
	mu   sync.Mutex
	seen map[string]bool
}

func (w *worker) created(name string, labels []string) *created {
	c := &created{vec: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name + "_created", Help: name}, labels), seen: map[string]bool{}}
	w.registry.MustRegister(c.vec)
	return c
}

func (c *created) note(values []string) {
	key := strings.Join(values, "\x00")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[key] {
		return
	}
	c.seen[key] = true
	c.vec.WithLabelValues(values...).SetToCurrentTime()
}
