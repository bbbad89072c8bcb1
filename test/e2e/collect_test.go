package e2e

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/level"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// eachLoki runs a test against Loki as the project configures it, and against
// Loki with its own defaults.
func eachLoki(t *testing.T, test func(t *testing.T, loki *servers.Process)) {
	t.Helper()
	for name, start := range map[string]func(testing.TB) *servers.Process{
		"shipped configuration": servers.Loki, "Loki's defaults": servers.LokiWithDefaults,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

func TestContainerLogsArriveExactly(t *testing.T) {
	t.Parallel()
	eachLoki(t, func(t *testing.T, loki *servers.Process) {
		m := newMachine(t)
		want := m.addContainer(t, "legacy-prod")
		waitSettled(t, m.collect(t, loki.URL))

		for _, stream := range []string{"stdout", "stderr"} {
			got := servers.Query(t, loki.URL, fmt.Sprintf(`{job="docker", stream=%q}`, stream))
			sameText(t, stream, textOf(want, stream), got)
		}
		entries := servers.Query(t, loki.URL, `{service="backend"}`)
		wantLabels(t, entries, map[string]string{
			"job": "docker", "service": "backend", "env": "test", "host": "host-1", "container": "dev-legacy-prod",
		})
		for _, e := range entries {
			if e.Metadata["container_id"] == "" {
				t.Fatalf("no container_id in the metadata of %q: %v", e.Line, e.Metadata)
			}
		}
		checkEntries(t, want, entries)
	})
}

// textOf is what a container wrote to a stream, in order.
func textOf(records []dockerRecord, stream string) string {
	var text strings.Builder
	for _, r := range records {
		if r.Stream == stream {
			text.WriteString(r.Log)
		}
	}
	return text.String()
}

// sameText checks that the entries are the text: every byte once and in order.
func sameText(t *testing.T, what, want string, got []servers.Entry) {
	t.Helper()
	var text strings.Builder
	for _, e := range got {
		text.WriteString(e.Line)
		if e.Metadata["part"] == e.Metadata["parts"] { // a line that was sent in parts ends with its last one
			text.WriteByte('\n')
		}
	}
	if text.String() == want {
		return
	}
	wantLines, gotLines := strings.Split(want, "\n"), strings.Split(text.String(), "\n")
	for i := range min(len(wantLines), len(gotLines)) {
		if wantLines[i] != gotLines[i] {
			t.Fatalf("%s: line %d of %d is\n%q, want\n%q (%d lines arrived)", what, i, len(wantLines), gotLines[i], wantLines[i], len(gotLines))
		}
	}
	t.Fatalf("%s: %d lines arrived, want %d", what, len(gotLines), len(wantLines))
}

// wantLabels checks the labels of every entry; level is always there.
func wantLabels(t *testing.T, entries []servers.Entry, want map[string]string) {
	t.Helper()
	levels := []string{"trace", "debug", "info", "warn", "error", "critical", "fatal", "unknown"}
	if len(entries) == 0 {
		t.Fatal("no entries")
	}
	for _, e := range entries {
		for name, value := range want {
			if e.Labels[name] != value {
				t.Fatalf("label %s is %q, want %q: %v %q", name, e.Labels[name], value, e.Labels, e.Line)
			}
		}
		if !slices.Contains(levels, e.Labels["level"]) {
			t.Fatalf("level is %q: %q", e.Labels["level"], e.Line)
		}
	}
}

// checkEntries checks each entry's time, and that each write of the program
// that ended in a traceback came as one entry.
func checkEntries(t *testing.T, records []dockerRecord, entries []servers.Entry) {
	t.Helper()
	times := map[int64]string{}
	for _, r := range records {
		if _, ok := times[r.Time.UnixNano()]; !ok { // the parts of a line have one time
			times[r.Time.UnixNano()] = r.Log
		}
	}
	bySum := map[string]servers.Entry{}
	for _, e := range entries {
		if part := e.Metadata["part"]; part != "" && part != "1" {
			continue
		}
		first, _, _ := strings.Cut(e.Line, "\n")
		if log, ok := times[e.Time]; !ok || !strings.HasPrefix(first+"\n", strings.TrimSuffix(log, "\n")) {
			t.Fatalf("the time %s is not that of the first line %.100q", time.Unix(0, e.Time), first)
		}
		bySum[fmt.Sprintf("%x", sha256.Sum256([]byte(e.Line+"\n")))] = e
	}
	tracebacks := 0
	for _, w := range readTruth(t, "legacy-prod") {
		e, ok := bySum[w.SHA256]
		switch {
		case !w.Found || w.ExcChain == nil:
			continue
		case !ok:
			t.Errorf("what %s wrote with a traceback did not come as one entry", w.Site)
		case e.Labels["level"] != level.Parse(w.Level).String():
			t.Errorf("level is %s, was written as %s: %.100q", e.Labels["level"], w.Level, e.Line)
		}
		tracebacks++
	}
	if tracebacks == 0 {
		t.Error("the test data has no tracebacks")
	}
}

func TestStructuredLogsKeepTheirFields(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	m := newMachine(t)
	want := m.addContainer(t, "structured-1w")
	waitSettled(t, m.collect(t, loki.URL))

	entries := servers.Query(t, loki.URL, `{container="dev-structured-1w", stream="stdout"}`)
	sameText(t, "stdout", textOf(want, "stdout"), entries)
	withID, errors, exceptions := 0, 0, 0
	for _, e := range entries {
		if _, after, ok := strings.Cut(e.Line, `"exception": {"type": "`); ok {
			exceptions++
			if name, _, _ := strings.Cut(after, `"`); e.Metadata["exception_type"] != name || e.Metadata["exception_hash"] == "" {
				t.Fatalf("metadata %v for %q", e.Metadata, e.Line)
			}
		}
		if grouped := strings.HasPrefix(e.Metadata["error_group"], "v1:"); grouped != (e.Labels["level"] == "error" || e.Labels["level"] == "critical") {
			t.Fatalf("error_group is %q in %q", e.Metadata["error_group"], e.Line)
		}
		if strings.Contains(e.Line, `"correlation_id": "`) {
			withID++
			if id := e.Metadata["correlation_id"]; id == "" || !strings.Contains(e.Line, id) {
				t.Fatalf("correlation_id is %q in %q", id, e.Line)
			}
		}
		if strings.Contains(e.Line, `"level": "ERROR"`) {
			errors++
			if e.Labels["level"] != "error" {
				t.Fatalf("level is %s in %q", e.Labels["level"], e.Line)
			}
		}
	}
	if withID == 0 || errors == 0 || exceptions == 0 {
		t.Fatalf("%d lines with a correlation_id, %d errors, %d exceptions: the test data has all", withID, errors, exceptions)
	}
}

func TestEqualLinesOfOneSecondAllArrive(t *testing.T) {
	t.Parallel()
	eachLoki(t, func(t *testing.T, loki *servers.Process) {
		m := newMachine(t)
		at := time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
		line := fmt.Sprintf(`192.0.2.7 - - [%s] "GET /health HTTP/1.1" 200 15 "-" "probe"`, at.Format("02/Jan/2006:15:04:05 -0700"))
		servers.WriteFile(t, m.path("nginx/access.log"), strings.Repeat(line+"\n", 30))
		waitSettled(t, m.collect(t, loki.URL))

		got := servers.Query(t, loki.URL, `{job="nginx"}`)
		if len(got) != 30 {
			t.Fatalf("%d entries of 30 equal lines of one second", len(got))
		}
		for i, e := range got {
			if e.Line != line || e.Time != at.UnixNano()+int64(i) {
				t.Fatalf("entry %d is %q at %d, want %d", i, e.Line, e.Time, at.UnixNano()+int64(i))
			}
		}
		wantLabels(t, got, map[string]string{
			"job": "nginx", "service": "nginx", "env": "test", "host": "host-1", "level": "info", "filename": m.path("nginx/access.log"),
		})
	})
}

func TestSystemLogsHaveTheirOwnTimes(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	m := newMachine(t)
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond)
	second := at.Truncate(time.Second)
	files := []struct {
		file, line, service, level string
		at                         time.Time
	}{
		{"syslog", at.Format("2006-01-02T15:04:05.000000-07:00") + " host-1 sshd[16487]: Invalid user admin from 192.0.2.9 port 60210", "system", "", at},
		{"auth.log", at.Format("Jan _2 15:04:05") + " host-1 sudo: pam_unix(sudo:auth): authentication failure", "auth", "", second},
		{"nginx/error.log", at.Format("2006/01/02 15:04:05") + " [error] 12#12: *3 connect() failed (111: Connection refused) while connecting to upstream", "nginx", "error", second},
		{"nginx/access.log", `192.0.2.7 - - [` + at.Format("02/Jan/2006:15:04:05 -0700") + `] "GET /api/games HTTP/1.1" 502 157 "-" "-"`, "nginx", "error", second},
		{"dpkg.log", at.Format("2006-01-02 15:04:05") + " status installed jq:amd64 1.6", "dpkg", "", second},
		{"postgresql/postgresql-15-main.log", at.Format("2006-01-02 15:04:05.000") + " UTC [2793] FATAL:  password authentication failed for user \"app\"", "postgresql", "fatal", at.Truncate(time.Millisecond)},
		{"pgbouncer/pgbouncer.log", at.Format("2006-01-02 15:04:05.000") + " UTC [27933] WARNING C-0x55a2: tovplay/app@192.0.2.1:59350 pooler error: query_wait_timeout", "pgbouncer", "warn", at.Truncate(time.Millisecond)},
	}
	for _, f := range files {
		servers.WriteFile(t, m.path(f.file), "")
	}
	// Files without a job of their own begin at their end at the first start.
	servers.WriteFile(t, m.path("dpkg.log"), "2026-01-02 03:04:05 what was there before\n")
	collector := m.collect(t, loki.URL)
	waitSettled(t, collector)
	for _, f := range files {
		servers.AppendFile(t, m.path(f.file), f.line+"\n")
	}

	for _, f := range files {
		servers.Eventually(t, f.file+" arrives", func() bool {
			return len(servers.Query(t, loki.URL, fmt.Sprintf("{filename=%q}", m.path(f.file)))) > 0
		})
		got := servers.Query(t, loki.URL, fmt.Sprintf("{filename=%q}", m.path(f.file)))
		if len(got) != 1 || got[0].Line != f.line || got[0].Time != f.at.UnixNano() {
			t.Errorf("%s: got %+v, want one entry %q at %s", f.file, got, f.line, f.at)
			continue
		}
		if got[0].Labels["service"] != f.service || f.level != "" && got[0].Labels["level"] != f.level {
			t.Errorf("%s: labels %v, want service %s, level %s", f.file, got[0].Labels, f.service, f.level)
		}
	}
}

func TestFirstStartTakesSevenDays(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	m := newMachine(t)
	line := func(age time.Duration) string {
		return time.Now().Add(-age).UTC().Format("2006-01-02T15:04:05.000000-07:00") + " host-1 app: line of " + age.String()
	}
	recent, old := line(6*24*time.Hour), line(8*24*time.Hour)
	servers.WriteFile(t, m.path("syslog"), old+"\n"+recent+"\n")
	waitSettled(t, m.collect(t, loki.URL))

	got := servers.Query(t, loki.URL, `{job="syslog"}`)
	if len(got) != 1 || got[0].Line != recent {
		t.Errorf("got %v, want only the line of six days ago", got)
	}
}
