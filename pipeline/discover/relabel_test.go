package discover

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// rule is a rule of relabel_configs that replaces, changed by change.
func rule(t testing.TB, change func(*config.Relabel)) config.Relabel {
	t.Helper()
	r := config.DefaultRelabel()
	change(&r)
	return r
}

func anchored(t testing.TB, text string) config.AnchoredRegexp {
	t.Helper()
	re, err := config.NewAnchoredRegexp(text)
	if err != nil {
		t.Fatal(err)
	}
	return re
}

func TestFilesAreRelabelledBeforeTheGlob(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "shop", "app.log"), "")
	write(t, filepath.Join(dir, "shop", "noise.log"), "")
	job := config.ScrapeConfig{
		StaticConfigs: []config.StaticConfig{{
			Targets: []string{"shop", "bank"}, Labels: config.LabelSet{"dir": dir, "__path_exclude__": dir + "/*/noise.log", "__tmp": "x"},
		}},
		RelabelConfigs: []config.Relabel{
			rule(t, func(r *config.Relabel) {
				r.SourceLabels, r.Separator, r.TargetLabel, r.Replacement = []string{"dir", "__address__"}, "/", "__path__", "$1/{app,noise}.log"
			}),
			rule(t, func(r *config.Relabel) { r.SourceLabels, r.TargetLabel = []string{"__address__"}, "service" }),
			rule(t, func(r *config.Relabel) {
				r.SourceLabels, r.Regex, r.Action = []string{"service"}, anchored(t, "bank"), config.RelabelDrop
			}),
			rule(t, func(r *config.Relabel) { r.Regex, r.Action = anchored(t, "dir"), config.RelabelLabelDrop }),
		},
	}
	targets, problems := look(job)
	if len(targets) != 1 || targets[0].Path != path {
		t.Fatalf("targets %+v, want %s", targets, path)
	}
	if got, want := fmt.Sprint(targets[0].Labels), fmt.Sprintf("[{filename %s} {service shop}]", path); got != want {
		t.Errorf("labels %s, want %s", got, want)
	}
	if want := (Problem{State: LeftOut, Job: "job", Path: "bank", Reason: "dropped by relabel_configs", Failed: "dropped"}); len(problems) != 1 || problems[0] != want {
		t.Errorf("problems %+v, want %+v", problems, want)
	}
}

func TestARelabelledTargetWithoutAPathIsNamed(t *testing.T) {
	job := files("/nothing/*.log", "service", "app")
	job.RelabelConfigs = []config.Relabel{rule(t, func(r *config.Relabel) { r.Regex, r.Action = anchored(t, "__path__"), config.RelabelLabelDrop })}
	targets, problems := look(job)
	if len(targets) != 0 || len(problems) != 1 || problems[0].Failed != "no_path" {
		t.Errorf("targets %v, problems %+v", targets, problems)
	}
}

func TestRelabellingSetsTheHost(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "app.log"), "")
	for host, want := range map[string]int{"host-1": 1, "host-2": 0} {
		job := files(path, "node", host)
		job.RelabelConfigs = []config.Relabel{rule(t, func(r *config.Relabel) { r.SourceLabels, r.TargetLabel = []string{"node"}, "__host__" })}
		targets, problems := look(job)
		if len(targets) != want || len(problems) != 1-want {
			t.Errorf("of node %s: targets %v, problems %v, want %d targets", host, targets, problems, want)
		}
		if want == 0 && problems[0].Failed != "wrong_host" {
			t.Errorf("given up for %q", problems[0].Failed)
		}
	}
}

func TestContainersAreRelabelledByTheirMetadata(t *testing.T) {
	root := t.TempDir()
	dir := addContainer(t, root, `{"ID":"`+id+`","Name":"/shop-1","Config":{"Labels":{"com.example/team":"web","logging":"on"}}}`)
	write(t, filepath.Join(dir, "hostconfig.json"), `{"NetworkMode":"host"}`)
	job := dockerJob(root, "")
	job.RelabelConfigs = []config.Relabel{
		rule(t, func(r *config.Relabel) {
			r.SourceLabels, r.Regex, r.TargetLabel = []string{"__meta_docker_container_name"}, anchored(t, "/(.*)"), "name"
		}),
		rule(t, func(r *config.Relabel) {
			r.SourceLabels, r.TargetLabel = []string{"__meta_docker_container_label_com_example_team", "__meta_docker_container_network_mode"}, "team"
		}),
		rule(t, func(r *config.Relabel) { r.Regex, r.Action = anchored(t, "name|team|service"), config.RelabelLabelKeep }),
	}
	targets, problems := look(job)
	if len(targets) != 1 || len(problems) != 0 {
		t.Fatalf("targets %v, problems %v", targets, problems)
	}
	if got, want := fmt.Sprint(targets[0].Labels), "[{name shop-1} {service shop-1} {team web;host}]"; got != want {
		t.Errorf("labels %s, want %s", got, want)
	}
	job.RelabelConfigs = []config.Relabel{rule(t, func(r *config.Relabel) {
		r.SourceLabels, r.Regex, r.Action = []string{"__meta_docker_container_label_logging"}, anchored(t, "off"), config.RelabelKeep
	})}
	targets, problems = look(job)
	if len(targets) != 0 || len(problems) != 1 || problems[0].Failed != "dropped" {
		t.Errorf("targets %v, problems %+v, want the container dropped", targets, problems)
	}
}

// What discovery found and what relabelling made of it can be compared, for
// dropped targets too.
func TestDiscoveredLabelsAreKept(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "app.log"), "")
	job := files(path, "service", "app")
	job.RelabelConfigs = []config.Relabel{rule(t, func(r *config.Relabel) { r.SourceLabels, r.TargetLabel = []string{"service"}, "name" })}
	want := fmt.Sprintf("[{__address__ localhost} {__path__ %s} {service app}]", path)
	if targets, _ := look(job); len(targets) != 1 || fmt.Sprint(targets[0].Discovered) != want {
		t.Errorf("targets %+v, want discovered labels %s", targets, want)
	}
	job.RelabelConfigs[0].SourceLabels, job.RelabelConfigs[0].Action = []string{"none"}, config.RelabelDrop
	jobs := make([]config.ScrapeConfig, 1)
	jobs[0] = job
	for range 2 * maxDropped {
		jobs[0].StaticConfigs = append(jobs[0].StaticConfigs, job.StaticConfigs[0])
	}
	d := New(Options{Jobs: jobs, Rotated: func(string, string) bool { return false }})
	d.Sync()
	dropped := d.Dropped()
	if len(dropped) != maxDropped || fmt.Sprint(dropped[0].Discovered) != want || dropped[0].Reason == "" {
		t.Errorf("%d are dropped: %+v", len(dropped), dropped[0])
	}
}
