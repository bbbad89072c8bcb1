package dashboards

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/tovtech/tovplay-logging/internal/health"
)

// find returns a panel of a dashboard by its uid and id.
func find(uid string, id int) (Board, Panel, bool) {
	for _, b := range All() {
		for _, row := range b.Rows {
			for _, p := range row.Panels {
				if b.UID == uid && p.ID == id {
					return b, p, true
				}
			}
		}
	}
	return Board{}, Panel{}, false
}

// limitsOf are the limits of a signal in the units of a panel.
func limitsOf(s health.Signal) Limits {
	if s.Unit == health.State {
		if s.DownIs == health.Warning {
			return warnUnder(1)
		}
		return criticalUnder(1)
	}
	scaled := func(v *float64) *float64 {
		if v == nil || s.Unit != health.Percent {
			return v
		}
		ratio := *v / 100
		return &ratio
	}
	return Limits{Warning: scaled(s.Warning), Critical: scaled(s.Critical), Below: s.Worst == "min"}
}

func (l Limits) String() string {
	show := func(v *float64) string {
		if v == nil {
			return "none"
		}
		return fmt.Sprintf("%.6g", *v)
	}
	return fmt.Sprintf("warning %s, critical %s, below %v", show(l.Warning), show(l.Critical), l.Below)
}

func TestHealthLinksToPanelsWithItsLimits(t *testing.T) {
	catalogue, err := health.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, component := range catalogue.Components {
		for _, signal := range component.Signals {
			if signal.Panel == 0 {
				if len(signal.Expressions) > 0 {
					t.Errorf("%s %s has no panel", component.ID, signal.ID)
				}
				continue
			}
			board, panel, found := find(component.Dashboard, signal.Panel)
			if !found {
				t.Errorf("%s %s links to panel %d of %s, which does not exist", component.ID, signal.ID, signal.Panel, component.Dashboard)
				continue
			}
			for name := range component.Variables {
				if !slices.ContainsFunc(board.Variables, func(v Variable) bool { return v.Name == name }) {
					t.Errorf("%s sets the variable %s, which %s does not have", component.ID, name, board.UID)
				}
			}
			want := limitsOf(signal)
			limited := signal.Unit == health.State || signal.Warning != nil || signal.Critical != nil
			if limited && panel.Limits.String() != want.String() {
				t.Errorf("%s %s: panel %d (%s) of %s has %s; the signal has %s", component.ID, signal.ID, panel.ID, panel.Title, board.UID, panel.Limits, want)
			}
		}
	}
}

// A panel that no signal links to has the limits of a signal, or names the alert that has them.
func TestOtherLimitsAreThoseOfSignalsAndAlerts(t *testing.T) {
	catalogue, err := health.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, component := range catalogue.Components {
		for _, signal := range component.Signals {
			known[limitsOf(signal).String()] = true
		}
	}
	rules := alertRules(t)
	for _, b := range All() {
		for _, row := range b.Rows {
			for _, p := range row.Panels {
				switch l := p.Limits; {
				case l.Alert != "":
					for severity, value := range map[string]*float64{"warning": l.Warning, "critical": l.Critical} {
						if value != nil && !slices.Contains(rules[l.Alert+" "+severity], *value) {
							t.Errorf("%s panel %d (%s): the %s alert %s has the values %v, not %g", b.UID, p.ID, p.Title, severity, l.Alert, rules[l.Alert+" "+severity], *value)
						}
					}
				case (l.Warning != nil || l.Critical != nil) && !known[l.String()]:
					t.Errorf("%s panel %d (%s) has limits of its own: %s", b.UID, p.ID, p.Title, l)
				}
			}
		}
	}
}

// alertRules returns what the alerts of Prometheus and Loki compare with, by name and severity. More than 0 is 1 of what is
// counted, and a state that is 0 is one that is down.
func alertRules(t *testing.T) map[string][]float64 {
	t.Helper()
	paths, err := filepath.Glob("../alerts/*/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../alerts/loki/*/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	compared := regexp.MustCompile(`(>|<|==) (\d[0-9.]*)`)
	values := map[string][]float64{}
	for _, path := range append(paths, more...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Groups []struct {
				Rules []struct {
					Alert, Expr string
					Labels      struct{ Severity string }
				}
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, group := range file.Groups {
			for _, rule := range group.Rules {
				for _, match := range compared.FindAllStringSubmatch(rule.Expr, -1) {
					value, err := strconv.ParseFloat(match[2], 64)
					if err != nil {
						t.Fatalf("%s: %s: %v", path, rule.Alert, err)
					}
					if value == 0 {
						value = 1
					}
					key := rule.Alert + " " + rule.Labels.Severity
					values[key] = append(values[key], value)
				}
			}
		}
	}
	return values
}
