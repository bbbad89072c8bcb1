package position

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// escaped begins a name that is no UTF-8, which JSON cannot hold: the rest is
// percent-encoded. No path has a NUL.
const escaped = "\x00"

func escapeName(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return escaped + url.PathEscape(s)
}

// unescapeName returns what escapeName was given.
func unescapeName(s string) string {
	if text, ok := strings.CutPrefix(s, escaped); ok {
		if name, err := url.PathUnescape(text); err == nil {
			return name
		}
	}
	return s
}

// renamed is a copy of all places with other keys and paths.
func (all Places) renamed(rename func(string) string) Places {
	other := make(Places, len(all))
	for key, places := range all {
		changes := func(p pipeline.Place) bool { return rename(p.Path) != p.Path }
		if slices.ContainsFunc(places, changes) {
			places = slices.Clone(places)
			for i := range places {
				places[i].Path = rename(places[i].Path)
			}
		}
		other[rename(key)] = places
	}
	return other
}
