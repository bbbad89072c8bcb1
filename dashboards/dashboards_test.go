// Package dashboards_test checks every dashboard: its form, its data sources,
// and each of its queries with the real Loki and Prometheus.
package dashboards_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// dashboard is the part of Grafana's classic model that is checked.
type dashboard struct {
	ID            *int
	UID           string
	Title         string
	SchemaVersion int
	Panels        []panel
	Inputs        any `json:"__inputs"`
	Templating    struct{ List []variable }
}

type panel struct {
	ID          int
	Title       string
	Description string
	Datasource  source
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct {
		Datasource source
		Expr       string
	}
}

type variable struct {
	Name       string
	Datasource source
}

type source struct{ Type, UID string }

// load returns every dashboard by its file.
func load(t *testing.T) map[string]dashboard {
	t.Helper()
	paths, err := filepath.Glob("*/*.json")
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

// sources returns the provisioned data sources: type by uid.
func sources(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile("provisioning/datasources/stack.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Datasources []source }
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	byUID := map[string]string{}
	for _, s := range file.Datasources {
		byUID[s.UID] = s.Type
	}
	return byUID
}

func TestDashboardsCanBeProvisioned(t *testing.T) {
	provisioned, uids := sources(t), map[string]string{}
	known := func(path, where string, s source) {
		if provisioned[s.UID] != s.Type || s.Type == "" {
			t.Errorf("%s: %s uses the data source %+v, which is not provisioned", path, where, s)
		}
	}
	for path, d := range load(t) {
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`).MatchString(d.UID) {
			t.Errorf("%s: uid %q is none that Grafana takes", path, d.UID)
		}
		if other, twice := uids[d.UID]; twice {
			t.Errorf("%s and %s have the uid %s", other, path, d.UID)
		}
		uids[d.UID] = path
		if d.ID != nil || d.Inputs != nil {
			t.Errorf("%s: has an id or __inputs, as exported files do; provisioned ones must not", path)
		}
		if d.Title == "" || d.SchemaVersion != 39 {
			t.Errorf("%s: title %q, schema %d; want a title and the classic schema 39", path, d.Title, d.SchemaVersion)
		}
		for _, v := range d.Templating.List {
			known(path, "variable "+v.Name, v.Datasource)
		}
		for _, p := range d.Panels {
			known(path, p.Title, p.Datasource)
			for _, target := range p.Targets {
				known(path, p.Title, target.Datasource)
			}
		}
	}
}

func TestPanelsAreDescribedAndDoNotOverlap(t *testing.T) {
	for path, d := range load(t) {
		ids := map[int]bool{}
		for i, p := range d.Panels {
			if p.Title == "" || p.Description == "" || len(p.Targets) == 0 || ids[p.ID] {
				t.Errorf("%s: panel %d (%q) needs a title, a description, a query and an id of its own", path, p.ID, p.Title)
			}
			ids[p.ID] = true
			for _, q := range d.Panels[:i] {
				a, b := p.GridPos, q.GridPos
				if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
					t.Errorf("%s: %q and %q overlap", path, p.Title, q.Title)
				}
			}
			if p.GridPos.X+p.GridPos.W > 24 {
				t.Errorf("%s: %q is wider than the page", path, p.Title)
			}
		}
	}
}

// fill puts a value in the place of each variable, as Grafana does.
var fill = strings.NewReplacer("$__auto", "1m", "$__rate_interval", "1m", "$__range", "1h", "$service", ".+", "$env", ".+")

func TestQueriesAreAccepted(t *testing.T) {
	loki, prometheus := servers.Loki(t), servers.Prometheus(t, nil)
	for path, d := range load(t) {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				params := url.Values{"query": {fill.Replace(target.Expr)}}.Encode()
				address := prometheus.URL + "/api/v1/query?" + params
				if target.Datasource.Type == "loki" {
					address = loki.URL + "/loki/api/v1/query_range?" + params
				}
				if problem := ask(t, address); problem != "" {
					t.Errorf("%s: %s: %s\n%s", path, p.Title, target.Expr, problem)
				}
			}
		}
	}
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
