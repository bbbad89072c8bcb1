package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/searches"
	"github.com/tovtech/tovplay-logging/internal/server"
	"github.com/tovtech/tovplay-logging/internal/snapshots"
	"github.com/tovtech/tovplay-logging/internal/state"
	"github.com/tovtech/tovplay-logging/internal/usage"
	"github.com/tovtech/tovplay-logging/web"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version string

// The exit codes.
const (
	exitOK    = 0
	exitFault = 1
	exitUsage = 2
)

// environment is what the program gets from outside.
type environment struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run is the program. It returns when ctx ends or something fails, and nothing
// it started runs on.
func run(ctx context.Context, args []string, env environment) int {
	if len(args) > 0 {
		if command := commands()[args[0]]; command != nil {
			return exit(env, command(ctx, args[1:], env))
		}
	}
	o, err := parseOptions(args, env)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(env.stderr, "dashboard: %v\nrun dashboard -help for all flags\n", err)
		return exitUsage
	}
	if o.version {
		fmt.Fprintln(env.stdout, "dashboard", buildVersion())
		return exitOK
	}
	return exit(env, serve(ctx, o, env))
}

// commands are the subcommands by their names.
func commands() map[string]func(context.Context, []string, environment) error {
	return map[string]func(context.Context, []string, environment) error{
		"passwd": passwd, "user": manageUsers, "reindex": reindex, "doctor": doctor, "backup": backup, "restore": restore,
		"copy-events": copyEvents,
	}
}

// exit reports an error and returns the exit code.
func exit(env environment, err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	fmt.Fprintf(env.stderr, "dashboard: %v\n", err)
	return exitFault
}

// buildVersion returns the version of the build, or the revision it is of.
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return "dev-" + setting.Value[:min(12, len(setting.Value))]
		}
	}
	return "dev"
}

// serve makes the parts, joins them and runs until ctx ends.
func serve(ctx context.Context, o options, env environment) error {
	log := newLog(o, env.stderr)
	db, closeState, err := openState(ctx, o.dataDir)
	if err != nil {
		return err
	}
	defer closeState()
	users, err := firstStart(ctx, db, o, env, log)
	if err != nil {
		return err
	}
	metrics := server.NewMetrics(buildVersion())
	o.loki.Observe = metrics.Loki
	client, err := loki.New(o.loki)
	if err != nil {
		return err
	}
	hub := loki.NewHub(client, loki.DefaultHubConfig())
	metrics.WatchHub(hub)
	checker, err := newChecker(o, client, metrics)
	if err != nil {
		return err
	}
	index, err := openIssues(ctx, o, db, client, log)
	if err != nil {
		log.Error("no issues are made of errors; the rest of the dashboard works", "error", err)
	}
	defer index.close(log)
	if !o.issues.off {
		metrics.Register(index.collectors()...)
	}
	saved := &searches.Store{DB: db, Now: time.Now}
	notifier := newNotifier(o, db, client, index, saved, log)
	metrics.Register(notifyCollectors(notifier)...)
	poller, graphs, err := newAlerts(o, db, client, log)
	if err != nil {
		return err
	}
	metrics.Register(alertCollectors(poller)...)
	counter := &usage.Counter{DB: db, Loki: client, Log: log, Now: time.Now}
	frozen := &snapshots.Store{DB: db, Now: time.Now, Log: log}
	srv, err := server.New(server.Config{
		Users: users, Loki: client, Hub: hub, Sources: loki.NewSources(client), Health: checker,
		Issues: index.issues(), Index: index.follower(), DeployToken: o.issues.deployToken,
		Alerts: poller, AlertGraphs: graphs, AlertmanagerToken: o.alertmanagerToken,
		Notify: notifier, Searches: saved, Snapshots: frozen, Usage: counter,
		Page: web.Dist(), Version: buildVersion(), ExternalURL: o.externalURL, GrafanaURL: o.grafanaURL,
		Log: log, Metrics: metrics, Now: time.Now, AskBytes: o.askBytes,
	})
	if err != nil {
		return err
	}
	return listenAndRun(ctx, o, log, srv, hub, index.run, poller.Run, notifier.Run, frozen.Run, counter.Run)
}

// openState opens the state database and keeps a restore away from it, until it is
// closed.
func openState(ctx context.Context, dir string) (*sql.DB, func(), error) {
	held, err := state.Hold(dir)
	if err != nil {
		return nil, nil, err
	}
	db, err := state.Open(ctx, dir)
	if err != nil {
		return nil, nil, errors.Join(err, held.Close())
	}
	return db, func() {
		db.Close()
		held.Close()
	}, nil
}

// listenAndRun opens both listeners and runs the server, the hub and more. The hub
// outlives the server, so that live tails end because the server says so.
func listenAndRun(ctx context.Context, o options, log *slog.Logger, srv *server.Server, hub *loki.Hub, more ...func(context.Context) error) error {
	public, err := listen(ctx, "listen", o.listen)
	if err != nil {
		return err
	}
	internal, err := listen(ctx, "internal-listen", o.internalListen)
	if err != nil {
		return errors.Join(err, public.Close())
	}
	log.Info("dashboard is up", "version", buildVersion(), "listen", public.Addr().String(),
		"internal_listen", internal.Addr().String(), "data_dir", o.dataDir)
	hubCtx, stopHub := context.WithCancel(context.WithoutCancel(ctx))
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return hub.Run(hubCtx) })
	for _, run := range more {
		group.Go(func() error { return run(groupCtx) })
	}
	group.Go(func() error {
		defer stopHub()
		return srv.Run(groupCtx, public, internal)
	})
	err = group.Wait()
	log.Info("dashboard has stopped")
	return err
}

// listen opens a listener; the error names the flag that changes it.
func listen(ctx context.Context, flagName, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another address with -%s", address, err, flagName)
	}
	return listener, nil
}

// newLog makes the logger.
func newLog(o options, w io.Writer) *slog.Logger {
	handlerOptions := &slog.HandlerOptions{Level: o.logLevel}
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, handlerOptions))
	}
	return slog.New(slog.NewTextHandler(w, handlerOptions))
}

// passwordFile is where in the data folder the first start puts the password that
// it makes: what a program prints is collected, and many may read it in Loki.
const passwordFile = "admin-password"

// firstStart makes sure that somebody can log in, and says where a password is that
// was made.
func firstStart(ctx context.Context, db *sql.DB, o options, env environment, log *slog.Logger) (*auth.Users, error) {
	users := auth.New(db, time.Now)
	first, err := users.Ensure(ctx, o.adminPassword)
	if errors.Is(err, auth.ErrPassword) {
		return nil, fmt.Errorf("DASHBOARD_ADMIN_PASSWORD: %w", err)
	}
	if err != nil {
		return nil, err
	}
	path := filepath.Join(o.dataDir, passwordFile)
	if !first.Generated.IsZero() {
		if err := os.WriteFile(path, []byte(first.Generated.Reveal()+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("keep the password of %s: %w; set one with: dashboard passwd", auth.AdminName, err)
		}
		fmt.Fprintf(env.stderr, "\nFirst start: log in as %q with the password in %s\nChange it with: dashboard passwd\n\n", auth.AdminName, path)
	}
	if first.Rotated {
		removeIfThere(path, log)
		log.Info("DASHBOARD_ADMIN_PASSWORD differs from the stored password and replaces it; the user's sessions have ended", "user", auth.AdminName)
	}
	return users, nil
}

// removeIfThere removes a file with a password that is none any more.
func removeIfThere(path string, log *slog.Logger) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("a file with a former password stays", "file", path, "error", err)
	}
}

// orDefault returns text, or fallback when it is empty.
func orDefault(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
