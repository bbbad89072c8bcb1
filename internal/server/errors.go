package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/alerts"
	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/notify"
	"github.com/tovtech/tovplay-logging/internal/searches"
	"github.com/tovtech/tovplay-logging/internal/snapshots"
	"github.com/tovtech/tovplay-logging/internal/state"
)

// statusClientGone is nginx' status for a client that went away. Nobody reads it
// but the access log.
const statusClientGone = 499

// requestError is a request that cannot be served; its message is for the
// person who made it.
type requestError struct {
	status  int
	code    string
	message string
}

// Error returns the message.
func (e *requestError) Error() string { return e.message }

// badRequest says what is wrong with a request and how to mend it.
func badRequest(format string, args ...any) error {
	return &requestError{http.StatusBadRequest, "bad_request", fmt.Sprintf(format, args...)}
}

// errorBody is the JSON of every error.
type errorBody struct {
	Error errorDetail `json:"error"`
	// Cost is that of the query when the code is costly.
	Cost *costBody `json:"cost,omitempty"`
}

type errorDetail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Source  string `json:"source"`
}

// failure is an error as the client and the log see it.
type failure struct {
	status int
	detail errorDetail
	cost   *costBody
	// retryAfter is in seconds, 0 for none.
	retryAfter int
	// fault is true when the operator should see it.
	fault bool
}

// handle adapts a handler that returns an error.
func (s *Server) handle(h func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			s.fail(c, err)
		}
	}
}

// fail answers with the error and notes it. It is the one place where an error
// becomes an answer.
func (s *Server) fail(c *gin.Context, err error) {
	f := explain(c.Request.Context(), err)
	note := noteOf(c)
	note.err = err
	note.fault = f.fault
	c.Abort()
	if c.Writer.Written() {
		return
	}
	if f.retryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(f.retryAfter))
	}
	c.Header("Cache-Control", "no-store")
	writeJSON(c, f.status, errorBody{f.detail, f.cost})
}

// lokiStatus is the HTTP status of each code of package loki.
var lokiStatus = map[loki.Code]int{
	loki.CodeSyntax:      http.StatusBadRequest,
	loki.CodeLimit:       http.StatusBadRequest,
	loki.CodeTimeout:     http.StatusGatewayTimeout,
	loki.CodeThrottled:   http.StatusTooManyRequests,
	loki.CodeCancelled:   statusClientGone,
	loki.CodeUnavailable: http.StatusBadGateway,
}

// explain maps an error to what the client and the log see.
func explain(ctx context.Context, err error) failure {
	if known, ok := errors.AsType[*requestError](err); ok {
		return failure{status: known.status, detail: errorDetail{known.code, known.message, "dashboard"}}
	}
	if errors.Is(err, errBusy) {
		return failure{status: http.StatusTooManyRequests, detail: errorDetail{"throttled", err.Error(), "dashboard"}, retryAfter: 2}
	}
	if known, ok := errors.AsType[*costlyError](err); ok {
		return failure{status: http.StatusBadRequest, detail: errorDetail{"costly", known.Error(), "dashboard"},
			cost: &costBody{known.bytes, known.limit, true}}
	}
	if known, ok := errors.AsType[*loki.Error](err); ok {
		f := failure{status: lokiStatus[known.Code], detail: errorDetail{string(known.Code), known.Message, "loki"}}
		f.fault = known.Code == loki.CodeUnavailable || known.Code == loki.CodeTimeout
		if known.Code == loki.CodeThrottled {
			f.retryAfter = 2
		}
		return f
	}
	if known, ok := errors.AsType[*auth.ThrottledError](err); ok {
		return failure{status: http.StatusTooManyRequests, retryAfter: known.Seconds(),
			detail: errorDetail{"throttled", known.Error(), "dashboard"}}
	}
	if known, ok := errors.AsType[*alerts.UpstreamError](err); ok {
		return upstreamFailure(ctx, known)
	}
	if known, ok := errors.AsType[*notify.InputError](err); ok {
		return failure{status: http.StatusBadRequest, detail: errorDetail{"bad_request", known.Error(), "dashboard"}}
	}
	if known, ok := errors.AsType[*searches.InputError](err); ok {
		return failure{status: http.StatusBadRequest, detail: errorDetail{"bad_request", known.Error(), "dashboard"}}
	}
	if known, ok := errors.AsType[*snapshots.InputError](err); ok {
		return failure{status: http.StatusBadRequest, detail: errorDetail{"bad_request", known.Error(), "dashboard"}}
	}
	if known, ok := errors.AsType[*searches.UsedError](err); ok {
		return failure{status: http.StatusConflict, detail: errorDetail{"conflict", known.Error(), "dashboard"}}
	}
	switch {
	case errors.Is(err, searches.ErrOthers), errors.Is(err, snapshots.ErrOthers):
		return failure{status: http.StatusForbidden, detail: errorDetail{"forbidden", err.Error(), "dashboard"}}
	case errors.Is(err, life.ErrNoIssue), errors.Is(err, alerts.ErrNoEpisode), errors.Is(err, notify.ErrUnknown), errors.Is(err, searches.ErrUnknown), errors.Is(err, snapshots.ErrUnknown):
		return failure{status: http.StatusNotFound, detail: errorDetail{"not_found", err.Error(), "dashboard"}}
	case errors.Is(err, loki.ErrCursor), errors.Is(err, life.ErrAction), errors.Is(err, life.ErrDeploy), errors.Is(err, alerts.ErrSilence):
		return failure{status: http.StatusBadRequest, detail: errorDetail{"bad_request", err.Error(), "dashboard"}}
	case errors.Is(err, auth.ErrCredentials):
		return failure{status: http.StatusUnauthorized, detail: errorDetail{"unauthorized", "the user or the password is wrong", "dashboard"}}
	case errors.Is(err, auth.ErrNoSession):
		return failure{status: http.StatusUnauthorized, detail: errorDetail{"unauthorized", "log in first: there is no session, or it has ended", "dashboard"}}
	case ctx.Err() != nil:
		return failure{status: statusClientGone, detail: errorDetail{"cancelled", "the request was cancelled", "dashboard"}}
	}
	if text := state.WriteFault(err); text != "" {
		return failure{status: http.StatusServiceUnavailable, fault: true, detail: errorDetail{"unavailable", text, "dashboard"}}
	}
	return failure{status: http.StatusInternalServerError, fault: true,
		detail: errorDetail{"internal", "a fault of the dashboard; its log says more", "dashboard"}}
}

// upstreamFailure maps a failure of Alertmanager or Prometheus. What they refuse
// with a status of 400 is the request's fault.
func upstreamFailure(ctx context.Context, err *alerts.UpstreamError) failure {
	detail := errorDetail{"unavailable", err.Message, strings.ToLower(err.Server)}
	switch {
	case ctx.Err() != nil:
		return failure{status: statusClientGone, detail: errorDetail{"cancelled", "the request was cancelled", "dashboard"}}
	case err.Status == http.StatusNotFound:
		detail.Code = "not_found"
		return failure{status: http.StatusNotFound, detail: detail}
	case err.Status/100 == 4:
		detail.Code = "bad_request"
		return failure{status: http.StatusBadRequest, detail: detail}
	}
	return failure{status: http.StatusBadGateway, detail: detail, fault: true}
}
