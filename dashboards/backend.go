package dashboards

// backendLimit is the memory that one backend container may use.
const backendLimit = `(512 * 1024 * 1024)`

func backendErrors() Limits  { return over(0.01, 0.05) }
func backendLatency() Limits { return warnOver(1) }
func backendBusy() Limits    { return warnOver(0.8) }
func backendMemory() Limits  { return warnOver(0.9) }

// flask is a histogram of the backend's requests with more matchers.
func flask(series, matchers string) string {
	return `flask_http_request_duration_seconds_` + series + `{job="backend", env=~"$env"` + matchers + `}`
}

// quantiles are those of the backend's requests that match.
func quantiles(matchers string) []Query {
	var all []Query
	for _, q := range []struct{ value, name string }{{"0.5", "p50"}, {"0.95", "p95"}, {"0.99", "p99"}} {
		all = append(all, prom(`histogram_quantile(`+q.value+`, sum by (env, le) (rate(`+flask("bucket", matchers)+`[$__rate_interval])))`, q.name+" {{env}}"))
	}
	return all
}

const (
	oneWorker = " With several workers and no shared metrics folder each scrape sees the counters of one worker: ratios and quantiles hold, rates are too high."

	backendContainers = `{job="cadvisor", container_label_com_docker_compose_service=~".*backend.*"}`
)

func backend() Board {
	return Board{
		UID: "tovplay-backend", Folder: "TovPlay", Title: "Backend",
		Text:      "Requests, errors, latency and saturation of the backend, by its own metrics, by probes, and by its log.",
		Variables: []Variable{envs(), {Name: "workers", Label: "Workers", Text: "4"}},
		Rows: []Row{
			{ID: 100, Title: "Now", Height: 4, Panels: []Panel{
				{ID: 1, Kind: Stat, Title: "Up", Unit: UpDown, Limits: criticalUnder(1, "BackendDown"),
					Text:    "Whether Prometheus reads the backend's metrics.",
					Queries: []Query{prom(`min by (env) (up{job="backend", env=~"$env"})`, "{{env}}")}},
				{ID: 2, Kind: Stat, Title: "Requests", Unit: Requests,
					Text:    "Requests of the last 5 minutes." + oneWorker,
					Queries: []Query{prom(`sum by (env) (rate(`+flask("count", "")+`[5m]))`, "{{env}}")}},
				{ID: 3, Kind: Stat, Title: "Failed (5xx)", Unit: Ratio, Limits: backendErrors(),
					Text: "Share of the requests of the last 5 minutes that ended in a server error. Behind a backend that is down only nginx sees errors.",
					Queries: []Query{prom(`(sum by (env) (rate(`+flask("count", `, status=~"5.."`)+`[5m])) or 0 * sum by (env) (rate(`+flask("count", "")+`[5m])))`+
						` / sum by (env) (rate(`+flask("count", "")+`[5m]))`, "{{env}}")}},
				{ID: 4, Kind: Stat, Title: "Latency (p95)", Unit: Seconds, Limits: backendLatency(),
					Text:    "95 of 100 requests of the last 5 minutes that did not fail took at most this long.",
					Queries: []Query{prom(`histogram_quantile(0.95, sum by (env, le) (rate(`+flask("bucket", `, status!~"5.."`)+`[5m])))`, "{{env}}")}},
				{ID: 5, Kind: Stat, Title: "Workers busy", Unit: Ratio, Limits: backendBusy(),
					Text: "Requests in progress for each worker by Little's law: seconds of work that arrive each second, divided by the number of workers that is " +
						"given at the top. Near 1 requests queue.",
					Queries: []Query{prom(`sum by (env) (rate(`+flask("sum", "")+`[5m])) / $workers`, "{{env}}")}},
				{ID: 6, Kind: Stat, Title: "Restarts", Unit: Count, Limits: warnOver(3),
					Text:    "Restarts of backend containers in the last 15 minutes.",
					Queries: []Query{prom(`max by (name) (changes(container_start_time_seconds`+backendContainers+`[15m]))`, "{{name}}")}},
				{ID: 7, Kind: Stat, Title: "Memory", Unit: Ratio, Limits: backendMemory(),
					Text:    "Share of the 512 MiB that a backend container may use.",
					Queries: []Query{prom(`max by (name) (container_memory_working_set_bytes`+backendContainers+`) / `+backendLimit, "{{name}}")}},
			}},
			{ID: 101, Title: "Requests", Height: 8, Panels: []Panel{
				{ID: 10, Kind: Graph, Title: "Requests by status", Unit: Requests, Stacked: true,
					Text:    "Requests by status." + oneWorker,
					Queries: []Query{prom(`sum by (env, status) (rate(`+flask("count", "")+`[$__rate_interval]))`, "{{status}} {{env}}")}},
				{ID: 11, Kind: Graph, Title: "Failed requests (5xx)", Unit: Ratio, Limits: backendErrors(),
					Text: "Share of requests that ended in a server error.",
					Queries: []Query{prom(`(sum by (env) (rate(`+flask("count", `, status=~"5.."`)+`[$__rate_interval])) or 0 * sum by (env) (rate(`+flask("count", "")+`[$__rate_interval])))`+
						` / sum by (env) (rate(`+flask("count", "")+`[$__rate_interval]))`, "{{env}}")}},
				{ID: 12, Kind: Graph, Title: "Exceptions", Unit: PerSecond,
					Text: "Exceptions that no handler caught, by method." + oneWorker,
					Queries: []Query{prom(`sum by (env, method) (rate(flask_http_request_exceptions_total{job="backend", env=~"$env"}[$__rate_interval]))`+
						` or `+zero("backend"), "{{method}} {{env}}")}},
			}},
			{ID: 102, Title: "Latency", Height: 8, Panels: []Panel{
				{ID: 20, Kind: Graph, Title: "Latency of requests that did not fail", Unit: Seconds, Limits: backendLatency(),
					Text:    "Half of the requests, 95 and 99 of 100 take at most this long.",
					Queries: quantiles(`, status!~"5.."`)},
				{ID: 21, Kind: Graph, Title: "Latency of failed requests", Unit: Seconds,
					Text:    "The same of server errors, apart: fast errors would make the latency look good, slow ones (timeouts) bad.",
					Queries: quantiles(`, status=~"5.."`)},
				{ID: 22, Kind: Graph, Title: "Workers busy", Unit: Ratio, Limits: backendBusy(),
					Text:    "Requests in progress for each worker, by Little's law." + oneWorker,
					Queries: []Query{prom(`sum by (env) (rate(`+flask("sum", "")+`[$__rate_interval])) / $workers`, "{{env}}")}},
			}},
			{ID: 103, Title: "By route", Height: 8, Panels: []Panel{
				{ID: 30, Kind: Table, Title: "Busiest routes", Unit: Requests,
					Text:    "The ten routes with most requests in the last 5 minutes. The label is path, or url_rule when the exporter groups by it.",
					Queries: []Query{prom(`topk(10, sum by (env, path, url_rule) (rate(`+flask("count", "")+`[5m])))`, "")}},
				{ID: 31, Kind: Table, Title: "Slowest routes", Unit: Seconds,
					Text: "The ten routes with the longest mean latency in the last 5 minutes.",
					Queries: []Query{prom(`topk(10, sum by (env, path, url_rule) (rate(`+flask("sum", "")+`[5m])) / (sum by (env, path, url_rule) (rate(`+flask("count", "")+`[5m])) > 0))`,
						"")}},
			}},
			{ID: 104, Title: "From outside", Height: 7, Panels: []Panel{
				{ID: 40, Kind: Graph, Title: "Health answers", Unit: UpDown, Limits: criticalUnder(1),
					Text:    "/health through nginx (nginx) and without it (direct). Only the first down: look at nginx. Both down: look at the backend.",
					Queries: []Query{prom(`min by (env, probe) (probe_success{job="blackbox", env=~"$env"})`, "{{probe}} {{env}}")}},
				{ID: 41, Kind: Graph, Title: "Time of a health request", Unit: Seconds, Limits: warnOver(2),
					Text:    "How long the probe of /health takes, through nginx and without it.",
					Queries: []Query{prom(`max by (env, probe) (probe_duration_seconds{job="blackbox", env=~"$env"})`, "{{probe}} {{env}}")}},
			}},
			{ID: 105, Title: "Containers", Height: 7, Panels: []Panel{
				{ID: 50, Kind: Graph, Title: "Memory", Unit: Ratio, Limits: backendMemory(),
					Text:    "Share of the 512 MiB that a backend container may use.",
					Queries: []Query{prom(`max by (name) (container_memory_working_set_bytes`+backendContainers+`) / `+backendLimit, "{{name}}")}},
				{ID: 51, Kind: Graph, Title: "CPU", Unit: Count,
					Text:    "Cores that each backend container uses.",
					Queries: []Query{prom(`sum by (name) (rate(container_cpu_usage_seconds_total`+backendContainers+`[$__rate_interval]))`, "{{name}}")}},
				{ID: 52, Kind: Graph, Title: "Restarts", Unit: Count, Limits: warnOver(3),
					Text:    "Restarts in the 15 minutes before. A worker that is killed does not restart its container: see the worker panel.",
					Queries: []Query{prom(`max by (name) (changes(container_start_time_seconds`+backendContainers+`[15m]))`, "{{name}}")}},
			}},
			{ID: 106, Title: "What its log says", Height: 8, Panels: []Panel{
				{ID: 60, Kind: Graph, Title: "Workers that gunicorn killed", Unit: Count, Width: 8, Limits: criticalOver(1),
					Text:    "Lines WORKER TIMEOUT and SIGKILL (perhaps out of memory).",
					Queries: []Query{logql(`sum(count_over_time({service=~".*backend.*", env=~"$env"} |~ "WORKER TIMEOUT|was sent SIGKILL" [$__auto])) or vector(0)`, "killed")}},
				{ID: 61, Kind: Logs, Title: "Newest errors", Width: 16,
					Text:    "Lines of the backend of level error, critical and fatal. The link of correlation_id leads to the whole story of the request.",
					Queries: []Query{logql(`{service=~".*backend.*", env=~"$env", level=~"error|critical|fatal"}`, "")}},
			}},
			{ID: 107, Title: "Accounts", Height: 7, Panels: []Panel{
				{ID: 70, Kind: Graph, Title: "Logins", Unit: PerSecond,
					Text: "Attempts to log in, by outcome. The metric appears with the first one." + oneWorker,
					Queries: []Query{prom(`sum by (env, status) (rate(auth_login_attempts_total{job="backend", env=~"$env"}[$__rate_interval]))`+
						` or `+zero("backend"), "{{status}} {{env}}")}},
				{ID: 71, Kind: Graph, Title: "Errors of Discord's API", Unit: PerSecond,
					Text: "Errors of Discord's API, by kind. The metric appears with the first one." + oneWorker,
					Queries: []Query{prom(`sum by (env, error_type) (rate(discord_api_errors_total{job="backend", env=~"$env"}[$__rate_interval]))`+
						` or `+zero("backend"), "{{error_type}} {{env}}")}},
			}},
		},
	}
}
