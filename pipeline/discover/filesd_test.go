package discover

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// fileSDRig is a discoverer of one job with file_sd_configs and a clock.
type fileSDRig struct {
	t    *testing.T
	dir  string
	file string // of targets
	now  time.Time
	d    *Discoverer
}

func newFileSDRig(t *testing.T) *fileSDRig {
	r := &fileSDRig{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	r.file = filepath.Join(r.dir, "targets.yaml")
	r.d = New(Options{
		Jobs: []config.ScrapeConfig{{JobName: "job", FileSDConfigs: []config.FileSD{{
			Files: []string{filepath.Join(r.dir, "*.yaml")}, RefreshInterval: config.Duration(5 * time.Minute),
		}}}},
		Rotated: rotated, Hostname: "host-1", User: "alice", Program: "/opt/collector", Now: func() time.Time { return r.now },
	})
	return r
}

// want compares the services of the targets, and the problems, with a look.
func (r *fileSDRig) want(services string, problems ...string) {
	r.t.Helper()
	targets, found := r.d.Sync()
	var got []string
	for _, t := range targets {
		for _, l := range t.Labels {
			if l.Name == "service" {
				got = append(got, l.Value)
			}
		}
	}
	if strings.Join(got, " ") != services {
		r.t.Errorf("services %q, want %q", got, services)
	}
	if len(found) != len(problems) {
		r.t.Errorf("problems %+v, want %q", found, problems)
		return
	}
	for i, want := range problems {
		if !strings.Contains(found[i].Reason, want) {
			r.t.Errorf("problem %+v, want %q", found[i], want)
		}
	}
}

func (r *fileSDRig) group(service string) string {
	path := write(r.t, filepath.Join(r.dir, service+".log"), "")
	return fmt.Sprintf("- labels: {service: %s, __path__: %s}\n", service, path)
}

func TestTargetsFollowTheirFile(t *testing.T) {
	r := newFileSDRig(t)
	r.want("", "there is no such file of targets")
	write(t, r.file, r.group("a"))
	r.want("a")
	write(t, r.file, r.group("a")+r.group("b"))
	r.want("a b")
	write(t, filepath.Join(r.dir, "more.yaml"), r.group("c"))
	r.want("a b c")
	write(t, r.file, "[]\n")
	r.want("c")
	if err := os.Remove(filepath.Join(r.dir, "more.yaml")); err != nil {
		t.Fatal(err)
	}
	r.want("")
}

func TestABrokenFileKeepsItsTargetsAndIsNamed(t *testing.T) {
	r := newFileSDRig(t)
	write(t, r.file, r.group("a"))
	r.want("a")
	for _, broken := range []string{"- labels: {service", "", "- lables: {}\n"} {
		write(t, r.file, broken)
		r.want("a", "targets.yaml")
		r.want("a", "targets.yaml")
	}
	write(t, r.file, r.group("b"))
	r.want("b")
	if err := os.Remove(r.file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(r.file, 0o755); err != nil {
		t.Fatal(err)
	}
	r.want("b", "is a directory")
}

// A change that keeps size and time is noticed when the interval is over.
func TestAFileOfTargetsIsReadAgainAfterItsInterval(t *testing.T) {
	r := newFileSDRig(t)
	write(t, r.file, r.group("a"))
	info, err := os.Stat(r.file)
	if err != nil {
		t.Fatal(err)
	}
	r.want("a")
	write(t, r.file, r.group("b"))
	if err := os.Chtimes(r.file, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	r.now = r.now.Add(5*time.Minute - 1)
	r.want("a")
	r.now = r.now.Add(1)
	r.want("b")
}

func TestRelabellingSeesTheFileOfATarget(t *testing.T) {
	r := newFileSDRig(t)
	write(t, r.file, r.group("a"))
	r.d.opts.Jobs[0].RelabelConfigs = []config.Relabel{rule(t, func(c *config.Relabel) {
		c.SourceLabels, c.Regex, c.TargetLabel = []string{"__meta_filepath"}, anchored(t, ".*/(.*)"), "service"
	})}
	r.want("targets.yaml")
	write(t, r.file, "- labels: {service: a}\n")
	r.want("", "it has no label __path__")
}

func TestATargetHasMovedWhenItsFileSaysSo(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "a.log"), "")
	label := []pipeline.Label{{Name: "service", Value: "a"}}
	open := &Target{Path: path, Labels: label, Config: &config.ScrapeConfig{FileSDConfigs: make([]config.FileSD, 1)}}
	if open.IsMoved(&Target{Labels: label}) {
		t.Error("it has moved with the same labels")
	}
	if !open.IsMoved(&Target{}) {
		t.Error("it has not moved with other labels")
	}
	if !open.IsMoved(nil) {
		t.Error("it has not moved although nothing names it")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if open.IsMoved(nil) {
		t.Error("it has moved although its name is missing")
	}
	if static := (&Target{Path: path, Config: &config.ScrapeConfig{}}); static.IsMoved(nil) {
		t.Error("a target of static_configs has moved")
	}
}
