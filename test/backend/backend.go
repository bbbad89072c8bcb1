// Package backend stands for TovPlay's backend in tests: what it answers, what
// it counts and what it prints. Its metrics have exactly the names, labels and
// buckets of the real one, as prometheus_flask_exporter and prometheus_client
// make them, and like there each worker counts for itself: gunicorn runs
// several, without a folder that they share, and a scrape sees one of them.
package backend

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Options say what a backend is.
type Options struct {
	Env     string    // the label environment of the application's own metrics
	Workers int       // gunicorn's
	Log     io.Writer // what the container prints, written to by several requests at once; nil is nowhere
}

// Backend answers requests, each by the next of its workers.
type Backend struct {
	options Options

	mu      sync.Mutex
	workers []*worker
	next    int
	sick    bool
	failing bool
	delay   time.Duration
}

// New returns a backend that has just started and is well.
func New(options Options) *Backend {
	b := &Backend{options: options}
	b.Restart()
	return b
}

// Restart has every worker begin to count anew, as in a new process.
func (b *Backend) Restart() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.workers = nil
	for pid := range b.options.Workers {
		// gunicorn forks them one after the other.
		started := time.Now().Add(time.Duration(pid) * 30 * time.Millisecond)
		b.workers = append(b.workers, newWorker(b.options.Env, started))
		b.print("[%s] [%d] [INFO] Booting worker with pid: %[2]d", time.Now().UTC().Format("2006-01-02 15:04:05 -0700"), 7+pid)
	}
}

// SetHealthy says whether /health answers 200 or 503.
func (b *Backend) SetHealthy(healthy bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sick = !healthy
}

// SetFailing says whether requests of the application end in an exception.
func (b *Backend) SetFailing(failing bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failing = failing
}

// SetDelay says how long each request of the application takes.
func (b *Backend) SetDelay(delay time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delay = delay
}

// ServeHTTP answers /metrics and /health, and every other address as a route of
// the application.
func (b *Backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	worker := b.workers[b.next%len(b.workers)]
	b.next++
	sick, failing, delay := b.sick, b.failing, b.delay
	b.mu.Unlock()

	switch {
	case r.URL.Path == "/metrics": // does not count itself
		worker.metrics.ServeHTTP(w, r)
	case r.URL.Path == "/health" && sick:
		b.answer(w, r, worker, http.StatusServiceUnavailable, 0, `{"status":"unhealthy"}`)
	case r.URL.Path == "/health":
		b.answer(w, r, worker, http.StatusOK, 0, `{"status":"healthy"}`)
	case failing:
		b.answer(w, r, worker, http.StatusInternalServerError, delay, `{"error":"Internal server error","status_code":500,"type":"internal_error"}`)
	default:
		b.answer(w, r, worker, http.StatusOK, delay, `{}`)
	}
}

// answer answers after a while, and counts and prints as the backend does.
func (b *Backend) answer(w http.ResponseWriter, r *http.Request, worker *worker, status int, after time.Duration, body string) {
	began := time.Now()
	b.print("%s | INFO | Request started", clock(began))
	wait(r, after)
	if status == http.StatusInternalServerError {
		b.print("%s | ERROR | Exception on %s [%s]\n%s", clock(time.Now()), r.URL.Path, r.Method, traceback)
	}
	worker.count(r, status, time.Since(began))
	b.print("%s | INFO | Request completed", clock(time.Now()))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, body) // a client that has gone needs no answer
}

// wait lets time pass, or ends with the request.
func wait(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// clock is the time of a line on the console: without a date.
func clock(at time.Time) string { return at.Format("15:04:05") }

func (b *Backend) print(format string, args ...any) {
	if b.options.Log != nil {
		fmt.Fprintf(b.options.Log, format+"\n", args...)
	}
}

const traceback = `Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/flask/app.py", line 1511, in wsgi_app
    response = self.full_dispatch_request()
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/app/src/app/routes/user_routes.py", line 212, in get_user
    return jsonify(user.to_dict())
                   ^^^^^^^^^^^^
AttributeError: 'NoneType' object has no attribute 'to_dict'`
