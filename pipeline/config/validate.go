package config

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// document is the whole file: the configuration and promtail's older block of
// one client.
type document struct {
	Config
	Client *commonClient `yaml:"client"`
}

// commonClient is promtail's older block of one client. Its external labels are
// for all clients, and without a URL it has no other effect.
type commonClient struct{ Client }

func (c *commonClient) validate(s scope) {
	if c.URL.IsSet() {
		c.Client.validate(s)
		return
	}
	for key, p := range s.keys {
		if key != "external_labels" && !p.bad {
			s.d.warn(s.at, "the block has no url, so nothing of it has an effect but external_labels")
			return
		}
	}
}

func (doc *document) validate(s scope) {
	doc.addClient(s)
	atLeast(s, "memory", doc.Memory, 1<<20)
	if doc.Spool.Dir == "" {
		doc.Spool.Dir = doc.Positions.Filename + ".spool"
	}
	if len(doc.ScrapeConfigs) == 0 && !doc.TargetConfig.Stdin && !s.anyBad() {
		s.warnf("scrape_configs", "there is no job, so nothing is collected")
	}
	doc.checkJobs(s)
}

// addClient makes the older block the last of the clients.
func (doc *document) addClient(s scope) {
	common := doc.Client
	if common == nil {
		return
	}
	if common.URL.IsSet() {
		s.warnf("client", "the single client block and the flags -client.* are deprecated; make it an item of clients")
		common.Pos = s.place("client").pos
		doc.Clients = append(doc.Clients, common.Client)
	}
	if len(common.ExternalLabels) == 0 {
		return
	}
	for i := range doc.Clients {
		labels := maps.Clone(common.ExternalLabels)
		maps.Copy(labels, doc.Clients[i].ExternalLabels)
		doc.Clients[i].ExternalLabels = labels
	}
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
	names := map[string]*Client{}
	for i := range c.Clients {
		cl := &c.Clients[i]
		if cl.Name == "" && cl.URL.IsSet() {
			cl.Name = freeName(cl, names)
		}
		if other := names[cl.Name]; other != nil {
			s.d.report(cl.Pos, fmt.Sprintf("clients[%d]", i), "a second client with this name, or with equal keys; remove one or give each a name")
		}
		if cl.Name != "" {
			names[cl.Name] = cl
		}
	}
}

// freeName is the name of a client that the file gives none: its hash, or that
// with a number if another client, with different keys, has it already.
func freeName(c *Client, taken map[string]*Client) string {
	hash := c.hash()
	name := hash
	for n := 2; taken[name] != nil && !taken[name].equal(c); n++ {
		name = fmt.Sprintf("%s-%d", hash, n)
	}
	return name
}

// equal reports whether two clients differ in nothing but place and name.
func (c *Client) equal(other *Client) bool {
	a, b := *c, *other
	a.Pos, b.Pos, a.Name, b.Name = Pos{}, Pos{}, "", ""
	return reflect.DeepEqual(a, b)
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
		s.warnf("max_poll_frequency", "%s is less than min_poll_frequency %s, which is taken for both; make it equal or more", c.MaxPollFrequency, c.MinPollFrequency)
		c.MaxPollFrequency = c.MinPollFrequency
	}
}

func (c *Client) setPos(p Pos) { c.Pos = p }

func (c *Client) validate(s scope) {
	if !c.URL.IsSet() {
		s.errorf("url", "required; give the push address, such as http://192.0.2.1:3100/loki/api/v1/push")
	} else if strings.HasPrefix(c.URL.String(), "socks5:") {
		s.errorf("url", "the URL must begin with http:// or https://")
	}
	c.BatchWait = max(c.BatchWait, Duration(time.Millisecond)) // 0 is as little as can be
	c.BatchSize = max(c.BatchSize, 1)
	s.positive("timeout", c.Timeout)
	c.HTTPClient.check(s)
}

func (c *BackoffConfig) validate(s scope) {
	c.MinPeriod = max(c.MinPeriod, Duration(time.Millisecond)) // 0 is as little as can be
	if c.MaxPeriod < c.MinPeriod {
		s.warnf("max_period", "%s is less than min_period %s, which is taken for both; make it equal or more", c.MaxPeriod, c.MinPeriod)
		c.MaxPeriod = c.MinPeriod
	}
	if c.MaxRetries != nil {
		atLeast(s, "max_retries", *c.MaxRetries, 0)
	}
}

func (c *ScrapeConfig) setPos(p Pos) { c.Pos = p }

func (c *ScrapeConfig) validate(s scope) {
	s.required("job_name", c.JobName, "a name that no other job has")
	c.checkSource(s)
	c.checkPaths()
	c.checkFiles(s)
	c.checkEngines(s)
}

func (c *StaticConfig) setPos(p Pos) { c.Pos = p }

func (c *StaticConfig) validate(s scope) { c.scope = &s }

// checkPaths warns of groups without a path. Relabelling may set it.
func (c *ScrapeConfig) checkPaths() {
	for i := range c.StaticConfigs {
		group := &c.StaticConfigs[i]
		if group.Path() == "" && len(c.RelabelConfigs) == 0 && group.scope != nil {
			group.scope.warnf("labels", "%s is missing, so nothing is read; give the files, such as /var/log/*.log", PathLabel)
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
	if s.filled(a) && s.filled(b) {
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
