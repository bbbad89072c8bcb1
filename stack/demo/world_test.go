package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// live lets a world in dir happen for so long, on the clock of a synctest bubble.
func live(t *testing.T, dir string, backfill, span time.Duration) {
	t.Helper()
	w, err := openWorld(dir, backfill, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	if err := w.run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
}

// logOf returns all records of a service, oldest generation first.
func logOf(t *testing.T, dir, service string) []record {
	t.Helper()
	configs, err := filepath.Glob(filepath.Join(dir, "docker", "containers", "*", "config.v2.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range configs {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var config dockerConfig
		if err := json.Unmarshal(content, &config); err != nil {
			t.Fatal(err)
		}
		if config.Config.Labels["com.docker.compose.service"] != service {
			continue
		}
		var all []byte
		for _, suffix := range []string{".2", ".1", ""} {
			content, err := os.ReadFile(config.LogPath + suffix)
			if err == nil {
				all = append(all, content...)
			}
		}
		return decodeRecords(t, all)
	}
	t.Fatalf("no container of service %s", service)
	return nil
}

// join returns the lines of records, their parts put together.
func join(records []record) []string {
	var lines []string
	var open strings.Builder
	for _, r := range records {
		open.WriteString(r.Log)
		if strings.HasSuffix(r.Log, "\n") {
			lines = append(lines, strings.TrimSuffix(open.String(), "\n"))
			open.Reset()
		}
	}
	return lines
}

func TestDemoWritesThePastAndThenThePresent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, begin := t.TempDir(), time.Now()
		live(t, dir, 45*time.Minute, 90*time.Minute)
		for _, service := range []string{"backend", "backend-next", "pgbouncer", "db"} {
			records := logOf(t, dir, service)
			var before time.Time
			for _, r := range records {
				if r.Time.Before(before) || r.Time.After(time.Now()) {
					t.Fatalf("%s: a record of %s follows one of %s, at %s", service, r.Time, before, time.Now())
				}
				before = r.Time
			}
			first, last := records[0].Time, records[len(records)-1].Time
			if first.After(begin.Add(-40*time.Minute)) || last.Before(begin.Add(80*time.Minute)) {
				t.Errorf("%s: from %s to %s, want from 45 minutes before %s to 90 after it", service, first, last, begin)
			}
		}
	})
}

func TestDemoHasEveryKindOfError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		live(t, dir, time.Hour, 4*time.Hour)
		text := strings.Join(join(logOf(t, dir, "backend")), "\n")
		for _, name := range []string{"none_request", "no_games", "no_global_name", "pool_timeout"} {
			e, err := loadException(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text, "\n"+strings.Join(e.lines(), "\n")+"\n") {
				t.Errorf("the backend's log has no whole traceback of %s", name)
			}
		}
		for _, want := range []string{"IntegrityError", "DiscordError", "KeyError", "WORKER TIMEOUT", "SLOW_QUERY", "🚀"} {
			if !strings.Contains(text, want) {
				t.Errorf("the backend's log has no %s", want)
			}
		}
		if text := strings.Join(join(logOf(t, dir, "db")), "\n"); !strings.Contains(text, "deadlock detected") {
			t.Error("the database's log has no deadlock")
		}
		if text := strings.Join(join(logOf(t, dir, "pgbouncer")), "\n"); !strings.Contains(text, "query_wait_timeout") {
			t.Error("the pooler's log has no query_wait_timeout")
		}
		content, err := os.ReadFile(filepath.Join(dir, "nginx", "error.log"))
		if err != nil || !bytes.Contains(content, []byte("upstream prematurely closed")) {
			t.Errorf("nginx's error log has no failed upstream (%v)", err)
		}
	})
}

func TestDemoJSONRecordsSurviveTheSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		live(t, dir, time.Hour, time.Minute)
		records := logOf(t, dir, "backend-next")
		lines := join(records)
		if len(lines) == len(records) {
			t.Error("no line was long enough to be split")
		}
		for _, line := range lines {
			if !json.Valid([]byte(line)) {
				t.Fatalf("not JSON: %.300s", line)
			}
		}
	})
}

func TestDemoGoesOnWhereItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		live(t, dir, 10*time.Minute, time.Minute)
		stopped := time.Now()
		time.Sleep(time.Hour) // of the bubble's clock
		live(t, dir, 10*time.Minute, time.Minute)
		for _, r := range logOf(t, dir, "backend") {
			if r.Time.After(stopped) && r.Time.Before(stopped.Add(time.Hour)) {
				t.Fatalf("a record of %s, while it was stopped", r.Time)
			}
		}
	})
}

func TestDemoStaysBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		live(t, dir, 0, 8*time.Hour)
		var total int64
		err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			total += info.Size()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if limit := int64(100 << 20); total > limit {
			t.Errorf("%d bytes on disk, want at most %d", total, limit)
		}
		if got := len(logOf(t, dir, "backend")); got == 0 {
			t.Error("the backend's log is empty")
		}
	})
}
