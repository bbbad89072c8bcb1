package sqlite

import (
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// A span of the API reaches from 1970 to 2262: as many days in a query took half a
// minute.
func TestOnlyDaysWithTagsAreLookedAt(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), issues.Retention{})
	always := issues.Span{From: time.Unix(0, 0), To: time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)}
	for want := range 2 {
		days, err := s.taggedDays(t.Context(), always)
		if err != nil || len(days) != want {
			t.Errorf("with %d events: %d days, error %v", want, len(days), err)
		}
		one := events(1, 1)
		one[0].Tags = map[string]string{"host": "web-1"}
		insert(t, s, one)
	}
}
