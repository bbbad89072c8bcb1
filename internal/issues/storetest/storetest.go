// Package storetest holds what every event store must do, as tests.
package storetest

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// Open opens an empty store. Its clock is at Now.
type Open func(t *testing.T, keep issues.Retention) issues.Store

// Now is the time of the tests: in the present hour, since ClickHouse deletes what
// is old by its own clock.
var Now = time.Now().UTC().Truncate(time.Hour).Add(34*time.Minute + 56*time.Second)

// keep is the retention of most tests.
var keep = issues.Retention{Events: 30 * day, Counts: 90 * day, Now: func() time.Time { return Now }}

const (
	day  = 24 * time.Hour
	prod = `{env="prod", service="api"}`
	test = `{env="test", service="api"}`
)

// Run runs all tests. They run one after the other: a store may be one database.
func Run(t *testing.T, open Open) {
	for name, fn := range map[string]func(*testing.T, issues.Store){
		"InsertedTwiceIsStoredAndCountedOnce": insertedTwice,
		"TwiceInOneBatchIsOnce":               twiceInOneBatch,
		"EventsComeBackWhole":                 comeBackWhole,
		"TooLongIsCut":                        tooLong,
		"PagesShowEachEventOnce":              pages,
		"FiltersSelect":                       filters,
		"TotalsHaveTheHoursOfTheSpan":         totals,
		"SeriesByHour":                        seriesByHour,
		"SeriesByMinutes":                     seriesByMinutes,
		"HoursAreReplacedNotAdded":            replaceHour,
		"ADeletedHourCanBeIndexedAnew":        deleteHour,
		"StreamHours":                         streamHours,
		"Tags":                                tags,
		"UsersAreThoseOfTheNewestEvents":      users,
		"Search":                              search,
		"ManyTextsOfOneKeyAreBounded":         manyTexts,
		"KeysAreFoundByTheirTags":             tagged,
		"KeysAreFoundByTheirFunctions":        calling,
		"TooOldIsLeftOut":                     tooOld,
		"Size":                                size,
		"WrongStepsAreRefused":                wrongSteps,
		"WritesAndReadsAtOnce":                atOnce,
		"HousekeepingChangesNoCount":          housekeeping,
		"ACopyIsEqual":                        func(t *testing.T, s issues.Store) { copied(t, s, open(t, keep)) },
	} {
		t.Run(name, func(t *testing.T) { fn(t, open(t, keep)) })
	}
	t.Run("ExpiredIsDeleted", func(t *testing.T) { expired(t, open) })
}

// event makes the nth event of a key: a minute before the one before it.
func event(key issues.Key, n int) issues.Event {
	e := issues.Event{
		Time: Now.Add(-time.Duration(n) * time.Minute).UnixNano(), Key: key, Exception: key + 1000,
		Stream: prod, Env: "prod", Service: "api", Level: "error",
		Type: "ValueError", Message: fmt.Sprintf("bad value %d", n), Culprit: "app.shop in pay",
		Text:        "Traceback (most recent call last):\n  File \"/srv/app/shop.py\", line 3, in pay\nValueError: bad value",
		Correlation: fmt.Sprintf("req-%d", n),
		Tags:        map[string]string{"host": fmt.Sprintf("web-%d", n%2), "endpoint": "/pay"},
	}
	identify(&e)
	return e
}

// minutes makes events of each of the last minutes, of the keys in turn.
func minutes(number, keys int) []issues.Event {
	events := make([]issues.Event, number)
	for n := range events {
		events[n] = event(issues.Key(n%keys+1), n)
	}
	return events
}

// identify gives an event the ID of what it has.
func identify(e *issues.Event) { e.ID = issues.NewID(e.Stream, e.Time, e.Key.String(), e.Message) }

func insert(t *testing.T, s issues.Store, events ...issues.Event) int {
	t.Helper()
	n, err := s.Insert(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// all is the time of all events.
func all() issues.Span { return issues.Span{From: Now.Add(-100 * day), To: Now.Add(day)} }

func eventsOf(t *testing.T, s issues.Store, q issues.EventQuery) []issues.Event {
	t.Helper()
	if q.Span == (issues.Span{}) {
		q.Span = all()
	}
	events, err := s.Events(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func totalsOf(t *testing.T, s issues.Store, span issues.Span, f issues.Filter) []issues.Total {
	t.Helper()
	list, err := s.Totals(t.Context(), span, f)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b issues.Total) int { return cmp.Compare(a.Key, b.Key) })
	return list
}

// number returns how many events are counted and how many are stored.
func number(t *testing.T, s issues.Store) (counted int64, stored int) {
	t.Helper()
	for _, total := range totalsOf(t, s, all(), issues.Filter{}) {
		counted += total.Events
	}
	return counted, len(eventsOf(t, s, issues.EventQuery{Limit: 100_000}))
}

func insertedTwice(t *testing.T, s issues.Store) {
	events := minutes(300, 7)
	equal(t, "new at first", insert(t, s, events[:200]...), 200)
	equal(t, "new with an overlap", insert(t, s, events[100:]...), 100)
	equal(t, "new at last", insert(t, s, events...), 0)
	counted, stored := number(t, s)
	equal(t, "counted", counted, int64(300))
	equal(t, "stored", stored, 300)
}

func twiceInOneBatch(t *testing.T, s issues.Store) {
	var events []issues.Event
	for _, e := range minutes(100, 3) {
		events = append(events, e, e)
	}
	equal(t, "new", insert(t, s, events...), 100)
	counted, stored := number(t, s)
	equal(t, "counted", counted, int64(100))
	equal(t, "stored", stored, 100)
}

func comeBackWhole(t *testing.T, s issues.Store) {
	bare := issues.Event{Time: Now.UnixNano() + 1, Key: 1<<64 - 1, Stream: "{}", Message: "it's 100 % \"broken\" \\ \n\té 界 {x:String} ?"}
	identify(&bare)
	whole := event(1<<63, 0)
	insert(t, s, whole, bare)
	equal(t, "events", eventsOf(t, s, issues.EventQuery{}), []issues.Event{bare, whole})
	equal(t, "by key", eventsOf(t, s, issues.EventQuery{Keys: []issues.Key{1<<64 - 1}}), []issues.Event{bare})
}

func tooLong(t *testing.T, s issues.Store) {
	e := event(1, 0)
	e.Text = strings.Repeat("é", issues.MaxText)
	e.Message = strings.Repeat("x", issues.MaxField-1) + "é"
	e.Env = "a\xffb\x00c"
	e.Tags = map[string]string{strings.Repeat("n", 1000): strings.Repeat("v", 1000)}
	for n := range 100 {
		e.Tags[fmt.Sprintf("a%02d", n)] = "v"
	}
	insert(t, s, e)
	got := eventsOf(t, s, issues.EventQuery{})[0]
	equal(t, "bytes of the text", len(got.Text), issues.MaxText)
	equal(t, "message", got.Message, strings.Repeat("x", issues.MaxField-1))
	equal(t, "env", got.Env, "a?b c")
	equal(t, "tags", len(got.Tags), issues.MaxTags)
}

func pages(t *testing.T, s issues.Store) {
	var events []issues.Event
	for n := range 100 {
		e := event(issues.Key(n%3+1), n/10) // ten of one instant
		e.Message = fmt.Sprint(n)
		identify(&e)
		events = append(events, e)
	}
	insert(t, s, events...)
	events = slices.DeleteFunc(events, func(e issues.Event) bool { return e.Key == 3 })
	slices.SortFunc(events, func(a, b issues.Event) int { return a.Position().Compare(b.Position()) })
	for _, ascending := range []bool{true, false} {
		var got []issues.Event
		q := issues.EventQuery{Keys: []issues.Key{1, 2}, Ascending: ascending, Limit: 7}
		for {
			page := eventsOf(t, s, q)
			got = append(got, page...)
			if len(page) < q.Limit {
				break
			}
			last := page[len(page)-1].Position()
			q.After = &last
		}
		want := slices.Clone(events)
		if !ascending {
			slices.Reverse(want)
		}
		equal(t, fmt.Sprintf("pages, ascending %t", ascending), got, want)
	}
}

// mixed are events of two environments, services and levels.
func mixed() []issues.Event {
	var events []issues.Event
	for n, place := range [][3]string{{"prod", "api", "error"}, {"prod", "web", "error"}, {"test", "api", "fatal"}, {"test", "web", "error"}} {
		e := event(issues.Key(n+1), n)
		e.Env, e.Service, e.Level = place[0], place[1], place[2]
		e.Stream = fmt.Sprintf("{env=%q, service=%q}", e.Env, e.Service)
		identify(&e)
		events = append(events, e)
	}
	return events
}

func filters(t *testing.T, s issues.Store) {
	insert(t, s, mixed()...)
	for _, test := range []struct {
		filter issues.Filter
		want   []issues.Key
	}{
		{issues.Filter{}, []issues.Key{1, 2, 3, 4}},
		{issues.Filter{Env: []string{"prod"}}, []issues.Key{1, 2}},
		{issues.Filter{Env: []string{"prod", "test"}, Service: []string{"web"}}, []issues.Key{2, 4}},
		{issues.Filter{Env: []string{"test"}, Level: []string{"fatal"}}, []issues.Key{3}},
		{issues.Filter{Service: []string{"' OR 1=1 --"}}, nil},
		{issues.Filter{NotEnv: []string{"prod"}}, []issues.Key{3, 4}},
		{issues.Filter{NotService: []string{"web"}, NotLevel: []string{"fatal"}}, []issues.Key{1}},
		{issues.Filter{Env: []string{"prod"}, NotEnv: []string{"prod"}}, nil},
	} {
		var listed, read, drawn []issues.Key
		for _, total := range totalsOf(t, s, all(), test.filter) {
			listed = append(listed, total.Key)
		}
		for _, e := range eventsOf(t, s, issues.EventQuery{Filter: test.filter}) {
			read = append(read, e.Key)
		}
		series, err := s.Series(t.Context(), issues.SeriesQuery{Keys: []issues.Key{1, 2, 3, 4}, Span: all(), Step: time.Hour + 1, Filter: test.filter})
		if err != nil {
			t.Fatal(err)
		}
		for key := range series {
			drawn = append(drawn, key)
		}
		slices.Sort(drawn)
		equal(t, fmt.Sprintf("totals of %+v", test.filter), listed, test.want)
		equal(t, fmt.Sprintf("events of %+v", test.filter), read, test.want)
		equal(t, fmt.Sprintf("series of %+v", test.filter), drawn, test.want)
	}
}

func totals(t *testing.T, s issues.Store) {
	hour := Now.Truncate(time.Hour)
	var events []issues.Event
	for _, offset := range []time.Duration{0, 90 * time.Second, 59 * time.Minute, time.Hour, -1} {
		e := event(1, 0)
		e.Time = hour.Add(offset).UnixNano()
		identify(&e)
		events = append(events, e)
	}
	insert(t, s, events...)
	got := totalsOf(t, s, issues.Span{From: hour.Add(time.Minute), To: hour.Add(2 * time.Minute)}, issues.Filter{})
	equal(t, "totals", got, []issues.Total{{Key: 1, Events: 3, First: hour, Last: hour.Add(59 * time.Minute)}})
	got = totalsOf(t, s, issues.Span{From: hour.Add(-time.Hour), To: hour.Add(time.Hour + 1)}, issues.Filter{})
	equal(t, "totals", got, []issues.Total{{Key: 1, Events: 5, First: hour.Add(-time.Millisecond), Last: hour.Add(time.Hour)}})
}

func seriesByHour(t *testing.T, s issues.Store) {
	insert(t, s, minutes(200, 2)...)
	hour := Now.Truncate(time.Hour)
	got, err := s.Series(t.Context(), issues.SeriesQuery{Keys: []issues.Key{1, 2, 3}, Span: issues.Span{From: hour.Add(-3 * time.Hour), To: Now}, Step: 2 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "series", got, map[issues.Key][]int64{1: {52, 48}, 2: {53, 47}})
}

func seriesByMinutes(t *testing.T, s issues.Store) {
	insert(t, s, minutes(20, 2)...)
	got, err := s.Series(t.Context(), issues.SeriesQuery{Keys: []issues.Key{1, 3}, Span: issues.Span{From: Now.Add(-12 * time.Minute), To: Now}, Step: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "series", got, map[issues.Key][]int64{1: {3, 2, 1}})
}

func replaceHour(t *testing.T, s issues.Store) {
	hour := Now.Truncate(time.Hour)
	insert(t, s, event(1, 0), event(1, 1), event(2, 2), event(3, 61))
	counts := []issues.Count{
		{Key: 1, Env: "prod", Service: "api", Level: "error", Events: 5_000_000, First: hour.Add(time.Second), Last: hour.Add(time.Minute)},
		{Key: 4, Env: "prod", Service: "api", Level: "fatal", Events: 2, First: hour, Last: hour},
	}
	for range 2 {
		if err := s.ReplaceHour(t.Context(), hour, prod, counts); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Counts(t.Context(), hour, prod)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b issues.Count) int { return cmp.Compare(a.Key, b.Key) })
	equal(t, "counts", got, counts)
	listed := totalsOf(t, s, all(), issues.Filter{})
	equal(t, "number of keys", len(listed), 3)
	equal(t, "the hour before", listed[1].Key, issues.Key(3))
	equal(t, "events", len(eventsOf(t, s, issues.EventQuery{})), 4)
}

func deleteHour(t *testing.T, s issues.Store) {
	hour := Now.Truncate(time.Hour)
	other := event(1, 1)
	other.Stream = test
	identify(&other)
	e := event(1, 0)
	insert(t, s, e, other, event(1, 61))
	if err := s.DeleteHour(t.Context(), hour, prod); err != nil {
		t.Fatal(err)
	}
	counted, stored := number(t, s)
	equal(t, "counted after", counted, int64(2))
	equal(t, "stored after", stored, 2)
	e.Key = 9
	equal(t, "new under another key", insert(t, s, e), 1)
	equal(t, "by the other key", eventsOf(t, s, issues.EventQuery{Keys: []issues.Key{9}}), []issues.Event{e})
}

func streamHours(t *testing.T, s issues.Store) {
	insert(t, s, event(1, 0), event(2, 1), event(1, 61))
	other := event(1, 0)
	other.Stream = test
	identify(&other)
	insert(t, s, other)
	got, err := s.StreamHours(t.Context(), all())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b issues.StreamHour) int {
		return cmp.Or(a.Hour.Compare(b.Hour), strings.Compare(a.Stream, b.Stream))
	})
	hour := Now.Truncate(time.Hour)
	equal(t, "hours", got, []issues.StreamHour{
		{Stream: prod, Hour: hour.Add(-time.Hour), Events: 1},
		{Stream: prod, Hour: hour, Events: 2},
		{Stream: test, Hour: hour, Events: 1},
	})
}

func tags(t *testing.T, s issues.Store) {
	insert(t, s, mixed()...)
	insert(t, s, event(1, 1), event(1, 3))
	got, err := s.Tags(t.Context(), issues.TagQuery{Keys: []issues.Key{1, 2}, Span: all(), Values: 1})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "tags", got, []issues.Tag{
		{Name: "endpoint", Values: []issues.TagValue{{Value: "/pay", Events: 4}}, Events: 4, Distinct: 1},
		{Name: "env", Values: []issues.TagValue{{Value: "prod", Events: 4}}, Events: 4, Distinct: 1},
		{Name: "host", Values: []issues.TagValue{{Value: "web-1", Events: 3}}, Events: 4, Distinct: 2},
		{Name: "level", Values: []issues.TagValue{{Value: "error", Events: 4}}, Events: 4, Distinct: 1},
		{Name: "service", Values: []issues.TagValue{{Value: "api", Events: 3}}, Events: 4, Distinct: 2},
	})
}

func users(t *testing.T, s issues.Store) {
	by := func(key issues.Key, n int, user string) issues.Event {
		e := event(key, n)
		e.Tags = map[string]string{"host": "web-1"}
		if user != "" {
			e.Tags["user"] = user
		}
		return e
	}
	insert(t, s, by(1, 1, "ada"), by(1, 2, "ada"), by(1, 3, "bob"), by(2, 1, ""), by(1, 3000, "cleo"))
	for n := range issues.UserSample {
		insert(t, s, by(3, n, "dan"))
	}
	insert(t, s, by(3, 1000, "eve")) // one more than is read
	span := issues.Span{From: Now.Add(-day), To: Now.Add(day)}
	got, err := s.Users(t.Context(), []issues.Key{1, 2, 3}, span, issues.Filter{Env: []string{"prod"}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "keys with users", len(got), 2)
	equal(t, "users of 1", got[1].Names, map[string]bool{"ada": true, "bob": true})
	equal(t, "1 is a sample", got[1].Sampled, false)
	equal(t, "users of 3", got[3].Names, map[string]bool{"dan": true})
	equal(t, "3 is a sample", got[3].Sampled, true)
	if got, err = s.Users(t.Context(), []issues.Key{1}, span, issues.Filter{Env: []string{"none"}}); err != nil || len(got) != 0 {
		t.Errorf("of another environment: %v, %v", got, err)
	}
}

func search(t *testing.T, s issues.Store) {
	a, b := event(1, 0), event(2, 1)
	b.Message, b.Type, b.Text, b.Culprit = "Überweisung an Łukasz abgelehnt: 50%_off", "", "", ""
	insert(t, s, a, b)
	for text, want := range map[string][]issues.Key{
		"VALUEERROR":        {1},
		"shop.py pay":       {1}, // of the frames
		"srv/app/shop.py":   {1},
		"app py":            {1},
		"app.py":            nil, // not one behind the other
		"trace":             {1}, // the beginning of a word
		"raceback":          nil,
		"valueerror łukasz": nil, // of different events
		"überweis ŁUKASZ":   {2},
		"uberweisung":       nil,
		"50%_off":           {2},
		"%":                 nil,
		"":                  nil,
		`" OR a* NOT "`:     nil,
		"' ) --":            nil,
	} {
		got, err := s.Search(t.Context(), text, 10)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprintf("search for %q", text), got, want)
	}
}

func manyTexts(t *testing.T, s issues.Store) {
	var events []issues.Event
	for n := range 100 {
		e := event(1, n)
		e.Message = fmt.Sprintf("different%d", n)
		identify(&e)
		events = append(events, e)
	}
	insert(t, s, events[:50]...)
	insert(t, s, events[50:]...)
	found := 0
	for n := range 100 {
		keys, err := s.Search(t.Context(), fmt.Sprintf("different%d bad", n), 10)
		if err != nil {
			t.Fatal(err)
		}
		found += len(keys)
	}
	if found == 0 || found > issues.MaxTexts+1 { // "different1" begins "different10"
		t.Errorf("%d texts of one key can be searched, want at most %d", found, issues.MaxTexts)
	}
}

func tooOld(t *testing.T, s issues.Store) {
	old := event(1, 0)
	old.Time = Now.Add(-30 * day).UnixNano()
	young := event(1, 0)
	young.Time = Now.Add(-30*day + time.Hour).UnixNano()
	identify(&old)
	identify(&young)
	equal(t, "new", insert(t, s, old, young), 1)
	equal(t, "events", eventsOf(t, s, issues.EventQuery{}), []issues.Event{young})
}

func tagged(t *testing.T, s issues.Store) {
	of := func(key issues.Key, n int, tags map[string]string) issues.Event {
		e := event(key, n)
		e.Tags = tags
		return e
	}
	insert(t, s,
		of(1, 1, map[string]string{"host": "web-1", "endpoint": "/api/v1/games/12?sort=new"}),
		of(2, 2, map[string]string{"host": "web-1", "user": "שלום"}),
		of(3, 3, map[string]string{"host": "web-2", "user": "web-1"}),
		of(4, 3*24*60, map[string]string{"host": "web-1"}),
	)
	insert(t, s, of(1, 4, map[string]string{"host": "web-2"}), of(2, 2, map[string]string{"host": "web-1", "user": "שלום"}))
	today := issues.Span{From: Now.Add(-time.Hour), To: Now}
	for _, test := range []struct {
		span        issues.Span
		name, value string
		want        []issues.Key
	}{
		{all(), "host", "web-1", []issues.Key{1, 2, 4}},
		{all(), "host", "web-2", []issues.Key{1, 3}},
		{issues.Span{From: Now.Add(-30 * time.Minute), To: Now}, "user", "שלום", []issues.Key{2}},
		{today, "host", "web", nil},
		{today, "endpoint", "/api/v1/games/<num>", []issues.Key{1}},
		{today, "endpoint", "/api/v1/games/12?sort=new", nil},
		{today, "' OR 1=1 --", "", nil},
		{issues.Span{From: Now.Add(-4 * day), To: Now.Add(-2 * day)}, "host", "web-1", []issues.Key{4}},
		{issues.Span{From: Now.Add(2 * day), To: Now.Add(3 * day)}, "host", "web-1", nil},
		{issues.Span{From: Now.Add(-200 * day), To: Now.Add(-199 * day)}, "host", "web-1", nil},
		{issues.Span{From: time.Unix(0, 0), To: Now.Add(200 * 365 * day)}, "host", "web-2", []issues.Key{1, 3}},
	} {
		got, err := s.Tagged(t.Context(), test.span, test.name, test.value)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		equal(t, fmt.Sprintf("keys with %s=%s in %v", test.name, test.value, test.span), got, test.want)
	}
}

func calling(t *testing.T, s issues.Store) {
	a, b := event(1, 0), event(2, 1)
	b.Text = "Traceback (most recent call last):\n  File \"/srv/app/shop.py\", line 9, in create_game\n" +
		"  File \"/srv/app/shop.py\", line 3, in pay\nKeyError: 1\n\n" +
		"During handling of the above exception, another exception occurred:\n\n" +
		"Traceback (most recent call last):\n  File \"/usr/lib/python3/site-packages/flask/app.py\", line 9, in wsgi_app\nValueError: 2"
	insert(t, s, a, b)
	for function, want := range map[string][]issues.Key{
		"pay": {1, 2}, "create_game": {2}, "wsgi_app": {2}, "create": nil, "ValueError": nil, "": nil, "' OR 1=1 --": nil,
	} {
		got, err := s.Calling(t.Context(), function)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		equal(t, fmt.Sprintf("keys that call %q", function), got, want)
	}
}

func size(t *testing.T, s issues.Store) {
	insert(t, s, event(1, 0), event(1, 1), event(2, 0))
	got, err := s.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Events != 3 || got.Counts != 2 || got.Keys != 2 || got.Bytes == 0 {
		t.Errorf("got %+v, want 3 events, 2 counts, 2 keys and some bytes", got)
	}
}

func wrongSteps(t *testing.T, s issues.Store) {
	for _, q := range []issues.SeriesQuery{
		{Span: all()},
		{Span: issues.Span{From: Now, To: Now}, Step: time.Hour},
		{Span: all(), Step: time.Second},
	} {
		if _, err := s.Series(t.Context(), q); err == nil {
			t.Errorf("steps of %s from %s to %s: got no error", q.Step, q.Span.From, q.Span.To)
		}
	}
}

// atOnce reads while it writes; the race detector looks on.
func atOnce(t *testing.T, s issues.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.Totals(t.Context(), all(), issues.Filter{Env: []string{"prod"}}); err != nil {
					t.Error(err)
				}
				if _, err := s.Events(t.Context(), issues.EventQuery{Span: all(), Limit: 10}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := range 5 {
		insert(t, s, event(1, n), event(2, n), event(1, n))
	}
	cancel()
	wg.Wait()
	counted, stored := number(t, s)
	equal(t, "counted", counted, int64(10))
	equal(t, "stored", stored, 10)
}

// copied copies a store whose hour was replaced and that has counts without
// events.
func copied(t *testing.T, from, to issues.Store) {
	insert(t, from, minutes(500, 5)...)
	insert(t, from, mixed()...)
	long := Now.Add(-60 * day).Truncate(time.Hour)
	old := []issues.Count{{Key: 77, Env: "prod", Service: "api", Level: "error", Events: 3, First: long, Last: long}}
	if err := from.ReplaceHour(t.Context(), long, prod, old); err != nil {
		t.Fatal(err)
	}
	var progress issues.CopyProgress
	if err := issues.Copy(t.Context(), from, to, all(), func(p issues.CopyProgress) { progress = p }); err != nil {
		t.Fatal(err)
	}
	equal(t, "events", eventsOf(t, to, issues.EventQuery{Limit: 1000}), eventsOf(t, from, issues.EventQuery{Limit: 1000}))
	equal(t, "totals", totalsOf(t, to, all(), issues.Filter{}), totalsOf(t, from, all(), issues.Filter{}))
	equal(t, "events that were copied", progress.Events, int64(503))
	keys, err := to.Search(t.Context(), "shop.py", 10)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "keys that are found", len(keys), 5)
}

// housekeeping looks at spans that begin and end within days, before days are
// added up, after it, and after a late event.
func housekeeping(t *testing.T, s issues.Store) {
	var events []issues.Event
	for n, e := range minutes(300, 3) {
		e.Time = Now.Add(-time.Duration(n) * 31 * time.Minute).UnixNano()
		e.Env = [...]string{"prod", "test"}[n%2]
		identify(&e)
		events = append(events, e)
	}
	insert(t, s, events...)
	midnight := Now.Truncate(day)
	type answer struct {
		Totals []issues.Total
		Series map[issues.Key][]int64
	}
	look := func() (answers []answer) {
		for _, span := range []issues.Span{
			all(),
			{From: Now.Add(-5*day - 7*time.Hour), To: Now.Add(-time.Hour)},
			{From: midnight.Add(-4 * day), To: midnight.Add(-2 * day)},
			{From: midnight.Add(-4*day + time.Hour), To: midnight.Add(-3*day - time.Hour)},
			{From: Now.Add(-400 * day), To: Now.Add(-399 * day)},
		} {
			filter := issues.Filter{Env: []string{"prod"}}
			from := issues.Span{From: span.From.Truncate(day), To: span.To}
			series, err := s.Series(t.Context(), issues.SeriesQuery{Keys: []issues.Key{1, 2}, Span: from, Step: 2 * day, Filter: filter})
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, answer{totalsOf(t, s, span, filter), series})
		}
		return answers
	}
	keep := func() {
		t.Helper()
		if err := s.DeleteExpired(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	before := look()
	keep()
	equal(t, "after housekeeping", look(), before)
	late := event(1, 0)
	late.Time = midnight.Add(-3*day + time.Minute).UnixNano()
	identify(&late)
	insert(t, s, late)
	after := look()
	equal(t, "events with a late one", after[2].Totals[0].Events, before[2].Totals[0].Events+1)
	keep()
	equal(t, "after housekeeping with a late event", look(), after)
	if err := s.DeleteHour(t.Context(), time.Unix(0, late.Time), prod); err != nil {
		t.Fatal(err)
	}
	after = look()
	keep()
	keep()
	equal(t, "after housekeeping with a deleted hour", look(), after)
}

func expired(t *testing.T, open Open) {
	now := Now
	s := open(t, issues.Retention{Events: day, Counts: 10 * day, Now: func() time.Time { return now }})
	insert(t, s, event(1, 0), event(2, 60))
	now = Now.Add(day + time.Hour)
	e := event(3, 0)
	e.Time = now.UnixNano()
	identify(&e)
	insert(t, s, e)
	expire := func(wantEvents []issues.Key, wantCounts int) {
		t.Helper()
		if err := s.DeleteExpired(t.Context()); err != nil {
			t.Fatal(err)
		}
		var left []issues.Key
		for _, e := range eventsOf(t, s, issues.EventQuery{Span: issues.Span{From: Now.Add(-day), To: Now.Add(20 * day)}}) {
			left = append(left, e.Key)
		}
		equal(t, fmt.Sprintf("events left on %s", now), left, wantEvents)
		equal(t, fmt.Sprintf("keys that are counted on %s", now), len(totalsOf(t, s, issues.Span{From: Now.Add(-day), To: Now.Add(20 * day)}, issues.Filter{})), wantCounts)
	}
	expire([]issues.Key{3}, 3)
	now = Now.Add(10 * day)
	expire(nil, 2)
	keys, err := s.Tagged(t.Context(), issues.Span{From: Now.Add(-5 * day), To: Now.Add(20 * day)}, "host", "web-0")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "keys with a tag", keys, []issues.Key(nil))
	keys, err = s.Search(t.Context(), "shop.py", 10)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	equal(t, "keys that are found", keys, []issues.Key{1, 3})
}
