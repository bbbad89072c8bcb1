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

// named is how many signals a summary names.
const named = 3

// summarise gives the verdict of everything and says it in a sentence or two.
func summarise(items []Item, unreadable int) (Verdict, string) {
	by := map[Verdict][]Item{}
	for _, item := range items {
		by[item.Verdict] = append(by[item.Verdict], item)
	}
	verdict, text := OK, "All good"
	switch {
	case len(by[Critical]) > 0:
		verdict, text = Critical, describe(slices.Concat(by[Critical], by[Warning]))
	case len(by[Warning]) > 0:
		verdict, text = Warning, describe(by[Warning])
	case len(by[NoData]) == len(items):
		return NoData, "Nothing is known: no signal has data"
	}
	if len(by[NoData]) > 0 {
		text += ". No data for " + names(by[NoData])
	}
	if unreadable == 1 {
		text += ". One log source cannot be read"
	}
	if unreadable > 1 {
		text += fmt.Sprintf(". %d log sources cannot be read", unreadable)
	}
	return verdict, text
}

// describe says what is wrong, the first few in full: what is down before what
// is too much, because it often is the cause.
func describe(items []Item) string {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b Item) int { return order(a) - order(b) })
	var parts []string
	for _, item := range items[:min(named, len(items))] {
		parts = append(parts, item.Signal.Name+": "+item.Reason)
	}
	text := strings.Join(parts, ". ")
	if more := len(items) - named; more > 0 {
		text += fmt.Sprintf(". %d more", more)
	}
	return text
}

// order sorts what is up or down before the rest.
func order(item Item) int {
	if item.Verdict == Critical && item.Signal.Unit == "state" {
		return 0
	}
	return 1
}

// names lists the names of signals, the first few in full.
func names(items []Item) string {
	var parts []string
	for _, item := range items[:min(named, len(items))] {
		parts = append(parts, item.Signal.Name)
	}
	if more := len(items) - named; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}
