package ship

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// verdict is what a request came to.
type verdict int

const (
	stored     verdict = iota
	refused            // some of it, for good; the rest was stored
	tooLarge           // as a whole; halves may pass
	throttled          // this stream has to wait
	held               // the same, for a reason of our own
	failed             // the client has to wait
	unreadable         // it is on disk and cannot be read back
)

// outcome is a verdict with what is known about it.
type outcome struct {
	verdict    verdict
	reason     string // as promtail counts it, should the entries be given up
	kind       string // of failed: what is wrong, in words that do not change from try to try
	remedy     string
	certain    bool // of tooLarge: it is; else it may be something else
	retryAfter time.Duration
	err        error
	bodyInUse  bool // the request's body may still be read

	// Of refused.
	all           bool   // every entry
	metadata      bool   // for having structured metadata
	before, after int64  // entries of times outside of this, in unix nanoseconds
	lokiReason    string // as Loki counts it
	local         bool   // it was not asked, its earlier answers say so
	kept, dropped []part // what is sent again and what is not, in reverse order
}

// refuses reports whether the answer says that entries of a time are refused.
func (o *outcome) refuses(ns int64) bool { return ns < o.before || ns > o.after }

// Promtail's reasons for dropping entries.
const (
	reasonGeneric       = "ingester_error"
	reasonRateLimited   = "rate_limited"
	reasonStreamLimited = "stream_limited"
	reasonLineTooLong   = "line_too_long"
)

// reasonSpoolFull is our own.
const reasonSpoolFull = "spool_full"

func reasons() []string {
	return []string{reasonGeneric, reasonRateLimited, reasonStreamLimited, reasonLineTooLong, reasonSpoolFull}
}

var errForeseen = errors.New("not sent: Loki has refused such times before")

// statusBlocked is what Loki answers while an operator has blocked ingestion,
// unless configured otherwise: a 2xx by which nothing was stored.
const statusBlocked = 260

// classify reads an answer of Loki's push endpoint to a request for one stream,
// whose labels may be quoted in it.
func classify(resp *http.Response, text string, labels []pipeline.Label) outcome {
	status := resp.StatusCode
	out := outcome{
		verdict: failed, reason: reasonGeneric, kind: fmt.Sprintf("Loki answers %d", status),
		err: fmt.Errorf("answer %d of Loki: %s", status, withoutLongValues(text, labels)), retryAfter: retryAfter(resp),
		before: math.MinInt64, after: math.MaxInt64, lokiReason: "too_large",
	}
	switch {
	case status == statusBlocked:
		out.kind, out.remedy = "Loki's operator has blocked ingestion (260)", "see limits_config.block_ingestion_until in Loki"
	case status/100 == 2:
		return outcome{verdict: stored}
	case status/100 == 3:
		out.kind = fmt.Sprintf("the URL redirects to another (%d)", status)
		out.remedy = "write the new address in clients[].url: " + resp.Header.Get("Location")
	case status == http.StatusBadRequest:
		out.readRefusal(withoutValues(text, labels))
	case status == http.StatusRequestEntityTooLarge:
		out.verdict, out.certain = tooLarge, true
	case status == http.StatusTooManyRequests:
		out.verdict, out.reason = throttled, reasonRateLimited
		if strings.Contains(text, "stream limit") {
			out.reason = reasonStreamLimited
		}
	case status == http.StatusInternalServerError:
		// So Loki answers a push above its gRPC message size too.
		out.verdict, out.certain = tooLarge, strings.Contains(text, "message larger than max")
		out.remedy = "look at Loki's own log; delivery goes on by itself"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		out.kind = fmt.Sprintf("Loki refuses the credentials (%d)", status)
		out.remedy = "correct basic_auth, bearer_token or tenant_id of the client"
	case status == http.StatusNotFound:
		out.kind, out.remedy = "there is no push endpoint at this URL (404)", "clients[].url has to end in /loki/api/v1/push"
	default:
		out.remedy = "look at Loki's own log; delivery goes on by itself"
	}
	return out
}

// withoutValues takes the values of labels out of a text, so that none passes
// for a part of Loki's message. Loki may have added labels with the same values.
func withoutValues(text string, labels []pipeline.Label) string {
	for _, l := range labels {
		text = strings.ReplaceAll(text, strconv.Quote(strings.ToValidUTF8(l.Value, "�")), `""`)
	}
	return text
}

// longValue is how many bytes of a label value are shown, and longText of anything.
const (
	longValue = 256
	longText  = 4 << 10
)

// withoutLongValues shortens the values of labels in a text, and the text.
func withoutLongValues(text string, labels []pipeline.Label) string {
	for _, l := range labels {
		if len(l.Value) <= longValue {
			continue
		}
		quoted := strconv.Quote(strings.ToValidUTF8(l.Value, "�"))
		for _, long := range []string{quoted[1 : len(quoted)-1], l.Value} {
			text = strings.ReplaceAll(text, long, strings.ToValidUTF8(long[:min(len(long), longValue)], "")+"…")
		}
	}
	return shortened(text)
}

// shortened is the beginning of a text that is too long to be logged.
func shortened(text string) string {
	if len(text) <= longText {
		return text
	}
	return strings.ToValidUTF8(text[:longText], "") + "…"
}

// unreachable is the outcome of a request without an answer.
func unreachable(err error) outcome {
	kind := "Loki cannot be reached"
	if errors.Is(err, context.DeadlineExceeded) {
		kind = "Loki did not answer in time"
	}
	return outcome{
		verdict: failed, reason: reasonGeneric, kind: kind, err: withoutQuery(err),
		remedy: "start Loki or correct clients[].url; delivery goes on by itself",
	}
}

// withoutQuery removes the queries of addresses from an error: some services
// expect a secret there.
func withoutQuery(err error) error {
	var u *url.Error
	for e := err; errors.As(e, &u); e = u.Err {
		u.URL, _, _ = strings.Cut(u.URL, "?")
	}
	return err
}

// What Loki says of refused entries (pkg/validation, pkg/chunkenc and
// pkg/ingester, versions 2.9 to 3.7). Times are RFC 3339 in whole seconds.
var (
	ignoredOf  = regexp.MustCompile(`total ignored: (\d+) out of (\d+)`)
	oldestTime = regexp.MustCompile(`oldest acceptable timestamp is: ([0-9T:Z.+-]+)`)
	tooNewTime = regexp.MustCompile(`timestamp too new: ([0-9T:Z.+-]+)`)
)

// wholeStream are messages about a stream's labels: no entry was stored.
func wholeStream() []string {
	return []string{
		"at least one label pair is required", "error parsing labels", "label names; limit",
		"label name too long", "label value too long", "duplicate label name", "missing required labels",
	}
}

// readRefusal reads the text of a 400.
func (o *outcome) readRefusal(text string) {
	o.verdict = refused
	o.lokiReason = lokiReason(text)
	if m := ignoredOf.FindStringSubmatch(text); m != nil {
		o.all = m[1] == m[2]
	}
	for _, phrase := range wholeStream() {
		o.all = o.all || strings.Contains(text, phrase)
	}
	o.metadata = strings.Contains(text, "structured metadata") && strings.Contains(text, "disallowed")
	if strings.Contains(strings.ToLower(text), "max entry size") {
		o.reason = reasonLineTooLong
	}
	for _, m := range oldestTime.FindAllStringSubmatch(text, -1) {
		if t, err := time.Parse(time.RFC3339, m[1]); err == nil {
			o.before = max(o.before, t.UnixNano())
		}
	}
	for _, m := range tooNewTime.FindAllStringSubmatch(text, -1) {
		if t, err := time.Parse(time.RFC3339, m[1]); err == nil {
			o.after = min(o.after, t.Add(time.Second).UnixNano())
		}
	}
}

// retryAfter reads the header of the same name, in seconds or as a date.
func retryAfter(resp *http.Response) time.Duration {
	const most = time.Hour
	h := resp.Header.Get("Retry-After")
	if sec, err := strconv.Atoi(h); err == nil && sec >= 0 {
		return min(time.Duration(min(sec, int(most/time.Second)))*time.Second, most)
	}
	if at, err := http.ParseTime(h); err == nil {
		return min(max(0, time.Until(at)), most)
	}
	return 0
}
