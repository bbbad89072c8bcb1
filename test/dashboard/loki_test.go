package dashboard

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"

	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/test/servers"
)

func TestClient(t *testing.T) {
	t.Parallel()
	server := servers.Loki(t)
	for name, test := range map[string]func(*testing.T, string){
		"PagesGiveEachLineOnceWhenManyShareAnInstant": pagesGiveEachLineOnceWhenManyShareAnInstant,
		"BackwardIsForwardReversed":                   backwardIsForwardReversed,
		"MetadataStaysApartFromLabels":                metadataStaysApartFromLabels,
		"ANewLabelBecomesALabelWithinSeconds":         aNewLabelBecomesALabelWithinSeconds,
		"HostileValuesAreOnlyValues":                  hostileValuesAreOnlyValues,
		"CountsPutLinesIntoTheirBucket":               countsPutLinesIntoTheirBucket,
		"RawQueriesAreCheckedByLoki":                  rawQueriesAreCheckedByLoki,
		"LimitsOfLokiAreNamed":                        limitsOfLokiAreNamed,
		"MetricReadsAreFound":                         metricReadsAreFound,
		"LabelsValuesSeriesVolume":                    labelsValuesSeriesVolume,
	} {
		t.Run(name, func(t *testing.T) { test(t, server.URL) })
	}
}

// selectJob returns the query for the lines of one job.
func selectJob(job string) string {
	return loki.Selection{Matches: []loki.Match{{Label: "job", Any: []string{job}}}}.LogQL(loki.DefaultSelector)
}

// readAll follows the pages of a query to their end.
func readAll(t *testing.T, client *loki.Client, req loki.PageRequest) []loki.Entry {
	t.Helper()
	var all []loki.Entry
	for pages := 0; ; pages++ {
		page, err := client.Page(context.Background(), req)
		if err != nil {
			t.Fatalf("page %d: %v", pages, err)
		}
		if page.Partial || len(page.Warnings) > 0 {
			t.Fatalf("page %d: partial %v, warnings %q", pages, page.Partial, page.Warnings)
		}
		if len(page.Entries) > req.Limit {
			t.Fatalf("page %d has %d lines, more than %d", pages, len(page.Entries), req.Limit)
		}
		all = append(all, page.Entries...)
		if page.Next == "" {
			return all
		}
		if pages > 10000 {
			t.Fatal("the pages do not end")
		}
		req.Cursor = page.Next
	}
}

func pagesGiveEachLineOnceWhenManyShareAnInstant(t *testing.T, lokiURL string) {
	job := jobOf(t)
	base := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	var want []string
	for i := range 30 { // one instant, 30 streams
		text := fmt.Sprintf("same %02d", i)
		want = append(want, text)
		pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="s%02d"}`, job, i), line{at: base, text: text})
	}
	var rest []line
	for i := range 40 {
		text := fmt.Sprintf("other %02d", i)
		want = append(want, text)
		rest = append(rest, line{at: base.Add(time.Duration(i-20) * time.Second / 2), text: text})
	}
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="other"}`, job), rest...)
	slices.Sort(want)
	client := lokiClient(t, lokiURL)
	for _, direction := range []loki.Direction{loki.Backward, loki.Forward} {
		for _, limit := range []int{1, 7, 29, 30, 31, 69, 70, 71, 500} {
			entries := readAll(t, client, loki.PageRequest{
				Query: selectJob(job), Start: base.Add(-time.Hour), End: base.Add(time.Hour), Limit: limit, Direction: direction,
			})
			checkPages(t, fmt.Sprintf("%s, %d a page", direction, limit), entries, direction, want)
		}
	}
}

// checkPages checks that entries are want, each once, in the direction's order.
func checkPages(t *testing.T, name string, entries []loki.Entry, direction loki.Direction, want []string) {
	t.Helper()
	got := make([]string, len(entries))
	for i, e := range entries {
		got[i] = e.Line
		if i == 0 {
			continue
		}
		before := entries[i-1].TS
		if (direction == loki.Backward && e.TS > before) || (direction == loki.Forward && e.TS < before) {
			t.Fatalf("%s: line %d (%q) is out of order", name, i, e.Line)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %d lines %q, want %d", name, len(got), got, len(want))
	}
}

func backwardIsForwardReversed(t *testing.T, lokiURL string) {
	job := jobOf(t)
	base := time.Now().Add(-time.Minute).Truncate(time.Second)
	for service := range 3 {
		var lines []line
		for i := range 5 { // one instant, in the order in which they were written
			lines = append(lines, line{at: base, text: fmt.Sprintf("s%d line %d", service, i)})
		}
		pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="%d"}`, job, service), lines...)
	}
	client := lokiClient(t, lokiURL)
	req := loki.PageRequest{Query: selectJob(job), Start: base, End: base.Add(time.Second), Limit: 4, Direction: loki.Forward}
	forward := readAll(t, client, req)
	req.Direction = loki.Backward
	backward := readAll(t, client, req)
	slices.Reverse(backward)
	if len(forward) != 15 || !slices.EqualFunc(forward, backward, func(a, b loki.Entry) bool { return a.ID() == b.ID() }) {
		t.Errorf("forward %v\nbackward reversed %v", texts(forward), texts(backward))
	}
	for i, e := range forward {
		if want := fmt.Sprintf("line %d", i%5); !strings.HasSuffix(e.Line, want) {
			t.Errorf("line %d is %q, want one that ends in %q: lines of a stream keep their order", i, e.Line, want)
		}
	}
}

func texts(entries []loki.Entry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, e.Line)
	}
	return list
}

func metadataStaysApartFromLabels(t *testing.T, lokiURL string) {
	job := jobOf(t)
	now := time.Now()
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="backend", level="error"}`, job),
		line{at: now.Add(-time.Second), text: `{"user":"7"}`, metadata: push.LabelsAdapter{{Name: "pid", Value: "12"}, {Name: "logger", Value: "a"}}},
		line{at: now.Add(-time.Second), text: `{"user":"7"}`, metadata: push.LabelsAdapter{{Name: "pid", Value: "13"}}})
	client := lokiClient(t, lokiURL)
	req := loki.PageRequest{Query: selectJob(job), Start: now.Add(-time.Minute), End: now, Limit: 10, Direction: loki.Forward}
	entries := readAll(t, client, req)
	if len(entries) != 2 {
		t.Fatalf("got %d lines, want 2: lines that differ in metadata are two", len(entries))
	}
	labels := map[string]string{"job": job, "service": "backend", "level": "error"}
	for _, e := range entries {
		if !maps.Equal(e.Labels, labels) {
			t.Errorf("labels: got %v, want %v", e.Labels, labels)
		}
	}
	if got := entries[0].Metadata["pid"] + entries[1].Metadata["pid"]; got != "1213" && got != "1312" {
		t.Errorf("metadata: got %v and %v", entries[0].Metadata, entries[1].Metadata)
	}
	req.Query += " | json"
	for _, e := range readAll(t, client, req) {
		if e.Metadata["user"] != "7" || e.Metadata["pid"] == "" || !maps.Equal(e.Labels, labels) {
			t.Errorf("after | json: labels %v, metadata %v", e.Labels, e.Metadata)
		}
	}
}

// hostile are texts that a careless query builder gets wrong.
var hostile = []string{
	`"`, `\`, `\"`, "`", `"} or {job=~".+`, `" | json | line_format "`, "a\nb", "tab\there", "nul\x00x",
	`(?i)x`, `.*`, `a|b`, `[`, `\Q\E`, "שלום", "😀", "\u202e", `$1 ${x}`, `#`, `{{.}}`, strings.Repeat("x", 300),
}

func aNewLabelBecomesALabelWithinSeconds(t *testing.T, lokiURL string) {
	job := jobOf(t)
	now := time.Now()
	client := lokiClient(t, lokiURL)
	isLabel := func() bool {
		lines := readAll(t, client, loki.PageRequest{Query: selectJob(job), Start: now.Add(-time.Minute), End: now.Add(time.Minute), Limit: 9, Direction: loki.Backward})
		return lines[0].Labels["newcomer"] == "a"
	}
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q}`, job), line{at: now.Add(-time.Second), text: "before"})
	if isLabel() {
		t.Fatal("a label is there before its stream")
	}
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, newcomer="a"}`, job), line{at: now, text: "new"})
	servers.Eventually(t, "the label is known as one", isLabel)
}

func hostileValuesAreOnlyValues(t *testing.T, lokiURL string) {
	job := jobOf(t)
	now := time.Now().Add(-time.Minute)
	for i, text := range hostile {
		stream := push.Stream{Labels: fmt.Sprintf("{job=%q, service=%q}", job, text)}
		pushLines(t, lokiURL, stream.Labels, line{at: now.Add(time.Duration(i)), text: "before " + text + " after"})
	}
	client := lokiClient(t, lokiURL)
	for i, text := range hostile {
		selection := loki.Selection{Matches: []loki.Match{{Label: "job", Any: []string{job}}}}
		t.Run(fmt.Sprintf("%d", i), func(t *testing.T) {
			one := selection
			one.Matches = append(slices.Clone(one.Matches), loki.Match{Label: "service", Any: []string{text}})
			wantLines(t, client, one, now, 1)
			two := selection
			two.Matches = append(slices.Clone(two.Matches), loki.Match{Label: "service", Any: []string{text, "nothing"}})
			wantLines(t, client, two, now, 1)
			without := selection
			without.Matches = append(slices.Clone(without.Matches), loki.Match{Label: "service", None: []string{text, "nothing"}})
			wantLines(t, client, without, now, len(hostile)-1)
			upper := selection
			upper.Contains = []string{"BEFORE " + strings.ToUpper(text) + " after"}
			if again := strings.ToLower(strings.ToUpper(text)); again == text {
				wantLines(t, client, upper, now, 1)
			}
		})
	}
}

// wantLines checks how many lines a selection has around at.
func wantLines(t *testing.T, client *loki.Client, selection loki.Selection, at time.Time, want int) {
	t.Helper()
	page, err := client.Page(context.Background(), loki.PageRequest{
		Query: selection.LogQL(loki.DefaultSelector), Start: at, End: at.Add(time.Second), Limit: 100, Direction: loki.Forward,
	})
	if err != nil {
		t.Fatalf("%s: %v", selection.LogQL(loki.DefaultSelector), err)
	}
	if len(page.Entries) != want {
		t.Errorf("%s: got %d lines %q, want %d", selection.LogQL(loki.DefaultSelector), len(page.Entries), texts(page.Entries), want)
	}
}

func countsPutLinesIntoTheirBucket(t *testing.T, lokiURL string) {
	job := jobOf(t)
	base := time.Now().Add(-30 * time.Minute).Truncate(time.Minute)
	at := func(offset time.Duration, text string) line { return line{at: base.Add(offset), text: text} }
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="a", level="error"}`, job),
		at(-time.Millisecond, "last instant of the bucket before"),
		at(0, "first instant"), at(10*time.Second-time.Millisecond, "last instant"),
		at(10*time.Second, "next bucket"), at(30*time.Second, "after an empty one"))
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="b", level="info"}`, job), at(5*time.Second, "b"))
	client := lokiClient(t, lokiURL)
	counts, err := client.Counts(context.Background(), loki.CountQuery{
		Query: selectJob(job), By: []string{"service"}, Start: base, End: base.Add(40 * time.Second), Step: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(counts.Series) != 2 {
		t.Fatalf("got %d series, want 2: %v", len(counts.Series), counts.Series)
	}
	wantPoints(t, "a", counts.Series[0], base, map[time.Duration]float64{0: 2, 10 * time.Second: 1, 30 * time.Second: 1})
	wantPoints(t, "b", counts.Series[1], base, map[time.Duration]float64{0: 1})
	totals, err := client.Totals(context.Background(), selectJob(job), []string{"level"}, base, base.Add(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, total := range totals {
		got[total.Labels["level"]] = total.Count
	}
	if want := map[string]int64{"error": 3, "info": 1}; !maps.Equal(got, want) {
		t.Errorf("totals: got %v, want %v (start included, end not)", got, want)
	}
}

// wantPoints checks the points of a series by their distance from base.
func wantPoints(t *testing.T, service string, series loki.CountSeries, base time.Time, want map[time.Duration]float64) {
	t.Helper()
	got := map[time.Duration]float64{}
	for _, p := range series.Points {
		got[p.Time.Sub(base)] = p.Value
	}
	if series.Labels["service"] != service || !maps.Equal(got, want) {
		t.Errorf("series %v: got %v, want %v of service %s", series.Labels, got, want, service)
	}
}

func rawQueriesAreCheckedByLoki(t *testing.T, lokiURL string) {
	client := lokiClient(t, lokiURL)
	tests := []struct{ query, want string }{
		{`{job="x"} |= "a" # comment`, `{job="x"} |= "a"`},
		{` ( {job="x"} ) `, `{job="x"}`},
		{`rate({job="x"}[5m])`, ""},
		{`{job="x"}[5m])) or (sum(count_over_time({job="y"}`, ""},
		{`{job=~".*"}`, ""},
		{`{job="x"} |= `, ""},
		{``, ""},
		{`1`, ""},
	}
	for _, test := range tests {
		got, err := client.Normalise(context.Background(), test.query)
		if test.want == "" {
			if loki.CodeOf(err) != loki.CodeSyntax {
				t.Errorf("%s: got %q, error %v, want a syntax error", test.query, got, err)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%s: got %q, error %v, want %q", test.query, got, err, test.want)
		}
	}
}

func limitsOfLokiAreNamed(t *testing.T, lokiURL string) {
	client := lokiClient(t, lokiURL)
	now := time.Now()
	year := now.Add(-365 * 24 * time.Hour)
	_, err := client.Counts(context.Background(), loki.CountQuery{Query: `{job="x"}`, Start: year, End: now, Step: 24 * time.Hour})
	known, ok := errors.AsType[*loki.Error](err)
	if !ok || known.Code != loki.CodeLimit || !strings.Contains(known.Message, "shorten the time range") {
		t.Errorf("counts of a year: got %v, want a limit with the remedy", err)
	}
	if _, err := client.TotalsByEach(context.Background(), `{job="x"}`, []string{"level"}, year, now); loki.CodeOf(err) != loki.CodeLimit {
		t.Errorf("totals of a year: got %v, want a limit", err)
	}
	// Pages read a range that is longer than Loki allows (32 days) in parts.
	long := loki.PageRequest{Query: `{job="x"}`, Start: now.Add(-40 * 24 * time.Hour), End: now, Limit: 10, Direction: loki.Backward}
	if got := readAll(t, client, long); len(got) != 0 {
		t.Errorf("lines of 40 days: got %d", len(got))
	}
}

func labelsValuesSeriesVolume(t *testing.T, lokiURL string) {
	job := jobOf(t)
	now := time.Now()
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="a"}`, job), line{at: now.Add(-time.Second), text: "x"})
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="b"}`, job), line{at: now.Add(-time.Second), text: strings.Repeat("y", 1000)})
	client := lokiClient(t, lokiURL)
	ctx := context.Background()
	start, selector := now.Add(-time.Minute), selectJob(job)
	names, err := client.LabelNames(ctx, "", start, now)
	if err != nil || !slices.Contains(names, "service") {
		t.Errorf("label names: %v, %v", names, err)
	}
	values, err := client.LabelValues(ctx, "service", selector, start, now)
	if err != nil || !slices.Equal(values, []string{"a", "b"}) {
		t.Errorf("label values: %v, %v", values, err)
	}
	series, err := client.Series(ctx, selector, start, now)
	if err != nil || len(series) != 2 {
		t.Errorf("series: %v, %v", series, err)
	}
	volumes, err := client.Volume(ctx, selector, []string{"service"}, start, now, 10)
	if err != nil || len(volumes) != 2 || volumes[0].Labels["service"] != "b" || volumes[0].Bytes < 1000 {
		t.Errorf("volume: %v, %v", volumes, err)
	}
}
