package alerts

import (
	"strings"
	"testing"
)

func TestTheComparisonOfAnExpressionIsTakenApart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		expr, drawn, op string
		threshold       float64
	}{
		{`up == 0`, `up`, "==", 0},
		{"rate(x{a=\">1\"}[5m])\n  > 0.5", `rate(x{a=">1"}[5m])`, ">", 0.5},
		{`sum by (job) (x > 3) >= 1e3`, `sum by (job) (x > 3)`, ">=", 1000},
		{`a / on (x) group_left () b < -2`, `a / on (x) group_left () b`, "<", -2},
		{`x != +Inf`, `x`, "!=", 0},
		{`predict_linear(free[6h], 4 * 3600) < 0`, `predict_linear(free[6h], 4 * 3600)`, "<", 0},
	} {
		drawn, op, threshold := splitComparison(test.expr)
		if drawn != test.drawn || op != test.op || threshold == nil || (op != "!=" && *threshold != test.threshold) {
			t.Errorf("%s: got %q %q %v", test.expr, drawn, op, threshold)
		}
	}
	for _, expr := range []string{
		`absent(up)`, `x > 1 or y > 2`, `x > 1 and on () y`, `a > b`, `1 < x`, `x > 1 > 2`, `x > bool 1`, `x > 1 # why`, `vector(1)`, `x > "1`, `> 1`, ``, `x{a="b`,
		`a unless b > 1`,
	} {
		if drawn, op, threshold := splitComparison(expr); drawn != expr || op != "" || threshold != nil {
			t.Errorf("%s: got %q %q %v", expr, drawn, op, threshold)
		}
	}
}

func FuzzSplitComparison(f *testing.F) {
	for _, expr := range []string{`up == 0`, `rate(x{a=">1"}[5m]) > 0.5`, "x > `", `a\`, `x !`} {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		drawn, op, threshold := splitComparison(expr)
		if (op == "") != (threshold == nil) || (op == "" && drawn != expr) || !strings.Contains(expr, drawn) {
			t.Errorf("%q: %q %q %v", expr, drawn, op, threshold)
		}
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
