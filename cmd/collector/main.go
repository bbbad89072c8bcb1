// Command collector ships container and system logs to Loki. It is started as
// promtail is, with promtail's configuration:
//
//	collector -config.file=collector.yaml
//
// and has two commands of its own: `collector quarantine`, for what Loki refused,
// and `collector positions`, for a return to promtail.
//
// The path of a line:
//
//	discover ──targets──▶ manager ──opens──▶ source/{file,journal,pipe}
//	                                             │ blocks of lines
//	                                             ▼
//	               loop (few workers) ── stage.Feed ── outbox
//	                                             │ batches of one stream
//	                                             ▼
//	                        ship.Client for each clients[] entry ──▶ Loki
//	                                             │ confirmed
//	                                             ▼
//	                        Ledger ──places, every sync_period──▶ position.Store
//
// All goroutines are listed in docs/architecture.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // log lines name time zones; a scratch image has none

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit status, 0 after a clean stop,
// 2 for a wrong command line or configuration, 1 for everything else.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "quarantine" {
		return quarantineCommand(ctx, args[1:], stdout, stderr)
	}
	if len(args) > 0 && args[0] == "positions" {
		return positionsCommand(args[1:], stdout, stderr)
	}
	opts, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case opts.version:
		fmt.Fprintln(stdout, "collector", version)
		return 0
	}
	load := func() (*config.Config, error) {
		return config.Load(opts.file, config.Options{ExpandEnv: opts.expandEnv})
	}
	cfg, err := load()
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	level := &slog.LevelVar{}
	log := newLogger(cfg.Server, level, stderr)
	for _, w := range cfg.Warnings {
		log.Warn(w.String())
	}
	c, err := newCollector(cfg, log)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	if opts.checkSyntax {
		fmt.Fprintf(stdout, "%s is valid\n", cfg.File)
		return 0
	}
	c.load, c.level = load, level
	if err := c.run(ctx); err != nil {
		log.Error("the collector stops", "err", err)
		return 1
	}
	return 0
}

type options struct {
	file        string
	expandEnv   bool
	checkSyntax bool
	version     bool
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("collector", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.file, "config.file", "", "configuration `file`; of several, separated by commas, the first that exists")
	fs.BoolVar(&o.expandEnv, "config.expand-env", false, "replace ${VAR} and ${VAR:-default} in the configuration")
	fs.BoolVar(&o.checkSyntax, "check-syntax", false, "check the configuration, stages included, and exit")
	fs.BoolVar(&o.version, "version", false, "print the version and exit")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if o.file == "" && !o.version {
		fmt.Fprintln(stderr, "collector: no configuration: give -config.file=FILE, for example -config.file=stack/collector.yaml")
		return o, errors.New("no -config.file")
	}
	return o, nil
}

func newLogger(cfg config.Server, level *slog.LevelVar, w io.Writer) *slog.Logger {
	level.Set(logLevel(cfg.LogLevel))
	opts := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

func logLevel(name string) slog.Level {
	return map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[name]
}
