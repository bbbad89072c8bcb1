package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// authority signs certificates for 127.0.0.1.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{}
	a.pem, a.cert, a.key = certificate(t, name, nil)
	return a
}

// issue writes a certificate and its key to two files.
func (a *authority) issue(t *testing.T, name, certFile, keyFile string) {
	t.Helper()
	text, _, key := certificate(t, name, a)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, certFile, text)
	replace(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

func certificate(t *testing.T, name string, by *authority) ([]byte, *x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if by == nil {
		tmpl.IsCA, tmpl.BasicConstraintsValid, tmpl.KeyUsage = true, true, x509.KeyUsageCertSign
		by = &authority{cert: tmpl, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, by.cert, &key.PublicKey, by.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), cert, key
}

// replace writes a file as what renews secrets does: by renaming.
func replace(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// serveWith runs a server with the keys of a server block until stop is called or
// the test ends.
func serveWith(t *testing.T, yaml string, h http.Handler) (s *server, stop context.CancelFunc) {
	t.Helper()
	cfg, err := config.Parse("c.yaml", []byte("server: {http_listen_address: 127.0.0.1, http_listen_port: 0, "+yaml+"}\n"+
		"clients: [{url: 'http://192.0.2.1/push'}]\nscrape_configs: [{job_name: a, journal: {}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := listenerOf(&cfg.Server)
	if err != nil {
		t.Fatal(err)
	}
	s = &server{http: httpServer(&cfg.Server, h), listener: l, grace: cfg.Server.GracefulShutdownTimeout.Std()}
	s.http.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s, cancel
}

func answer(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		return "no answer"
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status[:3] + " " + string(text)
}

var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })

func TestServerIsBelowItsPrefix(t *testing.T) {
	for given, prefix := range map[string]string{"/logs/collector/": "/logs/collector", "logs": "/logs"} {
		s, _ := serveWith(t, "http_path_prefix: "+given, hello)
		base := "http://" + s.addr()
		if got, want := answer(t, http.DefaultClient, base+prefix+"/ready"), "200 /ready"; got != want {
			t.Errorf("%s: got %q, want %q", given, got, want)
		}
		if got := answer(t, http.DefaultClient, base+"/ready"); got[:3] != "404" {
			t.Errorf("%s: outside of the prefix: got %q", given, got)
		}
	}
}

func TestRenewedCertificateOfTheServerIsUsed(t *testing.T) {
	dir := t.TempDir()
	cert, key, ca := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "ca.pem")
	old, renewed, clients := newAuthority(t, "old"), newAuthority(t, "new"), newAuthority(t, "clients")
	old.issue(t, "a", cert, key)
	replace(t, ca, clients.pem)
	s, _ := serveWith(t, "http_tls_config: {cert_file: "+cert+", key_file: "+key+", client_ca_file: "+ca+", client_auth_type: RequireAndVerifyClientCert}", hello)
	mine := filepath.Join(dir, "mine.pem")
	clients.issue(t, "me", mine, mine+".key")

	ask := func(server *authority, withCert bool) string {
		pool := x509.NewCertPool()
		pool.AddCert(server.cert)
		conf := &tls.Config{RootCAs: pool}
		if withCert {
			pair, err := tls.LoadX509KeyPair(mine, mine+".key")
			if err != nil {
				t.Fatal(err)
			}
			conf.Certificates = []tls.Certificate{pair}
		}
		tr := &http.Transport{TLSClientConfig: conf}
		defer tr.CloseIdleConnections()
		return answer(t, &http.Client{Transport: tr}, "https://"+s.addr()+"/ready")
	}
	if got := ask(old, true); got != "200 /ready" {
		t.Errorf("with a certificate: got %q", got)
	}
	if got := ask(old, false); got != "no answer" {
		t.Errorf("without a certificate: got %q", got)
	}
	renewed.issue(t, "b", cert, key)
	if got := ask(renewed, true); got != "200 /ready" {
		t.Errorf("after the renewal: got %q", got)
	}
	replace(t, ca, renewed.pem)
	if got := ask(renewed, true); got != "no answer" {
		t.Errorf("after another authority came: got %q", got)
	}
}

func TestServerTakesNoMoreConnectionsThanItMay(t *testing.T) {
	s, _ := serveWith(t, "http_listen_conn_limit: 1, graceful_shutdown_timeout: 10ms", hello)
	first, err := net.Dial("tcp", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(first, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, err := first.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	second, err := net.Dial("tcp", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	io.WriteString(second, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
	second.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := second.Read(make([]byte, 1)); err == nil {
		t.Errorf("the second connection was served: %d bytes", n)
	}
	first.Close()
	second.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := second.Read(make([]byte, 1)); err != nil {
		t.Errorf("the second connection is not served when the first has gone: %v", err)
	}
}

func TestRequestUnderWayIsAnsweredAtTheStop(t *testing.T) {
	began, goOn := make(chan bool), make(chan bool)
	s, stop := serveWith(t, "http_server_write_timeout: 30s", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-began:
			return
		default:
			close(began)
		}
		<-goOn
		io.WriteString(w, "whole")
	}))
	got := make(chan string, 1)
	go func() { got <- answer(t, &http.Client{Transport: &http.Transport{}}, "http://"+s.addr()) }()
	<-began
	stop()
	for deadline := time.Now().Add(10 * time.Second); answer(t, http.DefaultClient, "http://"+s.addr()) != "no answer"; {
		if time.Now().After(deadline) {
			t.Fatal("the server still takes requests")
		}
	}
	close(goOn)
	if a := <-got; a != "200 whole" {
		t.Errorf("got %q", a)
	}
}

func TestServerWithoutListener(t *testing.T) {
	c := &collector{cfg: &config.Config{Server: config.Server{Disable: true}}}
	s, err := c.listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.run(ctx); err != nil || s.addr() != "off" {
		t.Errorf("got %v, %s", err, s.addr())
	}
}

func TestCertificateThatCannotBeReadStopsTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no.pem")
	_, err := listenerOf(&config.Server{HTTPListenNetwork: "tcp", HTTPTLSConfig: config.ServerTLS{CertFile: path, KeyFile: path}})
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte(path)) {
		t.Errorf("got %v", err)
	}
}
