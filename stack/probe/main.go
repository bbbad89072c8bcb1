// Probe answers what the scripts of the local stack cannot ask in shell without tools that a bare machine lacks: which
// ports are taken and by whom, whether a part is ready, and which log sources the collector cannot read.
//
//	probe ports VARIABLE=PORT...
//	probe ready [-pid FILE] [-timeout DURATION] PART [URL]
//	probe unreadable URL
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("usage: probe ports|ready|unreadable ARGUMENTS")
	}
	switch args[0] {
	case "ports":
		return checkPorts(args[1:], "/proc")
	case "ready":
		return waitReady(ctx, args[1:])
	case "unreadable":
		return printUnreadable(ctx, args[1:], os.Stdout)
	}
	return fmt.Errorf("unknown question %q; there are ports, ready and unreadable", args[0])
}
