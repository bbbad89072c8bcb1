package file

import (
	"fmt"
	"io/fs"
	"slices"
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
	gens := s.takePlaces(&files, places)
	for _, g := range files {
		if g.path != s.name && !g.isSince(last) {
			g.close()
			continue
		}
		g.start(0)
		if g.path != s.name {
			g.current = time.Unix(0, last.Modified)
		}
		gens = append(gens, g)
	}
	for _, g := range gens {
		g.rotate(now)
	}
	newestLast(s.name, gens)
	return gens, nil
}

// newestLast puts the file that has the name behind the others.
func newestLast(name string, gens []*generation) {
	i := slices.IndexFunc(gens, func(g *generation) bool { return g.path == name })
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
	for i, p := range places {
		found[i] = files.take(func(g *generation) bool { return g.is(p) })
	}
	for i, p := range places {
		// A generation that was read to its end has moved on, unless it had the
		// name: then it may have been copied and truncated.
		if unread := p.Size > p.Offset; found[i] == nil && (unread || i == len(places)-1) {
			found[i] = files.take(func(g *generation) bool { return (g.path == s.name || g.isSince(p)) && g.isCopyFor(p) })
		}
		if found[i] == nil && p.Size > p.Offset {
			s.opts.Lost(p.Path, p.Size-p.Offset, "gone before it was read to its end")
		}
	}
	var gens []*generation
	for i, g := range found {
		if g != nil {
			g.resume(places[i])
			gens = append(gens, g)
		}
	}
	return gens
}

// isSince reports whether g changed when p was saved or later: what came after
// p, or was copied of it, did.
func (g *generation) isSince(p pipeline.Place) bool {
	return !g.changed.Before(time.Unix(0, p.Modified))
}

// isCopyFor reports whether g is another file with the content that p
// describes, all of it.
func (g *generation) isCopyFor(p pipeline.Place) bool {
	return p.FingerprintLen > 0 && g.size >= p.Size && g.holds(p)
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
	for _, g := range files {
		current := g.path == s.name
		old := s.opts.IgnoreOlder > 0 && g.changed.Before(now.Add(-s.opts.IgnoreOlder))
		offset := int64(0)
		if old || !current && !s.opts.Rotated {
			offset = g.size
		}
		g.start(offset)
		if !current {
			g.rotate(now)
		}
		if !current && offset == g.size {
			g.close()
		}
	}
	return files, nil
}
