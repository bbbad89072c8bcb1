package alerts

import (
	"strconv"
	"strings"
)

// splitComparison takes an expression such as "rate(x[5m]) > 0.5" apart, so that
// what is compared can be drawn while it is below the threshold, too. An
// expression of another form is drawn whole.
func splitComparison(expr string) (drawn, op string, threshold *float64) {
	at, length := topComparison(expr)
	if at < 0 {
		return expr, "", nil
	}
	limit, err := strconv.ParseFloat(strings.TrimSpace(expr[at+length:]), 64)
	left := strings.TrimSpace(expr[:at])
	if err != nil || left == "" {
		return expr, "", nil
	}
	return left, expr[at : at+length], &limit
}

// topComparison finds the one comparison of an expression that is in no brackets,
// text or comment. It returns -1 if there is none, more than one, or a set
// operation beside it.
func topComparison(expr string) (at, length int) {
	at = -1
	depth := 0
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case c == '"' || c == '\'' || c == '`':
			if i = endOfText(expr, i); i < 0 {
				return -1, 0
			}
		case c == '#':
			return -1, 0
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case depth > 0:
		case isWordByte(c):
			end := i
			for end < len(expr) && isWordByte(expr[end]) {
				end++
			}
			switch strings.ToLower(expr[i:end]) {
			case "and", "or", "unless", "bool":
				return -1, 0
			}
			i = end - 1
		case strings.IndexByte("<>=!", c) >= 0:
			if at >= 0 {
				return -1, 0
			}
			at, length = i, 1
			if i+1 < len(expr) && expr[i+1] == '=' {
				length = 2
				i++
			}
		}
	}
	return at, length
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
