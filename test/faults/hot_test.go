package faults

import (
	"context"
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
	r.configure(settings{memory: "16MiB", backoff: "{min_period: 6s, max_period: 10s}"})
	var quiet []*Writer
	hot := &Writer{Name: hotName, Rate: 3000, Size: 600}
	names := []string{hotName, "c", "d", "e", "f", "p", "q", "r", "s", "t"}
	slices.Sort(names)
	for _, name := range names {
		if name == hotName {
			r.write(hot)
			continue
		}
		quiet = append(quiet, r.write(&Writer{Name: name, Rate: 20, Size: 120}))
	}
	r.start()
	r.writeFor(8*time.Second, func(context.Context) {})
	r.finish()
	if r.t.Failed() {
		return
	}
	r.checkQuiet(a.of(hot), quiet, a)
}

// checkQuiet checks that the quiet streams did not wait for the hot one, whose
// back-off is longer than grace. Nine in ten quiet records have to be quick,
// not all: a busy machine may stand still for a moment.
func (r *rig) checkQuiet(hot []delivery, quiet []*Writer, a *arrivals) {
	r.t.Helper()
	const grace = 3 * time.Second // of batching and polling
	held := lags(hot)
	if most := held[len(held)-1]; most < 3*grace {
		r.t.Errorf("not run: the hot stream was held up for %s at most", most)
	}
	var all []delivery
	for _, w := range quiet {
		all = append(all, a.of(w)...)
	}
	waited := lags(all)
	ninth := waited[len(waited)*9/10]
	r.t.Logf("half of the hot records took %s; of the quiet ones nine in ten took at most %s, the slowest %s",
		held[len(held)/2], ninth, waited[len(waited)-1])
	if ninth > grace {
		r.t.Errorf("quiet streams waited for the hot one: one record in ten took %s or longer", ninth)
	}
}

// lags are the times from writing to confirmation, in order.
func lags(all []delivery) []time.Duration {
	lags := []time.Duration{}
	for _, d := range all {
		lags = append(lags, d.confirmed.Sub(d.written))
	}
	slices.Sort(lags)
	return lags
}
