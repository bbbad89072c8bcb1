package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/notify"
	"github.com/tovtech/tovplay-logging/internal/state"
)

// newNotifyFixture is a server with real notifications, logged in.
func newNotifyFixture(t *testing.T) *fixture {
	t.Helper()
	dir := t.TempDir()
	db, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	f := newFixture(t, emptyLoki, func(c *Config) {
		c.Notify = notify.New(notify.Config{
			DB: db, Dir: dir, Log: slog.New(slog.DiscardHandler), Now: time.Now,
			Normalise: func(_ context.Context, query string) (string, error) { return query, nil },
		})
	})
	f.login()
	return f
}

// checkSchema checks an answer against a schema of openapi.json.
func checkSchema(t *testing.T, schema string, answer []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPI))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("openapi.json#/components/schemas/" + schema)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(answer))
	if err == nil {
		err = compiled.Validate(value)
	}
	if err != nil {
		t.Errorf("not a %s: %v\n%s", schema, err, answer)
	}
}

// send makes a request that changes something, and checks the status.
func (f *fixture) send(method, path, body string, status int) string {
	f.t.Helper()
	answer := f.do(method, "/api/v1/notifications"+path, body, "Content-Type", "application/json")
	if answer.Code != status {
		f.t.Fatalf("%s %s: got %d %s, want %d", method, path, answer.Code, answer.Body, status)
	}
	return answer.Body.String()
}

const hookBody = `{"name":"hook","kind":"webhook","enabled":true,"url":%q,"secret":"0123456789abcdef","digest_minutes":5,"repeat_minutes":60,"per_hour":20,
	"quiet":{"from":"22:00","to":"07:00","zone":"UTC"}}`

func TestChannelsAndRulesAreKeptWithoutTheirSecrets(t *testing.T) {
	f := newNotifyFixture(t)
	if got := f.send("POST", "/channels", fmt.Sprintf(hookBody, "https://example.org/token-1"), 201); got != `{"id":1}`+"\n" {
		t.Errorf("got %s", got)
	}
	f.send("POST", "/channels", `{"name":"mail","kind":"email","enabled":true,"secret":"mail-password","digest_minutes":0,"repeat_minutes":0,"per_hour":1,
		"mail":{"host":"smtp.example.org","port":587,"security":"starttls","user":"u","from":"a@example.org","to":["b@example.org"]}}`, 201)
	f.send("POST", "/rules", `{"name":"silence","enabled":true,"channels":[1,2],"on":"silence","query":"{service=\"backend\"}","minutes":10,"view":"service=backend"}`, 201)
	f.send("PUT", "/rules/1", `{"name":"quiet backend","enabled":false,"channels":[2],"on":"silence","query":"{service=\"backend\"}","minutes":5}`, 204)
	f.send("PUT", "/channels/1", fmt.Sprintf(strings.Replace(hookBody, `"0123456789abcdef"`, `""`, 1), ""), 204)
	answer := f.get("/api/v1/notifications")
	var body notificationsBody
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil || answer.Code != 200 {
		t.Fatalf("%d %s: %v", answer.Code, answer.Body, err)
	}
	checkSchema(t, "NotificationsResponse", answer.Body.Bytes())
	hook := body.Channels[0]
	if hook.Target != "example.org" || !hook.HasSecret || hook.Quiet.From != "22:00" || hook.ChangedBy != "admin" || body.Channels[1].Mail.Host != "smtp.example.org" {
		t.Errorf("got %+v", body.Channels)
	}
	rule := body.Rules[0]
	if rule.Name != "quiet backend" || rule.Enabled || rule.Minutes != 5 || len(rule.Channels) != 1 || rule.Channels[0] != 2 {
		t.Errorf("got %+v", rule)
	}
	if len(body.Changes) != 5 || body.Changes[0].What != "changed the channel hook" || body.Changes[0].Actor != "admin" || body.Links {
		t.Errorf("got %+v", body.Changes)
	}
	f.send("DELETE", "/rules/1", "", 204)
	f.send("DELETE", "/channels/2", "", 204)
	f.send("DELETE", "/channels/2", "", 404)
	for _, leak := range []string{"token-1", "0123456789abcdef", "mail-password"} {
		if strings.Contains(answer.Body.String(), leak) || strings.Contains(f.log.String(), leak) {
			t.Errorf("%s is shown or logged", leak)
		}
	}
}

func TestATestMessageSaysWhatBecameOfIt(t *testing.T) {
	f := newNotifyFixture(t)
	status := 200
	x := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(x.Close)
	f.send("POST", "/channels", fmt.Sprintf(hookBody, x.URL), 201)
	var result testBody
	if err := json.Unmarshal([]byte(f.send("POST", "/channels/1/test", "{}", 200)), &result); err != nil || !result.OK || result.Error != "" {
		t.Errorf("got %+v, %v", result, err)
	}
	checkSchema(t, "TestResult", []byte(f.send("POST", "/channels/1/test", "{}", 200)))
	status = 404
	if err := json.Unmarshal([]byte(f.send("POST", "/channels/1/test", "{}", 200)), &result); err != nil || result.OK || !strings.Contains(result.Error, "404") || result.Remedy == "" {
		t.Errorf("got %+v, %v", result, err)
	}
	var sent sentBody
	answer := f.get("/api/v1/notifications/sent?limit=1")
	if err := json.Unmarshal(answer.Body.Bytes(), &sent); err != nil || len(sent.Messages) != 1 || sent.Messages[0].State != "failed" || !sent.Messages[0].Test || sent.NextBefore != 3 {
		t.Fatalf("got %s, %v", answer.Body, err)
	}
	checkSchema(t, "SentResponse", answer.Body.Bytes())
	answer = f.get("/api/v1/notifications/sent?before=2")
	if err := json.Unmarshal(answer.Body.Bytes(), &sent); err != nil || len(sent.Messages) != 1 || sent.Messages[0].State != "sent" || sent.NextBefore != 0 {
		t.Fatalf("got %s, %v", answer.Body, err)
	}
}

func TestWhatCannotBeStoredIsSaidInWords(t *testing.T) {
	f := newNotifyFixture(t)
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/channels", fmt.Sprintf(hookBody, "ftp://example.org"), 400, "the address of the webhook does not look like https://host/path"},
		{"POST", "/channels", `{"nmae":"x"}`, 400, "the body is not a channel"},
		{"POST", "/rules", `{"name":"r","enabled":true,"channels":[7],"on":"issues"}`, 400, "there is no channel 7"},
		{"POST", "/rules", `{"name":"r","enabled":true,"channels":[],"on":"matches","query":"x"}`, 400, "0 minutes"},
		{"PUT", "/rules/x", `{}`, 404, "there is no such channel or rule"},
		{"PUT", "/channels/3", fmt.Sprintf(hookBody, "https://example.org/"), 404, "there is no such channel or rule"},
		{"POST", "/channels/3/test", `{}`, 404, "there is no such channel or rule"},
	} {
		answer := f.do(test.method, "/api/v1/notifications"+test.path, test.body, "Content-Type", "application/json")
		if got := errorOf(t, answer); answer.Code != test.status || !strings.Contains(got.Message, test.want) || strings.Contains(got.Message, "add the") {
			t.Errorf("%s %s: got %d %q, want %d %q", test.method, test.path, answer.Code, got.Message, test.status, test.want)
		}
	}
}

func TestOnlyAdminsAndOnlyThisPageChangeNotifications(t *testing.T) {
	f := newNotifyFixture(t)
	if answer := f.do("POST", "/api/v1/notifications/rules", "{}", "Content-Type", "text/plain"); answer.Code != 400 {
		t.Errorf("another content type: %d", answer.Code)
	}
	for _, route := range []string{"POST /channels", "PUT /channels/1", "DELETE /channels/1", "POST /channels/1/test", "POST /rules", "PUT /rules/1", "DELETE /rules/1"} {
		method, path, _ := strings.Cut(route, " ")
		if answer := f.do(method, "/api/v1/notifications"+path, "{}", "Content-Type", "application/json", "Sec-Fetch-Site", "cross-site"); answer.Code != 403 {
			t.Errorf("%s from another site: %d", route, answer.Code)
		}
	}
	f.loginAs("guest", auth.RoleViewer)
	for _, route := range []string{"GET ", "GET /sent", "POST /channels", "POST /channels/1/test", "DELETE /rules/1"} {
		method, path, _ := strings.Cut(route, " ")
		if answer := f.do(method, "/api/v1/notifications"+path, "{}", "Content-Type", "application/json"); answer.Code != 403 {
			t.Errorf("%s by a viewer: %d", route, answer.Code)
		}
	}
	f.cookie = nil
	if answer := f.get("/api/v1/notifications"); answer.Code != 401 {
		t.Errorf("without a session: %d", answer.Code)
	}
}
