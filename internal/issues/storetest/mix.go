package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// Mix makes events as a busy application has them, for benchmarks: a few keys
// have most of them, one in ten has a traceback of 20 lines.
type Mix struct {
	// Keys is how many keys there are.
	Keys int
	// From is the time of the first event, Every the time between two.
	From  time.Time
	Every time.Duration

	random *rand.Rand
	zipf   *rand.Zipf
	made   int
}

// Next returns the next number events, the same in each run. Until each key had
// one, every second is of a new key.
func (m *Mix) Next(number int) []issues.Event {
	if m.random == nil {
		m.random = rand.New(rand.NewPCG(1, 2))
		m.zipf = rand.NewZipf(m.random, 1.2, 20, uint64(m.Keys-1))
	}
	events := make([]issues.Event, number)
	for i := range events {
		key := m.zipf.Uint64()
		if m.made%2 == 0 && m.made/2 < m.Keys {
			key = uint64(m.made / 2)
		}
		events[i] = m.event(key)
		m.made++
	}
	return events
}

// traceback is 20 lines.
var traceback = func() string {
	var b strings.Builder
	b.WriteString("Traceback (most recent call last):\n")
	for n := range 9 {
		fmt.Fprintf(&b, "  File \"/srv/app/shop/views%d.py\", line %d, in handle_request_%d\n    return self.inner.process(request, retries=%d)\n", n, n*17, n, n)
	}
	b.WriteString("ValueError: order %d cannot be paid")
	return b.String()
}()

func (m *Mix) event(key uint64) issues.Event {
	env := [...]string{"production", "staging"}[key%2]
	service := [...]string{"backend", "frontend", "worker", "nginx", "postgres"}[key%5]
	n := m.random.IntN(100_000)
	e := issues.Event{
		Time: m.From.Add(time.Duration(m.made) * m.Every).UnixNano(), Key: issues.Key(key*0x9e3779b97f4a7c15 + 1),
		Stream: fmt.Sprintf(`{env=%q, service=%q, level="error"}`, env, service), Env: env, Service: service, Level: "error",
		Message:     fmt.Sprintf("request %d of user %d failed in step %d: the provider answered with an error", n, n%977, key),
		Culprit:     fmt.Sprintf("app.step%d in run", key),
		Correlation: fmt.Sprintf("%08x", m.random.Uint32()),
		Tags:        map[string]string{"host": fmt.Sprintf("web-%d", n%4), "endpoint": fmt.Sprintf("/api/v1/step/%d", key%50), "release": "2026.3.1"},
	}
	if m.made%10 == 0 {
		e.Type, e.Text = "ValueError", fmt.Sprintf(traceback, n)
	}
	e.ID = issues.NewID(e.Stream, e.Time, "", e.Message)
	return e
}
