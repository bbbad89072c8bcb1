package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/ship"
)

// sendersForEachClient is how many requests a client makes at a time. They are
// of different streams.
const sendersForEachClient = 4

// newClient makes a shipping client of a clients[] entry; more sets what is not
// in it.
func newClient(cfg *config.Client, metrics *ship.Metrics, log *slog.Logger, more ...func(*ship.Options)) (*ship.Client, error) {
	transport, err := newTransport(&cfg.HTTPClient)
	if err != nil {
		return nil, fmt.Errorf("%s: client %s: %w", cfg.Pos, cfg.Name, err)
	}
	opts := ship.Options{
		Name: cfg.Name, URL: withoutUser(cfg.URL), Tenant: cfg.TenantID,
		Header: http.Header{}, Authorize: authorizer(cfg), Transport: transport,
		Timeout:    cfg.Timeout.Std(),
		MinBackoff: cfg.BackoffConfig.MinPeriod.Std(), MaxBackoff: cfg.BackoffConfig.MaxPeriod.Std(),
		FollowRedirects: cfg.FollowRedirects, DropRateLimited: cfg.DropRateLimitedBatches,
		Senders: sendersForEachClient, Log: log, Metrics: metrics,
	}
	for name, value := range cfg.ExternalLabels {
		opts.ExternalLabels = append(opts.ExternalLabels, pipeline.Label{Name: name, Value: value})
	}
	for name, value := range cfg.Headers {
		opts.Header.Set(name, value.Reveal())
	}
	if n := cfg.BackoffConfig.MaxRetries; n != nil {
		opts.MaxRetries = *n
	}
	for _, set := range more {
		set(&opts)
	}
	return ship.New(opts)
}

// authorizer adds the client's credentials to a request. Files are read each
// time, so that a rotated secret is used at once.
func authorizer(cfg *config.Client) func(*http.Request) error {
	switch {
	case cfg.BasicAuth != nil:
		return func(r *http.Request) error {
			user, err1 := secret(cfg.BasicAuth.Username, cfg.BasicAuth.UsernameFile)
			password, err2 := secret(cfg.BasicAuth.Password.Reveal(), cfg.BasicAuth.PasswordFile)
			r.SetBasicAuth(user, password)
			return errors.Join(err1, err2)
		}
	case cfg.Authorization != nil:
		return header(cfg.Authorization.Type, cfg.Authorization.Credentials, cfg.Authorization.CredentialsFile)
	case cfg.BearerToken.IsSet() || cfg.BearerTokenFile != "":
		return header("Bearer", cfg.BearerToken, cfg.BearerTokenFile)
	}
	if user := cfg.URL.Reveal().User; user != nil {
		return func(r *http.Request) error {
			password, _ := user.Password()
			r.SetBasicAuth(user.Username(), password)
			return nil
		}
	}
	return func(*http.Request) error { return nil }
}

// withoutUser is the URL without credentials, which Authorize adds.
func withoutUser(u config.URL) string {
	plain := *u.Reveal()
	plain.User = nil
	return plain.String()
}

func header(kind string, text config.Secret, file string) func(*http.Request) error {
	return func(r *http.Request) error {
		credentials, err := secret(text.Reveal(), file)
		r.Header.Set("Authorization", kind+" "+credentials)
		return err
	}
}

// secret is text, or what file holds now.
func secret(text, file string) (string, error) {
	if file == "" {
		return text, nil
	}
	b, err := os.ReadFile(file)
	return strings.TrimSpace(string(b)), err
}
