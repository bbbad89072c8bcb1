package discover

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
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
	f.add(Target{
		Key: c.ID, Path: path, Labels: c.labels(), FirstReadsRotated: true,
		Meta: []pipeline.Field{{Name: "container_id", Value: []byte(c.ID[:12])}, {Name: "image", Value: []byte(c.Config.Image)}},
	}, f.job.DockerFiles.Labels)
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
	c.driver, c.modified = logDriver(dir), info.ModTime()
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

// logDriver is the container's logging driver, "" if it is not known.
func logDriver(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "hostconfig.json"))
	if err != nil {
		return ""
	}
	var host struct{ LogConfig struct{ Type string } }
	if json.Unmarshal(text, &host) != nil {
		return ""
	}
	return host.LogConfig.Type
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

func (c *container) labels() []pipeline.Label {
	service := c.Config.Labels[composeService]
	if service == "" {
		service = c.name()
	}
	return []pipeline.Label{
		{Name: "container", Value: c.name()}, {Name: "service", Value: service},
		{Name: "compose_project", Value: c.Config.Labels[composeProject]},
	}
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
