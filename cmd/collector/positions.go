package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/position"
	"github.com/tovtech/tovplay-logging/pipeline/source/docker"
	"github.com/tovtech/tovplay-logging/pipeline/source/file"
)

const positionsHelp = `A return to promtail: writes what Loki has confirmed in the format of promtail's
positions.yaml. Stop the collector first: what it ships later, promtail would ship
again.

usage:
  collector positions export -config.file=FILE [-out FILE]

Without -out it is printed. What promtail cannot go on with is named: the rest of
a rotated file, and a file that is not the one that was read; promtail reads the
latter from its beginning.

The flags that the collector runs with have to be given too; see collector -h.

exit status: 0 written, 1 not, 2 a wrong command line or configuration.

flags:
`

// positionsCommand is `collector positions …`. It returns the exit status.
func positionsCommand(args []string, stdout, stderr io.Writer) int {
	cfg, out, err := parsePositions(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "collector positions: %v\n", err)
		return 2
	}
	if err := exportPositions(cfg, out, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "collector positions export: %v\n", err)
		return 1
	}
	return 0
}

func parsePositions(args []string, stderr io.Writer) (cfg *config.Config, out string, err error) {
	command := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	var opts options
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // what Parse prints, its error says too
	opts.register(fs)
	fs.StringVar(&out, "out", "", "the `file` to write; it may be positions.filename")
	err = fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stderr, positionsHelp)
		printOwn(fs, stderr)
		return nil, "", err
	case err != nil:
		return nil, "", explainFlag(err, fs)
	case command != "export":
		return nil, "", fmt.Errorf("there is the command export, not %q; see collector positions -h", command)
	case fs.NArg() > 0:
		return nil, "", fmt.Errorf("%q is no flag; see collector positions -h", fs.Arg(0))
	case !opts.named():
		return nil, "", errors.New("no configuration: give -config.file=FILE, the one that the collector runs with")
	}
	cfg, err = opts.load()
	return cfg, out, err
}

func exportPositions(cfg *config.Config, out string, stdout, stderr io.Writer) error {
	store := position.Open(cfg.Positions.Filename)
	state, err := store.Load()
	if err != nil {
		return err
	}
	if store.IsNew() {
		return fmt.Errorf("%s is not there: the collector has saved nothing yet", store.Path())
	}
	e := exporter{cfg: cfg, to: position.Promtail{}, stderr: stderr}
	for key, places := range state.Sources {
		e.add(key, places)
	}
	text, err := e.to.Text()
	if err != nil {
		return err
	}
	if out == "" {
		_, err = stdout.Write(text)
		return err
	}
	return replaceFile(out, text)
}

// replaceFile writes a file that is the old or the new one at any instant.
func replaceFile(path string, text []byte) error {
	spare := path + ".new"
	if err := os.WriteFile(spare, text, 0o600); err != nil {
		return err
	}
	return os.Rename(spare, path)
}

// exporter makes promtail's positions of saved places.
type exporter struct {
	cfg    *config.Config
	to     position.Promtail
	stderr io.Writer
}

// add adds the places of a target; key is its key, which begins with its job.
func (e *exporter) add(key string, places []pipeline.Place) {
	for i := range e.cfg.ScrapeConfigs {
		job := &e.cfg.ScrapeConfigs[i]
		name, ok := strings.CutPrefix(key, job.JobName+" ")
		switch {
		case !ok || len(places) == 0:
		case job.Journal != nil && name == "journal":
			e.to["cursor-"+job.JobName] = places[0].Cursor
			return
		case len(job.DockerSDConfigs) > 0 && isContainer(name):
			e.addCursor(name, places[0])
			return
		case job.DockerFiles != nil && isContainer(name):
			e.addContainer(name, places)
			return
		case strings.HasPrefix(name, "/"):
			e.addFile(secondKey.ReplaceAllString(name, ""), places)
			return
		}
	}
	fmt.Fprintf(e.stderr, "%s: of no job of %s, left out\n", key, e.cfg.File)
}

// secondKey is what tells two targets of one file apart.
var secondKey = regexp.MustCompile(` #[0-9]+$`)

func isContainer(name string) bool {
	return len(name) >= 12 && strings.Trim(name, "0123456789abcdef") == ""
}

// addFile adds the offset in the file that has the name. Of several targets of
// one file the lowest counts.
func (e *exporter) addFile(path string, places []pipeline.Place) {
	last := places[len(places)-1]
	if last.Packed != "" {
		e.addPacked(path, last)
		return
	}
	for _, p := range places[:len(places)-1] {
		if p.Size > p.Offset {
			fmt.Fprintf(e.stderr, "%s: promtail will not read the last %d bytes of a rotated file of it\n", path, p.Size-p.Offset)
		}
	}
	if last.Path != path || !file.IsAt(last) {
		fmt.Fprintf(e.stderr, "%s: not the file that was read, left out\n", path)
		return
	}
	e.addNumber(path, last.Offset)
}

// addPacked adds the number of lines that were read of a compressed file, which is
// promtail's position in it.
func (e *exporter) addPacked(path string, p pipeline.Place) {
	lines, ok := file.PackedLines(p)
	if p.Path != path || !ok {
		fmt.Fprintf(e.stderr, "%s: not the file that was read, left out\n", path)
		return
	}
	e.addNumber(path, lines)
}

// addNumber adds a position; of several of one file the lowest counts.
func (e *exporter) addNumber(path string, position int64) {
	if before, err := strconv.ParseInt(e.to[path], 10, 64); err == nil && before <= position {
		return
	}
	e.to[path] = strconv.FormatInt(position, 10)
}

// addContainer adds the log as a file, and the second of the last record before
// the position as Docker's cursor. Promtail repeats that second.
func (e *exporter) addContainer(id string, places []pipeline.Place) {
	last := places[len(places)-1]
	e.addFile(last.Path, places)
	e.addCursor(id, places[0])
}

// addCursor adds the second of the last record before the position as Docker's
// cursor.
func (e *exporter) addCursor(id string, first pipeline.Place) {
	second, ok := lastSecond(first)
	if at, err := docker.ParseCursor(first.Cursor); err == nil {
		second, ok = time.Unix(0, at.Time).Unix(), true
	}
	if ok {
		e.to["cursor-"+id] = strconv.FormatInt(second, 10)
	}
}

// lastSecond is the unix second of the last record before a place.
func lastSecond(p pipeline.Place) (second int64, ok bool) {
	if !file.IsAt(p) {
		return 0, false
	}
	f, err := os.Open(p.Path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	buf := make([]byte, min(p.Offset, maxRecord))
	if _, err := f.ReadAt(buf, p.Offset-int64(len(buf))); err != nil {
		return 0, false
	}
	line := bytes.TrimSuffix(buf, []byte("\n"))
	t, ok := recordTime(line[bytes.LastIndexByte(line, '\n')+1:])
	return t.Unix(), ok
}
