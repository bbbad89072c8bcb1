package usage

import (
	"cmp"
	"slices"
	"strings"
)

// Jump is a day on which a service begins to log far more than it did.
type Jump struct {
	// Day is an index of the report's days.
	Day     int
	Service string
	// Bytes are of that day, Usual is the median of the days before.
	Bytes, Usual int64
}

const (
	// baseDays is how many days before a day say what is usual, baseLeast how many
	// of them must be known.
	baseDays  = 7
	baseLeast = 3
	// jumpFactor is how many times the usual a day has at least.
	jumpFactor = 1.5
	// jumpShare is how much more it is at least, of what all services log on a
	// usual day: that a small service logs twice as much is no news.
	jumpShare = 0.1
)

// jumps finds the jumps of the last n days, of their sums and states. Of days in a
// row that are above the usual, the first is the jump.
func jumps(list []sum, states []State, n int) []Jump {
	usable := make([]bool, len(states))
	for i, state := range states {
		usable[i] = state == Full || state == SoFar
	}
	services, all := map[string][]int64{}, make([]int64, len(usable))
	for _, one := range list {
		if one.span >= len(usable) {
			continue
		}
		if services[one.service] == nil {
			services[one.service] = make([]int64, len(usable))
		}
		services[one.service][one.span] += one.Bytes
		all[one.span] += one.Bytes
	}
	var found []Jump
	for name, daily := range services {
		above := false
		for i := len(usable) - n; i < len(usable); i++ {
			usual, ok := usualOf(daily, usable, i)
			usualOfAll, _ := usualOf(all, usable, i)
			was := above
			above = ok && usable[i] && float64(daily[i]) >= jumpFactor*float64(usual) && float64(daily[i]-usual) >= jumpShare*float64(usualOfAll)
			if above && !was {
				found = append(found, Jump{Day: i - len(usable) + n, Service: name, Bytes: daily[i], Usual: usual})
			}
		}
	}
	slices.SortFunc(found, func(a, b Jump) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(b.Bytes-b.Usual, a.Bytes-a.Usual), strings.Compare(a.Service, b.Service))
	})
	return found
}

// usualOf returns the median of the days before day i, and false when too few of
// them are known.
func usualOf(daily []int64, usable []bool, i int) (int64, bool) {
	var base []int64
	for j := max(0, i-baseDays); j < i; j++ {
		if usable[j] {
			base = append(base, daily[j])
		}
	}
	if len(base) < baseLeast {
		return 0, false
	}
	slices.Sort(base)
	return base[len(base)/2], true
}
