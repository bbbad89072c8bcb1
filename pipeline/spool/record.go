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
//	16  CRC-32C of the payload
//	20  CRC-32C of the key
//	24  bytes of the key
//	26  kind
//	27  CRC-32C of what is above
//	31  state, under no checksum: it changes when the record is done
const (
	magic      = "\x93SP1"
	headerSize = 32
	sumAt      = 27
	stateAt    = 31

	statePending = 0x00
	stateDone    = 0xff // any other value counts as pending: better twice than never
)

// header is a record's header without its ID.
type header struct {
	size       uint32 // bytes of the payload
	keySize    uint16
	kind       uint8
	done       bool
	payloadSum uint32
	keySum     uint32
}

// whole returns the bytes of the record on disk.
func (h header) whole() int64 { return headerSize + int64(h.keySize) + int64(h.size) }

// appendRecord encodes the item as a pending record that lies at id.
func appendRecord(dst []byte, id ID, item Item) []byte {
	at := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(item.Payload)))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(id))
	dst = binary.LittleEndian.AppendUint32(dst, sum(item.Payload))
	dst = append(dst, 0, 0, 0, 0) // the key's sum
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(item.Key)))
	dst = append(dst, item.Kind)
	dst = append(dst, 0, 0, 0, 0, statePending) // the header's sum
	dst = append(dst, item.Key...)
	binary.LittleEndian.PutUint32(dst[at+20:], sum(dst[at+headerSize:]))
	binary.LittleEndian.PutUint32(dst[at+sumAt:], sum(dst[at:at+sumAt]))
	return append(dst, item.Payload...)
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
		size:       binary.LittleEndian.Uint32(b[4:]),
		payloadSum: binary.LittleEndian.Uint32(b[16:]),
		keySum:     binary.LittleEndian.Uint32(b[20:]),
		keySize:    binary.LittleEndian.Uint16(b[24:]),
		kind:       b[26],
		done:       b[stateAt] == stateDone,
	}, true
}

func sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
