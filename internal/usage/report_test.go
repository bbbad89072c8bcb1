package usage

import (
	"context"
	"database/sql"
	"reflect"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/state"
)

// now is when reports are made, unless a test says otherwise.
var now = time.Date(2026, 11, 26, 10, 30, 0, 0, time.UTC)

func openDB(t *testing.T) *sql.DB {
	t.Helper()
	db, err := state.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// keep stores what the days until now had, the last of them today, as counted at
// their ends or now.
func keep(t *testing.T, db *sql.DB, days ...[]hour) {
	t.Helper()
	today := now.Truncate(day)
	for i, hours := range days {
		start := today.AddDate(0, 0, i+1-len(days))
		if err := store(context.Background(), db, start, hours, earlier(start.Add(day), now)); err != nil {
			t.Fatal(err)
		}
	}
}

// at is an hour of a day that lies some days back.
func at(back, clock int, env, service, level string, bytes, lines int64) hour {
	return hour{streams{env, service, level}, now.Truncate(day).AddDate(0, 0, -back).Add(time.Duration(clock) * time.Hour), bytes, lines}
}

func report(t *testing.T, db *sql.DB, q Query) Report {
	t.Helper()
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	if q.Now.IsZero() {
		q.Now = now
	}
	got, err := Make(context.Background(), db, q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func states(r Report) []State {
	list := make([]State, len(r.Days))
	for i, d := range r.Days {
		list[i] = d.State
	}
	return list
}

func TestNoDataIsNotZeroAndNotUncounted(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	keep(t, db, nil, []hour{at(3, 5, "production", "backend", "info", 10, 1)}, nil, nil, []hour{at(0, 1, "staging", "nginx", "info", 5, 1)})
	got := report(t, db, Query{Days: 7})
	want := []State{NotCounted, NotCounted, NoData, Full, NoData, NoData, SoFar}
	if !reflect.DeepEqual(states(got), want) {
		t.Errorf("the days are %v, want %v", states(got), want)
	}
	if got.Before != nil || got.Services[0].Before != nil {
		t.Error("the period before is not known, and yet it is told")
	}
	if want := now.Truncate(day).AddDate(0, 0, -3).Add(5 * time.Hour); !got.FirstLine.Equal(want) {
		t.Errorf("the first line is of %s, want %s", got.FirstLine, want)
	}
	if got := report(t, db, Query{Days: 7, Envs: Envs{Any: []string{"staging"}}}); got.Days[3].State != NoData || got.Bytes != 5 {
		t.Errorf("staging: day %+v, %d bytes, want no data but today's 5", got.Days[3], got.Bytes)
	}
	if got := report(t, db, Query{Days: 7, Envs: Envs{None: []string{"staging"}}}); got.Bytes != 10 {
		t.Errorf("without staging: %d bytes, want 10", got.Bytes)
	}
}

func TestTodayIsSoFarWhileLokiIsAway(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	keep(t, db, nil, []hour{at(0, 1, "", "backend", "", 10, 1)})
	later := now.Add(9 * time.Hour)
	if got := report(t, db, Query{Days: 7, Now: later}); got.Days[6].State != SoFar || !got.CountedAt.Equal(now) {
		t.Errorf("today is %s as of %s, want so far as of %s", got.Days[6].State, got.CountedAt, now)
	}
	if got := report(t, db, Query{Days: 7, Now: later.Add(day)}); got.Days[5].State != NotCounted {
		t.Errorf("a day of which the end was not counted is %s, want %s", got.Days[5].State, NotCounted)
	}
}

func TestGrowthIsOnThePeriodUntilTheSameTimeOfDay(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	days := make([][]hour, 15)
	days[0] = []hour{at(14, 3, "", "backend", "info", 1, 1)} // before both periods
	days[7] = []hour{at(7, 9, "", "backend", "info", 100, 10), at(7, 12, "", "backend", "info", 1000, 100)}
	days[14] = []hour{at(0, 9, "", "backend", "info", 150, 15), at(0, 9, "", "nginx", "info", 50, 5), at(0, 9, "", "backend", "error", 30, 1)}
	keep(t, db, days...)
	got := report(t, db, Query{Days: 7})
	if got.Before == nil || *got.Before != (Amount{100, 10}) || got.Amount != (Amount{230, 21}) {
		t.Fatalf("%+v, the period before %+v; want 230 bytes and 100, not the 1000 of the afternoon", got.Amount, got.Before)
	}
	backend, nginx := got.Services[0], got.Services[1]
	if backend.Name != "backend" || *backend.Before != (Amount{100, 10}) || *nginx.Before != (Amount{}) {
		t.Errorf("services: %+v, want backend with 100 bytes before and nginx with none", got.Services)
	}
	if want := []Level{{"info", Amount{150, 15}}, {"error", Amount{30, 1}}}; !reflect.DeepEqual(backend.Levels, want) {
		t.Errorf("levels: %+v, want %+v", backend.Levels, want)
	}
	if backend.Daily[6] != (Amount{180, 16}) || got.Days[6].Amount != got.Amount {
		t.Errorf("today: %+v of %+v, want 180 of 230", backend.Daily[6], got.Days[6])
	}
}

func TestDaysBeginAtMidnightOfTheZone(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Asia/Jerusalem")
	if err != nil {
		t.Skip(err)
	}
	db := openDB(t)
	keep(t, db, nil, []hour{at(1, 21, "", "backend", "", 1, 1), at(1, 22, "", "backend", "", 10, 1)}, []hour{at(0, 1, "", "backend", "", 100, 1)})
	got := report(t, db, Query{Days: 7, Zone: zone})
	if got.Days[5].Bytes != 1 || got.Days[6].Bytes != 110 {
		t.Errorf("yesterday %d bytes, today %d; want 1 and 110: midnight is at 22:00 UTC", got.Days[5].Bytes, got.Days[6].Bytes)
	}
	// 25 and 23 hours, where the clocks change.
	summer := localDays(time.Date(2026, 10, 26, 12, 0, 0, 0, zone), 3)
	if got := summer[1].end.Sub(summer[1].start); got != 25*time.Hour {
		t.Errorf("the day on which the clocks go back has %s, want 25 h", got)
	}
}

// Where the clocks change at midnight, 00:00 is missing or comes twice.
func TestDaysFollowEachOtherWhereTheClocksChangeAtMidnight(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		now  time.Time // UTC
		want [3]time.Duration
	}{
		"America/Havana":   {time.Date(2026, 3, 9, 4, 30, 0, 0, time.UTC), [3]time.Duration{24, 23, 24}},
		"Africa/Cairo":     {time.Date(2026, 4, 24, 21, 30, 0, 0, time.UTC), [3]time.Duration{24, 23, 24}},
		"America/Santiago": {time.Date(2026, 9, 7, 3, 10, 0, 0, time.UTC), [3]time.Duration{24, 23, 24}},
		"Asia/Beirut":      {time.Date(2026, 10, 25, 22, 30, 0, 0, time.UTC), [3]time.Duration{25, 24, 24}},
		"Atlantic/Azores":  {time.Date(2026, 10, 26, 12, 0, 0, 0, time.UTC), [3]time.Duration{24, 25, 24}},
	} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Skip(err)
		}
		days := localDays(test.now.In(zone), 3)
		for i, d := range days {
			if got := d.end.Sub(d.start); got != test.want[i]*time.Hour || i > 0 && !d.start.Equal(days[i-1].end) {
				t.Errorf("%s: day %d is from %s to %s, %s long, want %d h", name, i, d.start, d.end, got, test.want[i])
			}
		}
		if last := days[2]; test.now.Before(last.start) || !test.now.Before(last.end) {
			t.Errorf("%s: now, %s, is not in %s to %s", name, test.now.In(zone), last.start, last.end)
		}
	}
}

func TestADayIsNotForgottenWhenLokiDeletesIt(t *testing.T) {
	t.Parallel()
	db, ctx := openDB(t), context.Background()
	start := now.Truncate(day).AddDate(0, 0, -6)
	early, late := at(6, 1, "", "backend", "", 200<<10, 1), at(6, 9, "", "backend", "", 100<<10, 1)
	half := at(6, 1, "", "backend", "", 100<<10, 1)
	for _, one := range []struct {
		name  string
		hours []hour
		want  int64
	}{
		{"counted double", []hour{early, late}, 300 << 10},
		{"counted once", []hour{half, late}, 200 << 10},
		{"when its first hours are deleted", []hour{late}, 200 << 10},
		{"when all of it is deleted", nil, 200 << 10},
	} {
		if err := store(ctx, db, start, one.hours, now); err != nil {
			t.Fatal(err)
		}
		if got := report(t, db, Query{Days: 7}); got.Bytes != one.want {
			t.Errorf("%s: %d bytes, want %d", one.name, got.Bytes, one.want)
		}
	}
	if err := forget(ctx, db, start.Add(day)); err != nil {
		t.Fatal(err)
	}
	if got := report(t, db, Query{Days: 7}); got.Bytes != 0 || got.Days[0].State != NotCounted {
		t.Errorf("what is too old is still there: %+v", got.Days[0])
	}
}

// A Loki that lost what it had goes on from then.
func TestADayGoesOnWhenLokiHasLostItsBeginning(t *testing.T) {
	t.Parallel()
	db, today := openDB(t), now.Truncate(day)
	one := func(clock int) hour { return at(0, clock, "", "backend", "", 100<<10, 1) }
	for _, count := range []struct {
		at    int // o'clock
		hours []hour
	}{{8, []hour{one(1), one(7)}}, {9, []hour{one(8)}}, {10, []hour{one(8), one(9)}}} {
		if err := store(t.Context(), db, today, count.hours, today.Add(time.Duration(count.at)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	got := report(t, db, Query{Days: 7})
	if got.Bytes != 400<<10 || !got.CountedAt.Equal(today.Add(10*time.Hour)) {
		t.Errorf("%d bytes as of %s, want %d as of 10:00", got.Bytes, got.CountedAt, 400<<10)
	}
}

func TestTheFirstPassCountsAllDaysOfTheLongestRange(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	keep(t, db, make([][]hour, countBack)...)
	for _, offset := range []time.Duration{-12 * time.Hour, 0, 2 * time.Hour, 14 * time.Hour} {
		zone := time.FixedZone(offset.String(), int(offset/time.Second))
		if got := report(t, db, Query{Days: 90, Zone: zone}).Days[0]; got.State != NoData {
			t.Errorf("%s from UTC: the first day, from %s, is %s, want %s", zone, got.Start, got.State, NoData)
		}
	}
}

// A dashboard that was off from the morning of a day until Loki had deleted the day
// knows its morning alone.
func TestADayThatLokiDeletedBeforeItsEndWasCountedIsNotFull(t *testing.T) {
	t.Parallel()
	db, start := openDB(t), now.Truncate(day).AddDate(0, 0, -3)
	morning := []hour{at(3, 1, "", "backend", "", 100<<10, 1)}
	if err := store(t.Context(), db, start, morning, start.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := store(t.Context(), db, start, nil, now); err != nil {
		t.Fatal(err)
	}
	if got := report(t, db, Query{Days: 7}).Days[3]; got.State != NotCounted || got.Bytes != 100<<10 {
		t.Errorf("got %+v, want what is known of it, as not counted", got)
	}
}

func TestAJumpIsTheFirstDayOfMore(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	days := make([][]hour, 15)
	for i := range days {
		back := 14 - i
		backend, small, once := int64(1000), int64(10), int64(300)
		if back <= 3 {
			backend, small = 1800, 30 // three times as much of a small service is no news
		}
		if back == 5 {
			once = 900
		}
		days[i] = []hour{at(back, 2, "", "backend", "", backend, 1), at(back, 2, "", "small", "", small, 1), at(back, 2, "", "once", "", once, 1)}
	}
	keep(t, db, days...)
	got := report(t, db, Query{Days: 7}).Jumps
	want := []Jump{{Day: 3, Service: "backend", Bytes: 1800, Usual: 1000}, {Day: 1, Service: "once", Bytes: 900, Usual: 300}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("jumps: %+v, want %+v", got, want)
	}
	if got := report(t, db, Query{Days: 14}).Jumps; len(got) != 2 || got[0].Day != 10 {
		t.Errorf("of 14 days: %+v, want the same two days", got)
	}
}

func TestNothingIsKnownAtFirst(t *testing.T) {
	t.Parallel()
	got := report(t, openDB(t), Query{Days: 90})
	if len(got.Days) != 90 || got.Days[0].State != NotCounted || len(got.Services) != 0 || !got.CountedAt.IsZero() || !got.FirstLine.IsZero() {
		t.Errorf("got %d days, the first %+v, services %v", len(got.Days), got.Days[0], got.Services)
	}
}
