package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// tracebacks are what traceback.format_exception of Python 3.11 returned for a small Flask application (Flask 2.2,
// SQLAlchemy 1.4, psycopg2 2.9) against PostgreSQL 15 and PgBouncer 1.18: a list of strings, some of several lines.
//
//go:embed tracebacks/*.json
var tracebacks embed.FS

// exception is one recorded traceback. Values that differ from one occurrence to the next, in its last lines, stand for
// others and are replaced by at.
type exception struct {
	items []string
}

// loadException reads the recording of that name.
func loadException(name string) (exception, error) {
	content, err := tracebacks.ReadFile("tracebacks/" + name + ".json")
	if err != nil {
		return exception{}, err
	}
	var e exception
	if err := json.Unmarshal(content, &e.items); err != nil {
		return exception{}, fmt.Errorf("decode traceback %s: %w", name, err)
	}
	if len(e.items) < 2 {
		return exception{}, fmt.Errorf("traceback %s has %d items, want a header and an exception at least", name, len(e.items))
	}
	return e, nil
}

// with returns the exception with each recorded value replaced: old, new, old, new.
func (e exception) with(oldNew ...string) exception {
	replace := strings.NewReplacer(oldNew...)
	items := make([]string, len(e.items))
	for i, item := range e.items {
		items[i] = replace.Replace(item)
	}
	return exception{items}
}

// lines are the traceback as logging writes it after a record: without the last newline.
func (e exception) lines() []string {
	return strings.Split(strings.TrimSuffix(strings.Join(e.items, ""), "\n"), "\n")
}

// object is the exception of a JSON record (format A): the bare class name, the message, the list.
func (e exception) object() []field {
	last := strings.TrimSuffix(e.items[len(e.items)-1], "\n")
	class, message, _ := strings.Cut(last, ": ")
	class = class[strings.LastIndexByte(class, '.')+1:]
	return []field{{"type", class}, {"message", message}, {"traceback", e.items}}
}

// field is one member of a JSON object whose order is kept. Its value is nil, a bool, int, float64, string, []string or
// []field.
type field struct {
	key   string
	value any
}

// pythonJSON encodes fields as json.dumps does with its defaults: ", " and ": ", and only ASCII.
func pythonJSON(fields []field) string { return string(appendObject(nil, fields)) }

func appendObject(dst []byte, fields []field) []byte {
	dst = append(dst, '{')
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendString(dst, f.key)
		dst = append(dst, ": "...)
		dst = appendValue(dst, f.value)
	}
	return append(dst, '}')
}

func appendValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case float64:
		if v == math.Trunc(v) {
			return append(strconv.AppendFloat(dst, v, 'f', -1, 64), ".0"...)
		}
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	case []string:
		dst = append(dst, '[')
		for i, s := range v {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendString(dst, s)
		}
		return append(dst, ']')
	case []field:
		return appendObject(dst, v)
	}
	return appendString(dst, fmt.Sprint(value))
}

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r >= ' ' && r < utf8.RuneSelf:
			dst = append(dst, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
	}
	return append(dst, '"')
}

// isoformat is datetime.isoformat of a UTC time: microseconds, but none when they are 0.
func isoformat(at time.Time) string {
	at = at.UTC().Truncate(time.Microsecond)
	if at.Nanosecond() == 0 {
		return at.Format("2006-01-02T15:04:05+00:00")
	}
	return at.Format("2006-01-02T15:04:05.000000+00:00")
}
