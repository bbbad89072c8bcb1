// Package searches keeps the searches that people save. All users see all of
// them; who saved one, or an admin, deletes it.
package searches

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds of what is kept, in characters, bytes and searches.
const (
	nameMax = 80
	viewMax = 4000
	keptMax = 300
)

// Errors of the store.
var (
	// ErrUnknown is for a search that does not exist.
	ErrUnknown = errors.New("there is no such search")
	// ErrOthers is for a search of somebody else.
	ErrOthers = errors.New("only who saved a search, or an admin, deletes it")
)

// UsedError is for a search that rules of notifications have.
type UsedError struct {
	// Rules are their names.
	Rules []string
}

// Error names the rules, for the person who deletes.
func (e *UsedError) Error() string {
	return "the search is used by the notification rules " + strings.Join(e.Rules, ", ") + ": change these first"
}

// InputError says what is wrong with a search that is to be saved.
type InputError struct{ message string }

// Error returns the message, for the person who saves.
func (e *InputError) Error() string { return e.message }

// Search is a saved search.
type Search struct {
	ID   int64
	Name string
	// Path is the page's view that it is of: lines or issues.
	Path string
	// View is the search part of the page's address, without "?".
	View      string
	CreatedBy string
	CreatedAt time.Time
}

// Store keeps searches in the state database.
type Store struct {
	DB  *sql.DB
	Now func() time.Time
}

// All returns all searches by their names.
func (s *Store) All(ctx context.Context) ([]Search, error) {
	rows, err := s.DB.QueryContext(ctx, `SELECT id, name, path, view, created_by, created_at FROM saved_searches ORDER BY name COLLATE NOCASE`)
	if err != nil {
		return nil, fmt.Errorf("read saved searches: %w", err)
	}
	defer rows.Close()
	var list []Search
	for rows.Next() {
		var one Search
		var at int64
		if err := rows.Scan(&one.ID, &one.Name, &one.Path, &one.View, &one.CreatedBy, &at); err != nil {
			return nil, fmt.Errorf("read saved searches: %w", err)
		}
		one.CreatedAt = time.Unix(at, 0)
		list = append(list, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read saved searches: %w", err)
	}
	return list, nil
}

// Add saves a search under a name that no other has and returns it as it is
// kept. Its errors for people are InputErrors.
func (s *Store) Add(ctx context.Context, one Search) (Search, error) {
	one, err := checked(one)
	if err != nil {
		return one, err
	}
	one.CreatedAt = time.Unix(s.Now().Unix(), 0)
	// One statement, so that neither name nor number can be exceeded by two at once.
	result, err := s.DB.ExecContext(ctx, `INSERT INTO saved_searches (name, path, view, created_by, created_at)
		SELECT ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM saved_searches) < ?
		ON CONFLICT (name) DO NOTHING`, one.Name, one.Path, one.View, one.CreatedBy, one.CreatedAt.Unix(), keptMax)
	if err != nil {
		return one, fmt.Errorf("save the search %q: %w", one.Name, err)
	}
	added, err := result.RowsAffected()
	if err != nil {
		return one, fmt.Errorf("save the search %q: %w", one.Name, err)
	}
	if added == 0 {
		return one, s.refused(ctx, one.Name)
	}
	if one.ID, err = result.LastInsertId(); err != nil {
		return one, fmt.Errorf("save the search %q: %w", one.Name, err)
	}
	return one, nil
}

// refused says why a search with that name was not saved.
func (s *Store) refused(ctx context.Context, name string) error {
	var taken bool
	err := s.DB.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM saved_searches WHERE name = ?)`, name).Scan(&taken)
	switch {
	case err != nil:
		return fmt.Errorf("look for the search %q: %w", name, err)
	case taken:
		return &InputError{fmt.Sprintf("a search is called %q already: choose another name", name)}
	}
	return &InputError{fmt.Sprintf("there are %d saved searches, as many as are kept: delete one first", keptMax)}
}

// checked returns the search as it is kept, or what is wrong with it.
func checked(one Search) (Search, error) {
	one.Name = strings.TrimSpace(one.Name)
	one.View = strings.TrimPrefix(one.View, "?")
	_, err := url.ParseQuery(one.View)
	switch {
	case one.Name == "" || utf8.RuneCountInString(one.Name) > nameMax || !utf8.ValidString(one.Name) || strings.ContainsFunc(one.Name, unicode.IsControl):
		return one, &InputError{fmt.Sprintf("the name of a search has from 1 to %d characters that can be printed", nameMax)}
	case one.Path != "lines" && one.Path != "issues":
		return one, &InputError{"a search is of lines or of issues"}
	case len(one.View) > viewMax || err != nil:
		return one, &InputError{fmt.Sprintf("the search is no part of an address, or has more than %d bytes", viewMax)}
	}
	return one, nil
}

// One returns a search, or ErrUnknown.
func (s *Store) One(ctx context.Context, id int64) (Search, error) {
	all, err := s.All(ctx)
	if err != nil {
		return Search{}, err
	}
	for _, one := range all {
		if one.ID == id {
			return one, nil
		}
	}
	return Search{}, fmt.Errorf("search %d: %w", id, ErrUnknown)
}

// Delete deletes a search of the user, or any for an admin. The error is a
// UsedError while rules of notifications have it.
func (s *Store) Delete(ctx context.Context, id int64, user string, admin bool) error {
	tx, err := s.DB.BeginTx(ctx, nil) // locks: no rule gets the search meanwhile
	if err != nil {
		return fmt.Errorf("delete search %d: %w", id, err)
	}
	defer tx.Rollback() // no effect after Commit
	var owner, rules string
	err = tx.QueryRowContext(ctx, `SELECT created_by, (SELECT json_group_array(name) FROM notify_rules WHERE json_extract(settings, '$.search') = saved_searches.id)
		FROM saved_searches WHERE id = ?`, id).Scan(&owner, &rules)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("search %d: %w", id, ErrUnknown)
	}
	if err != nil {
		return fmt.Errorf("read search %d: %w", id, err)
	}
	if owner != user && !admin {
		return ErrOthers
	}
	var used UsedError
	if err := json.Unmarshal([]byte(rules), &used.Rules); err != nil {
		return fmt.Errorf("read the rules of search %d: %w", id, err)
	}
	if len(used.Rules) > 0 {
		return &used
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM saved_searches WHERE id = ?`, id); err != nil {
		return fmt.Errorf("delete search %d: %w", id, err)
	}
	return tx.Commit()
}
