package loki

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// tail is a hub with its model, in a bubble of fake time.
type tail struct {
	t    *testing.T
	m    *memory
	hub  *Hub
	stop func()
}

// inTail runs a test with a hub that runs.
func inTail(t *testing.T, config func(*HubConfig), test func(*tail)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := DefaultHubConfig()
		if config != nil {
			config(&c)
		}
		m := newModel()
		x := &tail{t: t, m: m}
		x.start(c)
		test(x)
		x.stop()
	})
}

// start runs a new hub, as a start of the dashboard does.
func (x *tail) start(c HubConfig) {
	x.hub = NewHub(x.m.client(x.t), c)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- x.hub.Run(ctx) }()
	x.stop = func() {
		cancel()
		if err := <-done; err != nil {
			x.t.Errorf("Run: %v", err)
		}
	}
	synctest.Wait()
}

const tailQuery = `{job="x"}`

func (x *tail) watch(req WatchRequest) *Viewer {
	x.t.Helper()
	req.Query = tailQuery
	v, err := x.hub.Watch(context.Background(), req)
	if err != nil {
		x.t.Fatalf("watch: %v", err)
	}
	return v
}

// line adds a line that is ago old now.
func (x *tail) line(ago time.Duration, text string) {
	x.m.add(modelLine{time.Now().Add(-ago).UnixNano(), "s", text})
}

// pass lets time pass.
func (x *tail) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// got is everything that a viewer got since the last time.
type got struct {
	lines   []string
	dropped int64
	cursor  string
	status  *Status
}

func take(v *Viewer) got {
	u := v.Take()
	g := got{dropped: u.Dropped, status: u.Status}
	for _, batch := range u.Batches {
		g.lines = append(g.lines, lineTexts(batch.Entries)...)
		g.cursor = batch.Cursor
	}
	return g
}

func (x *tail) want(v *Viewer, lines ...string) got {
	x.t.Helper()
	g := take(v)
	if !slices.Equal(g.lines, lines) {
		x.t.Errorf("got %q, want %q", g.lines, lines)
	}
	return g
}

func TestViewersOfOneQueryCostOneFollow(t *testing.T) {
	inTail(t, nil, func(x *tail) {
		x.pass(time.Minute) // away from the full hour, at which pages are cut
		var viewers []*Viewer
		for range 200 {
			viewers = append(viewers, x.watch(WatchRequest{}))
		}
		x.pass(500 * time.Millisecond)
		x.line(0, "one")
		before := x.m.count()
		x.pass(10 * time.Second)
		if calls := x.m.count() - before; calls != 10 {
			t.Errorf("200 viewers cost %d calls in 10 s, want 10", calls)
		}
		for _, v := range viewers {
			x.want(v, "one")
		}
		if viewers, follows := x.hub.Viewers(); viewers != 200 || follows != 1 {
			t.Errorf("%d viewers of %d follows", viewers, follows)
		}
	})
}

func TestLateLinesComeOnce(t *testing.T) {
	inTail(t, nil, func(x *tail) {
		v := x.watch(WatchRequest{})
		x.pass(20 * time.Second)
		x.line(0, "in time")
		x.pass(3 * time.Second)
		x.line(6*time.Second, "late")
		x.pass(2 * time.Second)
		x.line(9*time.Second, "very late")
		x.pass(20 * time.Second)
		x.want(v, "in time", "late", "very late")
	})
}

func TestNothingIsLostWhileLokiIsAway(t *testing.T) {
	inTail(t, nil, func(x *tail) {
		v := x.watch(WatchRequest{})
		x.pass(2 * time.Second)
		if g := take(v); g.status == nil || !g.status.OK {
			t.Errorf("at the start: %+v, want the status ok", g.status)
		}
		x.m.set(func(m *memory) { m.away = true })
		x.pass(5 * time.Second)
		if g := take(v); g.status == nil || g.status.OK || !strings.Contains(g.status.Message, "LOKI_URL") {
			t.Errorf("away: %+v, want a reason", g.status)
		}
		for i := range 20 {
			x.line(0, fmt.Sprint(i))
			x.pass(time.Second)
		}
		x.m.set(func(m *memory) { m.away = false })
		x.pass(15 * time.Second)
		g := take(v)
		if len(g.lines) != 20 || g.dropped != 0 || g.status == nil || !g.status.OK {
			t.Errorf("back: %d lines, %d dropped, status %+v; want 20, 0 and ok", len(g.lines), g.dropped, g.status)
		}
	})
}

func TestAViewerResumesWithoutGapOrRepetition(t *testing.T) {
	inTail(t, nil, func(x *tail) {
		v := x.watch(WatchRequest{})
		x.pass(time.Second)
		x.line(0, "before")
		x.pass(2 * time.Second)
		cursor := x.want(v, "before").cursor
		x.hub.Leave(v)
		x.line(0, "meanwhile")
		x.pass(5 * time.Second)
		x.line(4*time.Second, "meanwhile, late")
		x.pass(5 * time.Second)
		v = x.watch(WatchRequest{Resume: cursor})
		x.want(v, "meanwhile", "meanwhile, late")
		x.line(0, "after")
		x.pass(2 * time.Second)
		x.want(v, "after")
	})
}

func TestAViewerResumesAfterARestart(t *testing.T) {
	inTail(t, nil, func(x *tail) {
		v := x.watch(WatchRequest{})
		x.pass(30 * time.Second)
		x.line(0, "old")
		x.pass(15 * time.Second)
		x.line(0, "before")
		x.pass(2 * time.Second)
		cursor := x.want(v, "old", "before").cursor
		x.stop()
		x.line(0, "meanwhile")
		x.pass(20 * time.Second)
		x.start(DefaultHubConfig())
		other := x.watch(WatchRequest{}) // the new follow has batches of the same numbers
		for _, text := range []string{"1", "2", "3"} {
			x.pass(2 * time.Second)
			x.line(0, text)
		}
		x.pass(2 * time.Second)
		x.want(other, "1", "2", "3")
		v = x.watch(WatchRequest{Resume: cursor})
		// Lines of the overlap before the cursor come again, with the same id.
		x.want(v, "before", "meanwhile", "1", "2", "3")
		x.pass(5 * time.Second)
		x.want(v)
	})
}

func TestTheBacklogAndTheLiveLinesDoNotRepeat(t *testing.T) {
	inTail(t, nil, func(x *tail) {
		first := x.watch(WatchRequest{}) // the follow runs already
		for i := range 10 {
			x.line(0, fmt.Sprint(i))
			x.pass(700 * time.Millisecond)
		}
		x.line(time.Millisecond, "in the backlog, and not looked at yet")
		v := x.watch(WatchRequest{Since: time.Now().Add(-time.Minute)})
		x.line(2*time.Second, "late")
		x.line(0, "new")
		x.pass(15 * time.Second)
		for _, viewer := range []*Viewer{v, first} {
			lines := take(viewer).lines
			slices.Sort(lines)
			want := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "in the backlog, and not looked at yet", "late", "new"}
			if !slices.Equal(lines, want) {
				t.Errorf("got %q, want %q", lines, want)
			}
		}
	})
}

func TestALongBacklogSaysWhatItLeavesOut(t *testing.T) {
	inTail(t, func(c *HubConfig) { c.BacklogLines = 5 }, func(x *tail) {
		for i := range 20 {
			x.line(time.Duration(30-i)*time.Second, fmt.Sprint(i))
		}
		v := x.watch(WatchRequest{Since: time.Now().Add(-time.Hour)})
		if g := x.want(v, "15", "16", "17", "18", "19"); g.dropped != 15 {
			t.Errorf("%d lines were left out, want 15", g.dropped)
		}
	})
}

func TestWhatALongBacklogLeavesOutDoesNotComeLater(t *testing.T) {
	inTail(t, func(c *HubConfig) { c.BacklogLines = 5 }, func(x *tail) {
		for i := range 8 {
			x.line(time.Duration(8-i)*100*time.Millisecond, fmt.Sprint(i))
		}
		v := x.watch(WatchRequest{Since: time.Now().Add(-time.Hour)})
		x.line(0, "new")
		x.pass(15 * time.Second)
		if g := x.want(v, "3", "4", "5", "6", "7", "new"); g.dropped != 3 {
			t.Errorf("%d lines were left out, want 3", g.dropped)
		}
		x.line(5*time.Second, "late")
		x.pass(5 * time.Second)
		x.want(v, "late")
	})
}

func TestALongBacklogDoesNotCountWhatTheViewerHas(t *testing.T) {
	for _, test := range []struct {
		meanwhile int
		dropped   int64
	}{{3, 0}, {5, 0}, {8, 3}} {
		short := func(c *HubConfig) { c.BacklogLines = 5 }
		inTail(t, short, func(x *tail) {
			v := x.watch(WatchRequest{})
			for i := range 8 {
				x.pass(time.Second)
				x.line(0, fmt.Sprint(i))
			}
			x.pass(2 * time.Second)
			cursor := x.want(v, "0", "1", "2", "3", "4", "5", "6", "7").cursor
			x.stop()
			for i := range test.meanwhile {
				x.pass(100 * time.Millisecond)
				x.line(0, fmt.Sprint("new ", i))
			}
			x.pass(time.Second)
			c := DefaultHubConfig()
			short(&c)
			x.start(c)
			if g := take(x.watch(WatchRequest{Resume: cursor})); g.dropped != test.dropped {
				t.Errorf("of %d lines and the 8 that the viewer has, 5 are shown: %d were left out, want %d", test.meanwhile, g.dropped, test.dropped)
			}
		})
	}
}

func TestASlowViewerLosesTheOldestAndIsTold(t *testing.T) {
	inTail(t, func(c *HubConfig) { c.ViewerLines = 1000 }, func(x *tail) {
		slow, fast := x.watch(WatchRequest{}), x.watch(WatchRequest{})
		read := 0
		for i := range 10 {
			for j := range 300 {
				x.line(0, fmt.Sprint(i*300+j))
			}
			x.pass(time.Second)
			read += len(take(fast).lines)
		}
		x.pass(2 * time.Second)
		read += len(take(fast).lines)
		g := take(slow)
		if read != 3000 || len(g.lines) > 1000 || int64(len(g.lines))+g.dropped != 3000 || g.lines[len(g.lines)-1] != "2999" {
			t.Errorf("fast read %d; slow read %d and lost %d, its last line is %q", read, len(g.lines), g.dropped, g.lines[len(g.lines)-1])
		}
	})
}

func TestABurstArrivesWhole(t *testing.T) {
	inTail(t, func(c *HubConfig) { c.ViewerLines = 1 << 20 }, func(x *tail) {
		v := x.watch(WatchRequest{})
		x.pass(time.Second)
		at := time.Now().UnixNano()
		for i := range 25_000 {
			x.m.add(modelLine{at + int64(i), "s", fmt.Sprint(i)})
		}
		x.pass(20 * time.Second)
		g := take(v)
		seen := map[string]bool{}
		for _, l := range g.lines {
			seen[l] = true
		}
		if len(g.lines) != 25_000 || len(seen) != 25_000 || g.dropped != 0 {
			t.Errorf("got %d lines, %d different, %d dropped; want 25000", len(g.lines), len(seen), g.dropped)
		}
	})
}

func TestAFollowEndsWhenNobodyWatches(t *testing.T) {
	inTail(t, nil, func(x *tail) {
		v := x.watch(WatchRequest{})
		x.pass(time.Second)
		x.hub.Leave(v)
		x.hub.Leave(v) // twice is no harm
		x.pass(20 * time.Second)
		if _, follows := x.hub.Viewers(); follows != 1 {
			t.Error("the follow ended at once; who comes back would miss lines")
		}
		x.pass(20 * time.Second)
		if viewers, follows := x.hub.Viewers(); viewers != 0 || follows != 0 {
			t.Errorf("%d viewers, %d follows are left", viewers, follows)
		}
		before := x.m.count()
		x.pass(time.Minute)
		if x.m.count() != before {
			t.Error("Loki is still asked")
		}
	})
}

func TestRunEndsEverything(t *testing.T) {
	inTail(t, nil, func(x *tail) {
		v := x.watch(WatchRequest{})
		x.stop()
		select {
		case <-v.Done():
		default:
			t.Error("the viewer is not closed")
		}
		if _, err := x.hub.Watch(context.Background(), WatchRequest{Query: tailQuery}); CodeOf(err) != CodeUnavailable {
			t.Errorf("after the end: %v", err)
		}
		x.stop = func() {}
	})
}

func TestTheHubIsBounded(t *testing.T) {
	inTail(t, func(c *HubConfig) { c.Follows, c.Viewers = 2, 3 }, func(x *tail) {
		watch := func(query string) error {
			_, err := x.hub.Watch(context.Background(), WatchRequest{Query: query})
			return err
		}
		for i, query := range []string{"{a}", "{b}", "{c}", "{a}", "{a}"} {
			err := watch(query)
			if wantErr := i == 2 || i == 4; wantErr != (CodeOf(err) == CodeThrottled) {
				t.Errorf("watch %d: %v", i, err)
			}
		}
	})
}

func TestWatchFailsWhenTheBacklogCannotBeRead(t *testing.T) {
	inTail(t, nil, func(x *tail) {
		x.m.set(func(m *memory) { m.away = true })
		_, err := x.hub.Watch(context.Background(), WatchRequest{Query: tailQuery, Since: time.Now().Add(-time.Minute)})
		if CodeOf(err) != CodeUnavailable {
			t.Errorf("got %v", err)
		}
		if viewers, _ := x.hub.Viewers(); viewers != 0 {
			t.Errorf("%d viewers are left", viewers)
		}
	})
}
