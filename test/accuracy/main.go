// Command accuracy measures how well log lines are grouped by parameterisation
// alone and by the pattern tree, against Loghub's corrected ground truth:
// make accuracy LOGHUB=DIR.
//
//	go run ./test/accuracy DIR
//
// DIR has a folder NAME for each dataset with
// NAME_2k.log_structured_corrected.csv in it. The datasets are licensed for
// research and are not part of this project.
package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline/grouping/mask"
	"github.com/tovtech/tovplay-logging/pipeline/grouping/pattern"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: accuracy DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

const suffix = "_2k.log_structured_corrected.csv"

// run prints a row for each dataset below dir and the means as the last line.
func run(dir string, out io.Writer) error {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"+suffix))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no */*%s in %s", suffix, dir)
	}
	fmt.Fprintf(out, "%-12s %6s %7s   %-13s   %-13s\n", "dataset", "lines", "groups", "mask GA   FGA", "tree GA   FGA")
	var bare, tree score
	for _, file := range files {
		lines, err := read(file)
		if err != nil {
			return err
		}
		truth := column(lines, func(l line) string { return l.event })
		masked := measure(truth, column(lines, func(l line) string { return string(mask.Append(nil, []byte(l.message))) }))
		learned := measure(truth, patterns(lines))
		bare, tree = bare.plus(masked), tree.plus(learned)
		name := strings.TrimSuffix(filepath.Base(file), suffix)
		fmt.Fprintf(out, "%-12s %6d %7d      %.3f %.3f      %.3f %.3f\n", name, len(lines), distinct(truth), masked.ga, masked.fga, learned.ga, learned.fga)
	}
	n := float64(len(files))
	fmt.Fprintf(out, "bare parameterisation: mean GA %.3f FGA %.3f\n", bare.ga/n, bare.fga/n)
	fmt.Fprintf(out, "mean GA %.3f FGA %.3f\n", tree.ga/n, tree.fga/n)
	return nil
}

// line is a line of a dataset and the event it is of.
type line struct {
	message, event string
}

func read(file string) ([]line, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows := csv.NewReader(f)
	rows.LazyQuotes = true // messages have quotes of their own
	header, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header of %s: %w", file, err)
	}
	message, event := slices.Index(header, "Content"), slices.Index(header, "EventId")
	if message < 0 || event < 0 {
		return nil, fmt.Errorf("%s has no columns Content and EventId", file)
	}
	var lines []line
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		lines = append(lines, line{message: row[message], event: row[event]})
	}
}

func column(lines []line, of func(line) string) []string {
	values := make([]string, len(lines))
	for i, l := range lines {
		values[i] = of(l)
	}
	return values
}

// patterns returns the template of each line after all have been learned.
func patterns(lines []line) []string {
	tree := pattern.New(pattern.DefaultMaxClusters)
	for _, l := range lines {
		tree.Learn([]byte(l.message))
	}
	return column(lines, func(l line) string {
		template, _ := tree.Match([]byte(l.message))
		return template
	})
}

func distinct(values []string) int {
	seen := map[string]bool{}
	for _, v := range values {
		seen[v] = true
	}
	return len(seen)
}
