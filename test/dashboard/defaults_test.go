package dashboard

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// TestLargeAnswersArriveWithLokisDefaults pages through answers that are larger
// than Loki's default message limit of 4 MiB.
func TestLargeAnswersArriveWithLokisDefaults(t *testing.T) {
	t.Parallel()
	server := servers.LokiWithDefaults(t)
	d := newDashboard(t, options{lokiURL: server.URL, prometheusURL: nowhere})
	// The second is larger than the message limit within one batch of Loki's
	// ingester: with the header "categorize-labels" Loki 3.7.8 answers it with
	// no lines and status 200.
	for _, test := range []struct{ lines, size int }{{5000, 900}, {130, 40_000}} {
		job, now := jobOf(t), time.Now()
		for first := 0; first < test.lines; first += 400_000 / test.size {
			var batch []line
			for i := first; i < min(first+400_000/test.size, test.lines); i++ {
				batch = append(batch, line{at: now.Add(time.Duration(i-test.lines) * time.Millisecond), text: fmt.Sprint(i, strings.Repeat("x", test.size))})
			}
			pushLines(t, server.URL, fmt.Sprintf("{job=%q}", job), batch...)
		}
		params := url.Values{"job": {job}, "limit": {"5000"}}
		seen := map[string]bool{}
		for next := "-"; next != ""; params.Set("cursor", next) {
			var got logsAnswer
			if status := d.get("logs", params, "LogsResponse", &got); status != 200 {
				t.Fatalf("%+v: got %d %+v", test, status, got.Error)
			}
			for _, one := range got.Entries {
				seen[one.ID] = true
			}
			next = got.NextCursor
		}
		if len(seen) != test.lines {
			t.Errorf("%+v: got %d lines", test, len(seen))
		}
	}
}
