package notify

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/tovtech/tovplay-logging/internal/secret"
)

// ChannelKind is the way messages go.
type ChannelKind string

// The kinds of channels.
const (
	Discord ChannelKind = "discord"
	Slack   ChannelKind = "slack"
	Email   ChannelKind = "email"
	Webhook ChannelKind = "webhook"
)

// Security says how the connection to a mail server is protected.
type Security string

// The ways.
const (
	StartTLS Security = "starttls" // TLS is demanded after the greeting
	TLS      Security = "tls"      // from the first byte
	Plain    Security = "none"     // only to a server on this machine
)

// The bounds of what is stored.
const (
	nameMax       = 100
	urlMax        = 2000
	secretMax     = 1000
	keyMin        = 16
	recipientsMax = 20
	channelsMax   = 50
	rulesMax      = 100
	perHourMax    = 1000
	dayMinutes    = 24 * 60
)

// Channel is a place to which messages go.
type Channel struct {
	ID      int64
	Name    string
	Kind    ChannelKind
	Enabled bool
	Settings
	// URL is the address of the webhook; whoever knows it may write there.
	URL secret.String
	// Secret is the password of mail, or the key by which a webhook is signed.
	Secret    secret.String
	ChangedBy string
	ChangedAt time.Time
	Status    ChannelStatus
}

// ChannelStatus is what a channel is up to.
type ChannelStatus struct {
	// Waiting is how many events wait for a message, or in one that is not sent.
	Waiting int
	// Failure is why the open message was not taken, or else the last one, with what
	// helps; both are empty if nothing is wrong.
	Failure, Remedy string
	// NextAt is when it is tried again, zero if it is not waited for.
	NextAt time.Time
}

// Settings of a channel that are no secrets.
type Settings struct {
	Mail *Mail `json:"mail,omitempty"`
	// DigestMinutes is how long what happened is collected before it is sent.
	DigestMinutes int `json:"digest_minutes"`
	// RepeatMinutes is how long the same subject is not told again.
	RepeatMinutes int `json:"repeat_minutes"`
	// PerHour is how many messages are sent in an hour; more wait.
	PerHour int    `json:"per_hour"`
	Quiet   *Quiet `json:"quiet,omitempty"`
}

// Mail says where mail is sent from and to.
type Mail struct {
	Host     string   `json:"host"`
	Port     int      `json:"port"`
	Security Security `json:"security"`
	User     string   `json:"user"`
	From     string   `json:"from"`
	To       []string `json:"to"`
}

// Quiet are hours of each day in which nothing is sent.
type Quiet struct {
	// From and To are times of the day, 15:04; To may be on the next day.
	From string `json:"from"`
	To   string `json:"to"`
	// Zone is a name of the IANA time zone database.
	Zone string `json:"zone"`
}

// At reports whether it is quiet at a time.
func (q *Quiet) At(at time.Time) bool {
	if q == nil {
		return false
	}
	zone, err := time.LoadLocation(q.Zone)
	if err != nil {
		zone = time.UTC // it was checked when it was stored
	}
	clock := at.In(zone).Format("15:04")
	if q.From <= q.To {
		return q.From <= clock && clock < q.To
	}
	return q.From <= clock || clock < q.To
}

// check reports what is wrong, in words that follow "the quiet hours".
func (q *Quiet) check() error {
	if q == nil {
		return nil
	}
	for _, text := range []string{q.From, q.To} {
		if at, err := time.Parse("15:04", text); err != nil || at.Format("15:04") != text {
			return invalid("%q is no time of the day; write the quiet hours as 22:00 and 07:00", text)
		}
	}
	if q.From == q.To {
		return invalid("the quiet hours begin and end at %s; switch the channel off instead", q.From)
	}
	if _, err := time.LoadLocation(q.Zone); err != nil || q.Zone == "" {
		return invalid("%q is no time zone; write it as Asia/Jerusalem or UTC", q.Zone)
	}
	return nil
}

// keep takes over the secrets of the stored channel where none were entered. A
// password is not taken over to another server.
func (c *Channel) keep(old Channel) error {
	if c.Kind != old.Kind {
		return invalid("a channel keeps its kind; add another one")
	}
	if c.URL.IsZero() {
		c.URL = old.URL
	}
	if !c.Secret.IsZero() || old.Secret.IsZero() {
		return nil
	}
	if c.Mail != nil && old.Mail != nil && !sameServer(*c.Mail, *old.Mail) {
		return invalid("the mail server, its security or the user changed; enter the password again")
	}
	c.Secret = old.Secret
	return nil
}

// sameServer reports whether a password for one is one for the other.
func sameServer(a, b Mail) bool {
	return a.Host == b.Host && a.Port == b.Port && a.Security == b.Security && a.User == b.User
}

// check reports what is wrong with a channel.
func (c *Channel) check() error {
	if err := checkName(c.Name); err != nil {
		return err
	}
	switch {
	case c.DigestMinutes < 0 || c.DigestMinutes > dayMinutes:
		return invalid("a digest of %d minutes; 0 to %d are allowed", c.DigestMinutes, dayMinutes)
	case c.RepeatMinutes < 0 || c.RepeatMinutes > 7*dayMinutes:
		return invalid("the same again after %d minutes; 0 to %d are allowed", c.RepeatMinutes, 7*dayMinutes)
	case c.PerHour < 1 || c.PerHour > perHourMax:
		return invalid("%d messages an hour; 1 to %d are allowed", c.PerHour, perHourMax)
	case len(c.Secret.Reveal()) > secretMax:
		return invalid("the password or key has more than %d bytes", secretMax)
	}
	if err := c.Quiet.check(); err != nil {
		return err
	}
	switch c.Kind {
	case Email:
		return c.Mail.check(c.Secret)
	case Discord, Slack, Webhook:
		return c.checkHTTP()
	}
	return invalid("there is no kind %q of channels; there are discord, slack, email and webhook", c.Kind)
}

// checkName checks the name of a channel or a rule.
func checkName(name string) error {
	if name == "" || len(name) > nameMax || strings.TrimSpace(name) != name || oneLine(name) != name {
		return invalid("a name has 1 to %d characters on one line and no spaces at its ends", nameMax)
	}
	return nil
}

// checkHTTP checks the address of a webhook, and the key of its signatures.
func (c *Channel) checkHTTP() error {
	if c.Mail != nil {
		return invalid("only a channel of the kind email has a mail server")
	}
	if err := checkURL(c.URL.Reveal()); err != nil {
		return err
	}
	if c.Kind != Webhook {
		c.Secret = secret.String{}
		return nil
	}
	if _, err := signingKey(c.Secret.Reveal()); err != nil {
		return invalid("%s", err)
	}
	return nil
}

// checkURL checks the address of a webhook. Errors do not hold it.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.Fragment != "" || len(text) > urlMax {
		return invalid("the address of the webhook does not look like https://host/path")
	}
	return nil
}

// signingKey returns the bytes of a key: those behind "whsec_" in base64, as the
// Standard Webhooks have it, or those of the text itself. No text is no key.
func signingKey(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	key := []byte(text)
	if encoded, ok := strings.CutPrefix(text, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, fmt.Errorf("what follows whsec_ in the key is not base64")
		}
	}
	if len(key) < keyMin {
		return nil, fmt.Errorf("the key has %d bytes, at least %d are needed: openssl rand -hex 16 makes one", len(key), keyMin)
	}
	return key, nil
}

// check checks a mail server and its addresses.
func (m *Mail) check(password secret.String) error {
	switch {
	case m == nil:
		return invalid("a channel of the kind email needs a mail server")
	case m.Host == "" || len(m.Host) > 255 || strings.ContainsAny(m.Host, " /:@\r\n\t"):
		return invalid("%q is no name of a mail server; write it as smtp.example.org", m.Host)
	case m.Port < 1 || m.Port > 65535:
		return invalid("%d is no port; 587 is usual for STARTTLS, 465 for TLS", m.Port)
	case !slices.Contains([]Security{StartTLS, TLS, Plain}, m.Security):
		return invalid("the security of mail is starttls, tls or none, not %q", m.Security)
	case m.Security == Plain && !isLoopback(m.Host):
		return invalid("mail without TLS is allowed to a server on this machine (127.0.0.1) only; choose starttls or tls")
	case m.User == "" && !password.IsZero():
		return invalid("there is a password and no user of the mail server")
	case m.User != "" && password.IsZero():
		return invalid("there is a user of the mail server and no password")
	case len(m.User) > nameMax*3 || oneLine(m.User) != m.User:
		return invalid("the user of the mail server is too long or has a line break")
	case len(m.To) == 0 || len(m.To) > recipientsMax:
		return invalid("there are %d recipients; 1 to %d are allowed", len(m.To), recipientsMax)
	}
	try := mail.NewMsg()
	if err := try.From(m.From); err != nil || len(m.From) > 320 {
		return invalid("the sender %q is no address; write it as logs@example.org", m.From)
	}
	for _, to := range m.To {
		if err := try.To(to); err != nil || len(to) > 320 {
			return invalid("the recipient %q is no address; write it as name@example.org", to)
		}
	}
	return nil
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// Target says where a channel leads, without what is secret.
func (c *Channel) Target() string {
	if c.Mail != nil {
		return strings.Join(c.Mail.To, ", ") + " by " + c.Mail.Host
	}
	u, err := url.Parse(c.URL.Reveal())
	if err != nil {
		return ""
	}
	return u.Host
}

// oneLine returns text with each control character and line break as a space.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, text)
}
