package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// pingEvery keeps proxies from ending a silent stream (nginx: 60 s).
	pingEvery = 15 * time.Second
	// eventWait bounds the writing of one event to a client.
	eventWait = 30 * time.Second
	// reconnectMS is how long EventSource waits before it connects again.
	reconnectMS = 2000
	// backlogMax is how far back a tail may begin.
	backlogMax = time.Hour
)

// tail streams lines as they arrive.
//
// What is wrong with the request is an HTTP error. Loki being away is not: an
// EventSource gives up for good at an HTTP error, so it gets a stream that says
// why and ends, and comes back with its cursor by itself.
func (s *Server) tail(c *gin.Context) error {
	watch, err := s.watchRequest(c)
	if err != nil && !passing(err) {
		return err
	}
	var viewer *loki.Viewer
	if err == nil {
		ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
		viewer, err = s.config.Hub.Watch(ctx, watch)
		cancel()
	}
	if err != nil && !passing(err) {
		return err
	}
	noteOf(c).stream = true
	out := newEventStream(c)
	if err != nil {
		return out.status(loki.Status{Message: explain(c.Request.Context(), err).detail.Message + "; trying again"})
	}
	defer s.config.Hub.Leave(viewer)
	return s.stream(c, out, viewer)
}

// passing reports whether an error of Loki may be over soon.
func passing(err error) bool {
	code := loki.CodeOf(err)
	_, isLoki := errors.AsType[*loki.Error](err)
	return isLoki && (code == loki.CodeUnavailable || code == loki.CodeTimeout)
}

// watchRequest reads the parameters of GET api/v1/tail.
func (s *Server) watchRequest(c *gin.Context) (loki.WatchRequest, error) {
	params := c.Request.URL.Query()
	f, err := parseFilters(params)
	if err != nil {
		return loki.WatchRequest{}, err
	}
	watch := loki.WatchRequest{Resume: c.GetHeader("Last-Event-ID")}
	if watch.Resume == "" {
		watch.Resume = params.Get("cursor")
	}
	if params.Get("start") != "" {
		now := s.config.Now()
		watch.Since, err = parseTimeParam(params, "start", "", now)
		if err != nil {
			return watch, err
		}
		if oldest := now.Add(-backlogMax); watch.Since.Before(oldest) {
			watch.Since = oldest
		}
	}
	watch.Query, err = f.logQL(c.Request.Context(), s.config.Loki)
	return watch, err
}

// stream hands on what the viewer gets until the client goes, the session ends
// or the server stops.
func (s *Server) stream(c *gin.Context, out *eventStream, viewer *loki.Viewer) error {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		var err error
		select {
		case <-c.Request.Context().Done():
			return nil
		case <-s.stopping:
			return nil
		case <-viewer.Done():
			return nil
		case <-viewer.Ready():
			err = out.update(viewer.Take())
		case <-ping.C:
			if _, ended := s.config.Users.Session(c.Request.Context(), tokenOf(c.Request)); errors.Is(ended, auth.ErrNoSession) {
				return nil
			}
			err = out.ping()
		}
		if err != nil {
			return nil // the client has gone
		}
	}
}

// eventStream writes server-sent events. It holds no buffer: what many viewers
// get is encoded once and written from there.
type eventStream struct {
	writer  http.ResponseWriter
	control *http.ResponseController
	err     error // of the first write that failed
}

// newEventStream begins the answer. The headers keep proxies from holding it
// back: nginx honours X-Accel-Buffering.
func newEventStream(c *gin.Context) *eventStream {
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	c.Writer.WriteHeader(http.StatusOK)
	s := &eventStream{writer: c.Writer, control: http.NewResponseController(c.Writer)}
	s.begin()
	s.text("retry: " + strconv.Itoa(reconnectMS) + "\n\n")
	s.flush() // a client that has gone shows at the next write
	return s
}

// update writes what a viewer got.
func (s *eventStream) update(u loki.Update) error {
	s.begin()
	if u.Status != nil {
		s.event("status", "", encodeStatus(*u.Status))
	}
	if u.Dropped > 0 {
		s.event("dropped", "", fmt.Appendf(nil, `{"count":%d}`, u.Dropped))
	}
	for _, batch := range u.Batches {
		s.event("entries", batch.Cursor, batch.Encoded(encodeEntries))
	}
	return s.flush()
}

// status writes one status.
func (s *eventStream) status(status loki.Status) error {
	s.begin()
	s.event("status", "", encodeStatus(status))
	return s.flush()
}

// ping writes a comment, which clients ignore.
func (s *eventStream) ping() error {
	s.begin()
	s.text(": ping\n\n")
	return s.flush()
}

// event writes one event. data is JSON without line breaks.
func (s *eventStream) event(name, id string, data []byte) {
	s.text("event: " + name + "\n")
	if id != "" {
		s.text("id: " + id + "\n")
	}
	s.text("data: ")
	s.write(data)
	s.text("\n\n")
}

// begin gives what follows eventWait to be written.
func (s *eventStream) begin() {
	if s.err == nil {
		s.err = s.control.SetWriteDeadline(time.Now().Add(eventWait))
	}
}

func (s *eventStream) text(text string) { s.write([]byte(text)) }

// write writes unless a write has failed before.
func (s *eventStream) write(data []byte) {
	if s.err == nil {
		_, s.err = s.writer.Write(data)
	}
}

// flush sends what was written, and returns the first error.
func (s *eventStream) flush() error {
	if s.err == nil {
		s.err = s.control.Flush()
	}
	return s.err
}

// encodeEntries renders the data of an event `entries`.
func encodeEntries(entries []loki.Entry) []byte {
	return encodeLine(struct {
		Entries []entryBody `json:"entries"`
	}{entryBodies(entries)})
}

// encodeStatus renders the data of an event `status`.
func encodeStatus(status loki.Status) []byte {
	state := "ok"
	if !status.OK {
		state = "reconnecting"
	}
	return encodeLine(struct {
		State   string `json:"state"`
		Message string `json:"message"`
	}{state, status.Message})
}

// encodeLine renders JSON in one line.
func encodeLine(body any) []byte {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // a fault of the program: these types always encode
	}
	return data
}
