// Package level is the one table of log levels, for collector and dashboard:
// what the levels are, which words and numbers of the world's loggers mean
// which of them, and which level a raw log line has.
//
// A level is what the program said, not what a reader may think of the text: a
// refused password is information to sshd, so it is information here, and the
// word "error" in the middle of a sentence makes no error.
package level

// Level is how grave a log line is. Levels are ordered, so `l >= level.Error`
// asks what it seems to; Unknown, the zero value, is below all others.
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

// FromSyslog returns the level of a syslog severity, 0 (emergency) to 7
// (debug), RFC 5424 section 6.2.1; Unknown outside. Emergency and alert are
// fatal, notice is information.
func FromSyslog(severity int) Level {
	table := [...]Level{Fatal, Fatal, Critical, Error, Warn, Info, Info, Debug}
	if severity < 0 || severity >= len(table) {
		return Unknown
	}
	return table[severity]
}

// FromHTTPStatus returns the level of an access-log line by its status: 5xx
// is an error, 4xx a warning, everything else information.
func FromHTTPStatus(status int) Level {
	switch {
	case status >= 500 && status <= 599:
		return Error
	case status >= 400 && status <= 499:
		return Warn
	}
	return Info
}

// FromPino returns the level of a number as the Node loggers pino and bunyan
// write it: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. A number
// between two belongs to the lower; Unknown below 10 and above 69.
func FromPino(number int) Level {
	table := [...]Level{Trace, Debug, Info, Warn, Error, Fatal}
	if number < 10 || number > 69 {
		return Unknown
	}
	return table[number/10-1]
}

// FromPython returns the level of a number of Python's logging module: 10
// debug, 20 info, 30 warning, 40 error, 50 critical. A number between two
// belongs to the lower, below 10 it is trace; Unknown below 0.
func FromPython(number int) Level {
	table := [...]Level{Trace, Debug, Info, Warn, Error, Critical}
	switch {
	case number < 0:
		return Unknown
	case number >= 50:
		return Critical
	}
	return table[number/10]
}

// fromMonolog returns the level of a number of PHP's Monolog: 100 debug, 200
// info, 250 notice, 300 warning, 400 error, 500 critical, 550 alert, 600
// emergency.
func fromMonolog(number int) Level {
	switch {
	case number < 100 || number > 600:
		return Unknown
	case number >= 550:
		return Fatal
	}
	table := [...]Level{Debug, Info, Warn, Error, Critical}
	return table[number/100-1]
}
