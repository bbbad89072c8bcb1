package faults

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/grafana/loki/pkg/push"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// arrivals notes when Loki confirmed each record.
type arrivals struct {
	mu   sync.Mutex
	when map[string]map[int]time.Time // by writer and number
}

func (a *arrivals) observe(request *push.PushRequest, status int) {
	if status/100 != 2 {
		return
	}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, stream := range request.Streams {
		for _, e := range stream.Entries {
			writer, seq, ok := parseRecord(e.Line)
			if !ok {
				continue
			}
			if a.when[writer] == nil {
				a.when[writer] = map[int]time.Time{}
			}
			if _, again := a.when[writer][seq]; !again {
				a.when[writer][seq] = now
			}
		}
	}
}

// delivery is when a record was written and when Loki confirmed it.
type delivery struct{ written, confirmed time.Time }

// of are the deliveries of a writer in the order of writing.
func (a *arrivals) of(w *Writer) []delivery {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []delivery
	for seq := range w.Written() {
		if at, ok := a.when[w.Name][seq]; ok {
			all = append(all, delivery{w.At(seq), at})
		}
	}
	return all
}

// hotStream writes one stream faster than Loki takes it, and nine quiet ones.
// Hot's name puts it before, between or behind the quiet ones.
func hotStream(r *rig, loki *servers.Process, hotName string) {
	a := &arrivals{when: map[string]map[int]time.Time{}}
	r.useLoki(loki, a.observe)
	r.configure(settings{memory: "16MiB"})
	var quiet []*Writer
	add := func(w *Writer) *Writer { return r.write(w) }
	hot := &Writer{Name: hotName, Rate: 3000, Size: 600}
	names := []string{hotName, "c", "d", "e", "f", "p", "q", "r", "s", "t"}
	slices.Sort(names)
	for _, name := range names {
		if name == hotName {
			add(hot)
			continue
		}
		quiet = append(quiet, add(&Writer{Name: name, Rate: 20, Size: 120}))
	}
	r.start()
	r.writeFor(10*time.Second, func(context.Context) {})
	r.finish()
	r.checkQuiet(a.of(hot), quiet, a)
}

// checkQuiet checks that no quiet record was confirmed later than a hot one
// that had been written seconds after it. The clock alone would say little on a
// busy machine: the two kinds are compared.
func (r *rig) checkQuiet(hot []delivery, quiet []*Writer, a *arrivals) {
	r.t.Helper()
	const grace = 3 * time.Second // of batching and polling
	held := time.Duration(0)
	for _, d := range hot {
		held = max(held, d.confirmed.Sub(d.written))
	}
	if held < 2*grace {
		r.t.Errorf("not run: the hot stream was held up for %s at most", held)
		return
	}
	slowest, late := time.Duration(0), []string{}
	for _, w := range quiet {
		for seq, q := range a.of(w) {
			slowest = max(slowest, q.confirmed.Sub(q.written))
			i, _ := slices.BinarySearchFunc(hot, q.written.Add(grace), func(d delivery, t time.Time) int { return d.written.Compare(t) })
			if i < len(hot) && hot[i].confirmed.Before(q.confirmed) {
				late = append(late, fmt.Sprintf("%s-%d after %s", w.Name, seq, q.confirmed.Sub(q.written)))
			}
		}
	}
	r.t.Logf("the slowest hot record took %s, the slowest quiet one %s", held, slowest)
	if len(late) > 0 {
		r.t.Errorf("%d quiet records waited for the hot stream: %v", len(late), late[:min(5, len(late))])
	}
}
