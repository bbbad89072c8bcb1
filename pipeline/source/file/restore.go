package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// restore opens the generations of name that have to be read, oldest first.
func restore(name string, places []pipeline.Place, opts Options, now time.Time) ([]*generation, error) {
	if len(places) == 0 {
		return firstSight(name, opts, now)
	}
	files, err := openAll(name)
	if err != nil {
		return nil, err
	}
	var gens []*generation
	last := time.Time{}
	for _, p := range places {
		last = time.Unix(0, p.Modified)
		g := files.take(p)
		if g == nil {
			lostPlace(p, opts)
			continue
		}
		g.resume(p)
		g.rotate(now)
		gens = append(gens, g)
	}
	for _, g := range files {
		isNew := g.path == name || !g.seen.Before(last)
		if !isNew {
			g.close()
			continue
		}
		g.start(0)
		g.rotate(now)
		gens = append(gens, g)
	}
	if n := len(gens); n > 0 && gens[n-1].path == name {
		gens[n-1].rotated = false
	}
	return gens, nil
}

// lostPlace reports what a saved generation still had to give, if that is known.
func lostPlace(p pipeline.Place, opts Options) {
	if p.Size > p.Offset {
		opts.Lost(p.Path, p.Size-p.Offset, "gone before it was read to its end")
	}
}

// firstSight opens a name that no place is known for.
func firstSight(name string, opts Options, now time.Time) ([]*generation, error) {
	files, err := openAll(name)
	if err != nil {
		return nil, err
	}
	var gens []*generation
	for _, g := range files {
		current := g.path == name
		old := opts.IgnoreOlder > 0 && g.seen.Before(now.Add(-opts.IgnoreOlder))
		if !current && (!opts.Rotated || old) {
			g.close()
			continue
		}
		offset := int64(0)
		if old {
			offset = g.size
		}
		g.start(offset)
		if !current {
			g.rotate(now)
		}
		gens = append(gens, g)
	}
	if len(gens) == 0 {
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
	return gens, nil
}

// resume begins to read where p says.
func (g *generation) resume(p pipeline.Place) {
	g.start(p.Offset)
	g.ledger = pipeline.RestoreLedger(p.Offset, p.Mark)
}

// candidates are open files, oldest first.
type candidates []*generation

// take removes and returns the file that p describes: rather one with p's
// inode than a copy of it.
func (c *candidates) take(p pipeline.Place) *generation {
	best := -1
	for i, g := range *c {
		if !g.matches(p) {
			continue
		}
		if best < 0 || g.inode() == p.Inode {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	g := (*c)[best]
	*c = append((*c)[:best:best], (*c)[best+1:]...)
	return g
}

// openAll opens every generation of name that can be read, oldest first. Only
// the name itself must be readable if it exists.
func openAll(name string) (candidates, error) {
	paths, err := siblings(name, time.Time{})
	if err != nil {
		return nil, err
	}
	var files candidates
	for _, path := range paths {
		if g, err := openGeneration(path); err == nil {
			files = append(files, g)
		}
	}
	g, err := openGeneration(name)
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil
	}
	if err != nil {
		return nil, err
	}
	return append(files, g), nil
}

// findCopy looks for the sibling that holds what g held before it was
// truncated: the same fingerprint, and the same bytes before the offset.
func findCopy(name string, g *generation, known identities) (*generation, error) {
	paths, err := siblings(name, time.Time{})
	if err != nil {
		return nil, err
	}
	want := pipeline.Place{Offset: g.offset, Before: g.before, FingerprintLen: g.printLen, Fingerprint: g.print}
	for i := len(paths) - 1; i >= 0; i-- {
		c, err := openGeneration(paths[i])
		if err != nil {
			continue
		}
		if g.offset > 0 && !known.has(c) && c.matches(want) {
			return c, nil
		}
		c.close()
	}
	return nil, nil
}

// siblings returns the rotated generations of name that changed at or after
// the given time, oldest first.
func siblings(name string, since time.Time) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		return nil, fmt.Errorf("list the generations of %s: %w", name, err)
	}
	type sibling struct {
		path     string
		modified time.Time
		number   int
	}
	var found []sibling
	for _, e := range entries {
		number, ok := generationNumber(filepath.Base(name), e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil || info.ModTime().Before(since) {
			continue
		}
		found = append(found, sibling{filepath.Join(filepath.Dir(name), e.Name()), info.ModTime(), number})
	}
	sort.Slice(found, func(i, j int) bool {
		a, b := found[i], found[j]
		if a.number != b.number && min(a.number, b.number) >= 0 {
			return a.number > b.number // app.log.2 is older than app.log.1
		}
		return a.modified.Before(b.modified)
	})
	paths := make([]string, len(found))
	for i, f := range found {
		paths[i] = f.path
	}
	return paths, nil
}

var suffix = regexp.MustCompile(`^[.-](\d{1,4}|\d{8}([-_T.]?\d{2,10})?|\d{4}-\d{2}-\d{2}([-_T.]?[\d:-]+)?)$`)

// generationNumber reports whether file is a rotated generation of base: the
// name with a number or a date behind it, or before its extension. The number
// counts backwards in time; it is -1 for a date.
func generationNumber(base, file string) (int, bool) {
	middle, ok := strings.CutPrefix(file, base)
	if !ok {
		ext := filepath.Ext(base)
		stem := strings.TrimSuffix(base, ext)
		if middle, ok = strings.CutPrefix(file, stem); !ok || ext == "" {
			return 0, false
		}
		if middle, ok = strings.CutSuffix(middle, ext); !ok {
			return 0, false
		}
	}
	if !suffix.MatchString(middle) {
		return 0, false
	}
	if n, err := strconv.Atoi(middle[1:]); err == nil && len(middle) <= 5 {
		return n, true
	}
	return -1, true
}

// IsGeneration reports whether name is a rotated generation of base; both are
// names without a folder.
func IsGeneration(base, name string) bool {
	_, ok := generationNumber(base, name)
	return ok
}
