package journal

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/test/corpus"
)

// truth is what the journal in testdata was written with.
type truth struct {
	Micros   int64           `json:"realtime_us"`
	Priority string          `json:"priority"`
	Unit     string          `json:"unit"`
	Ident    string          `json:"ident"`
	Message  json.RawMessage `json:"message_bytes_hex_or_text"`
}

func (e truth) text(t *testing.T) string {
	var text string
	if json.Unmarshal(e.Message, &text) == nil {
		return text
	}
	var binary struct{ Hex string }
	if err := json.Unmarshal(e.Message, &binary); err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(binary.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func readTruth(t *testing.T) []truth {
	all := corpus.Rows[truth](t, "testdata/entries.truth.jsonl.gz")
	if len(all) != 500 {
		t.Fatalf("testdata holds %d entries, want 500", len(all))
	}
	return all
}

// folder returns a new journal folder with a copy of the journal in testdata,
// which change may alter.
func folder(t testing.TB, change func(content []byte) []byte) string {
	if _, err := exec.LookPath("journalctl"); err != nil {
		t.Fatal("journalctl is missing: apt-get install systemd")
	}
	content := []byte(corpus.Text(t, "testdata/entries.journal.gz"))
	if change != nil {
		content = change(content)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "system.journal"), content, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// soon is a while after the entries in testdata.
func soon() time.Time { return time.Unix(1795001000, 0) }

func options(dir string) Options {
	return Options{Path: dir, Now: soon, RetryMin: time.Millisecond, RetryMax: 20 * time.Millisecond, User: "collector"}
}

// start runs s until the test ends or stop is called.
func start(t testing.TB, s *Source) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// wait waits for what another process does.
func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

// line is a copy of a pipeline.Line.
type line struct {
	text   string
	time   int64
	fields map[string]string
	span   pipeline.Range
}

// read reads until n lines have come. It does not settle them.
func read(t testing.TB, s *Source, n int) []line {
	t.Helper()
	var all []line
	wait(t, fmt.Sprintf("%d lines", n), func() bool {
		all = append(all, readNow(s)...)
		return len(all) >= n
	})
	if len(all) > n {
		t.Fatalf("got %d lines, want %d; the first too many is %q", len(all), n, all[n].text)
	}
	return all
}

func readNow(s *Source) []line {
	var b pipeline.Block
	s.Read(&b, time.Now())
	var all []line
	for _, l := range b.Lines {
		fields := map[string]string{}
		for _, f := range l.Fields {
			fields[f.Name] = string(f.Value)
		}
		all = append(all, line{string(l.Text), l.Time, fields, l.Range})
	}
	return all
}

func checkAgainst(t *testing.T, got []line, want []truth) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d lines, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		if g.text != w.text(t) || g.time != w.Micros*1000 {
			t.Fatalf("line %d is %q at %d, want %q at %d", i, g.text, g.time, w.text(t), w.Micros*1000)
		}
		for name, value := range map[string]string{
			"unit": w.Unit, "identifier": w.Ident, "priority": w.Priority, "hostname": "app-01",
			"__journal__systemd_unit": w.Unit, "__journal_syslog_identifier": w.Ident,
			"priority_keyword": keyword(w.Priority), "__journal_priority_keyword": keyword(w.Priority),
		} {
			if name == "identifier" && value == "" {
				value = g.fields["__journal__comm"]
			}
			if g.fields[name] != value {
				t.Fatalf("line %d has %s %q, want %q", i, name, g.fields[name], value)
			}
		}
	}
}

func keyword(priority string) string {
	n, err := strconv.Atoi(priority)
	if err != nil {
		return ""
	}
	return string(priorities[n])
}

func TestEveryEntryOfARealJournal(t *testing.T) {
	s := New(nil, options(folder(t, nil)))
	start(t, s)
	got := read(t, s, 500)
	checkAgainst(t, got, readTruth(t))
	if got[0].fields["transport"] != "stdout" || got[0].fields["pid"] != "16787" || got[0].fields["__journal__transport"] != "stdout" {
		t.Errorf("fields of the first line: %v", got[0].fields)
	}
	for name := range got[0].fields {
		if strings.HasPrefix(name, "__journal___") {
			t.Errorf("journald's own address is a field: %s", name)
		}
	}
}

func TestMaxAgeBoundsTheFirstStart(t *testing.T) {
	all := readTruth(t)
	opts := options(folder(t, nil))
	first := 400
	opts.MaxAge = soon().Sub(time.UnixMicro(all[first].Micros))
	s := New(nil, opts)
	start(t, s)
	checkAgainst(t, read(t, s, 500-first), all[first:])
}

// settle settles n lines from the first unsettled one on.
func settle(s *Source, n int64) {
	position, _ := s.ledger.Position()
	s.ledger.Settle(pipeline.Range{Start: position, End: position + n}, pipeline.Mark{Time: 7, Repeat: n})
}

func TestANewStartGoesOnBehindTheCursor(t *testing.T) {
	all := readTruth(t)
	opts := options(folder(t, nil))
	s := New(nil, opts)
	stop := start(t, s)
	read(t, s, 500)
	stop()
	settled := 0
	for _, cut := range []int{1, 2, 100, 250, 499, 500} {
		settle(s, int64(cut-settled))
		settled = cut
		places := s.Places()
		if len(places) != 1 || places[0].Mark.Time != 7 || places[0].Offset != int64(cut) {
			t.Fatalf("places after %d lines: %+v", cut, places)
		}
		next := New(places, opts)
		stop := start(t, next)
		got := read(t, next, 500-cut)
		stop()
		checkAgainst(t, got, all[cut:])
		if len(got) > 0 && got[0].span.Start != int64(cut) {
			t.Errorf("the first line after %d has range %v", cut, got[0].span)
		}
		if again := next.Places(); again[0].Cursor != places[0].Cursor || again[0].Mark != places[0].Mark {
			t.Errorf("nothing was settled, and the place moved from %+v to %+v", places[0], again[0])
		}
	}
}

func TestNoPlaceBeforeTheFirstLineIsSettled(t *testing.T) {
	s := New(nil, options(folder(t, nil)))
	start(t, s)
	read(t, s, 500)
	if places := s.Places(); places != nil {
		t.Errorf("places: %+v", places)
	}
}

func TestPositionIsTheLowestUnsettledEntry(t *testing.T) {
	all := readTruth(t)
	opts := options(folder(t, nil))
	s := New(nil, opts)
	stop := start(t, s)
	read(t, s, 500)
	stop()
	unsettled := s.Unsettled()
	s.ledger.Settle(pipeline.Range{Start: 0, End: 10}, pipeline.Mark{Time: 1})
	s.ledger.Settle(pipeline.Range{Start: 20, End: 500}, pipeline.Mark{Time: 2})
	places := s.Places()
	if places[0].Offset != 10 || places[0].Mark.Time != 1 {
		t.Fatalf("places: %+v", places)
	}
	if now := s.Unsettled(); now >= unsettled || now == 0 {
		t.Errorf("%d bytes are unsettled, %d were", now, unsettled)
	}
	next := New(places, opts)
	start(t, next)
	checkAgainst(t, read(t, next, 490), all[10:])
}

func TestAllSettledIsNothingUnsettled(t *testing.T) {
	s := New(nil, options(folder(t, nil)))
	start(t, s)
	read(t, s, 500)
	settle(s, 500)
	if n := s.Unsettled(); n != 0 {
		t.Errorf("%d bytes are unsettled", n)
	}
}

func TestReadingWaitsWhileTooMuchIsUnsettled(t *testing.T) {
	all := readTruth(t)
	s := New(nil, options(folder(t, nil)))
	s.queue, s.most = newQueue(1), 100
	start(t, s)
	var got []line
	wait(t, "more than 100 lines", func() bool { got = append(got, readNow(s)...); return len(got) > 99 })
	before := len(got)
	wait(t, "a full queue", func() bool { s.queue.mu.Lock(); defer s.queue.mu.Unlock(); return len(s.queue.data) > 0 })
	if more := readNow(s); len(more) > 0 {
		t.Fatalf("%d lines more, although %d are unsettled", len(more), before)
	}
	wait(t, "the rest", func() bool {
		settle(s, s.ledger.End()-mustPosition(s))
		got = append(got, readNow(s)...)
		return len(got) >= 500
	})
	checkAgainst(t, got, all)
}

func mustPosition(s *Source) int64 {
	position, _ := s.ledger.Position()
	return position
}

func TestMatches(t *testing.T) {
	all := readTruth(t)
	var want []truth
	for _, e := range all {
		if e.Priority == "3" {
			want = append(want, e)
		}
	}
	opts := options(folder(t, nil))
	opts.Matches = "PRIORITY=3"
	s := New(nil, opts)
	start(t, s)
	checkAgainst(t, read(t, s, len(want)), want)
}

// The cursor's own entry may be gone, or not match what is read now: none of
// those behind it may be left out.
func TestCursorOfAnEntryThatIsNotShown(t *testing.T) {
	all := readTruth(t)
	opts := options(folder(t, nil))
	s := New(nil, opts)
	stop := start(t, s)
	read(t, s, 500)
	stop()
	cut := 1
	for all[cut-1].Priority == "3" {
		cut++
	}
	settle(s, int64(cut))
	var want []truth
	for _, e := range all[cut:] {
		if e.Priority == "3" {
			want = append(want, e)
		}
	}
	opts.Matches = "PRIORITY=3"
	next := New(s.Places(), opts)
	start(t, next)
	checkAgainst(t, read(t, next, len(want)), want)
}

func TestCursorThatJournalctlDoesNotUnderstandGoesOnByTime(t *testing.T) {
	all := readTruth(t)
	place := pipeline.Place{Cursor: fmt.Sprintf("from=another;t=%x", all[300].Micros)}
	s := New([]pipeline.Place{place}, options(folder(t, nil)))
	start(t, s)
	checkAgainst(t, read(t, s, 200), all[300:])
}

// Since version 250 --follow by itself shows the current boot alone.
func TestEntriesOfEarlierBoots(t *testing.T) {
	boot := "d95bafc8f2a4d27bdcf4bb99f4bea973"
	id, err := hex.DecodeString(boot)
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, func(content []byte) []byte {
		other := append([]byte{0xaa}, id[1:]...)
		content = bytes.ReplaceAll(content, id, other)
		return bytes.ReplaceAll(content, []byte(boot), []byte(hex.EncodeToString(other)))
	})
	s := New(nil, options(dir))
	start(t, s)
	checkAgainst(t, read(t, s, 500), readTruth(t))
}

func TestJSONLinesAreSortedAndComeOutTheSameAgain(t *testing.T) {
	opts := options(folder(t, nil))
	opts.JSON = true
	first := New(nil, opts)
	start(t, first)
	second := New(nil, opts)
	start(t, second)
	a, b := read(t, first, 500), read(t, second, 500)
	for i := range a {
		if a[i].text != b[i].text {
			t.Fatalf("line %d is\n%s\nand the second time\n%s", i, a[i].text, b[i].text)
		}
	}
	want := `{"MESSAGE":"(root) CMD (run-parts /etc/cron.hourly) #829","PRIORITY":"6","SYSLOG_FACILITY":"3","SYSLOG_IDENTIFIER":"nginx","_BOOT_ID":"d95bafc8f2a4d27bdcf4bb99f4bea973","_COMM":"nginx","_GID":"0","_HOSTNAME":"app-01","_MACHINE_ID":"0123456789abcdef0123456789abcdef","_PID":"16787","_SYSTEMD_UNIT":"nginx.service","_TRANSPORT":"stdout","_UID":"1000"}`
	if a[0].text != want {
		t.Errorf("line 0 is\n%s\nwant\n%s", a[0].text, want)
	}
}

// children are the processes of this test that run the named program.
func children(t *testing.T, program string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended
		}
		head, rest, _ := strings.Cut(string(text), ") ")
		pid, name, _ := strings.Cut(head, " (")
		if fields := strings.Fields(rest); name == program && fields[1] == strconv.Itoa(os.Getpid()) {
			n, _ := strconv.Atoi(pid)
			found = append(found, n)
		}
	}
	return found
}

func TestNothingIsLostWhenJournalctlIsKilled(t *testing.T) {
	all := readTruth(t)
	s := New(nil, options(folder(t, nil)))
	s.queue = newQueue(1) // so that journalctl is far behind
	start(t, s)
	var got []line
	for _, until := range []int{1, 3, 200} {
		wait(t, "lines", func() bool { got = append(got, readNow(s)...); return len(got) >= until })
		wait(t, "journalctl", func() bool { return len(children(t, "journalctl")) == 1 })
		if err := syscall.Kill(children(t, "journalctl")[0], syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, "the rest", func() bool { got = append(got, readNow(s)...); return len(got) >= 500 })
	checkAgainst(t, got, all)
}

func TestNothingRunsAfterRunReturned(t *testing.T) {
	for _, limit := range []int{1, queueLen} { // journalctl writes, journalctl waits for entries
		s := New(nil, options(folder(t, nil)))
		s.queue = newQueue(limit)
		stop := start(t, s)
		wait(t, "a line", func() bool { return len(readNow(s)) > 0 })
		if len(children(t, "journalctl")) != 1 {
			t.Fatalf("%d journalctl run, want 1", len(children(t, "journalctl")))
		}
		stop()
		if left := children(t, "journalctl"); len(left) > 0 {
			t.Errorf("still there: %v", left)
		}
	}
}

// waitError waits until Read returns an error that holds all the words.
func waitError(t *testing.T, s *Source, words ...string) {
	t.Helper()
	var err error
	defer func() {
		if t.Failed() {
			t.Logf("the last error was %v", err)
		}
	}()
	wait(t, "an error with "+strings.Join(words, ", "), func() bool {
		err = s.Read(&pipeline.Block{}, time.Now())
		for _, w := range words {
			if err == nil || !strings.Contains(err.Error(), w) {
				return false
			}
		}
		return true
	})
}

func TestMissingJournalctlIsNamed(t *testing.T) {
	for _, command := range []string{"journalctl-that-is-missing", "/nowhere/journalctl"} {
		s := New(nil, Options{Command: []string{command}, RetryMin: time.Millisecond})
		start(t, s)
		waitError(t, s, command+" is not installed", "package systemd")
	}
}

func TestMissingFolderIsNamed(t *testing.T) {
	dir := filepath.Join(filepath.Dir(folder(t, nil)), "nowhere")
	s := New(nil, options(dir))
	start(t, s)
	waitError(t, s, dir, "no such folder")
}

func TestWrongMatchIsNamed(t *testing.T) {
	opts := options(folder(t, nil))
	for _, matches := range []string{"nginx", "=x", "_SYSTEMD_UNIT=a b"} {
		opts.Matches = matches
		s := New(nil, opts)
		start(t, s)
		waitError(t, s, strconv.Quote(matches), "is not FIELD=value")
	}
	opts.Matches = "unit=nginx"
	s := New(nil, opts)
	start(t, s)
	waitError(t, s, "unit=nginx", "journalctl says")
}

// unprivileged makes what opts reads unreadable for the journalctl it runs, and
// returns how to make it readable.
func unprivileged(t *testing.T, opts *Options, path string) (permit func()) {
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// The test's own folders are closed to others too.
		for dir := opts.Path; dir != filepath.Clean(os.TempDir()); dir = filepath.Dir(dir) {
			if dir != path {
				if err := os.Chmod(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
		}
		opts.Command = []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "journalctl"}
	}
	permit = func() {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(permit)
	return permit
}

func TestUnreadableJournalNamesTheRemedyAndGoesOnWhenItIsOpened(t *testing.T) {
	for _, name := range []string{"", "system.journal"} {
		opts := options(folder(t, nil))
		permit := unprivileged(t, &opts, filepath.Join(opts.Path, name))
		s := New(nil, opts)
		stop := start(t, s)
		waitError(t, s, opts.Path, "not permitted", "sudo usermod -aG systemd-journal collector")
		permit()
		checkAgainst(t, read(t, s, 500), readTruth(t))
		if err := s.Read(&pipeline.Block{}, time.Now()); err != nil {
			t.Errorf("it can be read again, and the error is %v", err)
		}
		stop()
	}
}

func TestAFailureThatLastsIsOneError(t *testing.T) {
	opts := options(folder(t, nil))
	unprivileged(t, &opts, opts.Path)
	var runs atomic.Int64
	opts.Now = func() time.Time { runs.Add(1); return soon() } // asked for --since
	s := New(nil, opts)
	start(t, s)
	waitError(t, s, "not permitted")
	first := s.Read(&pipeline.Block{}, time.Now()).Error()
	before := runs.Load()
	wait(t, "several runs", func() bool {
		if err := s.Read(&pipeline.Block{}, time.Now()); err == nil || err.Error() != first {
			t.Fatalf("the error changed from %q to %v", first, err)
		}
		return runs.Load() > before+5
	})
}

func TestCorruptFileBesideASoundOne(t *testing.T) {
	opts := options(folder(t, nil))
	broken := bytes.Repeat([]byte("no journal "), 100)
	if err := os.WriteFile(filepath.Join(opts.Path, "system@1.journal"), broken, 0o644); err != nil {
		t.Fatal(err)
	}
	s := New(nil, opts)
	start(t, s)
	checkAgainst(t, read(t, s, 500), readTruth(t))
	waitError(t, s, "does not read everything", "system@1.journal")
}

// withWrongName breaks the message of one entry in a way that makes journalctl
// end whenever it comes to that entry.
func withWrongName(t *testing.T, content []byte, text string) []byte {
	at := bytes.Index(content, []byte("MESSAGE="+text))
	if at < 0 {
		t.Fatalf("testdata holds no message %q", text)
	}
	copy(content[at:], "message=")
	return content
}

func TestCorruptEntryIsSteppedOver(t *testing.T) {
	all := readTruth(t)
	content := []byte(corpus.Text(t, "testdata/entries.journal.gz"))
	bad := 250
	for bytes.Count(content, []byte("MESSAGE="+all[bad].text(t))) != 1 {
		bad++
	}
	opts := options(folder(t, func(content []byte) []byte { return withWrongName(t, content, all[bad].text(t)) }))
	skipped := make(chan string, 500)
	opts.Skipped = func(reason string) { skipped <- reason }
	s := New(nil, opts)
	start(t, s)
	got := read(t, s, bad)
	checkAgainst(t, got, all[:bad])
	waitError(t, s, "cannot read an entry", "Invalid field")
	var rest []line
	wait(t, "lines behind the corrupt entry", func() bool {
		rest = append(rest, readNow(s)...)
		return len(rest) > 0 && rest[len(rest)-1].time == all[499].Micros*1000
	})
	if first := rest[0].time - got[bad-1].time; len(rest) < 490-bad || first < int64(time.Second) {
		t.Errorf("%d lines were read behind the corrupt one, the first %v after the last before it", len(rest), time.Duration(first))
	}
	checkAgainst(t, rest, all[500-len(rest):])
	if reason := <-skipped; reason != skippedCorrupt {
		t.Errorf("skipped for %q", reason)
	}
}

// An end that a clock forced on a joined entry is saved, so that the entry is the
// same when it is read again.
func TestPlacesHaveTheLedgersNotes(t *testing.T) {
	opts := options(folder(t, nil))
	s := New(nil, opts)
	stop := start(t, s)
	read(t, s, 500)
	stop()
	settle(s, 10)
	cut := pipeline.Cut{At: 20, Step: 1, Read: 25}
	s.ledger.NoteCut(cut)
	places := s.Places()
	if got := New(places, opts).ledger.Restored().Cuts; len(got) != 1 || got[0] != cut {
		t.Errorf("a new start has the cuts %+v, want %+v", got, cut)
	}
}
