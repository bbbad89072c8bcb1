package faults

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
)

// Sink takes pushes as Loki does, only faster, and counts every record as often
// as it came: unlike Loki it hides no repetition.
type Sink struct {
	URL string
	Tally

	mu        sync.Mutex
	rate      float64   // entries a second, 0: as fast as it can
	free      time.Time // when what was taken at this rate is over
	newest    map[string]time.Time
	backwards time.Duration
	parts     partJoiner
	slowest   time.Duration // from an entry's time to its arrival
}

// NewSink starts a sink that ends with the test.
func NewSink(t testing.TB) *Sink {
	t.Helper()
	s := &Sink{newest: map[string]time.Time{}, parts: partJoiner{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// SetRate bounds how many entries a second the sink takes; 0 is no bound.
func (s *Sink) SetRate(entries float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rate, s.free = entries, time.Now()
}

// Backwards is the furthest that an entry's time lay behind the newest one that
// its stream had before.
func (s *Sink) Backwards() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backwards
}

// Slowest is the longest that an entry took from its own time to its arrival.
func (s *Sink) Slowest() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slowest
}

func (s *Sink) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away: nothing is stored
	}
	request, err := decodePush(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if s.wait(r.Context(), request) != nil {
		return
	}
	s.record(request)
	w.WriteHeader(http.StatusNoContent)
}

// wait holds a request up until its entries are due at the sink's rate.
func (s *Sink) wait(ctx context.Context, request *push.PushRequest) error {
	n := 0
	for _, stream := range request.Streams {
		n += len(stream.Entries)
	}
	s.mu.Lock()
	var left time.Duration
	if s.rate > 0 {
		if now := time.Now(); s.free.Before(now) {
			s.free = now
		}
		s.free = s.free.Add(time.Duration(float64(n) / s.rate * float64(time.Second)))
		left = time.Until(s.free)
	}
	s.mu.Unlock()
	return pause(ctx, left)
}

func (s *Sink) record(request *push.PushRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stream := range request.Streams {
		for _, e := range stream.Entries {
			newest := s.newest[stream.Labels]
			s.backwards = max(s.backwards, newest.Sub(e.Timestamp))
			s.slowest = max(s.slowest, time.Since(e.Timestamp))
			if e.Timestamp.After(newest) {
				s.newest[stream.Labels] = e.Timestamp
			}
			s.parts.add(stream.Labels, e.Line, metadata(e, "part"), metadata(e, "parts"), s.Add)
		}
	}
}

func metadata(e push.Entry, name string) string {
	for _, l := range e.StructuredMetadata {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// decodePush reads the body of a push: protobuf in snappy.
func decodePush(body []byte) (*push.PushRequest, error) {
	plain, err := snappy.Decode(nil, body)
	if err != nil {
		return nil, fmt.Errorf("decode a push of %d bytes: %w", len(body), err)
	}
	var request push.PushRequest
	if err := request.Unmarshal(plain); err != nil {
		return nil, fmt.Errorf("decode a push of %d bytes: %w", len(plain), err)
	}
	return &request, nil
}

// pause waits for d, or until ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
