package servers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Entry is one log entry as Loki gives it back.
type Entry struct {
	Time     int64 // unix nanoseconds
	Line     string
	Labels   map[string]string // the stream's
	Metadata map[string]string // structured
}

// Query returns every entry that a LogQL query matches in the last 29 days and
// the next hour, oldest first.
func Query(t testing.TB, lokiURL, query string) []Entry {
	t.Helper()
	var all []Entry
	EachEntry(t, lokiURL, query, time.Now().Add(-29*24*time.Hour), func(e Entry) { all = append(all, e) })
	return all
}

// EachEntry calls use for every entry that a LogQL query matches from then to
// the next hour, oldest first, as often as Loki shows it. It pages, so that no
// limit cuts the answer; pages that are too large for Loki are halved.
func EachEntry(t testing.TB, lokiURL, query string, from time.Time, use func(Entry)) {
	t.Helper()
	start, end, limit := from.UnixNano(), time.Now().Add(time.Hour).UnixNano(), pageLimit
	for {
		page, err := queryPage(t, lokiURL, query, start, end, limit)
		switch {
		case err != nil && limit > 10:
			limit /= 2
			continue
		case err != nil:
			t.Fatal(err)
		case len(page) < limit:
			for _, e := range page {
				use(e)
			}
			return
		}
		// The entries of the last time may go on in the next page.
		start = page[len(page)-1].Time
		if page[0].Time == start {
			t.Fatalf("more than %d entries of one time match %s", limit, query)
		}
		for _, e := range page {
			if e.Time < start {
				use(e)
			}
		}
	}
}

// pageLimit is how many entries an answer holds at most. Loki's limit is 5,000.
const pageLimit = 1000

func queryPage(t testing.TB, lokiURL, query string, start, end int64, limit int) ([]Entry, error) {
	t.Helper()
	params := url.Values{
		"query": {query}, "limit": {strconv.Itoa(limit)}, "direction": {"forward"},
		"start": {strconv.FormatInt(start, 10)}, "end": {strconv.FormatInt(end, 10)},
	}
	var answer struct {
		Data struct {
			Result []struct {
				Stream map[string]string `json:"stream"`
				Values [][]any           `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := fetchJSON(lokiURL+"/loki/api/v1/query_range?"+params.Encode(), &answer); err != nil {
		return nil, err
	}
	var page []Entry
	for _, s := range answer.Data.Result {
		for _, v := range s.Values {
			page = append(page, newEntry(t, s.Stream, v))
		}
	}
	sort.SliceStable(page, func(i, j int) bool { return page[i].Time < page[j].Time })
	return page, nil
}

func newEntry(t testing.TB, labels map[string]string, v []any) Entry {
	t.Helper()
	ns, err := strconv.ParseInt(v[0].(string), 10, 64)
	if err != nil {
		t.Fatalf("Loki's time %v: %v", v[0], err)
	}
	e := Entry{Time: ns, Line: v[1].(string), Labels: labels, Metadata: map[string]string{}}
	if len(v) > 2 {
		if meta, ok := v[2].(map[string]any)["structuredMetadata"].(map[string]any); ok {
			for name, value := range meta {
				e.Metadata[name] = value.(string)
			}
		}
	}
	return e
}

// Count returns the value of an instant metric query, 0 without a result.
func Count(t testing.TB, lokiURL, query string) int {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct {
				Value []any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	GetJSON(t, lokiURL+"/loki/api/v1/query?"+url.Values{"query": {query}}.Encode(), &answer)
	sum := 0
	for _, r := range answer.Data.Result {
		n, err := strconv.ParseFloat(r.Value[1].(string), 64)
		if err != nil {
			t.Fatalf("Loki's value %v: %v", r.Value[1], err)
		}
		sum += int(n)
	}
	return sum
}

// GetJSON decodes what is at an address.
func GetJSON(t testing.TB, url string, into any) {
	t.Helper()
	if err := fetchJSON(url, into); err != nil {
		t.Fatal(err)
	}
}

func fetchJSON(url string, into any) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// Keeps structured metadata apart from the stream's labels.
	req.Header.Set("X-Loki-Response-Encoding-Flags", "categorize-labels")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: status %d, %v: %.1000s", url, resp.StatusCode, err, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("GET %s: %w in %.1000s", url, err, body)
	}
	return nil
}

// TargetsPage is the collector's /targets?format=json.
type TargetsPage struct {
	Targets []struct {
		Job, Kind, Path, Service, State, Error, Remedy string
		ReadBytes                                      int64 `json:"read_bytes"`
		LagBytes                                       int64 `json:"lag_bytes"`
		Unsettled                                      int64 `json:"unsettled"`
	}
	Clients []struct {
		Name    string
		Trouble string
		Waiting int `json:"batches_waiting"`
	}
}

// Targets asks the collector what it reads.
func Targets(t testing.TB, collector *Process) TargetsPage {
	t.Helper()
	var page TargetsPage
	GetJSON(t, collector.URL+"/targets?format=json", &page)
	return page
}

// Metric returns the sum of a metric's samples on a /metrics page, 0 if there
// are none.
func Metric(t testing.TB, url, name string) int {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	sum := 0.0
	for _, m := range families[name].GetMetric() {
		sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return int(sum)
}
