package loki

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// modelLine is one line that the model holds.
type modelLine struct {
	ts     int64
	stream string // the label service
	line   string
}

// memory is a Loki in memory, as far as pages and follows see it: start included,
// end not, answers grouped by stream, lines of one instant in an order that
// changes from call to call between streams. It can fail as Loki does.
type memory struct {
	mu    sync.Mutex
	lines []modelLine
	rand  *rand.Rand
	calls int

	answerMax int           // bytes; larger answers fail with 500; 0 is no limit
	widest    time.Duration // wider ranges are never answered; 0 is no limit
	entries   int           // max_entries_limit_per_query; 0 is 5000
	away      bool          // refuses connections
	cutAt     int           // cuts the answer of this call
}

func newModel(lines ...modelLine) *memory {
	return &memory{lines: lines, rand: rand.New(rand.NewPCG(1, 2))}
}

func (m *memory) add(lines ...modelLine) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, lines...)
}

func (m *memory) set(change func(*memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// client returns a client of the model.
func (m *memory) client(t testing.TB) *Client {
	t.Helper()
	config := DefaultConfig()
	config.Transport = m
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// RoundTrip implements http.RoundTripper.
func (m *memory) RoundTrip(request *http.Request) (*http.Response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.away {
		return nil, fmt.Errorf("dial: %w", syscall.ECONNREFUSED)
	}
	params := request.URL.Query()
	if strings.HasSuffix(request.URL.Path, "/labels") {
		m.calls--
		return reply(200, `{"data":["service"]}`), nil
	}
	if strings.Contains(params.Get("query"), "count_over_time") {
		return reply(200, fmt.Sprintf(`{"data":{"resultType":"vector","result":[{"metric":{},"value":[0,"%d"]}]}}`, m.countIn(params))), nil
	}
	start, end := number(params.Get("start")), number(params.Get("end"))
	limit := int(number(params.Get("limit")))
	if most := m.most(); limit > most {
		return reply(400, fmt.Sprintf("max entries limit per query exceeded, limit > max_entries_limit_per_query (%d > %d)", limit, most)), nil
	}
	if m.widest > 0 && end-start > m.widest.Nanoseconds() {
		return nil, waitForEnd(request.Context(), &m.mu)
	}
	body := m.answer(start, end, limit, Direction(params.Get("direction")))
	if m.answerMax > 0 && len(body) > m.answerMax {
		return reply(500, "rpc error: code = ResourceExhausted desc = grpc: received message larger than max"), nil
	}
	if m.calls == m.cutAt {
		response := reply(200, body)
		response.Body = io.NopCloser(io.MultiReader(strings.NewReader(body[:len(body)/2]), failing{}))
		return response, nil
	}
	return reply(200, body), nil
}

// countIn answers a query such as count_over_time({…} [90ms]).
func (m *memory) countIn(params url.Values) int {
	_, window, _ := strings.Cut(params.Get("query"), "[")
	window, _, _ = strings.Cut(window, "ms]")
	last := number(params.Get("time"))
	first := last - number(window)*1e6
	count := 0
	for _, l := range m.lines {
		if first < l.ts && l.ts <= last {
			count++
		}
	}
	return count
}

func (m *memory) most() int {
	if m.entries == 0 {
		return maxEntriesDefault
	}
	return m.entries
}

// failing is a body that is cut.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// waitForEnd waits for the end of the call without holding the lock.
func waitForEnd(ctx context.Context, mu *sync.Mutex) error {
	mu.Unlock()
	defer mu.Lock()
	<-ctx.Done()
	return ctx.Err()
}

// answer renders what Loki would answer.
func (m *memory) answer(start, end int64, limit int, direction Direction) string {
	var found []modelLine
	for _, l := range m.lines {
		if l.ts >= start && l.ts < end {
			found = append(found, l)
		}
	}
	order := map[string]uint64{}
	for _, l := range found {
		if order[l.stream] == 0 {
			order[l.stream] = m.rand.Uint64() | 1
		}
	}
	if direction == Backward {
		slices.Reverse(found) // lines of a stream and instant come reversed too
	}
	slices.SortStableFunc(found, func(a, b modelLine) int {
		byTime := int(min(max(a.ts-b.ts, -1), 1))
		if direction == Backward {
			byTime = -byTime
		}
		if byTime != 0 || order[a.stream] == order[b.stream] {
			return byTime
		}
		if order[a.stream] < order[b.stream] {
			return -1
		}
		return 1
	})
	return render(found[:min(limit, len(found))])
}

// render groups lines by stream.
func render(lines []modelLine) string {
	type stream struct {
		Stream map[string]string `json:"stream"`
		Values [][]any           `json:"values"`
	}
	var streams []*stream
	byName := map[string]*stream{}
	for _, l := range lines {
		s, ok := byName[l.stream]
		if !ok {
			s = &stream{Stream: map[string]string{"service": l.stream}}
			byName[l.stream] = s
			streams = append(streams, s)
		}
		s.Values = append(s.Values, []any{strconv.FormatInt(l.ts, 10), l.line})
	}
	var buf bytes.Buffer
	json.NewEncoder(&buf).Encode(map[string]any{ // these types always encode
		"status": "success", "data": map[string]any{"resultType": "streams", "result": append([]*stream{}, streams...)},
	})
	return buf.String()
}

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}
