package ship

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// received is one push request.
type received struct {
	at     time.Time
	header http.Header
	labels string
	lines  []string // "time|line|metadata"
}

// answer is what the sink says to a request; the zero answer is 204.
type answer struct {
	status int
	text   string
	header http.Header
	stores func(line string) bool // what is stored all the same; nil: all if it is a 2xx
	cut    bool                   // the connection is closed instead
	hang   bool                   // no answer comes
}

// sink is a Loki that records what it is sent. It is a real HTTP server; its
// network is in memory, so that time stands still while nothing happens.
type sink struct {
	t        testing.TB
	listener *pipeListener

	early func() bool // reports whether to answer 429 and leave the request unread

	mu       sync.Mutex
	says     func(*received) answer
	requests []*received
	stored   map[string][]string // by labels, in the order they came
}

func newSink(t testing.TB) *sink {
	s := &sink{t: t, listener: newPipeListener(), stored: map[string][]string{}}
	server := &http.Server{Handler: s}
	go server.Serve(s.listener)
	t.Cleanup(func() { server.Close() })
	return s
}

// say makes the sink answer as f says.
func (s *sink) say(f func(*received) answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says = f
}

// ServeHTTP implements http.Handler.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.early != nil && s.early() {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	got := &received{at: time.Now(), header: r.Header}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	if err := got.decode(body); err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	a := answer{}
	if s.says != nil {
		a = s.says(got)
	}
	s.requests = append(s.requests, got)
	if a.status == 0 {
		a.status = http.StatusNoContent
	}
	for _, line := range got.lines {
		if a.stores == nil && a.status == http.StatusNoContent && !a.cut && !a.hang || a.stores != nil && a.stores(line) {
			s.stored[got.labels] = append(s.stored[got.labels], line)
		}
	}
	s.mu.Unlock()
	a.write(w, r)
}

func (a answer) write(w http.ResponseWriter, r *http.Request) {
	switch {
	case a.hang:
		<-r.Context().Done()
		return
	case a.cut:
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
		return
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	io.WriteString(w, a.text)
}

func (r *received) decode(body []byte) error {
	raw, err := snappy.Decode(nil, body)
	if err != nil {
		return err
	}
	var req push.PushRequest
	if err := req.Unmarshal(raw); err != nil {
		return err
	}
	if len(req.Streams) != 1 {
		return fmt.Errorf("%d streams in a request", len(req.Streams))
	}
	r.labels = req.Streams[0].Labels
	for _, e := range req.Streams[0].Entries {
		var meta []string
		for _, m := range e.StructuredMetadata {
			meta = append(meta, m.Name+"="+m.Value)
		}
		r.lines = append(r.lines, fmt.Sprintf("%d|%s|%s", e.Timestamp.UnixNano(), e.Line, strings.Join(meta, " ")))
	}
	return nil
}

// pipeListener is a network in memory. While it is shut, dialling is refused.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	mu    sync.Mutex
	shut  bool
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) setShut(shut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut = shut
}

// Accept, Close and Addr implement net.Listener.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.IPAddr{} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	l.mu.Lock()
	shut := l.shut
	l.mu.Unlock()
	if shut {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("connection refused")}
	}
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rig is a client that ships to a sink.
type rig struct {
	t       testing.TB
	sink    *sink
	client  *Client
	streams *pipeline.Streams
	outbox  *pipeline.Outbox
	budget  *pipeline.Budget
	ledger  *pipeline.Ledger
	read    int64
	log     *logLines
	metrics *prometheus.Registry
	stop    func()
}

const minute = time.Minute

// newRig starts a client with promtail's back-off. Change alters its options.
func newRig(t testing.TB, change func(*Options)) *rig { return newSpoolRig(t, nil, change) }

// newSpoolRig is newRig with a spool, unless that is nil.
func newSpoolRig(t testing.TB, spool Spool, change func(*Options)) *rig {
	return startRig(t, newSink(t), spool, change)
}

func startRig(t testing.TB, loki *sink, spool Spool, change func(*Options)) *rig {
	r := &rig{
		t: t, sink: loki, streams: pipeline.NewStreams(), ledger: pipeline.NewLedger(0),
		budget: pipeline.NewBudget(1 << 30), log: &logLines{}, metrics: prometheus.NewRegistry(),
	}
	opts := Options{
		Name: "test", URL: "http://192.0.2.1:3100/loki/api/v1/push",
		Transport: &http.Transport{DialContext: r.sink.listener.dial, DisableCompression: true},
		Timeout:   10 * time.Second, MinBackoff: 500 * time.Millisecond, MaxBackoff: 5 * minute,
		Senders: 4, Log: slog.New(slog.NewTextHandler(r.log, nil)), Metrics: NewMetrics(r.metrics),
	}
	if change != nil {
		change(&opts)
	}
	var err error
	if r.client, err = New(opts); err != nil {
		t.Fatal(err)
	}
	limits := pipeline.Limits{BatchBytes: pipeline.MaxBatchBytes, BatchWait: time.Second, LineBytes: pipeline.MaxLineBytes}
	r.outbox = pipeline.NewOutbox(limits, r.budget, 1, r.client.Deliver)
	if spool != nil {
		r.client.UseSpool(spool, r.streams)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		if err := r.client.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	r.stop = sync.OnceFunc(func() {
		cancel()
		<-ran
	})
	t.Cleanup(r.stop)
	return r
}

// send delivers a batch of lines for one stream, each with metadata.
func (r *rig) send(app string, lines ...string) {
	for _, line := range lines {
		r.add(app, line)
	}
	r.outbox.Flush()
}

// add adds a line to the open batch of a stream.
func (r *rig) add(app, line string) {
	from := r.read
	r.read += int64(len(line)) + 1
	r.ledger.Read(r.read)
	r.outbox.Add(r.stream(app), &pipeline.Entry{
		Line: []byte(line), Time: 1_000_000_000 * r.read, Meta: []pipeline.Field{{Name: "n", Value: []byte(line)}},
		Pieces: []pipeline.Piece{{Ledger: r.ledger, Range: pipeline.Range{Start: from, End: r.read}}},
	}, time.Now())
}

func (r *rig) stream(app string) *pipeline.Stream {
	return r.streams.Get("", []pipeline.Label{{Name: "app", Value: app}})
}

// drained waits until everything is confirmed.
func (r *rig) drained() {
	r.t.Helper()
	r.drain()
	synctest.Wait() // the last change of state is logged behind it
}

// drain is drained for tests outside of a bubble.
func (r *rig) drain() {
	r.t.Helper()
	if err := r.client.Drain(context.Background()); err != nil {
		r.t.Error(err)
	}
	if n := r.ledger.Unsettled(); n != 0 {
		r.t.Errorf("%d bytes are not settled", n)
	}
}

// wantStored compares the lines that the sink stored of a stream, repetitions
// left out.
func (r *rig) wantStored(app string, want ...string) {
	r.t.Helper()
	got := r.storedOf(app)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		r.t.Errorf("%s: stored %q, want %q", app, got, want)
	}
}

// storedOf returns the lines of a stream in the order in which they were stored
// first. A repetition has to be exact.
func (r *rig) storedOf(app string) []string {
	r.sink.mu.Lock()
	defer r.sink.mu.Unlock()
	seen, exact := map[string]string{}, []string{}
	for _, entry := range r.sink.stored[fmt.Sprintf("{app=%q}", app)] {
		line := strings.Split(entry, "|")[1]
		if before, ok := seen[line]; ok && before != entry {
			r.t.Errorf("%q was repeated as %q", before, entry)
		} else if !ok {
			seen[line] = entry
			exact = append(exact, line)
		}
	}
	return exact
}

func (r *rig) requests() int {
	r.sink.mu.Lock()
	defer r.sink.mu.Unlock()
	return len(r.sink.requests)
}

// counter returns the sum of a metric's series that have all of these labels.
func (r *rig) counter(name string, labels ...string) float64 {
	r.t.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "promtail_"+name && hasLabels(m, labels) {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

func hasLabels(m *dto.Metric, labels []string) bool {
	for i := 0; i < len(labels); i += 2 {
		found := false
		for _, l := range m.Label {
			found = found || l.GetName() == labels[i] && l.GetValue() == labels[i+1]
		}
		if !found {
			return false
		}
	}
	return true
}

// logLines is a log in memory.
type logLines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logLines) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.buf.String()), "\n")
}

// with returns the log lines that hold a text.
func (l *logLines) with(text string) (found []string) {
	for _, line := range l.lines() {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// bubble runs a test in a time of its own. At its end no goroutine may be left.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// numbered returns n different lines.
func numbered(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %d", i)
	}
	return lines
}
