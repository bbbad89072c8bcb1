package ship

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// lokiOf answers as a Loki whose clock is ahead of ours: it takes what is not
// older than a week and not more than ten minutes in the future.
func lokiOf(ahead *time.Duration) func(*received) answer {
	return func(got *received) answer {
		now := time.Now().Add(*ahead)
		a := answer{header: http.Header{"Date": {now.UTC().Format(http.TimeFormat)}}}
		oldest, newest := now.Add(-7*24*time.Hour), now.Add(10*time.Minute)
		takes := func(line string) bool {
			at := timeOf(line)
			return !at.Before(oldest) && !at.After(newest)
		}
		bad := 0
		for _, line := range got.lines {
			switch at := timeOf(line); {
			case at.Before(oldest):
				a.text += fmt.Sprintf("entry for stream '%s' has timestamp too old: %s, oldest acceptable timestamp is: %s,\n",
					got.labels, at.UTC().Format(time.RFC3339), oldest.UTC().Format(time.RFC3339))
			case at.After(newest):
				a.text += fmt.Sprintf("entry for stream '%s' has timestamp too new: %s,\n", got.labels, at.UTC().Format(time.RFC3339))
			default:
				continue
			}
			bad++
		}
		if bad > 0 {
			a.status, a.stores = http.StatusBadRequest, takes
			a.text += fmt.Sprintf("user 'fake', total ignored: %d out of %d for stream: %s", bad, len(got.lines), got.labels)
		}
		return a
	}
}

// timeOf is the time of a line that a sink received.
func timeOf(line string) time.Time {
	text, _, _ := strings.Cut(line, "|")
	ns, _ := strconv.ParseInt(text, 10, 64)
	return time.Unix(0, ns)
}

// at is an entry of an age, with a time of its own or that of its reading.
type at struct {
	line     string
	age      time.Duration
	readTime bool
}

func (r *rig) sendAt(app string, entries ...at) {
	for _, e := range entries {
		from := r.read
		r.read += int64(len(e.line)) + 1
		r.ledger.Read(r.read)
		r.outbox.Add(r.stream(app), &pipeline.Entry{
			Line: []byte(e.line), Time: time.Now().Add(-e.age).UnixNano(), ReadTime: e.readTime,
			Pieces: []pipeline.Piece{{Ledger: r.ledger, Range: pipeline.Range{Start: from, End: r.read}}},
		}, time.Now())
	}
	r.outbox.Flush()
}

// quarantineOf makes a rig's client keep what was refused in a list.
func quarantineOf(list *[]string, fails func() error) func(*Options) {
	return func(o *Options) {
		o.Quarantine = func(refused []Refused) error {
			if fails != nil && fails() != nil {
				return fails()
			}
			for _, r := range refused {
				for i := r.From; i < r.To; i++ {
					*list = append(*list, fmt.Sprintf("%s %s %s", r.Stream, r.Reason, r.Batch.Line(i)))
				}
			}
			return nil
		}
	}
}

const day = 24 * time.Hour

func TestEntriesOfTimesThatLokiDoesNotTake(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var kept []string
		ahead := time.Duration(0)
		r := newRig(t, quarantineOf(&kept, nil))
		r.sink.say(lokiOf(&ahead))
		mixed := []at{
			{"old", 8 * day, false}, {"old read", 8 * day, true}, {"good", 0, false},
			{"new", -time.Hour, false}, {"new read", -time.Hour, true}, {"good too", time.Hour, true},
		}
		r.sendAt("a", mixed...)
		r.drained()
		wantKept := []string{`{app="a"} greater_than_max_sample_age old`, `{app="a"} too_far_in_future new`}
		if fmt.Sprintf("%q", sorted(kept)) != fmt.Sprintf("%q", wantKept) {
			t.Errorf("in quarantine: %q, want %q", sorted(kept), wantKept)
		}
		r.wantSorted("a", "good", "good too", "new read", "old read")
		if n := r.counter("mutated_entries_total", "reason", "time"); n != 2 {
			t.Errorf("%v entries were sent with another time, want 2", n)
		}

		// What is known is not asked again.
		before := r.requests()
		r.sendAt("b", mixed...)
		r.drained()
		r.wantSorted("b", "good", "good too", "new read", "old read")
		for _, request := range r.sink.requests[before:] {
			for _, line := range request.lines {
				if strings.HasSuffix(line, "|old|") {
					t.Error("an entry is sent that Loki is known to refuse")
				}
			}
		}
		if len(kept) != 4 {
			t.Errorf("in quarantine: %q", kept)
		}
	})
}

// Our clock is an hour before Loki's, or more than a week behind it.
func TestReadTimesOfAWrongClockAreReplaced(t *testing.T) {
	for _, ahead := range []time.Duration{-time.Hour, 8 * day} {
		bubble(t, func(t *testing.T) {
			var kept, want []string
			r := newRig(t, quarantineOf(&kept, nil))
			r.sink.say(lokiOf(&ahead))
			for i := range 9 {
				want = append(want, fmt.Sprint("line ", i))
				r.sendAt("a", at{want[i], 0, true})
				r.drained()
			}
			r.wantSorted("a", want...)
			if len(kept) > 0 {
				t.Errorf("in quarantine: %q", kept)
			}
		})
	}
}

// What one refusal tells is less than all times that Loki refuses: lines that
// were read some seconds before it are refused once more.
func TestReadTimesBeforeARefusalAreReplacedToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var kept, want []string
		r := newRig(t, quarantineOf(&kept, nil))
		ahead := -time.Hour
		r.sink.say(lokiOf(&ahead))
		for batch := range 3 {
			var all []at
			for i := range 100 {
				want = append(want, fmt.Sprint("line ", batch, " ", i))
				all = append(all, at{want[len(want)-1], time.Duration(batch) * time.Duration(100-i) * 50 * time.Millisecond, true})
			}
			r.sendAt("a", all...)
			r.drained()
		}
		slices.Sort(want)
		r.wantSorted("a", want...)
		if len(kept) > 0 {
			t.Errorf("in quarantine: %q", kept)
		}
	})
}

func TestAStreamWaitsWhileItsQuarantineCannotBeWritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var kept []string
		var mu sync.Mutex
		full := true
		ahead := time.Duration(0)
		r := newRig(t, quarantineOf(&kept, func() error {
			mu.Lock()
			defer mu.Unlock()
			if full {
				return errors.New("no space left on device")
			}
			return nil
		}))
		r.sink.say(lokiOf(&ahead))
		r.sendAt("a", at{"old", 8 * day, false}, at{"good", 0, false})
		r.sendAt("b", at{"other", 0, false})
		time.Sleep(10 * minute)
		if n := r.ledger.Unsettled(); n == 0 || len(kept) > 0 {
			t.Errorf("%d bytes are unsettled, %q in quarantine", n, kept)
		}
		r.wantSorted("b", "other")
		if n := len(r.log.with("a stream waits")); n == 0 || n > 10 {
			t.Errorf("%d log lines in ten minutes", n)
		}
		mu.Lock()
		full = false
		mu.Unlock()
		r.drained()
		r.wantSorted("a", "good")
		if len(kept) != 1 {
			t.Errorf("in quarantine: %q", kept)
		}
	})
}

func (r *rig) wantSorted(app string, want ...string) {
	r.t.Helper()
	if got := sorted(r.storedOf(app)); strings.Join(got, ",") != strings.Join(want, ",") {
		r.t.Errorf("%s: stored %q, want %q", app, got, want)
	}
}

func sorted(lines []string) []string {
	lines = slices.Clone(lines)
	slices.Sort(lines)
	return lines
}
