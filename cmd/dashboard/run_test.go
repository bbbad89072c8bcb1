package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// output collects what the program prints, and wakes who waits for it.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	news chan struct{} // capacity 1
}

func newOutput() *output { return &output{news: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.news <- struct{}{}:
	default:
	}
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// nowhere are arguments for parts that are away and ports that are free.
func nowhere(dir string) []string {
	return []string{
		"-listen", "127.0.0.1:0", "-internal-listen", "127.0.0.1:0", "-data-dir", dir,
		"-loki-url", "http://127.0.0.1:1", "-prometheus-url", "http://127.0.0.1:1", "-alertmanager-url", "none",
	}
}

// env returns an environment with these variables.
func env(stdin string, vars map[string]string) (environment, *output, *output) {
	stdout, stderr := newOutput(), newOutput()
	return environment{
		getenv: func(name string) string { return vars[name] },
		stdin:  strings.NewReader(stdin), stdout: stdout, stderr: stderr,
	}, stdout, stderr
}

// running is a dashboard that runs within the test.
type running struct {
	t      *testing.T
	url    string
	stderr *output
	cancel context.CancelFunc
	code   chan int
}

var upLine = regexp.MustCompile(`msg="dashboard is up".* listen=(\S+)`)

// start runs the dashboard until stop, and waits until it is up.
func start(t *testing.T, dir string, vars map[string]string) *running {
	t.Helper()
	e, _, stderr := env("", vars)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, stderr: stderr, cancel: cancel, code: make(chan int, 1)}
	go func() { r.code <- run(ctx, nowhere(dir), e) }()
	t.Cleanup(cancel)
	for {
		if match := upLine.FindStringSubmatch(stderr.String()); match != nil {
			r.url = "http://" + match[1]
			return r
		}
		select {
		case <-stderr.news:
		case code := <-r.code:
			t.Fatalf("ended with %d:\n%s", code, stderr)
		}
	}
}

// stop ends the dashboard and checks that it ended well.
func (r *running) stop() {
	r.t.Helper()
	r.cancel()
	if code := <-r.code; code != exitOK {
		r.t.Errorf("ended with %d:\n%s", code, r.stderr)
	}
}

// login returns the status of a login, and its cookie.
func (r *running) login(password string) (int, *http.Cookie) {
	r.t.Helper()
	answer, err := http.Post(r.url+"/api/v1/login", "application/json", strings.NewReader(fmt.Sprintf(`{"user":"admin","password":%q}`, password)))
	if err != nil {
		r.t.Fatal(err)
	}
	answer.Body.Close()
	for _, cookie := range answer.Cookies() {
		return answer.StatusCode, cookie
	}
	return answer.StatusCode, nil
}

// get returns the answer to a request with a session.
func (r *running) get(path string, cookie *http.Cookie) *http.Response {
	r.t.Helper()
	request, err := http.NewRequest(http.MethodGet, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.AddCookie(cookie)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

const announced = `log in as "admin" with the password in `

func TestTheFirstStartMakesAPasswordThatIsInNoLog(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir, nil)
	path := filepath.Join(dir, "admin-password")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v (%v)", info.Mode(), err)
	}
	password := strings.TrimSpace(string(text))
	if said := first.stderr.String(); !strings.Contains(said, announced+path) || strings.Contains(said, password) {
		t.Errorf("it says:\n%s", said)
	}
	if status, _ := first.login(password); status != 200 {
		t.Errorf("the password in the file gives %d", status)
	}
	first.stop()
	second := start(t, dir, nil)
	if strings.Contains(second.stderr.String(), announced) {
		t.Error("the second start announces a password")
	}
	if status, _ := second.login(password); status != 200 {
		t.Errorf("after a restart the password gives %d", status)
	}
	second.stop()
	e, _, stderr := env("another password\n", nil)
	if code := run(context.Background(), []string{"passwd", "-data-dir", dir}, e); code != exitOK {
		t.Fatalf("passwd: %d %s", code, stderr)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after passwd the former password's file: %v", err)
	}
}

func TestTheVariableIsThePassword(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir, map[string]string{"DASHBOARD_ADMIN_PASSWORD": "first password"})
	status, cookie := first.login("first password")
	if status != 200 || strings.Contains(first.stderr.String(), announced) || strings.Contains(first.stderr.String(), "first password") {
		t.Errorf("got %d:\n%s", status, first.stderr)
	}
	first.stop()
	second := start(t, dir, map[string]string{"DASHBOARD_ADMIN_PASSWORD": "second password"})
	if got := second.get("/api/v1/session", cookie).StatusCode; got != 401 {
		t.Errorf("the session of the rotated password gives %d", got)
	}
	if status, _ := second.login("second password"); status != 200 {
		t.Errorf("the rotated password gives %d", status)
	}
	second.stop()
}

func TestLokiAndPrometheusMayBeAwayAtTheStart(t *testing.T) {
	r := start(t, t.TempDir(), map[string]string{"DASHBOARD_ADMIN_PASSWORD": "a password"})
	_, cookie := r.login("a password")
	for path, want := range map[string]int{"/readyz": 200, "/api/v1/health": 200, "/api/v1/logs": 502, "/": 200} {
		if got := r.get(path, cookie).StatusCode; got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
	r.stop()
}

func TestItStopsWithATailOpen(t *testing.T) {
	r := start(t, t.TempDir(), map[string]string{"DASHBOARD_ADMIN_PASSWORD": "a password"})
	_, cookie := r.login("a password")
	tail := r.get("/api/v1/tail", cookie)
	if _, err := tail.Body.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	r.stop() // the server's own bound is 5 s; without it this would not return
}

func TestPasswdChangesAPassword(t *testing.T) {
	dir := t.TempDir()
	r := start(t, dir, map[string]string{"DASHBOARD_ADMIN_PASSWORD": "a password"})
	_, cookie := r.login("a password")
	e, stdout, stderr := env("another password\n", nil)
	if code := run(context.Background(), []string{"passwd", "-data-dir", dir}, e); code != exitOK || !strings.Contains(stdout.String(), "is changed") {
		t.Fatalf("passwd: %d %s %s", code, stdout, stderr)
	}
	if got := r.get("/api/v1/session", cookie).StatusCode; got != 401 {
		t.Errorf("the old session gives %d", got)
	}
	if status, _ := r.login("another password"); status != 200 {
		t.Errorf("the new password gives %d", status)
	}
	r.stop()
	for _, test := range []struct {
		stdin, user, want string
	}{
		{"short\n", "admin", "8 to 1000 characters"}, {"", "admin", "8 to 1000 characters"}, {"long enough\n", "nobody", "no such user"},
	} {
		e, _, stderr := env(test.stdin, nil)
		if code := run(context.Background(), []string{"passwd", "-data-dir", dir, test.user}, e); code != exitFault || !strings.Contains(stderr.String(), test.want) {
			t.Errorf("%q for %s: %d %s", test.stdin, test.user, code, stderr)
		}
	}
}

func TestUsersAreManaged(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		args, stdin string
		code        int
		want        string
	}{
		{"add bob", "bob's password\n", exitOK, "bob may log in as viewer."},
		{"add ann admin", "ann's password\n", exitOK, "ann may log in as admin."},
		{"add Ann", "ann's password\n", exitFault, "there is a user \"Ann\" already"},
		{"add eve root", "eve's password\n", exitFault, "it is viewer or admin"},
		{"role bob admin", "", exitOK, ""},
		{"remove ann", "", exitOK, ""},
		{"remove ann", "", exitFault, "no such user"},
		{"list", "", exitOK, "bob  admin\n"},
		{"frobnicate", "", exitFault, "Usage: dashboard user"},
		{"role bob", "", exitFault, "Usage: dashboard user"},
	} {
		e, stdout, stderr := env(test.stdin, nil)
		code := run(context.Background(), append([]string{"user", "-data-dir", dir}, strings.Fields(test.args)...), e)
		if code != test.code || !strings.Contains(stdout.String()+stderr.String(), test.want) {
			t.Errorf("user %s: %d %s %s", test.args, code, stdout, stderr)
		}
	}
}

func TestFaultsAreNamedWithTheirRemedy(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		vars map[string]string
		code int
		want []string
	}{
		{"port in use", append(nowhere(dir), "-listen", busy.Addr().String()), nil, exitFault, []string{busy.Addr().String(), "in use", "-listen"}},
		{"internal port in use", append(nowhere(dir), "-internal-listen", busy.Addr().String()), nil, exitFault, []string{"-internal-listen"}},
		{"data folder is a file", append(nowhere(dir), "-data-dir", file), nil, exitFault, []string{file, "-data-dir"}},
		{"short password", nowhere(filepath.Join(dir, "x")), map[string]string{"DASHBOARD_ADMIN_PASSWORD": "short"}, exitFault, []string{"DASHBOARD_ADMIN_PASSWORD", "8 to 1000"}},
		{"external url", append(nowhere(dir), "-external-url", "example.org"), nil, exitFault, []string{"EXTERNAL_URL", "https://host/logs"}},
		{"prometheus url", append(nowhere(dir), "-prometheus-url", "localhost"), nil, exitFault, []string{"http://host:9090"}},
		{"several", []string{"-log.level", "loud", "-log.format", "xml", "-loki-url", "localhost:3100"}, map[string]string{"LOKI_PASSWORD_FILE": file + ".not"},
			exitUsage, []string{"-log.level", "-log.format", "http://host:3100", "LOKI_PASSWORD_FILE"}},
		{"argument", []string{"run"}, nil, exitUsage, []string{`unknown argument "run"`}},
		{"flag", []string{"-port", "1"}, nil, exitUsage, []string{"-port"}},
	}
	for _, test := range tests {
		e, _, stderr := env("", test.vars)
		if code := run(context.Background(), test.args, e); code != test.code {
			t.Errorf("%s: ended with %d, want %d", test.name, code, test.code)
		}
		for _, want := range test.want {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%s: %q is not in:\n%s", test.name, want, stderr)
			}
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	e, stdout, stderr := env("", nil)
	if code := run(context.Background(), []string{"-version"}, e); code != exitOK || !strings.HasPrefix(stdout.String(), "dashboard ") {
		t.Errorf("-version: %d %s", code, stdout)
	}
	if code := run(context.Background(), []string{"-help"}, e); code != exitOK || !strings.Contains(stderr.String(), "DASHBOARD_LISTEN") || !strings.Contains(stderr.String(), "LOKI_BEARER_TOKEN") {
		t.Errorf("-help: %d %s", code, stderr)
	}
}

func TestVariablesGiveDefaultsAndFlagsWin(t *testing.T) {
	e, _, _ := env("", map[string]string{
		"DASHBOARD_LISTEN": "127.0.0.1:1", "LOKI_URL": "http://example.org", "LOKI_TENANT": "t", "LOKI_USER": "u", "LOKI_PASSWORD": "hunter2",
		"EXTERNAL_URL": "https://example.org/logs", "DASHBOARD_LOG_LEVEL": "debug",
	})
	o, err := parseOptions([]string{"-listen", "127.0.0.1:2"}, e)
	if err != nil {
		t.Fatal(err)
	}
	if o.listen != "127.0.0.1:2" || o.loki.URL != "http://example.org" || o.loki.Tenant != "t" || o.loki.User != "u" || o.loki.Password.Reveal() != "hunter2" || o.logLevel.String() != "DEBUG" {
		t.Errorf("got %+v", o)
	}
	if text := fmt.Sprintf("%+v", o); strings.Contains(text, "hunter2") {
		t.Errorf("the options print a secret: %s", text)
	}
	if o.loki.Timeout != 25*time.Second {
		t.Errorf("the timeout is %s", o.loki.Timeout)
	}
}
