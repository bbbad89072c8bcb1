package dashboard

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// tailRate is how many lines a second the tail is measured with.
const tailRate = 2000

// BenchmarkLiveTail shows 2,000 lines a second in headless Chromium, from the
// real Loki and bin/dashboard (make build), and reports what test/browser/tailbench.mjs
// measures once the page holds TAIL_LINES (100,000), for TAIL_SECONDS (60): with
// long lines cut, and wrapped.
func BenchmarkLiveTail(b *testing.B) {
	b.Run("cut", func(b *testing.B) { liveTail(b, "") })
	b.Run("wrapped", func(b *testing.B) { liveTail(b, "1") })
}

func liveTail(b *testing.B, wrap string) {
	server := servers.Loki(b)
	d := servers.Dashboard(b, server.URL, nowhere)
	background(b, func(ctx context.Context) error { return writeLines(ctx, b, server.URL, tailRate) })
	var measured map[string]float64
	measureInBrowser(b, "tailbench.mjs", d.URL, &measured,
		"LINES="+setting("TAIL_LINES", "100000"), "SECONDS="+setting("TAIL_SECONDS", "60"), "WRAP="+wrap)
	b.ReportMetric(0, "ns/op")
	for name, value := range measured {
		b.ReportMetric(value, name)
	}
}

// setting is a variable of the environment, or what it is without.
func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// writeLines sends so many lines a second until ctx ends, of two services in
// the shapes that the backend and nginx have.
func writeLines(ctx context.Context, b *testing.B, lokiURL string, rate int) error {
	const pushes = 10 // a second
	ticker := time.NewTicker(time.Second / pushes)
	defer ticker.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		var backend, nginx []line
		for range rate / pushes / 2 {
			n++
			backend = append(backend, line{at: time.Now(), text: backendLine(n)})
			nginx = append(nginx, line{at: time.Now(), text: fmt.Sprintf(`192.0.2.%d - - [02/Jan/2026:03:04:05 +0000] "GET /api/games/%d HTTP/1.1" 200 %d "-" "Mozilla/5.0"`, n%250, n, n%5000)})
		}
		pushLines(b, lokiURL, `{job="docker", service="backend", env="production", level="info"}`, backend...)
		pushLines(b, lokiURL, `{job="docker", service="nginx", env="production", level="info"}`, nginx...)
	}
}
