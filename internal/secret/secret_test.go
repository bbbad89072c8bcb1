package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/internal/secret"
)

func TestNothingPrintsTheSecret(t *testing.T) {
	s := secret.New("hunter2")
	holder := struct {
		Password secret.String
		hidden   struct{ password secret.String }
	}{Password: s}
	holder.hidden.password = s
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", s, holder)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "password", s, "holder", holder)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "password", s, "holder", holder)
	if err := json.NewEncoder(&out).Encode(holder); err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"hunter2", "68756e74657232"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the secret was printed as %q in:\n%s", leak, out.String())
		}
	}
	if got := s.Reveal(); got != "hunter2" {
		t.Errorf("Reveal: got %q", got)
	}
}

func TestFromEnvReadsVariableOrFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("from file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		env  map[string]string
		want string
		fail string
	}{
		{"unset", nil, "", ""},
		{"variable", map[string]string{"TOKEN": "x"}, "x", ""},
		{"file", map[string]string{"TOKEN_FILE": path}, "from file", ""},
		{"both", map[string]string{"TOKEN": "x", "TOKEN_FILE": path}, "", "keep one"},
		{"missing file", map[string]string{"TOKEN_FILE": path + ".not"}, "", "TOKEN_FILE"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := secret.FromEnv(func(name string) string { return test.env[name] }, "TOKEN")
			if test.fail == "" && err != nil {
				t.Fatal(err)
			}
			if test.fail != "" && (err == nil || !strings.Contains(err.Error(), test.fail)) {
				t.Fatalf("got error %v, want one that says %q", err, test.fail)
			}
			if got.Reveal() != test.want {
				t.Errorf("got %q, want %q", got.Reveal(), test.want)
			}
		})
	}
}
