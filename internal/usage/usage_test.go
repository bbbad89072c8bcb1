package usage

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

// deletingLoki has a kilobyte of each of some days; it stands for a Loki that has
// deleted older ones, which takes a real one days.
func deletingLoki(t *testing.T, days ...time.Time) *loki.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("start"))
		if err != nil {
			var ns int64
			if _, err := fmt.Sscan(r.URL.Query().Get("start"), &ns); err != nil {
				t.Error(err)
			}
			start = time.Unix(0, ns)
		}
		has := slices.ContainsFunc(days, func(d time.Time) bool { return d.Equal(start) })
		switch {
		case strings.HasSuffix(r.URL.Path, "/index/stats"):
			fmt.Fprint(w, `{"entries": 10, "bytes": 1000}`)
		case has:
			fmt.Fprintf(w, `{"data": {"resultType": "vector", "result": [{"metric": {"service": "backend"}, "value": [%d, "1000"]}]}}`, start.Unix()+1)
		default:
			fmt.Fprint(w, `{"data": {"resultType": "vector", "result": []}}`)
		}
	}))
	t.Cleanup(server.Close)
	config := loki.DefaultConfig()
	config.URL = server.URL
	client, err := loki.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// back is the start of a day that lies some days back.
func back(n int) time.Time { return now.Truncate(day).AddDate(0, 0, -n) }

func TestDaysThatLokiDeletedBeforeTheyWereCountedAreNotZero(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kept []int // days back that Loki still has
		want []State
	}{
		"it has deleted what was before the pause too": {
			[]int{1}, []State{NoData, Full, NotCounted, NotCounted, NotCounted, Full, SoFar},
		},
		"it still has what was before the pause": {
			[]int{1, 4, 5}, []State{NoData, Full, Full, Full, Full, Full, SoFar},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openDB(t)
			// Of the last day before the dashboard was off, the morning is known.
			for _, n := range []int{6, 5, 4} {
				hours, until := []hour(nil), back(n).Add(day)
				if n == 5 {
					hours = []hour{at(n, 1, "", "backend", "", 1000, 10)}
				}
				if n == 4 {
					hours, until = []hour{at(n, 1, "", "backend", "", 1000, 10)}, back(n).Add(2*time.Hour)
				}
				if _, err := store(t.Context(), db, back(n), hours, until, false); err != nil {
					t.Fatal(err)
				}
			}
			var days []time.Time
			for _, n := range test.kept {
				days = append(days, back(n))
			}
			c := &Counter{DB: db, Loki: deletingLoki(t, days...), Now: func() time.Time { return now }}
			for range 2 { // the second time it is known
				if err := c.Pass(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := states(report(t, db, Query{Days: 7})); !slices.Equal(got, test.want) {
					t.Errorf("the days are %v, want %v", got, test.want)
				}
			}
		})
	}
}

func TestDaysBeforeTheFirstLineAreNoDataAtTheFirstStart(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	c := &Counter{DB: db, Loki: deletingLoki(t, back(0), back(3)), Now: func() time.Time { return now }}
	if err := c.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []State{NoData, NoData, NoData, Full, Full, Full, SoFar}
	if got := states(report(t, db, Query{Days: 7})); !slices.Equal(got, want) {
		t.Errorf("the days are %v, want %v", got, want)
	}
}
