package notify

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/tovtech/tovplay-logging/internal/secret"
)

// mailServer is a real SMTP server that keeps what it gets.
type mailServer struct {
	t    testing.TB
	addr *net.TCPAddr
	pool *x509.CertPool

	mu      sync.Mutex
	letters []string
	from    []string
	to      [][]string
	// refuse is what is answered to the recipients, nil takes them; data to the
	// letter, after it was kept.
	refuse, data error
}

// newMailServer starts a server: with TLS from the first byte, with STARTTLS, or
// with neither.
func newMailServer(t testing.TB, security Security) *mailServer {
	t.Helper()
	m := &mailServer{t: t, pool: x509.NewCertPool()}
	certificate := makeCertificate(t, m.pool)
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{server: m}, nil }))
	server.Domain, server.AllowInsecureAuth = "mail.example.org", security == Plain
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = listener.Addr().(*net.TCPAddr)
	switch config := (&tls.Config{Certificates: []tls.Certificate{certificate}}); security {
	case TLS:
		listener = tls.NewListener(listener, config)
	case StartTLS:
		server.TLSConfig = config
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener) // ends when it is closed
	}()
	t.Cleanup(func() { server.Close(); <-done })
	return m
}

// makeCertificate makes a certificate for this machine that pool knows.
func makeCertificate(t testing.TB, pool *x509.CertPool) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// mailSession is one connection.
type mailSession struct {
	server *mailServer
	from   string
	to     []string
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "logs" || password != "a password" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "Authentication failed"}
		}
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.to = append(s.to, to)
	return s.server.refuse
}

func (s *mailSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.letters = append(s.server.letters, string(data))
	s.server.from, s.server.to = append(s.server.from, s.from), append(s.server.to, s.to)
	return s.server.data
}

func (s *mailSession) Reset()        { s.from, s.to = "", nil }
func (s *mailSession) Logout() error { return nil }

// channel is a channel of mail by the server.
func (m *mailServer) channel(security Security) Channel {
	c := mailChannel()
	c.Mail.Host, c.Mail.Port, c.Mail.Security = "127.0.0.1", m.addr.Port, security
	c.Mail.To = []string{"ops@example.org", "dev@example.org"}
	return c
}

// letter returns the headers and the text of a letter.
func (m *mailServer) letter(n int) (mail.Header, string) {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.letters) <= n {
		m.t.Fatalf("%d letters came", len(m.letters))
	}
	letter, err := mail.ReadMessage(strings.NewReader(m.letters[n]))
	if err != nil {
		m.t.Fatalf("%v: %s", err, m.letters[n])
	}
	text, err := io.ReadAll(quotedprintable.NewReader(letter.Body))
	if err != nil {
		m.t.Fatal(err)
	}
	return letter.Header, string(text)
}

func TestMailGoesByStartTLSByTLSAndPlainOnThisMachine(t *testing.T) {
	for _, security := range []Security{StartTLS, TLS, Plain} {
		t.Run(string(security), func(t *testing.T) {
			r, m := newRig(t), newMailServer(t, security)
			r.post.authorities = m.pool
			r.add(m.channel(security))
			r.happen(NewIssue, 1, "שגיאה: pool\r\nBcc: evil@example.org")
			r.step()
			if got := r.last(); got.State != stateSent {
				t.Fatalf("got %+v", got)
			}
			header, text := m.letter(0)
			subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
			if want := "[TovPlay logs] New: שגיאה: pool  Bcc: evil@example.org (backend, production)"; err != nil || subject != want {
				t.Errorf("got the subject %q, want %q", subject, want)
			}
			if header.Get("Bcc") != "" || len(m.to[0]) != 2 || m.from[0] != "logs@example.org" {
				t.Errorf("got from %q to %q, %v", m.from, m.to, header)
			}
			if id := header.Get("Message-ID"); id != "<"+r.last().Key+"@example.org>" || header.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("got %v", header)
			}
			if !strings.Contains(text, "https://host.example.org/logs/issues/1\n") && !strings.Contains(text, "https://host.example.org/logs/issues/1\r\n") {
				t.Errorf("got the text %q", text)
			}
		})
	}
}

func TestMailIsNeverSentWithoutTLSToAServerThatHasNone(t *testing.T) {
	r, m := newRig(t), newMailServer(t, Plain)
	r.add(m.channel(StartTLS))
	r.happen(NewIssue, 1, "a")
	r.step()
	if got := r.last(); got.State != statePending || !strings.Contains(got.Error, "STARTTLS") || !strings.Contains(got.Remedy, "Choose TLS") || len(m.letters) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestFailuresOfMailHaveARemedy(t *testing.T) {
	for name, test := range map[string]struct {
		server, asked Security
		change        func(*Channel, *mailServer, *poster)
		want          string
	}{
		"password": {StartTLS, StartTLS, func(c *Channel, _ *mailServer, _ *poster) { c.Secret = secret.New("wrong") }, "Check user and password"},
		"recipient": {TLS, TLS, func(_ *Channel, m *mailServer, _ *poster) {
			m.refuse = &smtp.SMTPError{Code: 550, Message: "no such user"}
		}, "one of the recipients"},
		"certificate": {TLS, TLS, func(_ *Channel, _ *mailServer, p *poster) { p.authorities = nil }, "certificate is not valid"},
		"no TLS":      {StartTLS, TLS, func(*Channel, *mailServer, *poster) {}, "choose STARTTLS"},
		"nobody":      {StartTLS, StartTLS, func(c *Channel, _ *mailServer, _ *poster) { c.Mail.Port = 1 }, "Nothing listens there"},
		"later":       {StartTLS, StartTLS, func(_ *Channel, m *mailServer, _ *poster) { m.refuse = &smtp.SMTPError{Code: 451, Message: "later"} }, "one of the recipients"},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := newRig(t), newMailServer(t, test.server)
			r.post.authorities = m.pool
			c := m.channel(test.asked)
			test.change(&c, m, r.post)
			r.add(c)
			r.happen(NewIssue, 1, "a")
			r.step()
			if got := r.last(); got.State != statePending || got.Error == "" || !strings.Contains(got.Remedy, test.want) || len(m.letters) != 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestARepeatedMailHasTheSameMessageID(t *testing.T) {
	r, m := newRig(t), newMailServer(t, StartTLS)
	r.post.authorities = m.pool
	m.data = &smtp.SMTPError{Code: 452, Message: "the disk is full"}
	r.add(m.channel(StartTLS))
	r.happen(NewIssue, 1, "a")
	r.step()
	m.mu.Lock()
	m.data = nil
	m.mu.Unlock()
	r.pass(retryFirst)
	r.step()
	first, _ := m.letter(0)
	second, _ := m.letter(1)
	if first.Get("Message-ID") != second.Get("Message-ID") || first.Get("Date") != second.Get("Date") || r.last().State != stateSent {
		t.Errorf("got %v and %v", first, second)
	}
}

func TestAMailThatIsRefusedForItsContentDoesNotHoldUpTheNext(t *testing.T) {
	r, m := newRig(t), newMailServer(t, StartTLS)
	r.post.authorities = m.pool
	m.data = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "looks like spam"}
	r.add(m.channel(StartTLS))
	r.happen(NewIssue, 1, "a")
	r.step()
	if got := r.last(); got.State != stateFailed || !strings.Contains(got.Error, "looks like spam") || !strings.Contains(got.Remedy, "not sent again") {
		t.Errorf("got %+v", got)
	}
	m.mu.Lock()
	m.data = nil
	m.mu.Unlock()
	r.happen(NewIssue, 2, "b")
	r.step()
	if got := r.last(); got.State != stateSent || got.Events[0].Title != "b" {
		t.Errorf("got %+v", got)
	}
}

// A server that goes away right after it took a letter has it.
func TestAMailThatWasTakenIsNotSentAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := textproto.NewReader(bufio.NewReader(conn))
		fmt.Fprint(conn, "220 hello\r\n")
		for {
			line, err := in.ReadLine()
			switch {
			case err != nil:
				return
			case line == "DATA":
				fmt.Fprint(conn, "354 go on\r\n")
				in.ReadDotBytes()
				fmt.Fprint(conn, "250 taken\r\n")
				return
			}
			fmt.Fprint(conn, "250 ok\r\n")
		}
	}()
	r := newRig(t)
	c := mailChannel()
	c.Mail.Host, c.Mail.Port, c.Mail.Security, c.Mail.User, c.Secret = "127.0.0.1", listener.Addr().(*net.TCPAddr).Port, Plain, "", secret.String{}
	r.add(c)
	r.happen(NewIssue, 1, "a")
	r.step()
	if m := r.last(); m.State != stateSent {
		t.Errorf("got %+v", m)
	}
}

func TestAMailOfManyEventsListsThem(t *testing.T) {
	p := newPoster("https://host.example.org/logs", time.Now)
	text := p.mailText(many())
	if !strings.HasPrefix(text, "5000 notifications: 100 new, 4900 more\nHeld because.\nThe first 100 are shown.\n\nNew: ") || strings.Count(text, "https://host.example.org/logs/issues/1") != 100 {
		t.Errorf("got %.500s", text)
	}
}
