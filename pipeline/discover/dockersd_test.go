package discover

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/dockerapi"
)

// engineView is an engine with a view.
type engineView struct{ view dockerapi.View }

func (e *engineView) View() dockerapi.View { return e.view }

// sdJob is a job of one engine, whose rules keep all labels under names of their
// own.
func sdJob(t testing.TB, change ...func(*config.DockerSD)) config.ScrapeConfig {
	t.Helper()
	sd := config.DockerSD{Host: "unix:///var/run/docker.sock", Port: 80, HostNetworkingHost: "localhost"}
	for _, c := range change {
		c(&sd)
	}
	return config.ScrapeConfig{
		JobName: "job", DockerSDConfigs: []config.DockerSD{sd},
		RelabelConfigs: []config.Relabel{
			{Action: config.RelabelLabelMap, Regex: anchored(t, "__meta_docker_(.+)"), Replacement: "$1"},
			{Action: config.RelabelReplace, SourceLabels: []string{"__address__"}, Regex: anchored(t, "(.*)"), TargetLabel: "address", Replacement: "$1"},
		},
	}
}

func lookAt(job *config.ScrapeConfig, view *engineView) *Discoverer {
	return New(Options{
		Jobs: []config.ScrapeConfig{*job}, User: "alice", OwnContainer: "aaaaaaaaaaaa",
		Engine: func(*config.DockerSD) Engine { return view },
	})
}

// found1 is a container in a network, with the driver local.
func found1(id, name string) dockerapi.Found {
	f := dockerapi.Found{Container: dockerapi.Container{ID: id, Names: []string{name}, State: "running"}}
	f.Container.HostConfig.NetworkMode = "shop_default"
	f.NetworkSettings.Networks = map[string]*dockerapi.Endpoint{"shop_default": {NetworkID: "n1", IPAddress: "192.0.2.7"}}
	f.Details.HostConfig.LogConfig.Type = "local"
	return f
}

func viewOf(containers ...dockerapi.Found) *engineView {
	return &engineView{dockerapi.View{Listed: true, Containers: containers, Networks: map[string]dockerapi.Network{
		"n1": {ID: "n1", Name: "shop_default", Scope: "local", Labels: map[string]string{"com.docker.compose.network": "default"}},
		"n2": {ID: "n2", Name: "back", Scope: "local", Internal: true},
	}}}
}

func labelsOf(labels []pipeline.Label) string {
	all := map[string]string{}
	for _, l := range labels {
		all[l.Name] = l.Value
	}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		words = append(words, name+"="+all[name])
	}
	return strings.Join(words, " ")
}

func TestMetaLabelsAreThoseOfPrometheus(t *testing.T) {
	c := found1(id, "/shop-web-1")
	c.Labels = map[string]string{"com.docker.compose.service": "web"}
	c.Ports = []dockerapi.Port{{Type: "udp", PrivatePort: 53}, {Type: "tcp", PrivatePort: 8080, PublicPort: 80, IP: "0.0.0.0"}, {Type: "tcp", PrivatePort: 9090}}
	base := "container_id=" + id + " container_label_com_docker_compose_service=web container_log_stream=stdout container_name=/shop-web-1 container_network_mode=shop_default"
	front := " network_id=n1 network_ingress=false network_internal=false network_ip=192.0.2.7 network_label_com_docker_compose_network=default network_name=shop_default network_scope=local"
	for _, tt := range []struct {
		name   string
		change func(c *dockerapi.Found)
		want   string
	}{
		{"a published port", func(*dockerapi.Found) {}, "address=192.0.2.7:8080 " + base + front + " port_private=8080 port_public=80 port_public_ip=0.0.0.0"},
		{"a port", func(c *dockerapi.Found) { c.Ports = c.Ports[2:] }, "address=192.0.2.7:9090 " + base + front + " port_private=9090"},
		{"no port", func(c *dockerapi.Found) { c.Ports = nil }, "address=192.0.2.7:80 " + base + front},
		{"IPv6", func(c *dockerapi.Found) {
			c.Ports, c.NetworkSettings.Networks = nil, map[string]*dockerapi.Endpoint{"x": {NetworkID: "n2", GlobalIPv6Address: "2001:db8::1"}}
		}, "address=[2001:db8::1]:80 " + base + " network_id=n2 network_ingress=false network_internal=true network_ip=2001:db8::1 network_name=back network_scope=local"},
		{"the first of several networks", func(c *dockerapi.Found) {
			c.Ports, c.NetworkSettings.Networks = nil, map[string]*dockerapi.Endpoint{
				"z": {NetworkID: "n2", IPAddress: "192.0.2.9"}, "a": {NetworkID: "n1", IPAddress: "192.0.2.7"}, "0": nil,
			}
		}, "address=192.0.2.7:80 " + base + front},
		{"the host's network", func(c *dockerapi.Found) {
			c.Ports, c.Container.HostConfig.NetworkMode = nil, "host"
			c.NetworkSettings.Networks = map[string]*dockerapi.Endpoint{"host": {NetworkID: "n3"}}
		}, "address=localhost " + strings.Replace(base, "mode=shop_default", "mode=host", 1)},
		{"another container's network", func(c *dockerapi.Found) {
			c.Ports, c.Container.HostConfig.NetworkMode, c.NetworkSettings.Networks = nil, "container:"+strings.Repeat("b", 64), nil
		}, "address=192.0.2.7:80 " + strings.Replace(base, "mode=shop_default", "mode=container:"+strings.Repeat("b", 64), 1) + front},
		{"no network", func(c *dockerapi.Found) { c.NetworkSettings.Networks = nil }, base},
	} {
		changed := c
		tt.change(&changed)
		job := sdJob(t)
		targets, problems := lookAt(&job, viewOf(changed, found1(strings.Repeat("b", 64), "/other"))).Sync()
		if len(targets) != 2 || len(problems) != 0 {
			t.Fatalf("%s: targets %+v, problems %+v", tt.name, targets, problems)
		}
		got := targets[0]
		if labels := labelsOf(got.Container.Stdout); labels != tt.want {
			t.Errorf("%s: got\n%s, want\n%s", tt.name, labels, tt.want)
		}
		if stderr := labelsOf(got.Container.Stderr); stderr != strings.Replace(tt.want, "=stdout", "=stderr", 1) {
			t.Errorf("%s: stderr has %s", tt.name, stderr)
		}
		if got.Kind != Docker || got.Key != "job "+id || got.Path != "docker:shop-web-1/"+id || got.Meta != nil {
			t.Errorf("%s: target %+v", tt.name, got)
		}
	}
}

func TestContainersThatShareNetworksInACircleEnd(t *testing.T) {
	a, b := found1(id, "/a"), found1(strings.Repeat("b", 64), "/b")
	a.NetworkSettings.Networks, b.NetworkSettings.Networks = nil, nil
	a.Container.HostConfig.NetworkMode, b.Container.HostConfig.NetworkMode = "container:"+b.ID, "container:"+a.ID
	job := sdJob(t)
	if targets, _ := lookAt(&job, viewOf(a, b)).Sync(); len(targets) != 2 {
		t.Errorf("targets %+v", targets)
	}
}

// Labels do not change because a container ends: the lines that it wrote last are
// of the same streams.
func TestAnEndedContainerKeepsItsAddresses(t *testing.T) {
	view, job := viewOf(found1(id, "/a")), sdJob(t)
	d := lookAt(&job, view)
	before, _ := d.Sync()
	view.view.Containers[0].Container.State = "exited"
	view.view.Containers[0].NetworkSettings.Networks = map[string]*dockerapi.Endpoint{"shop_default": {NetworkID: "n1"}}
	after, _ := d.Sync()
	if len(after) != 1 || before[0].IsMoved(&after[0]) {
		t.Errorf("got %+v, want %+v", after, before)
	}
	view.view.Containers[0].Container.State = "running"
	if after, _ = d.Sync(); !before[0].IsMoved(&after[0]) {
		t.Error("it is started with another address, and its labels stay")
	}
}

func TestOwnKeysOfDockerSD(t *testing.T) {
	c := found1(id, "/shop-web-1")
	c.Image, c.Labels = "web:1", map[string]string{"com.docker.compose.service": "web", "com.docker.compose.project": "shop", "logging": "off"}
	job := sdJob(t, func(sd *config.DockerSD) { sd.ContainerLabels = true })
	job.RelabelConfigs = nil
	targets, _ := lookAt(&job, viewOf(c)).Sync()
	if want := "compose_project=shop container=shop-web-1 service=web stream=stderr"; len(targets) != 1 || labelsOf(targets[0].Container.Stderr) != want {
		t.Errorf("targets %+v, want %s", targets, want)
	}
	if got := fmt.Sprintf("%s", targets[0].Meta); got != "[{container_id "+id[:12]+"} {image web:1}]" {
		t.Errorf("metadata %s", got)
	}
	job = sdJob(t, func(sd *config.DockerSD) { sd.IgnoreContainersLabelled = "logging=off" })
	if targets, problems := lookAt(&job, viewOf(c)).Sync(); len(targets) != 0 || len(problems) != 0 {
		t.Errorf("targets %+v, problems %+v of a container that opted out", targets, problems)
	}
	own := found1("aaaaaaaaaaaa"+strings.Repeat("0", 52), "/collector")
	for _, ignore := range []bool{true, false} {
		job = sdJob(t, func(sd *config.DockerSD) { sd.IgnoreOwnContainer = ignore })
		targets, problems := lookAt(&job, viewOf(own)).Sync()
		if (len(targets) == 0) != ignore || (len(problems) == 1 && problems[0].State == LeftOut) != ignore {
			t.Errorf("ignore_own_container %t: targets %+v, problems %+v", ignore, targets, problems)
		}
	}
	root := t.TempDir()
	addContainer(t, root, `{"ID":"`+id+`","Name":"/app"}`)
	files := dockerJob(root, "")
	files.DockerFiles.IgnoreOwnContainer = true
	targets, problems := New(Options{Jobs: []config.ScrapeConfig{files}, OwnContainer: id[:12]}).Sync()
	if len(targets) != 0 || len(problems) != 1 || problems[0].State != LeftOut {
		t.Errorf("docker_files: targets %+v, problems %+v", targets, problems)
	}
}

func TestStreamsThatRulesDrop(t *testing.T) {
	keep := func(value string) config.ScrapeConfig {
		job := sdJob(t)
		job.RelabelConfigs = []config.Relabel{{Action: config.RelabelKeep, SourceLabels: []string{metaContainer + "log_stream"}, Regex: anchored(t, value)}}
		return job
	}
	job := keep("stderr")
	targets, _ := lookAt(&job, viewOf(found1(id, "/a"))).Sync()
	if len(targets) != 1 || targets[0].Container.Stdout != nil || targets[0].Container.Stderr == nil {
		t.Errorf("targets %+v", targets)
	}
	job = keep("other")
	targets, problems := lookAt(&job, viewOf(found1(id, "/a"))).Sync()
	if len(targets) != 0 || len(problems) != 1 || problems[0].Failed != "dropped" {
		t.Errorf("targets %+v, problems %+v", targets, problems)
	}
}

func TestJSONFileLogsAreReadFromDiskIfTheyCanBe(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, id+"-json.log"), "")
	c := found1(id, "/a")
	c.Details.HostConfig.LogConfig.Type = "json-file"
	for _, tt := range []struct {
		name, path string
		state      string
		want       string // kind and path, "" for no target
	}{
		{"readable", path, "running", "0 " + path},
		{"not written yet", filepath.Join(dir, "later"), "running", ""},
		{"on another machine", "/nowhere/at/all/" + id + "-json.log", "running", fmt.Sprint(uint8(Docker), " docker:a/", id)},
		{"created", "", "created", ""},
	} {
		c.LogPath, c.Container.State = tt.path, tt.state
		job := sdJob(t)
		targets, problems := lookAt(&job, viewOf(c)).Sync()
		got := ""
		for _, target := range targets {
			got = fmt.Sprint(uint8(target.Kind), " ", target.Path)
		}
		if got != tt.want || len(problems) != 0 {
			t.Errorf("%s: got %q, problems %+v, want %q", tt.name, got, problems, tt.want)
		}
	}
}

func TestAContainerWithoutALogIsNamed(t *testing.T) {
	c := found1(id, "/a")
	c.Details.HostConfig.LogConfig.Type = "none"
	job := sdJob(t)
	targets, problems := lookAt(&job, viewOf(c)).Sync()
	if len(targets) != 0 || len(problems) != 1 || problems[0].State != Unreadable || !strings.Contains(problems[0].Reason, `"none"`) {
		t.Errorf("targets %+v, problems %+v", targets, problems)
	}
}

// An engine that does not answer is named with what to do, and its containers
// stay.
func TestAnEngineThatDoesNotAnswerIsNamed(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	giveTo(t, socket, "adm") // not the group docker
	for _, tt := range []struct {
		err            error
		host           string
		reason, remedy string
	}{
		{fmt.Errorf("dial: %w", fs.ErrPermission), "unix://" + socket, "permission denied", "sudo setfacl -m u:alice:rw " + socket},
		{fmt.Errorf("dial: %w", fs.ErrNotExist), "unix:///s", "dial: file does not exist", "start Docker, or give the right host; in a container, mount the socket: -v /s:/s"},
		{errors.New("refused"), "tcp://192.0.2.1:2375", "refused", ""},
	} {
		view := viewOf(found1(id, "/a"))
		view.view.Err = tt.err
		job := sdJob(t, func(sd *config.DockerSD) { sd.Host = tt.host })
		targets, problems := lookAt(&job, view).Sync()
		want := Problem{State: Unreadable, Job: "job", Path: tt.host, Reason: tt.reason, Remedy: tt.remedy, User: "alice"}
		if len(targets) != 1 || len(problems) != 1 || problems[0] != want {
			t.Errorf("targets %+v, problems %+v, want %+v", targets, problems, want)
		}
	}
}

func TestTwoEnginesOfAJobReadAContainerOnce(t *testing.T) {
	job := sdJob(t)
	job.DockerSDConfigs = append(job.DockerSDConfigs, job.DockerSDConfigs[0])
	view := viewOf(found1(id, "/a"))
	d := New(Options{Jobs: []config.ScrapeConfig{job}, Engine: func(*config.DockerSD) Engine { return view }})
	if targets, _ := d.Sync(); len(targets) != 1 {
		t.Errorf("targets %+v", targets)
	}
}

func TestTheOwnContainerIsFound(t *testing.T) {
	for _, tt := range []struct{ name, cgroup, mountinfo, hostname, want string }{
		{"cgroups 1", "12:pids:/docker/" + id + "\n", "", "web", id},
		{"systemd's slice", "0::/system.slice/docker-" + id + ".scope\n", "", "web", id},
		{"own namespace of cgroups", "0::/\n", "1 2 8:1 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw - ext4 x rw\n", "web", id},
		{"the host's name", "0::/\n", "", id[:12], id[:12]},
		{"no container", "0::/user.slice\n", "1 2 8:1 /var/lib/docker/containers/" + id + "/mounts/shm /x rw - tmpfs x rw\n", "web", ""},
	} {
		if got := containerOf([]byte(tt.cgroup), []byte(tt.mountinfo), tt.hostname); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
