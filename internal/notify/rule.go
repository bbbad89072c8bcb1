package notify

import (
	"slices"
	"strings"
	"time"
)

// On says what a rule is about.
type On string

// What rules are about.
const (
	OnIssues  On = "issues"
	OnMatches On = "matches" // a search has at least Count lines in Minutes
	OnSilence On = "silence" // a search has no line in Minutes
)

const (
	queryMax = 5000
	listMax  = 50
	valueMax = 300
)

// Rule says which channels are told what.
type Rule struct {
	ID      int64
	Name    string
	Enabled bool
	// Channels are the numbers of those that are told.
	Channels []int64
	Terms
	ChangedBy string
	ChangedAt time.Time
	Status    RuleStatus
}

// Terms are when a rule holds.
type Terms struct {
	On On `json:"on"`
	// Kinds, Env, Service and Level choose issues; an empty list chooses all.
	Kinds   []Kind   `json:"kinds,omitempty"`
	Env     []string `json:"env,omitempty"`
	Service []string `json:"service,omitempty"`
	Level   []string `json:"level,omitempty"`
	// Search is the number of a saved search of issues, which narrows the issues
	// further; 0 for none.
	Search int64 `json:"search,omitempty"`
	// Query is a log query, View the search part of the page's address that shows
	// it, if it is known.
	Query   string `json:"query,omitempty"`
	View    string `json:"view,omitempty"`
	Count   int    `json:"count,omitempty"`
	Minutes int    `json:"minutes,omitempty"`
}

// RuleStatus is what the looks at Loki found for a rule on logs.
type RuleStatus struct {
	// Since is since when the rule holds, zero if it does not.
	Since time.Time
	// Lines is what the last answer counted, at AnsweredAt.
	Lines      int64
	AnsweredAt time.Time
	// AnsweringSince is the first answer of those without a gap.
	AnsweringSince time.Time
	// Failure is why there is no answer, empty if there is.
	Failure string
}

// issueKinds are the kinds of events of issues.
var issueKinds = []Kind{NewIssue, RegressedIssue, SpikingIssue}

// check reports what is wrong with a rule.
func (r *Rule) check() error {
	if err := checkName(r.Name); err != nil {
		return err
	}
	if len(r.Channels) > channelsMax {
		return invalid("a rule has at most %d channels", channelsMax)
	}
	switch r.On {
	case OnIssues:
		return r.checkIssues()
	case OnMatches, OnSilence:
		return r.checkSearch()
	}
	return invalid("a rule is on issues, matches or silence, not %q", r.On)
}

func (r *Rule) checkIssues() error {
	for _, kind := range r.Kinds {
		if !slices.Contains(issueKinds, kind) {
			return invalid("issues are new, regressed or spiking, not %q", kind)
		}
	}
	for _, values := range [][]string{r.Env, r.Service, r.Level} {
		if len(values) > listMax {
			return invalid("a rule chooses by at most %d values", listMax)
		}
		for _, value := range values {
			if len(value) > valueMax {
				return invalid("a value has %d bytes, at most %d are allowed", len(value), valueMax)
			}
		}
	}
	r.Terms = Terms{On: r.On, Kinds: r.Kinds, Env: r.Env, Service: r.Service, Level: r.Level, Search: r.Search}
	return nil
}

func (r *Rule) checkSearch() error {
	switch {
	case len(r.Query) > queryMax || len(r.View) > queryMax:
		return invalid("the search has more than %d bytes", queryMax)
	case r.Minutes < 1 || r.Minutes > dayMinutes:
		return invalid("%d minutes; 1 to %d are allowed", r.Minutes, dayMinutes)
	case r.On == OnMatches && (r.Count < 1 || r.Count > 1_000_000_000):
		return invalid("%d lines; 1 to 1000000000 are allowed", r.Count)
	}
	if _, err := leaveOutOwn(r.Query); err != nil {
		return err
	}
	terms := Terms{On: r.On, Query: r.Query, View: strings.TrimPrefix(r.View, "?"), Minutes: r.Minutes}
	if r.On == OnMatches {
		terms.Count = r.Count
	}
	r.Terms = terms
	return nil
}

// takes reports whether a rule is about an event of an issue, its saved search
// left out.
func (r *Rule) takes(e *Event) bool {
	return r.Enabled && r.On == OnIssues && (len(r.Kinds) == 0 || slices.Contains(r.Kinds, e.Kind)) &&
		chooses(r.Env, e.Env) && chooses(r.Service, e.Service) && chooses(r.Level, e.Level)
}

// chooses reports whether a value is one of those chosen, or all are.
func chooses(chosen []string, value string) bool {
	return len(chosen) == 0 || slices.Contains(chosen, value)
}

// leaveOutOwn adds to a log query that lines with the Mark do not count. It does
// so right behind the selector, before anything can change the line.
func leaveOutOwn(query string) (string, error) {
	query = strings.TrimSpace(query)
	end := selectorEnd(query)
	if end < 0 {
		return "", invalid("a search is a log query such as {service=\"backend\"} |= \"timeout\"")
	}
	return query[:end] + ` != "` + Mark + `"` + query[end:], nil
}

// selectorEnd returns the length of the stream selector at the start of a query,
// -1 if there is none. Braces in strings and comments are none.
func selectorEnd(query string) int {
	if !strings.HasPrefix(query, "{") {
		return -1
	}
	var quote byte
	for i := 1; i < len(query); i++ {
		switch c := query[i]; {
		case quote == '#':
			if c == '\n' {
				quote = 0
			}
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '`' || c == '#':
			quote = c
		case c == '}':
			return i + 1
		}
	}
	return -1
}
