package usage

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

// Loki that has deleted a day says nothing of it, however often it is asked.
func TestADayThatLokiDeletedBeforeItsEndStaysNotCounted(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"data": {"resultType": "matrix", "result": []}}`)
	}))
	defer server.Close()
	config := loki.DefaultConfig()
	config.URL = server.URL
	client, err := loki.New(config)
	if err != nil {
		t.Fatal(err)
	}
	db, start := openDB(t), now.Truncate(day).AddDate(0, 0, -3)
	morning := []hour{at(3, 1, "", "backend", "", 100<<10, 1)}
	if err := store(t.Context(), db, start, morning, start.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	c := &Counter{DB: db, Loki: client, Now: func() time.Time { return now }}
	for range 2 {
		if err := c.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := report(t, db, Query{Days: 7}).Days[3]; got.State != NotCounted || got.Bytes != 100<<10 {
			t.Errorf("got %+v, want what is known of it, as not counted", got)
		}
	}
}
