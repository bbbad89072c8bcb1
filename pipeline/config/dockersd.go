package config

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// DockerSD is a Docker engine whose containers are found by its API, as by
// Prometheus's docker_sd_config.
type DockerSD struct {
	Pos Pos `yaml:"-"`
	// Host is the engine's address: unix://, tcp://, http:// or https://.
	Host string `yaml:"host"`
	// Port is the one of __address__ where a container has none.
	Port int `yaml:"port"`
	// Filters are those of the API's list of containers.
	Filters []DockerFilter `yaml:"filters"`
	// HostNetworkingHost is the __address__ of containers in the host's network.
	HostNetworkingHost string `yaml:"host_networking_host"`
	// RefreshInterval is how often the containers are listed without an event.
	RefreshInterval Duration `yaml:"refresh_interval"`
	// MatchFirstNetwork has no effect: a container is read once, with the labels
	// of its first network.
	MatchFirstNetwork bool `yaml:"match_first_network"`
	// HTTPClient counts for http:// and https:// alone, as for Prometheus.
	HTTPClient

	// The others are this project's own keys.

	// ContainerLabels adds the labels container, service, compose_project and
	// stream before relabelling.
	ContainerLabels bool `yaml:"container_labels"`
	// IgnoreContainersLabelled and IgnoreOwnContainer are as in DockerFiles.
	IgnoreContainersLabelled string `yaml:"ignore_containers_labelled"`
	IgnoreOwnContainer       bool   `yaml:"ignore_own_container"`
}

// DockerFilter is a filter of the API's list of containers. One value has to
// match.
type DockerFilter struct {
	Name   string   `yaml:"name"`
	Values []string `yaml:"values"`
}

func (d *DockerSD) setDefaults() {
	d.Port = 80
	d.HostNetworkingHost = "localhost"
	d.RefreshInterval = Duration(time.Minute)
	d.MatchFirstNetwork = true
	d.HTTPClient.FollowRedirects = true
}

func (d *DockerSD) setPos(p Pos) { d.Pos = p }

func (d *DockerSD) validate(s scope) {
	s.required("host", d.Host, "the engine's address, such as unix:///var/run/docker.sock")
	if d.Host != "" && !validHost(d.Host) { // it is not repeated, for it may hold a password
		s.errorf("host", "no address of a Docker engine; write unix:///var/run/docker.sock, tcp://HOST:PORT, http://HOST:PORT or https://HOST:PORT, and a user under basic_auth")
	}
	if d.Port < 0 || d.Port > 65535 {
		s.errorf("port", "%d is not a port; write 0 to 65535", d.Port)
	}
	s.positive("refresh_interval", d.RefreshInterval)
	d.HTTPClient.check(s)
	if d.IsHTTP() {
		return
	}
	for _, key := range []string{
		"basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file", "tls_config",
		"proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header", "http_headers",
	} {
		if s.given(key) {
			s.warnf(key, "without effect on this host, as in promtail: only http:// and https:// have it")
		}
	}
}

// checkEngines warns of containers whose lines get no label.
func (c *ScrapeConfig) checkEngines(s scope) {
	if len(c.RelabelConfigs)+len(c.PipelineStages) > 0 {
		return
	}
	if slices.ContainsFunc(c.DockerSDConfigs, func(d DockerSD) bool { return !d.ContainerLabels }) {
		s.warnf("docker_sd_configs", "its lines have no labels, so that Loki refuses them unless the client has external_labels; give relabel_configs, or container_labels: true")
	}
}

// IsHTTP reports whether the engine is spoken to with the HTTPClient's options.
func (d *DockerSD) IsHTTP() bool {
	return strings.HasPrefix(d.Host, "http://") || strings.HasPrefix(d.Host, "https://")
}

func validHost(host string) bool {
	u, err := url.Parse(host)
	if err != nil || u.User != nil {
		return false
	}
	switch u.Scheme {
	case "unix":
		return u.Host == "" && strings.HasPrefix(u.Path, "/")
	case "tcp", "http", "https":
		return u.Host != ""
	}
	return false
}

func (f *DockerFilter) validate(s scope) {
	s.required("name", f.Name, "the name of a filter, such as label, name or status")
	if len(f.Values) == 0 {
		s.errorf("values", "required; give at least one value")
	}
}
