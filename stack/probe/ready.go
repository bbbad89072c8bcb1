package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	pollInterval = 200 * time.Millisecond
	pollTimeout  = 5 * time.Second // of one request
)

// part is what waitReady waits for: a process that has written its id to pidFile and, if url is given, answers it
// with 200.
type part struct {
	name, url, pidFile string
	pid                string // from pidFile, once it is there
}

var errEnded = errors.New("its process has ended")

// waitReady waits until a part is ready. The error says what it last answered; it comes at once when the process ends.
func waitReady(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("ready", flag.ContinueOnError)
	var p part
	flags.StringVar(&p.pidFile, "pid", "", "`file` with the part's process id")
	timeout := flags.Duration("timeout", time.Minute, "how long to wait")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p.name, p.url = flags.Arg(0), flags.Arg(1)

	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	var last error // what it answered, not that our time was up
	for {
		err := p.check(ctx)
		if err == nil {
			return nil
		}
		if errors.Is(err, errEnded) {
			return fmt.Errorf("%s is not ready: %w", p.name, err)
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %s: %w", p.name, *timeout, last)
		case <-tick.C:
		}
	}
}

// check returns nil when the part is ready, errEnded when it never will be, and else what is missing.
func (p *part) check(ctx context.Context) error {
	if err := p.checkProcess(); err != nil {
		return err
	}
	if p.url == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, 300)) // the status alone tells too
	return fmt.Errorf("%s answers %s: %s", p.url, response.Status, strings.TrimSpace(string(body)))
}

func (p *part) checkProcess() error {
	if p.pidFile == "" {
		return nil
	}
	if p.pid == "" {
		content, err := os.ReadFile(p.pidFile)
		if err != nil {
			return err
		}
		p.pid = strings.TrimSpace(string(content))
	}
	if _, err := os.Stat(filepath.Join("/proc", p.pid)); p.pid != "" && errors.Is(err, os.ErrNotExist) {
		return errEnded
	}
	return nil
}
