package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/alerts"
	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
)

const (
	// webhookPath is where Alertmanager sends notifications, webhookMax the largest
	// one in bytes.
	webhookPath = "/api/v1/alertmanager"
	webhookMax  = 2 << 20
	// webhooksAtOnce bounds how many notifications are in memory.
	webhooksAtOnce = 4
	// relatedMax is how many issues are shown beside an episode, of how many that are
	// looked at, and relatedBefore how long before it they count as well: alerts wait
	// before they fire.
	relatedMax    = 10
	relatedLooked = 50
	relatedBefore = 10 * time.Minute
	// alertFresh is how old what is asked of others beside an alert may be; each open
	// page asks about as often.
	alertFresh = 15 * time.Second
)

// alertRoutes adds the routes of alerts for people.
func (s *Server) alertRoutes(api *gin.RouterGroup) {
	api.GET("/alerts", s.handle(s.listAlerts))
	api.GET("/alerts/timeline", s.handle(s.alertTimeline))
	api.GET("/alerts/silences", s.handle(s.silences))
	silencing := api.Group("/alerts/silences", fromHere(s.external), s.handle(s.requireAdmin("only an admin silences alerts")))
	silencing.POST("", s.handle(s.silence))
	silencing.DELETE("/:id", s.handle(s.unsilence))
	api.GET("/alerts/:id", s.handle(s.alert))
	api.GET("/alerts/:id/series", s.handle(s.alertSeries))
}

// requireAlerts lets requests through while alerts are kept.
func (s *Server) requireAlerts(c *gin.Context) error {
	if s.config.Alerts == nil {
		return &requestError{http.StatusServiceUnavailable, "unavailable", "alerts are not kept here"}
	}
	c.Next()
	return nil
}

// takeNotification stores what Alertmanager sends. It repeats only what is answered
// with a status of 500 or more: whatever may pass later gets such a one.
func (s *Server) takeNotification(c *gin.Context) error {
	noteOf(c).quiet = true
	if err := s.requireToken(c, s.config.AlertmanagerToken, "DASHBOARD_ALERTMANAGER_TOKEN", "notifications cannot be sent"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	select {
	case s.webhooks <- struct{}{}:
		defer func() { <-s.webhooks }()
	case <-ctx.Done():
		return errCannotStore
	}
	n, err := readNotification(c.Request.Body)
	if err != nil {
		s.config.Log.Warn("a notification of Alertmanager is refused; the next look at it finds the alerts", "error", err)
		s.config.Alerts.Truncated(0)
		return err
	}
	taken, err := s.config.Alerts.Store.Take(ctx, n)
	if err != nil {
		s.config.Log.Error("alerts", "error", err)
		return errCannotStore
	}
	if n.Malformed > 0 {
		s.config.Log.Warn("alerts of a notification cannot be understood", "alerts", n.Malformed, "of", n.Malformed+len(n.Alerts))
	}
	if n.Truncated > 0 {
		s.config.Alerts.Truncated(n.Truncated)
	}
	writeJSON(c, http.StatusOK, takenBody{taken.Opened, taken.Ended, n.Malformed})
	return nil
}

// errCannotStore makes Alertmanager try again.
var errCannotStore = &requestError{http.StatusServiceUnavailable, "unavailable", "the notification cannot be stored now; send it again"}

// takenBody says what a notification changed.
type takenBody struct {
	Opened    int `json:"opened"`
	Ended     int `json:"ended"`
	Malformed int `json:"malformed"`
}

// readNotification reads the body of a notification. A cut connection is no fault of
// the notification.
func readNotification(body io.Reader) (alerts.Notification, error) {
	data, err := io.ReadAll(body)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return alerts.Notification{}, &requestError{http.StatusRequestEntityTooLarge, "bad_request",
			"the notification has more than 2 MiB: set max_alerts of the receiver in Alertmanager, or group by more labels"}
	}
	if err != nil {
		return alerts.Notification{}, errCannotStore
	}
	n, err := alerts.Decode(data)
	if err != nil {
		return n, badRequest("%s", err)
	}
	return n, nil
}

// alertsBody is the answer of GET api/v1/alerts.
type alertsBody struct {
	Total        int              `json:"total"`
	Firing       []firingBody     `json:"firing"`
	Watchdog     watchdogBody     `json:"watchdog"`
	Alertmanager alertmanagerBody `json:"alertmanager"`
}

// firingBody is an alert that fires now.
type firingBody struct {
	episodeBody
	Summary     string   `json:"summary"`
	SilencedBy  []string `json:"silenced_by"`
	InhibitedBy []string `json:"inhibited_by"`
	MutedBy     []string `json:"muted_by"`
}

// episodeBody is an episode in a list.
type episodeBody struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	Severity  string  `json:"severity"`
	Service   string  `json:"service"`
	Env       string  `json:"env"`
	Component string  `json:"component"`
	Start     *string `json:"start"`
	End       *string `json:"end"`
	Inferred  bool    `json:"inferred"`
}

func episodeOf(e alerts.Episode) episodeBody {
	return episodeBody{e.ID, e.Name, e.Severity, e.Service, e.Env, e.Component, stamp(e.Began), stamp(e.Ended), e.Inferred}
}

// watchdogBody says whether alerts get through at all.
type watchdogBody struct {
	State string  `json:"state"`
	Since *string `json:"since"`
}

// alertmanagerBody says how far what is shown can be relied on.
type alertmanagerBody struct {
	Configured bool    `json:"configured"`
	LookedAt   *string `json:"looked_at"`
	Failure    string  `json:"failure"`
	Since      *string `json:"since"`
	Truncated  int     `json:"truncated"`
	SkewMS     int64   `json:"skew_ms"`
}

// listAlerts answers with what fires now.
func (s *Server) listAlerts(c *gin.Context) error {
	noteOf(c).quiet = true // each open page asks every 15 s
	filter, err := parseAlertFilter(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	firing, total, err := s.config.Alerts.Store.Firing(ctx, filter)
	if err != nil {
		return err
	}
	status := s.config.Alerts.Status()
	watchdog, err := s.watchdog(ctx, status)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, alertsBody{
		Total: total, Firing: mapped(firing, s.firingOf), Watchdog: watchdog,
		Alertmanager: alertmanagerBody{
			s.config.Alerts.Client != nil, stamp(status.LookedAt), status.Failure, stamp(status.Since), status.Truncated, status.Skew.Milliseconds(),
		},
	})
	return nil
}

func (s *Server) firingOf(e alerts.Episode) firingBody {
	quiet := s.config.Alerts.Quiet(e.Fingerprint)
	return firingBody{episodeOf(e), e.Annotations["summary"], list(quiet.SilencedBy), list(quiet.InhibitedBy), list(quiet.MutedBy)}
}

// watchdog says whether the alert that always fires does. That it does not is known
// after two looks at Alertmanager.
func (s *Server) watchdog(ctx context.Context, status alerts.Status) (watchdogBody, error) {
	fires, since, err := s.config.Alerts.Store.WatchdogSince(ctx)
	body := watchdogBody{"unknown", stamp(since)}
	if status.LookedAt.IsZero() || status.Failure != "" {
		return watchdogBody{State: "unknown"}, err
	}
	switch {
	case fires:
		body.State = "ok"
	case status.LookedAt.After(status.Since):
		body.State = "missing"
	}
	return body, err
}

// parseAlertFilter reads env, which may be given several times.
func parseAlertFilter(c *gin.Context) (alerts.Filter, error) {
	match, err := parseMatch("env", c.Request.URL.Query()["env"])
	if err == nil && len(match.None) > 0 {
		err = badRequest("env=!%s: alerts are filtered by what is shown, not by what is left out", shorten(match.None[0]))
	}
	return alerts.Filter{Env: match.Any}, err
}

// timelineBody is the answer of GET api/v1/alerts/timeline.
type timelineBody struct {
	Start   string            `json:"start"`
	End     string            `json:"end"`
	Rows    []timelineRowBody `json:"rows"`
	Gaps    []spanBody        `json:"gaps"`
	Partial bool              `json:"partial"`
}

// timelineRowBody is what the alerts of one name did.
type timelineRowBody struct {
	Name       string        `json:"name"`
	Severity   string        `json:"severity"`
	Episodes   []episodeBody `json:"episodes"`
	Flaps      int           `json:"flaps"`
	RecoveryMS *int64        `json:"recovery_ms"`
}

type spanBody struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// alertTimeline answers with what fired in a range.
func (s *Server) alertTimeline(c *gin.Context) error {
	filter, err := parseAlertFilter(c)
	if err != nil {
		return err
	}
	r, err := parseRange(c.Request.URL.Query(), s.config.Now())
	if err != nil {
		return err
	}
	found, err := s.config.Alerts.Store.Timeline(c.Request.Context(), alerts.Span{From: r.start, To: r.end}, filter)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, timelineBody{
		Start: *stamp(r.start), End: *stamp(r.end), Partial: found.Partial, Rows: mapped(found.Rows, timelineRowOf),
		Gaps: mapped(found.Gaps, func(gap alerts.Span) spanBody { return spanBody{*stamp(gap.From), *stamp(gap.To)} }),
	})
	return nil
}

func timelineRowOf(r alerts.Row) timelineRowBody {
	body := timelineRowBody{Name: r.Name, Severity: r.Severity, Episodes: mapped(r.Episodes, episodeOf), Flaps: r.Flaps}
	if r.Recovery > 0 {
		ms := r.Recovery.Milliseconds()
		body.RecoveryMS = &ms
	}
	return body
}

// alertBody is the answer of GET api/v1/alerts/{id}.
type alertBody struct {
	firingBody
	Fingerprint string            `json:"fingerprint"`
	StartsAt    *string           `json:"starts_at"`
	Polled      bool              `json:"polled"`
	Description string            `json:"description"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Receiver    string            `json:"receiver"`
	Extra       any               `json:"extra"`
	Links       linksBody         `json:"links"`
	Issues      []issueRowBody    `json:"issues"`
	// IssuesKnown is false if issues are not made, or could not be read.
	IssuesKnown bool `json:"issues_known"`
}

// linksBody are addresses that can be followed; "" for none.
type linksBody struct {
	Runbook   string `json:"runbook"`
	Dashboard string `json:"dashboard"`
	Source    string `json:"source"`
}

// alert answers with what is known of one episode.
func (s *Server) alert(c *gin.Context) error {
	e, err := s.episode(c)
	if err != nil {
		return err
	}
	related, known := s.issuesBeside(c.Request.Context(), e)
	writeJSON(c, http.StatusOK, alertBody{
		firingBody: s.firingOf(e), Fingerprint: e.Fingerprint, StartsAt: stamp(e.StartsAt), Polled: e.Polled,
		Description: e.Annotations["description"], Labels: orEmpty(e.Labels), Annotations: orEmpty(e.Annotations),
		Receiver: e.Receiver, Extra: e.Extra, Issues: mapped(related, issueRowOf), IssuesKnown: known,
		Links: linksBody{
			alerts.SafeURL(e.Annotations["runbook_url"]), alerts.SafeURL(firstOf(e.Annotations, "dashboard", "dashboard_url")), alerts.SafeURL(e.GeneratorURL),
		},
	})
	return nil
}

// firstOf returns the first text of those names that is not empty.
func firstOf(texts map[string]string, names ...string) string {
	for _, name := range names {
		if texts[name] != "" {
			return texts[name]
		}
	}
	return ""
}

// episode finds the episode that the address names.
func (s *Server) episode(c *gin.Context) (alerts.Episode, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return alerts.Episode{}, badRequest("%q is not the number of an episode", shorten(c.Param("id")))
	}
	return s.config.Alerts.Store.Episode(c.Request.Context(), id)
}

// memoKey names what is known of an episode until it ends, or comes back.
func memoKey(e alerts.Episode) string { return fmt.Sprint(e.ID, e.Ended) }

// issuesBeside returns the issues that happened around an episode where it fired,
// if that can be known.
func (s *Server) issuesBeside(ctx context.Context, e alerts.Episode) (related []life.Row, known bool) {
	if s.config.Issues == nil {
		return nil, false
	}
	related, err := s.related.get(ctx, memoKey(e), func(ctx context.Context) ([]life.Row, error) {
		related, err := s.relatedIssues(ctx, e)
		if err != nil {
			s.config.Log.Warn("no issues are shown beside an alert", "episode", e.ID, "error", err)
		}
		return related, err
	})
	return related, err == nil
}

// relatedIssues reads the issues that happened around an episode where it fired.
func (s *Server) relatedIssues(ctx context.Context, e alerts.Episode) ([]life.Row, error) {
	q := life.ListQuery{Span: issues.Span{From: e.Began.Add(-relatedBefore), To: e.Ended}, Limit: relatedLooked}
	if e.IsFiring() {
		q.Span.To = s.config.Now()
	}
	q.Span.To = q.Span.To.Add(time.Second) // To is not part of it
	if e.Service != "" {
		q.Filter.Service = []string{e.Service}
	}
	if e.Env != "" {
		q.Filter.Env = []string{e.Env}
	}
	found, err := s.config.Issues.List(ctx, q)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(found.Issues)) // the list is of whole hours
	for i, row := range found.Issues {
		ids[i] = row.ID
	}
	happened, err := s.config.Issues.Happened(ctx, ids, q.Span, q.Filter)
	if err != nil {
		return nil, err
	}
	related := slices.DeleteFunc(found.Issues, func(row life.Row) bool { return !happened[row.ID] })
	return related[:min(len(related), relatedMax)], nil
}

// graphBody is the answer of GET api/v1/alerts/{id}/series.
type graphBody struct {
	Expr        string            `json:"expr"`
	Language    string            `json:"language"`
	Drawn       string            `json:"drawn"`
	Op          string            `json:"op"`
	Threshold   *float64          `json:"threshold"`
	Conditioned bool              `json:"conditioned"`
	Ratio       bool              `json:"ratio"`
	Start       string            `json:"start"`
	End         string            `json:"end"`
	StepMS      int64             `json:"step_ms"`
	Series      []graphSeriesBody `json:"series"`
	Others      int               `json:"others"`
}

type graphSeriesBody struct {
	Labels map[string]string `json:"labels"`
	Values []*float64        `json:"values"`
}

// alertSeries answers with the graph of an episode's expression.
func (s *Server) alertSeries(c *gin.Context) error {
	e, err := s.episode(c)
	if err != nil {
		return err
	}
	g, err := s.graphs.get(c.Request.Context(), memoKey(e), func(ctx context.Context) (alerts.Graph, error) {
		return s.config.AlertGraphs.Graph(ctx, e)
	})
	if err != nil {
		return err
	}
	body := graphBody{
		Expr: g.Expr, Language: "promql", Drawn: g.Drawn, Op: g.Op, Threshold: finite(g.Threshold),
		Conditioned: g.Conditioned, Ratio: g.Ratio,
		Start: *stamp(g.From), End: *stamp(g.To), StepMS: g.Step.Milliseconds(), Others: g.Others,
		Series: mapped(g.Series, func(one alerts.Series) graphSeriesBody {
			return graphSeriesBody{orEmpty(one.Labels), mapped(one.Values, func(v float64) *float64 { return finite(&v) })}
		}),
	}
	if g.LogQL {
		body.Language = "logql"
	}
	writeJSON(c, http.StatusOK, body)
	return nil
}
