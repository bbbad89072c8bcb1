package alerts

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// comparison is an expression such as "rate(x[5m]) > 0.5" taken apart, so that
// what is compared can be drawn while it is below the threshold, too.
type comparison struct {
	// drawn is what is compared with threshold by op. It is the whole expression,
	// op is "" and threshold nil, if the expression is of another form.
	drawn, op string
	threshold *float64
	// conditioned says that the expression has conditions beside the comparison.
	conditioned bool
}

// mirrored are the comparisons with their sides exchanged.
var mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

// compareProm takes an expression of Prometheus apart: a comparison with a number
// on one side, in brackets or before "and" and "unless".
func compareProm(expr string) comparison {
	whole := comparison{drawn: expr}
	rest, err := parser.ParseExpr(expr)
	conditioned := false
	for err == nil {
		if inner, ok := rest.(*parser.ParenExpr); ok {
			rest = inner.Expr
			continue
		}
		binary, ok := rest.(*parser.BinaryExpr)
		if !ok {
			return whole
		}
		if binary.Op == parser.LAND || binary.Op == parser.LUNLESS {
			rest, conditioned = binary.LHS, true
			continue
		}
		if !binary.Op.IsComparisonOperator() || binary.ReturnBool {
			return whole
		}
		drawn, op := binary.LHS, binary.Op.String()
		limit, ok := number(binary.RHS)
		if !ok {
			drawn, op = binary.RHS, mirrored[op]
			if limit, ok = number(binary.LHS); !ok {
				return whole
			}
		}
		return comparison{drawn.String(), op, &limit, conditioned}
	}
	return whole
}

// number returns the value of a number, in brackets too.
func number(expr parser.Expr) (float64, bool) {
	switch e := expr.(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.ParenExpr:
		return number(e.Expr)
	}
	return 0, false
}

// compareLogs is compareProm for an expression of Loki, which has no parser to
// use apart from its server.
func compareLogs(expr string) comparison {
	whole := comparison{drawn: expr}
	rest, conditioned := unwrap(expr), false
	for {
		tokens, ok := topLevel(rest)
		if !ok {
			return whole
		}
		set, compares := -1, []token{}
		for _, t := range tokens {
			switch text := strings.ToLower(t.text); {
			case text == "or" || text == "bool":
				return whole
			case set < 0 && (text == "and" || text == "unless"):
				set = t.at
			case mirrored[text] != "":
				compares = append(compares, t)
			}
		}
		if set >= 0 {
			rest, conditioned = unwrap(rest[:set]), true
			continue
		}
		if len(compares) != 1 {
			return whole
		}
		op := compares[0].text
		left, right := unwrap(rest[:compares[0].at]), unwrap(rest[compares[0].at+len(op):])
		limit, err := strconv.ParseFloat(right, 64)
		if err != nil {
			left, op = right, mirrored[op]
			if limit, err = strconv.ParseFloat(unwrap(rest[:compares[0].at]), 64); err != nil {
				return whole
			}
		}
		if left == "" {
			return whole
		}
		return comparison{left, op, &limit, conditioned}
	}
}

// countOfLines is the beginning of a LogQL expression that counts lines: without
// a line it has no value where it could have 0.
var countOfLines = regexp.MustCompile(`^(?:sum\s*(?:(?:by|without)\s*\([^()]*\)\s*)?\()?\s*(?:count_over_time|rate|bytes_over_time|bytes_rate)\s*\(`)

// isCount reports whether a LogQL expression is a count of lines and nothing else.
func isCount(expr string) bool {
	tokens, ok := topLevel(expr)
	for _, t := range tokens {
		ok = ok && isWordByte(t.text[0])
	}
	begin := countOfLines.FindString(expr)
	if !ok || begin == "" {
		return false
	}
	inner := len(begin) - 1
	if end := closing(expr, inner); end >= 0 {
		return strings.Trim(expr[end:], ") \t\n") == ""
	}
	return false
}

// ratioOf takes the share of lines apart: a count divided by another expression.
func ratioOf(expr string) (share, of string, ok bool) {
	expr = unwrap(expr)
	tokens, ok := topLevel(expr)
	at := -1
	for _, t := range tokens {
		switch {
		case t.text == "/" && at < 0:
			at = t.at
		case !isWordByte(t.text[0]), t.text == "on", t.text == "ignoring":
			return "", "", false
		}
	}
	if !ok || at < 0 {
		return "", "", false
	}
	share, of = unwrap(expr[:at]), strings.TrimSpace(expr[at+1:])
	return share, of, isCount(share)
}

// token is a word, a number or an operator of an expression.
type token struct {
	at   int
	text string
}

// topLevel returns the tokens of a LogQL expression that are in no brackets and
// no text. It is not ok if the expression has a comment or ends early.
func topLevel(expr string) (tokens []token, ok bool) {
	for i := 0; i < len(expr); {
		c, end := expr[i], i+1
		switch {
		case c == '#' || strings.IndexByte(")]}", c) >= 0:
			return nil, false
		case strings.IndexByte("\"'`([{", c) >= 0:
			if end = closing(expr, i) + 1; end == 0 {
				return nil, false
			}
		case isWordByte(c):
			for end < len(expr) && isWordByte(expr[end]) {
				end++
			}
			tokens = append(tokens, token{i, expr[i:end]})
		case strings.IndexByte("<>=!", c) >= 0 && end < len(expr) && expr[end] == '=':
			end++
			tokens = append(tokens, token{i, expr[i:end]})
		case strings.IndexByte("<>=!/+-*%^", c) >= 0:
			tokens = append(tokens, token{i, expr[i:end]})
		}
		i = end
	}
	return tokens, true
}

// unwrap removes the spaces and brackets around a whole expression.
func unwrap(expr string) string {
	expr = strings.TrimSpace(expr)
	for strings.HasPrefix(expr, "(") && closing(expr, 0) == len(expr)-1 {
		expr = strings.TrimSpace(expr[1 : len(expr)-1])
	}
	return expr
}

// closing returns where the bracket or text that begins at i ends, -1 if it does
// not.
func closing(expr string, i int) int {
	depth := 0
	for ; i < len(expr); i++ {
		switch c := expr[i]; {
		case strings.IndexByte("\"'`", c) >= 0:
			if i = endOfText(expr, i); i < 0 {
				return -1
			}
		case c == '#':
			return -1
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		}
		if depth <= 0 {
			return i
		}
	}
	return -1
}

// endOfText returns where the text that begins at i ends, -1 if it does not.
func endOfText(expr string, i int) int {
	quote := expr[i]
	for i++; i < len(expr); i++ {
		switch {
		case expr[i] == '\\' && quote != '`':
			i++
		case expr[i] == quote:
			return i
		}
	}
	return -1
}

func isWordByte(c byte) bool {
	return c == '_' || c == ':' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
