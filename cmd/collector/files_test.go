package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/position"
)

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// address is where the program says that it listens.
func address(t *testing.T, out *log) string {
	t.Helper()
	listens := regexp.MustCompile(`listen=(\S+)`)
	eventually(t, out, "where it listens", func() bool { return listens.MatchString(out.String()) })
	return listens.FindStringSubmatch(out.String())[1]
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Promtail's position in a compressed file is a number of lines.
func TestCompressedFilesFromPromtailAndBack(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	path := func(name string) string { return filepath.Join(dir, name) }
	first := write(t, path("a.1.gz"), gzipped(t, "shipped\nshipped too\nnew\n"))
	job := fmt.Sprintf(`
- job_name: packed
  decompression: {enabled: true, format: gz}
  static_configs: [{labels: {__path__: '%s/*.gz'}}]
`, dir)
	write(t, stateDir(t, dir), fmt.Sprintf("positions:\n  %s: \"2\"\n", first))
	t.Run("first", func(t *testing.T) {
		out := start(t, dir, "url: "+loki.URL, job)
		eventually(t, out, "new", func() bool { return loki.has("new") })
		appendTo(t, first, gzipped(t, "grown\n"))
		eventually(t, out, "grown", func() bool { return loki.has("grown") })
	})
	var shown, errs bytes.Buffer
	args := []string{"positions", "export", "-config.file=" + path("collector.yaml")}
	if got := run(t.Context(), args, &shown, &errs); got != 0 {
		t.Fatalf("export ended with %d: %s", got, errs.String())
	}
	if got, err := position.ParsePromtail(shown.Bytes()); err != nil || !maps.Equal(got, position.Promtail{first: "4"}) {
		t.Errorf("exported %v, %v, want 4 lines", got, err)
	}

	if err := os.Rename(first, path("0.gz")); err != nil { // while the collector is down; the new name is found first
		t.Fatal(err)
	}
	write(t, first, gzipped(t, "rotated\n"))
	out := start(t, dir, "url: "+loki.URL, job)
	eventually(t, out, "the new file", func() bool { return loki.has("rotated") })
	appendTo(t, path("0.gz"), gzipped(t, "last\n"))
	eventually(t, out, "the end of the old one", func() bool { return loki.has("last") })
	for line, want := range map[string]int{"shipped": 0, "shipped too": 0, "new": 1, "grown": 1, "rotated": 1, "last": 1} {
		if got := len(loki.got(line)); got != want {
			t.Errorf("%s came %d times, want %d", line, got, want)
		}
	}
	if out.has("gone") {
		t.Errorf("a file that was renamed counts as lost:\n%s", out)
	}
}

// refusing is a sink that refuses label values as Loki does.
func refusing(t *testing.T, loki *sink) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		packed, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(packed))
		req, err := readPush(r)
		if err != nil {
			t.Error(err)
			return
		}
		for _, stream := range req.Streams {
			if len(stream.Labels) > 4096 {
				http.Error(w, "stream '{"+stream.Labels+"' has label value too long: 'x'", http.StatusBadRequest)
				return
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(packed))
		loki.push(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// Everything that is no log of lines, in one run: each is counted with a reason,
// named in one line of the log and followed by the next good line, and nothing
// else stops.
func TestBadInputsAreNamedAndStopNothing(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	path := func(name string) string { return filepath.Join(dir, "in", name) }
	for _, folder := range []string{"in", "in/folder.x", "utf8", "wide", "packed"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(path("fifo.x"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", path("socket.x"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for name, to := range map[string]string{"proc.x": "/proc/version", "device.x": "/dev/zero"} {
		if err := os.Symlink(to, path(name)); err != nil {
			t.Fatal(err)
		}
	}
	big := strings.Repeat("v", 64<<10)
	good := write(t, path("good.x"), "good before\nlabel="+big+"\ngood after\n")
	whole := gzipped(t, strings.Repeat("unpacked\n", 10)+strings.Repeat("never\n", 100_000))
	cut := write(t, filepath.Join(dir, "packed", "cut.gz"), whole[:len(whole)-100])
	write(t, filepath.Join(dir, "packed", "good.gz"), gzipped(t, "unpacked well\n"))
	utf8 := write(t, filepath.Join(dir, "utf8", "a"), "b\xffd\nutf8 goes on\n")
	wide := write(t, filepath.Join(dir, "wide", "a"), "\xff\xfeb\x00\x00\xd8d\x00\n\x00o\x00k\x00\n\x00")

	out := start(t, dir, "url: "+refusing(t, loki), fmt.Sprintf(`
- job_name: everything
  static_configs: [{labels: {__path__: '%[1]s/in/*.x'}}, {labels: {__path__: '/proc/sys/kernel/osty*'}}]
  pipeline_stages:
  - regex: {expression: 'label=(?P<big>\w+)'}
  - labels: {big: }
- job_name: packed
  decompression: {enabled: true, format: gz}
  static_configs: [{labels: {__path__: '%[1]s/packed/*'}}]
- job_name: utf8
  encoding: UTF-8
  static_configs: [{labels: {__path__: '%[1]s/utf8/*'}}]
- job_name: wide
  encoding: UTF-16
  static_configs: [{labels: {__path__: '%[1]s/wide/*'}}]
`, dir))
	for _, line := range []string{
		"good before", "good after", "b\ufffdd", "utf8 goes on", "ok", "unpacked", "unpacked well",
	} {
		eventually(t, out, line, func() bool { return loki.has(line) })
	}
	fifo, err := os.OpenFile(path("fifo.x"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(fifo, "through the fifo")
	fifo.Close()
	eventually(t, out, "the fifo's line", func() bool { return loki.has("through the fifo") })
	eventually(t, out, "the damage is named", func() bool { return out.has("no right end", cut) })

	url := "http://" + address(t, out)
	metrics := fetch(t, url+"/metrics")
	for _, want := range []string{
		fmt.Sprintf("collector_bad_input_total{path=%q,reason=%q} 1\n", path("folder.x"), "directory"),
		fmt.Sprintf("collector_bad_input_total{path=%q,reason=%q} 1\n", path("socket.x"), "socket"),
		fmt.Sprintf("collector_bad_input_total{path=%q,reason=%q} 1\n", path("device.x"), "device"),
		fmt.Sprintf("collector_bad_input_total{path=%q,reason=%q} 1\n", path("proc.x"), "kernel"),
		fmt.Sprintf("collector_bad_input_total{path=%q,reason=%q} 1\n", "/proc/sys/kernel/ostype", "kernel"),
		fmt.Sprintf("collector_bad_input_total{path=%q,reason=%q} 1\n", cut, "damaged_archive"),
		fmt.Sprintf("collector_bad_input_total{path=%q,reason=%q} 1\n", utf8, "invalid_encoding"),
		fmt.Sprintf("collector_bad_input_total{path=%q,reason=%q} 1\n", wide, "invalid_encoding"),
		fmt.Sprintf("promtail_read_lines_total{path=%q} 3\n", good),
		`reason="label_value_too_long",tenant=""} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no metric %s", want)
		}
	}
	if t.Failed() {
		t.Log(metrics)
	}
	for part, want := range map[string]int{
		"it is a directory": 1, "it is a socket": 1, "it is a device": 1, "a file system of the kernel's": 1,
		"no right end": 1, "not in the job's encoding": 2, "label value too long": 1,
	} {
		if got := out.count(part); got != want {
			t.Errorf("%q is in the log %d times, want %d:\n%.20000s", part, got, want, out)
		}
	}
	wantShown(t, fetch(t, url+"/targets?format=json"), map[string]string{
		path("folder.x"): "directory", path("socket.x"): "socket", path("device.x"): "device", path("proc.x"): "kernel",
		cut: "damaged_archive: 1", utf8: "invalid_encoding: 1", wide: "invalid_encoding: 1",
	})
}

// wantShown checks that /targets says something of each path.
func wantShown(t *testing.T, text string, want map[string]string) {
	t.Helper()
	var page targetsPage
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		t.Fatal(err)
	}
	for _, target := range page.Targets {
		if part, ok := want[target.Path]; ok && strings.Contains(target.Error+strings.Join(target.Notes, " "), part) {
			delete(want, target.Path)
		}
	}
	if len(want) > 0 {
		t.Errorf("/targets does not show %v:\n%s", want, text)
	}
}

func TestLimitsConfigIsCountedForEachClient(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	write(t, filepath.Join(dir, "app.log"), "short\na line that is too long\nshort too\n")
	out := start(t, dir, "url: "+loki.URL+", tenant_id: t1", "limits_config: {max_line_size: 10}\n")
	eventually(t, out, "the short lines", func() bool { return loki.has("short") && loki.has("short too") })
	metrics := fetch(t, "http://"+address(t, out)+"/metrics")
	host := loki.Listener.Addr()
	for _, want := range []string{
		fmt.Sprintf("promtail_dropped_entries_total{host=%q,reason=%q,tenant=%q} 1\n", host, "line_too_long", "t1"),
		fmt.Sprintf("promtail_dropped_bytes_total{host=%q,reason=%q,tenant=%q} 23\n", host, "line_too_long", "t1"),
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no metric %s in\n%s", want, metrics)
		}
	}
	if loki.has("a line that is too long") || out.count("as limits_config asks") != 1 {
		t.Errorf("sent, or not named once:\n%s", out)
	}
}

func TestTheFirstStartAloneBeginsAtTheEnd(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, in("a.txt"), "old\n")
	job := fmt.Sprintf("\n- job_name: end\n  start_at_end: true\n  static_configs: [{labels: {__path__: '%s/*.txt'}}]\n", dir)
	t.Run("first", func(t *testing.T) {
		out := start(t, dir, "url: "+loki.URL, job)
		eventually(t, out, "the positions are saved", func() bool { _, err := os.Stat(in("state/positions.yaml.state")); return err == nil })
		appendTo(t, in("a.txt"), "new\n")
		write(t, in("b.txt"), "appears later\n")
		eventually(t, out, "both lines", func() bool { return loki.has("new") && loki.has("appears later") })
	})
	write(t, in("c.txt"), "appears while it is down\n")
	appendTo(t, in("a.txt"), "newer\n")
	out := start(t, dir, "url: "+loki.URL, job)
	eventually(t, out, "both lines", func() bool { return loki.has("newer") && loki.has("appears while it is down") })
	if loki.has("old") {
		t.Error("what was there before the first start is sent")
	}
}

// Before a crash could make a second start of the first one, it is on disk where
// the first one began.
func TestTheFirstStartIsSavedAtOnce(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	write(t, filepath.Join(dir, "a.log"), "old\n")
	conf := write(t, filepath.Join(dir, "c.yaml"), fmt.Sprintf(`
server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients: [{url: %q}]
positions: {filename: %s/positions.yaml, sync_period: 1h}
scrape_configs: [{job_name: end, start_at_end: true, static_configs: [{labels: {__path__: '%s/*.log'}}]}]
`, loki.URL, dir, dir))
	ctx, cancel := context.WithCancel(t.Context())
	out, status := &log{}, make(chan int, 1)
	go func() { status <- run(ctx, []string{"-config.file=" + conf}, out, out) }()
	eventually(t, out, "the positions are saved", func() bool {
		_, err := os.Stat(filepath.Join(dir, "positions.yaml.state"))
		return err == nil
	})
	cancel()
	<-status
}

func TestLimitsConfigIsReloaded(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	path := write(t, filepath.Join(dir, "app.log"), "a long line\nshort\n")
	conf := oneJob("url: "+loki.URL, "")
	r := begin(t, dir, conf+"limits_config: {max_line_size: 5}")
	eventually(t, r.out, "the short line", func() bool { return loki.has("short") })
	r.reload(conf)
	appendTo(t, path, "another long line\n")
	eventually(t, r.out, "the long line", func() bool { return loki.has("another long line") })
	r.reload(conf + "limits_config: {max_line_size: 5, max_line_size_truncate: true}")
	appendTo(t, path, "cut here\n")
	eventually(t, r.out, "the line that was cut", func() bool { return loki.has("cut h") })
	if loki.has("a long line") {
		t.Error("a line was sent that is too long")
	}
}

func TestStandardInputIsNotTakenUpByAReload(t *testing.T) {
	old, cfg := config.Default(), config.Default()
	cfg.TargetConfig.Stdin = true
	if err := canReload(old, cfg, config.Changed(old, cfg)); err == nil || !strings.Contains(err.Error(), "target_config.stdin") {
		t.Errorf("got %v", err)
	}
}

// Promtail is behind the byte '\n', which may be half of a newline.
func TestPromtailsOffsetInUTF16(t *testing.T) {
	for _, tt := range []struct {
		encoding     string
		offset, want int64
	}{{"", 7, 7}, {"UTF-8", 7, 7}, {"UTF-16LE", 7, 8}, {"UTF-16BE", 8, 8}, {"UTF-16", 7, 8}} {
		if got := alignTo(tt.encoding, tt.offset); got != tt.want {
			t.Errorf("%s: %d becomes %d, want %d", tt.encoding, tt.offset, got, tt.want)
		}
	}
}
