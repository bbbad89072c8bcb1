package world

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v4"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// notHere are the metrics of rules that this world does not have while it is
// well, or never.
var notHere = []string{
	"prometheus_", "alertmanager_", "dashboard_", // the alerts' own tests run these
	"collector_lost_bytes_total", "collector_quarantined_entries_total", "collector_source_unreadable", "collector_spool_", // born with a fault
	"promtail_dropped_entries_total", "loki_discarded_samples_total", "loki_ingester_wal_disk_full_failures_total", // likewise
	"loki_boltdb_shipper_", "loki_prometheus_", "loki_ruler_", // born with the first compaction, and with the first rule
	"pg_database_wraparound_", // a collector that is off by default, and not in Debian's version
}

// everyRuleFindsItsSeries checks that what the alert rules select is there, with
// the labels of the real exporters.
func everyRuleFindsItsSeries(t *testing.T, prometheus prometheus) {
	t.Helper()
	selectors := ruleSelectors(t)
	if len(selectors) < 50 {
		t.Fatalf("the rules have %d selectors: %q", len(selectors), selectors)
	}
	defer func() {
		for _, selector := range selectors {
			t.Errorf("no series of %s", selector)
		}
	}()
	servers.Eventually(t, "every selector has a series", func() bool {
		selectors = slices.DeleteFunc(selectors, func(selector string) bool { return len(prometheus.query(t, selector)) > 0 })
		return len(selectors) == 0
	})
}

// ruleSelectors returns the selectors of the rules for Prometheus, without those
// of recorded series, of what is not here and of failed requests.
func ruleSelectors(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(servers.Root(t), "alerts", "prometheus", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Groups []struct{ Rules []struct{ Expr string } }
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, group := range file.Groups {
			for _, rule := range group.Rules {
				all = append(all, selectorsOf(t, rule.Expr)...)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func selectorsOf(t *testing.T, expr string) []string {
	t.Helper()
	parsed, err := parser.ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	var selectors []string
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok || strings.Contains(selector.Name, ":") || slices.ContainsFunc(notHere, func(prefix string) bool {
			return strings.HasPrefix(selector.Name, prefix)
		}) {
			return nil
		}
		now := *selector
		now.Offset, now.OriginalOffset = 0, 0
		if text := now.String(); !strings.Contains(text, `status=~"5.."`) && !strings.Contains(text, `status_code`) {
			selectors = append(selectors, text)
		}
		return nil
	})
	return selectors
}
