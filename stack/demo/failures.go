package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// bug is an error in the backend that comes back. Its path may hold one %d.
type bug struct {
	name         string // of the recorded traceback
	every        int    // one request in so many
	method, path string
	values       func(*rand.Rand) []string // old, new, old, new in the recorded traceback
	failure      exception
}

// loadBugs returns the bugs, the frequent before the rare.
func loadBugs() ([]bug, error) {
	bugs := []bug{
		{name: "none_request", every: 30, method: "POST", path: "/api/game-requests/%d/accept"},
		{name: "no_games", every: 45, method: "GET", path: "/api/users/%d/stats"},
		{name: "bad_slot", every: 60, method: "PUT", path: "/api/availability", values: badHour},
		{name: "no_global_name", every: 90, method: "GET", path: "/api/users/discord/callback"},
		{name: "duplicate_email", every: 120, method: "POST", path: "/api/users/signup", values: someNumber},
		{name: "discord_timeout", every: 150, method: "POST", path: "/api/games/%d/event", values: someNumber},
		{name: "bad_weekday", every: 400, method: "PUT", path: "/api/availability", values: badWeekday},
	}
	for i := range bugs {
		var err error
		if bugs[i].failure, err = loadException(bugs[i].name); err != nil {
			return nil, err
		}
	}
	return bugs, nil
}

func badHour(rng *rand.Rand) []string {
	return []string{"25:99", []string{"24:30", "7pm", "18.00", "19:75"}[rng.IntN(4)]}
}

func badWeekday(rng *rand.Rand) []string {
	return []string{"יום", []string{"ראשון", "שבת", "שלישי"}[rng.IntN(3)]}
}

func someNumber(rng *rand.Rand) []string {
	return []string{"48213", fmt.Sprint(10000 + rng.IntN(80000))}
}

// fail lets a request run into a bug, in one of the two backends.
func (w *world) fail(r request, b bug) {
	r.method, r.path, r.status, r.bytes = b.method, withNumber(b.path, r.user), 500, 265
	failure := b.failure
	if b.values != nil {
		values := b.values(w.rng)
		failure = failure.with(values...)
		if b.name == "duplicate_email" {
			w.at(r.start.Add(r.took*3/4), func(at time.Time) { w.duplicateKey(at, values[1]) })
		}
	}
	if b.name == "discord_timeout" {
		r.took = 5*time.Second + w.between(0, 50*time.Millisecond)
	}
	if w.rng.IntN(4) == 0 {
		w.jsonRequest(r, func(at time.Time) {
			w.log(w.next, at, "stdout", w.record(r, at, "ERROR", "src.app", exceptionOn(r), []field{
				{"exception", failure.object()},
			}))
		})
		return
	}
	w.textRequest(r, func(at time.Time) { w.unhandled(r, at, failure) })
}

// unhandled is an exception that no handler of the backend caught. In production it is logged twice, by Flask's logger
// and by the backend's own.
func (w *world) unhandled(r request, at time.Time, failure exception) {
	again := "Unexpected error: 500 Internal Server Error: The server encountered an internal error and was unable to " +
		"complete your request. Either the server is overloaded or there is an error in the application."
	lines := append([]string{text(at, "ERROR", exceptionOn(r))}, failure.lines()...)
	lines = append(lines, text(at, "ERROR", again))
	w.log(w.backend, at, "stdout", append(lines, failure.lines()...)...)
}

func exceptionOn(r request) string { return fmt.Sprintf("Exception on %s [%s]", r.path, r.method) }

// outage is a time in which PgBouncer has no server connection to give.
type outage struct {
	from, to time.Time
	failure  exception
}

func (o outage) at(at time.Time) bool { return !at.Before(o.from) && at.Before(o.to) }

// startOutage begins one of half a minute to a minute; a gunicorn worker dies in it.
func (w *world) startOutage(at time.Time) {
	w.outage.from, w.outage.to = at, at.Add(w.between(30*time.Second, time.Minute))
	w.log(w.pgbouncer, at, "stdout", fmt.Sprintf("%s [1] WARNING C-0x55a248120610: tovplay/tovplay_app@172.18.0.4:%d taking "+
		"connection from reserve_pool", pgTime(at), 40000+w.rng.IntN(20000)))
	for range 8 {
		w.at(at.Add(w.between(0, 30*time.Second)), func(at time.Time) { w.request(at) })
	}
	w.at(at.Add(20*time.Second), w.killWorker)
}

// starve is a request during an outage: it waits for a connection until PgBouncer gives up.
func (w *world) starve(r request) {
	r.method, r.path, r.status, r.bytes = "GET", "/api/game-requests", 500, 265
	r.took = 2*time.Second + w.between(0, 400*time.Millisecond)
	w.at(r.start.Add(r.took*7/10), w.queryWaitTimeout)
	w.textRequest(r, func(at time.Time) { w.unhandled(r, at, w.outage.failure) })
}

// killWorker is gunicorn's end of a worker that did not answer, and nginx's view of it.
func (w *world) killWorker(at time.Time) {
	pid := 20 + w.rng.IntN(200)
	w.log(w.backend, at, "stderr",
		gunicorn(at, 1, "CRITICAL", fmt.Sprintf("WORKER TIMEOUT (pid:%d)", pid)),
		gunicorn(at, pid, "INFO", fmt.Sprintf("Worker exiting (pid: %d)", pid)))
	r := w.visitor(at)
	r.method, r.path, r.status, r.bytes = "GET", "/api/game-requests", 502, 157
	w.nginx(w.errors, nginxError(at, r, "upstream prematurely closed connection while reading response header from upstream",
		"http://127.0.0.1:8000"))
	w.nginx(w.access, r.access(at))
	w.at(at.Add(1100*time.Millisecond), func(at time.Time) {
		w.log(w.backend, at, "stderr",
			gunicorn(at, 1, "WARNING", fmt.Sprintf("Worker with pid %d was terminated due to signal 6", pid)),
			gunicorn(at, pid+1, "INFO", fmt.Sprintf("Booting worker with pid: %d", pid+1)))
	})
}

// deploy restarts gunicorn.
func (w *world) deploy(at time.Time) {
	w.log(w.backend, at, "stderr",
		gunicorn(at, 1, "INFO", "Handling signal: term"),
		gunicorn(at, 7, "INFO", "Worker exiting (pid: 7)"),
		gunicorn(at, 8, "INFO", "Worker exiting (pid: 8)"))
	w.at(at.Add(300*time.Millisecond), func(at time.Time) {
		w.log(w.backend, at, "stderr", gunicorn(at, 1, "INFO", "Shutting down: Master"))
	})
	w.at(at.Add(2*time.Second), w.startGunicorn)
}

// startGunicorn is the start of the backend's container.
func (w *world) startGunicorn(at time.Time) {
	w.log(w.backend, at, "stderr",
		gunicorn(at, 1, "INFO", "Starting gunicorn 20.1.0"),
		gunicorn(at, 1, "INFO", "Listening at: http://0.0.0.0:5001 (1)"),
		gunicorn(at, 1, "INFO", "Using worker: sync"),
		gunicorn(at, 7, "INFO", "Booting worker with pid: 7"),
		gunicorn(at, 8, "INFO", "Booting worker with pid: 8"))
	w.at(at.Add(900*time.Millisecond), func(at time.Time) {
		w.log(w.backend, at, "stdout",
			text(at, "INFO", "Logging initialized for production environment at INFO level"),
			text(at, "WARNING", "🚀 Starting TovPlay backend application"))
	})
}

// gunicorn is a line of gunicorn's error log.
func gunicorn(at time.Time, pid int, level, message string) string {
	return fmt.Sprintf("[%s] [%d] [%s] %s", at.UTC().Format("2006-01-02 15:04:05 -0700"), pid, level, message)
}
