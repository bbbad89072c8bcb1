package main

import (
	"fmt"
	"strings"
	"time"
)

// request is one HTTP request on its way through nginx and the backend.
type request struct {
	method, path  string
	ip, agent     string
	id            string // correlation id, a UUID
	user          int
	start         time.Time
	took          time.Duration
	status, bytes int
}

// route is something that people do often. Its path and message hold one %d each at most, for a number.
type route struct {
	share        int // of 100 requests
	method, path string
	message      string // what the backend logs on the way; may be empty
}

func routes() []route {
	return []route{
		{24, "GET", "/api/games", ""},
		{18, "GET", "/api/game-requests", ""},
		{14, "GET", "/api/users/%d/profile", ""},
		{10, "GET", "/api/notifications", "Notification %d delivered to chess"},
		{8, "POST", "/api/game-requests", "Game request %d sent to backgammon"},
		{8, "PUT", "/api/availability", "Availability of user %d saved (chess slots)"},
		{8, "POST", "/api/users/login", "User action: login of user %d"},
		{6, "POST", "/api/friends/%d", "Friend request %d sent to chess"},
		{4, "GET", "/api/leaderboard", "טבלת המובילים עודכנה, %d שחקנים"},
	}
}

// request is one visitor's request: mostly fine, sometimes one of the bugs.
func (w *world) request(at time.Time) {
	r := w.visitor(at)
	for _, b := range w.bugs {
		if w.rng.IntN(b.every) == 0 {
			w.fail(r, b)
			return
		}
	}
	if w.outage.at(at) && w.rng.IntN(2) == 0 {
		w.starve(r)
		return
	}
	chosen := w.rng.IntN(100)
	for _, route := range routes() {
		if chosen -= route.share; chosen < 0 {
			w.serve(r, route)
			return
		}
	}
}

// visitor makes up who asks. Addresses are those set aside for documentation.
func (w *world) visitor(at time.Time) request {
	networks := []string{"192.0.2.%d", "198.51.100.%d", "203.0.113.%d"}
	agents := []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
	}
	return request{
		ip:    fmt.Sprintf(networks[w.rng.IntN(len(networks))], 1+w.rng.IntN(254)),
		agent: agents[w.rng.IntN(len(agents))],
		id:    w.uuid(), user: 1000 + w.rng.IntN(9000),
		start: at, took: w.between(8*time.Millisecond, 240*time.Millisecond),
		status: 200, bytes: 200 + w.rng.IntN(4000),
	}
}

func (w *world) uuid() string {
	return fmt.Sprintf("%08x-%04x-4%03x-%x%03x-%012x", w.rng.Uint32(), w.rng.IntN(1<<16), w.rng.IntN(1<<12),
		8+w.rng.IntN(4), w.rng.IntN(1<<12), w.rng.Int64N(1<<48))
}

// serve answers a request well. One in forty is slow.
func (w *world) serve(r request, to route) {
	r.method, r.path = to.method, withNumber(to.path, r.user)
	if w.rng.IntN(40) == 0 {
		r.took = w.between(1100*time.Millisecond, 2900*time.Millisecond)
	}
	message := withNumber(to.message, r.user)
	if w.rng.IntN(4) == 0 {
		w.jsonRequest(r, func(at time.Time) {
			if message != "" {
				w.log(w.next, at, "stdout", w.record(r, at, "INFO", "src.app.routes.game_routes", message, nil))
			}
		})
		return
	}
	w.textRequest(r, func(at time.Time) {
		if message != "" {
			w.log(w.backend, at, "stdout", text(at, "INFO", message))
		}
		if r.took > time.Second {
			w.log(w.backend, at, "stdout", text(at, "WARNING", "Slow request detected"))
		}
	})
}

// textRequest plans the records of a request to the backend, with middle shortly before its end.
func (w *world) textRequest(r request, middle func(time.Time)) {
	w.log(w.backend, r.start, "stdout", text(r.start, "INFO", "Request started"))
	w.at(r.start.Add(r.took*4/5), middle)
	w.at(r.start.Add(r.took), func(at time.Time) {
		w.log(w.backend, at, "stdout", text(at, "INFO", "Request completed"))
		w.nginx(w.access, r.access(at))
	})
}

// jsonRequest does so for the backend's next version.
func (w *world) jsonRequest(r request, middle func(time.Time)) {
	w.log(w.next, r.start, "stdout", w.record(r, r.start, "INFO", "flask.request", "Request started",
		[]field{{"query_string", nil}}))
	w.at(r.start.Add(r.took*4/5), middle)
	w.at(r.start.Add(r.took), func(at time.Time) {
		w.log(w.next, at, "stdout", w.record(r, at, "INFO", "flask.request", "Request completed", []field{
			{"status_code", r.status}, {"duration_ms", float64(r.took.Microseconds()/10) / 100},
		}))
		w.nginx(w.access, r.access(at))
	})
}

// text is a record of the backend's simple formatter.
func text(at time.Time, level, message string) string {
	return at.UTC().Format(time.TimeOnly) + " | " + level + " | " + message
}

// record is a JSON record of the backend's structured formatter, within a request.
func (w *world) record(r request, at time.Time, level, logger, message string, extra []field) string {
	file, line, function := "structured_logger.py", 398, "after_request"
	if logger != "flask.request" {
		file, line, function = "game_routes.py", 57, "handle"
	}
	fields := []field{
		{"timestamp", isoformat(at)}, {"level", level}, {"logger", logger}, {"message", message},
		{"service", "backend"}, {"environment", "production"}, {"hostname", w.next.hostname()},
		{"correlation_id", r.id}, {"method", r.method}, {"path", r.path}, {"ip", r.ip}, {"user_agent", r.agent},
	}
	if r.user != 0 {
		fields = append(fields, field{"user_id", r.user})
	}
	fields = append(fields, field{"file", file}, field{"line", line}, field{"function", function})
	return pythonJSON(append(fields, extra...))
}

// access is the request in nginx's combined format.
func (r request) access(at time.Time) string {
	return fmt.Sprintf(`%s - - [%s] "%s %s HTTP/1.1" %d %d "https://app.example.org/" "%s"`,
		r.ip, at.UTC().Format("02/Jan/2006:15:04:05 -0700"), r.method, r.path, r.status, r.bytes, r.agent)
}

// withNumber puts n in the place of %d, if there is one.
func withNumber(format string, n int) string { return strings.Replace(format, "%d", fmt.Sprint(n), 1) }

// healthCheck is Docker's, in both backends.
func (w *world) healthCheck(at time.Time) {
	w.log(w.backend, at, "stdout", text(at, "INFO", "Request started"), text(at, "INFO", "Request completed"))
	r := request{method: "GET", path: "/health", ip: "127.0.0.1", agent: "curl/7.88.1", id: w.uuid()}
	w.log(w.next, at, "stdout",
		w.record(r, at, "INFO", "flask.request", "Request started", []field{{"query_string", nil}}),
		w.record(r, at, "INFO", "flask.request", "Request completed", []field{{"status_code", 200}, {"duration_ms", 1.6}}))
}

// bigNotification is a record so long that Docker cuts it into parts.
func (w *world) bigNotification(at time.Time) {
	r := w.visitor(at)
	r.method, r.path = "POST", "/api/notifications/broadcast"
	players := make([]string, 600+w.rng.IntN(600))
	for i := range players {
		players[i] = fmt.Sprintf("שחקן %d", 1000+i)
	}
	w.log(w.next, at, "stdout", w.record(r, at, "WARNING", "src.app.services", "Notification payload is large", []field{
		{"recipients", players},
	}))
}

// scan is a robot that looks for programs which are not here.
func (w *world) scan(at time.Time) {
	r := w.visitor(at)
	r.method, r.agent, r.status, r.bytes = "GET", "Mozilla/5.0 zgrab/0.x", 404, 153
	for _, path := range []string{"/.env", "/wp-login.php", "/phpmyadmin/index.php", "/.git/config", "/actuator/health"} {
		at = at.Add(w.between(20*time.Millisecond, 400*time.Millisecond))
		w.at(at, func(at time.Time) {
			probe := r
			probe.path = path
			w.nginx(w.access, probe.access(at))
			w.nginx(w.errors, nginxError(at, probe, fmt.Sprintf(
				`open() "/usr/share/nginx/html%s" failed (2: No such file or directory)`, path), ""))
		})
	}
}

// nginxError is a line of nginx's error log; upstream may be empty.
func nginxError(at time.Time, r request, problem, upstream string) string {
	line := fmt.Sprintf(`%s [error] 31#31: *%d %s, client: %s, server: app.example.org, request: "%s %s HTTP/1.1"`,
		at.UTC().Format("2006/01/02 15:04:05"), at.Unix()%100000, problem, r.ip, r.method, r.path)
	if upstream != "" {
		line += fmt.Sprintf(`, upstream: "%s%s"`, upstream, r.path)
	}
	return line + `, host: "app.example.org"`
}
