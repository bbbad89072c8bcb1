package sample

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline/grouping/pattern"
)

// Filter is a line filter of LogQL that finds the lines of a pattern, and no other
// line of the sample.
type Filter struct {
	// Op is |> with a pattern filter's template, or |~ with a regular expression.
	Op   string
	Text string
	// word is in every line that the filter finds; to look for it first is fast.
	word string
}

// String returns the filter as a value of the parameter pattern; "" for none.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	return f.Op + f.Text
}

// The operators of filters.
const (
	fitsTemplate   = "|>"
	fitsExpression = "|~"
)

// filterMax bounds the text of a filter, in bytes: it travels in addresses.
const filterMax = 1000

// formsMax is in how many forms the messages of a pattern may be written.
const formsMax = 4

// form is how a message stands in its line.
type form struct {
	// head is what stands before the message in JSON: its key and the quote; "" for
	// a line that is the message itself.
	head string
	// ascii is true when JSON escapes whatever is not ASCII.
	ascii bool
}

// placeholder is what stands for a value in a template.
var placeholder = regexp.MustCompile(`(?:<(?:[a-z]+|\*)>)+`)

// filterOf returns the filter for the lines of a template, or nil when every one
// that was tried finds too little or too much.
func filterOf(template string, own, others []string, forms []form, templates bool) *Filter {
	for _, candidate := range candidates(template, forms, templates) {
		if len(candidate.Text) <= filterMax && candidate.tells(own, others) {
			return &candidate
		}
	}
	return nil
}

// candidates returns filters to try, those that Loki answers fastest first.
func candidates(template string, forms []form, templates bool) []Filter {
	fixed := placeholder.Split(template, -1)
	values := placeholder.FindAllString(template, -1)
	if len(forms) == 0 || len(forms) > formsMax || strings.TrimSpace(strings.Join(fixed, "")) == "" {
		return nil
	}
	var all []Filter
	if templates && len(forms) == 1 {
		for _, end := range forms[0].ends() {
			all = append(all, Filter{Op: fitsTemplate, Text: forms[0].template(fixed, end)})
		}
	}
	for _, width := range []width{oneWord, severalWords, anything} {
		expressions := make([]string, len(forms))
		for i, f := range forms {
			expressions[i] = f.expression(fixed, values, width)
		}
		text := "(?s)" + expressions[0]
		if len(forms) > 1 {
			text = "(?s)(?:" + strings.Join(expressions, "|") + ")"
		}
		all = append(all, Filter{Op: fitsExpression, Text: text, word: longestWord(fixed)})
	}
	return all
}

// longestWord returns the longest word of letters and digits, which stands in every
// form of a line as it is.
func longestWord(fixed []string) string {
	longest := ""
	for _, part := range fixed {
		for _, word := range strings.FieldsFunc(part, func(r rune) bool { return r >= utf8.RuneSelf || !isWord.MatchString(string(r)) }) {
			if len(word) > len(longest) {
				longest = word
			}
		}
	}
	return longest
}

// isWord fits what no form of a line escapes.
var isWord = regexp.MustCompile(`[a-zA-Z0-9_]`)

// ends returns what may follow a message: nothing, more lines, or the rest of a
// message that is longer than its template.
func (f form) ends() []string {
	if f.head == "" {
		return []string{"", "\n<_>", "<_>"}
	}
	return []string{`"<_>`, `\n<_>`, "<_>"}
}

// template returns the text for a pattern filter.
func (f form) template(fixed []string, end string) string {
	parts := make([]string, len(fixed))
	for i, part := range fixed {
		parts[i] = f.written(part)
	}
	text := f.head + strings.Join(parts, "<_>")
	if f.head != "" {
		text = "<_>" + text
	}
	return strings.ReplaceAll(text+end, "<_><_>", "<_>")
}

// width says what the values of an expression may be.
type width int

const (
	// oneWord is what most values are.
	oneWord width = iota
	// severalWords are what the learnt placeholders <*> never stand for, and the
	// others do for a list.
	severalWords
	anything
)

// expression returns a regular expression for the message in its line.
func (f form) expression(fixed, values []string, w width) string {
	start, end := `^\s*`, `\s*(?:\n|$)`
	if f.head != "" {
		start, end = regexp.QuoteMeta(f.head)+`\s*`, `\s*(?:"|\\n)`
	}
	var b strings.Builder
	b.WriteString(start)
	for i, part := range fixed {
		words := strings.Split(part, " ")
		for j, word := range words {
			words[j] = regexp.QuoteMeta(f.written(word))
		}
		b.WriteString(strings.Join(words, `\s+`))
		if i < len(values) {
			b.WriteString(f.value(values[i], w))
		}
	}
	b.WriteString(end)
	return b.String()
}

// value returns a regular expression for what a placeholder stands for.
func (f form) value(placeholder string, w width) string {
	word, free, quoted := `\S+`, `[^\n]*?`, `"[^"\n]*"`
	if f.head != "" {
		word, free, quoted = `(?:[^"\\\s]|\\.)+`, `(?:[^"\\]|\\[^n])*?`, `\\"(?:[^"\\]|\\[^"])*\\"`
	}
	switch {
	case w == anything || placeholder == "<val>" || strings.Count(placeholder, "<") > 1:
		return free
	case placeholder == "<str>":
		return `(?:` + quoted + `(?:,?\s+` + quoted + `)*|'[^'"\n]*'|` + word + `)`
	case placeholder == pattern.Wildcard:
		return word
	case w == severalWords || slices.Contains([]string{"<date>", "<dur>", "<size>"}, placeholder):
		return word + `(?:\s+` + word + `){0,8}?`
	}
	return word
}

// written returns a part of a message as it stands in the line.
func (f form) written(part string) string {
	if f.head == "" {
		return part
	}
	part = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`).Replace(part)
	if !f.ascii {
		return part
	}
	var b strings.Builder
	for _, r := range part {
		if r < utf8.RuneSelf || r > 0xffff {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// tells reports whether the filter finds all of own and none of others.
func (f Filter) tells(own, others []string) bool {
	misses, finds := f.rules()
	return misses != nil && !slices.ContainsFunc(own, misses) && !slices.ContainsFunc(others, finds)
}

// rules return which lines Loki may miss with the filter and which it may find;
// nil if it would refuse the filter.
func (f Filter) rules() (misses, finds func(string) bool) {
	if f.Op == fitsExpression {
		expression, err := regexp.Compile(f.Text)
		if err != nil {
			return nil, nil
		}
		finds = func(line string) bool { return strings.Contains(line, f.word) && expression.MatchString(line) }
		return func(line string) bool { return !finds(line) }, finds
	}
	parts := strings.Split(f.Text, "<_>")
	if slices.ContainsFunc(parts, capture.MatchString) {
		return nil, nil
	}
	misses = func(line string) bool { return !strings.HasPrefix(line, parts[0]) || !fits(parts, line) }
	return misses, func(line string) bool { return fits(parts, line) }
}

// capture is what Loki takes for a named part of a template, which a filter must
// not have.
var capture = regexp.MustCompile(`<[a-zA-Z_][a-zA-Z0-9_]*>`)

// fits reports whether a line is the parts with something between each two, as
// Loki's pattern filter decides it (pkg/logql/log/pattern of 3.7): each part is
// taken where it is first, also the one that begins the template, and what is
// between them is not empty.
func fits(parts []string, line string) bool {
	rest := line
	for i, part := range parts {
		last := i == len(parts)-1
		if part == "" { // the template begins or ends with a value
			if last && rest == "" {
				return false
			}
			continue
		}
		at := strings.Index(rest, part)
		if at < 0 || i > 0 && at == 0 {
			return false
		}
		rest = rest[at+len(part):]
		if last && rest != "" {
			return false
		}
	}
	return true
}
