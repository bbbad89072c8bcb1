package mask

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestNumbersAreMasked(t *testing.T) {
	if got, want := string(Append([]byte("x "), []byte("took 15 of 2"))), "x took <num> of <num>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSpansAreWhatPlaceholdersStandFor(t *testing.T) {
	message := "user 5 from 10.0.0.1:80 asked for ids 1, 2, 3 at 10:00:01"
	want := []string{"number 5", "ip 10.0.0.1:80", "number 1, 2, 3", "clock 10:00:01"}
	var got []string
	for _, s := range Spans([]byte(message)) {
		got = append(got, s.Kind.String()+" "+message[s.Start:s.End])
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLongMessagesAreCutInLinearTime(t *testing.T) {
	// What is repeated has been chosen so that little is written, or that much
	// is looked at for each part.
	for _, part := range []string{
		"a", "1 ", "a 1 ", "ש", "1,", "1, ", `"a" `, "x'", `"`, "'a ", `{"a":`, `{"a":"'b" `, "http://", "a.", "1.", "1:", "1-", "@a", "a@b", "1@",
		"a:b::", "[{\"a\": '", "/tmp/", "\x1b[", "\\", "\\\\a", "<", "1s", "1 s ", "1 B (", "1 B, ", "Nov 2, ", "2026-11-22,", "1.1.1.1,", "/a?a",
		"?a", "1aaaaaaaa1aaaaaaa1z_", "a1b2c3-", "aaaaaaa1_", "11a11_", "9" + "a", "::1,", "\xff", "\x00", "   ",
	} {
		start := cpuTime(t)
		got := Append(nil, []byte(strings.Repeat(part, 1<<20/len(part))))
		if took := cpuTime(t) - start; took > time.Second {
			t.Errorf("%q repeated: %v", part, took)
		}
		if len(got) > MaxLength {
			t.Errorf("%q repeated: %d bytes", part, len(got))
		}
		if part != "\xff" && !utf8.Valid(got) {
			t.Errorf("%q repeated: cut inside a character", part)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	message := []byte(`1.2.3.4 - - [22/Nov/2026:21:54:57 +0000] "GET /api/users/12?x=1 HTTP/1.1" 200 {"msg": "a b", "l": [1, 2]} www.example.org:80 a@b.com Nov 2 10:11:12 15 ms 12 bytes (1 KB) java.io.IOException "a b" attempt_123_m_01`)
	dst := make([]byte, 0, MaxLength)
	if n := testing.AllocsPerRun(100, func() { dst = Append(dst[:0], message) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAppend(f *testing.F) {
	for _, seed := range []string{"user 5 from 10.0.0.1:80", `{"a": 1, "b": 'x'}`, "Nov 2 10:11:12 x@y.zz", "a\x00\xff", "שלום 1", `msg="GET /a?b=c"`, `\\a\b C:\x`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		got := Append([]byte("kept"), message)
		if string(got[:4]) != "kept" || len(got)-4 > MaxLength {
			t.Fatalf("%q: %d bytes behind %q", message, len(got)-4, got[:4])
		}
		if again := Append(nil, message); string(again) != string(got[4:]) {
			t.Fatalf("%q: %q and then %q", message, got[4:], again)
		}
		last := 0
		for _, s := range Spans(message) {
			if s.Start < last || s.End <= s.Start || s.End > len(message) {
				t.Fatalf("%q: span %v behind %d", message, s, last)
			}
			last = s.End
		}
		if utf8.Valid(message) && !utf8.Valid(got) {
			t.Fatalf("%q: %q is not UTF-8 any more", message, got)
		}
	})
}
