package config

// LimitsConfig bounds what is sent, as promtail's limits_config.
type LimitsConfig struct {
	// ReadlineRate is how many lines of the whole collector may pass in a second,
	// and ReadlineBurst how many at once.
	ReadlineRate  float64 `yaml:"readline_rate"`
	ReadlineBurst int     `yaml:"readline_burst"`
	// ReadlineRateEnabled puts the rate in force.
	ReadlineRateEnabled bool `yaml:"readline_rate_enabled"`
	// ReadlineRateDrop drops the lines above the rate. Otherwise reading is slowed
	// down.
	ReadlineRateDrop bool `yaml:"readline_rate_drop"`
	// MaxStreams bounds the streams that are active, 0 for no bound.
	MaxStreams int `yaml:"max_streams"`
	// MaxLineSize is the longest line that is sent whole, 0 for no limit.
	MaxLineSize Bytes `yaml:"max_line_size"`
	// MaxLineSizeTruncate cuts longer lines. Otherwise they are dropped.
	MaxLineSizeTruncate bool `yaml:"max_line_size_truncate"`
}

func (c *LimitsConfig) validate(s scope) {
	if c.ReadlineRateEnabled && c.ReadlineRate <= 0 {
		s.errorf("readline_rate", "the rate must be above 0, such as 10000")
	}
	if c.ReadlineRateEnabled {
		atLeast(s, "readline_burst", c.ReadlineBurst, 1)
	}
	atLeast(s, "max_streams", c.MaxStreams, 0)
}
