package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
)

// note is what one request leaves for the log.
type note struct {
	user  string
	err   error
	fault bool
	// stream is true for an answer without an end, whose duration says nothing.
	stream bool
	// quiet is true for what comes all the time by itself.
	quiet bool
}

// noteKey is where the note is in gin's context.
const noteKey = "note"

// noteOf returns the note of the request.
func noteOf(c *gin.Context) *note {
	if found, ok := c.Get(noteKey); ok {
		return found.(*note)
	}
	fresh := &note{}
	c.Set(noteKey, fresh)
	return fresh
}

// observe measures the request and logs it. The query of the address is not
// logged: it is what people search for.
func (s *Server) observe(c *gin.Context) {
	start := time.Now()
	n := noteOf(c)
	s.config.Metrics.begin()
	c.Next()
	took := time.Since(start)
	route := c.FullPath()
	if route == "" {
		route = "page"
	}
	status := c.Writer.Status()
	s.config.Metrics.end(c.Request.Method, route, status, took, n.stream)
	attrs := []slog.Attr{
		slog.String("method", c.Request.Method), slog.String("path", c.Request.URL.Path), slog.Int("status", status),
		slog.Int("bytes", max(c.Writer.Size(), 0)), slog.Int64("took_ms", took.Milliseconds()),
	}
	if n.user != "" {
		attrs = append(attrs, slog.String("user", n.user))
	}
	if n.err != nil && (n.fault || status == http.StatusBadRequest) {
		attrs = append(attrs, slog.String("error", n.err.Error()))
	}
	s.config.Log.LogAttrs(c.Request.Context(), n.level(status), "request", attrs...)
}

// level returns how much a request is worth in the log.
func (n *note) level(status int) slog.Level {
	switch {
	case status == http.StatusInternalServerError:
		return slog.LevelError
	case n.fault:
		return slog.LevelWarn
	case n.quiet:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// recover turns a panic into an answer and a log line with its stack.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause == http.ErrAbortHandler {
			panic(cause)
		}
		s.config.Log.LogAttrs(context.WithoutCancel(c.Request.Context()), slog.LevelError, "panic",
			slog.Any("cause", cause), slog.String("path", c.Request.URL.Path), slog.String("stack", string(debug.Stack())))
		s.fail(c, errPanic)
	}()
	c.Next()
}

// errPanic is what a panic becomes.
var errPanic = errors.New("a handler panicked")
