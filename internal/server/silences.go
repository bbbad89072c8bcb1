package server

import (
	"math"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/alerts"
	"github.com/tovtech/tovplay-logging/internal/auth"
)

// finite returns v, or nil if JSON has no number for it.
func finite(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return v
}

// silenceBody is a silence in an answer.
type silenceBody struct {
	ID        string           `json:"id"`
	Matchers  []alerts.Matcher `json:"matchers"`
	Start     *string          `json:"start"`
	End       *string          `json:"end"`
	CreatedBy string           `json:"created_by"`
	Reason    string           `json:"reason"`
	State     string           `json:"state"`
}

func silenceOf(s alerts.Silence) silenceBody {
	body := silenceBody{s.ID, list(s.Matchers), stamp(s.StartsAt), stamp(s.EndsAt), s.CreatedBy, s.Comment, "active"}
	if s.Status != nil {
		body.State = s.Status.State
	}
	return body
}

// alertmanager returns the client of Alertmanager.
func (s *Server) alertmanager() (*alerts.Client, error) {
	if s.config.Alerts.Client == nil {
		return nil, &requestError{http.StatusServiceUnavailable, "unavailable", "the dashboard does not know an Alertmanager: set ALERTMANAGER_URL"}
	}
	return s.config.Alerts.Client, nil
}

// silences answers with the silences that are active or will be.
func (s *Server) silences(c *gin.Context) error {
	client, err := s.alertmanager()
	if err != nil {
		return err
	}
	found, err := s.silenced.get(c.Request.Context(), "", client.Silences)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, struct {
		Silences []silenceBody `json:"silences"`
	}{mapped(found, silenceOf)})
	return nil
}

// silenceRequest is the body of POST api/v1/alerts/silences.
type silenceRequest struct {
	Episode int64  `json:"episode"`
	Scope   string `json:"scope"`
	// ForMS is how long, in milliseconds.
	ForMS  int64  `json:"for_ms"`
	Reason string `json:"reason"`
}

// silence makes a silence for an alert, or for all of its name.
func (s *Server) silence(c *gin.Context) error {
	var request silenceRequest
	if err := readJSON(c.Request.Body, &request, `{"episode": 1, "scope": "alert", "for_ms": 3600000, "reason": "..."}`); err != nil {
		return err
	}
	if request.Scope != "alert" && request.Scope != "name" {
		return badRequest("scope=%q is neither alert nor name", shorten(request.Scope))
	}
	client, err := s.alertmanager()
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	episode, err := s.config.Alerts.Store.Episode(ctx, request.Episode)
	if err != nil {
		return err
	}
	user := c.MustGet(userKey).(auth.User)
	id, err := client.Silence(ctx, alerts.Wish{
		Labels: episode.Labels, Whole: request.Scope == "name", Reason: request.Reason, Actor: user.Name,
		For: time.Duration(min(request.ForMS, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond,
	})
	if err != nil {
		return err
	}
	s.config.Log.Info("an alert is silenced", "alert", episode.Name, "env", episode.Env, "whole", request.Scope == "name", "silence", id,
		"user", user.Name, "for", time.Duration(request.ForMS)*time.Millisecond, "reason", request.Reason)
	s.silenced.forget("")
	s.config.Alerts.Refresh(ctx)
	writeJSON(c, http.StatusCreated, struct {
		ID string `json:"id"`
	}{id})
	return nil
}

// unsilence ends a silence.
func (s *Server) unsilence(c *gin.Context) error {
	client, err := s.alertmanager()
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	if err := client.Unsilence(ctx, c.Param("id")); err != nil {
		return err
	}
	s.config.Log.Info("a silence is ended", "silence", shorten(c.Param("id")), "user", c.MustGet(userKey).(auth.User).Name)
	s.silenced.forget("")
	s.config.Alerts.Refresh(ctx)
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}
