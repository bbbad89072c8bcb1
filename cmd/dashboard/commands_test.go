package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/state"
)

// command runs a subcommand on a data folder and returns its code and output.
func command(t *testing.T, name, dir string, args ...string) (int, string) {
	t.Helper()
	e, stdout, stderr := env("", nil)
	flags := nowhere(dir)
	if name == "backup" || name == "restore" {
		flags = []string{"-data-dir", dir}
	}
	code := run(t.Context(), append(append([]string{name}, flags...), args...), e)
	return code, stdout.String() + stderr.String()
}

func TestASecondProcessDoesNotIndexAndSaysSo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, dir, map[string]string{"DASHBOARD_ADMIN_PASSWORD": "a password"})
	if code, out := command(t, "reindex", dir, "-since", "1h"); code != exitFault || !strings.Contains(out, "another process") {
		t.Errorf("reindex beside a dashboard: %d %s", code, out)
	}
	second := start(t, dir, map[string]string{"DASHBOARD_ADMIN_PASSWORD": "a password"})
	if out := second.stderr.String(); !strings.Contains(out, "another process indexes") {
		t.Errorf("the second dashboard says %s", out)
	}
	second.stop()
	first.stop()
}

func TestNothingIsRestoredBesideADashboard(t *testing.T) {
	t.Parallel()
	for _, off := range []string{"false", "true"} {
		dir, file := t.TempDir(), filepath.Join(t.TempDir(), "backup")
		r := start(t, dir, map[string]string{"DASHBOARD_ADMIN_PASSWORD": "a password", "DASHBOARD_ISSUES_OFF": off})
		if code, out := command(t, "backup", dir, file); code != exitOK {
			t.Fatalf("backup: %d %s", code, out)
		}
		if code, out := command(t, "restore", dir, file); code != exitFault || !strings.Contains(out, "another process") {
			t.Errorf("issues off %s: restore beside a dashboard: %d %s", off, code, out)
		}
		r.stop()
		if code, out := command(t, "restore", dir, file); code != exitOK {
			t.Errorf("issues off %s: restore: %d %s", off, code, out)
		}
	}
}

func TestADamagedEventStoreIsNamedAndReindexReplacesIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, sqlite.FileName), []byte(strings.Repeat("this is no database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, dir, map[string]string{"DASHBOARD_ADMIN_PASSWORD": "a password"})
	if status, _ := r.login("a password"); status != 200 || !strings.Contains(r.stderr.String(), "dashboard reindex") {
		t.Errorf("login %d; it says %s", status, r.stderr)
	}
	r.stop()
	if code, out := command(t, "doctor", dir); code != exitFault || !strings.Contains(out, "WRONG  event store") || !strings.Contains(out, "WRONG  Loki") || !strings.Contains(out, "ok     database") {
		t.Errorf("doctor: %d %s", code, out)
	}
	code, out := command(t, "reindex", dir, "-since", "1h") // Loki is away
	if code != exitFault || !strings.Contains(out, "unusable-") || !strings.Contains(out, "rebuild the hour") {
		t.Errorf("reindex: %d %s", code, out)
	}
	if kept, err := filepath.Glob(filepath.Join(dir, sqlite.FileName+".unusable-*")); err != nil || len(kept) != 1 {
		t.Errorf("kept %v, %v", kept, err)
	}
	if _, out := command(t, "doctor", dir); !strings.Contains(out, "ok     event store") {
		t.Errorf("doctor afterwards: %s", out)
	}
}

func TestABackupOfARunningDashboardIsRestored(t *testing.T) {
	t.Parallel()
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	r := start(t, dir, map[string]string{"DASHBOARD_ADMIN_PASSWORD": "a password"})
	if code, out := command(t, "backup", dir, file); code != exitOK {
		t.Fatalf("backup: %d %s", code, out)
	}
	r.stop()
	other := t.TempDir()
	for range 2 {
		if code, out := command(t, "restore", other, file); code != exitOK {
			t.Fatalf("restore: %d %s", code, out)
		}
	}
	r = start(t, other, nil)
	if status, _ := r.login("a password"); status != 200 {
		t.Errorf("login %d", status)
	}
	r.stop()
	for _, test := range []struct{ name, want string }{{"backup", "name one file"}, {"restore", "name one file"}} {
		if code, out := command(t, test.name, other); code != exitFault || !strings.Contains(out, test.want) {
			t.Errorf("%s without a file: %d %s", test.name, code, out)
		}
	}
	if code, out := command(t, "backup", filepath.Join(other, "not"), file+"2"); code != exitFault || !strings.Contains(out, state.FileName) {
		t.Errorf("backup of nothing: %d %s", code, out)
	}
}

func TestRulesThatAreWrongAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(rules, []byte("rules: [{nam: x}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := command(t, "doctor", dir, "-issues.rules", rules); code != exitFault || !strings.Contains(out, "WRONG  grouping rules: "+rules+":1") {
		t.Errorf("doctor: %d %s", code, out)
	}
}

func TestDurationsOfIssuesAreChecked(t *testing.T) {
	t.Parallel()
	for variable, value := range map[string]string{"DASHBOARD_ISSUES_KEEP_EVENTS": "soon", "DASHBOARD_ISSUES_KEEP_COUNTS": "1h"} {
		e, _, _ := env("", map[string]string{variable: value})
		if _, err := parseOptions(nil, e); err == nil {
			t.Errorf("%s=%s is taken", variable, value)
		}
	}
	e, _, _ := env("", map[string]string{"DASHBOARD_ISSUES_KEEP_EVENTS": "48h", "CLICKHOUSE_DSN": "clickhouse://u:hunter2@127.0.0.1/x"})
	o, err := parseOptions(nil, e)
	if err != nil || o.issues.keep.Events != 48*time.Hour || o.issues.clickHouse.IsZero() {
		t.Errorf("got %+v, %v", o.issues, err)
	}
}
