package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/quarantine"
	"github.com/tovtech/tovplay-logging/pipeline/ship"
)

// originalTime is the structured metadata that keeps the time of an entry which
// was given another.
const originalTime = "original_time"

// stampLasts is how long a time given by -now is good for. A second run within
// it repeats entries exactly, and Loki shows an exact repetition once. Loki takes
// what is an hour behind the newest of its stream.
const stampLasts = 30 * time.Minute

// resend sends the entries of each client. A client whose Loki is away does not
// keep the others from being sent.
func (q *quarantineRun) resend() error {
	metrics := ship.NewMetrics(prometheus.NewRegistry())
	log := newLogger(q.cfg.Server, new(slog.LevelVar), q.stderr)
	var errs []error
	for _, c := range q.clients {
		client, err := newClient(c, metrics, log)
		if err != nil {
			return err
		}
		r := &resender{file: q.file(c), client: client, limits: limits(q.cfg), gone: map[identity]bool{}}
		r.limits.LineBytes = math.MaxInt // they were cut before they were refused
		errs = append(errs, q.resendClient(c, r))
	}
	return errors.Join(errs...)
}

// resendClient prints what became of a client's entries and returns an error if
// one of them stays.
func (q *quarantineRun) resendClient(c *config.Client, r *resender) error {
	entries, err := q.load(r.file)
	if err == nil && q.now {
		if err = restamp(r.file, entries, time.Now()); err == nil {
			entries, err = q.load(r.file)
		}
	}
	if err != nil {
		return err
	}
	entries = sorted(entries)
	err = r.send(q.ctx, entries)
	kept := len(entries) - r.sent - r.refused
	fmt.Fprintf(q.stdout, "client %s: %d sent, %d refused, %d kept untried\n", c.Name, r.sent, r.refused, kept)
	for _, text := range r.refusals {
		fmt.Fprintf(q.stdout, "  refused: %s\n", printable(text))
	}
	if err == nil && r.refused > 0 {
		err = fmt.Errorf("client %s: %d entries were refused again and stay in %s", c.Name, r.refused, r.file.Path())
	}
	return err
}

// identity is what makes an entry the same to Loki. The same entry may have been
// refused twice.
type identity [sha256.Size]byte

func identityOf(e *quarantine.Entry) identity {
	bare := *e
	bare.Reason, bare.Refused = "", time.Time{}
	text, _ := bare.JSON() // it was read from JSON
	return sha256.Sum256(text)
}

// sorted returns each entry once, those of one stream together and in the order
// of time: Loki may refuse one that is older than another of its stream.
func sorted(entries []quarantine.Entry) []quarantine.Entry {
	seen := map[identity]bool{}
	entries = slices.DeleteFunc(entries, func(e quarantine.Entry) bool {
		id := identityOf(&e)
		again := seen[id]
		seen[id] = true
		return again
	})
	slices.SortStableFunc(entries, func(a, b quarantine.Entry) int {
		return cmp.Or(compareStreams(a, b), cmp.Compare(a.Time, b.Time))
	})
	return entries
}

func compareStreams(a, b quarantine.Entry) int {
	return cmp.Or(strings.Compare(a.Tenant, b.Tenant), strings.Compare(a.Stream, b.Stream))
}

// restamp gives entries the present time, each its own and in their order, and
// stores that before anything is sent: whatever happens then, the next run sends
// the same entries.
func restamp(f *quarantine.File, entries []quarantine.Entry, now time.Time) error {
	times := map[identity]int64{}
	for i, e := range sorted(entries) {
		age := now.Sub(time.Unix(0, e.Time))
		if !isRestamped(&e) || age < 0 || age > stampLasts {
			times[identityOf(&e)] = now.UnixNano() + int64(i)
		}
	}
	return f.Rewrite(func(e *quarantine.Entry) bool {
		at, ok := times[identityOf(e)]
		if !ok {
			return true
		}
		if !isRestamped(e) {
			own := time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano)
			e.Metadata = append(e.Metadata, quarantine.Field{Name: originalTime, Value: own})
		}
		e.Time = at
		return true
	})
}

func isRestamped(e *quarantine.Entry) bool {
	return slices.ContainsFunc(e.Metadata, func(f quarantine.Field) bool { return f.Name == originalTime })
}

// resender sends the entries of one client.
type resender struct {
	file   *quarantine.File
	client *ship.Client
	limits pipeline.Limits

	sent, refused int
	refusals      []string          // one for each reason
	reasons       []string          // of refusals
	gone          map[identity]bool // what Loki has
}

// send sends sorted entries until Loki stops answering, and then takes out of the
// file what Loki has. When it is killed before that, the next run repeats them
// exactly.
func (r *resender) send(ctx context.Context, entries []quarantine.Entry) (err error) {
	defer func() { err = errors.Join(err, r.remove()) }()
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && compareStreams(entries[0], entries[n]) == 0 {
			n++
		}
		if err := r.sendStream(ctx, entries[:n]); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// sendStream sends the entries of one stream, in batches.
func (r *resender) sendStream(ctx context.Context, entries []quarantine.Entry) error {
	labels, err := pipeline.ParseLabels(entries[0].Stream)
	if err != nil {
		r.refuse(len(entries), ship.Answer{Reason: "damaged", Err: err})
		return nil
	}
	rest := entries
	box := pipeline.NewOutbox(r.limits, pipeline.NewBudget(math.MaxInt64), 1, func(b *pipeline.Batch) {
		defer b.Done()
		batch := rest[:b.Len()]
		rest = rest[b.Len():]
		if err == nil {
			err = r.push(ctx, b, batch)
		}
	})
	stream := &pipeline.Stream{Labels: labels, Text: entries[0].Stream, Tenant: entries[0].Tenant}
	for i := range entries {
		box.Add(stream, newEntry(&entries[i]), time.Time{})
	}
	box.Flush()
	return err
}

func newEntry(e *quarantine.Entry) *pipeline.Entry {
	entry := &pipeline.Entry{Line: []byte(e.Line), Time: e.Time}
	for _, f := range e.Metadata {
		entry.Meta = append(entry.Meta, pipeline.Field{Name: f.Name, Value: []byte(f.Value)})
	}
	return entry
}

// push sends a batch made of entries and notes what became of them.
func (r *resender) push(ctx context.Context, b *pipeline.Batch, entries []quarantine.Entry) error {
	answers, err := r.client.Push(ctx, b)
	for i, a := range answers {
		switch {
		case a.Stored:
			r.sent++
			r.gone[identityOf(&entries[i])] = true
		case a.Err != nil:
			r.refuse(1, a)
		}
	}
	return err
}

// refuse notes that Loki refused n entries once more.
func (r *resender) refuse(n int, a ship.Answer) {
	r.refused += n
	if !slices.Contains(r.reasons, a.Reason) {
		r.reasons = append(r.reasons, a.Reason)
		r.refusals = append(r.refusals, fmt.Sprintf("%s, for one: %v", a.Reason, a.Err))
	}
}

// remove takes what Loki has out of the file.
func (r *resender) remove() error {
	if len(r.gone) == 0 {
		return nil
	}
	err := r.file.Rewrite(func(e *quarantine.Entry) bool { return !r.gone[identityOf(e)] })
	if err != nil {
		return fmt.Errorf("%d entries were sent and are still in quarantine: %w", len(r.gone), err)
	}
	return nil
}
