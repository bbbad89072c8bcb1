package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	prometheus "github.com/prometheus/common/config"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// clientOf is an HTTP client with the keys of a client.
func clientOf(t *testing.T, yaml string) *http.Client {
	t.Helper()
	cfg, err := config.Parse("c.yaml", []byte("clients: [{url: 'http://192.0.2.1/push', "+yaml+"}]\nscrape_configs: [{job_name: a, journal: {}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := newTransport(&cfg.Clients[0].HTTPClient)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: authorizing{tr, authorizer(&cfg.Clients[0])}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// authorizing adds credentials as the shipping client does.
type authorizing struct {
	http.RoundTripper
	authorize func(*http.Request) error
}

func (a authorizing) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := a.authorize(r); err != nil {
		return nil, err
	}
	return a.RoundTripper.RoundTrip(r)
}

func (a authorizing) CloseIdleConnections() {
	a.RoundTripper.(interface{ CloseIdleConnections() }).CloseIdleConnections()
}

func TestRenewedFilesOfTLSAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	old, renewed, clients := newAuthority(t, "old"), newAuthority(t, "renewed"), newAuthority(t, "clients")
	old.issue(t, "server", at("s.pem"), at("s.key"))
	clients.issue(t, "me", at("c.pem"), at("c.key"))
	replace(t, at("ca.pem"), old.pem)
	replace(t, at("clients.pem"), clients.pem)
	s, _ := serveWith(t, fmt.Sprintf("http_tls_config: {cert_file: %s, key_file: %s, client_ca_file: %s, client_auth_type: RequireAndVerifyClientCert}",
		at("s.pem"), at("s.key"), at("clients.pem")), hello)
	c := clientOf(t, fmt.Sprintf("tls_config: {ca_file: %s, cert_file: %s, key_file: %s}", at("ca.pem"), at("c.pem"), at("c.key")))
	ask := func(what, want string) {
		t.Helper()
		if got := answer(t, c, "https://"+s.addr()+"/push"); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
		c.CloseIdleConnections()
	}
	ask("at first", "200 /push")
	renewed.issue(t, "server", at("s.pem"), at("s.key"))
	ask("the server has a certificate of another authority", "no answer")
	replace(t, at("ca.pem"), renewed.pem)
	ask("the authority's file was renewed", "200 /push")
	replace(t, at("clients.pem"), renewed.pem)
	ask("the server trusts another authority", "no answer")
	renewed.issue(t, "me", at("c.pem"), at("c.key"))
	ask("the client's certificate was renewed", "200 /push")
	replace(t, at("ca.pem"), []byte("torn"))
	ask("the authority's file is torn", "no answer")
	replace(t, at("ca.pem"), renewed.pem)
	ask("it is whole again", "200 /push")
}

// TestARenewedAuthorityLosesNothing is the whole program at a server whose
// certificate and authority change.
func TestARenewedAuthorityLosesNothing(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	at := func(name string) string { return filepath.Join(dir, name) }
	old, renewed := newAuthority(t, "old"), newAuthority(t, "renewed")
	old.issue(t, "server", at("s.pem"), at("s.key"))
	replace(t, at("ca.pem"), old.pem)
	s, _ := serveWith(t, fmt.Sprintf("http_tls_config: {cert_file: %s, key_file: %s}", at("s.pem"), at("s.key")), http.HandlerFunc(loki.push))
	log := write(t, at("app.log"), "first\n")
	out := start(t, dir, fmt.Sprintf("url: https://%s/push, tls_config: {ca_file: %s}", s.addr(), at("ca.pem")), "")
	eventually(t, out, "the first line", func() bool { return loki.has("first") })
	replace(t, at("ca.pem"), renewed.pem)
	write(t, log, "first\nsecond\n")
	eventually(t, out, "what is wrong is named", func() bool { return out.has("level=ERROR", "x509") })
	renewed.issue(t, "server", at("s.pem"), at("s.key"))
	eventually(t, out, "the second line", func() bool { return loki.has("second") })
	if n := len(loki.got("first")) + len(loki.got("second")); n != 2 {
		t.Errorf("%d lines arrived, want 2", n)
	}
}

func TestRenewedPasswordsAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("Authorization")) }))
	t.Cleanup(s.Close)
	for yaml, prefix := range map[string]string{
		"basic_auth: {username: '', password_file: %s}":              "Basic ",
		"authorization: {type: Token, credentials_file: %s}":         "Token ",
		"authorization: {credentials_file: %s}":                      "Bearer ",
		"bearer_token_file: %s":                                      "Bearer ",
		"basic_auth: {username_file: %s, password: always-this-one}": "Basic ",
	} {
		replace(t, file, []byte("one\n"))
		c := clientOf(t, fmt.Sprintf(yaml, file))
		first := answer(t, c, s.URL)
		replace(t, file, []byte("two\n"))
		second := answer(t, c, s.URL)
		if !strings.HasPrefix(first, "200 "+prefix) || !strings.HasPrefix(second, "200 "+prefix) || first == second {
			t.Errorf("%s: got %q and then %q", yaml, first, second)
		}
	}
	c := clientOf(t, "basic_auth: {username: u, password_file: "+filepath.Join(dir, "none")+"}")
	if got := answer(t, c, s.URL); got != "no answer" {
		t.Errorf("no file: got %q", got)
	}
}

// tokens gives tokens that name the secret they were asked for with.
type tokens struct {
	mu    sync.Mutex
	asked []url.Values
}

func (s *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.PostForm)
	_, password, _ := r.BasicAuth()
	if password == "" {
		password = r.PostForm.Get("client_secret")
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token": "for-%s", "token_type": "Bearer", "expires_in": 3600}`, password)
}

func TestOAuth2GetsATokenAndANewOneForANewSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	replace(t, file, []byte("one\n"))
	given := &tokens{}
	auth := httptest.NewServer(given)
	t.Cleanup(auth.Close)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("Authorization")) }))
	t.Cleanup(s.Close)
	c := clientOf(t, fmt.Sprintf("oauth2: {client_id: me, client_secret_file: %s, token_url: '%s/token', scopes: [logs, push], endpoint_params: {audience: loki}}", file, auth.URL))
	for _, want := range []string{"200 Bearer for-one", "200 Bearer for-one"} {
		if got := answer(t, c, s.URL); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	replace(t, file, []byte("two\n"))
	if got, want := answer(t, c, s.URL), "200 Bearer for-two"; got != want {
		t.Errorf("a new secret: got %q, want %q", got, want)
	}
	given.mu.Lock()
	defer given.mu.Unlock()
	last := given.asked[len(given.asked)-1]
	if last.Get("scope") != "logs push" || last.Get("audience") != "loki" || last.Get("grant_type") != "client_credentials" {
		t.Errorf("the token was asked for with %v", last)
	}
}

func TestHeadersOfRequests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "header")
	replace(t, file, []byte("from-file\n"))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Values("X-Api-Key"))
	}))
	t.Cleanup(s.Close)
	c := clientOf(t, "http_headers: {x-api-key: {values: [plain], secrets: [hidden], files: ["+file+"]}}")
	if got, want := answer(t, c, s.URL), "200 [plain hidden from-file]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHeadersThatTheConfigurationMayNotSet(t *testing.T) {
	for name := range prometheus.ReservedHeaders {
		_, err := config.Parse("c.yaml", []byte("clients: [{url: 'http://192.0.2.1/push', http_headers: {"+name+": {values: [a]}}}]\nscrape_configs: [{job_name: a, journal: {}}]\n"))
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestRequestsGoByTheProxy(t *testing.T) {
	seen := make(chan string, 1)
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Method + " " + r.Host + " " + r.Header.Get("X-Pass")
		if r.Method == http.MethodConnect {
			http.Error(w, "no tunnel", http.StatusBadGateway)
		}
	}))
	t.Cleanup(p.Close)
	t.Setenv("HTTP_PROXY", p.URL)
	t.Setenv("HTTPS_PROXY", p.URL)
	t.Setenv("NO_PROXY", "")
	direct := httptest.NewServer(hello)
	t.Cleanup(direct.Close)
	for _, tt := range []struct{ yaml, url, want string }{
		{"proxy_url: '" + p.URL + "'", "http://192.0.2.1/push", "GET 192.0.2.1 "},
		{"proxy_from_environment: true", "http://192.0.2.1/push", "GET 192.0.2.1 "},
		{"proxy_url: '" + p.URL + "', proxy_connect_header: {X-Pass: [hidden]}", "https://192.0.2.1/push", "CONNECT 192.0.2.1:443 hidden"},
		{"proxy_url: '" + p.URL + "', no_proxy: 127.0.0.1", direct.URL, ""},
		{"timeout: 1s", direct.URL, ""},
	} {
		answer(t, clientOf(t, tt.yaml), tt.url)
		got := ""
		select {
		case got = <-seen:
		default:
		}
		if got != tt.want {
			t.Errorf("%s: the proxy saw %q, want %q", tt.yaml, got, tt.want)
		}
	}
}

func TestTenantMayBeOneOfTheHeaders(t *testing.T) {
	for yaml, want := range map[string]string{
		"headers: {x-scope-orgid: team, X-Source: edge}":      "team edge",
		"tenant_id: ops, headers: {X-Scope-OrgID: team}":      "ops ",
		"headers: {User-Agent: me, Content-Type: text/plain}": " ",
	} {
		seen := make(chan string, 100)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.UserAgent() == "me" || r.Header.Get("Content-Type") == "text/plain" {
				t.Errorf("%s: a header of the push was replaced: %v", yaml, r.Header)
			}
			seen <- r.Header.Get("X-Scope-OrgID") + " " + r.Header.Get("X-Source")
			w.WriteHeader(http.StatusNoContent)
		}))
		t.Cleanup(s.Close)
		dir := t.TempDir()
		write(t, filepath.Join(dir, "app.log"), "a line\n")
		start(t, dir, "url: "+s.URL+", "+yaml, "")
		if got := <-seen; got != want {
			t.Errorf("%s: got %q, want %q", yaml, got, want)
		}
	}
}
