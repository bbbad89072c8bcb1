package journal

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestCursorsRememberTheEntryBeforeEachPosition compares with a plain list.
func TestCursorsRememberTheEntryBeforeEachPosition(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	c := newCursors(7, "start")
	model := map[int64]string{7: "start"}
	end, position := int64(7), int64(7)
	for i := range 20000 {
		switch cursor := "c" + strconv.Itoa(i); random.IntN(5) {
		case 0, 1:
			end++
			model[end] = cursor
			c.push([]byte(cursor), end*10)
		case 2:
			model[end] = cursor
			c.replace([]byte(cursor))
		case 3:
			c.replace(nil)
		case 4:
			position += random.Int64N(end - position + 1)
			c.trim(position)
		}
		if at, cursor := c.first(); at != position || cursor != model[position] || c.end() != end || c.len() != int(end-position)+1 {
			t.Fatalf("step %d: first %d %q, end %d, %d remembered, want %d %q, %d", i, at, cursor, c.end(), c.len(), position, model[position], end)
		}
		if position > 7 && c.bytesBefore() != position*10 {
			t.Fatalf("step %d: %d bytes before %d", i, c.bytesBefore(), position)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	q := newQueue(10)
	ctx, cancel := context.WithCancel(t.Context())
	for _, entry := range []string{"12345\n", "789\n"} {
		if err := q.put(ctx, []byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := q.put(ctx, []byte("x\n")); err == nil {
		t.Error("a full queue took an entry")
	}
	if got := string(q.take(nil)); got != "12345\n789\n" {
		t.Errorf("took %q", got)
	}
	if huge := strings.Repeat("x", 50); q.put(ctx, []byte(huge)) != nil || string(q.take(nil)) != huge {
		t.Error("an empty queue did not take an entry larger than it")
	}
}

func TestCursorTime(t *testing.T) {
	for cursor, want := range map[string]int64{
		"s=3e2e;i=fa;b=d95b;m=6e4e816;t=6608b07e1d335;x=ff": 0x6608b07e1d335, "": 0, "t=xyz": 0, "t=": 0, "a;b;t=ff": 255,
	} {
		if got := cursorTime(cursor); got != time.UnixMicro(want) {
			t.Errorf("%q is of %v, want %v", cursor, got, time.UnixMicro(want))
		}
	}
}
