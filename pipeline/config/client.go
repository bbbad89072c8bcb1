package config

// Client is one Loki (or anything that speaks its push protocol).
type Client struct {
	// Pos is where the client begins in the file.
	Pos Pos `yaml:"-"`
	// Name tells clients apart in metrics and on disk. Without one it is six
	// hexadecimal digits of a hash of URL, tenant and external labels.
	Name string `yaml:"name"`
	// URL is the full path of the push endpoint. Its user and password, if any,
	// serve as basic authentication.
	URL URL `yaml:"url"`
	// BatchWait is the longest time an entry waits for others.
	BatchWait Duration `yaml:"batchwait"`
	// BatchSize is in bytes of lines and structured metadata.
	BatchSize Bytes `yaml:"batchsize"`
	// Timeout bounds one request.
	Timeout       Duration      `yaml:"timeout"`
	BackoffConfig BackoffConfig `yaml:"backoff_config"`
	// TenantID is the X-Scope-OrgID header, "" for none.
	TenantID string `yaml:"tenant_id"`
	// ExternalLabels are added to each entry; the entry's own labels win.
	ExternalLabels LabelSet `yaml:"external_labels"`
	// Headers are added to each request; names are in canonical form and none
	// is one that the push protocol itself sets.
	Headers Headers `yaml:"headers"`
	// DropRateLimitedBatches drops on 429 in place of trying again.
	DropRateLimitedBatches bool `yaml:"drop_rate_limited_batches"`

	// At most one of BasicAuth, Authorization and the bearer token is given.
	BasicAuth       *BasicAuth     `yaml:"basic_auth"`
	Authorization   *Authorization `yaml:"authorization"`
	BearerToken     Secret         `yaml:"bearer_token"`
	BearerTokenFile string         `yaml:"bearer_token_file"`
	TLSConfig       TLSConfig      `yaml:"tls_config"`
	// ProxyURL is the proxy for all requests, zero for none.
	ProxyURL URL `yaml:"proxy_url"`
	// FollowRedirects is true by default.
	FollowRedirects bool `yaml:"follow_redirects"`

	// Promtail forces HTTP/1.1 whatever the file says.
	_ struct{} `ignored:"enable_http2"`
	_ struct{} `unsupported:"oauth2" instead:"use basic_auth or authorization"`
	_ struct{} `unsupported:"http_headers" instead:"use headers"`
	_ struct{} `unsupported:"no_proxy proxy_from_environment proxy_connect_header" instead:"use proxy_url alone, or no proxy"`
}

// BackoffConfig is how a request is tried again: the period doubles, with
// jitter, from MinPeriod to MaxPeriod.
type BackoffConfig struct {
	MinPeriod Duration `yaml:"min_period"`
	MaxPeriod Duration `yaml:"max_period"`
	// MaxRetries is nil when the file does not say. Promtail's default of 10
	// loses logs in an outage, so here nothing said means without end; so does
	// an explicit 0, as in promtail.
	MaxRetries *int `yaml:"max_retries"`
}

// BasicAuth is a user and a password, each given directly or as the name of a
// file that holds it. At most one of each pair is set.
type BasicAuth struct {
	Username     string `yaml:"username"`
	UsernameFile string `yaml:"username_file"`
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
}

// Authorization is an Authorization header of another type than Basic.
type Authorization struct {
	// Type is Bearer by default.
	Type string `yaml:"type"`
	// At most one of the two is set.
	Credentials     Secret `yaml:"credentials"`
	CredentialsFile string `yaml:"credentials_file"`
}

// TLSConfig is the TLS side of a client. At most one of each pair of text and
// file is set; a certificate comes with a key.
type TLSConfig struct {
	CA       string `yaml:"ca"`
	CAFile   string `yaml:"ca_file"`
	Cert     string `yaml:"cert"`
	CertFile string `yaml:"cert_file"`
	Key      Secret `yaml:"key"`
	KeyFile  string `yaml:"key_file"`
	// ServerName is checked against the certificate, "" for the URL's host.
	ServerName         string `yaml:"server_name"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify"`
	// MinVersion and MaxVersion are a crypto/tls version, 0 for Go's choice.
	MinVersion TLSVersion `yaml:"min_version"`
	MaxVersion TLSVersion `yaml:"max_version"`
}
