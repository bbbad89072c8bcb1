package pipeline

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

func wantPosition(t *testing.T, l *Ledger, offset int64, mark Mark) {
	t.Helper()
	gotOffset, gotMark := l.Position()
	if gotOffset != offset || gotMark != mark {
		t.Errorf("position is %d with mark %v, want %d with %v", gotOffset, gotMark, offset, mark)
	}
}

func TestPositionIsTheLowestUnsettledByte(t *testing.T) {
	l := NewLedger(100)
	l.Begin(Mark{})
	l.Read(400)
	wantPosition(t, l, 100, Mark{})

	l.Settle(Range{200, 300}, Mark{Time: 2})
	wantPosition(t, l, 100, Mark{})
	if got := l.Unsettled(); got != 200 {
		t.Errorf("unsettled bytes are %d, want 200", got)
	}

	l.Settle(Range{100, 200}, Mark{Time: 1})
	wantPosition(t, l, 300, Mark{Time: 2})

	l.Settle(Range{300, 350}, Mark{Time: 3, Repeat: 4})
	wantPosition(t, l, 350, Mark{Time: 3, Repeat: 4})

	l.Settle(Range{350, 400}, Mark{Time: 5})
	wantPosition(t, l, 400, Mark{Time: 5})
	if got, end := l.Unsettled(), l.End(); got != 0 || end != 400 {
		t.Errorf("unsettled bytes are %d and the end is %d, want 0 and 400", got, end)
	}
}

func TestMarkAtTheEndStaysWhenMoreIsRead(t *testing.T) {
	l := NewLedger(0)
	l.Begin(Mark{})
	l.Read(10)
	l.Settle(Range{0, 10}, Mark{Time: 7})
	l.Read(30)
	wantPosition(t, l, 10, Mark{Time: 7})
}

func TestSettlingWhatIsNotOpenChangesNothing(t *testing.T) {
	l := NewLedger(50)
	l.Begin(Mark{Time: 1})
	l.Read(100)
	l.Settle(Range{60, 70}, Mark{Time: 2})
	l.Settle(Range{60, 70}, Mark{Time: 3})
	l.Settle(Range{0, 50}, Mark{Time: 4})
	wantPosition(t, l, 50, Mark{Time: 1})
	if got := l.Unsettled(); got != 40 {
		t.Errorf("unsettled bytes are %d, want 40", got)
	}
}

func TestReadingBackwardsChangesNothing(t *testing.T) {
	l := NewLedger(50)
	l.Read(50)
	l.Read(20)
	if l.End() != 50 || l.Unsettled() != 0 {
		t.Errorf("end is %d with %d unsettled bytes, want 50 with 0", l.End(), l.Unsettled())
	}
}

func TestBegin(t *testing.T) {
	before, saved := Mark{Time: 5, Repeat: 2}, Mark{Time: 9, Repeat: 1}
	for _, test := range []struct {
		name   string
		ledger *Ledger
		want   Mark
	}{
		{"a new ledger goes on with the mark before it", NewLedger(0), before},
		{"a restored ledger goes on with its own", RestoreLedger(Place{Mark: saved}), saved},
		{"a ledger saved before its first entry is like a new one", RestoreLedger(Place{}), before},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := test.ledger
			l.Read(20)
			if got := l.Begin(before); got != test.want {
				t.Errorf("Begin returned %v, want %v", got, test.want)
			}
			wantPosition(t, l, 0, test.want)

			late := Mark{Time: 100}
			if got := l.Begin(late); got != late {
				t.Errorf("the second Begin returned %v, want %v: the lines of two generations alternate", got, late)
			}
			wantPosition(t, l, 0, test.want)
		})
	}
}

// A start between the pieces of an entry would make another entry of the rest.
func TestPositionNeverLiesWithinASettledEntry(t *testing.T) {
	l := NewLedger(0)
	l.Begin(Mark{})
	l.Read(50)
	piece := func(from, to, mark int64) Piece { return Piece{l, Range{from, to}, Mark{Time: mark}} }

	Settle([]Piece{piece(10, 20, 2), piece(30, 40, 2)}) // [20, 30) lies within it
	wantPosition(t, l, 0, Mark{})
	Settle([]Piece{piece(0, 10, 1)})
	wantPosition(t, l, 10, Mark{Time: 1})
	if got := l.Unsettled(); got != 30 {
		t.Errorf("unsettled bytes are %d, want 30: two open pieces and the entry's first one", got)
	}
	Settle([]Piece{piece(20, 30, 1)})
	wantPosition(t, l, 40, Mark{Time: 2})
	Settle([]Piece{piece(40, 50, 3)})
	wantPosition(t, l, 50, Mark{Time: 3})
}

func TestEntriesThatReachOverEachOtherSettleTogether(t *testing.T) {
	l := NewLedger(0)
	l.Begin(Mark{})
	l.Read(60)
	piece := func(from, to, mark int64) Piece { return Piece{l, Range{from, to}, Mark{Time: mark}} }

	Settle([]Piece{piece(0, 10, 1), piece(20, 30, 1)})  // around the second
	Settle([]Piece{piece(10, 20, 2), piece(40, 50, 2)}) // around the third
	wantPosition(t, l, 0, Mark{})
	Settle([]Piece{piece(30, 40, 3)})
	wantPosition(t, l, 50, Mark{Time: 2})
	if got := l.Unsettled(); got != 10 {
		t.Errorf("unsettled bytes are %d, want 10", got)
	}
}

// ledgerModel is the ledger, byte by byte.
type ledgerModel struct {
	owner   []*modelEntry // of each byte that was read
	entries []*modelEntry
}

type modelEntry struct {
	pieces  []Piece
	settled bool
}

func (e *modelEntry) start() int64 { return e.pieces[0].Range.Start }
func (e *modelEntry) end() int64   { return e.pieces[len(e.pieces)-1].Range.End }

func (m *ledgerModel) readEnd() int64 { return int64(len(m.owner)) }

// position moves down from the lowest unsettled byte as long as an entry
// reaches over it.
func (m *ledgerModel) position() int64 {
	at := m.readEnd()
	for i, e := range m.owner {
		if !e.settled {
			at = int64(i)
			break
		}
	}
	for moved := true; moved; {
		moved = false
		for _, e := range m.entries {
			if e.settled && e.start() < at && at < e.end() {
				at, moved = e.start(), true
			}
		}
	}
	return at
}

func (m *ledgerModel) mark() Mark {
	at := m.position()
	if at == 0 {
		return Mark{}
	}
	e := m.owner[at-1]
	return e.pieces[len(e.pieces)-1].After
}

func (m *ledgerModel) unsettled() int64 {
	var n int64
	at := m.position()
	for _, e := range m.entries {
		for i, p := range e.pieces {
			opens := i == 0 && len(e.pieces) > 1 && e.end() > at
			if !e.settled || opens {
				n += p.Range.Len()
			}
		}
	}
	return n
}

// read adds a line to the model: of an entry of its own, or of one that is
// open.
func (m *ledgerModel) read(r *rand.Rand, l *Ledger, open *[]*modelEntry) {
	line := Piece{l, Range{m.readEnd(), m.readEnd() + r.Int64N(5) + 1}, Mark{}}
	var e *modelEntry
	if i := r.IntN(3); i < len(*open) {
		e = (*open)[i]
	} else {
		e = &modelEntry{}
		m.entries = append(m.entries, e)
		*open = append(*open, e)
	}
	if n := len(e.pieces); n > 0 && e.pieces[n-1].Range.End == line.Range.Start {
		e.pieces[n-1].Range.End = line.Range.End
	} else {
		e.pieces = append(e.pieces, line)
	}
	for range line.Range.Len() {
		m.owner = append(m.owner, e)
	}
}

func TestLedgerAgainstAModelOfBytes(t *testing.T) {
	for seed := range uint64(2000) {
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { compareLedger(t, seed) }) {
			return
		}
	}
}

// compareLedger reads lines, joins them to entries, puts these into batches of
// several streams and settles the batches in any order.
func compareLedger(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	l, m := NewLedger(0), &ledgerModel{}
	l.Begin(Mark{})
	var open []*modelEntry // not emitted
	var batches [3][]*modelEntry
	var number int64

	for range 60 {
		switch r.IntN(4) {
		case 0, 1:
			for range r.IntN(4) {
				m.read(r, l, &open)
			}
			l.Read(m.readEnd())
		case 2:
			if len(open) > 0 {
				i := r.IntN(len(open))
				number++
				for k := range open[i].pieces {
					open[i].pieces[k].After = Mark{Time: number}
				}
				to := &batches[r.IntN(len(batches))]
				*to = append(*to, open[i])
				open = append(open[:i], open[i+1:]...)
			}
		case 3:
			batch := &batches[r.IntN(len(batches))]
			var holds []hold
			for _, e := range *batch {
				holds = appendHolds(holds, e.pieces)
				e.settled = true
			}
			settleHolds(holds)
			*batch = nil
		}
		at, mark := l.Position()
		if at != m.position() || l.Unsettled() != m.unsettled() || l.End() != m.readEnd() {
			t.Fatalf("position %d, unsettled %d, end %d; want %d, %d, %d",
				at, l.Unsettled(), l.End(), m.position(), m.unsettled(), m.readEnd())
		}
		if want := m.mark(); mark != want {
			t.Fatalf("mark at %d is %v, want %v", at, mark, want)
		}
	}
}

func TestSettleDoesNotAllocate(t *testing.T) {
	l := NewLedger(0)
	l.Begin(Mark{})
	var at int64
	if n := testing.AllocsPerRun(1000, func() {
		l.Read(at + 10)
		l.Settle(Range{at, at + 5}, Mark{Time: at})
		l.Settle(Range{at + 5, at + 10}, Mark{Time: at})
		at += 10
	}); n != 0 {
		t.Errorf("%v allocations for one line, want 0", n)
	}
}

// BenchmarkSettleInterleaved settles batches of three streams whose lines
// alternate in one file: what a batch leaves open is in many pieces.
func BenchmarkSettleInterleaved(b *testing.B) {
	const lines = 30_000
	for b.Loop() {
		l := NewLedger(0)
		l.Begin(Mark{})
		l.Read(10 * lines)
		for stream := range int64(3) {
			var holds []hold
			for at := 10 * stream; at < 10*lines; at += 30 {
				holds = appendHolds(holds, []Piece{{l, Range{at, at + 10}, Mark{Time: at}}})
			}
			settleHolds(holds)
		}
	}
}

// An entry begins in one generation and ends in the next. While the older one's
// position has not passed the entry's beginning, it would be read again, and so
// its end has to be.
func TestAnEntryOfTwoGenerationsIsSettledInBoth(t *testing.T) {
	old, young := NewLedger(0), NewLedger(0)
	old.Begin(Mark{})
	young.Begin(Mark{})
	old.Read(30)
	young.Read(20)
	Settle([]Piece{{old, Range{20, 30}, Mark{Time: 3}}, {young, Range{0, 10}, Mark{Time: 3}}})
	wantPosition(t, old, 0, Mark{})
	wantPosition(t, young, 0, Mark{})

	old.Settle(Range{10, 20}, Mark{Time: 2})
	wantPosition(t, young, 0, Mark{})
	old.Settle(Range{0, 10}, Mark{Time: 1})
	wantPosition(t, old, 30, Mark{Time: 3})
	wantPosition(t, young, 10, Mark{Time: 3})

	young.Settle(Range{10, 20}, Mark{Time: 4})
	wantPosition(t, young, 20, Mark{Time: 4})
}

func TestNotesAreKeptFromThePositionOn(t *testing.T) {
	l := NewLedger(0)
	l.Read(100)
	if until := l.NoteTime(0, 7); until != 100 {
		t.Errorf("noted up to %d, want 100", until)
	}
	l.Read(150)
	l.NoteTime(120, 7) // the lines from 100 to 120 have times of their own
	l.NoteCut(Cut{At: 140, Step: 2, Read: 150})
	l.NoteCut(Cut{At: 150, Step: 1, Read: 150})
	l.Read(200)
	l.NoteTime(150, 9)
	l.NoteTime(160, 11) // noted already
	want := Notes{
		Times: []ReadTime{{0, 100, 7}, {120, 150, 7}, {150, 200, 9}},
		Cuts:  []Cut{{140, 2, 150}, {150, 1, 150}},
	}
	if got := l.Notes(0); !reflect.DeepEqual(got, want) {
		t.Errorf("notes are %+v, want %+v", got, want)
	}
	want = Notes{Times: want.Times[1:], Cuts: want.Cuts[1:], Latest: 7}
	if got := l.Notes(140); !reflect.DeepEqual(got, want) {
		t.Errorf("from 140 on notes are %+v, want %+v", got, want)
	}
	again := RestoreLedger(Place{Offset: 140, Notes: want})
	for _, test := range []struct{ offset, time, until int64 }{
		{140, 7, 150}, {119, 0, 0}, {150, 9, 200}, {199, 9, 200}, {200, 0, 0},
	} {
		if time, until := again.Restored().TimeAt(test.offset); time != test.time || until != test.until {
			t.Errorf("the line at %d was read at %d (until %d), want %d (%d)", test.offset, time, until, test.time, test.until)
		}
	}
	if !again.Restored().IsCut(150, 1) || again.Restored().IsCut(150, 2) {
		t.Error("cuts are not as noted")
	}
	if got := again.Notes(140); !reflect.DeepEqual(got, want) {
		t.Errorf("restored notes are %+v, want %+v", got, want)
	}
}
