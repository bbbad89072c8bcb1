package loki

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// day is a range that all lines of these tests are in.
var day = PageRequest{
	Query: `{job="x"}`, Start: time.Unix(0, 0), End: time.Unix(86400, 0), Limit: 100, Direction: Backward,
}

// pages follows the pages to the end and returns all lines and how many pages
// they were.
func pages(t *testing.T, c *Client, req PageRequest) ([]Entry, int) {
	t.Helper()
	var all []Entry
	for n := 1; ; n++ {
		page, err := c.Page(context.Background(), req)
		if err != nil {
			t.Fatalf("page %d: %v", n, err)
		}
		if len(page.Entries) > req.Limit {
			t.Fatalf("page %d has %d lines, more than %d", n, len(page.Entries), req.Limit)
		}
		all = append(all, page.Entries...)
		if page.Next == "" {
			return all, n
		}
		if n > 100000 {
			t.Fatal("the pages do not end")
		}
		req.Cursor = page.Next
	}
}

func lineTexts(entries []Entry) []string {
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Line
	}
	return list
}

// randomLines returns lines of few instants and many streams, each different.
func randomLines(r *rand.Rand) []modelLine {
	lines := make([]modelLine, r.IntN(120))
	instants := 1 + r.IntN(20)
	for i := range lines {
		ts := int64(r.IntN(instants)) * int64(1+r.IntN(3)) * int64(time.Hour) / 3
		lines[i] = modelLine{ts, fmt.Sprint(r.IntN(12)), fmt.Sprintf("line %d", i)}
	}
	return lines
}

func TestPagesGiveEveryLineOnceInOneOrder(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		lines := randomLines(r)
		var want []string
		for _, l := range lines {
			want = append(want, l.line)
		}
		slices.Sort(want)
		for _, direction := range []Direction{Backward, Forward} {
			req := day
			req.Direction = direction
			reference, _ := pages(t, newModel(lines...).client(t), req)
			m := newModel(lines...)
			m.entries = []int{0, 200, 500}[r.IntN(3)]
			req.Limit = 1 + r.IntN(20)
			got, _ := pages(t, m.client(t), req)
			if !slices.Equal(lineTexts(got), lineTexts(reference)) {
				t.Fatalf("seed %d, %s, %d a page: got %q, want %q", seed, direction, req.Limit, lineTexts(got), lineTexts(reference))
			}
			sorted := slices.Sorted(slices.Values(lineTexts(reference)))
			if !slices.Equal(sorted, want) {
				t.Fatalf("seed %d, %s: got %d lines, want %d, each once", seed, direction, len(sorted), len(want))
			}
		}
	}
}

func TestAPageEndsAfterItsBytes(t *testing.T) {
	var lines []modelLine
	for i := range 600 {
		lines = append(lines, modelLine{int64(i) * int64(time.Second), "a", fmt.Sprint(i, strings.Repeat("x", 2000))})
	}
	req := day
	req.Limit, req.Bytes = 1000, 400<<10
	c := newModel(lines...).client(t)
	first, err := c.Page(t.Context(), req)
	if n := len(first.Entries); err != nil || n < 200 || n > 400 { // of 2 kB
		t.Errorf("the first page has %d lines, %v; want about 400 KiB and no more than one answer beyond", n, err)
	}
	if got, n := pages(t, c, req); len(got) != len(lines) || n < 2 {
		t.Errorf("got %d lines on %d pages, want %d", len(got), n, len(lines))
	}
}

func TestRepetitionsAreShownOnce(t *testing.T) {
	one := modelLine{int64(time.Hour), "a", "same"}
	other := modelLine{int64(time.Hour), "b", "same"}
	for _, limit := range []int{1, 100} {
		req := day
		req.Limit = limit
		got, _ := pages(t, newModel(one, one, other, one).client(t), req)
		if len(got) != 2 {
			t.Errorf("%d a page: got %d lines, want 2: one of each stream", limit, len(got))
		}
	}
}

func TestManyLinesOfOneInstantArePagedByCount(t *testing.T) {
	var lines []modelLine
	for i := range 3 * shownMax {
		lines = append(lines, modelLine{int64(time.Hour), fmt.Sprint(i % 7), fmt.Sprint(i)})
	}
	req := day
	req.Limit = 50
	got, n := pages(t, newModel(lines...).client(t), req)
	if len(got) != len(lines) || n != (len(lines)+49)/50 {
		t.Errorf("got %d lines on %d pages, want %d on %d", len(got), n, len(lines), (len(lines)+49)/50)
	}
	seen := map[string]bool{}
	for _, e := range got {
		if seen[e.Line] {
			t.Fatalf("line %s came twice", e.Line)
		}
		seen[e.Line] = true
	}
}

func TestTooManyLinesOfOneInstantAreSaid(t *testing.T) {
	var lines []modelLine
	for i := range 30 {
		lines = append(lines, modelLine{int64(time.Hour), fmt.Sprint(i), "x"})
	}
	lines = append(lines, modelLine{1, "first", "first"})
	m := newModel(lines...)
	m.entries = 20
	c := m.client(t)
	page, err := c.Page(context.Background(), day)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Entries) != 21 || len(page.Warnings) != 1 || !strings.Contains(page.Warnings[0], "at least 20 lines share the instant 1970-01-01T01:00:00Z") {
		t.Errorf("got %d lines and %q, want 21 and a warning", len(page.Entries), page.Warnings)
	}
}

func TestAnswersThatAreTooLargeAreAskedForInParts(t *testing.T) {
	var lines []modelLine
	for i := range 2000 {
		lines = append(lines, modelLine{int64(i) * int64(time.Second), "a", strings.Repeat("x", 500)})
	}
	m := newModel(lines...)
	m.answerMax = 100_000
	c := m.client(t)
	req := day
	req.Limit = 1500
	got, n := pages(t, c, req)
	if len(got) != 2000 || n != 2 {
		t.Fatalf("got %d lines on %d pages, want 2000 on 2", len(got), n)
	}
	before := m.count()
	if _, err := c.Page(context.Background(), req); err != nil {
		t.Fatal(err)
	}
	if calls := m.count() - before; calls > 18 { // 13 and four empty windows
		t.Errorf("the next page took %d calls: the size that passed was forgotten", calls)
	}
}

func TestARangeThatIsTooWideIsAskedForInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel(modelLine{int64(time.Hour), "a", "old"}, modelLine{int64(20 * time.Hour), "a", "new"})
		m.widest = 2 * time.Hour
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		page, err := m.client(t).Page(ctx, day)
		if err != nil || page.Next != "" || !slices.Equal(lineTexts(page.Entries), []string{"new", "old"}) {
			t.Errorf("got %q, next %q, error %v", lineTexts(page.Entries), page.Next, err)
		}
	})
}

func TestAPageThatStopsIsPartialAndGoesOn(t *testing.T) {
	lines := []modelLine{{int64(time.Hour), "a", "old"}, {int64(20 * time.Hour), "a", "new"}}
	m := newModel(lines...)
	c := m.client(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	c.config.Observe = func(string, time.Duration, Code) {
		if m.count() == 3 { // of several windows
			m.set(func(m *memory) { m.away = true })
		}
	}
	page, err := c.Page(ctx, day)
	if err != nil || !page.Partial || len(page.Warnings) != 1 || page.Next == "" {
		t.Fatalf("got %+v, error %v, want a partial page with a cursor", page, err)
	}
	m.set(func(m *memory) { m.away = false })
	req := day
	req.Cursor = page.Next
	rest, _ := pages(t, c, req)
	if got := append(lineTexts(page.Entries), lineTexts(rest)...); !slices.Equal(got, []string{"new", "old"}) {
		t.Errorf("got %q", got)
	}
}

func TestACutAnswerIsAskedForAgain(t *testing.T) {
	var lines []modelLine
	for i := range 100 {
		lines = append(lines, modelLine{int64(i) * int64(time.Second), "a", fmt.Sprint(i)})
	}
	m := newModel(lines...)
	m.cutAt = 1
	if got, _ := pages(t, m.client(t), day); len(got) != 100 {
		t.Errorf("got %d lines, want 100", len(got))
	}
}

func TestACursorBelongsToItsQuery(t *testing.T) {
	m := newModel(modelLine{1, "a", "1"}, modelLine{2, "a", "2"})
	c := m.client(t)
	req := day
	req.Limit = 1
	page, err := c.Page(context.Background(), req)
	if err != nil || page.Next == "" {
		t.Fatalf("got %+v, %v", page, err)
	}
	req.Query, req.Cursor = `{job="y"}`, page.Next
	if _, err := c.Page(context.Background(), req); !errors.Is(err, ErrCursor) {
		t.Errorf("another query: got %v, want ErrCursor", err)
	}
	req.Query, req.Cursor = day.Query, "nonsense"
	if _, err := c.Page(context.Background(), req); !errors.Is(err, ErrCursor) {
		t.Errorf("nonsense: got %v, want ErrCursor", err)
	}
}

func TestDenseLogsAreReadWithOneCall(t *testing.T) {
	var lines []modelLine
	for i := range 86400 {
		lines = append(lines, modelLine{int64(i) * int64(time.Second), "a", "x"})
	}
	m := newModel(lines...)
	page, err := m.client(t).Page(context.Background(), day)
	if err != nil || len(page.Entries) != 100 || m.count() != 1 {
		t.Errorf("got %d lines with %d calls, error %v; want 100 with 1", len(page.Entries), m.count(), err)
	}
}

func FuzzPageCursor(f *testing.F) {
	c := pageCursor{query: 7, direction: Forward, start: 1, end: 100, position: position{at: 50, shown: []uint64{1, 2}}}
	f.Add(c.encode())
	c.shown, c.skip = nil, 500
	f.Add(c.encode())
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := decodePageCursor(text)
		if err != nil {
			if !errors.Is(err, ErrCursor) {
				t.Fatalf("got %v, want ErrCursor", err)
			}
			return
		}
		if c.start >= c.end || c.at < c.start || c.at >= c.end || len(c.shown) > shownMax {
			t.Fatalf("accepted %+v", c)
		}
		again, err := decodePageCursor(c.encode())
		if err != nil || again.encode() != c.encode() {
			t.Fatalf("%+v does not come back: %+v, %v", c, again, err)
		}
	})
}

func FuzzTailCursor(f *testing.F) {
	f.Add(tailCursor{1, 2, 3}.encode())
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := decodeTailCursor(text)
		if !ok {
			return
		}
		if again, ok := decodeTailCursor(c.encode()); !ok || again != c {
			t.Fatalf("%+v does not come back: %+v", c, again)
		}
	})
}
