package loki

import "testing"

func TestTheSelectorOfAQueryEndsOutsideOfStrings(t *testing.T) {
	for query, want := range map[string]string{
		`{a="b"}`:                       `{a="b"}`,
		`{a="}"} |= "x"`:                `{a="}"}`,
		`{a="\"}"} | json`:              `{a="\"}"}`,
		"{a=~`}\\`, b=\"c\"} |= `}`":    "{a=~`}\\`, b=\"c\"}",
		`{a="b"`:                        `{a="b"`,
		`{a="b", c="d"} != "}" | e="}"`: `{a="b", c="d"}`,
	} {
		if got := StreamSelector(query); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}
