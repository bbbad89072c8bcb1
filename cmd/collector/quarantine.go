package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/quarantine"
)

const quarantineHelp = `Entries that Loki refuses for good (too old, too long, a bad label) are kept in
a file for each client beside positions.filename.

usage:
  collector quarantine list   -config.file=FILE [-client NAME] [-reason R] [-format text|json] [-limit N]
  collector quarantine resend -config.file=FILE [-client NAME] [-reason R] [-now]

list prints them, with a summary by client and reason; as JSON, one entry a
line, exactly as they are stored.

resend sends them to their Loki again. What Loki takes is removed from the file;
what it refuses again stays. With -now each gets the present time, and its own is
kept in the metadata original_time: an entry that is too old is never taken
otherwise. The collector may run meanwhile.

The flags that the collector runs with have to be given too; see collector -h.

exit status: 0 all is sent, 1 something that was asked for stays, 2 a wrong
command line or configuration.

flags:
`

// quarantineCommand is `collector quarantine …`. It returns the exit status.
func quarantineCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	q, err := parseQuarantine(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "collector quarantine: %v\n", err)
		return 2
	}
	q.ctx, q.stdout, q.stderr = ctx, stdout, stderr
	q.noteStrangers()
	if q.command == "list" {
		err = q.list()
	} else {
		err = q.resend()
	}
	if err != nil {
		fmt.Fprintf(stderr, "collector quarantine %s: %v\n", q.command, err)
		return 1
	}
	return 0
}

// quarantineRun is one run of the command.
type quarantineRun struct {
	command string // list or resend
	reason  string // of the entries that are asked for, "" for all
	json    bool
	limit   int
	now     bool

	cfg            *config.Config
	clients        []*config.Client // that are asked for
	ctx            context.Context
	stdout, stderr io.Writer
}

func parseQuarantine(args []string, stderr io.Writer) (*quarantineRun, error) {
	q := &quarantineRun{}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		q.command, args = args[0], args[1:]
	}
	var client, format string
	var opts options
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // what Parse prints, its error says too
	opts.register(fs)
	fs.StringVar(&client, "client", "", "only entries of the client of this `name`")
	fs.StringVar(&q.reason, "reason", "", "only entries that were refused for this `reason`")
	if q.command != "resend" {
		fs.StringVar(&format, "format", "text", "list: text or json")
		fs.IntVar(&q.limit, "limit", 0, "list: print only the newest `n` entries of each client, 0 for all")
	}
	if q.command != "list" {
		fs.BoolVar(&q.now, "now", false, "resend: give the entries the present time")
	}
	err := fs.Parse(args)
	q.json = format == "json"
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stderr, quarantineHelp)
		printOwn(fs, stderr)
		return nil, err
	case err != nil:
		return nil, explainFlag(err, fs)
	case q.command != "list" && q.command != "resend":
		return nil, fmt.Errorf("there are the commands list and resend, not %q; see collector quarantine -h", q.command)
	case fs.NArg() > 0:
		return nil, fmt.Errorf("%q is no flag; see collector quarantine -h", fs.Arg(0))
	case !opts.named():
		return nil, errors.New("no configuration: give -config.file=FILE, the one that the collector runs with")
	case q.command == "list" && format != "text" && !q.json:
		return nil, fmt.Errorf("-format=%s: it is text or json", format)
	case q.limit < 0:
		return nil, fmt.Errorf("-limit=%d: it is 0 or more", q.limit)
	}
	if q.cfg, err = opts.load(); err != nil {
		return nil, err
	}
	return q, q.choose(client)
}

// choose takes the clients that are asked for.
func (q *quarantineRun) choose(name string) error {
	var names []string
	for i := range q.cfg.Clients {
		c := &q.cfg.Clients[i]
		names = append(names, c.Name)
		if name == "" || name == c.Name {
			q.clients = append(q.clients, c)
		}
	}
	if len(q.clients) == 0 {
		return fmt.Errorf("-client=%s: there is no such client; there are %s", name, strings.Join(names, ", "))
	}
	return nil
}

// noteStrangers names files in the folder that belong to no client, as when a
// client was renamed.
func (q *quarantineRun) noteStrangers() {
	var known []string
	for i := range q.cfg.Clients {
		known = append(known, quarantine.Path(q.cfg.Positions.Filename, q.cfg.Clients[i].Name))
	}
	dir := quarantine.Dir(q.cfg.Positions.Filename)
	found, _ := os.ReadDir(dir) // where it cannot be read, load says so
	for _, f := range found {
		path := filepath.Join(dir, f.Name())
		if strings.HasSuffix(path, ".jsonl") && !slices.Contains(known, path) {
			fmt.Fprintf(q.stderr, "%s is of no client of %s; rename it to %s to make it this client's\n", path, q.cfg.File, known[0])
		}
	}
}

// file is the quarantine of a client.
func (q *quarantineRun) file(c *config.Client) *quarantine.File {
	return quarantine.Open(quarantine.Path(q.cfg.Positions.Filename, c.Name), quarantine.Options{})
}

// load returns the entries of f that are asked for, the oldest refusal first.
func (q *quarantineRun) load(f *quarantine.File) ([]quarantine.Entry, error) {
	var all []quarantine.Entry
	damaged, err := f.Read(func(e quarantine.Entry) error {
		if q.reason == "" || q.reason == e.Reason {
			all = append(all, e)
		}
		return nil
	})
	if damaged > 0 {
		fmt.Fprintf(q.stderr, "%s: %d damaged lines are passed over\n", f.Path(), damaged)
	}
	if errors.Is(err, os.ErrPermission) {
		err = fmt.Errorf("%w; run this as the collector's user, or as root", err)
	}
	return all, err
}
