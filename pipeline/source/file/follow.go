package file

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// check follows the name when that is due.
func (s *Source) check(now time.Time) {
	if wait := s.checkAt.Sub(now); wait > 0 && wait <= s.opts.CheckName {
		return
	}
	s.trouble = s.follow(now)
	s.checkAt = now.Add(s.opts.CheckName)
}

// follow compares the name with the newest generation and takes up the
// generations that came after it.
func (s *Source) follow(now time.Time) error {
	info, err := os.Stat(s.name)
	if errors.Is(err, fs.ErrNotExist) {
		if s.absentAt.IsZero() {
			s.absentAt = now
		}
		return s.takeUp(now)
	}
	if err != nil {
		return err
	}
	s.absentAt = time.Time{}
	if g := s.newest(); g != nil && g.file != nil && os.SameFile(g.info, info) {
		g.rotated, g.latest, g.named = false, info, info.ModTime()
		return nil
	}
	return s.takeUp(now)
}

// takeUp adds what came after the newest generation, which does not have the
// name any more: the siblings in between, and the file that has the name now.
func (s *Source) takeUp(now time.Time) error {
	newest := s.newest()
	if newest == nil {
		return nil
	}
	newest.rotate(now)
	files, err := openAll(s.name, newest.current)
	for _, g := range s.unknown(files, now) {
		s.add(g, newest.current, now)
	}
	return err
}

// add appends a generation that nothing was read of.
func (s *Source) add(g *generation, since, now time.Time) {
	g.start(0)
	if g.path != s.name {
		g.rotate(now)
	}
	if g.path != s.name || g.current.Before(since) {
		g.current = since // a rotated one never was seen to have the name
	}
	s.gens = append(s.gens, g)
}

// addMissed looks for generations that were copied and truncated before any of
// their bytes were read, so that nothing in g tells of them. They are put
// before g, the newest one.
func (s *Source) addMissed(g *generation, now time.Time) error {
	files, _ := openAll(s.name, g.current) // follow tells what is wrong with the name
	missed := slices.DeleteFunc(s.unknown(files, now), func(m *generation) bool {
		if m.path == s.name { // renamed just now: follow will see it
			m.close()
		}
		return m.path == s.name
	})
	if len(missed) == 0 {
		return nil
	}
	s.gens = s.gens[:len(s.gens)-1]
	for _, m := range missed {
		s.add(m, g.current, now)
	}
	s.gens = append(s.gens, g)
	return errAgain
}

// unknown returns those of files that are no generation yet, and closes the
// others. A generation that was over and has grown is read on.
func (s *Source) unknown(files candidates, now time.Time) candidates {
	var fresh candidates
	for _, c := range files {
		i := slices.IndexFunc(s.gens, func(g *generation) bool { return g.knows(c, s.name) })
		switch {
		case i < 0:
			fresh = append(fresh, c)
		case s.gens[i].file == nil && c.size > s.gens[i].offset:
			s.gens[i].adopt(c)
			s.gens[i].quietSince = now
		default:
			c.close()
		}
	}
	return fresh
}

// knows reports whether the file c is read as g already: it is the same file,
// or a sibling of name that is a copy of it. A closed file's inode may be
// another's by now.
func (g *generation) knows(c *generation, name string) bool {
	switch {
	case g.gone:
		return false
	case g.file == nil:
		return c.is(g.place())
	}
	return os.SameFile(g.info, c.info) || c.path != name && g.beginsLike(c)
}

// truncated deals with a file whose bytes before the offset are not the ones
// that were read: it was truncated, usually after a copy. What was not read of
// it is finished from the copy, if there is one.
func (s *Source) truncated(g *generation, now time.Time) error {
	files, err := openAll(s.name, g.current)
	if c := files.take(func(c *generation) bool { return s.isCopy(c, g) }); c != nil {
		g.adopt(c)
	} else if unread := g.lose(); unread > 0 {
		s.opts.Lost(g.path, unread, "truncated, and no copy of it was found")
	}
	g.rotate(now)
	if g != s.newest() {
		files.close()
		return errAgain
	}
	for _, c := range s.unknown(files, now) {
		s.add(c, g.current, now)
	}
	if err != nil {
		return err
	}
	return errAgain
}

// isCopy reports whether c holds what was read of g, which was truncated.
func (s *Source) isCopy(c, g *generation) bool {
	known := slices.ContainsFunc(s.gens, func(k *generation) bool {
		return k.file != nil && os.SameFile(k.info, c.info)
	})
	return !known && c.holds(pipeline.Place{
		FingerprintLen: int64(len(g.head)), Fingerprint: fingerprint(g.head),
		Offset: g.offset, Before: g.before,
	})
}

// retire closes generations that are over, read to their end and settled. The
// last two stay known, and those that a look at the files' times could take
// for new ones; the newest one stays open unless its name is gone for good.
func (s *Source) retire(now time.Time) {
	goneForGood := !s.absentAt.IsZero() && !s.absentAt.Add(s.opts.Absent).After(now)
	newest, n := s.newest(), len(s.gens)
	kept := s.gens[:0]
	for i, g := range s.gens {
		done := s.isOver(g, now) && g.offset >= g.size && g.ledger.Unsettled() == 0
		forget := goneForGood || g.gone || i < n-2 && g.changed.Before(newest.current)
		if done && (g != newest || goneForGood) {
			g.close()
		}
		if !done || !forget {
			kept = append(kept, g)
		}
	}
	clear(s.gens[len(kept):])
	s.gens = kept
}
