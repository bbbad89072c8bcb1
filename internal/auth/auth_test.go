package auth_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/secret"
	"github.com/tovtech/tovplay-logging/internal/state"
)

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// users returns the users of a new database, with its clock.
func users(t *testing.T) (*auth.Users, *clock, *sql.DB) {
	t.Helper()
	db, err := state.Open(context.Background(), filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	return auth.New(db, c.Now), c, db
}

func login(u *auth.Users, name, password string) (secret.String, error) {
	token, _, err := u.Login(context.Background(), name, secret.New(password))
	return token, err
}

func TestFirstStartMakesAPasswordOnce(t *testing.T) {
	u, _, _ := users(t)
	first, err := u.Ensure(context.Background(), secret.String{})
	if err != nil || len(first.Generated.Reveal()) < 20 {
		t.Fatalf("first start: %+v, %v", first, err)
	}
	second, err := u.Ensure(context.Background(), secret.String{})
	if err != nil || !second.Generated.IsZero() || second.Rotated {
		t.Errorf("second start: %+v, %v", second, err)
	}
	token, user, err := u.Login(context.Background(), "Admin", first.Generated)
	if err != nil || user != (auth.User{Name: "admin", Role: auth.RoleAdmin}) {
		t.Fatalf("login: %+v, %v", user, err)
	}
	if got, err := u.Session(context.Background(), token); err != nil || got != user {
		t.Errorf("session: %+v, %v", got, err)
	}
}

func TestAPresetPasswordWinsAndEndsSessions(t *testing.T) {
	u, _, _ := users(t)
	ctx := context.Background()
	if _, err := u.Ensure(ctx, secret.New("first password")); err != nil {
		t.Fatal(err)
	}
	token, err := login(u, "admin", "first password")
	if err != nil {
		t.Fatal(err)
	}
	same, err := u.Ensure(ctx, secret.New("first password"))
	if err != nil || same.Rotated {
		t.Fatalf("the same preset: %+v, %v", same, err)
	}
	if _, err := u.Session(ctx, token); err != nil {
		t.Errorf("the same preset ended the session: %v", err)
	}
	rotated, err := u.Ensure(ctx, secret.New("second password"))
	if err != nil || !rotated.Rotated {
		t.Fatalf("another preset: %+v, %v", rotated, err)
	}
	if _, err := u.Session(ctx, token); !errors.Is(err, auth.ErrNoSession) {
		t.Errorf("after the rotation the old session gives %v", err)
	}
	if _, err := login(u, "admin", "first password"); !errors.Is(err, auth.ErrCredentials) {
		t.Errorf("after the rotation the old password gives %v", err)
	}
	if _, err := login(u, "admin", "second password"); err != nil {
		t.Errorf("after the rotation the new password gives %v", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	ctx := context.Background()
	tests := []struct {
		name string
		end  func(*auth.Users, *clock, secret.String)
	}{
		{"logout", func(u *auth.Users, _ *clock, token secret.String) { u.Logout(ctx, token) }},
		{"idle", func(_ *auth.Users, c *clock, _ secret.String) { c.add(8 * 24 * time.Hour) }},
		{"age", func(u *auth.Users, c *clock, token secret.String) {
			for range 6 {
				c.add(5 * 24 * time.Hour)
				u.Session(ctx, token) // keeps it from being idle
			}
		}},
		{"new password", func(u *auth.Users, _ *clock, _ secret.String) {
			u.SetPassword(ctx, "admin", secret.New("another password"))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u, c, _ := users(t)
			if _, err := u.Ensure(ctx, secret.New("a password")); err != nil {
				t.Fatal(err)
			}
			token, err := login(u, "admin", "a password")
			if err != nil {
				t.Fatal(err)
			}
			c.add(6 * 24 * time.Hour)
			if _, err := u.Session(ctx, token); err != nil {
				t.Fatalf("within its life: %v", err)
			}
			test.end(u, c, token)
			if _, err := u.Session(ctx, token); !errors.Is(err, auth.ErrNoSession) {
				t.Errorf("got %v, want ErrNoSession", err)
			}
		})
	}
}

func TestTokensAndPasswordsAreNotStored(t *testing.T) {
	u, _, db := users(t)
	if _, err := u.Ensure(context.Background(), secret.New("a password")); err != nil {
		t.Fatal(err)
	}
	token, err := login(u, "admin", "a password")
	if err != nil {
		t.Fatal(err)
	}
	var stored, hash string
	if err := db.QueryRow("SELECT hex(token_hash), password_hash FROM sessions JOIN users ON users.id = user_id").Scan(&stored, &hash); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(stored, fmt.Sprintf("%X", token.Reveal())) || !strings.HasPrefix(hash, "$argon2id$") {
		t.Errorf("stored are %s and %s", stored, hash)
	}
	if _, err := u.Session(context.Background(), secret.New(stored)); !errors.Is(err, auth.ErrNoSession) {
		t.Errorf("what is stored opens a session: %v", err)
	}
}

func TestGuessingIsSlowedForANameAndNotForOthers(t *testing.T) {
	u, c, _ := users(t)
	ctx := context.Background()
	if err := u.Add(ctx, "admin", auth.RoleAdmin, secret.New("a password")); err != nil {
		t.Fatal(err)
	}
	if err := u.Add(ctx, "viewer", auth.RoleViewer, secret.New("a password")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"admin", "nobody"} { // unknown names are treated alike
		for range 5 {
			if _, err := login(u, name, "guess"); !errors.Is(err, auth.ErrCredentials) {
				t.Fatalf("%s: %v", name, err)
			}
			c.add(time.Millisecond)
		}
		_, err := login(u, strings.ToUpper(name), "a password")
		throttled, ok := errors.AsType[*auth.ThrottledError](err)
		if !ok || throttled.Seconds() != 1 {
			t.Errorf("%s: the sixth attempt gives %v, want a wait of 1 s", name, err)
		}
	}
	if _, err := login(u, "viewer", "a password"); err != nil {
		t.Errorf("another user: %v", err)
	}
	c.add(time.Second)
	if _, err := login(u, "admin", "a password"); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	if _, err := login(u, "admin", "guess"); !errors.Is(err, auth.ErrCredentials) {
		t.Errorf("a right password did not clear the wrong ones: %v", err)
	}
}

func TestTheWaitIsBounded(t *testing.T) {
	u, c, _ := users(t)
	var longest time.Duration
	for range 24 {
		_, err := login(u, "nobody", "guess")
		if throttled, ok := errors.AsType[*auth.ThrottledError](err); ok {
			longest = max(longest, throttled.RetryAfter)
			c.add(throttled.RetryAfter)
		}
	}
	if longest != 30*time.Second {
		t.Errorf("the longest wait is %s, want 30s", longest)
	}
}

func TestAllAttemptsTogetherAreLimited(t *testing.T) {
	u, c, _ := users(t)
	throttled := 0
	for i := range 25 {
		if _, err := login(u, fmt.Sprintf("name%d", i), "guess"); !errors.Is(err, auth.ErrCredentials) {
			throttled++
		}
	}
	if throttled != 5 {
		t.Errorf("%d of 25 attempts were refused, want 5", throttled)
	}
	c.add(time.Second)
	if _, err := login(u, "name", "guess"); !errors.Is(err, auth.ErrCredentials) {
		t.Errorf("a second later: %v", err)
	}
}

func TestAnUnknownUserCostsAsMuchAsAWrongPassword(t *testing.T) {
	u, c, _ := users(t)
	if err := u.Add(context.Background(), "admin", auth.RoleAdmin, secret.New("a password")); err != nil {
		t.Fatal(err)
	}
	login(u, "nobody", "guess") // makes the decoy
	c.add(time.Hour)
	allocated := func(name string) int64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		login(u, name, "guess")
		runtime.ReadMemStats(&after)
		return int64(after.TotalAlloc - before.TotalAlloc)
	}
	known, unknown := allocated("admin"), allocated("nobody")
	if diff := known - unknown; diff > 1<<20 || diff < -(1<<20) {
		t.Errorf("a login of a known user allocates %d bytes, of an unknown one %d: one of them is not hashed", known, unknown)
	}
}

func TestBadNamesAndPasswordsAreRefused(t *testing.T) {
	u, _, _ := users(t)
	ctx := context.Background()
	for _, password := range []string{"", "short", strings.Repeat("x", 1001)} {
		if err := u.Add(ctx, "a", auth.RoleViewer, secret.New(password)); !errors.Is(err, auth.ErrPassword) {
			t.Errorf("a password of %d characters: %v", len(password), err)
		}
	}
	for _, name := range []string{"", " a", "a\n", "\xff", strings.Repeat("x", 101)} {
		if err := u.Add(ctx, name, auth.RoleViewer, secret.New("a password")); err == nil {
			t.Errorf("the name %q was accepted", name)
		}
	}
	if err := u.SetPassword(ctx, "nobody", secret.New("a password")); !errors.Is(err, auth.ErrNoUser) {
		t.Errorf("the password of an unknown user: %v", err)
	}
	if _, err := u.Ensure(ctx, secret.New("short")); !errors.Is(err, auth.ErrPassword) {
		t.Errorf("a short preset: %v", err)
	}
}

func TestUsersAreListedChangedAndRemoved(t *testing.T) {
	ctx := context.Background()
	u, _, _ := users(t)
	if _, err := u.Ensure(ctx, secret.New("a password")); err != nil {
		t.Fatal(err)
	}
	if err := u.Add(ctx, "bob", auth.RoleViewer, secret.New("bob's password")); err != nil {
		t.Fatal(err)
	}
	token, err := login(u, "bob", "bob's password")
	if err != nil {
		t.Fatal(err)
	}
	if err := u.SetRole(ctx, "bob", auth.RoleAdmin); err != nil {
		t.Fatal(err)
	}
	if user, err := u.Session(ctx, token); err != nil || user.Role != auth.RoleAdmin {
		t.Errorf("the role of an open session: %v %v", user, err)
	}
	if got, err := u.List(ctx); err != nil || fmt.Sprint(got) != "[{admin admin} {bob admin}]" {
		t.Errorf("got %v %v", got, err)
	}
	if err := u.Remove(ctx, "Bob"); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Session(ctx, token); !errors.Is(err, auth.ErrNoSession) {
		t.Errorf("the session of a user that is removed: %v", err)
	}
	for what, err := range map[string]error{
		"removing the admin": u.Remove(ctx, "ADMIN"), "demoting the admin": u.SetRole(ctx, "admin", auth.RoleViewer),
		"an unknown role": u.Add(ctx, "eve", "root", secret.New("eve's password")), "a role for nobody": u.SetRole(ctx, "eve", auth.RoleViewer),
	} {
		if err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
}
