package stage

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Selector is a LogQL stream selector with optional line filters:
// {app="x", env=~"a|b"} |= "text" !~ "re".
// It is the part of LogQL that promtail's match stage takes.
type Selector struct {
	matchers []matcher
	filters  []lineFilter
}

type matcher struct {
	name   string
	value  string
	expr   *regexp.Regexp
	negate bool
}

type lineFilter struct {
	text   []byte
	expr   *regexp.Regexp
	negate bool
}

// ParseSelector parses a selector. Errors quote what could not be read.
func ParseSelector(text string) (*Selector, error) {
	p := &selectorParser{rest: strings.TrimSpace(text)}
	s, err := p.parse()
	if err != nil {
		return nil, fmt.Errorf("selector %s: %w", strconv.Quote(text), err)
	}
	return s, nil
}

// matchesLine reports whether all line filters hold.
func (s *Selector) matchesLine(line []byte) bool {
	for i := range s.filters {
		if !s.filters[i].matches(line) {
			return false
		}
	}
	return true
}

func (m *matcher) matches(value []byte) bool {
	if m.expr != nil {
		return m.expr.Match(value) != m.negate
	}
	return (string(value) == m.value) != m.negate
}

func (f *lineFilter) matches(line []byte) bool {
	if f.expr != nil {
		return f.expr.Match(line) != f.negate
	}
	return bytes.Contains(line, f.text) != f.negate
}

type selectorParser struct{ rest string }

func (p *selectorParser) parse() (*Selector, error) {
	s := &Selector{}
	if !p.take("{") {
		return nil, fmt.Errorf(`expected "{" at %q`, p.rest)
	}
	for !p.take("}") {
		m, err := p.matcher()
		if err != nil {
			return nil, err
		}
		s.matchers = append(s.matchers, m)
		if !p.take(",") && !strings.HasPrefix(p.rest, "}") {
			return nil, fmt.Errorf(`expected "," or "}" at %q`, p.rest)
		}
	}
	for p.rest != "" {
		f, err := p.filter()
		if err != nil {
			return nil, err
		}
		s.filters = append(s.filters, f)
	}
	return s, nil
}

// take removes a token and the white space behind it.
func (p *selectorParser) take(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = strings.TrimLeft(rest, " \t\r\n")
	}
	return ok
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*`)

func (p *selectorParser) matcher() (matcher, error) {
	m := matcher{name: labelName.FindString(p.rest)}
	if m.name == "" {
		return m, fmt.Errorf("expected a label name at %q", p.rest)
	}
	p.take(m.name)
	isExpr := false
	switch {
	case p.take("=~"):
		isExpr = true
	case p.take("!~"):
		isExpr, m.negate = true, true
	case p.take("!="):
		m.negate = true
	case p.take("="):
	default:
		return m, fmt.Errorf("expected =, !=, =~ or !~ at %q", p.rest)
	}
	text, err := p.quoted()
	if err != nil {
		return m, err
	}
	m.value = text
	if isExpr {
		m.expr, err = regexp.Compile("^(?s:" + text + ")$")
	}
	return m, err
}

func (p *selectorParser) filter() (lineFilter, error) {
	var f lineFilter
	isExpr := false
	switch {
	case p.take("|="):
	case p.take("!="):
		f.negate = true
	case p.take("|~"):
		isExpr = true
	case p.take("!~"):
		isExpr, f.negate = true, true
	default:
		return f, fmt.Errorf("expected |=, !=, |~ or !~ at %q", p.rest)
	}
	text, err := p.quoted()
	if err != nil {
		return f, err
	}
	f.text = []byte(text)
	if isExpr {
		f.expr, err = regexp.Compile(text)
	}
	return f, err
}

// quoted takes a string in double quotes or backquotes.
func (p *selectorParser) quoted() (string, error) {
	token, err := strconv.QuotedPrefix(p.rest)
	if err != nil || token[0] == '\'' {
		return "", fmt.Errorf("expected a quoted string at %q", p.rest)
	}
	p.take(token)
	return strconv.Unquote(token)
}
