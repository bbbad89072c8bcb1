package file

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// restore opens the generations that places describe, oldest first, and those
// that came after them.
func (s *Source) restore(places []pipeline.Place, now time.Time) ([]*generation, error) {
	files, err := s.openAll(time.Time{})
	if err != nil {
		files.close()
		return nil, err
	}
	last := places[len(places)-1]
	since := time.Unix(0, last.Modified)
	gens := s.takePlaces(&files, places)
	for _, g := range files {
		isNew := g.path == s.name || g.isSince(last)
		if !isNew && !slices.ContainsFunc(gens, g.isAwaitedBy) {
			g.close()
			continue
		}
		g.old = !isNew
		g.start(0)
		if g.path != s.name {
			g.current = earlier(g.current, since)
		}
		gens = append(gens, g)
	}
	for _, g := range gens {
		g.rotate(now)
	}
	newestLast(s.name, gens)
	if n := len(gens); n > 0 && gens[n-1].current.Before(since) {
		gens[n-1].current = since
	}
	return gens, nil
}

// newestLast puts the file that has the name behind the others.
func newestLast(name string, gens []*generation) {
	i := slices.IndexFunc(gens, func(g *generation) bool { return g.path == name && !g.ghost })
	if i < 0 {
		return
	}
	g := gens[i]
	copy(gens[i:], gens[i+1:])
	gens[len(gens)-1] = g
	g.rotated = false
}

// takePlaces takes the files that places describe. Files with the saved inodes
// go first, because the beginnings of different files may be equal.
func (s *Source) takePlaces(files *candidates, places []pipeline.Place) []*generation {
	found := make([]*generation, len(places))
	zips := candidates(slices.DeleteFunc(slices.Clone(*files), func(g *generation) bool { return !g.unproven }))
	for i, p := range places {
		found[i] = files.take(func(g *generation) bool { return p.FingerprintLen > 0 && g.is(p) || g.isStill(p) })
	}
	for _, i := range bestKnown(places) {
		p := places[i]
		// A generation that was read to its end has moved on, unless it had the
		// name: then it may have been copied and truncated.
		if unread := p.Size > p.Offset; found[i] == nil && (unread || i == len(places)-1) {
			found[i] = files.take(func(g *generation) bool { return (g.path == s.name || g.isSince(p)) && g.isCopyFor(p) })
		}
	}
	for i, p := range places { // of empty files the inodes alone are known
		if found[i] == nil {
			found[i] = files.take(func(g *generation) bool { return g.is(p) })
		}
	}
	var gens []*generation
	for i, g := range found {
		if g != nil {
			g.resume(places[i])
		} else if g = s.missing(zips, places[i], i == len(places)-1); g == nil {
			continue
		}
		gens = append(gens, g)
	}
	return gens
}

// bestKnown returns the numbers of places, those of which most is known first:
// of the others there may be several copies to choose from.
func bestKnown(places []pipeline.Place) []int {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	known := func(i int) int64 { return places[i].FingerprintLen + int64(len(places[i].Before)) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(known(b), known(a)) })
	return order
}

// missing returns the generation of a place that no file was found for, if a
// compressed one may be a copy of it, or else nil: it is lost then. One that was
// read to its end is needed as well, so that it is not read again from its copy.
func (s *Source) missing(zips candidates, p pipeline.Place, isLast bool) *generation {
	const why = "gone before it was read to its end"
	g, unread := newGhost(p), p.Size > p.Offset
	for _, c := range zips {
		if g.copied.Before(c.changed) {
			g.copied = c.changed
		}
	}
	switch {
	case !unread && (len(zips) == 0 || !g.isRecognisable()):
		return nil
	case !unread && !isLast:
		return g
	case slices.ContainsFunc(zips, func(c *generation) bool { return c.mayBeCopyOf(g) }):
		g.awaited = why
		return g
	case unread:
		s.opts.Lost(p.Path, p.Size-p.Offset, why)
		return nil
	}
	return g
}

// mayBeCopyOf reports whether the compressed file g may be a copy of missing.
func (g *generation) mayBeCopyOf(missing *generation) bool {
	return g.unproven && missing.ghost && (g.isSince(missing.saved) || g.id.inode == missing.saved.Inode)
}

func (g *generation) isAwaitedBy(missing *generation) bool {
	return missing.awaited != "" && g.mayBeCopyOf(missing)
}

// isStill reports whether g is the compressed file of p, which was not proven.
func (g *generation) isStill(p pipeline.Place) bool {
	return g.unproven && g.id.inode == p.Inode && p.FingerprintLen == 0 && strings.HasSuffix(p.Path, zipSuffix)
}

// isSince reports whether g changed when p was saved or later: what came after
// p, or was copied of it, did.
func (g *generation) isSince(p pipeline.Place) bool {
	changed := g.changed
	if g.unproven {
		changed = changed.Add(zipSlack)
	}
	return !changed.Before(time.Unix(0, p.Modified))
}

// isCopyFor reports whether g is another file with the content that p
// describes, all of it.
func (g *generation) isCopyFor(p pipeline.Place) bool {
	return p.FingerprintLen > 0 && g.size >= p.Size && g.holds(p)
}

// lastLineEnd returns where the last line without an end begins, or the size if
// that is too long to look for.
func (g *generation) lastLineEnd(c *Charset) int64 {
	from := max(0, g.size-blockLen) &^ 1
	tail := readAt(g.file, from, g.size-from)
	f := c.form(readAt(g.file, 0, min(g.size, 2)))
	end := 0
	for n := 0; n >= 0; {
		if n = f.lineEnd(tail[end:]); n >= 0 {
			end += n + f.unit
		}
	}
	if end == 0 && from > 0 {
		return g.size
	}
	return from + int64(end)
}

// firstSight opens a name that no place is known for. Rotated generations that
// are not to be read are known, so that they are not taken for new ones.
func (s *Source) firstSight(now time.Time) ([]*generation, error) {
	files, err := s.openAll(time.Time{})
	if err == nil && !slices.ContainsFunc(files, func(g *generation) bool { return g.path == s.name }) {
		err = fmt.Errorf("open %s: %w", s.name, fs.ErrNotExist)
	}
	if err != nil {
		files.close()
		return nil, err
	}
	named := files[len(files)-1]
	gens := files[:0]
	for _, g := range files {
		current := g.path == s.name
		g.old = !current && !s.opts.Rotated || s.opts.StartAtEnd ||
			s.opts.IgnoreOlder > 0 && g.changed.Before(now.Add(-s.opts.IgnoreOlder))
		if g.unproven && g.old && g.changed.Before(named.changed) {
			g.close() // it will not be taken for a new one
			continue
		}
		offset := int64(0)
		if g.old && !g.unproven {
			offset = g.size
			if current && s.opts.StartAtEnd {
				offset = g.lastLineEnd(s.opts.Charset)
			}
		}
		g.start(offset)
		if !current {
			g.rotate(now)
		}
		if !current && !g.unproven && offset == g.size {
			g.close()
		}
		gens = append(gens, g)
	}
	return gens, nil
}
