package loki

import (
	"strings"
	"testing"
)

// The index knows no lines: what a selection asks of them is left out.
func TestAnIndexIsAskedForStreamsAlone(t *testing.T) {
	t.Parallel()
	config := DefaultConfig()
	config.Selector = `job=~".+"`
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	got := c.indexSelector(Selection{
		Matches: []Match{{Label: "service", Any: []string{"a}b"}}}, Contains: []string{"x"}, Lacks: []string{"y"}, Lines: []LineFilter{{"|>", "<_> z"}},
	}, []string{"env"})
	const before, after = `{job=~".+", service="a}b", env=~".*", asked_at!="`, `"}`
	if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
		t.Errorf("got %s, want %s…%s", got, before, after)
	}
}
