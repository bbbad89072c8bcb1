package level

import (
	"strings"
	"testing"
)

func TestNamesAreTheLabelValues(t *testing.T) {
	want := "unknown trace debug info warn error critical fatal unknown"
	var got []string
	for l := Unknown; l <= Fatal+1; l++ {
		got = append(got, l.String())
	}
	if strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for l := Trace; l <= Fatal; l++ {
		if Parse(l.String()) != l {
			t.Errorf("Parse(%q) = %v", l.String(), Parse(l.String()))
		}
	}
}

func TestParse(t *testing.T) {
	tests := map[Level]string{
		Trace:    "trace TRACE Trc FINER finest NOISE silly 10 Level:5",
		Debug:    "debug DEBUG dbg DEBUG1 debug2 DEBUG5 FINE CONFIG verbose 20 25 Level:10",
		Info:     "info INFO Information notice NOTICE LOG inf SUCCESS 30 Level:25 level:20",
		Warn:     "warn WARNING Warning wrn 40 Level:35 Level:30",
		Error:    "error ERR err SEVERE ERRO 50 Level:41",
		Critical: "critical CRIT crit dpanic Level:50 Level:99",
		Fatal:    "fatal PANIC ALERT alert EMERG emergency FTL 60",
		Unknown:  "unknown errors 0 7 9 70 100 x Level: Level:x level DEBUG6 INFORMATIONALLY LOW HIGH MEDIUM null - ש",
	}
	for want, words := range tests {
		for word := range strings.FieldsSeq(words) {
			word = strings.ReplaceAll(word, ":", " ")
			if got := Parse(word); got != want {
				t.Errorf("Parse(%q) = %v, want %v", word, got, want)
			}
			if got := Parse([]byte("  " + word + "\t")); got != want {
				t.Errorf("Parse of bytes %q with blanks = %v, want %v", word, got, want)
			}
		}
	}
	if got := Parse(""); got != Unknown {
		t.Errorf(`Parse("") = %v`, got)
	}
}

func TestNumbers(t *testing.T) {
	tests := []struct {
		name   string
		from   func(int) Level
		number int
		want   Level
	}{
		{"syslog", FromSyslog, 0, Fatal}, {"syslog", FromSyslog, 1, Fatal}, {"syslog", FromSyslog, 2, Critical}, {"syslog", FromSyslog, 3, Error},
		{"syslog", FromSyslog, 4, Warn}, {"syslog", FromSyslog, 5, Info}, {"syslog", FromSyslog, 6, Info}, {"syslog", FromSyslog, 7, Debug},
		{"syslog", FromSyslog, 8, Unknown}, {"syslog", FromSyslog, -1, Unknown},
		{"http", FromHTTPStatus, 200, Info}, {"http", FromHTTPStatus, 302, Info}, {"http", FromHTTPStatus, 404, Warn}, {"http", FromHTTPStatus, 499, Warn},
		{"http", FromHTTPStatus, 500, Error}, {"http", FromHTTPStatus, 599, Error}, {"http", FromHTTPStatus, 0, Info},
		{"pino", FromPino, 10, Trace}, {"pino", FromPino, 20, Debug}, {"pino", FromPino, 30, Info}, {"pino", FromPino, 40, Warn}, {"pino", FromPino, 50, Error},
		{"pino", FromPino, 60, Fatal}, {"pino", FromPino, 35, Info}, {"pino", FromPino, 9, Unknown}, {"pino", FromPino, 70, Unknown},
		{"python", FromPython, 5, Trace}, {"python", FromPython, 10, Debug}, {"python", FromPython, 25, Info}, {"python", FromPython, 30, Warn},
		{"python", FromPython, 40, Error}, {"python", FromPython, 50, Critical}, {"python", FromPython, 1000, Critical}, {"python", FromPython, -1, Unknown},
	}
	for _, test := range tests {
		if got := test.from(test.number); got != test.want {
			t.Errorf("%s %d = %v, want %v", test.name, test.number, got, test.want)
		}
	}
}

// lines are lines of many loggers with the level that each states.
var lines = []struct {
	want Level
	line string
}{
	// JSON
	{Error, `{"timestamp": "2026-11-22T21:53:16.269284+00:00", "level": "ERROR", "message": "level=debug"}`},
	{Info, `{"level": "Level 25", "message": "x"}`},
	{Warn, `{"a": NaN, "b": Infinity, "level": "WARNING"}`},
	{Error, `{"time":1,"severity":"LOW","level":"error"}`},
	{Error, `{"message":"severity does not parse","severity":"HIGH","levelname":"ERROR"}`},
	{Critical, `{"severity":"CRITICAL","message":"no better member"}`},
	{Info, `{"level":30,"time":6,"msg":"ok"}`},
	{Fatal, `{"name":"app","level":60,"msg":"bunyan"}`},
	{Error, `{"version":"1.1","host":"h","short_message":"gelf","level":3}`},
	{Warn, `{"message":"monolog","context":[],"level":300,"level_name":"WARNING"}`},
	{Warn, `{"message":"monolog","level":300}`},
	{Warn, `{"levelno":35,"msg":"python"}`},
	{Error, `{"log.level":"error","message":"ecs"}`},
	{Error, `{"log":{"level":"error","logger":"x"},"message":"ecs"}`},
	{Unknown, `{"log":"error","stream":"stdout"}`},
	{Error, `{"PRIORITY":"3","MESSAGE":"journal"}`},
	{Error, `{"timestamp":"2026-11-22 21:49:24.055 UTC","error_severity":"ERROR","message":"postgres"}`},
	{Warn, `{"t":{"$date":"2026-11-22T21:49:24.055Z"},"s":"W","c":"NETWORK","id":1,"msg":"mongo"}`},
	{Error, `{"status":503,"request":"GET / HTTP/1.1"}`},
	{Warn, `{"request":"GET / HTTP/1.1","status":"404"}`},
	{Info, `{"level":"INFO","status_code":500,"method":"GET"}`},
	{Unknown, `{"status":500,"message":"no request"}`},
	{Unknown, `{"message":"error"}`},
	{Unknown, `{"level":7}`},
	{Unknown, `{}`},
	{Error, `{"level": "ERROR", "message": "quotes "inside" the text"}`},
	{Error, `{"level": "ERROR", "message": "cut of`},
	{Error, "\t  " + `{"level":"error"}`},
	{Error, "{\"message\":\"" + strings.Repeat("x", 100_000) + "\",\"level\":\"error\"}"},
	// syslog with priority
	{Error, `<11>Nov 22 22:01:03 web app: hello`},
	{Info, `<38>1 2026-11-22T22:01:03Z vm sshd 1 - - error in the text`},
	{Debug, `<191>x`},
	{Unknown, `<192>x`},
	{Unknown, `<html>`},
	// syslog without priority
	{Info, `Nov 22 22:01:03 vm sshd[16429]: Failed password for root from 192.0.2.7 port 40992 ssh2`},
	{Error, `Nov  2 22:01:24 vm sshd[16900]: error: kex_exchange_identification: Connection closed by remote host`},
	{Fatal, `Nov 22 22:01:24 vm sshd[16900]: fatal: Timeout before authentication for 192.0.2.7`},
	{Debug, `Nov 22 22:01:24 vm sshd[16900]: debug1: Forked child 2.`},
	{Info, `Nov 22 22:01:24 vm CRON[1]: (root) CMD (error-report)`},
	{Info, `Nov 22 22:01:24 vm kernel: [ 12.345678] EXT4-fs (vda1): mounted filesystem`},
	{Error, `Nov 22 22:01:24 vm kernel: [ 12.345678] Out of memory: Killed process 123 (python3) total-vm:1kB`},
	{Error, `2026-11-22T22:01:24.514392+00:00 vm systemd[1]: Failed to start app.service - App.`},
	{Warn, `2026-11-22T22:01:24.514392+00:00 vm systemd[1]: app.service: Failed with result 'exit-code'.`},
	{Warn, `Nov 22 22:01:24 vm backend[12]: 21:54:56 | WARNING | Slow request detected`},
	{Error, `Nov 22 22:01:24 vm app[12]: {"level":"error","msg":"json in syslog"}`},
	{Warn, `Nov 22 22:01:24 vm dockerd[12]: time="2026-11-22T22:01:24Z" level=warning msg="x"`},
	{Info, `2026-11-22T22:01:24.514392+00:00 app-01.example.test app: an error happened`},
	// access logs
	{Info, `127.0.0.1 - - [22/Nov/2026:21:54:57 +0000] "GET /error HTTP/1.1" 200 19 "-" "-"`},
	{Warn, `2001:db8::1 - bob [22/Nov/2026:21:54:57 +0000] "GET / HTTP/1.1" 499 0 "-" "-" rt=0.000`},
	{Error, `192.0.2.7 - - [22/Nov/2026:21:54:57 +0000] "GET /\x22 500 " HTTP/1.1" 502 157 "-" "x"`},
	{Warn, `192.0.2.7 - - [22/Nov/2026:21:54:57 +0000] "" 400 157 "-" "-"`},
	{Error, `198.51.100.216 - - [22/Nov/2026:21:54:57 +0000] "GET / HTTP/1.1" 500 157 "-" "-"`}, // ten digits, as a time
	{Warn, `2001:db8:1:2:3:4:5:6 - - [22/Nov/2026:21:54:57 +0000] "GET / HTTP/1.1" 404 0 "-" "-"`},
	{Error, `192.0.2.7 - - [22/Nov/2026 21:54:57] "GET / HTTP/1.1" 500 -`},
	{Error, `192.0.2.7 - - [22/Nov/2026:21:54:57 +0000] "GET /` + strings.Repeat("x", 8000) + ` HTTP/1.1" 500 -`},
	{Info, `21:55:40 | INFO     | werkzeug             | 127.0.0.1 - - [22/Nov/2026 21:55:40] "GET / HTTP/1.1" 500 -`},
	{Info, `INFO:werkzeug:127.0.0.1 - - [22/Nov/2026 21:55:40] "GET / HTTP/1.1" 500 -`},
	{Info, `INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK`},
	// nginx error log
	{Error, `2026/11/22 21:54:52 [error] 7627#7627: *1 connect() failed (111: Connection refused) while connecting to upstream`},
	{Critical, `2026/11/22 21:54:52 [crit] 7627#7627: *1 SSL_do_handshake() failed`},
	{Fatal, `2026/11/22 21:54:52 [emerg] 7627#7627: bind() to 0.0.0.0:80 failed`},
	{Fatal, `2026/11/22 21:54:52 [alert] 7627#7627: worker process exited`},
	{Warn, `2026/11/22 21:54:52 [warn] 7627#7627: low address bits are meaningless`},
	{Info, `2026/11/22 21:54:52 [notice] 7627#7627: signal process started, error`},
	// PostgreSQL, PgBouncer
	{Info, `2026-11-22 21:49:24.055 UTC [27837] LOG:  could not send data to client: ERROR`},
	{Error, `2026-11-22 21:49:24.055 UTC [27837] tovplay_app@tovplay ERROR:  division by zero`},
	{Fatal, `2026-11-22 21:49:24.055 UTC [27837] [unknown]@[unknown] FATAL:  no PostgreSQL user name`},
	{Fatal, `2026-11-22 21:49:24.055 CET [27837] PANIC:  could not write to file`},
	{Warn, `2026-11-22 21:49:24 UTC [27837] WARNING:  there is no transaction in progress`},
	{Debug, `2026-11-22 21:49:24 UTC [27837] DEBUG2:  x`},
	{Info, `2026-11-22 21:49:24 UTC [27837] u@d DETAIL:  Key (id)=(1) already exists.`},
	{Info, `2026-11-22 21:49:24 UTC [27837] u@d STATEMENT:  select error from log`},
	{Info, `2026-11-22 21:49:26.426 UTC [27933] LOG kernel file descriptor limit: 1024`},
	{Warn, `2026-11-22 21:49:26.426 UTC [27933] WARNING C-0x55a24812015: db/user@127.0.0.1:1 pooler error: x`},
	{Trace, `2026-11-22 21:49:26.426 UTC [27933] NOISE safe_recv(9, 4096) = 22`},
	// Python
	{Error, `21:54:56 | ERROR | Exception on /api/fail [GET]`},
	{Info, `21:54:56 | INFO | an ERROR in the text`},
	{Info, `21:54:56 | Level 25 | custom`},
	{Info, `21:54:56 | NOTICE | custom`},
	{Error, "21:55:39 | \x1b[31mERROR   \x1b[0m | tovplay.api          | Error while handling"},
	{Critical, "21:55:39 | \x1b[35mCRITICAL\x1b[0m | tovplay              | x"},
	{Warn, `2026-11-22 21:54:56 | WARNING  | src.app              | log_exception:1741 | x`},
	{Error, `2026-11-22 21:54:56,123 - name - ERROR - message`},
	{Error, `2026-11-22 21:54:56,123 - my.name - ERROR - message`},
	{Warn, `2026-03-05 10:00:00,123 WARNING app slow`},
	{Error, `2026-03-05 10:00:00,123 app ERROR slow`},
	{Warn, `WARNING:root:message with ERROR`},
	{Info, `INFO:app:request 6 done`},
	{Info, `[2026-11-22 21:54:54 +0000] [1] [INFO] Starting gunicorn 20.1.0`},
	{Critical, `[2026-11-22 21:54:54 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:12)`},
	{Error, `[2026-11-22 21:54:54,123: ERROR/MainProcess] Task failed`},
	{Error, `2026-11-22 21:54:54.123 | ERROR    | module:function:12 - loguru`},
	{Warn, `/srv/app/views.py:12: DeprecationWarning: old`},
	{Error, `Traceback (most recent call last):`},
	{Error, "Traceback (most recent call last):\n  File \"x\", line 1\n21:00:00 | INFO | x"},
	{Error, `  + Exception Group Traceback (most recent call last):`},
	{Error, `  File "/srv/app/case.py", line 3`},
	{Error, `ValueError: invalid literal`},
	{Error, `json.decoder.JSONDecodeError: Expecting value`},
	{Error, `--- Logging error ---`},
	// Go, Java, Node, Ruby, .NET, Rust, PHP, databases
	{Info, `time="2026-11-22T21:54:54Z" level=info msg="level=error"`},
	{Error, `time=2026-11-22T21:54:54.000Z level=ERROR msg=slog`},
	{Error, `ts=2026-11-22T21:54:54.000Z caller=x.go:1 lvl=eror msg="go-kit"`},
	{Info, `msg="say \"level=error\"" level=info`},
	{Error, `level="error" msg=quoted`},
	{Error, `2026/03/01 10:00:07 ERROR slog text without handler`},
	{Info, `I1123 21:54:54.123456    1 file.go:12] klog error`},
	{Error, `E1123 21:54:54.123456    1 file.go:12] klog`},
	{Error, `panic: runtime error: index out of range`},
	{Error, `2026/03/01 10:00:07 http: panic serving 192.0.2.1:1: boom`},
	{Error, "2026-11-22T21:54:54.123Z\terror\tserver/x.go:12\tzap"},
	{Error, `10:00PM ERR zerolog console`},
	{Error, `[21:54:54 ERR] Serilog`},
	{Error, `ERRO[0012] logrus on a terminal`},
	{Error, `12:00:00.123 [http-nio-8080-exec-1] ERROR com.example.Main - message`},
	{Info, `2026-11-22 12:00:00.123  INFO 1 --- [main] c.e.Main : started`},
	{Error, `ERROR [main] com.example.Main: message`},
	{Error, `[ERROR] 12:00:00 message`},
	{Error, `[2026-11-22T12:00:00,123][ERROR][o.e.b.Bootstrap] elasticsearch`},
	{Error, `SEVERE: java.util.logging`},
	{Debug, `FINE: java.util.logging`},
	{Error, `java.lang.IllegalStateException: no`},
	{Error, `TypeError: Cannot read properties of null`},
	{Error, `/srv/app/server.js:12`},
	{Error, `E, [2026-11-22T21:54:54.123456 #12] ERROR -- : ruby`},
	{Error, `fail: Microsoft.AspNetCore.Server[13]`},
	{Error, `[2026-11-22T21:54:54Z ERROR app] env_logger`},
	{Error, `thread 'main' panicked at src/main.rs:2:5:`},
	{Error, `[2026-11-22 21:54:54] production.ERROR: Laravel`},
	{Warn, `[22-Nov-2026 21:54:54] WARNING: [pool www] php-fpm`},
	{Error, `[Sun Nov 22 21:54:54.123456 2026] [core:error] [pid 1] Apache`},
	{Error, `2026-11-22T21:54:54.123456Z 0 [ERROR] [MY-010119] [Server] Aborting`},
	{Info, `2026-11-22T21:54:54.123456Z 0 [Note] [MY-010119] [Server] MySQL`},
	{Error, `error: command-line tools`},
	{Warn, `Warning: something`},
	// dpkg and friends
	{Info, `2026-11-23 03:08:12 status installed libc6:amd64 2.36-9`},
	{Info, `update-alternatives 2026-11-23 03:08:12: run with --quiet`},
	// no level stated
	{Unknown, ``}, {Unknown, ` `}, {Unknown, `plain line 8`}, {Unknown, `an error occurred`}, {Unknown, `Error handling is fine`}, {Unknown, `errors: 0`},
	{Unknown, `[10:00:02] GET /api 500`}, {Unknown, `2026/03/01 10:00:07 listening`}, {Unknown, `2026/03/01 10:00:07 connection to database ERROR rate`},
	{Unknown, `Connected to database with no ERROR`}, {Unknown, `FINE weather`}, {Unknown, `LOG of the day`}, {Unknown, `user=bob did=something`},
	{Unknown, `🚀 Starting`}, {Unknown, `{not json} ERROR`}, {Unknown, `192.0.2.7 connected`}, {Unknown, "\x1b[31m\x1b[0m"}, {Unknown, "\x1b["},
	{Unknown, strings.Repeat("x", 2000) + " ERROR "},
}

func TestDetect(t *testing.T) {
	for _, test := range lines {
		if got := Detect([]byte(test.line)); got != test.want {
			t.Errorf("%v, want %v: %.150q", got, test.want, test.line)
		}
	}
}

func TestDetectAllocatesNothing(t *testing.T) {
	for _, test := range lines {
		line := []byte(test.line)
		if n := testing.AllocsPerRun(20, func() { Detect(line) }); n != 0 {
			t.Errorf("%v allocations: %.150q", n, test.line)
		}
	}
	word := []byte("warning")
	if n := testing.AllocsPerRun(100, func() { Parse(word); Parse("Level 25") }); n != 0 {
		t.Errorf("Parse allocates %v times", n)
	}
}

func FuzzDetect(f *testing.F) {
	for _, test := range lines {
		f.Add([]byte(test.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if l := Detect(line); l > Fatal {
			t.Errorf("Detect(%q) = %d", line, l)
		}
		if shape, l := ShapeOf(line); l > Fatal || shape > Logfmt {
			t.Errorf("ShapeOf(%q) = %d, %d", line, shape, l)
		}
		if l := Parse(line); l > Fatal {
			t.Errorf("Parse(%q) = %d", line, l)
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	for _, name := range []string{`{"timestamp": "2026`, `21:54:56 | ERROR |`, `127.0.0.1 - - `, `Nov 22 22:01:03 vm sshd`, `time="2026`, `plain line`} {
		for _, test := range lines {
			if !strings.HasPrefix(test.line, name) {
				continue
			}
			line := []byte(test.line)
			b.Run(strings.TrimSpace(name), func(b *testing.B) {
				b.SetBytes(int64(len(line)))
				b.ReportAllocs()
				for b.Loop() {
					Detect(line)
				}
			})
			break
		}
	}
}

func TestShapeOf(t *testing.T) {
	tests := []struct {
		shape Shape
		level Level
		line  string
	}{
		{Timed, Error, `21:54:56 | ERROR | Exception on /api/fail [GET]`},
		{Timed, Error, "21:55:39 | \x1b[31mERROR   \x1b[0m | tovplay.api          | x"},
		{Timed, Critical, `[2026-11-22 21:54:54 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:12)`},
		{Timed, Unknown, `2026/03/01 10:00:07 listening`},
		{Timed, Unknown, `[10:00:02] GET /api 200`},
		{Timed, Error, `E1123 21:54:54.123456    1 file.go:12] klog`},
		{Worded, Info, `INFO:app:request 6 done`},
		{Worded, Error, `[ERROR] x`},
		{Worded, Error, `[error] x`},
		{JSON, Unknown, `{"level":30,"time":6,"msg":"ok"}`},
		{JSON, Unknown, `{"message": "x", broken`},
		{Access, Unknown, `127.0.0.1 - - [22/Nov/2026:21:54:57 +0000] "GET / HTTP/1.1" 200 19 "-" "-"`},
		{Syslog, Unknown, `<11>Nov 22 22:01:03 web app: hello`},
		{Syslog, Unknown, `Nov 22 22:01:24 vm sshd[16900]: error: x`},
		{Syslog, Unknown, `2026-11-22T22:01:24.514392+00:00 vm systemd[1]: Failed to start`},
		{Logfmt, Unknown, `time="2026-11-22T21:54:54Z" level=info msg="x"`},
		{Loose, Unknown, `user=bob did=something`},
		{Loose, Unknown, `plain line 8`},
		{Loose, Unknown, ``},
		{Loose, Unknown, `  21:54:56 | ERROR | indented`},
		{Loose, Unknown, `Traceback (most recent call last):`},
		{Loose, Unknown, `ValueError: x`},
		{Loose, Unknown, `Error: x`},
		{Loose, Unknown, `DETAIL:  Key (id)=(1) already exists.`},
		{Loose, Unknown, `{`},
		{Loose, Unknown, `{bad`},
	}
	for _, test := range tests {
		line := []byte(test.line)
		if shape, l := ShapeOf(line); shape != test.shape || l != test.level {
			t.Errorf("shape %v %v, want %v %v: %q", shape, l, test.shape, test.level, test.line)
		}
		if n := testing.AllocsPerRun(20, func() { ShapeOf(line) }); n != 0 {
			t.Errorf("%v allocations: %q", n, test.line)
		}
	}
}
