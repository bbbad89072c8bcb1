// Package snapshots keeps what people have frozen: what a view of the page
// showed, for after Loki has deleted its lines. All users see all of them; who
// froze one, or an admin, deletes it, and each goes by itself when its time has
// come.
package snapshots

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// The bounds of what is kept.
const (
	titleMax = 200     // characters
	viewMax  = 8000    // bytes
	oneMax   = 8 << 20 // bytes of one snapshot, compressed
	keptMax  = 1000    // snapshots
	daysMax  = 3660
	// contentMax is the most that one snapshot unpacks to, in bytes.
	contentMax = 64 << 20
	// expireEvery is how often those are deleted whose time has come.
	expireEvery = time.Hour
)

// TotalMax is how many bytes all snapshots together have at most, compressed.
const TotalMax = 512 << 20

// Errors of the store.
var (
	// ErrUnknown is for a snapshot that does not exist, or no more.
	ErrUnknown = errors.New("there is no such snapshot: it has expired or was deleted, or the address is mistyped")
	// ErrOthers is for a snapshot of somebody else.
	ErrOthers = errors.New("only who froze a snapshot, or an admin, deletes it")
)

// InputError says why something cannot be kept.
type InputError struct{ message string }

// Error returns the message, for the person who freezes.
func (e *InputError) Error() string { return e.message }

// Snapshot says what is frozen.
type Snapshot struct {
	// ID is a text that cannot be guessed: 130 random bits.
	ID    string
	Title string
	// Path and View are the page's address of what is frozen: a path without a
	// slash in front, and the search part without "?".
	Path, View string
	// Lines of Total are kept; Total is -1 when it is not known.
	Lines, Total int64
	CreatedBy    string
	CreatedAt    time.Time
	// Expires is the zero time for never.
	Expires time.Time
	// Bytes is what it takes on disk.
	Bytes int64
}

// Store keeps snapshots in the state database.
type Store struct {
	DB  *sql.DB
	Now func() time.Time
	// Log has what goes wrong in the background.
	Log *slog.Logger
	// TotalMax bounds all snapshots together, in bytes; 0 stands for the constant.
	TotalMax int64
}

// Add keeps a snapshot for some days, 0 for ever, and returns it as it is kept.
// Its errors for people are InputErrors.
func (s *Store) Add(ctx context.Context, one Snapshot, days int, content []byte) (Snapshot, error) {
	one, packed, err := s.pack(one, days, content)
	if err != nil {
		return one, err
	}
	if err := s.Expire(ctx); err != nil {
		return one, err
	}
	total := s.TotalMax
	if total == 0 {
		total = TotalMax
	}
	// One statement, so that the bounds hold also when two freeze at once.
	result, err := s.DB.ExecContext(ctx, `INSERT INTO snapshots (id, title, path, view, lines, total, created_by, created_at, expires_at, bytes, content)
		SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
		WHERE (SELECT count(*) FROM snapshots) < ? AND (SELECT coalesce(sum(bytes), 0) FROM snapshots) + ? <= ?`,
		one.ID, one.Title, one.Path, one.View, one.Lines, one.Total, one.CreatedBy, one.CreatedAt.Unix(), expiry(one.Expires), one.Bytes, packed,
		keptMax, one.Bytes, total)
	if err != nil {
		return one, fmt.Errorf("keep the snapshot %q: %w", one.Title, err)
	}
	if added, err := result.RowsAffected(); err != nil || added == 0 {
		return one, errors.Join(err, &InputError{fmt.Sprintf("there is no room: at most %d snapshots of %d MiB together are kept; delete some", keptMax, total>>20)})
	}
	return one, nil
}

// pack returns the snapshot as it is kept, or what is wrong with it.
func (s *Store) pack(one Snapshot, days int, content []byte) (Snapshot, []byte, error) {
	one.Title = strings.TrimSpace(one.Title)
	one.View = strings.TrimPrefix(one.View, "?")
	if err := check(one, days, content); err != nil {
		return one, nil, err
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return one, nil, fmt.Errorf("compress a snapshot: %w", err)
	}
	packed := encoder.EncodeAll(content, nil)
	if len(packed) > oneMax {
		return one, nil, &InputError{fmt.Sprintf("it takes more than %d MiB; choose a shorter time or add a filter", oneMax>>20)}
	}
	one.ID, one.Bytes = rand.Text(), int64(len(packed))
	one.CreatedAt = time.Unix(s.Now().Unix(), 0)
	if days > 0 {
		one.Expires = one.CreatedAt.AddDate(0, 0, days)
	}
	return one, packed, nil
}

// paths are the views that can be frozen.
var paths = regexp.MustCompile(`^(lines|story|issues/[1-9]\d{0,17})$`)

// check says what is wrong with what is to be kept.
func check(one Snapshot, days int, content []byte) error {
	_, err := url.ParseQuery(one.View)
	switch {
	case one.Title == "" || utf8.RuneCountInString(one.Title) > titleMax || !utf8.ValidString(one.Title) || strings.ContainsFunc(one.Title, unicode.IsControl):
		return &InputError{fmt.Sprintf("the title of a snapshot has from 1 to %d characters that can be printed", titleMax)}
	case !paths.MatchString(one.Path):
		return &InputError{"a snapshot is of lines, of an issue or of a request's story"}
	case len(one.View) > viewMax || err != nil:
		return &InputError{fmt.Sprintf("the view is no part of an address, or has more than %d bytes", viewMax)}
	case days < 0 || days > daysMax:
		return &InputError{fmt.Sprintf("a snapshot is kept from 1 to %d days, or for ever with 0", daysMax)}
	case len(content) > contentMax:
		return &InputError{fmt.Sprintf("it has more than %d MiB; choose a shorter time or add a filter", contentMax>>20)}
	}
	return nil
}

// columns are those of a Snapshot, in the order of scan.
const columns = "id, title, path, view, lines, total, created_by, created_at, expires_at, bytes"

// All returns what is kept, the newest first.
func (s *Store) All(ctx context.Context) ([]Snapshot, error) {
	rows, err := s.DB.QueryContext(ctx, "SELECT "+columns+" FROM snapshots WHERE expires_at > ? ORDER BY created_at DESC, id", s.Now().Unix())
	if err != nil {
		return nil, fmt.Errorf("read snapshots: %w", err)
	}
	defer rows.Close()
	var list []Snapshot
	for rows.Next() {
		one, err := scan(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read snapshots: %w", err)
		}
		list = append(list, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read snapshots: %w", err)
	}
	return list, nil
}

// Get returns a snapshot and its content.
func (s *Store) Get(ctx context.Context, id string) (Snapshot, []byte, error) {
	var packed []byte
	row := s.DB.QueryRowContext(ctx, "SELECT "+columns+", content FROM snapshots WHERE id = ? AND expires_at > ?", id, s.Now().Unix())
	one, err := scan(row.Scan, &packed)
	if errors.Is(err, sql.ErrNoRows) {
		return one, nil, ErrUnknown
	}
	if err != nil {
		return one, nil, fmt.Errorf("read the snapshot %q: %w", id, err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(contentMax))
	if err != nil {
		return one, nil, fmt.Errorf("unpack a snapshot: %w", err)
	}
	defer decoder.Close()
	content, err := decoder.DecodeAll(packed, nil)
	if err != nil {
		return one, nil, fmt.Errorf("unpack the snapshot %q: %w", id, err)
	}
	return one, content, nil
}

// Delete deletes a snapshot of the user, or any for an admin.
func (s *Store) Delete(ctx context.Context, id, user string, admin bool) error {
	var owner string
	err := s.DB.QueryRowContext(ctx, "SELECT created_by FROM snapshots WHERE id = ?", id).Scan(&owner)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrUnknown
	}
	if err != nil {
		return fmt.Errorf("read the snapshot %q: %w", id, err)
	}
	if owner != user && !admin {
		return ErrOthers
	}
	if _, err := s.DB.ExecContext(ctx, "DELETE FROM snapshots WHERE id = ?", id); err != nil {
		return fmt.Errorf("delete the snapshot %q: %w", id, err)
	}
	return nil
}

// Expire deletes the snapshots whose time has come.
func (s *Store) Expire(ctx context.Context) error {
	if _, err := s.DB.ExecContext(ctx, "DELETE FROM snapshots WHERE expires_at <= ?", s.Now().Unix()); err != nil {
		return fmt.Errorf("delete snapshots whose time has come: %w", err)
	}
	return nil
}

// Run deletes snapshots when their time has come, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(expireEvery)
	defer tick.Stop()
	for {
		if err := s.Expire(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("snapshots", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// never is the time at which those expire that do not, in unix seconds.
const never = 1<<63 - 1

// expiry renders a time, never for the zero time.
func expiry(at time.Time) int64 {
	if at.IsZero() {
		return never
	}
	return at.Unix()
}

// scan reads the columns, and more behind them.
func scan(from func(...any) error, more ...any) (Snapshot, error) {
	var one Snapshot
	var created, expires int64
	into := []any{&one.ID, &one.Title, &one.Path, &one.View, &one.Lines, &one.Total, &one.CreatedBy, &created, &expires, &one.Bytes}
	err := from(append(into, more...)...)
	one.CreatedAt = time.Unix(created, 0)
	if expires != never {
		one.Expires = time.Unix(expires, 0)
	}
	return one, err
}
