package dockerapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// View is what is known of an engine. It is not changed after it was given out.
type View struct {
	// Listed: there was a list. Until then nothing else but Err means anything.
	Listed     bool
	Containers []Found
	Networks   map[string]Network // by id
	// Err is why there is no newer view, nil if there is nothing wrong.
	Err error
}

// Found is a container with its details.
type Found struct {
	Container
	Details
}

// Running reports whether the container may write now.
func (f *Found) Running() bool { return f.Container.State != "exited" && f.Container.State != "dead" }

// WatchOptions are what a Watcher is made with.
type WatchOptions struct {
	Client  *Client
	Filters map[string][]string
	Refresh time.Duration // between lists without an event
	// Changed is told of each new view (nil).
	Changed func()
	// RetryMin and RetryMax bound the wait after an error; it doubles. 0 are a
	// quarter of a second and half a minute.
	RetryMin, RetryMax time.Duration
}

// Watcher keeps the view of one engine. Run has to be running.
type Watcher struct {
	opts  WatchOptions
	known map[string]inspected // by container id
	first chan struct{}        // closed with the first view

	mu   sync.Mutex
	view View
}

// inspected are the details of a container as of a state.
type inspected struct {
	state string
	Details
}

// pause lets events come together that one list answers.
const pause = 50 * time.Millisecond

// NewWatcher returns a watcher that does nothing before Run.
func NewWatcher(opts WatchOptions) *Watcher {
	if opts.Changed == nil {
		opts.Changed = func() {}
	}
	if opts.RetryMin == 0 {
		opts.RetryMin = 250 * time.Millisecond
	}
	if opts.RetryMax == 0 {
		opts.RetryMax = 30 * time.Second
	}
	return &Watcher{opts: opts, known: map[string]inspected{}, first: make(chan struct{})}
}

// Client is the engine's client.
func (w *Watcher) Client() *Client { return w.opts.Client }

// View is the newest view. After an error it has the containers of the one
// before.
func (w *Watcher) View() View {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.view
}

// Looked is closed when there was a list, or an error.
func (w *Watcher) Looked() <-chan struct{} { return w.first }

// Run keeps the view until ctx is done. Nothing that it started is left when it
// returns.
func (w *Watcher) Run(ctx context.Context) error {
	wait := w.opts.RetryMin
	for ctx.Err() == nil {
		listed, err := w.follow(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			w.fail(err)
		}
		if listed {
			wait = w.opts.RetryMin
		}
		sleep(ctx, wait)
		wait = min(2*wait, w.opts.RetryMax)
	}
	return nil
}

// follow lists the containers, and again after each event, until an error or the
// end of the events; that is no error. Events are asked for first, so that none
// falls between.
func (w *Watcher) follow(ctx context.Context) (listed bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	events := newEvents()
	stream, err := w.opts.Client.Events(ctx)
	switch {
	case isForbidden(err): // a proxy may; then there is the refresh interval
	case err != nil:
		return false, err
	default:
		defer stream.Close()
		reading.Go(func() { events.read(stream) })
	}
	for {
		if err := w.list(ctx); err != nil {
			return listed, err
		}
		listed = true
		if over := events.wait(ctx, w.opts.Refresh); over {
			return true, nil
		}
	}
}

// events tells that something happened.
type events struct {
	started chan struct{} // holds a token after a container was started
	changed chan struct{} // and after anything else
	ended   chan struct{} // closed at the end of the stream
}

func newEvents() *events {
	return &events{started: make(chan struct{}, 1), changed: make(chan struct{}, 1), ended: make(chan struct{})}
}

func (e *events) read(stream io.Reader) {
	defer close(e.ended)
	dec := json.NewDecoder(stream)
	for {
		var event struct{ Action string }
		if dec.Decode(&event) != nil {
			return
		}
		token := e.changed
		if event.Action == "start" {
			token = e.started
		}
		select {
		case token <- struct{}{}:
		default:
		}
	}
}

// wait waits until another list is due, and reports whether there is to be none.
// A container that was started may be gone in a moment; everything else waits,
// so that one list answers many events.
func (e *events) wait(ctx context.Context, refresh time.Duration) (over bool) {
	timer := time.NewTimer(refresh)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return true
	case <-e.ended:
		return true
	case <-e.started:
		return false
	case <-timer.C:
		return false
	case <-e.changed:
	}
	timer.Reset(pause)
	select {
	case <-ctx.Done():
		return true
	case <-e.started:
	case <-timer.C:
	}
	return false
}

func isForbidden(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == http.StatusForbidden
}

// list makes a new view.
func (w *Watcher) list(ctx context.Context) error {
	containers, err := w.opts.Client.Containers(ctx, w.opts.Filters)
	if err != nil {
		return err
	}
	networks, err := w.networksOf(ctx, containers)
	if err != nil {
		return err
	}
	view := View{Listed: true, Networks: networks}
	known := map[string]inspected{}
	for _, c := range containers {
		details, ok := w.known[c.ID]
		if !ok || details.state != c.State {
			details.state = c.State
			details.Details, err = w.opts.Client.Inspect(ctx, c.ID)
			if IsNotFound(err) { // removed since the list
				continue
			}
			if err != nil {
				return err
			}
		}
		known[c.ID] = details
		view.Containers = append(view.Containers, Found{c, details.Details})
	}
	w.known = known
	w.set(view)
	return nil
}

// networksOf returns networks by id. They are listed when a container is in one
// that is not known.
func (w *Watcher) networksOf(ctx context.Context, containers []Container) (map[string]Network, error) {
	known := w.View().Networks
	isKnown := func(e *Endpoint) bool {
		_, ok := known[e.NetworkID]
		return ok || e.NetworkID == ""
	}
	for _, c := range containers {
		for _, e := range c.NetworkSettings.Networks {
			if e == nil || isKnown(e) {
				continue
			}
			list, err := w.opts.Client.Networks(ctx)
			if err != nil {
				return nil, err
			}
			known = map[string]Network{}
			for _, n := range list {
				known[n.ID] = n
			}
			return known, nil
		}
	}
	return known, nil
}

// fail notes why there is no newer view.
func (w *Watcher) fail(err error) {
	view := w.View()
	view.Err = err
	w.set(view)
}

func (w *Watcher) set(view View) {
	w.mu.Lock()
	isFirst := !w.view.Listed && w.view.Err == nil
	w.view = view
	w.mu.Unlock()
	if isFirst {
		close(w.first)
	}
	w.opts.Changed()
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
