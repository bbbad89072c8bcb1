package spool

import (
	"encoding/binary"
	"hash/crc32"
)

// A record on disk is a header, the key and the payload. The header, with
// numbers in little endian:
//
//	 0  magic
//	 4  bytes of the payload
//	 8  ID: the record's own place, so that a copy of it elsewhere is no record
//	16  offset of the first record of the same Append
//	20  CRC-32C of the payload
//	24  CRC-32C of the key
//	28  bytes of the key
//	30  kind
//	31  CRC-32C of what is above
//	35  state, under no checksum: it changes when the record is done
const (
	magic      = "\x93SP1"
	headerSize = 36
	sumAt      = 31
	stateAt    = 35

	statePending = 0x00
	stateDone    = 0xff // any other value counts as pending: better twice than never
)

type header struct {
	id         ID
	size       uint32 // bytes of the payload
	group      uint32
	payloadSum uint32
	keySum     uint32
	keySize    uint16
	kind       uint8
	state      byte
}

// whole returns the bytes of the record on disk.
func (h header) whole() int64 { return headerSize + int64(h.keySize) + int64(h.size) }

// appendRecord encodes the item as a pending record that lies at id, in the
// group of an Append that begins at the offset group.
func appendRecord(dst []byte, id ID, group uint32, item Item) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, headerSize)...)
	dst = append(dst, item.Key...)
	putHeader(dst[at:], header{
		id:         id,
		size:       uint32(len(item.Payload)),
		group:      group,
		payloadSum: sum(item.Payload),
		keySum:     sum(dst[at+headerSize:]),
		keySize:    uint16(len(item.Key)),
		kind:       item.Kind,
		state:      statePending,
	})
	return append(dst, item.Payload...)
}

func putHeader(b []byte, h header) {
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[4:], h.size)
	binary.LittleEndian.PutUint64(b[8:], uint64(h.id))
	binary.LittleEndian.PutUint32(b[16:], h.group)
	binary.LittleEndian.PutUint32(b[20:], h.payloadSum)
	binary.LittleEndian.PutUint32(b[24:], h.keySum)
	binary.LittleEndian.PutUint16(b[28:], h.keySize)
	b[30] = h.kind
	binary.LittleEndian.PutUint32(b[sumAt:], sum(b[:sumAt]))
	b[stateAt] = h.state
}

// parseHeader decodes the header of the record at id. It returns false when b
// is not the beginning of one.
func parseHeader(b []byte, id ID) (header, bool) {
	if len(b) < headerSize || string(b[:len(magic)]) != magic ||
		binary.LittleEndian.Uint64(b[8:]) != uint64(id) ||
		binary.LittleEndian.Uint32(b[sumAt:]) != sum(b[:sumAt]) {
		return header{}, false
	}
	return header{
		id:         id,
		size:       binary.LittleEndian.Uint32(b[4:]),
		group:      binary.LittleEndian.Uint32(b[16:]),
		payloadSum: binary.LittleEndian.Uint32(b[20:]),
		keySum:     binary.LittleEndian.Uint32(b[24:]),
		keySize:    binary.LittleEndian.Uint16(b[28:]),
		kind:       b[30],
		state:      b[stateAt],
	}, true
}

func sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
