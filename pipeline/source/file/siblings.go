package file

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// candidates are open files, oldest first.
type candidates []*generation

func (c candidates) close() {
	for _, g := range c {
		g.close()
	}
}

// take removes and returns the first file that fits, or nil.
func (c *candidates) take(fits func(*generation) bool) *generation {
	i := slices.IndexFunc(*c, fits)
	if i < 0 {
		return nil
	}
	g := (*c)[i]
	*c = slices.Delete(*c, i, i+1)
	return g
}

// around splits the files into those before g's own, nil if that is not there,
// and the rest.
func (c candidates) around(g *generation) (before, rest candidates) {
	i := slices.IndexFunc(c, func(other *generation) bool { return other.id == g.id })
	if i < 0 {
		return nil, c
	}
	return append(candidates{}, c[:i]...), c[i:]
}

// hasUnproven reports whether there are compressed files among them.
func (c candidates) hasUnproven() bool {
	return slices.ContainsFunc(c, func(g *generation) bool { return g.unproven })
}

// onlyUnproven closes and leaves out what is not compressed. What changed before
// since is no new generation.
func (c candidates) onlyUnproven(since time.Time) candidates {
	return slices.DeleteFunc(c, func(g *generation) bool {
		g.old = g.changed.Add(zipSlack).Before(since)
		if !g.unproven {
			g.close()
		}
		return !g.unproven
	})
}

// withoutCopies closes and leaves out what is a link or a copy of the file that
// has the name: it was copied and is not truncated yet.
func (c candidates) withoutCopies(name string) candidates {
	if len(c) == 0 || c[len(c)-1].path != name {
		return c
	}
	named := c[len(c)-1]
	return slices.DeleteFunc(c, func(g *generation) bool {
		isCopy := g != named && (g.id == named.id || named.isCopiedTo(g))
		if isCopy {
			g.close()
		}
		return isCopy
	})
}

// withoutUnfinished closes and leaves out what may be a copy of live that is
// still being made.
func (c candidates) withoutUnfinished(live *generation) candidates {
	return slices.DeleteFunc(c, func(g *generation) bool {
		unfinished := live.beginsLike(g)
		if unfinished {
			g.close()
		}
		return unfinished
	})
}

// openAll opens the rotated generations of the name that changed at or after
// since, oldest first, and then the file that has the name, if there is one. An
// error tells that the latter could not be opened; the others are returned with
// it. If handles have run out, nothing is returned.
//
// A rotation may rename files meanwhile, and a folder that changes is listed
// with gaps. So the listings before and after have to be the same.
func (s *Source) openAll(since time.Time) (candidates, error) {
	const tries = 10
	listed, err := s.list(since)
	for try := 1; err == nil; try++ {
		files, moved, failure := s.openListed(listed)
		if isOutOfHandles(failure) {
			files.close()
			return nil, failure
		}
		var again []listing
		if again, err = s.list(since); err == nil && (!moved && sameFiles(listed, again) || try == tries) {
			return files.withoutCopies(s.name), failure
		}
		files.close()
		listed = again
	}
	return nil, err
}

// openListed opens the files that were listed and reports whether a path leads
// to another file by now. The last of them may have the name. A rotated one that
// may not be read is left out.
func (s *Source) openListed(listed []listing) (files candidates, moved bool, err error) {
	for _, l := range listed {
		g, failure := openGeneration(s.opts.disk, l.path)
		switch {
		case failure == nil:
			if l.isZip {
				g.unproven, g.file = true, &archive{packed: g.file}
			}
			files = append(files, g)
			moved = moved || l.info == nil || g.id != idOf(l.info)
		case isAbsent(failure):
			moved = true
		case isOutOfHandles(failure):
			return files, moved, failure
		case l.path == s.name:
			err = failure
		}
	}
	return files, moved, err
}

// listing is a file as a folder lists it.
type listing struct {
	path   string
	info   os.FileInfo // nil if it cannot be looked at
	number int
	isZip  bool
}

func sameFiles(a, b []listing) bool {
	return slices.EqualFunc(a, b, func(x, y listing) bool {
		return x.path == y.path && x.info != nil && y.info != nil && idOf(x.info) == idOf(y.info)
	})
}

// list returns the rotated generations of the name that changed at or after
// since, oldest first, and the name itself. A folder that may not be listed has
// none.
func (s *Source) list(since time.Time) ([]listing, error) {
	found, err := s.siblings(since)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b listing) int {
		return cmp.Or(a.info.ModTime().Compare(b.info.ModTime()), cmp.Compare(b.number, a.number), cmp.Compare(a.path, b.path))
	})
	if named := namedAlike(found); named && slices.ContainsFunc(found, func(l listing) bool { return l.isZip }) {
		// The time of a compressed file may be that of the compression.
		slices.SortFunc(found, func(a, b listing) int {
			return cmp.Or(cmp.Compare(b.number, a.number), cmp.Compare(a.path, b.path))
		})
	}
	if info, err := s.opts.disk.Stat(s.name); !isAbsent(err) {
		found = append(found, listing{path: s.name, info: info})
	}
	return found, nil
}

func (s *Source) siblings(since time.Time) (found []listing, err error) {
	name := s.name
	if target, err := s.opts.disk.Resolve(name); err == nil {
		name = target
	}
	dir, base := filepath.Split(name)
	entries, err := s.opts.disk.ReadDir(cmp.Or(dir, "."))
	if isOutOfHandles(err) {
		return nil, err
	}
	present := map[zipKey]bool{}
	for _, e := range entries {
		number, ok := generationNumber(base, e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue
		}
		l := listing{path: filepath.Join(dir, e.Name()), info: info, number: number}
		plain, isZip := strings.CutSuffix(e.Name(), zipSuffix)
		changed := info.ModTime()
		if isZip {
			l.isZip = true
			changed = changed.Add(zipSlack)
			present[keyOf(info)] = true
			isThere := slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == plain })
			if isThere || s.isDealt(keyOf(info)) {
				continue // it is being compressed, or known
			}
		}
		if !changed.Before(since) {
			found = append(found, l)
		}
	}
	maps.DeleteFunc(s.dealt, func(key zipKey, _ *generation) bool { return !present[key] })
	return found, nil
}

// isDealt reports whether a compressed file needs no look: what it holds is
// known, and nobody waits for it.
func (s *Source) isDealt(key zipKey) bool {
	owner, ok := s.dealt[key]
	return ok && (owner == nil || owner.awaited == "")
}

// namedAlike reports whether all files are numbered, or all have dates, so that
// their names tell their order.
func namedAlike(files []listing) bool {
	numbered := 0
	for _, l := range files {
		if strings.HasSuffix(l.path, ".old") || strings.HasSuffix(l.path, ".old"+zipSuffix) {
			return false
		}
		if l.number > 0 {
			numbered++
		}
	}
	return numbered == 0 || numbered == len(files)
}

// zipSuffix is behind the names of compressed generations, whose times some
// programs set to whole seconds.
const (
	zipSuffix = ".gz"
	zipSlack  = time.Second
)

// IsGeneration reports whether name is named as a rotated generation of base:
// base with a number or a date behind it, as logrotate, Docker and Python's
// logging do, or with a date before its extension; with .gz behind all that if it
// is compressed. Both are names without folders.
func IsGeneration(base, name string) bool {
	_, ok := generationNumber(base, name)
	return ok
}

// date matches 20260102, 2026-01-02 and longer: with a time, or the seconds
// since 1970.
const date = `(\d{8}([-_T.]?[\dZ]{2,10})?|\d{4}-\d{2}-\d{2}([-_T.]?\d{1,2}([-:.]?\d+)*Z?)?)`

var (
	behind  = regexp.MustCompile(`^([.-](\d{1,4}|` + date + `)|\.old)$`)
	between = regexp.MustCompile(`^(\.\d{1,4}|[.-]` + date + `(\.\d{1,4})?)$`)
)

// generationNumber is IsGeneration with the number, which counts backwards in
// time for most programs; it is 0 for a date.
func generationNumber(base, name string) (int, bool) {
	name = strings.TrimSuffix(name, zipSuffix)
	if suffix, ok := strings.CutPrefix(name, base); ok && behind.MatchString(suffix) {
		return number(suffix), true
	}
	ext := filepath.Ext(base)
	middle, ok := strings.CutPrefix(name, strings.TrimSuffix(base, ext))
	if !ok || ext == "" {
		return 0, false
	}
	middle, ok = strings.CutSuffix(middle, ext)
	if !ok || !between.MatchString(middle) {
		return 0, false
	}
	return number(middle), true
}

func number(suffix string) int {
	n, err := strconv.Atoi(suffix[1:])
	if err != nil || len(suffix) > 5 {
		return 0
	}
	return n
}
