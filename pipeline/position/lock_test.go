package position

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestPositionsAreUsedByOneCollector(t *testing.T) {
	path := filepath.Join(t.TempDir(), "positions.yaml")
	unlock, err := Open(path).Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path).Lock(); err == nil || !strings.Contains(err.Error(), "another collector uses them") {
		t.Errorf("the second lock: %v", err)
	}
	other, err := Open(path + "2").Lock()
	if err != nil {
		t.Errorf("other positions: %v", err)
	}
	for _, unlock := range []func() error{unlock, other} {
		if err := unlock(); err != nil {
			t.Error(err)
		}
	}
	if unlock, err = Open(path).Lock(); err != nil {
		t.Fatalf("after it: %v", err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestPositionsThatCannotBeLockedAreUsed(t *testing.T) {
	unlock, err := Open(filepath.Join(t.TempDir(), "none", "positions.yaml")).Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}
