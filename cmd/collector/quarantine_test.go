package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/quarantine"
)

// strictLoki refuses entries as Loki does: older than its limit, or too long. It
// stores the rest of the push.
type strictLoki struct {
	*httptest.Server
	mu     sync.Mutex
	stored []string // tenant, labels, line, metadata
	times  []time.Time
}

func newStrictLoki(t *testing.T) *strictLoki {
	t.Helper()
	s := &strictLoki{}
	s.Server = httptest.NewServer(http.HandlerFunc(s.push))
	t.Cleanup(s.Close)
	return s
}

func (s *strictLoki) push(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer right" {
		http.Error(w, "invalid token", http.StatusUnauthorized)
		return
	}
	req, err := readPush(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := time.Now().Add(-time.Hour)
	refusal := ""
	for _, e := range req.Streams[0].Entries {
		switch {
		case e.Timestamp.Before(oldest):
			refusal = "entry has timestamp too old, oldest acceptable timestamp is: " + oldest.UTC().Format(time.RFC3339)
		case len(e.Line) > 1000:
			refusal = fmt.Sprintf("Max entry size '1000' bytes exceeded for stream '%s'", req.Streams[0].Labels)
		default:
			var meta []string
			for _, m := range e.StructuredMetadata {
				meta = append(meta, m.Name+"="+m.Value)
			}
			s.store(e.Timestamp, strings.Join([]string{r.Header.Get("X-Scope-OrgID"), req.Streams[0].Labels, e.Line, strings.Join(meta, " ")}, "|"))
		}
	}
	if refusal != "" {
		http.Error(w, refusal, http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// store keeps an exact repetition once.
func (s *strictLoki) store(at time.Time, entry string) {
	for i := range s.stored {
		if s.stored[i] == entry && s.times[i].Equal(at) {
			return
		}
	}
	s.stored, s.times = append(s.stored, entry), append(s.times, at)
}

// quarantined is a configuration of a client "one" with entries in quarantine,
// and of a client "two" without.
type quarantined struct {
	t      *testing.T
	config string
	file   *quarantine.File
}

func newQuarantined(t *testing.T, lokiURL, token string, entries ...quarantine.Entry) *quarantined {
	t.Helper()
	dir := t.TempDir()
	positions := filepath.Join(dir, "positions.yaml")
	config := write(t, filepath.Join(dir, "c.yaml"), fmt.Sprintf(`
clients:
- {name: one, url: %q, bearer_token: %s, tenant_id: team, external_labels: {host: h}}
- {name: two, url: %q, bearer_token: %s}
positions: {filename: %s}
scrape_configs: [{job_name: files, static_configs: [{labels: {__path__: '%s/*.log'}}]}]
`, lokiURL, token, lokiURL, token, positions, dir))
	q := &quarantined{t, config, quarantine.Open(quarantine.Path(positions, "one"), quarantine.Options{})}
	if err := q.file.Add(entries); err != nil {
		t.Fatal(err)
	}
	return q
}

// run runs the command and wants a status and texts in what it prints.
func (q *quarantined) run(command string, wantStatus int, want ...string) string {
	q.t.Helper()
	args := append([]string{"quarantine"}, strings.Fields(command)...)
	args = append(args, "-config.file="+q.config)
	out := &log{}
	if status := run(context.Background(), args, out, out); status != wantStatus || !out.has(want...) {
		q.t.Errorf("%s: status %d, want %d and %q in\n%s", command, status, wantStatus, want, out)
	}
	return out.String()
}

// left returns the lines that are in quarantine.
func (q *quarantined) left() (lines []string) {
	q.t.Helper()
	if _, err := q.file.Read(func(e quarantine.Entry) error {
		lines = append(lines, e.Line[:min(len(e.Line), 10)])
		return nil
	}); err != nil {
		q.t.Fatal(err)
	}
	return lines
}

func (q *quarantined) wantLeft(want ...string) {
	q.t.Helper()
	if got := q.left(); !reflect.DeepEqual(got, want) {
		q.t.Errorf("left %q, want %q", got, want)
	}
}

// refusedEntry was refused an hour after it was written, age ago.
func refusedEntry(app, line, reason string, age time.Duration) quarantine.Entry {
	at := time.Now().Add(-age)
	return quarantine.Entry{
		Time: at.UnixNano(), Reason: reason, Refused: at.Add(time.Hour), Stream: fmt.Sprintf("{app=%q}", app), Line: line,
		Metadata: []quarantine.Field{{Name: "n", Value: line[:1]}},
	}
}

func someRefused() []quarantine.Entry {
	other := refusedEntry("a", "1 other tenant", "rate", time.Minute)
	other.Tenant = "guests"
	return []quarantine.Entry{
		refusedEntry("a", "3 late\x1b[31m", "too_old", 48*time.Hour),
		refusedEntry("b", "4 "+strings.Repeat("x", 2000), "line_too_long", time.Minute),
		refusedEntry("a", "2 fresh", "rate", time.Minute),
		other,
	}
}

func TestQuarantineListIsATableWithASummary(t *testing.T) {
	q := newQuarantined(t, "http://192.0.2.1/loki/api/v1/push", "x", someRefused()...)
	out := q.run("list", 0, "TIME ", "too_old        {app=\"a\"}  3 late·[31m", `4 xxxx`, "…", "CLIENT ", "one     rate           2")
	if strings.ContainsRune(out, '\x1b') || strings.Contains(out, strings.Repeat("x", 200)) {
		t.Errorf("not shortened or not made harmless:\n%s", out)
	}
	if out := q.run("list -reason too_old", 0, "3 late"); strings.Contains(out, "2 fresh") {
		t.Errorf("-reason:\n%s", out)
	}
	if out := q.run("list -limit 1", 0, "1 other", "one     rate           2"); strings.Contains(out, "2 fresh") {
		t.Errorf("-limit:\n%s", out)
	}
	q.run("list -client two", 0, "nothing is in quarantine")
}

func TestQuarantineListAsJSONIsWhatIsStored(t *testing.T) {
	q := newQuarantined(t, "http://192.0.2.1/loki/api/v1/push", "x", someRefused()...)
	want, err := os.ReadFile(q.file.Path())
	if err != nil {
		t.Fatal(err)
	}
	if got := q.run("list -format=json", 0); got != string(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestQuarantineResendRemovesWhatLokiTakes(t *testing.T) {
	loki := newStrictLoki(t)
	q := newQuarantined(t, loki.URL, "right", append(someRefused(), someRefused()[1])...)
	again := q.left()
	if err := q.file.Add(someRefused()[2:3]); err != nil { // of another time
		t.Fatal(err)
	}
	q.run("resend", 1, "client one: 3 sent, 3 refused, 0 kept", "client two: 0 sent", "line_too_long, for one:", "Max entry size", "stay in "+q.file.Path())
	q.wantLeft(again[0], again[1], again[1])
	want := []string{
		`team|{app="a", host="h"}|2 fresh|n=2`, `team|{app="a", host="h"}|2 fresh|n=2`, `guests|{app="a", host="h"}|1 other tenant|n=1`,
	}
	if !reflect.DeepEqual(loki.stored, want) {
		t.Errorf("stored %q, want %q", loki.stored, want)
	}
}

func TestQuarantineResendSendsTheSameEntryOnce(t *testing.T) {
	loki := newStrictLoki(t)
	e := refusedEntry("a", "2 fresh", "rate", time.Minute)
	again := e
	again.Refused, again.Reason = e.Refused.Add(time.Minute), "other"
	q := newQuarantined(t, loki.URL, "right", e, again)
	q.run("resend", 0, "client one: 1 sent, 0 refused, 0 kept")
	q.wantLeft()
	if len(loki.stored) != 1 {
		t.Errorf("stored %q", loki.stored)
	}
}

func TestQuarantineResendNowGivesThePresentTimeInOrder(t *testing.T) {
	loki := newStrictLoki(t)
	older := refusedEntry("a", "1 older", "too_old", 50*time.Hour)
	newer := refusedEntry("a", "2 newer", "too_old", 49*time.Hour)
	q := newQuarantined(t, loki.URL, "right", newer, older)
	before := time.Now()
	q.run("resend -now -reason too_old", 0, "client one: 2 sent, 0 refused, 0 kept")
	q.wantLeft()
	own := time.Unix(0, older.Time).UTC().Format(time.RFC3339Nano)
	want := `team|{app="a", host="h"}|1 older|n=1 original_time=` + own
	if len(loki.stored) != 2 || loki.stored[0] != want {
		t.Fatalf("stored %q, want %q first", loki.stored, want)
	}
	if loki.times[0].Before(before) || !loki.times[1].After(loki.times[0]) {
		t.Errorf("times %v", loki.times)
	}
}

// A second run repeats what the first one may have sent exactly.
func TestQuarantineResendNowKeepsTheTimeThatItGave(t *testing.T) {
	loki := newStrictLoki(t)
	long := refusedEntry("a", "4 "+strings.Repeat("x", 2000), "line_too_long", 50*time.Hour)
	q := newQuarantined(t, loki.URL, "right", long)
	q.run("resend -now", 1, "1 refused")
	first, err := os.ReadFile(q.file.Path())
	if err != nil {
		t.Fatal(err)
	}
	q.run("resend -now", 1, "1 refused")
	if second, err := os.ReadFile(q.file.Path()); err != nil || string(second) != string(first) {
		t.Errorf("%v, stored first\n%.300s\nthen\n%.300s", err, first, second)
	}
}

func TestThePresentTimeIsGivenToWhatDoesNotHaveIt(t *testing.T) {
	given := []quarantine.Field{{Name: originalTime, Value: "kept"}}
	longAgo := refusedEntry("a", "1 given long ago", "too_old", 50*time.Hour)
	justNow := refusedEntry("a", "2 given just now", "too_old", time.Minute)
	longAgo.Metadata, justNow.Metadata = given, given
	fresh := refusedEntry("a", "3 its own", "rate", time.Second)
	all := []quarantine.Entry{longAgo, justNow, fresh}
	q := newQuarantined(t, "http://192.0.2.1/loki/api/v1/push", "x", all...)
	now := time.Now()
	if err := restamp(q.file, slices.Clone(all), now); err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(all)
	want[0].Time, want[2].Time = now.UnixNano(), now.UnixNano()+2
	want[2].Metadata = append(want[2].Metadata, quarantine.Field{
		Name: originalTime, Value: time.Unix(0, fresh.Time).UTC().Format(time.RFC3339Nano),
	})
	var got []quarantine.Entry
	if _, err := q.file.Read(func(e quarantine.Entry) error {
		got = append(got, e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i].Time != want[i].Time || !reflect.DeepEqual(got[i].Metadata, want[i].Metadata) {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
}

func TestQuarantineResendWithoutLokiLosesNothing(t *testing.T) {
	away := httptest.NewServer(nil)
	away.Close()
	q := newQuarantined(t, away.URL, "right", someRefused()...)
	before := q.left()
	q.run("resend", 1, "client one: 0 sent, 0 refused, 4 kept", "Loki cannot be reached", strings.TrimPrefix(away.URL, "http://"))
	q.wantLeft(before...)
	q = newQuarantined(t, newStrictLoki(t).URL, "wrong", someRefused()...)
	if out := q.run("resend", 1, "4 kept", "refuses the credentials (401)"); strings.Contains(out, "wrong") {
		t.Errorf("the secret is printed:\n%s", out)
	}
	q.wantLeft(before...)
}

func TestADamagedStreamStaysInQuarantine(t *testing.T) {
	e := refusedEntry("a", "1", "x", time.Minute)
	e.Stream = "{a"
	q := newQuarantined(t, newStrictLoki(t).URL, "right", e)
	q.run("resend", 1, "client one: 0 sent, 1 refused", "no label set")
	q.wantLeft("1")
}

func TestQuarantineNamesDamageAndStrangeFiles(t *testing.T) {
	q := newQuarantined(t, "http://192.0.2.1/loki/api/v1/push", "x", someRefused()...)
	stranger := write(t, filepath.Join(filepath.Dir(q.file.Path()), "gone.jsonl"), "{torn\n")
	q.run("list", 0, stranger+" is of no client", "3 late")
	if err := os.Rename(stranger, q.file.Path()); err != nil {
		t.Fatal(err)
	}
	q.run("list", 0, "1 damaged lines", "nothing is in quarantine")
}

func TestBadQuarantineCommandLines(t *testing.T) {
	q := newQuarantined(t, "http://192.0.2.1/loki/api/v1/push", "x")
	for _, tt := range []struct{ args, want string }{
		{"", "list and resend"},
		{"show -config.file=" + q.config, `"show"`},
		{"list", "give -config.file=FILE"},
		{"list -now -config.file=" + q.config, "-now"},
		{"resend -limit=1 -config.file=" + q.config, "-limit"},
		{"list -format=xml -config.file=" + q.config, "text or json"},
		{"list -limit=-1 -config.file=" + q.config, "-limit=-1"},
		{"list -client=three -config.file=" + q.config, "there are one, two"},
		{"list -config.file=" + q.config + " more", `"more"`},
		{"list -config.file=/none.yaml", "/none.yaml"},
	} {
		out := &log{}
		if status := run(context.Background(), append([]string{"quarantine"}, strings.Fields(tt.args)...), out, out); status != 2 || !out.has(tt.want) {
			t.Errorf("%s: status %d, want 2 and %q in\n%s", tt.args, status, tt.want, out)
		}
	}
	for _, args := range []string{"-h", "list -h", "resend -help"} {
		out := &log{}
		if status := run(context.Background(), append([]string{"quarantine"}, strings.Fields(args)...), out, out); status != 0 || !out.has("usage:", "-config.file") {
			t.Errorf("%s: status %d:\n%s", args, status, out)
		}
	}
}
