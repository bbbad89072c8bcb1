package dockerapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// engine answers as Docker's API does. Its fields are guarded by mu.
type engine struct {
	*httptest.Server

	mu         sync.Mutex
	containers []Container
	networks   []Network
	status     map[string]int // of a path, in place of an answer
	asked      map[string]int
	queries    map[string]string
	events     chan string // what the stream of events says; closed to cut it
}

func newEngine(t *testing.T) *engine {
	t.Helper()
	e := &engine{status: map[string]int{}, asked: map[string]int{}, queries: map[string]string{}, events: make(chan string, 10)}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked[r.URL.Path]++
	e.queries[r.URL.Path] = r.URL.RawQuery
	if status := e.status[r.URL.Path]; status != 0 {
		w.WriteHeader(status)
		fmt.Fprint(w, `{"message":"the engine's words"}`)
		return
	}
	switch r.URL.Path {
	case "/containers/json":
		json.NewEncoder(w).Encode(e.containers)
	case "/networks":
		json.NewEncoder(w).Encode(e.networks)
	case "/events":
		e.serveEvents(w, r, e.events)
	case "/containers/abc/logs":
		io.WriteString(w, "the log")
	default:
		id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/containers/"), "/")
		fmt.Fprintf(w, `{"Id":%q,"LogPath":"/logs/%s","Config":{"Tty":true},"HostConfig":{"LogConfig":{"Type":"local"}},
			"State":{"Running":false,"FinishedAt":"2026-11-25T10:00:00.5Z"}}`, id, id)
	}
}

func (e *engine) serveEvents(w http.ResponseWriter, r *http.Request, events chan string) {
	e.mu.Unlock()
	defer e.mu.Lock()
	w.(http.Flusher).Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case event, ok := <-events:
			if !ok {
				return
			}
			io.WriteString(w, event)
			w.(http.Flusher).Flush()
		}
	}
}

func (e *engine) set(change func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change()
}

func (e *engine) times(path string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked[path]
}

func newClient(t *testing.T, host string) *Client {
	t.Helper()
	c, err := New(Options{Host: host, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRequestsAreThoseOfTheAPI(t *testing.T) {
	e := newEngine(t)
	e.containers = []Container{{ID: "abc", Names: []string{"/x"}, State: "exited"}}
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	onSocket := &httptest.Server{Listener: l, Config: &http.Server{Handler: e}}
	onSocket.Start()
	defer onSocket.Close()
	for _, host := range []string{e.URL, strings.Replace(e.URL, "http:", "tcp:", 1), "unix://" + socket} {
		c, ctx := newClient(t, host), context.Background()
		list, err := c.Containers(ctx, map[string][]string{"label": {"a=b"}})
		if err != nil || len(list) != 1 || list[0].State != "exited" {
			t.Errorf("%s: %+v, %v", host, list, err)
		}
		d, err := c.Inspect(ctx, "abc")
		if err != nil || !d.Config.Tty || d.HostConfig.LogConfig.Type != "local" || d.LogPath != "/logs/abc" || d.State.FinishedAt.Nanosecond() != 5e8 {
			t.Errorf("%s: %+v, %v", host, d, err)
		}
		body, err := c.Logs(ctx, "abc", time.Unix(1718000000, 7))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != "the log" {
			t.Errorf("%s: %q, %v", host, text, err)
		}
		body.Close()
	}
	if got, want := e.queries["/containers/json"], "all=true&filters=%7B%22label%22%3A%5B%22a%3Db%22%5D%7D"; got != want {
		t.Errorf("list: got %s, want %s", got, want)
	}
	if got, want := e.queries["/containers/abc/logs"], "follow=true&since=1718000000.000000007&stderr=true&stdout=true&timestamps=true"; got != want {
		t.Errorf("logs: got %s, want %s", got, want)
	}
}

func TestErrorsSayWhatTheEngineSays(t *testing.T) {
	e := newEngine(t)
	e.status["/containers/abc/json"] = http.StatusNotFound
	_, err := newClient(t, e.URL).Inspect(context.Background(), "abc")
	if !IsNotFound(err) || !IsAnswer(err) || !strings.Contains(err.Error(), "the engine's words") {
		t.Errorf("got %v", err)
	}
	_, err = newClient(t, "unix:///nowhere/docker.sock").Containers(context.Background(), nil)
	if !errors.Is(err, fs.ErrNotExist) || IsAnswer(err) || !strings.Contains(err.Error(), "unix:///nowhere/docker.sock") {
		t.Errorf("got %v", err)
	}
	if _, err := New(Options{Host: "npipe:////./pipe/docker_engine"}); err == nil {
		t.Error("another scheme: no error")
	}
}

func TestASilentEngineIsNotWaitedForForever(t *testing.T) {
	stop := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer silent.Close()
	defer close(stop)
	c, err := New(Options{Host: silent.URL, Timeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Containers(context.Background(), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("list: %v", err)
	}
	if _, err := c.Logs(context.Background(), "abc", time.Time{}); err == nil {
		t.Error("logs: no error")
	}
}

func TestCredentialsAreAddedAndRedirectsFollowedIfAsked(t *testing.T) {
	e := newEngine(t)
	moved := httptest.NewServer(http.RedirectHandler(e.URL+"/networks", http.StatusTemporaryRedirect))
	defer moved.Close()
	for _, follow := range []bool{true, false} {
		c, err := New(Options{Host: moved.URL, FollowRedirects: follow})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Networks(context.Background()); (err == nil) != follow {
			t.Errorf("follow %t: %v", follow, err)
		}
	}
	var got string
	secret := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		io.WriteString(w, "[]")
	}))
	defer secret.Close()
	c, err := New(Options{Host: secret.URL, Authorize: func(r *http.Request) error { r.SetBasicAuth("a", "b"); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Networks(context.Background()); err != nil || got != "Basic YTpi" {
		t.Errorf("got %q, %v", got, err)
	}
}

// watch runs a watcher until the test ends.
func watch(t *testing.T, e *engine, change ...func(*WatchOptions)) *Watcher {
	t.Helper()
	opts := WatchOptions{
		Client: newClient(t, e.URL), Refresh: time.Hour, RetryMin: time.Millisecond, RetryMax: 5 * time.Millisecond,
	}
	for _, c := range change {
		c(&opts)
	}
	w := NewWatcher(opts)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { w.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	<-w.Looked()
	return w
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

func (w *Watcher) names() string {
	var all []string
	for _, c := range w.View().Containers {
		all = append(all, c.Names[0]+" "+c.Container.State)
	}
	return strings.Join(all, ", ")
}

func TestEventsMakeANewView(t *testing.T) {
	e := newEngine(t)
	e.containers = []Container{{ID: "abc", Names: []string{"/a"}, State: "running"}}
	w := watch(t, e)
	if got := w.names(); got != "/a running" {
		t.Fatalf("the first view is %q", got)
	}
	for _, action := range []string{"create", "start"} {
		e.set(func() {
			e.containers[0].State = action
			e.containers = append(e.containers, Container{ID: action, Names: []string{"/" + action}, State: "running"})
		})
		e.events <- `{"Type":"container","Action":"` + action + `"}`
		wait(t, action, func() bool { return strings.Contains(w.names(), "/"+action) })
	}
	if n := e.times("/containers/abc/json"); n != 3 {
		t.Errorf("a container with three states was inspected %d times", n)
	}
	if n := e.times("/containers/create/json"); n != 1 {
		t.Errorf("a container with one state was inspected %d times", n)
	}
}

func TestWithoutEventsTheListIsRefreshed(t *testing.T) {
	e := newEngine(t)
	e.status["/events"] = http.StatusForbidden // by a proxy
	w := watch(t, e, func(o *WatchOptions) { o.Refresh = time.Millisecond })
	e.set(func() { e.containers = []Container{{ID: "abc", Names: []string{"/a"}, State: "running"}} })
	wait(t, "the container", func() bool { return w.names() == "/a running" })
	if err := w.View().Err; err != nil {
		t.Error(err)
	}
}

func TestCutEventsAreAskedForAgain(t *testing.T) {
	e := newEngine(t)
	w := watch(t, e)
	e.set(func() {
		close(e.events)
		e.events = make(chan string, 10)
		e.containers = []Container{{ID: "abc", Names: []string{"/a"}, State: "running"}}
	})
	wait(t, "the container", func() bool { return w.names() == "/a running" })
	if err := w.View().Err; err != nil {
		t.Errorf("a cut is an error: %v", err)
	}
}

func TestAnEngineThatIsAwayKeepsTheLastViewAndIsNamed(t *testing.T) {
	e := newEngine(t)
	e.containers = []Container{{ID: "abc", Names: []string{"/a"}, State: "running"}}
	w := watch(t, e)
	e.set(func() {
		e.status["/containers/json"], e.status["/events"] = http.StatusInternalServerError, http.StatusInternalServerError
		close(e.events)
		e.events = make(chan string, 10)
	})
	wait(t, "the error", func() bool { return w.View().Err != nil })
	if got := w.names(); got != "/a running" {
		t.Errorf("the view is %q", got)
	}
	e.set(func() { clear(e.status) })
	wait(t, "the end of the error", func() bool { return w.View().Err == nil })
}

func TestAContainerThatIsRemovedMeanwhileIsNotInTheView(t *testing.T) {
	e := newEngine(t)
	e.containers = []Container{{ID: "abc", Names: []string{"/a"}, State: "running"}, {ID: "def", Names: []string{"/d"}, State: "running"}}
	e.status["/containers/abc/json"] = http.StatusNotFound
	w := watch(t, e)
	if got := w.names(); got != "/d running" {
		t.Errorf("the view is %q", got)
	}
}

func TestNetworksAreAskedForWhenOneIsNotKnown(t *testing.T) {
	e := newEngine(t)
	e.networks = []Network{{ID: "n1", Name: "front"}}
	in := func(network string) Container {
		c := Container{ID: network, Names: []string{"/" + network}, State: "running"}
		c.NetworkSettings.Networks = map[string]*Endpoint{"x": {NetworkID: network}}
		return c
	}
	e.containers = []Container{in("n1")}
	w := watch(t, e)
	if got := w.View().Networks["n1"].Name; got != "front" {
		t.Errorf("the network is %q", got)
	}
	e.set(func() {
		e.containers = append(e.containers, in("n2"))
		e.networks = append(e.networks, Network{ID: "n2", Name: "back"})
	})
	e.events <- `{"Action":"start"}`
	wait(t, "the network", func() bool { return w.View().Networks["n2"].Name == "back" })
	e.set(func() { e.containers = e.containers[:1] })
	e.events <- `{"Action":"start"}`
	wait(t, "the view", func() bool { return w.names() == "/n1 running" })
	if n := e.times("/networks"); n != 2 {
		t.Errorf("networks were asked for %d times", n)
	}
}

// A socket that this user may not use has an error that says so.
func TestASocketWithoutPermissionIsNamed(t *testing.T) {
	if os.Geteuid() == 0 { // root may use every socket
		err := fmt.Errorf("x: %w", &net.OpError{Err: os.NewSyscallError("connect", syscall.EACCES)})
		if !errors.Is(err, fs.ErrPermission) {
			t.Error("the error of a refused connection is not fs.ErrPermission")
		}
		return
	}
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Chmod(socket, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := newClient(t, "unix://"+socket).Networks(context.Background()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}
