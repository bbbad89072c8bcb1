package loki

import (
	"strings"
	"time"

	prometheus "github.com/prometheus/common/model"
)

// Read is what a metric query reads for one of its points: the lines of a stream
// selector in a window that ends Offset before the point.
type Read struct {
	Selector       string
	Window, Offset time.Duration
}

// Reads returns what a metric query reads, in the order of its text. The query is
// in Loki's own notation (see NormaliseMetric): outside of strings, braces and
// brackets stand around selectors and windows only.
func Reads(query string) []Read {
	var reads []Read
	for rest := query; rest != ""; {
		skip := 1
		switch last := len(reads) - 1; {
		case rest[0] == '"' || rest[0] == '`':
			skip = stringEnd(rest)
		case rest[0] == '{':
			selector := StreamSelector(rest)
			reads = append(reads, Read{Selector: selector})
			skip = len(selector)
		case rest[0] == '[' && last >= 0:
			window, _, _ := strings.Cut(rest[1:], "]")
			reads[last].Window = duration(window)
		case strings.HasPrefix(rest, "offset ") && last >= 0:
			text := rest[len("offset "):]
			end := strings.IndexAny(text+" ", " \t\n),")
			reads[last].Offset = duration(text[:end])
		}
		rest = rest[skip:]
	}
	return reads
}

// stringEnd returns where the string ends that text begins with.
func stringEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return i + 1
		case text[i] == '\\' && text[0] == '"':
			i++
		}
	}
	return len(text)
}

// duration reads a duration of LogQL, also a negative one; 0 for anything else.
func duration(text string) time.Duration {
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	plain, negative := strings.CutPrefix(text, "-")
	d, err := prometheus.ParseDuration(plain)
	if err != nil {
		return 0
	}
	if negative {
		return -time.Duration(d)
	}
	return time.Duration(d)
}
