package auth

import "testing"

func FuzzVerifyPassword(f *testing.F) {
	f.Add(hashPassword("a password"), "a password")
	for _, stored := range []string{"", "$", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=99999999,t=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA"} {
		f.Add(stored, "x")
	}
	f.Fuzz(func(t *testing.T, stored, password string) {
		if len(stored) > 200 {
			return
		}
		verifyPassword(stored, password) // must neither panic nor use memory without bound
	})
}
