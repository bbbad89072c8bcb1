package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/wneessen/go-mail"
)

// mail sends a message by SMTP, one connection for each.
func (p *poster) mail(ctx context.Context, c Channel, m *Message) outcome {
	letter, err := p.letter(c, m)
	if err != nil {
		return outcome{err: err, remedy: "Enter the addresses again."}
	}
	client, err := p.mailClient(c)
	if err != nil {
		return outcome{err: err, remedy: "Enter the mail server again."}
	}
	if err := client.DialWithContext(ctx); err != nil {
		return mailFailure(*c.Mail, "connect to", err)
	}
	defer client.Close() // what the server says to a good-bye changes nothing
	// A server that took the letter and failed afterwards has it.
	if err := client.Send(letter); err != nil && !letter.IsDelivered() {
		return mailFailure(*c.Mail, "send by", err)
	}
	return outcome{}
}

// mailClient makes a client of the server of a channel.
func (p *poster) mailClient(c Channel) (*mail.Client, error) {
	config := &tls.Config{ServerName: c.Mail.Host, MinVersion: tls.VersionTLS12, RootCAs: p.authorities}
	policy, auth, dial := mail.TLSMandatory, mail.SMTPAuthAutoDiscover, newDialer().DialContext
	switch c.Mail.Security {
	case TLS:
		// The dialer begins with TLS, not go-mail, which then would not know that
		// passwords are safe; it asks the connection, which has no STARTTLS to offer.
		policy, dial = mail.TLSOpportunistic, (&tls.Dialer{NetDialer: newDialer(), Config: config}).DialContext
	case Plain:
		policy, auth = mail.NoTLS, mail.SMTPAuthPlainNoEnc
	}
	options := []mail.Option{
		mail.WithPort(c.Mail.Port), mail.WithTimeout(sendWait), mail.WithoutNoop(),
		mail.WithDialContextFunc(dial), mail.WithTLSPolicy(policy), mail.WithTLSConfig(config),
	}
	if c.Mail.User != "" {
		options = append(options, mail.WithSMTPAuth(auth), mail.WithUsername(c.Mail.User), mail.WithPassword(c.Secret.Reveal()))
	}
	return mail.NewClient(c.Mail.Host, options...)
}

// letter writes a message as mail. Its Message-ID is the same at each attempt.
func (p *poster) letter(c Channel, m *Message) (*mail.Msg, error) {
	letter := mail.NewMsg()
	if err := errors.Join(letter.From(c.Mail.From), letter.To(c.Mail.To...)); err != nil {
		return nil, fmt.Errorf("address the mail: %w", err)
	}
	_, domain, _ := strings.Cut(letter.GetFrom()[0].Address, "@")
	letter.SetMessageIDWithValue(m.Key + "@" + domain)
	letter.SetDateWithValue(m.Created)
	letter.SetGenHeader("Auto-Submitted", "auto-generated")
	letter.Subject("[TovPlay logs] " + m.headline())
	letter.SetBodyString(mail.TypeTextPlain, p.mailText(m))
	return letter, nil
}

// mailText is the text of a mail.
func (p *poster) mailText(m *Message) string {
	var b strings.Builder
	for _, line := range m.preface(eventsMax) {
		fmt.Fprintln(&b, line)
	}
	for i := range m.Events {
		e := &m.Events[i]
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s\n%s\n", e.headline(), e.At.UTC().Format("2006-01-02 15:04:05 UTC"))
		if e.Text != "" {
			fmt.Fprintln(&b, oneLine(e.Text))
		}
		if link := p.link(e); link != "" {
			fmt.Fprintln(&b, link)
		}
	}
	return b.String()
}

// mailFailure says what a failure of mail means. Most refusals are tried again: it
// is the settings that are wrong, and not the letter. One for good that comes after
// the letter is of its content.
func mailFailure(m Mail, doing string, err error) outcome {
	text := shorten(oneLine(err.Error()), answerShown)
	if _, ok := errors.AsType[*textproto.Error](err); !ok && !strings.Contains(text, "STARTTLS") {
		if _, ok := errors.AsType[*mail.SendError](err); !ok {
			text = cause(err)
		}
	}
	return outcome{
		err:    fmt.Errorf("%s the mail server %s:%d: %s", doing, m.Host, m.Port, text),
		remedy: mailRemedy(m, err), final: isContentRefused(err),
	}
}

// isContentRefused reports whether a server refused a letter for good after it read it.
func isContentRefused(err error) bool {
	send, ok := errors.AsType[*mail.SendError](err)
	return ok && send.Reason == mail.ErrSMTPDataClose && send.ErrorCode()/100 == 5
}

// mailRemedy says what helps.
func mailRemedy(m Mail, err error) string {
	refusal, refused := errors.AsType[*textproto.Error](err)
	send, sending := errors.AsType[*mail.SendError](err)
	switch {
	case refused && (refusal.Code == 535 || refusal.Code == 534 || refusal.Code == 530 || refusal.Code == 538), errors.Is(err, mail.ErrNoSupportedAuthDiscovered):
		return "Check user and password of the mail server; many providers want a password made for programs."
	case sending && send.Reason == mail.ErrSMTPRcptTo:
		return "The server does not take one of the recipients: check the addresses, and whether this server relays mail to them."
	case sending && send.Reason == mail.ErrSMTPMailFrom:
		return "The server does not take the sender: use an address that belongs to the user."
	case isContentRefused(err):
		return "The server does not take this message, which is not sent again; its answer says why."
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		return "Choose TLS, usually on port 465, or another port: 587 is usual for STARTTLS."
	case strings.Contains(err.Error(), "first record does not look like a TLS handshake"):
		return "The server does not begin with TLS on this port: choose STARTTLS, usually on port 587."
	case m.Security == StartTLS && isTimeout(err):
		return "Check host and port, and whether a firewall lets this machine out; on port 465 choose TLS instead of STARTTLS."
	}
	return remedyOf(err)
}
