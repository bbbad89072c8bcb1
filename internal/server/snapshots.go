package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/errgroup"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/snapshots"
)

const (
	// frozenLines and frozenBytes bound how much of a view of lines is frozen.
	frozenLines = 5000
	frozenBytes = 12 << 20
)

// snapshotBody is a snapshot in an answer.
type snapshotBody struct {
	ID        string  `json:"id"`
	Title     string  `json:"title"`
	Path      string  `json:"path"`
	View      string  `json:"view"`
	Lines     int64   `json:"lines"`
	Total     *int64  `json:"total"`
	CreatedBy string  `json:"created_by"`
	CreatedAt *string `json:"created_at"`
	ExpiresAt *string `json:"expires_at"`
	Bytes     int64   `json:"bytes"`
	// Own is true when the user froze it.
	Own bool `json:"own"`
}

func snapshotOf(one snapshots.Snapshot, user string) snapshotBody {
	body := snapshotBody{
		ID: one.ID, Title: one.Title, Path: one.Path, View: one.View, Lines: one.Lines, CreatedBy: one.CreatedBy,
		CreatedAt: stamp(one.CreatedAt), ExpiresAt: stamp(one.Expires), Bytes: one.Bytes, Own: one.CreatedBy == user,
	}
	if one.Total >= 0 {
		body.Total = &one.Total
	}
	return body
}

// frozenBody is the content of a snapshot; one of its members is set. It is on
// disk as it is here: members may be added, but none may be taken away or get
// another meaning.
type frozenBody struct {
	Lines *frozenLinesBody `json:"lines"`
	Issue *frozenIssueBody `json:"issue"`
	Story *storyBody       `json:"story"`
}

// frozenLinesBody is a view of lines: its newest lines, or its oldest if the view
// begins with them.
type frozenLinesBody struct {
	Entries  []entryBody `json:"entries"`
	Partial  bool        `json:"partial"`
	Warnings []string    `json:"warnings"`
	// Volume counts all lines of the view; nil if they could not be counted.
	Volume *volumeBody `json:"volume"`
}

// frozenIssueBody is an issue with one of its events.
type frozenIssueBody struct {
	Issue issueDetailBody `json:"issue"`
	TS    string          `json:"ts"`
	ID    string          `json:"id"`
	// Event is nil if only the issue's evidence has it.
	Event *eventBody `json:"event"`
}

// freezeRequest is what is to be frozen.
type freezeRequest struct {
	// Of is lines, issue or story.
	Of string `json:"of"`
	// Params are those of GET api/v1/logs with by, of GET api/v1/story, or issue, ts
	// and id of an event.
	Params string `json:"params"`
	Title  string `json:"title"`
	View   string `json:"view"`
	Days   int    `json:"days"`
}

// freeze keeps what a view shows now, read by the dashboard itself: what a
// snapshot has was in Loki or in the issues.
func (s *Server) freeze(c *gin.Context) error {
	var request freezeRequest
	if err := readJSON(c.Request.Body, &request, `{"of": "lines", "params": "service=backend", "title": "Timeouts", "view": "service=backend", "days": 30}`); err != nil {
		return err
	}
	params, err := url.ParseQuery(request.Params)
	if err != nil {
		return badRequest("params=%q are no parameters of an address", shorten(request.Params))
	}
	params.Set("cost", "any") // the view has read the same
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	release, err := s.heavy.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	user := c.MustGet(userKey).(auth.User).Name
	one := snapshots.Snapshot{Title: request.Title, View: request.View, Total: -1, CreatedBy: user}
	content, err := s.frozen(ctx, request.Of, params, &one)
	if err != nil {
		return err
	}
	if one.Lines == 0 && content.Issue == nil {
		return badRequest("there is nothing to freeze: no line fits")
	}
	data, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("encode a snapshot: %w", err)
	}
	if one, err = s.config.Snapshots.Add(ctx, one, request.Days, data); err != nil {
		return err
	}
	writeJSON(c, http.StatusCreated, snapshotOf(one, user))
	return nil
}

// frozen reads what is to be frozen, and sets its path and numbers.
func (s *Server) frozen(ctx context.Context, of string, params url.Values, one *snapshots.Snapshot) (frozenBody, error) {
	switch of {
	case "lines":
		one.Path = "lines"
		lines, err := s.freezeLines(ctx, params)
		if err != nil {
			return frozenBody{}, err
		}
		one.Lines = int64(len(lines.Entries))
		if lines.Volume != nil {
			one.Total = max(one.Lines, totalOf(lines.Volume.Series))
		}
		return frozenBody{Lines: &lines}, nil
	case "issue":
		issue, err := s.freezeIssue(ctx, params)
		one.Path = fmt.Sprint("issues/", issue.Issue.ID)
		return frozenBody{Issue: &issue}, err
	case "story":
		one.Path = "story"
		story, err := s.storyOf(ctx, params)
		one.Lines = int64(len(story.Lines))
		if !story.Cut {
			one.Total = one.Lines
		}
		return frozenBody{Story: &story}, err
	}
	return frozenBody{}, badRequest("of=%q is neither lines nor issue nor story", shorten(of))
}

// freezeLines reads the first lines of a view and counts all.
func (s *Server) freezeLines(ctx context.Context, params url.Values) (frozenLinesBody, error) {
	var body frozenLinesBody
	var group errgroup.Group
	group.Go(func() error {
		request, err := s.pageRequest(ctx, params)
		if err != nil {
			return err
		}
		request.Limit, request.Bytes = frozenLines, frozenBytes
		page, err := s.config.Loki.Page(ctx, request)
		body.Entries, body.Partial, body.Warnings = entryBodies(page.Entries), page.Partial, list(page.Warnings)
		return err
	})
	var notCounted error
	group.Go(func() error {
		volume, err := s.volumeOf(ctx, params)
		if err == nil {
			body.Volume = &volume
		}
		notCounted = err
		return nil
	})
	if err := group.Wait(); err != nil {
		return body, err
	}
	if notCounted != nil {
		body.Warnings = append(body.Warnings, "the lines were not counted: "+explain(ctx, notCounted).detail.Message)
	}
	return body, nil
}

// totalOf adds up counts.
func totalOf(series []seriesBody) int64 {
	var sum int64
	for _, one := range series {
		sum += one.Total
	}
	return sum
}

// freezeIssue reads an issue and the event at a place.
func (s *Server) freezeIssue(ctx context.Context, params url.Values) (frozenIssueBody, error) {
	var body frozenIssueBody
	if s.config.Issues == nil {
		return body, errNoIssues
	}
	ids, err := parseIssueIDs(params["issue"])
	if err != nil {
		return body, err
	}
	ns, err := strconv.ParseInt(params.Get("ts"), 10, 64)
	if err != nil {
		return body, badRequest("ts=%q is no time in unix nanoseconds", shorten(params.Get("ts")))
	}
	body.TS, body.ID = params.Get("ts"), params.Get("id")
	detail, err := s.config.Issues.Get(ctx, ids[0])
	if err != nil {
		return body, err
	}
	body.Issue = issueDetailOf(detail)
	at := time.Unix(0, ns)
	events, err := s.config.Issues.EventsOf(ctx, detail.ID, issues.EventQuery{Span: issues.Span{From: at, To: at.Add(1)}, Limit: eventsMax})
	if err != nil {
		return body, err
	}
	for _, event := range events {
		if one := eventOf(event); one.ID == body.ID {
			body.Event = &one
		}
	}
	kept := slices.ContainsFunc(body.Issue.Evidence, func(e evidenceBody) bool { return e.ID == body.ID })
	if body.Event == nil && !kept {
		return body, &requestError{http.StatusNotFound, "not_found", "this event is not kept any more; choose another of the issue"}
	}
	return body, nil
}

// snapshots answers with what all users have frozen.
func (s *Server) snapshots(c *gin.Context) error {
	found, err := s.config.Snapshots.All(c.Request.Context())
	if err != nil {
		return err
	}
	user := c.MustGet(userKey).(auth.User).Name
	writeJSON(c, http.StatusOK, struct {
		Snapshots []snapshotBody `json:"snapshots"`
	}{mapped(found, func(one snapshots.Snapshot) snapshotBody { return snapshotOf(one, user) })})
	return nil
}

// snapshot answers with one snapshot and its content.
func (s *Server) snapshot(c *gin.Context) error {
	one, content, err := s.config.Snapshots.Get(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	user := c.MustGet(userKey).(auth.User).Name
	writeJSON(c, http.StatusOK, struct {
		Snapshot snapshotBody    `json:"snapshot"`
		Content  json.RawMessage `json:"content"`
	}{snapshotOf(one, user), content})
	return nil
}

// deleteSnapshot deletes a snapshot of the user; an admin deletes any.
func (s *Server) deleteSnapshot(c *gin.Context) error {
	user := c.MustGet(userKey).(auth.User)
	if err := s.config.Snapshots.Delete(c.Request.Context(), c.Param("id"), user.Name, user.Role == auth.RoleAdmin); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}
