package spool

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"unique"
)

// Damage is what was found unreadable in one segment.
type Damage struct {
	Path    string
	Records int   // at least: a region without a readable header counts as one
	Bytes   int64 // with headers
	Torn    bool  // in the last Append to the newest segment, as a crash within it leaves it: nobody was told it is kept
}

// segmentsIn returns the numbers of the segments in the folder, ascending, and
// whether there is a lock file. A folder that does not exist is empty.
func segmentsIn(dir string) (numbers []uint32, locked bool, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	for _, e := range entries {
		if e.Name() == lockName {
			locked = true
			continue
		}
		n, err := strconv.ParseUint(e.Name()[:min(16, len(e.Name()))], 16, 32)
		if err == nil && n > 0 && e.Name() == segmentName(uint32(n)) {
			numbers = append(numbers, uint32(n))
		}
	}
	slices.Sort(numbers)
	return numbers, locked, nil
}

func segmentName(number uint32) string { return fmt.Sprintf("%016x.seg", number) }

// recover reads the index of every segment, the payloads of the newest alone.
func (s *Spool) recover(numbers []uint32) error {
	for i, n := range numbers {
		if err := s.recoverSegment(n, i == len(numbers)-1); err != nil {
			return err
		}
	}
	for _, n := range numbers {
		s.free(s.segments[n])
	}
	return nil
}

func (s *Spool) recoverSegment(number uint32, newest bool) (err error) {
	path := s.path(number)
	f, err := s.disk.open(path, os.O_RDWR)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.size()
	if err != nil {
		return err
	}
	sc := scanner{file: f, number: number, size: min(size, math.MaxUint32), verify: newest}
	seg := &segment{number: number, sealed: true, size: size}
	sc.scan(seg)
	seg.keep = sc.err != nil

	var torn, lost Damage
	for i, r := range sc.bad {
		if newest && sc.err == nil && (r.from >= sc.group || r.to == sc.size) {
			torn.add(r)
			s.heal(f, seg, r, i == len(sc.bad)-1 && r.to == sc.size)
			continue
		}
		lost.add(r)
	}
	if newest {
		f.datasync() // what a killed process wrote, and what was healed, is found again after a loss of power
	}
	torn.Torn = true
	for _, d := range []Damage{torn, lost} {
		if d.Path = path; d.Records > 0 {
			s.damaged(d)
		}
	}
	s.add(seg)
	return nil
}

// heal takes a torn region out of the file: the end is cut off, and elsewhere
// the region becomes one done record. What fails is found again at the next
// Open, as damage.
func (s *Spool) heal(f file, seg *segment, r region, atEnd bool) {
	if atEnd {
		if f.Truncate(r.from) == nil {
			seg.size = r.from
		}
		return
	}
	if r.to-r.from >= headerSize {
		putDone(f, newID(seg.number, r.from), r.to)
	}
}

func (d *Damage) add(r region) {
	d.Records += r.records
	d.Bytes += r.to - r.from
}

// scanner walks over the headers of one segment. Where a header is damaged, the
// length of its record is unknown, and the next header that is intact and in
// its own place is looked for. A record with an intact header and a damaged key
// or, when verify is set, a damaged payload is stepped over.
type scanner struct {
	file   file
	number uint32
	size   int64
	verify bool

	pos   int64
	group int64 // where the group of the last intact record begins
	bad   []region
	err   error // of reading; the rest of the segment was not seen

	buf   []byte // of the file from bufAt on
	bufAt int64
}

// region is a part of a segment that holds no intact records.
type region struct {
	from, to int64
	records  int // at least
}

func (sc *scanner) scan(seg *segment) {
	for sc.pos < sc.size && sc.err == nil {
		h, ok := sc.headerAt(sc.pos)
		if !ok {
			sc.skip(sc.nextHeader(sc.pos + 1))
			continue
		}
		end := sc.pos + h.whole()
		if end > sc.size {
			sc.skip(sc.size)
			continue
		}
		e, ok := sc.entry(h)
		if !ok {
			sc.skip(end)
			continue
		}
		seg.append(e)
		sc.group = int64(h.group)
		sc.pos = end
	}
}

// skip counts what lies up to the offset as bad, all the rest after an error.
func (sc *scanner) skip(to int64) {
	if sc.err != nil {
		to = sc.size
	}
	last := len(sc.bad) - 1
	if last < 0 || sc.bad[last].to != sc.pos {
		sc.bad = append(sc.bad, region{from: sc.pos})
		last++
	}
	sc.bad[last].to = to
	sc.bad[last].records++
	sc.pos = to
}

// entry returns the index entry of the record at pos, and whether it is intact.
// Of a done record the payload may have been freed, and the key is of no use.
func (sc *scanner) entry(h header) (entry, bool) {
	e := entry{offset: uint32(sc.pos), size: h.size, sum: h.payloadSum, keySize: h.keySize, kind: h.kind}
	if h.state == stateDone {
		e.state = done
		return e, true
	}
	key := sc.read(sc.pos+headerSize, int(h.keySize))
	ok := sum(key) == h.keySum
	e.key = unique.Make(string(key))
	if ok && sc.verify {
		ok = sc.sum(e.payloadAt(), int64(h.size)) == h.payloadSum
	}
	return e, ok && sc.err == nil
}

// sum returns the CRC-32C of n bytes of the file at off.
func (sc *scanner) sum(off, n int64) uint32 {
	var sum uint32
	for n > 0 && sc.err == nil {
		b := sc.read(off, int(min(n, chunk)))
		sum = crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), b)
		off, n = off+int64(len(b)), n-int64(len(b))
	}
	return sum
}

func (sc *scanner) headerAt(pos int64) (header, bool) {
	if sc.size-pos < headerSize {
		return header{}, false
	}
	return parseHeader(sc.read(pos, headerSize), newID(sc.number, pos))
}

// nextHeader returns where the next intact header is, from pos on, or the size.
func (sc *scanner) nextHeader(pos int64) int64 {
	for pos+headerSize <= sc.size {
		n := sc.bufAt + int64(len(sc.buf)) - pos // what was read already
		if n < headerSize || pos < sc.bufAt {
			n = min(chunk, sc.size-pos)
		}
		b := sc.read(pos, int(n))
		if sc.err != nil {
			return pos
		}
		for i := 0; ; i++ {
			next := bytes.Index(b[i:], []byte(magic))
			if next < 0 {
				break
			}
			i += next
			if _, ok := parseHeader(b[i:], newID(sc.number, pos+int64(i))); ok {
				return pos + int64(i)
			}
		}
		pos += int64(len(b)) - headerSize + 1
	}
	return sc.size
}

const (
	chunk     = 128 << 10
	readAhead = 512 // a header and most keys
)

// read returns n bytes of the file at off, which must lie within it. They are
// valid until the next read.
func (sc *scanner) read(off int64, n int) []byte {
	if off < sc.bufAt || off+int64(n) > sc.bufAt+int64(len(sc.buf)) {
		want := int(min(int64(max(n, readAhead)), sc.size-off))
		sc.buf = slices.Grow(sc.buf[:0], want)[:want]
		sc.bufAt = off
		if _, err := sc.file.ReadAt(sc.buf, off); err != nil {
			sc.err = err
			clear(sc.buf)
		}
	}
	at := off - sc.bufAt
	return sc.buf[at : at+int64(n)]
}

func (s *Spool) path(number uint32) string {
	return filepath.Join(s.opts.Dir, segmentName(number))
}
