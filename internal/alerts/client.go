package alerts

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
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// callWait bounds one call of Alertmanager.
	callWait = 10 * time.Second
	// answerMax bounds its answer, in bytes.
	answerMax = 32 << 20
)

// UpstreamError means that Alertmanager, or Prometheus, does not answer or refuses.
type UpstreamError struct {
	// Server is its name.
	Server string
	// Status is its HTTP status, 0 without an answer.
	Status int
	// Message is for people.
	Message string
}

// Error returns the message.
func (e *UpstreamError) Error() string { return e.Message }

// Client talks to version 2 of Alertmanager's API. It is safe for concurrent use.
type Client struct {
	base string
	http *http.Client
	// skew is how far its clock is ahead of ours, in nanoseconds, by its last answer.
	skew atomic.Int64
	now  func() time.Time
}

// NewClient returns a client of the Alertmanager at an address; now is the clock.
func NewClient(address string, now func() time.Time) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errors.New("the Alertmanager address is not a URL; write it as http://host:9093")
	}
	return &Client{base: strings.TrimRight(address, "/") + "/api/v2/", http: &http.Client{}, now: now}, nil
}

// Skew is how far Alertmanager's clock is ahead of ours, to the second; 0 before
// it answered.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// Live is an alert that Alertmanager has now.
type Live struct {
	Alert
	// SilencedBy are the silences that keep it quiet, InhibitedBy the fingerprints
	// of alerts that do, MutedBy the time intervals of its route.
	SilencedBy, InhibitedBy, MutedBy []string
}

// Alerts returns the alerts that Alertmanager has now, the silenced ones too.
func (c *Client) Alerts(ctx context.Context) ([]Live, error) {
	var list []json.RawMessage
	if err := c.call(ctx, http.MethodGet, "alerts", nil, &list); err != nil {
		return nil, fmt.Errorf("list alerts: %w", err)
	}
	alerts := make([]Live, 0, len(list))
	for _, raw := range list {
		alert, ok := decodeAlert(raw)
		if !ok {
			continue
		}
		var quiet struct {
			Status struct{ SilencedBy, InhibitedBy, MutedBy []string }
		}
		json.Unmarshal(raw, &quiet) // its types may change, the alert is one
		alert.Extra = nil
		alerts = append(alerts, Live{alert, quiet.Status.SilencedBy, quiet.Status.InhibitedBy, quiet.Status.MutedBy})
	}
	return alerts, nil
}

// call makes one call; into may be nil.
func (c *Client) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := c.http.Do(request)
	if err != nil {
		return away("Alertmanager", err)
	}
	defer answer.Body.Close()
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		c.skew.Store(int64(roundSkew(date.Sub(c.now()))))
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, answerMax))
	if err != nil {
		return away("Alertmanager", err)
	}
	if answer.StatusCode/100 != 2 {
		return &UpstreamError{"Alertmanager", answer.StatusCode, fmt.Sprintf("Alertmanager refused: %s", refusal(data, answer.Status))}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return &UpstreamError{"Alertmanager", answer.StatusCode, "Alertmanager's answer cannot be read: is that address Alertmanager's?"}
	}
	return nil
}

// roundSkew takes out what the second of the header Date and the way cause.
func roundSkew(d time.Duration) time.Duration {
	if d.Abs() < 3*time.Second {
		return 0
	}
	return d.Round(time.Second)
}

// refusal is what an answer says, which is a JSON text, an object with a message,
// or plain.
func refusal(data []byte, status string) string {
	var text string
	var object struct{ Message string }
	switch {
	case json.Unmarshal(data, &text) == nil:
	case json.Unmarshal(data, &object) == nil && object.Message != "":
		text = object.Message
	default:
		text = string(data)
	}
	if text = clean(strings.TrimSpace(text), 300); text == "" {
		return status
	}
	return text
}

// away says that a server does not answer. Its address is not said: it may have a
// password in it.
func away(server string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &UpstreamError{server, 0, fmt.Sprintf("%s does not answer: %s", server, cause(err))}
}

// cause says in words why a call failed, and what to do.
func cause(err error) string {
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		return "no answer in time; check that it is not overloaded"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused; check that it runs and that its address is right"
	}
	const check = "; check its address and the network"
	if inner, ok := errors.AsType[*net.OpError](err); ok {
		return inner.Err.Error() + check
	}
	if inner, ok := errors.AsType[*url.Error](err); ok {
		return inner.Err.Error() + check
	}
	return err.Error()
}
