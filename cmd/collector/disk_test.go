package main

import (
	"errors"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline/ship"
	"github.com/tovtech/tovplay-logging/pipeline/spool"
)

// More records at once than the spool can ever hold are tried one by one, as
// those are for which there is no room now.
func TestAGroupLargerThanTheSpoolIsNoRoom(t *testing.T) {
	s, err := spool.Open(spool.Options{Dir: t.TempDir(), MaxBytes: 1 << 20, KeepFree: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	disk, payload := clientSpool{s}, make([]byte, 600<<10)
	two := []ship.SpoolRecord{{Key: "a"}, {Key: "a"}}
	if err := disk.Append(two, [][]byte{payload, payload}); !errors.Is(err, ship.ErrSpoolFull) {
		t.Errorf("two records that do not fit: %v, want that there is no room", err)
	}
	if err := disk.Append(two[:1], [][]byte{payload}); err != nil {
		t.Errorf("one record that fits: %v", err)
	}
}
