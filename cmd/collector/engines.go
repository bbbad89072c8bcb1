package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/discover"
	"github.com/tovtech/tovplay-logging/pipeline/dockerapi"
	"github.com/tovtech/tovplay-logging/pipeline/source/docker"
)

// engines are the Docker engines of all docker_sd_configs. A configuration is
// known by its fingerprint, so that one that is reloaded and equal goes on.
type engines struct {
	changed chan struct{} // holds a token when an engine's view has changed

	entries, corrupt prometheus.Counter

	mu       sync.Mutex
	watchers map[string]*dockerapi.Watcher // by fingerprint
	stops    map[string]context.CancelFunc // of those that run
	running  sync.WaitGroup
	ctx      context.Context // of run, nil before it
}

func newEngines() *engines {
	return &engines{
		watchers: map[string]*dockerapi.Watcher{}, stops: map[string]context.CancelFunc{},
		changed: make(chan struct{}, 1),
		entries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "promtail_docker_target_entries_total", Help: "Lines that were read of containers of docker_sd_configs.",
		}),
		corrupt: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "promtail_docker_target_parsing_errors_total", Help: "Records of logs of containers that are none, and were left out.",
		}),
	}
}

// plan returns the watchers of a configuration: those that there are, and new
// ones. Nothing is changed by it.
func (e *engines) plan(cfg *config.Config) (map[string]*dockerapi.Watcher, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := map[string]*dockerapi.Watcher{}
	var errs []error
	for i := range cfg.ScrapeConfigs {
		for j := range cfg.ScrapeConfigs[i].DockerSDConfigs {
			sd := &cfg.ScrapeConfigs[i].DockerSDConfigs[j]
			key := config.Fingerprint(*sd)
			w := e.watchers[key]
			if w == nil {
				var err error
				if w, err = e.newWatcher(sd); err != nil {
					errs = append(errs, fmt.Errorf("%s: docker_sd_configs: %w", sd.Pos, err))
				}
			}
			next[key] = w
		}
	}
	return next, errors.Join(errs...)
}

// change puts what plan returned in the place of the watchers that there are.
func (e *engines) change(next map[string]*dockerapi.Watcher) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, stop := range e.stops {
		if next[key] == nil {
			stop()
			delete(e.stops, key)
		}
	}
	e.watchers = next
	e.startLocked()
}

// startLocked runs the watchers that do not run yet.
func (e *engines) startLocked() {
	if e.ctx == nil || e.ctx.Err() != nil {
		return
	}
	for key, w := range e.watchers {
		if e.stops[key] == nil {
			var ctx context.Context
			ctx, e.stops[key] = context.WithCancel(e.ctx)
			e.running.Go(func() { w.Run(ctx) })
		}
	}
}

// run watches all engines until ctx is done.
func (e *engines) run(ctx context.Context) {
	e.mu.Lock()
	e.ctx = ctx
	e.startLocked()
	e.mu.Unlock()
	<-ctx.Done()
	e.mu.Lock() // from now on none is started
	defer e.mu.Unlock()
	e.running.Wait()
}

// of returns the watcher of a configuration, nil if it is not watched.
func (e *engines) of(sd *config.DockerSD) *dockerapi.Watcher {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.watchers[config.Fingerprint(*sd)]
}

// seen is of as discovery has it.
func (e *engines) seen(sd *config.DockerSD) discover.Engine {
	if w := e.of(sd); w != nil {
		return w
	}
	return nil
}

func (e *engines) newWatcher(sd *config.DockerSD) (*dockerapi.Watcher, error) {
	opts := dockerapi.Options{Host: sd.Host, FollowRedirects: sd.FollowRedirects}
	if sd.IsHTTP() {
		transport, err := newTransport(&sd.HTTPClient)
		if err != nil {
			return nil, err
		}
		address, err := config.NewURL(sd.Host)
		if err != nil {
			return nil, err
		}
		opts.Transport, opts.Authorize = transport, authorizer(&config.Client{URL: address, HTTPClient: sd.HTTPClient})
	}
	client, err := dockerapi.New(opts)
	if err != nil {
		return nil, err
	}
	filters := map[string][]string{}
	for _, f := range sd.Filters {
		filters[f.Name] = append(filters[f.Name], f.Values...)
	}
	return dockerapi.NewWatcher(dockerapi.WatchOptions{
		Client: client, Filters: filters, Refresh: sd.RefreshInterval.Std(),
		Changed: func() {
			select {
			case e.changed <- struct{}{}:
			default:
			}
		},
	}), nil
}

// look waits for a first answer of each engine, and watches them no longer.
func (e *engines) look() {
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { e.run(ctx) })
	e.waitLooked(ctx)
	cancel()
	watching.Wait()
}

// waitLooked waits for a first answer of each engine, but not for long.
func (e *engines) waitLooked(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	e.mu.Lock()
	watchers := slices.Collect(maps.Values(e.watchers))
	e.mu.Unlock()
	for _, w := range watchers {
		select {
		case <-ctx.Done():
		case <-w.Looked():
		}
	}
}

// Describe implements prometheus.Collector.
func (e *engines) Describe(ch chan<- *prometheus.Desc) {
	e.entries.Describe(ch)
	e.corrupt.Describe(ch)
}

// Collect implements prometheus.Collector.
func (e *engines) Collect(ch chan<- prometheus.Metric) {
	e.entries.Collect(ch)
	e.corrupt.Collect(ch)
}

// corruptRecord returns what is called for each record of a container's log that
// is none. It is said once for a container.
func (m *manager) corruptRecord(t discover.Target) func() {
	var once sync.Once
	return func() {
		m.engines.corrupt.Inc()
		once.Do(func() {
			m.log.Warn("a record of a container's log is damaged and was left out; more are counted in promtail_docker_target_parsing_errors_total",
				"job", t.Job, "path", t.Path)
		})
	}
}

var _ measured = (*docker.Source)(nil)

// dockerSource returns the source of a container's log that is read by the API.
func (m *manager) dockerSource(t discover.Target) (*docker.Source, error) {
	places := m.places(t)
	found := &t.Container.Found
	finished := found.Details.State.FinishedAt
	switch {
	case len(places) > 0:
	case t.Config.StartAtEnd && m.isFirst && !m.synced:
		places = []pipeline.Place{{Cursor: docker.After(time.Now()).String()}}
	case t.IgnoreOlder > 0 && !found.Running() && time.Since(finished) > t.IgnoreOlder:
		places = []pipeline.Place{{Cursor: docker.After(finished).String()}}
	}
	watcher := m.engines.of(t.Container.SD)
	if watcher == nil {
		return nil, fmt.Errorf("the engine %s is not watched any more", t.Container.SD.Host)
	}
	return docker.New(places, docker.Options{
		Engine: watcher.Client(), ID: t.Container.ID,
		TTY: found.Details.Config.Tty, Coarse: found.Details.HostConfig.LogConfig.Type == "journald", Running: found.Running(),
		Missing: func(last, next time.Time) {
			m.log.Error("the record of a container's log that was read last is gone; records behind it may be lost",
				"job", t.Job, "path", t.Path, "last", last.UTC(), "next", next.UTC(), "remedy", "let Docker keep more: log-opts max-size and max-file")
		},
		Gone: dockerapi.IsNotFound, Refused: dockerapi.IsAnswer, Corrupt: m.corruptRecord(t),
	})
}

// notice tells the source of a target what discovery found now.
func (o *opened) notice(now *discover.Target) {
	if d, ok := o.source.(*docker.Source); ok && now.Container != nil {
		d.Notice(now.Container.Found.Running())
	}
}

// fittingPlaces are saved places of a container in the form that its source
// reads: one that was read by the API may be read from disk now, and the reverse.
func (m *manager) fittingPlaces(t discover.Target, saved []pipeline.Place) []pipeline.Place {
	switch {
	case t.Container == nil:
		return saved
	case t.Kind == discover.File && saved[0].Cursor != "":
		at, err := docker.ParseCursor(saved[0].Cursor)
		if err != nil {
			return nil
		}
		places := placesAt(t.Path, at, m.log)
		if len(places) > 0 {
			places[0].Mark = saved[0].Mark
		}
		return places
	case t.Kind == discover.Docker && saved[0].Cursor == "":
		at, ok := cursorBefore(saved[0])
		if !ok {
			return nil
		}
		return []pipeline.Place{{Cursor: at.String(), Mark: saved[0].Mark}}
	}
	return saved
}

// cursorBefore is the place behind the last record before a place in a json-file
// log: the time stands at the record's end.
func cursorBefore(p pipeline.Place) (docker.Cursor, bool) {
	_, text, found := bytes.Cut(p.Before, []byte(`"time":"`))
	text, _, ended := bytes.Cut(text, []byte(`"`))
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if !found || !ended || err != nil {
		return docker.Cursor{}, false
	}
	return docker.After(t), true
}
