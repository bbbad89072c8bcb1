// Package level is the one table of log levels, for collector and dashboard:
// what the levels are, which words and numbers of the world's loggers mean
// which of them, and which level a raw log line has.
package level

// Level is how grave a log line is. Levels are ordered, so `l >= level.Error`
// asks what it seems to; Unknown, the zero value, is below all.
type Level uint8

// The levels, from the least to the gravest.
const (
	Unknown Level = iota
	Trace
	Debug
	Info
	Warn
	Error
	Critical
	Fatal
)

// String is the level's name as used in labels: lower case.
func (l Level) String() string {
	names := [...]string{"unknown", "trace", "debug", "info", "warn", "error", "critical", "fatal"}
	if int(l) >= len(names) {
		return names[Unknown]
	}
	return names[l]
}

// Parse returns the level that a word of some logger means ("WARNING", "err",
// "Level 25", "DEBUG3"), in any case, or Unknown.
func Parse[T string | []byte](text T) Level { return Unknown }

// FromSyslog returns the level of a syslog severity, 0 (emergency) to 7
// (debug), RFC 5424 section 6.2.1; Unknown outside.
func FromSyslog(severity int) Level { return Unknown }

// FromHTTPStatus returns the level of an access-log line by its status: 5xx
// is an error, 4xx a warning, everything else information.
func FromHTTPStatus(status int) Level { return Info }

// Detect returns the level of a raw log line (without its newline), or
// Unknown when the line does not state one. It allocates nothing and looks at
// the first KiB alone, JSON members excepted.
func Detect(line []byte) Level { return Unknown }
