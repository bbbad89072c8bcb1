package alerts

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/state"
)

// noon is when tests begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// book is a Store on a real database with a clock that the test moves.
type book struct {
	*Store
	t   *testing.T
	now time.Time
}

func newBook(t *testing.T) *book {
	t.Helper()
	db, err := state.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	b := &book{t: t, now: noon}
	b.Store = NewStore(db, func() time.Time { return b.now })
	return b
}

// at is a time after noon.
func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// fires is an alert of a name that fires since some minutes after noon.
func fires(name string, since int) Alert {
	labels := map[string]string{"alertname": name, "severity": "warning"}
	return Alert{Fingerprint: fingerprintOf(labels), StartsAt: at(since), Labels: labels}
}

// ended is the same, resolved.
func ended(name string, since, until int) Alert {
	a := fires(name, since)
	a.Resolved, a.EndsAt = true, at(until)
	return a
}

// take takes a notification of alerts.
func (b *book) take(alerts ...Alert) Taken {
	b.t.Helper()
	taken, err := b.Take(b.t.Context(), Notification{Receiver: "dashboard", Alerts: alerts})
	if err != nil {
		b.t.Fatal(err)
	}
	return taken
}

// look lets Alertmanager have alerts, some minutes after noon.
func (b *book) look(before doubts, minute int, alerts ...Alert) doubts {
	b.t.Helper()
	b.now = at(minute)
	l := looked{at: b.now}
	for _, a := range alerts {
		a.StartsAt = a.StartsAt.Truncate(time.Millisecond) // as its API gives it
		l.alerts = append(l.alerts, Live{Alert: a})
	}
	after, _, err := b.reconcile(b.t.Context(), l, before, PollEvery)
	if err != nil {
		b.t.Fatal(err)
	}
	return after
}

// episodesOf writes what is known of an alert: from-until in minutes after noon,
// "?" behind what is inferred.
func (b *book) episodesOf(name string) string {
	b.t.Helper()
	list, err := b.episodes(b.t.Context(), "WHERE name = ? ORDER BY starts_at", name)
	if err != nil {
		b.t.Fatal(err)
	}
	var words []string
	for _, e := range list {
		word := fmt.Sprintf("%.0f-", e.Began.Sub(noon).Minutes())
		if !e.IsFiring() {
			word += fmt.Sprintf("%.0f", e.Ended.Sub(noon).Minutes())
		}
		if e.Inferred {
			word += "?"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func (b *book) want(name, want string) {
	b.t.Helper()
	if got := b.episodesOf(name); got != want {
		b.t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

func TestAnEpisodeOpensOnceAndEndsOnce(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.now = at(1)
	if got := b.take(fires("A", 0), fires("B", 0)); got != (Taken{Opened: 2}) {
		t.Errorf("the first: %+v", got)
	}
	if got := b.take(fires("A", 0), fires("B", 0)); got != (Taken{}) {
		t.Errorf("the same again: %+v", got)
	}
	b.now = at(10)
	for range 2 { // as two Alertmanagers of one cluster send it
		b.take(ended("A", 0, 9), fires("B", 0))
	}
	b.want("A", "0-9")
	b.want("B", "0-")
	b.take(fires("A", 0)) // sent before, came late
	b.want("A", "0-9")
	b.take(fires("A", 12))
	b.want("A", "0-9 10-")
}

func TestRepeatedNotificationsWriteNothing(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	n := recorded(t, "v0.34.json")
	b.now = n.Alerts[0].StartsAt.Add(time.Minute)
	if _, err := b.Take(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if news, err := b.news(t.Context(), n); err != nil || len(news) != 0 {
		t.Errorf("%d alerts of the same notification are news: %v", len(news), err)
	}
	n.Alerts[0].Annotations = map[string]string{"summary": "another value"}
	if news, err := b.news(t.Context(), n); err != nil || len(news) != 1 {
		t.Errorf("%d alerts are news with another text: %v", len(news), err)
	}
	if _, err := b.Take(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	list, _, err := b.Firing(t.Context(), Filter{})
	if err != nil || len(list) != 1 || list[0].Annotations["summary"] != "another value" || !strings.Contains(string(list[0].Extra), `"notification_reason":"repeat interval elapsed"`) {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestAnEarlierEpisodeEndsWhenALaterOneBegins(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.now = at(30)
	b.take(fires("A", 0))
	b.take(fires("A", 20))
	b.want("A", "0-20? 20-")
	b.take(fires("A", 10)) // came late
	b.want("A", "0-20? 10-20? 20-")
	b.take(ended("A", 0, 5), ended("A", 10, 15))
	b.want("A", "0-5 10-15 20-")
}

func TestAnyOrderOfNotificationsGivesTheSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		b := newBook(t)
		b.now = at(100)
		var sent []Alert
		for since := 0; since < 40; since += 10 {
			sent = append(sent, fires("A", since), fires("A", since), ended("A", since, since+5))
		}
		random.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
		for len(sent) > 0 {
			n := 1 + random.IntN(len(sent))
			b.take(sent[:n]...)
			sent = sent[n:]
		}
		b.want("A", "0-5 10-15 20-25 30-35")
	}
}

func TestANotificationIsStoredWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	if _, err := b.db.Exec("CREATE TRIGGER full BEFORE INSERT ON alert_episodes WHEN NEW.name = 'C' BEGIN SELECT RAISE(ABORT, 'disk is full'); END"); err != nil {
		t.Fatal(err)
	}
	n := Notification{Alerts: []Alert{fires("A", 0), fires("B", 0), fires("C", 0)}}
	if _, err := b.Take(t.Context(), n); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("no error: %v", err)
	}
	if n, err := b.CountFiring(t.Context(), Filter{}); err != nil || n != 0 {
		t.Errorf("%d are stored, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Take(ctx, n); err == nil {
		t.Error("no error after the sender went")
	}
}

func TestWhatNotificationsMissedIsFoundByLooking(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	a := fires("A", 0)
	a.StartsAt = a.StartsAt.Add(123456 * time.Nanosecond) // finer than the API's times
	b.take(a, fires("B", 0))
	gone := b.look(doubts{}, 1, a, fires("C", 0))
	b.want("A", "0-")
	b.want("B", "0-")
	b.want("C", "0-")
	gone = b.look(gone, 2, a, fires("C", 0))
	b.want("B", "0-1?") // it was missing at 1 and at 2
	gone = b.look(gone, 3, fires("B", 0), fires("C", 0))
	b.want("A", "0-")
	b.want("B", "0-") // Alertmanager had lost it for a while
	b.take(ended("B", 0, 3))
	gone = b.look(gone, 4, a, fires("B", 0))
	b.want("A", "0-")  // it was missing once
	b.want("B", "0-3") // what was told is not taken back by one look
	b.look(gone, 5, a)
	b.want("C", "0-4?")
	b.take(ended("C", 0, 3))
	b.want("C", "0-3") // and what is told corrects what was inferred
}

func TestAnEndThatWasToldIsTakenBackAfterTwoLooks(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.take(fires("A", 0))
	b.now = at(5)
	b.take(ended("A", 0, 4)) // Prometheus could not reach Alertmanager for a while
	doubtful := b.look(doubts{}, 6, fires("A", 0))
	b.take(fires("A", 0))
	b.want("A", "0-4")
	doubtful = b.look(doubtful, 7)
	doubtful = b.look(doubtful, 8, fires("A", 0))
	b.want("A", "0-4")
	b.look(doubtful, 9, fires("A", 0))
	b.want("A", "0-")
	b.now = at(10)
	b.take(ended("A", 0, 10))
	b.want("A", "0-10")
}

func TestALookThatBeganBeforeAnEpisodeDoesNotEndIt(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	gone := b.look(doubts{}, 1)
	b.take(fires("A", 1))
	gone = b.look(gone, 1) // was asked when A was taken, or before
	if len(gone.missing) != 0 {
		t.Errorf("%d are missing", len(gone.missing))
	}
	gone = b.look(gone, 2)
	b.look(gone, 3)
	b.want("A", "1-2?")
}

func TestAnEpisodeWithAnotherBeginReplacesTheOneThatIsOpen(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.now = at(10)
	b.take(fires("A", 5))
	// A second Prometheus has seen it earlier: Alertmanager keeps the earlier time.
	b.take(fires("A", 3))
	b.want("A", "3-5? 5-")
	b.look(doubts{}, 11, fires("A", 3))
	b.want("A", "3- 5-5?")
	b.take(fires("B", 5))
	b.look(doubts{}, 12, fires("B", 3))
	b.want("B", "3- 5-5?")
}

func TestClocksMayDifferByMinutes(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.take(fires("Ahead", 5)) // Prometheus' clock is 5 minutes ahead
	b.want("Ahead", "0-")
	b.now = at(1)
	b.take(ended("Ahead", 5, 6))
	b.want("Ahead", "0-1")
	b.take(ended("Behind", -5, -4), ended("Backwards", -2, -7))
	b.want("Behind", "-5--4")
	b.want("Backwards", "-2--2")
	b.take(fires("Sideways", -2))
	b.take(ended("Sideways", -2, -7))
	b.want("Sideways", "-2--2")
	if list, err := b.Timeline(t.Context(), Span{at(-60), at(1)}, Filter{}); err != nil || len(list.Rows) != 4 {
		t.Errorf("%d rows, %v", len(list.Rows), err)
	}
	gone := b.look(doubts{}, 2, fires("Future", 30))
	b.want("Future", "2-")
	gone = b.look(gone, 3)
	b.look(gone, 4)
	b.want("Future", "2-3?")
	b.look(doubts{}, 1) // the dashboard's own clock went back
	b.look(doubts{}, 5)
}

func TestFiringAlertsAreListedByGravity(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.now = at(10)
	for i, severity := range []string{"info", "critical", "strange", "warning", "critical"} {
		a := fires(fmt.Sprint("A", i), i)
		a.Labels["severity"] = severity
		if i == 1 {
			a.Labels["env"] = "staging"
		}
		b.take(a)
	}
	b.take(fires(Watchdog, 0))
	names := func(f Filter) string {
		list, total, err := b.Firing(t.Context(), f)
		if err != nil || total != len(list) {
			t.Fatal(total, err)
		}
		var names []string
		for _, e := range list {
			names = append(names, e.Name)
		}
		return strings.Join(names, " ")
	}
	if got := names(Filter{}); got != "A4 A1 A3 A0 A2" {
		t.Errorf("got %s", got)
	}
	if got := names(Filter{Env: []string{"production", "demo"}}); got != "A4 A3 A0 A2" {
		t.Errorf("of production: %s", got)
	}
}

func TestTheTimelineTellsFlappingFromFiring(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.now = at(600)
	for _, since := range []int{0, 20, 40, 200} { // three within an hour
		b.take(ended("Flaps", since, since+10))
	}
	b.take(ended("Old", -100, -90), ended("Once", 50, 70), fires("Now", 10))
	got, err := b.Timeline(t.Context(), Span{at(0), at(600)}, Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, row := range got.Rows {
		words = append(words, fmt.Sprint(row.Name, len(row.Episodes), row.Flaps, row.Recovery))
	}
	if text := strings.Join(words, ", "); text != "Now1 0 0s, Flaps4 3 10m0s, Once1 0 20m0s" {
		t.Errorf("got %s", text)
	}
}

func TestAnEpisodeIsAboutTheComponentThatItsLinkOpens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dashboard, label, want string }{
		{"https://example.org/logs/health?c=backend_staging", "backend", "backend_staging"},
		{"https://example.org/logs/health", "host", "host"},
		{"https://example.org/logs/lines?c=probes", "logs", "logs"},
		{"http://%zz/health?c=host", "", ""},
		{"", "", ""},
	} {
		b := newBook(t)
		a := fires("Down", 10)
		a.Annotations = map[string]string{"dashboard": c.dashboard}
		if c.label != "" {
			a.Labels["component"] = c.label
		}
		b.take(a)
		firing, _, err := b.Firing(t.Context(), Filter{})
		if err != nil {
			t.Fatal(err)
		}
		timeline, err := b.Timeline(t.Context(), Span{at(0), at(600)}, Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if got := firing[0].Component; got != c.want {
			t.Errorf("%s, label %q: firing for %q, want %q", c.dashboard, c.label, got, c.want)
		}
		if got := timeline.Rows[0].Episodes[0].Component; got != c.want {
			t.Errorf("%s, label %q: in the timeline for %q, want %q", c.dashboard, c.label, got, c.want)
		}
	}
}

func TestTimesInWhichNobodyLookedAreGaps(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	var gone doubts
	for _, minute := range []int{10, 11, 12, 13, 40, 41, 42, 43} {
		gone = b.look(gone, minute)
	}
	gaps := func(from, to int) string {
		got, err := b.Timeline(t.Context(), Span{at(from), at(to)}, Filter{})
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, gap := range got.Gaps {
			words = append(words, fmt.Sprintf("%.0f-%.0f", gap.From.Sub(noon).Minutes(), gap.To.Sub(noon).Minutes()))
		}
		return strings.Join(words, " ")
	}
	b.now = at(44)
	for _, test := range []struct {
		from, to int
		want     string
	}{{0, 44, "0-10 13-40"}, {11, 13, ""}, {20, 30, "20-30"}, {41, 44, ""}, {43, 200, ""}} {
		if got := gaps(test.from, test.to); got != test.want {
			t.Errorf("%d-%d: got %q, want %q", test.from, test.to, got, test.want)
		}
	}
	b.now = at(60)
	if got := gaps(41, 60); got != "43-57" {
		t.Errorf("after a while: %q", got)
	}
}

func TestTheWatchdogIsMissedWhenItDoesNotFire(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	want := func(fires bool, since time.Time) {
		t.Helper()
		gotFires, gotSince, err := b.WatchdogSince(t.Context())
		if err != nil || gotFires != fires || !gotSince.Equal(since) {
			t.Errorf("got %v since %v, %v; want %v since %v", gotFires, gotSince, err, fires, since)
		}
	}
	want(false, time.Time{})
	gone := b.look(doubts{}, 1, fires(Watchdog, 0))
	want(true, at(0))
	gone = b.look(gone, 2)
	b.look(gone, 3)
	want(false, at(2))
	b.look(doubts{}, 5, fires(Watchdog, 4))
	want(true, at(4))
}

func TestOldEpisodesAreDeletedAndOpenOnesKept(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.now = at(100)
	b.take(fires("Open", -1000), ended("Old", 0, 10), ended("New", 0, 60))
	if err := b.Expire(t.Context(), at(50)); err != nil {
		t.Fatal(err)
	}
	b.want("Open", "-1000-")
	b.want("Old", "")
	b.want("New", "0-60")
}

func TestAFloodOfAlertsIsTaken(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	var flood []Alert
	for i := range 3000 {
		flood = append(flood, fires(fmt.Sprint("Flood", i), 0))
	}
	if got := b.take(flood...); got.Opened != 3000 {
		t.Errorf("got %+v", got)
	}
	list, total, err := b.Firing(t.Context(), Filter{})
	if err != nil || total != 3000 || len(list) != firingMax {
		t.Errorf("%d of %d, %v", len(list), total, err)
	}
	timeline, err := b.Timeline(t.Context(), Span{at(-1), at(1)}, Filter{})
	if err != nil || len(timeline.Rows) != 3000 || timeline.Partial {
		t.Errorf("%d rows, %v", len(timeline.Rows), err)
	}
}

func TestWhatIsFoundByLookingIsToldOfWhenANotificationComes(t *testing.T) {
	t.Parallel()
	for told, alert := range map[string]Alert{"firing": fires("A", 0), "ended": ended("A", 0, 2)} {
		b := newBook(t)
		b.look(doubts{}, 1, fires("A", 0))
		if e, err := b.Episode(t.Context(), 1); err != nil || !e.Polled {
			t.Errorf("found by looking: %+v, %v", e, err)
		}
		b.take(alert)
		if e, err := b.Episode(t.Context(), 1); err != nil || e.Polled {
			t.Errorf("%s: %+v, %v", told, e, err)
		}
	}
}

func TestAnAlertThatOnlyGotAnotherBeginDidNotRecoverOrFlap(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	for i, since := range []int{0, 10, 20, 30} {
		b.now = at(since)
		b.take(fires("A", since))
		if row := b.row("A"); row.Flaps != 0 || row.Recovery != 0 || len(row.Episodes) != i+1 {
			t.Errorf("begun %d times: flaps %d, recovery %s, %d episodes", i+1, row.Flaps, row.Recovery, len(row.Episodes))
		}
	}
	b.now = at(40)
	b.take(ended("A", 30, 40))
	if row := b.row("A"); row.Recovery != 40*time.Minute {
		t.Errorf("it recovered after %s, want 40m", row.Recovery)
	}
}

// row returns the timeline's row of a name.
func (b *book) row(name string) Row {
	b.t.Helper()
	timeline, err := b.Timeline(b.t.Context(), Span{at(-60), at(60)}, Filter{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, row := range timeline.Rows {
		if row.Name == name {
			return row
		}
	}
	b.t.Fatalf("%s is not in the timeline", name)
	return Row{}
}

func TestWithoutALookAnAlertOfWhichNothingIsHeardEnds(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	p := NewPoller(PollConfig{Store: b.Store, Every: PollEvery, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return b.now }})
	b.now = at(0)
	b.take(fires("Repeated", 0), fires("Gone", 0))
	b.now = at(10 * 60)
	p.started = b.now // the dashboard was away until now
	b.take(fires("Repeated", 0))
	b.now = at(34 * 60)
	p.expire(t.Context())
	b.want("Gone", "0-")
	b.now = at(35 * 60)
	p.expire(t.Context())
	b.want("Gone", "0-0?")
	b.want("Repeated", "0-")
	b.now = at(36*60 + 1)
	p.expire(t.Context())
	b.want("Repeated", "0-600?")
	b.take(fires("Repeated", 0)) // after a long silence
	b.want("Repeated", "0-")
	b.take(ended("Repeated", 0, 700))
	b.want("Repeated", "0-700")
}

func TestWhatKeepsAnAlertQuietIsKnownByItsLook(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.now = at(1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `[{"labels":{"alertname":"A"},"annotations":{},"startsAt":"2026-03-01T12:00:00Z","fingerprint":"aa",
			"status":{"state":"suppressed","silencedBy":["s"],"inhibitedBy":["bb"],"mutedBy":["nights"]}},
			{"labels":{"alertname":"B"},"annotations":{},"startsAt":"2026-03-01T12:00:00Z","fingerprint":"bb",
			"status":{"state":"suppressed","silencedBy":[],"inhibitedBy":[],"mutedBy":["nights"]}}]`)
	}))
	t.Cleanup(server.Close)
	clock := func() time.Time { return b.now }
	client, err := NewClient(server.URL, clock)
	if err != nil {
		t.Fatal(err)
	}
	p := NewPoller(PollConfig{Client: client, Store: b.Store, Every: PollEvery, Log: slog.New(slog.DiscardHandler), Now: clock})
	p.Refresh(t.Context())
	if got := fmt.Sprint(p.Quiet("aa"), p.Quiet("bb"), p.Quiet("cc")); got != "{[s] [bb] [nights]} {[] [] [nights]} {[] [] []}" {
		t.Errorf("got %s", got)
	}
}
