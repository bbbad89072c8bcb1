// Package dockerapi speaks the few requests of Docker's HTTP API that a reader
// of logs needs, and keeps a view of an engine's containers.
//
//	Client   one engine: list, inspect, events, logs
//	Watcher  which containers there are now: a first list, then events
//
// Requests name no version of the API, so the engine answers in its own.
package dockerapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options are what a Client is made with.
type Options struct {
	// Host is unix://PATH, tcp://HOST:PORT, http://HOST:PORT or https://HOST:PORT.
	Host string
	// Transport, Authorize and FollowRedirects count for http and https.
	// Transport is nil for http.DefaultTransport; Authorize adds credentials, nil
	// for none.
	Transport       http.RoundTripper
	Authorize       func(*http.Request) error
	FollowRedirects bool
	// Timeout bounds the wait for an answer, not its body if that is a stream.
	// 0 is half a minute.
	Timeout time.Duration
}

// Client speaks with one engine. It is safe for concurrent use.
type Client struct {
	opts Options
	http *http.Client
	base string
}

// New returns the client of an engine. It connects to nothing.
func New(opts Options) (*Client, error) {
	if opts.Timeout == 0 {
		opts.Timeout = 30 * time.Second
	}
	u, err := url.Parse(opts.Host)
	if err != nil {
		return nil, fmt.Errorf("the Docker engine's address %q: %w", opts.Host, err)
	}
	c := &Client{opts: opts, http: &http.Client{}}
	switch u.Scheme {
	case "unix":
		c.base = "http://docker"
		c.http.Transport = plainTransport(func(ctx context.Context, dialer *net.Dialer) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", u.Path)
		})
	case "tcp":
		c.base = "http://" + u.Host
		c.http.Transport = plainTransport(func(ctx context.Context, dialer *net.Dialer) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", u.Host)
		})
	case "http", "https":
		c.base = strings.TrimSuffix(opts.Host, "/")
		c.http.Transport = opts.Transport
		if !opts.FollowRedirects {
			c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		}
	default:
		return nil, fmt.Errorf("the Docker engine's address %q: begin it with unix://, tcp://, http:// or https://", opts.Host)
	}
	return c, nil
}

// Host is the engine's address.
func (c *Client) Host() string { return c.opts.Host }

func plainTransport(dial func(context.Context, *net.Dialer) (net.Conn, error)) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, dialer) },
		IdleConnTimeout: 90 * time.Second, DisableCompression: true,
	}
}

// StatusError is an answer that is an error.
type StatusError struct {
	Code    int
	Message string // the engine's, shortened
}

// Error is the engine's message with the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the Docker engine answers %d %s: %s", e.Code, http.StatusText(e.Code), e.Message)
}

// IsAnswer reports whether err is an answer of the engine.
func IsAnswer(err error) bool {
	var status *StatusError
	return errors.As(err, &status)
}

// IsNotFound reports whether err says that the container is not there.
func IsNotFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == http.StatusNotFound
}

// Container is what the list of containers says of one.
type Container struct {
	ID         string `json:"Id"`
	Names      []string
	State      string // created, running, paused, restarting, removing, exited or dead
	Image      string
	Labels     map[string]string
	Ports      []Port
	HostConfig struct{ NetworkMode string }

	NetworkSettings struct{ Networks map[string]*Endpoint }
}

// Port is a port that a container listens on.
type Port struct {
	IP          string
	PrivatePort uint16
	PublicPort  uint16 // 0 if it is not published
	Type        string // tcp, udp or sctp
}

// Endpoint is a container's place in a network.
type Endpoint struct {
	NetworkID         string
	IPAddress         string
	GlobalIPv6Address string
}

// Network is one of the engine's networks.
type Network struct {
	ID       string `json:"Id"`
	Name     string
	Scope    string
	Internal bool
	Ingress  bool
	Labels   map[string]string
}

// Details are what inspecting a container says beyond the list.
type Details struct {
	LogPath    string // of the json-file driver, as the engine sees it; "" before the first start
	Config     struct{ Tty bool }
	HostConfig struct{ LogConfig struct{ Type string } }
	State      struct {
		Running    bool
		FinishedAt time.Time
	}
}

// Containers lists the containers that filters match, ended ones included.
func (c *Client) Containers(ctx context.Context, filters map[string][]string) ([]Container, error) {
	query := url.Values{"all": {"true"}}
	if err := setFilters(query, filters); err != nil {
		return nil, err
	}
	var all []Container
	err := c.get(ctx, "/containers/json", query, &all)
	return all, err
}

func setFilters(query url.Values, filters map[string][]string) error {
	if len(filters) == 0 {
		return nil
	}
	text, err := json.Marshal(filters)
	if err != nil {
		return fmt.Errorf("encode filters: %w", err)
	}
	query.Set("filters", string(text))
	return nil
}

// Networks lists the engine's networks.
func (c *Client) Networks(ctx context.Context) ([]Network, error) {
	var all []Network
	err := c.get(ctx, "/networks", nil, &all)
	return all, err
}

// Inspect asks for a container's details.
func (c *Client) Inspect(ctx context.Context, id string) (Details, error) {
	var d Details
	err := c.get(ctx, "/containers/"+url.PathEscape(id)+"/json", nil, &d)
	return d, err
}

// Logs opens the stream of a container's log from the first record at or after
// since on, to its end, or as long as the container runs. The zero time is the
// beginning. Each record begins with its time.
func (c *Client) Logs(ctx context.Context, id string, since time.Time) (io.ReadCloser, error) {
	query := url.Values{"follow": {"true"}, "stdout": {"true"}, "stderr": {"true"}, "timestamps": {"true"}}
	if !since.IsZero() {
		query.Set("since", fmt.Sprintf("%d.%09d", since.Unix(), since.Nanosecond()))
	}
	return c.stream(ctx, "/containers/"+url.PathEscape(id)+"/logs", query)
}

// Events opens the stream of what happens to containers and their networks: one
// JSON object after another.
func (c *Client) Events(ctx context.Context) (io.ReadCloser, error) {
	query := url.Values{}
	err := setFilters(query, map[string][]string{
		"type":  {"container", "network"},
		"event": {"create", "start", "die", "destroy", "rename", "update", "connect", "disconnect"},
	})
	if err != nil {
		return nil, err
	}
	return c.stream(ctx, "/events", query)
}

// maxAnswer bounds an answer that is no stream, in bytes.
const maxAnswer = 64 << 20

// get asks for one JSON document.
func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	body, err := c.open(ctx, path, query)
	if err != nil {
		return err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("ask the Docker engine %s for %s: %w", c.opts.Host, path, err)
	}
	return nil
}

// stream opens an answer without end. Its wait for the first byte of the answer
// is bounded.
func (c *Client) stream(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(c.opts.Timeout, func() { cancel(context.DeadlineExceeded) })
	body, err := c.open(ctx, path, query)
	if !timer.Stop() && err == nil {
		body.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel(nil)
		return nil, err
	}
	return &streamBody{body, func() { cancel(nil) }}, nil
}

type streamBody struct {
	io.ReadCloser
	cancel func()
}

// Close ends the request.
func (b *streamBody) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}

// open sends a request and returns the body of a good answer.
func (c *Client) open(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask the Docker engine %s: %w", c.opts.Host, err)
	}
	if c.opts.Authorize != nil {
		if err := c.opts.Authorize(req); err != nil {
			return nil, fmt.Errorf("read the credentials of the Docker engine %s: %w", c.opts.Host, err)
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var withURL *url.Error // its text names a made-up address, and changes with since=
		if errors.As(err, &withURL) {
			err = withURL.Err
		}
		return nil, fmt.Errorf("ask the Docker engine %s: %w", c.opts.Host, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)) // what is missing is only words
	return nil, &StatusError{Code: resp.StatusCode, Message: message(text)}
}

// message is the engine's own words in the body of an error.
func message(body []byte) string {
	var doc struct{ Message string }
	if json.Unmarshal(body, &doc) == nil && doc.Message != "" {
		return doc.Message
	}
	return string(bytes.TrimSpace(body))
}
