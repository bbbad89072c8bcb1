package config

import (
	"math"

	"golang.org/x/text/encoding/ianaindex"
)

// LimitsConfig are promtail's limits of what is sent, over all jobs.
type LimitsConfig struct {
	// ReadlineRate is how many entries of a second are sent, ReadlineBurst how many
	// at once, if ReadlineRateEnabled.
	ReadlineRate        float64 `yaml:"readline_rate"`
	ReadlineBurst       int     `yaml:"readline_burst"`
	ReadlineRateEnabled bool    `yaml:"readline_rate_enabled"`
	// ReadlineRateDrop drops what is above the rate; without it reading waits.
	ReadlineRateDrop bool `yaml:"readline_rate_drop"`
	// MaxStreams bounds the active streams of a tenant, 0: no bound.
	MaxStreams int `yaml:"max_streams"`
	// MaxLineSize is the longest line that is sent, 0: no bound. A longer one is
	// dropped, or with MaxLineSizeTruncate cut.
	MaxLineSize         Bytes `yaml:"max_line_size"`
	MaxLineSizeTruncate bool  `yaml:"max_line_size_truncate"`
}

func (c *LimitsConfig) validate(s scope) {
	if c.ReadlineRateEnabled {
		if c.ReadlineRate <= 0 {
			s.errorf("readline_rate", "the rate must be above 0, such as 10000")
		}
		atLeast(s, "readline_burst", c.ReadlineBurst, 1)
	}
	c.MaxStreams = max(0, c.MaxStreams)
	if c.MaxLineSize > math.MaxInt32 {
		s.errorf("max_line_size", "%s is too large; the most is 2GiB", c.MaxLineSize)
	}
}

// Decompression says that the files of a job are compressed, whatever their
// names are.
type Decompression struct {
	Enabled bool `yaml:"enabled"`
	// InitialDelay is how long a file is left alone after it was first seen.
	InitialDelay Duration `yaml:"initial_delay"`
	// Format is gz, z, bz2 or zst; the last one promtail does not have.
	Format string `yaml:"format"`
}

func (c *Decompression) validate(s scope) {
	if c.Enabled || c.Format != "" {
		s.oneOf("format", c.Format, "gz", "z", "bz2", "zst")
	}
}

// checkFiles checks the keys that only jobs of files have.
func (c *ScrapeConfig) checkFiles(s scope) {
	if c.Encoding != "" {
		if e, err := ianaindex.IANA.Encoding(c.Encoding); err != nil || e == nil {
			s.errorf("encoding", "%s is not an encoding that is known; write an IANA name such as UTF-16LE, windows-1252 or Shift_JIS, or leave it out for UTF-8", quote(c.Encoding))
		}
	}
	warn := func(why string, keys ...string) {
		for _, key := range keys {
			if s.given(key) {
				s.warnf(key, "without effect on a %s", why)
			}
		}
	}
	switch {
	case c.Journal != nil:
		warn("journal job, which reads no files", "ignore_older", "start_at_end", "encoding", "decompression")
	case c.DockerFiles != nil:
		warn("docker_files job: Docker writes UTF-8 and unpacked files", "encoding", "decompression")
		c.Encoding, c.Decompression = "", nil
	}
}

// IsPacked reports whether the job's files are compressed.
func (c *ScrapeConfig) IsPacked() bool { return c.Decompression != nil && c.Decompression.Enabled }
