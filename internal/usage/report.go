package usage

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"
)

// Query asks for a report.
type Query struct {
	// Days is how many days are told, today the last of them.
	Days int
	// Zone is where days begin at midnight.
	Zone *time.Location
	Envs Envs
	Now  time.Time
}

// Envs are environments: one of Any if there are some, and none of None.
type Envs struct{ Any, None []string }

// Amount is how much is logged.
type Amount struct{ Bytes, Lines int64 }

func (a *Amount) add(b Amount) {
	a.Bytes += b.Bytes
	a.Lines += b.Lines
}

// State says what is known of a day.
type State string

// The states of a day.
const (
	Full       State = "full"
	SoFar      State = "so_far"      // it is today
	NoData     State = "no_data"     // it is over, and not a line is known of it
	NotCounted State = "not_counted" // not all of it was counted
)

// Day is one day of a report.
type Day struct {
	Start, End time.Time
	State      State
	Amount
}

// Service is what one service logs.
type Service struct {
	// Name is "" for streams without the label.
	Name string
	Amount
	// Before is the same of the period before, nil when that is not known.
	Before *Amount
	// Daily has an amount for each day of the report.
	Daily []Amount
	// Levels has the largest first.
	Levels []Level
}

// Level is what a service logs with one level.
type Level struct {
	Name string
	Amount
}

// Report says how much is logged by day and service.
type Report struct {
	// Days has the oldest first.
	Days []Day
	// Services has the largest first.
	Services []Service
	Amount
	// Before is the period before: as many days, until the same time of day. It is
	// nil when not all of it is known.
	Before *Amount
	// Jumps has the latest first.
	Jumps []Jump
	// FirstLine is the hour of the first line that is known of, zero for none.
	FirstLine time.Time
	// CountedAt is when something was counted last, zero if nothing was.
	CountedAt time.Time
}

// span is a range of time: start included, end not.
type span struct{ start, end time.Time }

// Make makes a report of what was counted.
func Make(ctx context.Context, db *sql.DB, q Query) (Report, error) {
	// The days of the report, behind those that its first days are compared with.
	spans := localDays(q.Now.In(q.Zone), baseDays+q.Days)
	days := spans[baseDays:]
	before := span{midnight(q.Now.In(q.Zone), 1-2*q.Days), q.Now.In(q.Zone).AddDate(0, 0, -q.Days).Round(time.Hour)}
	list, err := sums(ctx, db, q.Envs, append(spans, before))
	if err != nil {
		return Report{}, err
	}
	known, err := knownOf(ctx, db, q)
	if err != nil {
		return Report{}, err
	}
	states := known.states(spans, list)
	report := Report{FirstLine: known.first, CountedAt: known.last()}
	for i, s := range days {
		report.Days = append(report.Days, Day{Start: s.start, End: s.end, State: states[baseDays+i]})
	}
	hasBefore := known.isCounted(before) && !known.first.IsZero() && !known.first.After(before.start)
	report.fill(list, hasBefore)
	report.Jumps = jumps(list, states, len(days))
	return report, nil
}

// localDays returns the n days until now, in its zone.
func localDays(now time.Time, n int) []span {
	days := make([]span, n)
	for i := range days {
		back := n - 1 - i
		days[i] = span{midnight(now, -back), midnight(now, 1-back)}
	}
	return days
}

// midnight returns when the day begins that lies some days after now's: where the
// clocks change at that time not at 00:00, or at the first of two.
func midnight(now time.Time, days int) time.Time {
	y, m, d := now.Date()
	at := time.Date(y, m, d+days, 0, 0, 0, 0, now.Location())
	if at.Hour() > 12 { // of the day before: there is no 00:00
		_, change := at.ZoneBounds()
		return change
	}
	if first := at.Add(-time.Hour); first.Day() == at.Day() {
		return first
	}
	return at
}

// known says which days were counted, and when there was something first.
type known struct {
	counted map[int64]time.Time
	first   time.Time
	now     time.Time
}

func knownOf(ctx context.Context, db *sql.DB, q Query) (known, error) {
	first, err := firstHour(ctx, db, q.Envs)
	if err != nil {
		return known{}, err
	}
	counted, err := countedDays(ctx, db)
	return known{counted, first, q.Now}, err
}

// states says what is known of days of which these are the sums.
func (k known) states(days []span, list []sum) []State {
	some := make([]bool, len(days)+1)
	for _, one := range list {
		some[one.span] = true
	}
	states := make([]State, len(days))
	for i, s := range days {
		switch {
		case k.now.Before(s.end) && (some[i] || k.isCounted(s)):
			states[i] = SoFar
		case !k.isCounted(s):
			states[i] = NotCounted
		case !some[i]:
			states[i] = NoData
		default:
			states[i] = Full
		}
	}
	return states
}

// isCounted reports whether a span was counted to its end, or until now. A day of
// another zone reaches into two that are counted.
func (k known) isCounted(s span) bool {
	for at := s.start.UTC().Truncate(day); at.Before(earlier(s.end, k.now)); at = at.Add(day) {
		if k.counted[at.Unix()].Before(earlier(at.Add(day), earlier(s.end, k.now)).Add(-2 * every)) {
			return false
		}
	}
	return true
}

// last returns when something was counted last.
func (k known) last() time.Time {
	last := time.Time{}
	for _, at := range k.counted {
		if at.After(last) {
			last = at
		}
	}
	return last
}

// fill adds up the sums: those of baseDays, of the days, and of the period before.
func (r *Report) fill(list []sum, hasBefore bool) {
	services, levels := map[string]*Service{}, map[string]map[string]*Level{}
	if hasBefore {
		r.Before = &Amount{}
	}
	for _, one := range list {
		i, isBefore := one.span-baseDays, one.span-baseDays == len(r.Days)
		if i < 0 || isBefore && !hasBefore {
			continue
		}
		s := services[one.service]
		if s == nil {
			s = &Service{Name: one.service, Daily: make([]Amount, len(r.Days))}
			if hasBefore {
				s.Before = &Amount{}
			}
			services[one.service], levels[one.service] = s, map[string]*Level{}
		}
		if isBefore {
			s.Before.add(one.Amount)
			r.Before.add(one.Amount)
			continue
		}
		r.add(one.Amount)
		r.Days[i].add(one.Amount)
		s.add(one.Amount)
		s.Daily[i].add(one.Amount)
		if levels[one.service][one.level] == nil {
			levels[one.service][one.level] = &Level{Name: one.level}
		}
		levels[one.service][one.level].add(one.Amount)
	}
	for name, s := range services {
		for _, level := range levels[name] {
			s.Levels = append(s.Levels, *level)
		}
		slices.SortFunc(s.Levels, func(a, b Level) int { return larger(a.Amount, b.Amount, a.Name, b.Name) })
		r.Services = append(r.Services, *s)
	}
	slices.SortFunc(r.Services, func(a, b Service) int { return larger(a.Amount, b.Amount, a.Name, b.Name) })
}

// larger orders the larger amount first, and equal ones by name.
func larger(a, b Amount, nameA, nameB string) int {
	return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Lines, a.Lines), strings.Compare(nameA, nameB))
}
