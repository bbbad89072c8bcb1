package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/stage"
)

// inspection prints what stages do to entries, an entry in one piece:
//
//	▶ {"log":"hello\n","stream":"stdout"}                        /var/log/app.log
//	  1 docker
//	    ~ line       {"log":"hello\n","stream":"stdout"} → "hello\n"
//	    + label      stream = stdout
//	  2 regex        –
//	  3 drop         ✗ dropped: drop_stage
type inspection struct {
	w      io.Writer
	colour colours
	sent   bool // entries that are through are printed too
	mu     sync.Mutex
}

// of returns what prints the events of one source.
func (i *inspection) of(source string) func(stage.Inspection) {
	return func(in stage.Inspection) {
		i.mu.Lock()
		defer i.mu.Unlock()
		io.WriteString(i.w, i.text(source, in))
	}
}

func (i *inspection) text(source string, in stage.Inspection) string {
	c := i.colour
	switch in.Event {
	case stage.Read:
		return fmt.Sprintf("%s %s  %s\n", c.bold("▶"), c.bold(shown(in.Line)), c.faint(source))
	case stage.Sent:
		if !i.sent {
			return ""
		}
		return fmt.Sprintf("  %s %s %s %s\n", c.green("→"), c.blue(timeShown(in.Time)), c.yellow(pipeline.LabelText(in.Labels)), shown(in.Line))
	}
	var b strings.Builder
	indent := strings.Repeat("  ", in.Depth+1)
	fmt.Fprintf(&b, "%s%-16s ", indent, name(in))
	switch {
	case in.Event == stage.Entered:
		b.WriteString(c.green("matches"))
	case in.Event == stage.Held:
		b.WriteString(c.faint("⋯ kept to be joined with other lines"))
	case in.Event == stage.Joined:
		fmt.Fprintf(&b, "%s %s", c.green("▶ joined, goes on:"), c.bold(shown(in.Line)))
	case in.Event == stage.Dropped:
		b.WriteString(c.red("✗ dropped: " + in.Reason))
	case in.Failed != "":
		b.WriteString(c.red("! fails: " + in.Failed))
	case len(in.Changes) > 0:
	case in.Stage == "match":
		b.WriteString(c.faint("– does not match"))
	default:
		b.WriteString(c.faint("–"))
	}
	head := strings.TrimRight(b.String(), " ") + "\n"
	b.Reset()
	b.WriteString(head)
	for _, change := range in.Changes {
		fmt.Fprintf(&b, "%s  %s\n", indent, i.change(change))
	}
	return b.String()
}

// name is a stage's number and name.
func name(in stage.Inspection) string {
	if in.Stage == "" {
		return "relabel"
	}
	return stageNumber(in.Path) + " " + in.Stage
}

var stageIndex = regexp.MustCompile(`stages\[(\d+)\]`)

// stageNumber is the place of a stage among its siblings, counted from 1, behind
// those of the stages around it: 3.1 for pipeline_stages[2].match.stages[0].
func stageNumber(path string) string {
	var numbers []string
	for _, m := range stageIndex.FindAllStringSubmatch(path, -1) {
		n, _ := strconv.Atoi(m[1])
		numbers = append(numbers, strconv.Itoa(n+1))
	}
	return strings.Join(numbers, ".")
}

func (i *inspection) change(ch stage.Change) string {
	c := i.colour
	name := ch.Name
	if name != "" {
		name += " = "
	}
	what := fmt.Sprintf("%-10s", ch.What)
	switch {
	case ch.Before == nil:
		return fmt.Sprintf("%s %s %s%s", c.green("+"), what, name, c.green(shown(*ch.After)))
	case ch.After == nil:
		return fmt.Sprintf("%s %s %s%s", c.red("-"), what, name, c.red(shown(*ch.Before)))
	}
	return fmt.Sprintf("%s %s %s%s → %s", c.yellow("~"), what, name, c.red(shown(*ch.Before)), c.green(shown(*ch.After)))
}

func timeShown(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

// mostShown is how many bytes of a text are shown.
const mostShown = 400

// shown is a text in one line: as it is if that can be read, else quoted. The end
// of a long one is left out.
func shown(text string) string {
	rest := ""
	if len(text) > mostShown {
		end := mostShown
		for end > mostShown-utf8.UTFMax && !utf8.RuneStart(text[end]) {
			end--
		}
		rest = fmt.Sprintf("… (%d bytes)", len(text))
		text = text[:end]
	}
	plain := text != "" && utf8.ValidString(text) && strings.TrimSpace(text) == text &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
	if !plain {
		text = strconv.Quote(text)
	}
	return text + rest
}
