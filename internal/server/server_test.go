package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzip"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/health"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/secret"
	"github.com/tovtech/tovplay-logging/internal/state"
)

const password = "a password"

// pageFiles is a built page.
func pageFiles() fstest.MapFS {
	return fstest.MapFS{
		"index.html":           {Data: []byte(`<!doctype html><html><head><base href="./" /><title>x</title></head><body></body></html>`)},
		"assets/app-abc123.js": {Data: []byte(strings.Repeat("console.log(1);", 200))},
		"favicon.svg":          {Data: []byte("<svg/>")},
		".gitkeep":             {},
	}
}

// fixture is a server with real users, whose Loki is a handler.
type fixture struct {
	t       *testing.T
	server  *Server
	handler http.Handler
	log     *logBuffer
	cookie  *http.Cookie
}

// logBuffer collects the log.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// newFixture makes a server; change may alter its configuration.
func newFixture(t *testing.T, lokiHandler http.HandlerFunc, change func(*Config)) *fixture {
	t.Helper()
	db, err := state.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	start := time.Now()
	users := auth.New(db, func() time.Time { return start }) // no attempt is given back while a test is slow
	if _, err := users.Ensure(context.Background(), secret.New(password)); err != nil {
		t.Fatal(err)
	}
	upstream := httptest.NewServer(lokiHandler)
	t.Cleanup(upstream.Close)
	lokiConfig := loki.DefaultConfig()
	lokiConfig.URL = upstream.URL
	client, err := loki.New(lokiConfig)
	if err != nil {
		t.Fatal(err)
	}
	checker, err := health.New(health.Config{PrometheusURL: "http://127.0.0.1:1", Timeout: time.Second, Fresh: time.Second, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, log: &logBuffer{}}
	config := Config{
		Users: users, Loki: client, Hub: loki.NewHub(client, loki.DefaultHubConfig()), Sources: loki.NewSources(client),
		Health: checker, Page: pageFiles(), Version: "v1", Log: slog.New(slog.NewTextHandler(f.log, nil)),
		Metrics: NewMetrics("v1"), Now: time.Now,
	}
	if change != nil {
		change(&config)
	}
	if f.server, err = New(config); err != nil {
		t.Fatal(err)
	}
	f.handler = f.server.Handler()
	return f
}

// emptyLoki answers every query with nothing.
func emptyLoki(w http.ResponseWriter, r *http.Request) {
	kind := "streams"
	if strings.Contains(r.URL.Query().Get("query"), "count_over_time") {
		kind = "matrix"
	}
	fmt.Fprintf(w, `{"status":"success","data":{"resultType":%q,"result":[]}}`, kind)
}

// do makes a request; header pairs follow.
func (f *fixture) do(method, target, body string, header ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			request.Host = header[i+1]
		}
		request.Header.Set(header[i], header[i+1])
	}
	if f.cookie != nil {
		request.AddCookie(f.cookie)
	}
	recorder := httptest.NewRecorder()
	f.handler.ServeHTTP(recorder, request)
	return recorder
}

func (f *fixture) get(target string) *httptest.ResponseRecorder {
	f.t.Helper()
	return f.do(http.MethodGet, target, "")
}

const loginBody = `{"user":"admin","password":"` + password + `"}`

// login logs in; later requests have the session.
func (f *fixture) login() {
	f.t.Helper()
	answer := f.do(http.MethodPost, "/api/v1/login", loginBody, "Content-Type", "application/json")
	if answer.Code != http.StatusOK {
		f.t.Fatalf("login: %d %s", answer.Code, answer.Body)
	}
	f.cookie = answer.Result().Cookies()[0]
}

// loginAs adds a user and logs it in.
func (f *fixture) loginAs(name string, role auth.Role) {
	f.t.Helper()
	if err := f.server.config.Users.Add(f.t.Context(), name, role, secret.New(password)); err != nil {
		f.t.Fatal(err)
	}
	answer := f.do(http.MethodPost, "/api/v1/login", `{"user":"`+name+`","password":"`+password+`"}`, "Content-Type", "application/json")
	if answer.Code != http.StatusOK {
		f.t.Fatalf("login of %s: %d %s", name, answer.Code, answer.Body)
	}
	f.cookie = answer.Result().Cookies()[0]
}

// errorOf decodes the error of an answer.
func errorOf(t *testing.T, answer *httptest.ResponseRecorder) errorDetail {
	t.Helper()
	var body errorBody
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil || body.Error.Code == "" || body.Error.Message == "" {
		t.Fatalf("%d %q is not an error in JSON: %v", answer.Code, answer.Body, err)
	}
	return body.Error
}

func TestOnlyTheLoginIsServedWithoutASession(t *testing.T) {
	tests := []struct {
		path          string
		without, with int
		shell         bool
	}{
		{"/", 401, 200, true}, {"/lines", 401, 200, true}, {"/a/b/c", 401, 200, true}, {"/login", 200, 200, true},
		{"/assets/app-abc123.js", 200, 200, false}, {"/favicon.svg", 200, 200, false}, {"/assets/missing.js", 404, 404, false},
		{"/missing.js", 404, 404, false}, {"/.gitkeep", 404, 404, false}, {"/index.html", 404, 404, false},
		{"/healthz", 200, 200, false}, {"/readyz", 200, 200, false},
		{"/api/v1/session", 401, 200, false}, {"/api/v1/logs", 401, 200, false}, {"/api/v1/volume", 401, 200, false},
		{"/api/v1/labels", 401, 200, false}, {"/api/v1/tail?limit=1", 401, 0, false}, {"/api/v1/health", 401, 200, false},
		{"/api/v1/openapi.json", 401, 200, false}, {"/api/v1/alerts", 401, 503, false}, {"/api/v1/nothing", 401, 404, false}, {"/api/", 401, 404, false},
		{"/metrics", 404, 404, false}, {"/debug/pprof/", 404, 404, false}, {"/debug/pprof/heap", 404, 404, false},
	}
	for _, prefix := range []string{"", "/logs"} {
		f := newFixture(t, emptyLoki, nil)
		for _, loggedIn := range []bool{false, true} {
			if loggedIn {
				f.login()
			}
			for _, test := range tests {
				want := test.without
				if loggedIn {
					want = test.with
				}
				if want == 0 {
					continue // a stream
				}
				answer := f.get(prefix + test.path)
				if answer.Code != want {
					t.Errorf("%s%s, logged in %v: got %d, want %d", prefix, test.path, loggedIn, answer.Code, want)
				}
				if isShell := strings.Contains(answer.Body.String(), "<base href="); isShell != test.shell {
					t.Errorf("%s%s, logged in %v: got %.80q", prefix, test.path, loggedIn, answer.Body)
				}
				if answer.Code == 401 && !test.shell {
					if got := errorOf(t, answer); got.Code != "unauthorized" {
						t.Errorf("%s: got %+v", test.path, got)
					}
				}
			}
		}
	}
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	for _, path := range []string{"/", "/login", "/assets/app-abc123.js", "/api/v1/logs", "/nothing.js", "/healthz"} {
		h := f.get(path).Header()
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self';", "frame-ancestors 'none'", "base-uri 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q lacks %q", path, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestThePageHasTheSessionOrThatThereIsNone(t *testing.T) {
	f := newFixture(t, emptyLoki, func(c *Config) { c.Version = `v1"><b>` })
	written := func(path string) string {
		_, rest, _ := strings.Cut(f.get(path).Body.String(), `<meta name="session" content="`)
		text, _, _ := strings.Cut(rest, `">`)
		return html.UnescapeString(text)
	}
	for _, path := range []string{"/", "/login"} {
		if got := written(path); got != "null" {
			t.Errorf("%s without a session has the session %q, want null", path, got)
		}
	}
	f.login()
	var want, got any
	if err := json.Unmarshal(f.get("/api/v1/session").Body.Bytes(), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(written("/lines")), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the page has the session %v (%v), want what the API says: %v", got, err, want)
	}
}

func TestThePrefixIsRedirectedRelatively(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	for path, want := range map[string]string{"/logs": "logs/", "/logs?service=a": "logs/?service=a"} {
		answer := f.get(path)
		if answer.Code != http.StatusPermanentRedirect || answer.Header().Get("Location") != want {
			t.Errorf("%s: got %d to %q, want %q", path, answer.Code, answer.Header().Get("Location"), want)
		}
	}
}

func TestTheBaseLeadsToTheRoot(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	tests := map[string]string{
		"/": "./", "/login": "./", "/lines": "./", "/lines/": "../", "/a/b": "../", "/a/b/c": "../../",
		"/logs/": "./", "/logs/lines": "./", "/logs/a/b": "../", "//a": "../", "/logs/logs/x": "../",
	}
	for path, want := range tests {
		body := f.get(path).Body.String()
		if !strings.Contains(body, `<head><base href="`+want+`">`) || strings.Count(body, "<base") != 1 {
			t.Errorf("%s: got %s, want the base %q once, first in the head", path, body, want)
		}
	}
}

func TestAssetsAreCachedByTheirName(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	hashed := f.do(http.MethodGet, "/logs/assets/app-abc123.js", "", "Accept-Encoding", "br, gzip")
	h := hashed.Header()
	if h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("Content-Encoding") != "gzip" || h.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("hashed: %v", h)
	}
	reader, err := gzip.NewReader(hashed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(reader); err != nil || len(plain) != 3000 {
		t.Errorf("unzipped: %d bytes, %v", len(plain), err)
	}
	named := f.get("/favicon.svg")
	if named.Header().Get("Cache-Control") != "no-cache" || named.Header().Get("Content-Type") != "image/svg+xml" {
		t.Errorf("named: %v", named.Header())
	}
	again := f.do(http.MethodGet, "/favicon.svg", "", "If-None-Match", named.Header().Get("ETag"))
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("again: %d, %d bytes", again.Code, again.Body.Len())
	}
	if got := f.do(http.MethodGet, "/assets/app-abc123.js", "", "Accept-Encoding", "gzip;q=0"); got.Header().Get("Content-Encoding") != "" {
		t.Error("a client that refuses gzip got it")
	}
}

func TestAPageThatIsNotBuiltIsSaid(t *testing.T) {
	f := newFixture(t, emptyLoki, func(c *Config) { c.Page = fstest.MapFS{".gitkeep": {}} })
	answer := f.get("/login")
	if answer.Code != 200 || !strings.Contains(answer.Body.String(), "make build") {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
	if _, err := newPage(fstest.MapFS{"index.html": {Data: []byte("no head")}}); err == nil {
		t.Error("a page without a head was accepted")
	}
}

func TestOnlyOwnPagesMayChangeThings(t *testing.T) {
	const site = "http://example.org"
	tests := []struct {
		name     string
		external string
		header   []string
		want     int
	}{
		{"browser", "", []string{"Content-Type", "application/json", "Sec-Fetch-Site", "same-origin", "Origin", site}, 200},
		{"no browser", "", []string{"Content-Type", "application/json; charset=utf-8"}, 200},
		{"form", "", []string{"Content-Type", "application/x-www-form-urlencoded"}, 400},
		{"text", "", []string{"Content-Type", "text/plain"}, 400},
		{"no type", "", nil, 400},
		{"other site", "", []string{"Content-Type", "application/json", "Sec-Fetch-Site", "cross-site"}, 403},
		{"sibling", "", []string{"Content-Type", "application/json", "Sec-Fetch-Site", "same-site"}, 403},
		{"origin is the host", "", []string{"Content-Type", "application/json", "Origin", site, "Host", "example.org"}, 200},
		{"origin is not the host", "", []string{"Content-Type", "application/json", "Origin", site, "Host", "192.0.2.1"}, 403},
		{"host replaced by nginx", "", []string{"Content-Type", "application/json", "Origin", site, "Host", "127.0.0.1:7778"}, 200},
		{"host replaced, address known", "http://example.org/logs", []string{"Content-Type", "application/json", "Origin", site, "Host", "127.0.0.1:7778"}, 200},
		{"host replaced, other address known", "http://example.net", []string{"Content-Type", "application/json", "Origin", site, "Host", "127.0.0.1:7778"}, 403},
		{"forwarded host", "", []string{"Content-Type", "application/json", "Origin", site, "Host", "192.0.2.1", "X-Forwarded-Host", "example.org"}, 200},
		{"null origin", "", []string{"Content-Type", "application/json", "Origin", "null"}, 403},
	}
	for _, test := range tests {
		f := newFixture(t, emptyLoki, func(c *Config) { c.ExternalURL = test.external })
		if got := f.do(http.MethodPost, "/api/v1/login", loginBody, test.header...); got.Code != test.want {
			t.Errorf("login, %s: got %d %s, want %d", test.name, got.Code, got.Body, test.want)
		}
		if got := f.do(http.MethodPost, "/api/v1/logout", "{}", test.header...); (got.Code == 204) != (test.want == 200) {
			t.Errorf("logout, %s: got %d", test.name, got.Code)
		}
	}
}

func TestTheCookieFitsTheAddress(t *testing.T) {
	tests := []struct {
		external, proto, path string
		secure                bool
	}{
		{"", "", "/", false}, {"", "https", "/", true}, {"https://example.org/logs/", "", "/logs", true},
		{"http://example.org", "", "/", false}, {"http://example.org/a/b", "https", "/a/b", true},
	}
	for _, test := range tests {
		f := newFixture(t, emptyLoki, func(c *Config) { c.ExternalURL = test.external })
		answer := f.do(http.MethodPost, "/logs/api/v1/login", loginBody, "Content-Type", "application/json", "X-Forwarded-Proto", test.proto)
		cookie := answer.Result().Cookies()[0]
		if cookie.Path != test.path || cookie.Secure != test.secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Name != cookieName {
			t.Errorf("%+v: got %+v", test, cookie)
		}
	}
}

func TestLoginAndLogout(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	for body, want := range map[string]int{
		`{"user":"admin","password":"wrong"}`: 401, `{"user":"nobody","password":"wrong"}`: 401, `{"user":"admin"`: 400,
		`{"name":"admin"}`: 400, ``: 400, `{"user":"` + strings.Repeat("x", 1<<17) + `"}`: 413,
	} {
		answer := f.do(http.MethodPost, "/api/v1/login", body, "Content-Type", "application/json")
		if answer.Code != want || len(answer.Result().Cookies()) > 0 {
			t.Errorf("%.40s: got %d, cookies %v; want %d and none", body, answer.Code, answer.Result().Cookies(), want)
		}
		errorOf(t, answer)
	}
	f.login()
	if got := f.get("/api/v1/session"); got.Code != 200 || strings.TrimSpace(got.Body.String()) != `{"user":{"name":"admin","role":"admin"},"version":"v1","external_url":""}` {
		t.Errorf("session: %d %s", got.Code, got.Body)
	}
	out := f.do(http.MethodPost, "/api/v1/logout", "{}", "Content-Type", "application/json")
	if out.Code != 204 || out.Body.Len() != 0 || out.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("logout: %d %q %v", out.Code, out.Body, out.Result().Cookies())
	}
	if got := f.get("/api/v1/session"); got.Code != 401 {
		t.Errorf("after the logout the old cookie gives %d", got.Code)
	}
}

func TestGuessingIsAnsweredWith429(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	for range 5 {
		f.do(http.MethodPost, "/api/v1/login", `{"user":"admin","password":"wrong"}`, "Content-Type", "application/json")
	}
	answer := f.do(http.MethodPost, "/api/v1/login", loginBody, "Content-Type", "application/json")
	if answer.Code != 429 || answer.Header().Get("Retry-After") != "1" || errorOf(t, answer).Code != "throttled" {
		t.Errorf("got %d, Retry-After %q, %s", answer.Code, answer.Header().Get("Retry-After"), answer.Body)
	}
}

func TestBadParametersAreNamedWithTheRemedy(t *testing.T) {
	f := newFixture(t, func(http.ResponseWriter, *http.Request) { t.Error("Loki was asked") }, nil)
	f.login()
	tests := map[string]string{
		"/api/v1/logs?start=yesterday":                          `start="yesterday" is not a time`,
		"/api/v1/logs?start=now&end=now-1h":                     "is not before end",
		"/api/v1/logs?limit=0":                                  "from 1 to 5000",
		"/api/v1/logs?limit=5001":                               "from 1 to 5000",
		"/api/v1/logs?limit=many":                               "from 1 to 5000",
		"/api/v1/logs?direction=up":                             "neither backward nor forward",
		"/api/v1/logs?level=loud":                               "levels are trace",
		"/api/v1/logs?level=!loud":                              "levels are trace",
		"/api/v1/logs?query={a=\"b\"}&service=a":                "put service into it",
		"/api/v1/logs?query=" + strings.Repeat("x", 5001):       "at most 5000",
		"/api/v1/logs?q=" + strings.Repeat("x", 1001):           "at most 1000",
		"/api/v1/logs?service=" + strings.Repeat("x", 1025):     "at most 1024",
		"/api/v1/logs?q=a" + strings.Repeat("&q=a", 10):         "at most 10",
		"/api/v1/logs?service=a" + strings.Repeat("&env=a", 51): "at most 50",
		"/api/v1/logs?cursor=nonsense":                          "start again without a cursor",
		"/api/v1/volume?by=pod":                                 "service,level,env,host,container,job",
		"/api/v1/volume?by=level,level":                         "each once",
		"/api/v1/volume?step=fast":                              "10s, 5m or 1h",
		"/api/v1/volume?step=1s&start=now-1d":                   "more than 2000 buckets",
		"/api/v1/tail?start=later":                              "is not a time",
	}
	for target, want := range tests {
		answer := f.get(strings.ReplaceAll(target, `"`, "%22"))
		if got := errorOf(t, answer); answer.Code != 400 || got.Code != "bad_request" || got.Source != "dashboard" || !strings.Contains(got.Message, want) {
			t.Errorf("%.60s: got %d %+v, want %q", target, answer.Code, got, want)
		}
		if answer.Body.Len() > 500 {
			t.Errorf("%.60s: the answer repeats the request: %d bytes", target, answer.Body.Len())
		}
	}
}

func TestErrorsOfLokiAreMapped(t *testing.T) {
	tests := []struct {
		status int
		body   string
		want   int
		code   string
	}{
		{400, "parse error at line 1", 400, "syntax"}, {400, "the query time range exceeds the limit", 400, "limit"},
		{429, "too many outstanding requests", 429, "throttled"}, {504, "deadline", 504, "timeout"},
		{503, "not ready", 502, "unavailable"}, {401, "no org id", 502, "unavailable"},
	}
	for _, test := range tests {
		f := newFixture(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.status)
			fmt.Fprint(w, test.body)
		}, nil)
		f.login()
		for _, path := range []string{"/api/v1/volume", "/api/v1/labels"} {
			answer := f.get(path)
			if got := errorOf(t, answer); answer.Code != test.want || got.Code != test.code || got.Source != "loki" {
				t.Errorf("%s, Loki says %d: got %d %+v, want %d %s", path, test.status, answer.Code, got, test.want, test.code)
			}
		}
	}
}

func TestAFaultIsLoggedAndNotShown(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	engine := gin.New()
	engine.Use(f.server.observe, f.server.recover, secure)
	engine.GET("/panic", func(*gin.Context) { panic("a secret cause") })
	engine.GET("/error", f.server.handle(func(*gin.Context) error { return io.ErrUnexpectedEOF }))
	f.handler = engine
	for _, path := range []string{"/panic", "/error"} {
		answer := f.get(path)
		if got := errorOf(t, answer); answer.Code != 500 || got.Code != "internal" || strings.Contains(answer.Body.String(), "secret") {
			t.Errorf("%s: %d %+v", path, answer.Code, got)
		}
	}
	for _, want := range []string{"a secret cause", "server_test.go", "level=ERROR", "unexpected EOF"} {
		if !strings.Contains(f.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, f.log)
		}
	}
}

func TestTheLogHasNoSearchTextsAndNoSecrets(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	f.login()
	f.get("/api/v1/logs?q=private+words&service=backend")
	f.get("/private?private=words")
	log := f.log.String()
	for _, leak := range []string{"private+words", "private words", "private=words", "backend", password, f.cookie.Value} {
		if strings.Contains(log, leak) {
			t.Errorf("the log holds %q:\n%s", leak, log)
		}
	}
	if !strings.Contains(log, "path=/api/v1/logs status=200") || !strings.Contains(log, "user=admin") {
		t.Errorf("the log lacks the request:\n%s", log)
	}
}

// pathParameter is how gin writes a parameter of a path.
var pathParameter = regexp.MustCompile(`:(\w+)`)

func TestRoutesAndDescriptionAgree(t *testing.T) {
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]any
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("openapi.json: %q, %v", doc.OpenAPI, err)
	}
	var described, routed []string
	for path, methods := range doc.Paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	f := newFixture(t, emptyLoki, nil)
	for _, route := range f.server.routes().(*gin.Engine).Routes() {
		if route.Method != http.MethodHead {
			routed = append(routed, route.Method+" "+pathParameter.ReplaceAllString(route.Path, "{$1}"))
		}
	}
	slices.Sort(described)
	slices.Sort(routed)
	if !slices.Equal(described, routed) {
		t.Errorf("openapi.json describes %q\nthe server has %q", described, routed)
	}
}

func TestMethodsThatARouteDoesNotTake(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	f.login()
	for target, want := range map[string]int{"DELETE /api/v1/logs": 405, "GET /api/v1/login": 405, "POST /lines": 404, "POST /": 404} {
		method, path, _ := strings.Cut(target, " ")
		answer := f.do(method, path, "")
		errorOf(t, answer)
		if answer.Code != want {
			t.Errorf("%s: got %d, want %d", target, answer.Code, want)
		}
	}
}

func TestAnExternalURLThatIsNoneIsRefused(t *testing.T) {
	for _, bad := range []string{"example.org/logs", "ftp://example.org", "https://", "https://example.org/?x=1"} {
		if _, err := parseExternal(bad); err == nil || !strings.Contains(err.Error(), "https://host/logs") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// listener opens a listener on a free port.
func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRunServesBothListenersAndEnds(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	public, internal := listener(t), listener(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.server.Run(ctx, public, internal) }()
	for address, want := range map[string]int{
		public.Addr().String() + "/healthz": 200, public.Addr().String() + "/metrics": 404,
		internal.Addr().String() + "/metrics": 200, internal.Addr().String() + "/debug/pprof/": 200, internal.Addr().String() + "/api/v1/logs": 404,
	} {
		answer, err := http.Get("http://" + address)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: got %d, want %d", address, answer.StatusCode, want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := http.Get("http://" + public.Addr().String() + "/healthz"); err == nil {
		t.Error("the listener is still open")
	}
}

func TestOwnMetricsAreThere(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	f.login()
	f.get("/api/v1/logs")
	f.server.config.Metrics.WatchHub(f.server.config.Hub)
	f.server.config.Metrics.Loki("query_range", time.Second, loki.CodeTimeout)
	recorder := httptest.NewRecorder()
	f.server.config.Metrics.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`dashboard_http_request_duration_seconds_count{method="GET",route="/api/v1/logs",status="200"} 1`,
		`dashboard_http_requests_in_flight 0`, `dashboard_logins_total{result="ok"} 1`, `dashboard_build_info{goversion=`,
		`dashboard_upstream_errors_total{code="timeout",upstream="loki"} 1`, `dashboard_tail_viewers 0`, `go_goroutines`,
	} {
		if !strings.Contains(recorder.Body.String(), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

func TestSourcesThatLokiDoesNotTellAreNotNone(t *testing.T) {
	for want, lokiHandler := range map[bool]http.HandlerFunc{
		true: func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/series") {
				fmt.Fprint(w, `{"status":"success","data":[]}`)
				return
			}
			emptyLoki(w, r)
		},
		false: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
	} {
		f := newFixture(t, lokiHandler, nil)
		f.login()
		answer := f.get("/api/v1/health")
		checkSchema(t, "HealthResponse", answer.Body.Bytes())
		var body healthBody
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil || body.SourcesKnown != want || len(body.Sources) != 0 {
			t.Errorf("Loki answers: %v; got %+v, %v", want, body, err)
		}
	}
}
