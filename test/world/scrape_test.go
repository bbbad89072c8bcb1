package world

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// interval is how often Prometheus scrapes and evaluates in these tests, for
// the 15 seconds of the shipped configuration.
const interval = "2s"

// metrics of each job, with the names of the exporters' versions in Debian 12,
// of pgbouncer_exporter 0.12.1 and of cAdvisor 0.57, that catalogue, rules and
// dashboards are made of.
var metrics = map[string][]string{
	"backend": {
		"flask_http_request_duration_seconds_bucket", "flask_http_request_duration_seconds_sum", "flask_http_request_duration_seconds_count",
		"flask_http_request_duration_seconds_created", "flask_http_request_total", "flask_http_request_created", "flask_exporter_info",
		"tovplay_backend", "python_info", "process_start_time_seconds", "process_resident_memory_bytes",
		"auth_login_attempts_total", "auth_login_duration_seconds_bucket", "auth_login_failure_reasons_total", "auth_signup_attempts_total",
		"auth_signup_duration_seconds_bucket", "auth_email_verification_attempts_total", "auth_password_change_attempts_total",
		"user_deletion_attempts_total", "username_availability_checks_total", "discord_oauth_callbacks_total",
		"discord_token_exchange_duration_seconds_bucket", "discord_api_errors_total",
	},
	"pgbouncer": {
		"pgbouncer_up", "pgbouncer_version_info", "pgbouncer_client_connections",
		"pgbouncer_pools_client_active_connections", "pgbouncer_pools_client_waiting_connections", "pgbouncer_pools_client_maxwait_seconds",
		"pgbouncer_pools_client_active_cancel_connections", "pgbouncer_pools_client_waiting_cancel_connections",
		"pgbouncer_pools_server_active_connections", "pgbouncer_pools_server_idle_connections", "pgbouncer_pools_server_used_connections",
		"pgbouncer_pools_server_testing_connections", "pgbouncer_pools_server_login_connections",
		"pgbouncer_pools_server_active_cancel_connections", "pgbouncer_pools_server_being_canceled_connections",
		"pgbouncer_databases_pool_size", "pgbouncer_databases_reserve_pool", "pgbouncer_databases_max_connections",
		"pgbouncer_databases_current_connections", "pgbouncer_databases_paused", "pgbouncer_databases_disabled",
		"pgbouncer_config_max_client_connections", "pgbouncer_config_max_user_connections",
		"pgbouncer_stats_totals_queries_pooled_total", "pgbouncer_stats_totals_queries_duration_seconds_total",
		"pgbouncer_stats_totals_client_wait_seconds_total", "pgbouncer_stats_totals_server_in_transaction_seconds_total",
		"pgbouncer_stats_totals_sql_transactions_pooled_total", "pgbouncer_stats_totals_received_bytes_total", "pgbouncer_stats_totals_sent_bytes_total",
		"pgbouncer_databases", "pgbouncer_users", "pgbouncer_pools", "pgbouncer_free_clients", "pgbouncer_used_clients", "pgbouncer_login_clients",
		"pgbouncer_free_servers", "pgbouncer_used_servers", "pgbouncer_cached_dns_names", "pgbouncer_cached_dns_zones", "pgbouncer_in_flight_dns_queries",
	},
	"postgres": {
		"pg_up", "pg_exporter_last_scrape_error", "pg_scrape_collector_success", "pg_static", "pg_stat_bgwriter_buffers_alloc_total", "pg_database_size_bytes", "pg_locks_count", "pg_settings_max_connections",
		"pg_settings_superuser_reserved_connections", "pg_stat_activity_count", "pg_stat_activity_max_tx_duration", "pg_stat_archiver_failed_count",
		"pg_stat_database_numbackends", "pg_stat_database_xact_commit", "pg_stat_database_xact_rollback",
		"pg_stat_database_blks_read", "pg_stat_database_blks_hit", "pg_stat_database_deadlocks", "pg_stat_database_conflicts",
		"pg_stat_database_temp_bytes", "pg_stat_database_temp_files", "pg_stat_database_tup_fetched", "pg_stat_database_tup_returned",
	},
	"nginx": {
		"nginx_up", "nginx_connections_accepted", "nginx_connections_handled", "nginx_connections_active", "nginx_connections_reading",
		"nginx_connections_writing", "nginx_connections_waiting", "nginx_http_requests_total",
	},
	"node": {
		"node_cpu_seconds_total", "node_load1", "node_load5", "node_load15", "node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes",
		"node_memory_SwapTotal_bytes", "node_memory_SwapFree_bytes", "node_vmstat_oom_kill", "node_vmstat_pgmajfault", "node_disk_io_time_seconds_total",
		"node_disk_io_time_weighted_seconds_total", "node_disk_read_bytes_total", "node_disk_written_bytes_total", "node_filesystem_avail_bytes",
		"node_filesystem_size_bytes", "node_filesystem_free_bytes", "node_filesystem_files", "node_filesystem_files_free", "node_filesystem_readonly",
		"node_filesystem_device_error", "node_network_receive_bytes_total", "node_network_transmit_bytes_total", "node_network_receive_errs_total",
		"node_network_transmit_errs_total", "node_network_receive_drop_total", "node_network_transmit_drop_total", "node_filefd_allocated",
		"node_filefd_maximum", "node_timex_offset_seconds", "node_timex_sync_status", "node_timex_maxerror_seconds", "node_boot_time_seconds",
		"node_textfile_scrape_error", "node_scrape_collector_success",
	},
	"cadvisor": {
		"container_cpu_usage_seconds_total", "container_cpu_cfs_periods_total", "container_cpu_cfs_throttled_periods_total",
		"container_cpu_cfs_throttled_seconds_total", "container_oom_events_total", "container_memory_failcnt", "container_memory_working_set_bytes",
		"container_memory_usage_bytes", "container_memory_rss", "container_memory_cache", "container_memory_swap", "container_memory_max_usage_bytes",
		"container_spec_memory_limit_bytes", "container_spec_cpu_quota", "container_spec_cpu_period", "container_start_time_seconds",
		"container_last_seen", "container_network_receive_bytes_total", "container_network_transmit_bytes_total",
		"container_network_receive_errors_total", "container_network_transmit_errors_total", "container_health_state", "container_fs_usage_bytes",
	},
	"blackbox": {
		"probe_success", "probe_duration_seconds", "probe_http_status_code", "probe_http_duration_seconds", "probe_http_ssl", "probe_http_redirects",
		"probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_expiry_timestamp_seconds", "probe_ssl_last_chain_info", "probe_tls_version_info",
		"probe_failed_due_to_regex", "probe_dns_lookup_time_seconds",
	},
}

func TestAllOfTheWorldIsSeen(t *testing.T) {
	t.Parallel()
	w := New(t)
	prometheus := newPrometheus(t, servers.PrometheusShipped(t, interval, w.Targets(), nil).URL)
	t.Run("every exporter is scraped under the names that are read", func(t *testing.T) { everyExporterIsScraped(t, w, prometheus) })
	t.Run("every alert rule finds its series", func(t *testing.T) { everyRuleFindsItsSeries(t, prometheus) })
	t.Run("every log comes into Loki", func(t *testing.T) { everyLogArrives(t, w) })
}

func everyExporterIsScraped(t *testing.T, w *World, prometheus prometheus) {
	t.Helper()
	for job, list := range w.Targets() {
		servers.Eventually(t, job+" is scraped", func() bool {
			up := prometheus.query(t, `up{job="`+job+`"} == 1`)
			return len(up) == len(list)
		})
	}
	for job, names := range metrics {
		for _, name := range names {
			servers.Eventually(t, job+" has "+name, func() bool { return slices.Contains(prometheus.names(t, job), name) })
		}
	}
	for query, want := range map[string]int{
		`probe_success == 1`:                                                             4,
		`pgbouncer_databases_pool_size{name="app"} == 20`:                                1,
		`pgbouncer_databases_max_connections{name="app"} == 50`:                          1,
		`pgbouncer_config_max_client_connections == 1000`:                                1,
		`pgbouncer_up == 1`:                                                              1,
		`container_spec_memory_limit_bytes{name="` + BackendContainer + `"} == 512*2^20`: 1,
		`container_last_seen{container_label_com_docker_compose_service="backend"}`:      1,
		`count by (env) (flask_http_request_total{job="backend"})`:                       2,
	} {
		servers.Eventually(t, query, func() bool { return len(prometheus.query(t, query)) == want })
	}
}

func everyLogArrives(t *testing.T, w *World) {
	t.Helper()
	for _, query := range []string{
		`{service="nginx", env="production"} |= "GET /api/users/42 HTTP/1"`,
		`{service="backend", container="` + BackendContainer + `"} |= "Request completed"`,
		`{service="pgbouncer"} |= " stats: "`,
		`{service="postgresql"} |= "ready to accept connections"`,
	} {
		servers.Eventually(t, query, func() bool { return len(servers.Query(t, w.Loki.URL, query)) > 0 })
	}
}

// prometheus asks a real one.
type prometheus struct{ api v1.API }

func newPrometheus(t testing.TB, url string) prometheus {
	t.Helper()
	client, err := api.NewClient(api.Config{Address: url})
	if err != nil {
		t.Fatal(err)
	}
	return prometheus{v1.NewAPI(client)}
}

// query returns what an expression is now.
func (p prometheus) query(t testing.TB, expr string) model.Vector {
	t.Helper()
	value, _, _, err := p.api.Query(context.Background(), expr, time.Now())
	if err != nil {
		t.Fatalf("query %s: %v", expr, err)
	}
	return value.(model.Vector)
}

// names returns the names of a job's metrics.
func (p prometheus) names(t testing.TB, job string) []string {
	t.Helper()
	values, _, _, err := p.api.LabelValues(context.Background(), model.MetricNameLabel, []string{`{job="` + job + `"}`}, time.Now().Add(-time.Hour), time.Now())
	if err != nil {
		t.Fatalf("names of %s: %v", job, err)
	}
	var names []string
	for _, value := range values {
		names = append(names, string(value))
	}
	return names
}
