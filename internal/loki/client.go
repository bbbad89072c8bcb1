package loki

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/internal/secret"
)

const (
	// answerMax bounds the memory of one answer, in bytes. Loki's own limit is
	// 4 MiB by default.
	answerMax = 64 << 20
	// slotWait is how long a query waits for its turn before it is throttled.
	slotWait = 10 * time.Second
	// maxEntriesDefault is Loki's default of max_entries_limit_per_query.
	maxEntriesDefault = 5000
)

// Config says where Loki is and how much may be asked of it.
type Config struct {
	// URL is Loki's address, with the path prefix of a proxy if there is one.
	URL string
	// Tenant is sent as X-Scope-OrgID when not empty; "a|b" reads several.
	Tenant string
	// User and Password are for HTTP basic authentication.
	User     string
	Password secret.String
	// Token is sent as a bearer token; it excludes User.
	Token secret.String
	// Selector is what selections are made among.
	Selector Selector
	// Timeout bounds one call, the reading of its answer included.
	Timeout time.Duration
	// Concurrent is how many calls may run at once; the others wait.
	Concurrent int
	// Observe is told of each call when not nil: its name, how long it took and
	// its code ("" when it succeeded).
	Observe func(call string, took time.Duration, code Code)
	// Transport carries the calls; nil is an HTTP transport of the client's own.
	Transport http.RoundTripper
}

// DefaultConfig returns the configuration for a Loki on this machine.
func DefaultConfig() Config {
	return Config{URL: "http://127.0.0.1:3100", Selector: DefaultSelector, Timeout: 25 * time.Second, Concurrent: 8}
}

// Validate reports every fault of the configuration at once.
func (c Config) Validate() error {
	var faults []error
	if _, err := parseURL(c.URL); err != nil {
		faults = append(faults, err)
	}
	if !c.Token.IsZero() && (c.User != "" || !c.Password.IsZero()) {
		faults = append(faults, errors.New("both a bearer token and a user are set for Loki: keep one"))
	}
	if strings.ContainsAny(c.Tenant, "\r\n") {
		faults = append(faults, fmt.Errorf("the Loki tenant %q holds a line break", c.Tenant))
	}
	if err := c.Selector.Validate(); err != nil {
		faults = append(faults, err)
	}
	if c.Timeout <= 0 || c.Concurrent <= 0 {
		faults = append(faults, fmt.Errorf("timeout %s and concurrency %d must be positive", c.Timeout, c.Concurrent))
	}
	return errors.Join(faults...)
}

// parseURL checks that text is an http or https address.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("the Loki address is not a URL; write it as http://host:3100")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("the Loki address %q is not a URL; write it as http://host:3100", u.Redacted())
	}
	return u, nil
}

// Client calls Loki. It is safe for concurrent use.
type Client struct {
	config Config
	base   *url.URL
	http   *http.Client
	slots  chan struct{}
	pace   *pacer
	names  *labelNames

	mu         sync.Mutex
	maxEntries int
	hasFilters known
}

// known is what was found out about Loki, and when.
type known struct {
	yes bool
	at  time.Time
}

// New returns a client. It does not call Loki: Loki may be away.
func New(config Config) (*Client, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	base, err := parseURL(config.URL)
	if err != nil {
		return nil, err
	}
	if config.Observe == nil {
		config.Observe = func(string, time.Duration, Code) {}
	}
	if config.Transport == nil {
		config.Transport = newTransport(config.Concurrent)
	}
	return &Client{
		config:     config,
		base:       base,
		http:       &http.Client{Transport: config.Transport, CheckRedirect: noRedirect},
		slots:      make(chan struct{}, config.Concurrent),
		pace:       newPacer(),
		names:      &labelNames{known: map[dayRange]knownNames{}},
		maxEntries: maxEntriesDefault,
	}, nil
}

// newTransport returns an HTTP transport that keeps connections for n calls and
// those of the follows.
func newTransport(n int) http.RoundTripper {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = n + followCalls
	return transport
}

// noRedirect keeps credentials from following a redirect to another host.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// lane returns a client that shares everything but the turns: n calls of it may
// run at once however many calls of c wait. The follows use one, so that large
// queries do not stop the live tail.
func (c *Client) lane(n int) *Client {
	return &Client{
		config: c.config, base: c.base, http: c.http, pace: c.pace, names: c.names,
		slots: make(chan struct{}, n), maxEntries: c.entriesLimit(),
	}
}

// Selector is what selections are made among.
func (c *Client) Selector() Selector { return c.config.Selector }

// Address returns Loki's address without its password, for messages to the
// operator.
func (c *Client) Address() string { return c.base.Redacted() }

// Ready asks Loki whether it can serve (GET /ready).
func (c *Client) Ready(ctx context.Context) error {
	return c.get(ctx, "ready", "/ready", nil, func([]byte) error { return nil })
}

// entriesLimit returns the most lines that one call may ask for.
func (c *Client) entriesLimit() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.maxEntries
}

// learnEntriesLimit keeps Loki's own limit.
func (c *Client) learnEntriesLimit(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.maxEntries = min(c.maxEntries, n)
}

// getJSON calls Loki and decodes its JSON answer. It returns the size of the
// answer in bytes.
func (c *Client) getJSON(ctx context.Context, call, path string, params url.Values, into any) (int, error) {
	size := 0
	err := c.get(ctx, call, path, params, func(body []byte) error {
		size = len(body)
		if err := json.Unmarshal(body, into); err != nil {
			return &Error{Code: CodeUnavailable, cause: err, Detail: err.Error(),
				Message: "the answer at LOKI_URL is not Loki's; check the address"}
		}
		return nil
	})
	return size, err
}

// get calls Loki once, in its turn, within the timeout. read gets the body of a
// 2xx answer. Every error is an *Error.
func (c *Client) get(ctx context.Context, call, path string, params url.Values, read func([]byte) error) error {
	release, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	start := time.Now()
	err = c.roundTrip(ctx, path, params, read)
	code := Code("")
	if err != nil {
		code = CodeOf(err)
	}
	c.config.Observe(call, time.Since(start), code)
	return err
}

// acquire waits for a turn and returns what gives it back.
func (c *Client) acquire(ctx context.Context) (func(), error) {
	release := func() { <-c.slots }
	select {
	case c.slots <- struct{}{}:
		return release, nil
	default:
	}
	timer := time.NewTimer(slotWait)
	defer timer.Stop()
	select {
	case c.slots <- struct{}{}:
		return release, nil
	case <-ctx.Done():
		return nil, transportError(ctx, ctx.Err())
	case <-timer.C:
		return nil, &Error{Code: CodeThrottled, Message: "too many queries run at once; try again in a moment"}
	}
}

// roundTrip sends the request and reads the answer.
func (c *Client) roundTrip(ctx context.Context, path string, params url.Values, read func([]byte) error) error {
	callCtx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	request, err := c.request(callCtx, path, params)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return transportError(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, errorDetailMax+1)) // a part is enough
		return statusError(response.StatusCode, string(text))
	}
	body, err := readBounded(response.Body, answerMax)
	if errors.Is(err, errAnswerTooLarge) {
		return &Error{Code: CodeLimit, Message: "the answer is too large; shorten the time range or add a filter", cause: err}
	}
	if err != nil {
		return transportError(ctx, err)
	}
	return read(body)
}

// request makes the GET request with authentication and tenant.
func (c *Client) request(ctx context.Context, path string, params url.Values) (*http.Request, error) {
	target := c.base.JoinPath(path)
	target.RawQuery = params.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, &Error{Code: CodeUnavailable, Message: "the address in LOKI_URL is not usable; write it as http://host:3100", cause: err}
	}
	request.Header.Set("Accept", "application/json")
	if c.config.Tenant != "" {
		request.Header.Set("X-Scope-OrgID", c.config.Tenant)
	}
	if c.config.User != "" {
		request.SetBasicAuth(c.config.User, c.config.Password.Reveal())
	}
	if !c.config.Token.IsZero() {
		request.Header.Set("Authorization", "Bearer "+c.config.Token.Reveal())
	}
	return request, nil
}

// readBounded reads all of r, at most limit bytes.
func readBounded(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, errAnswerTooLarge
	}
	return body, nil
}

// redactURL returns the text of err without the request's address, which holds
// the query and may hold a password.
func redactURL(err error) string {
	if known, ok := errors.AsType[*url.Error](err); ok {
		return known.Err.Error()
	}
	return err.Error()
}
