package issues

import (
	"cmp"
	"slices"
	"time"
)

// Row is what an issue has in the range of a list.
type Row struct {
	Issue       int64
	Keys        []Key
	Events      int64
	First, Last time.Time
}

// Order is the order of a list; ties are broken by the issue's number.
type Order uint8

// The orders.
const (
	ByLast   Order = iota // the most recent first
	ByFirst               // the newest issue of the range first
	ByEvents              // the most frequent first
)

// Rank makes the rows of issues out of the totals of keys, sorted. issueOf
// returns the number of a key's issue, and false for those that are not to be
// listed.
func Rank(totals []Total, issueOf func(Key) (int64, bool), order Order) []Row {
	rows := make([]Row, 0, len(totals))
	place := make(map[int64]int, len(totals))
	keys := make([]Key, len(totals)) // one piece of memory for the most, which have one key
	for i, t := range totals {
		issue, ok := issueOf(t.Key)
		if !ok {
			continue
		}
		if at, seen := place[issue]; seen {
			rows[at].add(t)
			continue
		}
		place[issue] = len(rows)
		keys[i] = t.Key
		rows = append(rows, Row{Issue: issue, Keys: keys[i : i+1 : i+1], Events: t.Events, First: t.First, Last: t.Last})
	}
	return order.sorted(rows)
}

// add counts a further key of the issue.
func (r *Row) add(t Total) {
	r.Keys = append(r.Keys, t.Key)
	r.Events += t.Events
	if t.First.Before(r.First) {
		r.First = t.First
	}
	if t.Last.After(r.Last) {
		r.Last = t.Last
	}
}

// ranked is a row by what it is sorted by: sorting rows themselves takes three
// times as long.
type ranked struct {
	value, issue int64
	row          int
}

// sorted returns the rows in the order.
func (o Order) sorted(rows []Row) []Row {
	list := make([]ranked, len(rows))
	for i := range rows {
		list[i] = ranked{value: o.value(&rows[i]), issue: rows[i].Issue, row: i}
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.issue, b.issue))
	})
	out := make([]Row, len(rows))
	for i, r := range list {
		out[i] = rows[r.row]
	}
	return out
}

// value is what a row is sorted by, the greatest first.
func (o Order) value(r *Row) int64 {
	switch o {
	case ByFirst:
		return r.First.UnixMilli()
	case ByEvents:
		return r.Events
	default:
		return r.Last.UnixMilli()
	}
}
