package ship

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// maxAnswer bounds how much of an answer is read, besides the labels that Loki
// may quote in it, a value twice.
const maxAnswer = 64 << 10

// post sends the encoded request of a job.
func (c *Client) post(ctx context.Context, j *job, encoded []byte) outcome {
	body := &requestBody{}
	req, err := c.request(ctx, j.queue.stream.Tenant, body.open(encoded))
	if err != nil {
		return outcome{
			verdict: failed, reason: reasonGeneric, kind: "the credentials cannot be read", err: err,
			remedy: "check the file that the client's configuration names",
		}
	}
	req.ContentLength = int64(len(encoded))
	req.GetBody = func() (io.ReadCloser, error) { return body.open(encoded), nil }
	out := c.do(req, j.queue.stream.Labels)
	out.bodyInUse = body.inUse()
	return out
}

func (c *Client) request(ctx context.Context, tenant string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.opts.URL, body)
	if err != nil {
		return nil, err
	}
	for name, values := range c.opts.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("User-Agent", "tovplay-collector")
	if tenant = c.tenant(tenant); tenant != "" {
		req.Header.Set("X-Scope-OrgID", tenant)
	}
	if c.opts.Authorize == nil {
		return req, nil
	}
	return req, c.opts.Authorize(req)
}

func (c *Client) do(req *http.Request, labels []pipeline.Label) outcome {
	start := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		c.opts.Metrics.request(c.host, "-1", time.Since(start))
		return unreachable(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+quoted(labels)))
	c.opts.Metrics.request(c.host, strconv.Itoa(resp.StatusCode), time.Since(start))
	if err != nil && resp.StatusCode/100 != 2 {
		return unreachable(err)
	}
	c.compareClocks(resp.Header.Get("Date"), time.Now())
	return classify(resp, strings.TrimSpace(string(text)), labels)
}

// quoted bounds what labels make of an answer that quotes them.
func quoted(labels []pipeline.Label) (bytes int64) {
	const twiceEscaped = 8
	for _, l := range labels {
		bytes += int64(len(l.Name) + twiceEscaped*len(l.Value))
	}
	return bytes
}

// requestBody knows whether the transport still reads the encoded request: it
// may do so for a while after the answer came, and the memory must not be used
// again before (net/http.RoundTripper).
type requestBody struct{ readers atomic.Int32 }

type bodyReader struct {
	*bytes.Reader
	body   *requestBody
	closed atomic.Bool
}

func (b *requestBody) open(encoded []byte) io.ReadCloser {
	b.readers.Add(1)
	return &bodyReader{Reader: bytes.NewReader(encoded), body: b}
}

func (b *requestBody) inUse() bool { return b.readers.Load() > 0 }

// Close implements io.Closer.
func (r *bodyReader) Close() error {
	if !r.closed.Swap(true) {
		r.body.readers.Add(-1)
	}
	return nil
}
