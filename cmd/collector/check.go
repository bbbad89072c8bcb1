package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/discover"
)

const checkHelp = `Says what is wrong with a configuration, what of it has no effect, which keys of
our own would make it better, and what cannot be read on this machine. Stages are
compiled, certificates and databases are opened; nothing is started or written.

usage:
  collector check -config.file=FILE [flags]

All flags of the collector are taken into account; see collector -h. Unknown keys
inside stages are errors here: promtail ignores them, and the collector warns.

exit status: 0 it can be used, 1 it cannot, 2 a wrong command line.
`

// checkCommand is `collector check`. It returns the exit status.
func checkCommand(args []string, stdout, stderr io.Writer) int {
	opts, err := parseFlags(args, io.Discard)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, checkHelp)
		return 0
	case err == nil && len(opts.strayed) > 0:
		err = fmt.Errorf("%q is no flag; see collector check -h", opts.strayed[0])
	}
	if err != nil {
		fmt.Fprintf(stderr, "collector check: %v\n", err)
		return 2
	}
	opts.strict = true
	cfg, err := opts.load()
	var c *collector
	if err == nil {
		c, err = newCollector(cfg, slog.New(slog.DiscardHandler), trial{})
	}
	if err != nil {
		problems := strings.Split(err.Error(), "\n")
		fmt.Fprintf(stdout, "It cannot be used:\n\n")
		writeList(stdout, problems)
		return 1
	}
	fmt.Fprintf(stdout, "%s can be used: %s, %s.\n", cfg.File, plural(len(cfg.Clients), "client", "clients"), plural(len(cfg.ScrapeConfigs), "job", "jobs"))
	report := checkReport{stdout}
	report.warnings(cfg.Warnings)
	report.advice(advise(cfg))
	c.manager.engines.look()
	report.machine(c.manager.find.Sync())
	return 0
}

// checkReport writes the parts of what the command says. A part without content
// is left out.
type checkReport struct{ io.Writer }

func (r checkReport) warnings(all []config.Warning) {
	if len(all) == 0 {
		return
	}
	fmt.Fprint(r, "\nWarnings\n")
	var lines []string
	for _, w := range all {
		lines = append(lines, w.String())
	}
	writeList(r, lines)
}

func (r checkReport) advice(all []advice) {
	if len(all) == 0 {
		return
	}
	fmt.Fprint(r, "\nWhat would make it better\n")
	for _, a := range all {
		where := ""
		if len(a.jobs) > 0 {
			where = "  (" + plural(len(a.jobs), "job", "jobs") + ": " + strings.Join(a.jobs, ", ") + ")"
		}
		fmt.Fprintf(r, "  %s%s\n", a.write, where)
		for line := range wrapped(a.why, 90) {
			fmt.Fprintf(r, "      %s\n", line)
		}
	}
}

// maxShown is how many problems of the machine are printed.
const maxShown = 20

func (r checkReport) machine(targets []discover.Target, problems []discover.Problem) {
	fmt.Fprintf(r, "\nOn this machine it reads %s.\n", plural(len(targets), "source", "sources"))
	shown := 0
	for _, p := range problems {
		if p.State != discover.Unreadable && p.State != discover.NoMatch {
			continue
		}
		if shown++; shown > maxShown {
			continue
		}
		fmt.Fprintf(r, "  %s: %s: %s\n", p.Job, p.Path, p.Reason)
		if p.Remedy != "" {
			fmt.Fprintf(r, "      %s\n", p.Remedy)
		}
	}
	if shown > maxShown {
		fmt.Fprintf(r, "  and %d more\n", shown-maxShown)
	}
}

func writeList(w io.Writer, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(w, "  %s\n", line)
	}
}

// wrapped yields text in lines of at most width bytes, unless a word is longer.
func wrapped(text string, width int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		line := ""
		for word := range strings.FieldsSeq(text) {
			if line != "" && len(line)+1+len(word) > width {
				if !yield(line) {
					return
				}
				line = ""
			}
			line = strings.TrimSpace(line + " " + word)
		}
		if line != "" {
			yield(line)
		}
	}
}
