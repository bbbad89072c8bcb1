package health

import (
	"context"
	"sync"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/semaphore"
)

// logsFresh is how long a number that Loki counted serves: it read lines for it.
const logsFresh = time.Minute

// errLogs is why a query of lines was not asked.
const errLogs = unknown("the dashboard has no Loki to ask")

// logCache asks Loki, a few queries at once, and keeps the answers for a while.
type logCache struct {
	config Config
	slots  *semaphore.Weighted

	mu    sync.Mutex
	known map[string]logAnswer
}

type logAnswer struct {
	at     time.Time
	vector model.Vector
}

func newLogCache(config Config) *logCache {
	return &logCache{config: config, slots: semaphore.NewWeighted(logQueriesAtOnce), known: map[string]logAnswer{}}
}

// now evaluates a query at the present. A failure is not kept.
func (l *logCache) now(ctx context.Context, query string) (model.Vector, error) {
	at := l.config.Now()
	l.mu.Lock()
	answer, ok := l.known[query]
	l.mu.Unlock()
	if ok && at.Sub(answer.at) < logsFresh {
		return answer.vector, nil
	}
	matrix, err := l.ranged(ctx, query, v1.Range{Start: at, End: at, Step: time.Minute})
	if err != nil {
		return nil, err
	}
	vector := model.Vector{}
	for _, stream := range matrix {
		for _, pair := range stream.Values {
			vector = append(vector, &model.Sample{Metric: stream.Metric, Value: pair.Value, Timestamp: pair.Timestamp})
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[query] = logAnswer{at, vector}
	return vector, nil
}

// ranged evaluates a query over a range.
func (l *logCache) ranged(ctx context.Context, query string, r v1.Range) (model.Matrix, error) {
	if l.config.Logs == nil {
		return nil, errLogs
	}
	if err := l.slots.Acquire(ctx, 1); err != nil {
		return nil, unknown("Loki did not answer the queries before this one in time; check that it is not overloaded")
	}
	defer l.slots.Release(1)
	matrix, err := l.config.Logs(ctx, query, r)
	if err != nil {
		return nil, unknown("Loki did not answer the query: " + explain(err))
	}
	return matrix, nil
}
