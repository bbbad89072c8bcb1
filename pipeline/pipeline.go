// Package pipeline is the vocabulary of the collector and the loop that moves
// log lines from sources to Loki.
//
//	source ──Block──▶ Stages ──Entry──▶ Outbox ──Batch──▶ Deliver (ship)
//	   ▲                                                     │
//	   └────────────── Ledger ◀──settled ranges──────────────┘
//
// A source reads a block of bytes and cuts it into lines, which are views into
// the block. Stages turn lines into entries. The outbox copies each entry once,
// into the batch of its stream. A batch is handed on when it is full or due,
// and settles the ranges it holds when every client has acknowledged it.
package pipeline

// Range is the half-open range [Start, End) of one source, in bytes for files
// and in entries for sources without offsets.
type Range struct{ Start, End int64 }

// Len is the number of bytes (or entries) in the range.
func (r Range) Len() int64 { return r.End - r.Start }

// Mark is what the equal-time rule needs to remember at a place in a source:
// Loki stores equal lines of one timestamp once, so the k-th consecutive entry
// of a source with one time gets k nanoseconds added.
type Mark struct {
	Time   int64 `json:"time"`   // unix nanoseconds, before anything was added
	Repeat int64 `json:"repeat"` // nanoseconds that were added
	// Read is the time with which the last entry was sent that has no time of its
	// own but that of its reading.
	Read int64 `json:"read,omitempty"`
}

// Next returns the mark after an entry with the time t of its own.
// The entry is sent with the time Mark.Time + Mark.Repeat.
func (m Mark) Next(t int64) Mark {
	if t == m.Time {
		m.Repeat++
		return m
	}
	m.Time, m.Repeat = t, 0
	return m
}

// NextRead returns the mark after an entry that was read at t. The entry is sent
// with the time Mark.Read, which no such entry before it has.
func (m Mark) NextRead(t int64) Mark {
	m.Read = max(t, m.Read+1)
	return m
}

// Piece is a range of a source that one entry, or several adjacent ones, were
// made from.
type Piece struct {
	Ledger *Ledger
	Range  Range
	After  Mark // the source's mark behind the range
}

// Field is a named value that belongs to a line: structured metadata, or what
// a source knows about the line besides its text.
type Field struct {
	Name  string
	Value []byte // valid as long as the line it belongs to
}

// Line is one physical line as a source read it.
type Line struct {
	Text   []byte // without the newline; valid until the block is read into again
	Range  Range
	Ledger *Ledger
	Time   int64   // the source's own time in unix nanoseconds, 0 if it has none
	Fields []Field // what the source knows besides the text
}

// Entry is what stages make of one or more lines.
type Entry struct {
	Line   []byte // valid until Outbox.Add returns
	Time   int64  // unix nanoseconds
	Meta   []Field
	Pieces []Piece
	// ReadTime: the time is when the line was read, it has none of its own.
	ReadTime bool
	// Noted: a second reading needs the ledgers' notes to make the same of it,
	// so they have to be saved before it is sent.
	Noted bool
}

// Block is the unit of reading. A worker owns one and hands it to one source
// after another.
type Block struct {
	Buf   []byte // grows to hold the longest line, then is kept
	Text  []byte // the same for lines that had to be converted
	Lines []Line // views into Buf or Text
}

// Reset empties the block and keeps its memory.
func (b *Block) Reset() { b.Lines = b.Lines[:0] }

// Place is where one generation of a source is to be read on from: what is
// saved to disk.
type Place struct {
	Path           string `json:"path,omitempty"`
	Device         uint64 `json:"device,omitempty"` // counts within one boot only
	Inode          uint64 `json:"inode,omitempty"`
	FingerprintLen int64  `json:"fingerprint_len,omitempty"` // bytes from the file's start
	Fingerprint    string `json:"fingerprint,omitempty"`     // SHA-256 of these bytes, hex
	Before         []byte `json:"before,omitempty"`          // up to 64 bytes before Offset
	Offset         int64  `json:"offset"`                    // lowest byte that is not settled
	Size           int64  `json:"size,omitempty"`            // as last seen
	Cursor         string `json:"cursor,omitempty"`          // for sources without offsets
	Mark           Mark   `json:"mark"`                      // at Offset
	Modified       int64  `json:"modified,omitempty"`        // the file's last change as seen, unix nanoseconds
	// Packed is the format of a compressed file, "" for others: then Offset and
	// Before are of its content, the fingerprint is of its own bytes, and Size is
	// Offset and what was not unpacked.
	Packed string `json:"packed,omitempty"`
	Notes
}
