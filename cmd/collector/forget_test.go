package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/position"
)

// Containers come and go for years: nothing may be kept of those that are gone.
func TestARemovedContainerIsForgotten(t *testing.T) {
	dir := t.TempDir()
	id := strings.Repeat("c0ffee", 11)[:64]
	folder := filepath.Join(dir, "docker", "containers", id)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "config.v2.json"), `{"ID":"`+id+`","Name":"/app"}`)
	write(t, filepath.Join(folder, id+"-json.log"), `{"log":"the only line\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}`+"\n")
	cfg, err := config.Parse("collector.yaml", fmt.Appendf(nil, `
server: {disable: true}
clients: [{url: "http://127.0.0.1:1/loki/api/v1/push"}]
positions: {filename: %s/positions.yaml}
scrape_configs: [{job_name: docker, docker_files: {root: %s/docker}}]
`, dir, dir))
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCollector(cfg, slog.New(slog.DiscardHandler), trial{})
	if err != nil {
		t.Fatal(err)
	}
	m := c.manager
	m.restore(position.State{Sources: position.Places{}}, nil)
	m.sync()
	if len(m.open) != 1 || len(m.known) != 1 {
		t.Fatalf("the container is not read: %d open, %d known", len(m.open), len(m.known))
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	for _, o := range m.open {
		m.ended(o.target) // as the loop says a minute later
	}
	m.sync()
	if len(m.open) != 0 || len(m.known) != 0 {
		t.Errorf("kept of a container that is gone: %d open, %d known", len(m.open), len(m.known))
	}
}
