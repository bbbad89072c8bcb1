package pipeline

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// limitRig is a limit of three values that are forgotten after an hour, and
// what it said.
type limitRig struct {
	*LabelLimit
	streams *Streams
	said    []string
}

func newLimitRig(saved LabelValues, fixed ...Label) *limitRig {
	r := &limitRig{streams: NewStreams()}
	r.LabelLimit = NewLabelLimit(LabelLimitOptions{
		Values: 3, ForgetAfter: time.Hour, Fixed: fixed, Streams: r.streams,
		Full:   func(label, value string, all []Label) { r.said = append(r.said, fmt.Sprint(label, "=", value, all)) },
		Spared: func(label string) { r.said = append(r.said, label+" spared") },
	}, saved, epoch)
	return r
}

// admit asks for labels written as a=1,b=2 and returns what is kept and moved.
func (r *limitRig) admit(labels string, now time.Time) string {
	var all []Label
	for pair := range strings.SplitSeq(labels, ",") {
		name, value, _ := strings.Cut(pair, "=")
		all = append(all, Label{name, value})
	}
	kept, moved, _ := r.Admit(all, now)
	return fmt.Sprint(kept, moved)
}

func (r *limitRig) want(t *testing.T, labels string, now time.Time, want string) {
	t.Helper()
	if got := r.admit(labels, now); got != want {
		t.Errorf("%s: got %s, want %s", labels, got, want)
	}
}

func TestAFurtherValueIsMovedAndEstablishedOnesStay(t *testing.T) {
	r := newLimitRig(nil)
	for i := range 3 {
		r.want(t, fmt.Sprintf("job=j,user=%d", i), epoch, fmt.Sprintf("[{job j} {user %d}] []", i))
	}
	r.want(t, "job=j,user=3", epoch, "[{job j}] [{user 3}]")
	r.want(t, "job=j,user=4", epoch, "[{job j}] [{user 4}]")
	r.want(t, "job=j,user=1", epoch, "[{job j} {user 1}] []")
	r.want(t, "job=k,user=", epoch, "[{job k}] []")
	if want := []string{"user=3[{job j} {user 3}]"}; !slices.Equal(r.said, want) {
		t.Errorf("said %q, want %q once", r.said, want)
	}
	got := map[string]string{}
	r.Stats(func(label string, values int, moved uint64) { got[label] = fmt.Sprint(values, " ", moved) })
	if want := map[string]string{"job": "2 0", "user": "3 2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("values and moved ones: %v, want %v", got, want)
	}
}

func TestAStreamKeepsALabel(t *testing.T) {
	r := newLimitRig(LabelValues{"a": {"1": 0, "2": 0, "3": 0}, "b": {"1": 0, "2": 0, "3": 0}})
	r.want(t, "a=4,b=4", epoch, "[{a 4}] [{b 4}]")
}

func TestAValueThatLokiWouldRefuseIsMoved(t *testing.T) {
	r := newLimitRig(nil)
	long := strings.Repeat("x", maxLabelValue+1)
	r.want(t, "job=j,a="+long, epoch, "[{job j}] [{a "+long+"}]")
	r.want(t, "job=j,a="+long[1:], epoch, "[{job j} {a "+long[1:]+"}] []")
	if len(r.said) > 0 {
		t.Errorf("said %q, but no label has too many values", r.said)
	}
}

func TestFixedLabelsCountAndStay(t *testing.T) {
	r := newLimitRig(nil, Label{"env", "prod"})
	r.admit("env=a", epoch)
	r.admit("env=b", epoch)
	r.want(t, "job=j,env=c", epoch, "[{job j}] [{env c}]")
	r.Sweep(epoch.Add(10 * time.Hour))
	for _, value := range []string{"a", "b"} {
		r.admit("env="+value, epoch.Add(10*time.Hour))
	}
	r.want(t, "job=j,env=c", epoch.Add(10*time.Hour), "[{job j}] [{env c}]")
	if got := r.Values()["env"]; len(got) != 2 || got["prod"] != 0 {
		t.Errorf("saved are %v, without the fixed value", got)
	}
}

func TestAValueThatNoStreamHasLeavesItsPlaceAfterSomeTime(t *testing.T) {
	r := newLimitRig(nil)
	held := r.streams.Get("", []Label{{"user", "0"}})
	for i := range 4 {
		r.admit(fmt.Sprintf("job=j,user=%d", i), epoch)
	}
	r.Sweep(epoch.Add(time.Minute))
	if n := r.Sweeps(); n != 0 {
		t.Errorf("%d sweeps after a minute, want none so early", n)
	}
	r.Sweep(epoch.Add(50 * time.Minute))
	r.admit("user=1", epoch.Add(51*time.Minute))
	r.Sweep(epoch.Add(70 * time.Minute))
	now := epoch.Add(71 * time.Minute)
	r.want(t, "job=j,user=4", now, "[{job j} {user 4}] []") // the place of 2
	r.want(t, "job=j,user=2", now, "[{job j}] [{user 2}]")
	r.want(t, "job=j,user=0", now, "[{job j} {user 0}] []") // a stream is held
	r.want(t, "job=j,user=1", now, "[{job j} {user 1}] []") // seen 20 minutes ago
	if n := r.Sweeps(); n != 2 {
		t.Errorf("%d sweeps, want 2", n)
	}
	runtime.KeepAlive(held)
}

func TestALabelWithTooManyValuesIsSaidWhenItBeginsAndWhenItEnds(t *testing.T) {
	r := newLimitRig(LabelValues{"user": {"1": epoch.Unix(), "2": epoch.Unix(), "3": epoch.Unix()}})
	for _, minutes := range []int{1, 10, 20, 30, 40} {
		now := epoch.Add(time.Duration(minutes) * time.Minute)
		if minutes <= 10 || minutes == 40 {
			r.admit("job=j,user=9", now)
		}
		r.Sweep(now.Add(5 * time.Minute))
	}
	if want := []string{"user=9[{job j} {user 9}]", "user spared", "user=9[{job j} {user 9}]"}; !slices.Equal(r.said, want) {
		t.Errorf("said %q, want %q", r.said, want)
	}
}

func TestAdmittedValuesAreTheSameAfterARestart(t *testing.T) {
	r := newLimitRig(nil)
	for i := range 5 {
		r.admit(fmt.Sprintf("job=j,user=%d\xff", i), epoch)
	}
	again := newLimitRig(r.Values())
	for i := range 5 {
		labels := fmt.Sprintf("job=j,user=%d\xff", 4-i)
		if got, want := again.admit(labels, epoch), r.admit(labels, epoch); got != want {
			t.Errorf("%q: %s after a restart, %s before", labels, got, want)
		}
	}
}

// More saved values than a lower limit allows keep their places.
func TestALowerLimitTakesNoValueItsPlace(t *testing.T) {
	r := newLimitRig(LabelValues{"user": {"1": 0, "2": 0, "3": 0, "4": 0}})
	r.want(t, "job=j,user=4", epoch, "[{job j} {user 4}] []")
	r.want(t, "job=j,user=5", epoch, "[{job j}] [{user 5}]")
}

func TestAnAdmissionIsSavedWhenItsValueIs(t *testing.T) {
	r := newLimitRig(LabelValues{"user": {"old": 0}})
	_, _, old := r.Admit([]Label{{"user", "old"}}, epoch)
	_, _, first := r.Admit([]Label{{"user", "old"}, {"job", "j"}}, epoch)
	r.Values()
	_, _, second := r.Admit([]Label{{"user", "new"}}, epoch)
	if !r.IsSaved(old) || r.IsSaved(first) {
		t.Errorf("before anything is saved: a restored value is saved %v, a new one %v", r.IsSaved(old), r.IsSaved(first))
	}
	r.Saved()
	if !r.IsSaved(first) || r.IsSaved(second) {
		t.Errorf("after the first is saved: first %v, the one that came meanwhile %v", r.IsSaved(first), r.IsSaved(second))
	}
}

func TestWithoutALimitEveryValueIsALabel(t *testing.T) {
	var l *LabelLimit
	all := []Label{{"a", "1"}}
	kept, moved, admission := l.Admit(all, epoch)
	l.Sweep(epoch)
	l.Saved()
	if len(kept) != 1 || moved != nil || !l.IsSaved(admission) || l.Sweeps() != 0 || l.Values() != nil {
		t.Errorf("kept %v, moved %v", kept, moved)
	}
}

func TestALabelLimitIsSafeForConcurrentUse(t *testing.T) {
	r := newLimitRig(nil)
	r.opts.Full, r.opts.Spared = func(string, string, []Label) {}, func(string) {}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 500 {
				now := epoch.Add(time.Duration(i) * time.Minute)
				kept, _, admission := r.Admit([]Label{{"job", "j"}, {"user", fmt.Sprint(i % (w + 3))}}, now)
				r.streams.Get("", kept)
				r.IsSaved(admission)
				r.Sweep(now)
				if r.Values(); i%10 == 0 {
					r.Saved()
				}
			}
		})
	}
	wg.Wait()
	r.Stats(func(label string, values int, _ uint64) {
		if values > 3 {
			t.Errorf("%d values of %s, want at most 3", values, label)
		}
	})
}
