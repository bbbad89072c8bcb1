package servers

import (
	"errors"
	"net"
	"net/http"
	"testing"
)

// Local is an HTTP server of the test's own process, that can stop and start
// again at its address.
type Local struct {
	URL     string // without a slash at the end
	Address string // host:port

	handler http.Handler
	server  *http.Server
	done    chan struct{}
}

// Serve has a handler answer on a free port until the test ends.
func Serve(t testing.TB, handler http.Handler) *Local {
	t.Helper()
	address := "127.0.0.1:" + FreePort(t)
	l := &Local{URL: "http://" + address, Address: address, handler: handler}
	l.Restart(t)
	t.Cleanup(l.Stop)
	return l
}

// Stop closes the listener and every connection. Stopping twice is allowed.
func (l *Local) Stop() {
	l.server.Close() // what it says of connections does not matter
	<-l.done
}

// Restart listens again after Stop.
func (l *Local) Restart(t testing.TB) {
	t.Helper()
	listener, err := net.Listen("tcp", l.Address)
	if err != nil {
		t.Fatal(err)
	}
	server, done := &http.Server{Handler: l.handler}, make(chan struct{})
	l.server, l.done = server, done
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve %s: %v", l.Address, err)
		}
	}()
}
