package alerts_test

import (
	"math"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// catalogue is the part of internal/health/catalogue.yaml that rules have to agree with.
type catalogue struct {
	Parameters map[string]string
	Components []struct {
		ID      string
		Signals []signal
	}
}

type signal struct {
	ID                string
	Warning, Critical *float64
}

func (c catalogue) find(t *testing.T, component, id string) signal {
	t.Helper()
	for _, part := range c.Components {
		for _, s := range part.Signals {
			if part.ID == component && s.ID == id {
				return s
			}
		}
	}
	t.Fatalf("the catalogue has no signal %s of %s", id, component)
	return signal{}
}

// number is the value of a constant expression.
func number(expr parser.Expr) (float64, bool) {
	switch e := expr.(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.ParenExpr:
		return number(e.Expr)
	case *parser.UnaryExpr:
		v, ok := number(e.Expr)
		return -v, ok && e.Op == parser.SUB
	case *parser.BinaryExpr:
		left, ok := number(e.LHS)
		right, both := number(e.RHS)
		return left * right, ok && both && e.Op == parser.MUL
	}
	return 0, false
}

// threshold is what an expression is compared with: for one of several parts the first.
func threshold(expr parser.Expr) (float64, bool) {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		return threshold(e.Expr)
	case *parser.BinaryExpr:
		if e.Op.IsSetOperator() {
			return threshold(e.LHS)
		}
		if e.Op.IsComparisonOperator() {
			return number(e.RHS)
		}
	}
	return 0, false
}

// How the threshold of a rule is said in the catalogue.
func same(v float64) float64       { return v }
func percent(v float64) float64    { return 100 * v }
func unfree(v float64) float64     { return 100 * (1 - v) } // the rule has what is free
func more(v float64) float64       { return v + 1 }         // whole numbers: more than 2 is from 3 on
func atLeastOne(v float64) float64 { return max(v, 1) }     // more than none is from one on

func TestThresholdsAreThoseOfTheHealthPage(t *testing.T) {
	var health catalogue
	decode(t, "../internal/health/catalogue.yaml", &health)
	for _, test := range []struct {
		component, signal, alert string
		in                       func(float64) float64
	}{
		{"backend_production", "p95", "BackendSlow", same},
		{"backend_production", "saturation", "BackendSaturated", percent},
		{"backend_production", "memory", "BackendMemoryHigh", percent},
		{"backend_production", "restarts", "BackendRestarting", more},
		{"backend_staging", "p95", "BackendSlow", same},
		{"backend_staging", "saturation", "BackendSaturated", percent},
		{"pgbouncer", "waiting", "PgBouncerClientsWaiting", atLeastOne},
		{"pgbouncer", "maxwait", "PgBouncerMaxWait", same},
		{"pgbouncer", "pool", "PgBouncerPoolSaturated", percent},
		{"pgbouncer", "reserve", "PgBouncerReserveInUse", percent},
		{"pgbouncer", "connections", "PgBouncerDatabaseConnectionsHigh", percent},
		{"pgbouncer", "clients", "PgBouncerClientsHigh", percent},
		{"pgbouncer", "wait_time", "PgBouncerSlowWait", same},
		{"pgbouncer", "paused", "PgBouncerPaused", same},
		{"postgres", "connections", "PostgresConnectionsHigh", percent},
		{"postgres", "longest_transaction", "PostgresLongTransaction", same},
		{"postgres", "idle_in_transaction", "PostgresIdleInTransaction", same},
		{"postgres", "deadlocks", "PostgresDeadlocks", atLeastOne},
		{"postgres", "cache_hit", "PostgresCacheHitLow", percent},
		{"postgres", "rollbacks", "PostgresRollbacksHigh", percent},
		{"host", "cpu", "HostCpuHigh", percent},
		{"host", "memory", "HostMemoryLow", unfree},
		{"host", "disk", "HostDiskFull", unfree},
		{"host", "inodes", "HostInodesLow", unfree},
		{"host", "load", "HostLoadHigh", same},
		{"host", "swap", "HostSwapUsed", percent},
		{"host", "network", "HostNetworkErrors", percent},
		{"host", "io", "HostIoPressure", percent},
		{"host", "clock", "HostClockSkew", same},
		{"host", "oom", "HostOomKill", atLeastOne},
		{"containers", "gone", "ContainerGone", same},
		{"containers", "restarts", "ContainerRestarting", more},
		{"containers", "oom", "ContainerOomKilled", atLeastOne},
		{"containers", "memory", "ContainerMemoryHigh", percent},
		{"containers", "throttled", "ContainerThrottled", percent},
		{"probes", "certificate", "CertificateExpires", same},
		{"probes", "duration", "ProbeSlow", same},
		{"pipeline", "lag", "CollectorBehind", same},
		{"pipeline", "discarded", "LokiDiscardsLines", atLeastOne},
		{"pipeline", "index_lag", "ErrorsAreNotIndexed", same},
	} {
		compare(t, health.find(t, test.component, test.signal), test.alert, "", test.in)
	}
	// The share of failed requests in 5 minutes is judged by the two fastest burn rates.
	errors := health.find(t, "backend_production", "errors")
	compare(t, signal{ID: errors.ID, Critical: errors.Critical}, "BackendErrorBudgetBurn", "1h", percent)
	compare(t, signal{ID: errors.ID, Critical: errors.Warning}, "BackendErrorBudgetBurn", "6h", percent)
}

// compare holds the alerts of a name (and window) against a signal: where both have a critical threshold, or one for less
// than that, they are equal.
func compare(t *testing.T, s signal, alert, window string, in func(float64) float64) {
	t.Helper()
	compared := false
	for _, r := range alerts(t) {
		want := s.Warning
		if r.Labels["severity"] == "critical" {
			want = s.Critical
		}
		if r.Alert != alert || r.Labels["window"] != window || want == nil {
			continue
		}
		expr, err := parser.ParseExpr(r.Expr)
		if err != nil {
			t.Fatalf("%s: %v", alert, err)
		}
		value, ok := threshold(expr)
		if !ok {
			t.Fatalf("%s: no threshold in %s", alert, r.Expr)
		}
		if got := in(value); math.Abs(got-*want) > 1e-9 {
			t.Errorf("%s (%s) fires at %g, and the signal %s says %g", alert, r.Labels["severity"], got, s.ID, *want)
		}
		compared = true
	}
	if !compared {
		t.Errorf("%s has no threshold in common with the signal %s", alert, s.ID)
	}
}

func TestWorkersAreThoseOfTheHealthPage(t *testing.T) {
	var health catalogue
	decode(t, "../internal/health/catalogue.yaml", &health)
	want := map[string]string{
		"production": "vector(" + health.Parameters["production_workers"] + ")",
		"staging":    "vector(" + health.Parameters["staging_workers"] + ")",
	}
	for _, r := range loadRules(t, "prometheus/backend.yml") {
		if env := r.Labels["env"]; r.Record == "env:backend_workers:count" {
			if r.Expr != want[env] {
				t.Errorf("workers of %s are %s, and the catalogue says %s", env, r.Expr, want[env])
			}
			delete(want, env)
		}
	}
	if len(want) > 0 {
		t.Errorf("no rule has the workers of %v", want)
	}
}
