package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
)

func TestRecordsHaveTheirSizeAndAreFoundAgain(t *testing.T) {
	t.Parallel()
	for _, size := range []int{60, 98, 99, 100, 101, 102, 999, 1001, 10_003, 300_000} {
		for _, seq := range []int{0, 9, 10, 123_456} {
			record := string(appendRecord(nil, "web-1", seq, size))
			writer, got, ok := parseRecord("2026-01-02T03:04:05Z " + record)
			if !ok || writer != "web-1" || got != seq {
				t.Errorf("size %d: got %q %d %v of %.80q", size, writer, got, ok, record)
			}
			if d := len(record) - size; d < -1 || d > 1 {
				t.Errorf("record of %d bytes, want %d", len(record), size)
			}
		}
	}
	if writer, seq, ok := parseRecord(string(appendTraceback(nil, "web", 7))); !ok || writer != "web" || seq != 7 {
		t.Error("a traceback is not found again")
	}
}

func TestWhatIsCutOrJoinedIsNoRecord(t *testing.T) {
	t.Parallel()
	a, b := string(appendRecord(nil, "web", 1, 80)), string(appendRecord(nil, "web", 1, 90))
	for name, text := range map[string]string{
		"begin": a[:40], "end": a[40:], "one byte short": a[:len(a)-1], "two joined": a + b, "joined by a newline": a + "\n" + b,
		"a piece missing": a[:30] + a[31:], "a piece twice": a[:31] + a[30:], "two mixed": a[:20] + b[20:], "empty": "", "number": "#web-x:9 web-x~",
	} {
		if _, _, ok := parseRecord(text); ok {
			t.Errorf("%s: %q passes for a record", name, text)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add("x " + string(appendRecord(nil, "web", 12, 70)))
	f.Add("#-1:5 -1~")
	f.Fuzz(func(t *testing.T, text string) {
		writer, seq, ok := parseRecord(text)
		if ok && !strings.HasSuffix(text, fmt.Sprintf(" %s-%d~", writer, seq)) {
			t.Errorf("%q gives %s-%d", text, writer, seq)
		}
	})
}

func TestTallyCountsRepetitionsAndDamage(t *testing.T) {
	t.Parallel()
	var y Tally
	for _, seq := range []int{0, 2, 2, 5000, 2} {
		y.Add(string(appendRecord(nil, "web", seq, 60)))
	}
	y.Add("nobody wrote this")
	damaged, _ := y.Damaged()
	if y.Distinct() != 3 || y.Repeated() != 2 || damaged != 1 {
		t.Errorf("%d distinct, %d repeated, %d damaged; want 3, 2, 1", y.Distinct(), y.Repeated(), damaged)
	}
	if y.Times("web", 2) != 3 || y.Times("web", 1) != 0 || y.Times("other", 0) != 0 {
		t.Error("a record's own count is wrong")
	}
}

func TestPartsAreJoinedInOrder(t *testing.T) {
	t.Parallel()
	var got []string
	p := partJoiner{}
	whole := func(text string) { got = append(got, text) }
	p.add("a", "one", "", "", whole)
	p.add("a", "tw", "1", "2", whole)
	p.add("b", "thr", "1", "2", whole)
	p.add("a", "tw", "1", "2", whole) // repeated
	p.add("a", "o", "2", "2", whole)
	p.add("b", "ee", "2", "2", whole)
	if want := []string{"one", "two", "three"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWriterKeepsItsRateAndNumbersOverRotations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	w := &Writer{Name: "app", Path: path, Rate: 2000, Size: 80}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	every(ctx, 200*time.Millisecond, func() {
		if err := w.RenameRotate(9); err != nil {
			t.Error(err)
		}
	})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var y Tally
	paths, _ := filepath.Glob(path + "*")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			y.Add(strings.TrimSuffix(line, "\n"))
		}
	}
	if y.Distinct() != w.Written() || y.Repeated() != 0 || len(paths) < 4 {
		t.Errorf("%d records in %d files, %d repeated, of %d written", y.Distinct(), len(paths), y.Repeated(), w.Written())
	}
	if got := w.Reached(); got < 1600 || got > 2100 {
		t.Errorf("reached %.0f records a second, want 2,000", got)
	}
}

func TestRotationKeepsSoManyFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	w := &Writer{Name: "app", Path: path, Size: 60}
	if err := w.Reopen(); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if err := w.Burst(1); err != nil {
			t.Fatal(err)
		}
		rotate := func() error { return w.RenameRotate(3) }
		if i%2 == 1 {
			rotate = func() error { return w.CopyTruncate(3, 2) }
		}
		if err := rotate(); err != nil {
			t.Fatal(err)
		}
	}
	paths, _ := filepath.Glob(path + "*")
	if len(paths) != 4 {
		t.Errorf("%d files, want the log and 3: %v", len(paths), paths)
	}
	if w.Written() != 5+2*2 {
		t.Errorf("%d records written, want 9", w.Written())
	}
}

// send pushes one record and returns the status, 0 for no answer.
func send(t *testing.T, url string, seq int) int {
	t.Helper()
	data, err := (&push.PushRequest{Streams: []push.Stream{{Labels: `{a="b"}`, Entries: []push.Entry{
		{Timestamp: time.Now(), Line: string(appendRecord(nil, "web", seq, 60))},
	}}}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 500 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Post(url+"/loki/api/v1/push", "application/x-protobuf", bytes.NewReader(snappy.Encode(nil, data)))
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func TestProxyFailsOnCommand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  Fault
		status int
		stored bool
	}{
		"pass":    {Fault{}, 204, true},
		"answer":  {Fault{Kind: Answer, Status: 429}, 429, false},
		"slow":    {Fault{Kind: Slow, Delay: 50 * time.Millisecond}, 204, true},
		"slower":  {Fault{Kind: Slow, Delay: time.Second}, 0, true},
		"refuse":  {Fault{Kind: Refuse}, 0, false},
		"cut":     {Fault{Kind: Cut}, 0, true},
		"lose":    {Fault{Kind: Lose}, 0, true},
		"hang":    {Fault{Kind: Hang}, 0, false},
		"another": {Fault{Kind: Hang, Every: 2}, 204, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := NewSink(t)
			proxy := NewProxy(t, sink.URL, nil)
			proxy.Set(c.fault)
			if got := send(t, proxy.URL, 0); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			deadline := time.Now().Add(5 * time.Second)
			for c.stored && sink.Distinct() == 0 && time.Now().Before(deadline) {
				pause(t.Context(), 10*time.Millisecond)
			}
			if stored := sink.Times("web", 0) == 1; stored != c.stored {
				t.Errorf("stored is %v, want %v", stored, c.stored)
			}
			proxy.Set(Fault{})
			if got := send(t, proxy.URL, 0); got != http.StatusNoContent {
				t.Errorf("afterwards the status is %d", got)
			}
			if got := sink.Times("web", 0); c.stored && got != 2 {
				t.Errorf("the sink hides a repetition: %d", got)
			}
		})
	}
}

func TestSinkTakesNoMoreThanItsRate(t *testing.T) {
	t.Parallel()
	sink := NewSink(t)
	sink.SetRate(20)
	began := time.Now()
	for seq := range 10 {
		if got := send(t, sink.URL, seq); got != http.StatusNoContent {
			t.Fatalf("status %d", got)
		}
	}
	if took := time.Since(began); took < 400*time.Millisecond {
		t.Errorf("10 records at 20 a second took %s", took)
	}
}

func TestLostIsWhatNeitherArrivedNorIsInQuarantine(t *testing.T) {
	t.Parallel()
	r := Result{Written: 10, Delivered: 7, Quarantined: 1}
	if r.Lost() != 2 {
		t.Errorf("lost is %d, want 2", r.Lost())
	}
}

func TestTableShowsEveryFigure(t *testing.T) {
	t.Parallel()
	two := 2
	got := Table([]Result{
		{Case: "first", Size: "CI", Written: 1_234_567, Delivered: 1_234_000, Quarantined: 500, Reasons: map[string]int{"late": 500},
			Doubled: &two, CountedTwice: 3, Memory: 50 << 20, Seconds: 12.4, Rate: 20_000},
		{Case: "second", Size: "soak", NotRun: "too slow"},
	})
	for _, want := range []string{
		"| first | CI | 1,234,567 | 1,234,000 | 500: 500 late | 67 | 2 | 3 | 50 | 12 | 20,000 |",
		"| second: **not run**, too slow | soak |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
