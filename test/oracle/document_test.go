package oracle

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/test/servers"
)

var update = flag.Bool("update", false, "write docs/promtail-compared.md")

// own are keys that promtail does not have, as comparedKeys has them, and their
// names.
func own() map[string]string {
	return map[string]string{"docker.join": "docker.join", "level": "level", "traceback": "tracebacks", "ratelimit": "rate_limit", "errorgroup": "error_group"}
}

// comparedKeys are the keys of the configuration that are to be compared, in
// its order. The names of stages are without "_".
func comparedKeys() []string {
	var keys []string
	stage := reflect.TypeFor[config.Stage]()
	for i := range stage.NumField() {
		if f := stage.Field(i); !slices.Contains([]string{"Pos", "Path", "Name"}, f.Name) {
			keys = addKeys(keys, strings.ToLower(f.Name), f.Type)
		}
	}
	keys = addKeys(keys, "relabelconfigs", reflect.TypeFor[config.Relabel]())
	for _, action := range []config.RelabelAction{
		config.RelabelReplace, config.RelabelKeep, config.RelabelDrop, config.RelabelKeepEqual, config.RelabelDropEqual, config.RelabelHashMod,
		config.RelabelLabelMap, config.RelabelLabelDrop, config.RelabelLabelKeep, config.RelabelLowercase, config.RelabelUppercase,
	} {
		keys = append(keys, "relabelconfigs.action."+string(action))
	}
	keys = addKeys(keys, "staticconfigs", reflect.TypeFor[config.StaticConfig]())
	return addKeys(keys, "filesdconfigs", reflect.TypeFor[config.FileSD]())
}

// addKeys adds a key and those below it.
func addKeys(keys []string, key string, t reflect.Type) []string {
	switch {
	case own()[key] != "":
		return append(keys, key)
	case t == reflect.TypeFor[config.MetricsStage]():
		t = reflect.TypeFor[config.Metric]()
	case t.Kind() == reflect.Pointer:
		t = t.Elem()
	}
	keys = append(keys, key)
	if t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[config.Stage]().PkgPath() {
		return keys
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		below := reflect.TypeFor[string]()
		if f.Type == reflect.TypeFor[config.MetricConfig]() {
			below = f.Type
		}
		keys = addKeys(keys, key+"."+name, below)
	}
	return keys
}

// plain is a key as comparedKeys has it.
func plain(key string) string {
	stage, rest, ok := strings.Cut(key, ".")
	if stage = strings.ReplaceAll(stage, "_", ""); !ok {
		return stage
	}
	return stage + "." + rest
}

func allCases(t testing.TB) []compared {
	return slices.Concat(parserCases(t), setterCases(t), flowCases(t), jobCases(t), acceptedCases(t))
}

func TestEveryKeyIsComparedWithPromtail(t *testing.T) {
	t.Parallel()
	known := comparedKeys()
	covered := map[string]bool{}
	for _, c := range allCases(t) {
		for _, key := range c.covers {
			key = plain(key)
			stage, _, _ := strings.Cut(key, ".")
			covered[key], covered[stage] = true, true
			if !slices.Contains(known, key) {
				t.Errorf("case %s covers %s, which the configuration does not have", c.name, key)
			}
		}
	}
	for _, key := range known {
		if !covered[key] && key != "metrics.config" && own()[key] == "" {
			t.Errorf("no case compares %s with promtail", key)
		}
	}
}

func TestEveryDifferenceIsDocumented(t *testing.T) {
	t.Parallel()
	rows := documentedDifferences(t)
	for _, c := range append(allCases(t), compared{name: "live", differs: []difference{wholeCharacters}}) {
		for _, d := range c.differs {
			if !slices.Contains(rows, d.row) {
				t.Errorf("case %s: docs/promtail-differences.md has no row %q", c.name, d.row)
			}
		}
	}
}

// documentedDifferences are the first cells of docs/promtail-differences.md.
func documentedDifferences(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(servers.Root(t), "docs", "promtail-differences.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); len(cells) > 2 && cells[0] == "" {
			rows = append(rows, strings.TrimSpace(cells[1]))
		}
	}
	return rows
}

func TestDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(servers.Root(t), "docs", "promtail-compared.md")
	want := document(allCases(t))
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is old; run go test ./test/oracle -run TestDocumentIsUpToDate -update", path)
	}
}

func document(cases []compared) string {
	spelling, by, rows := own(), map[string][]string{}, map[string][]string{}
	note := func(key string, c *compared) {
		by[key] = append(by[key], c.name)
		for _, d := range c.differs {
			if !slices.Contains(rows[key], d.row) {
				rows[key] = append(rows[key], d.row)
			}
		}
	}
	for i := range cases {
		for _, key := range cases[i].covers {
			spelling[plain(key)] = key
			note(plain(key), &cases[i])
		}
		if len(cases[i].covers) == 0 {
			note(subject(cases[i].name), &cases[i])
		}
	}
	out := fmt.Sprintf(documentHead, len(cases))
	for _, key := range append(comparedKeys(), elsewhere) {
		compared, result := list(by[key]), "equal"
		switch {
		case own()[key] != "":
			compared, result = "none", "own key, promtail has none"
		case compared == "":
			continue // its keys have rows
		case len(rows[key]) > 0:
			result = "differs: " + strings.Join(rows[key], "; ")
		}
		out += fmt.Sprintf("| `%s` | %s | %s |\n", cmp.Or(spelling[key], key), compared, result)
	}
	return out
}

// elsewhere is where cases are that belong to no one stage.
const elsewhere = "pipeline_stages"

// subject is the stage that the name of a case begins with.
func subject(name string) string {
	best := elsewhere
	for _, key := range comparedKeys() {
		if strings.HasPrefix(strings.ReplaceAll(name, "_", ""), key) {
			best = key
		}
	}
	return best
}

// list is a list of names, of which there may be many.
func list(names []string) string {
	const shown = 9
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

const documentHead = `# Compared with promtail

Promtail 3.6.7 itself and the collector read the same files with the same configuration, each into a sink that keeps every push.
In %d cases the entries of each stream are compared one by one in their order: tenant, labels, time, line and structured
metadata; so are the metrics of stages and files, and all of it a second time for a client with external labels and a tenant. What
differs is a row of [promtail-differences.md](promtail-differences.md), and the test says what the row makes of promtail's
entries. Cases without a key of their own feed formats with lines that they do not expect: empty, not UTF-8, of 50 kB, with CRLF
or NUL, without an end, or are configurations that look wrong and that promtail takes. Besides them, 250 pipelines that nobody
wrote are compared (` + "`-seed`" + ` makes others), files that change while they are read, standard input, limits_config, the
containers of a real engine, reloads by SIGHUP and by HTTP, and the way of positions.yaml from promtail to the collector and back.

The journal is not compared: promtail reads it only in a build with cgo and libsystemd, and the one that is compared has neither.

This table is written by the test: ` + "`go test ./test/oracle -run TestDocumentIsUpToDate -update`" + `.

| key | cases | result |
|---|---|---|
`
