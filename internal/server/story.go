package server

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// storyLines and nearbyLines bound what is shown of one request.
	storyLines  = 500
	nearbyLines = 200
	// requestIDMin and requestIDMax bound an id, in bytes: a shorter one would be found in lines that have nothing to do with it.
	requestIDMin = 4
	requestIDMax = 200
)

// storyBody is the answer of GET api/v1/story.
type storyBody struct {
	ID        string          `json:"id"`
	Start     string          `json:"start"`
	End       string          `json:"end"`
	Lines     []storyLineBody `json:"lines"`
	Cut       bool            `json:"cut"`
	Nearby    []entryBody     `json:"nearby"`
	NearbyCut bool            `json:"nearby_cut"`
	Partial   bool            `json:"partial"`
	Warnings  []string        `json:"warnings"`
}

// storyLineBody is a line that carries the id.
type storyLineBody struct {
	Entry entryBody `json:"entry"`
	// GapMS is how long after the line before it is; nil for the first.
	GapMS   *float64 `json:"gap_ms"`
	FoundIn string   `json:"found_in"`
}

// story answers with the lines that carry the id of a request, and those near
// them in time.
func (s *Server) story(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	body, err := s.storyOf(ctx, c.Request.URL.Query())
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, body)
	return nil
}

// storyOf tells the story that the parameters of GET api/v1/story ask for.
func (s *Server) storyOf(ctx context.Context, params url.Values) (storyBody, error) {
	id, err := parseRequestID(params.Get("id"))
	if err != nil {
		return storyBody{}, err
	}
	r, err := storyRange(params, s.config.Now())
	if err != nil {
		return storyBody{}, err
	}
	if err := s.admit(ctx, params, "{"+string(s.config.Loki.Selector())+"}", r); err != nil {
		return storyBody{}, err
	}
	got, err := s.config.Loki.StoryOf(ctx, id, r.start, r.end, storyLines)
	if err != nil {
		return storyBody{}, err
	}
	body := storyBody{
		ID: id, Start: *stamp(r.start), End: *stamp(r.end), Lines: storyLineBodies(got.Lines, id), Cut: got.Cut,
		Partial: got.Partial, Nearby: []entryBody{}, Warnings: list(got.Warnings),
	}
	if len(got.Lines) > 0 {
		near, cut, err := s.config.Loki.Nearby(ctx, id, got.Lines, nearbyLines)
		if err != nil {
			body.Partial = true
			body.Warnings = append(body.Warnings, "lines nearby were not read: "+explain(ctx, err).detail.Message)
		}
		body.Nearby, body.NearbyCut = entryBodies(near), cut
	}
	return body, nil
}

// storyRange reads the range, by default the last day: a link to a story often
// has only its id.
func storyRange(params url.Values, now time.Time) (span, error) {
	if params.Get("start") == "" {
		params.Set("start", "now-24h")
	}
	return parseRange(params, now)
}

// parseRequestID checks the id of a request.
func parseRequestID(text string) (string, error) {
	id := strings.TrimSpace(text)
	switch {
	case len(id) < requestIDMin || len(id) > requestIDMax:
		return "", badRequest("id has %d bytes; the id of a request has from %d to %d", len(id), requestIDMin, requestIDMax)
	case !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl):
		return "", badRequest("id has characters that cannot be printed")
	}
	return id, nil
}

// storyLineBodies renders lines with the gaps between them.
func storyLineBodies(lines []loki.Entry, id string) []storyLineBody {
	bodies := make([]storyLineBody, len(lines))
	for i, entry := range entryBodies(lines) {
		bodies[i] = storyLineBody{Entry: entry, FoundIn: loki.FoundIn(lines[i], id)}
		if i > 0 {
			gap := float64(lines[i].TS-lines[i-1].TS) / float64(time.Millisecond)
			bodies[i].GapMS = &gap
		}
	}
	return bodies
}
