package servers

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Site is a real nginx before a backend, as production has one: access log in
// the combined format, the site over HTTPS as well, and stub_status.
type Site struct {
	*Process
	HTTPS  string // its address over TLS, without a slash at the end
	Status string // the address of stub_status
	Logs   string // the folder of access.log and error.log

	authority        *Authority
	certificate, key string
}

// NewSite runs the site of a backend, with a certificate that ends in 60 days.
func NewSite(t testing.TB, upstream string, authority *Authority) *Site {
	t.Helper()
	dir, port, tlsPort := t.TempDir(), FreePort(t), FreePort(t)
	url := "http://127.0.0.1:" + port
	s := &Site{
		HTTPS: "https://127.0.0.1:" + tlsPort, Status: url + "/stub_status", Logs: dir,
		authority: authority, certificate: filepath.Join(dir, "certificate.pem"), key: filepath.Join(dir, "key.pem"),
	}
	authority.Issue(t, s.certificate, s.key, time.Now().AddDate(0, 0, 60))
	config := WriteFile(t, filepath.Join(dir, "nginx.conf"), fmt.Sprintf(`
daemon off; pid %[1]s/pid; error_log %[1]s/error.log warn;
events {}
http {
  access_log %[1]s/access.log combined;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server {
    listen 127.0.0.1:%[2]s;
    listen 127.0.0.1:%[3]s ssl;
    ssl_certificate %[1]s/certificate.pem; ssl_certificate_key %[1]s/key.pem;
    location = /stub_status { stub_status; access_log off; }
    location = / { return 200 "the page, which is static\n"; }
    location / { proxy_pass %[4]s; }
  }
}
`, dir, port, tlsPort, upstream))
	s.Process = Start(t, exec.Command(Debian(t, "nginx", "nginx-light"), "-c", config, "-p", dir), url, "/stub_status")
	return s
}

// Renew gives the site a certificate that ends at a time, as a renewal does.
func (s *Site) Renew(t testing.TB, end time.Time) {
	t.Helper()
	s.authority.Issue(t, s.certificate, s.key, end)
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatalf("reload nginx: %v", err)
	}
}
