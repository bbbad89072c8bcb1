package notify

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"sync"
	"time"
)

const (
	// deliverEvery is how often it is looked whether something is due.
	deliverEvery = 5 * time.Second
	// expireEvery is how often old messages are deleted.
	expireEvery = time.Hour
	// sendWait bounds one attempt; stopWait what is left of it when the program
	// stops.
	sendWait = 20 * time.Second
	stopWait = 4 * time.Second
)

// deliver sends what is due until ctx ends. Channels do not wait for each other.
func (n *Notifier) deliver(ctx context.Context) error {
	var sending sync.WaitGroup
	defer sending.Wait()
	var expired time.Time
	for {
		n.fault("reading what is to be sent", ignoreEnd(ctx, n.sendDue(ctx, &sending)))
		if now := n.Now(); now.Sub(expired) >= expireEvery {
			expired = now
			n.fault("deleting old notifications", ignoreEnd(ctx, n.expire(ctx)))
		}
		if pause(ctx, deliverEvery, n.wake) != nil {
			return nil
		}
	}
}

// sendDue begins to send to each channel to which nothing is being sent.
func (n *Notifier) sendDue(ctx context.Context, sending *sync.WaitGroup) error {
	all, err := channels(ctx, n.DB, "WHERE enabled = 1 AND id IN (SELECT channel FROM notify_events WHERE message IS NULL UNION SELECT channel FROM notify_messages WHERE state = 'pending')")
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Quiet.At(n.Now()) || !n.begin(c.ID) {
			continue
		}
		sending.Go(func() {
			defer n.end(c.ID)
			n.sendTo(ctx, c)
		})
	}
	return nil
}

// begin notes that a channel is being sent to; false if it already is.
func (n *Notifier) begin(channel int64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.busy[channel] {
		return false
	}
	n.busy[channel] = true
	return true
}

func (n *Notifier) end(channel int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.busy, channel)
}

// sendTo sends the next message of a channel, if one is due.
func (n *Notifier) sendTo(ctx context.Context, c Channel) {
	m, err := n.open(ctx, c)
	if ctx.Err() != nil || err == nil && m == nil {
		return
	}
	if err == nil {
		o := n.attempt(ctx, c, m)
		// What became of it is stored even while the program stops.
		err = cmp.Or(n.settle(context.WithoutCancel(ctx), m, o), o.err)
	}
	n.fault("sending to "+c.Name, err)
}

// attempt sends a message once. When ctx ends it has stopWait to come to an end:
// a receiver that took the message is better known to have it.
func (n *Notifier) attempt(ctx context.Context, c Channel, m *Message) outcome {
	sendCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendWait)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		if pause(sendCtx, stopWait, nil) == nil {
			cancel()
		}
	})
	defer stop()
	if c.Kind == Email {
		return n.post.mail(sendCtx, c, m)
	}
	return n.post.http(sendCtx, c, m)
}

// TestResult is what became of a test message.
type TestResult struct {
	// Error is why it was not taken, Remedy what helps; both are empty if it was.
	Error, Remedy string
	Took          time.Duration
}

// TestChannel sends a test message at once, and notes it with what was sent.
func (n *Notifier) TestChannel(ctx context.Context, actor string, id int64) (TestResult, error) {
	c, err := channel(ctx, n.DB, id)
	if err != nil {
		return TestResult{}, err
	}
	e := Event{Kind: Test, Title: "A test of the channel " + c.Name, Text: "Asked for by " + actor + ". This channel works.", At: n.Now(), Path: "settings/notifications"}
	m := &Message{Channel: id, Key: rand.Text(), Test: true, Created: e.At, Events: []Event{e}, Total: 1}
	start := time.Now()
	o := n.attempt(ctx, c, m)
	took := time.Since(start)
	result := TestResult{Remedy: o.remedy, Took: took}
	state := stateSent
	if o.err != nil {
		result.Error, state = o.err.Error(), stateFailed
	}
	err = n.transact(context.WithoutCancel(ctx), "note the test of "+c.Name, func(tx *sql.Tx) error {
		return n.noteTest(context.WithoutCancel(ctx), tx, m, state, result)
	})
	return result, err
}

// noteTest stores a test message that has ended.
func (n *Notifier) noteTest(ctx context.Context, tx *sql.Tx, m *Message, state string, result TestResult) error {
	created, now := m.Created.UnixNano(), n.Now().UnixNano()
	stored, err := tx.ExecContext(ctx, `INSERT INTO notify_messages (channel, key, test, why, state, created_at, attempts, next_at, ended_at, error, remedy)
		VALUES (?,?,1,'',?,?,1,?,?,?,?)`, m.Channel, m.Key, state, created, now, now, result.Error, result.Remedy)
	if err != nil {
		return err
	}
	if m.ID, err = stored.LastInsertId(); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO notify_events (channel, message, subject, at, event) VALUES (?,?,?,?,?)",
		m.Channel, m.ID, fmt.Sprintf("test %d", m.ID), created, jsonText(m.Events[0]))
	return err
}
