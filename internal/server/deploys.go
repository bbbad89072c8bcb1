package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/secret"
)

// deployRequest is the body of POST api/v1/deploys.
type deployRequest struct {
	Version string    `json:"version"`
	Service string    `json:"service"`
	Env     string    `json:"env"`
	URL     string    `json:"url"`
	Actor   string    `json:"actor"`
	At      time.Time `json:"at"`
}

// addDeploy stores a deploy that a CI reports.
func (s *Server) addDeploy(c *gin.Context) error {
	if err := s.requireToken(c, s.config.DeployToken, "DASHBOARD_DEPLOY_TOKEN", "deploys cannot be reported"); err != nil {
		return err
	}
	if s.config.Issues == nil {
		return errNoIssues
	}
	var request deployRequest
	if err := readJSON(c.Request.Body, &request, `{"version": "...", "service": "...", "env": "..."}; at is written 2006-01-02T15:04:05Z`); err != nil {
		return err
	}
	deploy, err := s.config.Issues.AddDeploy(c.Request.Context(), life.Deploy{
		Service: request.Service, Env: request.Env, Version: request.Version,
		Source: life.FromCI, URL: request.URL, Actor: request.Actor, At: request.At,
	})
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusCreated, deploy)
	return nil
}

// requireToken lets only those programs through who show a token; variable is
// where it is set, and off what is the case without one.
func (s *Server) requireToken(c *gin.Context, token secret.String, variable, off string) error {
	if token.IsZero() {
		return &requestError{http.StatusForbidden, "forbidden", off + ": set " + variable + " and send it as a bearer token"}
	}
	shown, isBearer := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	got, want := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(token.Reveal()))
	if !isBearer || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return &requestError{http.StatusUnauthorized, "unauthorized", "send the header Authorization: Bearer with the value of " + variable}
	}
	return nil
}

// deploys answers with the deploys of a range.
func (s *Server) deploys(c *gin.Context) error {
	params := c.Request.URL.Query()
	span, err := parseIssueRange(params, s.config.Now())
	if err != nil {
		return err
	}
	found, err := s.config.Issues.Deploys(c.Request.Context(), span, params.Get("service"), params.Get("env"))
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, struct {
		Deploys []life.Deploy `json:"deploys"`
	}{list(found)})
	return nil
}

// deployKnown is how long before the end of a list a deploy is told of.
const deployKnown = 7 * 24 * time.Hour

// deployBefore returns the last deploy before a time of what a filter selects,
// nil for none within a week.
func (s *Server) deployBefore(ctx context.Context, end time.Time, filter issues.Filter) (*life.Deploy, error) {
	only := func(values []string) string {
		if len(values) == 1 {
			return values[0]
		}
		return ""
	}
	span := issues.Span{From: end.Add(-deployKnown), To: end}
	found, err := s.config.Issues.Deploys(ctx, span, only(filter.Service), only(filter.Env))
	if err != nil {
		return nil, err
	}
	for i, d := range found {
		if !slices.Contains(filter.NotService, d.Service) && !slices.Contains(filter.NotEnv, d.Env) {
			return &found[i], nil
		}
	}
	return nil, nil
}
