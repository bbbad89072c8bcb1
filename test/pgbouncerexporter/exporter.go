// Package pgbouncerexporter shows a PgBouncer's admin console under the metric
// names of prometheus-community/pgbouncer_exporter 0.12.1, which is no module
// that can be built, for tests. Debian's exporter cannot read a PgBouncer of
// this decade.
package pgbouncerexporter

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strconv"
	"time"

	_ "github.com/lib/pq" // the driver that the exporter itself uses: the console knows simple queries only
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves the metrics of the PgBouncer whose console has an address. It
// connects for each scrape, as the exporter does since 0.11.
func Handler(dsn string) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(console{dsn})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// deadline bounds what a scrape asks.
const deadline = 5 * time.Second

type console struct{ dsn string }

// column is one of a command's columns, or rows, as a metric.
type column struct {
	metric string
	kind   prometheus.ValueType
	unit   float64 // what one of the console's units is; 0 is 1
}

const microsecond = 1e-6

func gauge(metric string) column { return column{metric: metric, kind: prometheus.GaugeValue} }

func counter(metric string) column { return column{metric: metric, kind: prometheus.CounterValue} }

func micros(metric string) column {
	return column{metric: metric, kind: prometheus.CounterValue, unit: microsecond}
}

// table is a command with one row for each thing.
type table struct {
	command string
	labels  []string
	columns map[string]column
}

func tables() []table {
	return []table{
		{"SHOW POOLS", []string{"database", "user"}, map[string]column{
			"cl_active":             gauge("pools_client_active_connections"),
			"cl_active_cancel_req":  gauge("pools_client_active_cancel_connections"),
			"cl_waiting":            gauge("pools_client_waiting_connections"),
			"cl_waiting_cancel_req": gauge("pools_client_waiting_cancel_connections"),
			"sv_active":             gauge("pools_server_active_connections"),
			"sv_active_cancel":      gauge("pools_server_active_cancel_connections"),
			"sv_being_canceled":     gauge("pools_server_being_canceled_connections"),
			"sv_idle":               gauge("pools_server_idle_connections"),
			"sv_used":               gauge("pools_server_used_connections"),
			"sv_tested":             gauge("pools_server_testing_connections"),
			"sv_login":              gauge("pools_server_login_connections"),
			"maxwait":               gauge("pools_client_maxwait_seconds"),
		}},
		{"SHOW DATABASES", []string{"name", "host", "port", "database", "force_user", "pool_mode"}, map[string]column{
			"pool_size":           gauge("databases_pool_size"),
			"reserve_pool":        gauge("databases_reserve_pool"),
			"reserve_pool_size":   gauge("databases_reserve_pool"), // its name since 1.24
			"max_connections":     gauge("databases_max_connections"),
			"current_connections": gauge("databases_current_connections"),
			"paused":              gauge("databases_paused"),
			"disabled":            gauge("databases_disabled"),
		}},
		{"SHOW STATS_TOTALS", []string{"database"}, map[string]column{
			"query_count":    counter("stats_totals_queries_pooled_total"),
			"query_time":     micros("stats_totals_queries_duration_seconds_total"),
			"wait_time":      micros("stats_totals_client_wait_seconds_total"),
			"xact_time":      micros("stats_totals_server_in_transaction_seconds_total"),
			"xact_count":     counter("stats_totals_sql_transactions_pooled_total"),
			"bytes_received": counter("stats_totals_received_bytes_total"),
			"bytes_sent":     counter("stats_totals_sent_bytes_total"),
		}},
	}
}

// list is a command whose rows are a name and a value.
type list struct {
	command, name, value string
	rows                 map[string]column
}

func lists() []list {
	items := map[string]column{
		"dns_names": gauge("cached_dns_names"), "dns_zones": gauge("cached_dns_zones"), "dns_queries": gauge("in_flight_dns_queries"),
	}
	for _, name := range []string{"databases", "users", "pools", "free_clients", "used_clients", "login_clients", "free_servers", "used_servers"} {
		items[name] = gauge(name)
	}
	return []list{
		{"SHOW LISTS", "list", "items", items},
		{"SHOW CONFIG", "key", "value", map[string]column{
			"max_client_conn":      gauge("config_max_client_connections"),
			"max_user_connections": gauge("config_max_user_connections"),
		}},
	}
}

// Describe tells nothing: which metrics there are depends on the version of
// PgBouncer.
func (c console) Describe(chan<- *prometheus.Desc) {}

// Collect asks the console.
func (c console) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	up := 1.0
	if err := c.collect(ctx, out); err != nil {
		up = 0
	}
	send(out, gauge("up"), up, nil, nil)
}

func (c console) collect(ctx context.Context, out chan<- prometheus.Metric) error {
	db, err := sql.Open("postgres", c.dsn)
	if err != nil {
		return fmt.Errorf("open PgBouncer's console: %w", err)
	}
	defer db.Close()
	for _, t := range tables() {
		rows, err := ask(ctx, db, t.command)
		if err != nil {
			return err
		}
		for _, row := range rows {
			t.send(out, row)
		}
	}
	for _, l := range lists() {
		rows, err := ask(ctx, db, l.command)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if column, ok := l.rows[row[l.name]]; ok {
				sendText(out, column, row[l.value], nil, nil)
			}
		}
	}
	if err := sendClients(ctx, db, out); err != nil {
		return err
	}
	return sendVersion(ctx, db, out)
}

func (t table) send(out chan<- prometheus.Metric, row map[string]string) {
	values := make([]string, len(t.labels))
	for i, label := range t.labels {
		values[i] = row[label]
	}
	for name, column := range t.columns {
		if value, ok := row[name]; ok {
			sendText(out, column, value, t.labels, values)
		}
	}
}

// sendClients counts the clients by what they say they are.
func sendClients(ctx context.Context, db *sql.DB, out chan<- prometheus.Metric) error {
	rows, err := ask(ctx, db, "SHOW CLIENTS")
	if err != nil {
		return err
	}
	labels := []string{"database", "user", "application_name", "state"}
	counts := map[[4]string]float64{}
	for _, row := range rows {
		counts[[4]string{row["database"], row["user"], row["application_name"], row["state"]}]++
	}
	for values, count := range counts {
		send(out, gauge("client_connections"), count, labels, values[:])
	}
	return nil
}

func sendVersion(ctx context.Context, db *sql.DB, out chan<- prometheus.Metric) error {
	rows, err := ask(ctx, db, "SHOW VERSION")
	if err != nil || len(rows) == 0 {
		return err
	}
	send(out, gauge("version_info"), 1, []string{"version"}, []string{rows[0]["version"]})
	return nil
}

// ask returns the rows of a command, each by its columns' names.
func ask(ctx context.Context, db *sql.DB, command string) ([]map[string]string, error) {
	rows, err := db.QueryContext(ctx, command)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	var all []map[string]string
	cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("%s: %w", command, err)
		}
		row := make(map[string]string, len(names))
		for i, name := range names {
			row[name] = cells[i].String
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// sendText sends a number of the console; what is none is left out.
func sendText(out chan<- prometheus.Metric, c column, text string, labels, values []string) {
	if value, err := strconv.ParseFloat(text, 64); err == nil {
		send(out, c, value, labels, values)
	}
}

func send(out chan<- prometheus.Metric, c column, value float64, labels, values []string) {
	if c.unit != 0 {
		value *= c.unit
	}
	desc := prometheus.NewDesc("pgbouncer_"+c.metric, "See pgbouncer_exporter.", labels, nil)
	out <- prometheus.MustNewConstMetric(desc, c.kind, value, values...)
}
