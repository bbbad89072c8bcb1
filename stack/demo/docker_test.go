package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type record struct {
	Log    string
	Stream string
	Time   time.Time
}

func decodeRecords(t *testing.T, content []byte) []record {
	t.Helper()
	var records []record
	for line := range bytes.Lines(content) {
		var r record
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&r); err != nil {
			t.Fatalf("record %q: %v", line, err)
		}
		records = append(records, r)
	}
	return records
}

func TestLongLinesAreSplitAsDockerDoes(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC)
	tests := []struct {
		length int
		want   []int // length of each part's log, the newline of the last included
	}{
		{0, []int{1}},
		{partSize - 1, []int{partSize}},
		{partSize, []int{partSize, 1}},
		{partSize + 1, []int{partSize, 2}},
		{40000, []int{partSize, partSize, 40000 - 2*partSize + 1}},
	}
	for _, test := range tests {
		line := strings.Repeat("x", test.length)
		records := decodeRecords(t, appendRecords(nil, at, "stdout", line))
		var joined strings.Builder
		for i, r := range records {
			joined.WriteString(r.Log)
			if i >= len(test.want) || len(r.Log) != test.want[i] {
				t.Fatalf("%d bytes: part %d has %d bytes, want %v", test.length, i, len(r.Log), test.want)
			}
			if !r.Time.Equal(at) || r.Stream != "stdout" {
				t.Errorf("%d bytes: part %d is of %s at %s, want stdout at %s", test.length, i, r.Stream, r.Time, at)
			}
		}
		if len(records) != len(test.want) || joined.String() != line+"\n" {
			t.Errorf("%d bytes: %d parts that do not join to the line, want %d", test.length, len(records), len(test.want))
		}
	}
}

func TestRecordIsEncodedAsDockerDoes(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.FixedZone("", 3600))
	got := string(appendRecord(nil, at, "stderr", "<b> & \"\t\x1b[31mשלום\xff\n"))
	want := `{"log":"\u003cb\u003e \u0026 \"\t\u001b[31mשלום\ufffd\n","stream":"stderr","time":"2026-01-02T02:04:05.6789Z"}` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestContainerIsDescribed(t *testing.T) {
	root := t.TempDir()
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for range 2 { // a second start continues it
		c, err := openContainer(root, "backend", "tovplay/backend:1", "gunicorn", created)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.write(created, "stdout", "hello"); err != nil {
			t.Fatal(err)
		}
		if err := c.log.Close(); err != nil {
			t.Fatal(err)
		}
		created = created.Add(time.Hour)
	}
	matches, err := filepath.Glob(filepath.Join(root, "containers", strings.Repeat("?", 64), "config.v2.json"))
	if err != nil || len(matches) != 1 {
		t.Fatalf("found %q (%v), want one config.v2.json", matches, err)
	}
	content, err := os.ReadFile(matches[0])
	if err != nil {
		t.Fatal(err)
	}
	var config dockerConfig
	if err := json.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	if config.ID != filepath.Base(filepath.Dir(matches[0])) || config.Name != "/tovplay-backend-1" ||
		config.Config.Labels["com.docker.compose.service"] != "backend" || config.Created.Hour() != 3 {
		t.Errorf("config.v2.json is %s", content)
	}
	info, err := os.Stat(config.LogPath)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o640 {
		t.Errorf("the log has mode %o, want 640", info.Mode().Perm())
	}
	log, err := os.ReadFile(config.LogPath)
	if err != nil {
		t.Fatal(err)
	}
	if got := decodeRecords(t, log); len(got) != 2 {
		t.Errorf("the log has %d records, want 2", len(got))
	}
}

func TestLogFileKeepsSoManyGenerations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.log")
	l, err := openLogFile(path, 10, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"1", "2", "3", "4", "5"} {
		if _, err := l.Write([]byte(strings.Repeat(line, 9) + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"": "5", ".1": "4", ".2": "3"} {
		content, err := os.ReadFile(path + name)
		if err != nil || string(content) != strings.Repeat(want, 9)+"\n" {
			t.Errorf("x.log%s has %q (%v), want nine times %s", name, content, err, want)
		}
	}
	if _, err := os.Stat(path + ".3"); err == nil {
		t.Error("x.log.3 is there, want three generations")
	}
}
