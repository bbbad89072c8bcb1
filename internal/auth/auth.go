// Package auth keeps the people who may log in and their sessions, in SQLite.
//
// Passwords are stored as argon2id hashes, sessions as the SHA-256 of a random
// 256-bit token that only the browser has. Guessing is slowed down for each
// name and in total, never for an address: behind nginx all have the same.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/internal/secret"
)

// Role is what a user may do.
type Role string

// The roles.
const (
	RoleAdmin  Role = "admin"
	RoleViewer Role = "viewer"
)

// AdminName is the user that the first start makes.
const AdminName = "admin"

const (
	// SessionLife is how long a session lasts at most.
	SessionLife = 30 * 24 * time.Hour
	// sessionIdle is how long a session lasts without a request.
	sessionIdle = 7 * 24 * time.Hour
	// sessionTouch is how exactly the last request is remembered.
	sessionTouch = 5 * time.Minute
	// PasswordMin and passwordMax bound the length of a password in bytes.
	PasswordMin = 8
	passwordMax = 1000
	// nameMax bounds the length of a name in bytes.
	nameMax = 100
)

// User is a person who may log in.
type User struct {
	Name string
	Role Role
}

var (
	// ErrCredentials means that there is no such user or the password is wrong;
	// which of them is not said.
	ErrCredentials = errors.New("user or password is wrong")
	// ErrNoSession means that a token belongs to no session, or that it ended.
	ErrNoSession = errors.New("no session")
	// ErrNoUser means that there is no user of that name.
	ErrNoUser = errors.New("there is no such user")
	// ErrPassword means that a new password is too short or too long.
	ErrPassword = fmt.Errorf("a password has %d to %d characters", PasswordMin, passwordMax)
)

// ThrottledError means that there were too many attempts to log in.
type ThrottledError struct {
	// RetryAfter is how long to wait.
	RetryAfter time.Duration
}

// Error says how long to wait.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many attempts to log in; wait %d s", e.Seconds())
}

// Seconds returns RetryAfter in whole seconds, at least one.
func (e *ThrottledError) Seconds() int {
	return max(int((e.RetryAfter+time.Second-1)/time.Second), 1)
}

// Users checks passwords and sessions. It is safe for concurrent use.
type Users struct {
	db       *sql.DB
	now      func() time.Time
	throttle *throttle
	hasher   *hasher
}

// New returns the users of the database, which has the schema of package state.
func New(db *sql.DB, now func() time.Time) *Users {
	return &Users{db: db, now: now, throttle: newThrottle(now), hasher: newHasher()}
}

// FirstStart is what Ensure did.
type FirstStart struct {
	// Generated is the password that was made for AdminName, empty when none was.
	Generated secret.String
	// Rotated is true when the preset password replaced another one; the user's
	// sessions have ended then.
	Rotated bool
}

// Ensure makes the user AdminName when there is none, with the preset password
// or, when that is empty, a generated one. A preset that differs from the
// stored password replaces it: whoever sets it rotates it.
func (u *Users) Ensure(ctx context.Context, preset secret.String) (FirstStart, error) {
	if !preset.IsZero() {
		if err := checkPassword(preset.Reveal()); err != nil {
			return FirstStart{}, fmt.Errorf("the preset password of %s: %w", AdminName, err)
		}
	}
	stored, err := u.find(ctx, AdminName)
	switch {
	case errors.Is(err, ErrNoUser) && preset.IsZero():
		generated := secret.New(rand.Text())
		return FirstStart{Generated: generated}, u.Add(ctx, AdminName, RoleAdmin, generated)
	case errors.Is(err, ErrNoUser):
		return FirstStart{}, u.Add(ctx, AdminName, RoleAdmin, preset)
	case err != nil:
		return FirstStart{}, err
	case preset.IsZero():
		return FirstStart{}, nil
	}
	same, err := u.hasher.verify(ctx, stored.hash, preset.Reveal())
	if err != nil || same {
		return FirstStart{}, err
	}
	return FirstStart{Rotated: true}, u.SetPassword(ctx, AdminName, preset)
}

// Add makes a user.
func (u *Users) Add(ctx context.Context, name string, role Role, password secret.String) error {
	if name == "" || len(name) > nameMax || !utf8.ValidString(name) || strings.TrimSpace(name) != name {
		return fmt.Errorf("the name %q: a name has 1 to %d characters and no spaces at its ends", name, nameMax)
	}
	if err := checkRole(role); err != nil {
		return err
	}
	hash, err := u.newHash(ctx, password)
	if err != nil {
		return err
	}
	now := u.now().Unix()
	result, err := u.db.ExecContext(ctx, "INSERT INTO users (name, role, password_hash, created_at, changed_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		name, role, hash, now, now)
	if err != nil {
		return fmt.Errorf("add the user %q: %w", name, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, fmt.Errorf("there is a user %q already", name))
	}
	return nil
}

// List returns all who may log in, by name.
func (u *Users) List(ctx context.Context) ([]User, error) {
	rows, err := u.db.QueryContext(ctx, "SELECT name, role FROM users ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("read the users: %w", err)
	}
	defer rows.Close()
	var users []User
	for rows.Next() {
		var user User
		if err := rows.Scan(&user.Name, &user.Role); err != nil {
			return nil, fmt.Errorf("read the users: %w", err)
		}
		users = append(users, user)
	}
	return users, rows.Err()
}

// SetRole changes what a user may do, from the next request on. AdminName stays
// an admin: that somebody is has to be sure.
func (u *Users) SetRole(ctx context.Context, name string, role Role) error {
	if err := checkRole(role); err != nil {
		return err
	}
	found, err := u.findOther(ctx, name)
	if err != nil {
		return err
	}
	if _, err := u.db.ExecContext(ctx, "UPDATE users SET role = ? WHERE id = ?", role, found.id); err != nil {
		return fmt.Errorf("make %q %s: %w", name, role, err)
	}
	return nil
}

// Remove removes a user and ends the user's sessions. What the user wrote stays.
func (u *Users) Remove(ctx context.Context, name string) error {
	found, err := u.findOther(ctx, name)
	if err != nil {
		return err
	}
	if _, err := u.db.ExecContext(ctx, "DELETE FROM users WHERE id = ?", found.id); err != nil {
		return fmt.Errorf("remove the user %q: %w", name, err)
	}
	return nil
}

// findOther is find for a user that is not AdminName.
func (u *Users) findOther(ctx context.Context, name string) (account, error) {
	found, err := u.find(ctx, name)
	if err == nil && found.user.Name == AdminName {
		return account{}, fmt.Errorf("%q stays, and an admin: every start makes sure of it", AdminName)
	}
	return found, err
}

func checkRole(role Role) error {
	if role != RoleAdmin && role != RoleViewer {
		return fmt.Errorf("the role %q: it is %s or %s", role, RoleViewer, RoleAdmin)
	}
	return nil
}

// SetPassword changes a user's password and ends the user's sessions. The error
// is ErrNoUser when there is no such user, ErrPassword for a bad password.
func (u *Users) SetPassword(ctx context.Context, name string, password secret.String) error {
	hash, err := u.newHash(ctx, password)
	if err != nil {
		return err
	}
	tx, err := u.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("set the password of %q: %w", name, err)
	}
	defer tx.Rollback() // no effect after Commit
	var id int64
	err = tx.QueryRowContext(ctx, "UPDATE users SET password_hash = ?, changed_at = ? WHERE name = ? RETURNING id",
		hash, u.now().Unix(), name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: %q", ErrNoUser, name)
	}
	if err != nil {
		return fmt.Errorf("set the password of %q: %w", name, err)
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE user_id = ?", id); err != nil {
		return fmt.Errorf("end the sessions of %q: %w", name, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("set the password of %q: %w", name, err)
	}
	u.throttle.succeed(name)
	return nil
}

// newHash checks and hashes a new password.
func (u *Users) newHash(ctx context.Context, password secret.String) (string, error) {
	if err := checkPassword(password.Reveal()); err != nil {
		return "", err
	}
	return u.hasher.hash(ctx, password.Reveal())
}

func checkPassword(password string) error {
	if len(password) < PasswordMin || len(password) > passwordMax {
		return ErrPassword
	}
	return nil
}

// account is a stored user.
type account struct {
	id   int64
	user User
	hash string
}

// find returns the user of that name, in any case of letters, or ErrNoUser.
func (u *Users) find(ctx context.Context, name string) (account, error) {
	var a account
	err := u.db.QueryRowContext(ctx, "SELECT id, name, role, password_hash FROM users WHERE name = ?", name).
		Scan(&a.id, &a.user.Name, &a.user.Role, &a.hash)
	if errors.Is(err, sql.ErrNoRows) {
		return account{}, fmt.Errorf("%w: %q", ErrNoUser, name)
	}
	if err != nil {
		return account{}, fmt.Errorf("look for the user %q: %w", name, err)
	}
	return a, nil
}

// Login checks a password and starts a session. It returns the token for the
// cookie. The error is ErrCredentials, a *ThrottledError, or a fault. It takes
// as long for an unknown user as for a wrong password.
func (u *Users) Login(ctx context.Context, name string, password secret.String) (token secret.String, user User, err error) {
	if len(name) > nameMax || len(password.Reveal()) > passwordMax {
		return secret.String{}, User{}, ErrCredentials
	}
	if err := u.throttle.begin(name); err != nil {
		return secret.String{}, User{}, err
	}
	found, err := u.find(ctx, name)
	if err != nil && !errors.Is(err, ErrNoUser) {
		return secret.String{}, User{}, err
	}
	right, err := u.hasher.verify(ctx, found.hash, password.Reveal())
	if err != nil {
		return secret.String{}, User{}, err
	}
	if !right {
		return secret.String{}, User{}, ErrCredentials
	}
	u.throttle.succeed(name)
	token, err = u.startSession(ctx, found.id)
	return token, found.user, err
}

// startSession stores a new session and forgets those that have ended.
func (u *Users) startSession(ctx context.Context, id int64) (secret.String, error) {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails
	token := base64.RawURLEncoding.EncodeToString(raw)
	now := u.now()
	if _, err := u.db.ExecContext(ctx, "DELETE FROM sessions WHERE expires_at <= ? OR seen_at <= ?",
		now.Unix(), now.Add(-sessionIdle).Unix()); err != nil {
		return secret.String{}, fmt.Errorf("forget old sessions: %w", err)
	}
	_, err := u.db.ExecContext(ctx, "INSERT INTO sessions (token_hash, user_id, created_at, expires_at, seen_at) VALUES (?, ?, ?, ?, ?)",
		tokenHash(token), id, now.Unix(), now.Add(SessionLife).Unix(), now.Unix())
	if err != nil {
		return secret.String{}, fmt.Errorf("start a session: %w", err)
	}
	return secret.New(token), nil
}

// tokenHash is what is stored of a token. The token is random, so that a plain
// hash keeps it.
func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Session returns the user of a session, or ErrNoSession.
func (u *Users) Session(ctx context.Context, token secret.String) (User, error) {
	if token.IsZero() {
		return User{}, ErrNoSession
	}
	now := u.now()
	hash := tokenHash(token.Reveal())
	var user User
	var seen int64
	err := u.db.QueryRowContext(ctx, `SELECT users.name, users.role, sessions.seen_at
		FROM sessions JOIN users ON users.id = sessions.user_id
		WHERE token_hash = ? AND expires_at > ? AND seen_at > ?`,
		hash, now.Unix(), now.Add(-sessionIdle).Unix()).Scan(&user.Name, &user.Role, &seen)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrNoSession
	}
	if err != nil {
		return User{}, fmt.Errorf("look for a session: %w", err)
	}
	if now.Sub(time.Unix(seen, 0)) >= sessionTouch {
		if _, err := u.db.ExecContext(ctx, "UPDATE sessions SET seen_at = ? WHERE token_hash = ?", now.Unix(), hash); err != nil {
			return User{}, fmt.Errorf("keep a session: %w", err)
		}
	}
	return user, nil
}

// Logout ends a session. A token without a session is no error.
func (u *Users) Logout(ctx context.Context, token secret.String) error {
	if _, err := u.db.ExecContext(ctx, "DELETE FROM sessions WHERE token_hash = ?", tokenHash(token.Reveal())); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// Ping reports whether the database answers.
func (u *Users) Ping(ctx context.Context) error {
	var one int
	if err := u.db.QueryRowContext(ctx, "SELECT 1 FROM users LIMIT 1").Scan(&one); err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	return nil
}
