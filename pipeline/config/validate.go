package config

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// document is the whole file: the configuration and promtail's older block of
// one client.
type document struct {
	Config
	Client *Client `yaml:"client"`
}

func (doc *document) validate(s scope) {
	if doc.Client != nil {
		s.warnf("client", "the single client block is deprecated; make it an item of clients")
		doc.Client.Pos = s.place("client").pos
		doc.Clients = append(doc.Clients, *doc.Client)
	}
	atLeast(s, "memory", doc.Memory, 1<<20)
	if doc.Spool.Dir == "" {
		doc.Spool.Dir = doc.Positions.Filename + ".spool"
	}
	if len(doc.ScrapeConfigs) == 0 && !doc.TargetConfig.Stdin && !s.anyBad() {
		s.warnf("scrape_configs", "there is no job, so nothing is collected")
	}
	doc.checkJobs(s)
}

// checkJobs reports jobs with one name.
func (c *Config) checkJobs(s scope) {
	jobs := map[string]Pos{}
	for i, j := range c.ScrapeConfigs {
		first, dup := jobs[j.JobName]
		switch {
		case dup:
			s.d.report(j.Pos, fmt.Sprintf("scrape_configs[%d].job_name", i), "a second job %s; the first is in line %d, so rename one", quote(j.JobName), first.Line)
		case j.JobName != "":
			jobs[j.JobName] = j.Pos
		}
	}
}

// checkClients is what holds for all clients together, those of flags included.
// Clients without a name get one.
func (c *Config) checkClients(s scope) {
	if len(c.Clients) == 0 {
		s.errorf("clients", "at least one client is needed; give its url, such as http://192.0.2.1:3100/loki/api/v1/push")
	}
	names := map[string]bool{}
	for i := range c.Clients {
		cl := &c.Clients[i]
		if cl.Name == "" && cl.URL.IsSet() {
			cl.Name = cl.hash()
		}
		if names[cl.Name] {
			s.d.report(cl.Pos, fmt.Sprintf("clients[%d]", i), "a second client with this name, or with this URL, tenant and labels; remove one or give each a name")
		}
		names[cl.Name] = cl.Name != ""
	}
}

// hash is a name for a client without one. It depends on what tells where
// entries go, not on secrets and tuning, so that it outlives their changes.
func (c *Client) hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%q\n", c.URL, c.TenantID)
	for _, k := range slices.Sorted(maps.Keys(c.ExternalLabels)) {
		fmt.Fprintf(h, "%q=%q\n", k, c.ExternalLabels[k])
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:3])
}

func (c *Server) validate(s scope) {
	if c.HTTPListenPort < 0 || c.HTTPListenPort > 65535 {
		s.errorf("http_listen_port", "%d is not a port; write 0 to 65535", c.HTTPListenPort)
	}
	s.oneOf("log_level", c.LogLevel, "debug", "info", "warn", "error")
	s.oneOf("log_format", c.LogFormat, "logfmt", "json")
}

func (c *Positions) validate(s scope) {
	s.required("filename", c.Filename, "the path of a file that the collector may write")
	s.positive("sync_period", c.SyncPeriod)
}

func (c *Spool) validate(s scope) { s.offOrAtLeast("max_bytes", c.MaxBytes, 1<<20) }

func (c *Quarantine) validate(s scope) { s.offOrAtLeast("max_bytes", c.MaxBytes, 64<<10) }

func (c *TargetConfig) validate(s scope) { s.positive("sync_period", c.SyncPeriod) }

func (c *LabelLimit) validate(s scope) {
	atLeast(s, "values", c.Values, 0)
	atLeast(s, "forget_after", c.ForgetAfter, Duration(time.Minute))
}

func (c *FileWatchConfig) validate(s scope) {
	s.positive("min_poll_frequency", c.MinPollFrequency)
	if s.given("min_poll_frequency") && !s.given("max_poll_frequency") {
		c.MaxPollFrequency = max(c.MinPollFrequency, c.MaxPollFrequency)
	}
	if c.MaxPollFrequency < c.MinPollFrequency {
		s.errorf("max_poll_frequency", "%s is less than min_poll_frequency %s; make it equal or more", c.MaxPollFrequency, c.MinPollFrequency)
	}
}

func (c *Client) setPos(p Pos) { c.Pos = p }

func (c *Client) validate(s scope) {
	if !c.URL.IsSet() {
		s.errorf("url", "required; give the push address, such as http://192.0.2.1:3100/loki/api/v1/push")
	} else if strings.HasPrefix(c.URL.String(), "socks5:") {
		s.errorf("url", "the URL must begin with http:// or https://")
	}
	s.positive("batchwait", c.BatchWait)
	atLeast(s, "batchsize", c.BatchSize, 1)
	s.positive("timeout", c.Timeout)
	c.checkAuth(s)
}

// checkAuth keeps to one kind of authentication, as Prometheus's HTTP client
// does.
func (c *Client) checkAuth(s scope) {
	var kinds []string
	for _, k := range []string{"basic_auth", "authorization", "bearer_token", "bearer_token_file"} {
		if s.given(k) {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) > 1 {
		s.errorf(kinds[1], "a client has one kind of authentication; keep one of %s", strings.Join(kinds, ", "))
	}
}

func (c *BackoffConfig) validate(s scope) {
	s.positive("min_period", c.MinPeriod)
	if c.MaxPeriod < c.MinPeriod {
		s.errorf("max_period", "%s is less than min_period %s; make it equal or more", c.MaxPeriod, c.MinPeriod)
	}
	if c.MaxRetries != nil {
		atLeast(s, "max_retries", *c.MaxRetries, 0)
	}
}

func (a *BasicAuth) validate(s scope) {
	s.oneOfPair("username", "username_file")
	s.oneOfPair("password", "password_file")
}

func (a *Authorization) validate(s scope) {
	s.oneOfPair("credentials", "credentials_file")
	if strings.EqualFold(strings.TrimSpace(a.Type), "basic") {
		s.errorf("type", "the type cannot be Basic; use basic_auth instead")
	}
	s.required("type", strings.TrimSpace(a.Type), "the type of the header, such as Bearer")
}

func (c *TLSConfig) validate(s scope) {
	s.oneOfPair("ca", "ca_file")
	s.oneOfPair("cert", "cert_file")
	s.oneOfPair("key", "key_file")
	cert, key := c.Cert != "" || c.CertFile != "", c.Key.IsSet() || c.KeyFile != ""
	if cert && !key {
		s.errorf("key_file", "required beside a certificate; give key_file or key")
	}
	if key && !cert {
		s.errorf("cert_file", "required beside a key; give cert_file or cert")
	}
	if c.MaxVersion != 0 && c.MaxVersion < c.MinVersion {
		s.errorf("max_version", "%s is below min_version %s; make it equal or higher", c.MaxVersion, c.MinVersion)
	}
}

func (c *ScrapeConfig) setPos(p Pos) { c.Pos = p }

func (c *ScrapeConfig) validate(s scope) {
	s.required("job_name", c.JobName, "a name that no other job has")
	c.checkSource(s)
	c.checkPaths()
	c.checkFiles(s)
}

// checkSource keeps to one kind of source. Promtail runs the first kind and
// ignores the others silently.
func (c *ScrapeConfig) checkSource(s scope) {
	var kinds []string
	for _, k := range []string{"static_configs", "file_sd_configs", "journal", "docker_files"} {
		if s.given(k) && (k != "file_sd_configs" || len(c.FileSDConfigs) > 0) {
			kinds = append(kinds, k)
		}
	}
	files := slices.Equal(kinds, []string{"static_configs", "file_sd_configs"})
	switch isEmpty := len(c.StaticConfigs)+len(c.FileSDConfigs) == 0 && c.Journal == nil && c.DockerFiles == nil; {
	case len(kinds) == 0:
		s.errorf("static_configs", "the job has no source; give static_configs, file_sd_configs, journal or docker_files")
	case len(kinds) > 1 && !files:
		s.errorf(kinds[1], "a job has one kind of source, and this one has %s; make a job of each", strings.Join(kinds, " and "))
	case isEmpty:
		s.errorf(kinds[0], "the source is empty; fill it in, or write {} after journal or docker_files for the defaults")
	}
}

func (c *StaticConfig) setPos(p Pos) { c.Pos = p }

func (c *StaticConfig) validate(s scope) { c.scope = &s }

// checkPaths reports groups without a path. Relabelling may set it.
func (c *ScrapeConfig) checkPaths() {
	for i := range c.StaticConfigs {
		group := &c.StaticConfigs[i]
		if group.Path() == "" && len(c.RelabelConfigs) == 0 && group.scope != nil {
			group.scope.errorf("labels", "%s is required; give the files to read, such as /var/log/*.log", PathLabel)
		}
		group.scope = nil
	}
}

func (j *Journal) validate(s scope) {
	s.positive("max_age", j.MaxAge)
	field := regexp.MustCompile(`^[A-Z0-9_]+$`)
	for m := range strings.FieldsSeq(j.Matches) {
		name, value, ok := strings.Cut(m, "=")
		if !ok || !field.MatchString(name) || strings.Contains(value, "=") {
			s.errorf("matches", "%s is not a match; write FIELD=value, such as _SYSTEMD_UNIT=ssh.service", quote(m))
		}
	}
}

func (f *DockerFiles) validate(s scope) {
	s.required("root", f.Root, "Docker's data folder, such as /var/lib/docker")
	s.positive("refresh_interval", f.RefreshInterval)
}

// required reports an empty value.
func (s scope) required(key, value, what string) {
	if value == "" {
		s.errorf(key, "required; give %s", what)
	}
}

// positive reports a duration of 0.
func (s scope) positive(key string, d Duration) {
	if d <= 0 {
		s.errorf(key, "the duration must be above 0, such as 10s")
	}
}

// oneOf reports a value that is not among the known ones.
func (s scope) oneOf(key, value string, known ...string) {
	if !slices.Contains(known, value) {
		s.errorf(key, "%s is not known; write %s", quote(value), orList(known))
	}
}

// oneOfPair reports two keys of which only one can be used.
func (s scope) oneOfPair(a, b string) {
	if s.given(a) && s.given(b) {
		s.errorf(b, "%s and %s are both given; keep one", a, b)
	}
}

// atLeast reports a number that is too low.
func atLeast[T ~int | ~int64](s scope, key string, value, least T) {
	if value < least {
		s.errorf(key, "%v is too low; the least is %v", value, least)
	}
}

// offOrAtLeast reports a value that is neither 0 nor least or more.
func (s scope) offOrAtLeast(key string, value, least Bytes) {
	if value != 0 {
		atLeast(s, key, value, least)
	}
}

// orList is "a, b or c".
func orList(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
