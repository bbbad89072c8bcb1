package dashboards

func overviewBoard() Board {
	return Board{
		UID: "tovplay-overview", Folder: "TovPlay", Title: "Overview",
		Text:      "Whether anything is wrong, and where to look next.",
		Variables: []Variable{envs(), services()},
		Rows: []Row{
			{ID: 100, Title: "Is it up?", Height: 4, Panels: []Panel{
				{ID: 1, Kind: Stat, Title: "Backend", Unit: YesNo, More: "tovplay-backend", Limits: criticalUnder(1),
					Text:    "Whether Prometheus reads the backend's metrics, by environment.",
					Queries: []Query{prom(`min by (env) (up{job="backend", env=~"$env"})`, "{{env}}")}},
				{ID: 2, Kind: Stat, Title: "PgBouncer", Unit: YesNo, More: "tovplay-pgbouncer", Limits: criticalUnder(1),
					Text:    "Whether the exporter reaches PgBouncer.",
					Queries: []Query{prom(`min(pgbouncer_up)`, "")}},
				{ID: 3, Kind: Stat, Title: "PostgreSQL", Unit: YesNo, More: "tovplay-postgres", Limits: criticalUnder(1),
					Text:    "Whether the exporter reaches PostgreSQL.",
					Queries: []Query{prom(`min(pg_up)`, "")}},
				{ID: 4, Kind: Stat, Title: "Probes that fail", Unit: Count, Limits: criticalOver(1).of("ProbeFailed"),
					Text:    "Addresses that the blackbox exporter cannot read, of any environment.",
					Queries: []Query{prom(`sum(1 - probe_success{job="blackbox"})`, "")}},
				{ID: 5, Kind: Stat, Title: "Parts of the pipeline that are down", Unit: Count, More: "tovplay-pipeline", Limits: criticalOver(1).of("TargetDown"),
					Text:    "Loki, Prometheus, Alertmanager, the collector and the dashboard, as Prometheus reads them.",
					Queries: []Query{prom(`sum(1 - up{job=~"loki|prometheus|alertmanager|collector|dashboard"})`, "")}},
				{ID: 6, Kind: Stat, Title: "Alerts that fire", Unit: Count,
					Text:    "Warnings and critical alerts of Prometheus. Rules on logs are in Loki and not counted here.",
					Queries: []Query{prom(`count(ALERTS{alertstate="firing", severity=~"warning|critical"}) or `+zero("prometheus"), "")}},
			}},
			{ID: 101, Title: "What users see", Height: 8, Panels: []Panel{
				{ID: 10, Kind: Graph, Title: "Requests", Unit: Requests, More: "tovplay-nginx",
					Text:    "Requests that nginx answered, by its log.",
					Queries: []Query{logql(`sum by (env) (rate(`+accessLog+` [$__auto]))`, "{{env}}")}},
				{ID: 11, Kind: Graph, Title: "Requests that failed (5xx)", Unit: Ratio, More: "tovplay-nginx", Limits: nginxErrors(),
					Text:    "Share of nginx's answers that are server errors, by its log.",
					Queries: []Query{logql(accessShare("5..", "$__auto"), "{{env}}")}},
				{ID: 12, Kind: Graph, Title: "Latency (p95)", Unit: Seconds, More: "tovplay-backend", Limits: backendLatency(),
					Text: "95 of 100 requests that did not fail took at most this long, by the backend's own metrics. Left out while several workers " +
						"answer the scrapes in turn.",
					Queries: []Query{prom(`env:backend_latency_seconds:p95_5m{env=~"$env"}`, "{{env}}")}},
			}},
			{ID: 105, Title: "Probes", Height: 7, Panels: []Panel{
				{ID: 50, Kind: Graph, Title: "Addresses that answer", Unit: YesNo, Limits: criticalUnder(1),
					Text:    "Whether the blackbox exporter can read each address.",
					Queries: []Query{prom(`min by (env, probe, instance) (probe_success{job="blackbox", env=~"$env"})`, "{{probe}} {{instance}}")}},
				{ID: 51, Kind: Graph, Title: "Days until certificates end", Unit: Days, Limits: under(14, 3),
					Text:    "The first certificate of each chain to end. Addresses without HTTPS have none.",
					Queries: []Query{prom(`min by (env, probe, instance) (probe_ssl_earliest_cert_expiry{job="blackbox", env=~"$env"} - time()) / 86400`, "{{probe}} {{instance}}")}},
				{ID: 52, Kind: Graph, Title: "Time to answer", Unit: Seconds, Limits: warnOver(2),
					Text:    "How long a probe takes.",
					Queries: []Query{prom(`max by (env, probe, instance) (probe_duration_seconds{job="blackbox", env=~"$env"})`, "{{probe}} {{instance}}")}},
			}},
			{ID: 102, Title: "What it runs on", Height: 7, Panels: []Panel{
				{ID: 20, Kind: Graph, Title: "CPU", Unit: Ratio, More: "tovplay-host", Limits: hostCPU(),
					Text:    "Share of the host's CPU that is busy.",
					Queries: []Query{prom(cpuBusy, "{{instance}}")}},
				{ID: 21, Kind: Graph, Title: "Memory", Unit: Ratio, More: "tovplay-host", Limits: hostMemory(),
					Text:    "Share of the host's memory that is not available.",
					Queries: []Query{prom(memoryUsed, "{{instance}}")}},
				{ID: 22, Kind: Graph, Title: "Fullest disk", Unit: Ratio, More: "tovplay-host", Limits: hostDisk(),
					Text:    "The fullest file system of each host, as df counts.",
					Queries: []Query{prom(`max by (instance) (`+diskUsed+`)`, "{{instance}}")}},
				{ID: 23, Kind: Graph, Title: "Clients that wait in PgBouncer", Unit: Count, More: "tovplay-pgbouncer", Limits: poolWaiting(),
					Text:    "Clients that have no server connection. Any number for minutes means that the pool is too small or a query holds it.",
					Queries: []Query{prom(poolWaits, "{{instance}}")}},
			}},
			{ID: 103, Title: "What the logs say", Height: 9, Panels: []Panel{
				{ID: 30, Kind: Graph, Title: "Errors by service", Unit: PerSecond, More: "tovplay-errors", Width: 8,
					Text:    "Lines of level error, critical and fatal, each second.",
					Queries: []Query{logql(`sum by (service) (rate(`+errorLines+` [$__auto]))`, "{{service}}")}},
				{ID: 31, Kind: Logs, Title: "Newest errors", More: "tovplay-errors", Width: 16,
					Text:    "Lines of level error, critical and fatal. The link of correlation_id leads to the whole story of the request.",
					Queries: []Query{logql(errorLines, "")}},
			}},
			{ID: 104, Title: "Alerts", Height: 7, Panels: []Panel{
				{ID: 40, Kind: Table, Title: "Firing and pending alerts", Unit: Count,
					Text:    "Alerts of Prometheus with their labels; a line whose alertname is empty and whose value is 0 means none.",
					Queries: []Query{prom(`ALERTS or `+zero("prometheus"), "")}},
			}},
		},
	}
}

// envs chooses environments by the scrape targets that have one.
func envs() Variable {
	return Variable{Name: "env", Label: "Environment", Source: Prometheus, Query: `label_values(up{env!=""}, env)`}
}

// logEnvs chooses environments by the logs.
func logEnvs() Variable {
	return Variable{Name: "env", Label: "Environment", Source: Loki, Query: "env"}
}

// services chooses services by the logs.
func services() Variable {
	return Variable{Name: "service", Label: "Service", Source: Loki, Query: "service"}
}

// instances chooses exporters of a job.
func instances(job string) Variable {
	return Variable{Name: "instance", Label: "Instance", Source: Prometheus, Query: `label_values(up{job="` + job + `"}, instance)`}
}

// errorLines is what people call an error, as the dashboard does.
const errorLines = `{service=~"$service", env=~"$env", level=~"error|critical|fatal"}`
