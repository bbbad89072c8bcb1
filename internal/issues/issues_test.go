package issues

import (
	"reflect"
	"testing"
	"time"
)

func TestIDsTellEveryPartApart(t *testing.T) {
	t.Parallel()
	seen := map[ID]string{}
	for name, id := range map[string]ID{
		"all":                 NewID(`{a="1"}`, 1, "m", "line"),
		"other stream":        NewID(`{a="2"}`, 1, "m", "line"),
		"other time":          NewID(`{a="1"}`, 2, "m", "line"),
		"other metadata":      NewID(`{a="1"}`, 1, "n", "line"),
		"other line":          NewID(`{a="1"}`, 1, "m", "line2"),
		"parts cut elsewhere": NewID(`{a="1"}m`, 1, "", "line"),
	} {
		if other, ok := seen[id]; ok {
			t.Errorf("%s and %s have one ID", name, other)
		}
		seen[id] = name
	}
	if got, want := NewID("s", 1, "m", "l"), NewID("s", 1, "m", "l"); got != want {
		t.Errorf("the ID of one entry is %s, then %s", want, got)
	}
}

func TestRankAddsUpTheKeysOfAnIssue(t *testing.T) {
	t.Parallel()
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	totals := []Total{
		{Key: 1, Events: 2, First: at(10), Last: at(20)},
		{Key: 2, Events: 9, First: at(15), Last: at(16)},
		{Key: 3, Events: 5, First: at(5), Last: at(30)},
		{Key: 4, Events: 99, First: at(1), Last: at(99)},
	}
	issueOf := func(k Key) (int64, bool) {
		return map[Key]int64{1: 7, 2: 8, 3: 7}[k], k != 4
	}
	merged := Row{Issue: 7, Keys: []Key{1, 3}, Events: 7, First: at(5), Last: at(30)}
	single := Row{Issue: 8, Keys: []Key{2}, Events: 9, First: at(15), Last: at(16)}
	for order, want := range map[Order][]Row{
		ByLast:   {merged, single},
		ByFirst:  {single, merged},
		ByEvents: {single, merged},
	} {
		if got := Rank(totals, issueOf, order); !reflect.DeepEqual(got, want) {
			t.Errorf("order %d: got %+v, want %+v", order, got, want)
		}
	}
}

func TestIdsInEndpointsCountAsOneValue(t *testing.T) {
	t.Parallel()
	var counter TagCounter
	for _, path := range []string{
		"/api/v1/games/2073/accept", "/api/v1/games/9/accept?as=host", "/api/v2/games/9/accept",
		"/users/9f1c2d3e-1111-4222-8333-444455556666", "/users/00000000-aaaa-4bbb-8ccc-dddddddddddd", "/",
	} {
		tags := map[string]string{"endpoint": path, "release": "2073"}
		counter.AddEvent("", "", "", tags)
		if tags["endpoint"] != path {
			t.Errorf("the event's own path is now %q, want %q", tags["endpoint"], path)
		}
	}
	want := []Tag{
		{Name: "endpoint", Events: 6, Distinct: 4, Values: []TagValue{
			{"/api/v1/games/<num>/accept", 2}, {"/users/<uuid>", 2}, {"/", 1}, {"/api/v2/games/<num>/accept", 1},
		}},
		{Name: "release", Events: 6, Distinct: 1, Values: []TagValue{{"2073", 6}}},
	}
	if got := counter.Tags(0); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
