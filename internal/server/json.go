package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzip"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

// gzipMin is the smallest answer that is worth compressing, in bytes.
const gzipMin = 1400

// writeJSON answers with JSON, compressed when the client takes it and it is
// worth it. Compression is safe here: no answer mixes a secret with what
// somebody else wrote.
func writeJSON(c *gin.Context, status int, body any) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false) // the content type and nosniff keep it from being HTML
	if err := encoder.Encode(body); err != nil {
		panic(err) // a fault of the program: these types always encode
	}
	data := buf.Bytes()
	c.Writer.Header().Add("Vary", "Accept-Encoding")
	if len(data) >= gzipMin && takesGzip(c) {
		data = compress(data)
		c.Header("Content-Encoding", "gzip")
	}
	c.Data(status, "application/json; charset=utf-8", data)
}

// readJSON decodes the body of a request strictly. form is what a body looks like.
func readJSON(body io.Reader, into any, form string) error {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		switch _, err = decoder.Token(); err {
		case io.EOF: // nothing follows
			err = nil
		case nil:
			err = errors.New("something follows the body")
		}
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &requestError{http.StatusRequestEntityTooLarge, "bad_request", "the request is too large: " + tooLarge.Error()}
	}
	if err != nil {
		return badRequest("the body is not %s", form)
	}
	return nil
}

// takesGzip reports whether the client takes gzip.
func takesGzip(c *gin.Context) bool {
	for part := range strings.SplitSeq(c.GetHeader("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" && strings.ReplaceAll(weight, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// compress returns data as gzip, fast rather than small.
func compress(data []byte) []byte {
	var buf bytes.Buffer
	writer, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	writer.Write(data) // a buffer takes everything
	writer.Close()
	return buf.Bytes()
}

// entryBody is a line in an answer.
type entryBody struct {
	ID       string            `json:"id"`
	TS       string            `json:"ts"`
	Line     string            `json:"line"`
	Labels   map[string]string `json:"labels"`
	Metadata map[string]string `json:"metadata"`
}

// noPairs stands for a map without pairs: the page wants {} and not null.
var noPairs = map[string]string{}

// entryBodies renders lines.
func entryBodies(entries []loki.Entry) []entryBody {
	bodies := make([]entryBody, len(entries))
	for i, e := range entries {
		bodies[i] = entryBody{ID: e.ID(), TS: strconv.FormatInt(e.TS, 10), Line: e.Line, Labels: orEmpty(e.Labels), Metadata: orEmpty(e.Metadata)}
	}
	return bodies
}

// orEmpty returns m, or an empty map for nil.
func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return noPairs
	}
	return m
}

// list returns items, or an empty list for nil.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// stamp renders a time; nil for the zero time.
func stamp(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	text := at.UTC().Format(time.RFC3339Nano)
	return &text
}
