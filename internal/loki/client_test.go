package loki

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tovtech/tovplay-logging/internal/secret"
)

// served returns a client of a server that answers with h.
func served(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	config := DefaultConfig()
	config.URL = server.URL
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnswersOfLokiBecomeCodesWithARemedy(t *testing.T) {
	tests := []struct {
		status int
		body   string
		code   Code
		remedy string
	}{
		{400, "parse error at line 1, col 2: syntax error: unexpected $end", CodeSyntax, "unexpected $end"},
		{400, "max entries limit per query exceeded, limit > max_entries_limit_per_query (9000 > 5000)", CodeLimit, "add a filter"},
		{400, "the query time range exceeds the limit (query length: 8784h0m0s, limit: 30d1h)", CodeLimit, "shorten the time range"},
		{400, "maximum of series (500) reached for a single query", CodeLimit, "shorten"},
		{401, "no org id", CodeUnavailable, "LOKI_TENANT"},
		{403, "", CodeUnavailable, "LOKI_BEARER_TOKEN"},
		{404, "404 page not found", CodeUnavailable, "LOKI_URL"},
		{413, "", CodeLimit, "shorten"},
		{429, "too many outstanding requests", CodeThrottled, "try again"},
		{499, "context canceled", CodeCancelled, ""},
		{500, "context deadline exceeded", CodeTimeout, "shorten"},
		{500, "storage is broken", CodeUnavailable, "its log"},
		{502, "<html>Bad Gateway</html>", CodeUnavailable, "502"},
		{503, "Ingester not ready", CodeUnavailable, "503"},
		{504, "upstream timed out", CodeTimeout, "shorten"},
		{302, "", CodeUnavailable, "302"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.status, " ", test.body), func(t *testing.T) {
			c := served(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://192.0.2.1/")
				w.WriteHeader(test.status)
				fmt.Fprintln(w, test.body)
			})
			_, err := c.Totals(context.Background(), "{}", nil, time.Unix(0, 0), time.Unix(9, 0))
			known, ok := errors.AsType[*Error](err)
			if !ok || known.Code != test.code || !strings.Contains(known.Message, test.remedy) || known.Status != test.status {
				t.Errorf("got %#v, want code %s and %q in the message", err, test.code, test.remedy)
			}
		})
	}
}

func TestFailuresOfTheConnectionBecomeCodes(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	listener.Close()
	config := DefaultConfig()
	config.URL = closed
	refused, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	cut := served(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Write([]byte("{"))
	})
	strange := served(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) })
	slow := served(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	slow.config.Timeout = time.Millisecond
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name   string
		client *Client
		ctx    context.Context
		code   Code
	}{
		{"refused", refused, context.Background(), CodeUnavailable},
		{"cut", cut, context.Background(), CodeUnavailable},
		{"not Loki", strange, context.Background(), CodeUnavailable},
		{"slow", slow, context.Background(), CodeTimeout},
		{"cancelled", slow, gone, CodeCancelled},
	}
	for _, test := range tests {
		_, err := test.client.Series(test.ctx, "{}", time.Unix(0, 0), time.Unix(9, 0))
		if CodeOf(err) != test.code {
			t.Errorf("%s: got %v, want %s", test.name, err, test.code)
		}
		if err != nil && strings.Contains(err.Error(), "127.0.0.1") && test.name != "refused" {
			t.Errorf("%s: the error shows the address: %v", test.name, err)
		}
	}
}

func TestRequestsCarryTenantAndSecretsAndNoEncoding(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.Write([]byte(`{"data":[]}`))
	}))
	defer server.Close()
	config := DefaultConfig()
	config.URL, config.Tenant, config.User, config.Password = server.URL, "a|b", "u", secret.New("p")
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.LabelNames(context.Background(), "", time.Unix(0, 0), time.Unix(9, 0)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"X-Scope-OrgID": "a|b", "Authorization": "Basic dTpw", "X-Loki-Response-Encoding-Flags": "",
	} {
		if got.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.Get(name), want)
		}
	}
	config.User, config.Password, config.Token = "", secret.String{}, secret.New("t")
	if c, err = New(config); err != nil {
		t.Fatal(err)
	}
	if _, err := c.LabelNames(context.Background(), "", time.Unix(0, 0), time.Unix(9, 0)); err != nil {
		t.Fatal(err)
	}
	if got.Get("Authorization") != "Bearer t" {
		t.Errorf("token: got %q", got.Get("Authorization"))
	}
}

func TestConfigurationFaultsAreNamedTogether(t *testing.T) {
	config := Config{URL: "loki:3100", Tenant: "a\nb", User: "u", Token: secret.New("t")}
	_, err := New(config)
	for _, want := range []string{"http://host:3100", "keep one", "line break", "positive"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error %v does not say %q", err, want)
		}
	}
	for _, bad := range []string{"", "ftp://x", "http://", "://", "http://user:hunter2@[::1"} {
		config := DefaultConfig()
		config.URL = bad
		if _, err := New(config); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// counting counts calls that run at once.
type counting struct{ now, most atomic.Int32 }

func (c *counting) RoundTrip(request *http.Request) (*http.Response, error) {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	select {
	case <-request.Context().Done():
		return nil, request.Context().Err()
	case <-time.After(8 * time.Second):
		return reply(200, `{"data":[]}`), nil
	}
}

func TestCallsWaitForTheirTurnAndNotForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &counting{}
		config := DefaultConfig()
		config.Concurrent, config.Transport = 2, transport
		c, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan error, 6)
		for range 6 {
			go func() {
				_, err := c.LabelNames(context.Background(), "", time.Unix(0, 0), time.Unix(9, 0))
				results <- err
			}()
		}
		codes := map[Code]int{}
		for range 6 {
			codes[CodeOf(<-results)]++
		}
		// Two run, two wait 8 s, two give up after 10 s.
		if codes[""] != 4 || codes[CodeThrottled] != 2 || transport.most.Load() != 2 {
			t.Errorf("codes %v, at most %d at once", codes, transport.most.Load())
		}
	})
}

func TestALabelNameCannotInject(t *testing.T) {
	c := served(t, func(http.ResponseWriter, *http.Request) { t.Error("Loki was asked") })
	ctx, from, to := context.Background(), time.Unix(0, 0), time.Unix(9, 0)
	for _, name := range []string{"", "a)", "a b", "1a", "a/../b", "é"} {
		_, totals := c.Totals(ctx, "{}", []string{name}, from, to)
		_, counts := c.Counts(ctx, CountQuery{Query: "{}", By: []string{name}, Start: from, End: to, Step: time.Second})
		_, values := c.LabelValues(ctx, name, "", from, to)
		_, volume := c.Volume(ctx, "{}", []string{name}, from, to, 1)
		for _, err := range []error{totals, counts, values, volume} {
			if CodeOf(err) != CodeSyntax {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
}

func TestFacetsAreCountedOneByOneWhenTheyAreTooManySeries(t *testing.T) {
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query().Get("query")
		switch {
		case strings.Contains(query, "by (a, b)"):
			w.WriteHeader(400)
			fmt.Fprint(w, "maximum of series (500) reached for a single query")
		case strings.Contains(query, "by (a)"):
			fmt.Fprint(w, `{"data":{"resultType":"vector","result":[{"metric":{"a":"1"},"value":[1,"3"]},{"metric":{},"value":[1,"9"]}]}}`)
		default:
			fmt.Fprint(w, `{"data":{"resultType":"vector","result":[{"metric":{"b":"2"},"value":[1,"4"]}]}}`)
		}
	})
	got, err := c.TotalsByEach(context.Background(), "{}", []string{"a", "b"}, time.Unix(0, 0), time.Unix(9, 0))
	if err != nil || len(got["a"]) != 1 || got["a"]["1"] != 3 || got["b"]["2"] != 4 {
		t.Errorf("got %v, %v", got, err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"data":{"resultType":"streams","result":[{"stream":{"a":"b"},"values":[["1","x"],["2","y",{}]]}]}}`))
	f.Add([]byte(`{"data":{"resultType":"matrix","result":[{"metric":{},"values":[[1.5,"2"],[2,"NaN"]]}]}}`))
	f.Add([]byte(`{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}`))
	f.Add([]byte(`{"data":{"resultType":"streams","result":[{"values":[[]]}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		config := DefaultConfig()
		config.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return reply(200, string(body)), nil })
		c, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		ctx, from, to := context.Background(), time.Unix(0, 0), time.Unix(9, 0)
		c.logs(ctx, "{}", 0, 9, 10, Forward) // none of these may panic
		c.Totals(ctx, "{}", nil, from, to)
		c.Counts(ctx, CountQuery{Query: "{}", Start: from, End: to, Step: time.Second})
	})
}

// roundTrip is an http.RoundTripper of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
