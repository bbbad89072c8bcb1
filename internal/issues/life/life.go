// Package life makes issues of events and keeps what becomes of them: which
// groups are one issue, its state, what people did with it, its evidence, and
// deploys. All of it is in the state database, in transactions; issues and their
// hashes are in memory as well.
//
//	index ─Take─▶ known hash? ─yes─▶ issue: seen, regressed, linked, evidence
//	                   └─no─▶ another hash of it known? attach : new issue
//
// An event belongs to the issue of its key: merging moves hashes and no event.
//
// Limits: one process writes. Memory is about 300 bytes for each hash; Limits
// bounds their number.
package life

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
	"github.com/tovtech/tovplay-logging/pipeline/grouping/pattern"
)

// State is where an issue is in its life.
type State string

// The states.
const (
	New       State = "new"
	Ongoing   State = "ongoing"
	Resolved  State = "resolved"
	Regressed State = "regressed" // it was resolved and came again
	Snoozed   State = "snoozed"
)

// settled is how long an issue is new or regressed before it is ongoing.
const settled = 7 * 24 * time.Hour

// ErrNoIssue means that there is no issue, or no hash, of that name.
var ErrNoIssue = errors.New("there is no such issue")

// Limits keep the index from exploding when one bug has a billion different
// messages.
type Limits struct {
	// KeysOfIssue is how many keys an issue has at most; further messages that fit
	// it are counted under its first key.
	KeysOfIssue int
	// NewKeys is how many keys of one service are added in an hour, Keys how many
	// there are in total. Events beyond are counted under one issue of the service.
	NewKeys, Keys int
}

// DefaultLimits are enough for some dozens of services.
func DefaultLimits() Limits { return Limits{KeysOfIssue: 1000, NewKeys: 1000, Keys: 200_000} }

// Config is what a Tracker needs.
type Config struct {
	// DB is the state database.
	DB *sql.DB
	// Events are the indexed events, for counts.
	Events issues.Reader
	// Grouper explains events of unknown keys.
	Grouper *grouping.Grouper
	Limits  Limits
	Now     func() time.Time
}

// Tracker keeps issues. It is safe for concurrent use.
type Tracker struct {
	Config

	mu     sync.RWMutex
	issues map[int64]*issue
	keys   map[issues.Key]*hash
	others map[string]*hash // hashes that no event is stored under
	// loaded is false when memory may differ from the database.
	loaded bool
	// added counts the keys that were added in the hour addedIn, by service.
	added   map[string]int
	addedIn time.Time
	recent  map[failure][]sighting
	linked  map[[2]int64]bool // the pairs of linked issues, the lower number first
	tree    *pattern.Tree
	learned bool // the tree has changed since it was saved
	spikeAt time.Time
	result  grouping.Result
	seq     int64         // of the newest change
	changed chan struct{} // closed at the next change
}

// issue is an issue in memory.
type issue struct {
	Issue
	merged   bool // into another one
	snooze   Snooze
	keys     []*hash
	evidence shown
}

// hash is a hash of an issue.
type hash struct {
	text        string
	key         issues.Key // 0 for those that no event is stored under
	issue       *issue
	first, last int64
	// firstSaved and saved are first and last as they are in the database.
	firstSaved, saved int64
}

// Issue is what lists show of an issue.
type Issue struct {
	ID int64
	// Title is one line for people; Type and Culprit may be empty. Kind is message,
	// exception or server.
	Title, Type, Culprit, Kind string
	// Service, Env and Level are those of its first event.
	Service, Env, Level string
	State               State
	// Since is when it got its state.
	Since time.Time
	// FirstSeen and LastSeen are the times of its first and last event.
	FirstSeen, LastSeen time.Time
	Assignee            string
	// Spiking is since when it is far more frequent than usual; zero if it is not.
	Spiking time.Time
	// Hashes is how many keys it has.
	Hashes int
	// Cut is how many events were counted here because there are too many
	// different ones; 0 if nothing was cut.
	Cut int64
}

// Open reads the issues of the database.
func Open(ctx context.Context, config Config) (*Tracker, error) {
	t := &Tracker{Config: config, added: map[string]int{}, changed: make(chan struct{})}
	if err := t.load(ctx); err != nil {
		return nil, err
	}
	return t, t.loadTree(ctx)
}

// load reads memory anew.
func (t *Tracker) load(ctx context.Context) error {
	t.loaded = false
	t.issues, t.keys, t.others = map[int64]*issue{}, map[issues.Key]*hash{}, map[string]*hash{}
	t.recent, t.linked = map[failure][]sighting{}, map[[2]int64]bool{}
	for _, read := range []func(context.Context) error{t.loadIssues, t.loadHashes, t.loadEvidence, t.loadLinks} {
		if err := read(ctx); err != nil {
			return fmt.Errorf("read the issues: %w", err)
		}
	}
	if err := t.DB.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM issue_history").Scan(&t.seq); err != nil {
		return fmt.Errorf("read the issues: %w", err)
	}
	t.loaded = true
	return nil
}

func (t *Tracker) loadIssues(ctx context.Context) error {
	const query = `SELECT id, title, type, culprit, kind, service, env, level, state, since, assignee, merged_into IS NOT NULL,
		snooze_until, snooze_events, snooze_rate, spiking_since, cut FROM issues`
	return each(ctx, t.DB, query, func(scan scanner) error {
		var i issue
		var since, until, spiking int64
		err := scan(&i.ID, &i.Title, &i.Type, &i.Culprit, &i.Kind, &i.Service, &i.Env, &i.Level, &i.State, &since, &i.Assignee, &i.merged,
			&until, &i.snooze.Events, &i.snooze.rate, &spiking, &i.Cut)
		i.Since, i.snooze.Until, i.Spiking = timeOf(since), timeOf(until), timeOf(spiking)
		t.issues[i.ID] = &i
		return err
	})
}

func (t *Tracker) loadHashes(ctx context.Context) error {
	return each(ctx, t.DB, "SELECT hash, issue, first, last FROM issue_hashes ORDER BY added_at, hash", func(scan scanner) error {
		var h hash
		var id int64
		if err := scan(&h.text, &id, &h.first, &h.last); err != nil {
			return err
		}
		h.firstSaved, h.saved = h.first, h.last
		t.know(&h, t.issues[id])
		return nil
	})
}

func (t *Tracker) loadLinks(ctx context.Context) error {
	return each(ctx, t.DB, "SELECT a, b FROM issue_links", func(scan scanner) error {
		var pair [2]int64
		err := scan(&pair[0], &pair[1])
		t.linked[pair] = true
		return err
	})
}

// know enters a hash of an issue into memory.
func (t *Tracker) know(h *hash, i *issue) {
	h.issue = i
	if h.key = keyOf(h.text); h.key == 0 {
		t.others[h.text] = h
		return
	}
	t.keys[h.key] = h
	i.keys = append(i.keys, h)
	i.Hashes = len(i.keys)
	i.saw(h.first)
	i.saw(h.last)
}

// saw widens the time in which the issue was seen.
func (i *issue) saw(ns int64) {
	at := timeOf(ns)
	if at.IsZero() {
		return
	}
	if i.FirstSeen.IsZero() || at.Before(i.FirstSeen) {
		i.FirstSeen = at
	}
	if at.After(i.LastSeen) {
		i.LastSeen = at
	}
}

// keyOf returns the key of events of which text is the name, 0 if it is of
// another kind. Keys of other versions of the grouping are keys as well: events
// are stored under them.
func keyOf(text string) issues.Key {
	version, digits, found := strings.Cut(text, ":")
	if !found || len(digits) != 16 || version == "" || version[0] != 'v' {
		return 0
	}
	if _, err := strconv.Atoi(version[1:]); err != nil {
		return 0
	}
	n, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return 0
	}
	return issues.Key(n)
}

// write runs fn in a transaction. When it fails, nothing of it is kept, in
// memory neither. Who waits for changes is woken afterwards.
func (t *Tracker) write(ctx context.Context, what string, fn func(*tx) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.loaded {
		if err := t.load(ctx); err != nil {
			return err
		}
	}
	before := t.seq
	x := &tx{ctx: ctx, t: t}
	if err := x.transact(fn); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", what, err), t.load(context.WithoutCancel(ctx)))
	}
	if x.moved {
		if err := t.load(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
	if t.seq != before {
		close(t.changed)
		t.changed = make(chan struct{})
	}
	return nil
}

// tx is a transaction of the Tracker, which is locked.
type tx struct {
	*sql.Tx
	ctx context.Context
	t   *Tracker
	// moved means that hashes belong to other issues afterwards: memory is read
	// anew.
	moved bool
}

func (x *tx) transact(fn func(*tx) error) (err error) {
	if x.Tx, err = x.t.DB.BeginTx(x.ctx, nil); err != nil {
		return err
	}
	defer x.Rollback() // no effect after Commit
	if err := fn(x); err != nil {
		return err
	}
	return x.Commit()
}

func (x *tx) exec(query string, args ...any) error {
	_, err := x.ExecContext(x.ctx, query, args...)
	return err
}

// note adds a line to the history of an issue.
func (x *tx) note(id int64, actor string, kind Kind, detail any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	result, err := x.ExecContext(x.ctx, "INSERT INTO issue_history (issue, at, actor, kind, detail) VALUES (?,?,?,?,?)",
		id, x.t.Now().UnixNano(), actor, kind, string(text))
	if err != nil {
		return err
	}
	x.t.seq, err = result.LastInsertId()
	return err
}

// setState moves an issue to a state and ends its snooze.
func (x *tx) setState(i *issue, state State) error {
	i.State, i.Since, i.snooze = state, x.t.Now(), Snooze{}
	return x.exec("UPDATE issues SET state = ?, since = ?, snooze_until = 0, snooze_events = 0, snooze_rate = 0 WHERE id = ?", state, i.Since.UnixNano(), i.ID)
}

// Value returns what SetValue stored under a name, nil for nothing.
func (t *Tracker) Value(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := t.DB.QueryRowContext(ctx, "SELECT value FROM index_state WHERE name = ?", name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read %s of the index: %w", name, err)
	}
	return value, nil
}

// SetValue stores a value of the indexer.
func (t *Tracker) SetValue(ctx context.Context, name string, value []byte) error {
	const query = "INSERT INTO index_state (name, value) VALUES (?,?) ON CONFLICT DO UPDATE SET value = excluded.value"
	if _, err := t.DB.ExecContext(ctx, query, name, value); err != nil {
		return fmt.Errorf("store %s of the index: %w", name, err)
	}
	return nil
}

// scanner reads the values of one row.
type scanner func(dest ...any) error

// each calls fn for each row of an answer.
func each(ctx context.Context, db *sql.DB, query string, fn func(scanner) error, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// timeOf returns unix nanoseconds as a time, zero for 0.
func timeOf(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}
