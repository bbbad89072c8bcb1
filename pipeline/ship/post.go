package ship

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// verdict is what a request came to.
type verdict int

const (
	stored    verdict = iota
	refused           // 400: some of it, for good; the rest was stored
	tooLarge          // as a whole; halves may pass
	throttled         // this stream has to wait
	failed            // the client has to wait
)

// outcome is a verdict with what is known about it.
type outcome struct {
	verdict    verdict
	all        bool   // refused: every entry was
	reason     string // of refused, as promtail counts it
	kind       string // of failed: what is wrong, in words that do not change from try to try
	remedy     string
	patience   int // of tooLarge: tries before it is believed
	retryAfter time.Duration
	err        error
}

// maxAnswer bounds how much of an error answer is read.
const maxAnswer = 16 << 10

// post sends one encoded request.
func (c *Client) post(ctx context.Context, tenant string, body []byte) outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.opts.URL, bytes.NewReader(body))
	if err != nil {
		return outcome{verdict: failed, kind: "the request cannot be made", err: err}
	}
	for name, values := range c.opts.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("User-Agent", "tovplay-collector")
	if tenant == "" {
		tenant = c.opts.Tenant
	}
	if tenant != "" {
		req.Header.Set("X-Scope-OrgID", tenant)
	}
	if err := c.opts.Authorize(req); err != nil {
		return outcome{verdict: failed, kind: "the credentials cannot be read",
			remedy: "check the file named in the configuration", err: err}
	}
	start := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		c.opts.Metrics.request(c.host, "-1", time.Since(start))
		return c.unreachable(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	c.opts.Metrics.request(c.host, strconv.Itoa(resp.StatusCode), time.Since(start))
	if err != nil && resp.StatusCode/100 != 2 {
		return c.unreachable(err)
	}
	return classify(resp, strings.TrimSpace(string(text)))
}

func (c *Client) unreachable(err error) outcome {
	kind := "Loki cannot be reached"
	if errors.Is(err, context.DeadlineExceeded) {
		kind = "Loki did not answer in time"
	}
	return outcome{verdict: failed, kind: kind, err: err,
		remedy: "start Loki or correct clients[].url; delivery goes on by itself"}
}

// classify reads an answer of Loki's push endpoint.
func classify(resp *http.Response, text string) outcome {
	status := resp.StatusCode
	out := outcome{err: fmt.Errorf("Loki answered %d: %s", status, text), retryAfter: retryAfter(resp)}
	switch {
	case status/100 == 2:
		return outcome{verdict: stored}
	case status == http.StatusBadRequest:
		out.verdict, out.reason, out.all = refused, reason(text), allIgnored(text)
	case status == http.StatusRequestEntityTooLarge:
		out.verdict, out.reason, out.patience = tooLarge, "ingester_error", 1
	case status == http.StatusTooManyRequests:
		out.verdict, out.reason = throttled, "rate_limited"
	case status == http.StatusInternalServerError:
		// Loki answers 500 to a push above its gRPC message size.
		out.verdict, out.reason, out.patience = tooLarge, "ingester_error", 4
		out.kind = "Loki answers 500"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		out.verdict, out.kind = failed, fmt.Sprintf("Loki refuses the credentials (%d)", status)
		out.remedy = "correct basic_auth, bearer_token or tenant_id of the client"
	case status == http.StatusNotFound:
		out.verdict, out.kind = failed, "there is no push endpoint at this URL (404)"
		out.remedy = "clients[].url has to end in /loki/api/v1/push"
	default:
		out.verdict, out.kind = failed, fmt.Sprintf("Loki answers %d", status)
		out.remedy = "look at Loki's own log; delivery goes on by itself"
	}
	return out
}

// reason is promtail's word for why entries were refused.
func reason(text string) string {
	switch {
	case strings.Contains(text, "Max entry size"):
		return "line_too_long"
	case strings.Contains(text, "stream limit"):
		return "stream_limited"
	}
	return "ingester_error"
}

var ignored = regexp.MustCompile(`total ignored: (\d+) out of (\d+)`)

// allIgnored reports whether the answer says that no entry was stored.
func allIgnored(text string) bool {
	m := ignored.FindStringSubmatch(text)
	return m != nil && m[1] == m[2]
}

// retryAfter reads the header of the same name, in seconds or as a date.
func retryAfter(resp *http.Response) time.Duration {
	h := resp.Header.Get("Retry-After")
	if sec, err := strconv.Atoi(h); err == nil && sec >= 0 && sec < 3600 {
		return time.Duration(sec) * time.Second
	}
	if at, err := http.ParseTime(h); err == nil {
		return min(max(0, time.Until(at)), time.Hour)
	}
	return 0
}
