package main

import (
	"bytes"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/discover"
	"github.com/tovtech/tovplay-logging/pipeline/source/docker"
)

const containerHex = "07361dd3c3b66c234969093d09311f6c1721857a1dfaba0e7af8391bc6ebe8cd"

// dockerEngine answers as an engine with one container, whose log is not on this
// machine.
type dockerEngine struct {
	mu      sync.Mutex
	label   string // of the container
	records []dockerLine
	changed chan struct{} // closed and replaced when the log grows
	events  chan string
	seen    []string // values of since
}

type dockerLine struct {
	at     time.Time
	stderr bool
	text   string
}

func newDockerEngine() *dockerEngine {
	return &dockerEngine{label: "one", changed: make(chan struct{}), events: make(chan string, 10)}
}

// write adds lines to the log, a second apart.
func (e *dockerEngine) write(lines ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, text := range lines {
		at := time.Now().Add(-time.Hour).Truncate(time.Second).Add(time.Duration(len(e.records)) * time.Second)
		e.records = append(e.records, dockerLine{at, strings.HasPrefix(text, "error"), text + "\n"})
	}
	close(e.changed)
	e.changed = make(chan struct{})
}

func (e *dockerEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/containers/json":
		e.mu.Lock()
		defer e.mu.Unlock()
		fmt.Fprintf(w, `[{"Id":%q,"Names":["/web"],"State":"running","Labels":{"team.name":%q},"HostConfig":{"NetworkMode":"host"},
			"NetworkSettings":{"Networks":{"host":{"NetworkID":"n1"}}}}]`, containerHex, e.label)
	case "/networks":
		io.WriteString(w, `[{"Id":"n1","Name":"host","Scope":"local"}]`)
	case "/containers/" + containerHex + "/json":
		io.WriteString(w, `{"HostConfig":{"LogConfig":{"Type":"json-file"}},"LogPath":"/nowhere/at/all/`+containerHex+`/x-json.log"}`)
	case "/containers/" + containerHex + "/logs":
		e.logs(w, r)
	case "/events":
		w.(http.Flusher).Flush()
		for {
			select {
			case <-r.Context().Done():
				return
			case event := <-e.events:
				io.WriteString(w, event)
				w.(http.Flusher).Flush()
			}
		}
	default:
		http.NotFound(w, r)
	}
}

// logs follows the log from since on.
func (e *dockerEngine) logs(w http.ResponseWriter, r *http.Request) {
	since, _ := strconv.ParseFloat(r.URL.Query().Get("since"), 64)
	e.mu.Lock()
	e.seen = append(e.seen, r.URL.Query().Get("since"))
	e.mu.Unlock()
	w.(http.Flusher).Flush()
	begun := false
	for next := 0; ; {
		e.mu.Lock()
		records, changed := e.records[next:], e.changed
		e.mu.Unlock()
		for _, rec := range records {
			next++
			if begun = begun || float64(rec.at.Unix()) >= since; begun {
				w.Write(frame(rec))
			}
		}
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		}
	}
}

func frame(rec dockerLine) []byte {
	payload := rec.at.UTC().Format("2006-01-02T15:04:05.000000000Z07:00 ") + rec.text
	head := []byte{1, 0, 0, 0, 0, 0, 0, 0}
	if rec.stderr {
		head[0] = 2
	}
	binary.BigEndian.PutUint32(head[4:], uint32(len(payload)))
	return append(head, payload...)
}

const engineRules = `
  relabel_configs:
  - {source_labels: [__meta_docker_container_name], regex: '/(.*)', target_label: container}
  - {source_labels: [__meta_docker_container_log_stream], target_label: stream}
  - {source_labels: [__meta_docker_container_label_team_name], target_label: team}
  - {source_labels: [__address__], target_label: address}
`

// A remote engine is read through TLS, with a password; the position outlives a
// restart, and labels that change make another stream.
func TestARemoteEngineIsReadThroughTLS(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	e := newDockerEngine()
	e.write("one", "error two")
	remote := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "reader" || password != "secret" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		e.ServeHTTP(w, r)
	}))
	t.Cleanup(remote.Close)
	ca := write(t, filepath.Join(dir, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: remote.Certificate().Raw})))
	password := write(t, filepath.Join(dir, "password"), "wrong")
	job := fmt.Sprintf(`
- job_name: docker
  docker_sd_configs: [{host: %q, basic_auth: {username: reader, password_file: %s}, tls_config: {ca_file: %s}}]%s`, remote.URL, password, ca, engineRules)
	stream := func(name, team string) []string {
		return []string{fmt.Sprintf(`{address="localhost", container="web", stream="%s", team="%s"}`, name, team)}
	}
	t.Run("first", func(t *testing.T) {
		out := start(t, dir, "url: "+loki.URL, job)
		eventually(t, out, "the engine that refuses is named", func() bool { return out.has("cannot be read", "401", "who are you?") })
		write(t, password, "secret")
		eventually(t, out, "both lines", func() bool { return loki.has("one") && loki.has("error two") })
		if got := loki.got("one"); !slices.Equal(got, stream("stdout", "one")) {
			t.Errorf("stdout is in %s", got)
		}
		if got := loki.got("error two"); !slices.Equal(got, stream("stderr", "one")) {
			t.Errorf("stderr is in %s", got)
		}
		if n := out.count("who are you?"); n != 1 {
			t.Errorf("the engine is named %d times:\n%s", n, out)
		}
	})
	e.write("three")
	out := start(t, dir, "url: "+loki.URL, job)
	eventually(t, out, "the third line", func() bool { return loki.has("three") })
	e.mu.Lock()
	e.label = "two"
	e.mu.Unlock()
	e.events <- `{"Type":"container","Action":"update"}`
	eventually(t, out, "the new labels", func() bool {
		e.write("more")
		return slices.Contains(loki.got("more"), stream("stdout", "two")[0])
	})
	for _, line := range []string{"one", "error two", "three"} {
		if n := len(loki.got(line)); n != 1 {
			t.Errorf("%s came %d times", line, n)
		}
	}
}

// onSocket serves an engine at a socket.
func onSocket(t *testing.T, path string, e *dockerEngine) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: e}}
	s.Start()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
}

func TestAnEngineThatComesLaterIsRead(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	socket := filepath.Join(dir, "s")
	e := newDockerEngine()
	e.write("one")
	out := start(t, dir, "url: "+loki.URL, "- job_name: docker\n  docker_sd_configs: [{host: 'unix://"+socket+"'}]"+engineRules)
	eventually(t, out, "the missing socket is named, with what to do", func() bool { return out.has("cannot be read", socket, "start Docker") })
	onSocket(t, socket, e)
	eventually(t, out, "the line", func() bool { return loki.has("one") })
	if n := out.count("start Docker"); n != 1 {
		t.Errorf("the missing socket is named %d times:\n%s", n, out)
	}
}

func TestCheckLooksAtEngines(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	onSocket(t, socket, newDockerEngine())
	conf := write(t, filepath.Join(dir, "c.yaml"), fmt.Sprintf(`
clients: [{url: 'http://192.0.2.1/push'}]
scrape_configs:
- {job_name: a, docker_sd_configs: [{host: 'unix://%s', container_labels: true}]}
- {job_name: b, docker_sd_configs: [{host: 'unix://%s/none', container_labels: true}]}
`, socket, dir))
	out := &log{}
	if status := run(t.Context(), []string{"check", "-config.file=" + conf}, out, out); status != 0 || !out.has("reads 1 source.", "b: unix://"+dir+"/none", "start Docker") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

// Promtail's cursor of a container that is read by the API: the whole second
// counts as read. What is exported is that cursor again.
func TestPromtailsCursorOfAContainerByTheAPI(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	socket := filepath.Join(dir, "s")
	e := newDockerEngine()
	e.write("shipped", "shipped too", "new")
	onSocket(t, socket, e)
	positions := stateDir(t, dir)
	write(t, positions, fmt.Sprintf("positions:\n  cursor-%s: \"%d\"\n", containerHex, e.records[1].at.Unix()))
	t.Run("first", func(t *testing.T) {
		out := start(t, dir, "url: "+loki.URL, "- job_name: docker\n  docker_sd_configs: [{host: 'unix://"+socket+"'}]"+engineRules)
		eventually(t, out, "the new line", func() bool { return loki.has("new") })
		if out.has("belong to nothing") {
			t.Errorf("the cursor is named as unused:\n%s", out)
		}
	})
	if loki.has("shipped") || loki.has("shipped too") {
		t.Error("what promtail shipped is shipped again")
	}
	var shown, errs bytes.Buffer
	if status := positionsCommand([]string{"export", "-config.file=" + filepath.Join(dir, "collector.yaml")}, &shown, &errs); status != 0 {
		t.Fatalf("export ended with %d: %s", status, &errs)
	}
	if want := fmt.Sprintf("cursor-%s: \"%d\"", containerHex, e.records[2].at.Unix()); !strings.Contains(shown.String(), want) {
		t.Errorf("exported %s, want %s", &shown, want)
	}
}

// A container that was read by the API and can be read from disk now goes on
// there, and the reverse.
func TestThePlaceOfAContainerFitsBothWaysOfReading(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "x-json.log"), dockerRecords(1, 2, 2, 2, 3))
	m := &manager{log: slog.New(slog.DiscardHandler)}
	target := discover.Target{Path: path, Container: &discover.Container{ID: containerHex}, Config: &config.ScrapeConfig{}}
	second := time.Unix(tenOClock+2, 0).UnixNano()
	mark := pipeline.Mark{Time: second, Repeat: 1}
	saved := []pipeline.Place{{Cursor: docker.Cursor{Time: second, Count: 2}.String(), Mark: mark, Offset: 3}}
	onDisk := m.fittingPlaces(target, saved)
	if len(onDisk) != 1 || onDisk[0].Offset != int64(len(dockerRecords(1, 2, 2))) || onDisk[0].Mark != mark || onDisk[0].Path != path {
		t.Fatalf("places %+v", onDisk)
	}
	target.Kind = discover.Docker
	byAPI := m.fittingPlaces(target, onDisk)
	if want := (docker.Cursor{Time: second, Count: docker.All}).String(); len(byAPI) != 1 || byAPI[0].Cursor != want || byAPI[0].Mark != mark {
		t.Errorf("places %+v, want cursor %s", byAPI, want)
	}
	if again := m.fittingPlaces(target, byAPI); again[0].Cursor != byAPI[0].Cursor {
		t.Errorf("a place that fits is changed: %+v", again)
	}
	if odd := m.fittingPlaces(target, []pipeline.Place{{Path: path, Offset: 5, Before: []byte("no time")}}); odd != nil {
		t.Errorf("places without a time: %+v", odd)
	}
}

// A reload leaves the stream of an engine's job alone that did not change, and
// takes up another one.
func TestReloadKeepsEnginesThatDidNotChange(t *testing.T) {
	e := newEngines()
	parse := func(yaml string) *config.Config {
		t.Helper()
		cfg, err := config.Parse("c.yaml", []byte("clients: [{url: 'http://192.0.2.1/push'}]\nscrape_configs:\n"+yaml))
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	first := parse("- {job_name: a, docker_sd_configs: [{host: 'unix:///a'}, {host: 'unix:///b'}]}")
	watchers, err := e.plan(first)
	if err != nil {
		t.Fatal(err)
	}
	e.change(watchers)
	before := e.of(&first.ScrapeConfigs[0].DockerSDConfigs[0])
	second := parse("- {job_name: b, docker_sd_configs: [{host: 'unix:///c'}]}\n- {job_name: a, docker_sd_configs: [{host: 'unix:///a'}]}")
	if watchers, err = e.plan(second); err != nil {
		t.Fatal(err)
	}
	e.change(watchers)
	if after := e.of(&second.ScrapeConfigs[1].DockerSDConfigs[0]); after == nil || after != before {
		t.Error("the watcher of an equal configuration is another one")
	}
	if e.of(&first.ScrapeConfigs[0].DockerSDConfigs[1]) != nil || e.of(&second.ScrapeConfigs[0].DockerSDConfigs[0]) == nil {
		t.Error("watchers that are not asked for stay, or new ones are missing")
	}
}

// A job whose rules, stages or engine's keys change goes on where it was.
func TestReloadOfAJobOfContainersRepeatsNothing(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	socket := filepath.Join(dir, "s")
	e := newDockerEngine()
	onSocket(t, socket, e)
	yaml := func(sd, more string) string {
		return fmt.Sprintf("clients: [{url: %q, batchwait: 10ms}]\nscrape_configs:\n- job_name: docker\n  docker_sd_configs: [{host: 'unix://%s'%s}]\n%s", loki.URL, socket, sd, more)
	}
	rules := "  relabel_configs: [{source_labels: [__meta_docker_container_name], target_label: name}]\n"
	e.write("line 0")
	r := begin(t, dir, yaml("", rules))
	for i, c := range []struct{ sd, more, want string }{
		{"", rules, `{name="/web"}`},
		{"", strings.ReplaceAll(rules, "target_label: name", "target_label: container"), `{container="/web"}`},
		{"", rules + "  pipeline_stages: [{static_labels: {a: b}}]\n", `{a="b", name="/web"}`},
		{", container_labels: true", "", `{container="web", service="web", stream="stdout"}`},
	} {
		line := fmt.Sprint("line ", i)
		if i > 0 {
			r.reload(yaml(c.sd, c.more))
			e.write(line)
		}
		eventually(t, r.out, line, func() bool { return loki.has(line) })
		if got := loki.got(line); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s is in %s, want %s", line, got, c.want)
		}
	}
	r.stop()
	for i := range 4 {
		if n := len(loki.got(fmt.Sprint("line ", i))); n != 1 {
			t.Errorf("line %d came %d times", i, n)
		}
	}
}

// The path of a container's log says nothing to a reader.
func TestTargetsNameContainers(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	socket := filepath.Join(dir, "s")
	e := newDockerEngine()
	onSocket(t, socket, e)
	e.write("line")
	r := begin(t, dir, fmt.Sprintf("clients: [{url: %q, batchwait: 10ms}]\nscrape_configs:\n- job_name: docker\n  docker_sd_configs: [{host: 'unix://%s'}]%s", loki.URL, socket, engineRules))
	eventually(t, r.out, "the line", func() bool { return loki.has("line") })
	if _, page := r.get("/targets"); !strings.Contains(page, "<td>web") {
		t.Errorf("web is not on\n%s", page)
	}
	r.stop()
}
