package notify

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestIssuesAreToldToTheChannelsOfTheirRules(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := r.add(webhookTo(x.URL))
	for _, rule := range []Rule{
		{Name: "regressed only", Terms: Terms{On: OnIssues, Kinds: []Kind{RegressedIssue}}},
		{Name: "staging only", Terms: Terms{On: OnIssues, Env: []string{"staging"}}},
	} {
		rule.Enabled, rule.Channels = true, []int64{c.ID}
		if _, err := r.AddRule(t.Context(), "alice", rule); err != nil {
			t.Fatal(err)
		}
	}
	r.happen(NewIssue, 7, "pool timeout")
	r.step()
	x.want(t, "pool timeout")
	e := x.got[0].Events[0]
	if e.Kind != NewIssue || e.Issue != 7 || e.Service != "backend" || e.URL != "https://host.example.org/logs/issues/1" || e.Rule != "all to hook" {
		t.Errorf("got %+v", e)
	}
	r.step()
	x.want(t, "pool timeout")
	if m := r.last(); m.State != stateSent || m.Attempts != 1 || m.Total != 1 {
		t.Errorf("got %+v", m)
	}
}

func TestRulesChooseByKindEnvironmentServiceAndLevel(t *testing.T) {
	e := &Event{Kind: NewIssue, Env: "production", Service: "backend", Level: "error"}
	for _, test := range []struct {
		rule Rule
		want bool
	}{
		{Rule{Enabled: true, Terms: Terms{On: OnIssues}}, true},
		{Rule{Enabled: false, Terms: Terms{On: OnIssues}}, false},
		{Rule{Enabled: true, Terms: Terms{On: OnMatches}}, false},
		{Rule{Enabled: true, Terms: Terms{On: OnIssues, Kinds: []Kind{SpikingIssue, NewIssue}}}, true},
		{Rule{Enabled: true, Terms: Terms{On: OnIssues, Kinds: []Kind{SpikingIssue}}}, false},
		{Rule{Enabled: true, Terms: Terms{On: OnIssues, Env: []string{"production"}, Service: []string{"backend"}, Level: []string{"error"}}}, true},
		{Rule{Enabled: true, Terms: Terms{On: OnIssues, Env: []string{"staging"}}}, false},
		{Rule{Enabled: true, Terms: Terms{On: OnIssues, Service: []string{"nginx"}}}, false},
		{Rule{Enabled: true, Terms: Terms{On: OnIssues, Level: []string{"fatal"}}}, false},
	} {
		if got := test.rule.takes(e); got != test.want {
			t.Errorf("%+v: got %v", test.rule, got)
		}
	}
}

func TestTheSameIsNotToldAgainWithinItsTime(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := webhookTo(x.URL)
	c.RepeatMinutes = 60
	r.add(c)
	r.happen(SpikingIssue, 1, "first")
	r.happen(SpikingIssue, 2, "another issue")
	r.step()
	r.pass(59 * time.Minute)
	r.happen(SpikingIssue, 1, "again")
	r.step()
	x.want(t, "first+another issue")
	if m := r.last(); m.Repeats != 1 {
		t.Errorf("got %d repeats, want 1", m.Repeats)
	}
	r.pass(2 * time.Minute)
	r.happen(SpikingIssue, 1, "later")
	r.step()
	x.want(t, "first+another issue", "later")
}

func TestADigestCollectsForItsTime(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := webhookTo(x.URL)
	c.DigestMinutes = 10
	r.add(c)
	r.happen(NewIssue, 1, "a")
	r.step()
	r.pass(9 * time.Minute)
	r.happen(NewIssue, 2, "b")
	r.step()
	x.want(t)
	r.pass(time.Minute)
	r.step()
	x.want(t, "a+b")
	if why := x.got[0].Why; why != "" {
		t.Errorf("a digest says that it was held: %q", why)
	}
}

func TestAboveTheLimitOfAnHourTheRestIsOneMessageLater(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := webhookTo(x.URL)
	c.PerHour = 2
	r.add(c)
	for i := range 6 {
		r.happen(NewIssue, int64(i), strconv.Itoa(i))
		r.step()
		r.pass(time.Minute)
	}
	x.want(t, "0", "1")
	r.pass(53 * time.Minute)
	r.step()
	x.want(t, "0", "1")
	r.pass(2 * time.Minute)
	r.step()
	x.want(t, "0", "1", "2+3+4+5")
	if why := x.got[2].Why; why != "Held because there were 2 messages in an hour, which is the limit." {
		t.Errorf("got %q", why)
	}
}

func TestTestMessagesAreBesideTheLimit(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := webhookTo(x.URL)
	c.PerHour = 1
	c = r.add(c)
	for range 2 {
		if result, err := r.TestChannel(t.Context(), "alice", c.ID); err != nil || result.Error != "" {
			t.Fatalf("got %+v, %v", result, err)
		}
	}
	r.happen(NewIssue, 1, "a")
	r.step()
	x.want(t, "A test of the channel hook", "A test of the channel hook", "a")
}

func TestQuietHoursEndWithADigest(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := webhookTo(x.URL)
	c.Quiet = &Quiet{From: "22:00", To: "07:00", Zone: "Asia/Jerusalem"} // UTC+2 in March
	r.add(c)
	r.pass(8*time.Hour - time.Minute) // 19:59 UTC
	r.happen(NewIssue, 1, "before")
	r.step()
	r.pass(time.Minute)
	r.happen(NewIssue, 2, "in the night")
	r.step()
	r.pass(9*time.Hour - time.Minute)
	r.happen(NewIssue, 3, "early")
	r.step()
	x.want(t, "before")
	r.pass(time.Minute)
	r.step()
	x.want(t, "before", "in the night+early")
	if why := x.got[1].Why; why != "Held in the quiet hours from 22:00 to 07:00." {
		t.Errorf("got %q", why)
	}
}

func TestQuietHoursFollowTheirZone(t *testing.T) {
	night := &Quiet{From: "22:00", To: "07:00", Zone: "Europe/Berlin"}
	day := &Quiet{From: "09:00", To: "17:00", Zone: "UTC"}
	for _, test := range []struct {
		quiet *Quiet
		at    string
		want  bool
	}{
		{nil, "2026-01-01T23:00:00Z", false},
		{night, "2026-01-01T20:59:59Z", false}, {night, "2026-01-01T21:00:00Z", true}, // winter: UTC+1
		{night, "2026-07-01T19:59:59Z", false}, {night, "2026-07-01T20:00:00Z", true}, // summer: UTC+2
		{night, "2026-07-01T04:59:59Z", true}, {night, "2026-07-01T05:00:00Z", false},
		{day, "2026-01-01T08:59:59Z", false}, {day, "2026-01-01T09:00:00Z", true}, {day, "2026-01-01T17:00:00Z", false},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := test.quiet.At(at); got != test.want {
			t.Errorf("%+v at %s: got %v", test.quiet, test.at, got)
		}
	}
}

func TestWhatFailsIsTriedAgainWithTheSameKeyAndBody(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.add(webhookTo(x.URL))
	x.answers(status(500))
	r.happen(NewIssue, 1, "a")
	r.step()
	if m := r.last(); m.State != statePending || !strings.Contains(m.Error, "status 500") || m.Remedy == "" {
		t.Errorf("got %+v", m)
	}
	r.happen(NewIssue, 2, "meanwhile")
	r.step() // not yet
	x.want(t, "a")
	x.answers(nil)
	r.pass(retryFirst)
	r.step()
	x.want(t, "a", "a")
	if x.raw[0] != x.raw[1] || x.header[0].Get("Webhook-Id") != x.header[1].Get("Webhook-Id") || x.header[0].Get("Idempotency-Key") != x.got[0].ID {
		t.Errorf("the attempts differ:\n%s %v\n%s %v", x.raw[0], x.header[0], x.raw[1], x.header[1])
	}
	r.step()
	x.want(t, "a", "a", "meanwhile")
	if m := r.last(); m.State != stateSent || m.Error != "" {
		t.Errorf("got %+v", m)
	}
}

func TestAClockThatWasSetBackHoldsUpNothing(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.add(webhookTo(x.URL))
	x.answers(status(500))
	r.happen(NewIssue, 1, "a")
	r.step()
	x.answers(nil)
	r.pass(-24 * time.Hour)
	r.step()
	x.want(t, "a", "a")
	r.happen(NewIssue, 1, "a") // the same was told, but in the future
	r.step()
	x.want(t, "a", "a", "a")
}

func TestAClockThatWasSetBackHoldsUpNoDigest(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := webhookTo(x.URL)
	c.DigestMinutes = 10
	r.add(c)
	r.happen(NewIssue, 1, "a")
	r.pass(-5 * time.Minute)
	r.step()
	x.want(t, "a")
}

func TestBackOffGrowsToItsLimit(t *testing.T) {
	for attempts, want := range map[int]time.Duration{1: 15 * time.Second, 2: 30 * time.Second, 6: 8 * time.Minute, 7: 15 * time.Minute, 100: 15 * time.Minute} {
		if got := backOff(attempts); got != want {
			t.Errorf("after %d attempts: got %s, want %s", attempts, got, want)
		}
	}
}

func TestAMessageIsGivenUpAfterADay(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.add(webhookTo(x.URL))
	x.answers(status(500))
	r.happen(NewIssue, 1, "a")
	for range 100 {
		r.step()
		r.pass(retryMax)
	}
	m := r.last()
	if m.State != stateFailed || m.Attempts > 100 || m.Attempts < 90 {
		t.Errorf("got %+v", m)
	}
	x.answers(nil)
	r.happen(NewIssue, 2, "b")
	r.step()
	if got := r.last(); got.State != stateSent || got.Events[0].Title != "b" {
		t.Errorf("got %+v", got)
	}
	if counts := r.Counts(); counts.Sent != 1 || counts.Failed != 1 || counts.Attempts != int64(m.Attempts) {
		t.Errorf("got %+v", counts)
	}
}

func TestAReceiverThatIsNotThereIsTriedAFewTimes(t *testing.T) {
	for _, code := range []int{404, 410} {
		r, x := newRig(t), newReceiver(t)
		r.add(webhookTo(x.URL))
		x.answers(status(code))
		r.happen(NewIssue, 1, "a")
		for range missingAttempts + 2 {
			r.step()
			r.pass(retryMax)
		}
		if m := r.last(); m.State != stateFailed || m.Attempts != missingAttempts {
			t.Errorf("%d: got %+v", code, m)
		}
		want := ChannelStatus{Failure: "the receiver answers with status " + strconv.Itoa(code), Remedy: gone[Webhook]}
		if got := r.status(); got != want {
			t.Errorf("%d: got the status %+v", code, got)
		}
		x.answers(nil)
		r.happen(NewIssue, 2, "b")
		r.step()
		if got := r.status(); got != (ChannelStatus{}) || r.last().State != stateSent {
			t.Errorf("%d: when it is back: got %+v, %+v", code, got, r.last())
		}
	}
}

func TestAChannelFailsUntilItIsChanged(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := r.add(webhookTo(x.URL))
	x.answers(status(400))
	r.happen(NewIssue, 1, "a")
	r.pass(time.Second)
	r.step()
	if got := r.status(); !strings.Contains(got.Failure, "400") || got.Waiting != 0 {
		t.Errorf("got %+v", got)
	}
	r.pass(time.Second)
	if err := r.SetChannel(t.Context(), "bob", c); err != nil {
		t.Fatal(err)
	}
	if got := r.status(); got != (ChannelStatus{}) {
		t.Errorf("after a change: got %+v", got)
	}
}

// status returns what the only channel is up to.
func (r *rig) status() ChannelStatus {
	r.t.Helper()
	list, err := r.Channels(r.t.Context())
	if err != nil || len(list) != 1 {
		r.t.Fatalf("got %+v, %v", list, err)
	}
	return list[0].Status
}

func TestWhatWaitsForAChannelThatIsOffIsDroppedAfterADay(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := r.add(webhookTo(x.URL))
	x.answers(status(500))
	r.happen(NewIssue, 1, "open")
	r.step()
	r.happen(NewIssue, 2, "waits")
	r.pass(23 * time.Hour)
	c.Enabled = false
	if err := r.SetChannel(t.Context(), "bob", c); err != nil {
		t.Fatal(err)
	}
	expire := func(want string, failed int64) {
		t.Helper()
		if err := r.expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := r.Sent(t.Context(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list {
			got = append(got, m.Events[0].Title+" "+m.State)
		}
		if strings.Join(got, ", ") != want || r.Counts().Failed != failed {
			t.Errorf("got %q and %d dropped, want %q and %d", got, r.Counts().Failed, want, failed)
		}
	}
	r.pass(23 * time.Hour)
	expire("open pending", 0)
	r.pass(2 * time.Hour)
	expire("waits failed, open failed", 2)
	if m := r.last(); m.Error != "the channel was switched off for a day" || m.Ended.IsZero() || r.status() != (ChannelStatus{}) {
		t.Errorf("got %+v, %+v", m, r.status())
	}
	expire("waits failed, open failed", 2)
	c.Enabled = true
	if err := r.SetChannel(t.Context(), "bob", c); err != nil {
		t.Fatal(err)
	}
	x.answers(nil)
	r.happen(NewIssue, 3, "new")
	r.step()
	x.want(t, "open", "new")
}

func TestAMendedChannelIsTriedAtOnce(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := r.add(webhookTo(x.URL))
	x.answers(status(404))
	r.happen(NewIssue, 1, "a")
	r.step()
	list, err := r.Channels(t.Context())
	if err != nil || list[0].Status.Waiting != 1 || !strings.Contains(list[0].Status.Failure, "404") || list[0].Status.NextAt.IsZero() {
		t.Errorf("got %+v, %v", list, err)
	}
	x.answers(nil)
	if err := r.SetChannel(t.Context(), "bob", c); err != nil {
		t.Fatal(err)
	}
	r.step()
	x.want(t, "a", "a")
	list, err = r.Channels(t.Context())
	if err != nil || list[0].Status != (ChannelStatus{}) {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestWhatIsRefusedForGoodDoesNotHoldUpTheRest(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.add(webhookTo(x.URL))
	x.answers(status(400))
	r.happen(NewIssue, 1, "a")
	r.step()
	if m := r.last(); m.State != stateFailed || m.Remedy == "" {
		t.Errorf("got %+v", m)
	}
	x.answers(nil)
	r.happen(NewIssue, 2, "b")
	r.step()
	x.want(t, "a", "b")
}

// A fault of the database between the receiver's yes and its note is what a crash
// there is: the message goes out again, with its key, and nothing else.
func TestACrashBeforeTheNoteRepeatsTheMessageWithItsKey(t *testing.T) {
	dir := t.TempDir()
	r, x := openRig(t, dir), newReceiver(t)
	r.add(webhookTo(x.URL))
	r.happen(NewIssue, 1, "a")
	r.exec("CREATE TRIGGER fault BEFORE UPDATE ON notify_messages BEGIN SELECT RAISE(ABORT, 'fault'); END")
	r.step()
	again := openRig(t, dir)
	again.exec("DROP TRIGGER fault")
	again.step()
	again.step()
	x.want(t, "a", "a")
	if x.raw[0] != x.raw[1] {
		t.Errorf("the repetition differs:\n%s\n%s", x.raw[0], x.raw[1])
	}
}

// Whichever statement of taking changes fails, they are taken whole afterwards.
func TestAFaultWhileChangesAreTakenNeitherLosesNorDoubles(t *testing.T) {
	for name, trigger := range map[string]string{
		"the second event": "BEFORE INSERT ON notify_events WHEN (SELECT count(*) FROM notify_events) = 1",
		"the cursor":       "BEFORE UPDATE ON notify_cursor",
	} {
		t.Run(name, func(t *testing.T) {
			r, x := newRig(t), newReceiver(t)
			r.add(webhookTo(x.URL))
			if _, err := r.cursor(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, title := range []string{"a", "b", "c"} {
				r.change(NewIssue, int64(title[0]), title)
			}
			r.exec("CREATE TRIGGER fault " + trigger + " BEGIN SELECT RAISE(ABORT, 'fault'); END")
			if err := r.followOnce(t.Context()); err == nil {
				t.Fatal("the fault did not happen")
			}
			r.step()
			r.exec("DROP TRIGGER fault")
			if err := r.followOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
			r.step()
			x.want(t, "a+b+c")
		})
	}
}

func (r *rig) exec(statement string) {
	r.t.Helper()
	if _, err := r.DB.Exec(statement); err != nil {
		r.t.Fatal(err)
	}
}

func TestNobodyIsToldOfWhatWasBefore(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.add(webhookTo(x.URL))
	r.change(NewIssue, 1, "old")
	r.happen(NewIssue, 2, "new")
	r.step()
	x.want(t, "new")
}

func TestOldMessagesAreDeleted(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.add(webhookTo(x.URL))
	r.happen(NewIssue, 1, "old")
	r.step()
	r.pass(sentKept + time.Second)
	r.happen(NewIssue, 2, "new")
	r.step()
	if err := r.expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := r.Sent(t.Context(), 0, 10)
	if err != nil || len(list) != 1 || list[0].Events[0].Title != "new" {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestAMessageOfManyEventsSaysHowMany(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.add(webhookTo(x.URL))
	if _, err := r.cursor(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range changesAtOnce {
		r.change(NewIssue, int64(i), strconv.Itoa(i))
	}
	if err := r.followOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.step()
	got := x.got[0]
	if got.Total != changesAtOnce || len(got.Events) != eventsMax || got.Title != "200 notifications: 100 new, 100 more" {
		t.Errorf("got %d of %d, %q", len(got.Events), got.Total, got.Title)
	}
}
