package docker

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Cursor is a place between two records of a log. The zero Cursor is the
// beginning.
//
// Two streams of one container may be written in another order than that of
// their times. So Time is the latest so far, not the last one.
type Cursor struct {
	Time  int64 // unix nanoseconds; the latest time of all records before the place
	Count int64 // of records before the place, from the first one with Time on; All for those that are not younger
}

// All is the Count of a place whose records were not counted: it is behind all
// records that are not younger than Time.
const All = -1

// AfterSecond is the place behind all records of a second, as promtail saves it.
func AfterSecond(second int64) Cursor {
	return Cursor{Time: time.Unix(second, 999_999_999).UnixNano(), Count: All}
}

// After is the place behind all records that are not younger than t.
func After(t time.Time) Cursor { return Cursor{Time: t.UnixNano(), Count: All} }

// next is the place behind one more record.
func (c Cursor) next(t int64) Cursor {
	switch {
	case c == Cursor{}, t > c.Time:
		return Cursor{Time: t, Count: 1}
	case c.Count == All:
		return c
	}
	return Cursor{Time: c.Time, Count: c.Count + 1}
}

// String is what ParseCursor reads: seconds and nanoseconds, and the count if
// there is one.
func (c Cursor) String() string {
	t := time.Unix(0, c.Time)
	text := fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond())
	if c.Count != All {
		text += "+" + strconv.FormatInt(c.Count, 10)
	}
	return text
}

// ParseCursor reads the text of a Cursor.
func ParseCursor(text string) (Cursor, error) {
	bad := fmt.Errorf("%.80q is no place in a container's log", text)
	at, count, counted := strings.Cut(text, "+")
	seconds, fraction, _ := strings.Cut(at, ".")
	s, err1 := strconv.ParseInt(seconds, 10, 64)
	ns, err2 := strconv.ParseUint(fraction, 10, 32)
	const most = math.MaxInt64 / 1_000_000_000
	if cmp.Or(err1, err2) != nil || len(fraction) != 9 || s < 0 || s >= most {
		return Cursor{}, bad
	}
	c := Cursor{Time: s*1_000_000_000 + int64(ns), Count: All}
	if counted {
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil || n < 1 {
			return Cursor{}, bad
		}
		c.Count = n
	}
	return c, nil
}

// Repeats tells which records at the start of a reading lie before a place:
// those that come before the first one with the cursor's time, and from that one
// on as many as were counted, unless they are younger.
type Repeats struct {
	from  Cursor
	begun bool
	seen  int64
	done  bool
}

// NewRepeats returns the repeats of a reading that goes on at a place and begins
// at or before it.
func NewRepeats(from Cursor) *Repeats { return &Repeats{from: from, done: from == Cursor{}} }

// Is reports whether the next record, with a time in unix nanoseconds, lies
// before the place.
func (r *Repeats) Is(time int64) bool {
	switch {
	case r.done:
		return false
	case !r.begun && time < r.from.Time:
		return true
	}
	r.begun = true
	if time <= r.from.Time && (r.from.Count == All || r.seen < r.from.Count) {
		r.seen++
		return true
	}
	r.done = true
	return false
}

// Missing reports whether the reading has passed the place and has not met the
// record with the cursor's time, although that was counted.
func (r *Repeats) Missing() bool { return r.done && r.from.Count > 0 && r.seen == 0 }

// cursors remembers, for each number of records that were handed out, the place
// behind it. Its memory is reused.
type cursors struct {
	from int64      // the number of records that ring[head] belongs to
	ring []cursorAt // a power of two long
	head int
	n    int // at least 1
}

type cursorAt struct {
	Cursor
	bytes int64 // of all lines up to it
}

func newCursors(from int64, c Cursor) *cursors {
	return &cursors{from: from, ring: []cursorAt{{Cursor: c}}, n: 1}
}

func (c *cursors) len() int { return c.n - 1 }

// end is the number of records that were handed out.
func (c *cursors) end() int64 { return c.from + int64(c.n) - 1 }

func (c *cursors) at(i int) *cursorAt { return &c.ring[(c.head+i)&(len(c.ring)-1)] }

// push notes the time of the record that was handed out now.
func (c *cursors) push(time, bytes int64) {
	if c.n == len(c.ring) {
		c.grow()
	}
	next := c.at(c.n - 1).next(time)
	c.n++
	*c.at(c.n - 1) = cursorAt{next, bytes}
}

func (c *cursors) grow() {
	ring := make([]cursorAt, 2*len(c.ring))
	for i := range c.n {
		ring[i] = *c.at(i)
	}
	c.ring, c.head = ring, 0
}

// trim forgets everything before position, the newest place excepted.
func (c *cursors) trim(position int64) {
	for c.from < position && c.n > 1 {
		c.head = (c.head + 1) & (len(c.ring) - 1)
		c.n--
		c.from++
	}
}

// first is the lowest position that is remembered, with its place.
func (c *cursors) first() (position int64, at Cursor) { return c.from, c.at(0).Cursor }

// bytesBefore is the size of all lines before the first position.
func (c *cursors) bytesBefore() int64 { return c.at(0).bytes }
