package file

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// newCharsetTail is a tail of files in an encoding. What is not in it is in the
// second result.
func newCharsetTail(t *testing.T, name string) (*tail, *int) {
	t.Helper()
	tl, invalid := newTail(t), new(int)
	c, err := FindCharset(name)
	if err != nil {
		t.Fatal(err)
	}
	tl.opts.Charset = c
	tl.opts.Invalid = func(_ string, lines int) { *invalid += lines }
	return tl, invalid
}

// encode is text in an encoding.
func encode(t testing.TB, name, text string) string {
	t.Helper()
	e, err := ianaindex.IANA.Encoding(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

func TestLinesAreConverted(t *testing.T) {
	for _, tt := range []struct{ name, first, second string }{
		{"UTF-8", "añb 漢😀", "two"},
		{"UTF-16LE", "añb Ċ ਊ 漢😀", "two ഀ\u0a0d"}, // with bytes that look like newlines
		{"UTF-16BE", "añb Ċ ਊ 漢😀", "two ഀ\u0a0d"},
		{"UTF-16", "añb Ċ ਊ 漢😀", "two"},
		{"windows-1252", "añb €", "two"},
		{"koi8-r", "привет", "two"},
		{"Shift_JIS", "日本語ソ", "two"},
		{"ISO-2022-JP", "日本語", "two"},
		{"GB18030", "汉字😀", "two"},
		{"Big5", "漢字", "two"},
		{"IBM037", "a%b", "two"}, // its newline is ASCII's %
	} {
		t.Run(tt.name, func(t *testing.T) {
			tl, invalid := newCharsetTail(t, tt.name)
			text := encode(t, tt.name, tt.first+"\n"+tt.second+"\n")
			for i := range len(text) { // a byte at a time
				tl.write("", text[i:i+1])
				if i == 0 {
					tl.open()
				}
				tl.read()
			}
			var end int64
			for _, l := range tl.lines {
				if l.Range.Start != end {
					t.Errorf("a line is at %v, want it to begin at %d", l.Range, end)
				}
				end = l.Range.End
			}
			if end != int64(len(text)) || *invalid != 0 {
				t.Errorf("lines end at %d of %d, %d are invalid", end, len(text), *invalid)
			}
			tl.had(tt.first + " " + tt.second)

			tl.restart(func() { tl.write("", withoutMark(encode(t, tt.name, "three\n"))) })
			tl.want(tt.first + " " + tt.second + " three")
		})
	}
}

// withoutMark is text without the byte order mark that the encoder of UTF-16 puts
// before it.
func withoutMark(text string) string { return strings.TrimPrefix(text, "\xfe\xff") }

func TestByteOrderMarkIsLeftOut(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"UTF-8", "\xef\xbb\xbfone\ntwo\n"},
		{"UTF-16", "\xff\xfeo\x00n\x00e\x00\n\x00t\x00w\x00o\x00\n\x00"},
		{"UTF-16", "\xfe\xff\x00o\x00n\x00e\x00\n\x00t\x00w\x00o\x00\n"},
		{"UTF-16", "\x00o\x00n\x00e\x00\n\x00t\x00w\x00o\x00\n"}, // without one it is big endian
		{"UTF-16LE", "\xff\xfeo\x00n\x00e\x00\n\x00t\x00w\x00o\x00\n\x00"},
		{"UTF-16BE", "\xfe\xff\x00o\x00n\x00e\x00\n\x00t\x00w\x00o\x00\n"},
	} {
		tl, invalid := newCharsetTail(t, tt.name)
		tl.write("", tt.text)
		tl.open()
		tl.want("one two")
		if *invalid != 0 {
			t.Errorf("%s: %d lines are invalid", tt.name, *invalid)
		}
	}
}

func TestInvalidTextIsReplacedAndCounted(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"UTF-8", "a\xffb\n\ufffd is there\n\xe6\xbc\nlast\n", "a\ufffdb \ufffd is there \ufffd last"},
		{"UTF-16LE", "a\x00\x00\xd8b\x00\n\x00\xfd\xff\n\x00\x00\xdc\n\x00z\x00\n\x00", "a\ufffdb \ufffd \ufffd z"},
		{"Shift_JIS", "a\x81\xffb\nx\n\x81\nlast\n", "a\ufffdb x \ufffd last"},
	} {
		tl, invalid := newCharsetTail(t, tt.name)
		tl.write("", tt.text)
		tl.open()
		tl.read()
		var got []string
		for _, l := range tl.lines {
			if !utf8.Valid(l.Text) {
				t.Errorf("%s: the line %q is no UTF-8", tt.name, l.Text)
			}
			got = append(got, string(l.Text))
		}
		text := strings.ReplaceAll(strings.Join(got, " "), "\ufffd\ufffd", "\ufffd")
		if text != tt.want || *invalid != 2 {
			t.Errorf("%s: %q with %d invalid lines, want %q with 2", tt.name, text, *invalid, tt.want)
		}
	}
}

func TestUnknownEncodings(t *testing.T) {
	for _, name := range []string{"klingon", "", "UTF-32", "UTF-7"} {
		if c, err := FindCharset(name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v, %v", name, c, err)
		}
	}
}

// NUL bytes are left out in whole units: the first one of UTF-16BE is half of a
// letter.
func TestNULsBeforeALineOfUTF16(t *testing.T) {
	for _, name := range []string{"UTF-16LE", "UTF-16BE"} {
		tl, invalid := newCharsetTail(t, name)
		tl.write("", strings.Repeat("\x00", 10)+encode(t, name, "one\n"))
		tl.open()
		tl.want("one")
		if *invalid != 0 {
			t.Errorf("%s: %d lines are invalid", name, *invalid)
		}
	}
}

func TestUTF16FilesThroughRotations(t *testing.T) {
	tl, _ := newCharsetTail(t, "UTF-16LE")
	text := func(s string) string { return encode(t, "UTF-16LE", s) }
	tl.write("", text("one\ntwo"))
	tl.open()
	tl.want("one")
	tl.write("", text("!\nhalf"))
	tl.rename("", ".1")
	tl.write("", "\xff\xfe"+text("three\n"))
	tl.want("two! three")
	tl.end()
	tl.had("half")
	tl.restart(func() {
		tl.write("", text("four\n"))
		tl.copyTo(".0")
		tl.truncate()
		tl.write("", "\xff\xfe"+text("five\n"))
	})
	tl.want("one two! three four five")
	tl.end()
	tl.had("half")
	tl.wantLost()
}

// Cut lines come out the same whatever was there when they were read.
func TestCutsOfEncodedLines(t *testing.T) {
	long := strings.Repeat("a漢é語", 50)
	for _, name := range []string{"UTF-16LE", "UTF-16", "Shift_JIS", "GB18030", "UTF-8"} {
		line := long
		if name == "Shift_JIS" {
			line = strings.ReplaceAll(line, "é", "ｱ")
		}
		if strings.HasPrefix(name, "UTF") {
			line += "😀😀😀"
		}
		text := withoutMark(encode(t, name, line+"\nend\n"))
		var want []pipeline.Range
		for _, step := range []int{len(text), 37, 1} {
			tl, invalid := newCharsetTail(t, name)
			tl.opts.MaxLine = 97
			tl.write("", "")
			tl.open()
			for at := 0; at < len(text); at += step {
				tl.write("", text[at:min(at+step, len(text))])
				tl.read()
			}
			var got []pipeline.Range
			var joined strings.Builder
			for _, l := range tl.lines {
				got = append(got, l.Range)
				joined.Write(l.Text)
			}
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) || joined.String() != line+"end" || *invalid != 0 {
				t.Errorf("%s by %d: pieces %v, want %v; %d invalid; %q", name, step, got, want, *invalid, joined.String())
			}
		}
	}
}

// What comes of a file does not depend on the blocks in which it is read, and is
// always UTF-8.
func FuzzCharset(f *testing.F) {
	names := []string{"UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "windows-1252", "Shift_JIS", "GB18030", "ISO-2022-JP", "HZ-GB-2312", "IBM037", "EUC-KR"}
	for i := range names {
		f.Add([]byte("one\ntwo\x00\n\x00\xff\xfe\x0a\x0a\n\x1b$B\n~{"), uint8(i), uint8(7))
	}
	f.Fuzz(func(t *testing.T, text []byte, which, maxLine uint8) {
		c, err := FindCharset(names[int(which)%len(names)])
		if err != nil {
			t.Fatal(err)
		}
		text = text[:min(len(text), 4096)]
		limit := 8 + int(maxLine)
		whole := splitAll(c, text, limit, len(text))
		for _, step := range []int{limit + 2, 1} {
			if got := splitAll(c, text, limit, step); !slices.Equal(got, whole) {
				t.Fatalf("%s in steps of %d:\n%q\nat once:\n%q", names[int(which)%len(names)], step, got, whole)
			}
		}
		for _, l := range whole {
			if !utf8.ValidString(l) {
				t.Fatalf("%q is no UTF-8", l)
			}
		}
	})
}

// splitAll cuts text that comes in steps, and converts it.
func splitAll(c *Charset, text []byte, maxLine, step int) (lines []string) {
	d, at := c.newDecoder(), 0
	form := c.form(text)
	var b pipeline.Block
	for end := min(step, len(text)); ; end = min(end+step, len(text)) {
		for {
			n, size := cutLine(text[at:end], form, maxLine, false)
			if size == 0 {
				break
			}
			b.Reset()
			b.Lines = append(b.Lines, pipeline.Line{Text: text[at : at+n], Range: pipeline.Range{Start: int64(at)}})
			d.convert(&b, form)
			lines = append(lines, fmt.Sprint(at, " ", string(b.Lines[0].Text)))
			at += size
		}
		if end >= len(text) {
			return lines
		}
	}
}

func TestConversionDoesNotAllocate(t *testing.T) {
	for _, name := range []string{"UTF-8", "UTF-16LE", "windows-1252", "Shift_JIS"} {
		c, err := FindCharset(name)
		if err != nil {
			t.Fatal(err)
		}
		d, form := c.newDecoder(), c.form(nil)
		line := []byte(encode(t, name, "2026-01-02 a line of text"))
		var b pipeline.Block
		convert := func() {
			b.Reset()
			for range 10 {
				b.Lines = append(b.Lines, pipeline.Line{Text: line})
			}
			d.convert(&b, form)
		}
		convert()
		if n := testing.AllocsPerRun(100, convert); n != 0 {
			t.Errorf("%s: %v allocations for ten lines", name, n)
		}
	}
}

// Random text through random blocks and restarts comes out whole, in every encoding.
func TestEncodedTextSurvivesKills(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"UTF-16LE", "UTF-16", "Shift_JIS"} {
		tl, _ := newCharsetTail(t, name)
		tl.opts.MaxLine = 200
		e, _ := ianaindex.IANA.Encoding(name)
		tl.write("", "")
		tl.open()
		var want []string
		got := map[int64]string{} // by offset: a second reading gives the same
		take := func() {
			for _, l := range tl.lines {
				if old, again := got[l.Range.Start]; again && old != string(l.Text) {
					t.Fatalf("%s: the line at %d is %q, and was %q", name, l.Range.Start, l.Text, old)
				}
				got[l.Range.Start] = string(l.Text)
			}
		}
		var pending []byte
		for i := range 300 {
			line := fmt.Sprintf("%d %s", i, strings.Repeat("日ソ", r.IntN(30)))
			want = append(want, line)
			pending = append(pending, encodeNext(e, line+"\n", i == 0)...)
			n := r.IntN(len(pending) + 1)
			tl.write("", string(pending[:n]))
			pending = pending[n:]
			tl.read()
			take()
			if r.IntN(5) == 0 {
				settle(tl.lines[:r.IntN(len(tl.lines)+1)])
				tl.lines = nil
				tl.restart(func() {})
			}
		}
		tl.write("", string(pending))
		tl.read()
		take()
		var offsets []int64
		for at := range got {
			offsets = append(offsets, at)
		}
		slices.Sort(offsets)
		var lines []string
		for _, at := range offsets {
			lines = append(lines, got[at])
		}
		if !slices.Equal(lines, want) {
			t.Errorf("%s: %d lines, want %d", name, len(lines), len(want))
		}
	}
}

func encodeNext(e encoding.Encoding, text string, first bool) string {
	out, _ := e.NewEncoder().String(text)
	if !first {
		out = withoutMark(out)
	}
	return out
}

// A line of just the greatest length is not cut, however large the block is in
// which it is read.
func TestALineOfTheGreatestLengthInUTF16(t *testing.T) {
	for _, maxLine := range []int{98, 2 * blockLen} {
		for _, before := range []string{"", "x"} {
			tl, _ := newCharsetTail(t, "UTF-16LE")
			tl.opts.MaxLine = maxLine
			line := strings.Repeat("a", maxLine/2)
			text := encode(t, "UTF-16LE", before+"\n"+line+"\nend\n")
			tl.write("", text[:len(text)-9]) // with half of the newline
			tl.open()
			tl.read()
			tl.write("", text[len(text)-9:])
			tl.want(before + " " + line + " end")
		}
	}
}
