package file

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Unpackers bounds how many compressed files are being unpacked at a time, over
// all jobs, for each takes memory. The zero value is ready.
type Unpackers struct{ busy atomic.Int32 }

// maxUnpackers times maxWindow is the most that unpacking takes of memory.
const maxUnpackers = 8

// enter reports whether one more file may be unpacked. It is paired with leave.
func (u *Unpackers) enter() bool {
	if u.busy.Add(1) <= maxUnpackers {
		return true
	}
	u.busy.Add(-1)
	return false
}

func (u *Unpackers) leave() { u.busy.Add(-1) }

// Shelf knows how far the compressed files of a job were read, whatever their
// names are now: rotations rename them, and each name has a source of its own. It
// is safe for concurrent use.
type Shelf struct {
	*Unpackers

	mu     sync.Mutex
	places []pipeline.Place               // of files that no source has
	offers map[*packedFile]pipeline.Place // of those that a source gives away
	held   map[*packedFile]*Packed
}

// NewShelf returns an empty shelf.
func NewShelf(u *Unpackers) *Shelf {
	return &Shelf{Unpackers: u, offers: map[*packedFile]pipeline.Place{}, held: map[*packedFile]*Packed{}}
}

// Put adds a saved place. All of a job have to be there before the first source
// is opened, for a file may have got the name of another meanwhile.
func (s *Shelf) Put(p pipeline.Place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.held { // a place of another file that had the inode is of no use
		if f.text.id.inode == p.Inode {
			return
		}
	}
	same := func(q pipeline.Place) bool {
		return q.Inode == p.Inode && q.Path == p.Path && q.Fingerprint == p.Fingerprint
	}
	s.places = append(slices.DeleteFunc(s.places, same), p)
}

// Left returns the places that no file was found for.
func (s *Shelf) Left() []pipeline.Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.places)
}

// learn reads the head of a file that other sources may look at.
func (s *Shelf) learn(f *packedFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.learnHead()
}

// isAt reports whether the file is the one that p describes, renamed or grown.
func (f *packedFile) isAt(p pipeline.Place) bool {
	n := p.FingerprintLen
	return f.text.id.inode == p.Inode && 0 < n && n <= int64(len(f.head)) && fingerprint(f.head[:n]) == p.Fingerprint
}

type shelfState uint8

const (
	shelfNew   shelfState = iota // nobody knows the file
	shelfFound                   // it was read up to a place
	shelfHeld                    // another source has it
)

// take gives a file to a source, with the place that it was read up to.
func (s *Shelf) take(f *packedFile, to *Packed) (p pipeline.Place, state shelfState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for offered, p := range maps.All(s.offers) {
		if f.isAt(p) && offered.text.id == f.text.id {
			delete(s.offers, offered)
			delete(s.held, offered)
			s.held[f] = to
			return p, shelfFound
		}
	}
	for other, owner := range s.held {
		if owner != to && other.text.id == f.text.id {
			return p, shelfHeld
		}
	}
	s.held[f] = to
	i := slices.IndexFunc(s.places, func(p pipeline.Place) bool { return p.Packed == to.opts.Format && f.isAt(p) })
	if i < 0 { // a copy with the name
		i = slices.IndexFunc(s.places, func(p pipeline.Place) bool {
			p.Inode = f.text.id.inode
			return p.Packed == to.opts.Format && p.Path == to.name && f.isAt(p)
		})
	}
	if i < 0 {
		return p, shelfNew
	}
	p = s.places[i]
	s.places = slices.Delete(s.places, i, i+1)
	return p, shelfFound
}

// hold notes that a source has a file.
func (s *Shelf) hold(f *packedFile, owner *Packed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[f] = owner
}

// offer lets the source of another name take a file.
func (s *Shelf) offer(f *packedFile, p pipeline.Place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offers[f] = p
}

// takeBack ends an offer, and reports whether nobody took the file before.
func (s *Shelf) takeBack(f *packedFile) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.offers, f)
	return s.held[f] != nil || f.waits
}

// isTaken reports whether another source has a file that was offered.
func (s *Shelf) isTaken(f *packedFile) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[f] == nil
}

// release forgets a file.
func (s *Shelf) release(f *packedFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, f)
	delete(s.offers, f)
}
