package file

import (
	"slices"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// check follows the name when that is due.
func (s *Source) check(now time.Time) {
	if g := s.newest(); g != nil {
		g.latest = nil // a look counts for one read alone
	}
	if wait := s.checkAt.Sub(now); wait > 0 && wait <= s.opts.CheckName {
		return
	}
	s.trouble = s.follow(now)
	s.checkAt = now.Add(s.opts.CheckName)
	s.noteUnlinked()
	s.retire(now)
}

// noteUnlinked looks for generations whose files have no name any more. What is
// read of them, and of older ones that have to be read before their rest, is in
// no file after a crash.
func (s *Source) noteUnlinked() {
	last := -1
	for i, g := range s.gens {
		if g.file == nil || !g.rotated {
			continue
		}
		info, err := g.file.Stat()
		if err != nil {
			continue // reading will tell
		}
		g.size = max(g.size, info.Size()) // load finds out whether it was truncated
		if g.unlinked = isUnlinked(info); !g.unlinked {
			continue
		}
		g.ledger.SetRisk(pipeline.Unlinked)
		if g.unread() > 0 {
			last = i
		}
	}
	for _, g := range s.gens[:last+1] {
		g.ledger.SetRisk(pipeline.Unlinked)
	}
}

// follow compares the name with the newest generation and takes up the
// generations that came after it.
func (s *Source) follow(now time.Time) error {
	info, err := s.opts.disk.Stat(s.name)
	if isAbsent(err) {
		if s.absentAt.IsZero() {
			s.absentAt = now
		}
		return s.takeUp(now)
	}
	if err != nil {
		return err
	}
	s.absentAt = time.Time{}
	if g := s.newest(); g != nil && g.file != nil && g.id == idOf(info) {
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
	if newest.isTruncated() {
		if err := s.truncated(newest, now); err != nil {
			return err
		}
		newest = s.newest()
	}
	newest.rotate(now)
	files, err := s.openAll(newest.current)
	if newest.offset == 0 {
		var missed candidates
		missed, files = files.around(newest)
		s.insert(len(s.gens)-1, s.unknown(missed, now), now)
	}
	s.insert(len(s.gens), s.unknown(files, now), now)
	return err
}

// insert puts generations that nothing was read of before the one at index i.
func (s *Source) insert(i int, files candidates, now time.Time) {
	since := s.gens[len(s.gens)-1].current
	for _, g := range files {
		g.start(0)
		switch {
		case g.path != s.name:
			g.rotate(now)
			g.current = earlier(g.current, since) // it never was seen to have the name
		case g.current.Before(since):
			g.current = since
		}
	}
	s.gens = slices.Insert(s.gens, i, files...)
}

// addMissed looks for generations that were copied and truncated before any of
// their bytes were read, so that nothing in the newest one tells of them. It
// reports whether there were any. An error says that nobody could look.
func (s *Source) addMissed(now time.Time) (bool, error) {
	newest := s.newest()
	files, err := s.openAll(newest.current)
	if isOutOfHandles(err) { // follow tells what else is wrong with the name
		return false, err
	}
	missed, rest := files.around(newest)
	rest.close()
	if missed == nil { // it has lost its name since the last look
		known := len(s.gens)
		err := s.takeUp(now)
		return len(s.gens) > known, err
	}
	missed = s.unknown(missed, now).withoutUnfinished(newest)
	if newest.isTruncated() { // meanwhile, so one of them may be its copy
		missed.close()
		return true, s.truncated(newest, now)
	}
	s.insert(len(s.gens)-1, missed, now)
	return len(missed) > 0, nil
}

// unknown returns those of files that are no generation yet, and closes the
// others. A generation that was over and has grown is read on.
func (s *Source) unknown(files candidates, now time.Time) candidates {
	var fresh candidates
	for _, c := range files {
		i := slices.IndexFunc(s.gens, func(g *generation) bool { return g.file != nil && g.id == c.id })
		if i < 0 {
			i = slices.IndexFunc(s.gens, func(g *generation) bool { return s.knows(g, c) })
		}
		if i < 0 {
			fresh = append(fresh, c)
			continue
		}
		// Of an empty file the inode alone is known, so it may be another's.
		if g := s.gens[i]; g.file == nil && (c.size > g.offset || !g.isRecognisable()) {
			g.goOnIn(c, now)
			continue
		}
		c.close()
	}
	return fresh
}

// knows reports whether the file c is read as g already. A closed file's inode
// may be another's by now.
func (s *Source) knows(g, c *generation) bool {
	switch {
	case g.gone:
		return false
	case g.file == nil && !g.isRecognisable():
		return g.id == c.id && c.size == 0 && c.path != s.name
	case g.file == nil:
		return c.is(g.place()) // never what is not proven
	}
	return g.id == c.id
}

// truncated deals with a file whose bytes before the offset are not the ones
// that were read: it was truncated, usually after a copy. What was not read of
// it is finished from the copy, if there is one. What the file has now is a
// generation of its own; others may have been copied and truncated before it. An
// error says that nobody could look for copies: then nothing is done.
func (s *Source) truncated(g *generation, now time.Time) error {
	wasNewest, since := g == s.newest(), s.newest().current
	g.awaited = "truncated, and no copy of it was found"
	files, err := s.openAll(g.current)
	if isOutOfHandles(err) { // follow tells what else is wrong with the name
		g.awaited = ""
		return err
	}
	fresh := g.anew()
	if c := files.take(func(c *generation) bool { return s.isCopy(c, g) }); c != nil {
		g.adopt(c)
		g.awaited = ""
	} else if !files.hasUnproven() && !candidates(s.gens).hasUnproven() {
		s.giveUp()
	}
	missed, rest := files.around(fresh)
	if !wasNewest || missed == nil { // those that are younger are looked for by the name
		missed, rest = append(missed, rest...).onlyUnproven(since), nil
	}
	rest.close()
	at := slices.Index(s.gens, g) + 1
	s.gens = slices.Insert(s.gens, at, fresh)
	s.insert(at, s.unknown(missed, now).withoutUnfinished(fresh), now)
	g.rotate(now)
	for _, u := range s.gens {
		u.probe = nil // it was compared with what is gone
	}
	return nil
}

// isCopy reports whether c holds what was read of g, which was truncated.
func (s *Source) isCopy(c, g *generation) bool {
	known := slices.ContainsFunc(s.gens, func(k *generation) bool { return k != g && s.knows(k, c) })
	return !known && c.path != s.name && c.holds(pipeline.Place{
		FingerprintLen: int64(len(g.head)), Fingerprint: fingerprint(g.head),
		Offset: g.offset, Before: g.before,
	})
}

// retire closes generations that are over and settled, and those that are over
// and have no name any more, for their handles hide a full disk. The newest one
// stays open unless its name is gone for good.
func (s *Source) retire(now time.Time) {
	goneForGood := !s.absentAt.IsZero() && !s.absentAt.Add(s.opts.Absent).After(now)
	var forget []*generation
	for _, g := range s.gens {
		over := s.isOver(g, now) && g.unread() == 0 && !g.unproven && g.awaited == ""
		done := over && g.ledger.Unsettled() == 0
		if over && g.unlinked || done && (g != s.newest() || goneForGood) {
			g.close()
		}
		if done && (goneForGood || g.gone || s.isForgettable(g)) {
			forget = append(forget, g)
		}
	}
	if len(forget) > 0 {
		s.gens = slices.DeleteFunc(s.gens, func(g *generation) bool { return slices.Contains(forget, g) })
	}
}

// isForgettable reports whether no file can be taken for a new one that is g or
// a copy of it: those that changed before the newest one was read are not looked
// at. The last four stay known, because they may be compressed later by programs
// that do not keep the time.
func (s *Source) isForgettable(g *generation) bool {
	since := s.newest().current.Add(-zipSlack)
	return g.changed.Before(since) && g.copied.Before(since) && s.younger(g) >= 4 &&
		!candidates(s.gens).hasUnproven() // it may be a copy of any
}

// younger is how many generations that still have names changed later than g.
func (s *Source) younger(g *generation) (n int) {
	for _, other := range s.gens {
		if !other.unproven && !other.unlinked && other.changed.After(g.changed) {
			n++
		}
	}
	return n
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
