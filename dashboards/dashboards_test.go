package dashboards

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/tovtech/tovplay-logging/test/servers"
)

var update = flag.Bool("update", false, "write the files that are made of the dashboards")

// same checks that a file has this content, or writes it.
func same(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		servers.WriteFile(t, path, string(want))
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the dashboards say: go test ./dashboards -run '%s' -update", path, t.Name())
	}
}

func TestFilesAreBuilt(t *testing.T) {
	var want []string
	for _, b := range All() {
		path := filepath.Join("json", b.File())
		want = append(want, path)
		content, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		same(t, path, content)
	}
	got, err := filepath.Glob("json/*/*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("json/ has the files %v, want %v", got, want)
	}
}

const (
	docs       = "../docs/dashboards.md"
	tableBegin = "<!-- The table is written by a test: go test ./dashboards -run TestPanelsAreInTheDocs -update -->\n"
)

// Panels are linked by their ids, so that a change of one is a change of this table.
func TestPanelsAreInTheDocs(t *testing.T) {
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(text), tableBegin)
	if !found {
		t.Fatalf("%s has no line %s", docs, tableBegin)
	}
	table := "| dashboard | panel | title |\n|---|---|---|\n"
	for _, b := range All() {
		for _, row := range b.Rows {
			for _, p := range row.Panels {
				table += fmt.Sprintf("| `%s` | %d | %s: %s |\n", b.UID, p.ID, row.Title, p.Title)
			}
		}
	}
	same(t, docs, []byte(head+tableBegin+table))
}

// dashboard is the part of Grafana's classic model that is checked.
type dashboard struct {
	ID            *int
	UID           string
	Title         string
	SchemaVersion int
	Panels        []panel
	Inputs        any `json:"__inputs"`
	Links         []struct{ Tags []string }
	Tags          []string
	Templating    struct{ List []variable }
}

type panel struct {
	ID          int
	Type        string
	Title       string
	Description string
	Datasource  source
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct {
		RefID      string
		Datasource source
		Expr       string
	}
	FieldConfig struct{ Defaults struct{ Unit string } }
	Links       []struct{ URL string }
}

type variable struct {
	Name       string
	Type       string
	AllValue   string
	Definition string
	Current    struct{ Value any }
	Datasource source
}

type source struct{ Type, UID string }

// load returns every dashboard by its file, as Grafana reads it.
func load(t *testing.T) map[string]dashboard {
	t.Helper()
	paths, err := filepath.Glob("json/*/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no dashboards (%v)", err)
	}
	all := map[string]dashboard{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(content, &d); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[path] = d
	}
	return all
}

// provisioned is a data source of provisioning/.
type provisioned struct {
	Name, UID, Type string
	JSONData        struct {
		DerivedFields []derivedField `yaml:"derivedFields"`
	} `yaml:"jsonData"`
}

type derivedField struct {
	Name         string
	MatcherRegex string `yaml:"matcherRegex"`
	MatcherType  string `yaml:"matcherType"`
	URL          string
}

func dataSources(t *testing.T) map[string]provisioned {
	t.Helper()
	content, err := os.ReadFile("provisioning/datasources/stack.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Datasources []provisioned }
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	byUID := map[string]provisioned{}
	for _, s := range file.Datasources {
		byUID[s.UID] = s
	}
	return byUID
}

func TestDashboardsCanBeProvisioned(t *testing.T) {
	taken := map[string]string{}
	for path, d := range load(t) {
		for _, key := range []string{"uid " + d.UID, "title " + d.Title} {
			if other, twice := taken[key]; twice {
				t.Errorf("%s and %s have the same %s", other, path, key)
			}
			taken[key] = path
		}
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`).MatchString(d.UID) {
			t.Errorf("%s: uid %q is none that Grafana takes", path, d.UID)
		}
		if d.ID != nil || d.Inputs != nil {
			t.Errorf("%s: has an id or __inputs, as exported files do; provisioned ones must not", path)
		}
		if d.Title == "" || d.SchemaVersion != 39 {
			t.Errorf("%s: title %q, schema %d; want a title and the classic schema 39", path, d.Title, d.SchemaVersion)
		}
	}
}

// A source is chosen by a variable, which at first is a provisioned one.
func TestSourcesAreChosenAtTheTop(t *testing.T) {
	known := dataSources(t)
	for path, d := range load(t) {
		choosers := map[source]bool{}
		for _, v := range d.Templating.List {
			if v.Type != "datasource" {
				continue
			}
			uid, _ := v.Current.Value.(string)
			s, found := known[uid]
			if !found {
				t.Errorf("%s: variable %s begins with the data source %q, which is not provisioned", path, v.Name, uid)
			}
			choosers[source{s.Type, "${" + v.Name + "}"}] = true
		}
		check := func(where string, s source) {
			if !choosers[s] {
				t.Errorf("%s: %s uses the data source %+v, which is none of the variables %v", path, where, s, choosers)
			}
		}
		for _, v := range d.Templating.List {
			if v.Type == "query" {
				check("variable "+v.Name, v.Datasource)
			}
		}
		for _, p := range d.Panels {
			if p.Type == "row" {
				continue
			}
			check(p.Title, p.Datasource)
			for _, target := range p.Targets {
				check(p.Title, target.Datasource)
			}
		}
	}
}

func TestPanelsAreComplete(t *testing.T) {
	for path, d := range load(t) {
		ids, titles := map[int]bool{}, map[string]bool{}
		for _, p := range d.Panels {
			if p.ID <= 0 || ids[p.ID] || p.Title == "" {
				t.Errorf("%s: panel %d (%q) needs a title and an id of its own", path, p.ID, p.Title)
			}
			ids[p.ID] = true
			if p.Type == "row" {
				continue
			}
			if !strings.HasSuffix(p.Description, ".") || len(p.Targets) == 0 {
				t.Errorf("%s: panel %q needs a description in sentences, and a query", path, p.Title)
			}
			if (p.FieldConfig.Defaults.Unit == "") != (p.Type == "logs") {
				t.Errorf("%s: panel %q of kind %s has the unit %q", path, p.Title, p.Type, p.FieldConfig.Defaults.Unit)
			}
			if titles[p.Type+p.Title] {
				t.Errorf("%s: two panels of kind %s have the title %q", path, p.Type, p.Title)
			}
			titles[p.Type+p.Title] = true
		}
	}
}

func TestPanelsDoNotOverlap(t *testing.T) {
	for path, d := range load(t) {
		for i, p := range d.Panels {
			a := p.GridPos
			if a.W < 3 || a.H < 1 || a.X < 0 || a.X+a.W > 24 {
				t.Errorf("%s: %q is at %+v, outside of the page's 24 columns, or too narrow", path, p.Title, a)
			}
			for _, q := range d.Panels[:i] {
				b := q.GridPos
				if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
					t.Errorf("%s: %q and %q overlap", path, p.Title, q.Title)
				}
			}
		}
	}
}

// The ways in which people fill the variables: everything, one value, several. Grafana joins several to a pattern.
var choices = []func(variable) string{
	func(v variable) string { return v.AllValue },
	func(variable) string { return "production" },
	func(variable) string { return `(production|backend-1\\.example)` },
}

// reference is how Grafana finds variables in a text.
var reference = regexp.MustCompile(`\$(\w+)|\[\[(\w+?)(?::\w+)?\]\]|\$\{(\w+)(?:\.[^:^}]+)?(?::[^}]+)?\}`)

// fill puts values in the place of variables, as Grafana does, and returns the names that it does not know.
func fill(expr string, d dashboard, choose func(variable) string) (filled string, unknown []string) {
	values := map[string]string{"__auto": "1m", "__interval": "15s", "__rate_interval": "1m", "__range": "1h"}
	for _, v := range d.Templating.List {
		values[v.Name] = choose(v)
	}
	filled = reference.ReplaceAllStringFunc(expr, func(match string) string {
		groups := reference.FindStringSubmatch(match)
		name := groups[1] + groups[2] + groups[3]
		if value, found := values[name]; found {
			return value
		}
		if name != "1" { // of label_replace; Grafana leaves what it does not know
			unknown = append(unknown, name)
		}
		return match
	})
	return filled, unknown
}

func TestQueriesAreAccepted(t *testing.T) {
	loki, prometheus := servers.Loki(t), servers.Prometheus(t, nil)
	parsers := map[string]string{
		"prometheus": prometheus.URL + "/api/v1/parse_query?",
		"loki":       loki.URL + "/loki/api/v1/format_query?",
	}
	for path, d := range load(t) {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				for _, choose := range choices {
					expr, unknown := fill(target.Expr, d, choose)
					if len(unknown) > 0 {
						t.Errorf("%s: %s: nothing fills the variables %q", path, p.Title, unknown)
					}
					if problem := ask(t, parsers[target.Datasource.Type]+url.Values{"query": {expr}}.Encode()); problem != "" {
						t.Errorf("%s: %s: %s\n%s", path, p.Title, expr, problem)
					}
				}
			}
		}
	}
}

func TestEachVariableIsUsed(t *testing.T) {
	for path, d := range load(t) {
		for _, v := range d.Templating.List {
			used := false
			for _, p := range d.Panels {
				used = used || p.Datasource.UID == "${"+v.Name+"}"
				for _, target := range p.Targets {
					used = used || strings.Contains(target.Expr, "$"+v.Name)
				}
			}
			if !used {
				t.Errorf("%s: no query uses the variable %s", path, v.Name)
			}
		}
	}
}

func TestLinksLeadToDashboards(t *testing.T) {
	boards := load(t)
	uids, tags := map[string]bool{}, map[string]bool{}
	for _, d := range boards {
		uids[d.UID] = true
		for _, tag := range d.Tags {
			tags[tag] = true
		}
	}
	for path, d := range boards {
		for _, link := range d.Links {
			if len(link.Tags) != 1 || !tags[link.Tags[0]] {
				t.Errorf("%s: its menu shows dashboards with the tags %q, of which there are none", path, link.Tags)
			}
		}
		for _, p := range d.Panels {
			for _, link := range p.Links {
				uid, query, _ := strings.Cut(strings.TrimPrefix(link.URL, "/d/"), "?")
				if !uids[uid] || uid == d.UID || !strings.Contains(query, "${__url_time_range}") {
					t.Errorf("%s: %s links to %q, which is no other dashboard at the same time", path, p.Title, link.URL)
				}
			}
		}
	}
}

// An id is any text that a client sends; the address has to be the same for all.
func TestRequestIDsLinkToTheStory(t *testing.T) {
	environment := func(name string) string {
		return map[string]string{"EXTERNAL_URL": "https://app.example.org/logs"}[name]
	}
	known := map[string]bool{}
	for _, field := range dataSources(t)["loki"].JSONData.DerivedFields {
		known[expandProvisioned(field.MatcherRegex, environment)] = true
		got := expandProvisioned(field.URL, environment)
		if want := "https://app.example.org/logs/story?id=${__value.raw:percentencode}"; field.MatcherType != "label" || got != want {
			t.Errorf("derived field %s: %s %s, want a label that links to %s", field.Name, field.MatcherType, got, want)
		}
	}
	// The names that the collector gives them.
	shipped, err := os.ReadFile("../stack/collector.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"correlation_id", "request_id"} {
		if !known["^"+id+"$"] || !strings.Contains(string(shipped), id+": ,") {
			t.Errorf("no derived field for %s, or the collector does not keep it", id)
		}
	}
}

// expandProvisioned does to a text what Grafana does to provisioning files: $$ is a $, ${NAME} is of the environment.
func expandProvisioned(text string, environment func(string) string) string {
	parts := strings.Split(text, "$$")
	for i, part := range parts {
		parts[i] = regexp.MustCompile(`\$\{([^}]+)\}`).ReplaceAllStringFunc(part, func(m string) string { return environment(m[2 : len(m)-1]) })
	}
	return strings.Join(parts, "$")
}

// ask returns why a query was refused, or nothing.
func ask(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return ""
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status + ": " + string(body)
}
