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
	for _, t := range totals {
		issue, ok := issueOf(t.Key)
		if !ok {
			continue
		}
		i, seen := place[issue]
		if !seen {
			place[issue] = len(rows)
			rows = append(rows, Row{Issue: issue, Keys: []Key{t.Key}, Events: t.Events, First: t.First, Last: t.Last})
			continue
		}
		rows[i].add(t)
	}
	slices.SortFunc(rows, order.compare)
	return rows
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

// compare orders two rows.
func (o Order) compare(a, b Row) int {
	var first int
	switch o {
	case ByFirst:
		first = b.First.Compare(a.First)
	case ByEvents:
		first = cmp.Compare(b.Events, a.Events)
	default:
		first = b.Last.Compare(a.Last)
	}
	return cmp.Or(first, cmp.Compare(a.Issue, b.Issue))
}
