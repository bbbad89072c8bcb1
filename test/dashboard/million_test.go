package dashboard

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// made is a Loki of n errors, a step apart, of so many kinds: one in ten has a
// traceback of 20 lines. It makes its lines when they are asked for, so that it
// is as fast as a program can be that reads them.
type made struct {
	from     time.Time
	step     time.Duration
	n, kinds int
}

// line is the line with a number.
func (m *made) line(i int) string {
	kind := i * 7919 % m.kinds
	name := word(kind)
	if kind%10 != 0 {
		return fmt.Sprintf("Traceback (most recent call last):\n  File \"/app/src/app/%s.py\", line 31, in %s_run\n    raise ValueError(i)\nValueError: %s has no place for %d", name, name, name, i)
	}
	var text strings.Builder
	text.WriteString("Traceback (most recent call last):\n")
	for frame := range 9 {
		fmt.Fprintf(&text, "  File \"/app/src/app/%s%d.py\", line %d, in %s_step%c\n    return service.call(request, user)\n", name, frame, 10+frame, name, 'a'+frame)
	}
	fmt.Fprintf(&text, "KeyError: 'game %d'", i)
	return text.String()
}

// word is a number in letters, which grouping takes for a name.
func word(n int) string {
	text := []byte("part")
	for ; n > 0; n /= 26 {
		text = append(text, byte('a'+n%26))
	}
	return string(text)
}

func (m *made) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(r.URL.Path, "/query_range") && strings.HasPrefix(r.FormValue("query"), "{"):
		m.answer(w, r)
	case strings.HasSuffix(r.URL.Path, "/query_range"):
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
	case strings.HasSuffix(r.URL.Path, "/query"):
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"vector","result":[]}}`)
	case strings.HasSuffix(r.URL.Path, "/labels"):
		fmt.Fprint(w, `{"status":"success","data":["job","service","env","level"]}`)
	default:
		fmt.Fprint(w, `{"status":"success","data":[]}`)
	}
}

// answer gives the lines of a range, one stream for each as with metadata that
// differ.
func (m *made) answer(w http.ResponseWriter, r *http.Request) {
	index := func(name string) int {
		ns, _ := strconv.ParseInt(r.FormValue(name), 10, 64)
		behind := time.Unix(0, ns).Sub(m.from)
		return min(max(int((behind+m.step-1)/m.step), 0), m.n)
	}
	limit, _ := strconv.Atoi(r.FormValue("limit"))
	from, to := index("start"), index("end")
	if r.FormValue("direction") == "backward" {
		from = max(from, to-limit)
	}
	to = min(to, from+limit)
	body := []byte(`{"status":"success","data":{"resultType":"streams","result":[`)
	for i := from; i < to; i++ {
		if i > from {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"stream":{"job":"docker","service":"s%d","env":"demo","level":"error","container_id":"c%d"},"values":[["%d",%q]]}`,
			i%16, i%16, m.from.Add(time.Duration(i)*m.step).UnixNano(), m.line(i))
	}
	_, _ = w.Write(append(body, "]}}"...)) // the dashboard may be gone
}

// BenchmarkMillion has bin/dashboard (make build) index a million errors of a
// week, of 10,000 kinds. "memory" is what that took at most, and where it is
// afterwards; the others are pages of the list of issues over HTTP.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	front := httptest.NewServer(&made{from: time.Now().Add(-166 * time.Hour), step: 166 * time.Hour / n, n: n, kinds: 10_000})
	defer front.Close()
	internal := "127.0.0.1:" + servers.FreePort(b)
	p := servers.Dashboard(b, front.URL, nowhere, "-internal-listen", internal)
	metrics := "http://" + internal + "/metrics"
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for servers.Metric(b, metrics, "dashboard_index_events_total") < n {
		<-ticker.C
	}
	d := &dashboard{t: b, url: p.URL, http: newBrowser(b), docs: schemas(b)}
	d.login(servers.Password)
	for name, params := range map[string]string{
		"day": "start=now-24h", "week": "start=now-7d", "most": "start=now-7d&sort=events", "filter": "start=now-7d&service=s1", "search": "start=now-7d&q=parta",
		"frame": "start=now-7d&frame=parta_run",
	} {
		b.Run(name, func(b *testing.B) { d.readPages(b, "issues?"+params) })
	}
	b.Run("memory", func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		most := p.HighestMemory(b) >> 20
		if b.ReportMetric(float64(most), "most-MiB"); most >= 150 {
			b.Errorf("the dashboard took %d MiB, want less than 150", most)
		}
		for unit, name := range map[string]string{
			"now-MiB": "process_resident_memory_bytes", "heap-live-MiB": "go_memstats_heap_alloc_bytes", "heap-sys-MiB": "go_memstats_heap_sys_bytes", "heap-released-MiB": "go_memstats_heap_released_bytes",
		} {
			b.ReportMetric(float64(servers.Metric(b, metrics, name)>>20), unit)
		}
	})
}

// readPages asks the API again and again, and reports how long that takes.
func (d *dashboard) readPages(b *testing.B, path string) {
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		answer, err := d.http.Get(d.url + "/api/v1/" + path)
		if err != nil {
			b.Fatal(err)
		}
		if body := readBody(b, answer); answer.StatusCode != http.StatusOK {
			b.Fatalf("got %d %s", answer.StatusCode, body)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
