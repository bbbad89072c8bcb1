package file

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// tail is a source over real files, with a clock of its own.
type tail struct {
	t     *testing.T
	files files
	name  string
	opts  Options
	now   time.Time
	src   *Source
	block pipeline.Block
	lines []pipeline.Line // with texts of their own
	lost  []string
}

// newTail returns a tail of app.log in a new folder. Nothing is open yet.
func newTail(t *testing.T) *tail {
	tl := newTailOf(t, realFiles{}, t.TempDir())
	t.Cleanup(tl.close)
	return tl
}

func newTailOf(t *testing.T, files files, dir string) *tail {
	tl := &tail{t: t, files: files, name: filepath.Join(dir, "app.log"), now: time.Now()}
	tl.opts.disk = files
	tl.opts.Lost = func(path string, bytes int64, why string) {
		tl.lost = append(tl.lost, fmt.Sprintf("%d bytes of %s: %s", bytes, filepath.Base(path), why))
	}
	return tl
}

func (tl *tail) open(places ...pipeline.Place) {
	tl.t.Helper()
	src, err := Open(tl.name, places, tl.opts, tl.now)
	if err != nil {
		tl.t.Fatal(err)
	}
	tl.src = src
}

func (tl *tail) close() {
	if tl.src != nil {
		tl.src.Close()
	}
}

// restart saves the places and begins anew with them, after down was done.
func (tl *tail) restart(down func()) {
	tl.t.Helper()
	places := tl.src.Places()
	tl.close()
	down()
	tl.open(places...)
}

// path is a file beside the name, with suffix behind it.
func (tl *tail) path(suffix string) string { return tl.name + suffix }

// must ends the test if a writer's work fails.
func (tl *tail) must(err error) {
	tl.t.Helper()
	if err != nil {
		tl.t.Fatal(err)
	}
}

// write appends text to the file with the suffix.
func (tl *tail) write(suffix, text string) {
	tl.t.Helper()
	tl.must(tl.files.Append(tl.path(suffix), text))
}

func (tl *tail) rename(from, to string) {
	tl.t.Helper()
	tl.must(tl.files.Rename(tl.path(from), tl.path(to)))
}

func (tl *tail) remove(suffix string) {
	tl.t.Helper()
	tl.must(tl.files.Remove(tl.path(suffix)))
}

// content is what is in the file with the suffix.
func (tl *tail) content(suffix string) []byte {
	tl.t.Helper()
	text, err := tl.files.ReadFile(tl.path(suffix))
	tl.must(err)
	return text
}

// copyTo copies the name to its sibling with the suffix.
func (tl *tail) copyTo(suffix string) {
	tl.t.Helper()
	tl.must(tl.files.WriteFile(tl.path(suffix), tl.content("")))
}

func (tl *tail) truncate() {
	tl.t.Helper()
	tl.must(tl.files.Truncate(tl.name))
}

// pass lets time pass.
func (tl *tail) pass(d time.Duration) { tl.now = tl.now.Add(d) }

// read reads until there is nothing more, in turns as the loop does it.
func (tl *tail) read() error {
	tl.t.Helper()
	for range 10_000 {
		tl.block.Reset()
		err := tl.src.Read(&tl.block, tl.now)
		for _, l := range tl.block.Lines {
			l.Text = slices.Clone(l.Text)
			tl.lines = append(tl.lines, l)
		}
		if err != nil || tl.src.Wake().After(tl.now) {
			return err
		}
	}
	tl.t.Fatal("reading does not come to an end")
	return nil
}

// end is read after Linger, when what was rotated is over.
func (tl *tail) end() error {
	tl.t.Helper()
	tl.pass(time.Second)
	err := tl.read()
	tl.pass(tl.src.opts.Linger)
	return errors.Join(err, tl.read())
}

// want reads and compares the texts of all lines since the last want, with
// spaces between them.
func (tl *tail) want(lines string) {
	tl.t.Helper()
	tl.pass(time.Second)
	if err := tl.read(); err != nil {
		tl.t.Errorf("read: %v", err)
	}
	tl.had(lines)
}

func (tl *tail) had(lines string) {
	tl.t.Helper()
	var got []string
	for _, l := range tl.lines {
		got = append(got, string(l.Text))
	}
	if text := strings.Join(got, " "); text != lines {
		tl.t.Errorf("lines are %.300q, want %.300q", text, lines)
	}
	tl.lines = nil
}

func (tl *tail) wantLost(messages ...string) {
	tl.t.Helper()
	if !slices.Equal(tl.lost, messages) {
		tl.t.Errorf("lost: %q, want %q", tl.lost, messages)
	}
	tl.lost = nil
}

// settle settles lines, which had returned.
func settle(lines []pipeline.Line) {
	for _, l := range lines {
		l.Ledger.Settle(l.Range, pipeline.Mark{Time: l.Range.End})
	}
}

// settled reads and settles everything.
func (tl *tail) settled() {
	tl.t.Helper()
	if err := tl.read(); err != nil {
		tl.t.Fatal(err)
	}
	settle(tl.lines)
	tl.lines = nil
}

func wantEOF(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want io.EOF", err)
	}
}
