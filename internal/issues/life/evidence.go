package life

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

const (
	// lastEvery is how often the last event that is kept is replaced.
	lastEvery = int64(10 * time.Minute)
	// spreadMax is how many events between first and last are kept.
	spreadMax = 5
	// spreadShare and spreadLeast are how far an event lies from the one before: a
	// share of the issue's age, and no less than an hour.
	spreadShare = 8
	spreadLeast = int64(time.Hour)
	// maxLine bounds the line that is kept, in bytes: as much as Loki takes.
	maxLine = 256 << 10
)

// The slots of evidence.
const (
	slotFirst  = "first"
	slotLast   = "last"
	slotSpread = "spread"
)

// shown are the times of the events that are kept of an issue, unix nanoseconds,
// 0 for none.
type shown struct {
	first, last int64
	spread      []int64 // ascending
}

// Evidence is an event that is kept whole.
type Evidence struct {
	ID   issues.ID
	Time time.Time
	// Hash is the key of the event.
	Hash string
	// Slot is first, last or spread.
	Slot   string
	Line   string
	Labels map[string]string
	// Before and After are the lines around it, the oldest first.
	Before, After []Line
	// Context is false as long as the lines around it were not looked for.
	Context bool
}

// Line is a line around an event.
type Line struct {
	Time time.Time `json:"time"`
	Text string    `json:"text"`
}

func (t *Tracker) loadEvidence(ctx context.Context) error {
	return each(ctx, t.DB, "SELECT hash, time, slot FROM issue_evidence ORDER BY time", func(scan scanner) error {
		var text, slot string
		var at int64
		if err := scan(&text, &at, &slot); err != nil {
			return err
		}
		if h, ok := t.keys[keyOf(text)]; ok {
			h.issue.evidence.add(slot, at)
		}
		return nil
	})
}

func (s *shown) add(slot string, at int64) {
	switch slot {
	case slotFirst:
		if s.first == 0 || at < s.first {
			s.first = at
		}
	case slotLast:
		s.last = max(s.last, at)
	case slotSpread:
		s.spread = append(s.spread, at)
		slices.Sort(s.spread)
	}
}

// keep keeps an event whole if it is the first, the last for ten minutes, or far
// from the others.
func (x *tx) keep(i *issue, h *hash, s *Seen) error {
	e := &i.evidence
	if e.first == 0 || s.Time < e.first {
		if err := x.dropSlot(i, slotFirst); err != nil {
			return err
		}
		e.first = s.Time
		return x.insertEvidence(h, s, slotFirst)
	}
	if s.Time < max(e.last, e.first)+lastEvery {
		return nil
	}
	if err := x.replaceLast(i); err != nil {
		return err
	}
	e.last = s.Time
	return x.insertEvidence(h, s, slotLast)
}

// replaceLast moves the last event to the spread, or drops it.
func (x *tx) replaceLast(i *issue) error {
	e := &i.evidence
	if e.last == 0 {
		return nil
	}
	before := e.first
	if len(e.spread) > 0 {
		before = e.spread[len(e.spread)-1]
	}
	if e.last-before < max(spreadLeast, (e.last-e.first)/spreadShare) {
		return x.dropSlot(i, slotLast)
	}
	err := x.exec("UPDATE issue_evidence SET slot = 'spread' WHERE slot = 'last' AND hash IN (SELECT hash FROM issue_hashes WHERE issue = ?)", i.ID)
	if err != nil {
		return err
	}
	e.spread = append(e.spread, e.last)
	return x.thinSpread(i)
}

// thinSpread drops the event that is nearest to the one before it when there are
// too many.
func (x *tx) thinSpread(i *issue) error {
	e := &i.evidence
	if len(e.spread) <= spreadMax {
		return nil
	}
	nearest, before, least := 0, e.first, int64(1<<63-1)
	for n, at := range e.spread {
		if at-before < least {
			nearest, least = n, at-before
		}
		before = at
	}
	err := x.exec("DELETE FROM issue_evidence WHERE slot = 'spread' AND time = ? AND hash IN (SELECT hash FROM issue_hashes WHERE issue = ?)", e.spread[nearest], i.ID)
	e.spread = slices.Delete(e.spread, nearest, nearest+1)
	return err
}

// dropSlot drops what an issue has in a slot.
func (x *tx) dropSlot(i *issue, slot string) error {
	return x.exec("DELETE FROM issue_evidence WHERE slot = ? AND hash IN (SELECT hash FROM issue_hashes WHERE issue = ?)", slot, i.ID)
}

func (x *tx) insertEvidence(h *hash, s *Seen, slot string) error {
	labels, err := json.Marshal(s.Labels)
	if err != nil {
		return err
	}
	line := strings.ToValidUTF8(s.Line[:min(len(s.Line), maxLine)], "?")
	return x.exec("INSERT INTO issue_evidence (time, event, hash, slot, line, labels) VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET slot = excluded.slot, hash = excluded.hash",
		s.Time, s.ID[:], h.text, slot, line, string(labels))
}

const evidenceColumns = "SELECT time, event, hash, slot, line, labels, before, after, context FROM issue_evidence "

func (t *Tracker) readEvidence(ctx context.Context, where string, args ...any) ([]Evidence, error) {
	var list []Evidence
	err := each(ctx, t.DB, evidenceColumns+where, func(scan scanner) error {
		var e Evidence
		var at int64
		var id []byte
		var labels, before, after string
		if err := scan(&at, &id, &e.Hash, &e.Slot, &e.Line, &labels, &before, &after, &e.Context); err != nil {
			return err
		}
		copy(e.ID[:], id)
		e.Time = timeOf(at)
		list = append(list, e)
		last := &list[len(list)-1]
		return errors.Join(json.Unmarshal([]byte(labels), &last.Labels), json.Unmarshal([]byte(before), &last.Before), json.Unmarshal([]byte(after), &last.After))
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return list, nil
}

// WithoutContext returns evidence of which the lines around were not looked for,
// the oldest first.
func (t *Tracker) WithoutContext(ctx context.Context, limit int) ([]Evidence, error) {
	return t.readEvidence(ctx, "WHERE context = 0 ORDER BY time LIMIT ?", limit)
}

// SetContext stores the lines around an event.
func (t *Tracker) SetContext(ctx context.Context, e Evidence) error {
	before, err := json.Marshal(e.Before)
	if err != nil {
		return err
	}
	after, err := json.Marshal(e.After)
	if err != nil {
		return err
	}
	_, err = t.DB.ExecContext(ctx, "UPDATE issue_evidence SET before = ?, after = ?, context = 1 WHERE time = ? AND event = ?",
		string(before), string(after), e.Time.UnixNano(), e.ID[:])
	if err != nil {
		return fmt.Errorf("store the lines around an event: %w", err)
	}
	return nil
}
