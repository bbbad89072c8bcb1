// Command report shows the results of the fault cases as a table, or writes it
// into a document:
//
//	report FOLDER [DOCUMENT]
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tovtech/tovplay-logging/test/faults"
)

// The table stands between these lines of the document.
const (
	begin = "<!-- the table is written by make soak -->\n"
	end   = "<!-- end of the table -->\n"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 && len(args) != 2 {
		return errors.New("usage: report FOLDER [DOCUMENT]")
	}
	results, err := faults.Load(args[0])
	if err != nil {
		return err
	}
	if len(results) == 0 {
		return fmt.Errorf("no results in %s", args[0])
	}
	table := faults.Table(results)
	if len(args) == 1 {
		fmt.Print(table)
		return nil
	}
	text, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, found2 := strings.Cut(rest, end)
	if !found || !found2 {
		return fmt.Errorf("%s lacks the line %q or %q", args[1], begin, end)
	}
	table = fmt.Sprintf("\nMeasured on a machine with %d cores.\n\n%s\n", results[0].Cores, table)
	return os.WriteFile(args[1], []byte(before+begin+table+end+after), 0o644)
}
