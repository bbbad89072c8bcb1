package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
)

// redacted stands for a secret in every printed form.
const redacted = "<secret>"

// Secret is a text that must not be printed. Every way to print it gives
// "<secret>", or nothing when it is not set; only Reveal gives the text. It is
// held behind a pointer so that fmt, which cannot call methods of unexported
// fields, prints an address there and not the text.
type Secret struct{ text *string }

// NewSecret holds text as a secret; "" is the same as no secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal is the text itself, "" when not set.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet says whether there is a text.
func (s Secret) IsSet() bool { return s.text != nil }

// String is "<secret>", or "" when not set.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return redacted
}

// Format prints String for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText is String, for JSON, YAML and the keys of maps.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON is String in quotes.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalYAML is String.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// URL is an absolute http or https address that may hold a user and a password.
// Every way to print it hides them, and the query too, where some services
// expect a token; only Reveal gives the whole.
type URL struct{ url *url.URL }

// Reveal is a copy of the address with its user and password, nil when not set.
func (u URL) Reveal() *url.URL {
	if u.url == nil {
		return nil
	}
	c := *u.url
	return &c
}

// IsSet says whether there is an address.
func (u URL) IsSet() bool { return u.url != nil }

// String is the address with "<secret>" in place of user, password and query,
// "" when not set.
func (u URL) String() string {
	if u.url == nil {
		return ""
	}
	s := u.url.Scheme + "://"
	if u.url.User != nil {
		s += redacted + "@"
	}
	s += u.url.Host + u.url.EscapedPath()
	if u.url.RawQuery != "" {
		s += "?" + redacted
	}
	return s
}

// Format prints String for every verb.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// MarshalText is String.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// MarshalYAML is String.
func (u URL) MarshalYAML() (any, error) { return u.String(), nil }

// LogValue is String.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }
