package grouping

import (
	"bytes"
	"strconv"

	"github.com/tovtech/tovplay-logging/pipeline/grouping/mask"
)

// parseServer reads the errors of servers whose lines have a form of their own.
// Tag is a syslog line's program; in the journal it stands beside the line. It
// is not ok for all other lines.
func parseServer(line, tag, message []byte, r *Result) bool {
	return parseNginx(line, r) || parseAccess(line, r) || parsePostgres(line, r) || parsePgBouncer(message, r) ||
		parseGunicorn(message, r) || parseKernel(message, r) || parseSystemd(message, hasPrefix(tag, "systemd"), r)
}

// parseNginx reads the error log: "2026/11/22 21:54:57 [error] 7#7: *1 message,
// client: …, request: …". What follows the client tells who it happened to.
func parseNginx(line []byte, r *Result) bool {
	const stamp = len("2026/11/22 21:54:57 ")
	if len(line) < stamp+2 || line[4] != '/' || line[7] != '/' || line[stamp] != '[' {
		return false
	}
	behind := line[stamp:]
	closing := bytes.Index(behind, []byte("] "))
	if closing < 0 {
		return false
	}
	behind = behind[closing+2:]
	process, message, ok := bytes.Cut(behind, []byte(": "))
	if !ok || bytes.IndexByte(process, '#') < 0 {
		return false
	}
	if rest, ok := cutPrefix(message, "*"); ok {
		_, digits := number(rest)
		message = trimLeft(rest[digits:])
	}
	if i := bytes.Index(message, []byte(", client: ")); i >= 0 {
		r.culprit = between(message[i:], `, request: "`, `"`)
		message = message[:i]
	}
	r.Kind, r.Type, r.Message = Server, []byte("nginx error"), message
	return true
}

// parseAccess reads a line of an access log whose status is 5xx. The group is
// the status, the method and the path.
func parseAccess(line []byte, r *Result) bool {
	quote := bytes.Index(line[:min(len(line), 512)], []byte(`] "`))
	if quote < 0 || bytes.IndexByte(line[:quote], '[') < 0 || isLetter(line[0]) && bytes.IndexByte(line[:quote], '/') < 0 {
		return false
	}
	request, behind, ok := bytes.Cut(line[quote+len(`] "`):], []byte(`" `))
	if !ok || len(behind) < 3 || behind[0] != '5' {
		return false
	}
	status, digits := number(behind)
	if digits != 3 || status > 599 {
		return false
	}
	r.request(request, status)
	return true
}

// request makes the result one of a request that failed: "GET /x?y HTTP/1.1".
func (r *Result) request(request []byte, status int) {
	request, _, _ = bytes.Cut(request, []byte("?"))
	if i := bytes.LastIndex(request, []byte(" HTTP/")); i > 0 {
		request = request[:i]
	}
	r.Kind, r.Message = Server, request
	from := len(r.scratch)
	r.scratch = strconv.AppendInt(append(r.scratch, "HTTP "...), int64(status), 10)
	r.Type = r.scratch[from:]
}

// parsePostgres reads "ERROR:  message", with the lines that add to it. The
// SQLSTATE is there when log_line_prefix or log_error_verbosity say so.
func parsePostgres(line []byte, r *Result) bool {
	first, rest, _ := bytes.Cut(line, []byte("\n"))
	var severity string
	at := -1
	for _, word := range [...]string{"ERROR:  ", "FATAL:  ", "PANIC:  "} {
		if i := bytes.Index(first[:min(len(first), 256)], []byte(word)); i >= 0 && (at < 0 || i < at) {
			at, severity = i, word
		}
	}
	if at < 0 || at > 0 && first[at-1] != ' ' && first[at-1] != ']' {
		return false
	}
	message := bytes.TrimRight(first[at+len(severity):], "\r")
	if len(message) == 0 || message[0] == ' ' { // other loggers pad the level
		return false
	}
	r.Kind, r.Message = Server, message
	r.SQLState = postgresState(first[:at], r)
	r.Type = postgresType(r.SQLState, severity[:5])
	if i := bytes.LastIndex(r.Message, []byte(" at character ")); i > 0 {
		r.Message = r.Message[:i]
	}
	postgresNotes(rest, r)
	return true
}

// postgresState finds the SQLSTATE before the severity, or before the message,
// from which it is cut.
func postgresState(prefix []byte, r *Result) []byte {
	if len(r.Message) > 7 && r.Message[5] == ':' && r.Message[6] == ' ' && isSQLState(r.Message[:5]) {
		state := r.Message[:5]
		r.Message = r.Message[7:]
		return state
	}
	for len(prefix) > 0 {
		word := prefix
		if i := bytes.LastIndexAny(prefix, " []=,:"); i >= 0 {
			word, prefix = prefix[i+1:], prefix[:i]
		} else {
			prefix = nil
		}
		if isSQLState(word) {
			return word
		}
	}
	return nil
}

// isSQLState tells a known SQLSTATE, and others that have digits and letters:
// five digits alone may be the number of a process.
func isSQLState(word []byte) bool {
	if len(word) != 5 || conditionOf(word) != "" {
		return len(word) == 5
	}
	digits := 0
	for _, c := range word {
		if isDigit(c) {
			digits++
		} else if c < 'A' || c > 'Z' {
			return false
		}
	}
	return digits > 0 && digits < len(word)
}

// appendPostgres is mask.Append for PostgreSQL's messages: the quoted names of
// constraints, tables and columns say what failed, and are kept.
func appendPostgres(dst, message []byte) []byte {
	for {
		opening := bytes.IndexByte(message, '"')
		if opening < 0 {
			break
		}
		closing := bytes.IndexByte(message[opening+1:], '"')
		if closing < 0 {
			break
		}
		name, behind := message[opening+1:opening+1+closing], message[opening+closing+2:]
		if isNamed(message[:opening]) {
			dst = append(mask.Append(dst, message[:opening]), ' ', '"')
			dst = append(mask.Append(dst, name), '"')
			if len(behind) > 0 {
				dst = append(dst, ' ')
			}
		} else {
			dst = mask.Append(dst, message[:opening+closing+2])
		}
		message = behind
	}
	return mask.Append(dst, message)
}

// isNamed reports whether text ends with a word before the name of a thing in
// the database.
func isNamed(text []byte) bool {
	for _, word := range [...]string{
		"constraint ", "relation ", "column ", "table ", "function ", "index ", "type ", "schema ", "sequence ", "view ", "trigger ", "extension ",
	} {
		if bytes.HasSuffix(text, []byte(word)) {
			return !bytes.HasSuffix(text, []byte("for type ")) // its value follows
		}
	}
	return false
}

// postgresNotes reads DETAIL and STATEMENT, each up to the next line that has a
// prefix of its own.
func postgresNotes(rest []byte, r *Result) {
	l := lines{text: rest}
	var into *[]byte
	from := 0
	for {
		line, ok := l.next()
		if !ok {
			return
		}
		head := line[:min(len(line), 256)]
		switch {
		case bytes.Contains(head, []byte("DETAIL:  ")):
			into, from = &r.Detail, l.from+bytes.Index(line, []byte("DETAIL:  "))+len("DETAIL:  ")
		case bytes.Contains(head, []byte("STATEMENT:  ")):
			into, from = &r.Statement, l.from+bytes.Index(line, []byte("STATEMENT:  "))+len("STATEMENT:  ")
		case len(line) == 0 || line[0] != '\t':
			into = nil
		}
		if into != nil {
			*into = rest[from : l.from+len(line)]
		}
	}
}

func postgresType(state []byte, severity string) []byte {
	if name := conditionOf(state); name != "" {
		return []byte(name)
	}
	if len(state) > 0 {
		return state
	}
	return []byte("PostgreSQL " + severity)
}

// conditionOf is PostgreSQL's name for an SQLSTATE (its documentation, appendix
// A), for those that applications meet; "" for others.
func conditionOf(state []byte) string {
	switch string(state) {
	case "08000":
		return "connection_exception"
	case "08003":
		return "connection_does_not_exist"
	case "08006":
		return "connection_failure"
	case "22001":
		return "string_data_right_truncation"
	case "22003":
		return "numeric_value_out_of_range"
	case "22007":
		return "invalid_datetime_format"
	case "22012":
		return "division_by_zero"
	case "22023":
		return "invalid_parameter_value"
	case "22P02":
		return "invalid_text_representation"
	case "23502":
		return "not_null_violation"
	case "23503":
		return "foreign_key_violation"
	case "23505":
		return "unique_violation"
	case "23514":
		return "check_violation"
	case "25P02":
		return "in_failed_sql_transaction"
	case "28000":
		return "invalid_authorization_specification"
	case "28P01":
		return "invalid_password"
	case "3D000":
		return "invalid_catalog_name"
	case "40001":
		return "serialization_failure"
	case "40P01":
		return "deadlock_detected"
	case "42501":
		return "insufficient_privilege"
	case "42601":
		return "syntax_error"
	case "42703":
		return "undefined_column"
	case "42883":
		return "undefined_function"
	case "42P01":
		return "undefined_table"
	case "42P07":
		return "duplicate_table"
	case "53100":
		return "disk_full"
	case "53200":
		return "out_of_memory"
	case "53300":
		return "too_many_connections"
	case "55P03":
		return "lock_not_available"
	case "57014":
		return "query_canceled"
	case "57P01":
		return "admin_shutdown"
	case "57P03":
		return "cannot_connect_now"
	case "58030":
		return "io_error"
	case "XX000":
		return "internal_error"
	}
	return ""
}

// parsePgBouncer reads "C-0x55…: db/user@host:port message": who it was does not
// count.
func parsePgBouncer(message []byte, r *Result) bool {
	if len(message) < 5 || message[0] != 'C' && message[0] != 'S' || !hasPrefix(message[1:], "-0x") {
		return false
	}
	_, behind, ok := bytes.Cut(message, []byte(": "))
	if !ok {
		return false
	}
	peer, text, ok := bytes.Cut(behind, []byte(" "))
	if !ok || bytes.IndexByte(peer, '@') < 0 {
		return false
	}
	r.Kind, r.Type, r.Message = Server, []byte("PgBouncer"), text
	if rest, pooler := cutPrefix(text, "pooler error: "); pooler {
		r.Type, r.Message = []byte("PgBouncer pooler error"), rest
	}
	r.culprit, _, _ = bytes.Cut(peer, []byte("@"))
	return true
}

// parseGunicorn reads what the arbiter says of workers that died or hung.
func parseGunicorn(message []byte, r *Result) bool {
	switch {
	case hasPrefix(message, "WORKER TIMEOUT"):
		r.Type = []byte("gunicorn worker timeout")
	case hasPrefix(message, "Worker (pid:"), hasPrefix(message, "Worker failed to boot"), hasPrefix(message, "Worker exiting with"):
		r.Type = []byte("gunicorn worker death")
	default:
		return false
	}
	r.Kind, r.Message = Server, message
	return true
}

// parseKernel reads the messages of the kernel's killer of processes. The group
// is the program that was killed, whichever process had it.
func parseKernel(message []byte, r *Result) bool {
	if rest, ok := cutPrefix(message, "["); ok { // seconds since boot
		if _, behind, ok := bytes.Cut(rest, []byte("] ")); ok {
			message = behind
		}
	}
	var program []byte
	switch {
	case bytes.Contains(message, []byte("Killed process ")):
		program = between(message, "(", ")")
	case hasPrefix(message, "oom-kill:"):
		program = between(message, ",task=", ",")
	default:
		before, _, invoked := bytes.Cut(message, []byte(" invoked oom-killer: "))
		if !invoked {
			return false
		}
		r.Kind, r.Type, r.Message = Server, []byte("OOM killer invoked"), before
		return true
	}
	r.Kind, r.Type, r.Message, r.culprit = Server, []byte("OOM kill"), program, program
	return true
}

// parseSystemd reads the failures of units. The lines that one failure leaves
// have one group, the unit's.
func parseSystemd(message []byte, tagged bool, r *Result) bool {
	var unit []byte
	if rest, ok := cutPrefix(message, "Failed to start "); ok && tagged {
		unit, _, _ = bytes.Cut(rest, []byte(" - "))
		unit = bytes.TrimRight(unit, ".")
	} else {
		name, what, ok := bytes.Cut(message, []byte(": "))
		if !ok || !isUnit(name) || !isUnitFailure(what) {
			return false
		}
		unit = name
	}
	r.Kind, r.Type, r.Message, r.culprit = Server, []byte("systemd unit failure"), unit, unit
	return true
}

// isUnit tells the name of a unit by its end.
func isUnit(name []byte) bool {
	_, kind, found := cutLast(name, '.')
	switch string(kind) {
	case "service", "socket", "timer", "mount", "automount", "scope", "slice", "swap", "path", "target", "device":
		return found && bytes.IndexByte(name, ' ') < 0
	}
	return false
}

func isUnitFailure(what []byte) bool {
	return hasPrefix(what, "Failed with result ") || hasPrefix(what, "Start request repeated too quickly") ||
		hasPrefix(what, "A process of this unit has been killed by the OOM killer") ||
		bytes.Contains(what, []byte("process exited, code=")) && !bytes.Contains(what, []byte("status=0/SUCCESS")) ||
		bytes.Contains(what, []byte(" timed out. Killing"))
}

// between is what stands between two texts, nil if it does not.
func between(text []byte, before, after string) []byte {
	_, rest, ok := bytes.Cut(text, []byte(before))
	if !ok {
		return nil
	}
	inside, _, _ := bytes.Cut(rest, []byte(after))
	return inside
}
