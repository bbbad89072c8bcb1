package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/internal/secret"
)

// mailChannel is a usable channel of mail.
func mailChannel() Channel {
	return Channel{Name: "mail", Kind: Email, Enabled: true, Secret: secret.New("a password"), Settings: Settings{PerHour: 10, Mail: &Mail{
		Host: "smtp.example.org", Port: 587, Security: StartTLS, User: "logs", From: "logs@example.org", To: []string{"ops@example.org"}}}}
}

func TestChannelsAreCheckedWithARemedy(t *testing.T) {
	hook := func(change func(*Channel)) Channel {
		c := webhookTo("https://example.org/hook")
		change(&c)
		return c
	}
	letter := func(change func(*Channel)) Channel {
		c := mailChannel()
		change(&c)
		return c
	}
	for _, test := range []struct {
		channel Channel
		want    string // "" when it is usable
	}{
		{hook(func(*Channel) {}), ""},
		{letter(func(*Channel) {}), ""},
		{hook(func(c *Channel) { c.Secret = secret.New("whsec_MDEyMzQ1Njc4OWFiY2RlZg==") }), ""},
		{hook(func(c *Channel) { c.Secret = secret.New("whsec_!") }), "not base64"},
		{hook(func(c *Channel) { c.Secret = secret.New("short") }), "openssl"},
		{hook(func(c *Channel) { c.Name = "" }), "a name has"},
		{hook(func(c *Channel) { c.Name = "a\nb" }), "a name has"},
		{hook(func(c *Channel) { c.Kind = "fax" }), "there is no kind"},
		{hook(func(c *Channel) { c.URL = secret.New("file:///etc/passwd") }), "does not look like https://host/path"},
		{hook(func(c *Channel) { c.URL = secret.New("javascript:alert(1)") }), "does not look like"},
		{hook(func(c *Channel) { c.URL = secret.New("https://") }), "does not look like"},
		{hook(func(c *Channel) { c.URL = secret.String{} }), "does not look like"},
		{hook(func(c *Channel) { c.PerHour = 0 }), "messages an hour"},
		{hook(func(c *Channel) { c.DigestMinutes = -1 }), "digest"},
		{hook(func(c *Channel) { c.RepeatMinutes = 1 << 30 }), "the same again"},
		{hook(func(c *Channel) { c.Quiet = &Quiet{"22:00", "7:00", "UTC"} }), "no time of the day"},
		{hook(func(c *Channel) { c.Quiet = &Quiet{"22:00", "22:00", "UTC"} }), "begin and end"},
		{hook(func(c *Channel) { c.Quiet = &Quiet{"22:00", "07:00", "Mars"} }), "time zone"},
		{hook(func(c *Channel) { c.Mail = mailChannel().Mail }), "only a channel of the kind email"},
		{letter(func(c *Channel) { c.Mail = nil }), "needs a mail server"},
		{letter(func(c *Channel) { c.Mail.Host = "a b" }), "no name of a mail server"},
		{letter(func(c *Channel) { c.Mail.Port = 0 }), "no port"},
		{letter(func(c *Channel) { c.Mail.Security = "ssl3" }), "starttls, tls or none"},
		{letter(func(c *Channel) { c.Mail.Security = Plain }), "on this machine"},
		{letter(func(c *Channel) { c.Mail.Security, c.Mail.Host = Plain, "127.0.0.1" }), ""},
		{letter(func(c *Channel) { c.Mail.User = "" }), "no user"},
		{letter(func(c *Channel) { c.Secret = secret.String{} }), "no password"},
		{letter(func(c *Channel) { c.Mail.To = nil }), "recipients"},
		{letter(func(c *Channel) { c.Mail.To = []string{"ops@example.org\r\nBcc: x@example.org"} }), "no address"},
		{letter(func(c *Channel) { c.Mail.From = "nobody" }), "no address"},
	} {
		err := test.channel.check()
		_, input := errors.AsType[*InputError](err)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%+v: %v", test.channel, err)
		case test.want != "" && (!input || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%+v: got %v, want %q", test.channel, err, test.want)
		}
	}
}

func TestSecretsAreKeptUnlessTheyAreEnteredAgain(t *testing.T) {
	r := newRig(t)
	hook := webhookTo("https://example.org/first")
	hook.Secret = secret.New("0123456789abcdef")
	stored, err := r.AddChannel(t.Context(), "alice", hook)
	if err != nil {
		t.Fatal(err)
	}
	change := stored
	change.URL, change.Secret, change.PerHour = secret.String{}, secret.String{}, 5
	if err := r.SetChannel(t.Context(), "bob", change); err != nil {
		t.Fatal(err)
	}
	got, err := r.Channels(t.Context())
	if err != nil || got[0].URL.Reveal() != "https://example.org/first" || got[0].Secret.Reveal() != "0123456789abcdef" || got[0].PerHour != 5 || got[0].ChangedBy != "bob" {
		t.Errorf("got %+v, %v", got, err)
	}
	change.URL = secret.New("https://example.org/second")
	if err := r.SetChannel(t.Context(), "bob", change); err != nil {
		t.Fatal(err)
	}
	if got, err = r.Channels(t.Context()); err != nil || got[0].URL.Reveal() != "https://example.org/second" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Whoever may change a channel must not learn its password by sending it to
// another server.
func TestAPasswordIsNotTakenToAnotherServer(t *testing.T) {
	r := newRig(t)
	stored, err := r.AddChannel(t.Context(), "alice", mailChannel())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Mail){
		"host":     func(m *Mail) { m.Host = "evil.example.org" },
		"port":     func(m *Mail) { m.Port = 2525 },
		"user":     func(m *Mail) { m.User = "other" },
		"security": func(m *Mail) { m.Security = TLS },
	} {
		c := stored
		server := *stored.Mail
		change(&server)
		c.Mail, c.Secret = &server, secret.String{}
		if err := r.SetChannel(t.Context(), "mallory", c); err == nil || !strings.Contains(err.Error(), "enter the password again") {
			t.Errorf("another %s: got %v", name, err)
		}
	}
	stored.Secret = secret.String{}
	stored.Mail.To = []string{"other@example.org"}
	if err := r.SetChannel(t.Context(), "bob", stored); err != nil {
		t.Error(err)
	}
}

func TestSecretsArePrintedNowhere(t *testing.T) {
	r := newRig(t)
	hook := webhookTo("http://127.0.0.1:1/token-in-path?key=token-in-query")
	hook.Secret = secret.New("signing-key-0123456789")
	stored := r.add(hook)
	r.happen(NewIssue, 1, "a")
	r.step()
	letter := mailChannel()
	letter.Mail.Host, letter.Mail.Port, letter.Mail.Security, letter.Secret = "127.0.0.1", 1, Plain, secret.New("mail-password-01")
	r.add(letter)
	r.happen(NewIssue, 2, "b")
	r.step()
	result, err := r.TestChannel(t.Context(), "alice", stored.ID)
	if err != nil || result.Error == "" {
		t.Errorf("got %+v, %v", result, err)
	}
	sent, err := r.Sent(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.Channels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	text := r.log.String() + fmt.Sprintf("%+v %+v %v %#v", sent, all, result, all) + string(encoded) + all[0].Target() + all[1].Target()
	for _, leak := range []string{"token-in-path", "token-in-query", "signing-key", "mail-password"} {
		if strings.Contains(text, leak) {
			t.Errorf("%q is printed in %s", leak, text)
		}
	}
	if !strings.Contains(text, "refused") {
		t.Errorf("the reason is not said: %s", text)
	}
}

func TestChannelsAndRulesAreChangedByName(t *testing.T) {
	r := newRig(t)
	c := r.add(webhookTo("https://example.org/"))
	if _, err := r.AddChannel(t.Context(), "bob", webhookTo("https://example.org/")); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v", err)
	}
	rule := Rule{Name: "r", Channels: []int64{c.ID, 99}, Terms: Terms{On: OnIssues}}
	if _, err := r.AddRule(t.Context(), "bob", rule); err == nil || !strings.Contains(err.Error(), "there is no channel 99") {
		t.Errorf("got %v", err)
	}
	list, err := r.Rules(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("got %+v, %v", list, err)
	}
	list[0].Enabled, list[0].Kinds = false, []Kind{NewIssue}
	if err := r.SetRule(t.Context(), "bob", list[0]); err != nil {
		t.Fatal(err)
	}
	if err := r.DeleteChannel(t.Context(), "carol", c.ID); err != nil {
		t.Fatal(err)
	}
	if list, err = r.Rules(t.Context()); err != nil || len(list[0].Channels) != 0 || list[0].Enabled || list[0].ChangedBy != "bob" {
		t.Errorf("got %+v, %v", list, err)
	}
	if err := r.DeleteRule(t.Context(), "carol", list[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{r.DeleteRule(t.Context(), "x", 9), r.DeleteChannel(t.Context(), "x", 9), r.SetRule(t.Context(), "x", Rule{ID: 9, Name: "n", Terms: Terms{On: OnIssues}}), r.SetChannel(t.Context(), "x", Channel{ID: 9})} {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("got %v", err)
		}
	}
	changes, err := r.Changes(t.Context())
	if err != nil || len(changes) != 5 || changes[0].What != "deleted the rule all to hook" || changes[0].Actor != "carol" || changes[4].Actor != "alice" {
		t.Errorf("got %+v, %v", changes, err)
	}
}

func TestThereAreNotMoreChannelsThanAllowed(t *testing.T) {
	r := newRig(t)
	for i := range channelsMax + 1 {
		c := webhookTo("https://example.org/")
		c.Name = fmt.Sprint(i)
		_, err := r.AddChannel(t.Context(), "alice", c)
		if i < channelsMax && err != nil || i == channelsMax && (err == nil || !strings.Contains(err.Error(), "the limit")) {
			t.Fatalf("channel %d: %v", i, err)
		}
	}
}
