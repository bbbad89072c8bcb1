package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
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
	if err := s.requireDeployToken(c); err != nil {
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

// requireDeployToken lets only those through who show the token.
func (s *Server) requireDeployToken(c *gin.Context) error {
	if s.config.DeployToken.IsZero() {
		return &requestError{http.StatusForbidden, "forbidden", "deploys cannot be reported: set DASHBOARD_DEPLOY_TOKEN and send it as a bearer token"}
	}
	shown, _ := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	got, want := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(s.config.DeployToken.Reveal()))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return &requestError{http.StatusUnauthorized, "unauthorized", "send the header Authorization: Bearer with the value of DASHBOARD_DEPLOY_TOKEN"}
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
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
