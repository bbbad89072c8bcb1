package loki

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// DetectedField is a name under which lines carry a value that no label has.
type DetectedField struct {
	Name string
	// Parser is the stage that takes it out of a line, json or logfmt; "" for
	// structured metadata.
	Parser string
	// Type is Loki's guess: string, int, float, boolean, duration or bytes.
	Type string
}

// DetectedFields returns the fields that Loki finds in some of the lines of a log
// query in [start, end), at most limit. The error of a Loki that has no such
// endpoint, as 2.9 has none, satisfies IsMissing.
func (c *Client) DetectedFields(ctx context.Context, query string, start, end time.Time, limit int) ([]DetectedField, error) {
	params := rangeParams(start, end)
	params.Set("query", query)
	params.Set("limit", strconv.Itoa(limit))
	var got struct {
		Fields []struct {
			Label   string
			Type    string
			Parsers []string
		}
	}
	if _, err := c.getJSON(ctx, "detected_fields", "/loki/api/v1/detected_fields", params, &got); err != nil {
		return nil, err
	}
	fields := make([]DetectedField, 0, len(got.Fields))
	for _, f := range got.Fields {
		field := DetectedField{Name: f.Label, Type: f.Type}
		if len(f.Parsers) > 0 {
			field.Parser = f.Parsers[0]
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// DetectedValues returns values of a field that Loki finds in some of the lines of a
// log query in [start, end), at most limit; see DetectedFields.
func (c *Client) DetectedValues(ctx context.Context, field, query string, start, end time.Time, limit int) ([]string, error) {
	params := rangeParams(start, end)
	params.Set("query", query)
	params.Set("limit", strconv.Itoa(limit))
	var got struct{ Values []string }
	_, err := c.getJSON(ctx, "detected_values", "/loki/api/v1/detected_field/"+url.PathEscape(field)+"/values", params, &got)
	return got.Values, err
}

// IsMissing reports whether Loki has no such endpoint.
func IsMissing(err error) bool {
	known, ok := errors.AsType[*Error](err)
	return ok && known.Status == http.StatusNotFound
}
