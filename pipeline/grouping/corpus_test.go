package grouping

import (
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/level"
	"github.com/tovtech/tovplay-logging/test/corpus"
)

// The committed runs of one web application, as Docker wrote its output, each
// with a row of truth for each write.
var tovplayRuns = []string{
	"../level/testdata/tovplay/direct", "../level/testdata/tovplay/structured-1w",
	"../traceback/testdata/tovplay/legacy-prod", "../traceback/testdata/tovplay/legacy-dev",
}

// TestExceptionsOfAWebApplicationAreGroupedAsTheTruthSays prints the figure that
// `make accuracy` shows.
func TestExceptionsOfAWebApplicationAreGroupedAsTheTruthSays(t *testing.T) {
	const floor = 0.95
	var all accuracy
	for _, run := range tovplayRuns {
		var one accuracy
		for _, w := range corpus.Writes(t, run) {
			if len(w.ExcChain) == 0 {
				continue
			}
			r := group(w.Text)
			one.add(w.Group, r.Key.String())
			all.add(run+w.Group, run+r.Key.String())
			checkChain(t, run, w, r)
		}
		t.Logf("%-50s FGA %.3f", run, one.fga())
	}
	t.Logf("tovplay FGA %.3f", all.fga())
	if all.events < 450 || all.fga() < floor {
		t.Errorf("FGA %.3f of %d exceptions, want at least %.2f of 450", all.fga(), all.events, floor)
	}
}

func TestErrorsWithoutAnExceptionAreGroupedByTheirMessage(t *testing.T) {
	var all accuracy
	for _, run := range tovplayRuns {
		for _, w := range corpus.Writes(t, run) {
			if l := level.Parse(w.Level); l < level.Error || len(w.ExcChain) > 0 {
				continue
			}
			r := group(w.Text)
			all.add(run+w.Group, run+r.Key.String())
		}
	}
	t.Logf("errors without an exception: FGA %.3f of %d", all.fga(), all.events)
}

func checkChain(t *testing.T, run string, w corpus.Write, r *Result) {
	var chain []string
	for _, e := range r.Exceptions {
		chain = append(chain, string(e.Type))
	}
	if got, want := strings.Join(chain, " "), strings.Join(w.ExcChain, " "); got != want {
		t.Errorf("%s: chain %q, want %q in %.300s", run, got, want, w.Text)
	}
}

func group(text string) *Result {
	var r Result
	New(Rules{}).Group(Event{Text: []byte(text)}, &r)
	return &r
}

// accuracy compares groups with the truth.
type accuracy struct {
	events    int
	truth     map[string]map[int]bool
	predicted map[string]map[int]bool
}

func (a *accuracy) add(truth, predicted string) {
	if a.truth == nil {
		a.truth, a.predicted = map[string]map[int]bool{}, map[string]map[int]bool{}
	}
	for groups, name := range map[*map[string]map[int]bool]string{&a.truth: truth, &a.predicted: predicted} {
		if (*groups)[name] == nil {
			(*groups)[name] = map[int]bool{}
		}
		(*groups)[name][a.events] = true
	}
	a.events++
}

// fga is the F1 of groups: a group is right when it has exactly the events of
// one of the truth.
func (a *accuracy) fga() float64 {
	right := 0
	for _, events := range a.predicted {
		for _, same := range a.truth {
			if equalSets(events, same) {
				right++
				break
			}
		}
	}
	if right == 0 {
		return 0
	}
	precision, recall := float64(right)/float64(len(a.predicted)), float64(right)/float64(len(a.truth))
	return 2 * precision * recall / (precision + recall)
}

func equalSets(a, b map[int]bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !b[i] {
			return false
		}
	}
	return true
}
