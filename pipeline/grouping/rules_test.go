package grouping

import (
	"strings"
	"testing"
	"time"
)

const teamRules = `
rules:
  - name: refused payments
    match: {type: Refused, logger: "*"}
    fingerprint: [payment refused, "{service}"]
  - name: timeouts of one service
    match: {message: "*timed out*", service: "back*"}
    fingerprint: ["timeout of {service}: {message}"]
  - name: by logger
    match: {logger: shop.*}
    fingerprint: ["{logger}", "{default}"]
`

func parseRules(t testing.TB, text string) *Grouper {
	t.Helper()
	rules, err := ParseRules("rules.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return New(rules)
}

func TestRuleGivesTheKey(t *testing.T) {
	g := parseRules(t, teamRules)
	keys := map[string]Hash{}
	for _, test := range []struct{ name, service, text, rule string }{
		{"refused", "backend", cart, "refused payments"},
		{"refused elsewhere", "backend", replaced(t, cart, "in checkout", "in refund"), "refused payments"},
		{"refused for another service", "shop", cart, "refused payments"},
		{"timeout", "backend", "12:00:01 | ERROR | call 7 timed out", "timeouts of one service"},
		{"timeout of another call", "backend", "12:00:01 | ERROR | call 8 timed out", "timeouts of one service"},
		{"timeout of another service", "shop", "12:00:01 | ERROR | call 7 timed out", ""},
		{"logger", "backend", "12:00:01 | ERROR    | shop.cart            | full", "by logger"},
		{"two rules fit", "backend", "12:00:01 | ERROR    | shop.cart            | call timed out", "timeouts of one service"},
		{"other logger", "backend", "12:00:01 | ERROR    | shopping.cart        | full", ""},
		{"value", "backend", `{"level":"ERROR","message":"x","exception":{"type":"OSError","message":"it timed out"}}`, "timeouts of one service"},
	} {
		var r Result
		g.Group(Event{Text: []byte(test.text), Service: test.service}, &r)
		if r.Rule != test.rule {
			t.Errorf("%s: rule %q, want %q", test.name, r.Rule, test.rule)
		}
		keys[test.name] = r.Key
	}
	for _, same := range [][2]string{{"refused", "refused elsewhere"}, {"timeout", "timeout of another call"}} {
		if keys[same[0]] != keys[same[1]] {
			t.Errorf("%s and %s have two keys", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{"refused", "refused for another service"}, {"logger", "other logger"}, {"timeout", "refused"}} {
		if keys[other[0]] == keys[other[1]] {
			t.Errorf("%s and %s have one key", other[0], other[1])
		}
	}
}

func TestRuleIsExplained(t *testing.T) {
	var r Result
	parseRules(t, teamRules).Group(Event{Text: []byte(cart), Service: "backend"}, &r)
	e := r.Explanation()
	if len(e.Parts) != 2 || e.Parts[1] != (Part{"rule", "backend"}) || e.Exceptions[0].Frames[0].Counted {
		t.Errorf("explained as %+v", e)
	}
}

func TestMistakesInRulesAreNamedWithTheirLine(t *testing.T) {
	_, err := ParseRules("rules.yaml", []byte(`rule: []
rules:
  - name: a
    match: {typ: x}
    fingerprint: ["{kind}", "{type"]
  - match: {type: ""}
    fingerprint: x
    when: now
  - name: a
    match: {type: x, type: y}
    fingerprint: [y]
  - text
`))
	for _, want := range []string{
		`rules.yaml:1:1: unknown key "rule"`, `rules.yaml:4:13: unknown key "typ"`, "rules.yaml:5:19: fingerprint: {kind: want {type}", "rules.yaml:5:29: fingerprint: {type: want",
		"rules.yaml:6:5: name: required", "rules.yaml:6:19: want a text", "rules.yaml:7:18: fingerprint: want a list", `rules.yaml:8:5: unknown key "when"`,
		`rules.yaml:9:5: the name "a" is taken`, `rules.yaml:10:22: "type" is there twice`, "rules.yaml:12:5: a rule: want keys and values",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
}

func TestFilesOfRulesThatCannotBeRead(t *testing.T) {
	if _, err := LoadRules(t.TempDir() + "/none.yaml"); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("error %v", err)
	}
	for _, text := range []string{"rules: [", "- a", "rules: x"} {
		if _, err := ParseRules("rules.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "rules.yaml") {
			t.Errorf("%q: error %v", text, err)
		}
	}
	for _, text := range []string{"", "# nothing", "rules: []"} {
		if rules, err := ParseRules("rules.yaml", []byte(text)); err != nil || rules.Len() != 0 {
			t.Errorf("%q: %d rules, error %v", text, rules.Len(), err)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"a", "a", true},
		{"a", "ab", false},
		{"*", "", true},
		{"", "", true},
		{"a*c", "abbc", true},
		{"a*c", "abcd", false},
		{"*b*", "abc", true},
		{"*ab", "aab", true},
		{"a**", "a", true},
		{"ab", "a", false},
	} {
		if got := glob([]byte(test.pattern), []byte(test.text)); got != test.want {
			t.Errorf("%q and %q: %v", test.pattern, test.text, got)
		}
	}
	start := time.Now()
	glob([]byte(strings.Repeat("*a", 50)+"b"), []byte(strings.Repeat("a", 10_000)))
	if took := time.Since(start); took > time.Second {
		t.Errorf("a pattern of many stars took %v", took)
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add(teamRules)
	f.Add("rules: [{name: a, match: {type: '*'}, fingerprint: ['{default}']}]")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := ParseRules("rules.yaml", []byte(text))
		if err != nil {
			return
		}
		var r Result
		New(rules).Group(Event{Text: []byte(cart)}, &r)
		if r.Key == 0 {
			t.Error("no key")
		}
	})
}
