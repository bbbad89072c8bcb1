package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// Bounds that every case keeps.
const (
	maxMemory  = 250 << 20        // bytes of the collector
	leastRate  = 0.8              // of the rate that a writer was to reach
	idleLimit  = 20 * time.Second // without anything new: what is missing is lost
	checkEvery = 500 * time.Millisecond
)

// rig is one case: a folder with logs, a collector, what stands for Loki, and
// what is counted.
type rig struct {
	t     *testing.T
	name  string // label case of everything that is sent
	dir   string
	state string // folder of positions and what lies beside them
	began time.Time

	loki  *servers.Process // nil: sink
	sink  *Sink
	proxy *Proxy

	writers    []*Writer
	extra      int // records that were written by something else
	cut        int // lines that were written and are no whole record
	config     string
	everyStage bool   // the configuration has each stage that there is
	program    string // another build of the collector than bin/collector
	collector  *servers.Process
	starts     int
	highest    int64
	result     Result
}

func newRig(t *testing.T, result Result) *rig {
	t.Helper()
	dir, err := os.MkdirTemp("", "faults")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r := &rig{
		t: t, name: slug(result.Case), dir: dir,
		state: filepath.Join(dir, "state"), began: time.Now(), result: result,
	}
	for _, d := range []string{"logs", "docker/containers", "state"} {
		if err := os.MkdirAll(r.path(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

// useSink puts a recording sink behind the proxy.
func (r *rig) useSink() {
	r.t.Helper()
	r.sink = NewSink(r.t)
	r.proxy = NewProxy(r.t, r.sink.URL, nil)
}

// useLoki puts a real Loki behind the proxy, which tells observe, unless nil,
// about each push.
func (r *rig) useLoki(loki *servers.Process, observe func(*push.PushRequest, int)) {
	r.t.Helper()
	r.loki = loki
	r.proxy = NewProxy(r.t, loki.URL, observe)
}

// write adds a writer; its file is there at once.
func (r *rig) write(w *Writer) *Writer {
	r.t.Helper()
	switch {
	case w.Path != "":
	case w.Form == Docker:
		w.Path = r.containerLog(w.Name)
	default:
		w.Path = r.path("logs/" + map[Form]string{OwnTime: "own", ReadTime: "read", Traceback: "trace", CRI: "cri", Wide: "wide", Packed: "packed"}[w.Form] + "/" + w.Name + ".log")
	}
	servers.WriteFile(r.t, w.Path, "")
	r.writers = append(r.writers, w)
	return w
}

// containerLog makes a container's folder and returns its log's path.
func (r *rig) containerLog(name string) string {
	r.t.Helper()
	id := fmt.Sprintf("%x", name)
	id += strings.Repeat("0", 64-len(id))
	dir := r.path("docker/containers/" + id)
	servers.WriteFile(r.t, filepath.Join(dir, "config.v2.json"), `{"ID":"`+id+`","Name":"/`+name+`","Config":{}}`)
	return filepath.Join(dir, id+"-json.log")
}

// settings are what cases configure apart from the rest.
type settings struct {
	memory  string // own key, "" for the default
	clients string // more entries of clients
	stages  string // more stages for records with a time of their own
	read    string // stages for records without one
	trace   string // the stage that joins records of several lines, "" for tracebacks
	top     string // more top-level keys
	docker  string // Docker's data folder, "" for the rig's
	backoff string // backoff_config, "" for a short one
}

// configure writes the collector's configuration.
func (r *rig) configure(s settings) {
	r.t.Helper()
	if s.memory != "" {
		s.top += "\nmemory: " + s.memory
	}
	if s.backoff == "" {
		s.backoff = "{min_period: 100ms, max_period: 2s}"
	}
	if s.docker == "" {
		s.docker = r.path("docker")
	}
	if r.everyStage {
		all := r.stages()
		s.stages, s.read, s.trace = all.stages, all.read, all.trace
	}
	if s.trace == "" {
		s.trace = "- tracebacks: {}"
	}
	r.config = servers.WriteFile(r.t, r.path("collector.yaml"), fmt.Sprintf(`
server:
  http_listen_address: 127.0.0.1
  http_listen_port: ${COLLECTOR_PORT}
clients:
  - name: loki
    url: %[1]s/loki/api/v1/push
    batchwait: 500ms
    timeout: 5s
    backoff_config: %[9]s
    external_labels: {case: %[2]s}
%[3]s
positions: {filename: %[4]s/positions.yaml, sync_period: 1s}
target_config: {sync_period: 1s}
%[5]s
scrape_configs:
  - job_name: own
    static_configs: [{labels: {__path__: %[6]s/logs/own/*.log}}]
    pipeline_stages: &own
      - regex: {expression: '^(?P<time>\S+) '}
      - timestamp: {source: time, format: RFC3339Nano}
%[7]s
  - job_name: read
    static_configs: [{labels: {__path__: %[6]s/logs/read/*.log}}]%[10]s
  - job_name: trace
    static_configs: [{labels: {__path__: %[6]s/logs/trace/*.log}}]
    pipeline_stages:
      %[11]s
      - regex: {expression: '^(?P<time>\S+) '}
      - timestamp: {source: time, format: RFC3339Nano}
  - job_name: docker
    docker_files: {root: %[8]s, refresh_interval: 1s}
    pipeline_stages:
      - docker: {join: true}
  - job_name: cri
    static_configs: [{labels: {__path__: %[6]s/logs/cri/*.log}}]
    pipeline_stages:
      - cri: {}
  - job_name: wide
    encoding: UTF-16LE
    static_configs: [{labels: {__path__: %[6]s/logs/wide/*.log}}]
    pipeline_stages: *own
  - job_name: packed
    decompression: {enabled: true, format: gz}
    static_configs: [{labels: {__path__: %[6]s/logs/packed/*}}]
    pipeline_stages: # a rotation gives what is read again another name
      - labeldrop: [filename]
      - regex: {expression: '^(?P<time>\S+) '}
      - timestamp: {source: time, format: RFC3339Nano}
`, r.proxy.URL, r.name, s.clients, r.state, s.top, r.dir, s.stages, s.docker, s.backoff, s.read, s.trace))
}

// start runs the collector, the first time or again.
func (r *rig) start() {
	r.t.Helper()
	if r.config == "" {
		r.configure(settings{})
	}
	r.collector = servers.Collector(r.t, servers.CollectorOptions{Config: r.config, Dir: r.dir, Program: r.program})
	r.starts++
}

// kill is kill -9 of the collector.
func (r *rig) kill() {
	r.t.Helper()
	r.noteMemory()
	r.collector.Kill()
}

func (r *rig) noteMemory() {
	r.t.Helper()
	r.highest = max(r.highest, r.collector.HighestMemory(r.t))
}

// writeFor runs all writers for d, and meanwhile do. Do's context ends with the
// writing.
func (r *rig) writeFor(d time.Duration, do func(ctx context.Context)) {
	r.t.Helper()
	r.writeDuring(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		do(ctx)
		<-ctx.Done()
	})
}

// writeDuring runs all writers until do returns.
func (r *rig) writeDuring(do func(ctx context.Context)) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, w := range r.writers {
		if w.Rate > 0 {
			wg.Go(func() { r.check(w.Run(ctx)) })
		}
	}
	defer wg.Wait()
	defer cancel() // also when do ends the test
	do(ctx)
}

// every calls do every d until ctx is done.
func every(ctx context.Context, d time.Duration, do func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do()
		}
	}
}

// check fails the test for an error of a rotation.
func (r *rig) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Error(err)
	}
}

func (r *rig) written() int {
	n := r.extra
	for _, w := range r.writers {
		n += w.Written()
	}
	return n
}

// counted is what can be said about what arrived.
type counted struct {
	tally       *Tally
	entries     int // that a log query shows
	quarantined map[string]string
}

// missing is how many written lines neither arrived nor are in quarantine.
func (r *rig) missing(c counted) int {
	damaged, _ := c.tally.Damaged()
	return max(r.written()-c.tally.Distinct()-len(c.quarantined), r.cut-damaged)
}

// wait returns when everything is delivered or in quarantine, or when nothing
// came for so long that the rest has to be lost.
func (r *rig) wait() counted {
	r.t.Helper()
	deadline, since, before := time.Now().Add(sized(5*time.Minute, time.Hour)), time.Now(), -1
	for {
		came, c := r.arrived()
		if c != nil && r.missing(*c) <= 0 {
			return *c
		}
		if came != before {
			since, before = time.Now(), came
		}
		if time.Since(since) > idleLimit || time.Now().After(deadline) {
			return r.count()
		}
		pause(context.Background(), checkEvery)
	}
}

// arrived is a number that changes while anything comes, and what arrived if
// that is cheap to say or the collector says that it is done.
func (r *rig) arrived() (int, *counted) {
	r.t.Helper()
	if r.loki == nil {
		c := r.count()
		return c.tally.All() + len(c.quarantined), &c
	}
	came := r.countOverTime()
	if !r.settled() {
		return came, nil
	}
	c := r.count()
	return came + len(c.quarantined), &c
}

// settled is whether the collector says that nothing is left to do.
func (r *rig) settled() bool {
	r.t.Helper()
	page := servers.Targets(r.t, r.collector)
	for _, target := range page.Targets {
		if target.LagBytes > 0 || target.Unsettled > 0 {
			return false
		}
	}
	for _, client := range page.Clients {
		if client.Waiting > 0 {
			return false
		}
	}
	return true
}

// countOverTime is how many entries Loki counts up to now.
func (r *rig) countOverTime() int {
	r.t.Helper()
	since := time.Since(r.began) + time.Minute
	return servers.Count(r.t, r.loki.URL, fmt.Sprintf(`sum(count_over_time({case=%q}[%ds]))`, r.name, int(since.Seconds())))
}

// count asks what arrived.
func (r *rig) count() counted {
	r.t.Helper()
	c := counted{tally: &Tally{}, quarantined: r.quarantined()}
	if r.loki == nil {
		c.tally = &r.sink.Tally
		return c
	}
	parts := partJoiner{}
	servers.EachEntry(r.t, r.loki.URL, fmt.Sprintf(`{case=%q}`, r.name), r.began.Add(-12*time.Hour), func(e servers.Entry) {
		c.entries++
		stream, err := json.Marshal(e.Labels)
		r.check(err)
		parts.add(string(stream), e.Line, e.Metadata["part"], e.Metadata["parts"], c.tally.Add)
	})
	return c
}

// quarantined are the records in quarantine with Loki's reasons.
func (r *rig) quarantined() map[string]string {
	r.t.Helper()
	all := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(r.state, "positions.yaml.quarantine", "*.jsonl"))
	r.check(err)
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			continue // it was replaced just now
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 8<<20)
		for lines.Scan() {
			var q struct{ Reason, Line string }
			if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
				continue // it is being written
			}
			if writer, seq, ok := parseRecord(q.Line); ok {
				all[fmt.Sprintf("%s-%d", writer, seq)] = q.Reason
			}
		}
		r.check(lines.Err())
		f.Close()
	}
	return all
}

// finish waits for the rest, checks what every case promises and writes the
// row of the table.
func (r *rig) finish() counted {
	r.t.Helper()
	c := r.wait()
	r.noteMemory()
	res := &r.result
	res.Cores, res.Written, res.Delivered = runtime.NumCPU(), r.written(), c.tally.Distinct()
	res.Memory, res.Seconds = r.highest, time.Since(r.began).Seconds()
	res.Reasons = map[string]int{}
	for id, reason := range c.quarantined {
		i := strings.LastIndexByte(id, '-')
		var seq int
		fmt.Sscan(id[i+1:], &seq)
		if c.tally.Times(id[:i], seq) == 0 {
			res.Quarantined++
			res.Reasons[reason]++
		}
	}
	res.CountedTwice = c.tally.Repeated()
	if r.loki != nil {
		doubled := c.tally.Repeated()
		res.Doubled = &doubled
		res.CountedTwice = max(0, r.countOverTime()-(c.entries-doubled)) // less than none: entries from the future
	}
	res.Damaged, _ = c.tally.Damaged()
	for _, w := range r.writers {
		res.Rate += w.Reached()
		if w.Rate > 0 && w.Reached() < leastRate*float64(w.Rate) && res.NotRun == "" {
			res.NotRun = fmt.Sprintf("writer %s reached %.0f lines/s of %d", w.Name, w.Reached(), w.Rate)
		}
	}
	r.judge(c)
	r.checkCounts()
	return c
}

// checkCounts checks that the collector's own counters of entries agree.
func (r *rig) checkCounts() {
	r.t.Helper()
	metric := func(name string) int { return servers.Metric(r.t, r.collector.URL+"/metrics", name) }
	read := metric("collector_entries_read_total")
	names := []string{ // entries in quarantine are among the dropped ones
		"promtail_sent_entries_total", "promtail_dropped_entries_total",
		"collector_spool_waiting_entries", "collector_entries_in_flight",
	}
	sum, text := 0, ""
	for _, name := range names {
		n := metric(name)
		sum += n
		text += fmt.Sprintf(" %s %d", name, n)
	}
	if sum != read || read == 0 {
		r.t.Errorf("the collector counts %d entries read and %d accounted for:%s", read, sum, text)
	}
}

// judge fails the test for what the result says.
func (r *rig) judge(c counted) {
	r.t.Helper()
	res := &r.result
	if res.NotRun != "" {
		r.t.Errorf("not run: %s", res.NotRun)
	}
	if res.Written == 0 {
		r.t.Error("not run: nothing was written")
	}
	if res.Lost() != 0 {
		r.t.Errorf("of %d records %d are lost: %s", res.Written, res.Lost(), r.lostByWriter(c))
	}
	if res.Doubled != nil && *res.Doubled != 0 {
		r.t.Errorf("%d records are doubled: %s", *res.Doubled, r.doubledByWriter(c))
	}
	if n, examples := c.tally.Damaged(); n != r.cut {
		r.t.Errorf("%d entries are no whole record, want %d, as\n%s", n, r.cut, strings.Join(examples, "\n"))
	}
	if res.Memory > maxMemory {
		r.t.Errorf("the collector took %d MiB, at most %d are allowed", res.Memory>>20, maxMemory>>20)
	}
	if r.sink != nil && r.sink.Backwards() > time.Hour {
		r.t.Errorf("a stream went back by %s: a real Loki would have refused entries", r.sink.Backwards())
	}
}

// lostByWriter says how many records of each writer are missing, and the first
// few of these.
func (r *rig) lostByWriter(c counted) string {
	return r.byWriter(func(w *Writer, seq int) bool {
		_, quarantined := c.quarantined[fmt.Sprintf("%s-%d", w.Name, seq)]
		return c.tally.Times(w.Name, seq) == 0 && !quarantined
	})
}

func (r *rig) doubledByWriter(c counted) string {
	return r.byWriter(func(w *Writer, seq int) bool { return c.tally.Times(w.Name, seq) > 1 })
}

func (r *rig) byWriter(bad func(w *Writer, seq int) bool) string {
	var text []string
	for _, w := range r.writers {
		n, ranges, from := 0, []string{}, -1
		for seq := range w.Written() + 1 {
			is := seq < w.Written() && bad(w, seq)
			if is {
				n++
			}
			switch {
			case is && from < 0:
				from = seq
			case !is && from >= 0:
				ranges = append(ranges, fmt.Sprintf("%d to %d", from, seq-1))
				from = -1
			}
		}
		if n > 0 {
			text = append(text, fmt.Sprintf("%s %d of %d (%s)", w.Name, n, w.Written(), strings.Join(ranges[:min(5, len(ranges))], ", ")))
		}
	}
	return strings.Join(text, "; ")
}
