package loki

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestReadsHaveTheirWindowsAndOffsets(t *testing.T) {
	for query, want := range map[string][]Read{
		`rate({a="b"}[5m])`:                             {{`{a="b"}`, 5 * time.Minute, 0}},
		`rate({a="[1d]"} |= "{} [7d]" [1m])`:            {{`{a="[1d]"}`, time.Minute, 0}},
		`rate({a="b"}[1h] offset 1w)/rate({c="d"}[1h])`: {{`{a="b"}`, time.Hour, 7 * 24 * time.Hour}, {`{c="d"}`, time.Hour, 0}},
		`rate({a="b"}[1h] offset -90s)`:                 {{`{a="b"}`, time.Hour, -90 * time.Second}},
		`rate({a="b"}[9999999999y])`:                    {{`{a="b"}`, 0, 0}},
		`vector(1)`:                                     nil,
	} {
		if got := Reads(query); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
}

func FuzzReads(f *testing.F) {
	f.Add(`sum(rate({a="b"} |= "x" [5m] offset 1d)) / 2`)
	f.Add("[`{\"")
	f.Fuzz(func(t *testing.T, query string) {
		for _, read := range Reads(query) {
			if !strings.HasPrefix(read.Selector, "{") || !strings.Contains(query, read.Selector) {
				t.Errorf("%q: the selector %q is not in it", query, read.Selector)
			}
		}
	})
}
