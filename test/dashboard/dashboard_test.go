package dashboard

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/health"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/searches"
	"github.com/tovtech/tovplay-logging/internal/secret"
	"github.com/tovtech/tovplay-logging/internal/server"
	"github.com/tovtech/tovplay-logging/internal/snapshots"
	"github.com/tovtech/tovplay-logging/internal/state"
	"github.com/tovtech/tovplay-logging/internal/usage"
	"github.com/tovtech/tovplay-logging/test/servers"
)

const password = "a password"

// nowhere is an address at which nothing listens.
const nowhere = "http://127.0.0.1:1"

// jobs counts the jobs of jobOf.
var jobs atomic.Int64

// jobOf returns a job label that no other test uses.
func jobOf(t testing.TB) string { return fmt.Sprintf("%s/%d", t.Name(), jobs.Add(1)) }

// line is one line to push.
type line struct {
	at       time.Time
	text     string
	metadata push.LabelsAdapter
}

// pushLines sends lines to Loki as one stream, and again when it comes too fast.
func pushLines(t testing.TB, lokiURL, labels string, lines ...line) {
	t.Helper()
	stream := push.Stream{Labels: labels}
	for _, l := range lines {
		stream.Entries = append(stream.Entries, push.Entry{Timestamp: l.at, Line: l.text, StructuredMetadata: l.metadata})
	}
	data, err := (&push.PushRequest{Streams: []push.Stream{stream}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	servers.Eventually(t, "Loki takes "+labels, func() bool {
		answer, err := http.Post(lokiURL+"/loki/api/v1/push", "application/x-protobuf", bytes.NewReader(snappy.Encode(nil, data)))
		if err != nil {
			t.Fatal(err)
		}
		text := readBody(t, answer)
		if answer.StatusCode != http.StatusNoContent && answer.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("push of %s: status %d: %s", labels, answer.StatusCode, text)
		}
		return answer.StatusCode == http.StatusNoContent
	})
}

// lokiClient returns a client of the Loki at url.
func lokiClient(t testing.TB, url string) *loki.Client {
	t.Helper()
	config := loki.DefaultConfig()
	config.URL = url
	client, err := loki.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// background runs f until the test ends, and checks that it ends without error.
// It returns what ends it before.
func background(t testing.TB, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("background: %v", err)
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

// dashboard is a dashboard in this process, and a browser that is logged in.
type dashboard struct {
	t    testing.TB
	url  string // without a slash at the end; a proxy's may be put in its place
	http *http.Client
	docs *jsonschema.Compiler
	// usage counts when a test says so.
	usage *usage.Counter
	stop  func()
}

// options of newDashboard.
type options struct {
	lokiURL, prometheusURL string
	dataDir                string        // a new one when empty
	selector               loki.Selector // the default when empty
	// askBytes is what a long query may read; 0 is anything.
	askBytes int64
	// fresh is how long a health report serves.
	fresh time.Duration
	// index has the issues, nil for none.
	index *indexed
	// alerts are kept if it is not nil.
	alerts *alertOptions
}

// page is a page as the build makes it.
var page = fstest.MapFS{
	"index.html":           {Data: []byte(`<!doctype html><html><head><base href="./"><script type="module" src="./assets/app-abc123.js"></script></head><body></body></html>`)},
	"assets/app-abc123.js": {Data: []byte(`console.log("page")`)},
}

// newDashboard starts a dashboard on a free port.
func newDashboard(t testing.TB, o options) *dashboard {
	t.Helper()
	if o.dataDir == "" {
		o.dataDir = t.TempDir()
	}
	db, err := state.Open(context.Background(), o.dataDir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	users := auth.New(db, time.Now)
	if _, err := users.Ensure(context.Background(), secret.New(password)); err != nil {
		t.Fatal(err)
	}
	lokiConfig := loki.DefaultConfig()
	lokiConfig.URL, lokiConfig.Selector = o.lokiURL, cmp.Or(o.selector, lokiConfig.Selector)
	client, err := loki.New(lokiConfig)
	if err != nil {
		t.Fatal(err)
	}
	hub := loki.NewHub(client, loki.DefaultHubConfig())
	config := server.Config{
		Users: users, Loki: client, Hub: hub, Sources: loki.NewSources(client), Health: newChecker(t, o, client),
		Page: page, Version: "test", Log: slog.New(slog.DiscardHandler), Metrics: server.NewMetrics("test"), Now: time.Now,
		Searches: &searches.Store{DB: db, Now: time.Now}, Snapshots: &snapshots.Store{DB: db, Now: time.Now},
		Usage:    &usage.Counter{DB: db, Loki: client, Log: slog.New(slog.DiscardHandler), Now: time.Now},
		AskBytes: o.askBytes,
	}
	if o.index != nil {
		config.Issues, config.Index, config.DeployToken = o.index.tracker, o.index.Indexer, secret.New(deployToken)
	}
	stopAlerts := func() {}
	public, internal := listen(t), listen(t)
	if o.alerts != nil {
		public = o.alerts.listen(t, public)
		stopAlerts = o.alerts.keep(t, db, o.prometheusURL, &config)
	}
	srv, err := server.New(config)
	if err != nil {
		t.Fatal(err)
	}
	stopHub := background(t, hub.Run)
	stopServer := background(t, func(ctx context.Context) error { return srv.Run(ctx, public, internal) })
	d := &dashboard{t: t, url: "http://" + public.Addr().String(), http: newBrowser(t), docs: schemas(t), usage: config.Usage, stop: func() { stopServer(); stopHub(); stopAlerts() }}
	d.login(password)
	return d
}

func newChecker(t testing.TB, o options, client *loki.Client) *health.Checker {
	t.Helper()
	catalogue, err := health.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	logs := func(ctx context.Context, query string, r v1.Range) (model.Matrix, error) {
		return client.Metric(ctx, query, r.Start, r.End, r.Step)
	}
	checker, err := health.New(health.Config{
		PrometheusURL: o.prometheusURL, Catalogue: catalogue, Probes: map[string]func(context.Context) error{"loki": client.Ready},
		Logs: logs, Timeout: 10 * time.Second, Fresh: o.fresh, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return checker
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// newBrowser returns a client that keeps cookies and does not follow redirects.
func newBrowser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// schemas reads the dashboard's own description of its API.
func schemas(t testing.TB) *jsonschema.Compiler {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(servers.Root(t), "internal", "server", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return compiler
}

// check checks JSON against a schema of openapi.json.
func (d *dashboard) check(schema string, data []byte) {
	d.t.Helper()
	compiled, err := d.docs.Compile("openapi.json#/components/schemas/" + schema)
	if err != nil {
		d.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err == nil {
		err = compiled.Validate(value)
	}
	if err != nil {
		d.t.Errorf("not a %s: %v\n%.500s", schema, err, data)
	}
}

// login logs the browser in.
func (d *dashboard) login(password string) {
	d.t.Helper()
	body := fmt.Sprintf(`{"user":"admin","password":%q}`, password)
	answer, err := d.http.Post(d.url+"/api/v1/login", "application/json", strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	data := readBody(d.t, answer)
	if answer.StatusCode != http.StatusOK {
		d.t.Fatalf("login: %d %s", answer.StatusCode, data)
	}
	d.check("LoginResponse", data)
}

func readBody(t testing.TB, answer *http.Response) []byte {
	t.Helper()
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// get asks the API, checks the answer against its schema and decodes it. It
// returns the status; an answer that is not 200 is checked as an error.
func (d *dashboard) get(path string, params url.Values, schema string, into any) int {
	d.t.Helper()
	answer, err := d.http.Get(d.url + "/api/v1/" + path + "?" + params.Encode())
	if err != nil {
		d.t.Fatal(err)
	}
	data := readBody(d.t, answer)
	if answer.StatusCode != http.StatusOK {
		schema = "ErrorResponse"
	}
	d.check(schema, data)
	if err := json.Unmarshal(data, into); err != nil {
		d.t.Fatalf("%s: %v: %s", path, err, data)
	}
	return answer.StatusCode
}

// entry, logsAnswer and the others are the answers as a client decodes them.
type entry struct {
	ID, TS, Line     string
	Labels, Metadata map[string]string
}

type logsAnswer struct {
	Entries    []entry
	NextCursor string `json:"next_cursor"`
	Partial    bool
	Warnings   []string
	Error      apiError
}

type apiError struct{ Code, Message, Source string }

// events reads server-sent events.
type events struct {
	t      testing.TB
	body   io.ReadCloser
	reader *bufio.Reader
	lastID string
}

// event is one server-sent event.
type event struct {
	name, data string
	Entries    []entry
	Count      int64
	State      string
	Message    string
}

// tail opens the live tail, as an EventSource does.
func (d *dashboard) tail(params url.Values, lastID string) *events {
	d.t.Helper()
	request, err := http.NewRequest(http.MethodGet, d.url+"/api/v1/tail?"+params.Encode(), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := d.http.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != 200 || !strings.HasPrefix(kind, "text/event-stream") {
		d.t.Fatalf("tail: %d %s %s", answer.StatusCode, kind, readBody(d.t, answer))
	}
	e := &events{t: d.t, body: answer.Body, reader: bufio.NewReader(answer.Body), lastID: lastID}
	d.t.Cleanup(e.close)
	return e
}

func (e *events) close() { e.body.Close() }

// next returns the next event; false at the end of the stream.
func (e *events) next() (event, bool) {
	e.t.Helper()
	var got event
	for {
		text, err := e.reader.ReadString('\n')
		if err != nil {
			return event{}, false
		}
		text = strings.TrimSuffix(text, "\n")
		switch name, value, _ := strings.Cut(text, ": "); {
		case text == "" && got.name != "":
			if err := json.Unmarshal([]byte(got.data), &got); err != nil {
				e.t.Fatalf("event %s: %v: %s", got.name, err, got.data)
			}
			return got, true
		case name == "event":
			got.name = value
		case name == "data":
			got.data = value
		case name == "id":
			e.lastID = value
		}
	}
}

// read returns the lines of the next entries until n lines came.
func (e *events) read(n int) []string {
	e.t.Helper()
	var lines []string
	for len(lines) < n {
		got, ok := e.next()
		if !ok {
			e.t.Fatalf("the stream ended after %q", lines)
		}
		for _, one := range got.Entries {
			lines = append(lines, one.Line)
		}
	}
	return lines
}

func TestAPI(t *testing.T) {
	t.Parallel()
	server := servers.Loki(t)
	d := newDashboard(t, options{lokiURL: server.URL, prometheusURL: nowhere})
	for name, test := range map[string]func(*testing.T, string, *dashboard){
		"LogsPageThroughOneInstant":     logsPageThroughOneInstant,
		"FiltersApplyEverywhere":        filtersApplyEverywhere,
		"VolumeCountsBySeveral":         volumeCountsBySeveral,
		"RawQueriesAreChecked":          rawQueriesAreChecked,
		"TailResumesWithoutGap":         tailResumesWithoutGap,
		"TailBeginsWithABacklog":        tailBeginsWithABacklog,
		"TailIsSharedByViewers":         tailIsSharedByViewers,
		"SourcesAreKnown":               sourcesAreKnown,
		"ConcurrentReaders":             concurrentReaders,
		"ExportHasEveryLine":            exportHasEveryLine,
		"CostIsKnownBeforeAQuery":       costIsKnownBeforeAQuery,
		"CostlyQueriesAskFirst":         costlyQueriesAskFirst,
		"SampleTellsPatternsAndFields":  sampleTellsPatternsAndFields,
		"MetricQueriesGiveSeries":       metricQueriesGiveSeries,
		"MetricSeriesAreBounded":        metricSeriesAreBounded,
		"MetricQueriesSayWhatIsWrong":   metricQueriesSayWhatIsWrong,
		"MetricWindowsCountForTheCost":  metricWindowsCountForTheCost,
		"PatternsFindExactlyTheirLines": patternsFindExactlyTheirLines,
		"CompletionIsOfTheRange":        completionIsOfTheRange,
		"SearchesAreSaved":              searchesAreSaved,
		"StoryHasWhatCarriesTheID":      storyHasWhatCarriesTheID,
		"StoryIsBounded":                storyIsBounded,
		"SnapshotsOutliveLoki":          snapshotsOutliveLoki,
		"SnapshotsThatCannotBeRefused":  snapshotsThatCannotBeAreRefused,
	} {
		t.Run(name, func(t *testing.T) { test(t, server.URL, d.as(t)) })
	}
}

// as returns the dashboard for a subtest.
func (d *dashboard) as(t testing.TB) *dashboard {
	copied := *d
	copied.t = t
	return &copied
}

func logsPageThroughOneInstant(t *testing.T, lokiURL string, d *dashboard) {
	job := jobOf(t)
	at := time.Now().Add(-5 * time.Minute).Truncate(time.Second)
	want := map[string]bool{}
	for i := range 30 {
		text := fmt.Sprintf("line %02d", i)
		want[text] = true
		pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="s%02d", level="info"}`, job, i), line{at: at, text: text})
	}
	for _, direction := range []string{"backward", "forward"} {
		params := url.Values{"job": {job}, "limit": {"7"}, "direction": {direction}}
		seen, ids := map[string]bool{}, map[string]bool{}
		sizes := []int{}
		for {
			var got logsAnswer
			if status := d.get("logs", params, "LogsResponse", &got); status != 200 || got.Partial || len(got.Warnings) > 0 {
				t.Fatalf("status %d, %+v", status, got)
			}
			sizes = append(sizes, len(got.Entries))
			for _, one := range got.Entries {
				if one.TS != strconv.FormatInt(at.UnixNano(), 10) || one.Labels["job"] != job || ids[one.ID] {
					t.Errorf("entry %+v", one)
				}
				seen[one.Line], ids[one.ID] = true, true
			}
			if got.NextCursor == "" {
				break
			}
			params.Set("cursor", got.NextCursor)
		}
		if !maps.Equal(seen, want) || !slices.Equal(sizes, []int{7, 7, 7, 7, 2}) {
			t.Errorf("%s: got pages of %v with %d different lines, want 30", direction, sizes, len(seen))
		}
	}
}

func filtersApplyEverywhere(t *testing.T, lokiURL string, d *dashboard) {
	job, now := jobOf(t), time.Now().Add(-time.Minute)
	for i, stream := range []string{
		`service="backend", level="error", env="production"`, `service="backend", level="info", env="staging"`,
		`service="nginx", level="error", env="production"`,
	} {
		pushLines(t, lokiURL, fmt.Sprintf("{job=%q, %s}", job, stream),
			line{at: now, text: fmt.Sprintf("Pool Timeout %d", i)}, line{at: now.Add(time.Millisecond), text: "other"})
	}
	tests := []struct {
		params string
		lines  int
		// facets are the values that service and level have.
		services, levels map[string]int64
	}{
		{"", 6, map[string]int64{"backend": 4, "nginx": 2}, map[string]int64{"error": 4, "info": 2}},
		{"service=backend", 4, map[string]int64{"backend": 4, "nginx": 2}, map[string]int64{"error": 2, "info": 2}},
		{"service=!backend", 2, map[string]int64{"backend": 4, "nginx": 2}, map[string]int64{"error": 2}},
		{"level=error&env=production", 4, map[string]int64{"backend": 2, "nginx": 2}, map[string]int64{"error": 4}},
		{"service=backend&service=nginx&level=info", 2, map[string]int64{"backend": 2}, map[string]int64{"error": 4, "info": 2}},
		{"q=pool+TIMEOUT", 3, map[string]int64{"backend": 2, "nginx": 1}, map[string]int64{"error": 2, "info": 1}},
		{"q=pool&q=2", 1, map[string]int64{"nginx": 1}, map[string]int64{"error": 1}},
		{"q=.*", 0, map[string]int64{}, map[string]int64{}},
	}
	for _, test := range tests {
		params, err := url.ParseQuery(test.params)
		if err != nil {
			t.Fatal(err)
		}
		params.Set("job", job)
		var logs logsAnswer
		d.get("logs", params, "LogsResponse", &logs)
		if len(logs.Entries) != test.lines {
			t.Errorf("%s: got %d lines, want %d", test.params, len(logs.Entries), test.lines)
		}
		var labels struct {
			Labels map[string][]struct {
				Value string
				Count int64
			}
			Partial  bool
			Warnings []string
		}
		d.get("labels", params, "LabelsResponse", &labels)
		for label, want := range map[string]map[string]int64{"service": test.services, "level": test.levels} {
			got := map[string]int64{}
			for _, value := range labels.Labels[label] {
				got[value.Value] = value.Count
			}
			if !maps.Equal(got, want) || labels.Partial {
				t.Errorf("%s, facet %s: got %v %v, want %v", test.params, label, got, labels.Warnings, want)
			}
		}
	}
}

type volumeAnswer struct {
	StepMS int64 `json:"step_ms"`
	Start  time.Time
	Series []struct {
		Labels map[string]string
		Total  int64
		Points [][2]int64
	}
	Error apiError
}

func volumeCountsBySeveral(t *testing.T, lokiURL string, d *dashboard) {
	job := jobOf(t)
	base := time.Now().Add(-20 * time.Minute).Truncate(time.Minute)
	for i := range 9 {
		pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="s%d", level="error"}`, job, i%2),
			line{at: base.Add(time.Duration(i) * time.Minute), text: fmt.Sprint(i)})
	}
	params := url.Values{
		"job": {job}, "by": {"service,level"}, "step": {"2m"},
		"start": {base.Format(time.RFC3339)}, "end": {strconv.FormatInt(base.Add(10*time.Minute).UnixMilli(), 10)},
	}
	var got volumeAnswer
	if status := d.get("volume", params, "VolumeResponse", &got); status != 200 {
		t.Fatalf("status %d: %+v", status, got.Error)
	}
	if got.StepMS != 120_000 || len(got.Series) != 2 {
		t.Fatalf("got %+v", got)
	}
	step := int64(120_000)
	if !got.Start.Equal(base) {
		t.Errorf("the counts begin at %s, want the start that was asked for, %s", got.Start, base)
	}
	total := int64(0)
	for _, series := range got.Series {
		sum := int64(0)
		for _, point := range series.Points {
			sum += point[1]
			if point[0]%step != 0 || point[1] == 0 {
				t.Errorf("point %v", point)
			}
		}
		if sum != series.Total || series.Labels["level"] != "error" || series.Labels["service"] == "" {
			t.Errorf("series %+v has the sum %d", series, sum)
		}
		total += sum
	}
	if total != 9 || got.Series[0].Total != 5 {
		t.Errorf("got %d lines, the first series has %d; want 9 and 5", total, got.Series[0].Total)
	}
}

func rawQueriesAreChecked(t *testing.T, lokiURL string, d *dashboard) {
	job, now := jobOf(t), time.Now().Add(-time.Minute)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q}`, job), line{at: now, text: `{"user":"a"}`}, line{at: now.Add(1), text: `{"user":"b"}`})
	query := fmt.Sprintf(`{job=%q} | json | user="b" # a comment`, job)
	var logs logsAnswer
	if d.get("logs", url.Values{"query": {query}}, "LogsResponse", &logs); len(logs.Entries) != 1 || logs.Entries[0].Metadata["user"] != "b" {
		t.Errorf("logs: %+v", logs)
	}
	var volume volumeAnswer
	if d.get("volume", url.Values{"query": {query}, "by": {"job"}}, "VolumeResponse", &volume); len(volume.Series) != 1 || volume.Series[0].Total != 1 {
		t.Errorf("volume: %+v", volume)
	}
	for _, bad := range []string{`rate({job="x"}[5m])`, `{job="x"`, `{}`, `{job="x"}[1m])) or (count_over_time({job="y"}`, `sum(`} {
		for _, path := range []string{"logs", "volume", "labels", "tail"} {
			var got logsAnswer
			status := d.get(path, url.Values{"query": {bad}}, "LogsResponse", &got)
			if status != 400 || got.Error.Code != "syntax" || got.Error.Source != "loki" {
				t.Errorf("%s of %s: got %d %+v", path, bad, status, got.Error)
			}
		}
	}
	var year volumeAnswer
	if status := d.get("volume", url.Values{"job": {job}, "start": {"now-52w"}}, "VolumeResponse", &year); status != 400 || year.Error.Code != "limit" {
		t.Errorf("a year: got %d %+v", status, year.Error)
	}
}

func tailResumesWithoutGap(t *testing.T, lokiURL string, d *dashboard) {
	job := jobOf(t)
	send := func(text string) {
		pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="a"}`, job), line{at: time.Now(), text: text})
	}
	params := url.Values{"job": {job}}
	tail := d.tail(params, "")
	if got, ok := tail.next(); !ok || got.name != "status" || got.State != "ok" {
		t.Fatalf("first event: %+v", got)
	}
	for i := range 3 {
		send(fmt.Sprintf("before %d", i))
	}
	if got := tail.read(3); !slices.Equal(got, []string{"before 0", "before 1", "before 2"}) {
		t.Fatalf("got %q", got)
	}
	tail.close()
	for i := range 5 {
		send(fmt.Sprintf("meanwhile %d", i))
	}
	tail = d.tail(params, tail.lastID)
	send("after")
	want := []string{"meanwhile 0", "meanwhile 1", "meanwhile 2", "meanwhile 3", "meanwhile 4", "after"}
	if got := tail.read(6); !slices.Equal(got, want) {
		t.Errorf("after Last-Event-ID: got %q, want %q", got, want)
	}
	params.Set("cursor", tail.lastID)
	send("last")
	if got := d.tail(params, "").read(1); got[0] != "last" {
		t.Errorf("after the parameter cursor: got %q", got)
	}
}

func tailBeginsWithABacklog(t *testing.T, lokiURL string, d *dashboard) {
	job := jobOf(t)
	stream := fmt.Sprintf(`{job=%q, service="a"}`, job)
	for i := range 5 {
		pushLines(t, lokiURL, stream, line{at: time.Now().Add(time.Duration(i-6) * time.Minute), text: fmt.Sprint(i)})
	}
	tail := d.tail(url.Values{"job": {job}, "start": {"now-210s"}}, "")
	if got := tail.read(2); !slices.Equal(got, []string{"3", "4"}) {
		t.Errorf("got %q, want the lines of the last 210 s", got)
	}
	pushLines(t, lokiURL, stream, line{at: time.Now(), text: "live"})
	if got := tail.read(1); got[0] != "live" {
		t.Errorf("got %q", got)
	}
}

func tailIsSharedByViewers(t *testing.T, lokiURL string, d *dashboard) {
	job := jobOf(t)
	var tails []*events
	for range 20 {
		tails = append(tails, d.tail(url.Values{"job": {job}}, ""))
	}
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="a"}`, job), line{at: time.Now(), text: "for all"})
	ids := map[string]bool{}
	for _, tail := range tails {
		if got := tail.read(1); got[0] != "for all" {
			t.Errorf("got %q", got)
		}
		ids[tail.lastID] = true
	}
	if len(ids) != 1 {
		t.Errorf("20 viewers have %d different cursors: there is more than one follow", len(ids))
	}
}

// healthAnswer is the answer of api/v1/health as a client decodes it.
type healthAnswer struct {
	Verdict, Summary, Detail string
	Components               []struct {
		ID, Name, Verdict, Reason string
		Since                     *time.Time
		SinceBefore               bool `json:"since_before"`
		Grafana                   string
		Signals                   []healthItem
	}
	Sources []struct {
		Service, Env, Host string
		LastSeen           *time.Time `json:"last_seen"`
		LinesPerSecond     float64    `json:"lines_per_second"`
	}
	Unreadable []map[string]string
}

type healthItem struct {
	ID, Name, Verdict, Reason, Unit, Display string
	Value, Warning, Critical                 *float64
	Since                                    *time.Time
	SinceBefore                              bool `json:"since_before"`
}

// item returns a signal by component/signal.
func (h healthAnswer) item(t *testing.T, id string) healthItem {
	t.Helper()
	for _, component := range h.Components {
		for _, signal := range component.Signals {
			if component.ID+"/"+signal.ID == id {
				return signal
			}
		}
	}
	t.Fatalf("there is no item %s", id)
	return healthItem{}
}

func sourcesAreKnown(t *testing.T, lokiURL string, _ *dashboard) {
	job, now := jobOf(t), time.Now()
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="fresh", env="e", host="h"}`, job),
		line{at: now.Add(-15 * time.Second), text: "1"}, line{at: now.Add(-time.Second), text: "2"})
	silentSince := now.Add(-3 * time.Hour)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="silent", env="e", host="h"}`, job), line{at: silentSince, text: "1"})
	found, err := loki.NewSources(lokiClient(t, lokiURL)).At(context.Background(), now.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]loki.Source{}
	for _, source := range found {
		byName[source.Service] = source
	}
	fresh, silent := byName["fresh"], byName["silent"]
	if age := now.Sub(fresh.LastSeen); age > 12*time.Second || age < -12*time.Second || fresh.LinesPerSecond*300 < 1.9 || fresh.LinesPerSecond*300 > 2.1 {
		t.Errorf("fresh: %+v, %s old", fresh, age)
	}
	if !silent.LastSeen.Equal(silentSince) || silent.LinesPerSecond != 0 || silent.Env != "e" || silent.Host != "h" {
		t.Errorf("silent: %+v, want last seen at %s", silent, silentSince)
	}
}

func concurrentReaders(t *testing.T, lokiURL string, d *dashboard) {
	job := jobOf(t)
	pushLines(t, lokiURL, fmt.Sprintf(`{job=%q, service="a"}`, job), line{at: time.Now().Add(-time.Minute), text: "x"})
	statuses := make(chan int, 40)
	for i := range cap(statuses) {
		path := []string{"logs", "volume", "labels", "health"}[i%4]
		go func() {
			answer, err := d.http.Get(d.url + "/api/v1/" + path + "?" + url.Values{"job": {job}}.Encode())
			if err != nil {
				statuses <- -1
				return
			}
			io.Copy(io.Discard, answer.Body) // only the status matters
			answer.Body.Close()
			statuses <- answer.StatusCode
		}()
	}
	for range cap(statuses) {
		if status := <-statuses; status != 200 {
			t.Errorf("status %d", status)
		}
	}
}

func TestLokiAwayIsSaidAndTheRestWorks(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, options{lokiURL: nowhere, prometheusURL: nowhere})
	for _, path := range []string{"logs", "volume", "labels"} {
		var got logsAnswer
		if status := d.get(path, nil, "LogsResponse", &got); status != 502 || got.Error.Code != "unavailable" || got.Error.Source != "loki" || !strings.Contains(got.Error.Message, "LOKI_URL") {
			t.Errorf("%s: got %d %+v", path, status, got.Error)
		}
	}
	// A tail is a stream that says it: an EventSource gives up at an error.
	tail := d.tail(url.Values{"query": {`{job="x"}`}}, "")
	if got, ok := tail.next(); !ok || got.State != "reconnecting" || !strings.Contains(got.Message, "LOKI_URL") {
		t.Errorf("tail: got %+v", got)
	}
	if got, ok := tail.next(); ok {
		t.Errorf("tail: got %+v, want the end, so that the client comes back", got)
	}
	var health healthAnswer
	if status := d.get("health", nil, "HealthResponse", &health); status != 200 || health.Verdict != "critical" {
		t.Errorf("health: %d %+v", status, health)
	}
	if got := health.item(t, "pipeline/loki"); got.Verdict != "critical" {
		t.Errorf("loki: %+v", got)
	}
	var session struct{ Version string }
	if status := d.get("session", nil, "Session", &session); status != 200 || session.Version != "test" {
		t.Errorf("session: %d %+v", status, session)
	}
}

func TestTailComesBackWithLoki(t *testing.T) {
	t.Parallel()
	server := servers.Loki(t)
	dir := t.TempDir()
	first := newDashboard(t, options{lokiURL: server.URL, prometheusURL: nowhere, dataDir: dir})
	job := jobOf(t)
	send := func(text string) {
		pushLines(t, server.URL, fmt.Sprintf(`{job=%q, service="a"}`, job), line{at: time.Now(), text: text})
	}
	params := url.Values{"job": {job}}
	tail := first.tail(params, "")
	tail.next() // the follow runs
	send("before")
	tail.read(1)
	first.stop()
	if got, ok := tail.next(); ok {
		t.Errorf("after the stop: got %+v, want the end of the stream", got)
	}
	send("meanwhile")
	second := newDashboard(t, options{lokiURL: server.URL, prometheusURL: nowhere, dataDir: dir})
	seen := map[string]int{}
	tail = second.tail(params, tail.lastID)
	for seen["meanwhile"] == 0 {
		for _, text := range tail.read(1) {
			seen[text]++
		}
	}
	if seen["before"] > 1 || seen["meanwhile"] != 1 {
		t.Errorf("after a restart of the dashboard: got %v", seen)
	}
}
