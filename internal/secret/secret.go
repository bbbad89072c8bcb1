// Package secret holds text that must not be printed: passwords and tokens.
package secret

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
)

// mask is what a secret prints as.
const mask = "<secret>"

// String is a secret text. It prints as <secret> in every way of formatting,
// logging and marshalling; only Reveal gives the text. The zero value is empty.
type String struct {
	// text is a pointer, because fmt calls no methods on unexported fields: of a
	// secret within one it prints the address.
	text *string
}

// New returns text as a secret.
func New(text string) String { return String{text: &text} }

// Reveal returns the text itself, for the one place that needs it.
func (s String) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty.
func (s String) IsZero() bool { return s.Reveal() == "" }

// String returns <secret>, or nothing when the secret is empty.
func (s String) String() string {
	if s.IsZero() {
		return ""
	}
	return mask
}

// Format prints <secret> for every verb, so that no verb reaches the field.
func (s String) Format(state fmt.State, _ rune) { fmt.Fprint(state, s.String()) }

// MarshalText returns <secret>; it covers JSON and YAML.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns <secret>.
func (s String) LogValue() slog.Value { return slog.StringValue(s.String()) }

// FromEnv reads a secret from the variable name, or from the file that the
// variable name_FILE names, without its last line break. Neither set gives an
// empty secret; both set is an error, because one would be ignored silently.
func FromEnv(getenv func(string) string, name string) (String, error) {
	text, path := getenv(name), getenv(name+"_FILE")
	if path == "" {
		return New(text), nil
	}
	if text != "" {
		return String{}, fmt.Errorf("both %s and %s_FILE are set: keep one", name, name)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return String{}, fmt.Errorf("read the file of %s_FILE: %w", name, err)
	}
	return New(string(bytes.TrimRight(data, "\r\n"))), nil
}
