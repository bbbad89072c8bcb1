package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// zipKey tells the states of compressed files apart.
type zipKey struct {
	fileID
	size     int64
	modified int64
}

func keyOf(info os.FileInfo) zipKey {
	return zipKey{idOf(info), info.Size(), info.ModTime().UnixNano()}
}

// probe reads a compressed generation through once, a step at a time. It finds
// out whether it is whole, and of which other generation it is a copy: names and
// times do not tell.
type probe struct {
	key    zipKey
	source unpacker
	size   int64         // of the content, as far as it was read
	head   []byte        // the content's first bytes, at most fingerprintLen
	before []byte        // the last bytes that were read, at most beforeLen
	rivals []*generation // it may be a copy of each of them
	buf    [2][]byte
	damage error // why it cannot be read to its end, as long as the key is the same
}

// probeLen is how many bytes are compared at once.
const probeLen = 16 << 10

func newProbe(key zipKey, gens []*generation) *probe {
	p := &probe{key: key, buf: [2][]byte{make([]byte, probeLen), make([]byte, probeLen)}}
	for _, g := range gens {
		if !g.unproven && (g.file != nil || g.isRecognisable()) {
			p.rivals = append(p.rivals, g)
		}
	}
	return p
}

// step reads on. It returns io.EOF at the right end, and errAgain before it.
func (p *probe) step(packed handle) error {
	for end := p.size + stepLen; p.size < end; {
		n, err := p.source.readAt(packed, p.buf[0], p.size)
		p.take(p.buf[0][:n])
		if err != nil {
			return err
		}
	}
	return errAgain
}

// take compares the next bytes with the rivals and leaves out those that differ.
func (p *probe) take(text []byte) {
	start := p.size
	p.size += int64(len(text))
	p.head = appendHead(p.head, text)
	p.before = appendBefore(p.before, text)
	p.rivals = slices.DeleteFunc(p.rivals, func(g *generation) bool {
		if g.file != nil {
			n, _ := g.file.ReadAt(p.buf[1][:len(text)], start)
			return !bytes.Equal(text, p.buf[1][:n])
		}
		first := g.offset - int64(len(g.before))
		from, to := max(start, first), min(p.size, g.offset)
		return from < to && !bytes.Equal(text[from-start:to-start], g.before[from-first:to-first])
	})
}

// owner returns the generation whose content this is, or nil: the one that most
// is known of.
func (p *probe) owner() (owner *generation) {
	var most int64
	for _, g := range p.rivals {
		if known := p.evidence(g); p.isOf(g) && known >= most {
			owner, most = g, known
		}
	}
	return owner
}

// evidence is how many bytes tell that the content is g's.
func (p *probe) evidence(g *generation) int64 {
	if g.file != nil {
		return p.size
	}
	n, _ := g.fingerprint()
	return min(p.size, n+int64(len(g.before)))
}

func (p *probe) isOf(g *generation) bool {
	switch {
	case g.file != nil && !g.rotated:
		return true // it was copied while it grew
	case g.file != nil: // a part of it that is small may be another's whole
		return p.size == g.size || p.size >= fingerprintLen
	case p.size < g.offset, g.awaited != "" && p.size < g.size:
		return false
	case g.offset > 0 && len(g.before) == 0 && p.size != g.size: // nothing but the size tells
		return false
	}
	n, print := g.fingerprint()
	return n <= int64(len(p.head)) && fingerprint(p.head[:n]) == print
}

// prove reads on in the first compressed generation that is not proven. When
// there is none left, nothing will bring what is awaited.
func (s *Source) prove(now time.Time) (again bool, err error) {
	i := slices.IndexFunc(s.gens, func(g *generation) bool { return g.unproven })
	if i < 0 {
		s.giveUp()
		return true, nil
	}
	u := s.gens[i]
	packed := u.file.(*archive).packed
	info, err := packed.Stat()
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", u.path, err)
	}
	if key := keyOf(info); u.probe == nil || u.probe.key != key {
		if u.probe != nil {
			u.quietSince = now // it grows
		}
		u.probe = newProbe(key, s.gens)
	}
	if u.probe.damage == nil {
		err = u.probe.step(packed)
	}
	switch {
	case errors.Is(err, errAgain):
		return true, nil
	case errors.Is(err, io.EOF):
		return true, s.proven(u, now)
	case err != nil:
		u.probe.damage = err
	}
	return s.stayDamaged(u, now), nil
}

// proven finds out what a compressed generation is that is whole: one that
// nobody knew, or a copy.
func (s *Source) proven(u *generation, now time.Time) error {
	p := u.probe
	owner := p.owner()
	if owner == nil { // unless its owner was overwritten and nobody has seen that
		if i := slices.IndexFunc(s.gens, (*generation).isTruncated); i >= 0 {
			return s.truncated(s.gens[i], now)
		}
	}
	u.file.(*archive).size, u.size = p.size, p.size
	u.head, u.unproven, u.probe = p.head, false, nil
	if owner == nil {
		s.dealt[p.key] = u
		if u.old {
			u.startBehind(p)
		}
		return nil
	}
	s.dealt[p.key] = owner
	s.remove(u)
	if owner.awaited != "" || owner.file == nil && p.size > owner.offset {
		owner.goOnIn(u, now)
		return nil
	}
	owner.learn() // if it is truncated now, the copy counts again
	if owner.copied.Before(u.changed) {
		owner.copied = u.changed
	}
	return u.close()
}

// startBehind makes a generation known as one that is not to be read.
func (g *generation) startBehind(p *probe) {
	g.offset, g.before = p.size, p.before
	g.ledger = pipeline.NewLedger(p.size)
	g.saved = g.describe()
	g.close()
}

// goOnIn reads on in another file, which has the same content.
func (g *generation) goOnIn(other *generation, now time.Time) {
	g.adopt(other)
	if g.ghost {
		g.resume(g.saved)
	}
	g.ghost, g.gone, g.awaited, g.quietSince = false, false, "", now
}

// stayDamaged waits for a compressed file that has no right end: it may still
// be written. One that does not change for Linger is given up.
func (s *Source) stayDamaged(u *generation, now time.Time) (again bool) {
	p, awaiting := u.probe, slices.ContainsFunc(s.gens, func(g *generation) bool { return g.awaited != "" })
	newest := s.newest()
	isCopy := p.size > 0 && !newest.rotated && slices.Contains(p.rivals, newest) // in the making
	switch {
	case isCopy && !awaiting:
		newest.learn()
		s.dealt[p.key] = newest
	case u.quietSince.Add(s.opts.Linger).After(now):
		return false
	default:
		s.dealt[p.key] = nil
		if !awaiting && !u.old {
			s.opts.Lost(u.path, max(p.key.size, p.size), fmt.Sprint("damaged: ", p.damage))
		}
	}
	s.remove(u)
	u.close()
	return true
}

// giveUp ends the wait for copies that nobody has.
func (s *Source) giveUp() {
	for _, g := range s.gens {
		if g.awaited == "" {
			continue
		}
		why := g.awaited
		g.awaited = ""
		if unread := g.lose(); unread > 0 {
			s.opts.Lost(g.path, unread, why)
		}
	}
}

func (s *Source) remove(g *generation) {
	s.gens = slices.DeleteFunc(s.gens, func(other *generation) bool { return other == g })
}
