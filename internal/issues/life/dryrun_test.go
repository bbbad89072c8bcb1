package life

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
)

func TestADryRunSaysWhatRulesMergeAndSplit(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	r.lines("ERROR payment refused by bank 1", "ERROR payment refused by bank 2", "ERROR card payment refused", "ERROR disk is full")
	before := r.list()
	rules := func(text string) grouping.Rules {
		t.Helper()
		rules, err := grouping.ParseRules("rules", []byte("rules:\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		return rules
	}
	span := issues.Span{From: r.now.Add(-time.Hour), To: r.now.Add(time.Hour)}
	effect, err := r.DryRun(t.Context(), rules(`- {name: payments, match: {message: "*payment refused*"}, fingerprint: [payments]}`), span)
	if err != nil {
		t.Fatal(err)
	}
	if effect.Events != 4 || effect.Fit != 3 || len(effect.Splits) != 0 || len(effect.Merges) != 1 ||
		effect.Merges[0].Rule != "payments" || !reflect.DeepEqual(effect.Merges[0].Issues, map[int64]int64{1: 2, 2: 1}) {
		t.Errorf("merge: %+v", effect)
	}
	effect, err = r.DryRun(t.Context(), rules(`- {name: one bank, match: {message: "*bank 1"}, fingerprint: [bank 1]}`), span)
	if err != nil {
		t.Fatal(err)
	}
	if len(effect.Merges) != 0 || len(effect.Splits) != 1 || effect.Splits[0].Issue != 1 || effect.Splits[0].Groups[0] != 1 || len(effect.Splits[0].Groups) != 2 {
		t.Errorf("split: %+v", effect)
	}
	if got := r.list(); !reflect.DeepEqual(got, before) {
		t.Errorf("the dry run changed %+v to %+v", before, got)
	}
}

func TestADryRunReadsAllPagesAndIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, DefaultLimits())
	var all []Seen
	for range dryRunPage + 1 {
		r.pass(time.Millisecond)
		all = append(all, r.seen("ERROR down"))
	}
	r.take(all...)
	effect, err := r.DryRun(t.Context(), grouping.Rules{}, issues.Span{From: r.now.Add(-time.Hour), To: r.now.Add(time.Hour)})
	if err != nil || effect.Events != dryRunPage+1 {
		t.Errorf("got %+v, %v", effect, err)
	}
	run := dryRun{grouper: grouping.New(grouping.Rules{}), groups: map[issues.Key]*RuleGroup{}, splits: map[int64]*Split{}}
	for i := range dryRunGroups {
		run.groups[issues.Key(i)] = nil
	}
	rules, err := grouping.ParseRules("rules", []byte(`rules: [{name: wide, match: {message: "*"}, fingerprint: [x]}]`))
	if err != nil {
		t.Fatal(err)
	}
	run.grouper = grouping.New(rules)
	if err := run.add(all[0].Event, Issue{}); !errors.Is(err, ErrAction) || !strings.Contains(err.Error(), `"wide"`) {
		t.Errorf("got %v", err)
	}
}
