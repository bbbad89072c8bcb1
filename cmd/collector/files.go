package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline/discover"
	"github.com/tovtech/tovplay-logging/pipeline/source/file"
)

// badInput counts what files hold, and what globs match, that cannot be read as
// lines of text. Each kind is named once for each path.
type badInput struct {
	*prometheus.CounterVec
	log *slog.Logger

	mu   sync.Mutex
	seen map[badKind]int
}

type badKind struct{ path, reason string }

// maxBadInput bounds what is remembered; beyond it, it is named again.
const maxBadInput = 10_000

func newBadInput(log *slog.Logger) *badInput {
	return &badInput{log: log, seen: map[badKind]int{}, CounterVec: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "collector_bad_input_total", Help: "What could not be read as text: lines, damages of compressed files, things that are no files.",
	}, []string{"path", "reason"})}
}

// note counts n of something, and returns whether it is the first of its kind.
func (b *badInput) note(path, reason string, n int) (first bool) {
	b.WithLabelValues(path, reason).Add(float64(n))
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.seen) >= maxBadInput {
		clear(b.seen)
	}
	key := badKind{path, reason}
	first = b.seen[key] == 0
	b.seen[key] += n
	return first
}

// notes are what was counted of a path, in words.
func (b *badInput) notes(path string) (notes []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, n := range b.seen {
		if key.path == path {
			notes = append(notes, fmt.Sprintf("%s: %d", key.reason, n))
		}
	}
	slices.Sort(notes)
	return notes
}

// addFormat sets what the job says of its files' content, and where the first
// start begins.
func (m *manager) addFormat(t discover.Target, opts *file.Options) error {
	opts.StartAtEnd = t.Config.StartAtEnd && m.isFirst && !m.synced
	if t.Config.IsPacked() {
		return errors.New("decompression is not built yet")
	}
	if t.Config.Encoding == "" {
		return nil
	}
	charset, err := file.FindCharset(t.Config.Encoding)
	if err != nil {
		return err
	}
	opts.Charset = charset
	opts.Invalid = func(path string, lines int) {
		if m.bad.note(t.Path, "invalid_encoding", lines) {
			m.log.Warn("a line is not in the job's encoding; what is wrong in it became U+FFFD, and more are counted in collector_bad_input_total",
				"file", path, "encoding", t.Config.Encoding)
		}
	}
	return nil
}

// noteUnfitLocked counts what globs match that is no file, and names it: in one
// line for each job and reason.
func (m *manager) noteUnfitLocked(problems []discover.Problem) {
	type group struct{ job, reason string }
	examples, count := map[group]string{}, map[group]int{}
	var order []group
	for _, p := range problems {
		if p.Unfit == "" || !m.bad.note(p.Path, p.Unfit, 1) {
			continue
		}
		g := group{p.Job, p.Reason}
		if count[g]++; count[g] == 1 {
			examples[g] = p.Path
			order = append(order, g)
		}
	}
	for _, g := range order {
		m.log.Warn("a glob matches what is no log file; it is left out", "job", g.job, "path", examples[g], "count", count[g], "why", g.reason)
	}
}
