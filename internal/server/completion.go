package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/sample"
)

const (
	// completionsMax is how many names or values are offered.
	completionsMax = 500
	// completionLines is how many lines are looked at where Loki finds no fields
	// itself.
	completionLines = 200
)

// completionBody is the answer of GET api/v1/logs/completion.
type completionBody struct {
	Options []optionBody `json:"options"`
}

// optionBody is a name or a value.
type optionBody struct {
	Text string `json:"text"`
	// Kind is label, metadata, json or logfmt for a name, value for a value.
	Kind string `json:"kind"`
	// Type is what the values of a field are, "" where that is not known.
	Type string `json:"type"`
}

// completion is what is asked for: names, or the values of one, among the lines of
// a query.
type completion struct {
	name   string
	fields bool
	query  string
	span   span
}

// logsCompletion lists what can be written in a query: the labels of the streams
// that the filters select, and the fields of their lines, or the values of one.
func (s *Server) logsCompletion(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	params := c.Request.URL.Query()
	query, r, err := s.rangeQuery(ctx, c)
	if err != nil {
		return err
	}
	asked := completion{name: params.Get("name"), query: loki.StreamSelector(query), span: r}
	switch of := params.Get("of"); of {
	case "", "labels":
	case "fields":
		asked.fields = true
	default:
		return badRequest("of=%q is neither labels nor fields", shorten(of))
	}
	options, err := s.complete(ctx, asked)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, completionBody{list(options[:min(len(options), completionsMax)])})
	return nil
}

// complete lists names or values, labels first.
func (s *Server) complete(ctx context.Context, asked completion) ([]optionBody, error) {
	client, start, end := s.config.Loki, asked.span.start, asked.span.end
	if asked.name != "" {
		values, err := client.LabelValues(ctx, asked.name, asked.query, start, end)
		if err != nil || len(values) > 0 || !asked.fields {
			return optionsOf("value", values), err
		}
		return s.fieldValues(ctx, asked)
	}
	names, err := client.LabelNames(ctx, asked.query, start, end)
	if err != nil || !asked.fields {
		return optionsOf("label", names), err
	}
	fields, err := s.fieldNames(ctx, asked)
	return append(optionsOf("label", names), fields...), err
}

// optionsOf makes options of one kind.
func optionsOf(kind string, texts []string) []optionBody {
	options := make([]optionBody, len(texts))
	for i, text := range texts {
		options[i] = optionBody{Text: text, Kind: kind}
	}
	return options
}

// fieldNames lists the fields that lines carry beside labels.
func (s *Server) fieldNames(ctx context.Context, asked completion) ([]optionBody, error) {
	found, err := s.config.Loki.DetectedFields(ctx, asked.query, asked.span.start, asked.span.end, completionsMax)
	if loki.IsMissing(err) {
		return s.sampleFields(ctx, asked)
	}
	options := make([]optionBody, 0, len(found))
	for _, field := range found {
		option := optionBody{Text: field.Name, Kind: field.Parser, Type: field.Type}
		if option.Kind == "" {
			option.Kind = string(sample.Metadata)
		}
		options = append(options, option)
	}
	return options, err
}

// fieldValues lists values of a field.
func (s *Server) fieldValues(ctx context.Context, asked completion) ([]optionBody, error) {
	values, err := s.config.Loki.DetectedValues(ctx, asked.name, asked.query, asked.span.start, asked.span.end, completionsMax)
	if loki.IsMissing(err) {
		return s.sampleFields(ctx, asked)
	}
	slices.Sort(values)
	return optionsOf("value", values), err
}

// sampleFields lists the fields of the newest lines, or the values of one: for a
// Loki that finds none itself.
func (s *Server) sampleFields(ctx context.Context, asked completion) ([]optionBody, error) {
	release, err := s.heavy.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	page, err := s.config.Loki.Page(ctx, loki.PageRequest{
		Query: asked.query, Start: asked.span.start, End: asked.span.end, Limit: completionLines, Bytes: sampleBytes, Direction: loki.Backward,
	})
	if err != nil {
		return nil, err
	}
	summary, err := sample.Of(ctx, page.Entries, false)
	if err != nil {
		return nil, err
	}
	var options []optionBody
	for _, field := range summary.Fields {
		switch {
		case asked.name == "":
			options = append(options, optionBody{Text: field.Name, Kind: string(field.Kind)})
		case asked.name == field.Name:
			for _, value := range field.Values {
				options = append(options, optionBody{Text: value.Text, Kind: "value"})
			}
		}
	}
	return options, nil
}
