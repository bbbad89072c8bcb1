package main

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// TestConfigurationsAsInstallationsHaveThem builds all of the collector, stages
// and clients included, for each.
func TestConfigurationsAsInstallationsHaveThem(t *testing.T) {
	files, err := filepath.Glob("../../pipeline/config/testdata/real/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		cfg, err := config.Load(path, config.Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := newCollector(cfg, slog.New(slog.DiscardHandler), trial{}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
