package loki

import (
	"slices"
	"testing"
	"time"
)

func at(ms ...int64) []Entry {
	lines := make([]Entry, len(ms))
	for i, one := range ms {
		lines[i] = Entry{TS: one * int64(time.Millisecond), Hash: uint64(one)}
	}
	return lines
}

func TestIDOfARequestStaysInItsPlace(t *testing.T) {
	got := carrying(DefaultSelector, "a\"b.c`\\")
	want := []string{
		`{job=~".+"} |= "a\"b.c` + "`" + `\\" |~ "(?:^|[^0-9A-Za-z_-])a\"b\\.c` + "`" + `\\\\(?:[^0-9A-Za-z_-]|$)"`,
		`{job=~".+"} | correlation_id="a\"b.c` + "`" + `\\" or request_id="a\"b.c` + "`" + `\\"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestStoryLeavesOutWhatIsOlderThanWhatIsMissing(t *testing.T) {
	cut := Page{Entries: at(50, 40, 30), Next: "more"}
	whole := Page{Entries: at(50, 35, 20)}
	story := joinPages([]Page{cut, whole}, 10)
	var got []int64
	for _, line := range story.Lines {
		got = append(got, line.TS/int64(time.Millisecond))
	}
	if want := []int64{30, 35, 40, 50}; !slices.Equal(got, want) || !story.Cut {
		t.Errorf("got %v, cut %v, want %v", got, story.Cut, want)
	}
	if story := joinPages([]Page{whole}, 2); len(story.Lines) != 2 || !story.Cut || story.Lines[0].Hash != 35 {
		t.Errorf("the newest lines are kept: got %+v", story)
	}
}

func TestStretchesOfARequestAreJoined(t *testing.T) {
	const second = int64(time.Second)
	got := stretchesOf(at(10_000, 12_000, 20_000))
	if want := [][2]int64{{8 * second, 14*second + 1}, {18 * second, 22*second + 1}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDistanceIsToTheNearestLine(t *testing.T) {
	lines := at(100, 200)
	for ms, want := range map[int64]int64{0: 100, 100: 0, 140: 40, 170: 30, 250: 50} {
		if got := distance(at(ms)[0], lines) / int64(time.Millisecond); got != want {
			t.Errorf("%d ms: got %d, want %d", ms, got, want)
		}
	}
}

func TestNewLabelsCountForWhatIsNearby(t *testing.T) {
	labels := map[string]string{"service": "backend", "env": "production"}
	want := elsewhere([]Entry{{Labels: labels}}, "id").LogQL(DefaultSelector)
	if got := elsewhere([]Entry{{Metadata: labels}}, "id").LogQL(DefaultSelector); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
