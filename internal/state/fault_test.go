package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAFaultOfWritingIsSaidWithWhatToDo(t *testing.T) {
	db, err := Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // the pragmas are of a connection
	for pragma, want := range map[string]string{"max_page_count = 1": "is full", "query_only = 1": "is read-only"} {
		if _, err := db.Exec("PRAGMA " + pragma); err != nil {
			t.Fatal(err)
		}
		_, err := db.Exec("CREATE TABLE filling (text); INSERT INTO filling VALUES (hex(randomblob(1000000)))")
		if got := WriteFault(fmt.Errorf("store it: %w", err)); !strings.Contains(got, want) {
			t.Errorf("%s: got %q of %v, want what %s", pragma, got, err, want)
		}
		if _, err := db.Exec("PRAGMA query_only = 0; PRAGMA max_page_count = 1000000"); err != nil {
			t.Fatal(err)
		}
	}
	_, err = db.Exec("SELECT nothing")
	for _, other := range []error{nil, errors.New("x"), err} {
		if got := WriteFault(other); got != "" {
			t.Errorf("%v: got %q", other, got)
		}
	}
}
