package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/secret"
)

// The defaults of the options.
const (
	defaultListen         = "127.0.0.1:7778"
	defaultInternalListen = "127.0.0.1:7779"
	defaultDataDir        = "data/dashboard"
	defaultPrometheusURL  = "http://127.0.0.1:9090"
	defaultAlertmanager   = "http://127.0.0.1:9093"

	defaultEventsKept = 90 * 24 * time.Hour
	defaultCountsKept = 400 * 24 * time.Hour
	defaultAlertsKept = 400 * 24 * time.Hour

	// defaultAsk is from where on a query is worth a question: a Loki of one process
	// reads some hundred MB a second and gives up after a minute.
	defaultAsk = "4GB"

	// tokenLeast is how many characters a token has at least.
	tokenLeast = 16
)

// options are the program's flags; each has an environment variable, and a flag
// wins over it. Secrets come from the environment or from files only.
type options struct {
	listen          string
	internalListen  string
	dataDir         string
	externalURL     string
	prometheusURL   string
	alertmanagerURL string
	grafanaURL      string
	catalogue       string
	loki            loki.Config
	adminPassword   secret.String
	issues          issueOptions
	// alertmanagerToken is what Alertmanager shows to send notifications, empty if it
	// may not.
	alertmanagerToken secret.String
	// alertsKept is how long alerts that have ended are kept; 0 is for ever.
	alertsKept time.Duration
	// askBytes is from how many bytes on a query is not run before it was asked for in
	// spite of its cost; 0 is never.
	askBytes  int64
	logLevel  slog.Level
	logFormat string
	version   bool
}

// issueOptions say how issues are kept.
type issueOptions struct {
	off   bool
	rules string
	keep  issues.Retention
	// clickHouse is the DSN of the event store, empty for a SQLite file.
	clickHouse secret.String
	// deployToken is what a CI shows to report a deploy, empty if none may.
	deployToken secret.String
}

// usageHead explains what has no flag.
const usageHead = `Usage: dashboard [FLAGS]
       dashboard passwd [-data-dir DIR] [USER]    set a password, read from standard input
       dashboard user [-data-dir DIR] VERB        list, add, remove those who may log in, or change their role
       dashboard reindex [FLAGS]                  index a period of Loki anew
       dashboard doctor [FLAGS]                   say what is wrong with the databases and Loki
       dashboard copy-events -to STORE [FLAGS]    copy the event store to clickhouse, or back to sqlite
       dashboard backup [-data-dir DIR] FILE      copy what people entered into FILE
       dashboard restore [-data-dir DIR] FILE     put it back; the dashboard must not run

Each flag can be set by the variable in brackets. Secrets are variables only, or
variables NAME_FILE that name a file:
  DASHBOARD_ADMIN_PASSWORD   the password of the user admin; without it the first start puts one into the
                             file admin-password of the data folder
  LOKI_USER, LOKI_PASSWORD   basic authentication at Loki
  LOKI_BEARER_TOKEN          bearer token for Loki
  DASHBOARD_DEPLOY_TOKEN     what a CI sends as a bearer token to POST /api/v1/deploys; without it none can
  DASHBOARD_ALERTMANAGER_TOKEN  what Alertmanager sends as a bearer token to POST /api/v1/alertmanager; without it it cannot
  CLICKHOUSE_DSN             keeps events in ClickHouse: clickhouse://user:password@host:9000/database

`

// parseOptions reads flags and environment, and reports every fault at once.
// More flags may be added by subcommands.
func parseOptions(args []string, env environment, more ...func(*flag.FlagSet)) (options, error) {
	o := options{loki: loki.DefaultConfig()}
	var level, ask string
	var faults []error
	flags := flag.NewFlagSet("dashboard", flag.ContinueOnError)
	flags.SetOutput(env.stderr)
	text := func(into *string, name, variable, fallback, usage string) {
		flags.StringVar(into, name, orDefault(env.getenv(variable), fallback), usage+" ["+variable+"]")
	}
	text(&o.listen, "listen", "DASHBOARD_LISTEN", defaultListen, "address of the page and the API")
	text(&o.internalListen, "internal-listen", "DASHBOARD_INTERNAL_LISTEN", defaultInternalListen, "address of /metrics and pprof; keep it on this machine")
	text(&o.loki.URL, "loki-url", "LOKI_URL", o.loki.URL, "Loki's address")
	text(&o.loki.Tenant, "loki-tenant", "LOKI_TENANT", "", "Loki's tenant, sent as X-Scope-OrgID")
	text((*string)(&o.loki.Selector), "loki.selector", "LOKI_SELECTOR", string(o.loki.Selector), "matchers of the streams that are shown, and of which errors become issues")
	text(&o.prometheusURL, "prometheus-url", "PROMETHEUS_URL", defaultPrometheusURL, "Prometheus' address")
	text(&o.alertmanagerURL, "alertmanager-url", "ALERTMANAGER_URL", defaultAlertmanager, "Alertmanager's address; none: ask Prometheus about it")
	text(&o.grafanaURL, "grafana.url", "GRAFANA_URL", "", "where people reach Grafana, for links to its dashboards")
	text(&o.catalogue, "health.catalogue", "DASHBOARD_HEALTH_CATALOGUE", "", "file with limits and signals of your own, in the form of internal/health/catalogue.yaml")
	text(&o.dataDir, "data-dir", "DASHBOARD_DATA_DIR", defaultDataDir, "folder of the database")
	text(&o.externalURL, "external-url", "EXTERNAL_URL", "", "where people reach the dashboard, such as https://host/logs")
	text(&ask, "query.ask-above", "DASHBOARD_QUERY_ASK_ABOVE", defaultAsk, "what a query over more than 3 hours may read before the page asks whether to run it, such as 4GB; 0: never ask")
	text(&level, "log.level", "DASHBOARD_LOG_LEVEL", "info", "debug, info, warn or error")
	text(&o.logFormat, "log.format", "DASHBOARD_LOG_FORMAT", "text", "text or json")
	text(&o.issues.rules, "issues.rules", "DASHBOARD_ISSUES_RULES", "", "file of rules for grouping errors")
	flags.BoolVar(&o.issues.off, "issues.off", env.getenv("DASHBOARD_ISSUES_OFF") == "true", "make no issues of errors [DASHBOARD_ISSUES_OFF]")
	duration := func(into *time.Duration, name, variable string, fallback time.Duration, usage string) {
		if value := env.getenv(variable); value != "" {
			parsed, err := time.ParseDuration(value)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s %q is no duration such as 720h", variable, value))
			}
			fallback = parsed
		}
		flags.DurationVar(into, name, fallback, usage+" ["+variable+"]")
	}
	duration(&o.issues.keep.Events, "issues.keep-events", "DASHBOARD_ISSUES_KEEP_EVENTS", defaultEventsKept, "how long events are kept; 0 is for ever")
	duration(&o.issues.keep.Counts, "issues.keep-counts", "DASHBOARD_ISSUES_KEEP_COUNTS", defaultCountsKept, "how long the counts of issues are kept; 0 is for ever")
	duration(&o.alertsKept, "alerts.keep", "DASHBOARD_ALERTS_KEEP", defaultAlertsKept, "how long alerts that have ended are kept; 0 is for ever")
	for _, add := range more {
		add(flags)
	}
	flags.BoolVar(&o.version, "version", false, "print the version and end")
	flags.Usage = func() {
		fmt.Fprint(env.stderr, usageHead)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	if o.alertmanagerURL == "none" {
		o.alertmanagerURL = ""
	}
	asked, err := humanize.ParseBytes(ask)
	if err != nil || asked > math.MaxInt64 {
		faults = append(faults, fmt.Errorf("-query.ask-above %q is no size such as 4GB", ask))
	}
	o.askBytes = int64(asked)
	return o, errors.Join(append(faults, o.complete(level, env))...)
}

// complete reads the secrets and checks what can be checked.
func (o *options) complete(level string, env environment) error {
	var faults []error
	if err := o.logLevel.UnmarshalText([]byte(level)); err != nil {
		faults = append(faults, fmt.Errorf("-log.level %q is none of debug, info, warn, error", level))
	}
	if o.logFormat != "text" && o.logFormat != "json" {
		faults = append(faults, fmt.Errorf("-log.format %q is neither text nor json", o.logFormat))
	}
	read := func(into *secret.String, name string) {
		var err error
		if *into, err = secret.FromEnv(env.getenv, name); err != nil {
			faults = append(faults, err)
		}
	}
	read(&o.adminPassword, "DASHBOARD_ADMIN_PASSWORD")
	read(&o.loki.Password, "LOKI_PASSWORD")
	read(&o.loki.Token, "LOKI_BEARER_TOKEN")
	read(&o.issues.clickHouse, "CLICKHOUSE_DSN")
	token := func(into *secret.String, name string) {
		read(into, name)
		if n := len(into.Reveal()); n > 0 && n < tokenLeast {
			faults = append(faults, fmt.Errorf("%s has %d characters, at least %d are needed: openssl rand -hex 16 makes one", name, n, tokenLeast))
		}
	}
	token(&o.issues.deployToken, "DASHBOARD_DEPLOY_TOKEN")
	token(&o.alertmanagerToken, "DASHBOARD_ALERTMANAGER_TOKEN")
	if o.alertsKept < 0 {
		faults = append(faults, fmt.Errorf("-alerts.keep %s is less than nothing", o.alertsKept))
	}
	if err := o.issues.keep.Validate(); err != nil {
		faults = append(faults, err)
	}
	if u, err := url.Parse(o.grafanaURL); err != nil || (o.grafanaURL != "" && u.Scheme != "http" && u.Scheme != "https") {
		faults = append(faults, fmt.Errorf("-grafana.url %q is no address such as https://grafana.example.org", o.grafanaURL))
	}
	o.loki.User = env.getenv("LOKI_USER")
	if err := o.loki.Validate(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
