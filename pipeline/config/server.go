package config

import (
	"cmp"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Server is the collector's own HTTP listener and its own log.
type Server struct {
	// Disable leaves the listener out.
	Disable bool `yaml:"disable"`
	// HTTPListenNetwork is tcp, tcp4 or tcp6.
	HTTPListenNetwork string `yaml:"http_listen_network"`
	// HTTPListenAddress is the address to listen on, "" for all.
	HTTPListenAddress string `yaml:"http_listen_address"`
	// HTTPListenPort is 80 by default as in promtail; 0 lets the system choose.
	HTTPListenPort int `yaml:"http_listen_port"`
	// HTTPListenConnLimit bounds the connections at a time, 0 for no bound.
	HTTPListenConnLimit int `yaml:"http_listen_conn_limit"`
	// HTTPPathPrefix stands before every path, "" or with a leading slash and
	// without one at the end.
	HTTPPathPrefix string `yaml:"http_path_prefix"`
	// HTTPTLSConfig encrypts the listener if it has a certificate.
	HTTPTLSConfig ServerTLS `yaml:"http_tls_config"`
	// TLSCipherSuites are names of Go's crypto/tls, separated by commas, "" for
	// Go's choice.
	TLSCipherSuites CipherSuites `yaml:"tls_cipher_suites"`
	// TLSMinVersion is 0 for Go's choice.
	TLSMinVersion ServerTLSVersion `yaml:"tls_min_version"`
	// The timeouts of requests; 0 is none, and for the headers that of reading.
	HTTPServerReadTimeout       Duration `yaml:"http_server_read_timeout"`
	HTTPServerReadHeaderTimeout Duration `yaml:"http_server_read_header_timeout"`
	HTTPServerWriteTimeout      Duration `yaml:"http_server_write_timeout"`
	HTTPServerIdleTimeout       Duration `yaml:"http_server_idle_timeout"`
	// GracefulShutdownTimeout is how long requests may go on at a stop.
	GracefulShutdownTimeout Duration `yaml:"graceful_shutdown_timeout"`
	// RegisterInstrumentation serves /metrics.
	RegisterInstrumentation bool `yaml:"register_instrumentation"`

	// ProfilingEnabled serves /debug/pprof.
	ProfilingEnabled bool `yaml:"profiling_enabled"`
	// EnableRuntimeReload serves /reload.
	EnableRuntimeReload bool `yaml:"enable_runtime_reload"`
	// HealthCheckTarget makes /ready wait for something to read.
	HealthCheckTarget bool `yaml:"health_check_target"`
	// ExternalURL is where the pages are reached from, "" for the address of the
	// listener. Its path is a prefix of links.
	ExternalURL string `yaml:"external_url"`

	// LogLevel is debug, info, warn or error.
	LogLevel string `yaml:"log_level"`
	// LogFormat is logfmt or json.
	LogFormat string `yaml:"log_format"`

	_ struct{} `ignored:"report_grpc_codes_in_instrumentation_label_enabled http_log_closed_connections_without_response_enabled"`
	_ struct{} `ignored:"grpc_listen_network grpc_listen_address grpc_listen_port grpc_listen_conn_limit grpc_collect_max_streams_by_conn grpc_tls_config"`
	_ struct{} `ignored:"grpc_server_max_recv_msg_size grpc_server_max_send_msg_size grpc_server_max_concurrent_streams grpc_server_max_connection_idle grpc_server_max_connection_age grpc_server_max_connection_age_grace"`
	_ struct{} `ignored:"grpc_server_keepalive_time grpc_server_keepalive_timeout grpc_server_min_time_between_pings grpc_server_ping_without_stream_allowed grpc_server_num_workers grpc_server_stats_tracking_enabled grpc_server_recv_buffer_pools_enabled grpc_server_read_buffer_size grpc_server_write_buffer_size"`
	_ struct{} `ignored:"log_source_ips_enabled log_source_ips_full log_source_ips_header log_source_ips_regex log_request_headers log_request_at_info_level_enabled log_request_exclude_headers_list trace_request_headers trace_request_exclude_headers_list"`
	_ struct{} `ignored:"cluster_validation create_new_traces enable_open_metrics_text_created_samples throughput_latency_cutoff throughput_unit throughput"`
	// With it every client would be taken for the proxy.
	_ struct{} `unsupported:"proxy_protocol_enabled" instead:"let the proxy speak plain HTTP"`
}

// ServerTLS is the encryption of a listener: a certificate with its key, each as
// a text or as a file.
type ServerTLS struct {
	Cert     string `yaml:"cert"`
	Key      Secret `yaml:"key"`
	ClientCA string `yaml:"client_ca"`
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// ClientAuthType says whether clients need a certificate: one of the Client
	// constants, "" for ClientNoCert.
	ClientAuthType string `yaml:"client_auth_type"`
	ClientCAFile   string `yaml:"client_ca_file"`
}

// What a listener asks of its clients, as crypto/tls names it.
const (
	ClientNoCert           = "NoClientCert"
	ClientRequest          = "RequestClientCert"
	ClientRequireAny       = "RequireAnyClientCert"
	ClientVerifyIfGiven    = "VerifyClientCertIfGiven"
	ClientRequireAndVerify = "RequireAndVerifyClientCert"
)

// Base is what stands before the path of every link, "" or a path without a
// slash at the end: that of ExternalURL and HTTPPathPrefix.
func (c *Server) Base() string {
	u, err := url.Parse(c.ExternalURL)
	if err != nil { // It was parsed before it was kept.
		return c.HTTPPathPrefix
	}
	base := strings.TrimRight(u.Path, "/")
	if base != "" && !strings.HasPrefix(base, "/") {
		base = "/" + base
	}
	return base + c.HTTPPathPrefix
}

// ListenAddress is host:port.
func (c *Server) ListenAddress() string {
	return net.JoinHostPort(c.HTTPListenAddress, strconv.Itoa(c.HTTPListenPort))
}

// IsSet reports whether there is a certificate, and so encryption.
func (c *ServerTLS) IsSet() bool { return c.Cert != "" || c.CertFile != "" }

func (c *Server) validate(s scope) {
	c.HTTPListenNetwork = cmp.Or(c.HTTPListenNetwork, "tcp")
	c.LogFormat = cmp.Or(strings.ToLower(c.LogFormat), "logfmt")
	s.oneOf("http_listen_network", c.HTTPListenNetwork, "tcp", "tcp4", "tcp6")
	if c.HTTPListenPort < 0 || c.HTTPListenPort > 65535 {
		s.errorf("http_listen_port", "%d is not a port; write 0 to 65535", c.HTTPListenPort)
	}
	c.HTTPListenConnLimit = max(0, c.HTTPListenConnLimit)
	if c.HTTPPathPrefix = strings.TrimRight(c.HTTPPathPrefix, "/"); c.HTTPPathPrefix != "" && !strings.HasPrefix(c.HTTPPathPrefix, "/") {
		c.HTTPPathPrefix = "/" + c.HTTPPathPrefix
	}
	if strings.ContainsAny(c.HTTPPathPrefix, "{} ?#") {
		s.errorf("http_path_prefix", "%s is not a path; write one such as /collector", quote(c.HTTPPathPrefix))
	}
	if u, err := url.Parse(c.ExternalURL); err != nil || u.User != nil {
		s.errorf("external_url", "not the address of a page; write one such as https://logs.example.org/collector, without a user")
	}
	s.oneOf("log_level", c.LogLevel, "debug", "info", "warn", "error")
	s.oneOf("log_format", c.LogFormat, "logfmt", "json")
}

func (c *ServerTLS) validate(s scope) {
	s.oneOfPair("cert", "cert_file")
	s.oneOfPair("key", "key_file")
	s.oneOfPair("client_ca", "client_ca_file")
	if hasKey := c.Key.IsSet() || c.KeyFile != ""; c.IsSet() != hasKey {
		s.errorf("key_file", "a certificate and its key belong together; give cert_file and key_file")
	}
	if c.ClientAuthType != "" {
		s.oneOf("client_auth_type", c.ClientAuthType, ClientNoCert, ClientRequest, ClientRequireAny, ClientVerifyIfGiven, ClientRequireAndVerify)
	}
	hasCA := c.ClientCA != "" || c.ClientCAFile != ""
	verifies := c.ClientAuthType == ClientVerifyIfGiven || c.ClientAuthType == ClientRequireAndVerify
	switch {
	case verifies && !hasCA:
		s.errorf("client_auth_type", "%s needs the certificates that it trusts; give client_ca_file", c.ClientAuthType)
	case hasCA && !verifies:
		s.errorf("client_ca_file", "without a meaning unless client_auth_type is %s or %s; set one", ClientRequireAndVerify, ClientVerifyIfGiven)
	}
}
