package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"

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
	loki            loki.Config
	adminPassword   secret.String
	logLevel        slog.Level
	logFormat       string
	version         bool
}

// usageHead explains what has no flag.
const usageHead = `Usage: dashboard [FLAGS]
       dashboard passwd [-data-dir DIR] [USER]    set a password, read from standard input

Each flag can be set by the variable in brackets. Secrets are variables only, or
variables NAME_FILE that name a file:
  DASHBOARD_ADMIN_PASSWORD   the password of the user admin; without it one is made at the first start
  LOKI_USER, LOKI_PASSWORD   basic authentication at Loki
  LOKI_BEARER_TOKEN          bearer token for Loki

`

// parseOptions reads flags and environment, and reports every fault at once.
func parseOptions(args []string, env environment) (options, error) {
	o := options{loki: loki.DefaultConfig()}
	var level string
	flags := flag.NewFlagSet("dashboard", flag.ContinueOnError)
	flags.SetOutput(env.stderr)
	text := func(into *string, name, variable, fallback, usage string) {
		flags.StringVar(into, name, orDefault(env.getenv(variable), fallback), usage+" ["+variable+"]")
	}
	text(&o.listen, "listen", "DASHBOARD_LISTEN", defaultListen, "address of the page and the API")
	text(&o.internalListen, "internal-listen", "DASHBOARD_INTERNAL_LISTEN", defaultInternalListen, "address of /metrics and pprof; keep it on this machine")
	text(&o.loki.URL, "loki-url", "LOKI_URL", o.loki.URL, "Loki's address")
	text(&o.loki.Tenant, "loki-tenant", "LOKI_TENANT", "", "Loki's tenant, sent as X-Scope-OrgID")
	text(&o.prometheusURL, "prometheus-url", "PROMETHEUS_URL", defaultPrometheusURL, "Prometheus' address")
	text(&o.alertmanagerURL, "alertmanager-url", "ALERTMANAGER_URL", defaultAlertmanager, "Alertmanager's address; none: ask Prometheus about it")
	text(&o.dataDir, "data-dir", "DASHBOARD_DATA_DIR", defaultDataDir, "folder of the database")
	text(&o.externalURL, "external-url", "EXTERNAL_URL", "", "where people reach the dashboard, such as https://host/logs")
	text(&level, "log.level", "DASHBOARD_LOG_LEVEL", "info", "debug, info, warn or error")
	text(&o.logFormat, "log.format", "DASHBOARD_LOG_FORMAT", "text", "text or json")
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
	return o, o.complete(level, env)
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
	o.loki.User = env.getenv("LOKI_USER")
	if err := o.loki.Validate(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
