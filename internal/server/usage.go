package server

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/usage"
)

// patternsFresh is how long the patterns of a sample serve: each takes some dozen
// queries.
const patternsFresh = 10 * time.Minute

// usageDays are the lengths of ranges of usage.
var usageDays = map[string]int{"": 7, "7": 7, "14": 14, "30": 30, "90": 90}

// amountBody is how much is logged.
type amountBody struct {
	Bytes int64 `json:"bytes"`
	Lines int64 `json:"lines"`
}

// usageBody is the answer of GET api/v1/usage.
type usageBody struct {
	Days     []usageDayBody     `json:"days"`
	Services []usageServiceBody `json:"services"`
	Total    amountBody         `json:"total"`
	Before   *amountBody        `json:"before"`
	Jumps    []usageJumpBody    `json:"jumps"`
	// FirstLine and CountedAt are null when there is no line, and before the first
	// count.
	FirstLine *string `json:"first_line"`
	CountedAt *string `json:"counted_at"`
	// Problem is why the newest is not counted, "" when it is.
	Problem string `json:"problem"`
}

type usageDayBody struct {
	Start string `json:"start"`
	End   string `json:"end"`
	State string `json:"state"`
	amountBody
}

type usageServiceBody struct {
	Service string `json:"service"`
	amountBody
	Before *amountBody      `json:"before"`
	Daily  []amountBody     `json:"daily"`
	Levels []usageLevelBody `json:"levels"`
}

type usageLevelBody struct {
	Level string `json:"level"`
	amountBody
}

type usageJumpBody struct {
	Day     int    `json:"day"`
	Service string `json:"service"`
	Bytes   int64  `json:"bytes"`
	Usual   int64  `json:"usual"`
}

// usage answers with how much is logged by day and service, as it was counted.
func (s *Server) usage(c *gin.Context) error {
	q, err := s.usageQuery(c.Request.URL.Query())
	if err != nil {
		return err
	}
	report, err := usage.Make(c.Request.Context(), s.config.Usage.DB, q)
	if err != nil {
		return err
	}
	body := usageBodyOf(report)
	if err := s.config.Usage.Failure(); err != nil {
		body.Problem = explain(c.Request.Context(), err).detail.Message
	}
	writeJSON(c, http.StatusOK, body)
	return nil
}

// usageQuery reads which days and environments are asked for.
func (s *Server) usageQuery(params url.Values) (usage.Query, error) {
	q := usage.Query{Days: usageDays[params.Get("days")], Now: s.config.Now()}
	if q.Days == 0 {
		return q, badRequest("days=%q is none of 7, 14, 30, 90", shorten(params.Get("days")))
	}
	zone, err := time.LoadLocation(params.Get("tz"))
	if err != nil || zone == time.Local {
		return q, badRequest("tz=%q is no time zone such as Asia/Jerusalem or UTC", shorten(params.Get("tz")))
	}
	q.Zone = zone
	match, err := parseMatch("env", params["env"])
	q.Envs = usage.Envs{Any: match.Any, None: match.None}
	return q, err
}

func usageBodyOf(r usage.Report) usageBody {
	body := usageBody{
		Days: mapped(r.Days, func(d usage.Day) usageDayBody {
			return usageDayBody{*stamp(d.Start), *stamp(d.End), string(d.State), amountBody(d.Amount)}
		}),
		Services: mapped(r.Services, usageServiceOf),
		Total:    amountBody(r.Amount), Before: (*amountBody)(r.Before),
		Jumps:     mapped(r.Jumps, func(j usage.Jump) usageJumpBody { return usageJumpBody(j) }),
		FirstLine: stamp(r.FirstLine), CountedAt: stamp(r.CountedAt),
	}
	return body
}

func usageServiceOf(one usage.Service) usageServiceBody {
	return usageServiceBody{
		Service: one.Name, amountBody: amountBody(one.Amount), Before: (*amountBody)(one.Before),
		Daily:  mapped(one.Daily, func(a usage.Amount) amountBody { return amountBody(a) }),
		Levels: mapped(one.Levels, func(l usage.Level) usageLevelBody { return usageLevelBody{l.Name, amountBody(l.Amount)} }),
	}
}

// usagePatternsBody is the answer of GET api/v1/usage/patterns.
type usagePatternsBody struct {
	Points   int                `json:"points"`
	Lines    int                `json:"lines"`
	Bytes    int                `json:"bytes"`
	Patterns []usagePatternBody `json:"patterns"`
}

type usagePatternBody struct {
	Template string `json:"template"`
	Filter   string `json:"filter"`
	Service  string `json:"service"`
	Level    string `json:"level"`
	Lines    int    `json:"lines"`
	Bytes    int    `json:"bytes"`
	Example  string `json:"example"`
	Drop     string `json:"drop"`
	Thin     string `json:"thin"`
}

// usagePatterns answers with the patterns that make the most of what is logged.
func (s *Server) usagePatterns(c *gin.Context) error {
	params := c.Request.URL.Query()
	q, err := s.usageQuery(params)
	if err != nil {
		return err
	}
	var service *string
	if params.Has("service") {
		name := params.Get("service")
		if len(name) > valueMax {
			return badRequest("service has %d bytes, at most %d are allowed", len(name), valueMax)
		}
		service = &name
	}
	key := fmt.Sprintf("%d %s %q %q %q", q.Days, q.Zone, q.Envs.Any, q.Envs.None, params["service"])
	got, err := s.patterns.get(c.Request.Context(), key, func(ctx context.Context) (usage.Sample, error) {
		release, err := s.heavy.take(ctx)
		if err != nil {
			return usage.Sample{}, err
		}
		defer release()
		return usage.Patterns(ctx, s.config.Usage.DB, s.config.Loki, q, service)
	})
	if err != nil || got.Lines == 0 {
		s.patterns.forget(key) // Loki may be back at once, and what is not counted yet may be
	}
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, usagePatternsBody{got.Points, got.Lines, got.Bytes, mapped(got.Patterns, usagePatternOf)})
	return nil
}

func usagePatternOf(p usage.Pattern) usagePatternBody {
	return usagePatternBody{p.Template, p.Filter.String(), p.Service, p.Level, p.Count, p.Pattern.Bytes, p.Example, p.Drop, p.Thin}
}
