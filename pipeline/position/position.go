// Package position keeps on disk how far each source is settled.
//
// The file is JSON, written whole to a temporary file, synced and renamed: a
// crash at any instant leaves the old or the new one. It lies beside the file
// that promtail's configuration names, with the suffix ".state", because
// promtail's own format has no room for what recognises a rotated file.
package position

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Places are the saved places of all sources, by the source's key.
type Places map[string][]pipeline.Place

// version is the format's number. A file of a later version is not read.
const version = 1

type document struct {
	Version int    `json:"version"`
	BootID  string `json:"boot_id"` // device numbers count within one boot
	Sources Places `json:"sources"`
}

// Store is the file of saved places.
type Store struct {
	path string
	boot string
	last string // what was written last
}

// Open returns the store for promtail's positions.filename.
func Open(filename string) *Store {
	return &Store{path: filename + ".state", boot: bootID()}
}

// Path is where the places are saved.
func (s *Store) Path() string { return s.path }

// Load returns the saved places; none, if nothing was saved yet. Device numbers
// of another boot are zeroed.
func (s *Store) Load() (Places, error) {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Places{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read positions: %w", err)
	}
	doc, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("read positions %s: %w; move the file away to start from the beginning", s.path, err)
	}
	if doc.BootID != s.boot {
		for _, places := range doc.Sources {
			for i := range places {
				places[i].Device = 0
			}
		}
	}
	return doc.Sources, nil
}

func parse(text []byte) (*document, error) {
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if doc.Version != version {
		return nil, fmt.Errorf("version %d was written by another version of the collector, this one reads %d", doc.Version, version)
	}
	for key, places := range doc.Sources {
		for _, p := range places {
			if p.Offset < 0 || p.FingerprintLen < 0 || len(p.Before) > 1<<10 {
				return nil, fmt.Errorf("the place of %q is damaged", key)
			}
		}
	}
	return &doc, nil
}

// Save writes the places, unless they are what was written last.
func (s *Store) Save(places Places) error {
	text, err := json.MarshalIndent(document{version, s.boot, places}, "", " ")
	if err != nil {
		return fmt.Errorf("encode positions: %w", err)
	}
	if string(text) == s.last {
		return nil
	}
	if err := writeAtomically(s.path, text); err != nil {
		return fmt.Errorf("save positions: %w", err)
	}
	s.last = string(text)
	return nil
}

func writeAtomically(path string, text []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone after the rename
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the rename itself durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// bootID tells one boot of the machine from another, "" where there is none.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
