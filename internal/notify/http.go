package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// poster sends messages.
type poster struct {
	external string
	// authorities are who may vouch for mail servers; nil are those of the system.
	authorities *x509.CertPool
	now         func() time.Time
	client      *http.Client
}

// answerShown is how much of a refusal is kept, in bytes.
const answerShown = 200

// newPoster returns a poster. It follows no redirect: the address of a webhook is
// a secret, and another host must not get it or the message.
func newPoster(external string, now func() time.Time) *poster {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = newDialer().DialContext
	transport.MaxIdleConnsPerHost = 1
	return &poster{external: external, now: now, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// errLinkLocal means that an address is one of those at which clouds give out
// credentials of the machine.
var errLinkLocal = errors.New("link-local addresses are not sent to")

// newDialer returns a dialer that connects to no link-local address.
func newDialer() *net.Dialer {
	return &net.Dialer{Timeout: 10 * time.Second, Control: notLinkLocal}
}

func notLinkLocal(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err == nil && addr.Addr().Unmap().IsLinkLocalUnicast() {
		return errLinkLocal
	}
	return nil
}

// http sends a message to a webhook.
func (p *poster) http(ctx context.Context, c Channel, m *Message) outcome {
	request, err := p.request(ctx, c, m)
	if err != nil {
		return outcome{err: err, remedy: "Enter the address of the webhook again."}
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return unreachable(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 4*answerShown)) // a part is enough
	return p.judge(c.Kind, answer, string(text))
}

// request makes the request of a message. It is the same, byte for byte, at each
// attempt, but for the time that a webhook is signed with.
func (p *poster) request(ctx context.Context, c Channel, m *Message) (*http.Request, error) {
	body, err := json.Marshal(p.body(c, m))
	if err != nil {
		return nil, fmt.Errorf("write the message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL.Reveal(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address of the webhook is not usable")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "tovplay-logs")
	if c.Kind != Webhook {
		return request, nil
	}
	request.Header.Set("Idempotency-Key", m.Key)
	return request, sign(request.Header, c.Secret.Reveal(), m.Key, p.now(), body)
}

// sign sets the headers of the Standard Webhooks (standardwebhooks.com): the
// signature is the HMAC-SHA256 of id, time and body, joined by dots.
func sign(header http.Header, secret, id string, at time.Time, body []byte) error {
	stamp := strconv.FormatInt(at.Unix(), 10)
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", stamp)
	key, err := signingKey(secret)
	if err != nil || key == nil {
		return err
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body)
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return nil
}

// body is the JSON of a message.
func (p *poster) body(c Channel, m *Message) any {
	switch c.Kind {
	case Discord:
		return p.discord(m)
	case Slack:
		return p.slack(m)
	}
	return p.webhook(c, m)
}

// judge says what the answer of a webhook means.
func (p *poster) judge(kind ChannelKind, answer *http.Response, text string) outcome {
	status := answer.StatusCode
	if status/100 == 2 {
		return outcome{}
	}
	o := outcome{err: fmt.Errorf("the receiver answers with status %d", status)}
	if text = strings.TrimSpace(oneLine(shorten(text, answerShown))); text != "" {
		o.err = fmt.Errorf("%w: %s", o.err, text)
	}
	switch {
	case status/100 == 3:
		o.err = fmt.Errorf("the receiver redirects (status %d), which is not followed", status)
		o.remedy = "Enter the address to which it leads."
	case status == http.StatusTooManyRequests:
		o.after = retryAfter(answer.Header.Get("Retry-After"), p.now())
		o.remedy = "It is tried again when the receiver allows it. Lower the messages an hour, or use a digest."
	case status == http.StatusNotFound, status == http.StatusGone:
		o.missing, o.remedy = true, gone[kind]
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		o.remedy = gone[kind]
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status/100 == 5:
		o.remedy = "It is tried again by itself; the receiver's own log says what is wrong."
	default:
		o.final = true
		o.remedy = "The receiver does not take this message, which is not sent again."
	}
	return o
}

// gone says what helps when a webhook does not exist or does not let in.
var gone = map[ChannelKind]string{
	Discord: "The webhook was deleted or its address is wrong: make one in Discord under Edit channel, Integrations, Webhooks, and enter its address.",
	Slack:   "The webhook was removed, its channel archived, or its address is wrong: make one in Slack under Incoming Webhooks and enter its address.",
	Webhook: "Check the address of the webhook, and the key with which it is signed.",
}

// retryAfter reads the header Retry-After: seconds, or a time.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds > 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// unreachable says why there is no answer, without the address, which is secret.
func unreachable(err error) outcome {
	if known, ok := errors.AsType[*url.Error](err); ok {
		err = known.Err
	}
	return outcome{err: fmt.Errorf("the receiver cannot be reached: %s", cause(err)), remedy: remedyOf(err)}
}

// cause is the text of a network error without addresses of this machine.
func cause(err error) string {
	if known, ok := errors.AsType[*net.DNSError](err); ok {
		return "the name " + known.Name + " is not known"
	}
	if isTimeout(err) {
		return "no answer in time"
	}
	if known, ok := errors.AsType[*net.OpError](err); ok {
		return known.Err.Error()
	}
	return err.Error()
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout()
}

// remedyOf says what helps against a network error.
func remedyOf(err error) string {
	_, dns := errors.AsType[*net.DNSError](err)
	switch {
	case dns:
		return "Check the name of the host, and that this machine can resolve names."
	case errors.Is(err, errLinkLocal):
		return "Enter another address."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens there: check host and port, and that the receiver runs."
	case isTimeout(err):
		return "Check host and port, and whether a firewall lets this machine out."
	case strings.Contains(err.Error(), "certificate"):
		return "The certificate is not valid for this name or not known to this machine: check the host, or add its authority to the system."
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "The receiver speaks no TLS: enter its address with http://."
	}
	return "It is tried again by itself; check the address and the network."
}
