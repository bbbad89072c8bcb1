package server

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/health"
	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// sourcesFresh is how long the list of sources serves.
	sourcesFresh = 30 * time.Second
	// sourcesWait bounds the time to make it.
	sourcesWait = 8 * time.Second
)

// healthBody is the answer of GET api/v1/health.
type healthBody struct {
	Verdict    health.Verdict   `json:"verdict"`
	Summary    string           `json:"summary"`
	CheckedAt  string           `json:"checked_at"`
	Items      []itemBody       `json:"items"`
	Sources    []sourceBody     `json:"sources"`
	Unreadable []unreadableBody `json:"unreadable"`
}

type itemBody struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Verdict  health.Verdict `json:"verdict"`
	Reason   string         `json:"reason"`
	Since    *string        `json:"since,omitempty"`
	Value    *float64       `json:"value"`
	Unit     health.Unit    `json:"unit"`
	Display  string         `json:"display"`
	Warning  *float64       `json:"warning,omitempty"`
	Critical *float64       `json:"critical,omitempty"`
}

type sourceBody struct {
	Service        string  `json:"service"`
	Env            string  `json:"env"`
	Host           string  `json:"host"`
	LastSeen       *string `json:"last_seen"`
	LinesPerSecond float64 `json:"lines_per_second"`
}

type unreadableBody struct {
	Job    string `json:"job"`
	Path   string `json:"path"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy"`
	User   string `json:"user"`
}

// health answers with the verdicts and the freshness of sources. Neither waits
// for the other, and a dependency that is away is part of the answer.
func (s *Server) health(c *gin.Context) error {
	noteOf(c).quiet = true // each open page asks every 15 s
	sources := make(chan []loki.Source, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), sourcesWait)
		defer cancel()
		found, err := s.sources.get(ctx)
		if err != nil {
			s.config.Log.Debug("sources", "error", err) // the item of Loki says it to people
		}
		sources <- found
	}()
	report := s.config.Health.Check(c.Request.Context())
	writeJSON(c, http.StatusOK, healthAnswer(report, <-sources))
	return nil
}

// healthAnswer renders a report.
func healthAnswer(report health.Report, sources []loki.Source) healthBody {
	body := healthBody{
		Verdict: report.Verdict, Summary: report.Summary, CheckedAt: *stamp(report.CheckedAt),
		Items: make([]itemBody, len(report.Items)), Sources: make([]sourceBody, len(sources)),
		Unreadable: make([]unreadableBody, len(report.Unreadable)),
	}
	for i, item := range report.Items {
		body.Items[i] = itemBody{
			ID: item.Signal.ID, Name: item.Signal.Name, Verdict: item.Verdict, Reason: item.Reason,
			Since: stamp(item.Since), Value: item.Value, Unit: item.Signal.Unit, Display: item.Display,
			Warning: item.Signal.Warning, Critical: item.Signal.Critical,
		}
	}
	for i, source := range sources {
		body.Sources[i] = sourceBody{source.Service, source.Env, source.Host, stamp(source.LastSeen), source.LinesPerSecond}
	}
	for i, one := range report.Unreadable {
		body.Unreadable[i] = unreadableBody(one)
	}
	return body
}
