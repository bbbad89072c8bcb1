package grouping

import (
	"bytes"

	"github.com/tovtech/tovplay-logging/pipeline/jsonscan"
)

// span is a part of Result.text, which may move while it grows.
type span struct{ from, to int }

func (s span) empty() bool { return s.to <= s.from }

// members are what a JSON record says, under the names of many loggers.
type members struct {
	message, logger, service, correlation span
	errType, errValue, trace, sqlState    span
	failure                               span // an error in one line
	file, function                        span // of the statement that logged it
	request                               span // of an access log, "GET /x HTTP/1.1"
	status                                int  // of that request

	messageRank, correlationRank, traceRank int
}

// readMembers reads a JSON record, whose texts it appends to text. It is not ok
// when line is no JSON from its first member on.
func readMembers(line, text []byte) (m members, grown []byte, ok bool) {
	r := memberReader{text: text}
	it := jsonscan.Iterate(line, jsonscan.Lenient)
	for it.Next() {
		ok = true
		r.member(&it)
	}
	return r.m, r.text, ok || it.Err() == nil
}

type memberReader struct {
	text []byte
	m    members
}

func (r *memberReader) member(it *jsonscan.Members) {
	switch string(it.Key) {
	case "message", "msg", "MESSAGE", "short_message", "@m", "@message", "event", "textPayload":
		r.message(it)
	case "fields": // of Rust's tracing
		r.fields(it)
	case "logger", "logger_name", "loggerName", "log.logger", "channel", "name":
		r.first(&r.m.logger, it)
	case "service", "service.name", "service_name":
		r.first(&r.m.service, it)
	case "correlation_id", "correlationId", "correlation.id", "trace_id", "traceId", "trace.id", "request_id", "requestId":
		r.correlation(it)
	case "file", "filename", "module", "caller":
		r.first(&r.m.file, it)
	case "function", "funcName", "func":
		r.first(&r.m.function, it)
	case "error.type", "exception.type", "exc_type", "exception_class", "error_class":
		r.first(&r.m.errType, it)
	case "error.message", "exception.message", "exc_value":
		r.first(&r.m.errValue, it)
	case "request":
		r.first(&r.m.request, it)
	case "status", "status_code":
		r.m.status, _ = number(it.Value)
	case "state_code", "sql_state", "sqlstate":
		r.first(&r.m.sqlState, it)
	case "panic", "recovered":
		r.first(&r.m.failure, it)
	case "exception", "exc_info", "exc_text", "err", "error":
		r.failure(it)
	case "stack_trace", "stacktrace", "stackTrace", "stack", "traceback", "error.stack_trace", "error.stack", "exception.stacktrace", "backtrace":
		r.trace(it, 1)
	}
}

// message takes "message" before the names that mean something else elsewhere.
func (r *memberReader) message(it *jsonscan.Members) {
	rank := 2
	switch string(it.Key) {
	case "message":
		rank = 3
	case "event":
		rank = 1
	}
	if it.Kind == jsonscan.String && rank > r.m.messageRank {
		r.m.message, r.m.messageRank = r.unescape(it.Value), rank
	}
}

func (r *memberReader) fields(it *jsonscan.Members) {
	if it.Kind != jsonscan.Object {
		return
	}
	inner := jsonscan.Iterate(it.Value, jsonscan.Lenient)
	for inner.Next() {
		if string(inner.Key) == "message" {
			r.message(&inner)
		}
	}
}

func (r *memberReader) correlation(it *jsonscan.Members) {
	rank := 1
	switch it.Key[0] {
	case 'c':
		rank = 3
	case 't':
		rank = 2
	}
	if it.Kind == jsonscan.String && len(it.Value) > 0 && rank > r.m.correlationRank {
		r.m.correlation, r.m.correlationRank = r.unescape(it.Value), rank
	}
}

func (r *memberReader) first(s *span, it *jsonscan.Members) {
	if it.Kind == jsonscan.String && s.empty() {
		*s = r.unescape(it.Value)
	}
}

// failure reads an exception: an object with type, message and traceback, or
// the traceback alone as a text or as a list of texts.
func (r *memberReader) failure(it *jsonscan.Members) {
	if it.Kind != jsonscan.Object {
		if bytes.Contains(it.Value, []byte(`\n`)) || it.Kind == jsonscan.Array {
			r.trace(it, 2)
		} else {
			r.first(&r.m.failure, it)
		}
		return
	}
	inner := jsonscan.Iterate(it.Value, jsonscan.Lenient)
	for inner.Next() {
		switch string(inner.Key) {
		case "type", "name", "class", "kind", "exception_class":
			r.first(&r.m.errType, &inner)
		case "message", "msg", "value":
			r.first(&r.m.errValue, &inner)
		case "traceback", "stack", "stack_trace", "stacktrace", "stackTrace", "trace", "backtrace":
			r.trace(&inner, 3)
		}
	}
}

// trace reads a traceback, of which the one with the highest rank counts.
func (r *memberReader) trace(it *jsonscan.Members, rank int) {
	if rank <= r.m.traceRank {
		return
	}
	switch it.Kind {
	case jsonscan.String:
		r.m.trace, r.m.traceRank = r.unescape(it.Value), rank
	case jsonscan.Array:
		r.m.trace, r.m.traceRank = r.joined(it.Value), rank
	}
}

// joined is the strings of an array, each on lines of its own.
func (r *memberReader) joined(array []byte) span {
	from := len(r.text)
	inside := array[1 : len(array)-1]
	for range maxMembers {
		start := bytes.IndexByte(inside, '"')
		if start < 0 {
			break
		}
		end := stringEnd(inside[start+1:])
		r.text = jsonscan.AppendUnescape(r.text, inside[start+1:start+1+end])
		if n := len(r.text); n > from && r.text[n-1] != '\n' {
			r.text = append(r.text, '\n')
		}
		inside = inside[min(len(inside), start+end+2):]
	}
	return span{from, len(r.text)}
}

// stringEnd is where the string ends at whose inside text begins.
func stringEnd(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

func (r *memberReader) unescape(raw []byte) span {
	from := len(r.text)
	r.text = jsonscan.AppendUnescape(r.text, raw)
	return span{from, len(r.text)}
}
