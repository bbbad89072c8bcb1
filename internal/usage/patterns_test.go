package usage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/stage"
)

func TestPointsPartTheBytesEvenly(t *testing.T) {
	t.Parallel()
	start := now.Truncate(time.Hour).Add(-3 * time.Hour)
	hours := []hour{{start: start, bytes: 100}, {start: start.Add(time.Hour), bytes: 700}, {start: start.Add(3 * time.Hour), bytes: 200}}
	inHour := map[int]int{}
	points := pointsOf(hours, 10, now)
	for i, p := range points {
		inHour[int(p.end.Sub(start)/time.Hour)]++
		if i > 0 && p.start.Before(points[i-1].end) {
			t.Errorf("point %d begins at %s, before the one before it ends", i, p.start)
		}
		if p.end.After(now) || !p.start.Before(p.end) {
			t.Errorf("point %d is from %s to %s, now is %s", i, p.start, p.end, now)
		}
	}
	if inHour[0] != 1 || inHour[1] != 7 || inHour[2] != 0 || inHour[3] != 2 {
		t.Errorf("points by hour: %v, want 1, 7, 0 and 2", inHour)
	}
	if got := pointsOf(nil, 10, now); len(got) != 0 {
		t.Errorf("without a byte: %v", got)
	}
}

func TestPatternsWithMostBytesAreFirst(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"service": "backend", "level": "info"}
	var lines []loki.Entry
	for i := range 20 {
		lines = append(lines, loki.Entry{Line: fmt.Sprintf("tick %d of the clock", i), Labels: labels})
	}
	for i := range 5 {
		lines = append(lines, loki.Entry{Line: fmt.Sprintf("game %d was saved %s", i, strings.Repeat("and so on ", 50)), Labels: labels})
	}
	got, err := summarise(t.Context(), [][]loki.Entry{lines[:10], nil, lines[10:]}, true)
	if err != nil {
		t.Fatal(err)
	}
	if got.Points != 2 || got.Lines != 25 || len(got.Patterns) != 2 {
		t.Fatalf("got %d points, %d lines, %d patterns", got.Points, got.Lines, len(got.Patterns))
	}
	first := got.Patterns[0]
	if first.Count != 5 || first.Service != "backend" || first.Level != "info" || !strings.HasPrefix(first.Template, "game") {
		t.Errorf("the first is %+v", first)
	}
	sum := 0
	for _, p := range got.Patterns {
		sum += p.Pattern.Bytes
	}
	if sum != got.Bytes {
		t.Errorf("the patterns have %d bytes, the sample %d", sum, got.Bytes)
	}
}

// passing returns which of the lines come through a snippet, pasted into the
// pipeline_stages of a job of the service.
func passing(t *testing.T, snippet, service, level string, lines []string) []string {
	t.Helper()
	text := "clients: [{url: 'http://192.0.2.1/loki/api/v1/push'}]\nscrape_configs:\n- job_name: test\n" +
		"  static_configs: [{labels: {__path__: /var/log/x}}]\n  pipeline_stages:\n" +
		"  " + strings.ReplaceAll(strings.TrimSpace(snippet), "\n", "\n  ") + "\n"
	cfg, err := config.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatalf("the collector does not take\n%s\n%v", snippet, err)
	}
	program, err := stage.Compile(cfg.ScrapeConfigs[0].PipelineStages, stage.NewMetrics(time.Now))
	if err != nil {
		t.Fatalf("the collector does not take\n%s\n%v", snippet, err)
	}
	var passed []string
	ledger := pipeline.NewLedger(0)
	feed := program.NewFeed(stage.FeedOptions{
		Streams: pipeline.NewStreams(), Labels: []pipeline.Label{{Name: "level", Value: level}, {Name: "service", Value: service}},
		Dropped: func(reason string, _ int) {
			if reason != dropReason {
				t.Errorf("a line is dropped for %q, want %q", reason, dropReason)
			}
		},
		Failed: func(place, reason string, err error) { t.Errorf("%s: %s: %v", place, reason, err) },
	})
	limits := pipeline.Limits{BatchBytes: pipeline.MaxBatchBytes, BatchWait: time.Second, LineBytes: 1 << 20}
	out := pipeline.NewOutbox(limits, pipeline.NewBudget(1<<30), 1, func(b *pipeline.Batch) {
		for i := range b.Len() {
			passed = append(passed, string(b.Line(i)))
		}
		b.Done()
	})
	offset := int64(0)
	for _, line := range lines {
		end := offset + int64(len(line)) + 1
		ledger.Read(end)
		feed.Push(&pipeline.Line{Text: []byte(line), Ledger: ledger, Range: pipeline.Range{Start: offset, End: end}}, now, out)
		offset = end
		out.Flush()
	}
	return passed
}

func TestSnippetsDoInTheCollectorWhatTheySay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ template, example string }{
		"plain":    {"GET /health took <num> ms", "GET /health took 12 ms"},
		"JSON":     {"game <num> was saved", `{"message":"game 7 was saved","level":"info"}`},
		"specials": {"is it (a+b)*c? 'yes' `no` \\d+ <*> 100%", "is it (a+b)*c? 'yes' `no` \\d+ x 100%"},
		"Hebrew":   {"\u05e9\u05dc\u05d5\u05dd <num> \u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd 5 \u05e9\u05dc\u05d5\u05dd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const other = "a line of another pattern"
			drop, thin := snippets("backend", "info", test.template, test.example)
			if got := passing(t, drop, "backend", "info", []string{test.example, other}); !slices.Equal(got, []string{other}) {
				t.Errorf("%q passes\n%s", got, drop)
			}
			if got := passing(t, drop, "nginx", "info", []string{test.example}); len(got) != 1 {
				t.Errorf("of another service %q passes\n%s", got, drop)
			}
			if got := passing(t, drop, "backend", "error", []string{test.example}); len(got) != 1 {
				t.Errorf("of another level %q passes\n%s", got, drop)
			}
			many := slices.Repeat([]string{test.example}, 1000)
			if got := len(passing(t, thin, "backend", "info", append(many, other))); got < 50 || got > 200 {
				t.Errorf("%d of 1001 lines pass, want about 101\n%s", got, thin)
			}
		})
	}
}

func TestNoSnippetWhereItWouldDropOtherLines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ service, template, example string }{
		"nothing is fixed":   {"backend", "<num> <*> <*>", "12 a b"},
		"little is fixed":    {"backend", "took <num>", "took 5"},
		"what does not hold": {"backend", "the café was closed", `{"message":"the caf\u00e9 was closed"}`},
		"no service":         {"", "GET /health took <num> ms", "GET /health took 12 ms"},
	} {
		if drop, thin := snippets(test.service, "", test.template, test.example); drop != "" || thin != "" {
			t.Errorf("%s: %s%s", name, drop, thin)
		}
	}
}

func FuzzSnippetsDropTheirExample(f *testing.F) {
	f.Add("backend", "GET /health took <num> ms", "GET /health took 12 ms")
	f.Add("a\"b", "'quotes' \" and: colons # <*>", "'quotes' \" and: colons # x")
	f.Fuzz(func(t *testing.T, service, template, example string) {
		drop, _ := snippets(service, "", template, example)
		if drop == "" || !utf8.ValidString(service) || strings.ContainsAny(example, "\n\r") {
			return
		}
		if got := passing(t, drop, service, "info", []string{example}); len(got) != 0 {
			t.Errorf("%q passes\n%s", got, drop)
		}
	})
}
