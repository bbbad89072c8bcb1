package issues

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bound cuts what is longer than an event may be, and makes every text UTF-8.
// Stores call it on what they are given.
func (e *Event) Bound() {
	for _, field := range [...]*string{&e.Stream, &e.Message, &e.Type, &e.Culprit} {
		*field = cut(*field, MaxField)
	}
	for _, field := range [...]*string{&e.Env, &e.Service, &e.Level, &e.Correlation} {
		*field = cut(*field, MaxTag)
	}
	e.Text = cut(e.Text, MaxText)
	if tagsFit(e.Tags) {
		return
	}
	fit := make(map[string]string, MaxTags)
	for _, name := range slices.Sorted(maps.Keys(e.Tags)) {
		if len(fit) < MaxTags {
			fit[cut(name, MaxTag)] = cut(e.Tags[name], MaxTag)
		}
	}
	e.Tags = fit
}

// tagsFit reports whether nothing of the tags needs to be cut.
func tagsFit(tags map[string]string) bool {
	if len(tags) > MaxTags {
		return false
	}
	for name, value := range tags {
		if cut(name, MaxTag) != name || cut(value, MaxTag) != value {
			return false
		}
	}
	return true
}

// cut returns at most limit bytes of s, whole characters, without bytes that are
// no UTF-8 and without NUL, which ends a text in SQLite's shell and functions.
func cut(s string, limit int) string {
	if len(s) > limit {
		n := limit
		for n > limit-utf8.UTFMax && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "?")
	}
	return strings.ReplaceAll(s, "\x00", " ")
}

// Position returns the event's place in time.
func (e *Event) Position() Position { return Position{Time: e.Time, ID: e.ID} }

// Compare orders positions by time, then by ID.
func (p Position) Compare(other Position) int {
	return cmp.Or(cmp.Compare(p.Time, other.Time), slices.Compare(p.ID[:], other.ID[:]))
}
