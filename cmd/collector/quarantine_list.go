package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/tovtech/tovplay-logging/pipeline/quarantine"
)

// lineShown is how many characters of a line the text form shows.
const lineShown = 100

// list prints the entries of each client and, as text, a summary.
func (q *quarantineRun) list() error {
	out := tabwriter.NewWriter(q.stdout, 0, 0, 2, ' ', 0)
	var sums []sum
	for _, c := range q.clients {
		entries, err := q.load(q.file(c))
		if err != nil {
			return err
		}
		sums = append(sums, summarise(c.Name, entries)...)
		if q.limit > 0 {
			entries = entries[max(0, len(entries)-q.limit):]
		}
		if q.json {
			err = q.printJSON(entries)
		} else {
			printEntries(out, entries)
		}
		if err != nil {
			return err
		}
	}
	if q.json {
		return nil
	}
	printSums(out, sums)
	return out.Flush()
}

func (q *quarantineRun) printJSON(entries []quarantine.Entry) error {
	var text bytes.Buffer
	for i := range entries {
		line, err := entries[i].JSON()
		if err != nil {
			return err
		}
		text.Write(line)
		text.WriteByte('\n')
	}
	_, err := text.WriteTo(q.stdout)
	return err
}

func printEntries(out *tabwriter.Writer, entries []quarantine.Entry) {
	if len(entries) == 0 {
		return
	}
	fmt.Fprintln(out, "TIME\tREASON\tSTREAM\tLINE")
	for _, e := range entries {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", stamp(time.Unix(0, e.Time)), printable(e.Reason), printable(e.Stream), beginning(e.Line))
	}
	fmt.Fprintln(out)
}

// sum is how many entries of a client were refused for a reason.
type sum struct {
	client, reason string
	entries, bytes int
	first, last    time.Time // refused
}

// summarise returns a sum for each reason, the largest first.
func summarise(client string, entries []quarantine.Entry) []sum {
	byReason := map[string]*sum{}
	for _, e := range entries {
		s := byReason[e.Reason]
		if s == nil {
			s = &sum{client: client, reason: e.Reason, first: e.Refused}
			byReason[e.Reason] = s
		}
		s.entries++
		s.bytes += len(e.Line)
		s.last = e.Refused
	}
	var all []sum
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		all = append(all, *byReason[reason])
	}
	slices.SortStableFunc(all, func(a, b sum) int { return cmp.Compare(b.entries, a.entries) })
	return all
}

func printSums(out *tabwriter.Writer, sums []sum) {
	if len(sums) == 0 {
		fmt.Fprintln(out, "nothing is in quarantine")
		return
	}
	fmt.Fprintln(out, "CLIENT\tREASON\tENTRIES\tBYTES OF LINES\tFIRST REFUSED\tLAST REFUSED")
	for _, s := range sums {
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%s\t%s\n", s.client, printable(s.reason), s.entries, s.bytes, stamp(s.first), stamp(s.last))
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// beginning is the first part of a line.
func beginning(line string) string {
	n := 0
	for i := range line {
		if n == lineShown {
			return printable(line[:i]) + "…"
		}
		n++
	}
	return printable(line)
}

// printable is text that does nothing to a terminal or a table.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, text)
}
