package stage

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

const criTime = "2026-11-22T10:00:00.00000000"

func TestCRI(t *testing.T) {
	runCases(t, []pipelineCase{
		{
			name:   "takes time, stream and content",
			stages: "- cri: {}",
			lines:  []string{criTime + "1Z stdout F  two  blanks ", criTime + "2+01:00 stderr F "},
			want: []entry{
				{`{stream="stdout"}`, criTime + "1Z", " two  blanks ", ""},
				{`{stream="stderr"}`, "2026-11-22T09:00:00.000000002Z", "", ""},
			},
		},
		{
			name:   "parts of two streams interleave; an entry has its first part's time",
			stages: "- cri: {}",
			lines: []string{
				criTime + "1Z stdout P out1 ", criTime + "2Z stderr P err1 ", criTime + "3Z stdout P out2 ",
				criTime + "4Z stderr F err2", criTime + "5Z stdout F out3", criTime + "6Z stdout F next",
			},
			want: []entry{
				{`{stream="stderr"}`, criTime + "2Z", "err1 err2", ""},
				{`{stream="stdout"}`, criTime + "1Z", "out1 out2 out3", ""},
				{`{stream="stdout"}`, criTime + "6Z", "next", ""},
			},
		},
		{
			name:   "what has another form passes as it is",
			stages: "- cri: {}",
			failed: slices.Repeat([]string{"scrape_configs[0].pipeline_stages[0].cri: cri_line: "}, 5),
			lines:  []string{"no", criTime + "1Z stdin F x", criTime + "1Z stdout", criTime + "1Z\t stdout F x", ""},
			want: []entry{
				{"{}", "now", "no", ""}, {"{}", "now+1", criTime + "1Z stdin F x", ""},
				{"{}", "now+2", criTime + "1Z stdout", ""}, {"{}", "now+3", criTime + "1Z\t stdout F x", ""},
				{"{}", "now+4", "", ""},
			},
		},
		{
			name:   "a long line is cut off where the configuration says so",
			stages: "- cri: {max_partial_line_size: 5, max_partial_line_size_truncate: true}",
			lines: []string{
				criTime + "1Z stdout P abc", criTime + "2Z stdout P def", criTime + "3Z stdout F ghi",
				criTime + "4Z stdout P 1234567", criTime + "5Z stdout F 8", criTime + "6Z stdout F a whole line is not cut",
			},
			want: []entry{
				{"-", criTime + "1Z", "abcde", ""}, {"-", criTime + "4Z", "12345", ""},
				{"-", criTime + "6Z", "a whole line is not cut", ""},
			},
		},
		{
			name:   "a limit of 0 cuts nothing",
			stages: "- cri: {max_partial_line_size_truncate: true}",
			lines:  []string{criTime + "1Z stdout P abc", criTime + "3Z stdout F def"},
			want:   []entry{{"-", criTime + "1Z", "abcdef", ""}},
		},
		{
			name:   "when parts of max_partial_lines label sets wait, one more sends them on",
			stages: "- cri: {max_partial_lines: 2}",
			lines: []string{
				criTime + "1Z stdout P a", criTime + "2Z stderr P b", criTime + "3Z stdout P c", criTime + "4Z stdout F d",
			},
			want: []entry{
				{`{stream="stdout"}`, criTime + "1Z", "a", ""}, {`{stream="stderr"}`, criTime + "2Z", "b", ""},
				{`{stream="stdout"}`, criTime + "3Z", "cd", ""},
			},
		},
	})
}

// promtailCRI is the expression of promtail's cri stage.
var promtailCRI = regexp.MustCompile(`^(?s)(?P<time>\S+?) (?P<stream>stdout|stderr) (?P<flags>\S+?) (?P<content>.*)$`)

func FuzzCRI(f *testing.F) {
	for _, line := range []string{criTime + "1Z stdout F x", "a stderr P ", "a  stdout F x", " stdout F x", "a stdout  x", "a\t stdout F x", "\xff stdout \xff \n\xff"} {
		f.Add(line)
	}
	p := compile(f, "- cri: {}")
	f.Fuzz(func(t *testing.T, line string) {
		r := &record{line: []byte(line), slots: make([]value, len(p.names))}
		p.steps[0].(*cri).run(&Feed{}, r)
		got := []string{}
		for i, name := range p.names {
			if name != "stream" || r.slots[i].state == present {
				got = append(got, name+"="+string(r.slots[i].text))
			}
		}
		m := promtailCRI.FindStringSubmatch(line)
		if m == nil {
			if strings.Join(got, " ") != "flags= time= content=" {
				t.Errorf("%q: got %q, want nothing", line, got)
			}
			return
		}
		want := []string{"flags=" + m[3], "time=" + m[1], "stream=" + m[2], "content=" + m[4]}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	})
}
