package server

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
)

// eventLabels are what events are filtered by, and no tags.
var eventLabels = []string{"env", "service", "level"}

// tagLabels are the labels of lines that are tags of events.
var tagLabels = []string{"host", "container"}

// parseIssueMarks reads by what issues are selected whatever their events: tags,
// functions of tracebacks, and deploys. Each may be given several times.
func parseIssueMarks(params url.Values, q *life.ListQuery) error {
	for _, name := range []string{"tag", "frame", "deploy"} {
		if n := len(params[name]); n > valuesMax {
			return badRequest("%s has %d values, at most %d are allowed", name, n, valuesMax)
		}
	}
	for _, text := range params["tag"] {
		tag, err := parseTag(text)
		if err != nil {
			return err
		}
		q.Tags = append(q.Tags, tag)
	}
	for _, label := range tagLabels {
		wanted, err := parseWanted(label, params)
		if err != nil {
			return err
		}
		for _, value := range wanted {
			q.Tags = append(q.Tags, life.WantedTag{Name: label, Wanted: value})
		}
	}
	var err error
	if q.Functions, err = parseWanted("frame", params); err != nil {
		return err
	}
	q.Deploys, err = parseWanted("deploy", params)
	return err
}

// parseTag reads a tag: "name=value", or "name!=value" for one that is not wanted.
func parseTag(text string) (life.WantedTag, error) {
	name, value, found := strings.Cut(text, "=")
	name, not := strings.CutSuffix(name, "!")
	tag := life.WantedTag{Name: name, Wanted: life.Wanted{Value: value, Not: not}}
	switch {
	case !found || name == "" || value == "":
		return tag, badRequest("tag=%q is not a name and a value, such as user=ada or user!=ada", shorten(text))
	case len(name) > issues.MaxTag || len(value) > valueMax:
		return tag, badRequest("tag=%q is too long: a name has at most %d bytes, a value %d", shorten(text), issues.MaxTag, valueMax)
	case slices.Contains(eventLabels, name):
		return tag, badRequest("tag=%q: %s is a parameter of its own", shorten(text), name)
	}
	return tag, nil
}

// parseWanted reads the values of a parameter; "!x" is one that is not wanted.
func parseWanted(name string, params url.Values) ([]life.Wanted, error) {
	match, err := parseMatch(name, params[name])
	if err != nil {
		return nil, err
	}
	var list []life.Wanted
	for _, value := range match.Any {
		list = append(list, life.Wanted{Value: value})
	}
	for _, value := range match.None {
		list = append(list, life.Wanted{Value: value, Not: true})
	}
	return list, nil
}

// IssueSearch reads which issues a saved search selects: the search part of the
// address of the page Issues, of which the range is left out. The error is for the
// person who chose it.
func IssueSearch(view string, span issues.Span) (life.ListQuery, error) {
	params, err := url.ParseQuery(view)
	if err != nil {
		return life.ListQuery{}, badRequest("the search is no part of an address: %v", err)
	}
	params.Del("start")
	params.Del("end")
	q, err := parseIssueList(params, span.To)
	q.Span = span
	return q, err
}
