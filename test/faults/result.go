package faults

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Result is what a case came to: a row of the table.
type Result struct {
	Order        int            `json:"order"` // in the table
	Case         string         `json:"case"`
	Size         string         `json:"size"` // CI or soak
	NotRun       string         `json:"not_run,omitempty"`
	Written      int            `json:"written"`
	Delivered    int            `json:"delivered"` // each record counted once
	Quarantined  int            `json:"quarantined"`
	Reasons      map[string]int `json:"reasons,omitempty"` // of the quarantined
	Doubled      *int           `json:"doubled"`           // as log queries show it, nil for a sink
	CountedTwice int            `json:"counted_twice"`     // by count_over_time, or received again by a sink
	Damaged      int            `json:"damaged"`           // entries that nobody wrote like this
	Memory       int64          `json:"memory"`            // the highest, in bytes
	Seconds      float64        `json:"seconds"`
	Rate         float64        `json:"rate"` // records a second that the writers reached together
	Cores        int            `json:"cores"`
	Failed       bool           `json:"failed"`
}

// Lost is how many records were neither delivered nor quarantined.
func (r Result) Lost() int { return r.Written - r.Delivered - r.Quarantined }

// Save writes the result into a folder, one file for each case and size.
func (r Result) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("save the result of %q: %w", r.Case, err)
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("save the result of %q: %w", r.Case, err)
	}
	name := fmt.Sprintf("%02d-%s-%s.json", r.Order, r.Size, slug(r.Case))
	return os.WriteFile(filepath.Join(dir, name), append(text, '\n'), 0o644)
}

// slug is a case's name as a file's.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	return strings.Join(words, "-")
}

// Load reads every result in a folder, in the order of the table.
func Load(dir string) ([]Result, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Result
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read results: %w", err)
		}
		var r Result
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("read results %s: %w", path, err)
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b Result) int {
		return cmp.Or(a.Order-b.Order, strings.Compare(a.Size, b.Size))
	})
	return all, nil
}

// Table renders results as a table in Markdown.
func Table(results []Result) string {
	var b strings.Builder
	b.WriteString("| case | size | written | delivered | quarantined | lost | doubled | counted twice | memory, MiB | seconds | lines/s |\n")
	b.WriteString("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range results {
		b.WriteString(r.row())
	}
	return b.String()
}

func (r Result) row() string {
	name := r.Case
	switch {
	case r.NotRun != "":
		return fmt.Sprintf("| %s: **not run**, %s | %s | | | | | | | | | |\n", name, r.NotRun, r.Size)
	case r.Failed:
		name += " (**fails**)"
	}
	doubled := "–"
	if r.Doubled != nil {
		doubled = thousands(*r.Doubled)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s | %d | %.0f | %s |\n", name, r.Size,
		thousands(r.Written), thousands(r.Delivered), r.quarantined(), thousands(r.Lost()), doubled,
		thousands(r.CountedTwice), r.Memory>>20, r.Seconds, thousands(int(r.Rate)))
}

// quarantined is the number with its reasons.
func (r Result) quarantined() string {
	if len(r.Reasons) == 0 {
		return thousands(r.Quarantined)
	}
	var reasons []string
	for reason, n := range r.Reasons {
		reasons = append(reasons, fmt.Sprintf("%s %s", thousands(n), reason))
	}
	slices.Sort(reasons)
	return thousands(r.Quarantined) + ": " + strings.Join(reasons, ", ")
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 0 {
		return "−" + thousands(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}
