// Package spool is a bounded disk queue of byte records, for batches that
// cannot wait in memory.
//
// Limits first:
//   - A record whose Append was acknowledged is on disk. One that is done may
//     come back after a crash of the machine, not after a crash of the process:
//     Done does not wait for the disk.
//   - A crash within an Append keeps what was whole of it, although nobody was
//     told: such records come back, too.
//   - Payloads of old segments are verified when they are read, not at Open.
//   - MaxBytes bounds what is pending. Done records use the disk until their
//     blocks are freed, in steps of up to 1 MiB for each segment; those between
//     two pending ones that cover no whole block, until the segment is done.
//
// The folder holds a lock and segments, 0000000000000001.seg and so on: records
// one behind the other. See record.go for a record's bytes.
//
//	Append ──▶ newest segment ──fdatasync──▶ IDs ──▶ Read … Done: one byte
//	                                                        │
//	     all done: file removed ◀── part done: holes ◀──────┘
package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"unique"
)

const (
	lockName = "lock"

	defaultMaxBytes     = 1 << 30
	defaultMaxRecords   = 1 << 20
	defaultSegmentBytes = 16 << 20
	defaultKeepFree     = 0.10

	maxSegmentBytes = 1 << 30 // offsets have 32 bits
	maxGroupBytes   = 1 << 30 // of one Append
	maxBuffer       = 4 << 20 // kept for the next Append
)

var (
	// ErrFull says that an Append had no room and kept nothing. When some
	// records are given up by Done, the next may have.
	ErrFull = errors.New("spool is full")
	// ErrDiskFull is an ErrFull whose reason is the disk, not MaxBytes or
	// MaxRecords. Others may be using the disk up: giving up records need not
	// help.
	ErrDiskFull = fmt.Errorf("%w: no room on the disk", ErrFull)
	// ErrTooLarge says that an Append would not even fit into an empty spool.
	ErrTooLarge = errors.New("records are too large for the spool")
	// ErrDamaged says that a payload is not what was written.
	ErrDamaged = errors.New("record is damaged")
	// ErrNotPending says that there is no such record, or that it is done.
	ErrNotPending = errors.New("record is not pending")
)

// Options says where a Spool is and what bounds it. A zero value means the
// default.
type Options struct {
	Dir          string  // made, with its parents, at the first Append
	MaxBytes     int64   // of the records that are pending, with headers; default 1 GiB
	MaxRecords   int     // that are pending; bounds the memory, 24 to 48 bytes for each and the distinct keys; default 1<<20
	SegmentBytes int64   // a segment that has reached it is closed; default 16 MiB, at most 1 GiB
	KeepFree     float64 // share of the disk that is never used; default 0.10; negative: none
}

// ID is the place of a record: the number of its segment << 32 | the offset.
// IDs ascend in the order of Append, also across restarts.
type ID uint64

func newID(segment uint32, offset int64) ID { return ID(segment)<<32 | ID(uint32(offset)) }

func (id ID) segment() uint32 { return uint32(id >> 32) }
func (id ID) offset() uint32  { return uint32(id) }

// Record is a pending record without its payload.
type Record struct {
	ID   ID
	Key  string
	Kind uint8
	Size int // bytes of the payload
}

// Item is what Append writes. Both Key, of at most 65,535 bytes, and Kind are
// the caller's: the spool only keeps them. Payload is not used after Append.
type Item struct {
	Key     string
	Kind    uint8
	Payload []byte
}

// Stats is the present state of a Spool.
type Stats struct {
	Bytes      int64 // of pending records, with headers
	MaxBytes   int64
	Records    int // pending
	MaxRecords int
	Segments   int

	// Found unreadable since Open. Torn are the ends of Appends that a crash
	// cut off; Damaged is what was acknowledged and is lost.
	DamagedRecords, TornRecords int
	DamagedBytes, TornBytes     int64
	Damage                      []Damage // the first 100
}

const maxDamage = 100

// Spool is a disk queue. Its methods may be called by several goroutines; the
// Appends wait for each other, and nothing else waits for them.
type Spool struct {
	opts Options
	disk disk

	// Locks are taken in this order.

	appending sync.Mutex // by Append and Close
	lock      *os.File   // of the folder; nil before it exists
	active    file       // the newest segment, nil when the next Append begins another
	buf       []byte

	freeing sync.Mutex // by what frees space on disk
	noHoles bool       // the file system has none

	mu       sync.Mutex // of the index; never held while the disk works
	closed   bool
	segments map[uint32]*segment
	newest   *segment // stays on disk, empty when all is done, so that IDs ascend
	found    uint32   // the highest number at Open
	stats    Stats
}

// Open recovers what a folder holds and locks it until Close. A folder that
// does not exist, or is empty, is left alone until the first Append. Damage is
// no error: see Stats.
func Open(opts Options) (*Spool, error) { return open(opts, realDisk{}) }

func open(opts Options, d disk) (*Spool, error) {
	if opts.MaxBytes == 0 {
		opts.MaxBytes = defaultMaxBytes
	}
	if opts.MaxRecords == 0 {
		opts.MaxRecords = defaultMaxRecords
	}
	if opts.SegmentBytes == 0 {
		opts.SegmentBytes = defaultSegmentBytes
	}
	if opts.KeepFree == 0 {
		opts.KeepFree = defaultKeepFree
	}
	if opts.Dir == "" || opts.MaxBytes < 0 || opts.MaxRecords < 0 || opts.SegmentBytes < 0 ||
		opts.SegmentBytes > maxSegmentBytes || opts.KeepFree >= 1 {
		return nil, fmt.Errorf("open spool: options out of range: %+v", opts)
	}
	s := &Spool{opts: opts, disk: d, segments: map[uint32]*segment{}}
	numbers, locked, err := segmentsIn(opts.Dir)
	if err == nil && (locked || len(numbers) > 0) {
		err = s.attach()
	}
	if err != nil {
		return nil, fmt.Errorf("open spool %s: %w%s", opts.Dir, err, s.remedy(err))
	}
	return s, nil
}

// attach locks the folder and reads what is in it, once.
func (s *Spool) attach() error {
	if s.lock != nil {
		return nil
	}
	if s.isClosed() {
		return fs.ErrClosed
	}
	if err := makeDir(s.disk, s.opts.Dir); err != nil {
		return err
	}
	lock, err := lockFile(filepath.Join(s.opts.Dir, lockName))
	if err != nil {
		return err
	}
	numbers, _, err := segmentsIn(s.opts.Dir)
	if err == nil {
		err = s.recover(numbers)
	}
	if err != nil {
		s.forget()
		return errors.Join(err, lock.Close())
	}
	s.lock = lock
	return nil
}

// forget empties the index, so that an attach can be tried again.
func (s *Spool) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.segments)
	s.newest, s.found, s.stats = nil, 0, Stats{}
}

func (s *Spool) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// remedy says what to do about an error that a person can mend.
func (s *Spool) remedy(err error) string {
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return "; another process uses this folder: stop it, or give each its own folder"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Sprintf("; let user %d read and write the folder, or set another", os.Getuid())
	case errors.Is(err, fs.ErrNotExist):
		return "; the folder was removed: start again"
	case errors.Is(err, syscall.ENOTDIR):
		return "; set the path of a folder"
	case errors.Is(err, ErrDiskFull), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Sprintf("; make room on the disk of %s, or set a folder on another", s.opts.Dir)
	}
	return ""
}

// Pending returns the records that were found at Open and are not done, the
// oldest first.
func (s *Spool) Pending() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var records []Record
	for _, n := range slices.Sorted(maps.Keys(s.segments)) {
		if n > s.found {
			break
		}
		for _, e := range s.segments[n].entries {
			if e.isPending() {
				records = append(records, Record{newID(n, int64(e.offset)), e.key.Value(), e.kind, int(e.size)})
			}
		}
	}
	return records
}

// Append writes the items, in order, and returns their IDs when all of them are
// on disk. After an error none is kept. It is ErrFull when there is no room,
// ErrTooLarge when there can never be.
func (s *Spool) Append(items []Item) ([]ID, error) {
	if len(items) == 0 {
		return nil, nil
	}
	s.appending.Lock()
	defer s.appending.Unlock()
	ids, err := s.append(items)
	if err != nil {
		return nil, fmt.Errorf("append %d records to spool %s: %w%s", len(items), s.opts.Dir, err, s.remedy(err))
	}
	return ids, nil
}

func (s *Spool) append(items []Item) ([]ID, error) {
	if err := s.attach(); err != nil {
		return nil, asFull(err)
	}
	if err := s.admit(items); err != nil {
		return nil, err
	}
	if err := s.checkSpace(groupBytes(items)); err != nil {
		return nil, err
	}
	seg, err := s.current()
	if err != nil {
		return nil, asFull(err)
	}
	defer s.leave(seg)

	ids := make([]ID, len(items))
	s.buf = s.buf[:0]
	group := uint32(seg.size)
	for i, item := range items {
		ids[i] = newID(seg.number, seg.size+int64(len(s.buf)))
		s.buf = appendRecord(s.buf, ids[i], group, item)
	}
	if err := s.write(seg, items); err != nil {
		return nil, asFull(err)
	}
	s.index(seg, items)
	return ids, nil
}

func groupBytes(items []Item) (n int64) {
	for _, item := range items {
		n += headerSize + int64(len(item.Key)) + int64(len(item.Payload))
	}
	return n
}

// admit checks the caps. Only Append adds, so what fits now fits afterwards.
func (s *Spool) admit(items []Item) error {
	for _, item := range items {
		if len(item.Key) > math.MaxUint16 {
			return fmt.Errorf("%w: a key of %d bytes, at most %d", ErrTooLarge, len(item.Key), math.MaxUint16)
		}
	}
	n, most := groupBytes(items), min(s.opts.MaxBytes, maxGroupBytes)
	if n > most {
		return fmt.Errorf("%w: %d bytes in one group, at most %d", ErrTooLarge, n, most)
	}
	if len(items) > s.opts.MaxRecords {
		return fmt.Errorf("%w: %d records in one group, at most %d", ErrTooLarge, len(items), s.opts.MaxRecords)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stats.Bytes+n > s.opts.MaxBytes {
		return fmt.Errorf("%w: %d of at most %d bytes are pending, %d more do not fit; give up old records or raise the limit",
			ErrFull, s.stats.Bytes, s.opts.MaxBytes, n)
	}
	if s.stats.Records+len(items) > s.opts.MaxRecords {
		return fmt.Errorf("%w: %d of at most %d records are pending; give up old ones or raise the limit",
			ErrFull, s.stats.Records, s.opts.MaxRecords)
	}
	return nil
}

// checkSpace returns ErrDiskFull when n bytes more would leave less than
// KeepFree of the disk.
func (s *Spool) checkSpace(n int64) error {
	free, total, err := s.disk.space(s.opts.Dir)
	if err != nil {
		return err
	}
	keep := uint64(max(0, s.opts.KeepFree) * float64(total))
	if total > 0 && free < keep+uint64(n) {
		return fmt.Errorf("%w: %d of %d bytes are free, %d are wanted, and %.0f %% are never used",
			ErrDiskFull, free, total, n, 100*max(0, s.opts.KeepFree))
	}
	return nil
}

// asFull makes an ErrDiskFull of the system's errors that mean it.
func asFull(err error) error {
	if isSpace(err) && !errors.Is(err, errSuspect) {
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}

func isSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// current returns the segment to write to, marked as busy.
func (s *Spool) current() (*segment, error) {
	s.mu.Lock()
	seg := s.newest
	usable := s.active != nil && !seg.sealed && seg.size < s.opts.SegmentBytes
	if usable {
		seg.busy = true
	} else if seg != nil {
		seg.sealed = true
	}
	s.mu.Unlock()
	if usable {
		return seg, nil
	}
	s.closeActive()
	return s.begin(seg)
}

// begin makes the segment after the newest.
func (s *Spool) begin(newest *segment) (*segment, error) {
	seg := &segment{number: 1, busy: true}
	if newest != nil {
		seg.number = newest.number + 1
	}
	if seg.number == 0 {
		return nil, errors.New("all numbers of segments are used up: move the folder away")
	}
	path := s.path(seg.number)
	f, err := s.disk.open(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, err
	}
	if err := s.disk.syncDir(s.opts.Dir); err != nil {
		return nil, errors.Join(err, f.Close(), s.disk.remove(path))
	}
	s.active = f
	s.add(seg)
	if newest != nil {
		s.free(newest)
	}
	return seg, nil
}

// add makes the segment the newest, with what is pending in it.
func (s *Spool) add(seg *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.segments[seg.number] = seg
	s.newest = seg
	if seg.sealed { // was there before
		s.found = seg.number
	}
	for _, e := range seg.entries {
		if e.isPending() {
			s.stats.Bytes += e.whole()
			s.stats.Records++
		}
	}
}

func (s *Spool) closeActive() {
	if s.active != nil {
		s.active.Close() // all that matters in it is synced
		s.active = nil
	}
}

// errSuspect marks errors of fdatasync: what was written may be on disk or not,
// and a second fdatasync that succeeds would prove nothing.
var errSuspect = errors.New("the disk did not confirm what was written")

// write writes and syncs the buffer. After an error nothing of it is kept.
func (s *Spool) write(seg *segment, items []Item) error {
	n, err := s.active.WriteAt(s.buf, seg.size)
	seal := err != nil && !isSpace(err)
	if err == nil {
		if err = s.active.datasync(); err == nil {
			return nil
		}
		err, seal = fmt.Errorf("%w: %w", errSuspect, err), true
	}
	if cut := s.active.Truncate(seg.size); cut != nil {
		s.markAll(seg.size, n, items)
		seal = true
	}
	if seal {
		s.active.datasync() // for the cut; if it fails, a loss of power may bring records back
		s.mu.Lock()
		seg.sealed = true
		s.mu.Unlock()
		s.closeActive()
	}
	return err
}

// markAll marks those items as done that are whole in the n bytes at off. It is
// for a group that can neither be kept nor cut off.
func (s *Spool) markAll(off int64, n int, items []Item) {
	end := off + int64(n)
	for i := range items {
		next := off + groupBytes(items[i:i+1])
		if next > end {
			return
		}
		s.active.WriteAt([]byte{stateDone}, off+stateAt) // else it comes back after a restart
		off = next
	}
}

// index adds what was written.
func (s *Spool) index(seg *segment, items []Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := seg.size
	for _, item := range items {
		e := entry{offset: uint32(at), size: uint32(len(item.Payload)), keySize: uint16(len(item.Key)),
			sum: sum(item.Payload), kind: item.Kind, key: unique.Make(item.Key)}
		seg.append(e)
		at += e.whole()
	}
	s.stats.Bytes += at - seg.size
	s.stats.Records += len(items)
	seg.size = at
}

// leave ends an Append to the segment.
func (s *Spool) leave(seg *segment) {
	if cap(s.buf) > maxBuffer {
		s.buf = nil
	}
	s.mu.Lock()
	seg.busy = false
	idle := seg.pending == 0
	s.mu.Unlock()
	if idle {
		s.free(seg)
	}
}

// Read returns the payload of a pending record, in buf if that is large enough.
// The error is ErrDamaged when the payload is not what was written,
// ErrNotPending when the record is done or unknown; others, of opening or
// reading the file, may pass.
func (s *Spool) Read(id ID, buf []byte) ([]byte, error) {
	e, err := s.lookup(id)
	if err == nil {
		buf, err = s.read(id, e, buf)
	}
	if err != nil {
		return nil, fmt.Errorf("read record at %d of %s: %w", id.offset(), s.path(id.segment()), err)
	}
	return buf, nil
}

func (s *Spool) lookup(id ID) (entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return entry{}, fs.ErrClosed
	}
	if e := s.find(id); e != nil {
		return *e, nil
	}
	return entry{}, ErrNotPending
}

// find returns the pending entry of id, or nil. The caller holds s.mu.
func (s *Spool) find(id ID) *entry {
	if seg := s.segments[id.segment()]; seg != nil {
		return seg.find(id.offset())
	}
	return nil
}

func (s *Spool) read(id ID, e entry, buf []byte) ([]byte, error) {
	buf = slices.Grow(buf[:0], int(e.size))[:e.size]
	f, err := s.disk.open(s.path(id.segment()), os.O_RDONLY)
	if err == nil {
		_, err = f.ReadAt(buf, e.payloadAt())
		f.Close() // nothing was written
	}
	switch {
	case err == nil && sum(buf) == e.sum:
		return buf, nil
	case err == nil:
		err = fmt.Errorf("%w: its checksum does not match", ErrDamaged)
	case errors.Is(err, io.EOF), errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil, s.confirm(id, err)
}

// confirm returns the error of reading a record unless it was done meanwhile,
// and counts damage the first time.
func (s *Spool) confirm(id ID, err error) error {
	s.mu.Lock()
	e := s.find(id)
	if e == nil {
		s.mu.Unlock()
		return ErrNotPending
	}
	first := errors.Is(err, ErrDamaged) && e.state == pending
	if first {
		e.state = damaged
	}
	bytes := e.whole()
	s.mu.Unlock()
	if first {
		s.damaged(Damage{Path: s.path(id.segment()), Records: 1, Bytes: bytes})
	}
	return err
}

func (s *Spool) damaged(d Damage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.Torn {
		s.stats.TornRecords += d.Records
		s.stats.TornBytes += d.Bytes
	} else {
		s.stats.DamagedRecords += d.Records
		s.stats.DamagedBytes += d.Bytes
	}
	if len(s.stats.Damage) < maxDamage {
		s.stats.Damage = append(s.stats.Damage, d)
	}
}

// Stats returns the present state.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.MaxBytes, st.MaxRecords = s.opts.MaxBytes, s.opts.MaxRecords
	st.Segments = len(s.segments)
	st.Damage = slices.Clone(st.Damage)
	return st
}

// Close unlocks the folder; what is pending stays. It waits for an Append and a
// Done that are at work. Afterwards Done does nothing, and the rest is
// fs.ErrClosed.
func (s *Spool) Close() error {
	s.appending.Lock()
	defer s.appending.Unlock()
	s.freeing.Lock()
	defer s.freeing.Unlock()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.closeActive()
	if s.lock == nil {
		return nil
	}
	err := s.lock.Close()
	s.lock = nil
	if err != nil {
		return fmt.Errorf("close spool %s: %w", s.opts.Dir, err)
	}
	return nil
}
