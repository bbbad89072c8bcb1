package alerts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// silenceMost is how long a silence lasts at most: one that is forgotten hides
// what it was not meant for.
const silenceMost = 30 * 24 * time.Hour

// reasonMax bounds the reason of a silence, in bytes.
const reasonMax = 1000

// ErrSilence means that a silence lacks something or asks for something impossible.
var ErrSilence = errors.New("this silence cannot be made")

// Matcher selects alerts by a label.
type Matcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual bool   `json:"isEqual"`
}

// Silence is a silence in Alertmanager.
type Silence struct {
	ID        string    `json:"id,omitempty"`
	Matchers  []Matcher `json:"matchers"`
	StartsAt  time.Time `json:"startsAt"`
	EndsAt    time.Time `json:"endsAt"`
	CreatedBy string    `json:"createdBy"`
	Comment   string    `json:"comment"`
	Status    *struct {
		State string `json:"state"` // pending, active, expired
	} `json:"status,omitempty"`
}

// Silences returns the silences that are active or will be, the first to end first.
func (c *Client) Silences(ctx context.Context) ([]Silence, error) {
	var all []Silence
	if err := c.call(ctx, http.MethodGet, "silences", nil, &all); err != nil {
		return nil, fmt.Errorf("list silences: %w", err)
	}
	all = slices.DeleteFunc(all, func(s Silence) bool { return s.Status != nil && s.Status.State == "expired" })
	slices.SortFunc(all, func(a, b Silence) int { return a.EndsAt.Compare(b.EndsAt) })
	return all, nil
}

// Wish is what somebody wants to be silent.
type Wish struct {
	// Labels are those of the alert.
	Labels map[string]string
	// Whole means all alerts of its name, of its environment if it has one.
	Whole  bool
	For    time.Duration
	Reason string
	Actor  string
}

// Silence makes a silence and returns its id. Its end is by Alertmanager's clock.
func (c *Client) Silence(ctx context.Context, w Wish) (string, error) {
	if err := w.check(); err != nil {
		return "", err
	}
	now := c.now().Add(c.Skew())
	var made struct {
		SilenceID string `json:"silenceID"`
	}
	err := c.call(ctx, http.MethodPost, "silences", Silence{
		Matchers: w.matchers(), StartsAt: now, EndsAt: now.Add(w.For), CreatedBy: w.Actor, Comment: w.Reason,
	}, &made)
	if err != nil {
		return "", fmt.Errorf("silence %s: %w", w.Labels["alertname"], err)
	}
	return made.SilenceID, nil
}

func (w *Wish) check() error {
	w.Reason = clean(strings.TrimSpace(w.Reason), reasonMax)
	switch {
	case w.Reason == "":
		return fmt.Errorf("%w: say why", ErrSilence)
	case w.For < time.Minute || w.For > silenceMost:
		return fmt.Errorf("%w: it lasts a minute at least and 30 days at most", ErrSilence)
	case w.Labels["alertname"] == "":
		return fmt.Errorf("%w: the alert has no name", ErrSilence)
	case isAltered(w.Labels["alertname"]):
		return fmt.Errorf("%w: the alert's name is not kept as Alertmanager has it; without it others would be silenced, too", ErrSilence)
	}
	return nil
}

// matchers select the alert, or all of its name.
func (w *Wish) matchers() []Matcher {
	var list []Matcher
	for name, value := range w.Labels {
		if !isAltered(value) && (!w.Whole || name == "alertname" || name == "env") {
			list = append(list, Matcher{Name: name, Value: value, IsEqual: true})
		}
	}
	slices.SortFunc(list, func(a, b Matcher) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// isAltered reports whether a label was cut, or cleaned: it is not the one that
// Alertmanager has.
func isAltered(value string) bool {
	return strings.ContainsRune(value, unicode.ReplacementChar) || len(value) > labelMax
}

// Unsilence ends a silence now.
func (c *Client) Unsilence(ctx context.Context, id string) error {
	if err := c.call(ctx, http.MethodDelete, "silence/"+url.PathEscape(id), nil, nil); err != nil {
		return fmt.Errorf("end the silence %s: %w", clean(id, 60), err)
	}
	return nil
}
