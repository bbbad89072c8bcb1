package config

import (
	"strings"
	"time"
)

// Syslog is a listener for syslog messages. It is checked and not run yet.
type Syslog struct {
	// ListenAddress is host:port.
	ListenAddress string `yaml:"listen_address"`
	// ListenProtocol is tcp or udp.
	ListenProtocol string `yaml:"listen_protocol"`
	// IdleTimeout ends a TCP connection on which nothing comes.
	IdleTimeout Duration `yaml:"idle_timeout"`
	// LabelStructuredData makes labels of the structured data.
	LabelStructuredData bool     `yaml:"label_structured_data"`
	Labels              LabelSet `yaml:"labels"`
	// UseIncomingTimestamp takes the message's time in place of that of reading.
	UseIncomingTimestamp bool `yaml:"use_incoming_timestamp"`
	// UseRFC5424Message makes the line the whole message.
	UseRFC5424Message bool `yaml:"use_rfc5424_message"`
	// SyslogFormat is rfc5424 or rfc3164.
	SyslogFormat string `yaml:"syslog_format"`
	// MaxMessageLength is in bytes.
	MaxMessageLength int       `yaml:"max_message_length"`
	TLSConfig        TLSConfig `yaml:"tls_config"`
}

// LokiPush is a listener for what others push as to Loki. It is checked and not
// run yet.
type LokiPush struct {
	Server Server   `yaml:"server"`
	Labels LabelSet `yaml:"labels"`
	// UseIncomingTimestamp takes the entry's time in place of that of reading.
	UseIncomingTimestamp bool `yaml:"use_incoming_timestamp"`
	// MaxSendMsgSize bounds a request.
	MaxSendMsgSize Bytes `yaml:"max_send_msg_size"`
}

// Gelf is a UDP listener for GELF messages. It is checked and not run yet.
type Gelf struct {
	// ListenAddress is host:port.
	ListenAddress string   `yaml:"listen_address"`
	Labels        LabelSet `yaml:"labels"`
	// UseIncomingTimestamp takes the message's time in place of that of reading.
	UseIncomingTimestamp bool `yaml:"use_incoming_timestamp"`
}

func (c *Syslog) setDefaults() {
	c.ListenProtocol, c.SyslogFormat = "tcp", "rfc5424"
	c.IdleTimeout, c.MaxMessageLength = Duration(2*time.Minute), 8192
}

func (c *LokiPush) setDefaults() { c.Server, c.MaxSendMsgSize = defaultServer(), 100<<20 }

func (c *Gelf) setDefaults() { c.ListenAddress = ":12201" }

func (c *Syslog) validate(s scope) {
	s.required("listen_address", c.ListenAddress, "the address to listen on, such as 127.0.0.1:1514")
	s.oneOf("listen_protocol", c.ListenProtocol, "tcp", "udp")
	s.oneOf("syslog_format", c.SyslogFormat, "rfc5424", "rfc3164")
	atLeast(s, "max_message_length", c.MaxMessageLength, 0)
}

func (c *LokiPush) validate(s scope) { atLeast(s, "max_send_msg_size", c.MaxSendMsgSize, 1) }

// sourceKind is a kind of source that a job may have.
type sourceKind struct {
	name string
	keys []string // that stand for it in the file
	// isSet reports whether the job has it, and clear removes it.
	isSet func(*ScrapeConfig) bool
	clear func(*ScrapeConfig)
	// listens is the address of a kind that is not collected yet; else nil.
	listens func(*ScrapeConfig) string
}

// sourceKinds are in the order in which promtail takes the first.
func sourceKinds() []sourceKind {
	return []sourceKind{
		{
			name: "files", keys: []string{"static_configs", "file_sd_configs"},
			isSet: func(c *ScrapeConfig) bool { return c.StaticConfigs != nil || c.FileSDConfigs != nil },
			clear: func(c *ScrapeConfig) { c.StaticConfigs, c.FileSDConfigs = nil, nil },
		},
		{
			name: "journal", keys: []string{"journal"},
			isSet: func(c *ScrapeConfig) bool { return c.Journal != nil },
			clear: func(c *ScrapeConfig) { c.Journal = nil },
		},
		{
			name: "syslog", keys: []string{"syslog"},
			isSet:   func(c *ScrapeConfig) bool { return c.Syslog != nil },
			clear:   func(c *ScrapeConfig) { c.Syslog = nil },
			listens: func(c *ScrapeConfig) string { return c.Syslog.ListenAddress },
		},
		{
			name: "loki_push_api", keys: []string{"loki_push_api"},
			isSet:   func(c *ScrapeConfig) bool { return c.LokiPush != nil },
			clear:   func(c *ScrapeConfig) { c.LokiPush = nil },
			listens: func(c *ScrapeConfig) string { return c.LokiPush.Server.ListenAddress() },
		},
		{
			name: "gelf", keys: []string{"gelf"},
			isSet:   func(c *ScrapeConfig) bool { return c.Gelf != nil },
			clear:   func(c *ScrapeConfig) { c.Gelf = nil },
			listens: func(c *ScrapeConfig) string { return c.Gelf.ListenAddress },
		},
		{
			name: "docker_sd_configs", keys: []string{"docker_sd_configs"},
			isSet: func(c *ScrapeConfig) bool { return c.DockerSDConfigs != nil },
			clear: func(c *ScrapeConfig) { c.DockerSDConfigs = nil },
		},
		{
			name: "docker_files", keys: []string{"docker_files"},
			isSet: func(c *ScrapeConfig) bool { return c.DockerFiles != nil },
			clear: func(c *ScrapeConfig) { c.DockerFiles = nil },
		},
	}
}

// NotCollected is the kind of a job that is checked and not collected yet, with
// its address, such as "syslog :1514"; "" for every other job.
func (c *ScrapeConfig) NotCollected() string {
	for _, k := range sourceKinds() {
		if k.isSet(c) && k.listens != nil {
			return strings.TrimSpace(k.name + " " + k.listens(c))
		}
	}
	return ""
}

// checkSource keeps to one kind of source, the first as in promtail, and warns
// of what is left out.
func (c *ScrapeConfig) checkSource(s scope) {
	var kinds []sourceKind
	var names []string
	empty := "static_configs" // a key without a value
	for _, k := range sourceKinds() {
		switch {
		case k.isSet(c):
			kinds, names = append(kinds, k), append(names, k.name)
		case s.given(k.keys[0]):
			empty = k.keys[0]
		}
	}
	if len(kinds) == 0 {
		s.errorf(empty, "the job has no source; give static_configs, file_sd_configs, docker_sd_configs, journal or docker_files, with {} for the defaults of the latter two")
		return
	}
	for _, k := range kinds[1:] {
		if c.DockerFiles != nil { // promtail has no such key, so nobody counts on its order
			s.errorf(k.keys[0], "a job has one kind of source, and this one has %s; make a job of each", strings.Join(names, " and "))
			return
		}
		s.warnf(k.keys[0], "left out: a job has one kind of source, and of %s the first is taken, as by promtail; make a job of each", strings.Join(names, ", "))
		k.clear(c)
	}
	c.warnOfNothing(s, kinds[0])
}

// warnOfNothing warns of a job of which nothing comes.
func (c *ScrapeConfig) warnOfNothing(s scope, kind sourceKind) {
	if kind.listens != nil {
		s.warnf(kind.keys[0], "not collected by this version, so nothing comes of this job; let the sender write files and read them by static_configs, or push to Loki")
	}
	if kind.name == "files" && len(c.StaticConfigs)+len(c.FileSDConfigs) == 0 {
		s.warnf("static_configs", "the list is empty, so nothing comes of this job")
	}
	if kind.name == "docker_sd_configs" && len(c.DockerSDConfigs) == 0 {
		s.warnf("docker_sd_configs", "the list is empty, so nothing comes of this job")
	}
}
