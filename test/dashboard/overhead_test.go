package dashboard

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// timed is a proxy before Loki that knows how long at least one call of it was
// under way.
type timed struct {
	proxy *httputil.ReverseProxy

	mu    sync.Mutex
	calls int
	under int // calls under way
	since time.Time
	busy  time.Duration
}

// timeLoki puts a proxy before the Loki at an address, and returns its own.
func timeLoki(b *testing.B, lokiURL string) (*timed, string) {
	b.Helper()
	target, err := url.Parse(lokiURL)
	if err != nil {
		b.Fatal(err)
	}
	l := &timed{proxy: httputil.NewSingleHostReverseProxy(target)}
	return l, servers.Serve(b, l).URL
}

func (l *timed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	if l.calls++; l.under == 0 {
		l.since = time.Now()
	}
	l.under++
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.under--; l.under == 0 {
			l.busy += time.Since(l.since)
		}
	}()
	l.proxy.ServeHTTP(w, r)
}

// take returns the calls and their time since the last take.
func (l *timed) take() (calls int, busy time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls, busy = l.calls, l.busy
	l.calls, l.busy = 0, 0
	return calls, busy
}

// BenchmarkOverhead asks bin/dashboard (make build) for lines, and reports how
// much longer its answer takes than those of Loki for which it waits, and the
// processor time of an answer, which does not grow when the machine is busy.
func BenchmarkOverhead(b *testing.B) {
	server := servers.Loki(b)
	now := time.Now()
	for part := range 20 {
		var lines []line
		for i := range 1000 {
			lines = append(lines, line{at: now.Add(time.Duration(part*1000+i-20_000) * 100 * time.Millisecond), text: backendLine(i)})
		}
		pushLines(b, server.URL, `{job="docker", service="backend", env="production", level="info"}`, lines...)
	}
	between, address := timeLoki(b, server.URL)
	p := servers.Dashboard(b, address, nowhere)
	d := &dashboard{t: b, url: p.URL, http: newBrowser(b), docs: schemas(b)}
	d.login(servers.Password)
	for name, params := range map[string]string{
		"lines": "logs?limit=200", "search": "logs?limit=200&q=saved", "volume": "volume?by=level", "labels": "labels?",
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			between.take()
			before := processorTime(b, p.PID())
			for b.Loop() {
				// Another range each time, so that nothing answers from memory.
				start := now.Add(-time.Duration(1000+len(took)) * time.Second).UnixMilli()
				took = append(took, d.overhead(b, between, params+"&start="+strconv.FormatInt(start, 10)))
			}
			spent := processorTime(b, p.PID()) - before
			slices.Sort(took)
			b.ReportMetric(milliseconds(spent)/float64(len(took)), "cpu-ms/op")
			b.ReportMetric(milliseconds(took[len(took)/2]), "over-p50-ms")
			b.ReportMetric(milliseconds(took[len(took)*95/100]), "over-p95-ms")
		})
	}
}

// overhead asks the API and returns the time of the answer without Loki's.
func (d *dashboard) overhead(b *testing.B, between *timed, path string) time.Duration {
	began := time.Now()
	answer, err := d.http.Get(d.url + "/api/v1/" + path)
	if err != nil {
		b.Fatal(err)
	}
	if body := readBody(b, answer); answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: got %d %s", path, answer.StatusCode, body)
	}
	took := time.Since(began)
	_, inLoki := between.take()
	return took - inLoki
}

// processorTime is what a process has had of the processors.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	// The name, which may hold spaces, ends with the last bracket; after it utime
	// and stime are the 12th and 13th field, in hundredths of a second.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks time.Duration
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatalf("processor time of %d: %v", pid, err)
		}
		ticks += time.Duration(n)
	}
	return ticks * time.Second / 100
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// BenchmarkViewers has 200 viewers watch one tail of 200 lines a second, and
// reports what that costs bin/dashboard beside one viewer: calls of Loki and
// memory.
func BenchmarkViewers(b *testing.B) {
	const viewers, rate, measured = 200, 200, 15 * time.Second
	server := servers.Loki(b)
	between, address := timeLoki(b, server.URL)
	internal := "127.0.0.1:" + servers.FreePort(b)
	p := servers.Dashboard(b, address, nowhere, "-internal-listen", internal)
	metrics := "http://" + internal + "/metrics"
	d := &dashboard{t: b, url: p.URL, http: newBrowser(b), docs: schemas(b)}
	d.login(servers.Password)
	background(b, func(ctx context.Context) error { return writeLines(ctx, b, server.URL, rate) })
	watch := func(n int) {
		for range n {
			tail := d.tail(url.Values{"env": {"production"}}, "")
			go io.Copy(io.Discard, tail.body) // ends when the tail is closed
		}
	}
	cost := func() (callsPerSecond, mib float64) {
		between.take()
		<-time.After(measured)
		calls, _ := between.take()
		return float64(calls) / measured.Seconds(), float64(servers.Metric(b, metrics, "process_resident_memory_bytes")) / (1 << 20)
	}
	watch(1)
	callsOfOne, mibOfOne := cost()
	watch(viewers - 1)
	calls, mib := cost()
	if got := servers.Metric(b, metrics, "dashboard_tail_viewers"); got != viewers {
		b.Errorf("%d viewers watch, want %d", got, viewers)
	}
	if got := servers.Metric(b, metrics, "dashboard_tail_follows"); got != 1 {
		b.Errorf("there are %d follows, want 1", got)
	}
	if mib-mibOfOne >= 64 {
		b.Errorf("%d viewers take %.0f MiB, want less than 64", viewers, mib-mibOfOne)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(callsOfOne, "calls-of-one/s")
	b.ReportMetric(calls, "calls/s")
	b.ReportMetric(mib-mibOfOne, "growth-MiB")
}

// backendLine is a line in the shape of the backend's, with a number in it.
func backendLine(n int) string {
	return fmt.Sprintf(`{"timestamp":"2026-01-02T03:04:05.678Z","level":"INFO","logger":"app.games","message":"game %d saved for user %d","correlation_id":"%08x","duration_ms":%d}`, n, n%997, n, n%90)
}
