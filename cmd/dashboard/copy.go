package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/clickhouse"
	"github.com/tovtech/tovplay-logging/internal/issues/index"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
)

// copyEvents copies the event store in SQLite into the one in ClickHouse, or the
// other way. No dashboard runs on the data folder meanwhile.
func copyEvents(ctx context.Context, args []string, env environment) error {
	var to string
	o, err := parseOptions(args, env, func(flags *flag.FlagSet) {
		flags.StringVar(&to, "to", "", "clickhouse or sqlite: the store that is filled from the other one")
	})
	if err != nil {
		return err
	}
	if to != "clickhouse" && to != "sqlite" {
		return fmt.Errorf("-to %q is neither clickhouse nor sqlite", to)
	}
	if o.issues.clickHouse.IsZero() {
		return errors.New("CLICKHOUSE_DSN is not set: it names the database of ClickHouse")
	}
	path := filepath.Join(o.dataDir, sqlite.FileName)
	if _, err := os.Stat(path); err != nil && to == "clickhouse" {
		return fmt.Errorf("copy the event store: %w; check -data-dir", err)
	}
	lock, err := index.Lock(o.dataDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	file, err := sqlite.Open(ctx, o.dataDir, o.issues.keep)
	if err != nil {
		return err
	}
	defer file.Close()
	server, err := clickhouse.Open(ctx, o.issues.clickHouse.Reveal(), o.issues.keep)
	if err != nil {
		return err
	}
	defer server.Close()
	var source, target issues.Store = file, server
	if to == "sqlite" {
		source, target = server, file
	}
	var last issues.CopyProgress
	err = issues.Copy(ctx, source, target, issues.Span{From: time.Unix(0, 0), To: time.Now().Add(24 * time.Hour)}, func(p issues.CopyProgress) {
		if p.Hour.YearDay() != last.Hour.YearDay() || p.Done == p.Of {
			fmt.Fprintf(env.stdout, "%s  %d of %d hours, %d events, %d of them new\n", p.Hour.Format("2006-01-02 15:04"), p.Done, p.Of, p.Events, p.New)
		}
		last = p
	})
	if err != nil {
		return fmt.Errorf("copy the event store to %s: %w; begun again, it goes on", to, err)
	}
	return nil
}
