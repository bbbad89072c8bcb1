package dashboards

func backendErrors() Limits   { return over(6*0.001, 14.4*0.001) } // burn rates of an error budget of 0.1 %
func backendLatency() Limits  { return warnOver(1) }
func backendBusy() Limits     { return warnOver(0.8) }
func backendMemory() Limits   { return warnOver(0.9) }
func backendRestarts() Limits { return warnOver(3) }

const (
	// oneProcess leaves out instances behind whose address several workers answer in turn: a rate over the counters of
	// different processes is made up. The recording rules of alerts/prometheus/backend.yml do the same.
	oneProcess = ` unless on (job, instance) changes(process_start_time_seconds{job="backend"}[15m]) > 2`

	turns = " Left out while several workers answer the scrapes in turn, each with its own counters: see what the logs say, below."

	backendContainers = `{job="cadvisor", name=~".*backend.*"}`

	backendMemoryUse = `max by (name) (container_memory_working_set_bytes` + backendContainers + `) / ` +
		`(max by (name) (container_spec_memory_limit_bytes` + backendContainers + ` > 0)` +
		` or 0 * max by (name) (container_memory_working_set_bytes` + backendContainers + `) + 512 * 1024 * 1024)`

	// completed are the lines in which the backend says how long a request took, in milliseconds.
	completed = `{service=~".*backend.*", env=~"$env"} |= "Request completed" | json status="status_code", took="duration_ms" | took != ""`
)

// flask is the rate of a series of the histogram of the backend's requests, with more matchers.
func flask(series, matchers string) string {
	return `rate(flask_http_request_duration_seconds_` + series + `{job="backend", env=~"$env"` + matchers + `}[$__rate_interval])` + oneProcess
}

// quantiles are those of the backend's requests that match.
func quantiles(matchers string) []Query {
	var all []Query
	for _, q := range []struct{ value, name string }{{"0.5", "p50"}, {"0.95", "p95"}, {"0.99", "p99"}} {
		all = append(all, prom(`histogram_quantile(`+q.value+`, sum by (env, le) (`+flask("bucket", matchers)+`))`, q.name+" {{env}}"))
	}
	return all
}

func backendBoard() Board {
	busy := `env:backend_busy_workers:mean5m{env=~"$env"} / env:backend_workers:count`
	restarts := `max by (name) (changes(container_start_time_seconds` + backendContainers + `[15m]))`
	return Board{
		UID: "tovplay-backend", Folder: "TovPlay", Title: "Backend",
		Text:      "Requests, errors, latency and saturation of the backend: by its own metrics, by probes, and by logs.",
		Variables: []Variable{envs()},
		Rows: []Row{
			{ID: 100, Title: "Now", Height: 4, Panels: []Panel{
				{ID: 1, Kind: Stat, Title: "Up", Unit: YesNo, Limits: criticalUnder(1),
					Text:    "Whether Prometheus reads the backend's metrics.",
					Queries: []Query{prom(`min by (env) (up{job="backend", env=~"$env"})`, "{{env}}")}},
				{ID: 2, Kind: Stat, Title: "Requests", Unit: Requests,
					Text:    "Requests of the last 5 minutes." + turns,
					Queries: []Query{prom(`env:backend_requests:rate5m{env=~"$env"}`, "{{env}}")}},
				{ID: 3, Kind: Stat, Title: "Failed (5xx)", Unit: Ratio, Limits: backendErrors(),
					Text:    "Share of the requests of the last 5 minutes that ended in a server error. When the backend is down only nginx sees errors." + turns,
					Queries: []Query{prom(`env:backend_errors:ratio_rate5m{env=~"$env"}`, "{{env}}")}},
				{ID: 4, Kind: Stat, Title: "Latency (p95)", Unit: Seconds, Limits: backendLatency(),
					Text:    "95 of 100 requests of the last 5 minutes that did not fail took at most this long." + turns,
					Queries: []Query{prom(`env:backend_latency_seconds:p95_5m{env=~"$env"}`, "{{env}}")}},
				{ID: 5, Kind: Stat, Title: "Workers busy", Unit: Ratio, Limits: backendBusy(),
					Text: "Share of the workers that work, by Little's law: the seconds of work that arrive in a second are the workers at work. Near " +
						"100 % requests wait." + turns,
					Queries: []Query{prom(busy, "{{env}}")}},
				{ID: 6, Kind: Stat, Title: "Restarts", Unit: Count, Limits: backendRestarts(),
					Text:    "Restarts of backend containers in the last 15 minutes.",
					Queries: []Query{prom(restarts, "{{name}}")}},
				{ID: 7, Kind: Stat, Title: "Memory", Unit: Ratio, Limits: backendMemory(),
					Text:    "Memory of backend containers of their limit, which is 512 MiB if none is set.",
					Queries: []Query{prom(backendMemoryUse, "{{name}}")}},
			}},
			{ID: 101, Title: "Requests, by the backend's metrics", Height: 8, Panels: []Panel{
				{ID: 10, Kind: Graph, Title: "Requests by status", Unit: Requests, Stacked: true,
					Text:    "Requests by status." + turns,
					Queries: []Query{prom(`sum by (env, status) (`+flask("count", "")+`)`, "{{status}} {{env}}")}},
				{ID: 11, Kind: Graph, Title: "Failed requests (5xx)", Unit: Ratio, Limits: backendErrors(),
					Text:    "Share of the requests of the 5 minutes before that ended in a server error." + turns,
					Queries: []Query{prom(`env:backend_errors:ratio_rate5m{env=~"$env"}`, "{{env}}")}},
				{ID: 12, Kind: Graph, Title: "Use of the error budget", Unit: Ratio,
					Text: "The same over longer times. 0.1 % is what the objective of 99.9 % allows; alerts look at two of these at once.",
					Queries: []Query{
						prom(`env:backend_errors:ratio_rate1h{env=~"$env"}`, "1 h {{env}}"), prom(`env:backend_errors:ratio_rate6h{env=~"$env"}`, "6 h {{env}}"),
						prom(`env:backend_errors:ratio_rate1d{env=~"$env"}`, "1 d {{env}}"), prom(`env:backend_errors:ratio_rate3d{env=~"$env"}`, "3 d {{env}}"),
					}},
				{ID: 13, Kind: Graph, Title: "Exceptions", Unit: PerSecond,
					Text: "Exceptions that no handler caught. The metric appears with the first one." + turns,
					Queries: []Query{prom(`sum by (env) (rate(flask_http_request_exceptions_total{job="backend", env=~"$env"}[$__rate_interval])`+oneProcess+`)`+
						` or `+zero("backend"), "{{env}}")}},
			}},
			{ID: 102, Title: "Latency, by the backend's metrics", Height: 8, Panels: []Panel{
				{ID: 20, Kind: Graph, Title: "Latency of requests that did not fail", Unit: Seconds, Limits: backendLatency(),
					Text:    "Half of the requests, 95 and 99 of 100 take at most this long. The limit is for p95." + turns,
					Queries: quantiles(`, status!~"5.."`)},
				{ID: 21, Kind: Graph, Title: "Latency of failed requests", Unit: Seconds,
					Text:    "The same of server errors, apart: fast errors would make the latency look good, slow ones bad. Empty without errors." + turns,
					Queries: quantiles(`, status=~"5.."`)},
				{ID: 22, Kind: Graph, Title: "Workers busy", Unit: Ratio, Limits: backendBusy(),
					Text:    "Share of the workers that work, by Little's law." + turns,
					Queries: []Query{prom(busy, "{{env}}")}},
			}},
			{ID: 103, Title: "Routes, by the backend's metrics", Height: 8, Panels: []Panel{
				{ID: 30, Kind: Table, Title: "Busiest routes", Unit: Requests,
					Text:    "The ten routes with most requests. The label is path, or url_rule when the exporter groups by it." + turns,
					Queries: []Query{prom(`topk(10, sum by (env, path, url_rule) (`+flask("count", "")+`))`, "")}},
				{ID: 31, Kind: Table, Title: "Slowest routes", Unit: Seconds,
					Text:    "The ten routes with the longest mean latency." + turns,
					Queries: []Query{prom(`topk(10, sum by (env, path, url_rule) (`+flask("sum", "")+`) / (sum by (env, path, url_rule) (`+flask("count", "")+`) > 0))`, "")}},
			}},
			{ID: 104, Title: "From outside", Height: 7, Panels: []Panel{
				{ID: 40, Kind: Graph, Title: "Health answers", Unit: YesNo, Limits: criticalUnder(1),
					Text:    "/health through nginx (nginx) and without it (direct). Only nginx down: look at nginx. Both down: look at the backend.",
					Queries: []Query{prom(`min by (env, probe) (probe_success{job="blackbox", env=~"$env", probe=~"nginx|direct"})`, "{{probe}} {{env}}")}},
				{ID: 41, Kind: Graph, Title: "Time of a health request", Unit: Seconds, Limits: warnOver(2),
					Text:    "How long /health takes, through nginx and without it.",
					Queries: []Query{prom(`max by (env, probe) (probe_duration_seconds{job="blackbox", env=~"$env", probe=~"nginx|direct"})`, "{{probe}} {{env}}")}},
			}},
			{ID: 105, Title: "Containers", Height: 7, Panels: []Panel{
				{ID: 50, Kind: Graph, Title: "Memory", Unit: Ratio, Limits: backendMemory(),
					Text:    "Memory of backend containers of their limit, which is 512 MiB if none is set.",
					Queries: []Query{prom(backendMemoryUse, "{{name}}")}},
				{ID: 51, Kind: Graph, Title: "CPU", Unit: Count,
					Text:    "Cores that each backend container uses.",
					Queries: []Query{prom(`sum by (name) (rate(container_cpu_usage_seconds_total`+backendContainers+`[$__rate_interval]))`, "{{name}}")}},
				{ID: 52, Kind: Graph, Title: "Restarts", Unit: Count, Limits: backendRestarts(),
					Text:    "Restarts in the 15 minutes before. A worker that is killed does not restart its container: see the workers that gunicorn gave up.",
					Queries: []Query{prom(restarts, "{{name}}")}},
			}},
			{ID: 106, Title: "By logs", Height: 8, Panels: []Panel{
				{ID: 60, Kind: Graph, Title: "Workers that gunicorn gave up", Unit: Count, Limits: warnOver(1),
					Text: "Lines WORKER TIMEOUT and SIGKILL (perhaps out of memory) of the 5 minutes before.",
					Queries: []Query{logql(`sum(count_over_time({service=~".*backend.*", env=~"$env"} |~ "WORKER TIMEOUT|was sent SIGKILL" [5m]))`+
						` or 0 * sum(count_over_time({service=~".*backend.*", env=~"$env"} [5m]))`, "workers")}},
				{ID: 61, Kind: Graph, Title: "Requests by nginx's log", Unit: Requests, Stacked: true,
					Text:    "Requests by the first digit of their status.",
					Queries: []Query{logql(`sum by (env, class) (rate(`+accessLog+` [$__auto]))`, "{{class}}xx {{env}}")}},
				{ID: 62, Kind: Graph, Title: "Failed requests by nginx's log", Unit: Ratio, Limits: nginxErrors(),
					Text:    "Share of requests that ended in a server error, those included that the backend did not answer.",
					Queries: []Query{logql(accessShare("5..", "$__auto"), "{{env}}")}},
				{ID: 63, Kind: Graph, Title: "Latency by the backend's log", Unit: Seconds, Limits: backendLatency(),
					Text: "95 of 100 requests that did not fail took at most this long, by the backend's own lines (Request completed).",
					Queries: []Query{logql(`quantile_over_time(0.95, `+completed+` | status!~"5.." | unwrap took | __error__="" [$__auto]) by (env) / 1000`,
						"p95 {{env}}")}},
			}},
			{ID: 107, Title: "Errors and accounts", Height: 8, Panels: []Panel{
				{ID: 70, Kind: Logs, Title: "Newest errors", Width: 12,
					Text:    "Lines of the backend of level error, critical and fatal. The link of correlation_id leads to the whole story of the request.",
					Queries: []Query{logql(`{service=~".*backend.*", env=~"$env", level=~"error|critical|fatal"}`, "")}},
				{ID: 71, Kind: Graph, Title: "Logins", Unit: PerSecond, Width: 6,
					Text: "Attempts to log in, by outcome. The metric appears with the first one." + turns,
					Queries: []Query{prom(`sum by (env, status) (rate(auth_login_attempts_total{job="backend", env=~"$env"}[$__rate_interval])`+oneProcess+`)`+
						` or `+zero("backend"), "{{status}} {{env}}")}},
				{ID: 72, Kind: Graph, Title: "Errors of Discord's API", Unit: PerSecond, Width: 6,
					Text: "Errors of Discord's API, by kind. The metric appears with the first one." + turns,
					Queries: []Query{prom(`sum by (env, error_type) (rate(discord_api_errors_total{job="backend", env=~"$env"}[$__rate_interval])`+oneProcess+`)`+
						` or `+zero("backend"), "{{error_type}} {{env}}")}},
			}},
		},
	}
}
