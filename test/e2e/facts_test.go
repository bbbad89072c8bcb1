package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// What Loki really does, as far as the collector's design rests on it
// (docs/adr). Each fact is asked of the real server: when a new Loki differs,
// these tests say which decision to think over.
func TestWhatLokiReallyDoes(t *testing.T) {
	t.Parallel()
	loki := servers.LokiWithDefaults(t)
	now := time.Now().Truncate(time.Second)

	t.Run("a 2xx for several streams hides a refused one", func(t *testing.T) {
		// The first stream's newest entry puts the chunk's window; an entry two
		// hours older is refused. Another stream follows in the same request.
		mustPush(t, loki, stream(`{fact="hidden", s="a"}`, entry(now, "new")))
		status, _ := pushTo(t, loki,
			stream(`{fact="hidden", s="a"}`, entry(now.Add(-2*time.Hour), "far behind")),
			stream(`{fact="hidden", s="b"}`, entry(now, "fine")))
		got := len(servers.Query(t, loki.URL, `{fact="hidden"}`))
		if status/100 != 2 || got != 2 {
			t.Errorf("status %d, %d entries stored: Loki now tells about every stream (was 204 and 2 of 3)", status, got)
		}
	})

	t.Run("equal lines of one time are stored once", func(t *testing.T) {
		same := entry(now, `GET /health 200`)
		mustPush(t, loki, stream(`{fact="equal"}`, same, same, same))
		if got := len(servers.Query(t, loki.URL, `{fact="equal"}`)); got != 1 {
			t.Errorf("%d entries of 3 equal ones, was 1", got)
		}
	})

	t.Run("an exact repetition is shown once", func(t *testing.T) {
		e := entry(now, "again", push.LabelAdapter{Name: "container_id", Value: "c1"})
		mustPush(t, loki, stream(`{fact="repeated"}`, e))
		mustPush(t, loki, stream(`{fact="repeated"}`, e))
		if got := len(servers.Query(t, loki.URL, `{fact="repeated"}`)); got != 1 {
			t.Errorf("%d entries, was 1", got)
		}
		e.StructuredMetadata[0].Value = "c2"
		mustPush(t, loki, stream(`{fact="repeated"}`, e))
		if got := len(servers.Query(t, loki.URL, `{fact="repeated"}`)); got != 2 {
			t.Errorf("%d entries with other metadata, was 2", got)
		}
	})

	t.Run("on 400 the rest is stored", func(t *testing.T) {
		status, text := pushTo(t, loki, stream(`{fact="partly"}`,
			entry(now, "good"), entry(now.Add(-30*24*time.Hour), "too old"), entry(now.Add(time.Second), "good too")))
		got := len(servers.Query(t, loki.URL, `{fact="partly"}`))
		if status != http.StatusBadRequest || got != 2 {
			t.Errorf("status %d (%s), %d entries stored, was 400 and 2", status, text, got)
		}
	})

	t.Run("lines above 256 KiB are refused", func(t *testing.T) {
		status, text := pushTo(t, loki, stream(`{fact="long"}`, entry(now, strings.Repeat("x", 256<<10+1))))
		if status != http.StatusBadRequest {
			t.Errorf("status %d (%s), was 400", status, text)
		}
		mustPush(t, loki, stream(`{fact="long"}`, entry(now, strings.Repeat("x", 256<<10))))
	})

	t.Run("a request above 4 MiB stores nothing and answers 500", func(t *testing.T) {
		var entries []push.Entry
		for i := range 50 {
			entries = append(entries, entry(now.Add(time.Duration(i)), strings.Repeat("y", 100<<10)))
		}
		status, _ := pushTo(t, loki, stream(`{fact="large"}`, entries...))
		got := len(servers.Query(t, loki.URL, `{fact="large"}`))
		if status != http.StatusInternalServerError || got != 0 {
			t.Errorf("status %d, %d entries stored, was 500 and 0", status, got)
		}
	})
}

func entry(at time.Time, line string, meta ...push.LabelAdapter) push.Entry {
	return push.Entry{Timestamp: at, Line: line, StructuredMetadata: meta}
}

func stream(labels string, entries ...push.Entry) push.Stream {
	return push.Stream{Labels: labels, Entries: entries}
}

func mustPush(t *testing.T, loki *servers.Process, s push.Stream) {
	t.Helper()
	if status, text := pushTo(t, loki, s); status/100 != 2 {
		t.Fatalf("push: status %d: %s", status, text)
	}
}

// pushTo sends one request and returns the answer.
func pushTo(t *testing.T, loki *servers.Process, streams ...push.Stream) (status int, text string) {
	t.Helper()
	data, err := (&push.PushRequest{Streams: streams}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(loki.URL+"/loki/api/v1/push", "application/x-protobuf", bytes.NewReader(snappy.Encode(nil, data)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, fmt.Sprintf("%.200s", body)
}
