// Package sample says what a bounded number of lines is made of: the patterns
// of their messages, and the fields they carry with the commonest values.
package sample

import (
	"bytes"
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/pipeline/grouping/pattern"
	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// Pattern is the lines whose messages differ in values alone.
type Pattern struct {
	// Template is the message with placeholders where it varies.
	Template string
	// Filter tells the lines of the pattern from all others of the sample; nil when
	// none was found that does.
	Filter *Filter
	Count  int
	// Bytes is the text of its lines.
	Bytes int
	// First and Last are in unix nanoseconds.
	First, Last int64
	// Levels and Services count the lines by these labels.
	Levels, Services map[string]int
	// Example is one of the lines.
	Example string

	forms []form
	lines []string
}

// Kind says where a field comes from.
type Kind string

// The kinds of fields.
const (
	Metadata Kind = "metadata" // structured metadata
	JSON     Kind = "json"     // a member of a line that is a JSON object
)

// Field is a name under which lines of the sample carry a value.
type Field struct {
	Name string
	Kind Kind
	// Lines is how many lines carry it.
	Lines int
	// Distinct is how many values it has, at most distinctMax.
	Distinct int
	// Values are the commonest, at most valuesMax.
	Values []Value
}

// Value is one value of a field.
type Value struct {
	Text  string
	Count int
}

// The bounds of what is told of a sample.
const (
	patternsMax = 500
	fieldsMax   = 60
	valuesMax   = 12
	valueMax    = 200 // bytes of a value; longer ones are no values to choose among
	distinctMax = 1000
)

// Summary is what a sample is made of.
type Summary struct {
	// Patterns and Fields have the commonest first.
	Patterns []Pattern
	Fields   []Field
}

// Of summarises lines. templates says whether Loki has the filters |> and !>. It may
// take seconds; the only error is that of ctx, soon after it has ended.
func Of(ctx context.Context, lines []loki.Entry, templates bool) (Summary, error) {
	patterns, err := patternsOf(ctx, lines, templates)
	if err != nil {
		return Summary{}, err
	}
	return Summary{Patterns: patterns, Fields: fieldsOf(lines)}, nil
}

// patternsOf learns all messages first, because a later one can make the
// template of an earlier one more general.
func patternsOf(ctx context.Context, lines []loki.Entry, templates bool) ([]Pattern, error) {
	tree := pattern.New(patternsMax)
	for _, line := range lines {
		text, _ := message(line.Line)
		tree.Learn(text)
	}
	found := map[string]*Pattern{}
	var rest []string
	for _, line := range lines {
		text, where := message(line.Line)
		template, ok := tree.Match(text)
		if !ok {
			rest = append(rest, line.Line) // more patterns than are kept
			continue
		}
		p := found[template]
		if p == nil {
			p = &Pattern{
				Template: template, Example: line.Line, First: line.TS, Last: line.TS,
				Levels: map[string]int{}, Services: map[string]int{},
			}
			found[template] = p
		}
		p.add(line, where)
	}
	patterns := make([]Pattern, 0, len(found))
	for _, p := range found {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		others := slices.Clone(rest)
		for _, other := range found {
			if other != p {
				others = append(others, other.lines...)
			}
		}
		p.Filter = filterOf(p.Template, p.lines, others, p.forms, templates)
		patterns = append(patterns, *p)
	}
	slices.SortFunc(patterns, func(a, b Pattern) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Template, b.Template))
	})
	return patterns, nil
}

// add counts a line of the pattern.
func (p *Pattern) add(line loki.Entry, where form) {
	p.Count++
	p.Bytes += len(line.Line)
	p.lines = append(p.lines, line.Line)
	if !slices.Contains(p.forms, where) {
		p.forms = append(p.forms, where)
	}
	p.First, p.Last = min(p.First, line.TS), max(p.Last, line.TS)
	p.Levels[valueOf(line, "level")]++
	p.Services[valueOf(line, "service")]++
}

// valueOf returns a label, or metadata of that name: which of both it is depends
// on who shipped the line.
func valueOf(line loki.Entry, name string) string {
	return cmp.Or(line.Labels[name], line.Metadata[name])
}

// messageKeys are the members under which loggers write their message.
var messageKeys = []string{"message", "msg", "event", "log"}

// message returns the first line of what the application wrote, and how it stands
// in the line.
func message(line string) ([]byte, form) {
	text := []byte(line)
	var where form
	if jsonscan.StartsObject(text, jsonscan.Lenient) {
		for _, key := range messageKeys {
			if raw, kind := jsonscan.Get(text, key); kind == jsonscan.String {
				where = form{head: headOf(line, key, string(raw)), ascii: isASCII(line)}
				text = jsonscan.AppendUnescape(nil, raw)
				break
			}
		}
	}
	first, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
	return first, where
}

// headOf returns what is before the value of a member in a JSON line, from its key
// on.
func headOf(line, key, raw string) string {
	before, _, _ := strings.Cut(line, `"`+raw+`"`)
	return before[max(strings.LastIndex(before, `"`+key+`"`), 0):] + `"`
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// fieldKey tells fields apart.
type fieldKey struct {
	kind Kind
	name string
}

// fieldsOf counts the values of every field.
func fieldsOf(lines []loki.Entry) []Field {
	counts := map[fieldKey]map[string]int{}
	for _, line := range lines {
		for name, value := range line.Metadata {
			count(counts, fieldKey{Metadata, name}, value)
		}
		countMembers(counts, line.Line)
	}
	fields := make([]Field, 0, len(counts))
	for key, values := range counts {
		fields = append(fields, fieldOf(key, values))
	}
	slices.SortFunc(fields, func(a, b Field) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), strings.Compare(a.Name, b.Name), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return fields[:min(len(fields), fieldsMax)]
}

// countMembers counts the scalar members of a line that is a JSON object. Those
// whose names LogQL cannot write are left out, and so is the message.
func countMembers(counts map[fieldKey]map[string]int, line string) {
	_ = jsonscan.Fields([]byte(line), func(key, value []byte, kind jsonscan.Kind) bool { // what is no JSON has no members
		name := string(key)
		scalar := kind == jsonscan.String || kind == jsonscan.Number || kind == jsonscan.Bool
		if scalar && fieldName.MatchString(name) && !slices.Contains(messageKeys, name) {
			if kind == jsonscan.String {
				value = jsonscan.AppendUnescape(nil, value)
			}
			count(counts, fieldKey{JSON, name}, string(value))
		}
		return true
	})
}

// fieldName is what LogQL takes as a name.
var fieldName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// count counts one value within the bounds.
func count(counts map[fieldKey]map[string]int, key fieldKey, value string) {
	if value == "" || len(value) > valueMax {
		return
	}
	values := counts[key]
	if values == nil {
		values = map[string]int{}
		counts[key] = values
	}
	if _, known := values[value]; known || len(values) < distinctMax {
		values[value]++
	}
}

// fieldOf orders the values of a field.
func fieldOf(key fieldKey, counts map[string]int) Field {
	field := Field{Name: key.name, Kind: key.kind, Distinct: len(counts), Values: make([]Value, 0, len(counts))}
	for text, n := range counts {
		field.Lines += n
		field.Values = append(field.Values, Value{text, n})
	}
	slices.SortFunc(field.Values, func(a, b Value) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
	})
	field.Values = slices.Clip(field.Values[:min(len(field.Values), valuesMax)])
	return field
}
