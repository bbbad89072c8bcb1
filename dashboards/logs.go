package dashboards

func nginxErrors() Limits { return criticalOver(0.05).of("NginxServerErrors") }

// access matches a line of nginx's access log in its combined format, or in a longer one that begins like it.
const (
	access = "`^\\S+ \\S+ \\S+ \\[[^\\]]+\\] \"(?P<request>[^\"]*)\" (?P<status>(?P<class>\\d)\\d\\d) (?P<bytes>\\d+)`"

	accessLog = `{service="nginx", env=~"$env"} | regexp ` + access + ` | status!=""`
)

// accessShare is the share of requests whose status matches, by environment.
func accessShare(status, window string) string {
	all := `sum by (env) (rate(` + accessLog + ` [` + window + `]))`
	return `(sum by (env) (rate(` + accessLog + ` | status=~"` + status + `" [` + window + `])) or 0 * ` + all + `) / ` + all
}

func nginxBoard() Board {
	return Board{
		UID: "tovplay-nginx", Folder: "TovPlay", Title: "nginx",
		Text:      "Requests by nginx's log in its combined format, which is what there is when the backend has no metrics or is down.",
		Variables: []Variable{logEnvs()},
		Rows: []Row{
			{ID: 100, Title: "Now", Height: 4, Panels: []Panel{
				{ID: 1, Kind: Stat, Title: "Requests", Unit: Requests,
					Text:    "Requests of the last 5 minutes.",
					Queries: []Query{logql(`sum by (env) (rate(`+accessLog+` [5m]))`, "{{env}}")}},
				{ID: 2, Kind: Stat, Title: "Failed (5xx)", Unit: Ratio, Limits: nginxErrors(),
					Text:    "Share of the requests of the last 5 minutes that ended in a server error.",
					Queries: []Query{logql(accessShare("5..", "5m"), "{{env}}")}},
				{ID: 3, Kind: Stat, Title: "Backend does not answer (502, 504)", Unit: Ratio, Limits: warnOver(0.01).of("NginxBadGateway"),
					Text:    "Share of the answers of the last 5 minutes that nginx gave because the backend gave none, or none in time.",
					Queries: []Query{logql(accessShare("502|504", "5m"), "{{env}}")}},
				{ID: 4, Kind: Stat, Title: "Refused (4xx)", Unit: Ratio,
					Text:    "Share of the requests of the last 5 minutes that nginx or the backend refused.",
					Queries: []Query{logql(accessShare("4..", "5m"), "{{env}}")}},
				{ID: 5, Kind: Stat, Title: "Lines of the error log", Unit: Count,
					Text:    "Lines of level error and worse in the chosen time.",
					Queries: []Query{logql(`sum(count_over_time({service="nginx", env=~"$env", level=~"error|critical|fatal"} [$__range])) or vector(0)`, "")}},
			}},
			{ID: 101, Title: "Requests", Height: 8, Panels: []Panel{
				{ID: 10, Kind: Graph, Title: "Requests by status", Unit: Requests, Stacked: true,
					Text:    "Requests by the first digit of their status.",
					Queries: []Query{logql(`sum by (class) (rate(`+accessLog+` [$__auto]))`, "{{class}}xx")}},
				{ID: 11, Kind: Graph, Title: "Failed requests (5xx)", Unit: Ratio, Limits: nginxErrors(),
					Text:    "Share of requests that ended in a server error.",
					Queries: []Query{logql(accessShare("5..", "$__auto"), "{{env}}")}},
				{ID: 12, Kind: Graph, Title: "Sent", Unit: ByteRate,
					Text:    "Bytes of the bodies that nginx sent.",
					Queries: []Query{logql(`sum by (env) (rate(`+accessLog+` | unwrap bytes [$__auto]))`, "{{env}}")}},
			}},
			{ID: 102, Title: "Which requests", Height: 8, Panels: []Panel{
				{ID: 20, Kind: Table, Title: "Most frequent requests", Unit: Count,
					Text:    "The ten most frequent requests of the last 5 minutes, without what follows a question mark.",
					Queries: []Query{logql(`topk(10, sum by (path) (count_over_time(`+accessLog+` | label_format path="{{ regexReplaceAll \"[?].*| HTTP/.*\" .request \"\" }}" [5m])))`, "")}},
				{ID: 21, Kind: Table, Title: "Requests by status", Unit: Count,
					Text:    "Requests of the last 5 minutes.",
					Queries: []Query{logql(`sum by (status) (count_over_time(`+accessLog+` [5m]))`, "")}},
			}},
			{ID: 103, Title: "The error log", Height: 9, Panels: []Panel{
				{ID: 30, Kind: Graph, Title: "Lines by level", Unit: PerSecond, Width: 8, Stacked: true,
					Text:    "All lines of nginx by level; access lines have the level of their status.",
					Queries: []Query{logql(`sum by (level) (rate({service="nginx", env=~"$env"} [$__auto]))`, "{{level}}")}},
				{ID: 31, Kind: Logs, Title: "Newest errors", Width: 16,
					Text:    "Lines of level error and worse, of both logs.",
					Queries: []Query{logql(`{service="nginx", env=~"$env", level=~"error|critical|fatal"}`, "")}},
			}},
			{ID: 104, Title: "Connections, by nginx-prometheus-exporter", Height: 7, Panels: []Panel{
				{ID: 40, Kind: Graph, Title: "Connections by state", Unit: Count, Stacked: true,
					Text: "Connections that read a request, are given an answer, or wait for the next request. Needs the exporter, as the job nginx.",
					Queries: []Query{
						prom(`sum by (instance) (nginx_connections_reading{job="nginx"})`, "reading"),
						prom(`sum by (instance) (nginx_connections_writing{job="nginx"})`, "writing"),
						prom(`sum by (instance) (nginx_connections_waiting{job="nginx"})`, "waiting"),
					}},
				{ID: 41, Kind: Graph, Title: "Connections that nginx did not take", Unit: PerSecond,
					Text:    "Connections that were accepted and closed at once, because worker_connections or a limit of the system was reached.",
					Queries: []Query{prom(`sum by (instance) (rate(nginx_connections_accepted{job="nginx"}[$__rate_interval]) - rate(nginx_connections_handled{job="nginx"}[$__rate_interval]))`, "{{instance}}")}},
			}},
		},
	}
}

func errorsBoard() Board {
	return Board{
		UID: "tovplay-errors", Folder: "TovPlay", Title: "Errors",
		Text:      "Errors in the logs by service, kind and environment. The dashboard at /logs/issues has them grouped into issues.",
		Variables: []Variable{logEnvs(), services()},
		Rows: []Row{
			{ID: 100, Title: "In the chosen time", Height: 4, Panels: []Panel{
				{ID: 1, Kind: Stat, Title: "Errors", Unit: Count,
					Text:    "Lines of level error, critical and fatal.",
					Queries: []Query{logql(`sum(count_over_time(`+errorLines+` [$__range])) or vector(0)`, "")}},
				{ID: 2, Kind: Stat, Title: "Critical", Unit: Count,
					Text:    "Lines of level critical and fatal.",
					Queries: []Query{logql(`sum(count_over_time({service=~"$service", env=~"$env", level=~"critical|fatal"} [$__range])) or vector(0)`, "")}},
				{ID: 3, Kind: Stat, Title: "Exceptions", Unit: Count,
					Text:    "Lines with a traceback.",
					Queries: []Query{logql(`sum(count_over_time({service=~"$service", env=~"$env"} | exception_type!="" [$__range])) or vector(0)`, "")}},
				{ID: 4, Kind: Stat, Title: "Share of all lines", Unit: Ratio,
					Text: "Errors among all lines.",
					Queries: []Query{logql(`(sum(count_over_time(`+errorLines+` [$__range])) or vector(0)) / sum(count_over_time({service=~"$service", env=~"$env"} [$__range]))`,
						"")}},
			}},
			{ID: 101, Title: "When", Height: 8, Panels: []Panel{
				{ID: 10, Kind: Graph, Title: "Errors by service", Unit: PerSecond, Stacked: true,
					Text:    "Lines of level error, critical and fatal, each second.",
					Queries: []Query{logql(`sum by (service) (rate(`+errorLines+` [$__auto]))`, "{{service}}")}},
				{ID: 11, Kind: Graph, Title: "Lines by level", Unit: PerSecond, Stacked: true,
					Text:    "All lines by level.",
					Queries: []Query{logql(`sum by (level) (rate({service=~"$service", env=~"$env"} [$__auto]))`, "{{level}}")}},
			}},
			{ID: 102, Title: "What", Height: 8, Panels: []Panel{
				{ID: 20, Kind: Table, Title: "Exceptions by type", Unit: Count,
					Text:    "The twenty most frequent exception types, by service. The collector reads them from tracebacks.",
					Queries: []Query{logql(`topk(20, sum by (service, exception_type) (count_over_time({service=~"$service", env=~"$env"} | exception_type!="" [$__range])))`, "")}},
				{ID: 21, Kind: Table, Title: "Errors by logger", Unit: Count,
					Text:    "The twenty loggers with most errors, by service. Lines without a logger are together.",
					Queries: []Query{logql(`topk(20, sum by (service, logger) (count_over_time(`+errorLines+` [$__range])))`, "")}},
			}},
			{ID: 103, Title: "Lines", Height: 12, Panels: []Panel{
				{ID: 30, Kind: Logs, Title: "Newest errors",
					Text:    "Lines of level error, critical and fatal. The link of correlation_id leads to the whole story of the request.",
					Queries: []Query{logql(errorLines, "")}},
			}},
		},
	}
}
