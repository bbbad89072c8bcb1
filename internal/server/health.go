package server

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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
	Verdict    health.Verdict  `json:"verdict"`
	Summary    string          `json:"summary"`
	Detail     string          `json:"detail,omitempty"`
	CheckedAt  string          `json:"checked_at"`
	Components []componentBody `json:"components"`
	Sources    []sourceBody    `json:"sources"`
	// SourcesKnown is false when Loki does not tell them.
	SourcesKnown bool             `json:"sources_known"`
	Unreadable   []unreadableBody `json:"unreadable"`
}

type componentBody struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Verdict     health.Verdict `json:"verdict"`
	Reason      string         `json:"reason"`
	Since       *string        `json:"since,omitempty"`
	SinceBefore bool           `json:"since_before"`
	Grafana     string         `json:"grafana,omitempty"`
	Services    []string       `json:"services"`
	Env         string         `json:"env"`
	Signals     []signalBody   `json:"signals"`
}

type signalBody struct {
	ID           string         `json:"id"`
	Name         string         `json:"name"`
	Verdict      health.Verdict `json:"verdict"`
	Reason       string         `json:"reason"`
	Since        *string        `json:"since,omitempty"`
	SinceBefore  bool           `json:"since_before"`
	Value        *float64       `json:"value"`
	Unit         health.Unit    `json:"unit"`
	Display      string         `json:"display"`
	Warning      *float64       `json:"warning,omitempty"`
	Critical     *float64       `json:"critical,omitempty"`
	LowerIsWorse bool           `json:"lower_is_worse"`
	Graph        string         `json:"graph,omitempty"`
	Grafana      string         `json:"grafana,omitempty"`
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
	var sources []loki.Source
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		if sources, failed = s.sources.get(c.Request.Context(), "", s.findSources); failed != nil {
			s.config.Log.Debug("sources", "error", failed) // the item of Loki says it to people
		}
	}()
	report := s.config.Health.Check(c.Request.Context())
	<-done
	body := s.healthAnswer(report, sources)
	body.SourcesKnown = failed == nil
	writeJSON(c, http.StatusOK, body)
	return nil
}

// findSources asks Loki what sends lines, for a while.
func (s *Server) findSources(ctx context.Context) ([]loki.Source, error) {
	ctx, cancel := context.WithTimeout(ctx, sourcesWait)
	defer cancel()
	return s.config.Sources.At(ctx, s.config.Now())
}

// healthAnswer renders a report.
func (s *Server) healthAnswer(report health.Report, sources []loki.Source) healthBody {
	body := healthBody{
		Verdict: report.Verdict, Summary: report.Summary, Detail: report.Detail, CheckedAt: *stamp(report.CheckedAt),
		Components: make([]componentBody, len(report.Groups)), Sources: make([]sourceBody, len(sources)),
		Unreadable: make([]unreadableBody, len(report.Unreadable)),
	}
	for i, group := range report.Groups {
		body.Components[i] = s.componentAnswer(group)
	}
	for i, source := range sources {
		body.Sources[i] = sourceBody{source.Service, source.Env, source.Host, stamp(source.LastSeen), source.LinesPerSecond}
	}
	for i, one := range report.Unreadable {
		body.Unreadable[i] = unreadableBody(one)
	}
	return body
}

// componentAnswer renders the state of a component.
func (s *Server) componentAnswer(group health.Group) componentBody {
	component := group.Component
	body := componentBody{
		ID: component.ID, Name: component.Name, Verdict: group.Verdict, Reason: group.Reason,
		Since: stamp(group.Since), SinceBefore: group.Longer,
		Grafana: s.grafana(component, 0), Services: list(component.Services), Env: component.Env, Signals: make([]signalBody, len(group.Items)),
	}
	for i, item := range group.Items {
		signal := item.Signal
		body.Signals[i] = signalBody{
			ID: signal.ID, Name: signal.Name, Verdict: item.Verdict, Reason: item.Reason,
			Since: stamp(item.Since), SinceBefore: item.Longer, Value: item.Value, Unit: signal.Unit, Display: item.Display,
			Warning: signal.Warning, Critical: signal.Critical, LowerIsWorse: signal.Worst == "min",
			Graph: signal.Graph, Grafana: s.panel(component, signal),
		}
	}
	return body
}

// grafana is the address of a component's dashboard in Grafana, or of one panel
// of it; "" when it is not known. The range of time is the page's to append.
func (s *Server) grafana(component health.Component, panel int) string {
	if s.config.GrafanaURL == "" || component.Dashboard == "" {
		return ""
	}
	params := url.Values{}
	for name, value := range component.Variables {
		params.Set("var-"+name, value)
	}
	if panel > 0 {
		params.Set("viewPanel", strconv.Itoa(panel))
	}
	address := strings.TrimRight(s.config.GrafanaURL, "/") + "/d/" + url.PathEscape(component.Dashboard)
	if len(params) > 0 {
		address += "?" + params.Encode()
	}
	return address
}

// panel is the address of a signal's panel in Grafana.
func (s *Server) panel(component health.Component, signal health.Signal) string {
	if signal.Panel == 0 {
		return ""
	}
	return s.grafana(component, signal.Panel)
}

// seriesStepLeast is the least automatic step: more often nothing is scraped.
const seriesStepLeast = 15 * time.Second

// graphsBody is the answer of GET api/v1/health/{component}/series.
type graphsBody struct {
	Component string            `json:"component"`
	Start     string            `json:"start"`
	StepMS    int64             `json:"step_ms"`
	Points    int               `json:"points"`
	Graphs    []healthGraphBody `json:"graphs"`
	Partial   bool              `json:"partial"`
}

type healthGraphBody struct {
	Name    string            `json:"name"`
	Unit    health.Unit       `json:"unit"`
	Signals []signalLinesBody `json:"signals"`
}

type signalLinesBody struct {
	ID           string       `json:"id"`
	Name         string       `json:"name"`
	Warning      *float64     `json:"warning,omitempty"`
	Critical     *float64     `json:"critical,omitempty"`
	LowerIsWorse bool         `json:"lower_is_worse"`
	Lines        []valuesBody `json:"lines"`
	More         int          `json:"more"`
	Reason       string       `json:"reason"`
	Grafana      string       `json:"grafana,omitempty"`
}

type valuesBody struct {
	Name   string   `json:"name"`
	Values []number `json:"values"`
}

// number is a float that is null in JSON when it is NaN.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// healthSeries answers with the graphs of a component.
func (s *Server) healthSeries(c *gin.Context) error {
	noteOf(c).quiet = true // the page asks again and again
	params := c.Request.URL.Query()
	r, err := parseRange(params, s.config.Now())
	if err != nil {
		return err
	}
	step, err := parseStep(params, r)
	if err != nil {
		return err
	}
	if text := params.Get("step"); text == "" || text == "auto" {
		step = max(step, seriesStepLeast)
	}
	id := c.Param("component")
	graphs, err := s.config.Health.Series(c.Request.Context(), id, r.start, r.end, step)
	if errors.Is(err, health.ErrNoComponent) {
		return &requestError{http.StatusNotFound, "not_found", "there is no component " + strconv.Quote(shorten(id)) + "; GET /api/v1/health lists them"}
	}
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, s.graphsAnswer(id, graphs))
	return nil
}

// graphsAnswer renders graphs.
func (s *Server) graphsAnswer(id string, graphs health.Graphs) graphsBody {
	body := graphsBody{
		Component: id, Start: *stamp(graphs.Start), StepMS: graphs.Step.Milliseconds(),
		Points: graphs.Points, Graphs: make([]healthGraphBody, len(graphs.Graphs)), Partial: graphs.Partial,
	}
	for i, graph := range graphs.Graphs {
		body.Graphs[i] = healthGraphBody{Name: graph.Name, Unit: graph.Unit, Signals: make([]signalLinesBody, len(graph.Signals))}
		for j, one := range graph.Signals {
			signal := one.Signal
			lines := make([]valuesBody, len(one.Lines))
			for k, line := range one.Lines {
				lines[k] = valuesBody{line.Name, numbers(line.Values)}
			}
			body.Graphs[i].Signals[j] = signalLinesBody{
				ID: signal.ID, Name: signal.Name, Warning: signal.Warning, Critical: signal.Critical,
				LowerIsWorse: signal.Worst == "min", Lines: lines, More: one.More, Reason: one.Reason,
				Grafana: s.panel(graphs.Component, signal),
			}
		}
	}
	return body
}

// numbers renders values of which some may be NaN.
func numbers(values []float64) []number {
	out := make([]number, len(values))
	for i, value := range values {
		out[i] = number(value)
	}
	return out
}
