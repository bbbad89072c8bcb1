package dashboards

func poolWaiting() Limits { return over(1, 20) }
func poolWait() Limits    { return over(1, 5) }
func poolFull() Limits    { return warnOver(0.9) }
func poolClients() Limits { return over(0.8, 0.95) }
func poolServers() Limits { return over(0.8, 0.9) }

const (
	// poolOf and databaseOf leave the admin console out, which is a database too. Pools name the database that clients see
	// database; databases name it name.
	poolOf     = `{job="pgbouncer", instance=~"$instance", database!="pgbouncer"}`
	databaseOf = `{job="pgbouncer", instance=~"$instance", name!="pgbouncer"}`

	poolWaits = `sum by (instance) (pgbouncer_pools_client_waiting_connections{job="pgbouncer", database!="pgbouncer"})`

	poolUse = `pgbouncer_pools_server_active_connections` + poolOf + ` / on (instance, database) group_left () ` +
		`max by (instance, database) (label_replace(pgbouncer_databases_pool_size` + databaseOf + ` > 0, "database", "$1", "name", "(.*)"))`

	reserveUse = `pgbouncer_pools_server_active_connections` + poolOf + ` / on (instance, database) group_left () ` +
		`max by (instance, database) (label_replace(pgbouncer_databases_pool_size` + databaseOf + ` + pgbouncer_databases_reserve_pool` + databaseOf +
		` > 0, "database", "$1", "name", "(.*)"))`

	serversUse = `max by (instance, database) (pgbouncer_databases_current_connections` + databaseOf + ` / (pgbouncer_databases_max_connections` + databaseOf + ` > 0))`

	clientsUse = `sum by (instance) (pgbouncer_pools_client_active_connections` + poolOf + ` + pgbouncer_pools_client_waiting_connections` + poolOf + `)` +
		` / on (instance) pgbouncer_config_max_client_connections{job="pgbouncer", instance=~"$instance"}`
)

// statsLines are the lines of its log in which PgBouncer sums up, in microseconds.
const statsLines = `{service="pgbouncer"} |= " stats: " | regexp ` +
	"`(?P<queries>[0-9]+) queries/s,.* query (?P<query>[0-9]+) us, wait (?P<wait>[0-9]+) us`"

// pooled is the rate of a total of PgBouncer over a time.
func pooled(total, window string) string {
	return `sum by (instance, database) (rate(pgbouncer_stats_totals_` + total + poolOf + `[` + window + `]))`
}

func pgbouncerBoard() Board {
	return Board{
		UID: "tovplay-pgbouncer", Folder: "Infrastructure", Title: "PgBouncer",
		Text:      "Who waits for a connection and why, with the names of prometheus-community/pgbouncer_exporter.",
		Variables: []Variable{instances("pgbouncer")},
		Rows: []Row{
			{ID: 100, Title: "Now", Height: 4, Panels: []Panel{
				{ID: 1, Kind: Stat, Title: "Up", Unit: YesNo, Limits: criticalUnder(1),
					Text:    "Whether the exporter reaches PgBouncer.",
					Queries: []Query{prom(`pgbouncer_up{job="pgbouncer", instance=~"$instance"}`, "{{instance}}")}},
				{ID: 2, Kind: Stat, Title: "Clients that wait", Unit: Count, Limits: poolWaiting(),
					Text:    "Clients that have no server connection.",
					Queries: []Query{prom(`sum by (instance) (pgbouncer_pools_client_waiting_connections`+poolOf+`)`, "{{instance}}")}},
				{ID: 3, Kind: Stat, Title: "Longest wait", Unit: Seconds, Limits: poolWait(),
					Text:    "How long the first client in line has been waiting.",
					Queries: []Query{prom(`max by (instance) (pgbouncer_pools_client_maxwait_seconds`+poolOf+`)`, "{{instance}}")}},
				{ID: 4, Kind: Stat, Title: "Fullest pool", Unit: Ratio, Limits: poolFull(),
					Text:    "Server connections that clients use, of the pool's size. Above 100 % the reserve is in use.",
					Queries: []Query{prom(`max by (instance) (`+poolUse+`)`, "{{instance}}")}},
				{ID: 5, Kind: Stat, Title: "Connections of PostgreSQL", Unit: Ratio, Limits: poolServers(),
					Text:    "Server connections of the database that is nearest to its max_db_connections.",
					Queries: []Query{prom(`max by (instance) (`+serversUse+`)`, "{{instance}}")}},
				{ID: 6, Kind: Stat, Title: "Clients", Unit: Ratio, Limits: poolClients(),
					Text:    "Clients of max_client_conn.",
					Queries: []Query{prom(clientsUse, "{{instance}}")}},
			}},
			{ID: 101, Title: "Clients", Height: 8, Panels: []Panel{
				{ID: 10, Kind: Graph, Title: "Clients", Unit: Count, Limits: poolWaiting(),
					Text: "Clients with a server connection, and those that wait for one. The limits are for those that wait.",
					Queries: []Query{
						prom(`sum by (instance, database) (pgbouncer_pools_client_active_connections`+poolOf+`)`, "{{database}} active"),
						prom(`sum by (instance, database) (pgbouncer_pools_client_waiting_connections`+poolOf+`)`, "{{database}} waiting"),
					}},
				{ID: 11, Kind: Graph, Title: "Longest wait", Unit: Seconds, Limits: poolWait(),
					Text:    "How long the first client in line has been waiting.",
					Queries: []Query{prom(`max by (instance, database) (pgbouncer_pools_client_maxwait_seconds`+poolOf+`)`, "{{database}}")}},
				{ID: 12, Kind: Graph, Title: "Clients by application", Unit: Count,
					Text:    "Connections of clients by the name that they give (application_name). The exporter has this since 0.12.",
					Queries: []Query{prom(`sum by (application_name, state) (pgbouncer_client_connections`+poolOf+`)`, "{{application_name}} {{state}}")}},
			}},
			{ID: 102, Title: "Server connections", Height: 8, Panels: []Panel{
				{ID: 20, Kind: Graph, Title: "Server connections by state", Unit: Count, Stacked: true,
					Text: "Connections to PostgreSQL: in use by a client, idle, used lately and not checked, being tested, logging in.",
					Queries: []Query{
						prom(`sum by (instance) (pgbouncer_pools_server_active_connections`+poolOf+`)`, "active"),
						prom(`sum by (instance) (pgbouncer_pools_server_idle_connections`+poolOf+`)`, "idle"),
						prom(`sum by (instance) (pgbouncer_pools_server_used_connections`+poolOf+`)`, "used"),
						prom(`sum by (instance) (pgbouncer_pools_server_testing_connections`+poolOf+`)`, "testing"),
						prom(`sum by (instance) (pgbouncer_pools_server_login_connections`+poolOf+`)`, "login"),
					}},
				{ID: 21, Kind: Graph, Title: "Use of the pools", Unit: Ratio, Limits: poolFull(),
					Text:    "Server connections that clients use, of default_pool_size. Above 100 % the reserve is in use.",
					Queries: []Query{prom(poolUse, "{{database}} {{user}}")}},
				{ID: 23, Kind: Graph, Title: "Use of the pools and their reserve", Unit: Ratio, Limits: criticalOver(1),
					Text:    "The same of default_pool_size and reserve_pool_size together. At 100 % every further client waits.",
					Queries: []Query{prom(reserveUse, "{{database}} {{user}}")}},
				{ID: 22, Kind: Graph, Title: "Use of max_db_connections", Unit: Ratio, Limits: poolServers(),
					Text:    "Server connections of each database, of what PgBouncer allows.",
					Queries: []Query{prom(serversUse, "{{database}}")}},
				{ID: 24, Kind: Graph, Title: "Use of max_client_conn", Unit: Ratio, Limits: poolClients(),
					Text:    "Clients of what PgBouncer allows.",
					Queries: []Query{prom(clientsUse, "{{instance}}")}},
			}},
			{ID: 103, Title: "Work", Height: 8, Panels: []Panel{
				{ID: 30, Kind: Graph, Title: "Queries", Unit: PerSecond,
					Text: "Queries and transactions each second.",
					Queries: []Query{
						prom(pooled("queries_pooled_total", "$__rate_interval"), "{{database}} queries"),
						prom(pooled("sql_transactions_pooled_total", "$__rate_interval"), "{{database}} transactions"),
					}},
				{ID: 31, Kind: Graph, Title: "Time of a query", Unit: Seconds,
					Text:    "Mean time that PostgreSQL needs for a query.",
					Queries: []Query{prom(pooled("queries_duration_seconds_total", "$__rate_interval")+` / `+pooled("queries_pooled_total", "$__rate_interval"), "{{database}}")}},
				{ID: 32, Kind: Graph, Title: "Wait before a query", Unit: Seconds, Limits: warnOver(0.05),
					Text:    "Mean time that clients waited for a connection, for each query: the earliest sign of a pool that is too small.",
					Queries: []Query{prom(pooled("client_wait_seconds_total", "$__rate_interval")+` / `+pooled("queries_pooled_total", "$__rate_interval"), "{{database}}")}},
				{ID: 33, Kind: Graph, Title: "Traffic", Unit: ByteRate,
					Text: "Bytes from clients and to them.",
					Queries: []Query{
						prom(pooled("received_bytes_total", "$__rate_interval"), "{{database}} received"),
						prom(pooled("sent_bytes_total", "$__rate_interval"), "{{database}} sent"),
					}},
			}},
			{ID: 104, Title: "Operation", Height: 8, Panels: []Panel{
				{ID: 40, Kind: Stat, Title: "Paused or disabled databases", Unit: Count, Width: 6, Limits: warnOver(1),
					Text:    "Databases for which PAUSE or DISABLE was said in the admin console.",
					Queries: []Query{prom(`sum(pgbouncer_databases_paused`+databaseOf+` + pgbouncer_databases_disabled`+databaseOf+`)`, "")}},
				{ID: 41, Kind: Logs, Title: "Its log", Width: 18,
					Text:    "Newest lines of PgBouncer.",
					Queries: []Query{logql(`{service="pgbouncer"}`, "")}},
			}},
			{ID: 105, Title: "Without an exporter: by its log", Height: 7, Panels: []Panel{
				{ID: 50, Kind: Graph, Title: "Queries by the log", Unit: PerSecond,
					Text:    "Queries each second, mean of 5 minutes, by the lines that PgBouncer writes once a minute (stats).",
					Queries: []Query{logql(`avg_over_time(`+statsLines+` | unwrap queries | __error__="" [5m]) by (host)`, "{{host}}")}},
				{ID: 51, Kind: Graph, Title: "Time of a query and wait before it, by the log", Unit: Seconds, Limits: warnOver(0.05),
					Text: "Mean of 5 minutes, by the same lines. The limit is for the wait.",
					Queries: []Query{
						logql(`avg_over_time(`+statsLines+` | unwrap query | __error__="" [5m]) by (host) / 1e6`, "query {{host}}"),
						logql(`avg_over_time(`+statsLines+` | unwrap wait | __error__="" [5m]) by (host) / 1e6`, "wait {{host}}"),
					}},
			}},
		},
	}
}

const (
	// databasesOf leaves out templates and the row of what all databases share.
	databasesOf = `{job="postgres", instance=~"$instance", datname!~"template.*|"}`

	// Settings and activity have a label server that others lack.
	connectionsUse = `sum by (instance) (pg_stat_activity_count{job="postgres", instance=~"$instance"})` +
		` / on (instance) max by (instance) (pg_settings_max_connections{job="postgres", instance=~"$instance"})`
)

func postgresConnections() Limits { return over(0.8, 0.95) }
func longTransaction() Limits     { return warnOver(300) }
func cacheHit() Limits            { return warnUnder(0.95) }

// longest is the age of the longest transaction in some states.
func longest(states string) string {
	return `max by (instance) (pg_stat_activity_max_tx_duration{job="postgres", instance=~"$instance", state=~"` + states + `"})`
}

// changed is the rate of a counter of pg_stat_database.
func changed(counter string) string {
	return `sum by (instance, datname) (rate(pg_stat_database_` + counter + databasesOf + `[$__rate_interval]))`
}

func postgresBoard() Board {
	hits := func(window string) string {
		hit := `sum by (instance) (rate(pg_stat_database_blks_hit` + databasesOf + `[` + window + `]))`
		read := `sum by (instance) (rate(pg_stat_database_blks_read` + databasesOf + `[` + window + `]))`
		return hit + ` / (` + hit + ` + ` + read + ` > 0)`
	}
	deadlocks := `increase(pg_stat_database_deadlocks` + databasesOf + `[10m])`
	return Board{
		UID: "tovplay-postgres", Folder: "Infrastructure", Title: "PostgreSQL",
		Text:      "Connections, transactions, locks and size, with the names of postgres_exporter 0.11 and later.",
		Variables: []Variable{instances("postgres")},
		Rows: []Row{
			{ID: 100, Title: "Now", Height: 4, Panels: []Panel{
				{ID: 1, Kind: Stat, Title: "Up", Unit: YesNo, Limits: criticalUnder(1),
					Text:    "Whether the exporter reaches PostgreSQL.",
					Queries: []Query{prom(`pg_up{job="postgres", instance=~"$instance"}`, "{{instance}}")}},
				{ID: 2, Kind: Stat, Title: "Connections", Unit: Ratio, Limits: postgresConnections(),
					Text:    "Connections of max_connections.",
					Queries: []Query{prom(connectionsUse, "{{instance}}")}},
				{ID: 3, Kind: Stat, Title: "Deadlocks", Unit: Count, Limits: warnOver(1),
					Text:    "Deadlocks of the last 10 minutes.",
					Queries: []Query{prom(`sum by (instance) (`+deadlocks+`)`, "{{instance}}")}},
				{ID: 4, Kind: Stat, Title: "Longest transaction", Unit: Seconds, Limits: longTransaction(),
					Text:    "Age of the longest transaction that is open.",
					Queries: []Query{prom(longest("active|idle in transaction.*"), "{{instance}}")}},
				{ID: 5, Kind: Stat, Title: "Cache hits", Unit: Ratio, Limits: cacheHit(),
					Text:    "Blocks that were in PostgreSQL's memory, of those that were read in the last 30 minutes.",
					Queries: []Query{prom(hits("30m"), "{{instance}}")}},
				{ID: 6, Kind: Stat, Title: "Size", Unit: Bytes,
					Text:    "Size of all databases.",
					Queries: []Query{prom(`sum by (instance) (pg_database_size_bytes{job="postgres", instance=~"$instance"})`, "{{instance}}")}},
			}},
			{ID: 101, Title: "Connections", Height: 8, Panels: []Panel{
				{ID: 10, Kind: Graph, Title: "Connections by state", Unit: Count, Stacked: true,
					Text:    "Connections by what they do. Idle in transaction holds locks and does nothing.",
					Queries: []Query{prom(`sum by (instance, state) (pg_stat_activity_count{job="postgres", instance=~"$instance"})`, "{{state}}")}},
				{ID: 11, Kind: Graph, Title: "Connections of max_connections", Unit: Ratio, Limits: postgresConnections(),
					Text:    "Connections of max_connections.",
					Queries: []Query{prom(connectionsUse, "{{instance}}")}},
				{ID: 12, Kind: Graph, Title: "Longest transaction", Unit: Seconds, Limits: longTransaction(),
					Text:    "Age of the longest transaction that is open.",
					Queries: []Query{prom(longest("active|idle in transaction.*"), "{{instance}}")}},
				{ID: 13, Kind: Graph, Title: "Longest idle transaction", Unit: Seconds, Limits: warnOver(120),
					Text:    "Age of the longest transaction that is open and does nothing. It holds its locks and keeps old rows from being removed.",
					Queries: []Query{prom(longest("idle in transaction.*"), "{{instance}}")}},
			}},
			{ID: 102, Title: "Transactions and locks", Height: 8, Panels: []Panel{
				{ID: 20, Kind: Graph, Title: "Transactions", Unit: PerSecond,
					Text:    "Transactions that ended each second.",
					Queries: []Query{prom(changed("xact_commit"), "{{datname}} commit"), prom(changed("xact_rollback"), "{{datname}} rollback")}},
				{ID: 21, Kind: Graph, Title: "Rollbacks", Unit: Ratio, Limits: warnOver(0.1),
					Text:    "Share of transactions that were rolled back.",
					Queries: []Query{prom(changed("xact_rollback")+` / (`+changed("xact_rollback")+` + `+changed("xact_commit")+` > 0)`, "{{datname}}")}},
				{ID: 22, Kind: Graph, Title: "Locks", Unit: Count, Stacked: true,
					Text:    "Locks that are held or waited for, by mode.",
					Queries: []Query{prom(`sum by (instance, mode) (pg_locks_count`+databasesOf+`) > 0`, "{{mode}}")}},
				{ID: 23, Kind: Graph, Title: "Deadlocks", Unit: Count, Limits: warnOver(1),
					Text:    "Deadlocks of the 10 minutes before. PostgreSQL's log has the statements.",
					Queries: []Query{prom(`sum by (instance, datname) (`+deadlocks+`)`, "{{datname}}")}},
			}},
			{ID: 103, Title: "Data", Height: 8, Panels: []Panel{
				{ID: 30, Kind: Graph, Title: "Cache hits", Unit: Ratio, Limits: cacheHit(),
					Text:    "Blocks that were in PostgreSQL's memory, of those that were read.",
					Queries: []Query{prom(hits("30m"), "{{instance}}")}},
				{ID: 31, Kind: Graph, Title: "Rows", Unit: PerSecond,
					Text: "Rows that statements read, added, changed and removed each second.",
					Queries: []Query{
						prom(changed("tup_fetched"), "{{datname}} fetched"), prom(changed("tup_inserted"), "{{datname}} inserted"),
						prom(changed("tup_updated"), "{{datname}} updated"), prom(changed("tup_deleted"), "{{datname}} deleted"),
					}},
				{ID: 32, Kind: Graph, Title: "Temporary files", Unit: ByteRate,
					Text:    "Bytes that sorts and joins wrote to disk because work_mem was too small.",
					Queries: []Query{prom(changed("temp_bytes"), "{{datname}}")}},
				{ID: 33, Kind: Graph, Title: "Size", Unit: Bytes,
					Text:    "Size of each database.",
					Queries: []Query{prom(`max by (instance, datname) (pg_database_size_bytes`+databasesOf+`)`, "{{datname}}")}},
			}},
			{ID: 104, Title: "Operation", Height: 8, Panels: []Panel{
				{ID: 40, Kind: Stat, Title: "The exporter's own errors", Unit: Count, Width: 6, Limits: warnOver(1).of("PostgresExporterErrors"),
					Text:    "1 when the exporter's last reading had an error: then some values here are missing.",
					Queries: []Query{prom(`max by (instance) (pg_exporter_last_scrape_error{job="postgres", instance=~"$instance"})`, "{{instance}}")}},
				{ID: 41, Kind: Logs, Title: "Its log", Width: 18,
					Text:    "Newest lines of PostgreSQL.",
					Queries: []Query{logql(`{service="postgresql"}`, "")}},
			}},
		},
	}
}
