package server

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

// filterLabels are the labels that requests filter and count by; facets are
// shown in this order.
var filterLabels = []string{"service", "level", "env", "host", "container", "job"}

// levels are the values of the label level.
var levels = []string{"trace", "debug", "info", "warn", "error", "critical", "fatal", "unknown"}

// The bounds of a request's filters.
const (
	valuesMax   = 50
	valueMax    = 1024
	textsMax    = 10
	textMax     = 1000
	patternsMax = 20
	rawQueryMax = 5000
)

// filters are what a request selects: either a selection or a raw query.
type filters struct {
	selection loki.Selection
	raw       string
}

// parseFilters reads the filters of a request.
func parseFilters(params url.Values) (filters, error) {
	var f filters
	for _, label := range filterLabels {
		match, err := parseMatch(label, params[label])
		if err != nil {
			return f, err
		}
		if len(match.Any)+len(match.None) > 0 {
			f.selection.Matches = append(f.selection.Matches, match)
		}
	}
	var err error
	if f.selection.Contains, err = parseTexts("q", params["q"]); err != nil {
		return f, err
	}
	if f.selection.Lacks, err = parseTexts("not", params["not"]); err != nil {
		return f, err
	}
	if f.selection.Lines, err = parsePatterns(params["pattern"]); err != nil {
		return f, err
	}
	f.raw = strings.TrimSpace(params.Get("query"))
	if len(f.raw) > rawQueryMax {
		return f, badRequest("query has %d bytes, at most %d are allowed", len(f.raw), rawQueryMax)
	}
	if f.raw != "" && len(f.selection.Matches)+len(f.selection.Contains)+len(f.selection.Lacks)+len(f.selection.Lines) > 0 {
		return f, badRequest("query replaces the other filters: put %s into it, or leave query out", firstFilter(f.selection))
	}
	return f, nil
}

// firstFilter names one filter of a selection.
func firstFilter(s loki.Selection) string {
	if len(s.Matches) > 0 {
		return s.Matches[0].Label
	}
	if len(s.Contains) > 0 {
		return "q"
	}
	if len(s.Lacks) > 0 {
		return "not"
	}
	return "pattern"
}

// parsePatterns reads filters on the text of lines: an operator of LogQL and what
// follows it.
func parsePatterns(values []string) ([]loki.LineFilter, error) {
	if len(values) > patternsMax {
		return nil, badRequest("there are %d patterns, at most %d are allowed", len(values), patternsMax)
	}
	var filters []loki.LineFilter
	for _, value := range values {
		op, text := value[:min(2, len(value))], value[min(2, len(value)):]
		if !slices.Contains(loki.LineFilterOps, op) || text == "" || utf8.RuneCountInString(text) > textMax {
			return nil, badRequest("pattern=%q is none of %s with a text of at most %d characters", shorten(value), strings.Join(loki.LineFilterOps, " "), textMax)
		}
		filters = append(filters, loki.LineFilter{Op: op, Text: text})
	}
	return filters, nil
}

// parseTexts reads texts to search for.
func parseTexts(name string, values []string) ([]string, error) {
	var texts []string
	for _, text := range values {
		if n := utf8.RuneCountInString(text); n > textMax {
			return nil, badRequest("a text of %s has %d characters, at most %d are allowed", name, n, textMax)
		}
		if strings.TrimSpace(text) != "" {
			texts = append(texts, text)
		}
	}
	if len(texts) > textsMax {
		return nil, badRequest("there are %d texts of %s, at most %d are allowed", len(texts), name, textsMax)
	}
	return texts, nil
}

// parseMatch reads the values of one label; "!x" excludes x.
func parseMatch(label string, values []string) (loki.Match, error) {
	match := loki.Match{Label: label}
	if len(values) > valuesMax {
		return match, badRequest("%s has %d values, at most %d are allowed", label, len(values), valuesMax)
	}
	for _, value := range values {
		plain, excluded := strings.CutPrefix(value, "!")
		switch {
		case plain == "":
			continue
		case len(plain) > valueMax:
			return match, badRequest("a value of %s has %d bytes, at most %d are allowed", label, len(plain), valueMax)
		case label == "level" && !slices.Contains(levels, plain):
			return match, badRequest("level %q does not exist; levels are %s", plain, strings.Join(levels, ", "))
		case excluded:
			match.None = append(match.None, plain)
		default:
			match.Any = append(match.Any, plain)
		}
	}
	return match, nil
}

// logQL returns the log query of the filters. A raw query is checked by Loki.
func (f filters) logQL(ctx context.Context, client *loki.Client) (string, error) {
	if f.raw == "" {
		return f.selection.LogQL(client.Selector()), nil
	}
	return client.Normalise(ctx, f.raw)
}

// span is a range of time: start included, end not.
type span struct{ start, end time.Time }

// parseRange reads start and end, by default the last hour.
func parseRange(params url.Values, now time.Time) (span, error) {
	start, err := parseTimeParam(params, "start", "now-1h", now)
	if err != nil {
		return span{}, err
	}
	end, err := parseTimeParam(params, "end", "now", now)
	if err != nil {
		return span{}, err
	}
	if !start.Before(end) {
		return span{}, badRequest("start (%s) is not before end (%s)", start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))
	}
	return span{start, end}, nil
}

// parseTimeParam reads one time.
func parseTimeParam(params url.Values, name, fallback string, now time.Time) (time.Time, error) {
	text := params.Get(name)
	if text == "" {
		text = fallback
	}
	at, err := parseTime(text, now)
	if err != nil {
		return at, badRequest("%s=%q is not a time: %s", name, shorten(text), err)
	}
	return at, nil
}

// parseLimit reads a number of lines.
func parseLimit(params url.Values, fallback, most int) (int, error) {
	text := params.Get("limit")
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, badRequest("limit=%q is not a number from 1 to %d", shorten(text), most)
	}
	return n, nil
}

// parseDirection reads the order of lines.
func parseDirection(params url.Values) (loki.Direction, error) {
	switch text := params.Get("direction"); text {
	case "", string(loki.Backward):
		return loki.Backward, nil
	case string(loki.Forward):
		return loki.Forward, nil
	default:
		return "", badRequest("direction=%q is neither backward nor forward", shorten(text))
	}
}

// parseBy reads the labels to count by.
func parseBy(params url.Values) ([]string, error) {
	text := params.Get("by")
	if text == "" {
		text = "level"
	}
	labels := strings.Split(text, ",")
	for i, label := range labels {
		if !slices.Contains(filterLabels, label) || slices.Contains(labels[:i], label) {
			return nil, badRequest("by=%q: give some of %s, each once, separated by commas", shorten(text), strings.Join(filterLabels, ","))
		}
	}
	return labels, nil
}

const (
	// bucketsAuto is how many buckets an automatic step makes at most.
	bucketsAuto = 120
	// bucketsMax is how many a request may ask for.
	bucketsMax = 2000
)

// steps are the widths of buckets that divide hours and days evenly.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
}

// parseStep reads the width of a bucket for a range.
func parseStep(params url.Values, r span) (time.Duration, error) {
	length := r.end.Sub(r.start)
	text := params.Get("step")
	if text == "" || text == "auto" {
		for _, step := range steps {
			if length <= step*bucketsAuto {
				return step, nil
			}
		}
		return steps[len(steps)-1], nil
	}
	step, err := parseSpan(text)
	if err != nil {
		return 0, badRequest("step=%q is not a width such as 10s, 5m or 1h, or auto", shorten(text))
	}
	if length > step*bucketsMax {
		return 0, badRequest("step=%s makes more than %d buckets of this range; use %s or more, or auto", text, bucketsMax, (length/bucketsMax + time.Second).Truncate(time.Second))
	}
	return step, nil
}

// shorten bounds what a message repeats of a request.
func shorten(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return fmt.Sprintf("%s…", string(runes[:most]))
	}
	return text
}
