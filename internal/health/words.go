package health

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// display renders a value for people: two figures are enough for a verdict.
func (s *Signal) display(value float64) string {
	switch s.Unit {
	case Percent:
		return figure(value) + " %"
	case Seconds:
		return seconds(value)
	case Days:
		return seconds(value * 86400)
	case PerSecond:
		return figure(value) + " /s"
	case Bytes:
		return bytes(value)
	case Ratio:
		return strconv.FormatFloat(value, 'f', 2, 64)
	case State:
		if value == 1 {
			return s.States[0]
		}
		return s.States[1]
	}
	return strconv.FormatFloat(math.Round(value), 'f', -1, 64)
}

// figure renders a number with one decimal below ten and none above.
func figure(value float64) string {
	if math.Abs(value) < 9.95 {
		return strings.TrimSuffix(strconv.FormatFloat(value, 'f', 1, 64), ".0")
	}
	return strconv.FormatFloat(value, 'f', 0, 64)
}

// seconds renders a duration in the unit that suits it.
func seconds(value float64) string {
	switch abs := math.Abs(value); {
	case abs >= 48*3600:
		return figure(value/86400) + " d"
	case abs >= 2*3600:
		return figure(value/3600) + " h"
	case abs >= 120:
		return figure(value/60) + " min"
	case abs >= 1 || abs == 0:
		return figure(value) + " s"
	}
	return figure(value*1000) + " ms"
}

// bytes renders a size in binary units.
func bytes(value float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for math.Abs(value) >= 1024 && i < len(units)-1 {
		value /= 1024
		i++
	}
	return figure(value) + " " + units[i]
}

// named is how many signals a reason and components a list names.
const named = 3

// causes is how many components a summary names.
const causes = 2

// summarise gives the verdict of everything and says it in one short sentence. The
// detail is what cannot be known, "" when there is nothing of it.
func summarise(groups []Group, unreadable int) (verdict Verdict, summary, detail string) {
	verdict = NoData
	var unknown []string
	for _, g := range groups {
		if gravity(g.Verdict) > gravity(verdict) {
			verdict = g.Verdict
		}
		if g.Verdict == NoData {
			unknown = append(unknown, g.Component.Name)
		}
	}
	var details []string
	if len(unknown) > 0 {
		details = append(details, "No data for "+list(unknown))
	}
	if unreadable == 1 {
		details = append(details, "One log source cannot be read")
	}
	if unreadable > 1 {
		details = append(details, fmt.Sprintf("%d log sources cannot be read", unreadable))
	}
	switch {
	case verdict == NoData:
		summary = "Nothing is known: no signal has data"
	case verdict != OK:
		summary = headline(groups)
	case len(details) > 0:
		summary = "Good as far as is known"
	default:
		summary = "All good"
	}
	return verdict, summary, strings.Join(details, ". ")
}

// headline names the component that is not well, or counts those that are not, and
// names the worst signals.
func headline(groups []Group) string {
	var counts []string
	unwell := 0
	for _, level := range []struct {
		verdict Verdict
		word    string
	}{{Critical, "critical"}, {Warning, "degraded"}} {
		count := 0
		for _, g := range groups {
			if g.Verdict == level.verdict {
				count++
			}
		}
		unwell += count
		if count > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", count, level.word))
		}
	}
	all := 0
	var worst []fault
	for _, g := range groups {
		faults := wrongOf(g)
		all += len(faults)
		worst = append(worst, faults[:min(1, len(faults))]...)
	}
	if unwell == 1 {
		return alone(worst[0], all-1)
	}
	byOrder(worst)
	var parts []string
	for _, f := range worst[:min(causes, len(worst))] {
		parts = append(parts, f.named())
	}
	return strings.Join(counts, ", ") + ": " + enumerate(further(parts, all-len(parts)))
}

// alone says what is wrong where all of it is of one component.
func alone(f fault, more int) string {
	said := enumerate(further([]string{f.short}, more))
	if f.component == "" {
		return said
	}
	return f.component + ": " + said
}

// further adds how many signals more are wrong.
func further(parts []string, more int) []string {
	switch {
	case more == 1:
		return append(parts, "1 more signal")
	case more > 1:
		return append(parts, fmt.Sprintf("%d more signals", more))
	}
	return parts
}

// describe says of the signals of a component what is wrong or not known.
func describe(g Group) string {
	items := g.Items
	wrong := wrongOf(g)
	var unknown []string
	for _, item := range items {
		if item.Verdict == NoData {
			unknown = append(unknown, item.Signal.Name)
		}
	}
	same := func(item Item) bool { return item.Reason == items[0].Reason }
	text := "All good"
	if len(unknown) > 0 {
		text = "Good as far as is known"
	}
	switch {
	case len(items) == 0:
		return "Nothing is known"
	case len(unknown) == len(items) && !slices.ContainsFunc(items, func(item Item) bool { return !same(item) }):
		return capital(items[0].Reason)
	case len(unknown) == len(items):
		return "Nothing is known: " + items[0].Reason
	case len(wrong) > 0:
		text = sentences(wrong)
	}
	if len(unknown) > 0 {
		text += ". No data for " + list(unknown)
	}
	return text
}

// fault is something that is wrong.
type fault struct {
	// text is the reason; short names the signal, and component whose it is: "" if
	// short says that.
	text, short, component string
	order                  int
}

// named returns what is wrong and where.
func (f fault) named() string {
	if f.component == "" {
		return f.short
	}
	return fmt.Sprintf("%s (%s)", f.component, f.short)
}

// wrongOf returns what is wrong with a component: what is down before what is too
// much, because it often is the cause.
func wrongOf(g Group) []fault {
	var faults []fault
	for _, item := range g.Items {
		if gravity(item.Verdict) < gravity(Warning) {
			continue
		}
		faults = append(faults, faultOf(g.Component.Name, item))
	}
	byOrder(faults)
	return faults
}

// faultOf says what is wrong with a signal. What is down is named, where it is not
// the component itself.
func faultOf(component string, item Item) fault {
	s := item.Signal
	switch {
	case s.Unit == State && s.ID == "up":
		return fault{capital(item.Reason), component + " " + s.Down, "", order(item)}
	case s.Unit == State:
		return fault{s.Name + " " + item.Reason, s.Name + " " + s.Down, "", order(item)}
	case !strings.HasPrefix(s.Words, "{{"): // a label stays as it is
		item.Reason = capital(item.Reason)
	}
	return fault{item.Reason, s.Name + " " + item.Display, component, order(item)}
}

// capital returns a text as a sentence begins.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

func byOrder(faults []fault) {
	slices.SortStableFunc(faults, func(a, b fault) int { return a.order - b.order })
}

// sentences says what is wrong, the first few in full.
func sentences(faults []fault) string {
	var parts []string
	for _, f := range faults[:min(named, len(faults))] {
		parts = append(parts, f.text)
	}
	if more := len(faults) - named; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return strings.Join(parts, ". ")
}

// order sorts what is down first, then by verdict.
func order(item Item) int {
	switch {
	case item.Verdict == Critical && item.Signal.Unit == State:
		return 0
	case item.Verdict == Critical:
		return 1
	}
	return 2
}

// list joins names, the first few in full.
func list(names []string) string {
	parts := slices.Clone(names[:min(named, len(names))])
	if more := len(names) - named; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return enumerate(parts)
}

// enumerate joins one or more words as people do.
func enumerate(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
