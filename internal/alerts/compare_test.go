package alerts

import "testing"

func TestTheComparisonOfAnExpressionIsTakenApart(t *testing.T) {
	t.Parallel()
	both := map[string]func(string) comparison{"promql": compareProm, "logql": compareLogs}
	for _, test := range []struct {
		expr, drawn, op string
		threshold       float64
		conditioned     bool
		only            string
	}{
		{expr: `up == 0`, drawn: `up`, op: "==", only: "promql"},
		{expr: "rate(x{a=\">1\"}[5m])\n  > 0.5", drawn: `rate(x{a=">1"}[5m])`, op: ">", threshold: 0.5},
		{expr: `sum by (job) (x > 3) >= 1e3`, drawn: `sum by (job) (x > 3)`, op: ">=", threshold: 1000},
		{expr: `a / on (x) group_left () b < -2`, drawn: `a / on (x) group_left () b`, op: "<", threshold: -2},
		{expr: `((rate(x[5m]) > 0.5))`, drawn: `rate(x[5m])`, op: ">", threshold: 0.5},
		{expr: `x > (3)`, drawn: `x`, op: ">", threshold: 3},
		{expr: `0.5 <= x`, drawn: `x`, op: ">=", threshold: 0.5},
		{expr: `x > 1 and on () y`, drawn: `x`, op: ">", threshold: 1, conditioned: true},
		{expr: `((x > 10) unless (x <= 3 * y))`, drawn: `x`, op: ">", threshold: 10, conditioned: true},
		{expr: `x > 1 and y > 2 unless z`, drawn: `x`, op: ">", threshold: 1, conditioned: true},
		{expr: `predict_linear(free[6h], 4 * 3600) < 0`, drawn: `predict_linear(free[6h], 4 * 3600)`, op: "<"},
		{
			expr:  `(sum by (service,env)(count_over_time({service=~"backend.*"} |= "WORKER TIMEOUT (>"[5m])) > 0)`,
			drawn: `sum by (service,env)(count_over_time({service=~"backend.*"} |= "WORKER TIMEOUT (>"[5m]))`, op: ">", only: "logql",
		},
		{
			expr:  `((sum(count_over_time({a="b"} |~ "5.."[5m])) / (sum(count_over_time({a="b"}[5m])) > 20)) > 0.05)`,
			drawn: `sum(count_over_time({a="b"} |~ "5.."[5m])) / (sum(count_over_time({a="b"}[5m])) > 20)`, op: ">", threshold: 0.05, only: "logql",
		},
	} {
		for language, compare := range both {
			if test.only != "" && test.only != language {
				continue
			}
			got := compare(test.expr)
			if got.drawn != test.drawn || got.op != test.op || got.threshold == nil || *got.threshold != test.threshold || got.conditioned != test.conditioned {
				t.Errorf("%s %s: got %+v", language, test.expr, got)
			}
		}
	}
	for _, expr := range []string{
		`absent(up)`, `x > 1 or y > 2`, `(x > 1) or y and z`, `a > b`, `x > bool 1`, `vector(1)`, `x > "1"`, `> 1`, ``, `x{a="b`, `a unless b > 1`, `x > 1)`,
	} {
		for language, compare := range both {
			if got := compare(expr); got != (comparison{drawn: expr}) {
				t.Errorf("%s %s: got %+v", language, expr, got)
			}
		}
	}
	if got := compareLogs(`x > 1 # why`); got.op != "" {
		t.Errorf("with a comment: %+v", got)
	}
}

func TestACountOfLinesAndAShareOfThemAreKnown(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]bool{
		`count_over_time({a="b"}[5m])`: true, `sum by (service,env)(rate({a="b"} |= ")" [5m]))`: true, `sum(bytes_over_time({a="b"}[5m]))`: true,
		`sum(rate({a="b"}[5m])) / 5`: false, `sum(rate({a="b"}[5m]) > 3)`: false, `max(rate({a="b"}[5m]))`: false, `avg_over_time({a="b"} | unwrap x [5m])`: false,
		`sum(rate({a="b"}[5m])) by (x)`: false, ``: false, `sum(rate(`: false,
	} {
		if got := isCount(expr); got != want {
			t.Errorf("%s: got %v", expr, got)
		}
	}
	share, of, ok := ratioOf(`(sum(rate({a="/"}[5m])) / (sum(rate({a="b"}[5m])) > 20))`)
	if share != `sum(rate({a="/"}[5m]))` || of != `(sum(rate({a="b"}[5m])) > 20)` || !ok {
		t.Errorf("got %q of %q, %v", share, of, ok)
	}
	for _, expr := range []string{`rate({a="b"}[5m])`, `rate({a="b"}[5m]) / on (a) b`, `rate({a="b"}[5m]) / b / c`, `a / b`, `rate({a="b"}[5m]) / b * 2`, `)`} {
		if share, of, ok := ratioOf(expr); ok {
			t.Errorf("%s: %q of %q", expr, share, of)
		}
	}
}

func FuzzComparison(f *testing.F) {
	for _, expr := range []string{`up == 0`, `rate(x{a=">1"}[5m]) > 0.5`, "x > `", `a\`, `x !`, `((x > 1) unless y)`, `1 < x`} {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		for _, got := range []comparison{compareProm(expr), compareLogs(expr)} {
			if (got.op == "") != (got.threshold == nil) || (got.op == "" && got.drawn != expr) || (got.op != "" && got.drawn == "") {
				t.Errorf("%q: %+v", expr, got)
			}
		}
		isCount(expr)
		ratioOf(expr)
	})
}

func TestTheExpressionIsReadOutOfTheAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		url, expr string
		logQL     bool
	}{
		{"http://127.0.0.1:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1", "up == 0", false},
		{`http://127.0.0.1:3000/explore?left={"queries":[{"refId":"A","expr":"sum(rate({a=\"b\"}[1m])) > 1"}]}`, `sum(rate({a="b"}[1m])) > 1`, true},
		{"http://127.0.0.1/", "", false}, {"", "", false}, {"http://[", "", false}, {"http://127.0.0.1/?left=[]", "", false},
	} {
		if expr, logQL := exprOf(test.url); expr != test.expr || logQL != test.logQL {
			t.Errorf("%s: got %q, %v", test.url, expr, logQL)
		}
	}
}
