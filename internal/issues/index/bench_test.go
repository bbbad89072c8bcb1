package index

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/issues/sqlite"
	"github.com/tovtech/tovplay-logging/internal/loki"
	"github.com/tovtech/tovplay-logging/internal/state"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
)

// prepared answers query_range from lines that are rendered already: one stream
// for each line, as Loki answers when metadata differ.
type prepared struct {
	times []int64
	lines [][]byte // a stream as JSON
}

func (p *prepared) RoundTrip(request *http.Request) (*http.Response, error) {
	var body bytes.Buffer
	if strings.HasSuffix(request.URL.Path, "/labels") {
		body.WriteString(`{"status":"success","data":["job","service","env","level"]}`)
	} else {
		p.answer(request, &body)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(&body), Header: http.Header{}, Request: request}, nil
}

func (p *prepared) answer(request *http.Request, body *bytes.Buffer) {
	query := request.URL.Query()
	number := func(name string) int64 { n, _ := strconv.ParseInt(query.Get(name), 10, 64); return n }
	from := sort.Search(len(p.times), func(i int) bool { return p.times[i] >= number("start") })
	to := sort.Search(len(p.times), func(i int) bool { return p.times[i] >= number("end") })
	to = min(to, from+int(number("limit")))
	body.WriteString(`{"status":"success","data":{"resultType":"streams","result":[`)
	for i := from; i < to; i++ {
		if i > from {
			body.WriteByte(',')
		}
		body.Write(p.lines[i])
	}
	body.WriteString(`]}}`)
}

// demo prepares n lines, a millisecond apart: one in ten has a traceback of 20
// lines, the others are of 40 kinds.
func demo(start time.Time, n int) *prepared {
	p := &prepared{}
	var frames strings.Builder
	for i := range 9 {
		fmt.Fprintf(&frames, "  File \"/app/src/app/routes/module%d.py\", line %d, in handler%d\n    return service.call(request, user)\n", i, 10+i, i)
	}
	for i := range n {
		text := fmt.Sprintf("12:30:%02d | ERROR | part%c of job %d took %d ms and did not end", i%60, 'a'+i%40%26, i%977, i)
		if i%10 == 0 {
			text = fmt.Sprintf("12:30:%02d | ERROR | Exception on /api/games/%d [GET]\nTraceback (most recent call last):\n%sValueError: game %d is over", i%60, i, frames.String(), i)
		}
		at := start.Add(time.Duration(i) * time.Millisecond).UnixNano()
		p.times = append(p.times, at)
		stream := fmt.Sprintf(`{"stream":{"job":"docker","service":"s%d","env":"demo","level":"error","container_id":"c%d"},"values":[["%d",%s]]}`, i%8, i%8, at, strconv.Quote(text))
		p.lines = append(p.lines, []byte(stream))
	}
	return p
}

// BenchmarkIngest measures the way of an event from an answer of Loki to the store
// and the issues, while the list of issues is read ten times a second. Run it
// with -cpu 1; an operation is 20,000 events.
func BenchmarkIngest(b *testing.B) {
	const each = 20_000
	start := time.Now().Add(-24 * time.Hour)
	source := demo(start, each*b.N)
	db, err := state.Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	store, err := sqlite.Open(b.Context(), b.TempDir(), issues.Retention{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	config := loki.DefaultConfig()
	config.Transport = source
	client, err := loki.New(config)
	if err != nil {
		b.Fatal(err)
	}
	grouper := grouping.New(grouping.Rules{})
	tracker, err := life.Open(b.Context(), life.Config{DB: db, Events: store, Grouper: grouper, Limits: life.DefaultLimits(), Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	how := Default()
	how.Loki, how.Store, how.Tracker, how.Grouper, how.Log = client, store, tracker, grouper, slog.New(slog.DiscardHandler)
	x := New(how)
	x.cursor = start
	var took []time.Duration
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ticker := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			before := time.Now()
			if _, err := tracker.List(ctx, life.ListQuery{Span: issues.Span{From: start.Add(-time.Hour), To: time.Now()}}); err == nil {
				took = append(took, time.Since(before))
			}
		}
	}()
	b.ResetTimer()
	if err := x.look(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	stop()
	<-done
	if got := x.Status().Events; got != int64(each*b.N) {
		b.Fatalf("%d events are stored, want %d", got, each*b.N)
	}
	b.ReportMetric(float64(each*b.N)/b.Elapsed().Seconds(), "events/s")
	slices.Sort(took)
	if len(took) > 0 {
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-list-ms")
	}
}
