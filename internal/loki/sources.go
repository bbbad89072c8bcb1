package loki

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Source is one origin of lines and when it was last heard.
type Source struct {
	Service, Env, Host string
	// LastSeen is the time of its newest line, to sourceStep; zero when it has
	// none within sourcesKnown.
	LastSeen time.Time
	// LinesPerSecond is the mean of the last sourceRate.
	LinesPerSecond float64
}

const (
	// sourceStep is the precision of LastSeen for a source that is not silent.
	sourceStep = 10 * time.Second
	// sourceWindow is how far back lines are counted; a source without a line
	// in it is silent.
	sourceWindow = 10 * time.Minute
	// sourceRate is the time that LinesPerSecond is the mean of.
	sourceRate = 5 * time.Minute
	// sourcesKnown is how long a silent source is remembered.
	sourcesKnown = 24 * time.Hour
	// silentMax is how many silent sources are looked at one by one.
	silentMax = 20
	// silentEvery is the time between two looks at one silent source.
	silentEvery = 2 * time.Minute
)

// sourceKey is what makes a source.
type sourceKey struct{ service, env, host string }

// Sources finds when each source was last heard. It is cheap enough to be
// called several times a minute: counts over the last ten minutes, the index
// for the rest, and for silent sources one line each, every two minutes.
type Sources struct {
	client *Client

	mu     sync.Mutex
	silent map[sourceKey]silence
}

// silence is the last line of a silent source, and when it was looked for.
type silence struct{ last, looked time.Time }

// NewSources returns Sources of the Loki of client.
func NewSources(client *Client) *Sources {
	return &Sources{client: client, silent: map[sourceKey]silence{}}
}

// At returns the sources as they are at now, by service, environment, host.
func (s *Sources) At(ctx context.Context, now time.Time) ([]Source, error) {
	heard, err := s.heard(ctx, now)
	if err != nil {
		return nil, err
	}
	streams, err := s.client.Series(ctx, "{"+string(s.client.config.Selector)+"}", now.Add(-sourcesKnown), now)
	if err != nil {
		return nil, err
	}
	for _, labels := range streams {
		key := keyOf(labels)
		if _, ok := heard[key]; !ok {
			heard[key] = Source{Service: key.service, Env: key.env, Host: key.host}
		}
	}
	s.findSilent(ctx, now, heard)
	list := make([]Source, 0, len(heard))
	for _, source := range heard {
		list = append(list, source)
	}
	slices.SortFunc(list, func(a, b Source) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Env, b.Env), strings.Compare(a.Host, b.Host))
	})
	return list, nil
}

// heard returns the sources that had lines within sourceWindow.
func (s *Sources) heard(ctx context.Context, now time.Time) (map[sourceKey]Source, error) {
	counts, err := s.client.Counts(ctx, CountQuery{
		Query: "{" + string(s.client.config.Selector) + "}", By: []string{"service", "env", "host"},
		Start: now.Add(-sourceWindow).Truncate(sourceStep), End: now, Step: sourceStep,
	})
	if err != nil {
		return nil, err
	}
	sources := make(map[sourceKey]Source, len(counts.Series))
	for _, series := range counts.Series {
		key := keyOf(series.Labels)
		source := Source{Service: key.service, Env: key.env, Host: key.host}
		for _, p := range series.Points {
			source.LastSeen = earlier(p.Time.Add(sourceStep), now)
			if !p.Time.Before(now.Add(-sourceRate)) {
				source.LinesPerSecond += p.Value / sourceRate.Seconds()
			}
		}
		if len(series.Points) > 0 {
			sources[key] = source
		}
	}
	return sources, nil
}

// findSilent fills in the last line of sources that were not heard. It asks for
// at most silentMax of them and leaves the others as they are; a failed look is
// repeated the next time.
func (s *Sources) findSilent(ctx context.Context, now time.Time, sources map[sourceKey]Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := 0
	for key, source := range sources {
		if !source.LastSeen.IsZero() {
			delete(s.silent, key)
			continue
		}
		known, ok := s.silent[key]
		if (!ok || now.Sub(known.looked) >= silentEvery) && asked < silentMax {
			asked++
			if last, err := s.lastLine(ctx, key, now); err == nil {
				known = silence{last, now}
				s.silent[key] = known
			}
		}
		source.LastSeen = known.last
		sources[key] = source
	}
	for key := range s.silent {
		if _, ok := sources[key]; !ok {
			delete(s.silent, key)
		}
	}
}

// lastLine returns the time of the newest line of a source; zero for none.
func (s *Sources) lastLine(ctx context.Context, key sourceKey, now time.Time) (time.Time, error) {
	selection := Selection{Matches: []Match{
		{Label: "service", Any: []string{key.service}},
		{Label: "env", Any: []string{key.env}},
		{Label: "host", Any: []string{key.host}},
	}}
	got, err := s.client.logs(ctx, selection.LogQL(s.client.config.Selector), now.Add(-sourcesKnown).UnixNano(), now.UnixNano(), 1, Backward)
	if err != nil || len(got.entries) == 0 {
		return time.Time{}, err
	}
	return time.Unix(0, got.entries[0].TS), nil
}

func keyOf(labels map[string]string) sourceKey {
	return sourceKey{labels["service"], labels["env"], labels["host"]}
}

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
