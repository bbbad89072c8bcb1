package quarantine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var refusedAt = time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)

// entry is the n-th of many.
func entry(n int) Entry {
	return Entry{
		Time: 1795341845000000000 + int64(n), Reason: "line_too_long", Refused: refusedAt,
		Tenant: "t", Stream: `{job="a", msg="say \"<hi>\""}`, Line: fmt.Sprintf("line %d <&>\t\n", n),
		Metadata: []Field{{"z", "1"}, {"a", "2"}},
	}
}

func entries(from, to int) (all []Entry) {
	for n := from; n < to; n++ {
		all = append(all, entry(n))
	}
	return all
}

func newFile(t *testing.T) *File {
	t.Helper()
	return Open(Path(filepath.Join(t.TempDir(), "positions.yaml"), "loki"), Options{})
}

func mustAdd(t *testing.T, f *File, all ...Entry) {
	t.Helper()
	if err := f.Add(all); err != nil {
		t.Fatal(err)
	}
}

// stored is what a new File at the same place reads.
func stored(t *testing.T, f *File) (all []Entry, damaged int) {
	t.Helper()
	damaged, err := Open(f.Path(), Options{}).Read(func(e Entry) error {
		all = append(all, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, damaged
}

func wantStored(t *testing.T, f *File, want []Entry, wantDamaged int) {
	t.Helper()
	got, damaged := stored(t, f)
	if !reflect.DeepEqual(got, want) || damaged != wantDamaged {
		t.Errorf("stored %d entries and %d damaged lines, want %d and %d:\n%v\n%v", len(got), damaged, len(want), wantDamaged, got, want)
	}
}

func TestAddedEntriesAreReadOldestFirst(t *testing.T) {
	f := newFile(t)
	mustAdd(t, f, entries(0, 2)...)
	mustAdd(t, Open(f.Path(), Options{}), entry(2))
	wantStored(t, f, entries(0, 3), 0)
	for path, want := range map[string]os.FileMode{f.Path(): 0o600, filepath.Dir(f.Path()): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %v", path, info, err, want)
		}
	}
}

func TestNothingIsOnDiskBeforeTheFirstEntry(t *testing.T) {
	f := newFile(t)
	mustAdd(t, f)
	wantStored(t, f, nil, 0)
	if err := f.Rewrite(func(*Entry) bool { return false }); err != nil {
		t.Error(err)
	}
	if got := f.Stats(); got != (Stats{}) {
		t.Errorf("stats %+v", got)
	}
	if _, err := os.Stat(filepath.Dir(f.Path())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
}

func TestTheStoredFormIsReadable(t *testing.T) {
	e := entry(1)
	got, err := e.JSON()
	want := `{"time":"2026-11-22T10:04:05.000000001Z","reason":"line_too_long","refused":"2026-03-04T05:06:07.000000008Z",` +
		`"tenant":"t","stream":"{job=\"a\", msg=\"say \\\"<hi>\\\"\"}","line":"line 1 <&>\t\n","metadata":{"z":"1","a":"2"}}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestTextThatIsNotUTF8IsKeptByteForByte(t *testing.T) {
	e := entry(1)
	e.Line, e.Metadata[0].Value = "\xff\x00caf\xe9 \xed\xa0\x80", "\xc3"
	f := newFile(t)
	mustAdd(t, f, e)
	wantStored(t, f, []Entry{e}, 0)
}

func TestWhatIsNoEntryIsDamage(t *testing.T) {
	f := newFile(t)
	mustAdd(t, f, entry(1))
	text, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{
		"{}", "[]", "null", "x", "\x00\x00", `{"time":"0001-01-01T00:00:00Z"}`, `{"time":"2026-01-01T00:00:00Z","line_base64":"-"}`,
		`{"time":"2026-01-01T00:00:00Z","metadata":[]}`, `{"time":"2026-01-01T00:00:00Z","metadata":{"a":1}}`,
	}
	if err := os.WriteFile(f.Path(), append([]byte(strings.Join(lines, "\n")+"\n\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	wantStored(t, f, entries(1, 2), len(lines))
}

func TestClientNamesHaveDifferentFiles(t *testing.T) {
	seen := map[string]string{}
	long := strings.Repeat("x", 300)
	for _, name := range []string{
		"", ".", "..", "a", "a/b", "a%2Fb", "a_b", "a b", "a+b", "../a", "a.jsonl", "a.jsonl.1", "\x00", "Ä", "\xff", long, long + "y",
	} {
		path := Path("/p/positions.yaml", name)
		if other, ok := seen[path]; ok || filepath.Dir(path) != "/p/positions.yaml.quarantine" || len(filepath.Base(path)) > 240 {
			t.Errorf("%q has %s, as %q", name, path, other)
		}
		seen[path] = name
	}
}

func TestAFullHalfMakesRoomAndCountsWhatIsGivenUp(t *testing.T) {
	one := entry(1)
	text, err := one.JSON()
	if err != nil {
		t.Fatal(err)
	}
	line := int64(len(text)) + 1 // entries 1 to 9 are equally long
	var gaveUp []int
	f := newFile(t)
	f.opts = Options{MaxBytes: 4 * line, GaveUp: func(entries int, bytes int64) {
		gaveUp = append(gaveUp, entries)
		if bytes != int64(entries)*line {
			t.Errorf("gave up %d entries of %d bytes", entries, bytes)
		}
	}}
	for n := 1; n < 10; n++ {
		mustAdd(t, f, entry(n))
		gone := max(0, (n-3)/2*2) // 2 in each half, and the older makes room
		want := Stats{Entries: n - gone, Bytes: int64(n-gone) * line, GaveUpEntries: gone, GaveUpBytes: int64(gone) * line}
		if got := f.Stats(); got != want {
			t.Errorf("after %d entries: %+v, want %+v", n, got, want)
		}
		if got := f.Stats().Bytes; got > f.opts.MaxBytes {
			t.Errorf("%d bytes stored, the bound is %d", got, f.opts.MaxBytes)
		}
	}
	wantStored(t, f, entries(7, 10), 0)
	if want := []int{2, 2, 2}; !reflect.DeepEqual(gaveUp, want) {
		t.Errorf("told of %v, want %v", gaveUp, want)
	}
}

func TestOneAddLargerThanAHalfIsStored(t *testing.T) {
	f := newFile(t)
	f.opts.MaxBytes = 10
	mustAdd(t, f, entries(0, 2)...)
	mustAdd(t, f, entries(2, 4)...)
	mustAdd(t, f, entry(4))
	wantStored(t, f, entries(2, 5), 0)
}

func TestALineTornAtAnyByteDamagesNoOther(t *testing.T) {
	f := newFile(t)
	mustAdd(t, f, entries(0, 2)...)
	whole, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(whole, '\n') + 1
	for n := range len(whole) + 1 {
		if err := os.WriteFile(f.Path(), whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		complete, damaged := 2, 0
		switch {
		case n < first-1:
			complete = 0
		case n < len(whole)-1:
			complete = 1
		}
		if n > 0 && n < first-1 || n > first && n < len(whole)-1 {
			damaged = 1
		}
		wantStored(t, f, entries(0, complete), damaged)
		mustAdd(t, f, entry(7))
		wantStored(t, f, append(entries(0, complete), entry(7)), damaged)
		if t.Failed() {
			t.Fatalf("torn at byte %d", n)
		}
	}
}

func TestRewriteChangesAndRemoves(t *testing.T) {
	f := newFile(t)
	f.opts.MaxBytes = 1500
	for n := range 5 {
		mustAdd(t, f, entry(n))
	}
	if _, err := os.Stat(f.older()); err != nil {
		t.Fatal("the test needs both halves")
	}
	damage(t, f)
	var seen []Entry
	err := f.Rewrite(func(e *Entry) bool {
		seen = append(seen, *e)
		e.Tenant = "other"
		return e.Line != entry(1).Line && e.Line != entry(3).Line
	})
	if err != nil || !reflect.DeepEqual(seen, entries(0, 5)) {
		t.Errorf("edited %v, %v", seen, err)
	}
	want := []Entry{entry(0), entry(2), entry(4)}
	for i := range want {
		want[i].Tenant = "other"
	}
	wantStored(t, f, want, 1)
	mustAdd(t, f, entry(5))
	wantStored(t, f, append(want, entry(5)), 1)
}

func damage(t *testing.T, f *File) {
	t.Helper()
	file, err := os.OpenFile(f.Path(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString("{torn\n")
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAnEmptiedFileIsRemoved(t *testing.T) {
	f := newFile(t)
	mustAdd(t, f, entries(0, 2)...)
	if err := f.Rewrite(func(*Entry) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Dir(f.Path())); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// Two Files are two processes to flock: each opens the folder itself.
func TestAddAndRewriteAtTheSameTimeLoseNothing(t *testing.T) {
	const n = 200
	a := newFile(t)
	mustAdd(t, a, entry(0))
	b := Open(a.Path(), Options{})
	var adding sync.WaitGroup
	done := make(chan struct{})
	for k := range 2 {
		adding.Go(func() {
			for i := range n {
				if err := a.Add([]Entry{entry(1 + k*n + i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { adding.Wait(); close(done) }()
	removed := map[string]int{}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		err := b.Rewrite(func(e *Entry) bool {
			odd := e.Time%2 == 1
			if odd {
				removed[e.Line]++
			}
			return !odd
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	kept, damaged := stored(t, a)
	for _, e := range kept {
		removed[e.Line]++
	}
	if len(removed) != 2*n+1 || len(kept) != n+1 || damaged > 0 {
		t.Errorf("%d entries seen, want %d; %d kept, want %d; %d damaged", len(removed), 2*n+1, len(kept), n+1, damaged)
	}
	for line, times := range removed {
		if times != 1 {
			t.Errorf("%q seen %d times", line, times)
		}
	}
}

// faultyDisk fails operation failAt alone. A write does tear bytes of it.
type faultyDisk struct {
	realDisk
	ops          []string
	failAt, tear int
	err          error
}

func (d *faultyDisk) fails(op string) bool {
	d.ops = append(d.ops, op)
	return len(d.ops) == d.failAt
}

func (d *faultyDisk) syncDir(dir string) error {
	d.fails("syncDir " + filepath.Ext(dir))
	return d.realDisk.syncDir(dir)
}

func (d *faultyDisk) open(path string, flag int) (file, error) {
	if d.fails("open") {
		return nil, d.err
	}
	f, err := d.realDisk.open(path, flag)
	return &faultyFile{f, d}, err
}

func (d *faultyDisk) rename(from, to string) error {
	if d.fails("rename") {
		return d.err
	}
	return d.realDisk.rename(from, to)
}

type faultyFile struct {
	file
	d *faultyDisk
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if f.d.fails("write") {
		n, _ := f.file.Write(p[:min(f.d.tear, len(p))])
		return n, f.d.err
	}
	return f.file.Write(p)
}

func (f *faultyFile) Sync() error {
	if f.d.fails("sync") {
		return f.d.err
	}
	return f.file.Sync()
}

func TestWhatIsStoredIsDurable(t *testing.T) {
	f := newFile(t)
	f.opts.MaxBytes = 1000 // two entries in a half
	want := func(what string, want ...string) {
		t.Helper()
		if got := f.disk.(*faultyDisk).ops; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		f.disk = &faultyDisk{}
	}
	f.disk = &faultyDisk{}
	mustAdd(t, f, entry(1))
	want("the first entry", "open", "write", "sync", "syncDir .quarantine", "syncDir ")
	mustAdd(t, f, entry(2))
	want("another", "open", "write", "sync")
	mustAdd(t, f, entry(3))
	want("a new half", "rename", "open", "write", "sync", "syncDir .quarantine", "syncDir ")
	if err := f.Rewrite(func(e *Entry) bool { return e.Time == entry(1).Time }); err != nil {
		t.Error(err)
	}
	want("a rewrite", "open", "write", "sync", "rename", "syncDir .quarantine", "syncDir .quarantine")
}

func TestAFailedAddLeavesTheFileAsItWas(t *testing.T) {
	for failAt := 1; failAt <= 3; failAt++ { // open, write, sync
		for _, tear := range []int{0, 1, 100, 1 << 20} {
			f := newFile(t)
			mustAdd(t, f, entries(0, 2)...)
			before, _ := os.ReadFile(f.Path())
			f.disk = &faultyDisk{failAt: failAt, tear: tear, err: syscall.ENOSPC}
			if err := f.Add(entries(2, 4)); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), f.Path()) {
				t.Errorf("operation %d: got %v", failAt, err)
			}
			if after, _ := os.ReadFile(f.Path()); !bytes.Equal(after, before) {
				t.Errorf("operation %d, %d bytes written: the file has changed:\n%s", failAt, tear, after)
			}
			mustAdd(t, f, entries(2, 4)...)
			wantStored(t, f, entries(0, 4), 0)
		}
	}
}

func TestAFailedRewriteLeavesTheFileAsItWas(t *testing.T) {
	for failAt := 1; failAt <= 4; failAt++ { // open, write, sync, rename
		f := newFile(t)
		mustAdd(t, f, entries(0, 2)...)
		f.disk = &faultyDisk{failAt: failAt, tear: 10, err: syscall.ENOSPC}
		if err := f.Rewrite(func(e *Entry) bool { return e.Time == entry(0).Time }); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("operation %d: got %v", failAt, err)
		}
		wantStored(t, f, entries(0, 2), 0)
		if left, err := os.ReadDir(filepath.Dir(f.Path())); err != nil || len(left) != 1 {
			t.Errorf("operation %d: left %v, %v", failAt, left, err)
		}
	}
}

func TestARealFullDiskLeavesTheFileAsItWas(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	f := Open(Path(filepath.Join(dir, "positions.yaml"), "loki"), Options{})
	n := 0
	for ; n < 10_000; n += 10 {
		before, _ := os.ReadFile(f.Path())
		err := f.Add(entries(n, n+10))
		if err == nil {
			continue
		}
		if after, _ := os.ReadFile(f.Path()); !errors.Is(err, syscall.ENOSPC) || !bytes.Equal(after, before) {
			t.Errorf("%v, %d bytes before and %d after", err, len(before), len(after))
		}
		break
	}
	if n == 0 || n == 10_000 {
		t.Fatalf("the disk was full after %d entries", n)
	}
	wantStored(t, f, entries(0, n), 0)
	if err := f.Rewrite(func(e *Entry) bool { return e.Time%2 == 0 }); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("rewrite on a full disk: %v", err)
	}
	wantStored(t, f, entries(0, n), 0)
	if err := f.Rewrite(func(*Entry) bool { return false }); err != nil { // needs no room
		t.Error(err)
	}
	mustAdd(t, f, entry(1))
	wantStored(t, f, entries(1, 2), 0)
}

func TestRewriteKeepsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("giving a file away needs root")
	}
	f := newFile(t)
	mustAdd(t, f, entries(0, 2)...)
	const uid, gid = 4711, 4712
	if err := os.Chown(f.Path(), uid, gid); err != nil {
		t.Fatal(err)
	}
	if err := f.Rewrite(func(e *Entry) bool { return e.Time == entry(0).Time }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Sys().(*syscall.Stat_t); got.Uid != uid || got.Gid != gid {
		t.Errorf("owner %d:%d, want %d:%d", got.Uid, got.Gid, uid, gid)
	}
}

func FuzzRead(f *testing.F) {
	one := entry(1)
	text, err := one.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(text, '\n'))
	f.Add(append(append(text, '\n'), text[:30]...))
	f.Add([]byte(`{"time":"2026-01-01T00:00:00Z","line_base64":"/w==","metadata":{"a":{"base64":"/w=="},"a":"b"}}`))
	f.Add([]byte("{}\n\n[]\nnull\n{\"time\":\"0001-01-01T00:00:00Z\",\"metadata\":null}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for line := range bytes.Lines(text) {
			e, what := read(line)
			if what != isEntry {
				continue
			}
			again, err := e.JSON()
			if err != nil {
				t.Fatalf("%q was read and cannot be stored: %v", line, err)
			}
			if got, err := parse(again); err != nil || !reflect.DeepEqual(got, e) {
				t.Errorf("%q: got %v, %v, want %v", line, got, err, e)
			}
		}
	})
}

func FuzzEntry(f *testing.F) {
	f.Add(int64(1), "line", "value")
	f.Add(int64(-1<<63), "\xff\xfe", "\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, ns int64, line, value string) {
		e := Entry{Time: ns, Line: line, Stream: "{}", Refused: refusedAt, Metadata: []Field{{"a", value}, {"b", line}}}
		text, err := e.JSON()
		if err != nil || bytes.ContainsRune(text, '\n') {
			t.Fatalf("%s, %v", text, err)
		}
		if got, err := parse(text); err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("got %v, %v, want %v", got, err, e)
		}
	})
}
