package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
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

// URL is an absolute address that may hold a user and a password. Every way to
// print it hides them, and the query too, where some services expect a token;
// only Reveal gives the whole.
type URL struct {
	full  Secret
	shown string
}

// NewURL is the address in text. Its error does not repeat the text.
func NewURL(text string) (URL, error) {
	var u URL
	err := u.decodeText(text)
	return u, err
}

// Reveal is the address with its user and password, nil when not set. The
// caller may change it.
func (u URL) Reveal() *url.URL {
	if !u.full.IsSet() {
		return nil
	}
	p, err := url.Parse(u.full.Reveal())
	if err != nil {
		return nil // It was parsed before it was kept.
	}
	return p
}

// IsSet says whether there is an address.
func (u URL) IsSet() bool { return u.full.IsSet() }

// String is the address with "<secret>" in place of user, password and query,
// "" when not set.
func (u URL) String() string { return u.shown }

// redact is an address as it may be shown. The parts that are hidden are put in
// after escaping, which would make %3Csecret%3E of them.
func redact(p *url.URL) string {
	bare := url.URL{Scheme: p.Scheme, Host: p.Host, Path: p.Path, RawPath: p.RawPath}
	s := bare.String()
	if p.User != nil {
		s = strings.Replace(s, "://", "://"+redacted+"@", 1)
	}
	if p.RawQuery != "" {
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
