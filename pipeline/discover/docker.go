package discover

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/relabel"
)

// container is what discovery uses of a container's metadata.
type container struct {
	ID      string
	Name    string
	LogPath string
	Config  struct {
		Image  string
		Labels map[string]string
	}
	driver   string    // of its logs, from hostconfig.json
	network  string    // its network mode, from there too
	modified time.Time // of config.v2.json when it was read
}

// The labels that Docker Compose gives its containers.
const (
	composeProject = "com.docker.compose.project"
	composeService = "com.docker.compose.service"
)

// docker looks for the containers of the job's Docker data folder.
func (f *found) docker() {
	if f.job.DockerFiles == nil {
		return
	}
	dir := filepath.Join(f.job.DockerFiles.Root, "containers")
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.problem(NoMatch, dir, "there is no Docker data folder here")
		return
	case err != nil:
		f.unreadable(dir, err, f.d.asDocker())
		return
	}
	for _, e := range entries {
		if e.IsDir() {
			f.container(filepath.Join(dir, e.Name()))
		}
	}
}

// container adds the log of one container, or says why it is not read.
func (f *found) container(dir string) {
	c, err := f.metadata(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist): // being made, or being removed
		return
	case errors.Is(err, fs.ErrPermission):
		f.unreadable(dir, err, f.d.asDocker())
		return
	case err != nil:
		f.problem(Unreadable, filepath.Join(dir, metadataFile), err.Error())
		return
	}
	if c.carries(f.job.DockerFiles.IgnoreContainersLabelled) {
		return
	}
	if f.job.DockerFiles.IgnoreOwnContainer && f.d.isOwn(c.ID) {
		f.problem(LeftOut, dir, "the collector's own container: ignore_own_container")
		return
	}
	if c.driver != "" && c.driver != "json-file" {
		f.problem(Unreadable, dir, fmt.Sprintf("container %s logs with the driver %q; only json-file can be read from disk", c.name(), c.driver))
		return
	}
	path := c.log(dir)
	if err := canRead(path); errors.Is(err, fs.ErrNotExist) {
		return // it has not written yet
	} else if err != nil {
		f.unreadable(path, err, f.d.asDocker())
		return
	}
	labels := c.labels(f.job.DockerFiles.Labels)
	if len(f.job.RelabelConfigs) > 0 {
		c.addMeta(labels)
	}
	if !f.relabel(labels, path) {
		return
	}
	relabel.Public(labels)
	f.add(Target{
		Key: c.ID, Path: path, FirstReadsRotated: true,
		Meta: c.metadata(),
	}, labels)
}

const metadataFile = "config.v2.json"

// metadata reads a container's config.v2.json. What was read before stands as
// long as the file does not change, or while Docker is writing it.
func (f *found) metadata(dir string) (container, error) {
	path := filepath.Join(dir, metadataFile)
	info, err := os.Stat(path)
	if err != nil {
		return container{}, err
	}
	c, ok := f.d.containers[path]
	if !ok || !c.modified.Equal(info.ModTime()) {
		fresh, err := readContainer(dir, info)
		switch {
		case err == nil:
			c = fresh
		case !ok || errors.Is(err, fs.ErrPermission):
			return container{}, err
		}
	}
	f.containers[path] = c
	return c, nil
}

func readContainer(dir string, info fs.FileInfo) (container, error) {
	text, err := os.ReadFile(filepath.Join(dir, metadataFile))
	if err != nil {
		return container{}, err
	}
	c, err := parseContainer(text)
	if err != nil {
		return c, fmt.Errorf("the container's metadata cannot be read: %w", err)
	}
	c.modified = info.ModTime()
	c.driver, c.network = hostConfig(dir)
	return c, nil
}

func parseContainer(text []byte) (container, error) {
	var c container
	if err := json.Unmarshal(text, &c); err != nil {
		return c, err
	}
	if len(c.ID) < 12 || strings.ContainsAny(c.ID, "/\x00") {
		return c, fmt.Errorf("no container id in it, but %q", c.ID)
	}
	return c, nil
}

// hostConfig are the container's logging driver and its network mode, "" if they
// are not known.
func hostConfig(dir string) (driver, network string) {
	text, err := os.ReadFile(filepath.Join(dir, "hostconfig.json"))
	if err != nil {
		return "", ""
	}
	var host struct {
		LogConfig   struct{ Type string }
		NetworkMode string
	}
	if json.Unmarshal(text, &host) != nil {
		return "", ""
	}
	return host.LogConfig.Type, host.NetworkMode
}

func (c *container) name() string { return strings.TrimPrefix(c.Name, "/") }

// log is the container's log. Docker's own path of it may be of another mount
// namespace; its last part is right.
func (c *container) log(dir string) string {
	if name := filepath.Base(c.LogPath); strings.HasPrefix(name, c.ID) {
		return filepath.Join(dir, name)
	}
	return filepath.Join(dir, c.ID+"-json.log")
}

// metadata is the structured metadata of a container's entries.
func (c *container) metadata() []pipeline.Field {
	return []pipeline.Field{{Name: "container_id", Value: []byte(c.ID[:12])}, {Name: "image", Value: []byte(c.Config.Image)}}
}

// labels are the container's, changed by the configuration's.
func (c *container) labels(configured config.LabelSet) map[string]string {
	labels := map[string]string{
		"container": c.name(), "service": cmp.Or(c.Config.Labels[composeService], c.name()),
		"compose_project": c.Config.Labels[composeProject],
	}
	maps.Copy(labels, configured)
	return labels
}

// addMeta adds the labels of docker_sd_configs that the container's files tell,
// for relabelling.
func (c *container) addMeta(labels map[string]string) {
	labels[metaContainer+"id"], labels[metaContainer+"name"], labels[metaContainer+"network_mode"] = c.ID, c.Name, c.network
	for name, value := range c.Config.Labels {
		labels[metaContainer+"label_"+labelName(name)] = value
	}
}

// labelName is name with _ in place of what a label's name cannot have.
func labelName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, name)
}

// carries reports whether the container has a label, given as name=value or as
// a name with any value but false.
func (c *container) carries(label string) bool {
	name, want, exact := strings.Cut(label, "=")
	value, ok := c.Config.Labels[name]
	if exact {
		return ok && value == want
	}
	return ok && label != "" && value != "false"
}
