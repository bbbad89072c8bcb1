package dashboard

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/corpus"
)

// download reads a file of the API.
func (d *dashboard) download(params url.Values) (*http.Response, []byte) {
	d.t.Helper()
	answer, err := d.http.Get(d.url + "/api/v1/logs/export?" + params.Encode())
	if err != nil {
		d.t.Fatal(err)
	}
	return answer, readBody(d.t, answer)
}

func exportHasEveryLine(t *testing.T, lokiURL string, d *dashboard) {
	job, began := jobOf(t), time.Now().Add(-20*time.Minute)
	const count = 12_000 // more than two pages
	lines := make([]line, count)
	for i := range lines {
		lines[i] = line{at: began.Add(time.Duration(i/3) * time.Millisecond), text: fmt.Sprintf("=line %d", i)}
	}
	for part := range slices.Chunk(lines, 2000) {
		pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="backend"}`, job), part...)
	}
	answer, data := d.download(url.Values{"job": {job}})
	if got := answer.Header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="logs-`) || !strings.HasSuffix(got, `.ndjson"`) {
		t.Errorf("the file is %q", got)
	}
	seen := map[string]bool{}
	for scanner := bufio.NewScanner(bytes.NewReader(data)); scanner.Scan(); {
		d.check("Entry", scanner.Bytes())
		var got entry
		if err := json.Unmarshal(scanner.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		seen[got.Line] = true
	}
	if len(seen) != count {
		t.Errorf("the file has %d different lines, want %d", len(seen), count)
	}
	answer, data = d.download(url.Values{"job": {job}, "format": {"csv"}, "direction": {"forward"}})
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || answer.StatusCode != http.StatusOK || len(records) != count+1 {
		t.Fatalf("csv: %d, %d records, %v", answer.StatusCode, len(records), err)
	}
	at := slices.Index(records[0], "line")
	if first := records[1]; first[at] != "'=line 0" || first[slices.Index(records[0], "service")] != "backend" || !strings.Contains(first[at+1], job) {
		t.Errorf("the first record is %q", first)
	}
}

func costIsKnownBeforeAQuery(t *testing.T, lokiURL string, d *dashboard) {
	job := jobOf(t)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q}`, job), line{at: time.Now().Add(-time.Minute), text: strings.Repeat("x", 1000)})
	for name, params := range map[string]url.Values{
		"filters": {"job": {job}, "q": {"nothing has this"}},
		"a query": {"query": {fmt.Sprintf(`{job=%q} |= "}" | json`, job)}},
	} {
		var got struct {
			Bytes int64
			Huge  bool
		}
		if status := d.get("logs/cost", params, "LogsCost", &got); status != http.StatusOK || got.Bytes < 1000 || got.Bytes > 1100 || got.Huge {
			t.Errorf("%s: got %d %+v, want what the stream holds", name, status, got)
		}
	}
}

func costlyQueriesAskFirst(t *testing.T, lokiURL string, _ *dashboard) {
	d := newDashboard(t, options{lokiURL: lokiURL, prometheusURL: nowhere, askBytes: 1000})
	job := jobOf(t)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="backend"}`, job), line{at: time.Now().Add(-time.Minute), text: strings.Repeat("x", 1000)})
	params := url.Values{"job": {job}, "q": {"x"}, "start": {"now-4h"}}
	var got struct {
		Error apiError
		Cost  struct{ Bytes int64 }
	}
	if status := d.get("logs", params, "LogsResponse", &got); status != http.StatusBadRequest || got.Error.Code != "costly" || got.Cost.Bytes < 1000 {
		t.Errorf("a costly query answers %d %+v", status, got)
	}
	var facets struct {
		Uncounted []string
		Labels    map[string][]struct{ Value string }
	}
	if status := d.get("labels", params, "LabelsResponse", &facets); status != http.StatusOK || !slices.Contains(facets.Uncounted, "service") || len(facets.Labels["service"]) != 1 {
		t.Errorf("facets that are costly to count answer %d %+v", status, facets)
	}
	params.Set("cost", "any")
	var lines logsAnswer
	if status := d.get("logs", params, "LogsResponse", &lines); status != http.StatusOK || len(lines.Entries) != 1 {
		t.Errorf("cost=any answers %d with %d lines", status, len(lines.Entries))
	}
}

func sampleTellsPatternsAndFields(t *testing.T, lokiURL string, d *dashboard) {
	job, began := jobOf(t), time.Now().Add(-10*time.Minute)
	for i := range 40 {
		pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="backend", level="info"}`, job),
			line{at: began.Add(time.Duration(i) * time.Second), text: fmt.Sprintf(`{"message":"game %d was saved","path":"/api/%d"}`, i, i%2)})
	}
	var got struct {
		Lines    int
		Complete bool
		Patterns []struct {
			Filter string
			Count  int
			Levels map[string]int
		}
		Fields []struct {
			Name, Kind string
			Values     []struct {
				Value string
				Count int
			}
		}
	}
	if status := d.get("logs/sample", url.Values{"job": {job}}, "LogsSample", &got); status != http.StatusOK || got.Lines != 40 || !got.Complete {
		t.Fatalf("got %d %+v", status, got)
	}
	if len(got.Patterns) != 1 || got.Patterns[0].Count != 40 || !strings.Contains(got.Patterns[0].Filter, "was saved") || got.Patterns[0].Levels["info"] != 40 {
		t.Errorf("patterns: %+v", got.Patterns)
	}
	found := 0
	for _, field := range got.Fields {
		if field.Name == "path" && field.Kind == "json" && len(field.Values) == 2 && field.Values[0].Count == 20 {
			found++
		}
	}
	if found != 1 {
		t.Errorf("fields: %+v", got.Fields)
	}
	var without logsAnswer
	if d.get("logs", url.Values{"job": {job}, "not": {"WAS saved"}}, "LogsResponse", &without); len(without.Entries) != 0 {
		t.Errorf("lines with the text are left out: got %d", len(without.Entries))
	}
}

// realLines returns lines that real programs logged: nginx, and a backend's JSON and
// tracebacks without the wrapping of Docker.
func realLines(t *testing.T) []string {
	t.Helper()
	var lines []string
	for _, path := range []string{"nginx/access.log.gz", "nginx/error.log.gz", "tovplay/structured-1w.docker-json.log.gz"} {
		recorded := corpus.Lines(t, "../../pipeline/level/testdata/"+path)
		for _, text := range recorded[:min(len(recorded), 400)] {
			var docker struct{ Log string }
			if json.Unmarshal([]byte(text), &docker) != nil {
				docker.Log = text
			}
			lines = append(lines, strings.TrimSuffix(docker.Log, "\n"))
		}
	}
	return append(lines, "timeout of 7 in the pool\nTraceback", "timeout of 8 in the pool\nTraceback", "timeout of 9 in the pool")
}

func patternsFindExactlyTheirLines(t *testing.T, lokiURL string, d *dashboard) {
	job, began := jobOf(t), time.Now().Add(-20*time.Minute)
	texts := slices.DeleteFunc(realLines(t), func(text string) bool { return strings.TrimSpace(text) == "" })
	lines := make([]line, len(texts))
	for i, text := range texts {
		lines[i] = line{at: began.Add(time.Duration(i) * time.Millisecond), text: text}
	}
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q}`, job), lines...)
	var sample struct {
		Lines    int
		Patterns []struct {
			Template, Filter string
			Count            int
		}
	}
	params := url.Values{"job": {job}}
	if status := d.get("logs/sample", params, "LogsSample", &sample); status != http.StatusOK || sample.Lines != len(lines) {
		t.Fatalf("the sample has %d lines of %d, status %d", sample.Lines, len(lines), status)
	}
	without := 0
	for _, pattern := range sample.Patterns {
		if pattern.Filter == "" {
			without += pattern.Count
			continue
		}
		params.Set("pattern", pattern.Filter)
		if got := d.countLines(params); got != pattern.Count {
			t.Errorf("%s finds %d lines, want %d", pattern.Filter, got, pattern.Count)
		}
		params.Set("pattern", "!"+pattern.Filter[1:])
		if got, want := d.countLines(params), len(lines)-pattern.Count; got != want {
			t.Errorf("!%s leaves %d lines, want %d", pattern.Filter[1:], got, want)
		}
	}
	if 20*without > len(lines) {
		t.Errorf("%d of %d lines have a pattern without a filter", without, len(lines))
	}
}

// countLines returns how many lines of the last hour have the filters.
func (d *dashboard) countLines(params url.Values) int {
	d.t.Helper()
	var got struct{ Series []struct{ Total int } }
	if status := d.get("volume", params, "VolumeResponse", &got); status != http.StatusOK {
		d.t.Fatalf("counting answers %d", status)
	}
	total := 0
	for _, series := range got.Series {
		total += series.Total
	}
	return total
}

func completionIsOfTheRange(t *testing.T, lokiURL string, d *dashboard) {
	job := jobOf(t)
	at := time.Now().Add(-time.Minute)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="only-here", env="production"}`, job),
		line{at: at, text: `{"path":"/api/games","took":7}`}, line{at: at, text: "a=1 took=8ms"})
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="elsewhere", env="staging"}`, job), line{at: at, text: `{"other":1}`})
	selector := fmt.Sprintf(`{job=%q, service="only-here"}`, job)
	for name, test := range map[string]struct {
		params url.Values
		want   string
		has    bool
	}{
		"names":                   {url.Values{}, "label service", true},
		"values":                  {url.Values{"name": {"service"}}, "value only-here", true},
		"an old range":            {url.Values{"name": {"service"}, "start": {"now-40d"}, "end": {"now-39d"}}, "value only-here", false},
		"values of another env":   {url.Values{"name": {"service"}, "env": {"staging"}}, "value only-here", false},
		"values of a selection":   {url.Values{"name": {"service"}, "query": {selector}}, "value elsewhere", false},
		"no fields among labels":  {url.Values{"job": {job}}, "json path", false},
		"fields of JSON":          {url.Values{"of": {"fields"}, "job": {job}}, "json path", true},
		"fields of a query":       {url.Values{"of": {"fields"}, "query": {selector + " | json"}}, "json path", true},
		"no fields of others":     {url.Values{"of": {"fields"}, "query": {selector}}, "json other", false},
		"labels among fields":     {url.Values{"of": {"fields"}, "job": {job}}, "label service", true},
		"values of a field":       {url.Values{"of": {"fields"}, "job": {job}, "name": {"path"}}, "value /api/games", true},
		"values of a label there": {url.Values{"of": {"fields"}, "job": {job}, "name": {"service"}}, "value only-here", true},
	} {
		var got struct{ Options []struct{ Text, Kind string } }
		status := d.get("logs/completion", test.params, "LogsCompletion", &got)
		has := slices.ContainsFunc(got.Options, func(o struct{ Text, Kind string }) bool { return o.Kind+" "+o.Text == test.want })
		if status != http.StatusOK || has != test.has {
			t.Errorf("%s: got %d %v, want %s: %v", name, status, got.Options, test.want, test.has)
		}
	}
	var failed struct{ Error apiError }
	if status := d.get("logs/completion", url.Values{"name": {"a b"}}, "", &failed); status != http.StatusBadRequest {
		t.Errorf("a label that is none: got %d %+v", status, failed)
	}
}
