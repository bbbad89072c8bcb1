package dashboard

import (
	"fmt"
	"testing"
	"time"
)

// fillStream is one of the streams that fill writes: labels, its part of all
// lines in hundredths, and its lines.
type fillStream struct {
	labels string
	share  int
	line   func(n int, at time.Time) string
}

// fillStreams are the streams of a production and a staging in the shapes that
// their lines have, about 110 bytes each.
func fillStreams() []fillStream {
	labels := func(service, env, level string) string {
		return fmt.Sprintf(`{job="docker", host="vps", service=%q, env=%q, level=%q}`, service, env, level)
	}
	access := func(n int, at time.Time) string {
		return fmt.Sprintf(`192.0.2.%d - - [%s] "GET /api/games/%d HTTP/1.1" %d %d "-" "Mozilla/5.0"`, n%250, at.Format("02/Jan/2006:15:04:05 -0700"), n, 200+n%3, n%5000)
	}
	backend := func(n int, at time.Time) string {
		return fmt.Sprintf(`{"timestamp":"%s","level":"INFO","logger":"app.games","message":"game %d saved","duration_ms":%d}`, at.UTC().Format("2006-01-02T15:04:05.000Z"), n, n%90)
	}
	failure := func(n int, at time.Time) string {
		return fmt.Sprintf("%s ERROR app.games pool timeout of 30 s while waiting for connection %d of user %d", at.UTC().Format("2006-01-02 15:04:05.000"), n%20, n%997)
	}
	return []fillStream{
		{labels("nginx", "production", "info"), 40, access},
		{labels("backend", "production", "info"), 35, backend},
		{labels("backend", "staging", "info"), 10, backend},
		{labels("nginx", "staging", "info"), 10, access},
		{labels("backend", "production", "error"), 3, failure},
		{labels("pgbouncer", "production", "warn"), 2, func(n int, at time.Time) string {
			return fmt.Sprintf("%s [1] WARNING C-0x55d0%08x: tovplay/app@192.0.2.7:%d pooler error: query_wait_timeout", at.UTC().Format("2006-01-02 15:04:05.000 MST"), n, 1024+n%60000)
		}},
	}
}

// fillRound is how many lines are written of all streams before any gets more.
const fillRound = 50_000

// fill writes about n lines into Loki, evenly over a span that ends now.
func fill(b testing.TB, lokiURL string, n int, span time.Duration) {
	b.Helper()
	from, streams := time.Now().Add(-span), fillStreams()
	step := span / time.Duration(n)
	for done := 0; done < n; done += fillRound {
		for i, stream := range streams {
			count := min(fillRound, n-done) * stream.share / 100
			lines := make([]line, count)
			for k := range lines {
				at := from.Add(step*time.Duration(done+k*100/stream.share) + time.Duration(i))
				lines[k] = line{at: at, text: stream.line(done+k, at)}
			}
			pushLines(b, lokiURL, stream.labels, lines...)
		}
	}
}
