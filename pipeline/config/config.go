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

	Server Server `yaml:"server"`
	// Clients are the places to ship to; every one gets every entry. There is
	// at least one. Promtail's older single `client` block is the last of them.
	Clients      []Client     `yaml:"clients"`
	Positions    Positions    `yaml:"positions"`
	LimitsConfig LimitsConfig `yaml:"limits_config"`
	TargetConfig TargetConfig `yaml:"target_config"`
	Global       Global       `yaml:"global"`
	// ScrapeConfigs are the jobs; their names differ.
	ScrapeConfigs []ScrapeConfig `yaml:"scrape_configs"`
	// Memory bounds the bytes that are read and not yet settled. This project's
	// own key, 64 MiB by default.
	Memory Bytes `yaml:"memory"`
}

// Server is the collector's own HTTP listener and its own log.
type Server struct {
	// HTTPListenAddress is the address to listen on, "" for all.
	HTTPListenAddress string `yaml:"http_listen_address"`
	// HTTPListenPort is 80 by default as in promtail; 0 lets the system choose.
	HTTPListenPort int `yaml:"http_listen_port"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `yaml:"log_level"`
	// LogFormat is logfmt or json.
	LogFormat string `yaml:"log_format"`
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

// LimitsConfig bounds what is sent.
type LimitsConfig struct {
	// ReadlineRate is in lines per second.
	ReadlineRate float64 `yaml:"readline_rate"`
	// ReadlineBurst is in lines.
	ReadlineBurst       int  `yaml:"readline_burst"`
	ReadlineRateEnabled bool `yaml:"readline_rate_enabled"`
	// ReadlineRateDrop drops lines above the rate; false makes reading wait.
	ReadlineRateDrop bool `yaml:"readline_rate_drop"`
	// MaxStreams is the number of streams in one batch, 0 for no limit.
	MaxStreams int `yaml:"max_streams"`
	// MaxLineSize is in bytes after the pipeline, 0 for no limit.
	MaxLineSize Bytes `yaml:"max_line_size"`
	// MaxLineSizeTruncate cuts longer lines; false drops them.
	MaxLineSizeTruncate bool `yaml:"max_line_size_truncate"`
}

// TargetConfig is how targets are looked for.
type TargetConfig struct {
	// SyncPeriod is the time between two evaluations of the globs.
	SyncPeriod Duration `yaml:"sync_period"`
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
