package discover

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/dockerapi"
	"github.com/tovtech/tovplay-logging/pipeline/relabel"
)

// Engine is a Docker engine that is looked at by its API.
type Engine interface{ View() dockerapi.View }

// Container is what a target of docker_sd_configs is beyond its log.
type Container struct {
	ID     string
	SD     *config.DockerSD // that found it
	Found  dockerapi.Found
	Stdout []pipeline.Label // of the lines of each stream, as Target.Labels; nil drops them
	Stderr []pipeline.Label
}

// The labels of docker_sd_configs for relabelling, as Prometheus makes them.
const (
	metaContainer = "__meta_docker_container_"
	metaNetwork   = "__meta_docker_network_"
	metaPort      = "__meta_docker_port_"
)

// dockerSD looks for the containers of the job's engines.
func (f *found) dockerSD() {
	for i := range f.job.DockerSDConfigs {
		sd := &f.job.DockerSDConfigs[i]
		engine := f.d.opts.Engine(sd)
		if engine == nil {
			continue
		}
		view := engine.View()
		if view.Err != nil {
			f.report(Problem{
				State: Unreadable, Path: sd.Host, Reason: engineReason(view.Err),
				Remedy: f.engineRemedy(sd, view.Err), User: f.d.opts.User,
			})
		}
		for _, c := range view.Containers {
			f.apiContainer(sd, view, c)
		}
	}
}

// Looked reports whether each engine was seen once, so that what is not among the
// targets is not there.
func (d *Discoverer) Looked() bool {
	for i := range d.opts.Jobs {
		for j := range d.opts.Jobs[i].DockerSDConfigs {
			if e := d.opts.Engine(&d.opts.Jobs[i].DockerSDConfigs[j]); e == nil || !e.View().Listed {
				return false
			}
		}
	}
	return true
}

func engineReason(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "permission denied"
	}
	return err.Error()
}

// engineRemedy is what opens an engine that does not answer, "" if nothing is
// known.
func (f *found) engineRemedy(sd *config.DockerSD, err error) string {
	socket, isUnix := strings.CutPrefix(sd.Host, "unix://")
	switch {
	case errors.Is(err, fs.ErrPermission) && isUnix && groupWrites(socket, "docker"):
		return "sudo usermod -aG docker " + f.d.opts.User + " # then log in again and restart the collector"
	case errors.Is(err, fs.ErrPermission) && isUnix:
		return fmt.Sprintf("sudo setfacl -m u:%s:rw %s", f.d.opts.User, socket)
	case errors.Is(err, fs.ErrNotExist) && isUnix:
		return "start Docker, or give the right host; in a container, mount the socket: -v " + socket + ":" + socket
	}
	return ""
}

// apiContainer adds the log of one container, or says why it is not read.
func (f *found) apiContainer(sd *config.DockerSD, view dockerapi.View, c dockerapi.Found) {
	if len(c.ID) < 12 || strings.Contains(c.ID, "/") || len(c.Names) == 0 {
		return
	}
	own := container{ID: c.ID, Name: c.Names[0]}
	own.Config.Image, own.Config.Labels = c.Image, c.Labels
	name := "docker:" + own.name() + "/" + c.ID
	if f.leavesOut(sd, &c, &own, name) {
		return
	}
	path, ready := logOnDisk(&c)
	if !ready {
		return
	}
	t := Target{Key: c.ID, Kind: Docker, Path: name, Container: &Container{ID: c.ID, SD: sd, Found: c}}
	if path != "" {
		t.Kind, t.Path, t.FirstReadsRotated = File, path, true
	}
	if sd.ContainerLabels {
		t.Meta = own.metadata()
	}
	labels := f.apiLabels(sd, view, c, &own)
	t.Container.Stdout, t.Container.Stderr = f.streamLabels(labels, sd, "stdout"), f.streamLabels(labels, sd, "stderr")
	f.discovered = sorted(labels)
	if t.Container.Stdout == nil && t.Container.Stderr == nil {
		f.giveUp(name, "dropped by relabel_configs", "dropped")
		return
	}
	t.Discovered = f.discovered
	t.Labels = t.Container.Stdout
	if t.Labels == nil {
		t.Labels = t.Container.Stderr
	}
	f.append(t)
}

// leavesOut reports whether a container is not to be read; name is its name in
// messages.
func (f *found) leavesOut(sd *config.DockerSD, c *dockerapi.Found, own *container, name string) bool {
	_, twice := f.byKey[f.job.JobName+" "+c.ID] // the filters of two engines match it
	switch {
	case twice, own.carries(sd.IgnoreContainersLabelled):
	case c.Container.State == "created": // it has written nothing, and has no addresses yet
	case sd.IgnoreOwnContainer && f.d.isOwn(c.ID):
		f.problem(LeftOut, name, "the collector's own container: ignore_own_container")
	case c.Details.HostConfig.LogConfig.Type == "none":
		f.problem(Unreadable, name, `the container's logging driver is "none", so its log is nowhere`)
	default:
		return false
	}
	return true
}

// logOnDisk is the path of a container's log, "" if it is read by the API. It is
// not ready as long as there is no log.
func logOnDisk(c *dockerapi.Found) (path string, ready bool) {
	if c.Details.HostConfig.LogConfig.Type != "json-file" {
		return "", true
	}
	path = c.LogPath
	err := canRead(path)
	if err == nil {
		return path, true
	}
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(path)); err == nil {
			return "", false // it has not written yet
		}
	}
	return "", true
}

// streamLabels are the labels of the lines of a stream, nil if the job's rules
// drop them.
func (f *found) streamLabels(labels map[string]string, sd *config.DockerSD, stream string) []pipeline.Label {
	labels = maps.Clone(labels)
	labels[metaContainer+"log_stream"] = stream
	if sd.ContainerLabels {
		labels["stream"] = stream
	}
	if !relabel.Rules(f.job.RelabelConfigs).Apply(labels) {
		return nil
	}
	relabel.Public(labels)
	return sorted(labels)
}

// apiLabels are a container's labels before relabelling: those of the first of
// the targets that Prometheus makes of it. A container that has ended keeps the
// addresses that it had.
func (f *found) apiLabels(sd *config.DockerSD, view dockerapi.View, c dockerapi.Found, own *container) map[string]string {
	key := f.job.JobName + " " + c.ID
	addresses, known := f.d.addresses[key]
	if c.Running() || !known {
		addresses = addressLabels(sd, view, c)
	}
	f.addresses[key] = addresses
	labels := maps.Clone(addresses)
	if sd.ContainerLabels {
		maps.Copy(labels, own.labels(nil))
	}
	own.network = c.Container.HostConfig.NetworkMode
	own.addMeta(labels)
	return labels
}

// addressLabels are the labels of a container's first network and port.
func addressLabels(sd *config.DockerSD, view dockerapi.View, c dockerapi.Found) map[string]string {
	labels := map[string]string{}
	endpoint := firstEndpoint(networksOf(view, c))
	if endpoint == nil {
		return labels
	}
	ip := cmp.Or(endpoint.IPAddress, endpoint.GlobalIPv6Address)
	labels[metaNetwork+"ip"] = ip
	if n, ok := view.Networks[endpoint.NetworkID]; ok {
		addNetwork(labels, n)
	}
	port := sd.Port
	i := slices.IndexFunc(c.Ports, func(p dockerapi.Port) bool { return p.Type == "tcp" })
	if i >= 0 {
		p := c.Ports[i]
		port = int(p.PrivatePort)
		labels[metaPort+"private"] = strconv.Itoa(port)
		if p.PublicPort > 0 {
			labels[metaPort+"public"] = strconv.Itoa(int(p.PublicPort))
			labels[metaPort+"public_ip"] = p.IP
		}
	}
	labels[addressLabel] = net.JoinHostPort(ip, strconv.Itoa(port))
	if i < 0 && c.Container.HostConfig.NetworkMode == "host" {
		labels[addressLabel] = sd.HostNetworkingHost
	}
	return labels
}

// networksOf are a container's networks, or those of the container whose network
// it shares.
func networksOf(view dockerapi.View, c dockerapi.Found) map[string]*dockerapi.Endpoint {
	for range len(view.Containers) + 1 { // they may share in a circle
		if len(c.NetworkSettings.Networks) > 0 {
			break
		}
		id, shares := strings.CutPrefix(c.Container.HostConfig.NetworkMode, "container:")
		i := slices.IndexFunc(view.Containers, func(other dockerapi.Found) bool { return other.ID == id })
		if !shares || i < 0 {
			break
		}
		c = view.Containers[i]
	}
	return c.NetworkSettings.Networks
}

// firstEndpoint is the one of the first network by name, nil if there is none.
func firstEndpoint(networks map[string]*dockerapi.Endpoint) *dockerapi.Endpoint {
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if networks[name] != nil {
			return networks[name]
		}
	}
	return nil
}

func addNetwork(labels map[string]string, n dockerapi.Network) {
	labels[metaNetwork+"id"], labels[metaNetwork+"name"], labels[metaNetwork+"scope"] = n.ID, n.Name, n.Scope
	labels[metaNetwork+"internal"] = strconv.FormatBool(n.Internal)
	labels[metaNetwork+"ingress"] = strconv.FormatBool(n.Ingress)
	for name, value := range n.Labels {
		labels[metaNetwork+"label_"+labelName(name)] = value
	}
}
