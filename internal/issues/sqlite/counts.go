package sqlite

import (
	"slices"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

const hourNanos = int64(time.Hour)

// hourOf returns the hour since 1970 of a time in unix nanoseconds.
func hourOf(ns int64) int64 {
	hour := ns / hourNanos
	if ns%hourNanos < 0 {
		hour--
	}
	return hour
}

// cell is what a key of a source has in one hour. 1,000,000 of them take 16 MB.
type cell struct {
	hour        int32  // since 1970
	events      uint32 // 4 billion at most
	first, last uint32 // milliseconds of the hour
}

// place names a cell.
type place struct {
	key    issues.Key
	source int64
	hour   int64
}

// cellOf returns the cell of one event.
func cellOf(ns int64) cell {
	hour := hourOf(ns)
	ms := uint32((ns - hour*hourNanos) / int64(time.Millisecond))
	return cell{hour: int32(hour), events: 1, first: ms, last: ms}
}

// plus returns both cells of one hour in one.
func (c cell) plus(d cell) cell {
	switch {
	case c.events == 0:
		return d
	case d.events == 0:
		return c
	}
	events := min(uint64(c.events)+uint64(d.events), 1<<32-1)
	return cell{hour: c.hour, events: uint32(events), first: min(c.first, d.first), last: max(c.last, d.last)}
}

// at returns the time of a millisecond of the cell's hour.
func (c cell) at(ms uint32) time.Time {
	return time.UnixMilli(int64(c.hour)*time.Hour.Milliseconds() + int64(ms)).UTC()
}

// source is where events come from.
type source struct{ stream, env, service, level string }

// series are the cells of one key of one source, by hour.
type series struct {
	source int64
	cells  []cell
}

// window returns the cells of the hours from first up to end without it.
func (s *series) window(first, end int64) []cell {
	if n := len(s.cells); n > 0 && int64(s.cells[0].hour) >= first && int64(s.cells[n-1].hour) < end {
		return s.cells // without searching, as in lists of all that is kept
	}
	cells := s.cells[s.search(first):]
	n, _ := slices.BinarySearchFunc(cells, end, compareHour)
	return cells[:n]
}

func (s *series) search(hour int64) int {
	i, _ := slices.BinarySearchFunc(s.cells, hour, compareHour)
	return i
}

func compareHour(c cell, hour int64) int { return int(int64(c.hour) - hour) }

// counts has every cell of the table counts in memory: a list adds up all of a
// range's cells, which SQL cannot do in the time a page may take. It changes
// after the table did.
type counts struct {
	mu      sync.RWMutex
	keys    map[issues.Key][]*series
	sources map[int64]source
	ids     map[source]int64
	cells   int
}

func newCounts() *counts {
	return &counts{keys: map[issues.Key][]*series{}, sources: map[int64]source{}, ids: map[source]int64{}}
}

// addSourceLocked notes a source.
func (c *counts) addSourceLocked(id int64, s source) {
	c.sources[id] = s
	c.ids[s] = id
}

// seriesLocked returns the series of a key and a source, made if it is missing.
func (c *counts) seriesLocked(key issues.Key, source int64) *series {
	for _, s := range c.keys[key] {
		if s.source == source {
			return s
		}
	}
	s := &series{source: source}
	c.keys[key] = append(c.keys[key], s)
	return s
}

// addLocked counts a cell.
func (c *counts) addLocked(key issues.Key, source int64, d cell) {
	s := c.seriesLocked(key, source)
	if n := len(s.cells); n == 0 || s.cells[n-1].hour < d.hour {
		s.cells = append(s.cells, d)
		c.cells++
		return
	}
	i := s.search(int64(d.hour))
	if s.cells[i].hour == d.hour {
		s.cells[i] = s.cells[i].plus(d)
		return
	}
	s.cells = slices.Insert(s.cells, i, d)
	c.cells++
}

// removeLocked forgets the cells for which gone is true, and the series and keys
// that have none left.
func (c *counts) removeLocked(gone func(source int64, hour int32) bool) {
	for key, list := range c.keys {
		list = slices.DeleteFunc(list, func(s *series) bool {
			before := len(s.cells)
			s.cells = slices.DeleteFunc(s.cells, func(d cell) bool { return gone(s.source, d.hour) })
			c.cells -= before - len(s.cells)
			return len(s.cells) == 0
		})
		if len(list) == 0 {
			delete(c.keys, key)
			continue
		}
		c.keys[key] = list
	}
}

// selected returns the sources that a filter selects, or nil for all.
func (c *counts) selected(f issues.Filter) map[int64]bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.selectedLocked(f)
}

func (c *counts) selectedLocked(f issues.Filter) map[int64]bool {
	if f.IsZero() {
		return nil
	}
	chosen := map[int64]bool{}
	for id, s := range c.sources {
		if f.Fits(s.env, s.service, s.level) {
			chosen[id] = true
		}
	}
	return chosen
}

// hours returns the hours that a span touches, the last one excluded.
func hours(span issues.Span) (first, end int64) {
	return hourOf(span.From.UnixNano()), hourOf(span.To.UnixNano()-1) + 1
}

// totals is Store.Totals.
func (c *counts) totals(span issues.Span, filter issues.Filter) []issues.Total {
	first, end := hours(span)
	c.mu.RLock()
	defer c.mu.RUnlock()
	chosen := c.selectedLocked(filter)
	totals := make([]issues.Total, 0, len(c.keys))
	for key, list := range c.keys {
		total := issues.Total{Key: key}
		for _, s := range list {
			if chosen == nil || chosen[s.source] {
				addCells(&total, s.window(first, end))
			}
		}
		if total.Events > 0 {
			totals = append(totals, total)
		}
	}
	return totals
}

// addCells adds cells in the order of time to a total.
func addCells(t *issues.Total, cells []cell) {
	if len(cells) == 0 {
		return
	}
	low, high := cells[0], cells[len(cells)-1]
	if first := low.at(low.first); t.Events == 0 || first.Before(t.First) {
		t.First = first
	}
	if last := high.at(high.last); last.After(t.Last) {
		t.Last = last
	}
	for _, d := range cells {
		t.Events += int64(d.events)
	}
}

// series is Store.Series for steps of whole hours.
func (c *counts) series(q issues.SeriesQuery) map[issues.Key][]int64 {
	first, end := hours(q.Span)
	step := int64(q.Step / time.Hour)
	c.mu.RLock()
	defer c.mu.RUnlock()
	chosen := c.selectedLocked(q.Filter)
	out := make(map[issues.Key][]int64, len(q.Keys))
	for _, key := range q.Keys {
		for _, s := range c.keys[key] {
			if chosen != nil && !chosen[s.source] {
				continue
			}
			for _, d := range s.window(first, end) {
				if out[key] == nil {
					out[key] = make([]int64, (end-first+step-1)/step)
				}
				out[key][(int64(d.hour)-first)/step] += int64(d.events)
			}
		}
	}
	return out
}

// streamHours is Store.StreamHours.
func (c *counts) streamHours(span issues.Span) []issues.StreamHour {
	type streamHour struct {
		stream string
		hour   int32
	}
	first, end := hours(span)
	sum := map[streamHour]int64{}
	c.mu.RLock()
	for _, list := range c.keys {
		for _, s := range list {
			stream := c.sources[s.source].stream
			for _, d := range s.window(first, end) {
				sum[streamHour{stream, d.hour}] += int64(d.events)
			}
		}
	}
	c.mu.RUnlock()
	out := make([]issues.StreamHour, 0, len(sum))
	for at, n := range sum {
		out = append(out, issues.StreamHour{Stream: at.stream, Hour: time.Unix(int64(at.hour)*3600, 0).UTC(), Events: n})
	}
	return out
}

// of returns the counts of a stream in an hour.
func (c *counts) of(hour int64, stream string) []issues.Count {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []issues.Count
	for key, list := range c.keys {
		for _, s := range list {
			from := c.sources[s.source]
			if from.stream != stream {
				continue
			}
			for _, d := range s.window(hour, hour+1) {
				out = append(out, issues.Count{
					Key: key, Env: from.env, Service: from.service, Level: from.level,
					Events: int64(d.events), First: d.at(d.first), Last: d.at(d.last),
				})
			}
		}
	}
	return out
}

// sourcesOf returns the numbers of a stream's sources.
func (c *counts) sourcesOf(stream string) map[int64]bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	found := map[int64]bool{}
	for id, s := range c.sources {
		if s.stream == stream {
			found[id] = true
		}
	}
	return found
}
