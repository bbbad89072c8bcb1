package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/tovtech/tovplay-logging/internal/secret"
)

func TestAnswersOfAReceiver(t *testing.T) {
	const body = "{\"message\": \"Unknown Webhook\",\n \"code\": 10015}"
	for _, test := range []struct {
		status int
		header string // Retry-After
		final  bool
		after  time.Duration
		remedy string
	}{
		{200, "", false, 0, ""}, {204, "", false, 0, ""},
		{400, "", true, 0, "does not take this message"}, {413, "", true, 0, "does not take"}, {422, "", true, 0, "does not take"},
		{401, "", false, 0, "make one in Discord"}, {404, "", false, 0, "make one in Discord"}, {410, "", false, 0, "make one in Discord"},
		{408, "", false, 0, "by itself"}, {500, "", false, 0, "by itself"}, {503, "", false, 0, "by itself"},
		{429, "7", false, 7 * time.Second, "when the receiver allows it"}, {429, "0.5", false, time.Second / 2, "when"},
		{429, "Sun, 01 Mar 2026 12:10:00 GMT", false, 10 * time.Minute, "when"}, {429, "soon", false, 0, "when"}, {429, "-3", false, 0, "when"},
		{302, "", false, 0, "to which it leads"},
	} {
		p := newPoster("", func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) })
		o := p.judge(Discord, &http.Response{StatusCode: test.status, Header: http.Header{"Retry-After": {test.header}}}, body)
		if ok := test.status < 300; ok != (o.err == nil) || o.final != test.final || o.missing != (test.status == 404 || test.status == 410) || o.after != test.after || !strings.Contains(o.remedy, test.remedy) || ok != (o.remedy == "") {
			t.Errorf("%d: got %+v", test.status, o)
		}
		if o.err != nil && (strings.Contains(o.err.Error(), "\n") || test.status != 302 && !strings.Contains(o.err.Error(), "Unknown Webhook")) {
			t.Errorf("%d: got %q", test.status, o.err)
		}
	}
}

func TestARetryWaitsAsLongAsTheReceiverWants(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	r.add(webhookTo(x.URL))
	x.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "300")
		w.WriteHeader(429)
	})
	r.happen(NewIssue, 1, "a")
	r.step()
	x.answers(nil)
	r.pass(299 * time.Second)
	r.step()
	x.want(t, "a")
	r.pass(time.Second)
	r.step()
	x.want(t, "a", "a")
}

func TestARedirectIsNotFollowed(t *testing.T) {
	r, x, other := newRig(t), newReceiver(t), newReceiver(t)
	r.add(webhookTo(x.URL))
	for _, code := range []int{301, 302, 307, 308} {
		x.answers(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, code) })
		r.happen(NewIssue, int64(code), "a")
		r.step()
		if m := r.last(); m.State != statePending || !strings.Contains(m.Error, "redirects") {
			t.Errorf("%d: got %+v", code, m)
		}
		r.pass(time.Hour)
	}
	other.want(t)
}

func TestAReceiverThatHangsHoldsUpNobodyElse(t *testing.T) {
	r, x, hung := newRig(t), newReceiver(t), newReceiver(t)
	came, release := make(chan struct{}), make(chan struct{})
	hung.answers(func(_ http.ResponseWriter, r *http.Request) {
		close(came)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	stuck := webhookTo(hung.URL)
	stuck.Name = "stuck"
	r.add(stuck)
	r.add(webhookTo(x.URL))
	if _, err := r.cursor(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.change(NewIssue, 1, "a")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	<-came
	for len(x.titles()) == 0 && t.Context().Err() == nil {
		pause(t.Context(), time.Millisecond, nil)
	}
	if _, err := lock(r.Dir); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a process that sends has no lock: %v", err)
	}
	close(release)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestASecondProcessWaits(t *testing.T) {
	r := newRig(t)
	held, err := lock(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	for !strings.Contains(r.log.String(), "another process does it") {
		if err := pause(t.Context(), time.Millisecond, nil); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	held.Close()
}

func TestAWebhookIsSignedAsTheStandardWebhooksAre(t *testing.T) {
	r, x := newRig(t), newReceiver(t)
	c := webhookTo(x.URL)
	key := []byte("0123456789abcdef")
	c.Secret = secret.New("whsec_" + base64.StdEncoding.EncodeToString(key))
	r.add(c)
	r.happen(NewIssue, 1, "a")
	r.step()
	h := x.header[0]
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", h.Get("Webhook-Id"), h.Get("Webhook-Timestamp"), x.raw[0])
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); h.Get("Webhook-Signature") != want || h.Get("Webhook-Timestamp") != "1772366400" {
		t.Errorf("got %v, want %s", h, want)
	}
}

// The example of the specification's own reference libraries.
func TestTheSignatureIsThatOfTheReferenceLibraries(t *testing.T) {
	h := http.Header{}
	err := sign(h, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || h.Get("Webhook-Signature") != want {
		t.Errorf("got %v, %v, want %s", h, err, want)
	}
}

// many is a message with more than any chat takes, made of what hurts.
func many() *Message {
	m := &Message{Key: "key", Total: 5000, Why: "Held because."}
	for i := range eventsMax {
		m.Events = append(m.Events, Event{
			Kind: NewIssue, Title: strings.Repeat(`@everyone <!channel> *b* [x](https://evil.example.org) <https://e.org|y> `+"`שלום`\n\x00\xff", 40+i),
			Text: strings.Repeat("<script>&\u2028", 100), Service: strings.Repeat("s", 500), At: time.Unix(1e9, 0), Path: "issues/1?a=1&b=2",
		})
	}
	return m
}

func TestDiscordTakesWhatItIsSent(t *testing.T) {
	p := newPoster("https://host.example.org/logs", time.Now)
	body := p.discord(many())
	sum := 0
	for _, e := range body.Embeds {
		title, description := utf16Len(e.Title), utf16Len(e.Description)
		if title == 0 || title > 256 || description > 4096 {
			t.Errorf("an embed has %d and %d characters", title, description)
		}
		sum += title + description
		if strings.Contains(e.Title, "@everyone") || strings.Contains(e.Title, "x](http") || strings.ContainsAny(e.Title, "\n\x00") {
			t.Errorf("got the title %q", e.Title)
		}
	}
	if len(body.Embeds) != 10 || sum > 6000 || utf16Len(body.Content) > 2000 {
		t.Errorf("%d embeds, %d characters, content of %d", len(body.Embeds), sum, len(body.Content))
	}
	encoded, err := json.Marshal(body)
	if err != nil || !bytes.Contains(encoded, []byte(`"allowed_mentions":{"parse":[]}`)) {
		t.Errorf("mentions are not switched off: %v", err)
	}
	if want := "5000 notifications: 100 new, 4900 more\nHeld because.\nThe first 10 are shown."; body.Content != want {
		t.Errorf("got %q, want %q", body.Content, want)
	}
}

func utf16Len(text string) int { return len(utf16.Encode([]rune(text))) }

func TestSlackTakesWhatItIsSent(t *testing.T) {
	p := newPoster("https://host.example.org/logs", time.Now)
	body := p.slack(many())
	if len(body.Blocks) != 11 {
		t.Errorf("%d blocks", len(body.Blocks))
	}
	for i, b := range body.Blocks {
		text := b.Text.Text
		if n := utf16Len(text); n == 0 || n > 3000 {
			t.Errorf("a block has %d characters", n)
		}
		if i > 0 && (strings.Count(text, "<") != 1 || !strings.HasPrefix(text, "*<https://host.example.org/logs/issues/1?a=1&amp;b=2|") || strings.Count(text, "|") != 1) {
			t.Errorf("got %q", text)
		}
	}
}

func TestWithoutAnExternalURLThereAreNoLinks(t *testing.T) {
	p := newPoster("", time.Now)
	m := many()
	m.Events = m.Events[:1]
	discord, slack, hook := p.discord(m), p.slack(m), p.webhook(webhookTo(""), m)
	if discord.Embeds[0].URL != "" || strings.Contains(slack.Blocks[1].Text.Text, "<") || hook.Events[0].URL != "" || strings.Contains(p.mailText(m), "issues/1") {
		t.Errorf("got %+v %+v %+v", discord, slack, hook)
	}
}

func TestEachKindHasWordsAndAColour(t *testing.T) {
	for _, kind := range []Kind{NewIssue, RegressedIssue, SpikingIssue, Matches, Silent, HeardAgain, Test} {
		if kindWords[kind] == "" || colours[kind] == 0 {
			t.Errorf("%s has no words or no colour", kind)
		}
	}
}

func TestLinkLocalAddressesAreNotSentTo(t *testing.T) {
	for _, address := range []string{"http://169.254.169.254/latest", "http://[fe80::1]/", "http://[::ffff:169.254.1.1]/"} {
		p := newPoster("", time.Now)
		o := p.http(t.Context(), webhookTo(address), many())
		if o.err == nil || !strings.Contains(o.err.Error(), errLinkLocal.Error()) || o.remedy != "Enter another address." {
			t.Errorf("%s: got %+v", address, o)
		}
	}
	for _, security := range []Security{StartTLS, TLS} {
		c := Channel{Kind: Email, Settings: Settings{Mail: &Mail{
			Host: "169.254.169.254", Port: 25, Security: security, From: "a@example.org", To: []string{"b@example.org"},
		}}}
		o := newPoster("", time.Now).mail(t.Context(), c, many())
		if o.err == nil || !strings.Contains(o.err.Error(), errLinkLocal.Error()) || o.remedy != "Enter another address." {
			t.Errorf("mail, %s: got %+v", security, o)
		}
	}
}

func TestFailuresOfTheNetworkHaveARemedy(t *testing.T) {
	tlsServer := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tlsServer.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for address, want := range map[string]string{
		"http://127.0.0.1:1/": "Nothing listens there",
		tlsServer.URL:         "The certificate is not valid",
		strings.Replace(plain.URL, "http", "https", 1): "speaks no TLS",
		"http://name.invalid/":                         "Check the name of the host",
	} {
		p := newPoster("", time.Now)
		o := p.http(t.Context(), webhookTo(address), many())
		if o.err == nil || o.final || !strings.Contains(o.remedy, want) || strings.Contains(o.err.Error(), "://") {
			t.Errorf("%s: got %+v, want %q", address, o, want)
		}
	}
	ended, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if o := newPoster("", time.Now).http(ended, webhookTo(plain.URL), many()); o.err == nil || !strings.Contains(o.remedy, "firewall") {
		t.Errorf("got %+v", o)
	}
}
