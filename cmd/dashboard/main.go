// Command dashboard serves the page of logs and health under /logs.
//
//	                        ┌─ server.Server ─ public listener  (7778): page, api/v1, /healthz, /readyz
//	people ─ nginx ─────────┤        │
//	Prometheus, operator ───┘        └─────── internal listener (7779): /metrics, pprof
//	                                 │
//	     auth.Users ─ state (SQLite)─┤
//	     loki.Client ────────────────┤ pages, counts, facets
//	     loki.Hub ─── loki.Client ───┤ one follow of each query for all live tails
//	     loki.Sources ─ loki.Client ─┤ when each source was last heard
//	     index.Indexer ─ loki.Client ┤ errors into the event store and issues (life.Tracker)
//	     usage.Counter ─ loki.Client ┤ how much is logged, by hour, into the state
//	     notify.Notifier ────────────┤ changes of issues and rules on Loki's lines, told to channels
//	     health.Checker ─ Prometheus ┘ and the readiness of Loki and Alertmanager
//
// Loki, Prometheus and Alertmanager may be away, at the start too: the page says
// what is missing.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// garbagePercent is how much garbage there may be for what is in use, in percent.
// Half of Go's default: the counts of issues are in memory for good, and would let
// as much garbage lie about. A limit in bytes would fit one number of issues alone.
const garbagePercent = 50

// limitMemory has Go use less memory, unless the environment says how much.
func limitMemory() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}

func main() {
	limitMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], environment{getenv: os.Getenv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}))
}
