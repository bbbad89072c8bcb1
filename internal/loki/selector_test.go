package loki

import (
	"strings"
	"testing"
)

func TestASelectorIsCheckedAsLokiWouldCheckIt(t *testing.T) {
	for text, want := range map[string]string{
		string(DefaultSelector):        "",
		"service_name=~`.+`":           "",
		`env="a,b}", job!="x", c!~"y"`: "",
		` env = "x" , job =~ "a|" `:    "",
		``:                             "without any label",
		`job!=""`:                      "without any label",
		`job=~".*"`:                    "without any label",
		`job=""`:                       "without any label",
		`{job="a"}`:                    "without braces",
		`job="a" or env="b"`:           "without braces",
		`job="a"} |= "x"`:              "without braces",
		`job=a`:                        "without braces",
		`1job="a"`:                     "without braces",
		`job="\q"`:                     "is no text",
		`job=~"("`:                     "missing closing )",
	} {
		err := Selector(text).Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// FuzzSelector checks that what is taken stays within the braces of a query.
func FuzzSelector(f *testing.F) {
	for _, seed := range []string{`job="a"`, `a=~"b|c", d!="}"`, "a=`}`", `a="\""`, `a="b" }`, "a=\"\n\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if Selector(text).Validate() != nil {
			return
		}
		rest := strings.NewReplacer(`\\`, "", `\"`, "").Replace(text)
		outside := literal.ReplaceAllString(rest, "S")
		if !strings.Contains(text, "`") && strings.ContainsAny(outside, `{}|"`) {
			t.Errorf("%q leaves %q outside of its texts", text, outside)
		}
	})
}
