package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/discover"
	"github.com/tovtech/tovplay-logging/pipeline/position"
	"github.com/tovtech/tovplay-logging/pipeline/source/docker"
)

// stateDir makes the folder of the positions in dir.
func stateDir(t *testing.T, dir string) string {
	t.Helper()
	state := filepath.Join(dir, "state")
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(state, "positions.yaml")
}

func TestTheFirstStartGoesOnWherePromtailWas(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	app := write(t, filepath.Join(dir, "app.log"), "shipped\nnew\n")
	short := write(t, filepath.Join(dir, "short.log"), "from the beginning\n")
	odd := write(t, filepath.Join(dir, "odd.log"), "odd\n")
	write(t, filepath.Join(dir, "unknown.log"), "unknown\n")
	write(t, stateDir(t, dir), fmt.Sprintf("positions:\n  %s: \"8\"\n  %s: \"100\"\n  %s: -4\n  /gone.log: \"5\"\n  cursor-other: s=1\n", app, short, odd))
	out := start(t, dir, "url: "+loki.URL, "")
	for _, line := range []string{"new", "from the beginning", "odd", "unknown"} {
		eventually(t, out, line, func() bool { return loki.has(line) })
	}
	if loki.has("shipped") {
		t.Error("what promtail shipped is shipped again")
	}
	if !out.has("shorter than its saved position", short) || !out.has("negative", odd) {
		t.Errorf("the files that are read from the beginning are not named:\n%s", out)
	}
	if n := out.count("belong to nothing"); n != 1 || !out.has("/gone.log", "cursor-other", "entries=2") {
		t.Errorf("unknown entries are named %d times:\n%s", n, out)
	}
}

func TestALaterStartLeavesPromtailsPositionsAlone(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	app := write(t, filepath.Join(dir, "app.log"), "one\n")
	positions := stateDir(t, dir)
	t.Run("first", func(t *testing.T) {
		out := start(t, dir, "url: "+loki.URL, "")
		eventually(t, out, "one", func() bool { return loki.has("one") })
	})
	late := write(t, filepath.Join(dir, "late.log"), "from the beginning\n")
	write(t, positions, fmt.Sprintf("positions:\n  %s: \"8\"\n  %s: \"19\"\n", app, late))
	appendTo(t, app, "two\nthree\n")
	out := start(t, dir, "url: "+loki.URL, "")
	for _, line := range []string{"two", "three", "from the beginning"} {
		eventually(t, out, line, func() bool { return loki.has(line) })
	}
	if n := len(loki.got("one")); n != 1 {
		t.Errorf("the first line came %d times", n)
	}
}

func TestDamagedPromtailPositionsStopTheStart(t *testing.T) {
	dir := t.TempDir()
	write(t, stateDir(t, dir), "positions: [")
	conf := write(t, filepath.Join(dir, "c.yaml"), fmt.Sprintf(`
server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients: [{url: 'http://127.0.0.1:1/'}]
positions: {filename: %s/state/positions.yaml}
scrape_configs: [{job_name: a, static_configs: [{labels: {__path__: %s/*.log}}]}]
`, dir, dir))
	out := &log{}
	if got := run(t.Context(), []string{"-config.file=" + conf}, out, out); got != 1 || !out.has("promtail's positions", "move the file away") {
		t.Errorf("ended with %d:\n%s", got, out)
	}
}

// What is exported is imported again by another collector, which ships nothing
// twice and leaves out nothing.
func TestExportedPositionsAreImportedAgain(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	app := write(t, filepath.Join(dir, "app.log"), "one\ntwo\nhalf")
	positions := stateDir(t, dir)
	t.Run("first", func(t *testing.T) {
		out := start(t, dir, "url: "+loki.URL, "")
		eventually(t, out, "both lines", func() bool { return loki.has("one") && loki.has("two") })
	})
	conf := filepath.Join(dir, "collector.yaml")
	var shown, errs bytes.Buffer
	if got := run(t.Context(), []string{"positions", "export", "-config.file=" + conf}, &shown, &errs); got != 0 {
		t.Fatalf("export ended with %d: %s", got, errs.String())
	}
	want := position.Promtail{app: strconv.Itoa(len("one\ntwo\n"))}
	if got, err := position.ParsePromtail(shown.Bytes()); err != nil || !maps.Equal(got, want) {
		t.Fatalf("exported %v, %v, want %v", got, err, want)
	}
	if got := run(t.Context(), []string{"positions", "export", "-config.file=" + conf, "-out=" + positions}, io.Discard, &errs); got != 0 {
		t.Fatalf("export ended with %d: %s", got, errs.String())
	}
	if info, err := os.Stat(positions); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v, want mode 0600", info, err)
	}
	if err := os.Remove(positions + ".state"); err != nil {
		t.Fatal(err)
	}
	appendTo(t, app, " and half\n")
	out := start(t, dir, "url: "+loki.URL, "")
	eventually(t, out, "the rest", func() bool { return loki.has("half and half") })
	if n := len(loki.got("one")) + len(loki.got("two")); n != 2 {
		t.Errorf("two lines came %d times", n)
	}
}

func TestExportLeavesOutAFileThatWasNotRead(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	app := write(t, filepath.Join(dir, "app.log"), "one\n")
	t.Run("first", func(t *testing.T) {
		out := start(t, dir, "url: "+loki.URL, "")
		eventually(t, out, "one", func() bool { return loki.has("one") })
	})
	if err := os.Rename(app, app+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, app, "another file\n")
	var shown, errs bytes.Buffer
	args := []string{"positions", "export", "-config.file=" + filepath.Join(dir, "collector.yaml")}
	if got := run(t.Context(), args, &shown, &errs); got != 0 || !strings.Contains(errs.String(), "left out") {
		t.Errorf("ended with %d: %s", got, errs.String())
	}
	if got, err := position.ParsePromtail(shown.Bytes()); err != nil || len(got) != 0 {
		t.Errorf("exported %v, %v", got, err)
	}
}

func TestPositionsCommandSaysWhatIsWrong(t *testing.T) {
	for args, want := range map[string]string{
		"":                           "there is the command export",
		"import":                     "there is the command export",
		"export":                     "give -config.file",
		"export more":                "is no flag",
		"export -config.file=/none":  "/none",
		"export -unknown":            "there is no flag -unknown",
		"export -config.file=x more": "is no flag",
	} {
		var errs bytes.Buffer
		if got := run(t.Context(), append([]string{"positions"}, strings.Fields(args)...), io.Discard, &errs); got != 2 || !strings.Contains(errs.String(), want) {
			t.Errorf("%q ended with %d: %s", args, got, errs.String())
		}
	}
}

// dockerRecords are json-file records at seconds.
func dockerRecords(at ...float64) string {
	var b strings.Builder
	for _, s := range at {
		fmt.Fprintf(&b, `{"log":"%v\n","stream":"stdout","time":"2026-11-22T10:00:%09.6fZ"}`+"\n", s, s)
	}
	return b.String()
}

const tenOClock = 1795341600 // 2026-11-22T10:00:00Z

func TestRecordsAfterASecond(t *testing.T) {
	for _, tt := range []struct {
		name, before, behind string // of the place
		second               int64
	}{
		{"the whole second counts as read", dockerRecords(1, 2, 2.999999), dockerRecords(3, 4), 2},
		{"all are younger", "", dockerRecords(1, 2), 0},
		{"none is younger", dockerRecords(1, 2), "", 2},
		{"no records", "", "", 2},
		{"what is no record counts to the next", dockerRecords(1), "\x00\x00\n\n" + dockerRecords(3), 2},
		{"a record that is being written", dockerRecords(1, 2), dockerRecords(3)[:20], 2},
		{"a long record", dockerRecords(1) + `{"log":"` + strings.Repeat("x", 100_000) + `","time":"2026-11-22T10:00:02Z"}` + "\n", dockerRecords(3), 2},
		{"many", dockerRecords(make([]float64, 5000)...), dockerRecords(1), 0},
	} {
		text := tt.before + tt.behind
		r := records{strings.NewReader(text), int64(len(text))}
		if got := r.after(docker.AfterSecond(tenOClock + tt.second)); got != int64(len(tt.before)) {
			t.Errorf("%s: byte %d, want %d", tt.name, got, len(tt.before))
		}
	}
}

func TestPromtailsCursorOfAContainerIsInARotatedLog(t *testing.T) {
	const id = "07361dd3c3b66c234969093d09311f6c1721857a1dfaba0e7af8391bc6ebe8cd"
	dir := filepath.Join(t.TempDir(), id)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := write(t, filepath.Join(dir, id+"-json.log"), dockerRecords(5, 6))
	older := write(t, path+".1", dockerRecords(1, 2, 3))
	target := discover.Target{Path: path, Config: &config.ScrapeConfig{DockerFiles: &config.DockerFiles{}}}
	for second, want := range map[int64]string{
		5: fmt.Sprint(path, " ", len(dockerRecords(5))), 2: fmt.Sprint(older, " ", len(dockerRecords(1, 2))), 0: "none",
	} {
		i := importer{
			left: position.Promtail{"cursor-" + id: strconv.FormatInt(tenOClock+second, 10)},
			used: map[string]bool{}, log: slog.New(slog.DiscardHandler),
		}
		got := "none"
		if places := i.places(target); len(places) > 0 {
			got = fmt.Sprint(places[0].Path, " ", places[0].Offset)
		}
		if got != want || !i.used["cursor-"+id] {
			t.Errorf("second %d: place %s, want %s", second, got, want)
		}
		if places := i.places(target); second == 5 && len(places) > 0 {
			if s, ok := lastSecond(places[0]); !ok || s != tenOClock+5 {
				t.Errorf("the place's second is %d, %t, want that of the cursor", s, ok)
			}
		}
	}
}

func TestPromtailsCursorOfTheJournal(t *testing.T) {
	i := importer{left: position.Promtail{"cursor-sys tem": "s=1;i=2"}, used: map[string]bool{}}
	got := i.places(discover.Target{Job: "sys tem", Kind: discover.Journal})
	if len(got) != 1 || got[0].Cursor != "s=1;i=2" {
		t.Errorf("places %+v", got)
	}
	var errs bytes.Buffer
	e := exporter{
		cfg:    &config.Config{ScrapeConfigs: []config.ScrapeConfig{{JobName: "sys"}, {JobName: "sys tem", Journal: &config.Journal{}}}},
		to:     position.Promtail{},
		stderr: &errs,
	}
	e.add("sys tem journal", got)
	if e.to["cursor-sys tem"] != "s=1;i=2" || errs.Len() > 0 {
		t.Errorf("exported %v, %s", e.to, errs.String())
	}
}
