// Command collector ships container and system logs to Loki. It is started as
// promtail is, with promtail's configuration:
//
//	collector -config.file=collector.yaml
//
// and has commands of its own: `collector check`, for a configuration,
// `collector quarantine`, for what Loki refused, and `collector positions`, for a
// return to promtail.
//
// The path of a line:
//
//	discover ──targets──▶ manager ──opens──▶ source/{file,journal,pipe,docker}
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
	"slices"
	"strings"
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
	if len(args) > 0 && args[0] == "check" {
		return checkCommand(args[1:], stdout, stderr)
	}
	if len(args) > 0 && args[0] == "positions" {
		return positionsCommand(args[1:], stdout, stderr)
	}
	opts, err := parseFlags(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "collector: %v\n", err)
		return 2
	case opts.version:
		fmt.Fprintln(stdout, "collector", version)
		return 0
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // it reloads, and never ends the program, not even while this starts or stops
	defer signal.Stop(hangup)
	cfg, err := opts.load()
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	level := &slog.LevelVar{}
	log := newLogger(cfg.Server, level, stderr)
	if opts.dryRun && level.Level() == slog.LevelInfo {
		level.Set(slog.LevelWarn) // what is printed is to be read
	}
	for _, w := range cfg.Warnings {
		log.Warn(w.String())
	}
	opts.show(cfg, log, stderr)
	c, err := newCollector(cfg, log, trial{dryRun: opts.dryRun, inspect: opts.inspect, stdout: stdout, stderr: stderr})
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	if opts.checkSyntax {
		fmt.Fprintf(stdout, "%s is valid\n", cfg.File)
		return 0
	}
	if opts.dryRun || cfg.TargetConfig.Stdin { // what is read once is not read by another configuration
		signal.Stop(hangup)
	} else {
		c.load, c.level, c.hangup = opts.load, level, hangup
	}
	if err := c.run(ctx); err != nil {
		log.Error("the collector stops", "err", err)
		return 1
	}
	return 0
}

// show prints and logs the configuration where the flags ask for it.
func (o *options) show(cfg *config.Config, log *slog.Logger, stderr io.Writer) {
	if o.printConfig {
		fmt.Fprintf(stderr, "---\n# collector %s\n%s\n", version, cfg)
	}
	if o.logConfig {
		lines := strings.Split(strings.TrimSuffix(cfg.String(), "\n"), "\n")
		slices.Reverse(lines)
		for _, line := range lines {
			log.Info(line, "type", "config")
		}
	}
}

func newLogger(cfg config.Server, level *slog.LevelVar, w io.Writer) *slog.Logger {
	level.Set(logLevel(cfg.LogLevel))
	opts := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "json" {
		return slog.New(countLog(slog.NewJSONHandler(w, opts)))
	}
	return slog.New(countLog(slog.NewTextHandler(w, opts)))
}

func logLevel(name string) slog.Level {
	return map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[name]
}
