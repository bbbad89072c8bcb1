package ship

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/tovtech/tovplay-logging/pipeline"
)

func TestStoredBatchIsSettled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.Tenant = "team" })
		r.send("a", "one", "two")
		r.drained()
		r.wantStored("a", "one", "two")
		got := r.sink.requests[0]
		if want := "4000000000|one|n=one"; got.lines[0] != want {
			t.Errorf("got %q, want %q", got.lines[0], want)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/x-protobuf", "User-Agent": "tovplay-collector", "X-Scope-Orgid": "team",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s: got %q, want %q", name, got.header.Get(name), want)
			}
		}
		if n := r.counter("sent_entries_total", "host", "192.0.2.1:3100"); n != 2 {
			t.Errorf("%v entries counted", n)
		}
		if n := r.counter("sent_bytes_total"); n != 6 {
			t.Errorf("%v bytes counted", n)
		}
	})
}

func TestRequestsOfAStreamFollowOneAnother(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		busy := map[string]bool{}
		r.sink.say(func(got *received) answer {
			if busy[got.labels] {
				t.Errorf("two requests of %s at a time", got.labels)
			}
			busy[got.labels] = true
			defer delete(busy, got.labels)
			r.sink.mu.Unlock() // other requests come in the meantime
			time.Sleep(time.Second)
			r.sink.mu.Lock()
			return answer{}
		})
		for i := range 20 {
			for _, app := range []string{"a", "b", "c", "d", "e"} {
				r.send(app, fmt.Sprint(i))
			}
		}
		start := time.Now()
		r.drained()
		if took := time.Since(start); took > 30*time.Second { // 100 requests, 4 at a time
			t.Errorf("took %v", took)
		}
	})
}

func TestThrottledStreamWaitsAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		start, refusals := time.Now(), 0
		var tries []time.Duration
		r.sink.say(func(got *received) answer {
			if got.labels != `{app="slow"}` {
				return answer{}
			}
			tries = append(tries, time.Since(start))
			if refusals++; refusals < 3 {
				return answer{status: 429, header: http.Header{"Retry-After": {"7"}}}
			}
			return answer{}
		})
		r.send("slow", "1", "2")
		r.send("slow", "3")
		for i := range 10 {
			r.send("fast", fmt.Sprint(i))
		}
		synctest.Wait()
		if n := len(r.storedOf("fast")); n != 10 {
			t.Errorf("%d batches of the other stream passed", n)
		}
		r.drained()
		r.wantStored("slow", "1", "2", "3")
		if want := []time.Duration{0, 7 * time.Second, 14 * time.Second, 14 * time.Second}; !slices.Equal(tries, want) {
			t.Errorf("tried at %v, want %v", tries, want)
		}
		if r.client.Trouble() != "" || len(r.log.with("level=ERROR")) > 0 {
			t.Errorf("trouble: %q, %q", r.client.Trouble(), r.log.lines())
		}
		if n := r.counter("batch_retries_total"); n != 2 {
			t.Errorf("%v retries counted", n)
		}
	})
}

func TestThrottledBatchAboveABurstLimitIsHalved(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.say(func(got *received) answer {
			if len(got.lines) > 3 {
				return answer{status: 429}
			}
			return answer{}
		})
		lines := numbered(10)
		r.send("a", lines...)
		r.drained()
		r.wantStored("a", lines...)
		if n := len(r.log.with("limits the rate of a stream")); n == 0 {
			t.Errorf("no log line")
		}
	})
}

func TestRateLimitedBatchesAreDroppedWhereConfigured(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.DropRateLimited = true })
		r.sink.say(func(*received) answer { return answer{status: 429} })
		r.send("a", "1", "2")
		r.drained()
		if n := r.counter("dropped_entries_total", "reason", "rate_limited"); n != 2 || r.requests() != 1 {
			t.Errorf("%v dropped in %d requests", n, r.requests())
		}
	})
}

// trouble is a way in which nothing gets through.
type trouble struct {
	name  string
	begin func(*rig)
	why   string
}

func troubles() []trouble {
	say := func(a answer) func(*rig) {
		return func(r *rig) { r.sink.say(func(*received) answer { return a }) }
	}
	return []trouble{
		{"401", say(answer{status: 401}), "Loki refuses the credentials (401)"},
		{"403", say(answer{status: 403}), "Loki refuses the credentials (403)"},
		{"404", say(answer{status: 404}), "there is no push endpoint at this URL (404)"},
		{"405", say(answer{status: 405}), "Loki answers 405"},
		{"500", say(answer{status: 500}), "Loki answers 500"},
		{"502", say(answer{status: 502}), "Loki answers 502"},
		{"503", say(answer{status: 503, header: http.Header{"Retry-After": {"2"}}}), "Loki answers 503"},
		{"301", say(answer{status: 301, header: http.Header{"Location": {"http://192.0.2.2/"}}}), "the URL redirects to another (301)"},
		{"302", say(answer{status: 302, header: http.Header{"Location": {"/login"}}}), "the URL redirects to another (302)"},
		{"blocked", say(answer{status: 260}), "Loki's operator has blocked ingestion (260)"},
		{"cut", say(answer{cut: true}), "Loki cannot be reached"},
		{"hang", say(answer{hang: true}), "Loki did not answer in time"},
		{"refused", func(r *rig) { r.sink.listener.setShut(true) }, "Loki cannot be reached"},
	}
}

func TestNothingIsLostWhileLokiIsAway(t *testing.T) {
	for _, tr := range troubles() {
		t.Run(tr.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, func(o *Options) { o.FollowRedirects = true })
				tr.begin(r)
				for i := range 3 {
					for _, app := range []string{"a", "b", "c", "d", "e"} {
						r.send(app, fmt.Sprint(i, " 1"), fmt.Sprint(i, " 2"))
					}
				}
				time.Sleep(2 * time.Hour)
				if n := r.ledger.Unsettled(); n != r.read {
					t.Errorf("%d of %d bytes are unsettled", n, r.read)
				}
				if n := r.requests(); n > 60 {
					t.Errorf("%d requests in two hours", n)
				}
				if got := r.client.Trouble(); got != tr.why {
					t.Errorf("trouble %q, want %q", got, tr.why)
				}
				if lines := r.log.with("nothing gets through"); len(lines) != 1 || !strings.Contains(lines[0], "remedy=") {
					t.Errorf("logged %q", lines)
				}
				r.sink.listener.setShut(false)
				r.sink.say(nil)
				r.drained()
				for _, app := range []string{"a", "b", "c", "d", "e"} {
					r.wantStored(app, "0 1", "0 2", "1 1", "1 2", "2 1", "2 2")
				}
				if r.client.Trouble() != "" || len(r.log.with("takes logs again")) != 1 {
					t.Errorf("after it: trouble %q, log %q", r.client.Trouble(), r.log.lines())
				}
				if n := r.counter("dropped_entries_total"); n != 0 {
					t.Errorf("%v entries dropped", n)
				}
			})
		})
	}
}

func TestTheLogDoesNotShowTheQueryOfAnAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.URL += "?key=hunter2" })
		r.sink.listener.setShut(true)
		r.send("a", "1")
		time.Sleep(minute)
		r.sink.listener.setShut(false)
		r.drained()
		for _, text := range []string{"nothing gets through", "takes logs again"} {
			lines := r.log.with(text)
			if len(lines) != 1 || strings.Contains(lines[0], "hunter2") || !strings.Contains(lines[0], "url="+r.client.URL()) {
				t.Errorf("logged %q", lines)
			}
		}
	})
}

func TestOneRequestFindsOutWhetherLokiIsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.say(func(*received) answer { return answer{status: 503} })
		for i := range 20 {
			r.send(fmt.Sprint("app", i), "x")
		}
		time.Sleep(minute)
		before := r.requests()
		r.sink.say(func(*received) answer { return answer{hang: true} })
		r.client.mu.Lock()
		closed := time.Until(r.client.gate)
		r.client.mu.Unlock()
		time.Sleep(closed + 9*time.Second)
		if n := r.requests() - before; n != 1 {
			t.Errorf("%d requests at once while nobody knows", n)
		}
		r.sink.say(nil)
		r.drained()
	})
}

func TestBackoffDoublesAndIsSpread(t *testing.T) {
	c := &Client{opts: Options{MinBackoff: 500 * time.Millisecond, MaxBackoff: 5 * minute}}
	for tries, most := range map[int]time.Duration{
		1: 500 * time.Millisecond, 2: time.Second, 5: 8 * time.Second, 10: 256 * time.Second, 11: 5 * minute, 1000: 5 * minute,
	} {
		seen := map[time.Duration]bool{}
		for range 100 {
			d := c.backoff(tries)
			if d < most/2 || d > most {
				t.Errorf("try %d: %v, want %v to %v", tries, d, most/2, most)
			}
			seen[d] = true
		}
		if len(seen) < 50 {
			t.Errorf("try %d: %d different times", tries, len(seen))
		}
	}
}

func TestMaxRetriesIsObeyed(t *testing.T) {
	for _, status := range []int{429, 503, 401} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, func(o *Options) { o.MaxRetries = 10 })
				r.sink.say(func(got *received) answer {
					if strings.Contains(got.lines[0], "first") {
						return answer{status: status}
					}
					return answer{}
				})
				r.send("a", "first")
				r.send("a", "second")
				r.drained()
				r.wantStored("a", "second")
				want := map[int]string{429: "rate_limited", 503: "ingester_error", 401: "ingester_error"}[status]
				if n := r.counter("dropped_entries_total", "reason", want, "tenant", ""); n != 1 {
					t.Errorf("%v entries dropped for %s", n, want)
				}
				tries := 0
				for _, req := range r.sink.requests {
					tries += strings.Count(req.lines[0], "|first|")
				}
				if tries != 10 {
					t.Errorf("%d tries", tries)
				}
			})
		})
	}
}

// refuse stores what is good and answers 400 with text if something is bad.
func refuse(bad, text string) func(*received) answer {
	good := func(line string) bool { return !strings.Contains(line, bad) }
	return func(got *received) answer {
		if slices.ContainsFunc(got.lines, func(l string) bool { return !good(l) }) {
			return answer{status: 400, text: text, stores: good}
		}
		return answer{}
	}
}

func TestOnlyTheRefusedEntryIsDropped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.say(refuse("line 37|", "max entry size '262144' bytes exceeded for stream '{}'"))
		lines := numbered(100)
		r.send("a", lines...)
		r.send("a", "behind it")
		r.drained()
		r.wantStored("a", append(slices.Delete(slices.Clone(lines), 37, 38), "behind it")...)
		if n := r.counter("dropped_entries_total", "reason", "line_too_long"); n != 1 || r.counter("dropped_entries_total") != 1 {
			t.Errorf("%v entries dropped", n)
		}
		if n := r.counter("dropped_bytes_total"); n != float64(len("line 37")) {
			t.Errorf("%v bytes dropped", n)
		}
		if n := r.counter("sent_entries_total"); n != 100 {
			t.Errorf("%v entries sent", n)
		}
		if n := r.requests(); n > 20 {
			t.Errorf("%d requests to find one entry of 100", n)
		}
	})
}

func TestManyRefusalsAreOneLogLineEachMinute(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.say(refuse("line", "no reason that is known"))
		for range 10 {
			r.send("a", numbered(50)...)
		}
		r.drained()
		time.Sleep(minute)
		r.send("a", "line")
		r.drained()
		if n := r.counter("dropped_entries_total", "reason", "ingester_error"); n != 501 {
			t.Errorf("%v entries dropped", n)
		}
		lines := r.log.with("entries are given up")
		if len(lines) != 2 || !strings.Contains(lines[1], "entries=500") {
			t.Errorf("logged %q", lines)
		}
	})
}

func TestRefusedAsAWholeIsDroppedAtOnce(t *testing.T) {
	for _, text := range []string{
		"entry with timestamp 2020-01-01 ignored, reason: 'entry too far behind',\nuser 'fake', total ignored: 4 out of 4 for stream: {}",
		"entry for stream '{a=\"b\"}' has 16 label names; limit 15",
		"stream '{a=\"b\"}' has label value too long: 'xxx'",
		"error at least one label pair is required per stream",
	} {
		bubble(t, func(t *testing.T) {
			r := newRig(t, nil)
			r.sink.say(refuse("bad", text))
			r.send("a", "bad 1", "bad 2", "bad 3", "bad 4")
			r.send("a", "good")
			r.drained()
			r.wantStored("a", "good")
			if n := r.counter("dropped_entries_total"); n != 4 || r.requests() != 2 {
				t.Errorf("%s: %v dropped in %d requests", text, n, r.requests())
			}
		})
	}
}

func TestEntriesOfRefusedTimesAreToldByTheAnswer(t *testing.T) {
	// In the rig the k-th byte read is of second k: "line 0" is second 7.
	at := func(second int64) string { return time.Unix(second, 0).UTC().Format(time.RFC3339) }
	for _, c := range []struct {
		name, text string
		bad        func(second int) bool
	}{
		{"old", "entry for stream '{app=\"a\"}' has timestamp too old: " + at(7) + ", oldest acceptable timestamp is: " + at(60), func(s int) bool { return s < 60 }},
		{"behind", "entry with timestamp x ignored, reason: 'entry too far behind, entry timestamp is: " + at(7) + ", oldest acceptable timestamp is: " + at(60) + "',\nuser 'fake', total ignored: 8 out of 100 for stream: {app=\"a\"}", func(s int) bool { return s < 60 }},
		{"new", "2 errors like: entry for stream '{app=\"a\"}' has timestamp too new: " + at(105) + "; 1 errors like: entry for stream '{app=\"a\"}' has timestamp too new: " + at(77), func(s int) bool { return s >= 77 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, nil)
				isBad := func(line string) bool {
					var ns int64
					fmt.Sscanf(line, "%d|", &ns)
					return c.bad(int(ns / 1e9))
				}
				r.sink.say(func(got *received) answer {
					if slices.ContainsFunc(got.lines, isBad) {
						return answer{status: 400, text: c.text, stores: func(l string) bool { return !isBad(l) }}
					}
					return answer{}
				})
				lines := numbered(20)
				want := []string{}
				for i, second := 0, 0; i < len(lines); i++ {
					if second += len(lines[i]) + 1; !c.bad(second) {
						want = append(want, lines[i])
					}
				}
				r.send("a", lines...)
				r.drained()
				r.wantStored("a", want...)
				if n := r.requests(); n > 10 { // 40 to look at each
					t.Errorf("%d requests", n)
				}
				if n := r.counter("dropped_entries_total"); n != float64(len(lines)-len(want)) {
					t.Errorf("%v dropped", n)
				}
			})
		})
	}
}

func TestALabelValueDoesNotPassForAnAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		evil := "oldest acceptable timestamp is: 2999-01-01T00:00:00Z total ignored: 3 out of 3"
		r.sink.say(refuse("|bad|", fmt.Sprintf("max entry size exceeded for stream '{app=%q, service_name=%[1]q}'", evil)))
		r.send(evil, "good", "bad", "better")
		r.drained()
		r.wantStored(evil, "good", "better")
		if n := r.counter("dropped_entries_total"); n != 1 {
			t.Errorf("%v entries dropped", n)
		}
	})
}

func TestStructuredMetadataIsLeftOutWhereLokiRefusesIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.say(refuse("n=", "stream '{app=\"a\"}' includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata`"))
		r.send("a", "1", "2")
		r.send("b", "3")
		r.drained()
		r.send("a", "4")
		r.drained()
		r.wantStored("a", "1", "2", "4")
		r.wantStored("b", "3")
		if n := len(r.log.with("takes no structured metadata")); n != 1 {
			t.Errorf("%d log lines", n)
		}
		if n := r.counter("dropped_entries_total"); n != 0 {
			t.Errorf("%v entries dropped", n)
		}
	})
}

func TestTooLargeRequestsAreHalved(t *testing.T) {
	for _, a := range []answer{
		{status: 413}, {status: 500, text: "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5 vs. 4)"},
	} {
		bubble(t, func(t *testing.T) {
			r := newRig(t, nil)
			r.sink.say(func(got *received) answer {
				if len(got.lines) > 3 || slices.ContainsFunc(got.lines, func(l string) bool { return strings.Contains(l, "|huge|") }) {
					return a
				}
				return answer{}
			})
			lines := numbered(10)
			r.send("a", append([]string{"huge"}, lines...)...)
			r.drained()
			r.wantStored("a", lines...)
			if n := r.counter("dropped_entries_total", "reason", "ingester_error"); n != 1 {
				t.Errorf("%v entries dropped", n)
			}
			if r.client.Trouble() != "" {
				t.Errorf("trouble %q", r.client.Trouble())
			}
		})
	}
}

func TestA500ThatRepeatsForOneBatchHalvesIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		failed := 0
		r.sink.say(func(got *received) answer {
			if len(got.lines) > 3 {
				failed++
				return answer{status: 500}
			}
			return answer{}
		})
		lines := numbered(10)
		r.send("large", lines...)
		start := time.Now()
		for i := range 600 {
			r.send("other", fmt.Sprint(i))
			time.Sleep(time.Second)
		}
		r.drained()
		r.wantStored("large", lines...)
		if n := len(r.storedOf("other")); n != 600 {
			t.Errorf("%d of the other stream", n)
		}
		if failed > 5*triesAmongOthers { // of 10, 5 and 5 lines; the other stream may be later once or twice
			t.Errorf("%d requests failed", failed)
		}
		if took := time.Since(start); took > 601*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestA500ForOneEntryHoldsUpItsStreamAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		failing := true
		r.sink.say(func(got *received) answer {
			if failing && got.labels == `{app="bad"}` {
				return answer{status: 500}
			}
			return answer{}
		})
		r.send("bad", "1")
		r.send("bad", "2")
		var slowest time.Duration
		for i := range 400 {
			sent := time.Now()
			r.send("other", fmt.Sprint(i))
			synctest.Wait()
			for len(r.storedOf("other")) <= i {
				time.Sleep(100 * time.Millisecond)
			}
			if i > 60 { // by then the stream is known
				slowest = max(slowest, time.Since(sent))
			}
			time.Sleep(time.Second)
		}
		if slowest > 0 {
			t.Errorf("the other stream waited %v", slowest)
		}
		r.sink.mu.Lock()
		failing = false
		r.sink.mu.Unlock()
		r.drained()
		r.wantStored("bad", "1", "2")
	})
}

// Whatever Loki answers, what it stores of a stream it stores in order, and
// nothing that it does not refuse for good is lost.
func TestOrderWithinAStreamIsKept(t *testing.T) {
	for seed := range uint64(20) {
		bubble(t, func(t *testing.T) {
			r := newRig(t, nil)
			rnd := rand.New(rand.NewPCG(seed, 0))
			r.sink.say(func(got *received) answer {
				cutAt := rnd.IntN(len(got.lines) + 1)
				some := func(line string) bool { return slices.Index(got.lines, line) < cutAt }
				switch rnd.IntN(10) {
				case 0:
					return answer{status: 429, stores: some}
				case 1:
					return answer{status: 500}
				case 2:
					return answer{status: 503, stores: some}
				case 3:
					return answer{cut: true, stores: some}
				case 4:
					return answer{hang: true, stores: some}
				case 5:
					if len(got.lines) > 1 {
						return answer{status: 413}
					}
				case 6:
					if len(got.lines) > 1 {
						return answer{status: 400}
					}
				}
				return answer{}
			})
			want, sizes := map[string][]string{}, rand.New(rand.NewPCG(seed, 1))
			for i := range 60 {
				app, batch := fmt.Sprint("app", i%3), []string{}
				for k := range sizes.IntN(8) {
					batch = append(batch, fmt.Sprintf("%d %d", i, k))
				}
				want[app] = append(want[app], batch...)
				r.send(app, batch...)
				time.Sleep(time.Duration(sizes.IntN(int(time.Second))))
			}
			r.drained()
			for app, lines := range want {
				r.wantStored(app, lines...)
			}
		})
	}
}

func TestRunStopsAtOnceAndSettlesNothing(t *testing.T) {
	for _, tr := range troubles() {
		bubble(t, func(t *testing.T) {
			r := newRig(t, nil)
			tr.begin(r)
			r.send("a", "1")
			r.send("b", "1")
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			start := time.Now()
			if err := r.client.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 batches") {
				t.Errorf("%s: got %v", tr.name, err)
			}
			if took := time.Since(start); took != 3*time.Second {
				t.Errorf("%s: Drain took %v", tr.name, took)
			}
			r.stop()
			if took := time.Since(start); took != 3*time.Second {
				t.Errorf("%s: Run stopped after %v", tr.name, took)
			}
			if n := r.ledger.Unsettled(); n != r.read {
				t.Errorf("%s: %d of %d bytes are unsettled", tr.name, n, r.read)
			}
		})
	}
}

func TestDeliverNeverBlocks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.Timeout = 0 })
		r.sink.say(func(*received) answer { return answer{hang: true} })
		start := time.Now()
		for i := range 500 {
			r.send(fmt.Sprint("app", i%10), "x")
		}
		if took := time.Since(start); took != 0 || r.client.Waiting() != 500 {
			t.Errorf("took %v, %d batches wait", took, r.client.Waiting())
		}
		r.stop()
	})
}

func TestExternalLabelsAndTenantOfTheStream(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) {
			o.Tenant = "default"
			o.ExternalLabels = []pipeline.Label{{Name: "app", Value: "not this"}, {Name: "zone", Value: "z"}, {Name: "cluster", Value: "c"}, {Name: "none"}}
		})
		r.outbox.Add(r.streams.Get("own", []pipeline.Label{{Name: "app", Value: "a"}}), &pipeline.Entry{Line: []byte("x")}, time.Now())
		r.outbox.Flush()
		r.drained()
		got := r.sink.requests[0]
		if want := `{app="a", cluster="c", zone="z"}`; got.labels != want || got.header.Get("X-Scope-OrgID") != "own" {
			t.Errorf("got %s of %s, want %s", got.labels, got.header.Get("X-Scope-OrgID"), want)
		}
	})
}

func TestSecretFileIsReadForEachRequest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) {
			o.Header = http.Header{"X-Extra": {"e"}}
			o.Authorize = func(req *http.Request) error {
				token, err := os.ReadFile(file)
				req.Header.Set("Authorization", "Bearer "+string(token))
				return err
			}
		})
		r.send("a", "1")
		time.Sleep(minute)
		if got := r.client.Trouble(); got != "the credentials cannot be read" || r.requests() != 0 {
			t.Errorf("without the file: trouble %q, %d requests", got, r.requests())
		}
		for i, token := range []string{"first", "second"} {
			if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
				t.Fatal(err)
			}
			r.send("a", fmt.Sprint("line", i))
			r.drained()
			last := r.sink.requests[len(r.sink.requests)-1]
			if got := last.header.Get("Authorization"); got != "Bearer "+token || last.header.Get("X-Extra") != "e" {
				t.Errorf("got %q, want %q", got, token)
			}
		}
		for _, line := range r.log.lines() {
			if strings.Contains(line, "first") || strings.Contains(line, "second") {
				t.Errorf("a secret is logged: %s", line)
			}
		}
	})
}

func TestRedirectsThatRepeatThePushAreFollowedWhereConfigured(t *testing.T) {
	for _, follow := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			r := newRig(t, func(o *Options) { o.FollowRedirects = follow })
			moved := 0
			r.sink.say(func(*received) answer {
				if moved++; moved == 1 {
					return answer{status: 307, header: http.Header{"Location": {"/elsewhere"}}}
				}
				return answer{}
			})
			r.send("a", "1")
			synctest.Wait()
			if got := len(r.storedOf("a")) == 1; got != follow {
				t.Errorf("followed: %v, want %v", got, follow)
			}
			r.drained()
		})
	}
}

func TestOptionsThatCannotWorkAreAnError(t *testing.T) {
	good := Options{Name: "x", URL: "http://192.0.2.1/", Senders: 1, MinBackoff: 1, MaxBackoff: 2}
	for _, change := range []func(*Options){
		func(o *Options) { o.URL = "http://a b/" },
		func(o *Options) { o.Senders = 0 },
		func(o *Options) { o.MinBackoff = 0 },
		func(o *Options) { o.MaxBackoff = 0 },
	} {
		opts := good
		change(&opts)
		if _, err := New(opts); err == nil || !strings.HasPrefix(err.Error(), "client x: ") {
			t.Errorf("got %v", err)
		}
	}
}

// The answer may come before the request was read. Its memory must not be used
// again before the transport has let go of it; the race detector watches.
func TestAnswersBeforeTheRequestWasRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		var requests atomic.Int64
		r.sink.early = func() bool { return requests.Add(1)%2 == 1 }
		noise := rand.New(rand.NewPCG(1, 1))
		var want []string
		for i := range 12 {
			line := make([]byte, 250<<10) // not compressible
			for k := range line {
				line[k] = byte('!' + noise.IntN(90))
			}
			want = append(want, strings.ReplaceAll(string(line), "|", "/"))
			if i%4 == 3 { // more than a server reads of its own accord
				r.send(fmt.Sprint("app", i/4), want[i-3:]...)
			}
		}
		r.drained()
		for app := range 3 {
			for i, line := range r.storedOf(fmt.Sprint("app", app)) {
				if line != want[4*app+i] {
					t.Errorf("line %d of stream %d came in pieces", i, app)
				}
			}
		}
		r.stop()
		time.Sleep(time.Second) // the server lingers before it closes a connection
	})
}

// A push over a real network, to a server that does not know of the test.
func TestRealNetwork(t *testing.T) {
	got := make(chan *received, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		push := &received{}
		if err == nil {
			err = push.decode(body)
		}
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
		got <- push
	}))
	defer server.Close()
	r := newRig(t, func(o *Options) { o.URL, o.Transport = server.URL, &http.Transport{} })
	r.send("a", "one", "two")
	r.drain()
	if push := <-got; push.labels != `{app="a"}` || len(push.lines) != 2 {
		t.Errorf("got %s %q", push.labels, push.lines)
	}
	r.stop()
}

func TestFailuresAtATimeAreOneFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.say(func(*received) answer { return answer{hang: true} })
		for i := range 8 {
			r.send(fmt.Sprint("app", i), "x")
		}
		time.Sleep(10*time.Second + 500*time.Millisecond) // a time-out and the first back-off
		synctest.Wait()
		if n := r.requests(); n != 5 {
			t.Errorf("%d requests after the first back-off, want 4 and 1", n)
		}
		r.sink.say(nil)
		r.drained()
	})
}

func TestARequestCutOffByTheEndIsNoTry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.MaxRetries = 1 })
		r.sink.say(func(*received) answer { return answer{hang: true} })
		r.send("a", "1")
		synctest.Wait()
		r.stop()
		if n := r.ledger.Unsettled(); n != r.read || r.counter("dropped_entries_total") != 0 {
			t.Errorf("%d of %d bytes are unsettled", n, r.read)
		}
	})
}

// The counters agree on what a limit of the configuration dropped before.
func TestEntriesThatALimitDroppedAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	c, err := New(Options{
		Name: "a", URL: "http://192.0.2.1/push", Tenant: "t", Senders: 1, MinBackoff: time.Second, MaxBackoff: time.Second,
		Metrics: NewMetrics(reg),
	})
	if err != nil {
		t.Fatal(err)
	}
	c.CountDropped("", "line_too_long", 7)
	c.CountDropped("other", "line_too_long", 5)
	c.CountCut("", "line_too_long", 3)
	if got := c.Counts(); got != (Counts{Taken: 2}) {
		t.Errorf("counts %+v", got)
	}
	m := c.opts.Metrics
	for counter, want := range map[*prometheus.CounterVec]float64{m.droppedEntries: 1, m.droppedBytes: 7, m.mutated: 1, m.mutatedBytes: 3} {
		var got dto.Metric
		if err := counter.WithLabelValues("192.0.2.1", "t", "line_too_long").Write(&got); err != nil || got.Counter.GetValue() != want {
			t.Errorf("%v instead of %v: %v", got.Counter, want, err)
		}
	}
}
