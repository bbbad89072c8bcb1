package config

import "time"

// Default is the configuration of an empty file: promtail's defaults, and 64
// MiB in flight. It has no clients and no jobs.
func Default() *Config {
	return &Config{
		Server:       defaultServer(),
		Positions:    Positions{Filename: "/var/log/positions.yaml", SyncPeriod: Duration(10 * time.Second)},
		TargetConfig: TargetConfig{SyncPeriod: Duration(10 * time.Second)},
		Global: Global{FileWatchConfig: FileWatchConfig{
			MinPollFrequency: Duration(250 * time.Millisecond),
			MaxPollFrequency: Duration(250 * time.Millisecond),
		}},
		LimitsConfig: LimitsConfig{ReadlineRate: 10_000, ReadlineBurst: 10_000, ReadlineRateDrop: true},
		Memory:       64 << 20,
		Spool:        Spool{MaxBytes: 1 << 30},
		Quarantine:   Quarantine{MaxBytes: 64 << 20},
		LabelLimit:   LabelLimit{ForgetAfter: Duration(24 * time.Hour)},
	}
}

func defaultServer() Server {
	return Server{
		HTTPListenNetwork: "tcp", HTTPListenPort: 80,
		HTTPServerReadTimeout:   Duration(30 * time.Second),
		HTTPServerWriteTimeout:  Duration(30 * time.Second),
		HTTPServerIdleTimeout:   Duration(2 * time.Minute),
		GracefulShutdownTimeout: Duration(30 * time.Second),
		RegisterInstrumentation: true, HealthCheckTarget: true,
		LogLevel: "info", LogFormat: "logfmt",
	}
}

// DefaultClient is a client for which the file gives nothing, promtail's
// defaults except for BackoffConfig.MaxRetries. It has no URL.
func DefaultClient() Client {
	return Client{
		BatchWait: Duration(time.Second),
		BatchSize: 1 << 20,
		Timeout:   Duration(10 * time.Second),
		BackoffConfig: BackoffConfig{
			MinPeriod: Duration(500 * time.Millisecond),
			MaxPeriod: Duration(5 * time.Minute),
		},
		HTTPClient: HTTPClient{FollowRedirects: true},
	}
}

func (c *Client) setDefaults() { *c = DefaultClient() }

func (a *Authorization) setDefaults() { a.Type = "Bearer" }

func (j *Journal) setDefaults() { j.MaxAge = Duration(7 * time.Hour) }

func (f *FileSD) setDefaults() { f.RefreshInterval = Duration(5 * time.Minute) }

func (f *DockerFiles) setDefaults() {
	f.Root = "/var/lib/docker"
	f.RefreshInterval = Duration(5 * time.Second)
}

func (s *CRIStage) setDefaults() { s.MaxPartialLines = 100 }

func (s *EventLogMessageStage) setDefaults() { s.Source = "message" }

func (s *PackStage) setDefaults() { s.IngestTimestamp = true }

func (s *TimestampStage) setDefaults() { s.ActionOnFailure = ActionFudge }

func (s *MultilineStage) setDefaults() {
	s.MaxLines = 128
	s.MaxWaitTime = Duration(3 * time.Second)
}

func (s *DropStage) setDefaults() {
	s.Separator = ";"
	s.DropCounterReason = "drop_stage"
}

func (s *MatchStage) setDefaults() {
	s.Action = ActionKeep
	s.DropCounterReason = "match_stage"
}

func (s *LevelStage) setDefaults() {
	s.Label = "level"
	s.Default = "unknown"
}

func (s *ErrorGroupStage) setDefaults() { s.LevelLabel = "level" }

func (s *TracebackStage) setDefaults() {
	s.MaxWait = Duration(500 * time.Millisecond)
	s.MaxLines = 1000
}
