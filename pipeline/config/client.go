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
	// Headers are added to each request unless the push has one of that name;
	// names are in canonical form.
	Headers Headers `yaml:"headers"`
	// DropRateLimitedBatches drops on 429 in place of trying again.
	DropRateLimitedBatches bool `yaml:"drop_rate_limited_batches"`

	HTTPClient
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
