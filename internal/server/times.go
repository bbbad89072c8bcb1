package server

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// errTime says how a time is written.
var errTime = errors.New("write it as 2006-01-02T15:04:05Z, as unix seconds, milliseconds or nanoseconds, or as now-1h")

// The times that Loki can store: unix nanoseconds in 63 bits.
var (
	timeMin = time.Unix(0, 0)
	timeMax = time.Unix(0, math.MaxInt64)
)

// parseTime reads a time of a request: RFC 3339, unix seconds (with a fraction
// or not), milliseconds, microseconds or nanoseconds by their size, or relative
// to now as in Grafana: now, now-1h30m, now-7d, now+5m.
func parseTime(text string, now time.Time) (time.Time, error) {
	at, err := parseAnyTime(text, now)
	if err != nil || at.Before(timeMin) || at.After(timeMax) {
		return time.Time{}, errTime
	}
	return at, nil
}

func parseAnyTime(text string, now time.Time) (time.Time, error) {
	if offset, ok := strings.CutPrefix(text, "now"); ok {
		d, err := parseOffset(offset)
		return now.Add(d), err
	}
	if strings.Contains(text, "T") {
		return time.Parse(time.RFC3339Nano, text)
	}
	return parseUnix(text)
}

// parseOffset reads what follows "now": nothing, or a sign and a duration.
func parseOffset(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	sign := time.Duration(1)
	switch text[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return 0, errTime
	}
	d, err := parseSpan(text[1:])
	return sign * d, err
}

// spanUnits are the units of a duration: Go's short ones, days and weeks.
var spanUnits = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
}

// spanMax bounds a duration; 100 years, so that sums do not overflow.
const spanMax = 100 * 365 * 24 * time.Hour

// parseSpan reads a positive duration such as 90s, 1h30m or 7d.
func parseSpan(text string) (time.Duration, error) {
	total := time.Duration(0)
	for text != "" {
		digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
		if digits == 0 || digits == len(text) {
			return 0, errTime
		}
		unit, ok := spanUnits[text[digits]]
		n, err := strconv.ParseInt(text[:digits], 10, 64)
		if !ok || err != nil || n > int64(spanMax/unit) {
			return 0, errTime
		}
		total += time.Duration(n) * unit
		if total > spanMax {
			return 0, errTime
		}
		text = text[digits+1:]
	}
	if total <= 0 {
		return 0, errTime
	}
	return total, nil
}

// parseUnix reads unix time. The unit follows from the size: 10^11 seconds are
// in the year 5138, 10^11 milliseconds in 1973.
func parseUnix(text string) (time.Time, error) {
	whole, fraction, hasFraction := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 || whole[0] == '+' || whole[0] == '-' {
		return time.Time{}, errTime
	}
	if hasFraction {
		nanos, err := parseFraction(fraction)
		if err != nil || n >= 1e11 {
			return time.Time{}, errTime
		}
		return time.Unix(n, nanos), nil
	}
	switch {
	case n < 1e11:
		return time.Unix(n, 0), nil
	case n < 1e14:
		return time.UnixMilli(n), nil
	case n < 1e17:
		return time.UnixMicro(n), nil
	}
	return time.Unix(0, n), nil
}

// parseFraction reads the digits behind the point of a number of seconds and
// returns nanoseconds.
func parseFraction(digits string) (int64, error) {
	if digits == "" || len(digits) > 9 || strings.Trim(digits, "0123456789") != "" {
		return 0, errTime
	}
	return strconv.ParseInt(digits+strings.Repeat("0", 9-len(digits)), 10, 64)
}
