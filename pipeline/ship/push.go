package ship

import (
	"context"
	"fmt"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Answer is what Loki said of one entry.
type Answer struct {
	Stored bool
	Reason string // Loki's for refusing it for good
	Err    error  // in Loki's words
}

// Push sends a batch at once, past everything that waits, and returns Loki's
// answer for each of its entries. The error says why the rest has no answer: Loki
// cannot be reached, lets nobody in, or has no room for this stream for now. The
// batch stays the caller's. Run need not run.
func (c *Client) Push(ctx context.Context, b *pipeline.Batch) ([]Answer, error) {
	answers := make([]Answer, b.Len())
	q := &queue{stream: b.Stream, labels: c.labels(b.Stream), todo: []part{{0, b.Len()}}}
	enc, plain := &encoder{}, false
	for len(q.todo) > 0 {
		j := &job{queue: q, batch: b, part: q.todo[len(q.todo)-1], plain: plain}
		out := c.try(ctx, enc, j)
		q.tries++
		switch {
		case out.verdict == refused && out.metadata && !plain:
			plain = true
			continue
		case out.verdict == throttled && q.tries < triesThrottled:
			if err := pause(ctx, max(out.retryAfter, c.backoff(q.tries))); err != nil {
				return answers, err
			}
			continue
		}
		left, ok := answered(answers, j, out)
		if !ok {
			return answers, fmt.Errorf("client %s: %s: %w", c.opts.Name, out.kind, out.err)
		}
		q.tries = 0
		q.todo = append(q.todo[:len(q.todo)-1], left...)
	}
	return answers, nil
}

// answered notes what an outcome says of a job's entries, and returns those that
// have to be sent again. It is false if the outcome says nothing of them.
func answered(answers []Answer, j *job, out outcome) (left []part, ok bool) {
	note := func(p part, a Answer) {
		for i := p.from; i < p.to; i++ {
			answers[i] = a
		}
	}
	no := func(p part) Answer { return Answer{Reason: out.reasonAt(j.time(p.from)), Err: out.err} }
	whole := out.all || j.part.len() == 1
	switch {
	case out.verdict == stored:
		note(j.part, Answer{Stored: true})
	case out.verdict == refused && whole, out.verdict == tooLarge && out.certain && whole:
		note(j.part, no(j.part))
	case out.verdict == refused:
		kept, dropped := split(j.part, func(i int) bool { return out.refuses(j.time(i)) })
		if len(dropped) == 0 {
			return halves(j.part), true
		}
		for _, p := range dropped {
			note(p, no(p))
		}
		return kept, true
	case out.verdict == tooLarge && out.certain, out.verdict == throttled && j.part.len() > 1:
		return halves(j.part), true
	default:
		return nil, false
	}
	return nil, true
}

// pause waits for d, or for the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
