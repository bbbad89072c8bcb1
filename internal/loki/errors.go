package loki

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// Code says what kind of failure an Error is. The values are part of the
// dashboard's HTTP API.
type Code string

// The codes of Error.
const (
	CodeSyntax      Code = "syntax"      // the query is not valid LogQL
	CodeLimit       Code = "limit"       // the query exceeds one of Loki's limits
	CodeTimeout     Code = "timeout"     // no answer in time
	CodeThrottled   Code = "throttled"   // too many queries at once, here or at Loki
	CodeCancelled   Code = "cancelled"   // whoever asked has gone
	CodeUnavailable Code = "unavailable" // Loki is away, broken or refuses the dashboard
)

// Error is a failed call of Loki. Message is written for the person who reads
// the page: what happened and what to do; it holds no address and no secret.
// Detail is Loki's own text, at most 1 KiB, for the log.
type Error struct {
	Code    Code
	Message string
	Detail  string
	// Status is the HTTP status of Loki's answer, 0 when there was none.
	Status int
	// cause is the transport's error, if any.
	cause error
}

// Error returns the message with Loki's text, for the log.
func (e *Error) Error() string {
	text := "loki: " + e.Message
	if e.Status != 0 {
		text += fmt.Sprintf(" (status %d)", e.Status)
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Unwrap returns the transport's error.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf returns the code of the Error in err's chain: "" when err is nil, and
// CodeUnavailable when err is no Error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if known, ok := errors.AsType[*Error](err); ok {
		return known.Code
	}
	return CodeUnavailable
}

// errorDetailMax bounds how much of Loki's text is kept, in bytes.
const errorDetailMax = 1 << 10

// limitTexts are parts of the texts with which Loki refuses a query that
// exceeds a limit (pkg/querier/limits, pkg/logql/engine.go, validation of
// 3.7). They share the status 400 with syntax errors.
var limitTexts = []string{
	"max entries limit",
	"exceeds the limit",
	"maximum of series",
	"maximum number of series",
	"would read too many bytes",
	"too many chunks",
	"stream limit",
	"stream matcher limit",
	"maximum resolution",
	"query length",
}

// statusError maps an answer that is not 2xx. body is Loki's text.
func statusError(status int, body string) *Error {
	detail := strings.TrimSpace(body)
	var object struct{ Error string } // as format_query answers
	if json.Unmarshal([]byte(body), &object) == nil && object.Error != "" {
		detail = object.Error
	}
	if len(detail) > errorDetailMax {
		detail = strings.ToValidUTF8(detail[:errorDetailMax], "") + "…"
	}
	e := &Error{Status: status, Detail: detail}
	e.Code, e.Message = classify(status, detail)
	return e
}

// classify gives the code and the message of a status and Loki's text.
func classify(status int, detail string) (Code, string) {
	switch {
	case status == http.StatusBadRequest && containsAny(detail, limitTexts):
		return CodeLimit, "the query is larger than Loki allows; shorten the time range or add a filter: " + detail
	case status == http.StatusBadRequest:
		return CodeSyntax, "Loki does not understand the query; correct it: " + detail
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return CodeUnavailable, "Loki refuses the dashboard; check LOKI_TENANT, LOKI_USER, LOKI_PASSWORD or LOKI_BEARER_TOKEN"
	case status == http.StatusNotFound:
		return CodeUnavailable, "there is no Loki query API at LOKI_URL; check the address and its path"
	case status == http.StatusRequestEntityTooLarge:
		return CodeLimit, "the answer is larger than Loki or its proxy can send; shorten the time range or add a filter"
	case status == http.StatusTooManyRequests:
		return CodeThrottled, "Loki has too many queries at once; try again in a moment"
	case status == 499:
		return CodeCancelled, "the query was cancelled"
	case status == http.StatusGatewayTimeout:
		return CodeTimeout, "Loki did not answer in time; shorten the time range or add a filter"
	case status == http.StatusInternalServerError && strings.Contains(detail, "context deadline exceeded"):
		return CodeTimeout, "Loki did not answer in time; shorten the time range or add a filter"
	}
	return CodeUnavailable, "Loki answers with an error (status " + strconv.Itoa(status) + "); its log says why, and the dashboard tries again with the next request"
}

// transportError maps an error of the HTTP client. ctx is the caller's context:
// when it has ended, the caller has gone, else Loki was too slow.
func transportError(ctx context.Context, err error) *Error {
	e := &Error{cause: err, Detail: redactURL(err)}
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		e.Code, e.Message = CodeCancelled, "the query was cancelled"
	case errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		e.Code, e.Message = CodeTimeout, "Loki did not answer in time; shorten the time range or add a filter"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Code, e.Message = CodeUnavailable, "Loki does not answer; check that it runs, and the address in LOKI_URL"
	case isCut(err):
		e.Code, e.Message = CodeUnavailable, "Loki closed the connection before the answer was complete; try again, and look at its log if that does not help"
	default:
		e.Code, e.Message = CodeUnavailable, "Loki cannot be reached at LOKI_URL; check the address and the network"
	}
	return e
}

// isCut reports whether the connection ended in the middle of an answer.
func isCut(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
}

// errAnswerTooLarge means that an answer exceeds answerMax.
var errAnswerTooLarge = errors.New("the answer is too large")

// tooBig reports whether asking for less may help: Loki's ways of failing on a
// large answer are 413, 500, 504, a cut connection and silence.
func tooBig(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch {
	case e.Code == CodeTimeout, errors.Is(e, errAnswerTooLarge), isCut(e):
		return true
	case e.Status == http.StatusInternalServerError, e.Status == http.StatusRequestEntityTooLarge:
		return true
	}
	return false
}

// maxEntriesText is how Loki refuses a limit parameter above
// max_entries_limit_per_query.
var maxEntriesText = regexp.MustCompile(`max_entries_limit_per_query \((\d+) > (\d+)\)`)

// maxEntries returns Loki's max_entries_limit_per_query if err states it.
func maxEntries(err error) (int, bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Code != CodeLimit {
		return 0, false
	}
	match := maxEntriesText.FindStringSubmatch(e.Detail)
	if match == nil {
		return 0, false
	}
	n, err := strconv.Atoi(match[2])
	return n, err == nil && n > 0
}

// seriesLimit reports whether Loki refused because of max_query_series.
func seriesLimit(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == CodeLimit && strings.Contains(e.Detail, "maximum") && strings.Contains(e.Detail, "series")
}

// containsAny reports whether text contains one of parts.
func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
