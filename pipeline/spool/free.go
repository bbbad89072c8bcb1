package spool

import (
	"errors"
	"os"
	"unique"
)

const (
	idleBytes   = 256 << 10 // a newest segment with less is kept when all is done
	freeBytes   = 1 << 20   // of done records that are freed at once, for one fdatasync
	freeRecords = 1024      // the same, so that the index shrinks
)

// Done takes a record out of the queue, delivered or given up, and frees its
// space. It does nothing when the record is not pending. When the mark cannot
// be written, the record comes back after a restart.
func (s *Spool) Done(id ID) {
	s.freeing.Lock()
	defer s.freeing.Unlock()
	s.mu.Lock()
	e := s.find(id)
	if e == nil || s.closed {
		s.mu.Unlock()
		return
	}
	seg := s.segments[id.segment()]
	e.state = done
	e.key = unique.Handle[string]{}
	seg.bury(*e)
	seg.pending--
	s.stats.Records--
	s.stats.Bytes -= e.whole()
	s.mu.Unlock()

	if f, err := s.disk.open(s.path(id.segment()), os.O_WRONLY); err == nil {
		f.WriteAt([]byte{stateDone}, int64(id.offset())+stateAt)
		f.Close()
	}
	s.freeLocked(seg)
}

// free frees what the segment does not need.
func (s *Spool) free(seg *segment) {
	s.freeing.Lock()
	defer s.freeing.Unlock()
	s.freeLocked(seg)
}

// freeLocked needs s.freeing.
func (s *Spool) freeLocked(seg *segment) {
	s.mu.Lock()
	isNewest := seg == s.newest
	keep := seg.busy || seg.keep || isNewest && !seg.sealed && seg.size < min(idleBytes, s.opts.SegmentBytes)
	if seg.pending > 0 || keep {
		s.mu.Unlock()
		s.punch(seg)
		return
	}
	empty := seg.size == 0
	seg.sealed = true
	seg.size = 0
	seg.entries = nil
	if !isNewest {
		delete(s.segments, seg.number)
	}
	s.mu.Unlock()

	// What cannot be removed is, as all of it is marked as done, at the next Open.
	path := s.path(seg.number)
	if !isNewest {
		s.disk.remove(path)
		s.disk.syncDir(s.opts.Dir)
		return
	}
	if empty {
		return
	}
	if f, err := s.disk.open(path, os.O_WRONLY); err == nil {
		f.Truncate(0)
		f.Close()
	}
}

// punch frees the blocks of done records in a segment that has pending ones,
// when that is worth an fdatasync: what says that they are done must be on disk
// before they are gone, else a crash of the machine makes damage of them.
func (s *Spool) punch(seg *segment) {
	s.mu.Lock()
	if seg.dead < min(freeBytes, max(1, s.opts.SegmentBytes/4)) && seg.buried < max(freeRecords, len(seg.entries)/2) {
		s.mu.Unlock()
		return
	}
	seg.entries = joinDone(seg.entries)
	seg.dead, seg.buried = 0, 0
	var gone []entry
	for i, e := range seg.entries {
		if _, n := e.hole(); e.state == done && n > 0 {
			gone = append(gone, e)
			seg.entries[i].state = freed
		}
	}
	s.mu.Unlock()
	if s.noHoles || len(gone) == 0 {
		return
	}
	f, err := s.disk.open(s.path(seg.number), os.O_RDWR)
	if err != nil {
		return
	}
	defer f.Close()
	if err := s.punchEntries(f, seg.number, gone); err != nil {
		s.noHoles = errors.Is(err, errors.ErrUnsupported) // else freed at the next Open, or with the segment
	}
}

// punchEntries makes each of the done entries one done record on disk, and
// frees its blocks.
func (s *Spool) punchEntries(f file, segment uint32, gone []entry) error {
	for _, e := range gone {
		if e.torn() { // is the record that was appended, marked already
			continue
		}
		if err := putDone(f, newID(segment, int64(e.offset)), e.end()); err != nil {
			return err
		}
	}
	if err := f.datasync(); err != nil {
		return err
	}
	for _, e := range gone {
		if err := f.punch(e.hole()); err != nil {
			return err
		}
	}
	return nil
}

// putDone writes the header of a done record that reaches to the offset end.
func putDone(f file, id ID, end int64) error {
	b := make([]byte, headerSize)
	size := end - int64(id.offset()) - headerSize
	putHeader(b, header{id: id, size: uint32(size), group: id.offset(), state: stateDone})
	_, err := f.WriteAt(b, int64(id.offset()))
	return err
}
