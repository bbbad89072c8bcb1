package alerts

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestANameThatIsNotAlertmanagersIsNotSilenced(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Down\uFFFD", strings.Repeat("x", labelMax) + "…"} {
		for _, whole := range []bool{true, false} {
			w := Wish{Labels: map[string]string{"alertname": name, "env": "production"}, Whole: whole, For: time.Hour, Reason: "repair"}
			// Without the name the silence would be one of the whole environment.
			if err := w.check(); !errors.Is(err, ErrSilence) {
				t.Errorf("%.10q, whole %v: got %v and %v", name, whole, err, w.matchers())
			}
		}
	}
}

func TestAServerThatIsAwayIsToldInWordsWithoutItsAddress(t *testing.T) {
	t.Parallel()
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hangs.Close)
	ended, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for _, test := range []struct {
		ctx           context.Context
		address, want string
	}{
		{t.Context(), "http://user:password@127.0.0.1:1", "Alertmanager does not answer: connection refused; check that it runs and that its address is right"},
		{ended, hangs.URL, "Alertmanager does not answer: no answer in time; check that it is not overloaded"},
	} {
		client, err := NewClient(test.address, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Alerts(test.ctx)
		if known, ok := errors.AsType[*UpstreamError](err); !ok || known.Message != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}
