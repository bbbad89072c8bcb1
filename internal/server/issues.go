package server

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/loki"
)

// errNoIssues is the answer while no issues are made.
var errNoIssues = &requestError{http.StatusServiceUnavailable, "unavailable",
	"no issues are made of errors: they are switched off, or could not be opened; the log of the dashboard says which"}

// requireIssues lets requests through while issues are made.
func (s *Server) requireIssues(c *gin.Context) error {
	if s.config.Issues == nil {
		return errNoIssues
	}
	c.Next()
	return nil
}

// issuesBody is the answer of GET api/v1/issues.
type issuesBody struct {
	Total       int            `json:"total"`
	Issues      []issueRowBody `json:"issues"`
	Summary     summaryBody    `json:"summary"`
	SeriesStart string         `json:"series_start"`
	StepMS      int64          `json:"step_ms"`
	Seq         int64          `json:"seq"`
	Index       indexBody      `json:"index"`
}

// summaryBody counts the issues of a list whatever their state.
type summaryBody struct {
	States  map[life.State]int `json:"states"`
	Spiking int                `json:"spiking"`
	New     int                `json:"new"`
	Back    int                `json:"back"`
	Since   string             `json:"since"`
	Deploy  *life.Deploy       `json:"deploy"`
}

// indexBody says how far the index is behind Loki.
type indexBody struct {
	Cursor  *string `json:"cursor"`
	LagMS   int64   `json:"lag_ms"`
	Failure string  `json:"failure"`
	Since   *string `json:"since"`
}

// listIssues answers with one page of issues.
func (s *Server) listIssues(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	q, err := parseIssueList(c.Request.URL.Query(), s.config.Now())
	if err != nil {
		return err
	}
	q.SeriesFrom, q.Step = sparkOf(q.Span)
	deploy, err := s.deployBefore(ctx, q.Span.To, q.Filter)
	if err != nil {
		return err
	}
	if q.Since = q.Span.From; deploy != nil {
		q.Since = deploy.At
	}
	seq := s.config.Issues.Seq() // before the list, so that no change is missed behind it
	found, err := s.config.Issues.List(ctx, q)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, issuesBody{
		Total: found.Total, Issues: mapped(found.Issues, issueRowOf),
		Summary:     summaryBody{found.Summary.States, found.Summary.Spiking, found.Summary.New, found.Summary.Back, *stamp(q.Since), deploy},
		SeriesStart: *stamp(q.SeriesFrom), StepMS: q.Step.Milliseconds(), Seq: seq, Index: s.indexStatus(),
	})
	return nil
}

// indexStatus says how far the index is.
func (s *Server) indexStatus() indexBody {
	if s.config.Index == nil {
		return indexBody{}
	}
	status := s.config.Index.Status()
	return indexBody{stamp(status.Cursor), status.Lag.Milliseconds(), status.Failure, stamp(status.Since)}
}

// exportIssues streams all issues of a list, one JSON object a line.
func (s *Server) exportIssues(c *gin.Context) error {
	q, err := parseIssueList(c.Request.URL.Query(), s.config.Now())
	if err != nil {
		return err
	}
	q.Offset, q.Limit = 0, math.MaxInt32
	found, err := s.config.Issues.List(c.Request.Context(), q)
	if err != nil {
		return err
	}
	out := newLineStream(c, "issues")
	for _, row := range found.Issues {
		if !out.line(issueRowOf(row)) {
			return nil
		}
	}
	return nil
}

// exportEvents streams all events of an issue in a range, the oldest first.
func (s *Server) exportEvents(c *gin.Context) error {
	id, q, err := s.eventQuery(c)
	if err != nil {
		return err
	}
	q.Ascending, q.Limit = true, eventsMax
	events, err := s.config.Issues.EventsOf(c.Request.Context(), id, q)
	if err != nil {
		return err
	}
	out := newLineStream(c, "events")
	for len(events) > 0 {
		for _, e := range events {
			if !out.line(eventOf(e)) {
				return nil
			}
		}
		last := events[len(events)-1].Position()
		q.After = &last
		if events, err = s.config.Issues.EventsOf(c.Request.Context(), id, q); err != nil {
			out.line(errorBody{Error: explain(c.Request.Context(), err).detail})
			return err
		}
	}
	return nil
}

// lineStream writes JSON objects, one a line.
type lineStream struct {
	encoder *json.Encoder
	control *http.ResponseController
	written int
}

// newLineStream begins the answer, which browsers save as a file.
func newLineStream(c *gin.Context, name string) *lineStream {
	noteOf(c).stream = true
	h := c.Writer.Header()
	h.Set("Content-Type", "application/x-ndjson; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.ndjson"`)
	h.Set("X-Accel-Buffering", "no")
	c.Writer.WriteHeader(http.StatusOK)
	encoder := json.NewEncoder(c.Writer)
	encoder.SetEscapeHTML(false)
	return &lineStream{encoder: encoder, control: http.NewResponseController(c.Writer)}
}

// deadlineEvery is after how many lines the time to write is extended.
const deadlineEvery = 100

// line writes one object, and reports whether the client is still there.
func (s *lineStream) line(body any) bool {
	if s.written%deadlineEvery == 0 {
		if s.control.SetWriteDeadline(time.Now().Add(eventWait)) != nil {
			return false
		}
	}
	s.written++
	return s.encoder.Encode(body) == nil
}

// issueUsersMax is how many issues one request for users may name.
const issueUsersMax = 100

// issueUsersBody is the answer of GET api/v1/issues/users.
type issueUsersBody struct {
	Issues []userCountBody `json:"issues"`
}

// userCountBody says how many users the events of an issue are about.
type userCountBody struct {
	Issue   int64 `json:"issue"`
	Users   int   `json:"users"`
	Sampled bool  `json:"sampled"`
}

// issueUsers answers with how many users issues are about, apart from the list,
// which is faster without.
func (s *Server) issueUsers(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	params := c.Request.URL.Query()
	ids, err := parseIssueIDs(params["issue"])
	if err != nil {
		return err
	}
	span, err := parseIssueRange(params, s.config.Now())
	if err != nil {
		return err
	}
	filter, err := parseEventFilter(params)
	if err != nil {
		return err
	}
	found, err := s.config.Issues.UsersOf(ctx, ids, span, filter)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, issueUsersBody{mapped(ids, func(id int64) userCountBody {
		return userCountBody{id, len(found[id].Names), found[id].Sampled}
	})})
	return nil
}

// actionRequest is the body of POST api/v1/issues/actions.
type actionRequest struct {
	Issues   []int64         `json:"issues"`
	Action   life.ActionKind `json:"action"`
	Snooze   life.Snooze     `json:"snooze"`
	Assignee string          `json:"assignee"`
	Text     string          `json:"text"`
	Into     int64           `json:"into"`
	Hashes   []string        `json:"hashes"`
}

// act does something with issues, all of them or none.
func (s *Server) act(c *gin.Context) error {
	var request actionRequest
	if err := readJSON(c.Request.Body, &request, `{"issues": [1, 2], "action": "resolve"}`); err != nil {
		return err
	}
	user := c.MustGet(userKey).(auth.User)
	err := s.config.Issues.Act(c.Request.Context(), user.Name, request.Issues, life.Action{
		Kind: request.Action, Snooze: request.Snooze, Assignee: request.Assignee,
		Text: request.Text, Into: request.Into, Hashes: request.Hashes,
	})
	if err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}

// issue answers with what is known of one issue.
func (s *Server) issue(c *gin.Context) error {
	id, err := parseIssueID(c)
	if err != nil {
		return err
	}
	detail, err := s.config.Issues.Get(c.Request.Context(), id)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, issueDetailOf(detail))
	return nil
}

// issueEventsBody is the answer of GET api/v1/issues/{id}/events.
type issueEventsBody struct {
	Events     []eventBody `json:"events"`
	NextCursor string      `json:"next_cursor"`
}

// issueEvents answers with one page of the events of an issue.
func (s *Server) issueEvents(c *gin.Context) error {
	id, q, err := s.eventQuery(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	events, err := s.config.Issues.EventsOf(ctx, id, q)
	if err != nil {
		return err
	}
	body := issueEventsBody{Events: mapped(events, eventOf)}
	if len(events) == q.Limit {
		body.NextCursor = eventCursor(events[len(events)-1].Position())
	}
	writeJSON(c, http.StatusOK, body)
	return nil
}

// eventQuery reads the issue and the parameters of a page of its events.
func (s *Server) eventQuery(c *gin.Context) (id int64, q issues.EventQuery, err error) {
	params := c.Request.URL.Query()
	if id, err = parseIssueID(c); err != nil {
		return id, q, err
	}
	if q.Span, err = parseIssueRange(params, s.config.Now()); err != nil {
		return id, q, err
	}
	if q.Filter, err = parseEventFilter(params); err != nil {
		return id, q, err
	}
	if q.After, err = parseEventCursor(params); err != nil {
		return id, q, err
	}
	direction, err := parseDirection(params)
	if err != nil {
		return id, q, err
	}
	q.Ascending = direction == loki.Forward
	q.Limit, err = parseLimit(params, eventsDefault, eventsMax)
	return id, q, err
}

// historyBody is the answer of GET api/v1/issues/{id}/history.
type historyBody struct {
	Changes []changeBody `json:"changes"`
	// NextBefore is the parameter before of the next page, 0 at the end.
	NextBefore int64 `json:"next_before"`
}

// issueHistory answers with one page of the history of an issue.
func (s *Server) issueHistory(c *gin.Context) error {
	id, err := parseIssueID(c)
	if err != nil {
		return err
	}
	params := c.Request.URL.Query()
	limit, err := parseLimit(params, eventsDefault, eventsMax)
	if err != nil {
		return err
	}
	before, err := parseNumber(params, "before", 0, 0, math.MaxInt64)
	if err != nil {
		return err
	}
	changes, err := s.config.Issues.History(c.Request.Context(), id, int64(before), limit)
	if err != nil {
		return err
	}
	body := historyBody{Changes: mapped(changes, changeOf)}
	if len(changes) == limit {
		body.NextBefore = changes[limit-1].Seq
	}
	writeJSON(c, http.StatusOK, body)
	return nil
}

// occurrencesBody is the answer of GET api/v1/issues/{id}/occurrences.
type occurrencesBody struct {
	Start   string        `json:"start"`
	End     string        `json:"end"`
	StepMS  int64         `json:"step_ms"`
	Total   int64         `json:"total"`
	Counts  []int64       `json:"counts"`
	Tags    []tagBody     `json:"tags"`
	Sampled bool          `json:"sampled"`
	Deploys []life.Deploy `json:"deploys"`
}

// tagBody is a tag with its most frequent values.
type tagBody struct {
	Name     string      `json:"name"`
	Events   int         `json:"events"`
	Distinct int         `json:"distinct"`
	Values   []valueBody `json:"values"`
}

// occurrences answers with when an issue happened, and where.
func (s *Server) occurrences(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	id, q, err := s.eventQuery(c)
	if err != nil {
		return err
	}
	step, err := parseStep(c.Request.URL.Query(), span{q.Span.From, q.Span.To})
	if err != nil {
		return err
	}
	q.Span.From = q.Span.From.Truncate(step)
	counts, err := s.config.Issues.SeriesOf(ctx, id, issues.SeriesQuery{Span: q.Span, Step: step, Filter: q.Filter})
	if err != nil {
		return err
	}
	tags, err := s.config.Issues.TagsOf(ctx, id, issues.TagQuery{Span: q.Span, Filter: q.Filter})
	if err != nil {
		return err
	}
	detail, err := s.config.Issues.Get(ctx, id)
	if err != nil {
		return err
	}
	deploys, err := s.config.Issues.Deploys(ctx, q.Span, detail.Service, detail.Env)
	if err != nil {
		return err
	}
	body := occurrencesBody{
		Start: *stamp(q.Span.From), End: *stamp(q.Span.To), StepMS: step.Milliseconds(), Counts: list(counts),
		Tags: mapped(tags, tagOf), Deploys: list(deploys),
	}
	for _, n := range counts {
		body.Total += n
	}
	body.Sampled = body.Total > issues.TagSample
	writeJSON(c, http.StatusOK, body)
	return nil
}

func tagOf(t issues.Tag) tagBody {
	return tagBody{t.Name, t.Events, t.Distinct, mapped(t.Values, func(v issues.TagValue) valueBody { return valueBody{v.Value, int64(v.Events)} })}
}
