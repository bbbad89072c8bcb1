package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestABackupIsRestored(t *testing.T) {
	t.Parallel()
	dir, copies := t.TempDir(), t.TempDir()
	db, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string) {
		t.Helper()
		if _, err := db.Exec("INSERT INTO index_state (name, value) VALUES (?, x'00')", name); err != nil {
			t.Fatal(err)
		}
	}
	put("before")
	file := filepath.Join(copies, "backup.db")
	if err := Backup(t.Context(), db, file); err != nil {
		t.Fatal(err)
	}
	if err := Backup(t.Context(), db, file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second backup to one file: %v", err)
	}
	put("after")
	db.Close()
	kept, err := Restore(t.Context(), dir, file)
	if err != nil || kept == "" {
		t.Fatal(kept, err)
	}
	if db, err = Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var names int
	if err := db.QueryRow("SELECT count(*) FROM index_state").Scan(&names); err != nil || names != 1 {
		t.Errorf("%d names, %v", names, err)
	}
}

func TestWhatIsNoBackupIsRefusedAndNothingChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	before, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.db")
	if err := os.WriteFile(bad, []byte("this is no database, whatever its name says, and never was one"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{bad, bad + ".missing"} {
		if _, err := Restore(t.Context(), dir, file); err == nil {
			t.Errorf("%s was restored", file)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 { // the database and its lock
		t.Errorf("the folder has %v, %v", entries, err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, FileName)); err != nil || string(after) != string(before) {
		t.Error("the database has changed", err)
	}
}
