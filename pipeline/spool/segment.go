package spool

import (
	"cmp"
	"slices"
	"unique"
)

const (
	blockSize  = 4096
	sectorSize = 512 // is written whole or not at all when power is lost
)

// segment is one file and the index of it.
type segment struct {
	number  uint32
	size    int64   // bytes of the file that are in use
	entries []entry // ascending
	pending int
	dead    int64 // bytes of done records since space was last freed
	buried  int   // number of them
	busy    bool  // an Append is writing
	sealed  bool  // never written again
	keep    bool  // was not read to its end: never removed
}

// entry is one record in the index, in 24 bytes: there may be a million.
type entry struct {
	offset  uint32
	size    uint32 // bytes of the payload
	sum     uint32 // CRC-32C of the payload
	keySize uint16
	kind    uint8
	state   state
	key     unique.Handle[string] // zero when done, to let go of it
}

type state uint8

const (
	pending state = iota
	damaged       // pending, and counted as damaged
	done
	freed // done, and its blocks are freed
)

func (e entry) payloadAt() int64 { return int64(e.offset) + headerSize + int64(e.keySize) }
func (e entry) end() int64       { return e.payloadAt() + int64(e.size) }
func (e entry) whole() int64     { return e.end() - int64(e.offset) }
func (e entry) isPending() bool  { return e.state < done }

// hole returns the whole blocks within the payload.
func (e entry) hole() (off, n int64) {
	off = (e.payloadAt() + blockSize - 1) / blockSize * blockSize
	return off, e.end()/blockSize*blockSize - off
}

// torn reports whether a new header in place of the old could be written in part.
func (e entry) torn() bool { return e.offset%sectorSize > sectorSize-headerSize }

func (seg *segment) append(e entry) {
	seg.entries = append(seg.entries, e)
	if e.isPending() {
		seg.pending++
		return
	}
	seg.bury(e)
}

// bury counts a done record.
func (seg *segment) bury(e entry) {
	seg.dead += e.whole()
	seg.buried++
}

// find returns the entry at the offset, nil if it is not pending.
func (seg *segment) find(offset uint32) *entry {
	i, ok := slices.BinarySearchFunc(seg.entries, offset, func(e entry, offset uint32) int {
		return cmp.Compare(e.offset, offset)
	})
	if !ok || !seg.entries[i].isPending() {
		return nil
	}
	return &seg.entries[i]
}

// joinDone returns the entries with neighbours that are done made one, with what
// is damaged between them, as punchEntries does on disk.
func joinDone(entries []entry) []entry {
	var joined []entry
	for _, e := range entries {
		if last := len(joined) - 1; last >= 0 && !e.isPending() {
			before := &joined[last]
			if !before.isPending() && !before.torn() {
				before.size = uint32(e.end() - int64(before.offset) - headerSize)
				before.keySize, before.state = 0, done
				continue
			}
		}
		joined = append(joined, e)
	}
	return joined
}
