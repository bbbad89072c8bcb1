package config

// ScrapeConfig is one job: where lines come from and what is done to them. It
// has exactly one kind of source: files (StaticConfigs and FileSDConfigs),
// Journal, Syslog, LokiPush, Gelf, DockerSDConfigs or DockerFiles.
type ScrapeConfig struct {
	// Pos is where the job begins in the file.
	Pos Pos `yaml:"-"`
	// JobName is not empty and differs from those of the other jobs.
	JobName        string  `yaml:"job_name"`
	PipelineStages []Stage `yaml:"pipeline_stages"`
	// RelabelConfigs change the labels of targets, and of the journal's entries,
	// in their order.
	RelabelConfigs []Relabel `yaml:"relabel_configs"`

	StaticConfigs []StaticConfig `yaml:"static_configs"`
	FileSDConfigs []FileSD       `yaml:"file_sd_configs"`
	Journal       *Journal       `yaml:"journal"`
	Syslog        *Syslog        `yaml:"syslog"`
	LokiPush      *LokiPush      `yaml:"loki_push_api"`
	Gelf          *Gelf          `yaml:"gelf"`
	// DockerSDConfigs are Docker engines whose containers are read.
	DockerSDConfigs []DockerSD `yaml:"docker_sd_configs"`
	// DockerFiles is this project's own source.
	DockerFiles *DockerFiles `yaml:"docker_files"`

	// IgnoreOlder leaves a file alone that was not modified for so long when it
	// is first seen; 0 reads all. This project's own key.
	IgnoreOlder Duration `yaml:"ignore_older"`
	// StartAtEnd lets what is there at the collector's first start be read from its
	// end on. This project's own key.
	StartAtEnd bool `yaml:"start_at_end"`
	// Encoding is the IANA name of the files' encoding, "" for UTF-8.
	Encoding      string         `yaml:"encoding"`
	Decompression *Decompression `yaml:"decompression"`
	// UnlessExists holds globs; while one of them matches something the job is
	// off. This project's own key.
	UnlessExists GlobList `yaml:"unless_exists"`

	_ struct{} `unsupported:"kafka gcplog cloudflare heroku_drain azure_event_hubs azure_event_hub windows_events" instead:"use static_configs, journal or docker_sd_configs"`
	_ struct{} `unsupported:"dns_sd_configs consul_sd_configs consulagent_sd_configs digitalocean_sd_configs dockerswarm_sd_configs serverset_sd_configs nerve_sd_configs marathon_sd_configs kubernetes_sd_configs gce_sd_configs ec2_sd_configs openstack_sd_configs azure_sd_configs triton_sd_configs" instead:"use static_configs, such as __path__: /var/log/pods/*/*/*.log, file_sd_configs or docker_sd_configs"`
}

// StaticConfig is a group of files with their labels.
type StaticConfig struct {
	Pos Pos `yaml:"-"`
	// Targets is accepted as promtail accepts it; all files are local.
	Targets []string `yaml:"targets"`
	// Labels holds __path__ and __path_exclude__ too: relabelling may use them.
	Labels LabelSet `yaml:"labels"`

	scope *scope // while the job is decoded
}

// Path is the doublestar glob of the files to read. If it is empty, the job's
// RelabelConfigs may set it.
func (c StaticConfig) Path() string { return c.Labels[PathLabel] }

// PathExclude is the glob of files to leave out, "" for none.
func (c StaticConfig) PathExclude() string { return c.Labels[PathExcludeLabel] }

// The labels of a static configuration that say which files to read.
const (
	PathLabel        = "__path__"
	PathExcludeLabel = "__path_exclude__"
)

// Journal is systemd's journal.
type Journal struct {
	// MaxAge is how far back a start without a cursor goes.
	MaxAge Duration `yaml:"max_age"`
	// JSON makes the line a JSON object of all fields.
	JSON   bool     `yaml:"json"`
	Labels LabelSet `yaml:"labels"`
	// Path is the journal's folder, "" for the system's.
	Path string `yaml:"path"`
	// Matches are FIELD=value terms separated by spaces.
	Matches string `yaml:"matches"`
}

// DockerFiles reads the json-file logs of Docker's containers from disk.
// Containers are found from <Root>/containers/<id>/config.v2.json, so that the
// Docker socket is not needed.
type DockerFiles struct {
	// Root is Docker's data folder.
	Root            string   `yaml:"root"`
	RefreshInterval Duration `yaml:"refresh_interval"`
	// Labels are added to each container's.
	Labels LabelSet `yaml:"labels"`
	// IgnoreContainersLabelled is a container label, as "name" (with any value
	// but "false") or "name=value"; containers that carry it are not read.
	IgnoreContainersLabelled string `yaml:"ignore_containers_labelled"`
	// IgnoreOwnContainer leaves out the container that the collector runs in.
	IgnoreOwnContainer bool `yaml:"ignore_own_container"`
}
