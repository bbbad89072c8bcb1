package config

// Config is the whole effective configuration: promtail's defaults, changed by
// what the file says. It is not modified after it was loaded and may be read by
// several goroutines.
type Config struct {
	// File is the path that was read; messages about the file begin with it.
	File string `yaml:"-"`
	// Warnings are accepted keys that have no effect here and old spellings, in
	// the order of their lines.
	Warnings []Warning `yaml:"-"`
	// hidden are the values of environment variables that are secret by their
	// names, wherever they stand.
	hidden []Secret

	Server Server `yaml:"server"`
	// Clients are the places to ship to; every one gets every entry. There is
	// at least one. Promtail's older single `client` block is the last of them.
	Clients      []Client     `yaml:"clients"`
	Positions    Positions    `yaml:"positions"`
	TargetConfig TargetConfig `yaml:"target_config"`
	Global       Global       `yaml:"global"`
	LimitsConfig LimitsConfig `yaml:"limits_config"`
	// ScrapeConfigs are the jobs; their names differ.
	ScrapeConfigs []ScrapeConfig `yaml:"scrape_configs"`
	// Memory bounds the bytes that are read and not yet settled. This project's
	// own key, 64 MiB by default.
	Memory Bytes `yaml:"memory"`
	// Spool and Quarantine are this project's own keys too.
	Spool      Spool      `yaml:"spool"`
	Quarantine Quarantine `yaml:"quarantine"`
	// LabelLimit is this project's own key; no limit by default, as promtail has
	// none.
	LabelLimit LabelLimit `yaml:"label_limit"`

	// The file is the queue here, so that promtail's write-ahead log has nothing
	// to do.
	_ struct{} `ignored:"tracing wal options"`
}

// Positions says where the state of reading is kept.
type Positions struct {
	// Filename is promtail's positions.yaml.
	Filename string `yaml:"filename"`
	// SyncPeriod is the longest time between two writes.
	SyncPeriod Duration `yaml:"sync_period"`
	// IgnoreInvalidYAML starts with no positions when the file is broken, in
	// place of stopping.
	IgnoreInvalidYAML bool `yaml:"ignore_invalid_yaml"`
}

// Spool is where batches wait on disk that can neither be sent nor read again.
type Spool struct {
	// Dir holds a folder for each client, "" for positions.filename with .spool
	// behind it.
	Dir string `yaml:"dir"`
	// MaxBytes bounds the spool of one client, 1 GiB by default; 0 is none.
	MaxBytes Bytes `yaml:"max_bytes"`
}

// Quarantine is where entries are kept that Loki refused for good: a file for
// each client beside positions.filename.
type Quarantine struct {
	// MaxBytes bounds the file of one client, 64 MiB by default; 0 is none.
	MaxBytes Bytes `yaml:"max_bytes"`
}

// TargetConfig is how targets are looked for.
type TargetConfig struct {
	// SyncPeriod is the time between two evaluations of the globs.
	SyncPeriod Duration `yaml:"sync_period"`
	// Stdin reads standard input with the first job's stages and labels, and nothing
	// else, and stops at its end.
	Stdin bool `yaml:"stdin"`
}

// LabelLimit bounds the values of each label over all streams; further ones are
// moved to structured metadata.
type LabelLimit struct {
	// Values is the number for one label, 0 for no limit.
	Values int `yaml:"values"`
	// ForgetAfter is how long a value keeps its place in no stream.
	ForgetAfter Duration `yaml:"forget_after"`
}

// Global holds what is common to all jobs.
type Global struct {
	FileWatchConfig FileWatchConfig `yaml:"file_watch_config"`
}

// FileWatchConfig is how often a file is looked at for new bytes: the period
// grows from the lower to the higher one while nothing comes.
type FileWatchConfig struct {
	MinPollFrequency Duration `yaml:"min_poll_frequency"`
	MaxPollFrequency Duration `yaml:"max_poll_frequency"`
}
