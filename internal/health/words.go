package health

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// display renders a value for people: two figures are enough for a verdict.
func display(unit Unit, value float64) string {
	switch unit {
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
			return "up"
		}
		return "down"
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

// named is how many signals or components a summary names.
const named = 3

// summarise gives the verdict of everything and says it in a sentence or two.
func summarise(groups []Group, unreadable int) (Verdict, string) {
	verdict := NoData
	var unknown []string
	var wrong []fault
	for _, g := range groups {
		if gravity(g.Verdict) > gravity(verdict) {
			verdict = g.Verdict
		}
		if g.Verdict == NoData {
			unknown = append(unknown, g.Component.Name)
		}
		wrong = append(wrong, wrongOf(g.Component.Name, g.Items)...)
	}
	if verdict == NoData {
		return NoData, "Nothing is known: no signal has data"
	}
	text := "All good"
	if len(wrong) > 0 {
		text = sentences(wrong)
	}
	if len(unknown) > 0 {
		text += ". No data for " + list(unknown)
	}
	if unreadable == 1 {
		text += ". One log source cannot be read"
	}
	if unreadable > 1 {
		text += fmt.Sprintf(". %d log sources cannot be read", unreadable)
	}
	return verdict, text
}

// describe says of the signals of a component what is wrong or not known.
func describe(items []Item) string {
	wrong := wrongOf("", items)
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
		return items[0].Reason
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
	component string // its name, "" where it needs none
	text      string
	order     int
}

// wrongOf returns what is wrong with a component. What is down is named, where it
// is not the component itself.
func wrongOf(component string, items []Item) []fault {
	var faults []fault
	for _, item := range items {
		if gravity(item.Verdict) < gravity(Warning) {
			continue
		}
		text := item.Reason
		if item.Signal.Unit == State && item.Signal.ID != "up" {
			text = item.Signal.Name + " " + text
		}
		faults = append(faults, fault{component, text, order(item)})
	}
	return faults
}

// sentences says what is wrong, the first few in full: what is down before what
// is too much, because it often is the cause.
func sentences(faults []fault) string {
	slices.SortStableFunc(faults, func(a, b fault) int { return a.order - b.order })
	var parts []string
	component := ""
	for _, f := range faults[:min(named, len(faults))] {
		if f.component != component {
			component = f.component
			f.text = component + ": " + f.text
		}
		parts = append(parts, f.text)
	}
	text := strings.Join(parts, ". ")
	if more := len(faults) - named; more > 0 {
		text += fmt.Sprintf(". %d more", more)
	}
	return text
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
	if len(parts) == 1 {
		return parts[0]
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}
