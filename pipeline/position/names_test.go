package position

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Two names that differ in bytes that JSON cannot hold stay two.
func TestNamesThatAreNoTextAreSavedAsTheyAre(t *testing.T) {
	want := Places{}
	for _, path := range []string{"/a\xe9.log", "/a\xe8.log", "/a%E9.log", "/é.log", "/\uFFFD.log"} {
		want["job "+path] = []pipeline.Place{{Path: path, Offset: 5}}
	}
	s := Open(filepath.Join(t.TempDir(), "positions.yaml"))
	if err := s.Save(State{Sources: want}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load()
	if err != nil || !reflect.DeepEqual(got.Sources, want) {
		t.Errorf("got %+v, %v, want %+v", got.Sources, err, want)
	}
}
