package spool

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestTornLastRecordIsCutOff(t *testing.T) {
	dir := t.TempDir()
	opts := Options{Dir: dir}
	want := append(items(0, 3, 50), item(3, 70))
	s := mustOpen(t, opts)
	ids := mustAppend(t, s, want...)
	mustClose(t, s)
	path := filepath.Join(dir, segmentName(1))
	whole := mustRead(t, path)
	last := int(ids[3].offset())
	for n := last; n < len(whole); n++ {
		for name, content := range map[string][]byte{
			"cut":   whole[:n],
			"zeros": append(slices.Clone(whole[:n]), make([]byte, len(whole)-n)...),
		} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			isTorn := len(content) > last && !bytes.Equal(content, whole)
			for range 2 { // the second time it is gone
				s := mustOpenOn(t, opts, unsynced{})
				if bytes.Equal(content, whole) { // its last bytes are zeros
					wantPending(t, s, want)
				} else {
					wantPending(t, s, want[:3])
				}
				st := s.Stats()
				if st.DamagedRecords > 0 || st.DamagedBytes > 0 || st.TornRecords > 1 || (st.TornRecords == 1) != isTorn ||
					isTorn && st.TornBytes != int64(len(content)-last) {
					t.Errorf("%s at %d: %+v", name, n, st)
				}
				mustClose(t, s)
				isTorn = false
			}
			if t.Failed() {
				t.Fatalf("%s at %d", name, n)
			}
		}
	}
}

// copySegments replaces these segments.
func copySegments(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		os.Remove(filepath.Join(dir, name)) // writing over it would make ext4 sync
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// twoSegments returns the files of a spool, all that was written to it, and how
// much of that is done.
func twoSegments(t testing.TB) (files map[string][]byte, written map[ID]Item, done int) {
	t.Helper()
	dir := t.TempDir()
	files, written = map[string][]byte{}, map[ID]Item{}
	for n := range 2 {
		s := mustOpen(t, Options{Dir: dir})
		group := append(items(10*n, 3, 40), item(10*n+3, 0), item(10*n+4, 20))
		// A payload that holds a record: of a place that is not its own, it is none.
		group[1].Payload = appendRecord(nil, newID(uint32(n+1), 7), 7, item(99, 5))
		ids := mustAppend(t, s, group...)
		for i, id := range ids {
			written[id] = group[i]
		}
		s.Done(ids[2])
		mustClose(t, s)
	}
	for _, path := range segmentPaths(dir) {
		files[filepath.Base(path)] = mustRead(t, path)
	}
	return files, written, 2
}

// wantNoneInvented reads all that is pending, and returns how many records are
// what was written.
func wantNoneInvented(t testing.TB, s *Spool, written map[ID]Item) (intact int) {
	t.Helper()
	for _, r := range s.Pending() {
		got, err := s.Read(r.ID, nil)
		if errors.Is(err, ErrDamaged) {
			continue
		}
		want, ok := written[r.ID]
		if err != nil || !ok || !bytes.Equal(got, want.Payload) || r.Key != want.Key || r.Kind != want.Kind {
			t.Errorf("record %x: got %+v %q, %v, want %+v", r.ID, r, got, err, want)
			continue
		}
		intact++
	}
	return intact
}

func TestOneChangedByteCostsItsRecordAlone(t *testing.T) {
	t.Parallel()
	files, written, done := twoSegments(t)
	dir := t.TempDir()
	for name, content := range files {
		for at := range content {
			for _, flip := range []byte{0x01, 0x80, 0xff} {
				changed := maps.Clone(files)
				changed[name] = slices.Clone(content)
				changed[name][at] ^= flip
				copySegments(t, dir, changed)
				s := mustOpenOn(t, Options{Dir: dir}, unsynced{})
				lost := len(written) - done - wantNoneInvented(t, s, written)
				st := s.Stats()
				marked := flip == statePending^stateDone && isState(name, at, written)
				if lost > 1 || lost > st.DamagedRecords+st.TornRecords && !marked {
					t.Errorf("%d records are lost, %+v", lost, st)
				}
				mustClose(t, s)
				if t.Failed() {
					t.Fatalf("byte %d of %s xor %#x", at, name, flip)
				}
			}
		}
	}
}

// isState reports whether the byte is the state of a record.
func isState(name string, at int, written map[ID]Item) bool {
	for id := range written {
		if segmentName(id.segment()) == name && int(id.offset())+stateAt == at {
			return true
		}
	}
	return false
}

// A header that is lost takes its record's length with it: the next one is found.
func TestRecordsBehindADamagedHeaderAreFound(t *testing.T) {
	for _, newest := range []bool{false, true} {
		dir := t.TempDir()
		opts := Options{Dir: dir}
		s := mustOpen(t, opts)
		want := items(0, 5, 3*chunk)
		var ids []ID
		for _, it := range want {
			ids = append(ids, mustAppend(t, s, it)...)
		}
		mustClose(t, s)
		if !newest {
			s := mustOpen(t, opts)
			want = append(want, item(5, 1))
			mustAppend(t, s, want[5])
			mustClose(t, s)
		}
		path := filepath.Join(dir, segmentName(1))
		content := mustRead(t, path)
		clear(content[ids[1].offset():][:headerSize])
		content[ids[3].offset()+100]++
		copySegments(t, dir, map[string][]byte{segmentName(1): content})

		s = mustOpen(t, opts)
		if !newest { // payloads are verified when they are read
			for range 2 {
				if _, err := s.Read(ids[3], nil); !errors.Is(err, ErrDamaged) {
					t.Errorf("read of a damaged payload: %v", err)
				}
			}
			s.Done(ids[3])
		}
		size := int64(len(content)) / 5
		if st := s.Stats(); st.DamagedRecords != 2 || st.DamagedBytes != 2*size || st.TornRecords > 0 || st.Damage[0].Path != path {
			t.Errorf("newest %v: %+v", newest, st)
		}
		wantPending(t, s, slices.Delete(slices.Delete(want, 3, 4), 1, 2))
	}
}

func TestHeadersAreFoundWhereverReadsEnd(t *testing.T) {
	dir := t.TempDir()
	want := item(1, 10)
	for _, from := range []int{readAhead, readAhead + chunk} {
		for n := from - 3*headerSize; n < from+3*headerSize; n++ {
			content := appendRecord(make([]byte, n), newID(1, int64(n)), uint32(n), want)
			copySegments(t, dir, map[string][]byte{segmentName(1): content})
			s := mustOpenOn(t, Options{Dir: dir}, unsynced{})
			wantPending(t, s, []Item{want})
			mustClose(t, s)
			if t.Failed() {
				t.Fatalf("header at %d", n)
			}
		}
	}
}

// A loss of power may keep the end of a group and not its beginning.
func TestTornGroupIsNoDamageAndIsHealed(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir})
	mustAppend(t, s, item(0, 100))
	ids := mustAppend(t, s, items(1, 4, 100)...)
	mustClose(t, s)
	content := mustRead(t, s.path(1))
	clear(content[ids[0].offset():][:10])
	content[ids[2].offset()+50]++
	copySegments(t, dir, map[string][]byte{segmentName(1): content})
	left := []Item{item(0, 100), item(2, 100), item(4, 100)}
	for n := range 3 {
		s = mustOpen(t, Options{Dir: dir})
		wantPending(t, s, left)
		st := s.Stats()
		if n == 0 && st.TornRecords == 2 && st.TornBytes == groupBytes(items(1, 2, 100)) && st.DamagedRecords == 0 {
			st = Stats{}
		}
		if st.TornRecords+st.DamagedRecords > 0 {
			t.Errorf("open %d: %+v", n, st)
		}
		left = append(left, item(5+n, 10))
		mustAppend(t, s, left[len(left)-1])
		mustClose(t, s)
	}
}

func TestMissingAndShortFilesAreDamage(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir, SegmentBytes: 100})
	ids := mustAppend(t, s, items(0, 2, 100)...)
	ids = append(ids, mustAppend(t, s, item(2, 100))...)
	if err := errors.Join(os.Truncate(s.path(1), 250), os.Remove(s.path(2))); err != nil {
		t.Fatal(err)
	}
	wantPayload(t, s, ids[0], item(0, 100).Payload)
	for _, id := range ids[1:] {
		if _, err := s.Read(id, nil); !errors.Is(err, ErrDamaged) {
			t.Errorf("got %v", err)
		}
	}
	mustAppend(t, s, item(3, 100))
	mustClose(t, s)
	s = mustOpen(t, Options{Dir: dir})
	wantPending(t, s, []Item{item(0, 100), item(3, 100)})
	if st := s.Stats(); st.DamagedRecords != 1 || st.DamagedBytes != 250-(headerSize+108) {
		t.Errorf("stats %+v", st)
	}
}

// A segment that the disk does not give is not removed as if all of it were done.
func TestUnreadSegmentsAreKept(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir, SegmentBytes: 100})
	mustAppend(t, s, item(0, 100))
	mustAppend(t, s, item(1, 100))
	mustClose(t, s)
	d := newFaultyDisk(t, dir)
	d.fail = func(op string) error {
		if op == "read" {
			return errors.New("input/output error")
		}
		return nil
	}
	s = mustOpenOn(t, Options{Dir: dir}, d)
	if st := s.Stats(); st.DamagedRecords != 2 || st.DamagedBytes != groupBytes(items(0, 2, 100)) || st.Records != 0 {
		t.Errorf("stats %+v", st)
	}
	d.fail = nil
	mustAppend(t, s, item(2, 100))
	mustClose(t, s)
	wantPending(t, mustOpen(t, Options{Dir: dir}), items(0, 3, 100))
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"0000000000000000.seg", "1.seg", "0000000100000000.seg", "000000000000000A.seg", "0000000000000001.seg.bak", "x", "é"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := mustOpen(t, Options{Dir: dir})
	s.Done(mustAppend(t, s, item(0, 1))[0])
	mustClose(t, s)
	wantUndamaged(t, mustOpen(t, Options{Dir: dir}))
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 9 {
		t.Errorf("files %v, %v", entries, err)
	}
}

// FuzzOpen reads whatever lies in the folder.
func FuzzOpen(f *testing.F) {
	files, _, _ := twoSegments(f)
	one, two := files[segmentName(1)], files[segmentName(2)]
	f.Add(one, two)
	f.Add(two, one)
	f.Add(one[:len(one)-3], two[5:])
	f.Add([]byte(magic+magic), bytes.Repeat([]byte(magic), 100))
	huge := appendRecord(nil, newID(1, 0), 0, item(1, 10))
	copy(huge[4:], "\xff\xff\xff\xff")
	f.Add(reseal(huge), []byte{})
	f.Fuzz(func(t *testing.T, one, two []byte) {
		dir := t.TempDir()
		copySegments(t, dir, map[string][]byte{segmentName(1): one, segmentName(2): two})
		s := mustOpenOn(t, Options{Dir: dir}, unsynced{})
		on := map[uint32][]byte{1: one, 2: two}
		records := s.Pending()
		if len(records) > (len(one)+len(two))/headerSize {
			t.Errorf("%d records in %d bytes", len(records), len(one)+len(two))
		}
		for _, r := range records {
			b := on[r.ID.segment()][r.ID.offset():]
			h, ok := parseHeader(b, r.ID)
			if !ok || h.whole() > int64(len(b)) || r.Size != int(h.size) {
				t.Fatalf("no record: %+v", r)
			}
			payload := b[headerSize+int(h.keySize):][:h.size]
			got, err := s.Read(r.ID, nil)
			if intact := sum(payload) == h.payloadSum; intact != (err == nil) || intact && !bytes.Equal(got, payload) {
				t.Errorf("%+v: intact %v, got %v", r, intact, err)
			}
			if sum([]byte(r.Key)) != h.keySum {
				t.Errorf("%+v: key is damaged", r)
			}
			s.Done(r.ID)
		}
		mustAppend(t, s, item(7, 7))
		mustClose(t, s)
		s = mustOpenOn(t, Options{Dir: dir}, unsynced{})
		wantPending(t, s, []Item{item(7, 7)})
		wantUndamaged(t, s)
	})
}

// reseal makes the checksum of a changed header right.
func reseal(b []byte) []byte {
	s := sum(b[:sumAt])
	b[sumAt], b[sumAt+1], b[sumAt+2], b[sumAt+3] = byte(s), byte(s>>8), byte(s>>16), byte(s>>24)
	return b
}

// FuzzDamage overwrites, cuts and moves parts of intact files.
func FuzzDamage(f *testing.F) {
	files, written, _ := twoSegments(f)
	for range 20 {
		b := make([]byte, 12)
		for i := range b {
			b[i] = byte(rand.IntN(256))
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, edits []byte) {
		changed := maps.Clone(files)
		for ; len(edits) >= 4; edits = edits[4:] {
			name := segmentName(uint32(edits[0]%2) + 1)
			changed[name] = edit(slices.Clone(changed[name]), edits[0]/2, int(edits[1])|int(edits[2])<<8, edits[3])
		}
		dir := t.TempDir()
		copySegments(t, dir, changed)
		s := mustOpenOn(t, Options{Dir: dir}, unsynced{})
		wantNoneInvented(t, s, written)
	})
}

func edit(b []byte, kind byte, at int, value byte) []byte {
	if len(b) == 0 {
		return b
	}
	at %= len(b)
	end := min(len(b), at+int(value))
	switch kind % 5 {
	case 0:
		b[at] ^= value
	case 1:
		return b[:at]
	case 2:
		return slices.Delete(b, at, end)
	case 3:
		return slices.Insert(b, at, b[:min(len(b), int(value))]...)
	case 4:
		clear(b[at:end])
	}
	return b
}

func BenchmarkOpenAfterDamageEverywhere(b *testing.B) {
	var content []byte
	for len(content) < 4<<20 {
		content = appendRecord(content, newID(1, int64(len(content))), 0, item(1, 0))
		content = append(content, fmt.Sprintf("%-8s", magic)...)
	}
	dir := b.TempDir()
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		copySegments(b, dir, map[string][]byte{segmentName(1): content})
		s := mustOpenOn(b, Options{Dir: dir}, unsynced{})
		if s.Stats().Records < 50_000 {
			b.Fatalf("%+v", s.Stats())
		}
		mustClose(b, s)
	}
}
