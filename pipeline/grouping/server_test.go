package grouping

import (
	"strings"
	"testing"
)

func TestErrorsOfServers(t *testing.T) {
	for _, test := range []struct{ name, text, kind, masked, culprit string }{
		{"PostgreSQL", `2026-11-22 21:49:24.055 UTC [27837] app@shop ERROR:  duplicate key value violates unique constraint "users_pkey"
2026-11-22 21:49:24.055 UTC [27837] app@shop DETAIL:  Key (id)=(7) already exists.
2026-11-22 21:49:24.055 UTC [27837] app@shop STATEMENT:  insert into users
	values (7)`, "PostgreSQL ERROR", `duplicate key value violates unique constraint "users_pkey"`, ""},
		{"PostgreSQL with SQLSTATE in the prefix", `2026-11-22 21:49:24.055 UTC [27837] 42P01 ERROR:  relation "missing_4" does not exist at character 15`,
			"undefined_table", `relation "missing_<num>" does not exist`, ""},
		{"PostgreSQL, verbose", `2026-11-22 21:49:24.055 UTC [27837] ERROR:  22012: division by zero`, "division_by_zero", "division by zero", ""},
		{"PostgreSQL in JSON", `{"timestamp":"2026-11-22 21:49:24","pid":7,"error_severity":"ERROR","state_code":"40P01","message":"deadlock detected","detail":"x"}`,
			"deadlock_detected", "deadlock detected", ""},
		{"PgBouncer", `2026-11-22 21:54:57.123 UTC [99] WARNING C-0x55a248120150: shop/app@127.0.0.1:57552 pooler error: server conn crashed?`,
			"PgBouncer pooler error", "server conn crashed?", "shop/app"},
		{"nginx", `2026/11/22 21:54:57 [error] 7631#7631: *17 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: _, request: "GET /api/x?q=1 HTTP/1.1", upstream: "http://127.0.0.1:5001/api/x", host: "x"`,
			"nginx error", "connect() failed (<num>: Connection refused) while connecting to upstream", "GET /api/x?q=1 HTTP/1.1"},
		{"access log", `192.0.2.7 - - [22/Nov/2026:21:54:57 +0000] "POST /api/games/17?q=1 HTTP/1.1" 502 157 "-" "curl/8"`, "HTTP 502", "POST /api/games/<num>", ""},
		{"access log in JSON", `{"time":"2026-11-22T21:54:57+00:00","remote_addr":"192.0.2.7","status":503,"request":"GET /dead/7?x=1 HTTP/1.1"}`, "HTTP 503", "GET /dead/<num>", ""},
		{"systemd in the journal", "shop.service: Failed with result 'oom-kill'.", "systemd unit failure", "shop.service", "shop.service"},
		{"gunicorn timeout", "[2026-11-22 21:54:57 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:13)", "gunicorn worker timeout", "WORKER TIMEOUT (pid:<num>)", ""},
		{"gunicorn death", "[2026-11-22 21:54:57 +0000] [7] [ERROR] Worker (pid:13) was sent SIGKILL! Perhaps out of memory?", "gunicorn worker death", "Worker (pid:<num>) was sent SIGKILL! Perhaps out of memory?", ""},
		{"OOM kill", "Nov 22 21:54:57 web1 kernel: [12345.678] Out of memory: Killed process 4711 (gunicorn) total-vm:1234kB, anon-rss:12kB", "OOM kill", "gunicorn", "gunicorn"},
		{"OOM kill of a container", "Nov 22 21:54:57 web1 kernel: Memory cgroup out of memory: Killed process 4712 (gunicorn) total-vm:1kB", "OOM kill", "gunicorn", "gunicorn"},
		{"OOM kill, the summary", "Nov 22 21:54:57 web1 kernel: oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task=gunicorn,pid=4711,uid=0", "OOM kill", "gunicorn", "gunicorn"},
		{"systemd", "Nov 22 21:54:57 web1 systemd[1]: shop.service: Failed with result 'exit-code'.", "systemd unit failure", "shop.service", "shop.service"},
		{"systemd, the exit", "Nov 22 21:54:57 web1 systemd[1]: shop.service: Main process exited, code=exited, status=1/FAILURE", "systemd unit failure", "shop.service", "shop.service"},
		{"systemd, the start", "Nov 22 21:54:57 web1 systemd[1]: Failed to start shop.service - The shop.", "systemd unit failure", "shop.service", "shop.service"},
	} {
		r := group(test.text)
		if r.Kind != Server || string(r.Type) != test.kind || string(r.Masked) != test.masked || r.Culprit() != test.culprit {
			t.Errorf("%s: got %v, %q, %q, %q; want server, %q, %q, %q", test.name, r.Kind, r.Type, r.Masked, r.Culprit(), test.kind, test.masked, test.culprit)
		}
	}
}

func TestPostgresDetailAndStatementAreReadAndDoNotCount(t *testing.T) {
	text := "2026-11-22 21:49:24.055 UTC [27837] ERROR:  division by zero\n" +
		"2026-11-22 21:49:24.055 UTC [27837] DETAIL:  of 7\n" +
		"2026-11-22 21:49:24.055 UTC [27837] STATEMENT:  select\n\t1/0"
	r := group(text)
	if string(r.Detail) != "of 7" || string(r.Statement) != "select\n\t1/0" {
		t.Errorf("detail %q, statement %q", r.Detail, r.Statement)
	}
	if other := group(strings.Replace(text, "of 7", "of 8", 1)); other.Key != r.Key {
		t.Error("the detail counts")
	}
}

func TestLinesOfServersThatAreNoErrorsAreMessages(t *testing.T) {
	for _, text := range []string{
		`192.0.2.7 - - [22/Nov/2026:21:54:57 +0000] "GET / HTTP/1.1" 200 157 "-" "curl/8"`,
		"Nov 22 21:54:57 web1 systemd[1]: Started shop.service - The shop.",
		"Nov 22 21:54:57 web1 systemd[1]: shop.service: Main process exited, code=exited, status=0/SUCCESS",
		"Nov 22 21:54:57 web1 kernel: [1.2] usb 1-1: new device",
		"2026-11-22 21:54:57.123 UTC [99] LOG stats: 0 xacts/s",
		`{"remote_addr":"192.0.2.7","status":404,"request":"GET /dead/7?x=1 HTTP/1.1"}`,
		"[2026-11-22 21:54:57 +0000] [7] [INFO] Booting worker with pid: 13",
	} {
		if r := group(text); r.Kind != Message {
			t.Errorf("%q: got %v %q", text, r.Kind, r.Type)
		}
	}
}
