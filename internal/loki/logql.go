package loki

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Match is a filter on one label: the line's value is one of Any (when there
// are some) and none of None. Values are plain text, never patterns.
type Match struct {
	Label string
	Any   []string
	None  []string
}

// Selection is a log query made of plain values. LogQL gives the query text;
// no value can leave its place in it.
type Selection struct {
	Matches []Match
	// Contains are texts that the line must contain, each of them, in any case.
	Contains []string
	// Lacks are texts that the line must not contain, none of them, in any case.
	Lacks []string
	// Lines are filters of LogQL on the whole line.
	Lines []LineFilter
}

// LineFilter is a filter of LogQL on the text of a line: |> and !> with a template
// of a pattern filter, |~ and !~ with a regular expression.
type LineFilter struct{ Op, Text string }

// LineFilterOps are the operators of line filters.
var LineFilterOps = []string{"|>", "!>", "|~", "!~"}

// Without returns the selection without its filter on label.
func (s Selection) Without(label string) Selection {
	kept := slices.DeleteFunc(slices.Clone(s.Matches), func(m Match) bool { return m.Label == label })
	s.Matches = kept
	return s
}

// Has reports whether the selection filters on label.
func (s Selection) Has(label string) bool {
	return slices.ContainsFunc(s.Matches, func(m Match) bool {
		return m.Label == label && len(m.Any)+len(m.None) > 0
	})
}

// LogQL returns the log query of the selection among the streams of a selector.
// Equal selections give equal text, whatever the order of their values.
func (s Selection) LogQL(among Selector) string {
	var matchers []string
	for _, match := range s.Matches {
		if text, ok := anyMatcher(match); ok {
			matchers = append(matchers, text)
		}
		if text, ok := noneMatcher(match); ok {
			matchers = append(matchers, text)
		}
	}
	slices.Sort(matchers)
	query := "{" + strings.Join(append([]string{string(among)}, slices.Compact(matchers)...), ", ") + "}"
	for _, text := range s.Contains {
		if text != "" {
			query += " |~ " + quote("(?i)"+regexp.QuoteMeta(text))
		}
	}
	for _, text := range s.Lacks {
		if text != "" {
			query += " !~ " + quote("(?i)"+regexp.QuoteMeta(text))
		}
	}
	for _, filter := range s.Lines {
		query += " " + filter.Op + " " + quote(filter.Text)
	}
	return query
}

// anyMatcher returns the matcher for one of the values, if there are any.
func anyMatcher(m Match) (string, bool) {
	switch len(m.Any) {
	case 0:
		return "", false
	case 1:
		return m.Label + "=" + quote(m.Any[0]), true
	}
	return m.Label + "=~" + quote(alternatives(m.Any)), true
}

// noneMatcher returns the matcher that excludes the values, if there are any.
func noneMatcher(m Match) (string, bool) {
	switch len(m.None) {
	case 0:
		return "", false
	case 1:
		return m.Label + "!=" + quote(m.None[0]), true
	}
	return m.Label + "!~" + quote(alternatives(m.None)), true
}

// alternatives returns a pattern that matches exactly the values; Loki anchors
// the patterns of stream matchers at both ends.
func alternatives(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = regexp.QuoteMeta(value)
	}
	slices.Sort(quoted)
	return strings.Join(slices.Compact(quoted), "|")
}

// quote returns text as a LogQL string. LogQL reads double-quoted strings with
// Go's escapes (pkg/logql/syntax/lex.go, prometheus/util/strutil.Unquote).
// Bytes that are not UTF-8 become U+FFFD, as Loki stores them.
func quote(text string) string {
	return strconv.Quote(strings.ToValidUTF8(text, "\uFFFD"))
}

// isLabelName reports whether name can stand in a query: [a-zA-Z_][a-zA-Z0-9_]*.
func isLabelName(name string) bool {
	for i, r := range name {
		letter := r == '_' || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
