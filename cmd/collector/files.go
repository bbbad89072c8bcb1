package main

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/discover"
	"github.com/tovtech/tovplay-logging/pipeline/position"
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

// maxBadInput bounds what is remembered; beyond it, it is
// named again, and counting begins anew.
const maxBadInput = 10_000

func newBadInput(log *slog.Logger) *badInput {
	return &badInput{log: log, seen: map[badKind]int{}, CounterVec: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "collector_bad_input_total", Help: "What could not be read as text: lines, damages of compressed files, things that are no files.",
	}, []string{"path", "reason"})}
}

// note counts n of something, and returns whether it is the first of its kind.
func (b *badInput) note(path, reason string, n int) (first bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := badKind{path, reason}
	if len(b.seen) >= maxBadInput && b.seen[key] == 0 {
		clear(b.seen)
		b.Reset()
	}
	b.WithLabelValues(labelText(path), reason).Add(float64(n))
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

// openFile opens a target's file.
func (m *manager) openFile(t discover.Target) (pipeline.Source, error) {
	opts := m.fileOptions(t)
	if err := m.addFormat(t, &opts); err != nil {
		return nil, err
	}
	if !t.Config.IsPacked() {
		return file.Open(t.Path, m.places(t), opts, time.Now())
	}
	packed := file.PackedOptions{
		Options: opts, Format: t.Config.Decompression.Format, InitialDelay: t.Config.Decompression.InitialDelay.Std(),
		Shelf: m.shelf(t.Key, t.Job),
		Damaged: func(path string, err error) {
			if m.bad.note(path, "damaged_archive", 1) {
				m.log.Warn("a compressed file has no right end; what could be unpacked is read, and it is read on when it changes",
					"file", path, "format", t.Config.Decompression.Format, "why", err)
			}
		},
	}
	return file.OpenPacked(t.Path, m.places(t), packed, time.Now())
}

// shelves are those of all jobs.
type shelves struct {
	byName    map[string]*file.Shelf
	unpackers file.Unpackers
}

// shelf is what the targets of a job share that are compressed files. Those that
// read a file once more, with other labels, have one of their own.
func (m *manager) shelf(key, job string) *file.Shelf {
	name := job + secondKey.FindString(key)
	s := m.shelves.byName[name]
	if s == nil {
		s = file.NewShelf(&m.shelves.unpackers)
		m.shelves.byName[name] = s
	}
	return s
}

// shelve puts the saved places of compressed files where all sources of a job find
// them, because a rotation may have renamed the files.
func (m *manager) shelve(saved position.Places) {
	for key, places := range saved {
		for i := range m.cfg.ScrapeConfigs {
			job := m.cfg.ScrapeConfigs[i].JobName
			if !m.cfg.ScrapeConfigs[i].IsPacked() || !strings.HasPrefix(key, job+" /") {
				continue
			}
			for _, p := range places {
				if p.Packed != "" {
					m.shelf(key, job).Put(p)
				}
			}
		}
	}
}

// noteLeftLocked names the compressed files that were not read to their end and
// are gone.
func (m *manager) noteLeftLocked() {
	for _, shelf := range m.shelves.byName {
		for _, p := range shelf.Left() {
			m.noteLostPlace(p)
		}
	}
}

// noteLostPlace names and counts what was not read of a file that is gone.
func (m *manager) noteLostPlace(p pipeline.Place) {
	unread := p.Size - p.Offset
	if p.Path == "" || unread <= 0 {
		return
	}
	m.lost.WithLabelValues(labelText(p.Path)).Add(float64(unread))
	m.log.Error("a file that was not read to its end is gone with its name", "path", p.Path,
		"bytes", unread, "remedy", "if it was renamed, give it its name back")
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
