package server

import (
	"context"
	"errors"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/auth"
)

// changesMax is how many changes one event of the stream has at most.
const changesMax = 200

// streamChanges streams what happens to issues, from a number on or from now on.
func (s *Server) streamChanges(c *gin.Context) error {
	text := c.GetHeader("Last-Event-ID")
	if text == "" {
		text = c.Request.URL.Query().Get("cursor")
	}
	seq := s.config.Issues.Seq()
	if text != "" {
		after, err := strconv.ParseInt(text, 10, 64)
		if err != nil || after < 0 {
			return badRequest("cursor=%q is not the id of an event of this stream", shorten(text))
		}
		seq = min(seq, after) // a restored database may have fewer
	}
	noteOf(c).stream = true
	out := newEventStream(c)
	ctx, cancel := s.untilStop(c.Request.Context())
	defer cancel()
	for {
		next, err := s.sendChanges(ctx, c, out, seq)
		if err != nil {
			return nil // the client or the server has gone, or the client comes back
		}
		seq = next
	}
}

// untilStop returns a context that ends with the server, too.
func (s *Server) untilStop(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		defer cancel()
		select {
		case <-s.stopping:
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// sendChanges waits for changes behind seq and sends them, or pings. It returns
// the number of the last that was sent.
func (s *Server) sendChanges(ctx context.Context, c *gin.Context, out *eventStream, seq int64) (int64, error) {
	wait, cancel := context.WithTimeout(ctx, pingEvery)
	defer cancel()
	err := s.config.Issues.WaitChange(wait, seq)
	if ctx.Err() != nil {
		return seq, ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		if _, ended := s.config.Users.Session(ctx, tokenOf(c.Request)); errors.Is(ended, auth.ErrNoSession) {
			return seq, ended
		}
		return seq, out.ping()
	}
	changes, err := s.config.Issues.ChangesAfter(ctx, seq, changesMax)
	if err == nil && len(changes) == 0 {
		err = errors.New("there is none though one was announced")
	}
	if ctx.Err() != nil {
		return seq, ctx.Err()
	}
	if err != nil {
		s.config.Log.Error("stream changes of issues", "after", seq, "error", err)
		return seq, err
	}
	last := changes[len(changes)-1].Seq
	out.begin()
	out.event("changes", strconv.FormatInt(last, 10), encodeLine(struct {
		Changes []changeBody `json:"changes"`
	}{mapped(changes, changeOf)}))
	return last, out.flush()
}
