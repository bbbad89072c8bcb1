package alerts_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/alerts.md")

// meaning is the first sentence of a runbook.
func meaning(t *testing.T, alert string) string {
	t.Helper()
	_, text, _ := strings.Cut(read(t, "../docs/runbooks/"+alert+".md"), "\n\n")
	text, _, _ = strings.Cut(text, "\n\n")
	text = strings.ReplaceAll(text, "\n", " ")
	if end := strings.Index(text, ". "); end >= 0 {
		text = text[:end+1]
	}
	return text
}

// table lists the alerts in the order of their files, one row for each name.
func table(t *testing.T) string {
	t.Helper()
	var names []string
	stages := map[string][]string{}
	for _, r := range alerts(t) {
		if !slices.Contains(names, r.Alert) {
			names = append(names, r.Alert)
		}
		stage := r.Labels["severity"]
		if r.For != "" {
			stage += " after " + r.For
		}
		if !slices.Contains(stages[r.Alert], stage) {
			stages[r.Alert] = append(stages[r.Alert], stage)
		}
	}
	var b strings.Builder
	b.WriteString("| alert | how bad, and after how long | what it means |\n|---|---|---|\n")
	for _, name := range names {
		fmt.Fprintf(&b, "| [%s](runbooks/%s.md) | %s | %s |\n", name, name, strings.Join(stages[name], ", "), meaning(t, name))
	}
	return b.String()
}

func TestDocsHaveEveryAlert(t *testing.T) {
	const path, mark = "../docs/alerts.md", "<!-- alerts -->\n"
	text := read(t, path)
	head, got, ok := strings.Cut(text, mark)
	if !ok {
		t.Fatalf("%s has no line %s", path, mark)
	}
	want := "\n" + table(t)
	if *update {
		if err := os.WriteFile(path, []byte(head+mark+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("the table of %s is not that of the rules: go test ./alerts -update writes it", path)
	}
}
