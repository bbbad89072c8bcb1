package server

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

// exportPage is how many lines are read of Loki at once for a file.
const exportPage = 5000

// exportFormats are the content types of the formats of a file.
var exportFormats = map[string]string{
	"ndjson": "application/x-ndjson; charset=utf-8",
	"csv":    "text/csv; charset=utf-8; header=present",
}

// lineFile writes lines in one format. It may hold lines back until flush.
type lineFile interface {
	begin() error
	entry(loki.Entry) error
	// note writes what the reader of the file must know, such as that it is cut.
	note(text string) error
	flush() error
}

// exportLogs streams all lines of a range as a file, page by page: neither side
// holds more than one page, and a client that goes ends it.
func (s *Server) exportLogs(c *gin.Context) error {
	format := c.DefaultQuery("format", "ndjson")
	contentType, ok := exportFormats[format]
	if !ok {
		return badRequest("format=%q is neither ndjson nor csv", shorten(format))
	}
	request, err := s.pageRequest(c.Request.Context(), c.Request.URL.Query())
	if err != nil {
		return err
	}
	if err := s.admit(c.Request.Context(), c.Request.URL.Query(), request.Query, span{request.Start, request.End}); err != nil {
		return err
	}
	request.Limit = exportPage
	page, err := s.exportPage(c, request)
	if err != nil {
		return err
	}
	noteOf(c).stream = true
	h := c.Writer.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+exportName(request, format)+`"`)
	h.Set("X-Accel-Buffering", "no")
	h.Set("Cache-Control", "no-store")
	c.Writer.WriteHeader(http.StatusOK)
	control := http.NewResponseController(c.Writer)
	out := newLineFile(format, &timedWriter{c.Writer, control})
	if err := s.writePages(c, out, request, page); err != nil {
		// The status is sent: what is left is to say it in the file and to end the
		// answer without its end, so that the browser calls the download failed.
		text := "the file is not complete: " + explain(c.Request.Context(), err).detail.Message
		_ = errors.Join(out.note(text), out.flush(), control.Flush(), control.SetWriteDeadline(time.Unix(1, 0)))
		return err
	}
	return nil
}

// errStops ends an export when the server stops.
var errStops = &requestError{http.StatusServiceUnavailable, "unavailable", "the dashboard stops; export again in a moment"}

// exportPage reads one page, within the time of a request.
func (s *Server) exportPage(c *gin.Context, request loki.PageRequest) (loki.Page, error) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), requestWait)
	defer cancel()
	return s.config.Loki.Page(ctx, request)
}

// writePages writes a page and all that follow it.
func (s *Server) writePages(c *gin.Context, out lineFile, request loki.PageRequest, page loki.Page) error {
	if err := out.begin(); err != nil {
		return err
	}
	for {
		for _, e := range page.Entries {
			if err := out.entry(e); err != nil {
				return err
			}
		}
		for _, warning := range page.Warnings {
			if page.Partial {
				break // it goes on where Loki stopped
			}
			if err := out.note(warning); err != nil {
				return err
			}
		}
		if err := out.flush(); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		select {
		case <-s.stopping:
			return errStops
		default:
		}
		request.Cursor = page.Next
		var err error
		if page, err = s.exportPage(c, request); err != nil {
			return err
		}
	}
}

// exportName names the file by its range.
func exportName(r loki.PageRequest, format string) string {
	const form = "20060102T150405Z"
	return "logs-" + r.Start.UTC().Format(form) + "-" + r.End.UTC().Format(form) + "." + format
}

// timedWriter gives each write eventWait.
type timedWriter struct {
	writer  io.Writer
	control *http.ResponseController
}

// Write writes within eventWait.
func (w *timedWriter) Write(p []byte) (int, error) {
	if err := w.control.SetWriteDeadline(time.Now().Add(eventWait)); err != nil {
		return 0, err
	}
	return w.writer.Write(p)
}

// newLineFile returns the writer of a format.
func newLineFile(format string, to io.Writer) lineFile {
	if format == "csv" {
		return &csvFile{csv.NewWriter(to)}
	}
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	return &ndjsonFile{encoder}
}

// ndjsonFile writes each line as an Entry of the API.
type ndjsonFile struct{ encoder *json.Encoder }

func (f *ndjsonFile) begin() error { return nil }
func (f *ndjsonFile) flush() error { return nil }

func (f *ndjsonFile) entry(e loki.Entry) error {
	return f.encoder.Encode(entryBodies([]loki.Entry{e})[0])
}

func (f *ndjsonFile) note(text string) error {
	return f.encoder.Encode(struct {
		Note string `json:"note"`
	}{text})
}

// csvFile writes each line as a record; labels beyond the columns and metadata
// are one JSON object in the last.
type csvFile struct{ writer *csv.Writer }

// csvLabels are the labels with a column of their own.
var csvLabels = []string{"level", "service", "env", "host", "container"}

func (f *csvFile) begin() error {
	return f.writer.Write(slices.Concat([]string{"time", "ts_ns"}, csvLabels, []string{"line", "fields"}))
}

func (f *csvFile) entry(e loki.Entry) error {
	rest := maps.Clone(e.Metadata)
	if rest == nil {
		rest = map[string]string{}
	}
	record := []string{time.Unix(0, e.TS).UTC().Format("2006-01-02T15:04:05.000000000Z"), entryBodies([]loki.Entry{e})[0].TS}
	for name, value := range e.Labels {
		if !slices.Contains(csvLabels, name) {
			rest[name] = value
		}
	}
	for _, name := range csvLabels {
		record = append(record, cell(e.Labels[name]))
	}
	return f.writer.Write(append(record, cell(e.Line), string(encodeLine(rest))))
}

func (f *csvFile) note(text string) error {
	return f.writer.Write(append(make([]string, 2+len(csvLabels)), cell(text), ""))
}

func (f *csvFile) flush() error {
	f.writer.Flush()
	return f.writer.Error()
}

// cell keeps a spreadsheet from taking a text that others wrote for a formula:
// such a text gets an apostrophe in front (OWASP, CSV injection).
func cell(text string) string {
	if strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", firstRune(strings.TrimLeft(text, " "))) {
		return "'" + text
	}
	return text
}

// firstRune returns the first rune, 'x' for no text.
func firstRune(text string) rune {
	for _, r := range text {
		return r
	}
	return 'x'
}
