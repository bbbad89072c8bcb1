package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// running is a collector whose configuration a test changes.
type running struct {
	t      *testing.T
	dir    string
	config string
	out    *log
	cancel context.CancelFunc
	status chan int
}

// begin runs a collector with a configuration, in which DIR is the test's folder.
func begin(t *testing.T, dir, yaml string) *running {
	t.Helper()
	r := &running{t: t, dir: dir, config: filepath.Join(dir, "collector.yaml")}
	r.write(yaml)
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *running) start() {
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	out, status := &log{}, make(chan int, 1)
	r.out, r.status = out, status
	go func() { status <- run(ctx, []string{"-config.file=" + r.config}, out, out) }()
	r.url("") // it has read its configuration
}

// stop may be called again.
func (r *running) stop() {
	r.t.Helper()
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.cancel = nil
	select {
	case got := <-r.status:
		if got != 0 {
			r.t.Errorf("the program ended with %d:\n%s", got, r.out)
		}
	case <-time.After(20 * time.Second):
		r.t.Errorf("the program does not end:\n%s", r.out)
	}
}

// reloadable has what all configurations of these tests have in common.
const reloadable = `
server: {http_listen_address: 127.0.0.1, http_listen_port: 0, enable_runtime_reload: true}
positions: {filename: DIR/state/positions.yaml, sync_period: 50ms}
target_config: {sync_period: 50ms}
`

func (r *running) write(yaml string) {
	r.t.Helper()
	text := strings.ReplaceAll(reloadable+yaml, "DIR", r.dir)
	if err := os.WriteFile(r.config+".new", []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(r.config+".new", r.config); err != nil {
		r.t.Fatal(err)
	}
}

// url is where a path of the collector's is served.
func (r *running) url(path string) string {
	r.t.Helper()
	listen := regexp.MustCompile(`listen=(\S+)`)
	eventually(r.t, r.out, "the listener's address", func() bool { return listen.MatchString(r.out.String()) })
	return "http://" + listen.FindStringSubmatch(r.out.String())[1] + path
}

// get is the answer to a request: its status and its body.
func (r *running) get(path string) (int, string) {
	r.t.Helper()
	resp, err := http.Get(r.url(path))
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// reload changes the configuration and reloads it.
func (r *running) reload(yaml string) {
	r.t.Helper()
	r.write(yaml)
	if status, text := r.get("/reload"); status != 200 || text != "" {
		r.t.Errorf("/reload: %d %s\n%s", status, text, r.out)
	}
}

// metric is the value of a series, "" if there is none.
func (r *running) metric(series string) string {
	r.t.Helper()
	_, text := r.get("/metrics")
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), series+" "); ok {
			return value
		}
	}
	return ""
}

// oneJob is a configuration that reads DIR/*.log.
func oneJob(client, stages string) string {
	return fmt.Sprintf(`
clients: [{batchwait: 10ms, backoff_config: {min_period: 10ms, max_period: 50ms}, %s}]
scrape_configs:
- {job_name: files, static_configs: [{labels: {job: files, __path__: 'DIR/*.log'}}], pipeline_stages: [%s]}
`, client, stages)
}

func TestReloadTakesUpChangedStagesWithoutReadingAgain(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	path := write(t, filepath.Join(dir, "app.log"), "one\n")
	client := "url: " + loki.URL
	r := begin(t, dir, oneJob(client, ""))
	stream := func(more string) []string {
		return []string{fmt.Sprintf(`{filename="%s", job="files"%s}`, path, more)}
	}
	want := func(line, more string) {
		t.Helper()
		eventually(t, r.out, line, func() bool { return len(loki.got(line)) > 0 })
		if got := loki.got(line); !slices.Equal(got, stream(more)) {
			t.Errorf("%s came in %q, want %q", line, got, stream(more))
		}
	}
	want("one", "")
	r.reload(oneJob(client, "static_labels: {version: b}"))
	appendTo(t, path, "two\n")
	want("two", `, version="b"`)
	r.write(oneJob(client, "static_labels: {version: c}"))
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, r.out, "the reload", func() bool { return r.metric("promtail_config_reload_success_total") == "2" })
	appendTo(t, path, "three\n")
	want("three", `, version="c"`)
	want("one", "")
	if r.out.has("a source has ended") {
		t.Errorf("the file was opened again:\n%s", r.out)
	}
}

func TestReloadTakesUpRulesThatChanged(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	rules := write(t, filepath.Join(dir, "rules.yaml"), "rules: []\n")
	r := begin(t, dir, oneJob("url: "+loki.URL, "error_group: {rules: '"+rules+"'}"))
	if status, text := r.get("/reload"); status != 500 || !strings.Contains(text, "config has not changed") {
		t.Errorf("with the same rules: %d %s", status, text)
	}
	write(t, rules, "rules: [{name: a, match: {message: x}, fingerprint: [y]}]\n")
	if status, text := r.get("/reload"); status != 200 {
		t.Errorf("with other rules: %d %s\n%s", status, text, r.out)
	}
	r.stop()
}

func TestBadConfigurationLeavesTheRunningOneAndSaysWhy(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	path := write(t, filepath.Join(dir, "app.log"), "one\n")
	client := "url: " + loki.URL
	good := oneJob(client, "static_labels: {version: a}")
	r := begin(t, dir, good)
	eventually(t, r.out, "the first line", func() bool { return loki.has("one") })
	fails := 0
	for _, c := range []struct{ name, yaml, want string }{
		{"unchanged", good, "failed to reload config: config has not changed"},
		{"no YAML", good + "\n]", "collector.yaml:"},
		{"an unknown key", good + "\nnew: key", "new"},
		{"a stage that does not compile", oneJob(client, "match: {selector: '{', stages: [docker: {}]}"), "selector"},
		{"a database that is not there", oneJob(client, "geoip: {db: DIR/none.mmdb, source: ip, db_type: city}"), "none.mmdb"},
		{"a certificate that is not there", oneJob(client+", tls_config: {ca_file: DIR/none.pem}", ""), "none.pem"},
		{"a key that is not reloaded", good + "\nmemory: 32MB", "memory changed: restart the collector"},
		{"labels that label_limit counts", oneJob(client+", external_labels: {a: b}", "static_labels: {version: a}") + "label_limit: {values: 10}", "label_limit, clients[].external_labels"},
	} {
		r.write(c.yaml)
		fails++
		if status, text := r.get("/reload"); status != 500 || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s, want 500 and %q", c.name, status, text, c.want)
		}
		appendTo(t, path, c.name+"\n")
		eventually(t, r.out, "a line after "+c.name, func() bool { return loki.has(c.name) })
		if got := loki.got(c.name)[0]; !strings.Contains(got, `version="a"`) {
			t.Errorf("%s: the stages have changed: %s", c.name, got)
		}
	}
	if got := r.metric("promtail_config_reload_fail_total"); got != fmt.Sprint(fails) {
		t.Errorf("%s failed reloads are counted, want %d", got, fails)
	}
	if !r.out.has("level=ERROR", "the configuration was not reloaded", "none.mmdb") {
		t.Errorf("the log does not say why:\n%s", r.out)
	}
}

func TestReloadIsServedOnlyIfEnabled(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	yaml := oneJob("url: "+loki.URL, "")
	r := &running{t: t, dir: dir, config: filepath.Join(dir, "collector.yaml")}
	write(t, r.config, strings.ReplaceAll(strings.Replace(reloadable, "enable_runtime_reload: true", "", 1)+yaml, "DIR", dir))
	r.start()
	t.Cleanup(r.stop)
	if status, _ := r.get("/reload"); status != 404 {
		t.Errorf("/reload: %d, want 404", status)
	}
}

func TestReloadChangesTheLevelOfTheLogAndRefusesTheListener(t *testing.T) {
	r, _ := beginPages(t, "enable_runtime_reload: true, log_level: info")
	text, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	change := func(from, to string) (int, string) {
		t.Helper()
		replace(t, r.config, []byte(strings.Replace(string(text), from, to, 1)))
		return r.get("/reload")
	}
	if status, answer := change("http_listen_port: 0", "http_listen_port: 1"); status != 500 || !strings.Contains(answer, "server.http_listen_port changed: restart the collector") {
		t.Errorf("%d %s", status, answer)
	}
	if status, answer := change("log_level: info", "log_level: debug, health_check_target: false"); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
	write(t, filepath.Join(r.dir, "new.log"), "x\n")
	eventually(t, r.out, "a line of that level", func() bool { return r.out.has("level=DEBUG", "changed=server") })
}

func TestOnlyTheChangedJobIsTouched(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	for _, job := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(dir, job), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, job, "x.log"), "first of "+job+"\n")
	}
	jobs := func(b string) string {
		return fmt.Sprintf(`
clients: [{batchwait: 10ms, url: %s}]
scrape_configs:
- {job_name: a, static_configs: [{labels: {job: a, __path__: 'DIR/a/*.log'}}], pipeline_stages: [{metrics: {a: {type: counter, config: {match_all: true, action: inc}}}}]}
%s`, loki.URL, b)
	}
	r := begin(t, dir, jobs(`- {job_name: b, static_configs: [{labels: {job: b, __path__: 'DIR/b/*.log'}}], pipeline_stages: [{metrics: {b: {type: counter, config: {match_all: true, action: inc}}}}]}`))
	eventually(t, r.out, "both", func() bool { return loki.has("first of a") && loki.has("first of b") })
	seriesOf := func(job string) string {
		return fmt.Sprintf(`promtail_custom_%s{filename="%s/%s/x.log",job="%s"}`, job, dir, job, job)
	}
	if a, b := r.metric(seriesOf("a")), r.metric(seriesOf("b")); a != "1" || b != "1" {
		t.Errorf("custom metrics are %q and %q, want 1", a, b)
	}
	// The job is given another name and other stages: it goes on where it was.
	r.reload(jobs(`- {job_name: c, static_configs: [{labels: {job: c, __path__: 'DIR/b/*.log'}}], pipeline_stages: [{labeldrop: [filename]}]}`))
	appendTo(t, filepath.Join(dir, "a", "x.log"), "second of a\n")
	appendTo(t, filepath.Join(dir, "b", "x.log"), "second of b\n")
	eventually(t, r.out, "the second lines", func() bool { return loki.has("second of a") && loki.has("second of b") })
	if got := loki.got("second of b"); !slices.Equal(got, []string{`{job="c"}`}) {
		t.Errorf("the second line came in %q", got)
	}
	for _, line := range []string{"first of a", "first of b", "second of a"} {
		if n := len(loki.got(line)); n != 1 {
			t.Errorf("%s came %d times", line, n)
		}
	}
	if a, b := r.metric(seriesOf("a")), r.metric(seriesOf("b")); a != "2" || b != "" {
		t.Errorf("custom metrics are %q and %q, want 2 and none", a, b)
	}
	// It is left out for a time.
	r.reload(jobs(""))
	eventually(t, r.out, "one target", func() bool { return r.metric("promtail_targets_active_total") == "1" })
	appendTo(t, filepath.Join(dir, "b", "x.log"), "third of b\n")
	r.reload(jobs(`- {job_name: c, static_configs: [{labels: {job: c, __path__: 'DIR/b/*.log'}}], pipeline_stages: [{labeldrop: [filename]}]}`))
	eventually(t, r.out, "the third line", func() bool { return loki.has("third of b") })
	if n := len(loki.got("second of b")); n != 1 {
		t.Errorf("the second line came %d times", n)
	}
}

func TestReloadChangesClients(t *testing.T) {
	dir, right, other := t.TempDir(), newSink(t, "right"), newSink(t, "")
	path := write(t, filepath.Join(dir, "app.log"), "one\n")
	r := begin(t, dir, oneJob("name: a, url: "+right.URL+", bearer_token: wrong", ""))
	eventually(t, r.out, "the wrong token is named", func() bool { return r.out.has("level=ERROR", "401") })
	r.reload(oneJob("name: a, url: "+right.URL+", bearer_token: right", ""))
	eventually(t, r.out, "the line arrives with the right token", func() bool { return right.has("one") })

	// An unnamed client with another URL goes on for the one before.
	right.Close()
	appendTo(t, path, "two\n")
	eventually(t, r.out, "the line waits", func() bool { return r.metric(`collector_batches_waiting{client="a"}`) == "1" })
	r.reload(oneJob("url: "+other.URL, ""))
	eventually(t, r.out, "the line that waited", func() bool { return other.has("two") })

	// One more gets what comes from then on, and may go again.
	third := newSink(t, "")
	both := fmt.Sprintf("url: %s}, {name: third, batchwait: 10ms, url: %s", other.URL, third.URL)
	r.reload(oneJob(both, ""))
	appendTo(t, path, "three\n")
	eventually(t, r.out, "both have it", func() bool { return other.has("three") && third.has("three") })
	r.reload(oneJob("url: "+other.URL, ""))
	appendTo(t, path, "four\n")
	eventually(t, r.out, "the fourth line", func() bool { return other.has("four") })
	if third.has("two") || third.has("four") {
		t.Error("the third client has lines of other times")
	}
	for _, line := range []string{"two", "three", "four"} {
		if n := len(other.got(line)); n != 1 {
			t.Errorf("%s came %d times", line, n)
		}
	}
	if r.out.has("wrong\n") || r.out.has("=right") {
		t.Errorf("a token is in the log:\n%s", r.out)
	}
}

// What a client left on disk goes to the one that takes its place.
func TestReloadMovesTheSpool(t *testing.T) {
	dir := t.TempDir()
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	loki := newSink(t, "")
	pipe := filepath.Join(dir, "pipe.log")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	r := begin(t, dir, oneJob("name: a, url: "+away.URL, ""))
	w, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	fmt.Fprintln(w, "of a pipe")
	eventually(t, r.out, "the client fails", func() bool { return r.out.has("level=ERROR") })
	r.stop() // writes it to disk
	r.start()
	eventually(t, r.out, "it is on disk", func() bool { return r.out.has("batches that were left in it") })
	fmt.Fprintln(w, "another")
	eventually(t, r.out, "it waits", func() bool { return r.metric(`collector_batches_waiting{client="a"}`) == "1" })
	r.reload(oneJob("name: b, url: "+loki.URL, ""))
	eventually(t, r.out, "the lines", func() bool { return loki.has("of a pipe") && loki.has("another") })
	if loki.lines[0] != "of a pipe" {
		t.Errorf("the lines came in the order %q", loki.lines)
	}
	eventually(t, r.out, "it has read all", func() bool { return r.metric(`collector_entries_read_total{client="b"}`) == "2" })
}

// Reloads of all sorts in any order, and a stop and a start now and then, while
// files grow and rotate: each line comes once.
func TestReloadsUnderLoadLoseAndDoubleNothing(t *testing.T) {
	dir, sink := t.TempDir(), newSink(t, "")
	var away atomic.Bool
	loki := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		sink.push(w, r)
	}))
	t.Cleanup(loki.Close)
	rnd := rand.New(rand.NewPCG(7, 7))
	configs := []string{}
	for _, stages := range []string{"", "{static_labels: {v: a}}", "{multiline: {firstline: '^a', max_wait_time: 100ms}}", "{static_labels: {v: b}}, {drop: {expression: nothing}}"} {
		for _, job := range []string{"files", "renamed"} {
			for _, more := range []string{"", ", batchsize: 2000", ", timeout: 5s"} {
				for _, poll := range []string{"250ms", "100ms"} {
					configs = append(configs, fmt.Sprintf(`
clients: [{name: loki, batchwait: 20ms, backoff_config: {min_period: 10ms, max_period: 50ms}, url: %s%s}]
global: {file_watch_config: {min_poll_frequency: %s, max_poll_frequency: 250ms}}
scrape_configs:
- {job_name: %s, static_configs: [{labels: {__path__: 'DIR/x*.log'}}], pipeline_stages: [%s]}
- {job_name: steady, static_configs: [{labels: {__path__: 'DIR/y.log'}}]}
`, loki.URL, more, poll, job, stages))
				}
			}
		}
	}
	for _, name := range []string{"x1.log", "x2.log", "y.log"} {
		write(t, filepath.Join(dir, name), "")
	}
	r := begin(t, dir, configs[0])
	stop, written := make(chan struct{}), map[string]int{}
	var writers sync.WaitGroup
	var mu sync.Mutex
	for _, name := range []string{"x1.log", "x2.log", "y.log"} {
		writers.Go(func() {
			n := growing(t, filepath.Join(dir, name), stop)
			mu.Lock()
			defer mu.Unlock()
			written[name] = n
		})
	}
	last, reloads := 0, 0
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end); {
		next := rnd.IntN(len(configs))
		if next == last {
			continue
		}
		last = next
		away.Store(rnd.IntN(4) == 0)
		r.reload(configs[next])
		reloads++
		if rnd.IntN(12) == 0 {
			r.write(configs[(next+1)%len(configs)])
			go http.Get(r.url("/reload")) // a stop meets a reload
			r.stop()
			r.write(configs[next])
			r.start()
		}
	}
	away.Store(false)
	close(stop)
	writers.Wait()
	total := 0
	for _, n := range written {
		total += n
	}
	count := func() (lines int) { // joined lines are several
		sink.mu.Lock()
		defer sink.mu.Unlock()
		for _, l := range sink.lines {
			lines += strings.Count(l, "\n") + 1
		}
		return lines
	}
	eventually(t, r.out, "all lines", func() bool { return count() >= total })
	seen := map[string]int{}
	for _, l := range sink.lines {
		for part := range strings.SplitSeq(l, "\n") {
			seen[part]++
		}
	}
	lost, doubled := 0, 0
	for name, n := range written {
		for i := range n {
			switch c := seen[lineOf(name, i)]; {
			case c == 0:
				lost++
			case c > 1:
				doubled += c - 1
			}
		}
	}
	t.Logf("%d lines, %d reloads", total, reloads)
	if lost > 0 || doubled > 0 {
		t.Errorf("%d lines lost and %d doubled of %d over %d reloads", lost, doubled, total, reloads)
	}
}

func lineOf(name string, n int) string { return fmt.Sprintf("a %s line %d", name, n) }

// growing writes lines to a file, which it rotates, until stop is closed, and
// returns how many.
func growing(t *testing.T, path string, stop chan struct{}) (n int) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer func() { f.Close() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return n
		case <-tick.C:
		}
		var text bytes.Buffer
		for range 10 {
			fmt.Fprintln(&text, lineOf(filepath.Base(path), n))
			n++
		}
		f.Write(text.Bytes())
		if n%5000 == 0 {
			f.Close()
			for i := n / 5000; i > 1; i-- { // all are kept
				os.Rename(fmt.Sprint(path, ".", i-1), fmt.Sprint(path, ".", i))
			}
			os.Rename(path, path+".1")
			if f, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
				t.Error(err)
				return n
			}
		}
	}
}
