package docker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// stamp is a record's time as the engine writes it.
func stamp(ns int64) string {
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000000Z07:00") + " "
}

// frame is a frame of a stream, 1 for stdout and 2 for stderr.
func frame(stream byte, payload string) string {
	head := []byte{stream, 0, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(head[4:], uint32(len(payload)))
	return string(head) + payload
}

// decodeAll reads all records as words, and the error at the end.
func decodeAll(r io.Reader, tty bool) (got []string, err error) {
	d := newDecoder(r, tty)
	for {
		r, err := d.next()
		switch {
		case errors.Is(err, errRecord):
			got = append(got, "corrupt")
			continue
		case err != nil:
			return got, err
		}
		stream := "out"
		if r.stderr {
			stream = "err"
		}
		got = append(got, fmt.Sprintf("%s %d %s", stream, r.time, r.text))
	}
}

var part = strings.Repeat("x", partLen)

func TestFramesAreRecords(t *testing.T) {
	text := frame(1, stamp(5)+"one\n") + frame(2, stamp(6)+"two\r\n") + frame(1, stamp(7)+part) + frame(1, stamp(7)+"end\n") +
		frame(1, "no time\n") + frame(1, stamp(8)+"\n") + frame(1, stamp(9)) + frame(0, stamp(10)+"last")
	want := []string{"out 5 one\n", "err 6 two\r\n", "out 7 " + part, "out 7 end\n", "corrupt", "out 8 \n", "out 9 ", "out 10 last"}
	for name, r := range map[string]io.Reader{
		"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text)),
	} {
		got, err := decodeAll(r, false)
		if err != io.EOF || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("%s: got %.300q, %v", name, got, err)
		}
	}
}

// Wherever a stream is cut, the records before are whole and the rest is none.
func TestAStreamThatIsCutHasNoHalfRecord(t *testing.T) {
	records := []string{frame(1, stamp(5)+"one\n"), frame(2, stamp(6)+"two\n"), frame(1, stamp(7)+"three\n")}
	text := strings.Join(records, "")
	for cut := range len(text) {
		whole, end := 0, 0
		for _, r := range records {
			if end+len(r) <= cut {
				whole, end = whole+1, end+len(r)
			}
		}
		got, err := decodeAll(strings.NewReader(text[:cut]), false)
		if len(got) != whole || (end == cut) != (err == io.EOF) {
			t.Errorf("cut at %d: %d records, %v, want %d", cut, len(got), err, whole)
		}
	}
}

func TestTheEnginesOwnErrorIsNamed(t *testing.T) {
	for tty, text := range map[bool]string{
		false: frame(1, stamp(5)+"one\n") + frame(3, "Error grabbing logs: invalid character '\\x00'\n"),
		true:  stamp(5) + "one\nError grabbing logs: invalid character '\\x00'\n",
	} {
		got, err := decodeAll(strings.NewReader(text), tty)
		var engine *engineError
		if len(got) != 1 || !errors.As(err, &engine) || !strings.Contains(err.Error(), "invalid character") {
			t.Errorf("terminal %t: got %q, %v", tty, got, err)
		}
	}
}

func TestWhatIsNoFrameIsRefused(t *testing.T) {
	for _, text := range []string{stamp(5) + "a terminal's line\n", "\x04\x00\x00\x00\x00\x00\x00\x01x"} {
		if _, err := decodeAll(strings.NewReader(text), false); !errors.Is(err, errFrames) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestARecordThatIsTooLongIsLeftOut(t *testing.T) {
	long := stamp(5) + strings.Repeat("x", maxText+1) + "\n"
	for tty, text := range map[bool]string{
		false: frame(1, long) + frame(1, stamp(6)+"next\n"), true: long + stamp(6) + "next\n",
	} {
		got, err := decodeAll(strings.NewReader(text), tty)
		if err != io.EOF || fmt.Sprint(got) != "[corrupt out 6 next\n]" {
			t.Errorf("terminal %t: got %.100q, %v", tty, got, err)
		}
	}
}

func TestATerminalsLinesAreRecords(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"lines", stamp(5) + "one\r\n" + stamp(6) + "\n" + stamp(7) + "two words\n", []string{"out 5 one\r\n", "out 6 \n", "out 7 two words\n"}},
		{"parts", stamp(5) + part + stamp(5) + part + stamp(5) + "end\r\n" + stamp(6) + "next\n",
			[]string{"out 5 " + part, "out 5 " + part, "out 5 end\r\n", "out 6 next\n"}},
		{"a line of a part's length", stamp(5) + part + stamp(5) + "\r\n", []string{"out 5 " + part, "out 5 \r\n"}},
		{"the driver local ends parts without a newline", stamp(5) + part + stamp(5) + "end\r" + stamp(6) + "next\r\n",
			[]string{"out 5 " + part, "out 5 end\r", "out 6 next\r\n"}},
		{"and again parts", stamp(5) + part + stamp(5) + "end\r" + stamp(6) + part + stamp(6) + "\r" + stamp(7) + "x\n",
			[]string{"out 5 " + part, "out 5 end\r", "out 6 " + part, "out 6 \r", "out 7 x\n"}},
		{"times within a line", stamp(5) + "\r" + stamp(6) + "x\n", []string{"out 5 \r" + stamp(6) + "x\n"}},
		{"the end of the stream is one of a part", stamp(5) + part, []string{"out 5 " + part}},
		{"no time", "hello\n" + stamp(5) + "one\n", []string{"corrupt", "out 5 one\n"}},
		{"a long line without a time", part + part + "\n" + stamp(5) + "one\n", []string{"corrupt", "out 5 one\n"}},
	} {
		for kind, r := range map[string]io.Reader{
			"at once": strings.NewReader(tt.text), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.text)),
		} {
			got, err := decodeAll(r, true)
			if err != io.EOF || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("%s, %s: got %.300q, %v", tt.name, kind, got, err)
			}
		}
	}
}

// A record is handed out when it is there, not when the next one comes.
func TestATerminalsLineDoesNotWaitForMore(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	d := newDecoder(r, true)
	for _, text := range []string{"one\n", part + stamp(5) + "\r\n"} {
		go io.WriteString(w, stamp(5)+text)
		for range strings.Count(text, stamp(5)) + 1 {
			if _, err := d.next(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// FuzzDecode: nothing panics, records are bounded, and how the input is divided
// changes nothing.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(frame(1, stamp(5)+"one\n")+frame(3, "x")), false)
	f.Add([]byte(stamp(5)+part+stamp(5)+"end\r"+stamp(6)+"next\n"), true)
	f.Add([]byte("\x01\x00\x00\x00\xff\xff\xff\xff"), false)
	f.Fuzz(func(t *testing.T, data []byte, tty bool) {
		got, err := decodeAll(bytes.NewReader(data), tty)
		if err == nil {
			t.Fatal("no end")
		}
		total := 0
		for _, r := range got {
			total += len(r)
		}
		if len(got) > len(data)+1 || total > 64*len(data)+64 {
			t.Fatalf("%d records of %d bytes from %d", len(got), total, len(data))
		}
		again, errAgain := decodeAll(iotest.OneByteReader(bytes.NewReader(data)), tty)
		if fmt.Sprint(again) != fmt.Sprint(got) || errAgain.Error() != err.Error() {
			t.Fatalf("byte by byte: %q, %v; at once: %q, %v", again, errAgain, got, err)
		}
	})
}

// FuzzCursor: what is read is written as it was read.
func FuzzCursor(f *testing.F) {
	for _, text := range []string{"1718000000.000000007+3", "1.999999999", "", "1+1", "-1.000000000", "1.000000000+0", "9223372036.000000000"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCursor(text)
		if err != nil {
			return
		}
		again, err := ParseCursor(c.String())
		if err != nil || again != c || c.Time < 0 {
			t.Fatalf("%q is %+v, again %+v, %v", text, c, again, err)
		}
	})
}

// A reading that goes on behind any record begins behind just that one, whatever
// the order of the times, if it is repeated from the cursor's time on.
func TestAReadingGoesOnBehindEachRecord(t *testing.T) {
	for _, times := range [][]int64{
		{1, 2, 3, 4}, {1, 1, 1, 2}, {5, 5, 5}, {1, 3, 2, 4, 4, 3, 5}, {2, 1}, {3, 1, 2, 3, 3}, {1, 2, 2, 1, 2, 3},
	} {
		at := Cursor{}
		for n, time := range times {
			at = at.next(time)
			saved, err := ParseCursor(at.String())
			if err != nil || saved != at {
				t.Fatalf("%+v is saved as %+v, %v", at, saved, err)
			}
			for _, whole := range []bool{true, false} {
				if got := firstBehind(times, saved, whole); got != n+1 {
					t.Errorf("times %v: behind record %d is %d (whole %t, cursor %s)", times, n, got, whole, at)
				}
			}
		}
	}
}

// firstBehind is the index of the first record that a reading does not repeat.
// Like the engine it leaves out those before the first one that is not older,
// unless it reads the whole log.
func firstBehind(times []int64, at Cursor, whole bool) int {
	i := 0
	for !whole && i < len(times) && times[i] < at.Time {
		i++
	}
	repeats := NewRepeats(at)
	for i < len(times) && repeats.Is(times[i]) {
		i++
	}
	return i
}

func TestTheRecordThatWasReadLastIsMissed(t *testing.T) {
	r := NewRepeats(Cursor{Time: 5, Count: 2})
	if r.Is(3) != true || r.Missing() || r.Is(6) || !r.Missing() {
		t.Error("a record with the cursor's time is not there, and that is not said")
	}
	r = NewRepeats(Cursor{Time: 5, Count: 2})
	if !r.Is(5) || r.Is(6) || r.Missing() {
		t.Error("the record is there")
	}
	r = NewRepeats(AfterSecond(0))
	if r.Is(1e9) || r.Missing() {
		t.Error("behind a second no record has to be there")
	}
}

func TestCursorsKeepThePlaceOfEachPosition(t *testing.T) {
	c := newCursors(10, Cursor{Time: 1, Count: 1})
	for i := range int64(100) {
		c.push(i/2+2, i+1)
	}
	for position := int64(10); position <= 110; position++ {
		c.trim(position)
		got, at := c.first()
		want := Cursor{Time: 1, Count: 1}
		if n := position - 11; n >= 0 {
			want = Cursor{Time: n/2 + 2, Count: n%2 + 1}
		}
		if got != position || at != want || c.bytesBefore() != position-10 {
			t.Fatalf("at %d: position %d, %+v, want %+v", position, got, at, want)
		}
	}
}
