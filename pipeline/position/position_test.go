package position

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline"
)

func someState(offset int64) State {
	return State{Labels: pipeline.LabelValues{"service": {"a": offset}}, Sources: Places{
		"file /var/log/a.log": {
			{
				Path: "/var/log/a.log.1", Device: 7, Inode: 8, FingerprintLen: 1024, Fingerprint: "ab12",
				Before: []byte("the end of it\n"), Offset: offset, Size: offset + 5,
				Mark: pipeline.Mark{Time: 1795341845000000000, Repeat: 3}, Modified: 1795341845123456789,
			},
			{Path: "/var/log/a.log", Inode: 9},
		},
		"journal": {{Cursor: "s=1;i=2"}},
	}}
}

func TestSavedPlacesAreLoaded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "positions.yaml")
	s := Open(name)
	if got, err := s.Load(); err != nil || got.Sources == nil || len(got.Sources) != 0 {
		t.Fatalf("before the first save: %v, %v", got, err)
	}
	for _, want := range []State{someState(1), someState(2), {Sources: Places{}}} {
		if err := s.Save(want); err != nil {
			t.Fatal(err)
		}
		got, err := Open(name).Load()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	if s.Path() != name+".state" {
		t.Errorf("saved at %s", s.Path())
	}
	info, err := os.Stat(s.Path())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	wantFiles(t, filepath.Dir(name), "positions.yaml.state", "positions.yaml.state.spare")
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
}

func TestDeviceNumbersCountWithinOneBoot(t *testing.T) {
	name := filepath.Join(t.TempDir(), "positions.yaml")
	s := Open(name)
	s.boot = "before"
	if err := s.Save(someState(1)); err != nil {
		t.Fatal(err)
	}
	for boot, want := range map[string]uint64{"before": 7, "after": 0} {
		s := Open(name)
		s.boot = boot
		got, err := s.Load()
		if err != nil || got.Sources["file /var/log/a.log"][0].Device != want {
			t.Errorf("boot %s: %v, %v", boot, got, err)
		}
	}
}

func TestUnchangedPlacesAreNotWrittenAgain(t *testing.T) {
	d := &faultyDisk{failAt: -1}
	s := Open(filepath.Join(t.TempDir(), "positions.yaml"))
	s.disk = d
	for range 3 {
		if err := s.Save(someState(1)); err != nil {
			t.Fatal(err)
		}
	}
	first := d.ops
	if err := s.Save(someState(2)); err != nil || d.ops != 2*first {
		t.Errorf("%d operations after two changes, %d after one (%v)", d.ops, first, err)
	}
}

var errCrash = errors.New("crash")

// faultyDisk is the real one until operation failAt. There it does a part of
// the operation, or all of it, and from then on nothing works: a crash.
type faultyDisk struct {
	real   realDisk
	ops    int
	failAt int
	tear   int // bytes of a write, or 1 for having done the operation, when it fails
	synced bool
}

func (d *faultyDisk) fails() bool {
	d.ops++
	return d.failAt >= 0 && d.ops > d.failAt
}

func (d *faultyDisk) does() bool { return !d.fails() || d.ops == d.failAt+1 && d.tear > 0 }

func (d *faultyDisk) result(err error) error {
	if d.failAt >= 0 && d.ops > d.failAt {
		return errCrash
	}
	return err
}

func (d *faultyDisk) open(path string) (file, int64, error) {
	if !d.does() {
		return nil, 0, errCrash
	}
	f, size, err := d.real.open(path)
	d.synced = false
	if err = d.result(err); err != nil {
		return nil, 0, err
	}
	return &faultyFile{f, d}, size, nil
}

func (d *faultyDisk) exchange(from, to string) error {
	if !d.does() {
		return errCrash
	}
	if !d.synced {
		return errors.New("renamed before it was synced: a crash may leave an empty file")
	}
	return d.result(d.real.exchange(from, to))
}

func (d *faultyDisk) syncDir(dir string) error {
	if !d.does() {
		return errCrash
	}
	return d.result(d.real.syncDir(dir))
}

type faultyFile struct {
	file
	d *faultyDisk
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if f.d.fails() {
		if f.d.ops > f.d.failAt+1 {
			return 0, errCrash
		}
		n, _ := f.file.Write(p[:min(f.d.tear, len(p))])
		return n, errCrash
	}
	return f.file.Write(p)
}

func (f *faultyFile) Sync() error {
	if !f.d.does() {
		return errCrash
	}
	f.d.synced = true
	return f.d.result(f.file.Sync())
}

func (f *faultyFile) Close() error {
	f.d.fails()
	return f.d.result(f.file.Close())
}

func TestCrashAtAnyInstantLeavesTheOldOrTheNew(t *testing.T) {
	old, changed := someState(1), someState(2)
	for failAt := range 6 { // open, write, sync, close, exchange, sync of the folder
		for _, tear := range []int{0, 1, 10, 100, 1 << 20} {
			t.Run(fmt.Sprint(failAt, " ", tear), func(t *testing.T) {
				name := filepath.Join(t.TempDir(), "positions.yaml")
				s := Open(name)
				if err := s.Save(old); err != nil {
					t.Fatal(err)
				}
				s.disk = &faultyDisk{failAt: failAt, tear: tear}
				if err := s.Save(changed); !errors.Is(err, errCrash) {
					t.Fatalf("got %v", err)
				}
				next := Open(name)
				got, err := next.Load()
				if err != nil || !reflect.DeepEqual(got, old) && !reflect.DeepEqual(got, changed) {
					t.Fatalf("after the crash: %v, %v", got, err)
				}
				if renamed := failAt > 4 || failAt == 4 && tear > 0; reflect.DeepEqual(got, changed) != renamed {
					t.Errorf("after the crash: %v", got)
				}
				if err := next.Save(someState(3)); err != nil {
					t.Fatal(err)
				}
				if got, err := Open(name).Load(); err != nil || !reflect.DeepEqual(got, someState(3)) {
					t.Errorf("after the next save: %v, %v", got, err)
				}
				wantFiles(t, filepath.Dir(name), "positions.yaml.state", "positions.yaml.state.spare")
			})
		}
	}
}

func TestSaveIsTriedAgainAfterAnError(t *testing.T) {
	for failAt := range 6 {
		name := filepath.Join(t.TempDir(), "positions.yaml")
		s := Open(name)
		s.disk = &faultyDisk{failAt: failAt, tear: 1}
		if err := s.Save(someState(1)); err == nil {
			t.Fatal("no error")
		}
		s.disk = realDisk{}
		if err := s.Save(someState(1)); err != nil {
			t.Fatal(err)
		}
		if got, err := Open(name).Load(); err != nil || !reflect.DeepEqual(got, someState(1)) {
			t.Errorf("%d: %v, %v", failAt, got, err)
		}
	}
}

func TestDamagedFilesAreAnErrorThatNamesTheRemedy(t *testing.T) {
	whole := func() string {
		name := filepath.Join(t.TempDir(), "p")
		if err := Open(name).Save(someState(1)); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name + ".state")
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimRight(string(text), " ")
	}()
	name := filepath.Join(t.TempDir(), "positions.yaml")
	check := func(text, want string) {
		t.Helper()
		if err := os.WriteFile(name+".state", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Open(name).Load()
		if err == nil {
			t.Errorf("%.80q: loaded %v", text, got)
			return
		}
		for _, part := range []string{"read positions " + name + ".state: ", want, "move the file away"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%.80q: %v, want %q in it", text, err, part)
			}
		}
	}
	for n := range len(whole) { // torn at each byte
		check(whole[:n], "not valid JSON")
	}
	check(whole+"}", "not valid JSON")
	check("positions:\n  /var/log/syslog: \"12\"\n", "not valid JSON")
	check(strings.Replace(whole, `"version": 1`, `"version": 2`, 1), "version 2")
	check(`{}`, "version 0")
	for _, damage := range []string{`"offset":-1`, `"size":-1`, `"fingerprint_len":1000000000`, `"fingerprint_len":-1`, `"mark":{"repeat":-1}`} {
		check(`{"version":1,"sources":{"file /x":[{"offset":1},{`+damage+`}]}}`, `place 1 of "file /x" is damaged`)
	}
}

func TestFilesOfOtherVersionsOfTheFormatAreLoaded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "positions.yaml")
	for text, labels := range map[string]int{
		`{"version":1,"sources":{"a":[{"offset":5}]}}`:                                     0, // before there was a label limit
		`{"version":1,"later":{"x":[1]},"labels":{"l":{}},"sources":{"a":[{"offset":5}]}}`: 1,
	} {
		if err := os.WriteFile(name+".state", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Open(name).Load()
		if err != nil || len(got.Sources["a"]) != 1 || got.Sources["a"][0].Offset != 5 || len(got.Labels) != labels {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestNoSourcesIsNotNil(t *testing.T) {
	name := filepath.Join(t.TempDir(), "positions.yaml")
	for _, text := range []string{`{"version":1}`, `{"version":1,"sources":null}`, `{"version":1,"sources":{}}`} {
		if err := os.WriteFile(name+".state", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Open(name).Load(); err != nil || got.Sources == nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestErrorsOfSaveNameTheRemedy(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing", "positions.yaml")
	err := Open(missing).Save(someState(1))
	if want := fmt.Sprintf("create the folder %s for user %d, or set positions.filename", filepath.Dir(missing), os.Getuid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{syscall.EACCES, "write into the folder /var/lib/x, or set positions.filename"},
		{syscall.EROFS, "write into the folder /var/lib/x, or set positions.filename"},
		{syscall.ENOSPC, "make room on the disk of /var/lib/x"},
	} {
		got := remedy(&fs.PathError{Op: "open", Path: "/var/lib/x/p", Err: c.err}, "/var/lib/x/p")
		if !strings.Contains(got, c.want) {
			t.Errorf("%v: got %q, want %q in it", c.err, got, c.want)
		}
	}
}

func TestAFolderInPlaceOfTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "positions.yaml")
	if err := os.Mkdir(name+".state", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name).Load(); err == nil {
		t.Error("no error from Load")
	}
	if err := Open(name).Save(someState(1)); err == nil || !strings.Contains(err.Error(), "save positions: ") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":1,"boot_id":"b","sources":{"a":[{"offset":5,"before":"YQ==","mark":{"time":1,"repeat":2}}]}}`))
	f.Add([]byte(`{"version":1,"labels":{"service":{"a":1795341845,"":-1}},"later":[1]}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{"version":1,"sources":{"a":null}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := parse(text)
		if err != nil {
			return
		}
		name := filepath.Join(t.TempDir(), "p")
		s := Open(name)
		s.boot = doc.BootID
		if err := s.Save(State{doc.Sources, doc.Labels}); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Load(); err != nil || fmt.Sprint(got.Sources) != fmt.Sprint(doc.Sources) || fmt.Sprint(got.Labels) != fmt.Sprint(doc.Labels) {
			t.Errorf("got %v, %v, want %v", got, err, doc)
		}
	})
}

// On a disk that is full places are saved all the same, in the room that the
// files have already.
func TestPlacesAreSavedOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		if os.Getuid() != 0 {
			t.Skip("root alone can mount a small file system")
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) })
	s := Open(filepath.Join(dir, "positions.yaml"))
	for i := range 2 {
		if err := s.Save(someState(int64(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "big"), make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	for i := 2; i < 10; i++ {
		if err := s.Save(someState(int64(i))); err != nil {
			t.Fatal(err)
		}
		if got, err := Open(filepath.Join(dir, "positions.yaml")).Load(); err != nil || !reflect.DeepEqual(got, someState(int64(i))) {
			t.Fatalf("save %d: %v, %v", i, got, err)
		}
	}
}
