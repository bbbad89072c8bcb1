package server

import (
	"encoding/hex"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
)

const (
	// issuesDefault and issuesMax are numbers of issues in one page.
	issuesDefault = 50
	issuesMax     = 500
	// eventsDefault and eventsMax are numbers of events or changes in one page.
	eventsDefault = 50
	eventsMax     = 500
	// issueRangeDefault is where ranges of issues start.
	issueRangeDefault = "now-24h"
	// sparkLeast is the least time that a sparkline shows, sparkBars its most bars.
	sparkLeast = 24 * time.Hour
	sparkBars  = 48
)

// issueStates are the values of the parameter state.
var issueStates = []life.State{life.New, life.Ongoing, life.Regressed, life.Resolved, life.Snoozed}

// issueOrders are the values of the parameter sort.
var issueOrders = map[string]issues.Order{"": issues.ByLast, "last": issues.ByLast, "first": issues.ByFirst, "events": issues.ByEvents}

// parseIssueID reads the number of an issue from the address.
func parseIssueID(c *gin.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, badRequest("%q is not the number of an issue", shorten(c.Param("id")))
	}
	return id, nil
}

// parseIssueIDs reads the numbers of some issues.
func parseIssueIDs(texts []string) ([]int64, error) {
	if len(texts) == 0 || len(texts) > issueUsersMax {
		return nil, badRequest("issue is given %d times, 1 to %d are allowed", len(texts), issueUsersMax)
	}
	ids := make([]int64, len(texts))
	for i, text := range texts {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			return nil, badRequest("issue=%q is not the number of an issue", shorten(text))
		}
		ids[i] = id
	}
	return ids, nil
}

// parseIssueRange reads start and end, by default the last day.
func parseIssueRange(params url.Values, now time.Time) (issues.Span, error) {
	if params.Get("start") == "" {
		params.Set("start", issueRangeDefault)
	}
	r, err := parseRange(params, now)
	return issues.Span{From: r.start, To: r.end}, err
}

// parseIssueList reads the filters, order and page of a list.
func parseIssueList(params url.Values, now time.Time) (life.ListQuery, error) {
	var q life.ListQuery
	var err error
	if q.Span, err = parseIssueRange(params, now); err != nil {
		return q, err
	}
	if q.Filter, err = parseEventFilter(params); err != nil {
		return q, err
	}
	for _, text := range params["state"] {
		if !slices.Contains(issueStates, life.State(text)) {
			return q, badRequest("state %q does not exist; states are new, ongoing, regressed, resolved and snoozed", shorten(text))
		}
		q.States = append(q.States, life.State(text))
	}
	if q.Assignees = params["assignee"]; len(q.Assignees) > valuesMax {
		return q, badRequest("assignee has %d values, at most %d are allowed", len(q.Assignees), valuesMax)
	}
	if err := parseIssueMarks(params, &q); err != nil {
		return q, err
	}
	if q.Text = strings.Join(params["q"], " "); utf8.RuneCountInString(q.Text) > textMax {
		return q, badRequest("q has %d characters, at most %d are allowed", utf8.RuneCountInString(q.Text), textMax)
	}
	order, known := issueOrders[params.Get("sort")]
	if !known {
		return q, badRequest("sort=%q is none of last, first and events", shorten(params.Get("sort")))
	}
	q.Order = order
	if q.Offset, err = parseNumber(params, "offset", 0, 0, math.MaxInt32); err != nil {
		return q, err
	}
	q.Limit, err = parseLimit(params, issuesDefault, issuesMax)
	return q, err
}

// parseEventFilter reads env, service and level. Each may be given several times;
// "!x" excludes x.
func parseEventFilter(params url.Values) (issues.Filter, error) {
	var f issues.Filter
	for label, into := range map[string]struct{ any, none *[]string }{
		"env": {&f.Env, &f.NotEnv}, "service": {&f.Service, &f.NotService}, "level": {&f.Level, &f.NotLevel},
	} {
		match, err := parseMatch(label, params[label])
		if err != nil {
			return f, err
		}
		*into.any, *into.none = match.Any, match.None
	}
	return f, nil
}

// parseNumber reads a whole number.
func parseNumber(params url.Values, name string, fallback, least, most int64) (int, error) {
	text := params.Get(name)
	if text == "" {
		return int(fallback), nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, badRequest("%s=%q is not a number from %d to %d", name, shorten(text), least, most)
	}
	return int(n), nil
}

// sparkOf returns the time and the step of the sparklines of a range: whole hours.
func sparkOf(span issues.Span) (from time.Time, step time.Duration) {
	from = span.From
	if earliest := span.To.Add(-sparkLeast); from.After(earliest) {
		from = earliest
	}
	from = from.Truncate(time.Hour)
	for step = time.Hour; span.To.Sub(from) > step*sparkBars; step += time.Hour {
	}
	return from, step
}

// eventCursor renders the place of an event: where the next page begins.
func eventCursor(p issues.Position) string {
	return strconv.FormatInt(p.Time, 10) + "-" + p.ID.String()
}

// parseEventCursor reads the parameter cursor, nil without one.
func parseEventCursor(params url.Values) (*issues.Position, error) {
	text := params.Get("cursor")
	if text == "" {
		return nil, nil
	}
	digits, id, _ := strings.Cut(text, "-")
	ns, timeErr := strconv.ParseInt(digits, 10, 64)
	raw, idErr := hex.DecodeString(id)
	if timeErr != nil || idErr != nil || len(raw) != len(issues.ID{}) {
		return nil, badRequest("cursor=%q is not the next_cursor of an answer", shorten(text))
	}
	return &issues.Position{Time: ns, ID: issues.ID(raw)}, nil
}
