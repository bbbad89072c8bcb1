package dashboards

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// Grafana does not run here; its own types of the model take its place.
func TestFilesFitGrafanasTypes(t *testing.T) {
	dir, root := t.TempDir(), servers.Root(t)
	modules := filepath.Join(root, "dashboards", "schema", "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "@grafana", "schema")); err != nil {
		t.Fatal("Grafana's types are missing: run make dashboards/schema/node_modules/.package-lock.json, or make test, which does it")
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	model, err := os.ReadFile("schema/model.ts")
	if err != nil {
		t.Fatal(err)
	}
	servers.WriteFile(t, filepath.Join(dir, "model.ts"), string(model))
	args := []string{"--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"}
	for _, b := range All() {
		content, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		// The lines of errors are those of the file in json/.
		args = append(args, servers.WriteFile(t, filepath.Join(dir, b.UID+".ts"),
			"import type { Board } from './model'; export const board: Board = "+string(content)))
	}
	tsc := exec.Command(filepath.Join(root, "web", "node_modules", ".bin", "tsc"), args...)
	tsc.Dir = dir
	if out, err := tsc.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}
