package dashboard

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/tovtech/tovplay-logging/internal/health"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// panel is a panel of a dashboard's JSON; a row has its own when it is folded.
type panel struct {
	ID     int
	Panels []panel
}

func TestLinksOfTheCatalogueLeadToPanelsOfGrafana(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(servers.Root(t), "dashboards", "json", "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no dashboards: %v", err)
	}
	known := map[string]map[int]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var dashboard struct {
			UID    string
			Panels []panel
		}
		if err := json.Unmarshal(data, &dashboard); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		known[dashboard.UID] = map[int]bool{}
		for _, one := range dashboard.Panels {
			for _, p := range append(one.Panels, one) {
				known[dashboard.UID][p.ID] = true
			}
		}
	}
	catalogue, err := health.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, component := range catalogue.Components {
		panels, ok := known[component.Dashboard]
		if !ok {
			t.Errorf("%s: there is no dashboard %q", component.ID, component.Dashboard)
			continue
		}
		for _, signal := range component.Signals {
			if signal.Panel != 0 && !panels[signal.Panel] {
				t.Errorf("%s/%s: %s has no panel %d", component.ID, signal.ID, component.Dashboard, signal.Panel)
			}
		}
	}
}
