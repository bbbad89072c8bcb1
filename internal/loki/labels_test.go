package loki

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// namedStreams is a Loki with one line, whose labels and metadata change.
type namedStreams struct {
	mu     sync.Mutex
	index  []string // labels of the index
	others []string // metadata of the line
	asked  int      // calls for the labels
}

func (n *namedStreams) set(index, others []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.index, n.others = index, others
}

func (n *namedStreams) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

// RoundTrip implements http.RoundTripper.
func (n *namedStreams) RoundTrip(request *http.Request) (*http.Response, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if strings.HasSuffix(request.URL.Path, "/labels") {
		n.asked++
		return reply(200, fmt.Sprintf(`{"data":["%s"]}`, strings.Join(n.index, `","`))), nil
	}
	var names []string
	for _, name := range slices.Concat(n.index, n.others) {
		names = append(names, fmt.Sprintf("%q:%q", name, "x"))
	}
	return reply(200, fmt.Sprintf(`{"data":{"resultType":"streams","result":[{"stream":{%s},"values":[["5","line"]]}]}}`, strings.Join(names, ","))), nil
}

func (n *namedStreams) client(t *testing.T) *Client {
	t.Helper()
	config := DefaultConfig()
	config.Transport = n
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// names reads the line and returns the names of its labels and its metadata.
func (n *namedStreams) names(t *testing.T, c *Client) string {
	t.Helper()
	page, err := c.Page(context.Background(), PageRequest{Query: `{job="x"}`, Start: time.Unix(0, 0), End: time.Unix(3600, 0), Limit: 9, Direction: Forward})
	if err != nil || len(page.Entries) != 1 {
		t.Fatalf("got %d lines, %v", len(page.Entries), err)
	}
	e := page.Entries[0]
	return fmt.Sprint(slices.Sorted(maps.Keys(e.Labels)), slices.Sorted(maps.Keys(e.Metadata)))
}

func TestALabelThatIsNewIsALabelAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &namedStreams{}
		c := server.client(t)
		server.set([]string{"job"}, []string{"id"})
		for range 3 {
			if got, want := server.names(t, c), "[job] [id]"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		if got := server.count(); got != 1 {
			t.Errorf("known names were asked for %d times, want once", got)
		}
		time.Sleep(namesAgain)
		server.set([]string{"job", "zone"}, []string{"id"})
		if got, want := server.names(t, c), "[job zone] [id]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestNamesThatNobodyHasSeenAskNoOftenerThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &namedStreams{}
		c := server.client(t)
		for i := range 100 { // over 10 s
			server.set([]string{"job"}, []string{fmt.Sprint("trace_", i)})
			server.names(t, c)
			time.Sleep(100 * time.Millisecond)
		}
		if got, most := server.count(), int(10*time.Second/namesAgain); got > most {
			t.Errorf("100 new names in 10 s made %d calls, want at most %d", got, most)
		}
	})
}

func TestNamesOfOneRangeAreAskedForOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &namedStreams{}
		server.set([]string{"job"}, []string{"id"})
		c := server.client(t)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { server.names(t, c) })
		}
		all.Wait()
		if got := server.count(); got != 1 {
			t.Errorf("8 readers made %d calls, want 1", got)
		}
	})
}
