package usage

import (
	"regexp"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

const (
	// dropReason is under which the collector counts what a snippet drops.
	dropReason = "noise"
	// thinRate is the part of the lines that a snippet lets pass.
	thinRate = 0.1
	// fixedLeast is how many characters of a pattern must not vary: less would drop
	// other lines too.
	fixedLeast = 8
)

// matchStage is the collector's match stage, as far as snippets have it.
type matchStage struct {
	Selector          string           `yaml:"selector"`
	Action            string           `yaml:"action,omitempty"`
	DropCounterReason string           `yaml:"drop_counter_reason,omitempty"`
	Stages            []map[string]any `yaml:"stages,omitempty"`
}

// snippets returns two entries of a job's pipeline_stages, as YAML: one that drops
// the lines of a pattern, and one that lets a tenth of them pass. With a level, lines
// of another stay, such as a request's that failed. They are "" for lines that cannot
// be told by their text, or have no service.
func snippets(service, level, template, example string) (drop, thin string) {
	expression := lineExpression(template, example)
	if expression == "" || service == "" {
		return "", ""
	}
	labels := "service=" + strconv.Quote(service)
	if level != "" {
		labels += ", level=" + strconv.Quote(level)
	}
	selector := "{" + labels + "} |~ " + strconv.Quote(expression)
	sampling := map[string]any{"sampling": map[string]any{"rate": thinRate, "drop_counter_reason": dropReason}}
	return stageText(matchStage{Selector: selector, Action: "drop", DropCounterReason: dropReason}),
		stageText(matchStage{Selector: selector, Stages: []map[string]any{sampling}})
}

// stageText writes a stage as an entry of a list, each value in one line.
func stageText(stage matchStage) string {
	text, err := yaml.Dump([]map[string]matchStage{{"match": stage}},
		yaml.WithIndent(2), yaml.WithCompactSeqIndent(), yaml.WithLineWidth(-1))
	if err != nil {
		panic(err) // a fault of the program: these types always encode
	}
	return string(text)
}

// varying is what of a template is not in its lines as it stands: placeholders,
// and what a JSON string escapes.
var varying = regexp.MustCompile(`<(?:[a-z]+|\*)>|["\\]`)

// lineExpression returns a regular expression that finds the lines of a template,
// "" when too little of it is fixed or the example would not be found.
func lineExpression(template, example string) string {
	var parts []string
	fixed := 0
	for _, part := range varying.Split(template, -1) {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, regexp.QuoteMeta(part))
			fixed += len(part)
		}
	}
	expression := strings.Join(parts, ".*")
	if found, err := regexp.Compile(expression); fixed < fixedLeast || err != nil || !found.MatchString(example) {
		return ""
	}
	return expression
}
