package file

import (
	"strings"
	"testing"
	"time"
)

func (tl *tail) wantBehind(want time.Duration) {
	tl.t.Helper()
	if got := tl.src.Behind(tl.now); got != want {
		tl.t.Errorf("behind by %v, want %v", got, want)
	}
}

// The age of the first byte that waits is at most the time since everything was
// read.
func TestBehindIsTheTimeSinceEverythingWasRead(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	tl.open()
	tl.want("one")
	tl.pass(time.Minute)
	tl.wantBehind(0) // nothing came
	tl.write("", "two\n")
	tl.src.Follow(tl.now) // memory is full: it is looked at, and not read
	tl.wantBehind(time.Minute)
	if _, lag := tl.src.Stats(); lag != 4 {
		t.Errorf("%d bytes behind, want 4", lag)
	}
	tl.pass(time.Minute)
	tl.src.Follow(tl.now)
	tl.wantBehind(2 * time.Minute)
	tl.want("two")
	tl.wantBehind(0)
}

func TestALineWithoutEndIsNotBehind(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\nhalf")
	tl.open()
	tl.want("one")
	tl.pass(time.Hour)
	tl.want("")
	tl.wantBehind(0)
}

func TestBehindCountsFromTheSavedPlace(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\n")
	at := tl.now.Add(-3 * time.Hour).Truncate(time.Second)
	tl.timed("", at)
	tl.open()
	tl.settled()
	tl.restart(func() { tl.write("", "two\n") })
	if got := tl.src.Behind(tl.now); got < 3*time.Hour || got > 3*time.Hour+time.Minute {
		t.Errorf("behind by %v, want three hours", got)
	}
	tl.want("two")
	tl.wantBehind(0)
}

func TestStartAtEnd(t *testing.T) {
	for _, tt := range []struct{ name, charset, old, half string }{
		{"whole lines", "", "old\nolder\n", ""},
		{"a line that is being written", "", "old\nhalf ", "half "},
		{"nothing but a line that is being written", "", "half ", "half "},
		{"a line that is too long to look for", "", "old\n" + strings.Repeat("x", 2*blockLen), ""},
		{"UTF-16", "UTF-16LE", "o\x00l\x00\n\x00h\x00", "h"},
		{"an empty file", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tl := newTail(t)
			end := "new\n"
			if tt.charset != "" {
				c, err := FindCharset(tt.charset)
				if err != nil {
					t.Fatal(err)
				}
				tl.opts.Charset, end = c, "n\x00e\x00w\x00\n\x00"
			}
			tl.opts.StartAtEnd = true
			tl.write(".1", "rotated before\n")
			tl.write("", tt.old)
			tl.open()
			tl.want("")
			tl.write("", end)
			tl.want(tt.half + "new")
			if tt.charset == "" { // what comes later is read from its beginning
				tl.rename(".1", ".2")
				tl.rename("", ".1")
				tl.write("", "first\n")
				tl.want("first")
				tl.restart(func() { tl.write("", "second\n") })
				tl.read()
				if got := string(tl.lines[len(tl.lines)-1].Text); got != "second" {
					t.Errorf("got %q behind a restart", got)
				}
			}
		})
	}
}

func TestLinesAreCounted(t *testing.T) {
	tl := newTail(t)
	tl.write("", "one\ntwo\nhalf")
	tl.open()
	tl.read()
	if got := tl.src.Lines(); got != 2 {
		t.Errorf("%d lines, want 2", got)
	}
}
