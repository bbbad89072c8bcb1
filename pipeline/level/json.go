package level

import (
	"bytes"

	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// place says how much a JSON member's word on the level counts: the level is
// taken from the first place that has one.
type place uint8

const (
	noPlace place = iota
	levelPlace
	numberPlace // levelno, syslog priorities
	severityPlace
	places
)

// record is what a JSON line's members say.
type record struct {
	found  [places]Level
	number int // a numeric level, until it is known whose numbers they are
	gelf   bool
	status int
	access bool
}

// fromJSON returns the level of a JSON object. It is not ok when the line is
// no JSON from its first member on. A line that breaks later (cut off, or
// written by a template that does not escape) counts by what came before.
func fromJSON(line []byte) (Level, bool) {
	r := record{number: -1}
	m := jsonscan.Iterate(line, jsonscan.Lenient)
	started := false
	for m.Next() {
		started = true
		r.member(&m)
		if r.found[levelPlace] != Unknown {
			return r.found[levelPlace], true
		}
	}
	return r.level(), started || m.Err() == nil
}

// level decides by all members.
func (r *record) level() Level {
	if r.number >= 0 {
		if l := r.numeric(); l != Unknown {
			return l
		}
	}
	for _, l := range r.found {
		if l != Unknown {
			return l
		}
	}
	if r.access && r.status != 0 {
		return FromHTTPStatus(r.status)
	}
	return Unknown
}

// numeric reads a numeric level: syslog severities in GELF, else pino's and
// bunyan's numbers, else Monolog's.
func (r *record) numeric() Level {
	if r.gelf {
		return FromSyslog(r.number)
	}
	if l := FromPino(r.number); l != Unknown {
		return l
	}
	return fromMonolog(r.number)
}

func (r *record) member(m *jsonscan.Members) {
	switch string(m.Key) {
	case "level", "levelname", "lvl", "log.level", "loglevel", "log_level", "level_name", "@level", "@l", "Level", "LEVEL":
		r.levelValue(m)
	case "log":
		r.nested(m)
	case "severity", "error_severity", "severity_text", "severityText", "SeverityText", "Severity", "s":
		r.severity(m)
	case "levelno":
		r.setNumber(m.Value, FromPython)
	case "PRIORITY", "syslog_severity":
		r.setNumber(m.Value, FromSyslog)
	case "short_message":
		r.gelf = true
	case "status", "status_code", "http_status", "response_code":
		if n, ok := atoi(m.Value); ok && n >= 100 && n <= 599 {
			r.status = n
		}
	case "request", "method", "uri", "path", "url", "request_uri", "request_method", "http_method", "remote_addr":
		r.access = true
	}
}

func (r *record) levelValue(m *jsonscan.Members) {
	if m.Kind == jsonscan.Number {
		if n, ok := atoi(m.Value); ok && r.number < 0 {
			r.number = n
		}
		return
	}
	if m.Kind == jsonscan.String && r.found[levelPlace] == Unknown {
		r.found[levelPlace] = Parse(m.Value)
	}
}

// nested reads the level in {"log":{"level":…}}, the nested form of ECS.
func (r *record) nested(m *jsonscan.Members) {
	if m.Kind != jsonscan.Object {
		return
	}
	inner := jsonscan.Iterate(m.Value, jsonscan.Lenient)
	for inner.Next() {
		if string(inner.Key) == "level" {
			r.levelValue(&inner)
		}
	}
}

// severity reads a member that is the level for some loggers and something
// else for others: it counts when nothing better does. MongoDB writes one
// letter in "s".
func (r *record) severity(m *jsonscan.Members) {
	if m.Kind != jsonscan.String || r.found[severityPlace] != Unknown {
		return
	}
	if string(m.Key) != "s" {
		r.found[severityPlace] = Parse(m.Value)
		return
	}
	if len(m.Value) == 1 || len(m.Value) == 2 && m.Value[0] == 'D' {
		r.found[severityPlace] = fromLetter(m.Value[0])
	}
}

func (r *record) setNumber(value []byte, from func(int) Level) {
	if n, ok := atoi(bytes.TrimSpace(value)); ok && r.found[numberPlace] == Unknown {
		r.found[numberPlace] = from(n)
	}
}

// fromLetter reads the one-letter levels of klog, glog and MongoDB.
func fromLetter(c byte) Level {
	switch c {
	case 'D':
		return Debug
	case 'I':
		return Info
	case 'W':
		return Warn
	case 'E':
		return Error
	case 'F':
		return Fatal
	}
	return Unknown
}
