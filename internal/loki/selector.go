package loki

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Selector says which streams there are at all: matchers of a LogQL stream
// selector, without braces. Loki wants at least one that the empty value does not
// match, so no selector is true of every stream of every Loki.
type Selector string

// DefaultSelector selects what has a job: every stream of the collector, and of
// promtail where its configuration gives one.
const DefaultSelector Selector = `job=~".+"`

// matcher is a matcher at the start of a text: name, operator, quoted value.
var matcher = regexp.MustCompile("^\\s*([a-zA-Z_][a-zA-Z0-9_]*)\\s*(=~|!~|!=|=)\\s*(\"(?:[^\"\\\\\\n]|\\\\.)*\"|`[^`]*`)\\s*(?:,|$)")

// Validate says what is wrong with it, as Loki would at each query.
func (s Selector) Validate() error {
	selective := false
	for rest := string(s); strings.TrimSpace(rest) != ""; {
		found := matcher.FindStringSubmatch(rest)
		if found == nil {
			return fmt.Errorf("the selector %s is no list of matchers: want such as %s, without braces", s, DefaultSelector)
		}
		value, err := strconv.Unquote(found[3])
		if err != nil {
			return fmt.Errorf("the selector %s: %s is no text: %w", s, found[3], err)
		}
		matchesEmpty := value == ""
		if operator := found[2]; operator == "=~" || operator == "!~" {
			pattern, err := regexp.Compile("^(?:" + value + ")$")
			if err != nil {
				return fmt.Errorf("the selector %s: %w", s, err)
			}
			matchesEmpty = pattern.MatchString("")
		}
		selective = selective || found[2][0] == '=' && !matchesEmpty
		rest = rest[len(found[0]):]
	}
	if !selective {
		return fmt.Errorf("the selector %s selects streams without any label: Loki wants a matcher such as %s", s, DefaultSelector)
	}
	return nil
}
