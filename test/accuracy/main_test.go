package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMeasureByTheStandardDefinitions(t *testing.T) {
	for _, tc := range []struct {
		name             string
		truth, predicted string // a letter for each line
		ga, fga          float64
	}{
		{"all right", "aabb", "xxyy", 1, 1},
		{"one group split", "aaab", "xxyz", 0.25, 2 * (1.0 / 3) * (1.0 / 2) / (1.0/3 + 1.0/2)},
		{"two groups are one", "aabbc", "xxxxy", 0.2, 2 * (1.0 / 2) * (1.0 / 3) / (1.0/2 + 1.0/3)},
		{"a line in the wrong group spoils both", "aabb", "xyyy", 0, 0},
		{"none", "", "", 0, 0},
	} {
		got := measure(strings.Split(tc.truth, "")[:len(tc.truth)], strings.Split(tc.predicted, "")[:len(tc.truth)])
		if d := got.ga - tc.ga; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s: GA %v, want %v", tc.name, got.ga, tc.ga)
		}
		if d := got.fga - tc.fga; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s: FGA %v, want %v", tc.name, got.fga, tc.fga)
		}
	}
}

func TestRowsAndTheMeanAsTheLastLine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, name+suffix), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("One", "LineId,Content,EventId,EventTemplate\n1,user 5 left,E1,x\n2,\"user 6 left\",E1,x\n3,\"say \"\"hi, you\"\"\",E2,y\n4,it\"s 5,E3,z\n")
	write("Two", "EventId,Content\nE1,up\nE1,down\n")
	var out strings.Builder
	if err := run(dir, &out); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(rows) != 5 || !strings.HasPrefix(rows[1], "One ") || !strings.HasPrefix(rows[2], "Two ") {
		t.Errorf("got\n%s", out.String())
	}
	if got, want := rows[len(rows)-1], "mean GA 0.500 FGA 0.500"; got != want {
		t.Errorf("the last line is %q, want %q", got, want)
	}
	if err := run(filepath.Join(dir, "none"), &out); err == nil {
		t.Error("no error for a folder without datasets")
	}
	write("Three", "LineId,Text\n1,x\n")
	if err := run(dir, &out); err == nil || !strings.Contains(err.Error(), "Content") {
		t.Errorf("a file without the columns: %v", err)
	}
}
