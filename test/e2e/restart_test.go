package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// numbered writes numbered lines to a container's log and to a syslog file, in
// bursts, until it is told to stop.
type numbered struct {
	container, syslog string
	written           int
	stop, done        chan struct{}
}

func startNumbered(t *testing.T, m *machine) *numbered {
	t.Helper()
	const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	dir := m.docker + "/containers/" + id
	servers.WriteFile(t, dir+"/config.v2.json", `{"ID":"`+id+`","Name":"/writer","Config":{"Labels":{"com.docker.compose.service":"writer"}}}`)
	w := &numbered{
		container: dir + "/" + id + "-json.log", syslog: m.path("syslog"),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run(t)
	return w
}

func (w *numbered) run(t *testing.T) {
	defer close(w.done)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
			w.burst(t)
		}
	}
}

// burst writes a few lines at once, each of its own kind and level.
func (w *numbered) burst(t *testing.T) {
	for range 10 {
		now := time.Now().UTC()
		level := []string{"INFO", "ERROR", "WARNING"}[w.written%3]
		servers.AppendFile(t, w.container, fmt.Sprintf(`{"log":"%s | %s | container line %d\n","stream":"stdout","time":"%s"}`+"\n",
			now.Format("15:04:05"), level, w.written, now.Format(time.RFC3339Nano)))
		servers.AppendFile(t, w.syslog, fmt.Sprintf("%s host-1 writer[1]: syslog line %d\n", now.Format("Jan _2 15:04:05"), w.written))
		w.written++
	}
}

// finish stops writing and returns how many lines of each kind there are.
func (w *numbered) finish() int {
	close(w.stop)
	<-w.done
	return w.written
}

// TestRestartLosesAndDoublesNothing stops the collector in the middle of the
// writing, as a service manager does and as kill -9 does.
func TestRestartLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	m := newMachine(t)
	writer := startNumbered(t, m)

	collector := m.collect(t, loki.URL)
	arrived := func(n int) {
		t.Helper()
		servers.Eventually(t, fmt.Sprintf("%d lines have arrived", n), func() bool {
			return servers.Count(t, loki.URL, `sum(count_over_time({job=~"docker|syslog"}[1h]))`) >= n
		})
	}
	arrived(1000)
	collector.Stop(t)
	collector = m.collect(t, loki.URL)
	arrived(4000)
	collector.Kill()
	collector = m.collect(t, loki.URL)
	arrived(8000)
	n := writer.finish()
	waitSettled(t, collector)

	for query, kind := range map[string]string{`{job="docker"}`: "container", `{job="syslog"}`: "syslog"} {
		checkNumbers(t, kind, servers.Query(t, loki.URL, query), n)
	}
}

// TestACleanRestartSendsNothingTwice counts what Loki received, not what it
// shows: an exact repetition would be shown once.
func TestACleanRestartSendsNothingTwice(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	m := newMachine(t)
	writer := startNumbered(t, m)
	received := func() int {
		return servers.Metric(t, loki.URL+"/metrics", "loki_distributor_lines_received_total")
	}
	collector := m.collect(t, loki.URL)
	for _, n := range []int{1000, 2000, 3000} {
		servers.Eventually(t, fmt.Sprintf("Loki received %d lines", n), func() bool { return received() >= n })
		collector.Stop(t)
		collector = m.collect(t, loki.URL)
	}
	n := writer.finish()
	waitSettled(t, collector)
	if got := received(); got != 2*n {
		t.Errorf("over three restarts Loki received %d lines of %d", got, 2*n)
	}
}

// checkNumbers checks that each of n numbered lines is there exactly once.
func checkNumbers(t *testing.T, kind string, entries []servers.Entry, n int) {
	t.Helper()
	times := make([]int, n)
	for _, e := range entries {
		i := strings.LastIndexByte(e.Line, ' ')
		var number int
		if _, err := fmt.Sscan(e.Line[i+1:], &number); err != nil || number >= n {
			t.Fatalf("%s: a line that nobody wrote: %q", kind, e.Line)
		}
		times[number]++
	}
	lost, doubled := 0, 0
	for _, k := range times {
		switch {
		case k == 0:
			lost++
		case k > 1:
			doubled++
		}
	}
	if lost > 0 || doubled > 0 {
		t.Errorf("%s: of %d lines %d are lost and %d doubled", kind, n, lost, doubled)
	}
}
