package health

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// verdict compares a number with the thresholds.
func (s *Signal) verdict(value float64) Verdict {
	beyond := func(limit *float64) bool {
		if limit == nil {
			return false
		}
		if s.Worst == "min" {
			return value <= *limit
		}
		return value >= *limit
	}
	switch {
	case s.Unit == State && value != 1:
		return s.DownIs
	case beyond(s.Critical):
		return Critical
	case beyond(s.Warning):
		return Warning
	}
	return OK
}

// gravity orders verdicts that are known: the more, the worse.
func gravity(v Verdict) int {
	return slices.Index([]Verdict{NoData, OK, Warning, Critical}, v)
}

// judge fills in verdict, reason and since of a component from its signals.
func (g *Group) judge() {
	g.Verdict = NoData
	for _, item := range g.Items {
		if gravity(item.Verdict) > gravity(g.Verdict) {
			g.Verdict = item.Verdict
		}
	}
	g.Reason = describe(*g)
	if g.Verdict != Warning && g.Verdict != Critical {
		return
	}
	for _, item := range g.Items {
		if item.Verdict == g.Verdict && !item.Since.IsZero() && (g.Since.IsZero() || item.Since.Before(g.Since)) {
			g.Since, g.Longer = item.Since, item.Longer
		}
	}
}

// judge judges the sample that counts. With many, it is one of several
// instances, and the reason names it.
func judge(s Signal, v view, sample *model.Sample, many bool) Item {
	value := float64(sample.Value)
	labels := labelsOf(sample.Metric)
	item := Item{Signal: s, Verdict: s.verdict(value), Value: &value, Display: s.display(value)}
	if s.Unit == State {
		item.Reason = stateReason(s, v, value, labels)
		return item
	}
	item.Reason = s.say(item.Display, labels)
	if instance := labels["instance"]; many && instance != "" && !strings.Contains(item.Reason, clip(instance)) {
		item.Reason += " on " + clip(instance)
	}
	limit := " from %s"
	if s.Worst == "min" {
		limit = " at %s or less"
	}
	switch item.Verdict {
	case Critical:
		item.Reason += fmt.Sprintf("; critical"+limit, s.display(*s.Critical))
	case Warning:
		item.Reason += fmt.Sprintf("; a warning"+limit, s.display(*s.Warning))
	}
	return item
}

// stateReason says whether something is up, and if not, which and why.
func stateReason(s Signal, v view, value float64, labels map[string]string) string {
	if value == 1 {
		return s.Words
	}
	reason := s.Down
	instance := labels["instance"]
	if instance != "" {
		reason += " (" + clip(instance) + ")"
	}
	for _, target := range v.targets[labels["job"]] {
		if string(target.Labels["instance"]) == instance && target.LastError != "" {
			reason += ": " + scrapeError(target.LastError)
		}
	}
	return reason
}

// probed judges what a dependency itself said.
func probed(s Signal, err error) Item {
	up := 1.0
	if err != nil {
		down := 0.0
		return Item{Signal: s, Verdict: s.DownIs, Value: &down, Display: s.display(0), Reason: s.Down + ": " + explain(err)}
	}
	return Item{Signal: s, Verdict: OK, Value: &up, Display: s.display(1), Reason: s.Words}
}

// clocks judges by how much Prometheus' clock differs from the dashboard's.
func clocks(s Signal, v view) Item {
	if v.prometheus != nil {
		return noData(s, errPrometheus.Error())
	}
	return judge(s, v, &model.Sample{Value: model.SampleValue(v.ahead.Abs().Round(100 * time.Millisecond).Seconds())}, false)
}

func noData(s Signal, reason string) Item {
	return Item{Signal: s, Verdict: NoData, Reason: reason}
}

// worst returns the sample that counts; NaN only when there is nothing else.
func worst(vector model.Vector, which string) *model.Sample {
	var found *model.Sample
	for _, sample := range vector {
		value := float64(sample.Value)
		switch {
		case found == nil, math.IsNaN(float64(found.Value)):
			found = sample
		case math.IsNaN(value):
		case which == "min" && value < float64(found.Value), which != "min" && value > float64(found.Value):
			found = sample
		}
	}
	return found
}

// instances counts the scraped addresses in a vector.
func instances(vector model.Vector) int {
	seen := map[model.LabelValue]bool{}
	for _, sample := range vector {
		seen[sample.Metric[model.InstanceLabel]] = true
	}
	return len(seen)
}

// positive reports whether a vector has a value above zero.
func positive(vector model.Vector) bool {
	return slices.ContainsFunc(vector, func(s *model.Sample) bool { return s.Value > 0 })
}

// isNumber reports whether a value is neither NaN nor infinite.
func isNumber(value float64) bool { return !math.IsNaN(value) && !math.IsInf(value, 0) }

func labelsOf(metric model.Metric) map[string]string {
	labels := make(map[string]string, len(metric))
	for name, value := range metric {
		labels[string(name)] = string(value)
	}
	return labels
}

// scrapeError shortens Prometheus' text: it begins with the method and address
// that are known already.
func scrapeError(text string) string {
	if i := strings.LastIndex(text, `": `); i >= 0 {
		text = text[i+3:]
	}
	return clip(text)
}

// explain says in plain words why a call failed, and what to do. It shows no address.
func explain(err error) string {
	timeout, isNet := errors.AsType[net.Error](err)
	known, isAPI := errors.AsType[*v1.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		return "no answer in time; check that it is not overloaded"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused; check that it runs and that its address is right"
	case isAPI:
		return clip(known.Msg) + "; its log says more"
	}
	if inner, ok := errors.AsType[*url.Error](err); ok {
		return clip(inner.Err.Error()) + "; check its address and the network"
	}
	return clip(err.Error())
}
