package stage

import (
	"slices"
	"strings"
	"testing"
)

func TestTenant(t *testing.T) {
	for _, c := range []struct {
		name, stages, line, tenant, labels string
		failed                             []string
	}{
		{"fixed", "- tenant: {value: team-a}", "x", "team-a", `{job="j"}`, nil},
		{"of a label", "- tenant: {label: job}", "x", "j", `{job="j"}`, nil},
		{"of a label as stages left it", words + "- labels: {a: }\n- tenant: {label: a}", "x", "x", `{a="x", job="j"}`, nil},
		{"of a value", words + "- tenant: {source: a}", "x", "x", `{job="j"}`, nil},
		{"a value that is empty or missing changes nothing", "- tenant: {value: t}\n" + words + "- tenant: {source: a}\n- tenant: {source: gone}\n- tenant: {label: gone}", "", "t", `{job="j"}`, nil},
		{"the last one counts", "- tenant: {value: t}\n- tenant: {value: u}", "x", "u", `{job="j"}`, nil},
		{"dropped again", "- tenant: {value: t}\n- labelallow: [job]", "x", "", `{job="j"}`, nil},
		{"by the labels stage", words + "- labels: {__tenant_id__: a}", "x", "x", `{job="j"}`, nil},
		{"one that Loki does not take", words + "- tenant: {source: a}", "a|b", "", `{job="j"}`, []string{`"a|b" is no tenant that Loki takes`}},
		{"a header in it", "- regex: {expression: '(?P<a>(?s).+)'}\n- tenant: {source: a}", "a\r\nX: y", "", `{job="j"}`, []string{"__tenant_id__: tenant: "}},
		{"too long a one", words + "- tenant: {source: a}", strings.Repeat("x", 151), "", `{job="j"}`, []string{"xxx"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, compile(t, c.stages), "job", "j")
			r.push(c.line)
			if s := r.batches[0].Stream; s.Tenant != c.tenant || s.Text != c.labels {
				t.Errorf("tenant %q of %s, want %q of %s", s.Tenant, s.Text, c.tenant, c.labels)
			}
			r.wantFailed(c.failed)
			r.wantSettled()
		})
	}
}

func TestSampling(t *testing.T) {
	lines := make([]string, 5000)
	for i := range lines {
		lines[i] = "the same line"
	}
	for rate, want := range map[string]int{"0": 0, "0.1": 500, "0.5": 2500, "1": 5000} {
		r := newRig(t, compile(t, "- sampling: {rate: "+rate+", drop_counter_reason: why}"))
		r.push(lines...)
		if got := len(r.entries); got < want*85/100 || got > want*115/100 {
			t.Errorf("rate %s: %d entries, want about %d", rate, got, want)
		}
		if got := len(r.dropped) + len(r.entries); got != len(lines) {
			t.Errorf("rate %s: %d entries are neither sent nor counted", rate, len(lines)-got)
		}
		r.wantSettled()
	}
}

// Which lines pass is not the same in another file, nor in the next generation
// of a file, whose lines begin at the same offsets.
func TestSamplingTellsSourcesAndGenerationsApart(t *testing.T) {
	p := compile(t, "- sampling: {rate: 0.5}")
	sampled := func(key, line string) []int64 {
		r := newRig(t, p)
		r.feed.source = p.NewFeed(FeedOptions{Key: key}).source
		var passed []int64
		for range 100 {
			before := len(r.entries)
			at := r.offset
			r.push(line)
			if len(r.entries) > before {
				passed = append(passed, at)
			}
		}
		return passed
	}
	first := sampled("/a", "x")
	if !slices.Equal(first, sampled("/a", "x")) {
		t.Error("the same lines of a file are decided differently")
	}
	if slices.Equal(first, sampled("/b", "x")) || slices.Equal(first, sampled("/a", "y")) {
		t.Error("other lines at the same offsets are all decided the same")
	}
}

func TestDecolorize(t *testing.T) {
	runCases(t, []pipelineCase{{
		name: "sequences are removed, the rest is left", stages: "- decolorize:",
		lines: []string{"\x1b[1;32mINFO\x1b[0m x", "plain [0m", "\u009b31mred\u009bm", "\x1b]0;title\atext", "\x1b", "é\x1b[K\xff", "\x1b[38;5;196mx\x1b[m"},
		want: []entry{
			{"-", "-", "INFO x", ""}, {"-", "-", "plain [0m", ""}, {"-", "-", "red", ""}, {"-", "-", "text", ""},
			{"-", "-", "\x1b", ""}, {"-", "-", "é\xff", ""}, {"-", "-", "x", ""},
		},
	}})
}
