package faults

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
)

// Kind is what a Proxy does with a request.
type Kind int

// The kinds of faults.
const (
	Pass   Kind = iota
	Answer      // with Fault.Status; nothing reaches Loki
	Slow        // passes it on after Fault.Delay
	Refuse      // the port is closed
	Cut         // Loki stores it, and the connection ends inside the answer
	Lose        // Loki stores it, and the connection ends before the answer
	Hang        // no answer until the fault changes
)

// Fault is what a Proxy does from now on.
type Fault struct {
	Kind       Kind
	Status     int    // of Answer
	RetryAfter string // header of Answer, "" for none
	Text       string // body of Answer
	Delay      time.Duration
	Every      int // each so many requests meet it, the others pass; 0: all
}

// Proxy stands before a Loki or a Sink and fails on command.
type Proxy struct {
	URL string

	t        testing.TB
	upstream string
	addr     string
	observe  func(request *push.PushRequest, status int)

	mu       sync.Mutex
	fault    Fault
	changed  chan struct{} // closed when the fault changes
	server   *http.Server  // nil while connections are refused
	served   sync.WaitGroup
	requests int
	failed   int
}

// NewProxy starts a proxy that passes everything and ends with the test. It
// tells observe, unless nil, about each push that upstream answered.
func NewProxy(t testing.TB, upstream string, observe func(request *push.PushRequest, status int)) *Proxy {
	t.Helper()
	p := &Proxy{t: t, upstream: upstream, addr: "127.0.0.1:0", observe: observe, changed: make(chan struct{})}
	p.openLocked()
	p.URL = "http://" + p.addr
	t.Cleanup(func() {
		p.Set(Fault{Kind: Refuse})
		p.served.Wait()
	})
	return p
}

// Set changes what happens to requests, also to those that hang.
func (p *Proxy) Set(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
	close(p.changed)
	p.changed = make(chan struct{})
	switch {
	case f.Kind == Refuse && p.server != nil:
		p.server.Close() // also the connections
		p.server = nil
	case f.Kind != Refuse && p.server == nil:
		p.openLocked()
	}
}

// Failed is how many requests met a fault, besides refused connections.
func (p *Proxy) Failed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

func (p *Proxy) openLocked() {
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.t.Errorf("proxy: %v", err)
		return
	}
	p.addr = l.Addr().String()
	server := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	p.server = server
	p.served.Go(func() { server.Serve(l) })
}

// next is the fault that a request meets.
func (p *Proxy) next() (Fault, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	if p.fault.Every > 1 && p.requests%p.fault.Every != 0 {
		return Fault{}, p.changed
	}
	if p.fault.Kind != Pass {
		p.failed++
	}
	return p.fault, p.changed
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	fault, changed := p.next()
	switch fault.Kind {
	case Answer:
		if fault.RetryAfter != "" {
			w.Header().Set("Retry-After", fault.RetryAfter)
		}
		http.Error(w, fault.Text, fault.Status)
		return
	case Hang:
		select {
		case <-r.Context().Done():
		case <-changed:
		}
		hangUp(w, "")
		return
	case Slow:
		// A client that has gone does not stop the request: Loki may well store
		// what nobody waits for any more.
		pause(context.WithoutCancel(r.Context()), fault.Delay)
	}
	status, header, answer := p.pass(r, body)
	switch {
	case status == 0 || fault.Kind == Lose:
		hangUp(w, "")
	case fault.Kind == Cut:
		hangUp(w, "HTTP/1.1 204 No Con")
	default:
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		w.Write(answer)
	}
}

// pass sends a request on and returns the answer, with status 0 for none.
func (p *Proxy) pass(r *http.Request, body []byte) (status int, header http.Header, answer []byte) {
	req, err := http.NewRequest(r.Method, p.upstream+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, nil, nil
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil, nil
	}
	if p.observe != nil {
		if request, err := decodePush(body); err == nil {
			p.observe(request, resp.StatusCode)
		}
	}
	return resp.StatusCode, resp.Header, answer
}

// hangUp ends the connection after a beginning of an answer.
func hangUp(w http.ResponseWriter, begin string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // it is closed
	}
	io.WriteString(conn, begin)
	conn.Close()
}
