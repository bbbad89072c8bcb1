// Demo writes the logs of a made-up installation of TovPlay, so that a fresh machine has something to look at: four
// containers as Docker's json-file driver would keep them, in DIR/docker, and nginx's log files, in DIR/nginx. At its
// first start it writes the last 45 minutes, then goes on at a few lines a second until it is stopped. Each file is
// rotated; all together stay below 100 MB.
//
//	demo -dir DIR
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	maxFileSize = 5 << 20 // bytes
	maxFiles    = 3       // generations of one log
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	dir := flags.String("dir", "", "`folder` to write to")
	backfill := flags.Duration("backfill", 45*time.Minute, "how far back to begin in a folder without logs")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "of the random numbers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" {
		return errors.New("give the folder to write to: demo -dir DIR")
	}
	w, err := openWorld(*dir, *backfill, rand.New(rand.NewPCG(*seed, 0)))
	if err != nil {
		return err
	}
	return errors.Join(w.run(ctx), w.close())
}
