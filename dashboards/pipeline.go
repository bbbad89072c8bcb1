package dashboards

func collectorLag() Limits  { return over(16<<20, 256<<20) }
func collectorLoss() Limits { return over(1, 1000) }
func indexLag() Limits      { return warnOver(300) }

// born is how much counters of a job grew in the 10 minutes before. Their series are born with the first event, which
// increase does not see.
func born(counter, by, job string) string {
	return `sum by (` + by + `) (increase(` + counter + `[10m]) or (` + counter + ` unless ` + counter + ` offset 10m)) or ` + zero(job)
}

func pipelineBoard() Board {
	push := `loki_request_duration_seconds`
	return Board{
		UID: "tovplay-pipeline", Folder: "Infrastructure", Title: "Log pipeline",
		Text: "Whether every line arrives: the collector, Loki, the dashboard's index of errors, and the alerts.",
		Rows: []Row{
			{ID: 100, Title: "Now", Height: 4, Panels: []Panel{
				{ID: 1, Kind: Stat, Title: "Parts", Unit: YesNo, Limits: criticalUnder(1), Width: 8,
					Text:    "Whether Prometheus reads each part.",
					Queries: []Query{prom(`min by (job) (up{job=~"loki|prometheus|alertmanager|collector|dashboard"})`, "{{job}}")}},
				{ID: 2, Kind: Stat, Title: "Lines get through", Unit: YesNo, Limits: criticalUnder(1), Width: 4,
					Text:    "Whether the collector's Loki takes lines.",
					Queries: []Query{prom(`1 - max by (client) (collector_client_failing{job="collector"})`, "{{client}}")}},
				{ID: 3, Kind: Stat, Title: "Not read yet", Unit: Bytes, Limits: collectorLag(), Width: 3,
					Text:    "Bytes of logs that are there and not read.",
					Queries: []Query{prom(`sum(collector_lag_bytes{job="collector"})`, "")}},
				{ID: 4, Kind: Stat, Title: "Lines lost", Unit: Count, Limits: collectorLoss(), Width: 3,
					Text:    "Lines that the collector gave up in the last 10 minutes.",
					Queries: []Query{prom(`sum(`+born(`promtail_dropped_entries_total{job="collector"}`, "reason", "collector")+`)`, "")}},
				{ID: 5, Kind: Stat, Title: "Index behind", Unit: Seconds, Limits: indexLag(), Width: 3,
					Text:    "How far the dashboard's index of errors is behind the clock.",
					Queries: []Query{prom(`max(dashboard_index_lag_seconds{job="dashboard"})`, "")}},
				{ID: 6, Kind: Stat, Title: "Errors become issues", Unit: YesNo, Limits: criticalUnder(1), Width: 3,
					Text:    "Whether the dashboard's index runs.",
					Queries: []Query{prom(`min(dashboard_index_up{job="dashboard"})`, "")}},
			}},
			{ID: 101, Title: "Collector", Height: 8, Panels: []Panel{
				{ID: 10, Kind: Graph, Title: "Lines", Unit: PerSecond,
					Text: "Entries that were read, and those that Loki confirmed.",
					Queries: []Query{
						prom(`sum(rate(collector_entries_read_total{job="collector"}[$__rate_interval]))`, "read"),
						prom(`sum(rate(promtail_sent_entries_total{job="collector"}[$__rate_interval]))`, "confirmed"),
					}},
				{ID: 11, Kind: Graph, Title: "Not read yet", Unit: Bytes, Limits: collectorLag(),
					Text:    "Bytes of logs that are there and not read: the ten longest.",
					Queries: []Query{prom(`topk(10, sum by (path) (collector_lag_bytes{job="collector"}))`, "{{path}}")}},
				{ID: 12, Kind: Graph, Title: "Given up", Unit: Count, Limits: collectorLoss(),
					Text: "Lines that were given up, and those that Loki refused and that are kept in the quarantine, in the 10 minutes before.",
					Queries: []Query{
						prom(born(`promtail_dropped_entries_total{job="collector"}`, "reason", "collector"), "given up {{reason}}"),
						prom(born(`collector_quarantined_entries_total{job="collector"}`, "reason", "collector"), "quarantine {{reason}}"),
					}},
				{ID: 13, Kind: Graph, Title: "Disk queue", Unit: Ratio, Limits: criticalOver(0.8).of("CollectorSpoolAlmostFull"),
					Text:    "What waits on disk of what may wait there.",
					Queries: []Query{prom(`collector_spool_bytes{job="collector"} / on (instance) group_left () collector_spool_limit_bytes{job="collector"}`, "{{client}}")}},
				{ID: 14, Kind: Graph, Title: "Memory of lines in flight", Unit: Ratio, Limits: warnOver(0.9).of("CollectorMemoryFull"),
					Text:    "Lines that are read and not confirmed, of the memory that they may use. When it is used up, reading waits.",
					Queries: []Query{prom(`collector_memory_in_flight_bytes{job="collector"} / (collector_memory_limit_bytes{job="collector"} > 0)`, "{{instance}}")}},
			}},
			{ID: 102, Title: "Collector, more", Height: 7, Panels: []Panel{
				{ID: 20, Kind: Graph, Title: "Time of a push", Unit: Seconds,
					Text:    "99 of 100 requests to Loki take at most this long.",
					Queries: []Query{prom(`histogram_quantile(0.99, sum by (le) (rate(promtail_request_duration_seconds_bucket{job="collector"}[$__rate_interval])))`, "p99")}},
				{ID: 21, Kind: Graph, Title: "Pushes by status", Unit: PerSecond,
					Text:    "Requests to Loki by the status of its answer; -1 is none.",
					Queries: []Query{prom(`sum by (status_code) (rate(promtail_request_duration_seconds_count{job="collector"}[$__rate_interval]))`, "{{status_code}}")}},
				{ID: 22, Kind: Graph, Title: "Sources", Unit: Count,
					Text: "Sources that are read, and those that cannot be read: the page /targets of the collector says why.",
					Queries: []Query{
						prom(`sum(promtail_targets_active_total{job="collector"})`, "read"),
						prom(`sum(collector_source_unreadable{job="collector"}) or `+zero("collector"), "cannot be read"),
					}},
			}},
			{ID: 103, Title: "Loki", Height: 8, Panels: []Panel{
				{ID: 30, Kind: Graph, Title: "Lines taken", Unit: PerSecond,
					Text:    "Lines that Loki took.",
					Queries: []Query{prom(`sum(rate(loki_distributor_lines_received_total{job="loki"}[$__rate_interval]))`, "lines")}},
				{ID: 31, Kind: Graph, Title: "Bytes taken", Unit: ByteRate,
					Text:    "Bytes that Loki took.",
					Queries: []Query{prom(`sum(rate(loki_distributor_bytes_received_total{job="loki"}[$__rate_interval]))`, "bytes")}},
				{ID: 32, Kind: Graph, Title: "Requests that failed (5xx)", Unit: Ratio, Limits: criticalOver(0.1).of("LokiRequestErrors"),
					Text: "Share of requests that Loki could not answer, by route.",
					Queries: []Query{prom(`(sum by (route) (rate(`+push+`_count{job="loki", status_code=~"5.."}[$__rate_interval])) or 0 * sum by (route) (rate(`+push+
						`_count{job="loki"}[$__rate_interval]))) / (sum by (route) (rate(`+push+`_count{job="loki"}[$__rate_interval])) > 0)`, "{{route}}")}},
				{ID: 33, Kind: Graph, Title: "Time of a push and of a query", Unit: Seconds, Limits: warnOver(1).of("LokiSlow"),
					Text: "99 of 100 take at most this long. The limit is for pushes.",
					Queries: []Query{
						prom(`histogram_quantile(0.99, sum by (le) (rate(`+push+`_bucket{job="loki", route="loki_api_v1_push"}[$__rate_interval])))`, "push"),
						prom(`histogram_quantile(0.99, sum by (le) (rate(`+push+`_bucket{job="loki", route=~"loki_api_v1_query.*"}[$__rate_interval])))`, "query"),
					}},
			}},
			{ID: 104, Title: "Loki, more", Height: 7, Panels: []Panel{
				{ID: 40, Kind: Graph, Title: "Lines that Loki refused", Unit: Count, Limits: warnOver(1),
					Text:    "In the 10 minutes before, by reason.",
					Queries: []Query{prom(born(`loki_discarded_samples_total{job="loki"}`, "reason", "loki"), "{{reason}}")}},
				{ID: 41, Kind: Graph, Title: "Streams in memory", Unit: Count,
					Text:    "Streams that Loki has in memory. Many more than before: a label has too many values.",
					Queries: []Query{prom(`sum(loki_ingester_memory_streams{job="loki"})`, "streams")}},
				{ID: 42, Kind: Graph, Title: "Rules that failed", Unit: Count, Limits: warnOver(1).of("PrometheusRulesFail"),
					Text:    "Evaluations of Prometheus' rules that failed in the 10 minutes before.",
					Queries: []Query{prom(`sum(increase(prometheus_rule_evaluation_failures_total{job="prometheus"}[10m])) or `+zero("prometheus"), "Prometheus")}},
			}},
			{ID: 105, Title: "Dashboard and alerts", Height: 8, Panels: []Panel{
				{ID: 50, Kind: Graph, Title: "Index behind", Unit: Seconds, Limits: indexLag(),
					Text:    "How far the index of errors is behind the clock.",
					Queries: []Query{prom(`max(dashboard_index_lag_seconds{job="dashboard"})`, "behind")}},
				{ID: 51, Kind: Graph, Title: "Events and issues", Unit: PerSecond,
					Text:    "Events that the index stored each second.",
					Queries: []Query{prom(`sum(rate(dashboard_index_events_total{job="dashboard"}[$__rate_interval]))`, "events")}},
				{ID: 52, Kind: Graph, Title: "Event store", Unit: Bytes,
					Text:    "Size of the event store.",
					Queries: []Query{prom(`sum(dashboard_index_stored_bytes{job="dashboard"})`, "size")}},
				{ID: 53, Kind: Graph, Title: "Failed calls of Loki and Prometheus", Unit: Count,
					Text:    "Calls of the dashboard that failed in the 10 minutes before.",
					Queries: []Query{prom(born(`dashboard_upstream_errors_total{job="dashboard"}`, "upstream", "dashboard"), "{{upstream}}")}},
				{ID: 54, Kind: Graph, Title: "Notifications that failed", Unit: Ratio, Limits: criticalOver(0.01).of("AlertmanagerNotificationsFail"),
					Text: "Share of the notifications of the 15 minutes before that Alertmanager could not deliver; 0 without notifications.",
					Queries: []Query{prom(`sum by (integration) (rate(alertmanager_notifications_failed_total{job="alertmanager"}[15m]))`+
						` / (sum by (integration) (rate(alertmanager_notifications_total{job="alertmanager"}[15m])) > 0)`+
						` or 0 * sum by (integration) (rate(alertmanager_notifications_total{job="alertmanager"}[15m]))`, "{{integration}}")}},
			}},
		},
	}
}
