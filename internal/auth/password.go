package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"
)

// The parameters of new hashes: OWASP's first choice for argon2id (19 MiB, two
// passes, one thread).
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	saltSize    = 16
	keySize     = 32
)

// hashesAtOnce bounds the memory that people who log in can make it use.
const hashesAtOnce = 2

// hasher hashes passwords, a few at a time.
type hasher struct {
	turns chan struct{}
	// decoy is verified in place of the hash of an unknown user, so that it
	// takes as long.
	decoy func() string
}

func newHasher() *hasher {
	return &hasher{
		turns: make(chan struct{}, hashesAtOnce),
		decoy: sync.OnceValue(func() string { return hashPassword(rand.Text()) }),
	}
}

// turn waits for a turn and returns what gives it back.
func (h *hasher) turn(ctx context.Context) (func(), error) {
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
}

// hash returns the hash to store.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return hashPassword(password), nil
}

// verify reports whether the password is the one of the stored hash. For an
// empty hash it takes as long and answers false.
func (h *hasher) verify(ctx context.Context, stored, password string) (bool, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	if stored == "" {
		_, err := verifyPassword(h.decoy(), password)
		return false, err
	}
	return verifyPassword(stored, password)
}

// hashPassword returns a new hash in the PHC string format.
func hashPassword(password string) string {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, keySize)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonLanes, encode(salt), encode(key))
}

// verifyPassword reads a hash of any parameters within reason.
func verifyPassword(stored, password string) (bool, error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false, errHash
	}
	var version, memory, passes, lanes int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return false, errHash
	}
	if memory < 8 || memory > 1<<18 || passes < 1 || passes > 16 || lanes < 1 || lanes > 16 {
		return false, errHash
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(key) < 16 || len(key) > 128 {
		return false, errHash
	}
	got := argon2.IDKey([]byte(password), salt, uint32(passes), uint32(memory), uint8(lanes), uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

// errHash means that the database holds a hash that this program did not write.
var errHash = fmt.Errorf("the stored password cannot be read; set a new one with: dashboard passwd")
