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
	"github.com/tovtech/tovplay-logging/internal/issues/index"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/state"
)

// reindex indexes a period of Loki anew. A damaged event store is kept under
// another name and a new one filled.
func reindex(ctx context.Context, args []string, env environment) error {
	var since time.Duration
	o, err := parseOptions(args, env, func(flags *flag.FlagSet) {
		flags.DurationVar(&since, "since", index.Default().Compare, "how far back to index anew")
	})
	if err != nil {
		return err
	}
	log := newLog(o, env.stderr)
	if err := setDamagedAside(ctx, o, env); err != nil {
		return err
	}
	db, closeState, err := openState(ctx, o.dataDir)
	if err != nil {
		return err
	}
	defer closeState()
	client, err := loki.New(o.loki)
	if err != nil {
		return err
	}
	o.issues.off = false
	x, err := openIssues(ctx, o, db, client, log)
	if err != nil {
		return err
	}
	defer x.close(log)
	now := time.Now()
	return x.indexer.Rebuild(ctx, issues.Span{From: now.Add(-since), To: now}, func(p index.Progress) {
		fmt.Fprintf(env.stdout, "%s  %d of %d hours, %d events\n", p.Hour.UTC().Format("2006-01-02 15:04"), p.Done, p.Of, p.Events)
	})
}

// setDamagedAside moves an event store away that cannot be used.
func setDamagedAside(ctx context.Context, o options, env environment) error {
	if !o.issues.clickHouse.IsZero() {
		return nil
	}
	store, err := sqlite.Open(ctx, o.dataDir, o.issues.keep)
	if err == nil {
		err = store.Check(ctx)
		err = errors.Join(err, store.Close())
	}
	if !errors.Is(err, sqlite.ErrUnusable) {
		return err
	}
	kept, asideErr := sqlite.SetAside(o.dataDir, time.Now())
	if asideErr != nil {
		return errors.Join(err, asideErr)
	}
	fmt.Fprintf(env.stderr, "%v\nIt is kept as %s; a new one is made.\n", err, kept)
	return nil
}

// doctor checks the databases and Loki, and says what is wrong.
func doctor(ctx context.Context, args []string, env environment) error {
	o, err := parseOptions(args, env)
	if err != nil {
		return err
	}
	wrong := 0
	say := func(what string, err error) {
		if err == nil {
			fmt.Fprintf(env.stdout, "ok     %s\n", what)
			return
		}
		wrong++
		fmt.Fprintf(env.stdout, "WRONG  %s: %v\n", what, err)
	}
	path := filepath.Join(o.dataDir, state.FileName)
	if _, err := os.Stat(path); err != nil {
		say("database "+path, err)
	} else {
		say("database "+path, checkState(ctx, o.dataDir))
	}
	say("event store", checkEvents(ctx, o))
	_, _, err = loadGrouper(o.issues.rules)
	say("grouping rules", err)
	client, err := loki.New(o.loki)
	if err == nil {
		err = client.Ready(ctx)
	}
	say("Loki at "+o.loki.URL, err)
	if wrong > 0 {
		return fmt.Errorf("%d things are wrong", wrong)
	}
	return nil
}

// checkState reads all of the state database.
func checkState(ctx context.Context, dir string) error {
	db, err := state.Open(ctx, dir)
	if err != nil {
		return err
	}
	return errors.Join(state.Check(ctx, db), db.Close())
}

// checkEvents reads all of the event store, if no dashboard has it open.
func checkEvents(ctx context.Context, o options) error {
	store, err := openEvents(ctx, o)
	if errors.Is(err, sqlite.ErrLocked) {
		return errors.New("a dashboard that runs has it open; stop it to check the file")
	}
	if err != nil {
		return err
	}
	if file, ok := store.(*sqlite.Store); ok {
		err = file.Check(ctx)
	}
	return errors.Join(err, store.Close())
}

// backup copies the state database, while the dashboard runs as well.
func backup(ctx context.Context, args []string, env environment) error {
	dir, file, err := parseFile("backup", args, env)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, state.FileName)); err != nil {
		return fmt.Errorf("back up: %w; check -data-dir", err)
	}
	db, closeState, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer closeState()
	if err := state.Backup(ctx, db, file); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "Users, issues, what people did with them, alerts, snapshots and usage are in %s. Events come from Loki again: dashboard reindex.\n", file)
	return nil
}

// restore puts a backup in the place of the state database.
func restore(ctx context.Context, args []string, env environment) error {
	dir, file, err := parseFile("restore", args, env)
	if err != nil {
		return err
	}
	kept, err := state.Restore(ctx, dir, file)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s is restored.\n", file)
	if kept != "" {
		fmt.Fprintf(env.stdout, "What was there before is %s.\n", kept)
	}
	return nil
}

// parseFile reads -data-dir and the name of a file.
func parseFile(command string, args []string, env environment) (dir, file string, err error) {
	flags := flag.NewFlagSet("dashboard "+command, flag.ContinueOnError)
	flags.SetOutput(env.stderr)
	flags.StringVar(&dir, "data-dir", orDefault(env.getenv("DASHBOARD_DATA_DIR"), defaultDataDir), "folder of the database [DASHBOARD_DATA_DIR]")
	if err := flags.Parse(args); err != nil {
		return "", "", err
	}
	if flags.NArg() != 1 {
		return "", "", fmt.Errorf("name one file: dashboard %s [-data-dir DIR] FILE", command)
	}
	return dir, flags.Arg(0), nil
}
