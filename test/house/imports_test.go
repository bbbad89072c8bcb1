package house

import (
	"encoding/json"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tovtech/tovplay-logging/"

// allowed says which of the module's packages each one may import. A pattern
// that ends in /... means everything below. Packages that are not listed fail
// the test. docs/architecture.md has the same table with the reasons.
var allowed = map[string][]string{
	"cmd/collector": {"pipeline/..."},
	"cmd/dashboard": {"internal/...", "pipeline/grouping", "web"},

	"pipeline":                  {},
	"pipeline/config":           {},
	"pipeline/discover":         {"pipeline", "pipeline/config", "pipeline/dockerapi", "pipeline/relabel"},
	"pipeline/dockerapi":        {},
	"pipeline/grouping":         {"pipeline/grouping/mask", "pipeline/jsonscan", "pipeline/level"},
	"pipeline/grouping/mask":    {},
	"pipeline/grouping/pattern": {"pipeline/grouping/mask"},
	"pipeline/jsonscan":         {},
	"pipeline/level":            {"pipeline/jsonscan"},
	"pipeline/position":         {"pipeline"},
	"pipeline/quarantine":       {},
	"pipeline/relabel":          {"pipeline/config"},
	"pipeline/ship":             {"pipeline"},
	"pipeline/source/docker":    {"pipeline"},
	"pipeline/source/file":      {"pipeline"},
	"pipeline/source/journal":   {"pipeline", "pipeline/jsonscan"},
	"pipeline/source/pipe":      {"pipeline"},
	"pipeline/source/stdin":     {"pipeline"},
	"pipeline/spool":            {},
	"pipeline/stage":            {"pipeline", "pipeline/config", "pipeline/grouping", "pipeline/jsonscan", "pipeline/level", "pipeline/relabel", "pipeline/traceback"},
	"pipeline/traceback":        {"pipeline/level"},

	"internal/alerts":            {},
	"internal/auth":              {"internal/secret", "internal/state"},
	"internal/health":            {},
	"internal/issues":            {"pipeline/grouping", "pipeline/grouping/mask"},
	"internal/issues/clickhouse": {"internal/issues"},
	"internal/issues/index":      {"internal/issues", "internal/issues/life", "internal/loki", "pipeline/grouping", "pipeline/jsonscan", "pipeline/level"},
	"internal/issues/life":       {"internal/issues", "pipeline/grouping", "pipeline/grouping/pattern", "pipeline/level"},
	"internal/issues/sqlite":     {"internal/issues"},
	"internal/issues/storetest":  {"internal/issues"},
	"internal/loki":              {"internal/secret"},
	"internal/notify":            {"internal/secret"},
	"internal/sample":            {"internal/loki", "pipeline/grouping/pattern", "pipeline/jsonscan"},
	"internal/searches":          {"internal/state"},
	"internal/secret":            {},
	"internal/server":            {"internal/alerts", "internal/auth", "internal/health", "internal/issues", "internal/issues/index", "internal/issues/life", "internal/loki", "internal/notify", "internal/sample", "internal/searches", "internal/secret", "internal/snapshots", "internal/state", "internal/usage"},
	"internal/snapshots":         {"internal/state"},
	"internal/state":             {},
	"internal/usage":             {"internal/loki", "internal/sample"},

	"web":         {},
	"alerts":      {"test/servers", "test/world"},
	"dashboards":  {"internal/health", "test/backend", "test/servers", "test/world"},
	"stack":       {"test/servers"},
	"stack/demo":  {},
	"stack/probe": {},

	"test/accuracy":          {"pipeline/grouping/mask", "pipeline/grouping/pattern"},
	"test/backend":           {},
	"test/clickhouse":        {},
	"test/corpus":            {},
	"test/dashboard":         {"..."},
	"test/e2e":               {"pipeline/level", "pipeline/quarantine", "test/servers"},
	"test/faults":            {"test/servers"},
	"test/faults/report":     {"test/faults"},
	"test/house":             {},
	"test/mutants":           {},
	"test/oracle":            {},
	"test/pgbouncerexporter": {},
	"test/servers":           {"test/pgbouncerexporter"},
	"test/world":             {"test/backend", "test/servers"},
}

// listed is what `go list -json` says about a package.
type listed struct {
	ImportPath string
	Doc        string
	GoFiles    []string // without tests
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Doc,GoFiles,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
}

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range packages(t) {
		seen[p.ImportPath] = true
		list, ok := allowed[p.ImportPath]
		if !ok {
			t.Errorf("%s is not in the table: add it here and to docs/architecture.md", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if name, own := strings.CutPrefix(imp, module); own && !permits(list, name) {
				t.Errorf("%s imports %s, which the table does not allow", p.ImportPath, name)
			}
		}
	}
	for name := range allowed {
		if !seen[name] {
			t.Errorf("%s is in the table and does not exist", name)
		}
	}
}

func permits(list []string, name string) bool {
	return slices.ContainsFunc(list, func(pattern string) bool {
		prefix, below := strings.CutSuffix(pattern, "...")
		return name == pattern || below && (strings.HasPrefix(name, prefix) || name == path.Clean(prefix))
	})
}

// The main module must not require Loki itself: its replace lines would become
// ours. The wire format alone, loki/pkg/push, is a module of its own.
func TestTheMainModuleDoesNotRequireLoki(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-m", "all")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		if name, _, _ := strings.Cut(line, " "); strings.HasPrefix(name, "github.com/grafana/loki/v") {
			t.Errorf("the main module requires %s", name)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if p.Doc == "" && len(p.GoFiles) > 0 {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}
