package backend

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestEachWorkerCountsForItself(t *testing.T) {
	t.Parallel()
	b := New(Options{Env: "production", Workers: 2})
	for range 3 { // worker 1, 2, 1
		get(t, b, "/api/users/42", http.StatusOK)
	}
	for _, want := range []string{" 1", " 2"} { // worker 2, 1
		wantLine(t, get(t, b, "/metrics", http.StatusOK), `flask_http_request_total{method="GET",status="200"}`+want)
	}
	b.Restart()
	if page := get(t, b, "/metrics", http.StatusOK); strings.Contains(page, "flask_http_request_total{") {
		t.Error("a worker that has just started has counts")
	}
}

func TestFailuresAreCountedAndPrinted(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	b := New(Options{Env: "staging", Workers: 1, Log: &log})
	b.SetFailing(true)
	get(t, b, "/api/users/42", http.StatusInternalServerError)
	get(t, b, "/health", http.StatusOK)
	b.SetHealthy(false)
	get(t, b, "/health", http.StatusServiceUnavailable)
	page := get(t, b, "/metrics", http.StatusOK)
	for _, want := range []string{
		`flask_http_request_total{method="GET",status="500"} 1`,
		`flask_http_request_exceptions_total{method="GET",status="500"} 1`,
		`flask_http_request_duration_seconds_count{method="GET",path="/health",status="503"} 1`,
		`auth_login_attempts_total{environment="staging",method="email",status="failure"} 1`,
		`tovplay_backend{version="1.0.0"} 1`,
	} {
		wantLine(t, page, want)
	}
	for _, want := range []string{" | ERROR | Exception on /api/users/42 [GET]\nTraceback ", " | INFO | Request completed\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not printed:\n%s", want, &log)
		}
	}
}

func get(t *testing.T, b *Backend, path string, status int) string {
	t.Helper()
	answer := httptest.NewRecorder()
	b.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.Code != status {
		t.Fatalf("GET %s: status %d, %v; want %d", path, answer.Code, err, status)
	}
	return string(body)
}

func wantLine(t *testing.T, page, line string) {
	t.Helper()
	if !strings.Contains(page, "\n"+line+"\n") {
		t.Errorf("the page has no line %q", line)
	}
}
