package server

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestCellsAreNoFormulas(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain": "plain", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\t=x": "'\t=x", "  =x": "'  =x",
		"＝x": "'＝x", "|x": "'|x", "a=b": "a=b", "2026-01-01 x": "2026-01-01 x",
	} {
		if got := cell(text); got != want {
			t.Errorf("cell(%q): got %q, want %q", text, got, want)
		}
	}
}

// A Loki that fails after the first page, for good.
func failingLoki(calls *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/loki/api/v1/query_range" {
			emptyLoki(w, r)
			return
		}
		if calls.Add(1) > 1 {
			http.Error(w, "broken", http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"streams","result":[{"stream":{"job":"a"},"values":[["1000000000000000000","a line"]]}]}}`)
	}
}

func TestAnExportThatLokiCutsSaysSoAndDoesNotEnd(t *testing.T) {
	var calls atomic.Int64
	f := newFixture(t, failingLoki(&calls), func(c *Config) {
		c.Now = func() time.Time { return time.Unix(1_000_000_001, 0) }
	})
	f.login()
	server := httptest.NewServer(f.handler)
	defer server.Close()
	for _, format := range []string{"ndjson", "csv"} {
		calls.Store(0)
		request, err := http.NewRequest(http.MethodGet, server.URL+"/api/v1/logs/export?start=now-30d&format="+format, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.AddCookie(f.cookie)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(bufio.NewReader(answer.Body))
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || err == nil {
			t.Errorf("%s: status %d, error %v: want an answer that breaks off", format, answer.StatusCode, err)
		}
		if text := string(data); !strings.Contains(text, "a line") || !strings.Contains(text, "the file is not complete") {
			t.Errorf("%s: got %q", format, text)
		}
	}
}

func TestAnExportOfNoFormatIsRefused(t *testing.T) {
	f := newFixture(t, emptyLoki, nil)
	f.login()
	if answer := f.get("/api/v1/logs/export?format=xml"); answer.Code != http.StatusBadRequest {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
}
